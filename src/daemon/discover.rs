//! Asks the devices on a segment who they are, and listens for the answers with the engine that `run` has.
//!
//! Comes in: an interface. Goes out: at most [`MAX_PACKETS`] packets, and the devices that were seen. It asks only when the
//! user has typed `discover`; nothing else in the program sends to a device. It joins no group, connects to nothing
//! and changes no device. Everything that needs a privilege is opened first, then every privilege is given up.

use std::net::{IpAddr, Ipv4Addr, SocketAddrV4, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow};

use super::catalogue_files::load_catalogue;
use super::clock::Stopwatch;
use super::engine::Engine;
use super::geo_files::load_geo;
use super::inquiry::{GROUP, Question, SADP_PORT, WSD_PORT, sadp, sadp_link, ws_discovery};
use super::privilege;
use super::surroundings::complete;
use super::threads::secret_seeds;
use crate::capture::{
    CaptureError, FrameSource, Interface, InterfaceConfig, InterfaceRole, LinkSender, Next,
    list_interfaces, open_interface,
};
use crate::config::Config;
use crate::inventory::Inventory;
use crate::net::{Frame, MacAddr};

/// When each round of questions is put: UDP loses packets, and devices that boot or sleep answer late.
const ROUNDS: [Duration; 3] =
    [Duration::ZERO, Duration::from_millis(400), Duration::from_millis(1600)];

/// Most packets that are sent: each question in each round.
const MAX_PACKETS: usize = ROUNDS.len() * Question::ALL.len();

/// The shortest time that leaves room for every round and for answers to the last.
pub const LEAST_WAIT: Duration = Duration::from_secs(2);

/// The longest time.
pub const MOST_WAIT: Duration = Duration::from_secs(60);

/// What would be asked, where.
#[derive(Debug)]
pub struct Inquiry {
    name: String,
    mac: Option<MacAddr>,
    ip: Option<Ipv4Addr>,
}

impl Inquiry {
    /// Sees what can be asked on the interface called `name`; opens and sends nothing.
    ///
    /// # Errors
    /// There is no such interface, or nobody could be asked on it.
    pub fn on(name: &str) -> Result<Self, CaptureError> {
        let interface = list_interfaces()?.into_iter().find(|interface| interface.name == name);
        let interface = interface.ok_or_else(|| CaptureError::NotFound {
            what: format!("the interface {name}"),
            hint: "`hikwatch interfaces` lists what there is".into(),
        })?;
        Self::of(interface)
    }

    fn of(interface: Interface) -> Result<Self, CaptureError> {
        let Interface { name, mac, addresses, is_up, is_loopback, .. } = interface;
        let useless = |hint: &str| {
            Err(CaptureError::Unsupported {
                what: format!("cannot ask on {name}"),
                hint: hint.to_owned(),
            })
        };
        if is_loopback {
            return useless("it leads back to this machine");
        }
        if !is_up {
            return useless("it is down");
        }
        let ip = addresses.iter().find_map(|(address, _)| match address {
            IpAddr::V4(ip) => Some(*ip),
            IpAddr::V6(_) => None,
        });
        if mac.is_none() && ip.is_none() {
            return useless("it has neither an Ethernet nor an IPv4 address");
        }
        Ok(Self { name, mac, ip })
    }

    /// What is going to be sent, where, and that this is active; a line each.
    #[must_use]
    pub fn announcement(&self, wait: Duration) -> Vec<String> {
        let questions = self.questions();
        let last = ROUNDS.last().copied().unwrap_or_default();
        let mut lines = vec![format!(
            "discover is ACTIVE: on {} it sends {} packets within {} s, and listens for {} s",
            self.name,
            questions.len() * ROUNDS.len(),
            last.as_secs_f64(),
            wait.as_secs_f64(),
        )];
        lines.extend(questions.iter().map(|q| format!("  {} x {}", ROUNDS.len(), q.words())));
        if self.ip.is_none() {
            lines.push(format!("  nothing over UDP: {} has no IPv4 address", self.name));
        }
        if self.mac.is_none() {
            lines.push(format!("  nothing over Ethernet: {} has no such address", self.name));
        }
        lines.push("It asks who is there, logs in nowhere and changes no device.".to_owned());
        lines
    }

    fn questions(&self) -> Vec<Question> {
        let can = |question: &Question| match question.is_udp() {
            true => self.ip.is_some(),
            false => self.mac.is_some(),
        };
        Question::ALL.into_iter().filter(can).collect()
    }

    /// Opens the capture and the ways out, then gives up every capability. Sends nothing.
    ///
    /// # Errors
    /// CAP_NET_RAW is missing, or the system refuses a socket.
    pub fn open(self, config: &Config) -> Result<Discovery> {
        let interface = InterfaceConfig { name: self.name.clone(), role: InterfaceRole::Lan };
        let source = open_interface(&interface, &config.capture)?;
        let link = self.mac.map(|_| LinkSender::open(&self.name)).transpose()?;
        let udp = self.ip.map(Sockets::open).transpose()?;
        privilege::drop_all()?;

        let mut analyst = config.analyst.clone();
        analyst.geo = Arc::new(load_geo(&config.geo)?);
        complete(&mut analyst, std::slice::from_ref(&interface));
        let catalogue = Arc::new(load_catalogue(&config.catalogue)?);
        let engine = Engine::seeded(&config.meter, analyst, catalogue, secret_seeds()?);
        Ok(Discovery { inquiry: self, source, link, udp, engine })
    }
}

/// The sockets that questions leave through. They stay open to the end, so that the kernel does not tell those who answer
/// that nobody is there; the answers themselves are read from the capture.
#[derive(Debug)]
struct Sockets {
    sadp: UdpSocket,
    wsd: UdpSocket,
}

impl Sockets {
    fn open(ip: Ipv4Addr) -> Result<Self, CaptureError> {
        let failed =
            |source| CaptureError::Io { what: format!("open a UDP socket on {ip}"), source };
        // Devices answer to the port that asked, some to that of SADP whatever asked; it may be in use.
        let sadp = UdpSocket::bind((ip, SADP_PORT)).or_else(|_| UdpSocket::bind((ip, 0)));
        let sockets =
            Self { sadp: sadp.map_err(failed)?, wsd: UdpSocket::bind((ip, 0)).map_err(failed)? };
        for socket in [&sockets.sadp, &sockets.wsd] {
            socket.set_multicast_ttl_v4(1).map_err(failed)?;
            socket.set_multicast_loop_v4(false).map_err(failed)?;
        }
        Ok(sockets)
    }
}

/// Everything open and nothing sent.
pub struct Discovery {
    inquiry: Inquiry,
    source: Box<dyn FrameSource>,
    link: Option<LinkSender>,
    udp: Option<Sockets>,
    engine: Engine,
}

impl Discovery {
    /// Asks in rounds and listens for `wait`, within [`LEAST_WAIT`] and [`MOST_WAIT`].
    ///
    /// # Errors
    /// A packet cannot be sent, or the interface goes away.
    pub fn run(mut self, wait: Duration) -> Result<Inventory> {
        let wait = wait.clamp(LEAST_WAIT, MOST_WAIT);
        let inventory = Inventory::new();
        let stopwatch = Stopwatch::start();
        let mut rounds = ROUNDS.iter().peekable();
        let mut frames = 0;
        while stopwatch.elapsed() < wait {
            if rounds.next_if(|due| stopwatch.elapsed() >= **due).is_some() {
                self.ask()?;
            }
            if let Next::Frame(frame) = self.source.next_frame()? {
                frames += 1;
                self.engine.handle_frame(&Frame { number: frames, ..frame })?;
            }
            self.settle(&inventory);
        }
        let mut more = true;
        while more {
            more = self.engine.drain()?;
            self.settle(&inventory);
        }
        Ok(inventory)
    }

    fn settle(&mut self, inventory: &Inventory) {
        while let Some(event) = self.engine.poll_event() {
            inventory.apply(&event);
        }
    }

    /// One round: each question once.
    fn ask(&mut self) -> Result<()> {
        for question in self.inquiry.questions() {
            let random = random()?;
            match question {
                Question::Sadp => self.send_udp(SADP_PORT, &sadp(random))?,
                Question::WsDiscovery => self.send_udp(WSD_PORT, &ws_discovery(random))?,
                Question::SadpLink => {
                    let Inquiry { mac, ip, .. } = self.inquiry;
                    let [a, b, c, d, ..] = random.to_be_bytes();
                    let counter = u32::from_be_bytes([a, b, c, d]);
                    if let (Some(link), Some(mac)) = (&mut self.link, mac) {
                        link.send(&sadp_link(counter, mac, ip))?;
                    }
                }
            }
        }
        Ok(())
    }

    fn send_udp(&self, port: u16, payload: &[u8]) -> Result<(), CaptureError> {
        let Some(sockets) = &self.udp else { return Ok(()) };
        let socket = if port == SADP_PORT { &sockets.sadp } else { &sockets.wsd };
        let to = SocketAddrV4::new(GROUP, port);
        socket.send_to(payload, to).map(drop).map_err(|source| CaptureError::Io {
            what: format!("send to {to} on {}", self.inquiry.name),
            source,
        })
    }
}

fn random() -> Result<u128> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|e| anyhow!("the system gives no random numbers: {e}"))?;
    Ok(u128::from_be_bytes(bytes))
}

/// Nine packets are what the help and the announcement promise.
const _: () = assert!(MAX_PACKETS == 9);

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(mac: Option<MacAddr>, ip: &str) -> Interface {
        Interface {
            name: "eth9".to_owned(),
            index: 9,
            mac,
            addresses: vec![(ip.parse().unwrap(), 24)],
            is_up: true,
            is_loopback: false,
        }
    }

    #[test]
    fn what_cannot_be_asked_is_announced_as_such() {
        let mac = Some(MacAddr([2, 0, 0, 0, 0, 1]));
        let told = |interface| {
            Inquiry::of(interface).unwrap().announcement(Duration::from_secs(5)).join("\n")
        };

        let all = told(interface(mac, "192.0.2.1"));
        assert!(all.contains("ACTIVE: on eth9 it sends 9 packets within 1.6 s"), "{all}");
        assert!(all.contains("3 x SADP inquiry, UDP multicast to 239.255.255.250:37020"), "{all}");
        assert!(all.contains("EtherType 0x8033, Ethernet broadcast"), "{all}");
        assert!(all.contains("3 x WS-Discovery Probe, UDP multicast to 239.255.255.250:3702"));
        let link = told(interface(mac, "2001:db8::1"));
        assert!(link.contains("sends 3 packets") && link.contains("nothing over UDP"), "{link}");
        let udp = told(interface(None, "192.0.2.1"));
        assert!(udp.contains("sends 6 packets") && udp.contains("nothing over Ethernet"), "{udp}");
    }

    #[test]
    fn where_nobody_can_be_asked_nobody_is() {
        let refused = |change: &dyn Fn(&mut Interface)| {
            let mut interface = interface(None, "192.0.2.1");
            change(&mut interface);
            Inquiry::of(interface).unwrap_err().to_string()
        };

        assert!(refused(&|interface| interface.is_loopback = true).contains("this machine"));
        assert!(refused(&|interface| interface.is_up = false).contains("is down"));
        assert!(refused(&|interface| interface.addresses.clear()).contains("neither"));
        assert!(Inquiry::on("nosuchinterface").unwrap_err().to_string().contains("does not exist"));
    }
}
