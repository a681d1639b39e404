//! Addresses of clouds and peers: rented ones, new at every boot.
//!
//! Comes in: nothing. Goes out: addresses of the block for benchmarks (RFC 2544, 198.18.0.0/15), none twice before all
//! 131 072 were used.

use std::net::Ipv4Addr;

/// The block, and a step that meets each of its addresses once: it is odd.
const BLOCK: u32 = 0xc612_0000;
const SIZE: u32 = 1 << 17;
const STEP: u32 = 40_503;

/// The next address to rent.
#[derive(Debug, Clone)]
pub(crate) struct AddressPool(u32);

impl AddressPool {
    pub(crate) const fn new(seed: u32) -> Self {
        Self(seed % SIZE)
    }

    /// An address that nobody has had.
    pub(crate) const fn rent(&mut self) -> Ipv4Addr {
        self.0 = (self.0 + STEP) % SIZE;
        Ipv4Addr::from_bits(BLOCK | self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::net::IpAddr;

    use super::*;
    use crate::net::LocalNets;

    #[test]
    fn no_address_comes_twice_and_none_is_ours() {
        let mut pool = AddressPool::new(99);

        let rented: BTreeSet<_> = (0..SIZE).map(|_| pool.rent()).collect();

        assert_eq!(rented.len(), SIZE as usize);
        let nets = LocalNets::default();
        assert!(rented.iter().all(|address| !nets.contains(IpAddr::V4(*address))));
    }
}
