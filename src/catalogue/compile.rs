//! Files -> catalogue: what refers to what, what overrides what, and every mistake at once.
//!
//! A later file overrides an earlier one entry by entry: the key is the host, the suffix, the block, the slug,
//! the id, the code, the address, the framing or the port with its transport. A negative overrides an earlier entry of the same name, and the other way round.
//! Within one file a key stands once.

use std::sync::Arc;

use super::builtin::BUILTIN;
use super::check;
use super::compile_cloud::{CloudDrafts, CloudTables};
use super::compile_wire::{framings, ports};
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
        framings: values(framings(&rows.framings, ledger)),
        ports: values(ports(&rows.ports, ledger)),
        vendors: values(vendors),
        sources: values(sources),
        update_version: None,
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::catalogue::{CloudRole, Exactness, Grade, Region};

    #[test]
    fn the_built_in_catalogue_has_no_problem() {
        let counts = Catalogue::builtin().unwrap().counts();

        assert_eq!((counts.hosts, counts.suffixes, counts.makers), (84, 22, 108));
    }

    #[test]
    fn names_match_by_whole_labels_in_any_case_and_with_the_final_dot() {
        let catalogue = Catalogue::builtin().unwrap();
        let service = |name: &str| catalogue.cloud(name).map(|found| found.entry.service.clone());

        assert_eq!(service("DEV.us.EZVIZ7.com.").as_deref(), Some("ezviz-access-gateway"));
        assert_eq!(service("hiddns.com").as_deref(), Some("hiddns"));
        for name in [
            "chiddns.com",
            "hicloud.com",
            "ezviz7.com.example",
            ".ezviz7.com",
            "a..ezviz7.com",
            "com",
            ".",
            "",
        ] {
            assert_eq!(service(name), None, "{name}");
        }
    }

    #[test]
    fn a_name_beyond_255_bytes_is_unknown() {
        let catalogue = Catalogue::builtin().unwrap();
        let name = |length: usize| format!("{}.ezviz7.com", "a.".repeat(length)).replace("..", ".");

        assert!(catalogue.cloud(&name(120)).is_some());
        assert_eq!(catalogue.cloud(&name(130)), None);
    }

    #[test]
    fn rented_infrastructure_is_matched_by_whole_name_only() {
        let catalogue = Catalogue::builtin().unwrap();

        assert!(catalogue.cloud("alarm.eu.s3.amazonaws.com").is_some());
        for name in
            ["x.alarm.eu.s3.amazonaws.com", "eu.s3.amazonaws.com", "oss-cn-hangzhou.aliyuncs.com"]
        {
            assert_eq!(catalogue.cloud(name), None, "{name}");
        }
    }

    #[test]
    fn a_host_that_is_not_listed_gets_what_its_name_shows() {
        let catalogue = Catalogue::builtin().unwrap();

        for (name, service, role, region, exactness) in [
            (
                "litedev2.eu.ezvizlife.com",
                "ezviz-lbs",
                CloudRole::Registration,
                Region::Eu,
                Exactness::Pattern,
            ),
            (
                "dev.us.hik-connect.com",
                "hik-connect-access-gateway",
                CloudRole::Registration,
                Region::Us,
                Exactness::Pattern,
            ),
            (
                "apiisgp.guardingvision.com",
                "guarding-vision-api",
                CloudRole::Api,
                Region::Singapore,
                Exactness::Pattern,
            ),
            (
                "isgpopenauth.hik-connect.com",
                "hik-connect-open-platform-auth",
                CloudRole::Auth,
                Region::Singapore,
                Exactness::Pattern,
            ),
            ("uscas.ezvizlife.com", "ezviz-cas", CloudRole::Broker, Region::Us, Exactness::Pattern),
            (
                "vtmxyz.ezvizlife.com",
                "ezviz-vtm",
                CloudRole::Relay,
                Region::Unknown,
                Exactness::Pattern,
            ),
            (
                "isa.hik-partner.com",
                "hik-partner-api",
                CloudRole::Api,
                Region::SouthAmerica,
                Exactness::Pattern,
            ),
            (
                "shop.isa.hik-partner.com",
                "hik-partner",
                CloudRole::Unknown,
                Region::SouthAmerica,
                Exactness::Suffix,
            ),
            (
                "camera.hicloudcam.com",
                "ezviz",
                CloudRole::Unknown,
                Region::Global,
                Exactness::Suffix,
            ),
        ] {
            let found = catalogue.cloud(name).unwrap();
            assert_eq!(&*found.entry.service, service, "{name}");
            assert_eq!(
                (found.entry.role, found.entry.region, found.exactness),
                (role, region, exactness),
                "{name}"
            );
            assert!(exactness == Exactness::Suffix || found.entry.grade >= Grade::C, "{name}");
        }
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let text = r#"
            schema = 1
            typo = 1
            [[source]]
            id = "own"
            title = "Own notes"
            [[cloud]]
            host = "camera.example.com"
            vendor = "nobody"
            service = "Some Service"
            role = "api"
            region = "global"
            speaker = "app"
            port = 443
            grade = "C"
            sources = ["missing"]
            [[cloud]]
            suffix = "example"
            vendor = "nobody"
            service = "x"
            role = "spy"
            region = "global"
            speaker = "app"
            grade = "C"
            sources = ["own"]
            [[maker]]
            vendor = "nobody"
            organisation = "Nobody"
            prefixes = ["44:A6", "01:00:5E"]
            grade = "A"
            sources = []
        "#;

        let problems = Catalogue::compile(&[CatalogueText { name: "own.toml", text }]).unwrap_err();

        let told = problems.to_string();
        for part in [
            "typo",
            "Some Service",
            "no such vendor: `nobody`",
            "no such source: `missing`",
            "go together",
            "spy",
            "44:A6",
            "group addresses",
            "names no source",
            "own.toml: cloud[0] (camera.example.com): ",
        ] {
            assert!(told.contains(part), "{part} in\n{told}");
        }
    }

    #[test]
    fn a_later_file_overrides_entry_by_entry() {
        let text = r#"
            schema = 1
            [[cloud]]
            host = "dev.ezviz7.com"
            vendor = "hikvision"
            service = "other"
            role = "test"
            region = "eu"
            speaker = "both"
            grade = "D"
            sources = ["idx"]
            [[negative]]
            domain = "hicloudcam.com"
            belongs_to = "somebody"
            reason = "a test"
            sources = ["idx"]
            [[negative]]
            prefix = "44:A6:42"
            belongs_to = "somebody"
            reason = "a test"
            sources = ["idx"]
        "#;

        let catalogue =
            Catalogue::builtin_with(&[CatalogueText { name: "own.toml", text }]).unwrap();

        assert_eq!(&*catalogue.cloud("dev.ezviz7.com").unwrap().entry.service, "other");
        assert_eq!(&*catalogue.cloud("tdev.ezviz7.com").unwrap().entry.vendor, "ezviz");
        assert_eq!(catalogue.cloud("x.hicloudcam.com"), None);
        assert_eq!(catalogue.maker(crate::net::MacAddr([0x44, 0xa6, 0x42, 0, 0, 1])), None);
    }

    #[test]
    fn a_suffix_may_not_claim_what_others_rent() {
        let text = r#"
            schema = 1
            [[cloud]]
            suffix = "eu.s3.amazonaws.com"
            vendor = "ezviz"
            service = "x"
            role = "storage"
            region = "eu"
            speaker = "both"
            grade = "D"
            sources = ["idx"]
        "#;

        let own = CatalogueText { name: "own.toml", text };
        let problems = Catalogue::builtin_with(&[own]).unwrap_err();

        assert_eq!(problems.0.len(), 1);
        assert!(problems.to_string().contains("others rent"), "{problems}");
    }

    #[test]
    fn what_would_make_a_look_up_dearer_is_refused() {
        let patterns: String = (0..65)
            .map(|n| {
                format!(
                    "[[pattern]]\nlabel = \"x{n}*\"\nfunction = \"x\"\nrole = \"api\"\nspeaker = \"app\"\n\
                     grade = \"D\"\nsources = [\"idx\"]\nsuffixes = [\"hikops.com\"]\n"
                )
            })
            .collect();
        let code = "[[region_code]]\ncode = \"frankfurt\"\nregion = \"eu\"\nsources = [\"idx\"]\n";
        let text = format!("schema = 1\n{code}{patterns}");

        let own = CatalogueText { name: "own.toml", text: &text };
        let told = Catalogue::builtin_with(&[own]).unwrap_err();

        assert_eq!(told.0.len(), 2, "{told}");
        assert!(told.to_string().contains("at most 7 letters"), "{told}");
        assert!(told.to_string().contains("`hikops.com` has more than 64 patterns"), "{told}");
    }

    #[test]
    fn text_that_is_no_toml_and_twice_the_same_key_are_problems() {
        let broken = CatalogueText { name: "broken.toml", text: "schema = = 1" };
        assert_eq!(Catalogue::compile(&[broken]).unwrap_err().0.len(), 1);
        let text = "schema = 1\n[[source]]\nid = \"a\"\ntitle = \"x\"\n[[source]]\nid = \"a\"\ntitle = \"y\"\n";
        let twice = CatalogueText { name: "twice.toml", text };
        assert!(Catalogue::compile(&[twice]).unwrap_err().to_string().contains("stands twice"));
    }

    static BUILTIN_ONCE: std::sync::LazyLock<Catalogue> =
        std::sync::LazyLock::new(|| Catalogue::builtin().unwrap());

    proptest! {
        #[test]
        fn look_ups_never_panic_and_agree_on_the_final_dot(name in "\\PC{0,300}", labels in "([a-z0-9-]{0,9}\\.){0,8}(ezvizlife|ys7|hik-connect)\\.com") {
            let catalogue = &*BUILTIN_ONCE;
            prop_assert_eq!(catalogue.explain(&name).finding.is_some(), catalogue.cloud(name.trim()).is_some());
            let found = catalogue.cloud(&labels);
            if labels.len() < 255 && !labels.ends_with('.') {
                let dotted = format!("{labels}.");
                prop_assert_eq!(found.map(|m| &m.entry.service), catalogue.cloud(&dotted).map(|m| &m.entry.service));
            }
        }
    }
}
