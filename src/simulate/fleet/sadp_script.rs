//! SADP in both forms, and the EZVIZ beacon.
//!
//! Comes in: a host and a time. Goes out: frames, and the kinds of evidence in them. Nothing here was captured by
//! us. The sources of the forms (`idx` is the public code index of `shared/domain`):
//!
//! * SADP over UDP: two captured replies, idx:28488762960 and idx:69112239485; that older firmware replies to all
//!   and newer to the asker is of idx:57548561374.
//! * SADP over `EtherType` 0x8033: the layout of MatrixEditor/hiktools, `lua/sadp.lua`. It ends with the mask;
//!   what stands behind is not described and left zero.
//! * The beacon over `EtherType` 0x8d8d: Stinocon/ezviz-stream-bridge, measured on a CP4.

use std::time::Duration;

use super::dialect::{Dialect, field};
use super::evidence::{EvidenceKind as E, EvidenceSet};
use super::host::{GATEWAY, Host, MASK, Unit};
use super::stage::Stage;
use crate::net::{MacAddr, Timestamp};
use crate::simulate::home_script::{SADP_PORT, group};
use crate::simulate::outbox::Place;
use crate::simulate::station::Seat;
use crate::simulate::vendor_message::sadp_inquiry;

/// `EtherType` of SADP.
pub(crate) const SADP_LINK: u16 = 0x8033;
/// `EtherType` of the beacon.
const BEACON: u16 = 0x8d8d;
/// Topic of the dialect.
const SADP_TOPIC: u64 = 1;

/// What a unit says of itself in SADP; `mac` and `ip` as it has them, or as somebody lies.
pub(crate) fn sadp_words(unit: &Unit, dialect: &Dialect, uuid: &str, seat: Seat) -> Vec<u8> {
    let mac = seat.mac.to_string().replace(':', "-");
    let analog = if unit.sheet.model.starts_with("DS-72") { 8 } else { 0 };
    let digital = if analog > 0 { 0 } else { unit.channel_count.max(1) };
    let oem = if unit.sheet.oem_of.is_some() { unit.sheet.label } else { "N/A" };
    // Rebadged units keep the protocol; their description lacks the maker's prefix.
    let description = match unit.sheet.oem_of {
        Some(_) if !dialect.quirk(SADP_TOPIC, 50) => {
            format!("{} {}", unit.sheet.label, unit.sheet.model)
        }
        _ => unit.sheet.model.to_owned(),
    };
    // Public parsers disagree on which field has the model, so some firmware may swap them.
    let swapped = dialect.quirk(SADP_TOPIC ^ 0x77, 15);
    let number = unit.sheet.device_type.to_string();
    let (kind, description) =
        if swapped { (description, "IPCamera".to_owned()) } else { (number, description) };
    let software = if dialect.quirk(SADP_TOPIC ^ 0x5f, 30) {
        unit.firmware.replace("build", " build")
    } else {
        unit.firmware.clone()
    };
    let fields = vec![
        field("Uuid", uuid),
        field("Types", "inquiry"),
        field("DeviceType", kind),
        field("DeviceDescription", description),
        field("DeviceSN", unit.device_sn.as_str()),
        field("CommandPort", "8000"),
        field("HttpPort", "80"),
        field("MAC", mac),
        field("IPv4Address", seat.ip.to_string()),
        field("IPv4SubnetMask", MASK.to_string()),
        field("IPv4Gateway", GATEWAY.to_string()),
        field("IPv6Address", "::"),
        field("DHCP", "true"),
        field("AnalogChannelNum", analog.to_string()),
        field("DigitalChannelNum", digital.to_string()),
        field("SoftwareVersion", software),
        field("DSPVersion", "V7.3 build 190626"),
        field("BootTime", "2026-01-01 02:44:11"),
        field("Encrypt", "true"),
        field("OEMinfo", oem),
        field("Activated", if unit.activated { "true" } else { "false" }),
    ];
    // Root and MAC stay: without them it is no reply.
    dialect.xml(SADP_TOPIC, "ProbeMatch", &["MAC", "Uuid", "Types"], fields)
}

/// A tool asks everyone in both forms. Gives the number of this round.
pub(crate) fn sadp_inquiry_round(stage: &mut Stage<'_>, at: Timestamp, tool: Seat) -> String {
    let noise = stage.prng().next_u64();
    let uuid = format!("{:08X}-0000-4000-8000-{:012X}", noise >> 32, noise & 0xffff_ffff);
    stage.shout(at, tool, SADP_PORT, &group(SADP_PORT), &sadp_inquiry(&uuid));
    let counter = stage.prng().next_u32();
    let asked = at.plus(Duration::from_millis(1));
    let nobody = Seat { mac: MacAddr::ZERO, ip: [0, 0, 0, 0].into() };
    let message = sadp_link(LinkMessage::Inquiry, counter, tool, nobody);
    stage.ether(asked, tool.mac, SADP_LINK, &message);
    uuid
}

/// A unit answers an inquiry.
pub(crate) fn sadp_answer(
    stage: &mut Stage<'_>,
    at: Timestamp,
    host: &Host,
    tool: Seat,
    uuid: &str,
) -> EvidenceSet {
    let mut said = EvidenceSet::NONE;
    let Some(unit) = &host.unit else { return said };
    for seat in &host.seats {
        let delay = stage.prng().between(Duration::from_millis(5), Duration::from_millis(400));
        let at = at.plus(delay);
        if unit.voices.contains(E::SadpReply) && !host.dialect.loses(stage.prng()) {
            let words = sadp_words(unit, &host.dialect, uuid, *seat);
            let to = if unit.replies_to_all { group(SADP_PORT) } else { tool.end(SADP_PORT) };
            stage.outbox.udp(at, &seat.end(SADP_PORT), &to, Place::First, &words);
            said = said.with(E::SadpReply);
        }
        if unit.voices.contains(E::SadpLink) && !host.dialect.loses(stage.prng()) {
            let counter = stage.prng().next_u32();
            let message = sadp_link(LinkMessage::Reply, counter, *seat, tool);
            stage.outbox.ether(at, seat.mac, tool.mac, SADP_LINK, &message);
            said = said.with(E::SadpLink);
        }
    }
    said
}

/// A unit says over the link that it is there.
pub(crate) fn sadp_online(stage: &mut Stage<'_>, at: Timestamp, host: &Host) -> EvidenceSet {
    if !host.speaks(E::SadpLink) || host.dialect.loses(stage.prng()) {
        return EvidenceSet::NONE;
    }
    let nobody = Seat { mac: MacAddr::ZERO, ip: [0, 0, 0, 0].into() };
    let counter = stage.prng().next_u32();
    let message = sadp_link(LinkMessage::Online, counter, host.seat(), nobody);
    stage.ether(at, host.seat().mac, SADP_LINK, &message);
    EvidenceSet::of(&[E::SadpLink])
}

/// Messages of SADP over the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LinkMessage {
    Online,
    Inquiry,
    Reply,
}

fn sadp_link(kind: LinkMessage, counter: u32, from: Seat, to: Seat) -> Vec<u8> {
    let (direction, query) = match kind {
        LinkMessage::Online => (2, 0x02),
        LinkMessage::Inquiry => (2, 0x03),
        LinkMessage::Reply => (1, 0x04),
    };
    let origin = if kind == LinkMessage::Inquiry { 0x42 } else { 0xf0 };
    let mut out = vec![0x21, direction, 0x01, origin];
    out.extend(counter.to_be_bytes());
    out.extend([0x06, 0x04, query, 0, 0, 0]);
    for seat in [from, to] {
        out.extend(seat.mac.0);
        out.extend(seat.ip.octets());
    }
    out.extend(if kind == LinkMessage::Reply { MASK.octets() } else { [0; 4] });
    out.resize(if kind == LinkMessage::Reply { 512 } else { 80 }, 0);
    out
}

/// An EZVIZ unit's beacon: 625 octets with the Ethernet header.
pub(crate) fn beacon(stage: &mut Stage<'_>, at: Timestamp, host: &Host) -> EvidenceSet {
    let Some(unit) = &host.unit else { return EvidenceSet::NONE };
    if !unit.voices.contains(E::Beacon) || host.dialect.loses(stage.prng()) {
        return EvidenceSet::NONE;
    }
    let seat = host.cloud_seat();
    let mut out = seat.ip.to_string().into_bytes();
    out.resize(16, 0);
    out.extend(848_u32.to_le_bytes());
    out.extend([0x0c, 0xbd]);
    out.extend(b"/discover/2.0.3/req/4097");
    out.extend([0, 2, 0, 0x32]);
    // The same in each frame of a unit, then different in each frame.
    let [a, b, c, d, e, f, g, h, ..] = unit.token;
    let own = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
    out.extend(crate::simulate::prng::Prng::new(own).noise(177));
    out.extend(stage.prng().noise(384));
    stage.ether(at, seat.mac, BEACON, &out);
    EvidenceSet::of(&[E::Beacon])
}
