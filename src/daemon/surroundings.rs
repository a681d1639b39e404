//! What the machine says about the interfaces that are to be captured on.

use std::fs;
use std::net::IpAddr;
use std::path::Path;

use crate::analyst::Config as AnalystConfig;
use crate::capture::{CaptureError, Interface, InterfaceConfig, InterfaceRole, list_interfaces};
use crate::net::{InterfaceId, IpPrefix, LocalNets};

/// Where Linux tells what an interface is part of.
const NETWORK_DEVICES: &str = "/sys/class/net";

/// Refuses a bridge together with one of its ports: every frame would be counted twice.
///
/// # Errors
/// Two of the interfaces are a bridge and its port.
pub(super) fn refuse_bridge_with_port(interfaces: &[InterfaceConfig]) -> Result<(), CaptureError> {
    for port in interfaces {
        let master = Path::new(NETWORK_DEVICES).join(&port.name).join("master");
        let Ok(bridge) = fs::read_link(master) else { continue };
        let bridge = bridge.file_name().unwrap_or_default().to_string_lossy();
        if interfaces.iter().any(|other| other.name == bridge) {
            return Err(CaptureError::Unsupported {
                what: format!("{} is a port of {bridge}", port.name),
                hint: format!("capture on {bridge} only, or every frame is counted twice"),
            });
        }
    }
    Ok(())
}

/// Completes what the analyst is told: bytes on `wan` are not counted, and unless the user named
/// our networks, those of the `lan` interfaces are ours as well as the private ones.
pub(super) fn complete(config: &mut AnalystConfig, interfaces: &[InterfaceConfig]) {
    config.uncounted_interfaces = (0u16..)
        .zip(interfaces)
        .filter(|(_, interface)| interface.role == InterfaceRole::Wan)
        .map(|(number, _)| InterfaceId(number))
        .collect();
    config.own_addresses = own_addresses();
    if config.local_nets == LocalNets::default() {
        // Without the list of addresses the private networks still hold.
        let known = list_interfaces().unwrap_or_default();
        config.local_nets = config.local_nets.with(own_networks(&known, interfaces));
    }
}

/// The addresses of this machine; none when the system does not say.
pub(super) fn own_addresses() -> Vec<IpAddr> {
    let known = list_interfaces().unwrap_or_default();
    known.iter().flat_map(|interface| &interface.addresses).map(|(address, _)| *address).collect()
}

fn own_networks(known: &[Interface], wanted: &[InterfaceConfig]) -> Vec<IpPrefix> {
    known
        .iter()
        .filter(|interface| {
            wanted.iter().any(|w| w.name == interface.name && w.role == InterfaceRole::Lan)
        })
        .flat_map(|interface| &interface.addresses)
        .filter_map(|(address, length)| IpPrefix::new(*address, *length).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(name: &str, role: InterfaceRole) -> InterfaceConfig {
        InterfaceConfig { name: name.to_owned(), role }
    }

    #[test]
    fn bytes_on_the_way_out_are_not_counted_and_the_networks_of_the_inside_are_ours() {
        let wanted = [interface("lan0", InterfaceRole::Lan), interface("wan0", InterfaceRole::Wan)];
        let mut config = AnalystConfig::default();
        complete(&mut config, &wanted);
        assert_eq!(config.uncounted_interfaces, [InterfaceId(1)]);

        let known = |name: &str, address: &str| Interface {
            name: name.to_owned(),
            index: 1,
            mac: None,
            addresses: vec![(address.parse().unwrap(), 24)],
            is_up: true,
            is_loopback: false,
        };
        let own =
            own_networks(&[known("lan0", "192.0.2.9"), known("wan0", "198.51.100.9")], &wanted);
        assert_eq!(own, ["192.0.2.0/24".parse().unwrap()]);
    }

    #[test]
    fn an_interface_that_is_no_port_is_accepted() {
        assert!(refuse_bridge_with_port(&[interface("lo", InterfaceRole::Lan)]).is_ok());
    }
}
