//! The versions of QUIC whose Initial packets can be read, and what differs between them.
//!
//! Comes in: a version number. Goes out: salt, labels and packet types. Sources: RFC 9001, 5.2 (version 1); RFC 9369, 3.3 (version 2);
//! draft-ietf-quic-tls-22 to -34, 5.2; the salts of Google's Q050, T050, T051 and the numbers of Facebook's mvfst as nDPI
//! and Wireshark read them.

use super::packet::PacketKind;

/// RFC 9001, 5.2; also drafts 33 and 34.
const SALT_V1: [u8; 20] =
    *b"\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a";
/// RFC 9369, 3.3.1.
const SALT_V2: [u8; 20] =
    *b"\x0d\xed\xe3\xde\xf7\x00\xa6\xdb\x81\x93\x81\xbe\x6e\x26\x9d\xcb\xf9\xbd\x2e\xd9";
/// draft-ietf-quic-v2-00 and -01.
const SALT_V2_DRAFT: [u8; 20] =
    *b"\xa7\x07\xc2\x03\xa5\x9b\x47\x18\x4a\x1d\x62\xca\x57\x04\x06\xea\x7a\xe3\xe5\xd3";
/// draft-ietf-quic-tls-29 to -32.
const SALT_29: [u8; 20] =
    *b"\xaf\xbf\xec\x28\x99\x93\xd2\x4c\x9e\x97\x86\xf1\x9c\x61\x11\xe0\x43\x90\xa8\x99";
/// draft-ietf-quic-tls-23 to -28.
const SALT_23: [u8; 20] =
    *b"\xc3\xee\xf7\x12\xc7\x2e\xbb\x5a\x11\xa7\xd2\x43\x2b\xb4\x63\x65\xbe\xf9\xf5\x02";
/// draft-ietf-quic-tls-22.
const SALT_22: [u8; 20] =
    *b"\x7f\xbc\xdb\x0e\x7c\x66\xbb\xe9\x19\x3a\x96\xcd\x21\x51\x9e\xbd\x7a\x02\x64\x4a";
/// Q050.
const SALT_Q050: [u8; 20] =
    *b"\x50\x45\x74\xef\xd0\x66\xfe\x2f\x9d\x94\x5c\xfc\xdb\xd3\xa7\xf0\xd3\xb5\x6b\x45";
/// T050.
const SALT_T050: [u8; 20] =
    *b"\x7f\xf5\x79\xe5\xac\xd0\x72\x91\x55\x80\x30\x4c\x43\xa2\x36\x7c\x60\x48\x83\x10";
/// T051.
const SALT_T051: [u8; 20] =
    *b"\x7a\x4e\xde\xf4\xe7\xcc\xee\x5f\xa4\x50\x6c\x19\x12\x4f\xc8\xcc\xda\x6e\x03\x3d";

/// The labels of RFC 9001, 5.1.
const LABELS_V1: Labels = Labels { key: b"quic key", iv: b"quic iv", header: b"quic hp" };
/// The labels of RFC 9369, 3.3.2.
const LABELS_V2: Labels = Labels { key: b"quicv2 key", iv: b"quicv2 iv", header: b"quicv2 hp" };

/// What differs between the versions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Version {
    /// The salt of the Initial secret.
    pub(super) salt: &'static [u8; 20],
    /// The labels of the keys.
    pub(super) labels: Labels,
    /// The handshake is Google's own (a CHLO).
    pub(super) google_crypto: bool,
    /// The frames are Google's own, though the packets are not.
    pub(super) google_frames: bool,
    /// The long packet types are those of RFC 9369, 3.2.
    rotated_types: bool,
}

/// The labels that keys are derived with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Labels {
    /// Of the packet protection key.
    pub(super) key: &'static [u8],
    /// Of its IV.
    pub(super) iv: &'static [u8],
    /// Of the header protection key.
    pub(super) header: &'static [u8],
}

impl Version {
    /// Looks a number up; `None` when its Initial packets cannot be read.
    pub(super) const fn of(number: u32) -> Option<Self> {
        let salt = match number {
            0x0000_0001 | 0xff00_0021..=0xff00_0022 => &SALT_V1,
            0x6b33_43cf => &SALT_V2,
            0x709a_50c4 => &SALT_V2_DRAFT,
            0xff00_001d..=0xff00_0020 => &SALT_29,
            // 0xfaceb002 and 0xfaceb00e are mvfst's draft 27.
            0xff00_0017..=0xff00_001c | 0xface_b002 | 0xface_b00e => &SALT_23,
            // 0xfaceb001 is mvfst's draft 22.
            0xff00_0016 | 0xface_b001 => &SALT_22,
            0x5130_3530 => &SALT_Q050,
            0x5430_3530 => &SALT_T050,
            0x5430_3531 => &SALT_T051,
            _ => return None,
        };
        let is_v2 = matches!(number, 0x6b33_43cf | 0x709a_50c4);
        Some(Self {
            salt,
            labels: if is_v2 { LABELS_V2 } else { LABELS_V1 },
            google_crypto: number == 0x5130_3530,
            google_frames: matches!(number, 0x5130_3530 | 0x5430_3530 | 0x5430_3531),
            rotated_types: is_v2,
        })
    }

    /// The type of a long header packet: RFC 9000, 17.2, Table 5, or RFC 9369, 3.2.
    pub(super) const fn kind(self, first: u8) -> PacketKind {
        let bits = (first >> 4) & 3;
        match if self.rotated_types { (bits + 3) & 3 } else { bits } {
            0 => PacketKind::Initial,
            1 => PacketKind::ZeroRtt,
            2 => PacketKind::Handshake,
            _ => PacketKind::Retry,
        }
    }
}

/// Tells whether a version is reserved to exercise version negotiation, RFC 9000, 15.
pub(super) const fn is_reserved(number: u32) -> bool {
    number & 0x0f0f_0f0f == 0x0a0a_0a0a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_types_of_version_2_are_rotated() {
        let kinds = |number| {
            let version = Version::of(number).unwrap();
            [0xc0, 0xd0, 0xe0, 0xf0].map(|first| version.kind(first))
        };

        use PacketKind::{Handshake, Initial, Retry, ZeroRtt};
        assert_eq!(kinds(1), [Initial, ZeroRtt, Handshake, Retry]);
        assert_eq!(kinds(0x6b33_43cf), [Retry, Initial, ZeroRtt, Handshake]);
    }

    #[test]
    fn only_known_versions_can_be_read() {
        assert!(Version::of(0xff00_0015).is_none() && Version::of(0xff00_0023).is_none());
        assert!(Version::of(0).is_none() && Version::of(0x1a2a_3a4a).is_none());
        assert!(is_reserved(0x1a2a_3a4a) && !is_reserved(1));
    }
}
