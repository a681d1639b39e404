//! `device`: an event type of ours for the inventory.
//!
//! Comes in: a device's profile. Goes out: what is known of any device; who a vendor's device is stands under
//! `camera`.

use std::net::IpAddr;

use serde::Serialize;

use super::eve_text::{EveTime, Text};
use crate::device::DeviceProfile;
use crate::net::MacAddr;

/// The `device` object.
#[derive(Debug, Serialize)]
pub(crate) struct DeviceSection<'a> {
    device_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mac: Option<Text<MacAddr>>,
    ips: &'a [IpAddr],
    #[serde(skip_serializing_if = "Option::is_none")]
    hostname: Option<&'a str>,
    first_seen: EveTime,
    last_seen: EveTime,
}

impl<'a> DeviceSection<'a> {
    /// Shows a device.
    pub(crate) fn new(profile: &'a DeviceProfile) -> Self {
        Self {
            device_id: &profile.id.0,
            mac: profile.mac.map(Text),
            ips: &profile.addresses,
            hostname: profile.hostname.as_deref(),
            first_seen: EveTime(profile.first_seen),
            last_seen: EveTime(profile.last_seen),
        }
    }
}

/// The one address that stands for a device: its latest IPv4 address, else its latest one.
pub(crate) fn representative_address(profile: &DeviceProfile) -> Option<IpAddr> {
    let latest = || profile.addresses.iter().rev().copied();
    latest().find(IpAddr::is_ipv4).or_else(|| latest().next())
}
