//! The texts of the DNS sections: contents of records, names of types and response codes.
//!
//! Comes in: numbers and contents. Goes out: their usual spelling. It builds no section.

use std::borrow::Cow;
use std::fmt;

use crate::dissect::{DnsRecordData, DnsServiceBinding};

/// The content of a record in one line.
#[derive(Debug)]
pub(crate) struct Rdata<'a>(pub(crate) &'a DnsRecordData);

impl fmt::Display for Rdata<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            DnsRecordData::A(address) => address.fmt(f),
            DnsRecordData::Aaaa(address) => address.fmt(f),
            DnsRecordData::Cname(name)
            | DnsRecordData::Ptr(name)
            | DnsRecordData::Ns(name)
            | DnsRecordData::Soa(name) => f.write_str(name),
            DnsRecordData::Mx(mail) => f.write_str(&mail.exchange),
            DnsRecordData::Txt(strings) => write_joined(f, "", strings, " "),
            DnsRecordData::Srv(service) => {
                let (priority, weight, port) = (service.priority, service.weight, service.port);
                write!(f, "{priority} {weight} {port} {}", service.target)
            }
            DnsRecordData::Svcb(binding) => write_binding(f, binding),
            DnsRecordData::Other => Ok(()),
        }
    }
}

/// Writes a service binding in the presentation format of RFC 9460, 2.1, without the bytes of `ech`.
fn write_binding(f: &mut fmt::Formatter<'_>, binding: &DnsServiceBinding) -> fmt::Result {
    write!(f, "{} {}.", binding.priority, binding.target)?;
    write_joined(f, " alpn=", &binding.alpns, ",")?;
    if let Some(port) = binding.port {
        write!(f, " port={port}")?;
    }
    write_joined(f, " ipv4hint=", &binding.ipv4_hints, ",")?;
    if binding.ech {
        f.write_str(" ech")?;
    }
    write_joined(f, " ipv6hint=", &binding.ipv6_hints, ",")
}

/// Writes a list, if it has anything, behind `key`.
fn write_joined<Item: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    key: &str,
    items: &[Item],
    separator: &str,
) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        write!(f, "{}{item}", if index == 0 { key } else { separator })?;
    }
    Ok(())
}

/// How a section spells record types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    Upper,
    Lower,
}

/// Names a record type (IANA "DNS Parameters", "Resource Record (RR) TYPEs"); a number where it has no name here.
pub(crate) fn type_name(rtype: u16, case: Case) -> Cow<'static, str> {
    let name = match rtype {
        1 => "A",
        2 => "NS",
        5 => "CNAME",
        6 => "SOA",
        10 => "NULL",
        12 => "PTR",
        13 => "HINFO",
        15 => "MX",
        16 => "TXT",
        24 => "SIG",
        25 => "KEY",
        28 => "AAAA",
        29 => "LOC",
        33 => "SRV",
        35 => "NAPTR",
        39 => "DNAME",
        41 => "OPT",
        43 => "DS",
        44 => "SSHFP",
        46 => "RRSIG",
        47 => "NSEC",
        48 => "DNSKEY",
        50 => "NSEC3",
        52 => "TLSA",
        64 => "SVCB",
        65 => "HTTPS",
        99 => "SPF",
        249 => "TKEY",
        250 => "TSIG",
        251 => "IXFR",
        252 => "AXFR",
        255 => "ANY",
        256 => "URI",
        257 => "CAA",
        _ => return Cow::Owned(rtype.to_string()),
    };
    match case {
        Case::Upper => Cow::Borrowed(name),
        Case::Lower => Cow::Owned(name.to_ascii_lowercase()),
    }
}

/// Names a response code (IANA "DNS Parameters", "DNS RCODEs").
pub(crate) fn rcode_name(rcode: u8) -> Cow<'static, str> {
    Cow::Borrowed(match rcode {
        0 => "NOERROR",
        1 => "FORMERR",
        2 => "SERVFAIL",
        3 => "NXDOMAIN",
        4 => "NOTIMP",
        5 => "REFUSED",
        6 => "YXDOMAIN",
        7 => "YXRRSET",
        8 => "NXRRSET",
        9 => "NOTAUTH",
        10 => "NOTZONE",
        _ => return Cow::Owned(rcode.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_binding_is_written_as_in_a_zone_file() {
        let binding = DnsServiceBinding {
            priority: 1,
            target: String::new(),
            alpns: vec!["h3".into(), "h2".into()],
            port: Some(8443),
            ipv4_hints: vec![[192, 0, 2, 1].into()],
            ipv6_hints: vec!["2001:db8::7".parse().unwrap()],
            ech: true,
        };
        let rdata = DnsRecordData::Svcb(Box::new(binding));

        let text = "1 . alpn=h3,h2 port=8443 ipv4hint=192.0.2.1 ech ipv6hint=2001:db8::7";
        assert_eq!(Rdata(&rdata).to_string(), text);
    }

    #[test]
    fn strings_are_joined() {
        let rdata = DnsRecordData::Txt(vec!["a=1".into(), "b".into()]);
        assert_eq!(Rdata(&rdata).to_string(), "a=1 b");
    }
}
