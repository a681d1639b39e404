//! Extension headers between an IP header and the transport header (RFC 8200, 4; RFC 4302).
//!
//! Comes in: the number of the first header and the bytes behind the IP header. Goes out: the protocol
//! behind the last extension, and the fragment header if there is one.

use std::net::IpAddr;

use super::{DecodeError, DecodeReason, Fragment};
use crate::net::IpProtocol;

/// Extension headers that are walked through; RFC 8200, 4.1, has seven at most in an honest packet.
const MAX_EXTENSIONS: usize = 8;

const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;
const DESTINATION_OPTIONS: u8 = 60;

const TRUNCATED: DecodeError = DecodeError::network(DecodeReason::Truncated);
const MALFORMED: DecodeError = DecodeError::network(DecodeReason::Malformed);

/// Tells whether a protocol number is that of an extension header, in the version of `address`:
/// IPv4 has the authentication header only.
#[inline]
pub(super) const fn is_one(protocol: IpProtocol, address: IpAddr) -> bool {
    match protocol.0 {
        AUTHENTICATION => true,
        HOP_BY_HOP | ROUTING | FRAGMENT | DESTINATION_OPTIONS => address.is_ipv6(),
        _ => false,
    }
}

/// What the extension headers say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extensions<'a> {
    /// The number of what stands in `rest`.
    pub(super) protocol: IpProtocol,
    /// What follows the last extension header that was read.
    pub(super) rest: &'a [u8],
    /// The fragment header, if it says that the packet is a piece, and the bytes behind it.
    pub(super) fragment: Option<(Fragment, &'a [u8])>,
    /// Why the walk ended before the last header.
    pub(super) stopped: Option<DecodeError>,
}

impl<'a> Extensions<'a> {
    /// Walks the extension headers, of which `protocol` is the first.
    pub(super) fn read(protocol: IpProtocol, bytes: &'a [u8]) -> Self {
        let mut read = Self { protocol, rest: bytes, fragment: None, stopped: None };
        for at in 0..MAX_EXTENSIONS {
            match read.step(at) {
                Ok(true) => {}
                Ok(false) => return read,
                Err(error) => {
                    read.stopped = Some(error);
                    return read;
                }
            }
        }
        read.stopped = Some(MALFORMED);
        read
    }

    /// Passes one header; tells whether there may be another.
    fn step(&mut self, at: usize) -> Result<bool, DecodeError> {
        let length = match self.protocol.0 {
            FRAGMENT => return self.pass_fragment(),
            // It stands directly behind the IPv6 header only.
            HOP_BY_HOP if at > 0 => return Err(MALFORMED),
            // In units of eight bytes, the first eight not counted.
            HOP_BY_HOP | ROUTING | DESTINATION_OPTIONS => {
                (usize::from(*self.rest.get(1).ok_or(TRUNCATED)?) + 1) * 8
            }
            // In units of four bytes, minus 2 (RFC 4302, 2.2); three words stand in every one.
            AUTHENTICATION => match *self.rest.get(1).ok_or(TRUNCATED)? {
                0 => return Err(MALFORMED),
                words => (usize::from(words) + 2) * 4,
            },
            _ => return Ok(false),
        };
        let next = *self.rest.first().ok_or(TRUNCATED)?;
        self.rest = self.rest.get(length..).ok_or(TRUNCATED)?;
        self.protocol = IpProtocol(next);
        Ok(true)
    }

    /// Next header, reserved, 13 bits of offset in units of eight bytes, the more flag, identification.
    fn pass_fragment(&mut self) -> Result<bool, DecodeError> {
        let ([next, _, o0, o1, i0, i1, i2, i3], rest) =
            self.rest.split_first_chunk::<8>().ok_or(TRUNCATED)?;
        let place = u16::from_be_bytes([*o0, *o1]);
        let fragment = Fragment {
            id: u32::from_be_bytes([*i0, *i1, *i2, *i3]),
            offset: u32::from(place & 0xfff8),
            more: place & 1 == 1,
            protocol: IpProtocol(*next),
        };
        if self.fragment.is_some() {
            return Err(MALFORMED);
        }
        self.protocol = fragment.protocol;
        self.rest = rest;
        if fragment.offset > 0 || fragment.more {
            self.fragment = Some((fragment, rest));
        }
        Ok(fragment.is_first())
    }
}
