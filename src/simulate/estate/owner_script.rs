//! What devices do that resembles a vendor's cloud and is none: the owner's recorder, disk, platform and servers, bare
//! addresses, and STUN that leads to nothing.
//!
//! Comes in: a device and a time. Goes out: conversations that no verdict may take for a view or an upload to the vendor.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::act::{Act, Trap};
use super::resident::Resident;
use super::stage::{GATEWAY, Stage};
use super::truth::Happening;
use super::weather::Condition;
use crate::net::{MacAddr, Timestamp};
use crate::simulate::cloud::{Endpoint, IsupPlan, Talk, ask_time, bind, register_isup, spray};
use crate::simulate::dns_message::{answer, query};
use crate::simulate::outbox::Place;
use crate::simulate::station::Seat;
use crate::simulate::tag::{FlowRole, Tag};
use crate::simulate::tcp_conversation::Side;
use crate::simulate::vendor_message::interleaved_rtp;

/// The disk and the recorder at home, which are nobody of the cast.
const DISK: Seat = Seat {
    mac: MacAddr([0x00, 0x11, 0x32, 0x10, 0x20, 0x30]),
    ip: Ipv4Addr::new(192, 168, 1, 250),
};
const PLATFORM: Seat = Seat {
    mac: MacAddr([0x00, 0x25, 0x90, 0x10, 0x20, 0x31]),
    ip: Ipv4Addr::new(192, 168, 1, 251),
};
/// The owner's servers outside, and a bare address for the time.
const OWNERS_PLATFORM: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 20);
const OWNERS_FILES: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 21);
const BARE_TIME: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 123);
/// A resolver that firmware and people set.
const FOREIGN_RESOLVER: Ipv4Addr = Ipv4Addr::new(8, 8, 8, 8);
/// Octets of a file that go at once.
const PART: usize = 48 * 1024;

/// Something happens that resembles what it is not.
pub(crate) fn spring(stage: &mut Stage<'_>, at: Timestamp, host: &mut Resident, trap: Trap) {
    if !host.awake {
        return;
    }
    let reaches = stage.reaches_clouds();
    let line = stage.line(host);
    match trap {
        Trap::StunAlone => {
            if host.open.control.is_some() && reaches {
                let port = stage.outbox.port();
                let asker = (host.serial.as_str(), port);
                bind(stage.outbox, at, &line, &host.servers.stun, asker, true);
                stage.note(at, Happening::StunAlone);
            }
        }
        Trap::Spray => {
            if host.open.control.is_some() {
                spray(stage.outbox, at, &line, &host.serial);
                stage.note(at, Happening::Spray);
            }
        }
        Trap::LanVideo => lan_video(stage, at, host),
        Trap::Isup => isup(stage, at, host, reaches),
        Trap::DiskUpload => {
            let length = 1_000_000 + stage.prng().below(2_000_000);
            let client = host.seat.end(stage.outbox.port());
            let mut talk = Talk::at_home(stage.outbox, at, client, DISK.end(5005));
            let head = put_head("disk.home", at, length);
            talk.say(stage.outbox, Side::Client, head.as_bytes());
            start_file(stage, at, host, (talk, length), Happening::DiskUpload);
        }
        Trap::OwnerUpload => {
            if stage.condition != Condition::Outage {
                let length = 200_000 + stage.prng().below(400_000);
                let talk = store(stage, at, host, length);
                start_file(stage, at, host, (talk, length), Happening::OwnerUpload);
            }
        }
        Trap::BareTime => {
            let tag = Tag::plain(FlowRole::Foreign);
            let server = Endpoint { address: BARE_TIME, port: 123, tag };
            ask_time(stage.outbox, at, &line, &server, reaches);
            stage.note(at, Happening::BareTime);
        }
        Trap::ForeignResolver => foreign_resolver(stage, at, host, reaches),
    }
}

fn start_file(
    stage: &mut Stage<'_>,
    at: Timestamp,
    host: &mut Resident,
    file: (Talk, u64),
    what: Happening,
) {
    if host.open.owner.is_some() {
        let (talk, _) = file;
        talk.close(stage.outbox);
        return;
    }
    let (talk, length) = file;
    let next = talk.now().plus(Duration::from_millis(100));
    host.open.owner = Some((talk, usize::try_from(length).unwrap_or(0)));
    stage.note(at, what);
    stage.then(next, Act::OwnerPart);
}

/// The next part of a file for the owner's server or a disk.
pub(crate) fn owner_part(stage: &mut Stage<'_>, at: Timestamp, host: &mut Resident) {
    let Some((mut talk, left)) = host.open.owner.take() else { return };
    talk.resume(at);
    let part = left.min(PART);
    let bytes = stage.prng().noise(part);
    talk.say(stage.outbox, Side::Client, &bytes);
    if left > part {
        let next = talk.now().plus(Duration::from_millis(50));
        host.open.owner = Some((talk, left - part));
        stage.then(next, Act::OwnerPart);
    } else {
        talk.close(stage.outbox);
    }
}

/// The head of a request that stores a file (RFC 9110, 9.3.4).
fn put_head(name: &str, at: Timestamp, length: u64) -> String {
    format!(
        "PUT /cam/{}.jpg HTTP/1.1\r\nHost: {name}\r\nContent-Type: application/octet-stream\r\n\
         Content-Length: {length}\r\n\r\n",
        at.as_secs()
    )
}

/// The owner had the device send files to a server over HTTP or FTP (RFC 959).
fn store(stage: &mut Stage<'_>, at: Timestamp, host: &Resident, length: u64) -> Talk {
    let line = stage.line(host);
    let at_server =
        |port| Endpoint { address: OWNERS_FILES, port, tag: Tag::plain(FlowRole::Owner) };
    if stage.prng().below(2) == 0 {
        let mut talk = line.call(stage.outbox, at, &at_server(80));
        let head = put_head("files.example.org", at, length);
        talk.say(stage.outbox, Side::Client, head.as_bytes());
        return talk;
    }
    let mut control = line.call(stage.outbox, at, &at_server(21));
    let data_port = 50_000 + stage.prng().next_u16() % 10_000;
    let (high, low) = (data_port / 256, data_port % 256);
    let passive = format!("227 Entering Passive Mode (203,0,113,21,{high},{low})\r\n");
    let scene: [(Side, &str); 9] = [
        (Side::Server, "220 ready\r\n"),
        (Side::Client, "USER camera\r\n"),
        (Side::Server, "331 password\r\n"),
        (Side::Client, "PASS secret\r\n"),
        (Side::Server, "230 welcome\r\n"),
        (Side::Client, "PASV\r\n"),
        (Side::Server, &passive),
        (Side::Client, "STOR motion.jpg\r\n"),
        (Side::Server, "150 go on\r\n"),
    ];
    for (side, words) in scene {
        control.say(stage.outbox, side, words.as_bytes());
    }
    let now = control.now();
    control.close(stage.outbox);
    line.call(stage.outbox, now, &at_server(data_port))
}

/// A recorder at home plays a camera for a while: RTSP with interleaved RTP (RFC 2326, 10.12).
fn lan_video(stage: &mut Stage<'_>, at: Timestamp, host: &Resident) {
    let viewer = PLATFORM.end(stage.outbox.port());
    let mut talk = Talk::at_home(stage.outbox, at, viewer, host.seat.end(554));
    let url = format!("rtsp://{}:554/Streaming/Channels/101", host.seat.ip);
    let request = format!("PLAY {url} RTSP/1.0\r\nCSeq: 1\r\nSession: 7\r\n\r\n");
    talk.say(stage.outbox, Side::Client, request.as_bytes());
    talk.say(stage.outbox, Side::Server, b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nSession: 7\r\n\r\n");
    for packet in 0_u16..300 {
        let clock = u32::from(packet) * 9_000;
        let frame = interleaved_rtp(&mut stage.outbox.prng, packet, clock, 1_382);
        talk.say(stage.outbox, Side::Server, &frame);
        talk.wait(Duration::from_millis(90));
    }
    talk.close(stage.outbox);
    stage.note(at, Happening::LanVideo);
}

/// A device registers with the owner's platform, at home or outside.
fn isup(stage: &mut Stage<'_>, at: Timestamp, host: &mut Resident, reaches: bool) {
    let line = stage.line(host);
    let at_home = host.habits.isup_at_home;
    if !at_home && !reaches {
        return;
    }
    let mut talk = match host.open.isup.take() {
        Some(talk) => talk,
        None if at_home => line.datagrams_at_home(stage.outbox.port(), PLATFORM.end(7660)),
        None => {
            let tag = Tag::plain(FlowRole::Owner);
            let platform = Endpoint { address: OWNERS_PLATFORM, port: 7660, tag };
            line.datagrams(stage.outbox.port(), &platform)
        }
    };
    let plan = IsupPlan {
        device_id: 100_001,
        serial: &host.serial,
        firmware: host.firmware,
        address: host.seat.ip,
    };
    register_isup(stage.outbox, at, &mut talk, &plan);
    host.open.isup = Some(talk);
    stage.note(at, Happening::Isup);
}

/// A device asks a resolver elsewhere, and speaks QUIC to it.
fn foreign_resolver(stage: &mut Stage<'_>, at: Timestamp, host: &Resident, reaches: bool) {
    stage.note(at, Happening::ForeignResolver);
    stage.outbox.tag = Tag::plain(FlowRole::Foreign);
    let client = host.seat.end(stage.outbox.port());
    let mut resolver = GATEWAY.end(53);
    resolver.socket = SocketAddr::new(FOREIGN_RESOLVER.into(), 53);
    let id = stage.prng().next_u16();
    let address = Ipv4Addr::new(203, 0, 113, 80).into();
    let question = query(id, "www.example.com", address);
    stage.outbox.udp(at, &client, &resolver, Place::First, &question);
    if reaches {
        let answered = at.plus(host.round_trip);
        let message = answer(id, "www.example.com", &[], address);
        stage.outbox.udp(answered, &resolver, &client, Place::Reverse, &message);
        quic_run(stage, answered, host, FOREIGN_RESOLVER);
    }
    stage.outbox.tag = Tag::default();
}

/// A host and a server exchange later packets of QUIC (RFC 9000, 17.3), which show nothing.
pub(crate) fn quic_run(stage: &mut Stage<'_>, at: Timestamp, host: &Resident, address: Ipv4Addr) {
    let server = Endpoint { address, port: 443, tag: Tag::plain(FlowRole::Foreign) };
    let port = stage.outbox.port();
    let mut talk = stage.line(host).datagrams(port, &server);
    for number in 0..12_u32 {
        let now = at.plus(Duration::from_millis(40) * (number + 1));
        let side = if number % 2 == 0 { Side::Client } else { Side::Server };
        let mut packet = vec![0x40 | (stage.prng().next_u64() & 0x3f) as u8];
        let length = 60 + usize::try_from(stage.prng().below(1_100)).unwrap_or(0);
        packet.extend(stage.prng().noise(length));
        talk.send(stage.outbox, now, side, &packet);
    }
}
