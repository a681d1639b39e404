//! The catalogue, compiled: look-ups only, nothing in it changes.

use std::net::IpAddr;
use std::sync::Arc;

use super::domain_table::DomainTable;
use super::maker_table::MakerTable;
use super::region_code::RegionCodes;
use super::{
    CloudEntry, CloudMatch, Framing, FramingEntry, Maker, Negative, PortEntry, Resolver, Source,
    ThirdParty, Vendor,
};
use crate::net::{IpProtocol, MacAddr};

/// What is known of the vendors. Immutable; share it in an [`Arc`].
#[derive(Debug)]
pub struct Catalogue {
    /// Declared entries, then what patterns and region codes make of them.
    pub(super) clouds: Vec<CloudEntry>,
    /// How many of `clouds` are declared.
    pub(super) declared_clouds: usize,
    pub(super) domains: DomainTable,
    pub(super) region_codes: RegionCodes,
    pub(super) pattern_count: usize,
    pub(super) makers: Vec<Maker>,
    pub(super) maker_blocks: MakerTable,
    pub(super) third_parties: Vec<ThirdParty>,
    pub(super) third_party_blocks: MakerTable,
    /// Sorted by subject.
    pub(super) negatives: Vec<Negative>,
    /// Sorted by address.
    pub(super) resolvers: Vec<Resolver>,
    /// Sorted by framing.
    pub(super) framings: Vec<FramingEntry>,
    /// Sorted by transport and port.
    pub(super) ports: Vec<PortEntry>,
    /// Sorted by slug.
    pub(super) vendors: Vec<Vendor>,
    /// Sorted by id.
    pub(super) sources: Vec<Source>,
    pub(super) update_version: Option<u64>,
}

/// How much the catalogue holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct CatalogueCounts {
    /// Hosts listed by name.
    pub hosts: usize,
    /// Suffixes.
    pub suffixes: usize,
    /// Patterns of host names.
    pub patterns: usize,
    /// Codes of regions.
    pub region_codes: usize,
    /// Blocks of MAC addresses.
    pub makers: usize,
    /// Blocks of module makers.
    pub third_parties: usize,
    /// What looks alike and belongs to others.
    pub negatives: usize,
    /// Resolvers built into firmware.
    pub resolvers: usize,
    /// Ways of speaking that tell a service.
    pub framings: usize,
    /// Ports of services.
    pub ports: usize,
    /// Vendors.
    pub vendors: usize,
    /// Sources.
    pub sources: usize,
}

impl Catalogue {
    /// The same catalogue, known to hold the signed update of this version.
    #[must_use]
    pub fn with_update_version(self, version: u64) -> Self {
        Self { update_version: Some(version), ..self }
    }

    /// The version of the signed update that it holds.
    #[must_use]
    pub fn update_version(&self) -> Option<u64> {
        self.update_version
    }

    /// The maker that the longest block holding `mac` is registered for.
    #[must_use]
    pub fn maker(&self, mac: MacAddr) -> Option<&Maker> {
        entry_at(&self.makers, self.maker_blocks.longest(mac)?)
    }

    /// The module maker that the longest block holding `mac` is registered for, where such modules
    /// were found in devices of the vendors. It says nothing about the brand.
    #[must_use]
    pub fn third_party(&self, mac: MacAddr) -> Option<&ThirdParty> {
        entry_at(&self.third_parties, self.third_party_blocks.longest(mac)?)
    }

    /// What `name` is: the listed host, else the longest listed suffix, narrowed by patterns.
    ///
    /// Takes any case and a final dot, matches whole labels, and refuses names above
    /// [`MAX_NAME_LEN`](super::MAX_NAME_LEN) bytes. Allocates nothing; its cost depends on the name only.
    #[must_use]
    pub fn cloud(&self, name: &str) -> Option<CloudMatch<'_>> {
        let (index, exactness) = self.domains.get(&self.region_codes, name)?;
        let entry = entry_at(&self.clouds, index)?;
        Some(CloudMatch { entry, exactness })
    }

    /// The resolver built into firmware that has `address`.
    #[must_use]
    pub fn resolver(&self, address: IpAddr) -> Option<&Resolver> {
        self.resolvers.iter().find(|resolver| resolver.address == address)
    }

    /// The service that speaks so.
    #[must_use]
    pub fn framing(&self, framing: Framing) -> Option<&FramingEntry> {
        let place = self.framings.binary_search_by_key(&framing, |entry| entry.framing).ok()?;
        self.framings.get(place)
    }

    /// The service that was seen on this port of a server outside. A hint, never a proof.
    #[must_use]
    pub fn port(&self, transport: IpProtocol, port: u16) -> Option<&PortEntry> {
        let key = (transport, port);
        let place = self.ports.binary_search_by_key(&key, |e| (e.transport, e.port)).ok()?;
        self.ports.get(place)
    }

    /// The vendor with this slug.
    #[must_use]
    pub fn vendor(&self, slug: &str) -> Option<&Vendor> {
        let place = self.vendors.binary_search_by(|vendor| (*vendor.slug).cmp(slug)).ok()?;
        self.vendors.get(place)
    }

    /// The source with this id.
    #[must_use]
    pub fn source(&self, id: &str) -> Option<&Source> {
        let place = self.sources.binary_search_by(|source| (*source.id).cmp(id)).ok()?;
        self.sources.get(place)
    }

    /// The sources with these ids, in their order; all ids of this catalogue's entries resolve.
    pub fn sources<'a>(&'a self, ids: &'a [Arc<str>]) -> impl Iterator<Item = &'a Source> {
        ids.iter().filter_map(|id| self.source(id))
    }

    /// The declared hosts and suffixes: hosts first, each in the order of their names.
    #[must_use]
    pub fn clouds(&self) -> &[CloudEntry] {
        self.clouds.get(..self.declared_clouds).unwrap_or_default()
    }

    /// The blocks of makers, in their order.
    #[must_use]
    pub fn makers(&self) -> &[Maker] {
        &self.makers
    }

    /// The blocks of module makers, in their order.
    #[must_use]
    pub fn third_parties(&self) -> &[ThirdParty] {
        &self.third_parties
    }

    /// What looks alike and belongs to others, sorted.
    #[must_use]
    pub fn negatives(&self) -> &[Negative] {
        &self.negatives
    }

    /// The resolvers built into firmware, sorted by address.
    #[must_use]
    pub fn resolvers(&self) -> &[Resolver] {
        &self.resolvers
    }

    /// The ways of speaking that tell a service, in the order of [`Framing`].
    #[must_use]
    pub fn framings(&self) -> &[FramingEntry] {
        &self.framings
    }

    /// The ports of services, sorted by transport and port.
    #[must_use]
    pub fn ports(&self) -> &[PortEntry] {
        &self.ports
    }

    /// The vendors, sorted by slug.
    #[must_use]
    pub fn vendors(&self) -> &[Vendor] {
        &self.vendors
    }

    /// How much there is of each.
    #[must_use]
    pub fn counts(&self) -> CatalogueCounts {
        let hosts = self.clouds().iter().filter(|e| e.scope == super::Exactness::Host).count();
        CatalogueCounts {
            hosts,
            suffixes: self.declared_clouds - hosts,
            patterns: self.pattern_count,
            region_codes: self.region_codes.len(),
            makers: self.makers.len(),
            third_parties: self.third_parties.len(),
            negatives: self.negatives.len(),
            resolvers: self.resolvers.len(),
            framings: self.framings.len(),
            ports: self.ports.len(),
            vendors: self.vendors.len(),
            sources: self.sources.len(),
        }
    }
}

fn entry_at<T>(entries: &[T], index: u32) -> Option<&T> {
    entries.get(usize::try_from(index).ok()?)
}
