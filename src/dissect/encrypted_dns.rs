//! Recognises encrypted DNS by what its handshake shows.
//!
//! Comes in: the port, the ALPN protocols and the server name of a handshake. Goes out: which kind of encrypted DNS
//! it is. DNS over HTTPS on a server that nobody publishes looks like any other HTTPS, and is not recognised.

use super::{AppProtocol, ClientHello};

/// The port of DNS over TLS (RFC 7858, 3.1) and over QUIC (RFC 9250, 4.1.1).
const DNS_OVER_TLS: u16 = 853;

/// Public resolvers that serve DNS over HTTPS under these names or names below them, as their operators publish
/// them: Google (developers.google.com/speed/public-dns/docs/doh), Cloudflare (developers.cloudflare.com/1.1.1.1),
/// Quad9 (quad9.net/service), Cisco (support.opendns.com), NextDNS, AdGuard (adguard-dns.io), CleanBrowsing,
/// Mullvad, DNSPod (doh.pub), Alibaba (alidns.com), DNS4EU (joindns4.eu).
const RESOLVERS: [&str; 15] = [
    "dns.google",
    "cloudflare-dns.com",
    "one.one.one.one",
    "dns.quad9.net",
    "dns10.quad9.net",
    "dns11.quad9.net",
    "doh.opendns.com",
    "doh.umbrella.com",
    "dns.nextdns.io",
    "adguard-dns.com",
    "doh.cleanbrowsing.org",
    "dns.mullvad.net",
    "doh.pub",
    "dns.alidns.com",
    "joindns4.eu",
];

/// The kind of encrypted DNS that a handshake towards `port` opens over `carrier`, if it is one.
#[must_use]
pub fn encrypted_dns(carrier: AppProtocol, hello: &ClientHello, port: u16) -> Option<AppProtocol> {
    let (dedicated, alpn) = if carrier == AppProtocol::Quic {
        (AppProtocol::Doq, "doq")
    } else {
        (AppProtocol::Dot, "dot")
    };
    if port == DNS_OVER_TLS || hello.alpns.iter().any(|offered| offered == alpn) {
        return Some(dedicated);
    }
    names_resolver(hello).then_some(AppProtocol::Doh)
}

fn names_resolver(hello: &ClientHello) -> bool {
    let Some(sni) = hello.sni.as_deref() else { return false };
    RESOLVERS.iter().any(|resolver| {
        let Some(start) = sni.len().checked_sub(resolver.len()) else { return false };
        let (below, name) = (sni.get(..start), sni.get(start..));
        name.is_some_and(|name| name.eq_ignore_ascii_case(resolver))
            && below.is_some_and(|below| below.is_empty() || below.ends_with('.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_the_protocol_or_the_name_tells_encrypted_dns() {
        let with = |sni: &str, alpn: &str| ClientHello {
            sni: Some(sni.into()),
            alpns: vec![alpn.into()],
            ..ClientHello::default()
        };
        let cases = [
            (AppProtocol::Tls, with("ns.example.com", "dot"), 443, Some(AppProtocol::Dot)),
            (AppProtocol::Tls, with("example.com", "x"), 853, Some(AppProtocol::Dot)),
            (AppProtocol::Quic, with("example.com", "x"), 853, Some(AppProtocol::Doq)),
            (AppProtocol::Quic, with("example.com", "doq"), 8853, Some(AppProtocol::Doq)),
            (AppProtocol::Tls, with("DNS.google", "h2"), 443, Some(AppProtocol::Doh)),
            (AppProtocol::Quic, with("abc.dns.nextdns.io", "h3"), 443, Some(AppProtocol::Doh)),
            (AppProtocol::Tls, with("notdns.google", "h2"), 443, None),
            (AppProtocol::Tls, with("example.com", "doq"), 443, None),
        ];
        for (carrier, hello, port, expected) in cases {
            assert_eq!(encrypted_dns(carrier, &hello, port), expected, "{hello:?}");
        }
    }
}
