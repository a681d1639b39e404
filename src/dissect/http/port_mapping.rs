//! Reads the SOAP requests by which a host opens or closes a port of its router.
//!
//! Comes in: the SOAPAction field and the body of a request. Goes out: a [`PortMapping`]: the actions of WANIPConnection
//! (UPnP Forum, WANIPConnection:1, 2.4 and WANIPConnection:2, 2.5) and WANPPPConnection, and `AddPinhole` of WANIPv6FirewallControl:1
//! (UPnP Forum), which lets somebody outside through to a port over IPv6. It reads no other action.

use std::net::IpAddr;
use std::str::FromStr;

use crate::dissect::xml::texts_inside;

/// Bytes of a description that are kept.
const MAX_DESCRIPTION: usize = 128;

/// A request to the router of the network.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PortMapping {
    /// What is asked for.
    pub action: MappingAction,
    /// `NewExternalPort`; 0 is a wildcard.
    pub external_port: Option<u16>,
    /// `NewProtocol`: `TCP` or `UDP`.
    pub protocol: Option<String>,
    /// `NewInternalPort`.
    pub internal_port: Option<u16>,
    /// `NewInternalClient`, when it is an address.
    pub internal_client: Option<IpAddr>,
    /// `NewPortMappingDescription`.
    pub description: Option<String>,
    /// `NewLeaseDuration` in seconds; 0 means until it is deleted.
    pub lease: Option<u32>,
}

/// The actions that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum MappingAction {
    /// `AddPortMapping`.
    #[default]
    Add,
    /// `AddAnyPortMapping`: the router may choose another external port.
    AddAny,
    /// `DeletePortMapping`.
    Delete,
    /// `AddPinhole`: over IPv6 there is nothing to map, and the port outside is the one inside.
    AddPinhole,
}

impl MappingAction {
    /// Every action.
    const ALL: [Self; 4] = [Self::Add, Self::AddAny, Self::Delete, Self::AddPinhole];

    /// The name of the action, as the SOAP message spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Add => "AddPortMapping",
            Self::AddAny => "AddAnyPortMapping",
            Self::Delete => "DeletePortMapping",
            Self::AddPinhole => "AddPinhole",
        }
    }

    /// The services that know the action.
    const fn services(self) -> &'static [&'static [u8]] {
        match self {
            Self::Add | Self::AddAny | Self::Delete => {
                &[b":service:WANIPConnection:", b":service:WANPPPConnection:"]
            }
            Self::AddPinhole => &[b":service:WANIPv6FirewallControl:"],
        }
    }

    /// The arguments, in the order of [`PortMapping`]; one that the action does not have is empty.
    const fn arguments(self) -> [&'static str; 6] {
        match self {
            Self::Add | Self::AddAny | Self::Delete => [
                "NewExternalPort",
                "NewProtocol",
                "NewInternalPort",
                "NewInternalClient",
                "NewPortMappingDescription",
                "NewLeaseDuration",
            ],
            Self::AddPinhole => ["", "Protocol", "InternalPort", "InternalClient", "", "LeaseTime"],
        }
    }

    /// Reads a SOAPAction field: a service type, `#`, and the action, most often in quotes (SOAP 1.1, 6.1.1).
    pub(super) fn of_field(value: &[u8]) -> Option<Self> {
        let value = value.trim_ascii();
        let value = value.strip_prefix(b"\"").unwrap_or(value);
        let value = value.strip_suffix(b"\"").unwrap_or(value);
        let at = value.iter().rposition(|&b| b == b'#')?;
        let (service, action) = value.split_at_checked(at)?;
        let action = action.get(1..)?;
        let is_of = |name: &&[u8]| service.windows(name.len()).any(|window| window == *name);
        let mut named = Self::ALL.into_iter().filter(|known| known.name().as_bytes() == action);
        named.find(|known| known.services().iter().any(is_of))
    }
}

impl PortMapping {
    /// Reads the arguments of an action, or those that have come.
    pub(super) fn read(action: MappingAction, body: &[u8]) -> Self {
        let names = action.arguments();
        let path = ["Envelope", "Body", action.name()];
        let [external_port, protocol, internal_port, internal_client, description, lease] =
            texts_inside(body, &path, &names, MAX_DESCRIPTION);
        Self {
            action,
            external_port: parsed(external_port),
            protocol: protocol.and_then(|name| protocol_of(&name)),
            internal_port: parsed(internal_port),
            internal_client: parsed(internal_client),
            description,
            lease: parsed(lease),
        }
    }
}

/// The protocol by its name, or by its number as pinholes have it (IANA "Protocol Numbers").
fn protocol_of(name: &str) -> Option<String> {
    match name {
        "TCP" | "6" => Some("TCP".to_owned()),
        "UDP" | "17" => Some("UDP".to_owned()),
        _ => None,
    }
}

/// A text that is a value.
fn parsed<T: FromStr>(text: Option<String>) -> Option<T> {
    text.and_then(|text| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    // Our own construction from the argument names of the standard.
    const ADD: &str = "<?xml version=\"1.0\"?>\r\n<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/\
        envelope/\"><s:Body><u:AddPortMapping xmlns:u=\"urn:schemas-upnp-org:service:WANIPConnection:1\">\
        <NewRemoteHost></NewRemoteHost><NewExternalPort>8000</NewExternalPort>\
        <NewProtocol>TCP</NewProtocol><NewInternalPort>8001</NewInternalPort>\
        <NewInternalClient>192.0.2.64</NewInternalClient><NewEnabled>1</NewEnabled>\
        <NewPortMappingDescription>SDK &lt;1&gt;</NewPortMappingDescription>\
        <NewLeaseDuration>0</NewLeaseDuration></u:AddPortMapping></s:Body></s:Envelope>\r\n";

    #[test]
    fn a_mapping_gives_ports_client_and_lease() {
        let expected = PortMapping {
            action: MappingAction::Add,
            external_port: Some(8000),
            protocol: Some("TCP".into()),
            internal_port: Some(8001),
            internal_client: "192.0.2.64".parse().ok(),
            description: Some("SDK <1>".into()),
            lease: Some(0),
        };

        assert_eq!(PortMapping::read(MappingAction::Add, ADD.as_bytes()), expected);
        let other = PortMapping::read(MappingAction::Delete, ADD.as_bytes());
        assert_eq!(other, PortMapping { action: MappingAction::Delete, ..PortMapping::default() });
    }

    #[test]
    fn a_pinhole_gives_port_client_and_lease() {
        let body = "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><u:AddPinhole \
            xmlns:u=\"urn:schemas-upnp-org:service:WANIPv6FirewallControl:1\"><RemoteHost></RemoteHost>\
            <RemotePort>0</RemotePort><InternalClient>2001:db8::64</InternalClient>\
            <InternalPort>554</InternalPort><Protocol>6</Protocol><LeaseTime>3600</LeaseTime>\
            </u:AddPinhole></s:Body></s:Envelope>";
        let expected = PortMapping {
            action: MappingAction::AddPinhole,
            external_port: None,
            protocol: Some("TCP".into()),
            internal_port: Some(554),
            internal_client: "2001:db8::64".parse().ok(),
            description: None,
            lease: Some(3600),
        };
        assert_eq!(PortMapping::read(MappingAction::AddPinhole, body.as_bytes()), expected);
    }

    #[test]
    fn the_action_is_one_of_a_connection_service() {
        for (field, expected) in [
            (
                "\"urn:schemas-upnp-org:service:WANIPConnection:1#AddPortMapping\"",
                Some(MappingAction::Add),
            ),
            (
                "urn:schemas-upnp-org:service:WANIPConnection:2#AddAnyPortMapping",
                Some(MappingAction::AddAny),
            ),
            (
                "\"urn:schemas-upnp-org:service:WANPPPConnection:1#DeletePortMapping\"",
                Some(MappingAction::Delete),
            ),
            (
                "\"urn:schemas-upnp-org:service:WANIPv6FirewallControl:1#AddPinhole\"",
                Some(MappingAction::AddPinhole),
            ),
            ("urn:schemas-upnp-org:service:WANIPConnection:1#AddPinhole", None),
            ("\"urn:schemas-upnp-org:service:WANIPConnection:1#GetExternalIPAddress\"", None),
            ("\"urn:example:service:Other:1#AddPortMapping\"", None),
            ("AddPortMapping", None),
        ] {
            assert_eq!(MappingAction::of_field(field.as_bytes()), expected, "{field}");
        }
    }

    #[test]
    fn damaged_requests_are_survived() {
        for_each_mutant(ADD.as_bytes(), |body| {
            let mapping = PortMapping::read(MappingAction::Add, body);
            assert!(mapping.description.is_none_or(|text| text.len() <= MAX_DESCRIPTION));
        });
    }
}
