//! The simulated fleet: the truth about it is consistent, and the same seed gives the same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use hikwatch::net::{MacAddr, Timestamp};
use hikwatch::simulate::{
    EvidenceKind, EvidenceSet, Fleet, FleetPlan, FleetRole, FleetTruth, Mutation, SimulatedFrame,
    SpoofKind, UnitKind,
};

const START: Timestamp = Timestamp::from_parts(1_767_225_600, 0);
const SEEDS: std::ops::Range<u64> = 0..4;

fn run(seed: u64, mutation: Mutation) -> (Vec<SimulatedFrame>, FleetTruth) {
    let mut fleet = Fleet::new(seed, START, FleetPlan::mutated(mutation));
    let frames: Vec<_> = fleet.by_ref().collect();
    (frames, fleet.truth().clone())
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_truth_and_another_seed_others() {
    let (frames, truth) = run(1, Mutation::STRONG);

    assert_eq!((&frames, &truth), (&run(1, Mutation::STRONG).0, &run(1, Mutation::STRONG).1));
    let (other_frames, other_truth) = run(2, Mutation::STRONG);
    assert_ne!(frames, other_frames);
    assert_ne!(truth, other_truth);
}

#[test]
fn the_run_is_ordered_ends_and_stays_small() {
    let (frames, truth) = run(3, Mutation::NONE);

    assert!(frames.is_sorted_by_key(|frame| frame.timestamp));
    assert_eq!(frames.len() as u64, truth.frames);
    let mut roles: BTreeMap<&str, usize> = BTreeMap::new();
    for host in &truth.hosts {
        *roles.entry(host.role.as_label()).or_default() += 1;
    }
    println!("{} frames of {roles:?}", frames.len());
    assert!((10_000..60_000).contains(&frames.len()), "{} frames", frames.len());
    let last = frames.last().unwrap().timestamp.since(START);
    assert!((6_000..7_500).contains(&last.as_secs()), "{last:?}");
}

#[test]
fn the_default_plan_has_five_hundred_hosts_and_sixty_units_of_every_kind() {
    for seed in SEEDS {
        let (_, truth) = run(seed, Mutation::MILD);
        let kinds: BTreeSet<UnitKind> = truth.units().map(|(.., unit)| unit.kind).collect();
        let roles: BTreeSet<FleetRole> = truth.hosts.iter().map(|host| host.role).collect();

        assert_eq!(truth.hosts.len(), 500);
        assert_eq!(truth.units().count(), 60);
        assert_eq!(kinds.len(), UnitKind::ALL.len());
        assert!(kinds.len() >= 12);
        for role in [
            FleetRole::OtherCamera,
            FleetRole::OtherRecorder,
            FleetRole::AppPhone,
            FleetRole::HomeAssistant,
            FleetRole::ViewingDesktop,
            FleetRole::SadpTool,
            FleetRole::Scanner,
            FleetRole::LampGateway,
            FleetRole::TimeBorrower,
            FleetRole::NameLookalike,
            FleetRole::FalseMaker,
            FleetRole::NameServer,
            FleetRole::Router,
            FleetRole::Ordinary,
            FleetRole::Spoofer(SpoofKind::SadpReplies),
            FleetRole::Spoofer(SpoofKind::Mac),
            FleetRole::Spoofer(SpoofKind::Address),
        ] {
            assert!(roles.contains(&role), "{role:?}");
        }
    }
}

#[test]
fn names_serials_and_addresses_are_of_one_host() {
    for seed in SEEDS {
        let (_, truth) = run(seed, Mutation::STRONG);
        let mut names = BTreeSet::new();
        let mut macs = BTreeSet::new();
        let mut addresses = BTreeSet::new();
        let mut serials = BTreeSet::new();
        for host in &truth.hosts {
            assert!(names.insert(&host.name), "{}", host.name);
            assert!(!host.macs.is_empty());
            assert!(host.macs.iter().all(|mac| mac.is_station() && macs.insert(*mac)));
            assert!(host.addresses.iter().all(|held| addresses.insert(held.ip)));
            assert!(host.addresses.iter().all(|held| host.macs.contains(&held.mac)));
            let random = host.macs.iter().any(|mac| mac.is_locally_administered());
            assert_eq!(host.random_mac, random);
            assert_eq!(host.unit.is_some(), host.role == FleetRole::VendorUnit);
            if let Some(unit) = &host.unit {
                assert_eq!(unit.serial.len(), 9);
                assert!(serials.insert(&unit.serial));
                for channel in &unit.channels {
                    assert!(truth.hosts[*channel].unit.is_some());
                }
            }
        }
    }
}

#[test]
fn every_odd_thing_happens_in_some_seed() {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in SEEDS {
        let (_, truth) = run(seed, Mutation::NONE);
        for (_, host, unit) in truth.units() {
            let odd = [
                ("two interfaces", host.macs.len() == 2),
                ("foreign address", unit.foreign_mac),
                ("random address", host.random_mac),
                ("address changed", host.addresses.len() > host.macs.len()),
                ("firmware updated", unit.firmware_before.is_some()),
                ("never activated", !unit.activated),
                ("activated in the run", unit.activated_in_run),
                ("channels", !unit.channels.is_empty()),
                ("gives nothing", host.evidence.is_empty()),
                ("rebrand", unit.oem_of.is_some()),
            ];
            for (what, happened) in odd {
                *seen.entry(what).or_default() += usize::from(happened);
            }
        }
        *seen.entry("forged").or_default() += truth.forged.len();
        let unfindable = truth.units().filter(|(_, host, _)| !host.is_findable()).count();
        assert_eq!(unfindable, 2, "seed {seed}: two battery units give too little");
    }
    println!("{seen:?}");
    assert!(seen.values().all(|count| *count > 0), "{seen:?}");
}

#[test]
fn every_kind_of_evidence_is_given_and_its_owner_has_sent_it() {
    let (frames, truth) = run(5, Mutation::NONE);
    let mut given = EvidenceSet::NONE;
    for (_, host, _) in truth.units() {
        given = given.union(host.evidence);
    }
    assert_eq!(given.len(), EvidenceKind::ALL.len(), "{given:?}");

    let mut senders: BTreeMap<MacAddr, Vec<&[u8]>> = BTreeMap::new();
    for frame in &frames {
        let mac = MacAddr(frame.bytes[6..12].try_into().unwrap());
        senders.entry(mac).or_default().push(&frame.bytes);
    }
    let marks: [(EvidenceKind, &[u8]); 9] = [
        (EvidenceKind::SadpReply, b"<ProbeMatch>"),
        (EvidenceKind::Beacon, b"/discover/2.0.3/req/4097"),
        (EvidenceKind::WsDiscovery, b"onvif://www.onvif.org/name/"),
        (EvidenceKind::SsdpDescription, b"EmbeddedNetDevice:1</deviceType>"),
        (EvidenceKind::Mdns, b"_CGI"),
        (EvidenceKind::HttpRealm, b"WWW-Authenticate"),
        (EvidenceKind::RtspRealm, b"RTSP/1.0 401"),
        (EvidenceKind::Control, b"/Basic/pu2cenplt/"),
        (EvidenceKind::ChannelList, b"InputProxyChannelList"),
    ];
    for (_, host, unit) in truth.units() {
        let sent: Vec<&[u8]> =
            host.macs.iter().filter_map(|mac| senders.get(mac)).flatten().copied().collect();
        for (kind, mark) in marks {
            let found = sent.iter().any(|frame| frame.windows(mark.len()).any(|w| w == mark));
            if host.evidence.contains(kind) {
                assert!(found, "{} gave no {kind:?}", host.name);
            }
        }
        let serial = unit.serial.as_bytes();
        if host.evidence.contains(EvidenceKind::Registration) {
            assert!(sent.iter().any(|frame| frame.windows(9).any(|w| w == serial)));
        }
    }
}

/// Prints how much the units give away; what no observer could know bounds what the program can find.
#[test]
fn mutation_takes_evidence_but_leaves_most_units_findable() {
    for mutation in [Mutation::NONE, Mutation::MILD, Mutation::STRONG] {
        let (mut units, mut findable, mut kinds) = (0, 0, 0);
        for seed in SEEDS {
            let (_, truth) = run(seed, mutation);
            units += truth.units().count();
            findable += truth.units().filter(|(_, host, _)| host.is_findable()).count();
            kinds += truth.units().map(|(_, host, _)| host.evidence.len()).sum::<usize>();
            for (_, host, _) in truth.units().filter(|(_, host, _)| !host.is_findable()) {
                println!("{mutation:?} seed {seed}: {} gives {:?}", host.name, host.evidence);
            }
        }
        println!("{mutation:?}: {findable} of {units} findable, {kinds} kinds of evidence");
        assert!(findable * 100 >= units * 95, "{findable} of {units} with {mutation:?}");
    }
}

#[test]
fn a_forged_claim_names_what_is_not_the_spoofers() {
    for seed in SEEDS {
        let (_, truth) = run(seed, Mutation::MILD);
        assert!(truth.forged.len() >= 5, "seed {seed}: {:?}", truth.forged);
        for claim in &truth.forged {
            let by = &truth.hosts[claim.by];
            let has_ip = |index: usize, ip: IpAddr| {
                truth.hosts[index].addresses.iter().any(|held| held.ip == ip)
            };
            match (by.role, claim.victim) {
                (FleetRole::Spoofer(SpoofKind::SadpReplies), None) => {
                    assert_eq!(truth.with_mac(claim.mac).count(), 0);
                }
                (FleetRole::Spoofer(SpoofKind::SadpReplies), Some(victim)) => {
                    assert!(truth.hosts[victim].macs.contains(&claim.mac));
                    assert!(truth.hosts[victim].unit.is_none());
                }
                (FleetRole::Spoofer(SpoofKind::Mac), Some(victim)) => {
                    assert!(truth.hosts[victim].macs.contains(&claim.mac));
                    assert!(has_ip(claim.by, claim.ip));
                }
                (FleetRole::Spoofer(SpoofKind::Address), Some(victim)) => {
                    assert!(has_ip(victim, claim.ip));
                    assert!(by.macs.contains(&claim.mac));
                }
                (role, victim) => panic!("{role:?} claims {victim:?}"),
            }
        }
    }
}

#[test]
fn a_small_plan_and_a_large_one_are_kept() {
    let plan = FleetPlan {
        vendor_units: 14,
        hosts: 80,
        span: Duration::from_secs(600),
        mutation: Mutation::NONE,
    };
    let small = Fleet::new(1, START, plan);
    assert_eq!((small.truth().hosts.len(), small.truth().units().count()), (80, 14));
    let kinds: BTreeSet<_> = small.truth().units().map(|(.., unit)| unit.kind).collect();
    assert!(kinds.len() >= 9, "{kinds:?}");

    let large = Fleet::new(1, START, FleetPlan { vendor_units: 200, hosts: 1_000, ..plan });
    assert_eq!((large.truth().hosts.len(), large.truth().units().count()), (1_000, 200));
}
