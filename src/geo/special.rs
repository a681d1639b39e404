//! Addresses that are registered for nobody: inside networks, on one link, for groups.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The address to look up: the IPv4 address where an IPv6 address holds one; none where no country can be registered
/// (IANA special-purpose registries, RFC 6890). Blocks for documentation are left to the database, which has none.
pub(super) fn registrable(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(address) => is_global_v4(address).then_some(IpAddr::V4(address)),
        IpAddr::V6(address) => match embedded_v4(address) {
            Some(inner) => is_global_v4(inner).then_some(IpAddr::V4(inner)),
            None => is_global_v6(address).then_some(IpAddr::V6(address)),
        },
    }
}

fn is_global_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = a == 0
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        // Shared between a provider and its customers (RFC 6598).
        || (a == 100 && b & 0xc0 == 64)
        // Assignments of protocols (RFC 6890) and benchmarks (RFC 2544).
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && b & 0xfe == 18)
        // Groups, reserved, broadcast.
        || a >= 224;
    !special
}

fn is_global_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    // Of the global unicast block 2000::/3 without assignments of protocols (2001::/23, RFC 2928).
    first & 0xe000 == 0x2000 && !(first == 0x2001 && second < 0x0200)
}

/// The IPv4 address that an address stands for: mapped (RFC 4291), of a translator (RFC 6052), 6to4 (RFC 3056).
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    match [a, b, c, d, e, f] {
        [0, 0, 0, 0, 0, 0xffff] | [0x64, 0xff9b, 0, 0, 0, 0] => Some(joined(g, h)),
        [0x2002, ..] => Some(joined(b, c)),
        _ => None,
    }
}

fn joined(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_registered_for_nobody_is_not_looked_up() {
        for text in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.1.1",
            "172.16.0.1",
            "192.0.0.1",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.251",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:192.168.1.1",
            "64:ff9b::10.0.0.1",
            "2002:c0a8:0101::1",
            "2001::1",
            "fd00::1",
            "fe80::1",
            "ff02::fb",
            "100::1",
        ] {
            assert_eq!(registrable(text.parse().unwrap()), None, "{text}");
        }
    }

    #[test]
    fn what_is_global_is_looked_up_by_its_ipv4_address_where_it_has_one() {
        for (text, expected) in [
            ("1.1.1.1", "1.1.1.1"),
            ("100.128.0.1", "100.128.0.1"),
            ("192.0.1.1", "192.0.1.1"),
            ("223.255.255.255", "223.255.255.255"),
            ("2a00:1450::1", "2a00:1450::1"),
            ("2001:4860::1", "2001:4860::1"),
            ("::ffff:1.1.1.1", "1.1.1.1"),
            ("64:ff9b::1.1.1.1", "1.1.1.1"),
            ("2002:0101:0101::5", "1.1.1.1"),
        ] {
            assert_eq!(
                registrable(text.parse().unwrap()),
                Some(expected.parse().unwrap()),
                "{text}"
            );
        }
    }
}
