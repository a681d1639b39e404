//! A query of a person -> what the catalogue knows of it, or why it knows nothing.
//!
//! Comes in: a name, a MAC address, an IP address, a port or a framing as text. Goes out: an [`Explanation`]. It resolves nothing and asks nobody.

use std::net::IpAddr;
use std::sync::Arc;

use super::check;
use super::lookup_wire::WireQuery;
use super::maker_table::MacBlock;
use super::{
    Catalogue, CitedSource, CloudFinding, CloudMatch, Exactness, Explanation, Finding, Maker,
    MakerFinding, Negative, NegativeSubject, Resolver, Verdict,
};
use crate::net::{MacAddr, printable};

/// Longest query that is repeated in an answer.
const MAX_QUOTED: usize = 255;
/// Most lookalike suffixes that are told.
const MAX_LOOKALIKES: usize = 3;

impl Catalogue {
    /// Tells what the catalogue knows of a name, a MAC address, an IP address, a port such as `8666/tcp` or a
    /// framing such as `lbs`, and why.
    #[must_use]
    pub fn explain(&self, query: &str) -> Explanation {
        let query = query.trim();
        let mut explanation = if let Ok(address) = query.parse::<IpAddr>() {
            self.explain_address(address)
        } else if let Ok(mac) = query.parse::<MacAddr>() {
            self.explain_mac(mac)
        } else if let Some(wire) = WireQuery::parse(query) {
            self.explain_wire(wire)
        } else {
            self.explain_name(query)
        };
        explanation.query = printable(query, MAX_QUOTED);
        explanation
    }

    fn explain_address(&self, address: IpAddr) -> Explanation {
        match self.resolver(address) {
            Some(resolver) => self.explain_resolver(resolver),
            None => {
                let mut explanation = plain(
                    Verdict::NoMatch,
                    "addresses are rented and change hands, so the catalogue has none",
                );
                explanation.notes.push(
                    "a flow to it is named by its TLS server name, its HTTP host, or the DNS answer that led there"
                        .to_owned(),
                );
                explanation
            }
        }
    }

    fn explain_resolver(&self, resolver: &Resolver) -> Explanation {
        let summary = format!("a resolver of {} that firmware has built in", resolver.operator);
        Explanation {
            finding: Some(Finding::Resolver {
                operator: resolver.operator.to_string(),
                port: resolver.port,
                what: resolver.what.to_string(),
                grade: resolver.grade,
            }),
            notes: vec!["anybody may use it: contact alone says nothing about a device".to_owned()],
            sources: self.cite(&resolver.sources),
            ..plain(Verdict::Match, &summary)
        }
    }

    fn explain_mac(&self, mac: MacAddr) -> Explanation {
        if let Some(maker) = self.maker(mac) {
            return self.explain_maker(maker, mac);
        }
        if let Some(negative) = self.negative_prefix(mac) {
            return self.explain_negative(negative);
        }
        if let Some(party) = self.third_party(mac) {
            let summary = format!(
                "no match: the block {} is of {}, a maker of modules, and says nothing about the brand",
                party.prefix, party.organisation
            );
            return Explanation {
                notes: party.note.iter().map(|note| note.to_string()).collect(),
                sources: self.cite(&party.sources),
                ..plain(Verdict::NoMatch, &summary)
            };
        }
        let summary = if mac.is_multicast() {
            "no match: a group address, which no station has"
        } else if mac.is_locally_administered() {
            "no match: locally administered, as random addresses are; nobody registered it"
        } else {
            "no match: the block is not registered for a vendor of the catalogue"
        };
        let mut explanation = plain(Verdict::NoMatch, summary);
        explanation.notes.push(
            "devices of these vendors exist with blocks of module makers: no match does not clear one"
                .to_owned(),
        );
        explanation
    }

    fn explain_maker(&self, maker: &Maker, mac: MacAddr) -> Explanation {
        let vendor = self.vendor(&maker.vendor);
        let vendor_title = self.title(&maker.vendor);
        let mut notes: Vec<_> = maker.note.iter().map(|note| note.to_string()).collect();
        notes.extend(vendor.and_then(|vendor| vendor.note.as_deref()).map(str::to_owned));
        if mac.is_locally_administered() {
            notes.push(
                "locally administered: a random address may fall into the block by chance"
                    .to_owned(),
            );
        }
        Explanation {
            summary: format!("registered for {vendor_title}"),
            finding: Some(Finding::Maker(MakerFinding {
                vendor: maker.vendor.to_string(),
                vendor_title,
                oem_of: vendor.and_then(|vendor| vendor.maker.as_deref()).map(str::to_owned),
                organisation: maker.organisation.to_string(),
                prefix: maker.prefix.to_string(),
                bits: maker.bits,
                grade: maker.grade,
            })),
            notes,
            sources: self.cite(&maker.sources),
            ..plain(Verdict::Match, "")
        }
    }

    fn explain_name(&self, name: &str) -> Explanation {
        if let Some(found) = self.cloud(name) {
            return self.explain_cloud(found);
        }
        if let Some(negative) = self.negative_domain(name) {
            return self.explain_negative(negative);
        }
        if check::domain(name).is_err() {
            return plain(
                Verdict::Unreadable,
                "neither a domain name of two labels or more, nor a MAC address, an IP address, a port or a framing",
            );
        }
        let mut explanation = plain(Verdict::NoMatch, "no match: nothing is known of the name");
        let folded = name.to_ascii_lowercase();
        let lookalikes = self
            .clouds()
            .iter()
            .filter(|entry| entry.scope == Exactness::Suffix && folded.contains(&*entry.pattern));
        explanation.notes.extend(lookalikes.take(MAX_LOOKALIKES).map(|entry| {
            format!(
                "holds the text {} but does not lie below it: whole labels count",
                entry.pattern
            )
        }));
        explanation
    }

    fn explain_cloud(&self, found: CloudMatch<'_>) -> Explanation {
        let entry = found.entry;
        let vendor_title = self.title(&entry.vendor);
        let mut notes: Vec<_> = entry.note.iter().map(|note| note.to_string()).collect();
        if !entry.evidence {
            notes.push("ordinary hosts use it too: contact is no evidence of a device".to_owned());
        }
        match found.exactness {
            Exactness::Host => {}
            Exactness::Pattern => {
                notes.push("not listed itself: it is built like listed hosts".to_owned());
            }
            Exactness::Suffix => {
                notes.push(
                    "not listed itself: only what all below the suffix have in common is known"
                        .to_owned(),
                );
            }
        }
        Explanation {
            summary: format!("{} cloud, {}", vendor_title, entry.service),
            finding: Some(Finding::Cloud(CloudFinding {
                entry: entry.pattern.to_string(),
                exactness: found.exactness,
                vendor: entry.vendor.to_string(),
                vendor_title,
                service: entry.service.to_string(),
                role: entry.role,
                region: entry.region,
                speaker: entry.speaker,
                grade: entry.grade,
                evidence: entry.evidence,
                port: entry.port,
            })),
            notes,
            sources: self.cite(&entry.sources),
            ..plain(Verdict::Match, "")
        }
    }

    fn explain_negative(&self, negative: &Negative) -> Explanation {
        let summary = format!("not a match: it belongs to {}", negative.belongs_to);
        Explanation {
            notes: vec![negative.reason.to_string()],
            sources: self.cite(&negative.sources),
            ..plain(Verdict::Negative, &summary)
        }
    }

    fn negative_domain(&self, name: &str) -> Option<&Negative> {
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        self.negatives().iter().find(|negative| match &negative.subject {
            NegativeSubject::Domain(domain) => name
                .strip_suffix(&**domain)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
            NegativeSubject::Prefix(_) => false,
        })
    }

    fn negative_prefix(&self, mac: MacAddr) -> Option<&Negative> {
        let blocks = MacBlock::candidates(mac).map(|block| block.to_string());
        self.negatives().iter().find(|negative| match &negative.subject {
            NegativeSubject::Prefix(prefix) => blocks.iter().any(|block| **block == **prefix),
            NegativeSubject::Domain(_) => false,
        })
    }

    pub(super) fn title(&self, slug: &str) -> String {
        self.vendor(slug).map_or(slug, |vendor| &vendor.title).to_owned()
    }

    pub(super) fn cite(&self, ids: &[Arc<str>]) -> Vec<CitedSource> {
        let cited = self.sources(ids).map(|source| CitedSource {
            id: source.id.to_string(),
            title: source.title.to_string(),
            url: source.url.as_deref().map(str::to_owned),
        });
        cited.collect()
    }
}

/// An explanation without a finding.
pub(super) fn plain(verdict: Verdict, summary: &str) -> Explanation {
    Explanation {
        query: String::new(),
        verdict,
        summary: summary.to_owned(),
        finding: None,
        notes: Vec::new(),
        sources: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_name_is_explained_with_its_sources() {
        let explanation = catalogue().explain(" LiteDev.ezvizlife.com ");

        assert_eq!(explanation.verdict, Verdict::Match);
        let text = explanation.to_string();
        for part in [
            "ezviz-lbs",
            "registration",
            "global",
            "device",
            "entry",
            "(host)",
            "8666",
            "seanblanchfield.com",
        ] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
    }

    #[test]
    fn a_lookalike_is_explained_as_none() {
        let catalogue = catalogue();

        for (query, why) in [
            ("chiddns.com", "substring"),
            ("api.HICLOUD.com", "Huawei"),
            ("a4:5e:60:01:02:03", "Apple"),
        ] {
            let explanation = catalogue.explain(query);
            assert_eq!(explanation.verdict, Verdict::Negative, "{query}");
            assert!(explanation.to_string().contains(why), "{explanation}");
            assert!(!explanation.sources.is_empty(), "{query}");
        }
        let evil = catalogue.explain("evilezvizlife.com.example.net");
        assert_eq!(evil.verdict, Verdict::NoMatch);
        assert!(evil.to_string().contains("whole labels"), "{evil}");
    }

    #[test]
    fn an_address_is_never_in_the_catalogue_unless_it_is_a_built_in_resolver() {
        let catalogue = catalogue();

        let rented = catalogue.explain("203.0.113.7");
        assert_eq!(rented.verdict, Verdict::NoMatch);
        assert!(rented.summary.contains("rented"));
        assert_eq!(catalogue.explain("119.29.29.29").verdict, Verdict::Match);
        assert_eq!(catalogue.explain("2001:db8::1").verdict, Verdict::NoMatch);
    }

    #[test]
    fn a_mac_address_is_explained_by_its_block() {
        let catalogue = catalogue();

        let ezviz = catalogue.explain("ec:97:e0:00:00:01");
        assert_eq!(ezviz.summary, "registered for EZVIZ");
        assert!(ezviz.to_string().contains("brand of     hikvision"), "{ezviz}");
        assert_eq!(catalogue.explain("80:91:33:00:00:01").verdict, Verdict::NoMatch);
        assert!(catalogue.explain("80:91:33:00:00:01").to_string().contains("AzureWave"));
        assert!(catalogue.explain("02:00:00:00:00:01").summary.contains("locally administered"));
    }

    #[test]
    fn other_text_is_unreadable_and_harmless() {
        for query in ["", "camera", "\u{1b}[2J", "a b.c"] {
            let explanation = catalogue().explain(query);
            assert_eq!(explanation.verdict, Verdict::Unreadable, "{query}");
            assert!(!explanation.to_string().contains('\u{1b}'));
        }
    }

    #[test]
    fn the_json_form_has_the_labels_of_the_events() {
        let json = serde_json::to_value(catalogue().explain("apiieu.hik-connect.com")).unwrap();

        assert_eq!(json["verdict"], "match");
        assert_eq!(json["finding"]["kind"], "cloud");
        assert_eq!(json["finding"]["role"], "api");
        assert_eq!(json["finding"]["region"], "eu");
        assert_eq!(json["sources"][0]["id"], "issues");
    }

    fn catalogue() -> Catalogue {
        Catalogue::builtin().unwrap()
    }
}
