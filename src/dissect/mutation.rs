//! Deterministic damage for the tests of the dissectors.
//!
//! Comes in: a well-formed payload. Goes out: damaged copies, the same ones on every run.

/// How many damaged copies each dissector has to survive.
pub(crate) const ROUNDS: usize = 20_000;

/// A xorshift generator (Marsaglia 2003): repeatable, and good enough to pick bytes.
pub(crate) struct Xorshift(u64);

impl Xorshift {
    /// A number below `bound`; 0 when `bound` is 0.
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap().checked_rem(bound).unwrap_or(0)
    }

    /// Any byte.
    fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap()
    }
}

/// Calls `check` with [`ROUNDS`] damaged copies of `sound`.
pub(crate) fn for_each_mutant(sound: &[u8], mut check: impl FnMut(&[u8])) {
    let mut random = Xorshift(0x9e37_79b9_7f4a_7c15);
    for _ in 0..ROUNDS {
        let mut bytes = sound.to_vec();
        for _ in 0..=random.below(6) {
            let at = random.below(bytes.len());
            match random.below(6) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at.min(bytes.len()), random.byte()),
                2 if at < bytes.len() => drop(bytes.remove(at)),
                3 => {
                    let piece = bytes[at..].to_vec();
                    bytes.extend_from_slice(&piece);
                    bytes.truncate(4 * sound.len());
                }
                4 if at < bytes.len() => {
                    bytes[at] = [0, 1, 0x7f, 0x80, 0xc0, 0xff][random.below(6)]
                }
                _ if at < bytes.len() => bytes[at] = random.byte(),
                _ => {}
            }
        }
        check(&bytes);
    }
}
