//! Tells every Alertmanager of the list.
//!
//! Comes in: alerts, the time. Goes out: requests. One Alertmanager that took an alert is enough for it to be delivered: the
//! others hear of it when it is sent again.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::config::AlertmanagerConfig;
use super::postable::{annotations, labels};
use super::standing::Standing;
use crate::alert::Alert;
use crate::analyst::{Event, EventKind};
use crate::export::http_post::{HttpAddress, HttpPost, HttpSender};
use crate::export::pseudonym::Pseudonyms;
use crate::export::secret::Secret;
use crate::export::sink::{Deliver, DeliveryError, Letter};
use crate::net::Timestamp;

/// Most alerts of one request.
const MAX_BATCH: usize = 64;
/// Most requests in a row; what is due besides waits for the next look. Letters come 256 at a time at most.
const MAX_BATCHES: usize = 4;
/// How often it is looked for what is due.
const TICK: Duration = Duration::from_secs(1);
/// How long an Alertmanager that failed is left alone while others answer: it must not hold them up each time.
const PAUSE: Duration = Duration::from_secs(30);

/// Tells every Alertmanager.
#[derive(Debug)]
pub struct AlertmanagerSink {
    targets: Vec<Target>,
    token: Option<Secret>,
    sensor: Option<String>,
    external_url: Option<HttpAddress>,
    standing: Standing,
    sender: HttpSender,
    pseudonyms: Option<Arc<Pseudonyms>>,
    now: Timestamp,
}

#[derive(Debug)]
struct Target {
    address: HttpAddress,
    /// Left alone until then.
    rests_until: Timestamp,
}

impl AlertmanagerSink {
    /// A sink to all that `config` names.
    #[must_use]
    pub fn new(
        config: &AlertmanagerConfig,
        (token, sensor): (Option<Secret>, Option<String>),
        sender: HttpSender,
        pseudonyms: Option<Arc<Pseudonyms>>,
    ) -> Self {
        let target = |url: &HttpAddress| Target {
            address: url.join("api/v2/alerts"),
            rests_until: Timestamp::ZERO,
        };
        Self {
            targets: config.urls.iter().map(target).collect(),
            token,
            sensor,
            external_url: config.external_url.clone(),
            standing: Standing::new(config.interval),
            sender,
            pseudonyms,
            now: Timestamp::ZERO,
        }
    }

    /// Tells whether Alertmanagers are told of an event.
    #[must_use]
    pub fn wants(config: &AlertmanagerConfig, event: &Event) -> bool {
        matches!(&event.kind, EventKind::AlertTold(told) if told.alert.severity <= config.min_severity)
    }

    fn note(&mut self, event: &Event) {
        let EventKind::AlertTold(sighting) = &event.kind else { return };
        self.now = self.now.max(event.timestamp);
        let pseudonyms = self.pseudonyms.as_deref();
        if let Some(pseudonyms) = pseudonyms {
            pseudonyms.learn(event);
        }
        let (alert, sensor): (&Alert, _) = (&sighting.alert, self.sensor.as_deref());
        self.standing.apply(alert, || {
            Some((
                masked(pseudonyms, &labels(alert, sensor))?,
                masked(pseudonyms, &annotations(alert))?,
            ))
        });
    }

    /// Sends what is due, a batch at a time, what is new before what is sent again.
    fn flush(&mut self) -> Result<(), DeliveryError> {
        self.standing.expire(self.now);
        for _ in 0..MAX_BATCHES {
            let url = self.external_url.as_ref().map(HttpAddress::expose);
            let due = self.standing.due(self.now, MAX_BATCH, url);
            let count = due.len();
            if count == 0 {
                return Ok(());
            }
            let body = serde_json::to_vec(&due).unwrap_or_default();
            match self.send(&body) {
                Ok(()) => self.standing.settle(self.now, count),
                Err(problem) => {
                    if matches!(problem, DeliveryError::Unacceptable { .. }) {
                        // It takes the good ones of a batch; the others would be refused for ever.
                        self.standing.settle(self.now, count);
                    }
                    return Err(problem);
                }
            }
        }
        Ok(())
    }

    /// Sends to all that are not left alone; if all are, to all. One that takes it is enough.
    fn send(&mut self, body: &[u8]) -> Result<(), DeliveryError> {
        let now = self.now;
        let all_rest = self.targets.iter().all(|target| now < target.rests_until);
        let mut outcome = None;
        for target in &mut self.targets {
            if now < target.rests_until && !all_rest {
                continue;
            }
            let post = HttpPost {
                address: target.address.clone(),
                headers: authorization(self.token.as_ref()),
                body: body.to_vec(),
            };
            match (self.sender.send(&post), &outcome) {
                (Ok(()), _) => {
                    target.rests_until = Timestamp::ZERO;
                    outcome = Some(Ok(()));
                }
                (Err(problem), told) => {
                    target.rests_until = now.plus(PAUSE);
                    if told.is_none() {
                        outcome = Some(Err(problem));
                    }
                }
            }
        }
        outcome.unwrap_or(Ok(()))
    }
}

impl Deliver for AlertmanagerSink {
    fn deliver(&mut self, letters: &[Letter]) -> Result<usize, DeliveryError> {
        for letter in letters {
            // To hear of the same alert again changes nothing, so a repetition after a failure does no harm.
            match letter {
                Letter::Event(event) => self.note(event),
                Letter::Forgotten(id) => self.standing.forget(id, self.now),
                Letter::Stats(_) => {}
            }
        }
        self.flush()?;
        Ok(letters.len())
    }

    fn remembers_devices(&self) -> bool {
        true
    }

    fn tick_interval(&self) -> Option<Duration> {
        Some(TICK)
    }

    fn tick(&mut self, now: Timestamp) -> Result<(), DeliveryError> {
        self.now = now;
        self.flush()
    }
}

fn authorization(token: Option<&Secret>) -> Vec<(&'static str, String)> {
    let token = token.and_then(Secret::expose_token);
    token.map(|token| ("Authorization", format!("Bearer {token}"))).into_iter().collect()
}

/// The JSON of a value, with pseudonyms where serial numbers stood.
fn masked(pseudonyms: Option<&Pseudonyms>, value: &impl Serialize) -> Option<Box<RawValue>> {
    let json = serde_json::to_string(value).ok()?;
    let mask = pseudonyms.and_then(|pseudonyms| pseudonyms.mask(json.as_bytes()));
    match mask {
        Some(masked) => RawValue::from_string(String::from_utf8(masked).ok()?).ok(),
        None => to_raw_value(value).ok(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::export::sample;

    proptest! {
        #[test]
        fn hostile_names_arrive_as_bounded_labels_and_annotations(name in sample::hostile()) {
            let mut alert = sample::alert("d-1", &name, &name);
            Arc::make_mut(&mut alert.device).hostname = Some(name.clone());
            let (labels, annotations) = (labels(&alert, Some("hall")), annotations(&alert));

            for value in labels.as_object().unwrap().values().chain(annotations.as_object().unwrap().values()) {
                let text = value.as_str().unwrap();
                prop_assert!(!text.is_empty() && text.chars().count() <= 2048);
                prop_assert!(!text.chars().any(crate::net::is_hidden));
            }
            prop_assert!(labels["subject"].as_str().is_none_or(|text| text.chars().count() <= 128));
        }
    }

    #[test]
    fn serial_numbers_leave_as_pseudonyms() {
        let pseudonyms = Pseudonyms::new(&[7; 32]).unwrap();
        let alert = sample::alert("d-1", "E33842150", "unit E33842150 is new");
        pseudonyms.learn(&sample::told(alert.clone()));
        let json = masked(Some(&pseudonyms), &annotations(&alert)).unwrap();

        assert!(!json.get().contains("E33842150"));
        let value: Value = serde_json::from_str(json.get()).unwrap();
        assert!(value["description"].as_str().unwrap().starts_with("unit s-"));
    }
}
