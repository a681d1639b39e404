//! A framing or a port in a query of a person -> what the catalogue knows of it.

use super::lookup::plain;
use super::{
    Catalogue, Explanation, Finding, Framing, FramingEntry, PortEntry, Verdict, WireFinding,
};
use crate::net::IpProtocol;

/// What a query of this kind asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WireQuery {
    /// A way of speaking, by its label.
    Framing(Framing),
    /// A port with its transport, such as `8666/tcp`.
    Port(IpProtocol, u16),
}

impl WireQuery {
    /// Reads `lbs` or `8666/tcp`; nothing else is one.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let Some((port, transport)) = text.split_once('/') else {
            return Framing::from_label(text).map(Self::Framing);
        };
        let transport = [(IpProtocol::TCP, "tcp"), (IpProtocol::UDP, "udp")]
            .into_iter()
            .find(|(_, name)| name.eq_ignore_ascii_case(transport));
        Some(Self::Port(transport?.0, port.parse().ok()?))
    }
}

impl Catalogue {
    pub(super) fn explain_wire(&self, query: WireQuery) -> Explanation {
        match query {
            WireQuery::Framing(framing) => match self.framing(framing) {
                Some(entry) => self.explain_framing(entry),
                None => plain(Verdict::NoMatch, "no match: the catalogue has no such entry"),
            },
            WireQuery::Port(transport, port) => match self.port(transport, port) {
                Some(entry) => self.explain_port(entry),
                None => plain(
                    Verdict::NoMatch,
                    "no match: no service of a vendor cloud is known on this port",
                ),
            },
        }
    }

    fn explain_framing(&self, entry: &FramingEntry) -> Explanation {
        let vendor_title = self.title(&entry.vendor);
        let mut notes: Vec<_> = entry.note.iter().map(|note| note.to_string()).collect();
        if !entry.evidence {
            notes.push("others speak so too: it is no evidence of a device".to_owned());
        }
        Explanation {
            summary: format!("spoken with {vendor_title}, {}", entry.service),
            finding: Some(Finding::Framing(WireFinding {
                entry: entry.framing.as_label().to_owned(),
                vendor: entry.vendor.to_string(),
                vendor_title,
                service: entry.service.to_string(),
                role: entry.role,
                speaker: entry.speaker,
                grade: entry.grade,
                evidence: entry.evidence,
            })),
            notes,
            sources: self.cite(&entry.sources),
            ..plain(Verdict::Match, "")
        }
    }

    fn explain_port(&self, entry: &PortEntry) -> Explanation {
        let vendor_title = self.title(&entry.vendor);
        let mut notes: Vec<_> = entry.note.iter().map(|note| note.to_string()).collect();
        notes.push(
            if entry.evidence {
                "a port alone proves nothing: it only supports what else was seen of a camera's flow"
            } else {
                "other services are common on this port: it is no evidence of a cloud"
            }
            .to_owned(),
        );
        Explanation {
            summary: format!("seen on servers of {vendor_title}, {}", entry.service),
            finding: Some(Finding::Port(WireFinding {
                entry: entry.label(),
                vendor: entry.vendor.to_string(),
                vendor_title,
                service: entry.service.to_string(),
                role: entry.role,
                speaker: entry.speaker,
                grade: entry.grade,
                evidence: entry.evidence,
            })),
            notes,
            sources: self.cite(&entry.sources),
            ..plain(Verdict::Match, "")
        }
    }
}

impl PortEntry {
    /// The port and its transport, as a query writes it: `8666/tcp`.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{}/{}", self.port, self.transport).to_ascii_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_explained_with_its_sources_and_the_warning_that_it_proves_nothing() {
        let catalogue = Catalogue::builtin().unwrap();

        for (query, service) in [("8666/tcp", "ezviz-lbs"), ("6000/UDP", "ezviz-p2p")] {
            let explanation = catalogue.explain(query);
            assert_eq!(explanation.verdict, Verdict::Match, "{query}");
            let text = explanation.to_string();
            for part in [service, "proves nothing", "source"] {
                assert!(text.contains(part), "{part} in\n{text}");
            }
        }
        assert!(catalogue.explain("123/udp").to_string().contains("no evidence"));
        assert_eq!(catalogue.explain("8666/udp").verdict, Verdict::NoMatch);
    }

    #[test]
    fn a_framing_is_explained_by_its_label() {
        let json = serde_json::to_value(Catalogue::builtin().unwrap().explain("das-mqtt")).unwrap();

        assert_eq!(json["verdict"], "match");
        assert_eq!(json["finding"]["kind"], "framing");
        assert_eq!(json["finding"]["service"], "ezviz-das");
        assert_eq!(json["finding"]["role"], "control");
    }

    #[test]
    fn what_is_no_port_is_unreadable() {
        let catalogue = Catalogue::builtin().unwrap();

        for query in ["70000/tcp", "8666/sctp", "/tcp", "8666/", "-1/udp", "8666/tcp/x"] {
            assert_eq!(catalogue.explain(query).verdict, Verdict::Unreadable, "{query}");
        }
    }
}
