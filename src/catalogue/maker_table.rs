//! Address blocks by length: the longest that holds an address answers.
//!
//! Comes in: blocks of 24, 28 or 36 bits (IEEE MA-L and CID, MA-M, MA-S). Goes out: the index of an entry.

use std::collections::HashMap;

use ahash::RandomState;

use crate::net::MacAddr;

/// A block of MAC addresses: its length in bits, and its bits, right-aligned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct MacBlock {
    bits: u8,
    value: u64,
}

impl MacBlock {
    /// Reads 6, 7 or 9 hexadecimal digits, with `:`, `-` or `.` anywhere between them.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut value = 0u64;
        let mut digits = 0u8;
        for c in text.chars().filter(|c| !matches!(c, ':' | '-' | '.')) {
            if digits == 9 {
                return None;
            }
            value = value << 4 | u64::from(c.to_digit(16)?);
            digits += 1;
        }
        matches!(digits, 6 | 7 | 9).then_some(Self { bits: digits * 4, value })
    }

    /// The block of `bits` bits that holds `mac`.
    pub(super) const fn of(mac: MacAddr, bits: u8) -> Self {
        Self { bits, value: mac.to_bits() >> (48 - bits as u32) }
    }

    /// Length in bits.
    pub(super) const fn bits(self) -> u8 {
        self.bits
    }

    /// Tells whether the group bit is set: no station has such an address (IEEE 802-2014, 8.2).
    pub(super) const fn is_group(self) -> bool {
        self.value >> (self.bits - 8) & 1 != 0
    }

    /// The blocks that may hold `mac`, longest first.
    pub(super) fn candidates(mac: MacAddr) -> [Self; 3] {
        [36, 28, 24].map(|bits| Self::of(mac, bits))
    }
}

impl std::fmt::Display for MacBlock {
    /// The registry's spelling: upper-case digits in pairs, with colons.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digits = self.bits / 4;
        for place in 0..digits {
            if place > 0 && place % 2 == 0 {
                f.write_str(":")?;
            }
            write!(f, "{:X}", self.value >> (4 * u32::from(digits - 1 - place)) & 0xf)?;
        }
        Ok(())
    }
}

/// From a block to the index of its entry.
#[derive(Debug)]
pub(super) struct MakerTable {
    blocks: HashMap<MacBlock, u32, RandomState>,
}

impl MakerTable {
    /// An empty table. Only trusted entries become keys, so the hash needs no secret.
    pub(super) fn new() -> Self {
        Self { blocks: HashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4)) }
    }

    /// Adds or replaces a block.
    pub(super) fn insert(&mut self, block: MacBlock, entry: u32) {
        self.blocks.insert(block, entry);
    }

    /// The entry of exactly this block.
    pub(super) fn get(&self, block: MacBlock) -> Option<u32> {
        self.blocks.get(&block).copied()
    }

    /// The entry of the longest block that holds `mac`.
    pub(super) fn longest(&self, mac: MacAddr) -> Option<u32> {
        MacBlock::candidates(mac).into_iter().find_map(|block| self.get(block))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_block_answers() {
        let mut table = MakerTable::new();
        for (text, entry) in [("B0:B3:53", 1), ("B0-B3-53-6", 2), ("B0B353701", 3)] {
            table.insert(MacBlock::parse(text).unwrap(), entry);
        }

        let longest = |text: &str| table.longest(text.parse().unwrap());
        assert_eq!(longest("b0:b3:53:00:00:01"), Some(1));
        assert_eq!(longest("b0:b3:53:6f:00:01"), Some(2));
        assert_eq!(longest("b0:b3:53:70:1f:01"), Some(3));
        assert_eq!(longest("b0:b3:54:00:00:01"), None);
    }

    #[test]
    fn a_block_is_written_as_the_registry_writes_it() {
        for text in ["44:A6:42", "B0:B3:53:6", "8C:1F:64:AB:C"] {
            assert_eq!(MacBlock::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn other_lengths_and_digits_are_no_block() {
        for text in ["", "44:A6", "44:A6:42:01", "44:A6:42:01:02:03", "44:A6:4G"] {
            assert_eq!(MacBlock::parse(text), None, "{text}");
        }
    }

    #[test]
    fn group_addresses_are_recognised() {
        assert!(MacBlock::parse("01:00:5E").unwrap().is_group());
        assert!(!MacBlock::parse("4A:C0:3F").unwrap().is_group());
    }
}
