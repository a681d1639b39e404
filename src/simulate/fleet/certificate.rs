//! X.509 certificates and SNMP messages, both in ASN.1.
//!
//! Comes in: a subject, or an object identifier. Goes out: DER (ITU-T X.690). Certificates have the shape of RFC
//! 5280 with a key and a signature of noise: nothing verifies. SNMP is version 2c (RFC 1901, RFC 3416). The
//! subject of Hikvision's certificate is the published one (recog); that of EZVIZ's ("EZVIZ Device", "CAServer")
//! follows RenierM26/pyEzvizApi issue 274. All bytes are our own construction.

use crate::simulate::prng::Prng;

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const NULL: u8 = 0x05;
const OBJECT: u8 = 0x06;
const UTF8: u8 = 0x0c;
const PRINTABLE: u8 = 0x13;
const UTC_TIME: u8 = 0x17;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const GET_REQUEST: u8 = 0xa0;
const RESPONSE: u8 = 0xa2;

const COUNTRY: [u32; 4] = [2, 5, 4, 6];
const STATE: [u32; 4] = [2, 5, 4, 8];
const LOCALITY: [u32; 4] = [2, 5, 4, 7];
const ORGANIZATION: [u32; 4] = [2, 5, 4, 10];
const UNIT: [u32; 4] = [2, 5, 4, 11];
const COMMON_NAME: [u32; 4] = [2, 5, 4, 3];
const SHA256_WITH_RSA: [u32; 7] = [1, 2, 840, 113_549, 1, 1, 11];
const RSA: [u32; 7] = [1, 2, 840, 113_549, 1, 1, 1];
/// `sysObjectID.0` (RFC 3418).
const SYS_OBJECT_ID: [u32; 9] = [1, 3, 6, 1, 2, 1, 1, 2, 0];

/// The attributes of a distinguished name.
type Name<'a> = [(&'a [u32], &'a str)];

/// The certificate of a Hikvision unit.
pub(crate) fn hikvision(prng: &mut Prng) -> Vec<u8> {
    let subject: [(&[u32], &str); 6] = [
        (&COUNTRY, "CN"),
        (&STATE, "ZheJiang"),
        (&LOCALITY, "HangZhou"),
        (&ORGANIZATION, "HIKVISION"),
        (&UNIT, "DVRNVR"),
        (&COMMON_NAME, "www.hikvision.com"),
    ];
    certificate(prng, &subject, &subject)
}

/// The certificate of an EZVIZ unit.
pub(crate) fn ezviz(prng: &mut Prng) -> Vec<u8> {
    certificate(prng, &[(&COMMON_NAME, "CAServer")], &[(&COMMON_NAME, "EZVIZ Device")])
}

/// A certificate that any device may have.
pub(crate) fn ordinary(prng: &mut Prng, name: &str) -> Vec<u8> {
    certificate(prng, &[(&COMMON_NAME, name)], &[(&COMMON_NAME, name)])
}

fn certificate(prng: &mut Prng, issuer: &Name<'_>, subject: &Name<'_>) -> Vec<u8> {
    let algorithm = der(SEQUENCE, &[oid(&SHA256_WITH_RSA), der(NULL, &[])].concat());
    let validity = [der(UTC_TIME, b"190101000000Z"), der(UTC_TIME, b"390101000000Z")].concat();
    // A number is positive when its first bit is zero.
    let mut modulus = prng.noise(256);
    modulus.insert(0, 0);
    let key = der(SEQUENCE, &[der(INTEGER, &modulus), der(INTEGER, &[1, 0, 1])].concat());
    let key = der(BIT_STRING, &[&[0], key.as_slice()].concat());
    let key_algorithm = der(SEQUENCE, &[oid(&RSA), der(NULL, &[])].concat());
    let mut number = prng.noise(8);
    number.insert(0, 0x11);
    let body = [
        der(INTEGER, &number),
        algorithm.clone(),
        name(issuer),
        der(SEQUENCE, &validity),
        name(subject),
        der(SEQUENCE, &[key_algorithm, key].concat()),
    ]
    .concat();
    let mut signature = prng.noise(256);
    signature.insert(0, 0);
    der(SEQUENCE, &[der(SEQUENCE, &body), algorithm, der(BIT_STRING, &signature)].concat())
}

/// A question for `sysObjectID`.
pub(crate) fn snmp_question(request: u16) -> Vec<u8> {
    snmp(GET_REQUEST, request, der(NULL, &[]))
}

/// The answer: the object below `1.3.6.1.4.1`.
pub(crate) fn snmp_answer(request: u16, enterprise: &[u32]) -> Vec<u8> {
    snmp(RESPONSE, request, oid(&[&[1, 3, 6, 1, 4, 1], enterprise].concat()))
}

fn snmp(kind: u8, request: u16, value: Vec<u8>) -> Vec<u8> {
    let binding = der(SEQUENCE, &[oid(&SYS_OBJECT_ID), value].concat());
    let [high, low] = request.to_be_bytes();
    let body = [
        der(INTEGER, &[0, high, low]),
        der(INTEGER, &[0]),
        der(INTEGER, &[0]),
        der(SEQUENCE, &binding),
    ]
    .concat();
    let message = [der(INTEGER, &[1]), der(OCTET_STRING, b"public"), der(kind, &body)].concat();
    der(SEQUENCE, &message)
}

fn name(attributes: &Name<'_>) -> Vec<u8> {
    let parts = attributes.iter().map(|(kind, value)| {
        // A country has two letters of the older kind (RFC 5280, appendix A.1).
        let tag = if *kind == COUNTRY { PRINTABLE } else { UTF8 };
        let pair = [oid(kind), der(tag, value.as_bytes())].concat();
        der(SET, &der(SEQUENCE, &pair))
    });
    der(SEQUENCE, &parts.collect::<Vec<_>>().concat())
}

/// An object identifier (X.690, 8.19).
fn oid(arcs: &[u32]) -> Vec<u8> {
    let mut body = Vec::new();
    let (first, rest) = match arcs {
        [first, second, rest @ ..] => (first * 40 + second, rest),
        _ => return der(OBJECT, &[]),
    };
    for arc in std::iter::once(&first).chain(rest) {
        let mut octets = Vec::new();
        let mut left = *arc;
        loop {
            let [low, ..] = (left & 0x7f).to_le_bytes();
            octets.push(if octets.is_empty() { low } else { low | 0x80 });
            left >>= 7;
            if left == 0 {
                break;
            }
        }
        body.extend(octets.iter().rev());
    }
    der(OBJECT, &body)
}

/// A tag, a length and a body (X.690, 8.1.3).
fn der(tag: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match u8::try_from(body.len()) {
        Ok(short @ 0..=0x7f) => out.push(short),
        Ok(long) => out.extend([0x81, long]),
        Err(_) => {
            out.push(0x82);
            out.extend(crate::simulate::length_prefix::len16(body.len()).to_be_bytes());
        }
    }
    out.extend(body);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_above_127_takes_more_octets() {
        assert_eq!(oid(&[1, 3, 6, 1, 4, 1, 39_165]), b"\x06\x08\x2b\x06\x01\x04\x01\x82\xb1\x7d");
    }

    #[test]
    fn lengths_cover_what_stands_behind_them() {
        let certificate = hikvision(&mut Prng::new(1));

        let stated = usize::from(u16::from_be_bytes([certificate[2], certificate[3]]));
        assert_eq!(certificate[..2], [0x30, 0x82]);
        assert_eq!(stated, certificate.len() - 4);
        assert!(certificate.windows(17).any(|w| w == b"www.hikvision.com"));
    }
}
