//! The order of the bytes of a number in a capture file.
//!
//! Comes in: the bytes of one field. Goes out: its value. The writer's machine chose the order, and
//! a magic number at the start of the file tells which it was.

/// The byte order of the machine that wrote a file or a section of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ByteOrder {
    /// Least significant byte first.
    Little,
    /// Most significant byte first.
    Big,
}

impl ByteOrder {
    #[inline]
    pub(crate) const fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }

    #[inline]
    pub(crate) const fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        }
    }

    /// The two 16-bit numbers that share four bytes, in the order in which they stand.
    #[inline]
    pub(crate) const fn u16_pair(self, bytes: [u8; 4]) -> (u16, u16) {
        let [a, b, c, d] = bytes;
        (self.u16([a, b]), self.u16([c, d]))
    }

    #[inline]
    pub(crate) const fn i64(self, bytes: [u8; 8]) -> i64 {
        match self {
            Self::Little => i64::from_le_bytes(bytes),
            Self::Big => i64::from_be_bytes(bytes),
        }
    }
}
