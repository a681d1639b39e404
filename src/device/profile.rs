//! What is known of one device, as it leaves the analyst.

use std::net::IpAddr;
use std::sync::Arc;

use super::{DeviceKind, Evidence};
use crate::net::{MacAddr, Timestamp};

/// A device on our network: who it is, how sure we are, and what says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceProfile {
    /// Our own opaque, stable identifier; holds no address and no serial number.
    pub id: DeviceId,
    /// Its Ethernet address; absent where only IP addresses are seen.
    pub mac: Option<MacAddr>,
    /// The addresses it was seen with, oldest first, bounded.
    pub addresses: Vec<IpAddr>,
    /// The name it gives itself (DHCP option 12), untrusted.
    pub hostname: Option<String>,
    /// Who it is.
    pub identity: Identity,
    /// What the identity rests on, strongest first, bounded.
    pub evidence: Vec<Evidence>,
    /// First packet from it.
    pub first_seen: Timestamp,
    /// Latest packet from it.
    pub last_seen: Timestamp,
}

impl DeviceProfile {
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
}

/// `d-` and twelve hexadecimal digits, derived from the device's address by a one-way function.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId(pub Arc<str>);
