//! What the catalogue answers with: immutable, shared, each fact with its grade and sources.

use std::net::IpAddr;
use std::sync::Arc;

use serde::Serialize;

use super::{CloudRole, Framing, Grade, Region, Speaker};
use crate::net::IpProtocol;

/// The identifiers of the sources of a fact; [`Catalogue::sources`](super::Catalogue::sources) resolves them.
pub(super) type SourceIds = Arc<[Arc<str>]>;

/// A cloud service, and the names that it is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudEntry {
    /// The name as the catalogue has it; of a pattern: its label, a dot, the suffix.
    pub pattern: Arc<str>,
    /// Which names `pattern` stands for.
    pub scope: Exactness,
    /// Whose cloud it is: `hikvision`, `ezviz` ...
    pub vendor: Arc<str>,
    /// The service: `ezviz-lbs`, `hik-connect` ...
    pub service: Arc<str>,
    /// What it is for.
    pub role: CloudRole,
    /// Where it says it stands.
    pub region: Region,
    /// Who normally speaks to it.
    pub speaker: Speaker,
    /// How well all this is established.
    pub grade: Grade,
    /// False when ordinary hosts use the service too: contact says nothing about who they are.
    pub evidence: bool,
    /// The port that it was seen on.
    pub port: Option<u16>,
    /// The transport of that port.
    pub transport: Option<IpProtocol>,
    /// A remark for a person.
    pub note: Option<Arc<str>>,
    /// Where the facts come from.
    pub sources: SourceIds,
}

/// How a name met an entry of the catalogue, most exact first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exactness {
    /// The name itself is listed.
    Host,
    /// The name lies below a listed suffix and is built like listed hosts.
    Pattern,
    /// The name is, or lies below, a listed suffix.
    Suffix,
}

impl Exactness {
    /// The lower-case word.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Pattern => "pattern",
            Self::Suffix => "suffix",
        }
    }
}

/// The answer for a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CloudMatch<'a> {
    /// What the catalogue says.
    pub entry: &'a CloudEntry,
    /// How exactly it speaks of this name.
    pub exactness: Exactness,
}

/// A way of speaking that tells the service where no name does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FramingEntry {
    /// The way of speaking.
    pub framing: Framing,
    /// Whose cloud speaks so.
    pub vendor: Arc<str>,
    /// The service.
    pub service: Arc<str>,
    /// What it is for.
    pub role: CloudRole,
    /// Who normally speaks to it.
    pub speaker: Speaker,
    /// How well all this is established.
    pub grade: Grade,
    /// False when others speak so too: it says nothing about who the host is.
    pub evidence: bool,
    /// A remark for a person.
    pub note: Option<Arc<str>>,
    /// Where the facts come from.
    pub sources: SourceIds,
}

/// A port that a service was seen on. It proves nothing alone: any program may use any port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortEntry {
    /// TCP or UDP.
    pub transport: IpProtocol,
    /// The port of the responder.
    pub port: u16,
    /// Whose cloud was seen there.
    pub vendor: Arc<str>,
    /// The service.
    pub service: Arc<str>,
    /// What it is for.
    pub role: CloudRole,
    /// Who normally speaks to it.
    pub speaker: Speaker,
    /// How well all this is established.
    pub grade: Grade,
    /// False when other services are common on that port.
    pub evidence: bool,
    /// A remark for a person.
    pub note: Option<Arc<str>>,
    /// Where the facts come from.
    pub sources: SourceIds,
}

/// A block of MAC addresses, and who it is registered for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maker {
    /// The brand: `hikvision`, `ezviz` ...
    pub vendor: Arc<str>,
    /// The organisation, as the registry writes it.
    pub organisation: Arc<str>,
    /// The block, such as `44:A6:42` or `B0:B3:53:6`.
    pub prefix: Arc<str>,
    /// Its length: 24, 28 or 36.
    pub bits: u8,
    /// How well it is established.
    pub grade: Grade,
    /// A remark for a person.
    pub note: Option<Arc<str>>,
    /// Where the facts come from.
    pub sources: SourceIds,
}

/// A block of a module maker whose parts were found in devices of the vendors; no match by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThirdParty {
    /// The organisation.
    pub organisation: Arc<str>,
    /// The block.
    pub prefix: Arc<str>,
    /// How well it is established that such modules are used.
    pub grade: Grade,
    /// Where one was found.
    pub note: Option<Arc<str>>,
    /// Where the facts come from.
    pub sources: SourceIds,
}

/// Something that looks like a vendor's and belongs to others; it never matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negative {
    /// What looks alike.
    pub subject: NegativeSubject,
    /// Whose it is.
    pub belongs_to: Arc<str>,
    /// Why it is taken for a vendor's.
    pub reason: Arc<str>,
    /// Where the facts come from.
    pub sources: SourceIds,
}

/// What a [`Negative`] speaks of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NegativeSubject {
    /// A name and all below it.
    Domain(Arc<str>),
    /// A block of MAC addresses.
    Prefix(Arc<str>),
}

/// A resolver that firmware has built in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolver {
    /// Its address.
    pub address: IpAddr,
    /// Its port.
    pub port: u16,
    /// Its transport.
    pub transport: IpProtocol,
    /// Who runs it.
    pub operator: Arc<str>,
    /// How devices use it.
    pub what: Arc<str>,
    /// How well it is established.
    pub grade: Grade,
    /// Where the facts come from.
    pub sources: SourceIds,
}

/// A vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vendor {
    /// The name in events and metrics.
    pub slug: Arc<str>,
    /// The name for a person.
    pub title: Arc<str>,
    /// The slug of the company behind the brand, when it is another one.
    pub maker: Option<Arc<str>>,
    /// How well that is established.
    pub grade: Grade,
    /// A remark for a person.
    pub note: Option<Arc<str>>,
    /// Where the facts come from.
    pub sources: SourceIds,
}

/// Where a fact comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The name that entries use.
    pub id: Arc<str>,
    /// What it is.
    pub title: Arc<str>,
    /// Where to read it, if it is public.
    pub url: Option<Arc<str>>,
}
