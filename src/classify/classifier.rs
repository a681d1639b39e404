//! The names that a flow showed -> the cloud it goes to.
//!
//! Comes in: the names of the responder, by how they were learned. Goes out: a [`Destination`] that says which
//! name met which entry, or nothing. It looks at no address: those are rented, and change hands.

use std::fmt;
use std::sync::Arc;

use super::name_memory::ResolvedName;
use super::{Basis, Destination};
use crate::catalogue::{Catalogue, CloudMatch, Exactness, Grade};
use crate::net::{IpProtocol, printable};

/// What names the responder of a flow. All of these are untrusted.
#[derive(Debug, Clone, Copy)]
pub struct Witnesses<'a> {
    /// The server name in a TLS ClientHello.
    pub sni: Option<&'a str>,
    /// The Host field of an HTTP request, without a port.
    pub http_host: Option<&'a str>,
    /// The name that the initiator got the responder's address for.
    pub resolved: Option<ResolvedName<'a>>,
    /// Transport protocol.
    pub protocol: IpProtocol,
    /// The responder's port.
    pub responder_port: u16,
}

// Confidence is that of the basis, less what the entry and the circumstances leave open:
//
// |              | host A/B | host C | host D | pattern C | pattern D | suffix A/B | suffix C | suffix D |
// | sni          |       95 |     85 |     55 |        80 |        50 |         85 |       75 |       45 |
// | http-host    |       90 |     80 |     50 |        75 |        45 |         80 |       70 |       40 |
// | dns          |       80 |     70 |     40 |        65 |        35 |         70 |       60 |       30 |
//
// and for `dns` further 5 less by an alias, 20 less where the address has two names, 5 more on the known port.

/// The client itself said whom it means, though nothing proves it.
const SNI: u8 = 95;
/// The same, in a field that programs set more freely.
const HTTP_HOST: u8 = 90;
/// The host asked for the name and got this address, which other services may share.
const DNS: u8 = 80;
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

/// Longest name that is quoted in a reason: guards its size.
const MAX_QUOTED: usize = 255;

/// The cloud that the responder belongs to. The first witness that the catalogue knows decides:
/// SNI, HTTP Host, then the resolved name and its aliases.
#[must_use]
pub fn classify(catalogue: &Catalogue, witnesses: &Witnesses<'_>) -> Option<Destination> {
    let said =
        [(witnesses.sni, Basis::Sni, SNI), (witnesses.http_host, Basis::HttpHost, HTTP_HOST)];
    for (name, basis, base) in said {
        let Some(name) = name else { continue };
        if let Some(found) = catalogue.cloud(name) {
            let verdict = Verdict { found, basis, base, asked: name, matched: name, shared: false };
            return Some(verdict.destination(witnesses));
        }
    }
    let resolved = witnesses.resolved?;
    let asked: &str = resolved.asked;
    let names = std::iter::once(asked).chain(resolved.aliases.iter().map(|alias| &**alias));
    let (matched, found) =
        names.filter_map(|name| catalogue.cloud(name).map(|found| (name, found))).next()?;
    let shared = resolved.ambiguous;
    Some(
        Verdict { found, basis: Basis::Dns, base: DNS, asked, matched, shared }
            .destination(witnesses),
    )
}

/// A name that the catalogue knows, and how it was learned.
struct Verdict<'a> {
    found: CloudMatch<'a>,
    basis: Basis,
    /// Confidence of the basis.
    base: u8,
    /// The name as the host asked for it.
    asked: &'a str,
    /// The name that is in the catalogue.
    matched: &'a str,
    /// Whether the address has another name for the same host.
    shared: bool,
}

impl Verdict<'_> {
    fn destination(&self, witnesses: &Witnesses<'_>) -> Destination {
        let entry = self.found.entry;
        let port_agrees = entry.port == Some(witnesses.responder_port)
            && entry.transport == Some(witnesses.protocol);
        let domain = self.asked.strip_suffix('.').unwrap_or(self.asked).to_ascii_lowercase();
        Destination {
            vendor: entry.vendor.clone(),
            service: entry.service.clone(),
            role: entry.role,
            region: entry.region,
            speaker: entry.speaker,
            domain: Some(domain.into()),
            confidence: self.confidence(port_agrees),
            basis: self.basis,
            reason: self.reason(port_agrees),
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
        if self.shared {
            confidence -= AMBIGUOUS;
        }
        if self.basis == Basis::Dns && port_agrees {
            confidence += PORT_AGREES;
        }
        confidence
    }

    fn is_alias(&self) -> bool {
        self.asked != self.matched
    }

    fn reason(&self, port_agrees: bool) -> Arc<str> {
        let entry = self.found.entry;
        let subject = match self.basis {
            Basis::Sni => "TLS server name",
            Basis::HttpHost => "HTTP host",
            Basis::Dns => "DNS answer for",
            // No name is learned by the others.
            Basis::QuicSni
            | Basis::HttpDns
            | Basis::Prefix
            | Basis::Payload
            | Basis::Correlation
            | Basis::Port => "name",
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
        let mut reason = format!(
            "{subject} {}{alias} {relation} {} (grade {}: {})",
            printable(self.asked, MAX_QUOTED),
            entry.pattern,
            entry.grade,
            Joined(&entry.sources),
        );
        if self.basis == Basis::Dns && port_agrees {
            reason.push_str("; the port is the known one");
        }
        if self.shared {
            reason.push_str("; the same host got the address for another name too");
        }
        reason.into()
    }
}

/// Words with commas between them.
struct Joined<'a>(&'a [Arc<str>]);

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
    use super::super::NameSource;
    use super::*;
    use crate::catalogue::{CloudRole, Region};

    #[test]
    fn the_server_name_is_heard_before_the_host_field_and_that_before_dns() {
        let catalogue = Catalogue::builtin().unwrap();
        let asked: Arc<str> = "litedev.ezvizlife.com".into();
        let resolved =
            ResolvedName { asked: &asked, aliases: &[], ambiguous: false, source: NameSource::Dns };
        let mut witnesses = witnesses(Some("alarmeu.ezvizlife.com"), Some("www.hiddns.com"));
        witnesses.resolved = Some(resolved);

        let by_sni = classify(&catalogue, &witnesses).unwrap();
        assert_eq!((by_sni.basis, by_sni.role), (Basis::Sni, CloudRole::Push));
        witnesses.sni = Some("example.com");
        let by_host = classify(&catalogue, &witnesses).unwrap();
        assert_eq!((by_host.basis, by_host.role), (Basis::HttpHost, CloudRole::Ddns));
        witnesses.http_host = None;
        let by_dns = classify(&catalogue, &witnesses).unwrap();
        assert_eq!((by_dns.basis, by_dns.role), (Basis::Dns, CloudRole::Registration));
        witnesses.resolved = None;
        assert_eq!(classify(&catalogue, &witnesses), None);
    }

    #[test]
    fn the_reason_names_the_observation_the_entry_its_grade_and_its_sources() {
        let catalogue = Catalogue::builtin().unwrap();

        let found = classify(&catalogue, &witnesses(Some("LiteDev.ezvizlife.com."), None)).unwrap();

        assert_eq!(
            &*found.reason,
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
        witnesses.responder_port = 8555;

        let found = classify(&catalogue, &witnesses).unwrap();

        assert_eq!(&*found.service, "ezviz-access-gateway");
        assert_eq!(found.domain.as_deref(), Some("camera.example.com"));
        assert_eq!(found.confidence, DNS - BY_ALIAS + PORT_AGREES);
        assert!(found.reason.contains("alias of which, dev.ezviz7.com,"), "{}", found.reason);
    }

    #[test]
    fn the_less_exact_the_lower_the_confidence() {
        let catalogue = Catalogue::builtin().unwrap();
        let confidence =
            |name| classify(&catalogue, &witnesses(Some(name), None)).unwrap().confidence;

        assert_eq!(confidence("litedev.ezvizlife.com"), 95);
        assert_eq!(confidence("xyz.ezvizlife.com"), 85);
        assert_eq!(confidence("litedev.sgp.ezvizlife.com"), 80);
        assert_eq!(confidence("xyz.ezvizteam.com"), 45);
    }

    #[test]
    fn confidence_never_leaves_its_range() {
        let lowest = DNS - GRADE_D - BY_SUFFIX - BY_ALIAS - AMBIGUOUS;
        let highest = SNI.max(HTTP_HOST).max(DNS + PORT_AGREES);
        assert!(lowest > 0 && highest <= 100);
        assert!(highest - GRADE_D < 60, "an unmeasured fact never decides alone");
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

        assert_eq!(classify(&catalogue, &witnesses).unwrap().confidence, DNS - AMBIGUOUS);
    }

    #[test]
    fn escape_sequences_in_a_name_do_not_reach_the_reason() {
        let catalogue = Catalogue::builtin().unwrap();

        let found =
            classify(&catalogue, &witnesses(Some("\u{1b}[2Jx.ezvizlife.com"), None)).unwrap();

        assert!(!found.reason.contains('\u{1b}'));
        assert_eq!(found.region, Region::Global);
    }

    fn witnesses<'a>(sni: Option<&'a str>, http_host: Option<&'a str>) -> Witnesses<'a> {
        Witnesses { sni, http_host, resolved: None, protocol: IpProtocol::TCP, responder_port: 443 }
    }
}
