//! Takes the protection off Initial packets.
//!
//! Comes in: a packet with a long header. Goes out: its frames in clear. The keys come from the connection ID and from constants
//! of the version (RFC 9001, 5.2 to 5.4), so this needs no secret; it opens what clients sent, never what servers sent.

use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey, quic};
use ring::error::Unspecified;
use ring::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};

use super::packet::Packet;
use super::version::Version;
use crate::dissect::cursor::Cursor;

/// Bytes from the packet number to the sample of header protection, RFC 9001, 5.4.2.
const SAMPLE_OFFSET: usize = 4;
/// Bytes of the sample, RFC 9001, 5.4.3.
const SAMPLE: usize = 16;
/// Bytes of an IV.
const IV: usize = 12;
/// Bytes of a secret.
const SECRET: usize = 32;

/// The keys of the client's Initial packets.
pub(super) struct InitialKeys {
    packet: LessSafeKey,
    header: quic::HeaderProtectionKey,
    iv: [u8; IV],
}

impl InitialKeys {
    /// Derives the keys: six HMACs over SHA-256 and two AES key schedules.
    pub(super) fn derive(version: Version, connection_id: &[u8]) -> Result<Self, Unspecified> {
        let initial = Salt::new(HKDF_SHA256, version.salt).extract(connection_id);
        let mut secret = [0; SECRET];
        expand(&initial, b"client in", &mut secret)?;
        let client = Prk::new_less_safe(HKDF_SHA256, &secret);

        let (mut key, mut header, mut iv) = ([0; 16], [0; 16], [0; IV]);
        expand(&client, version.labels.key, &mut key)?;
        expand(&client, version.labels.header, &mut header)?;
        expand(&client, version.labels.iv, &mut iv)?;
        Ok(Self {
            packet: LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key)?),
            header: quic::HeaderProtectionKey::new(&quic::AES_128, &header)?,
            iv,
        })
    }

    /// Opens a packet: its number and its frames. `largest` is the largest number that was seen so far.
    /// `None` when these are not its keys, or it is cut.
    pub(super) fn open(&self, packet: &Packet<'_>, largest: Option<u64>) -> Option<Opened> {
        let at = packet.number_offset;
        let sample = Cursor::at(packet.bytes, at + SAMPLE_OFFSET).take(SAMPLE).ok()?;
        let [first_mask, mask @ ..] = self.header.new_mask(sample).ok()?;

        let mut bytes = packet.bytes.to_vec();
        let first = bytes.first_mut()?;
        *first ^= first_mask & 0x0f;
        let number_length = usize::from(*first & 3) + 1;
        let mut truncated = 0;
        for (byte, mask) in bytes.get_mut(at..at + number_length)?.iter_mut().zip(mask) {
            *byte ^= mask;
            truncated = truncated << 8 | u64::from(*byte);
        }
        let number = full_number(largest, truncated, 8 * number_length);

        let mut nonce = self.iv;
        for (byte, number) in nonce.iter_mut().skip(IV - 8).zip(number.to_be_bytes()) {
            *byte ^= number;
        }
        let (header, sealed) = bytes.split_at_mut_checked(at + number_length)?;
        let nonce = Nonce::assume_unique_for_key(nonce);
        let length = self.packet.open_in_place(nonce, Aad::from(&*header), sealed).ok()?.len();
        let start = at + number_length;
        bytes.truncate(start + length);
        bytes.drain(..start);
        Some(Opened { number, frames: bytes })
    }
}

/// An Initial packet in clear.
pub(super) struct Opened {
    /// Packet number.
    pub(super) number: u64,
    /// Its frames.
    pub(super) frames: Vec<u8>,
}

/// HKDF-Expand-Label of TLS 1.3 without a context (RFC 8446, 7.1).
fn expand(secret: &Prk, label: &[u8], out: &mut [u8]) -> Result<(), Unspecified> {
    const PREFIX: &[u8] = b"tls13 ";
    let length = u16::try_from(out.len()).map_err(|_| Unspecified)?.to_be_bytes();
    let label_length = u8::try_from(PREFIX.len() + label.len()).map_err(|_| Unspecified)?;
    let info = [&length, &[label_length][..], PREFIX, label, &[0]];
    secret.expand(&info, Length(out.len()))?.fill(out)
}

/// How many bytes a key shall have.
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// The packet number that is meant: of those that end in these bits, the one nearest to the next expected
/// (RFC 9000, 17.1 and A.3).
fn full_number(largest: Option<u64>, truncated: u64, bits: usize) -> u64 {
    let expected = largest.map_or(0, |largest| largest.saturating_add(1));
    let window = 1_u64 << bits;
    let candidate = (expected & !(window - 1)) | truncated;
    if candidate.saturating_add(window / 2) <= expected && candidate < (1 << 62) - window {
        candidate + window
    } else if candidate > expected.saturating_add(window / 2) && candidate >= window {
        candidate - window
    } else {
        candidate
    }
}

/// The client's side, for tests.
#[cfg(test)]
impl InitialKeys {
    /// The frames sealed under this header, whose packet number has one byte.
    pub(super) fn seal(&self, header: &[u8], number: u8, frames: &[u8]) -> Vec<u8> {
        let mut nonce = self.iv;
        nonce[IV - 1] ^= number;
        let mut sealed = frames.to_vec();
        let nonce = Nonce::assume_unique_for_key(nonce);
        self.packet.seal_in_place_append_tag(nonce, Aad::from(header), &mut sealed).unwrap();
        sealed
    }

    /// Protects the header of a packet whose number of one byte stands at `at`.
    pub(super) fn protect_header(&self, packet: &mut [u8], at: usize) {
        let mask = self.header.new_mask(&packet[at + SAMPLE_OFFSET..][..SAMPLE]).unwrap();
        packet[0] ^= mask[0] & 0x0f;
        packet[at] ^= mask[1];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::quic::packet::next_packet;

    /// RFC 9000, A.3: after 0xa82f30ea, the 16 bits 0x9b32 mean 0xa82f9b32.
    #[test]
    fn a_short_packet_number_means_the_nearest() {
        assert_eq!(full_number(Some(0xa82f_30ea), 0x9b32, 16), 0xa82f_9b32);
        assert_eq!(full_number(None, 2, 8), 2);
        assert_eq!(full_number(Some(255), 0, 8), 256);
        assert_eq!(full_number(Some(256), 0xff, 8), 255);
    }

    /// RFC 9001, A.1: the client's key and header protection key for the connection ID 0x8394c8f03e515708, shown by the
    /// header protection of A.2: the sample and its mask.
    #[test]
    fn the_keys_are_those_of_the_standard() {
        let version = Version::of(1).unwrap();
        let keys = InitialKeys::derive(version, &0x8394_c8f0_3e51_5708_u64.to_be_bytes()).unwrap();
        let sample = 0xd1b1_c98d_d768_9fb8_ec11_d242_b123_dc9b_u128.to_be_bytes();

        assert_eq!(keys.header.new_mask(&sample).unwrap(), [0x43, 0x7b, 0x9a, 0xec, 0x36]);
        assert_eq!(keys.iv, *b"\xfa\x04\x4b\x2f\x42\xa3\xfd\x3b\x46\xfb\x25\x5c");
    }

    #[test]
    fn a_packet_opens_with_its_own_keys_only() {
        let sealed = crate::dissect::quic::initials::tests::seal(1, &[5; 8], &[7], 3, b"\x01\x01");
        let packet = next_packet(&mut Cursor::new(&sealed)).unwrap().unwrap();
        let keys = |id: &[u8]| InitialKeys::derive(Version::of(1).unwrap(), id).unwrap();

        let opened = keys(&[5; 8]).open(&packet, None).unwrap();
        assert_eq!(opened.number, 3);
        assert!(opened.frames.starts_with(b"\x01\x01"));
        assert!(keys(&[6; 8]).open(&packet, None).is_none());
    }
}
