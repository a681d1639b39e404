//! DHCP messages as a host sends and gets them when it boots.
//!
//! Comes in: addresses and a host name. Goes out: payloads. It leases nothing. RFC 2131, RFC 2132.
//! No published fingerprint of the vendors' DHCP clients is known, so the option lists are plain
//! ones of our own.

use std::net::Ipv4Addr;

use super::length_prefix::{put_u16, with_len8};
use super::station::Seat;
use crate::net::MacAddr;

/// Message types (RFC 2132, 9.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DhcpType {
    /// Who has an address for me?
    Discover = 1,
    /// Take this one.
    Offer = 2,
    /// I take it.
    Request = 3,
    /// It is yours.
    Ack = 5,
}

/// What a host says of itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DhcpClient<'a> {
    /// Hardware address.
    pub(crate) mac: MacAddr,
    /// Option 12; left out when empty.
    pub(crate) hostname: &'a str,
    /// Option 60; left out when empty.
    pub(crate) vendor_class: &'a str,
    /// Transaction number.
    pub(crate) transaction: u32,
}

/// What a router tells those that lease an address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LeasePlan {
    /// The router that leases and leads outside.
    pub(crate) server: Seat,
    /// Option 1.
    pub(crate) mask: Ipv4Addr,
    /// Option 6.
    pub(crate) resolver: Ipv4Addr,
}

/// Makes a message. `leased` is the address that is offered, wanted or given.
pub(crate) fn dhcp(
    kind: DhcpType,
    client: &DhcpClient<'_>,
    leased: Ipv4Addr,
    plan: &LeasePlan,
) -> Vec<u8> {
    let server = plan.server.ip;
    let from_server = matches!(kind, DhcpType::Offer | DhcpType::Ack);
    let mut out = vec![if from_server { 2 } else { 1 }, 1, 6, 0];
    out.extend(client.transaction.to_be_bytes());
    out.extend([0; 8]);
    out.extend(if from_server { leased.octets() } else { [0; 4] });
    out.extend(if from_server { server.octets() } else { [0; 4] });
    out.extend([0; 4]);
    out.extend(client.mac.0);
    // Padding of the hardware address, server name and boot file: 10 + 64 + 128 octets.
    out.resize(236, 0);
    out.extend([0x63, 0x82, 0x53, 0x63]);
    put_option(&mut out, 53, &[kind as u8]);
    if from_server {
        put_option(&mut out, 54, &server.octets());
        put_option(&mut out, 51, &86_400u32.to_be_bytes());
        put_option(&mut out, 1, &plan.mask.octets());
        put_option(&mut out, 3, &server.octets());
        put_option(&mut out, 6, &plan.resolver.octets());
    } else {
        let mut identifier = vec![1];
        identifier.extend(client.mac.0);
        put_option(&mut out, 61, &identifier);
        if kind == DhcpType::Request {
            put_option(&mut out, 50, &leased.octets());
            put_option(&mut out, 54, &server.octets());
        }
        for (code, text) in [(12, client.hostname), (60, client.vendor_class)] {
            if !text.is_empty() {
                put_option(&mut out, code, text.as_bytes());
            }
        }
        let mut size = Vec::new();
        put_u16(&mut size, 1500);
        put_option(&mut out, 57, &size);
        put_option(&mut out, 55, &[1, 3, 6, 12, 15, 28, 42]);
    }
    out.push(255);
    let shortest = out.len().max(300);
    out.resize(shortest, 0);
    out
}

fn put_option(out: &mut Vec<u8>, code: u8, content: &[u8]) {
    out.push(code);
    with_len8(out, |out| out.extend(content));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::station::HOME;

    #[test]
    fn a_request_names_the_host_and_the_address_it_wants() {
        let client = DhcpClient {
            mac: MacAddr([2, 0, 0, 0, 0, 1]),
            hostname: "pc",
            vendor_class: "dhcp",
            transaction: 5,
        };

        let message = dhcp(DhcpType::Request, &client, Ipv4Addr::new(192, 168, 1, 9), &HOME);

        assert_eq!(message[236..243], [0x63, 0x82, 0x53, 0x63, 53, 1, 3]);
        assert!(message.windows(4).any(|w| w == [12, 2, b'p', b'c']));
        assert!(message.windows(6).any(|w| w == [50, 4, 192, 168, 1, 9]));
    }
}
