//! Reads a question or a resource record of a DNS message.
//!
//! Comes in: the message and a cursor in it. Goes out: a [`DnsQuery`] or a [`DnsRecord`] (RFC 1035, 4.1.2 and 4.1.3).
//! It does not check that a record suits its section.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::name::read_name;
use super::{DnsMailExchange, DnsQuery, DnsRecord, DnsRecordData, DnsService, DnsServiceBinding};
use crate::dissect::{AppProtocol, DissectReason, cursor::Cursor};
use crate::net::bounded;

/// Strings of a TXT record that are kept; guards memory.
pub(super) const MAX_STRINGS: usize = 16;
/// Bytes of a string, RFC 1035, 3.3.
const MAX_STRING: usize = 255;
/// Parameters, protocols or hints of a service binding that are kept; guards memory.
pub(super) const MAX_PARAMETERS: usize = 16;
/// Bytes of a protocol identifier that are kept; the longest registered one is shorter (IANA "TLS ALPN Protocol IDs").
const MAX_ALPN: usize = 32;
/// The top bit of a class in multicast DNS: "unicast response wanted" or "cache flush" (RFC 6762, 18.12 and 18.13).
const MDNS_CLASS_BIT: u16 = 0x8000;
/// Class IN, RFC 1035, 3.2.4.
const CLASS_IN: u16 = 1;

/// Takes a question.
///
/// # Errors
/// It ends behind the message or its name is not well formed.
pub(super) fn read_query<'a>(
    message: &'a [u8],
    cursor: &mut Cursor<'a>,
) -> Result<DnsQuery, DissectReason> {
    let name = read_name(message, cursor)?;
    let rtype = cursor.u16()?;
    let _class = cursor.u16()?;
    Ok(DnsQuery { name, rtype })
}

/// Takes a resource record. A content that does not have the form of its type is [`DnsRecordData::Other`].
///
/// # Errors
/// It ends behind the message or its owner is not well formed.
pub(super) fn read_record<'a>(
    message: &'a [u8],
    cursor: &mut Cursor<'a>,
    protocol: AppProtocol,
) -> Result<DnsRecord, DissectReason> {
    let name = read_name(message, cursor)?;
    let rtype = cursor.u16()?;
    let class = read_class(cursor, protocol)?;
    let ttl = cursor.u32()?;
    let length = usize::from(cursor.u16()?);
    let start = cursor.position();
    cursor.take(length)?;
    let mut content = Content { message, cursor: Cursor::at(message, start), end: start + length };
    let data = if class == CLASS_IN {
        content.read(rtype).unwrap_or(DnsRecordData::Other)
    } else {
        DnsRecordData::Other
    };
    Ok(DnsRecord { name, rtype, ttl, data })
}

/// Takes a class.
fn read_class(cursor: &mut Cursor<'_>, protocol: AppProtocol) -> Result<u16, DissectReason> {
    let class = cursor.u16()?;
    Ok(if protocol == AppProtocol::Mdns { class & !MDNS_CLASS_BIT } else { class })
}

/// The content of one record. Its names may point to anything before them in the message.
struct Content<'a> {
    message: &'a [u8],
    cursor: Cursor<'a>,
    end: usize,
}

impl<'a> Content<'a> {
    /// Reads it as that of a type (IANA "Resource Record (RR) TYPEs").
    fn read(&mut self, rtype: u16) -> Result<DnsRecordData, DissectReason> {
        Ok(match rtype {
            1 => DnsRecordData::A(Ipv4Addr::from(self.only()?)),
            2 => DnsRecordData::Ns(self.name()?),
            5 => DnsRecordData::Cname(self.name()?),
            6 => DnsRecordData::Soa(self.name()?),
            12 => DnsRecordData::Ptr(self.name()?),
            15 => DnsRecordData::Mx(DnsMailExchange {
                preference: self.cursor.u16()?,
                exchange: self.name()?,
            }),
            16 => DnsRecordData::Txt(self.strings()),
            28 => DnsRecordData::Aaaa(Ipv6Addr::from(self.only()?)),
            33 => DnsRecordData::Srv(DnsService {
                priority: self.cursor.u16()?,
                weight: self.cursor.u16()?,
                port: self.cursor.u16()?,
                target: self.name()?,
            }),
            64 | 65 => DnsRecordData::Svcb(Box::new(self.service_binding()?)),
            _ => DnsRecordData::Other,
        })
    }

    /// All that is left of the content.
    fn rest(&self) -> &'a [u8] {
        self.message.get(self.cursor.position()..self.end).unwrap_or_default()
    }

    /// A content of one length only.
    fn only<const N: usize>(&self) -> Result<[u8; N], DissectReason> {
        self.rest().try_into().map_err(|_| DissectReason::Malformed)
    }

    /// A name that does not leave the content.
    fn name(&mut self) -> Result<String, DissectReason> {
        // A dynamic update deletes with empty records (RFC 2136, 2.5).
        if self.cursor.position() >= self.end {
            return Err(DissectReason::Malformed);
        }
        let name = read_name(self.message, &mut self.cursor)?;
        if self.cursor.position() > self.end {
            return Err(DissectReason::Malformed);
        }
        Ok(name)
    }

    /// The strings of a TXT record, RFC 1035, 3.3.14. Empty ones say nothing (RFC 6763, 6.1); the last may be cut.
    fn strings(&self) -> Vec<String> {
        let mut cursor = Cursor::new(self.rest());
        let mut strings = Vec::new();
        while strings.len() < MAX_STRINGS && !cursor.is_empty() {
            let Ok(string) = cursor.vector8() else { break };
            if !string.is_empty() {
                strings.push(bounded(string, MAX_STRING));
            }
        }
        strings
    }

    /// Priority, target and parameters, RFC 9460, 2.2. Parameters behind a broken one are not read.
    fn service_binding(&mut self) -> Result<DnsServiceBinding, DissectReason> {
        let mut binding = DnsServiceBinding {
            priority: self.cursor.u16()?,
            target: self.name()?,
            ..DnsServiceBinding::default()
        };
        let mut parameters = Cursor::new(self.rest());
        for _ in 0..MAX_PARAMETERS {
            let (Ok(key), Ok(value)) = (parameters.u16(), parameters.vector16()) else { break };
            match key {
                1 => binding.alpns = read_alpns(value),
                3 => binding.port = value.try_into().ok().map(u16::from_be_bytes),
                4 => binding.ipv4_hints = read_hints::<4, _>(value),
                5 => binding.ech = true,
                6 => binding.ipv6_hints = read_hints::<16, _>(value),
                _ => {}
            }
        }
        Ok(binding)
    }
}

/// The value of `alpn`, RFC 9460, 7.1.1.
fn read_alpns(value: &[u8]) -> Vec<String> {
    let mut cursor = Cursor::new(value);
    let mut alpns = Vec::new();
    while alpns.len() < MAX_PARAMETERS && !cursor.is_empty() {
        let Ok(alpn) = cursor.vector8() else { break };
        alpns.push(bounded(alpn, MAX_ALPN));
    }
    alpns
}

/// The value of `ipv4hint` or `ipv6hint`, RFC 9460, 7.3.
fn read_hints<const N: usize, Address: From<[u8; N]>>(value: &[u8]) -> Vec<Address> {
    let (addresses, _cut) = value.as_chunks::<N>();
    addresses.iter().take(MAX_PARAMETERS).copied().map(Address::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_gives_its_port_and_its_host() {
        let data = read(33, b"\0\x01\0\x02\x1f\x90\x04cam1\x05local\0");

        let target = "cam1.local".into();
        let service = DnsService { priority: 1, weight: 2, port: 8080, target };
        assert_eq!(data, DnsRecordData::Srv(service));
    }

    #[test]
    fn a_binding_gives_target_protocols_port_and_hints() {
        let content = b"\0\x01\x03svc\0\0\x01\0\x06\x02h3\x02h2\0\x03\0\x02\x20\xfb\0\x04\0\x08\xc0\0\x02\x01\xc0\0\x02\x02\
            \0\x05\0\x02xx\0\x06\0\x10\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07";
        let expected = DnsServiceBinding {
            priority: 1,
            target: "svc".into(),
            alpns: vec!["h3".into(), "h2".into()],
            port: Some(8443),
            ipv4_hints: vec![Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 2)],
            ipv6_hints: vec!["2001:db8::7".parse().unwrap()],
            ech: true,
        };

        assert_eq!(read(65, content), DnsRecordData::Svcb(Box::new(expected.clone())));
        let cut = read(64, &content[..content.len() - 1]);
        let expected = DnsServiceBinding { ipv6_hints: Vec::new(), ..expected };
        assert_eq!(
            cut,
            DnsRecordData::Svcb(Box::new(expected)),
            "the broken parameter is left out"
        );
    }

    #[test]
    fn names_of_servers_mail_and_zones_are_kept() {
        assert_eq!(read(2, b"\x02ns\0"), DnsRecordData::Ns("ns".into()));
        let zone = [&b"\x02ns\0\x04root\0"[..], &[0; 20]].concat();
        assert_eq!(read(6, &zone), DnsRecordData::Soa("ns".into()));
        let mail = DnsMailExchange { preference: 10, exchange: "mx".into() };
        assert_eq!(read(15, b"\0\x0a\x02mx\0"), DnsRecordData::Mx(mail));
    }

    #[test]
    fn strings_are_kept_within_their_limit_and_empty_ones_are_not() {
        let texts = |list: &[&str]| DnsRecordData::Txt(list.iter().map(|&t| t.into()).collect());
        assert_eq!(read(16, b"\x07model=A\0\x02b=\x09cut"), texts(&["model=A", "b="]));
        let DnsRecordData::Txt(many) = read(16, &b"\x01x".repeat(99)) else { panic!("a TXT") };
        assert_eq!(many.len(), MAX_STRINGS);
    }

    #[test]
    fn an_address_of_wrong_length_or_class_is_other() {
        assert_eq!(read(1, &[192, 0, 2, 1]), DnsRecordData::A(Ipv4Addr::new(192, 0, 2, 1)));
        assert_eq!(read(1, &[192, 0, 2, 1, 9]), DnsRecordData::Other);
        assert_eq!(read_as(3, 1, &[192, 0, 2, 1]), DnsRecordData::Other);
    }

    #[test]
    fn a_name_that_leaves_its_record_is_other() {
        assert_eq!(read(5, b"\x09cut"), DnsRecordData::Other);
        assert_eq!(read(12, b""), DnsRecordData::Other);
    }

    fn read(rtype: u16, content: &[u8]) -> DnsRecordData {
        read_as(CLASS_IN, rtype, content)
    }

    /// The content as that of a record of the root, behind a header of zeros and before a further name.
    fn read_as(class: u16, rtype: u16, content: &[u8]) -> DnsRecordData {
        let length = u16::try_from(content.len()).unwrap();
        let mut message = vec![0; 13];
        message.extend_from_slice(&rtype.to_be_bytes());
        message.extend_from_slice(&class.to_be_bytes());
        message.extend_from_slice(&[0; 4]);
        message.extend_from_slice(&length.to_be_bytes());
        message.extend_from_slice(content);
        message.extend_from_slice(b"\x01z\x01z\x01z\x01z\x01z\x01z\0");
        let mut cursor = Cursor::at(&message, 12);
        read_record(&message, &mut cursor, AppProtocol::Dns).unwrap().data
    }
}
