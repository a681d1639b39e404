//! What was read of one DHCPv6 message.
//!
//! Comes in: nothing. Goes out: owned, bounded values. It interprets none of them.

use std::net::Ipv6Addr;

use crate::net::MacAddr;

/// A DHCPv6 message, RFC 8415, 8; of a relayed one, the message of the client or server inside.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dhcpv6Message {
    /// msg-type (IANA "DHCPv6 Message Types"): 1 solicit, 2 advertise, 3 request, 5 renew, 7 reply.
    pub message_type: u8,
    /// transaction-id, 24 bits.
    pub transaction: u32,
    /// Option 1: the client's DUID, with its type (RFC 8415, 11); empty without the option.
    pub client_duid: Vec<u8>,
    /// Option 2: the server's DUID; empty without the option.
    pub server_duid: Vec<u8>,
    /// Option 79 of a relay (RFC 6939): the sender's Ethernet address as the relay saw it.
    pub relayed_mac: Option<MacAddr>,
    /// Option 5 in options 3 and 4: addresses asked for or given.
    pub addresses: Vec<Ipv6Addr>,
    /// Option 26 in option 25: prefixes asked for or delegated.
    pub prefixes: Vec<Dhcpv6Prefix>,
    /// Option 39, RFC 4704: the client's name.
    pub client_fqdn: Option<String>,
    /// Option 16.
    pub vendor_class: Option<Dhcpv6VendorClass>,
    /// Option 17: the enterprise number of the vendor's options.
    pub vendor_options_enterprise: Option<u32>,
    /// Option 6: option request list, in the client's order.
    pub requested_options: Vec<u16>,
    /// Option 23, RFC 3646: name servers.
    pub dns_servers: Vec<Ipv6Addr>,
    /// How many relays passed it on, as far as they were unwrapped.
    pub relays: u8,
    /// peer-address of the innermost relay (RFC 8415, 9): the client's.
    pub relay_peer: Option<Ipv6Addr>,
}

impl Dhcpv6Message {
    /// The client's Ethernet address: as a relay saw it, else that in its DUID, which may be one of its other
    /// interfaces (DUID-LLT and DUID-LL, RFC 8415, 11.2 and 11.4).
    #[must_use]
    pub fn client_mac(&self) -> Option<MacAddr> {
        let in_duid = match *self.client_duid.as_slice() {
            [0, 1, 0, 1, _, _, _, _, a, b, c, d, e, f] | [0, 3, 0, 1, a, b, c, d, e, f] => {
                Some(MacAddr([a, b, c, d, e, f]))
            }
            _ => None,
        };
        self.relayed_mac.or(in_duid)
    }
}

/// A prefix, RFC 8415, 21.22.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dhcpv6Prefix {
    /// Its first address.
    pub prefix: Ipv6Addr,
    /// Its length in bits, at most 128.
    pub length: u8,
}

/// A vendor class, RFC 8415, 21.16.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dhcpv6VendorClass {
    /// Enterprise number (IANA "Private Enterprise Numbers").
    pub enterprise: u32,
    /// The first text.
    pub class: String,
}
