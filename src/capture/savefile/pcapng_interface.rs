//! The Interface Description Block of pcapng.
//!
//! Comes in: the body of a block. Goes out: link type, snapshot length, name, and how to turn the
//! interface's time stamps into ours. Format: `draft-ietf-opsawg-pcapng`, section 4.2.

use super::byte_order::ByteOrder;
use crate::net::{LinkType, Timestamp, bounded};

/// The longest interface name kept, in bytes; guards the memory that many descriptions take.
const MAX_NAME_BYTES: usize = 255;

const OPTION_NAME: u16 = 2;
const OPTION_TIME_RESOLUTION: u16 = 9;
const OPTION_TIME_OFFSET: u16 = 14;

/// What a section says about one of its interfaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Interface {
    pub(crate) link_type: LinkType,
    /// Frames were cut at this many bytes; 0 is no limit.
    pub(crate) snap_len: u32,
    pub(crate) clock: Clock,
    pub(crate) name: String,
}

impl Interface {
    /// Takes the body of a block, without the type and the two lengths; `None` if it is too short.
    /// Options that are cut or odd end the list of options, not the file.
    pub(crate) fn from_body(order: ByteOrder, body: &[u8]) -> Option<Self> {
        let (&head, mut options) = body.split_first_chunk::<8>()?;
        let [a, b, _, _, snap_len @ ..] = head;
        let mut interface = Self {
            link_type: LinkType(order.u16([a, b]).into()),
            snap_len: order.u32(snap_len),
            clock: Clock::default(),
            name: String::new(),
        };
        while let Some((&head, rest)) = options.split_first_chunk::<4>() {
            let (code, length) = order.u16_pair(head);
            let Some(value) = rest.get(..usize::from(length)) else { break };
            match (code, value) {
                (0, _) => break,
                (OPTION_NAME, name) => interface.name = bounded(name, MAX_NAME_BYTES),
                (OPTION_TIME_RESOLUTION, &[resolution]) => {
                    interface.clock.resolution = Resolution::from_option(resolution);
                }
                (OPTION_TIME_OFFSET, offset) => {
                    if let Ok(offset) = <[u8; 8]>::try_from(offset) {
                        interface.clock.offset = order.i64(offset);
                    }
                }
                _ => {}
            }
            let padded = usize::from(length).next_multiple_of(4);
            options = rest.get(padded..).unwrap_or_default();
        }
        Some(interface)
    }
}

/// How an interface counts time (`if_tsresol`, `if_tsoffset`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Clock {
    resolution: Resolution,
    /// Seconds to add.
    offset: i64,
}

impl Clock {
    /// The time of `ticks` of this clock; saturates at both ends of what a [`Timestamp`] holds.
    #[inline]
    pub(crate) fn timestamp(self, ticks: u64) -> Timestamp {
        let nanos = match self.resolution {
            Resolution::Multiply(factor) => ticks.saturating_mul(factor),
            Resolution::Divide(divisor) => ticks / divisor,
            Resolution::Binary(exponent) => {
                let nanos = (u128::from(ticks) * 1_000_000_000) >> exponent;
                u64::try_from(nanos).unwrap_or(u64::MAX)
            }
            Resolution::TooFine => 0,
        };
        if self.offset == 0 {
            return Timestamp::from_nanos(nanos);
        }
        let shifted = i128::from(nanos) + i128::from(self.offset) * 1_000_000_000;
        Timestamp::from_nanos(u64::try_from(shifted.max(0)).unwrap_or(u64::MAX))
    }
}

impl Default for Clock {
    /// Microseconds since the epoch.
    fn default() -> Self {
        Self { resolution: Resolution::Multiply(1_000), offset: 0 }
    }
}

/// How ticks become nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Resolution {
    /// 10^-9 seconds or a coarser power of ten.
    Multiply(u64),
    /// A power of ten finer than nanoseconds.
    Divide(u64),
    /// 2^-n seconds; n is at most 127.
    Binary(u8),
    /// So fine that 64 bits of it stay below one nanosecond.
    TooFine,
}

impl Resolution {
    /// The high bit tells powers of two from powers of ten; the rest is the negative exponent.
    fn from_option(value: u8) -> Self {
        let exponent = value & 0x7f;
        if value & 0x80 != 0 {
            return Self::Binary(exponent);
        }
        match (9u8.checked_sub(exponent), exponent.checked_sub(9)) {
            (Some(power), _) => Self::Multiply(10u64.pow(power.into())),
            (None, finer) => match finer.and_then(|power| 10u64.checked_pow(power.into())) {
                Some(divisor) => Self::Divide(divisor),
                None => Self::TooFine,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nanos(resolution: u8, offset: i64, ticks: u64) -> u64 {
        let clock = Clock { resolution: Resolution::from_option(resolution), offset };
        clock.timestamp(ticks).as_nanos()
    }

    #[test]
    fn every_resolution_gives_nanoseconds() {
        assert_eq!(Clock::default().timestamp(3).as_nanos(), 3_000);
        assert_eq!(nanos(0, 0, 3), 3_000_000_000);
        assert_eq!(nanos(6, 0, 3), 3_000);
        assert_eq!(nanos(9, 0, 3), 3);
        assert_eq!(nanos(12, 0, 3_999), 3);
        assert_eq!(nanos(0x80 | 10, 0, 1_536), 1_500_000_000);
        assert_eq!(nanos(127, 0, u64::MAX), 0);
        assert_eq!(nanos(0xff, 0, u64::MAX), 0);
    }

    #[test]
    fn time_saturates_instead_of_wrapping() {
        assert_eq!(nanos(0, 0, u64::MAX), u64::MAX);
        assert_eq!(nanos(0x80, 0, u64::MAX), u64::MAX);
        assert_eq!(nanos(6, i64::MAX, 1), u64::MAX);
        assert_eq!(nanos(6, i64::MIN, 1), 0);
        assert_eq!(nanos(6, -1, 2_500_000), 1_500_000_000);
    }

    #[test]
    fn options_that_are_cut_do_not_lose_those_before() {
        let mut body = vec![1, 0, 0, 0, 96, 0, 0, 0];
        body.extend([2, 0, 4, 0]);
        body.extend(b"eth7");
        body.extend([9, 0, 200, 0, 6]);

        let interface = Interface::from_body(ByteOrder::Little, &body).unwrap();

        assert_eq!(interface.name, "eth7");
        assert_eq!((interface.link_type, interface.snap_len), (LinkType::ETHERNET, 96));
        assert_eq!(interface.clock, Clock::default());
        assert_eq!(Interface::from_body(ByteOrder::Little, &body[..7]), None);
    }
}
