//! What was read of one DHCPv4 message.
//!
//! Comes in: nothing. Goes out: owned, bounded values. It interprets none of them.

use std::net::Ipv4Addr;

use crate::net::MacAddr;

/// A DHCPv4 message, RFC 2131, 2, with options of RFC 2132.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DhcpMessage {
    /// True when a client sent it (op = BOOTREQUEST).
    pub from_client: bool,
    /// Transaction identifier.
    pub transaction: u32,
    /// Option 53: 1 discover, 2 offer, 3 request, 4 decline, 5 ack, 6 nak, 7 release, 8 inform.
    pub message_type: Option<u8>,
    /// chaddr, when it is an Ethernet address.
    pub client_mac: MacAddr,
    /// ciaddr: the client's address when it already has one; else unspecified.
    pub client_ip: Option<Ipv4Addr>,
    /// yiaddr: the address the server gives.
    pub assigned_ip: Option<Ipv4Addr>,
    /// giaddr: the relay that passed it on.
    pub relay_ip: Option<Ipv4Addr>,
    /// Option 50.
    pub requested_ip: Option<Ipv4Addr>,
    /// Option 54: the server that answers, or that the client has chosen.
    pub server_id: Option<Ipv4Addr>,
    /// Option 12.
    pub hostname: Option<String>,
    /// Option 81, RFC 4702: the client's full name, of both encodings.
    pub client_fqdn: Option<String>,
    /// Option 60.
    pub vendor_class: Option<String>,
    /// Option 61: its type (1 is Ethernet; 255 has a DUID, RFC 4361) and the identifier; empty without the option.
    pub client_id: Vec<u8>,
    /// Option 55: parameter request list, in the client's order.
    pub params: Vec<u8>,
    /// Option 51, seconds.
    pub lease_time: Option<u32>,
    /// Option 1.
    pub subnet_mask: Option<Ipv4Addr>,
    /// Option 3, as many as fit the reader's limit.
    pub routers: Vec<Ipv4Addr>,
    /// Option 6, as many as fit the reader's limit.
    pub dns_servers: Vec<Ipv4Addr>,
    /// Option 42, as many as fit the reader's limit.
    pub ntp_servers: Vec<Ipv4Addr>,
}
