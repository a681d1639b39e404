//! The built-in catalogue against the collected facts, where these are at hand.
//!
//! The mapping from the words of the facts to those of the catalogue is written here a second time, on purpose.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test helper that cannot go on has to fail, and one that skips has to say so"
)]

use std::path::Path;

use hikwatch::catalogue::{Catalogue, Exactness, NegativeSubject};

#[test]
fn every_host_of_the_facts_has_its_vendor_role_and_region() {
    let Some(facts) = facts() else { return };
    let catalogue = Catalogue::builtin().unwrap();

    for host in rows(&facts, "host") {
        let name = text(host, "name");
        let found = catalogue.cloud(name).unwrap_or_else(|| panic!("{name} is not known"));
        let entry = found.entry;

        assert_eq!(found.exactness, Exactness::Host, "{name}");
        assert_eq!(&*entry.vendor, vendor(name), "{name}");
        assert_eq!(entry.role.as_label(), role(text(host, "role")), "{name}");
        assert_eq!(entry.region.as_label(), region(name, text(host, "region")), "{name}");
        assert_eq!(entry.speaker.as_label(), speaker(text(host, "spoken_by")), "{name}");
        assert_eq!(entry.grade.to_string(), text(host, "confidence"), "{name}");
        let port = host.get("port").map(|port| port.as_integer().unwrap());
        assert_eq!(entry.port.map(i64::from), port, "{name}");
        let sources: Vec<_> =
            host["sources"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
        assert!(entry.sources.iter().map(|id| &**id).eq(sources), "{name}");
    }
    assert_eq!(catalogue.counts().hosts, rows(&facts, "host").len());
}

#[test]
fn every_suffix_of_the_facts_covers_itself_and_what_lies_below() {
    let Some(facts) = facts() else { return };
    let catalogue = Catalogue::builtin().unwrap();

    for domain in rows(&facts, "domain") {
        let suffix = text(domain, "suffix");
        for name in [suffix.to_owned(), format!("zzz.{suffix}"), format!("a.b.zzz.{suffix}.")] {
            let found = catalogue.cloud(&name).unwrap_or_else(|| panic!("{name} is not known"));
            assert_eq!(found.exactness, Exactness::Suffix, "{name}");
            assert_eq!(&*found.entry.vendor, vendor(&name), "{name}");
            assert_eq!(found.entry.grade.to_string(), text(domain, "confidence"), "{name}");
            let expected = region(&name, text(domain, "region"));
            assert_eq!(found.entry.region.as_label(), expected, "{name}");
        }
        for name in [format!("x{suffix}"), format!("{suffix}.example"), format!("{suffix}x")] {
            assert_eq!(catalogue.cloud(&name), None, "{name}");
        }
    }
    assert_eq!(catalogue.counts().suffixes, rows(&facts, "domain").len());
}

#[test]
fn every_block_of_the_facts_has_its_maker() {
    let Some(facts) = facts() else { return };
    let catalogue = Catalogue::builtin().unwrap();

    for oui in rows(&facts, "oui") {
        let prefix = text(oui, "prefix");
        let digits: String = prefix.chars().filter(|c| *c != ':').collect();
        let mac = format!("{digits:0<12}").parse().unwrap();
        let maker = catalogue.maker(mac).unwrap_or_else(|| panic!("{prefix} is not known"));
        let brand = match text(oui, "brand") {
            "prama-hikvision" => "prama",
            brand => brand,
        };

        assert_eq!(&*maker.vendor, brand, "{prefix}");
        assert_eq!(&*maker.organisation, text(oui, "org"), "{prefix}");
        assert_eq!(i64::from(maker.bits), oui["bits"].as_integer().unwrap(), "{prefix}");
        assert_eq!(&*maker.prefix, prefix);
    }
    assert_eq!(catalogue.counts().makers, rows(&facts, "oui").len());
}

#[test]
fn what_the_facts_call_false_stays_out_and_is_explained() {
    let Some(facts) = facts() else { return };
    let catalogue = Catalogue::builtin().unwrap();
    let listed = |subject: &NegativeSubject| {
        catalogue.negatives().iter().any(|negative| negative.subject == *subject)
    };

    for negative in rows(&facts, "negative") {
        let value = text(negative, "value");
        match text(negative, "kind") {
            "domain" => {
                assert_eq!(catalogue.cloud(value), None, "{value}");
                assert_eq!(catalogue.cloud(&format!("www.{value}")), None, "{value}");
                assert!(listed(&NegativeSubject::Domain(value.into())), "{value}");
            }
            "mac" => {
                assert_eq!(catalogue.maker(format!("{value}:00:00:01").parse().unwrap()), None);
                assert!(listed(&NegativeSubject::Prefix(value.into())), "{value}");
            }
            "ntp" => {
                for name in value.split(" / ") {
                    assert!(!catalogue.cloud(name).unwrap().entry.evidence, "{name}");
                }
            }
            // Rules of other rooms.
            _ => {}
        }
    }
    for resolver in rows(&facts, "resolver_ip") {
        assert!(catalogue.resolver(text(resolver, "address").parse().unwrap()).is_some());
    }
    for module in rows(&facts, "oui_third_party") {
        let mac = format!("{}:00:00:01", text(module, "prefix")).parse().unwrap();
        assert_eq!(catalogue.maker(mac), None);
        assert!(catalogue.third_party(mac).is_some());
    }
}

fn facts() -> Option<toml::Table> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/domain/catalog-facts.toml");
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(toml::from_str(&text).unwrap()),
        Err(error) => {
            eprintln!("SKIPPED: {}: {error}", path.display());
            None
        }
    }
}

fn rows<'a>(facts: &'a toml::Table, table: &str) -> &'a [toml::Value] {
    facts.get(table).unwrap().as_array().unwrap()
}

fn text<'a>(row: &'a toml::Value, key: &str) -> &'a str {
    row.get(key).unwrap().as_str().unwrap()
}

fn vendor(name: &str) -> &'static str {
    const HIKVISION: [&str; 11] = [
        "hik-connect.com",
        "guardingvision.com",
        "hikops.com",
        "hikcentralconnect.com",
        "hik-partner.com",
        "hik-proconnect.com",
        "hik-cloud.com",
        "hik-online.com",
        "hiddns.com",
        "hikvision.com",
        "hikvisioneurope.com",
    ];
    let name = name.trim_end_matches('.');
    if HIKVISION.iter().any(|suffix| name.ends_with(suffix)) {
        "hikvision"
    } else if name.ends_with("pyronixcloud.com") {
        "pyronix"
    } else if name.ends_with("ltspartnerconnect.com") {
        "lts"
    } else {
        "ezviz"
    }
}

fn role(fact: &str) -> &str {
    match fact {
        "registration" | "registration-lbs" | "registration-old" => "registration",
        "alarm" => "push",
        "snapshot-upload" | "snapshot-storage" | "cloud-recording" => "storage",
        "api" | "open-platform" | "sdk-openezviz" | "alarm-panel" => "api",
        "auth" | "open-platform-auth" => "auth",
        "cas-signalling" => "broker",
        "media-relay-vtm" => "relay",
        "device-log" | "app-telemetry" => "telemetry",
        "web" | "web-statics" => "web",
        "vendor-test" => "test",
        "ntp" | "ddns" => fact,
        other => panic!("the facts have a new role: {other}"),
    }
}

fn region<'a>(name: &str, fact: &'a str) -> &'a str {
    match (fact, name) {
        ("test", "itus.ezvizlife.com" | "t2dev.tus.ezvizlife.com") => "us",
        ("test", "t2dev.ezvizlife.com") => "unknown",
        ("test", _) => "china",
        ("europe", _) => "eu",
        ("usa", _) => "us",
        (region, _) => region,
    }
}

fn speaker(fact: &str) -> &str {
    match fact {
        "client" => "app",
        fact => fact,
    }
}
