//! Reads the beacon by which EZVIZ devices look for one another, straight over Ethernet.
//!
//! Comes in: the payload of a frame with EtherType 0x8d8d, which is not registered with the IEEE. Goes out: a
//! [`BeaconMessage`]. One published capture (`cp4`): 625 bytes about every five seconds; confidence C. What stands
//! behind the path is opaque and is not looked at.

use std::net::Ipv4Addr;
use std::str;

use crate::dissect::DissectReason;
use crate::net::bounded;

/// The EtherType of the beacon.
pub(crate) const ETHER_TYPE: u16 = 0x8d8d;

/// Bytes of the sender's address: text, filled up with zero bytes.
const SENDER: usize = 16;
/// Where the path begins, and how.
const PATH_AT: usize = 0x16;
const PATH_START: &[u8] = b"/discover/";
/// Bytes of a path that are kept; the one that was seen has 24.
const MAX_PATH: usize = 64;

/// One beacon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeaconMessage {
    /// The sender's own IPv4 address.
    pub sender: Ipv4Addr,
    /// The path, such as `/discover/2.0.3/req/4097`.
    pub path: String,
}

/// Reads a frame's payload. `Ok(None)`: another protocol uses the EtherType.
///
/// # Errors
/// The path is there and no address before it, or the reverse and the frame ends before the path.
pub(crate) fn dissect(payload: &[u8]) -> Result<Option<BeaconMessage>, DissectReason> {
    let Some(rest) = payload.get(PATH_AT..) else {
        return match sender(payload) {
            Some(_) => Err(DissectReason::Truncated),
            None => Ok(None),
        };
    };
    if !rest.starts_with(PATH_START) {
        return Ok(None);
    }
    let sender = sender(payload).ok_or(DissectReason::Malformed)?;
    let rest = rest.get(..MAX_PATH).unwrap_or(rest);
    let end = rest.iter().position(|byte| !byte.is_ascii_graphic()).unwrap_or(rest.len());
    let path = bounded(rest.get(..end).unwrap_or_default(), MAX_PATH);
    Ok(Some(BeaconMessage { sender, path }))
}

/// The address at the beginning, if there is one.
fn sender(payload: &[u8]) -> Option<Ipv4Addr> {
    let field = payload.get(..SENDER)?;
    let end = field.iter().position(|&byte| byte == 0).unwrap_or(SENDER);
    let (text, padding) = field.split_at_checked(end)?;
    let padded = padding.iter().all(|&byte| byte == 0);
    str::from_utf8(text).ok().filter(|_| padded)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    #[test]
    fn a_beacon_gives_address_and_path() {
        let expected = BeaconMessage {
            sender: Ipv4Addr::new(192, 0, 2, 34),
            path: "/discover/2.0.3/req/4097".into(),
        };
        assert_eq!(dissect(&frame()), Ok(Some(expected)));
    }

    #[test]
    fn another_use_of_the_ether_type_is_not_for_us() {
        assert_eq!(dissect(&[0; 60]), Ok(None));
        assert_eq!(dissect(b""), Ok(None));
        let mut other = frame();
        other[PATH_AT] = b'x';
        assert_eq!(dissect(&other), Ok(None));
    }

    #[test]
    fn a_path_without_an_address_is_malformed_and_an_address_alone_is_truncated() {
        let mut no_address = frame();
        no_address[0] = b'x';
        assert_eq!(dissect(&no_address), Err(DissectReason::Malformed));
        assert_eq!(dissect(&frame()[..20]), Err(DissectReason::Truncated));
    }

    #[test]
    fn damaged_beacons_stay_within_the_bounds() {
        for_each_mutant(&frame(), |bytes| {
            let Ok(Some(message)) = dissect(bytes) else { return };
            assert!(message.path.len() <= MAX_PATH);
        });
    }

    // Our own construction from the published offsets.
    fn frame() -> Vec<u8> {
        let mut bytes = b"192.0.2.34".to_vec();
        bytes.resize(16, 0);
        bytes.extend_from_slice(&[0x50, 3, 0, 0, 0x0c, 0xbd]);
        bytes.extend_from_slice(b"/discover/2.0.3/req/4097\0\x02\0\x32");
        bytes.resize(625, 0xc3);
        bytes
    }
}
