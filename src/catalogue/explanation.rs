//! What the catalogue says of one name or address, for a person and as JSON.

use std::fmt;

use serde::Serialize;

use super::{CloudRole, Exactness, Grade, Region, Speaker};

/// The answer to one query: the verdict, what it rests on, and where that comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The query, made harmless for a terminal.
    pub query: String,
    /// Whether it is in the catalogue.
    pub verdict: Verdict,
    /// The verdict in one sentence.
    pub summary: String,
    /// What was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finding: Option<Finding>,
    /// Remarks.
    pub notes: Vec<String>,
    /// Where the facts come from.
    pub sources: Vec<CitedSource>,
}

/// Whether something is in the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is.
    Match,
    /// It is listed as something that looks alike and belongs to others.
    Negative,
    /// Nothing is known of it.
    NoMatch,
    /// It is neither a name, an address, a port nor a framing.
    Unreadable,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Finding {
    /// A cloud service.
    Cloud(CloudFinding),
    /// The maker of a device.
    Maker(MakerFinding),
    /// A way of speaking that tells a service.
    Framing(WireFinding),
    /// A port that a service was seen on.
    Port(WireFinding),
    /// A resolver that firmware has built in.
    Resolver {
        /// Who runs it.
        operator: String,
        /// Its port.
        port: u16,
        /// How devices use it.
        what: String,
        /// How well it is established.
        grade: Grade,
    },
}

/// A cloud service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CloudFinding {
    /// The entry that decided.
    pub entry: String,
    /// How exactly it speaks of the name.
    pub exactness: Exactness,
    /// Whose cloud it is.
    pub vendor: String,
    /// The vendor's name for a person.
    pub vendor_title: String,
    /// The service.
    pub service: String,
    /// What it is for.
    pub role: CloudRole,
    /// Where it says it stands.
    pub region: Region,
    /// Who normally speaks to it.
    pub speaker: Speaker,
    /// How well it is established.
    pub grade: Grade,
    /// Whether contact says something about who speaks.
    pub evidence: bool,
    /// The port that it was seen on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

/// A service that a framing or a port tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WireFinding {
    /// The entry: `lbs`, `8666/tcp`.
    pub entry: String,
    /// Whose cloud it is.
    pub vendor: String,
    /// The vendor's name for a person.
    pub vendor_title: String,
    /// The service.
    pub service: String,
    /// What it is for.
    pub role: CloudRole,
    /// Who normally speaks to it.
    pub speaker: Speaker,
    /// How well it is established.
    pub grade: Grade,
    /// Whether it says something about who speaks.
    pub evidence: bool,
}

/// The maker of a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MakerFinding {
    /// The brand.
    pub vendor: String,
    /// The brand's name for a person.
    pub vendor_title: String,
    /// The company behind the brand, when it is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oem_of: Option<String>,
    /// The organisation in the registry.
    pub organisation: String,
    /// The block.
    pub prefix: String,
    /// Its length.
    pub bits: u8,
    /// How well it is established.
    pub grade: Grade,
}

/// A source of facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CitedSource {
    /// The id that entries use.
    pub id: String,
    /// What it is.
    pub title: String,
    /// Where to read it, if it is public.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl Explanation {
    /// The explanation as lines of text: the verdict first, all else indented below it.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("{}: {}", self.query, self.summary)];
        if let Some(finding) = &self.finding {
            lines.extend(
                finding.rows().into_iter().map(|(key, value)| format!("  {key:<12} {value}")),
            );
        }
        lines.extend(self.notes.iter().map(|note| format!("  {:<12} {note}", "note")));
        lines.extend(self.sources.iter().map(|source| format!("  {:<12} {source}", "source")));
        lines
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join("\n"))
    }
}

impl fmt::Display for CitedSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.id, self.title)?;
        match &self.url {
            Some(url) => write!(f, " <{url}>"),
            None => Ok(()),
        }
    }
}

impl Finding {
    fn rows(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Cloud(cloud) => cloud.rows(),
            Self::Maker(maker) => maker.rows(),
            Self::Framing(wire) => wire.rows("framing"),
            Self::Port(wire) => wire.rows("port"),
            Self::Resolver { operator, port, what, grade } => vec![
                ("operator", operator.clone()),
                ("port", port.to_string()),
                ("use", what.clone()),
                ("grade", grade.to_string()),
            ],
        }
    }
}

impl CloudFinding {
    fn rows(&self) -> Vec<(&'static str, String)> {
        let mut rows = vec![
            ("entry", format!("{} ({})", self.entry, self.exactness.as_label())),
            ("vendor", format!("{} ({})", self.vendor, self.vendor_title)),
            ("service", self.service.clone()),
            ("role", self.role.as_label().to_owned()),
            ("region", self.region.as_label().to_owned()),
            ("speaker", self.speaker.as_label().to_owned()),
            ("grade", self.grade.to_string()),
        ];
        if let Some(port) = self.port {
            rows.push(("port", port.to_string()));
        }
        rows
    }
}

impl WireFinding {
    fn rows(&self, kind: &'static str) -> Vec<(&'static str, String)> {
        vec![
            (kind, self.entry.clone()),
            ("vendor", format!("{} ({})", self.vendor, self.vendor_title)),
            ("service", self.service.clone()),
            ("role", self.role.as_label().to_owned()),
            ("speaker", self.speaker.as_label().to_owned()),
            ("grade", self.grade.to_string()),
        ]
    }
}

impl MakerFinding {
    fn rows(&self) -> Vec<(&'static str, String)> {
        let mut rows = vec![
            ("block", format!("{}/{}", self.prefix, self.bits)),
            ("vendor", format!("{} ({})", self.vendor, self.vendor_title)),
        ];
        if let Some(maker) = &self.oem_of {
            rows.push(("brand of", maker.clone()));
        }
        rows.push(("registered", self.organisation.clone()));
        rows.push(("grade", self.grade.to_string()));
        rows
    }
}
