//! DHCP for IPv6.
//!
//! Comes in: the payload of a datagram. Goes out: a [`Dhcpv6Message`] (RFC 8415). It keeps no leases.

mod datagram;
mod message;

pub(crate) use datagram::dissect;
pub use message::{Dhcpv6Message, Dhcpv6Prefix, Dhcpv6VendorClass};
