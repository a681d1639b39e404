//! What the observer misses of what was sent.
//!
//! Comes in: a frame. Goes out: whether it is seen. It changes no frame.

use super::plan::{Impairment, SeenSide};
use crate::net::MacAddr;
use crate::simulate::prng::Prng;

impl Impairment {
    /// Tells whether a frame is seen, by its bytes and by chance.
    pub(crate) fn shows(self, prng: &mut Prng, router: MacAddr, frame: &[u8]) -> bool {
        match self {
            Self::None => true,
            Self::Loss(percent) => prng.below(100) >= u64::from(percent),
            Self::OneSided(side) => {
                let from_router = frame.get(6..12) == Some(&router.0[..]);
                let to_group = frame.first().is_some_and(|first| first & 1 == 1);
                match side {
                    SeenSide::Sent => !from_router,
                    SeenSide::Received => from_router || to_group,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTER: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);
    const UP: [u8; 14] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9, 8, 0];
    const DOWN: [u8; 14] = [2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 1, 8, 0];
    const GROUP: [u8; 14] = [1, 0, 0x5e, 0, 0, 9, 2, 0, 0, 0, 0, 9, 8, 0];

    #[test]
    fn one_side_is_seen_and_groups_are_heard_by_all() {
        let mut prng = Prng::new(1);
        let sent = Impairment::OneSided(SeenSide::Sent);
        let received = Impairment::OneSided(SeenSide::Received);

        let sees = |prng: &mut Prng, impairment: Impairment| {
            [UP, DOWN, GROUP].map(|frame| impairment.shows(prng, ROUTER, &frame))
        };

        assert_eq!(sees(&mut prng, sent), [true, false, true]);
        assert_eq!(sees(&mut prng, received), [false, true, true]);
    }

    #[test]
    fn loss_takes_about_its_share() {
        let mut prng = Prng::new(2);

        let seen = (0..20_000).filter(|_| Impairment::Loss(20).shows(&mut prng, ROUTER, &UP));

        assert!((15_700..16_300).contains(&seen.count()));
    }
}
