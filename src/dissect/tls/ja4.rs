//! JA4: the fingerprint of a TLS client.
//!
//! Comes in: the fields of a ClientHello that count. Goes out: a [`Ja4`]. The format is FoxIO's
//! (`technical_details/JA4.md` of the repository FoxIO-LLC/ja4, BSD licence); only the client's part of the family
//! is computed.

use std::fmt;

use ring::digest::{Context, SHA256};

use super::Carrier;

/// Characters of the readable part.
const READABLE: usize = 10;
/// Characters of a hash that are kept.
const HASH: usize = 12;
/// Characters of a fingerprint: the readable part, two hashes, two underscores.
const LENGTH: usize = READABLE + 2 * HASH + 2;
/// The highest count that two digits show.
const MAX_COUNT: usize = 99;
/// server_name and application_layer_protocol_negotiation: counted, but not hashed.
const NOT_HASHED: [u16; 2] = [0, 16];

/// What of a ClientHello makes its JA4 fingerprint, such as `t13d1516h2_8daaf6152771_e5627efa2ab1`.
///
/// The hashes are computed when the fingerprint is shown: most hellos concern nobody.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Ja4 {
    /// The ten characters before the first underscore.
    readable: [u8; READABLE],
    /// Where the cipher suites end in `codes`.
    suites: usize,
    /// Where the types of extensions end in `codes`; signature algorithms follow.
    extensions: usize,
    /// All codes that are hashed, as sent, without GREASE.
    codes: Box<[u16]>,
}

impl Ja4 {
    /// Bytes that it takes beside itself.
    pub(crate) fn memory(&self) -> usize {
        size_of_val(&*self.codes)
    }

    /// The fingerprint. Costs two sorts, and two SHA-256 over five characters for each code that was sent.
    fn text(&self) -> [u8; LENGTH] {
        let part = |range: std::ops::Range<usize>| self.codes.get(range).unwrap_or_default();
        let sorted = |codes: &[u16]| {
            let mut codes = codes.to_vec();
            codes.sort_unstable();
            codes
        };
        let mut text = Text { bytes: [b'0'; LENGTH], at: 0 };
        text.push(&self.readable);
        text.push(b"_");
        text.push(&hash(&sorted(part(0..self.suites)), &[]));
        text.push(b"_");
        let algorithms = part(self.extensions..self.codes.len());
        text.push(&hash(&sorted(part(self.suites..self.extensions)), algorithms));
        text.bytes
    }
}

impl fmt::Display for Ja4 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Only ASCII is ever written into it.
        f.write_str(str::from_utf8(&self.text()).unwrap_or_default())
    }
}

impl fmt::Debug for Ja4 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ja4({self})")
    }
}

/// What of a ClientHello goes into its fingerprint, as sent; GREASE is taken out here.
#[derive(Debug, Default)]
pub(super) struct Ja4Fields<'a> {
    /// The highest of supported_versions, else `legacy_version`.
    pub(super) version: u16,
    /// `cipher_suites`: two bytes each.
    pub(super) cipher_suites: &'a [u8],
    /// Types of the extensions, in order.
    pub(super) extensions: Vec<u16>,
    /// ProtocolNameList, RFC 7301, 3.1.
    pub(super) protocols: &'a [u8],
    /// `supported_signature_algorithms`, RFC 8446, 4.2.3: two bytes each.
    pub(super) signature_algorithms: &'a [u8],
}

impl Ja4Fields<'_> {
    /// Gathers what makes the fingerprint.
    pub(super) fn fingerprint(&self, carrier: Carrier) -> Ja4 {
        let all = self.extensions.iter().copied().filter(|&code| !is_grease(code));
        let room = self.cipher_suites.len() / 2
            + self.extensions.len()
            + self.signature_algorithms.len() / 2;
        let mut hashed = Vec::with_capacity(room);
        hashed.extend(codes(self.cipher_suites));
        let suites = hashed.len();
        hashed.extend(all.clone().filter(|code| !NOT_HASHED.contains(code)));
        let extensions = hashed.len();
        hashed.extend(codes(self.signature_algorithms));

        let carrier = match carrier {
            Carrier::Tls => b't',
            Carrier::Dtls => b'd',
            Carrier::Quic => b'q',
        };
        let [v0, v1] = *version_code(self.version);
        let names_a_server = if all.clone().any(|code| code == 0) { b'd' } else { b'i' };
        let [c0, c1] = digits(suites);
        let [e0, e1] = digits(all.count());
        let [p0, p1] = protocol_code(first_protocol(self.protocols));
        Ja4 {
            readable: [carrier, v0, v1, names_a_server, c0, c1, e0, e1, p0, p1],
            suites,
            extensions,
            codes: hashed.into_boxed_slice(),
        }
    }
}

/// Tells whether a code is reserved for GREASE (RFC 8701, 2): 0x0a0a, 0x1a1a ... 0xfafa.
pub(super) const fn is_grease(code: u16) -> bool {
    let [high, low] = code.to_be_bytes();
    high == low && low & 0x0f == 0x0a
}

/// The characters of a fingerprint that were written so far.
struct Text {
    bytes: [u8; LENGTH],
    at: usize,
}

impl Text {
    fn push(&mut self, part: &[u8]) {
        let end = self.at + part.len();
        if let Some(place) = self.bytes.get_mut(self.at..end) {
            place.copy_from_slice(part);
            self.at = end;
        }
    }
}

/// The codes of a list of 16-bit numbers, without GREASE.
fn codes(list: &[u8]) -> impl Iterator<Item = u16> {
    let (pairs, _) = list.as_chunks::<2>();
    pairs.iter().map(|pair| u16::from_be_bytes(*pair)).filter(|&code| !is_grease(code))
}

/// Two decimal digits.
fn digits(count: usize) -> [u8; 2] {
    let count = u8::try_from(count.min(MAX_COUNT)).unwrap_or(99);
    [b'0' + count / 10, b'0' + count % 10]
}

/// The two characters of a version.
const fn version_code(version: u16) -> &'static [u8; 2] {
    match version {
        0x0304 => b"13",
        0x0303 => b"12",
        0x0302 => b"11",
        0x0301 => b"10",
        0x0300 => b"s3",
        0x0002 => b"s2",
        0xfeff => b"d1",
        0xfefd => b"d2",
        0xfefc => b"d3",
        _ => b"00",
    }
}

/// The first protocol that is no GREASE; empty when there is none.
fn first_protocol(list: &[u8]) -> &[u8] {
    let mut list = list;
    while let Some((&length, rest)) = list.split_first() {
        let Some((protocol, rest)) = rest.split_at_checked(usize::from(length)) else { break };
        let grease =
            protocol.as_array::<2>().is_some_and(|pair| is_grease(u16::from_be_bytes(*pair)));
        if !grease {
            return protocol;
        }
        list = rest;
    }
    &[]
}

/// First and last character of the protocol, or of its hexadecimal form when one of them is neither letter nor digit.
fn protocol_code(protocol: &[u8]) -> [u8; 2] {
    match (protocol.first(), protocol.last()) {
        (Some(&first), Some(&last)) => {
            if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() {
                [first, last]
            } else {
                [hex_digit(first >> 4), hex_digit(last & 0x0f)]
            }
        }
        _ => *b"00",
    }
}

/// The first twelve hexadecimal digits of the SHA-256 of the codes in hexadecimal, separated by commas; behind an
/// underscore follow the second ones, if there are any. Zeros when there is no first code.
fn hash(first: &[u16], second: &[u16]) -> [u8; HASH] {
    if first.is_empty() {
        return [b'0'; HASH];
    }
    let mut hashed = Hashed { context: Context::new(&SHA256), text: [0; BLOCK], at: 0 };
    hashed.feed(None, first);
    hashed.feed(Some(b'_'), second);
    let digest = hashed.finish();
    let mut text = [b'0'; HASH];
    for (pair, byte) in text.as_chunks_mut::<2>().0.iter_mut().zip(digest.as_ref()) {
        *pair = [hex_digit(byte >> 4), hex_digit(byte & 0x0f)];
    }
    text
}

/// Text that is gathered before it is hashed: a call of the hash for each code would cost more than the hash.
const BLOCK: usize = 256;

/// A hash of text that is written in small parts.
struct Hashed {
    context: Context,
    text: [u8; BLOCK],
    at: usize,
}

impl Hashed {
    /// Writes `lead`, if there is one, before the first code, and a comma before each other one.
    fn feed(&mut self, lead: Option<u8>, codes: &[u16]) {
        let mut lead = lead;
        for &code in codes {
            if let Some(lead) = lead {
                self.push(&[lead]);
            }
            let [high, low] = code.to_be_bytes();
            self.push(&[high >> 4, high & 0x0f, low >> 4, low & 0x0f].map(hex_digit));
            lead = Some(b',');
        }
    }

    fn push(&mut self, part: &[u8]) {
        if self.at + part.len() > BLOCK {
            self.context.update(self.text.get(..self.at).unwrap_or_default());
            self.at = 0;
        }
        if let Some(place) = self.text.get_mut(self.at..self.at + part.len()) {
            place.copy_from_slice(part);
            self.at += part.len();
        }
    }

    fn finish(mut self) -> ring::digest::Digest {
        self.context.update(self.text.get(..self.at).unwrap_or_default());
        self.context.finish()
    }
}

/// A lower-case hexadecimal digit of a value below 16.
const fn hex_digit(value: u8) -> u8 {
    if value < 10 { b'0' + value } else { b'a' + (value - 10) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification, "Cipher hash" and "Extension hash": as sent, with GREASE before and between.
    const CIPHERS: &str =
        "2a2a,1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035";
    const EXTENSIONS: &str =
        "001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015,fafa";
    const SIGNATURES: &str = "0403,0804,0401,0503,0805,0501,0806,0601";

    #[test]
    fn the_example_of_the_specification_is_met() {
        assert_eq!(
            fingerprint(CIPHERS, EXTENSIONS, SIGNATURES, b"\x02h2\x08http/1.1"),
            "t13d1516h2_8daaf6152771_e5627efa2ab1"
        );
    }

    #[test]
    fn without_signature_algorithms_the_list_ends_without_an_underscore() {
        assert_eq!(
            fingerprint(CIPHERS, EXTENSIONS, "", b"\x08http/1.1"),
            "t13d1516h1_8daaf6152771_6d807ffa2a79"
        );
    }

    /// `python/test/testdata/sigalg-grease.pcapng.json` of FoxIO-LLC/ja4 (its raw form there).
    #[test]
    fn grease_among_the_signature_algorithms_does_not_count() {
        assert_eq!(
            fingerprint(
                CIPHERS,
                "fe0d,0010,0017,0033,44cd,ff01,000a,000d,0023,002b,000b,ca34,002d,0000,0005,001b,0012",
                "0904,0905,0906,3a3a,0403,0804,0401,0503,0805,0501,0806,0601",
                b"\x02h2"
            ),
            "t13d1517h2_8daaf6152771_cb7bf5808d99"
        );
    }

    #[test]
    fn lists_without_codes_are_zeros() {
        assert_eq!(fingerprint("", "0000,0010", "", b""), "t13d000200_000000000000_000000000000");
        assert_eq!(fingerprint("0a0a", "", "0403", b""), "t13i000000_000000000000_000000000000");
    }

    #[test]
    fn counts_stop_at_99() {
        let many = vec!["0035"; 130].join(",");

        assert!(fingerprint(&many, &many, "", b"").starts_with("t13i999900_"));
    }

    /// The cases that "ALPN Extension Value" of the specification lists.
    #[test]
    fn protocols_that_are_no_text_show_their_hexadecimal_form() {
        for (protocol, code) in [
            (&b"h2"[..], b"h2"),
            (b"http/1.1", b"h1"),
            (b"a", b"aa"),
            (b"", b"00"),
            (&[0xab], b"ab"),
            (&[0xab, 0xcd], b"ad"),
            (&[0x30, 0xab], b"3b"),
            (&[0x30, 0x31, 0xab, 0xcd], b"3d"),
            (&[0x30, 0xab, 0xcd, 0x31], b"01"),
        ] {
            assert_eq!(protocol_code(protocol), *code, "{protocol:?}");
        }
        assert_eq!(first_protocol(b"\x02\x0a\x0a\x02h2"), b"h2");
        assert_eq!(first_protocol(b"\x09h2"), b"");
    }

    #[test]
    fn versions_have_the_codes_of_the_specification() {
        for (version, code) in [
            (0x0304, b"13"),
            (0x0301, b"10"),
            (0x0300, b"s3"),
            (0x0002, b"s2"),
            (0xfeff, b"d1"),
            (0xfefd, b"d2"),
            (0xfefc, b"d3"),
            (0x7f1c, b"00"),
        ] {
            assert_eq!(version_code(version), code);
        }
    }

    fn fingerprint(ciphers: &str, extensions: &str, signatures: &str, protocols: &[u8]) -> String {
        let bytes = |text: &str| -> Vec<u8> { list(text).flat_map(u16::to_be_bytes).collect() };
        Ja4Fields {
            version: 0x0304,
            cipher_suites: &bytes(ciphers),
            extensions: list(extensions).collect(),
            protocols,
            signature_algorithms: &bytes(signatures),
        }
        .fingerprint(Carrier::Tls)
        .to_string()
    }

    fn list(text: &str) -> impl Iterator<Item = u16> {
        text.split(',').filter_map(|code| u16::from_str_radix(code, 16).ok())
    }
}
