//! What spoofers do.
//!
//! Comes in: the cast, a spoofer and a time. Goes out: frames, and what they claim, into the truth.

use std::net::IpAddr;
use std::time::Duration;

use super::agenda::Spoof;
use super::cast::Cast;
use super::host::Host;
use super::maker::HIKVISION;
use super::sadp_script::sadp_words;
use super::stage::Stage;
use super::truth::{FleetRole, ForgedClaim};
use super::view_script;
use crate::net::{MacAddr, Timestamp};
use crate::simulate::frame_builder::Arp;
use crate::simulate::home_script::{SADP_PORT, ask_for, group};
use crate::simulate::site::WEB_PAGE;
use crate::simulate::station::Seat;
use crate::simulate::tls_message::TlsStyle;

/// Claims by ARP that follow each other.
const CLAIMS: u64 = 5;

/// Plays a scene of a spoofer.
pub(crate) fn perform(
    stage: &mut Stage<'_>,
    cast: &mut Cast,
    at: Timestamp,
    index: usize,
    lie: Spoof,
) {
    match lie {
        Spoof::Replies => forge_replies(stage, cast, at, index),
        Spoof::Mac(victim) => take_mac(stage, cast, at, index, victim),
        Spoof::Address(victim) => take_address(stage, cast, at, index, victim),
    }
}

/// Replies that name an ordinary host, and a device that there is not.
fn forge_replies(stage: &mut Stage<'_>, cast: &mut Cast, at: Timestamp, index: usize) {
    let nobody = Seat { mac: cast.mac(&HIKVISION), ip: cast.address() };
    let ordinary = cast.truth.hosts.iter().position(|host| host.role == FleetRole::Ordinary);
    let model = cast.hosts.iter().find_map(|host| host.unit.as_ref());
    let Some(liar) = cast.hosts.get(index) else { return };
    let victim = ordinary.and_then(|index| Some((index, cast.hosts.get(index)?.seat())));
    let claims =
        [(None, nobody)].into_iter().chain(victim.map(|(index, seat)| (Some(index), seat)));
    let Some(model) = model else { return };
    for ((victim, seat), number) in claims.zip(1..) {
        let uuid = format!("{:016X}", stage.prng().next_u64());
        let words = sadp_words(model, &liar.dialect, &uuid, seat);
        let at = at.plus(Duration::from_millis(50 * number));
        stage.shout(at, liar.seat(), SADP_PORT, &group(SADP_PORT), &words);
        let ip = IpAddr::V4(seat.ip);
        cast.truth.forged.push(ForgedClaim { by: index, mac: seat.mac, ip, victim });
    }
}

/// The spoofer gives itself the hardware address of a unit, keeps its own IP address, and browses.
fn take_mac(stage: &mut Stage<'_>, cast: &mut Cast, at: Timestamp, index: usize, victim: usize) {
    let Some(mac) = cast.hosts.get(victim).map(|host| host.seat().mac) else { return };
    let Some(seat) = cast.hosts.get_mut(index).and_then(|host| host.seats.first_mut()) else {
        return;
    };
    seat.mac = mac;
    let seat = *seat;
    ask_for(stage.outbox, at, &seat, &stage.router);
    for number in 1..4 {
        let at = at.plus(Duration::from_secs(20 * number));
        super::cloud_script::ask(stage, at, seat, &WEB_PAGE, TlsStyle::App);
    }
    claim(cast, index, seat, victim);
}

/// The spoofer says by ARP that the IP address of a unit is its own, and answers under it as an ordinary device.
fn take_address(
    stage: &mut Stage<'_>,
    cast: &mut Cast,
    at: Timestamp,
    index: usize,
    victim: usize,
) {
    let Some(ip) = cast.hosts.get(victim).map(|host| host.seat().ip) else { return };
    let scanner = cast
        .truth
        .hosts
        .iter()
        .position(|host| host.role == FleetRole::Scanner)
        .and_then(|index| cast.hosts.get(index))
        .map(Host::seat);
    let Some(host) = cast.hosts.get_mut(index) else { return };
    let Some(seat) = host.seats.first_mut() else { return };
    seat.ip = ip;
    let seat = *seat;
    for number in 0..CLAIMS {
        let claim = Arp {
            operation: 2,
            sender_mac: seat.mac,
            sender_ip: ip,
            target_mac: MacAddr::BROADCAST,
            target_ip: ip,
        };
        stage.outbox.arp(at.plus(Duration::from_secs(2 * number)), MacAddr::BROADCAST, &claim);
    }
    if let Some(scanner) = scanner {
        view_script::web(stage, at.plus(Duration::from_secs(1)), host, scanner);
    }
    claim(cast, index, seat, victim);
}

/// Puts down what the spoofer has taken: the truth's addresses stay those of honest hosts.
fn claim(cast: &mut Cast, index: usize, seat: Seat, victim: usize) {
    let ip = IpAddr::V4(seat.ip);
    cast.truth.forged.push(ForgedClaim { by: index, mac: seat.mac, ip, victim: Some(victim) });
}
