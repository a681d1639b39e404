//! The closed sets that the catalogue speaks in; metrics use them as labels.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a vendor's server is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CloudRole {
    /// Where a device first announces itself (LBS, older access gateways).
    Registration,
    /// The standing control channel (DAS).
    Control,
    /// Brings viewers and devices together (CAS).
    Broker,
    /// Tells a device its public address.
    Stun,
    /// Peer-to-peer video.
    P2p,
    /// Video relay (VTM and TURN-like servers).
    Relay,
    /// Alarm messages.
    Push,
    /// Snapshots and recordings.
    Storage,
    /// Application programming interface, mostly of apps.
    Api,
    /// Sign-in.
    Auth,
    /// Pages for people.
    Web,
    /// Dynamic DNS.
    Ddns,
    /// Time.
    Ntp,
    /// Firmware files.
    Firmware,
    /// Logs and usage figures.
    Telemetry,
    /// The vendor's own test systems.
    Test,
    /// Not known.
    Unknown,
}

impl CloudRole {
    /// All.
    pub const ALL: [Self; 17] = [
        Self::Registration,
        Self::Control,
        Self::Broker,
        Self::Stun,
        Self::P2p,
        Self::Relay,
        Self::Push,
        Self::Storage,
        Self::Api,
        Self::Auth,
        Self::Web,
        Self::Ddns,
        Self::Ntp,
        Self::Firmware,
        Self::Telemetry,
        Self::Test,
        Self::Unknown,
    ];

    /// The label, as in events and metrics.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::Control => "control",
            Self::Broker => "broker",
            Self::Stun => "stun",
            Self::P2p => "p2p",
            Self::Relay => "relay",
            Self::Push => "push",
            Self::Storage => "storage",
            Self::Api => "api",
            Self::Auth => "auth",
            Self::Web => "web",
            Self::Ddns => "ddns",
            Self::Ntp => "ntp",
            Self::Firmware => "firmware",
            Self::Telemetry => "telemetry",
            Self::Test => "test",
            Self::Unknown => "unknown",
        }
    }
}

/// Where the vendor says, or its naming shows, that a service stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Region {
    /// One for the whole world.
    Global,
    /// China.
    China,
    /// Europe and Africa.
    Eu,
    /// North America and Oceania.
    Us,
    /// Russia.
    Russia,
    /// Singapore, which serves much of Asia.
    Singapore,
    /// South America.
    SouthAmerica,
    /// Asia.
    Asia,
    /// Not known.
    Unknown,
}

impl Region {
    /// The label, as in events and metrics.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::China => "china",
            Self::Eu => "eu",
            Self::Us => "us",
            Self::Russia => "russia",
            Self::Singapore => "singapore",
            Self::SouthAmerica => "south-america",
            Self::Asia => "asia",
            Self::Unknown => "unknown",
        }
    }
}

/// Who normally speaks to a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Speaker {
    /// The camera or recorder itself.
    Device,
    /// A phone, a browser, a home-automation hub.
    App,
    /// Either.
    Both,
}

impl Speaker {
    /// The label, as in events.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::App => "app",
            Self::Both => "both",
        }
    }
}

/// How well a fact is established.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Grade {
    /// The vendor, a registry or a CVE numbering authority published it.
    A,
    /// Two or more independent sources agree.
    B,
    /// One source measured it.
    C,
    /// One unmeasured source, an inference or background knowledge; never decides alone.
    D,
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::D => "D",
        };
        f.write_str(letter)
    }
}
