//! Reads who a certificate is for, who issued it, and when it holds.
//!
//! Comes in: a certificate of X.509 in DER (RFC 5280, 4.1). Goes out: a [`Certificate`]. Neither the signature nor the
//! key is looked at: nothing here says that a certificate can be trusted.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::der::{BOOLEAN, Der, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE};
use super::distinguished_name;
use crate::dissect::DissectReason;

/// Names of a certificate that are kept; guards against lists of thousands.
const MAX_NAMES: usize = 32;
/// Bytes that are set aside for a name; longer ones are rare and grow.
const EXPECTED_NAME: usize = 64;
/// Extensions that are looked at; guards against lists of thousands.
const MAX_EXTENSIONS: usize = 64;
/// Bytes of a serial number that are kept; RFC 5280, 4.1.2.2 allows 20.
const MAX_SERIAL: usize = 32;

/// version, issuerUniqueID, subjectUniqueID, extensions: context tags 0 to 3, RFC 5280, 4.1.
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
/// dNSName and iPAddress of GeneralName, RFC 5280, 4.2.1.6.
const DNS_NAME: u8 = 0x82;
const IP_ADDRESS: u8 = 0x87;
/// Tag of IA5String, which a dNSName is.
const IA5_STRING: u8 = 22;
/// Tag of UTCTime.
const UTC_TIME: u8 = 0x17;
/// Tag of GeneralizedTime.
const GENERALIZED_TIME: u8 = 0x18;
/// id-ce-subjectAltName, 2.5.29.17.
const SUBJECT_ALT_NAME: [u8; 3] = [0x55, 0x1d, 17];
/// Seconds of a day.
const DAY: i64 = 86_400;

/// What a certificate of X.509 says about its holder (RFC 5280, 4.1).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Certificate {
    /// Subject, such as `C=GB, O=Example, CN=cam.example.com`; empty if the certificate names none.
    pub subject: String,
    /// Issuer, in the same form.
    pub issuer: String,
    /// Serial number: bytes in upper-case hexadecimal with colons between.
    pub serial: String,
    /// notBefore: seconds since 1970-01-01 00:00:00 UTC, negative before.
    pub not_before: Option<i64>,
    /// notAfter, in the same unit.
    pub not_after: Option<i64>,
    /// dNSName and iPAddress entries of subjectAltName, in their order.
    pub subject_alt_names: Vec<String>,
}

/// Reads a certificate.
///
/// # Errors
/// [`DissectReason::Malformed`] when it is none.
pub(super) fn read(der: &[u8]) -> Result<Certificate, DissectReason> {
    let mut certificate = Der::new(Der::new(der).expect(SEQUENCE)?);
    let mut fields = Der::new(certificate.expect(SEQUENCE)?);
    let _version = fields.take_if(VERSION)?;
    let serial = fields.expect(INTEGER)?;
    let _signature = fields.expect(SEQUENCE)?;
    let issuer = fields.expect(SEQUENCE)?;
    let mut validity = Der::new(fields.expect(SEQUENCE)?);
    let subject = fields.expect(SEQUENCE)?;
    let _key = fields.expect(SEQUENCE)?;

    let mut read = Certificate {
        subject: distinguished_name::read(subject)?,
        issuer: distinguished_name::read(issuer)?,
        serial: hexadecimal(serial.get(..MAX_SERIAL).unwrap_or(serial)),
        not_before: time(validity.next()?),
        not_after: time(validity.next()?),
        subject_alt_names: Vec::new(),
    };
    while !fields.is_empty() {
        if let (EXTENSIONS, content) = fields.next()? {
            read.subject_alt_names = alternative_names(content)?;
        }
    }
    Ok(read)
}

/// Finds subjectAltName among the extensions and reads it.
fn alternative_names(extensions: &[u8]) -> Result<Vec<String>, DissectReason> {
    let mut extensions = Der::new(Der::new(extensions).expect(SEQUENCE)?);
    let mut names = Vec::new();
    for _ in 0..MAX_EXTENSIONS {
        if extensions.is_empty() {
            break;
        }
        let mut extension = Der::new(extensions.expect(SEQUENCE)?);
        if extension.expect(OBJECT_IDENTIFIER)? != SUBJECT_ALT_NAME {
            continue;
        }
        let _critical = extension.take_if(BOOLEAN)?;
        let value = extension.expect(OCTET_STRING)?;
        let mut entries = Der::new(Der::new(value).expect(SEQUENCE)?);
        while !entries.is_empty() && names.len() < MAX_NAMES {
            let (tag, content) = entries.next()?;
            names.extend(match tag {
                DNS_NAME => {
                    let mut name = String::with_capacity(content.len().min(EXPECTED_NAME));
                    distinguished_name::push_text(&mut name, IA5_STRING, content);
                    Some(name)
                }
                IP_ADDRESS => address(content),
                _ => None,
            });
        }
    }
    Ok(names)
}

/// An iPAddress of four or sixteen bytes.
fn address(content: &[u8]) -> Option<String> {
    let v4 = content.as_array::<4>().map(|octets| Ipv4Addr::from(*octets).to_string());
    v4.or_else(|| content.as_array::<16>().map(|octets| Ipv6Addr::from(*octets).to_string()))
}

/// Bytes in upper-case hexadecimal, with colons between.
fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from(if value < 10 { b'0' + value } else { b'A' - 10 + value });
    let mut text = String::with_capacity(3 * bytes.len());
    for byte in bytes {
        if !text.is_empty() {
            text.push(':');
        }
        text.push(digit(byte >> 4));
        text.push(digit(byte & 0xf));
    }
    text
}

/// Reads UTCTime or GeneralizedTime as RFC 5280, 4.1.2.5 restricts them: to the second, in UTC; seconds may be missing, as
/// old issuers leave them out.
fn time((tag, text): (u8, &[u8])) -> Option<i64> {
    let mut text = text.strip_suffix(b"Z")?;
    let year = match tag {
        // RFC 5280, 4.1.2.5.1: two digits from 50 on are of the twentieth century.
        UTC_TIME => {
            two_digits(&mut text).map(|year| if year < 50 { 2000 + year } else { 1900 + year })?
        }
        GENERALIZED_TIME => 100 * two_digits(&mut text)? + two_digits(&mut text)?,
        _ => return None,
    };
    let (month, day, hour, minute) = (
        two_digits(&mut text)?,
        two_digits(&mut text)?,
        two_digits(&mut text)?,
        two_digits(&mut text)?,
    );
    let second = if text.is_empty() { 0 } else { two_digits(&mut text)? };
    let in_range = text.is_empty()
        && (1..=12).contains(&month)
        && (1..=days(year, month + 1, 1) - days(year, month, 1)).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    in_range.then(|| DAY * days(year, month, day) + 3600 * hour + 60 * minute + second)
}

/// Takes two decimal digits.
fn two_digits(text: &mut &[u8]) -> Option<i64> {
    let (pair, rest) = text.split_first_chunk::<2>()?;
    *text = rest;
    let [tens, ones] = pair.map(|digit| i64::from(digit.wrapping_sub(b'0')));
    (tens < 10 && ones < 10).then_some(10 * tens + ones)
}

/// Days from 1970-01-01 to a date of the Gregorian calendar; month 13 is January of the next year. The year is counted from
/// March, so that the leap day is its last: then the days before a month are a straight line.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    365 * year + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;
    use crate::dissect::tls::fixture::{self, Fields, element};

    #[test]
    fn a_certificate_gives_names_serial_and_validity() {
        let names = [
            (DNS_NAME, &b"cam.example.com"[..]),
            (0x81, b"owner@example.com"),
            (IP_ADDRESS, &[192, 0, 2, 10]),
            (IP_ADDRESS, &[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
            (IP_ADDRESS, &[192, 0, 2]),
        ];
        // keyUsage before it, and both forms of an extension.
        let usage = element(SEQUENCE, &element(OBJECT_IDENTIFIER, &[0x55, 0x1d, 15]));
        for critical in [false, true] {
            let extensions = [&usage[..], &fixture::alternative_names(&names, critical)].concat();
            let der = Fields { extensions: &extensions, ..Fields::default() }.certificate();

            assert_eq!(
                read(&der),
                Ok(Certificate {
                    subject: "CN=cam.example.com".into(),
                    issuer: "CN=issuer.example.com".into(),
                    serial: "0A:1B".into(),
                    not_before: Some(1_767_225_600),
                    not_after: Some(1_798_761_600),
                    subject_alt_names: ["cam.example.com", "192.0.2.10", "2001:db8::1"]
                        .map(str::to_owned)
                        .into(),
                })
            );
        }
    }

    #[test]
    fn a_certificate_without_extensions_or_subject_is_read() {
        let der = Fields { subject: b"", ..Fields::default() }.certificate();
        let certificate = read(&der).unwrap();

        assert_eq!(certificate.subject, "CN=");
        assert_eq!(certificate.subject_alt_names, Vec::<String>::new());
    }

    #[test]
    fn a_nul_in_a_name_survives_as_text() {
        let extensions =
            fixture::alternative_names(&[(DNS_NAME, b"good.example.com\0.evil")], false);
        let fields =
            Fields { subject: b"good\0evil", extensions: &extensions, ..Fields::default() };
        let certificate = read(&fields.certificate()).unwrap();

        assert_eq!(certificate.subject, "CN=good\\00evil");
        assert_eq!(certificate.subject_alt_names, ["good.example.com\\00.evil"]);
    }

    #[test]
    fn of_a_hundred_names_the_first_are_kept_and_none_is_longer_than_the_bound() {
        let extensions = fixture::alternative_names(&[(DNS_NAME, &[b'a'; 300][..]); 100], false);
        let repeated = extensions.repeat(2);
        for extensions in [extensions, repeated] {
            let der = Fields { extensions: &extensions, ..Fields::default() }.certificate();
            let names = read(&der).unwrap().subject_alt_names;

            assert_eq!(names.len(), MAX_NAMES);
            assert!(names.iter().all(|name| name.len() == 256));
        }
    }

    #[test]
    fn what_lies_behind_the_last_name_that_is_kept_is_not_read() {
        let mut names = vec![(DNS_NAME, &b"a.example"[..]); MAX_NAMES];
        let whole = fixture::alternative_names(&names, false);
        names.push((0x1f, b"no element"));
        let extensions = fixture::alternative_names(&names, false);
        let names_of = |extensions: &[u8]| {
            read(&Fields { extensions, ..Fields::default() }.certificate())
                .map(|certificate| certificate.subject_alt_names)
        };

        assert_eq!(names_of(&extensions), names_of(&whole));
    }

    #[test]
    fn a_serial_number_is_bounded() {
        let der = Fields { serial: &[0xab; 100], ..Fields::default() }.certificate();

        assert_eq!(read(&der).unwrap().serial, vec!["AB"; MAX_SERIAL].join(":"));
    }

    #[test]
    fn two_digits_of_a_year_are_of_1950_to_2049() {
        for (text, seconds) in [
            ("500101000000Z", -631_152_000),
            ("691231235959Z", -1),
            ("700101000000Z", 0),
            ("000229000000Z", 951_782_400),
            ("491231235959Z", 2_524_607_999),
            // Old issuers leave the seconds out.
            ("7001010001Z", 60),
        ] {
            assert_eq!(time((UTC_TIME, text.as_bytes())), Some(seconds), "{text}");
        }
    }

    #[test]
    fn four_digits_of_a_year_are_taken_as_they_are() {
        for (text, seconds) in [
            ("19500101000000Z", -631_152_000),
            ("18991231235959Z", -2_208_988_801),
            ("20500101000000Z", 2_524_608_000),
            ("99991231235959Z", 253_402_300_799),
        ] {
            assert_eq!(time((GENERALIZED_TIME, text.as_bytes())), Some(seconds), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_of_utc_is_none() {
        for text in [
            "260101000000",
            "260101000000+0100",
            "260101000000.5Z",
            "26010100000000Z",
            "2601010000000Z",
            "261301000000Z",
            "260001000000Z",
            "260100000000Z",
            "260431000000Z",
            "260229000000Z",
            "260101240000Z",
            "260101006000Z",
            "260101000061Z",
            "2601010x0000Z",
            "26010100Z",
            "Z",
            "",
        ] {
            assert_eq!(time((UTC_TIME, text.as_bytes())), None, "{text}");
        }
        assert_eq!(time((GENERALIZED_TIME, b"260101000000Z")), None);
        assert_eq!(time((IA5_STRING, b"260101000000Z")), None);
    }

    #[test]
    fn a_time_that_cannot_be_read_takes_nothing_from_the_rest() {
        let validity = [(UTC_TIME, &b"never"[..]), (GENERALIZED_TIME, b"20500101000000Z")];
        let certificate = read(&Fields { validity, ..Fields::default() }.certificate()).unwrap();

        assert_eq!((certificate.not_before, certificate.not_after), (None, Some(2_524_608_000)));
        assert_eq!(certificate.subject, "CN=cam.example.com");
    }

    #[test]
    fn broken_der_is_no_certificate() {
        let sound = Fields::default().certificate();
        for end in 0..sound.len() {
            assert_eq!(read(&sound[..end]), Err(DissectReason::Malformed), "cut at {end}");
        }
        for other in [element(SEQUENCE, &[]), element(INTEGER, &[1]), vec![0x30, 0x80, 0, 0]] {
            assert_eq!(read(&other), Err(DissectReason::Malformed), "{other:?}");
        }
        let names = element(SEQUENCE, &element(INTEGER, &[]));
        let der = Fields { extensions: &names, ..Fields::default() }.certificate();
        assert_eq!(read(&der), Err(DissectReason::Malformed));
    }

    #[test]
    fn damaged_certificates_stay_within_the_bounds() {
        let names = [(DNS_NAME, &b"cam.example.com"[..]), (IP_ADDRESS, &[192, 0, 2, 10])];
        let extensions = fixture::alternative_names(&names, true);
        let der = Fields { extensions: &extensions, ..Fields::default() }.certificate();
        for_each_mutant(&der, |bytes| {
            if let Ok(certificate) = read(bytes) {
                assert!(certificate.subject_alt_names.len() <= MAX_NAMES);
                assert!(certificate.serial.len() < 3 * MAX_SERIAL);
            }
        });
    }
}
