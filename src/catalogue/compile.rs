//! Files -> catalogue: what refers to what, what overrides what, and every mistake at once.
//!
//! A later file overrides an earlier one entry by entry: the key is the host, the suffix, the block, the slug,
//! the id, the code or the address. A negative overrides an earlier entry of the same name, and the other way round.
//! Within one file a key stands once.

use std::sync::Arc;

use super::builtin::BUILTIN;
use super::check;
use super::compile_cloud::{CloudDrafts, CloudTables};
use super::ledger::{ByKey, Ledger, values};
use super::maker_table::{MacBlock, MakerTable};
use super::raw::{RawMaker, RawNegative, RawResolver, RawSource, RawThirdParty, RawVendor};
use super::read::{Place, Row, Rows};
use super::region_code::RegionCodes;
use super::{
    Catalogue, CatalogueProblems, CatalogueText, Maker, Negative, NegativeSubject, Resolver,
    Source, ThirdParty, Vendor,
};

impl Catalogue {
    /// Compiles the files that are part of the program.
    ///
    /// # Errors
    /// Never in a program that passed its tests.
    pub fn builtin() -> Result<Self, CatalogueProblems> {
        Self::compile(&BUILTIN)
    }

    /// Compiles the files that are part of the program, and then `files`, which override them.
    ///
    /// # Errors
    /// Every problem of every file.
    pub fn builtin_with(files: &[CatalogueText<'_>]) -> Result<Self, CatalogueProblems> {
        Self::compile(&[&BUILTIN, files].concat())
    }

    /// Compiles catalogue files; later ones override earlier ones entry by entry.
    ///
    /// # Errors
    /// Every problem of every file: syntax, unknown keys, references to nothing, names that are none.
    pub fn compile(files: &[CatalogueText<'_>]) -> Result<Self, CatalogueProblems> {
        let mut ledger = Ledger::default();
        let rows = Rows::read(files, &mut ledger.problems);
        let catalogue = compile_rows(&rows, &mut ledger);
        if ledger.problems.is_empty() {
            Ok(catalogue)
        } else {
            Err(CatalogueProblems(ledger.problems))
        }
    }
}

fn compile_rows(rows: &Rows, ledger: &mut Ledger) -> Catalogue {
    let sources = sources(&rows.sources, ledger);
    let vendors = vendors(&rows.vendors, ledger);
    let mut makers = makers(&rows.makers, ledger);
    let third_parties = third_parties(&rows.third_parties, ledger);
    let mut clouds = CloudDrafts::new(&rows.clouds, ledger);
    clouds.check_shared(&rows.shared, ledger);
    let mut negatives = negatives(&rows.negatives, ledger);
    negatives.retain(|subject, (place, _)| match subject {
        NegativeSubject::Domain(name) => clouds.yield_to_negative(name, place, ledger),
        NegativeSubject::Prefix(block) => yield_to_negative(&mut makers, block, place, ledger),
    });
    let region_codes = RegionCodes::compile(&rows.region_codes, ledger);
    let CloudTables { entries, declared, domains, patterns } =
        clouds.compile(&rows.patterns, negatives.keys(), &region_codes, ledger);
    let (makers, maker_blocks) = blocks(makers);
    let (third_parties, third_party_blocks) = blocks(third_parties);
    Catalogue {
        clouds: entries,
        declared_clouds: declared,
        domains,
        region_codes,
        pattern_count: patterns,
        makers,
        maker_blocks,
        third_parties,
        third_party_blocks,
        negatives: values(negatives),
        resolvers: values(resolvers(&rows.resolvers, ledger)),
        vendors: values(vendors),
        sources: values(sources),
    }
}

fn sources(rows: &[Row<RawSource>], ledger: &mut Ledger) -> ByKey<Arc<str>, Source> {
    let mut sources = ByKey::new();
    for Row { place, raw } in rows {
        ledger.check(place, check::slug(&raw.id));
        let id: Arc<str> = raw.id.as_str().into();
        let url = raw.url.as_deref().map(Into::into);
        let source = Source { id: id.clone(), title: raw.title.as_str().into(), url };
        ledger.source_ids.insert(id.clone());
        ledger.insert(&mut sources, place, id, source);
    }
    sources
}

fn vendors(rows: &[Row<RawVendor>], ledger: &mut Ledger) -> ByKey<Arc<str>, Vendor> {
    ledger.vendor_slugs.extend(rows.iter().map(|row| Arc::from(row.raw.slug.as_str())));
    let mut vendors = ByKey::new();
    for Row { place, raw } in rows {
        ledger.check(place, check::slug(&raw.slug));
        let slug: Arc<str> = raw.slug.as_str().into();
        let vendor = Vendor {
            slug: slug.clone(),
            title: raw.title.as_str().into(),
            maker: raw.maker.as_deref().map(|maker| ledger.vendor(place, maker)),
            grade: raw.grade,
            note: raw.note.as_deref().map(Into::into),
            sources: ledger.sources(place, &raw.sources),
        };
        ledger.insert(&mut vendors, place, slug, vendor);
    }
    vendors
}

fn makers(rows: &[Row<RawMaker>], ledger: &mut Ledger) -> ByKey<MacBlock, Maker> {
    let mut makers = ByKey::new();
    for Row { place, raw } in rows {
        let vendor = ledger.vendor(place, &raw.vendor);
        let organisation: Arc<str> = raw.organisation.as_str().into();
        let note: Option<Arc<str>> = raw.note.as_deref().map(Into::into);
        let sources = ledger.sources(place, &raw.sources);
        for prefix in &raw.prefixes {
            let Some(block) = ledger.check(place, mac_block(prefix)) else { continue };
            let maker = Maker {
                vendor: vendor.clone(),
                organisation: organisation.clone(),
                prefix: block.to_string().into(),
                bits: block.bits(),
                grade: raw.grade,
                note: note.clone(),
                sources: sources.clone(),
            };
            let place = Place { entry: format!("{} {block}", place.entry), ..place.clone() };
            ledger.insert(&mut makers, &place, block, maker);
        }
    }
    makers
}

fn third_parties(rows: &[Row<RawThirdParty>], ledger: &mut Ledger) -> ByKey<MacBlock, ThirdParty> {
    let mut parties = ByKey::new();
    for Row { place, raw } in rows {
        let sources = ledger.sources(place, &raw.sources);
        let Some(block) = ledger.check(place, mac_block(&raw.prefix)) else { continue };
        let party = ThirdParty {
            organisation: raw.organisation.as_str().into(),
            prefix: block.to_string().into(),
            grade: raw.grade,
            note: raw.note.as_deref().map(Into::into),
            sources,
        };
        ledger.insert(&mut parties, place, block, party);
    }
    parties
}

fn negatives(rows: &[Row<RawNegative>], ledger: &mut Ledger) -> ByKey<NegativeSubject, Negative> {
    let mut negatives = ByKey::new();
    for Row { place, raw } in rows {
        let subject = match (&raw.domain, &raw.prefix) {
            (Some(domain), None) => {
                check::domain(domain).map(|name| NegativeSubject::Domain(name.into()))
            }
            (None, Some(prefix)) => {
                mac_block(prefix).map(|block| NegativeSubject::Prefix(block.to_string().into()))
            }
            (Some(_), Some(_)) | (None, None) => {
                Err("needs `domain` or `prefix`, one of them".to_owned())
            }
        };
        let sources = ledger.sources(place, &raw.sources);
        let Some(subject) = ledger.check(place, subject) else { continue };
        let negative = Negative {
            subject: subject.clone(),
            belongs_to: raw.belongs_to.as_str().into(),
            reason: raw.reason.as_str().into(),
            sources,
        };
        ledger.insert(&mut negatives, place, subject, negative);
    }
    negatives
}

fn resolvers(rows: &[Row<RawResolver>], ledger: &mut Ledger) -> ByKey<std::net::IpAddr, Resolver> {
    let mut resolvers = ByKey::new();
    for Row { place, raw } in rows {
        let resolver = Resolver {
            address: raw.address,
            port: raw.port,
            transport: raw.transport.into(),
            operator: raw.operator.as_str().into(),
            what: raw.what.as_str().into(),
            grade: raw.grade,
            sources: ledger.sources(place, &raw.sources),
        };
        ledger.insert(&mut resolvers, place, raw.address, resolver);
    }
    resolvers
}

/// Removes the maker that a later negative speaks of; tells whether the negative stays.
fn yield_to_negative(
    makers: &mut ByKey<MacBlock, Maker>,
    block: &str,
    negative: &Place,
    ledger: &mut Ledger,
) -> bool {
    let Some(block) = MacBlock::parse(block) else { return false };
    let Some((place, _)) = makers.get(&block) else { return true };
    let stays = ledger.outranks(negative, place);
    if stays {
        makers.remove(&block);
    }
    stays
}

/// Reads a block of station addresses.
fn mac_block(text: &str) -> Result<MacBlock, String> {
    match MacBlock::parse(text) {
        Some(block) if block.is_group() => Err(format!("`{text}` is a block of group addresses")),
        Some(block) => Ok(block),
        None => Err(format!("`{text}` is not a block of 6, 7 or 9 hexadecimal digits")),
    }
}

/// Entries in the order of their blocks, and the table that finds them.
fn blocks<V>(map: ByKey<MacBlock, V>) -> (Vec<V>, MakerTable) {
    let mut table = MakerTable::new();
    for (index, block) in (0..).zip(map.keys()) {
        table.insert(*block, index);
    }
    (values(map), table)
}
