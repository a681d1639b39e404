//! The vendor units of a fleet.
//!
//! Comes in: the cast so far. Goes out: the cast with its units: models, serials, firmware, odd addresses, and
//! which protocols of each are alive.
//!
//! Serials and SADP's `DeviceSN` follow the published grammar (model, date, four letters, nine characters, and
//! `WCVU` for recorders); each one here is our own construction.

use std::net::Ipv4Addr;

use super::cast::Cast;
use super::dialect::Dialect;
use super::evidence::{EvidenceKind as E, EvidenceSet};
use super::host::{Channel, Host, Unit};
use super::maker::{MODULE, is_vendors};
use super::sheet::{Sheet, sheets_of};
use super::truth::{FleetRole, UnitTruth};
use super::unit_kind::UnitKind;
use crate::simulate::station::Seat;

/// Of how many units one is odd in a way.
const SECOND_INTERFACE: usize = 9;
const NOT_ACTIVATED: usize = 12;
/// Which camera has a random hardware address.
const RANDOM_MAC: usize = 2;
/// Of how many units one is quiet: nobody views it, or most of its protocols are switched off, so that it gives two
/// to four kinds of evidence.
const QUIET: u64 = 3;
/// Kinds of evidence that a unit keeps at least, however strong the mutation, if it has them.
const FEWEST_VOICES: usize = 2;
/// Most cameras here that one recorder has as channels.
const MOST_CHANNELS: usize = 4;

impl Cast {
    /// Adds the units of the plan: kinds in their shares, models of a kind in turn.
    pub(crate) fn add_units(&mut self) {
        let total = self.plan.vendor_units.min(super::plan::MOST_HOSTS / 2);
        let offset = usize::try_from(self.prng.below(1_000)).unwrap_or(0);
        let deck: Vec<UnitKind> = UnitKind::ALL
            .into_iter()
            .flat_map(|kind| std::iter::repeat_n(kind, kind.share()))
            .collect();
        // A plan with fewer units takes them from all over the deck.
        let stride = if total < deck.len() { 7 } else { 1 };
        for number in 0..total {
            let at = number * stride % deck.len().max(1);
            let Some(kind) = deck.get(at).copied() else { continue };
            let before = self.truth.units().filter(|(_, _, unit)| unit.kind == kind).count();
            let sheets: Vec<_> = sheets_of(kind).collect();
            // The first battery units stand for the four ways to be one; others begin anywhere.
            let first = if kind == UnitKind::EzvizBattery { 0 } else { offset };
            if let Some(sheet) = sheets.get((first + before) % sheets.len().max(1)) {
                self.add_unit(sheet, before, number + offset);
            }
        }
        self.fill_recorders();
    }

    fn add_unit(&mut self, sheet: &'static Sheet, before: usize, odd: usize) {
        // One camera stands behind a bridge that gives it a random address.
        let odd_mac = sheet.kind == UnitKind::Camera && before == RANDOM_MAC;
        let mac = self.mac(if odd_mac { &[] } else { sheet.blocks });
        let mut seats = vec![Seat { mac, ip: self.address() }];
        if odd % SECOND_INTERFACE == 4 && sheet.speaks.contains(E::SadpReply) {
            // The wireless interface: a module maker's, or the vendor's own.
            let blocks = if odd.is_multiple_of(2) { &MODULE[..] } else { sheet.blocks };
            let mac = self.mac(blocks);
            seats.push(Seat { mac, ip: self.address() });
        }
        let serial = self.serial();
        let device_sn = self.device_sn(sheet, &serial);
        let old = self.prng.below(2) == 0;
        let firmware = self.firmware(old);
        let activated =
            !(odd % NOT_ACTIVATED == 7 && sheet.speaks.contains(E::SadpReply)) || odd_mac;
        let dialect = Dialect::draw(&mut self.prng, self.plan.mutation);
        let voices = self.voices(sheet, before);
        let mut token = [0; 32];
        self.prng.fill(&mut token);
        let name = format!("{}-{before:03}-{}", sheet.kind.as_label(), sheet.vendor);
        let mut truth = self.truth_of(FleetRole::VendorUnit, name, &seats);
        truth.unit = Some(UnitTruth {
            kind: sheet.kind,
            vendor: sheet.vendor,
            oem_of: sheet.oem_of,
            device_kind: sheet.kind.device_kind(),
            model: says_model(voices).then_some(sheet.model),
            model_constructed: sheet.constructed,
            serial: serial.clone(),
            firmware: firmware.clone(),
            firmware_before: None,
            activated,
            activated_in_run: false,
            foreign_mac: seats.iter().all(|seat| !is_vendors(seat.mac)),
            channels: Vec::new(),
            channel_count: 0,
        });
        let named = voices.contains(E::DhcpName);
        let unit = Unit {
            sheet,
            serial,
            device_sn,
            firmware,
            activated,
            voices,
            replies_to_all: old,
            token,
            channels: Vec::new(),
            channel_count: 0,
        };
        let host = Host {
            seats,
            hostname: if named { sheet.model.replace(' ', "-") } else { "ipcamera".to_owned() },
            vendor_class: "udhcp 1.23.1",
            dialect,
            unit: Some(unit),
            other: None,
        };
        self.add(host, truth);
    }

    /// Which kinds of evidence a unit gives: all that its model can, few of a quiet one, less what mutation takes.
    fn voices(&mut self, sheet: &Sheet, before: usize) -> EvidenceSet {
        // Of four battery units one sleeps all the time, and one speaks to an address without a name only.
        if sheet.kind == UnitKind::EzvizBattery && before % 4 >= 2 {
            return EvidenceSet::NONE;
        }
        let strength = u64::from(self.plan.mutation.strength());
        let mut voices = sheet.speaks;
        // No published source says how the vendor names itself in DHCP: half of them give the model.
        if self.prng.below(2) == 0 {
            voices = voices.without(E::DhcpName);
        }
        if self.prng.below(QUIET) == 0 {
            voices = self.quiet(voices);
        }
        for kind in sheet.speaks.iter() {
            let silent = self.prng.below(200) < strength;
            if silent && voices.without(kind).len() >= FEWEST_VOICES {
                voices = voices.without(kind);
            }
        }
        voices
    }

    /// A few of these kinds, at least one of which is specific to the vendor.
    fn quiet(&mut self, voices: EvidenceSet) -> EvidenceSet {
        let mut kinds: Vec<E> = voices.iter().collect();
        let mut kept = EvidenceSet::NONE;
        let fewest = usize::try_from(self.prng.below(3)).unwrap_or(0) + FEWEST_VOICES;
        while kept.len() < fewest && !kinds.is_empty() {
            let at = usize::try_from(self.prng.below(kinds.len() as u64)).unwrap_or(0);
            let kind = kinds.swap_remove(at);
            let specific = kept.iter().any(E::is_specific) || kind.is_specific();
            if specific || kept.len() + 1 < fewest {
                kept = kept.with(kind);
            }
        }
        kept
    }

    fn device_sn(&mut self, sheet: &Sheet, serial: &str) -> String {
        let (year, month) = (2014 + self.prng.below(11), 1 + self.prng.below(12));
        let day = 1 + self.prng.below(28);
        let letters = self.pick(&["AAWR", "CCRR", "CCWR", "AACH", "CCCH", "AARR"]);
        let tail = if sheet.kind.device_kind() == "recorder" { "WCVU" } else { "" };
        format!("{}{year}{month:02}{day:02}{letters}{serial}{tail}", sheet.model)
    }

    /// Version and build as captured replies have them.
    pub(crate) fn firmware(&mut self, old: bool) -> String {
        let (minor, patch) = (self.prng.below(7), self.prng.below(12));
        let minor = if old { minor } else { minor + 7 };
        let year = if old { 17 + self.prng.below(5) } else { 21 + self.prng.below(5) };
        let (month, day) = (1 + self.prng.below(12), 1 + self.prng.below(28));
        format!("V5.{minor}.{patch}build {year:02}{month:02}{day:02}")
    }

    /// Gives each recorder some cameras as channels.
    fn fill_recorders(&mut self) {
        let cameras: Vec<(usize, Channel)> = self
            .hosts
            .iter()
            .enumerate()
            .filter_map(|(index, host)| {
                let unit = host.unit.as_ref()?;
                let kinds = [UnitKind::Camera, UnitKind::PtzCamera, UnitKind::RebrandCamera];
                let ip: Ipv4Addr = host.seat().ip;
                let channel = Channel { model: unit.sheet.model, serial: unit.serial.clone(), ip };
                kinds.contains(&unit.sheet.kind).then_some((index, channel))
            })
            .collect();
        let mut cameras = cameras.into_iter();
        for (host, truth) in self.hosts.iter_mut().zip(&mut self.truth.hosts) {
            let (Some(unit), Some(truth)) = (&mut host.unit, &mut truth.unit) else { continue };
            if truth.device_kind != "recorder" {
                continue;
            }
            for (index, channel) in cameras.by_ref().take(MOST_CHANNELS) {
                truth.channels.push(index);
                unit.channels.push(channel);
            }
            unit.channel_count = if unit.sheet.model.contains("16") { 16 } else { 8 };
            truth.channel_count = unit.channel_count;
        }
    }
}

/// Tells whether any of these says the model.
const fn says_model(voices: EvidenceSet) -> bool {
    let telling =
        [E::SadpReply, E::WsDiscovery, E::SsdpDescription, E::Mdns, E::DhcpName, E::ChannelList];
    let mut rest = telling.as_slice();
    while let [first, others @ ..] = rest {
        if voices.contains(*first) {
            return true;
        }
        rest = others;
    }
    false
}

impl Unit {
    /// Port of its control server, which the registration hands out (31006 and 8820 were seen).
    pub(crate) const fn control_port(&self) -> u16 {
        let [first, ..] = self.token;
        if first.is_multiple_of(2) { 8_820 } else { 31_006 }
    }
}
