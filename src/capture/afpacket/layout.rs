//! How a ring's memory is divided.
//!
//! Comes in: the memory wished for and the page size. Goes out: size and number of blocks.

/// Bounds of a block, in bytes. It must hold the largest frame, which with segmentation offload is
/// 64 KiB and more; and the ring should have several blocks, since one that is read is not filled.
const MIN_BLOCK: usize = 256 << 10;
const MAX_BLOCK: usize = 1 << 20;

/// Blocks that a ring should have before they grow above the minimum.
const WISHED_BLOCKS: usize = 16;

/// The largest ring, in bytes: guards against a slip of the unit in the configuration.
const MAX_RING: usize = 1 << 30;

/// Size and number of the blocks of a ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Bytes of a block: a power of two, a multiple of the page size.
    pub(crate) block: usize,
    /// Number of blocks, at least two.
    pub(crate) blocks: usize,
}

impl Layout {
    /// Divides about `ring_bytes`; no less than two blocks.
    pub(crate) fn new(ring_bytes: usize, page: usize) -> Self {
        let ring = ring_bytes.min(MAX_RING);
        let wished = (ring / WISHED_BLOCKS).clamp(MIN_BLOCK, MAX_BLOCK);
        let power = 1 << wished.ilog2();
        let block = page.next_power_of_two().max(power);
        Self { block, blocks: (ring / block).max(2) }
    }

    /// Bytes of the whole ring.
    pub(crate) const fn bytes(self) -> usize {
        self.block * self.blocks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_powers_of_two_within_their_bounds() {
        let cases = [
            (0, 4_096, MIN_BLOCK, 2),
            (1 << 20, 4_096, MIN_BLOCK, 4),
            (8 << 20, 4_096, 512 << 10, 16),
            (10_000_000, 16_384, 512 << 10, 19),
            (64 << 20, 65_536, MAX_BLOCK, 64),
            (usize::MAX, 4_096, MAX_BLOCK, 1_024),
        ];
        for (wished, page, block, blocks) in cases {
            let layout = Layout::new(wished, page);
            assert_eq!(layout, Layout { block, blocks }, "{wished}");
            assert_eq!(layout.bytes() % page, 0);
        }
    }
}
