//! Walks over the frames of an Initial packet.
//!
//! Comes in: the packet's payload in clear. Goes out: what its CRYPTO frames carry (RFC 9000, 17.2.2 and 19). Frames that say
//! nothing about the client are passed over.

use super::packet::{take_vector, varint};
use crate::dissect::{DissectReason, cursor::Cursor};

/// The CRYPTO frame, RFC 9000, 19.6.
pub(super) const CRYPTO: u64 = 0x06;
/// The CRYPTO frame of Google's Q050, T050 and T051, as nDPI reads it.
pub(super) const CRYPTO_GOOGLE: u64 = 0x08;

/// Hands offset and bytes of each CRYPTO frame to `take`.
///
/// # Errors
/// A frame is cut, or is one that Initial packets never carry.
pub(super) fn for_each_crypto(
    payload: &[u8],
    crypto: u64,
    mut take: impl FnMut(u64, &[u8]) -> Result<(), DissectReason>,
) -> Result<(), DissectReason> {
    let mut frames = Cursor::new(payload);
    while !frames.is_empty() {
        match varint(&mut frames)? {
            // PADDING and PING.
            0x00 | 0x01 => {}
            kind if kind == crypto => {
                let offset = varint(&mut frames)?;
                take(offset, take_vector(&mut frames)?)?;
            }
            // ACK, without and with the counts of ECN (RFC 9000, 19.3).
            kind @ (0x02 | 0x03) => {
                let _largest = varint(&mut frames)?;
                let _delay = varint(&mut frames)?;
                let ranges = varint(&mut frames)?;
                let _first = varint(&mut frames)?;
                // Each range takes two bytes at least, so the payload bounds the walk.
                for _ in 0..ranges {
                    let _gap = varint(&mut frames)?;
                    let _length = varint(&mut frames)?;
                }
                let counts = if kind == 0x03 { 3 } else { 0 };
                for _ in 0..counts {
                    let _count = varint(&mut frames)?;
                }
            }
            // CONNECTION_CLOSE: nothing behind it matters.
            0x1c | 0x1d => return Ok(()),
            _ => return Err(DissectReason::Malformed),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crypto_is_found_between_the_other_frames() {
        let payload = [
            &[0, 0, 1, 6, 0x40, 9, 2, 7, 7][..],
            &[2, 5, 0, 1, 0, 1, 2],
            &[3, 5, 0, 0, 0, 1, 2, 3],
            &[6, 0, 1, 8, 0, 0x1c, 1, 2, 3],
        ];

        assert_eq!(walk(&payload.concat()), Ok(vec![(9, vec![7, 7]), (0, vec![8])]));
    }

    #[test]
    fn cut_and_foreign_frames_are_refused() {
        assert_eq!(walk(&[6, 0, 9, 1]), Err(DissectReason::Truncated));
        assert_eq!(walk(&[2, 5, 0, 0x80, 0xff, 0xff, 0xff, 0]), Err(DissectReason::Truncated));
        assert_eq!(walk(&[0x1e]), Err(DissectReason::Malformed));
        assert_eq!(walk(&[8, 0, 1, 1]), Err(DissectReason::Malformed));
    }

    fn walk(payload: &[u8]) -> Result<Vec<(u64, Vec<u8>)>, DissectReason> {
        let mut found = Vec::new();
        for_each_crypto(payload, CRYPTO, |offset, bytes| {
            found.push((offset, bytes.to_vec()));
            Ok(())
        })
        .map(|()| found)
    }
}
