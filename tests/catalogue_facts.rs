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
use std::sync::Arc;

use hikwatch::analyst::{Analyst, Config, EventKind};
use hikwatch::catalogue::{
    Catalogue, CloudRole, Exactness, Framing, Grade, NegativeSubject, Speaker,
};
use hikwatch::device::DeviceProfile;
use hikwatch::meter::{BindingSource, Observation, ObservationKind, ObservationOrder};
use hikwatch::net::{IpProtocol, MacAddr, Timestamp};

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
fn every_port_of_a_server_in_the_facts_has_its_service_and_no_port_of_the_lan_has_one() {
    let Some(facts) = facts() else { return };
    let catalogue = Catalogue::builtin().unwrap();
    let mut wanted = std::collections::BTreeSet::new();

    for fact in rows(&facts, "port").iter().filter(|row| text(row, "scope") == "wan-out") {
        let name = text(fact, "name");
        let (service, role, who) = port_meaning(name);
        let sources: Vec<_> = strings(fact, "sources");
        for number in text(fact, "port").split(',') {
            let number = number.parse().unwrap();
            for transport in transports(text(fact, "transport")) {
                let entry = catalogue.port(transport, number);
                let entry = entry.unwrap_or_else(|| panic!("{number}/{transport} is not known"));
                assert_eq!((&*entry.service, entry.role), (service, role), "{name}");
                assert_eq!(entry.speaker, who, "{name}");
                assert_eq!(entry.grade.to_string(), text(fact, "confidence"), "{name}");
                assert!(entry.sources.iter().map(|id| &**id).eq(sources.iter().copied()), "{name}");
                assert!(catalogue.vendor(&entry.vendor).is_some(), "{name}");
                wanted.insert((transport, number));
            }
        }
    }
    for fact in rows(&facts, "port").iter().filter(|row| text(row, "scope") == "lan") {
        let (first, last) = match text(fact, "port") {
            text if text.starts_with("ethertype") => continue,
            text => text.split_once(['-', ',']).unwrap_or((text, text)),
        };
        for number in [first, last].map(|number| number.parse().unwrap()) {
            for transport in transports(text(fact, "transport").trim_end_matches(" source")) {
                let listed = catalogue.port(transport, number).is_some();
                assert_eq!(listed, wanted.contains(&(transport, number)), "{number}/{transport}");
            }
        }
    }
    assert_eq!(catalogue.counts().ports, wanted.len());
}

#[test]
fn every_protocol_with_a_server_in_the_facts_is_a_framing_of_the_same_grade() {
    let Some(facts) = facts() else { return };
    let catalogue = Catalogue::builtin().unwrap();
    let mut told = Vec::new();

    for fact in rows(&facts, "protocol") {
        let framings: &[(Framing, CloudRole)] = match text(fact, "id") {
            "ezviz-lbs" => &[(Framing::Lbs, CloudRole::Registration)],
            "ezviz-das-mqtt" => &[(Framing::DasMqtt, CloudRole::Control)],
            "safeprotocol" => &[
                (Framing::SafeAccess, CloudRole::Control),
                (Framing::SafeStun, CloudRole::Stun),
                (Framing::SafeCas, CloudRole::Broker),
                (Framing::SafeReplay, CloudRole::Storage),
            ],
            "p2p-v3" => &[(Framing::P2pV3, CloudRole::P2p)],
            "vtm" => &[(Framing::Vtm, CloudRole::Relay)],
            "hcnetsdk" => &[(Framing::Hcnetsdk, CloudRole::Unknown)],
            "isup" => &[(Framing::Isup, CloudRole::Unknown)],
            // Between neighbours on the LAN; and a wrapping of media that names no service.
            "sadp-xml" | "sadp-l2" | "ezviz-ecdh" => &[],
            other => panic!("the facts have a new protocol: {other}"),
        };
        for (framing, role) in framings {
            let entry = catalogue.framing(*framing).unwrap();
            assert_eq!(entry.role, *role, "{framing}");
            assert_eq!(entry.grade.to_string(), text(fact, "confidence"), "{framing}");
            let known = strings(fact, "sources");
            // A part of a protocol may rest on fewer sources, or on one that saw this part.
            assert!(entry.sources.iter().any(|id| known.contains(&&**id)), "{framing}");
            told.push(*framing);
        }
    }
    // The rest stands in the tables of ports and resolvers of the facts.
    let rest = Framing::ALL.into_iter().filter(|framing| !told.contains(framing));
    assert!(rest.eq([Framing::SdkPost, Framing::SnapshotUpload, Framing::HttpDns]));
}

#[test]
fn a_host_of_the_same_family_gets_vendor_and_role_by_its_suffix_and_pattern_at_a_lower_grade() {
    let Some(facts) = facts() else { return };
    let catalogue = Catalogue::builtin().unwrap();
    let mut generalised = 0;

    for host in rows(&facts, "host") {
        let name = text(host, "name");
        let (label, rest) = name.split_once('.').unwrap();
        // The same service, were it to open in one more place: the label stays, a place is put behind it.
        let sibling = format!("{label}.zz9.{rest}");
        let listed = catalogue.cloud(name).unwrap();
        let Some(found) = catalogue.cloud(&sibling) else {
            // On rented infrastructure what stands beside a host belongs to others.
            assert!(rest.ends_with("amazonaws.com") || rest.ends_with("aliyuncs.com"), "{name}");
            continue;
        };
        assert_ne!(found.exactness, Exactness::Host, "{sibling}");
        assert_eq!(found.entry.vendor, listed.entry.vendor, "{sibling}");
        assert_eq!(found.entry.role, listed.entry.role, "{sibling}");
        assert_eq!(found.entry.evidence, listed.entry.evidence, "{sibling}");
        // Read off hosts of grade A and B at best, and so one below; or all below the suffix has this role.
        if found.exactness == Exactness::Pattern {
            assert!(found.entry.grade >= Grade::C, "{sibling}");
        }
        generalised += 1;
        let registered = name.rsplitn(3, '.').take(2).collect::<Vec<_>>();
        let strange = format!("{label}.x{}.{}", registered[1], registered[0]);
        for stranger in [format!("{name}.example"), strange] {
            assert_eq!(catalogue.cloud(&stranger), None, "{stranger}");
        }
    }
    assert!(generalised > rows(&facts, "host").len() * 9 / 10, "{generalised}");
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

#[test]
fn a_station_in_a_block_of_the_facts_is_suspected_and_one_in_a_false_block_is_not() {
    let Some(facts) = facts() else { return };

    for oui in rows(&facts, "oui") {
        let prefix = text(oui, "prefix");
        let digits: String = prefix.chars().filter(|c| *c != ':').collect();
        let mac: MacAddr = format!("{digits:0<11}1").parse().unwrap();
        let profile = seen(mac);
        if mac.is_locally_administered() {
            // Anybody may make such an address up: the block only supports other evidence.
            assert_eq!(profile, None, "{prefix}");
            continue;
        }
        let profile = profile.unwrap_or_else(|| panic!("{prefix} is not suspected"));
        let brand = match text(oui, "brand") {
            "prama-hikvision" => "prama",
            brand => brand,
        };

        let vendors = [&profile.identity.vendor, &profile.identity.oem_of];
        assert!(vendors.into_iter().flatten().any(|is| **is == *brand), "{prefix}: {profile:?}");
        // An address block alone never confirms.
        assert_eq!(profile.identity.confidence, 58, "{prefix}");
    }
    let macs = rows(&facts, "negative").iter().filter(|row| text(row, "kind") == "mac");
    let modules = rows(&facts, "oui_third_party").iter().map(|row| text(row, "prefix"));
    for prefix in macs.map(|row| text(row, "value")).chain(modules) {
        assert_eq!(seen(format!("{prefix}:00:00:01").parse().unwrap()), None, "{prefix}");
    }
}

#[test]
fn every_banner_of_the_facts_is_a_signature_of_the_same_grade() {
    let Some(facts) = facts() else { return };
    let devices: toml::Table =
        toml::from_str(include_str!("../config/catalogue/devices.toml")).unwrap();

    for fact in rows(&facts, "fingerprint") {
        let places: &[&str] = match text(fact, "kind") {
            "http-server" => &["http-server"],
            "http-realm" => &["http-realm", "rtsp-realm"],
            "tls-subject" => &["certificate-subject"],
            "mdns-service" => &["mdns-service"],
            "ssdp-devicetype" => &["ssdp-device-type"],
            "onvif-scope" => &["onvif-name"],
            "snmp-enterprise" => &["snmp-object"],
            // Searches, paths that viewers ask for, icons and shapes of serial numbers are no banners of a device;
            // no dissector reads Telnet.
            _ => continue,
        };
        let pattern = text(fact, "pattern").to_ascii_lowercase();
        for place in places {
            let found = rows(&devices, "signature").iter().find(|row| {
                let own = text(row, "pattern").to_ascii_lowercase().replace("#####", "");
                let own = own.trim_end_matches("()").trim_end_matches(".local");
                text(row, "in") == *place
                    && (pattern == own || pattern.len() > 12 && pattern.contains(own))
            });
            let found = found.unwrap_or_else(|| panic!("{place} {pattern}"));
            assert_eq!(text(found, "grade"), text(fact, "confidence"), "{place} {pattern}");
        }
    }
}

#[test]
fn every_rebrander_of_the_facts_is_a_brand_of_the_same_grade_unless_nothing_was_found() {
    let Some(facts) = facts() else { return };
    let devices: toml::Table =
        toml::from_str(include_str!("../config/catalogue/devices.toml")).unwrap();
    let brands = rows(&devices, "brand");

    for fact in rows(&facts, "oem") {
        let name = text(fact, "brand").to_ascii_lowercase();
        let names = |row: &&toml::Value| {
            let words = row["words"].as_array().unwrap().iter().map(|word| word.as_str().unwrap());
            words
                .into_iter()
                .any(|word| name.split(|c: char| !c.is_alphanumeric()).any(|part| part == word))
        };
        let found: Vec<_> = brands.iter().filter(names).collect();
        match text(fact, "confidence") {
            "D" => assert!(found.is_empty(), "{name}"),
            // A vendor and a house of its own, with address blocks.
            _ if name == "ezviz" => assert!(found.is_empty()),
            grade => {
                assert!(!found.is_empty(), "{name}");
                assert!(found.iter().all(|row| text(row, "grade") == grade), "{name}");
            }
        }
    }
}

/// What is told of a station of which nothing but its address was seen.
fn seen(mac: MacAddr) -> Option<Arc<DeviceProfile>> {
    let catalogue = Arc::new(Catalogue::builtin().unwrap());
    let mut analyst = Analyst::new(catalogue, Config::default());
    let timestamp = Timestamp::from_parts(1_000, 0);
    let order = ObservationOrder { timestamp, frame: 1, flow: 0, part: 0 };
    let ip = [192, 168, 1, 64].into();
    let kind = ObservationKind::BindingSeen { mac, ip, how: BindingSource::Arp };
    analyst.observe(Observation { order, timestamp, kind });
    std::iter::from_fn(|| analyst.poll_event()).find_map(|event| match event.kind {
        EventKind::DeviceSeen(profile) => Some(profile),
        EventKind::DeviceTouched(_)
        | EventKind::FlowStarted(_)
        | EventKind::FlowUpdated { .. }
        | EventKind::FlowEnded { .. }
        | EventKind::MessageRead(_)
        | EventKind::HourJudged(_)
        | EventKind::AlertTold(_) => None,
    })
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

fn strings<'a>(row: &'a toml::Value, key: &str) -> Vec<&'a str> {
    row[key].as_array().unwrap().iter().map(|value| value.as_str().unwrap()).collect()
}

fn transports(fact: &str) -> Vec<IpProtocol> {
    let known = [("tcp", IpProtocol::TCP), ("udp", IpProtocol::UDP)];
    let named = |word: &str| known.iter().find(|(name, _)| *name == word).map(|(_, is)| *is);
    fact.split('/').filter_map(named).collect()
}

fn port_meaning(fact: &str) -> (&'static str, CloudRole, Speaker) {
    use CloudRole as R;
    use Speaker as S;
    let known = [
        ("EZVIZ/Hik-Connect LBS", "ezviz-lbs", R::Registration, S::Device),
        ("DAS MQTT", "ezviz-das", R::Control, S::Device),
        ("EZVIZ cloud, role unknown", "ezviz", R::Unknown, S::Device),
        ("old-generation access gateway", "ezviz-access-gateway", R::Registration, S::Device),
        ("old-generation service", "ezviz-das", R::Control, S::Device),
        ("old-generation alarm push", "ezviz-alarm", R::Push, S::Device),
        ("CAS signalling", "ezviz-cas", R::Broker, S::App),
        ("P2P server", "ezviz-p2p", R::P2p, S::Both),
        ("proprietary STUN (XML", "ezviz-stun", R::Stun, S::Both),
        ("proprietary STUN", "ezviz-stun", R::Stun, S::Device),
        ("video relay", "ezviz-relay", R::Relay, S::Device),
        ("relay server with ECDH", "ezviz-relay", R::Relay, S::Both),
        ("VTM media relay", "ezviz-vtm", R::Relay, S::App),
        ("two-way voice relay", "ezviz-voice-relay", R::Relay, S::Device),
        ("cleartext snapshot POST", "hikvision-snapshots", R::Storage, S::Device),
        ("MQTT push to apps", "ezviz-app-push", R::Push, S::App),
        ("ISUP", "hikvision-isup", R::Unknown, S::Device),
        ("NTP", "ezviz-ntp", R::Ntp, S::Both),
    ];
    let found = known.into_iter().find(|(start, ..)| fact.starts_with(start));
    let (_, service, role, speaker) = found.unwrap_or_else(|| panic!("a new port: {fact}"));
    (service, role, speaker)
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
