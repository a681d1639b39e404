//! What may be set about event output.

use std::path::PathBuf;
use std::time::Duration;

/// Which events are written, and where.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Config {
    /// The EVE file, or `-` for standard output; none is written without it.
    pub eve_file: Option<PathBuf>,
    /// How long and how large the EVE file may grow.
    pub rotation: Rotation,
    /// A Unix socket that takes the same lines.
    pub eve_socket: Option<EveSocketConfig>,
    /// What is written.
    pub selection: Selection,
    /// EVE `host`: the name of this sensor; left out when absent.
    pub sensor: Option<String>,
    /// What is shown of units that can be told apart.
    pub privacy: Privacy,
}

/// When the EVE file is moved aside, and what all of it may take of the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// Bytes after which it is moved aside; never if absent.
    pub size: Option<usize>,
    /// Time after which it is moved aside, counted from midnight UTC; never if absent.
    pub every: Option<Duration>,
    /// Bytes that the file and those that it has become take at most; no bound if absent.
    pub max_total: Option<usize>,
    /// Bytes of the disk that are always left to others.
    pub min_free: usize,
}

impl Default for Rotation {
    fn default() -> Self {
        Self { size: Some(64 << 20), every: None, max_total: Some(512 << 20), min_free: 16 << 20 }
    }
}

/// A Unix socket that somebody else has opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EveSocketConfig {
    /// Where.
    pub path: PathBuf,
    /// A stream of lines, or a datagram for each.
    pub kind: EveSocketKind,
}

/// The kinds of Unix sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum EveSocketKind {
    /// Lines, as Suricata's `unix_stream`.
    #[default]
    Stream,
    /// A datagram for each line, as Suricata's `unix_dgram`.
    Datagram,
}

/// What is shown of units that can be told apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Privacy {
    /// Serial numbers leave as pseudonyms: in events, in the API and in the exposition.
    pub pseudonymize: bool,
    /// The key of the site, from which pseudonyms are made.
    pub key_file: Option<PathBuf>,
}

/// Which events are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// Only what concerns a camera or a vendor cloud, or everything.
    pub scope: Scope,
    /// The event types, such as `flow` and `dns`.
    pub types: EventTypes,
}

impl Default for Selection {
    fn default() -> Self {
        Self { scope: Scope::Cameras, types: EventTypes::default() }
    }
}

/// How much is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Scope {
    /// What concerns a vendor device or a vendor cloud.
    #[default]
    Cameras,
    /// Everything.
    All,
}

/// A set of EVE event types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventTypes(u64);

/// The list holds a name that is no event type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no event type is called `{0}`; there are: all, {list}", list = EventTypes::NAMES.join(", "))]
pub struct UnknownEventType(pub String);

impl EventTypes {
    /// The names, in the order of their bits.
    pub const NAMES: [&'static str; 34] = [
        "device", "alert", "flow", "stats", "dns", "mdns", "llmnr", "tls", "http", "dhcp", "sadp",
        "quic", "nbns", "rtsp", "sip", "stun", "dhcpv6", "ndp", "ntp", "snmp", "syslog", "mqtt",
        "portmap", "ssdp", "wsd", "web", "hcnetsdk", "lbs", "safe", "p2p", "vtm", "isup", "beacon",
        "activity",
    ];

    /// Every type.
    pub const ALL: Self = Self((1 << Self::NAMES.len()) - 1);

    /// Reads a comma-separated list of names, or `all`.
    ///
    /// # Errors
    /// A name is not among [`EventTypes::NAMES`].
    pub fn parse(list: &str) -> Result<Self, UnknownEventType> {
        let mut bits = 0;
        for name in list.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            bits |= match Self::NAMES.iter().position(|known| *known == name) {
                Some(bit) => 1 << bit,
                None if name == "all" => Self::ALL.0,
                None => return Err(UnknownEventType(name.to_owned())),
            };
        }
        Ok(Self(bits))
    }

    /// Tells whether the type called `name` is in the set.
    #[must_use]
    pub fn contains(self, name: &str) -> bool {
        Self::NAMES
            .iter()
            .position(|known| *known == name)
            .is_some_and(|bit| self.0 & 1 << bit != 0)
    }
}

impl Default for EventTypes {
    /// `device,alert,flow,stats`.
    fn default() -> Self {
        Self(0b1111)
    }
}
