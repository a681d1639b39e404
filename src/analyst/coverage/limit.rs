//! The share that was seen, and the reasons why it is not all, in words for a person.
//!
//! Comes in: shares of the kinds of evidence. Goes out: the least of them, with a reason for each that is low.

/// A share below this, in thousandths, is worth a reason: what is lost at the edges of a capture stays above.
pub(super) const WORTH_TELLING: u16 = 980;

/// All, in thousandths.
pub(super) const ALL: u16 = 1000;

/// Who forwards packets past the place where they are captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OffloadKind {
    /// A flowtable of nftables, in software.
    Flowtable,
    /// The network card or switch chip.
    Hardware,
}

/// Why not all was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CoverageLimit {
    /// The kernel or the network card lost frames before they were read.
    KernelDrops,
    /// Numbers of TCP segments that passed by were never seen.
    TcpGaps,
    /// Conversations were seen from one side.
    OneSided,
    /// The kernel's own counters of flows are ahead of ours.
    ConntrackAhead,
    /// Flows are forwarded past the capture.
    Offload(OffloadKind),
    /// Only what goes to everybody comes by.
    BroadcastOnly,
    /// Flows were seen and found no room among those that are followed.
    Unfollowed,
}

impl CoverageLimit {
    /// Every limit.
    pub const ALL: [Self; 8] = [
        Self::KernelDrops,
        Self::TcpGaps,
        Self::OneSided,
        Self::ConntrackAhead,
        Self::Offload(OffloadKind::Flowtable),
        Self::Offload(OffloadKind::Hardware),
        Self::BroadcastOnly,
        Self::Unfollowed,
    ];

    /// Its name in the API.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::KernelDrops => "kernel-drops",
            Self::TcpGaps => "tcp-gaps",
            Self::OneSided => "one-sided",
            Self::ConntrackAhead => "conntrack-ahead",
            Self::Offload(OffloadKind::Flowtable) => "flowtable-offload",
            Self::Offload(OffloadKind::Hardware) => "hardware-offload",
            Self::BroadcastOnly => "broadcast-only",
            Self::Unfollowed => "unfollowed-flows",
        }
    }

    /// What is the matter, in a sentence.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::KernelDrops => "frames were lost before they were read",
            Self::TcpGaps => {
                "parts of TCP conversations never came by, although the capture lost nothing that it counts"
            }
            Self::OneSided => "conversations are seen from one side only",
            Self::ConntrackAhead => "the kernel has counted more bytes in the same flows",
            Self::Offload(OffloadKind::Flowtable) => {
                "an nftables flowtable forwards flows past the rest of the kernel"
            }
            Self::Offload(OffloadKind::Hardware) => {
                "the network hardware forwards flows by itself, so that their packets never get here"
            }
            Self::BroadcastOnly => {
                "a port that neither routes nor gets a mirror sees broadcast and multicast only: devices can be \
                 named by SADP, WS-Discovery, DHCP and ARP, clouds can't be judged"
            }
            Self::Unfollowed => {
                "more flows of concern were open at once than are followed, so that what the others moved is in no total"
            }
        }
    }

    /// What a person can do about it.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::KernelDrops => {
                "give the capture a larger ring (capture.ring) or the machine less to do"
            }
            Self::TcpGaps => {
                "look for a mirror port that gets more than it can carry, a second way out, or offload"
            }
            Self::OneSided => {
                "mirror both directions of the port, or capture where both ways meet, as on the gateway"
            }
            Self::ConntrackAhead => {
                "look for offload, and for an interface that is not captured on"
            }
            Self::Offload(OffloadKind::Flowtable) => {
                "take the rule with `flow add` out of the nftables ruleset; in OpenWrt, switch off software flow \
                 offloading (firewall.@defaults[0].flow_offloading=0)"
            }
            Self::Offload(OffloadKind::Hardware) => {
                "take `flags offload` out of the flowtable, or `ethtool -K INTERFACE hw-tc-offload off`; in \
                 OpenWrt, switch off hardware flow offloading (firewall.@defaults[0].flow_offloading_hw=0)"
            }
            Self::BroadcastOnly => "mirror the switch port or run on the gateway",
            Self::Unfollowed => {
                "raise limits.max_watched_flows, and look for a device that opens very many flows"
            }
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::KernelDrops => 1,
            Self::TcpGaps => 1 << 1,
            Self::OneSided => 1 << 2,
            Self::ConntrackAhead => 1 << 3,
            Self::Offload(OffloadKind::Flowtable) => 1 << 4,
            Self::Offload(OffloadKind::Hardware) => 1 << 5,
            Self::BroadcastOnly => 1 << 6,
            Self::Unfollowed => 1 << 7,
        }
    }
}

/// The share of the traffic that was seen, with the reasons why it is not all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coverage {
    permille: u16,
    limits: u8,
}

impl Default for Coverage {
    fn default() -> Self {
        Self { permille: ALL, limits: 0 }
    }
}

impl Coverage {
    /// In thousandths; 1000 also where nothing speaks against it.
    #[must_use]
    pub const fn permille(self) -> u16 {
        self.permille
    }

    /// From 0 to 1.
    #[must_use]
    pub fn ratio(self) -> f64 {
        f64::from(self.permille) / f64::from(ALL)
    }

    /// The reasons, in the order of [`CoverageLimit::ALL`].
    pub fn limits(self) -> impl Iterator<Item = CoverageLimit> {
        CoverageLimit::ALL.into_iter().filter(move |limit| self.has(*limit))
    }

    /// Tells whether `limit` is among the reasons.
    #[must_use]
    pub const fn has(self, limit: CoverageLimit) -> bool {
        self.limits & limit.bit() != 0
    }

    /// Takes in a share of one kind of evidence: the least counts, and a low one has its reason.
    pub(super) const fn least(&mut self, permille: u16, limit: CoverageLimit) {
        if permille < self.permille {
            self.permille = permille;
        }
        if permille < WORTH_TELLING {
            self.limits |= limit.bit();
        }
    }

    /// Takes in what limits another place as well: the least counts.
    pub(super) fn join(&mut self, other: Self) {
        self.permille = self.permille.min(other.permille);
        self.limits |= other.limits;
    }

    /// Adds a reason without a number.
    pub(super) const fn name(&mut self, limit: CoverageLimit) {
        self.limits |= limit.bit();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_least_share_counts_and_each_low_one_has_its_reason() {
        let mut coverage = Coverage::default();
        coverage.least(990, CoverageLimit::KernelDrops);
        coverage.least(700, CoverageLimit::TcpGaps);
        coverage.least(900, CoverageLimit::OneSided);
        assert_eq!(coverage.permille(), 700);
        assert!((coverage.ratio() - 0.7).abs() < 1e-9);
        let limits: Vec<_> = coverage.limits().collect();
        assert_eq!(limits, [CoverageLimit::TcpGaps, CoverageLimit::OneSided]);
    }

    #[test]
    fn every_limit_has_a_name_a_bit_and_words_of_its_own() {
        let distinct = |of: fn(CoverageLimit) -> String| {
            CoverageLimit::ALL.into_iter().map(of).collect::<HashSet<_>>().len()
        };
        for of in [
            |l: CoverageLimit| l.as_label().to_owned(),
            |l: CoverageLimit| l.bit().to_string(),
            |l: CoverageLimit| l.sentence().to_owned(),
            |l: CoverageLimit| l.advice().to_owned(),
        ] {
            assert_eq!(distinct(of), CoverageLimit::ALL.len());
        }
    }
}
