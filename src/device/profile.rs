//! What is known of one device, as it leaves the analyst.

use std::net::IpAddr;
use std::sync::Arc;

use super::{DeviceChange, DeviceKind, DeviceLabel, Evidence, EvidenceSource};
use crate::net::{MacAddr, Timestamp};

/// A device on our network: who it is, how sure we are, and what says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceProfile {
    /// Our own opaque, stable identifier; holds no address and no serial number.
    pub id: DeviceId,
    /// Its Ethernet address; absent where only IP addresses are seen.
    pub mac: Option<MacAddr>,
    /// Further Ethernet addresses of the same unit (wired and Wi-Fi), oldest first, bounded.
    pub other_macs: Vec<MacAddr>,
    /// The addresses it was seen with, oldest first, bounded.
    pub addresses: Vec<IpAddr>,
    /// The name it gives itself (DHCP option 12), untrusted.
    pub hostname: Option<String>,
    /// What its owner calls it.
    pub label: Option<Arc<DeviceLabel>>,
    /// Who it is.
    pub identity: Identity,
    /// What the identity rests on, strongest first, then what only describes; bounded.
    pub evidence: Vec<Evidence>,
    /// How it is now.
    pub state: DeviceState,
    /// First packet from it.
    pub first_seen: Timestamp,
    /// Latest packet from it.
    pub last_seen: Timestamp,
}

impl DeviceProfile {
    /// A device of which nothing is known but that it was seen.
    #[must_use]
    pub fn new(id: DeviceId, now: Timestamp) -> Self {
        Self {
            id,
            mac: None,
            other_macs: Vec::new(),
            addresses: Vec::new(),
            hostname: None,
            label: None,
            identity: Identity::default(),
            evidence: Vec::new(),
            state: DeviceState::default(),
            first_seen: now,
            last_seen: now,
        }
    }

    /// What to call it: the owner's name, else the one that it gives itself.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        let label = self.label.as_ref().and_then(|label| label.name.as_deref());
        label.or(self.hostname.as_deref())
    }

    /// Tells whether the device is taken for one of a vendor in the catalogue.
    #[must_use]
    pub const fn is_vendor_device(&self) -> bool {
        self.identity.vendor.is_some()
    }
}

/// The conclusion from a device's evidence.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// The brand on the housing, as far as the network shows it: `hikvision`, `ezviz`, `annke` ...
    pub vendor: Option<Arc<str>>,
    /// The maker behind the brand, when it is another one.
    pub oem_of: Option<Arc<str>>,
    /// What it is.
    pub kind: DeviceKind,
    /// Model, untrusted text.
    pub model: Option<String>,
    /// Serial number, untrusted text; never a metric label.
    pub serial: Option<String>,
    /// Firmware version, untrusted text.
    pub firmware: Option<String>,
    /// 0 to 100; 60 and above needs two independent kinds of evidence.
    pub confidence: u8,
    /// What speaks for another house, strongest first; each lowers the confidence.
    pub contradictions: Vec<Contradiction>,
}

/// A house of vendors that some evidence speaks for although the verdict is another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    /// The house.
    pub house: Arc<str>,
    /// The confidence that this evidence would give alone.
    pub support: u8,
    /// Where that was seen, in order.
    pub sources: Vec<EvidenceSource>,
}

/// The life of a device, as far as the network shows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeviceState {
    /// Whether it is there.
    pub presence: Presence,
    /// Whether a password was set (SADP `Activated`); absent where it never said so.
    pub activated: Option<bool>,
    /// When it last let somebody in by a default password.
    pub default_login: Option<Timestamp>,
    /// Cameras behind a recorder, when it says so.
    pub channels: Option<u16>,
    /// It spoke to a vendor's cloud as an app does, and nothing shows it to be a device of the vendor.
    pub is_client: bool,
    /// Its Ethernet address is locally administered: made up, and not that of a maker (IEEE 802, 8.2.2).
    pub random_mac: bool,
    /// Another station uses its Ethernet or IP address: since when.
    pub conflict: Option<Timestamp>,
    /// What changed, oldest first, bounded.
    pub changes: Vec<DeviceChange>,
}

/// Whether a device is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Presence {
    /// It was heard of lately.
    #[default]
    Online,
    /// It has been silent for longer than the configured time.
    Offline,
}

impl Presence {
    /// The label, as in events.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Offline => "offline",
        }
    }
}

/// `d-` and twelve hexadecimal digits, derived from the device's address by a one-way function.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId(pub Arc<str>);
