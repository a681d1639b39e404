//! DNS messages and the other small datagrams that hosts exchange with servers: NTP.
//!
//! Comes in: names and addresses. Goes out: payloads. It resolves nothing. RFC 1035, RFC 3596,
//! RFC 6762, RFC 6763, RFC 5905.

use std::net::IpAddr;

use super::length_prefix::{len16, put_u16, with_len8, with_len16};

/// A pointer to the name of the first question (RFC 1035, 4.1.4).
const QUESTION_NAME: u16 = 0xc00c;
const TYPE_A: u16 = 1;
const TYPE_CNAME: u16 = 5;
const TYPE_PTR: u16 = 12;
const TYPE_TXT: u16 = 16;
const TYPE_AAAA: u16 = 28;
const TYPE_SRV: u16 = 33;
const CLASS_IN: u16 = 1;
/// Lifetime of an answer, in seconds; short, as cloud names have it.
const TTL: u32 = 60;

/// The record type that asks for an address such as `address`.
const fn address_type(address: IpAddr) -> u16 {
    match address {
        IpAddr::V4(_) => TYPE_A,
        IpAddr::V6(_) => TYPE_AAAA,
    }
}

/// A query for the kind of address that `address` is.
pub(crate) fn query(id: u16, name: &str, address: IpAddr) -> Vec<u8> {
    let mut out = header(id, 0x0100, 0);
    put_question(&mut out, name, address_type(address));
    out
}

/// The answer: `name` leads through `aliases`, in order, to `address`.
pub(crate) fn answer(id: u16, name: &str, aliases: &[&str], address: IpAddr) -> Vec<u8> {
    let mut out = header(id, 0x8180, len16(aliases.len() + 1));
    put_question(&mut out, name, address_type(address));
    let mut owner = QUESTION_NAME;
    for alias in aliases {
        put_record_head(&mut out, owner, TYPE_CNAME);
        // The next record belongs to the name that this one's content spells out.
        owner = 0xc000 | len16(out.len() + 2);
        with_len16(&mut out, |out| put_name(out, alias));
    }
    put_record_head(&mut out, owner, address_type(address));
    with_len16(&mut out, |out| put_address(out, address));
    out
}

/// A multicast DNS question for a service, such as `_http._tcp.local`.
pub(crate) fn service_query(service: &str) -> Vec<u8> {
    let mut out = header(0, 0, 0);
    put_question(&mut out, service, TYPE_PTR);
    out
}

/// What a host says of one of its services over multicast DNS (RFC 6763, 4 to 6).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Announcement<'a> {
    /// Service and domain, such as `_http._tcp.local`.
    pub(crate) service: &'a str,
    /// Name of the instance; one label, no dots.
    pub(crate) instance: &'a str,
    /// Name of the host, with domain.
    pub(crate) host: &'a str,
    /// Its address.
    pub(crate) address: IpAddr,
    /// Port of the service.
    pub(crate) port: u16,
    /// The strings of the TXT record.
    pub(crate) txt: &'a [&'a str],
}

/// An unsolicited answer with PTR, SRV, TXT and address records (RFC 6762, 8.3).
pub(crate) fn announcement(what: &Announcement<'_>) -> Vec<u8> {
    let Announcement { service, instance, host, address, port, txt } = *what;
    let instance = format!("{instance}.{service}");
    let mut out = Vec::with_capacity(256);
    for field in [0, 0x8400, 0, 4, 0, 0] {
        put_u16(&mut out, field);
    }
    put_record(&mut out, service, TYPE_PTR, |out| put_name(out, &instance));
    put_record(&mut out, &instance, TYPE_SRV, |out| {
        out.extend([0; 4]);
        put_u16(out, port);
        put_name(out, host);
    });
    put_record(&mut out, &instance, TYPE_TXT, |out| {
        for text in txt {
            with_len8(out, |out| out.extend(text.as_bytes()));
        }
        if txt.is_empty() {
            out.push(0);
        }
    });
    put_record(&mut out, host, address_type(address), |out| put_address(out, address));
    out
}

/// An NTP packet of 48 octets: `mode` 3 is a client's, 4 a server's (RFC 5905, 7.3).
pub(crate) fn ntp(mode: u8, seconds: u64) -> Vec<u8> {
    let stratum = if mode == 4 { 2 } else { 0 };
    let mut out = vec![4 << 3 | mode, stratum, 6, 0xec];
    out.resize(40, 0);
    // The era begins in 1900, 2 208 988 800 seconds before the epoch of `Timestamp`.
    let era = seconds.saturating_add(2_208_988_800) % (1 << 32);
    out.extend(u32::try_from(era).unwrap_or(u32::MAX).to_be_bytes());
    out.extend([0; 4]);
    out
}

fn header(id: u16, flags: u16, answers: u16) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    for field in [id, flags, 1, answers, 0, 0] {
        put_u16(&mut out, field);
    }
    out
}

fn put_question(out: &mut Vec<u8>, name: &str, kind: u16) {
    put_name(out, name);
    put_u16(out, kind);
    put_u16(out, CLASS_IN);
}

fn put_record_head(out: &mut Vec<u8>, owner: u16, kind: u16) {
    put_u16(out, owner);
    put_u16(out, kind);
    put_u16(out, CLASS_IN);
    out.extend(TTL.to_be_bytes());
}

fn put_record(out: &mut Vec<u8>, owner: &str, kind: u16, body: impl FnOnce(&mut Vec<u8>)) {
    put_name(out, owner);
    put_u16(out, kind);
    put_u16(out, CLASS_IN);
    out.extend(TTL.to_be_bytes());
    with_len16(out, body);
}

fn put_address(out: &mut Vec<u8>, address: IpAddr) {
    match address {
        IpAddr::V4(v4) => out.extend(v4.octets()),
        IpAddr::V6(v6) => out.extend(v6.octets()),
    }
}

fn put_name(out: &mut Vec<u8>, name: &str) {
    for label in name.split('.') {
        with_len8(out, |out| out.extend(label.as_bytes()));
    }
    out.push(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_is_spelt_out_and_the_address_belongs_to_it() {
        let message = answer(1, "a.example", &["b.example"], "203.0.113.9".parse().unwrap());

        // Header 12, question 11 + 4, first record's head 10 + length 2: the alias starts at 39.
        assert_eq!(message[39..50], *b"\x01b\x07example\x00");
        assert_eq!(message[50..54], [0xc0, 39, 0, 1]);
        assert_eq!(message[message.len() - 4..], [203, 0, 113, 9]);
    }
}
