//! Keeps a broker up to date with how each device stands.
//!
//! Comes in: events, the time. Goes out: retained messages, no more often than asked for; alerts at once. A letter is done with
//! when it is part of the picture that is published: the picture survives a broker that is away, and is told whole when it is back.

use std::sync::Arc;
use std::time::Duration;

use super::config::MqttConfig;
use super::discovery::{discovery, farewell, state, status_topic};
use super::home::Home;
use super::mqtt_link::MqttLink;
use super::packet::{Connect, Incoming, Publish};
use crate::analyst::{Event, EventKind};
use crate::export::dial::named;
use crate::export::pseudonym::Pseudonyms;
use crate::export::secret::Secret;
use crate::export::sink::{Deliver, DeliveryError, Letter};
use crate::net::Timestamp;

/// How often it is looked for what is due.
const TICK: Duration = Duration::from_secs(1);
/// The broker takes us for gone after one and a half of this (MQTT 3.1.1, 3.1.2.10).
const KEEP_ALIVE: u16 = 60;
/// How often we ask whether it is there.
const PING_INTERVAL: Duration = Duration::from_secs(20);
/// Home Assistant has just come up: everybody tells it everything, but not in the same moment.
const MAX_JITTER: Duration = Duration::from_secs(5);

/// Keeps a broker up to date.
#[derive(Debug)]
pub struct MqttSink {
    config: MqttConfig,
    broker: String,
    password: Option<Secret>,
    pseudonyms: Option<Arc<Pseudonyms>>,
    home: Home,
    link: Option<MqttLink>,
    /// Something happened that cannot wait.
    is_urgent: bool,
    told: Timestamp,
    pinged: Timestamp,
    awaits_pong: bool,
    /// When everything is to be told again.
    renew_at: Option<Timestamp>,
}

impl MqttSink {
    /// A sink to this broker.
    #[must_use]
    pub fn new(
        config: MqttConfig,
        broker: String,
        password: Option<Secret>,
        pseudonyms: Option<Arc<Pseudonyms>>,
    ) -> Self {
        Self {
            config,
            broker,
            password,
            pseudonyms,
            home: Home::default(),
            link: None,
            is_urgent: false,
            told: Timestamp::ZERO,
            pinged: Timestamp::ZERO,
            awaits_pong: false,
            renew_at: None,
        }
    }

    /// Tells whether an event can change what is shown.
    #[must_use]
    pub fn wants(event: &Event) -> bool {
        Home::wants(event)
    }

    /// Signs in, says that we are here, and has everything told again: the broker may have lost it.
    fn connect(&mut self, now: Timestamp) -> std::io::Result<MqttLink> {
        let status = status_topic(&self.config);
        let connect = Connect {
            client_id: &self.config.client_id,
            keep_alive: KEEP_ALIVE,
            will: (&status, b"offline"),
            username: self.config.username.as_deref(),
            password: self.password.as_ref().map(Secret::expose),
        };
        let mut link = MqttLink::open(&self.broker, &connect)?;
        link.subscribe(&self.birth_topic())?;
        link.publish(&[Publish { topic: status, payload: b"online".to_vec() }])?;
        self.home.renew();
        (self.pinged, self.awaits_pong, self.is_urgent) = (now, false, true);
        Ok(link)
    }

    /// Where Home Assistant says that it has come up.
    fn birth_topic(&self) -> String {
        format!("{}/status", self.config.discovery)
    }

    fn converse(&mut self, link: &mut MqttLink, now: Timestamp) -> std::io::Result<()> {
        let birth = self.birth_topic();
        for packet in link.poll()? {
            match packet {
                Incoming::Message { topic, payload } => {
                    if topic == birth && payload == b"online" {
                        self.renew_at = Some(now.plus(jitter(now, &self.config.client_id)));
                    }
                }
                Incoming::Pong => self.awaits_pong = false,
                Incoming::ConnAck(_) | Incoming::PubAck(_) | Incoming::SubAck(..) => {}
            }
        }
        if now.since(self.pinged) >= PING_INTERVAL {
            if self.awaits_pong {
                let what = "the broker does not answer any more";
                return Err(std::io::Error::new(std::io::ErrorKind::TimedOut, what));
            }
            link.ping()?;
            (self.pinged, self.awaits_pong) = (now, true);
        }
        if self.renew_at.is_some_and(|at| now >= at) {
            self.renew_at = None;
            self.home.renew();
            self.is_urgent = true;
        }
        self.home.expire(now);
        if self.is_urgent || now.since(self.told) >= self.config.interval {
            let messages = self.messages();
            link.publish(&messages)?;
            self.home.settle();
            (self.told, self.is_urgent) = (now, false);
        }
        Ok(())
    }

    /// Everything that has to be told.
    fn messages(&self) -> Vec<Publish> {
        let gone = self.home.removed().iter().flat_map(|id| farewell(&self.config, id));
        let changed = self.home.changed().flat_map(|(id, device)| {
            let what = device.is_new.then(|| discovery(&self.config, id, device));
            what.into_iter().chain([state(&self.config, id, device)])
        });
        gone.chain(changed).map(|message| self.masked(message)).collect()
    }

    fn masked(&self, mut message: Publish) -> Publish {
        let pseudonyms = self.pseudonyms.as_ref();
        if let Some(masked) = pseudonyms.and_then(|known| known.mask(&message.payload)) {
            message.payload = masked;
        }
        message
    }
}

impl Deliver for MqttSink {
    fn deliver(&mut self, letters: &[Letter]) -> Result<usize, DeliveryError> {
        for letter in letters {
            match letter {
                Letter::Event(event) => {
                    if let Some(pseudonyms) = &self.pseudonyms {
                        pseudonyms.learn(event);
                    }
                    self.is_urgent |= matches!(event.kind, EventKind::AlertTold(_));
                    self.home.apply(event);
                }
                Letter::Forgotten(id) => {
                    self.home.forget(id);
                    self.is_urgent = true;
                }
                Letter::Stats(_) => {}
            }
        }
        Ok(letters.len())
    }

    fn keeps_a_picture(&self) -> bool {
        true
    }

    fn remembers_devices(&self) -> bool {
        true
    }

    fn tick_interval(&self) -> Option<Duration> {
        Some(TICK)
    }

    fn tick(&mut self, now: Timestamp) -> Result<(), DeliveryError> {
        let link = match self.link.take() {
            Some(link) => Ok(link),
            None => self.connect(now),
        };
        let result = link.and_then(|mut link| {
            self.converse(&mut link, now)?;
            Ok(link)
        });
        match result {
            Ok(link) => {
                self.link = Some(link);
                Ok(())
            }
            Err(problem) => Err(DeliveryError::Io(named(&self.broker, &problem))),
        }
    }

    /// Says that we go; the broker would say it only after a while.
    fn close(&mut self) {
        let Some(mut link) = self.link.take() else { return };
        let status = status_topic(&self.config);
        let offline = Publish { topic: status, payload: b"offline".to_vec() };
        // A broker that cannot be told says so itself: that is what the will is for.
        link.publish(&[offline]).and_then(|()| link.close()).unwrap_or_default();
    }
}

/// Not the same for two programs, nor for two moments.
fn jitter(now: Timestamp, client_id: &str) -> Duration {
    let seed = client_id
        .bytes()
        .fold(now.as_nanos(), |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let [.., share, _, _, _] = seed.to_le_bytes();
    MAX_JITTER.mul_f64(f64::from(share) / f64::from(u8::MAX))
}
