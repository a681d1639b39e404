//! The interfaces of this machine.
//!
//! Comes in: nothing. Goes out: their names, addresses and states, as values of ours. It opens none
//! of them and needs no privilege.

use std::net::IpAddr;

use super::CaptureError;
use crate::net::MacAddr;

/// A network interface that could be captured on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// The system's name for it.
    pub name: String,
    /// The system's number for it.
    pub index: u32,
    /// Its link-layer address, where it has one.
    pub mac: Option<MacAddr>,
    /// Its addresses, each with the length of its prefix in bits; IPv4 first.
    pub addresses: Vec<(IpAddr, u8)>,
    /// It is switched on.
    pub is_up: bool,
    /// It leads back to this machine.
    pub is_loopback: bool,
}

/// Lists the interfaces in the order of their numbers.
///
/// # Errors
/// The system names none, as in a sandbox that forbids the question.
pub fn list() -> Result<Vec<Interface>, CaptureError> {
    let mut interfaces: Vec<Interface> =
        pnet::datalink::interfaces().into_iter().map(convert).collect();
    if interfaces.is_empty() {
        return Err(CaptureError::Unsupported {
            what: "listing the network interfaces".into(),
            hint: "the system names none; a sandbox may forbid the question".into(),
        });
    }
    interfaces.sort_by(|a, b| (a.index, &a.name).cmp(&(b.index, &b.name)));
    Ok(interfaces)
}

fn convert(found: pnet::datalink::NetworkInterface) -> Interface {
    let mut addresses: Vec<(IpAddr, u8)> =
        found.ips.iter().map(|network| (network.ip(), network.prefix())).collect();
    addresses.sort_unstable();
    addresses.dedup();
    Interface {
        index: found.index,
        mac: found.mac.map(|mac| MacAddr(mac.octets())).filter(|mac| mac.is_station()),
        addresses,
        is_up: found.is_up(),
        is_loopback: found.is_loopback(),
        name: found.name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_the_length_of_its_prefix() {
        let interface = convert(pnet::datalink::NetworkInterface {
            name: "eth0".into(),
            description: String::new(),
            index: 2,
            mac: Some(pnet::datalink::MacAddr::new(2, 0, 0, 0, 0, 1)),
            ips: vec!["2001:db8::1/64".parse().unwrap(), "192.0.2.7/24".parse().unwrap()],
            flags: 1,
        });

        assert_eq!(interface.mac, Some(MacAddr([2, 0, 0, 0, 0, 1])));
        assert_eq!(
            interface.addresses,
            [("192.0.2.7".parse().unwrap(), 24), ("2001:db8::1".parse().unwrap(), 64)]
        );
        assert!(interface.is_up && !interface.is_loopback);
    }

    #[test]
    fn the_loopback_interface_is_listed_without_a_link_layer_address() {
        let interfaces = list().unwrap();

        let loopback = interfaces.iter().find(|interface| interface.is_loopback).unwrap();
        assert_eq!(loopback.mac, None);
        assert!(loopback.index > 0);
    }
}
