//! Why a device is taken for what it is, and what would change that.
//!
//! Comes in: a [`DeviceProfile`]. Goes out: an [`Explanation`], whose arithmetic is that of the verdict itself. It is pure
//! and looks at nothing but the profile. Values in it are untrusted text; `Display` makes them harmless.

use std::fmt;
use std::sync::Arc;

use super::signature::Signatures;
use super::support::{Houses, MAX_OF_ONE_KIND, Support, Weighed};
use super::{Claim, DeviceProfile, Evidence, EvidenceKind, EvidenceSource, Identity};
use crate::catalogue::Grade;
use crate::net::printable;

/// Most characters of a value in the text.
const MAX_SHOWN: usize = 60;

/// Why a device is taken for what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The verdict.
    pub identity: Identity,
    /// The house that won, if any.
    pub house: Option<Arc<str>>,
    /// What counts for it: the strongest weight of each kind, in the order of kinds.
    pub kinds: Vec<(EvidenceKind, u8)>,
    /// The house's support before anything is taken away.
    pub support: u8,
    /// Its support if one kind alone could confirm.
    pub uncapped: u8,
    /// How well it is established that the maker makes this brand.
    pub oem_grade: Option<Grade>,
    /// Every piece of evidence with its part in the verdict, strongest first.
    pub facts: Vec<ExplainedFact>,
    /// The single observation that would raise the confidence most.
    pub raise: Option<Prospect>,
    /// What it would fall to if another maker's name were seen.
    pub fall: Option<Prospect>,
}

/// A piece of evidence and its part in the verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedFact {
    /// The evidence.
    pub evidence: Evidence,
    /// Which kind it is of.
    pub kind: EvidenceKind,
    /// Its part.
    pub part: Part,
}

/// The part of a piece of evidence in a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// It is the strongest of its kind for the house: it raises the confidence.
    Raises,
    /// It speaks for the house, and something of its kind speaks louder.
    Outweighed,
    /// It speaks for another house: it lowers the confidence.
    Lowers,
    /// It is too weak to lead to a verdict, and there is none that it could support.
    TooWeak,
    /// It describes the device, or only names a brand.
    Describes,
}

impl Part {
    /// The lower-case word.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Raises => "raises",
            Self::Outweighed => "outweighed",
            Self::Lowers => "lowers",
            Self::TooWeak => "too-weak",
            Self::Describes => "describes",
        }
    }
}

/// What one further observation would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prospect {
    /// Where it would be seen.
    pub source: EvidenceSource,
    /// What it would weigh.
    pub weight: u8,
    /// The confidence that would follow.
    pub confidence: u8,
}

/// Explains a profile.
#[must_use]
pub fn explain(profile: &DeviceProfile, signatures: &Signatures) -> Explanation {
    let weighed = profile.evidence.iter().map(|evidence| Weighed {
        source: evidence.source,
        claim: &evidence.claim,
        weight: evidence.weight,
    });
    let houses = Houses::weigh(weighed, signatures);
    let winner = houses.winner.as_ref();
    let weights = &signatures.weights;
    let mut raised: Vec<EvidenceKind> = Vec::new();
    let facts = profile
        .evidence
        .iter()
        .map(|evidence| {
            let kind = EvidenceKind::from(evidence.source);
            let mut part = part_of(evidence, kind, &houses, signatures);
            if part == Part::Raises {
                if raised.contains(&kind) {
                    part = Part::Outweighed;
                } else {
                    raised.push(kind);
                }
            }
            ExplainedFact { evidence: evidence.clone(), kind, part }
        })
        .collect();
    let oem = profile.identity.vendor.as_deref().filter(|_| profile.identity.oem_of.is_some());
    Explanation {
        identity: profile.identity.clone(),
        house: winner.map(|winner| Arc::clone(&winner.name)),
        kinds: winner.map(|winner| winner.kinds.clone()).unwrap_or_default(),
        support: winner.map_or(0, |winner| winner.confidence(weights)),
        uncapped: winner.map_or(0, Support::uncapped),
        oem_grade: oem.and_then(|vendor| signatures.brand(vendor)).map(|brand| brand.grade),
        facts,
        raise: best_prospect(&houses, signatures),
        fall: winner.map(|_| worst_prospect(&houses, signatures)),
    }
}

fn part_of(
    evidence: &Evidence,
    kind: EvidenceKind,
    houses: &Houses,
    signatures: &Signatures,
) -> Part {
    let house = match &evidence.claim {
        _ if evidence.weight == 0 => return Part::Describes,
        Claim::House(house) => Arc::clone(house),
        Claim::Vendor(vendor) => signatures.house_of(vendor),
        Claim::Model
        | Claim::Serial
        | Claim::Firmware
        | Claim::Hostname
        | Claim::Activated
        | Claim::Channels
        | Claim::DefaultLogin => return Part::Describes,
    };
    match &houses.winner {
        Some(winner) if winner.name == house => {
            let loudest = winner.kinds.iter().find(|(known, _)| *known == kind);
            if loudest.is_some_and(|(_, weight)| *weight == evidence.weight) {
                Part::Raises
            } else {
                Part::Outweighed
            }
        }
        Some(_) | None if houses.rivals.iter().any(|rival| rival.name == house) => Part::Lowers,
        Some(_) | None => Part::TooWeak,
    }
}

/// The observation that would raise the confidence most; the first in the order of sources where several would.
fn best_prospect(houses: &Houses, signatures: &Signatures) -> Option<Prospect> {
    let now = houses.confidence(&signatures.weights);
    let mut best: Option<Prospect> = None;
    for source in EvidenceSource::ALL {
        let weight = signatures.best_weight(source);
        // The address block does not change any more.
        if weight < signatures.weights.decisive || source == EvidenceSource::Oui {
            continue;
        }
        let confidence = houses.with(source, weight).confidence(&signatures.weights);
        if confidence > best.map_or(now, |best| best.confidence) {
            best = Some(Prospect { source, weight, confidence });
        }
    }
    best
}

fn worst_prospect(houses: &Houses, signatures: &Signatures) -> Prospect {
    let (source, weight) = (EvidenceSource::WsDiscovery, signatures.weights.other_maker);
    let confidence = houses.against(source, weight).confidence(&signatures.weights);
    Prospect { source, weight, confidence }
}

impl Prospect {
    /// The observation in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        words(self.source)
    }
}

/// The observation in words.
const fn words(source: EvidenceSource) -> &'static str {
    match source {
        EvidenceSource::Oui => "a MAC address of the vendor",
        EvidenceSource::Sadp => "a SADP reply",
        EvidenceSource::SadpLink => "a SADP reply over Ethernet",
        EvidenceSource::Beacon => "an EZVIZ beacon",
        EvidenceSource::WsDiscovery => "an ONVIF name",
        EvidenceSource::Ssdp => "a UPnP description",
        EvidenceSource::Mdns => "a service of multicast DNS",
        EvidenceSource::Dhcp => "a DHCP vendor class",
        EvidenceSource::Http => "an HTTP banner",
        EvidenceSource::Rtsp => "an RTSP realm",
        EvidenceSource::Certificate => "a certificate",
        EvidenceSource::Snmp => "an SNMP object",
        EvidenceSource::Sdk => "an answer of the command port",
        EvidenceSource::Lbs => "a registration with the vendor's cloud",
        EvidenceSource::Das => "a session with the vendor's control service",
        EvidenceSource::Framing => "a message of the vendor's own protocols",
        EvidenceSource::Isup => "a registration by ISUP",
        EvidenceSource::CloudName => "a look-up of a name that only devices use",
        EvidenceSource::Ntp => "a look-up of the vendor's time server",
        EvidenceSource::Ports => "a set of open ports",
        EvidenceSource::Fingerprint => "a TLS fingerprint",
    }
}

impl Explanation {
    /// The verdict in words.
    fn verdict(&self) -> String {
        let Some(vendor) = &self.identity.vendor else {
            return "no device of a vendor that is known here".to_owned();
        };
        let maker = match (&self.identity.oem_of, self.oem_grade) {
            (Some(maker), Some(grade)) => format!(", made by {maker} (grade {grade})"),
            (Some(maker), None) => format!(", made by {maker}"),
            (None, _) => String::new(),
        };
        format!("{vendor}{maker}: confidence {}", self.identity.confidence)
    }

    /// The fusion as a sum that can be checked by hand.
    #[must_use]
    pub fn arithmetic(&self) -> Option<String> {
        self.house.as_ref()?;
        let doubts: Vec<String> = self
            .kinds
            .iter()
            .map(|(kind, weight)| {
                format!("{:.2} ({})", f64::from(100 - (*weight).min(100)) / 100.0, kind.as_label())
            })
            .collect();
        let mut text = format!("100 x (1 - {}) = {}", doubts.join(" x "), self.uncapped);
        if self.support < self.uncapped {
            text.push_str(&format!(
                ", held at {MAX_OF_ONE_KIND}: above it needs a second, independent kind of evidence"
            ));
        }
        for other in &self.identity.contradictions {
            text.push_str(&format!(", less {} % for {}", other.support, other.house));
        }
        if !self.identity.contradictions.is_empty() {
            text.push_str(&format!(" = {}", self.identity.confidence));
        }
        Some(text)
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.verdict())?;
        for fact in &self.facts {
            let Evidence { source, claim, value, weight, count, .. } = &fact.evidence;
            writeln!(
                f,
                "  {:<10} {weight:>3}  {} ({}): {claim}, \"{}\", {count} times",
                fact.part.as_label(),
                source.as_label(),
                fact.kind.as_label(),
                printable(value, MAX_SHOWN),
            )?;
        }
        if let Some(arithmetic) = self.arithmetic() {
            writeln!(f, "{arithmetic}")?;
        }
        if let Some(raise) = self.raise {
            writeln!(f, "{} would raise it to {}", raise.words(), raise.confidence)?;
        }
        if let Some(Prospect { confidence, .. }) = self.fall {
            writeln!(f, "the name of another maker would lower it to {confidence}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Labels;
    use crate::device::dossier::{DeviceKey, Dossier};
    use crate::device::fact::Sighting;
    use crate::net::{MacAddr, Timestamp};

    fn explained(facts: &[(EvidenceSource, Claim, &str, u8)]) -> Explanation {
        let signatures = Signatures::builtin();
        let key = DeviceKey::Mac(MacAddr([2, 0, 0, 0, 0, 1]));
        let mut dossier = Dossier::new(key, Timestamp::ZERO);
        for (source, claim, value, weight) in facts {
            let sighting = Sighting { source: *source, claim, value, weight: *weight };
            dossier.observe(&sighting, Timestamp::ZERO);
        }
        dossier.conclude(&signatures);
        explain(&dossier.profile(&Labels::default()), &signatures)
    }

    fn hikvision() -> Claim {
        Claim::Vendor("hikvision".into())
    }

    #[test]
    fn the_sum_is_that_of_the_verdict_and_the_next_observation_is_named() {
        let block = explained(&[(EvidenceSource::Oui, hikvision(), "block", 50)]);

        assert_eq!(block.arithmetic().as_deref(), Some("100 x (1 - 0.50 (registry)) = 50"));
        let raise = block.raise.unwrap();
        assert_eq!((raise.source, raise.confidence), (EvidenceSource::Lbs, 79));
        assert_eq!(block.fall.unwrap().confidence, 32);
        assert!(block.to_string().contains("would raise it to 79"), "{block}");

        let two = explained(&[
            (EvidenceSource::Oui, hikvision(), "block", 50),
            (EvidenceSource::Sadp, hikvision(), "DS-2CD2385G1-I", 55),
            (EvidenceSource::SadpLink, Claim::House("hikvision".into()), "reply", 45),
            (EvidenceSource::Sadp, Claim::Model, "DS-2CD2385G1-I", 55),
        ]);
        assert_eq!((two.support, two.identity.confidence), (77, 77));
        let parts: Vec<Part> = two.facts.iter().map(|fact| fact.part).collect();
        assert_eq!(parts.iter().filter(|part| **part == Part::Raises).count(), 2);
        assert_eq!(parts.iter().filter(|part| **part == Part::Outweighed).count(), 1);
        assert_eq!(parts.iter().filter(|part| **part == Part::Describes).count(), 1);
    }

    #[test]
    fn what_holds_a_verdict_back_is_said() {
        let one_kind = explained(&[
            (EvidenceSource::Lbs, Claim::House("hikvision".into()), "request-devid", 59),
            (EvidenceSource::Http, hikvision(), "web", 8),
        ]);
        assert!(one_kind.arithmetic().unwrap().contains("held at 59"), "{one_kind}");

        let contradicted = explained(&[
            (EvidenceSource::Oui, hikvision(), "block", 50),
            (EvidenceSource::Http, Claim::House("dahua".into()), "Dahua", 35),
        ]);
        assert_eq!(contradicted.identity.confidence, 32);
        assert!(contradicted.to_string().contains("less 35 % for dahua = 32"), "{contradicted}");
        assert!(contradicted.facts.iter().any(|fact| fact.part == Part::Lowers));
    }

    #[test]
    fn what_is_too_weak_is_called_so_and_text_from_the_network_is_harmless() {
        let weak = explained(&[
            (EvidenceSource::Ntp, hikvision(), "time.ys7.com", 10),
            (EvidenceSource::Sadp, Claim::Model, "\u{1b}[2J\u{202e}x", 55),
        ]);

        assert_eq!(weak.identity.vendor, None);
        assert!(weak.facts.iter().any(|fact| fact.part == Part::TooWeak));
        let text = weak.to_string();
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
        assert!(text.starts_with("no device of a vendor"), "{text}");
    }

    #[test]
    fn a_brand_is_told_with_its_maker_and_the_grade_of_that() {
        let brand = explained(&[
            (EvidenceSource::Oui, hikvision(), "block", 50),
            (EvidenceSource::Sadp, Claim::Vendor("annke".into()), "ANNKE C500", 55),
        ]);

        assert!(brand.to_string().starts_with("annke, made by hikvision (grade B): confidence 77"));
    }
}
