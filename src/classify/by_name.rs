//! The names of the far end -> what the catalogue says of it.
//!
//! Comes in: the names, by how they were learned. Goes out: a draft that says which name met which entry, or nothing.
//! It looks at no address: those are rented, and change hands.

use std::fmt;
use std::sync::Arc;

use super::draft::Draft;
use super::name_memory::{NameSource, ResolvedName};
use super::{Basis, Step, Witnesses};
use crate::catalogue::{Catalogue, CloudMatch, Exactness, Grade};
use crate::net::printable;

// Confidence is that of the basis, less what the entry and the circumstances leave open:
//
// |              | host A/B | host C | host D | pattern C | pattern D | suffix A/B | suffix C | suffix D |
// | sni          |       95 |     85 |     55 |        80 |        50 |         85 |       75 |       45 |
// | http-host    |       90 |     80 |     50 |        75 |        45 |         80 |       70 |       40 |
// | dns, httpdns |       80 |     70 |     40 |        65 |        35 |         70 |       60 |       30 |
//
// and for the last further 5 less by an alias, 20 less where the address has two names, 5 more on the known port.

/// The client itself said whom it means, though nothing proves it.
const SNI: u8 = 95;
/// The same, in a field that programs set more freely.
const HTTP_HOST: u8 = 90;
/// The host asked for the name and got this address, which other services may share.
const RESOLVED: u8 = 80;
/// Less where one source alone measured the entry.
const GRADE_C: u8 = 10;
/// Less where nobody did: such a fact never decides alone, so it stays below 60.
const GRADE_D: u8 = 40;
/// Less where the name is only built like a listed one, besides its lower grade.
const BY_PATTERN: u8 = 5;
/// Less where only the suffix is listed.
const BY_SUFFIX: u8 = 10;
/// Less where not the name asked for is known but an alias of it.
const BY_ALIAS: u8 = 5;
/// Less where the same host got the address for another name too.
const AMBIGUOUS: u8 = 20;
/// More where a resolved address is spoken to on the port that the entry names.
const PORT_AGREES: u8 = 5;

/// Longest name that is quoted in a step: guards its size.
const MAX_QUOTED: usize = 255;

/// What the names say. The first witness that the catalogue knows decides: the server name of the hello, HTTP Host, then
/// the resolved name and its aliases.
pub(super) fn by_name(catalogue: &Catalogue, witnesses: &Witnesses<'_>) -> Option<Draft> {
    let said = [
        (witnesses.sni, Basis::Sni, SNI),
        (witnesses.quic_sni, Basis::QuicSni, SNI),
        (witnesses.http_host, Basis::HttpHost, HTTP_HOST),
    ];
    for (name, basis, base) in said {
        let Some(name) = name else { continue };
        if let Some(found) = catalogue.cloud(name) {
            let named = Named { found, basis, base, asked: name, matched: name, resolved: None };
            return Some(named.draft(witnesses));
        }
    }
    let resolved = witnesses.resolved?;
    let asked: &str = resolved.asked;
    let names = std::iter::once(asked).chain(resolved.aliases.iter().map(|alias| &**alias));
    let (matched, found) =
        names.filter_map(|name| catalogue.cloud(name).map(|found| (name, found))).next()?;
    let basis = match resolved.source {
        NameSource::Dns | NameSource::Mdns => Basis::Dns,
        NameSource::HttpDns => Basis::HttpDns,
    };
    let named = Named { found, basis, base: RESOLVED, asked, matched, resolved: Some(resolved) };
    Some(named.draft(witnesses))
}

/// A name that the catalogue knows, and how it was learned.
struct Named<'a> {
    found: CloudMatch<'a>,
    basis: Basis,
    /// Confidence of the basis.
    base: u8,
    /// The name as the host asked for it.
    asked: &'a str,
    /// The name that is in the catalogue.
    matched: &'a str,
    /// Where the host got the address from.
    resolved: Option<ResolvedName<'a>>,
}

impl Named<'_> {
    fn draft(&self, witnesses: &Witnesses<'_>) -> Draft {
        let entry = self.found.entry;
        let port_agrees = self.resolved.is_some()
            && entry.port == Some(witnesses.far_end.port)
            && entry.transport == Some(witnesses.protocol);
        let domain = self.asked.strip_suffix('.').unwrap_or(self.asked).to_ascii_lowercase();
        let aliases = self.resolved.map_or(&[][..], |resolved| resolved.aliases);
        Draft {
            vendor: entry.vendor.clone(),
            service: entry.service.clone(),
            role: entry.role,
            region: entry.region,
            speaker: entry.speaker,
            domain: Some(domain.into()),
            aliases: aliases.into(),
            confidence: self.confidence(port_agrees),
            steps: vec![Step { basis: self.basis, text: self.text(port_agrees) }],
        }
    }

    fn confidence(&self, port_agrees: bool) -> u8 {
        let entry = self.found.entry;
        let mut confidence = self.base;
        confidence -= match entry.grade {
            Grade::A | Grade::B => 0,
            Grade::C => GRADE_C,
            Grade::D => GRADE_D,
        };
        confidence -= match self.found.exactness {
            Exactness::Host => 0,
            Exactness::Pattern => BY_PATTERN,
            Exactness::Suffix => BY_SUFFIX,
        };
        if self.is_alias() {
            confidence -= BY_ALIAS;
        }
        if self.is_shared() {
            confidence -= AMBIGUOUS;
        }
        if port_agrees {
            confidence += PORT_AGREES;
        }
        confidence
    }

    fn is_alias(&self) -> bool {
        self.asked != self.matched
    }

    /// Tells whether the address has another name for the same host.
    fn is_shared(&self) -> bool {
        self.resolved.is_some_and(|resolved| resolved.ambiguous)
    }

    fn text(&self, port_agrees: bool) -> Arc<str> {
        let entry = self.found.entry;
        let subject = match self.basis {
            Basis::Sni => "TLS server name",
            Basis::QuicSni => "QUIC server name",
            Basis::HttpHost => "HTTP host",
            Basis::HttpDns => "HTTPDNS answer for",
            // No name is learned by the others.
            Basis::Dns | Basis::Prefix | Basis::Payload | Basis::Correlation | Basis::Port => {
                "DNS answer for"
            }
        };
        let relation = match self.found.exactness {
            Exactness::Host => "is host entry",
            Exactness::Pattern => "fits pattern",
            Exactness::Suffix => "lies at or below suffix entry",
        };
        let alias = if self.is_alias() {
            format!(", an alias of which, {},", printable(self.matched, MAX_QUOTED))
        } else {
            String::new()
        };
        let mut text = format!(
            "{subject} {}{alias} {relation} {} (grade {}: {})",
            printable(self.asked, MAX_QUOTED),
            entry.pattern,
            entry.grade,
            Joined(&entry.sources),
        );
        if port_agrees {
            text.push_str(", on the port that the entry names");
        }
        if self.is_shared() {
            text.push_str(", though the same host got the address for another name too");
        }
        text.into()
    }
}

/// Words with commas between them.
pub(super) struct Joined<'a>(pub(super) &'a [Arc<str>]);

impl fmt::Display for Joined<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, word) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            f.write_str(word)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{CloudRole, Region};
    use crate::classify::{Destination, classify};
    use crate::flow::Endpoint;
    use crate::geo::Geo;
    use crate::net::IpProtocol;

    #[test]
    fn the_server_name_is_heard_before_the_host_field_and_that_before_dns() {
        let catalogue = Catalogue::builtin().unwrap();
        let asked: Arc<str> = "litedev.ezvizlife.com".into();
        let resolved =
            ResolvedName { asked: &asked, aliases: &[], ambiguous: false, source: NameSource::Dns };
        let mut witnesses = witnesses(Some("alarmeu.ezvizlife.com"), Some("www.hiddns.com"));
        witnesses.resolved = Some(resolved);

        let by_sni = verdict(&catalogue, &witnesses).unwrap();
        assert_eq!((by_sni.basis, by_sni.role), (Basis::Sni, CloudRole::Push));
        witnesses.sni = Some("example.com");
        let by_host = verdict(&catalogue, &witnesses).unwrap();
        assert_eq!((by_host.basis, by_host.role), (Basis::HttpHost, CloudRole::Ddns));
        witnesses.http_host = None;
        let by_dns = verdict(&catalogue, &witnesses).unwrap();
        assert_eq!((by_dns.basis, by_dns.role), (Basis::Dns, CloudRole::Registration));
        witnesses.resolved = None;
        assert_eq!(verdict(&catalogue, &witnesses), None);
    }

    #[test]
    fn the_reason_names_the_observation_the_entry_its_grade_and_its_sources() {
        let catalogue = Catalogue::builtin().unwrap();

        let found = verdict(&catalogue, &witnesses(Some("LiteDev.ezvizlife.com."), None)).unwrap();

        assert_eq!(
            found.reason(),
            "TLS server name LiteDev.ezvizlife.com. is host entry litedev.ezvizlife.com (grade B: db1, idx)"
        );
        assert_eq!(found.domain.as_deref(), Some("litedev.ezvizlife.com"));
        assert_eq!(found.confidence, 95);
    }

    #[test]
    fn an_alias_decides_when_the_name_asked_for_is_unknown() {
        let catalogue = Catalogue::builtin().unwrap();
        let asked: Arc<str> = "camera.example.com".into();
        let aliases = ["edge.example.net".into(), "dev.ezviz7.com".into()];
        let mut witnesses = witnesses(None, None);
        witnesses.resolved = Some(ResolvedName {
            asked: &asked,
            aliases: &aliases,
            ambiguous: false,
            source: NameSource::Dns,
        });
        witnesses.far_end.port = 8555;

        let found = verdict(&catalogue, &witnesses).unwrap();

        assert_eq!(&*found.service, "ezviz-access-gateway");
        assert_eq!(found.domain.as_deref(), Some("camera.example.com"));
        assert_eq!(found.confidence, RESOLVED - BY_ALIAS + PORT_AGREES);
        assert!(found.reason().contains("alias of which, dev.ezviz7.com,"), "{}", found.reason());
    }

    #[test]
    fn the_less_exact_the_lower_the_confidence() {
        let catalogue = Catalogue::builtin().unwrap();
        let confidence =
            |name| verdict(&catalogue, &witnesses(Some(name), None)).unwrap().confidence;

        assert_eq!(confidence("litedev.ezvizlife.com"), 95);
        assert_eq!(confidence("xyz.ezvizlife.com"), 85);
        assert_eq!(confidence("litedev.sgp.ezvizlife.com"), 80);
        assert_eq!(confidence("xyz.ezvizteam.com"), 45);
    }

    #[test]
    fn confidence_never_leaves_its_range() {
        let lowest = RESOLVED - GRADE_D - BY_SUFFIX - BY_ALIAS - AMBIGUOUS;
        let highest = SNI.max(HTTP_HOST).max(RESOLVED + PORT_AGREES);
        assert!(lowest > 0 && highest <= 100);
        assert!(highest - GRADE_D < 60, "an unmeasured fact never decides alone");
    }

    #[test]
    fn an_answer_over_http_counts_as_one_of_a_resolver_and_is_called_what_it_is() {
        let catalogue = Catalogue::builtin().unwrap();
        let asked: Arc<str> = "litedev.eu.ezvizlife.com".into();
        let source = NameSource::HttpDns;
        let mut witnesses = witnesses(None, None);
        witnesses.resolved =
            Some(ResolvedName { asked: &asked, aliases: &[], ambiguous: false, source });

        let found = verdict(&catalogue, &witnesses).unwrap();
        assert_eq!((found.basis, found.confidence), (Basis::HttpDns, RESOLVED));
        assert!(found.reason().starts_with("HTTPDNS answer for litedev.eu"));
    }

    #[test]
    fn two_names_for_one_address_lower_the_confidence() {
        let catalogue = Catalogue::builtin().unwrap();
        let asked: Arc<str> = "litedev.ezvizlife.com".into();
        let mut witnesses = witnesses(None, None);
        witnesses.resolved = Some(ResolvedName {
            asked: &asked,
            aliases: &[],
            ambiguous: true,
            source: NameSource::Dns,
        });

        assert_eq!(verdict(&catalogue, &witnesses).unwrap().confidence, RESOLVED - AMBIGUOUS);
    }

    #[test]
    fn escape_sequences_in_a_name_do_not_reach_the_reason() {
        let catalogue = Catalogue::builtin().unwrap();

        let found =
            verdict(&catalogue, &witnesses(Some("\u{1b}[2Jx.ezvizlife.com"), None)).unwrap();

        assert!(!found.reason().contains('\u{1b}'));
        assert_eq!(found.region, Region::Global);
    }

    fn verdict(catalogue: &Catalogue, witnesses: &Witnesses<'_>) -> Option<Destination> {
        classify(catalogue, &Geo::default(), witnesses)
    }

    fn witnesses<'a>(sni: Option<&'a str>, http_host: Option<&'a str>) -> Witnesses<'a> {
        let far_end = Endpoint { ip: "203.0.113.5".parse().unwrap(), port: 443 };
        Witnesses { sni, http_host, ..Witnesses::of(IpProtocol::TCP, far_end) }
    }
}
