//! Somebody views, a picture goes to storage, firmware is loaded.
//!
//! Comes in: a device and a time. Goes out: the broker's order, the step that brings the peers together, and video second
//! by second; or an upload or a download, part by part.

use std::time::Duration;

use super::act::{Act, Viewing};
use super::resident::{EstateKind, Resident, View};
use super::stage::{GATEWAY, Stage};
use super::truth::Happening;
use super::weather::Condition;
use crate::net::Timestamp;
use crate::simulate::cloud::{
    Download, Endpoint, Gateway, PeerView, RelayStyle, RelayView, ServerStep, Upload, ask_server,
    bind, post_snapshot, punch_in_vain, talk_over_relay,
};
use crate::simulate::home_script::ask_for;
use crate::simulate::tag::{FlowRole, Tag};

/// A view takes at least and at most so long.
const SHORTEST: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(360);
/// The broker's order to a device (its command among `/3100/`). The number is ours.
const ORDER: u16 = 12_321;
/// The question for new firmware (0x2863).
const ASK_FIRMWARE: &str = "/1001/10339";
/// How long somebody at the door is talked to.
const VOICE_SECONDS: u32 = 20;
const SECOND: Duration = Duration::from_secs(1);

/// Somebody begins to view. A battery unit is woken first.
pub(crate) fn view(stage: &mut Stage<'_>, at: Timestamp, host: &mut Resident, how: Viewing) {
    if !host.awake {
        wake(stage, at, host, Act::View(how));
        return;
    }
    if host.open.view.is_some() || !host.is_on() || stage.condition != Condition::Clear {
        return;
    }
    if let Some(control) = &mut host.open.control {
        control.order(stage.outbox, at, ORDER);
    }
    if let Some(gateway) = &mut host.open.gateway {
        gateway.exchange(stage.outbox, at, 180, 260);
    }
    let begin = at.plus(Duration::from_millis(400));
    let (view, first) = match how {
        Viewing::Relay => open_relay(stage, begin, host),
        Viewing::Peer => open_peer(stage, begin, host),
        Viewing::InVain => {
            let (port, met) = bring_together(stage, begin, host);
            let peer = peer(stage, host, FlowRole::Punch);
            let line = stage.line(host);
            let done = punch_in_vain(stage.outbox, met, &line, &peer, port);
            stage.note(met, Happening::PunchInVain);
            if stage.prng().below(2) == 0 {
                return;
            }
            open_relay(stage, done, host)
        }
    };
    let end = stage.soon(first, SHORTEST, LONGEST);
    host.open.view = Some((view, end));
    stage.then(first, Act::ViewSecond);
}

fn open_relay(stage: &mut Stage<'_>, at: Timestamp, host: &Resident) -> (View, Timestamp) {
    let (port, style) = match stage.prng().below(4) {
        0 | 1 => (7760, RelayStyle::Plain),
        2 => (9020, RelayStyle::Plain),
        _ => (6123, RelayStyle::Package),
    };
    let tag = Tag { role: FlowRole::Relay, vendor: host.kind.vendor(), name: None };
    let relay = Endpoint { address: stage.pool.rent(), port, tag };
    let line = stage.line(host);
    if host.kind == EstateKind::EzvizDoorbell && stage.prng().below(2) == 0 {
        // Somebody answers the door.
        let voice = Endpoint { address: stage.pool.rent(), ..relay };
        let begin = at.plus(Duration::from_secs(2));
        talk_over_relay(stage.outbox, begin, &line, &voice, VOICE_SECONDS);
    }
    let view = RelayView::open(stage.outbox, at, &line, &relay, style, host.habits.rate);
    let first = view.now();
    (View::Relay(view), first)
}

fn open_peer(stage: &mut Stage<'_>, at: Timestamp, host: &Resident) -> (View, Timestamp) {
    let (port, met) = bring_together(stage, at, host);
    let peer = peer(stage, host, FlowRole::P2pView);
    let line = stage.line(host);
    let (view, first) = PeerView::open(stage.outbox, met, &line, &peer, port, host.habits.rate);
    (View::Peer(view), first)
}

/// The device asks STUN, the server that brings peers together, or both, from the port of the view to come.
fn bring_together(stage: &mut Stage<'_>, at: Timestamp, host: &Resident) -> (u16, Timestamp) {
    let port = stage.outbox.port();
    let line = stage.line(host);
    let mut now = at;
    let asks = stage.prng().below(3);
    if asks != 0 {
        let asker = (host.serial.as_str(), port);
        now = bind(stage.outbox, now, &line, &host.servers.stun, asker, true);
    }
    if asks != 1 {
        let step = (ServerStep::Introduce, port);
        now = ask_server(stage.outbox, now, &line, &host.servers.p2p, step);
    }
    (port, now.plus(Duration::from_millis(60)))
}

fn peer(stage: &mut Stage<'_>, host: &Resident, role: FlowRole) -> Endpoint {
    let port = 10_000 + stage.prng().next_u16() % 50_000;
    let tag = Tag { role, vendor: host.kind.vendor(), name: None };
    Endpoint { address: stage.pool.rent(), port, tag }
}

/// The video of a second, or its end.
pub(crate) fn view_second(stage: &mut Stage<'_>, at: Timestamp, host: &mut Resident) {
    let Some((mut view, end)) = host.open.view.take() else { return };
    let reaches = stage.reaches_clouds();
    match &mut view {
        View::Peer(peer) if reaches && at < end => peer.second(stage.outbox, at),
        View::Relay(relay) if reaches && at < end => relay.second(stage.outbox, at),
        View::Peer(_) | View::Relay(_) => {
            match view {
                View::Peer(peer) if reaches => peer.close(stage.outbox, at),
                View::Relay(relay) if reaches => relay.close(stage.outbox, at),
                View::Relay(relay) => relay.lose(stage.outbox, at),
                View::Peer(_) => {}
            }
            doze(stage, at, host);
            return;
        }
    }
    host.open.view = Some((view, end));
    stage.then(at.plus(SECOND), Act::ViewSecond);
}

/// Something moved: a notice, and a picture for the vendor's storage.
pub(crate) fn upload(stage: &mut Stage<'_>, at: Timestamp, host: &mut Resident) {
    if !host.awake {
        wake(stage, at, host, Act::Upload);
        return;
    }
    if host.open.upload.is_some() || !host.is_on() || stage.condition != Condition::Clear {
        return;
    }
    let line = stage.line(host);
    if let Some(control) = &mut host.open.control {
        control.report(stage.outbox, at, "/3300/10", 208);
    }
    if let Some(known) = stage.resolve(at, host, &host.servers.push) {
        let alarm = Gateway::open(stage.outbox, known, &line, &host.servers.push);
        alarm.close(stage.outbox);
    }
    let begin = at.plus(Duration::from_millis(700));
    if host.kind == EstateKind::OldGeneration {
        let tag = Tag { role: FlowRole::Storage, vendor: host.kind.vendor(), name: None };
        let storage = Endpoint { address: stage.pool.rent(), port: 8080, tag };
        let length = 20_000 + usize::try_from(stage.prng().below(40_000)).unwrap_or(0);
        post_snapshot(stage.outbox, begin, &line, &storage, length);
        stage.note(begin, Happening::ClearSnapshot);
        return;
    }
    let Some(known) = stage.resolve(begin, host, &host.servers.storage) else { return };
    // A picture, or a clip of some seconds.
    let (least, spread) =
        if stage.prng().below(4) == 0 { (600_000, 900_000) } else { (60_000, 240_000) };
    let length = least + usize::try_from(stage.prng().below(spread)).unwrap_or(0);
    let upload = Upload::open(stage.outbox, known, &line, &host.servers.storage, length);
    host.open.upload = Some(upload);
    stage.then(known.plus(Duration::from_millis(400)), Act::UploadPart);
}

/// The next part of a picture.
pub(crate) fn upload_part(stage: &mut Stage<'_>, at: Timestamp, host: &mut Resident) {
    let Some(upload) = host.open.upload.take() else { return };
    if !stage.reaches_clouds() {
        upload.lose(stage.outbox, at);
        return;
    }
    match upload.step(stage.outbox, at) {
        Some((upload, next)) => {
            host.open.upload = Some(upload);
            stage.then(next, Act::UploadPart);
        }
        None => doze(stage, at, host),
    }
}

/// New firmware: asked for over the control channel, loaded over HTTP. Only Hikvision devices, whose files have a
/// published host.
pub(crate) fn download(stage: &mut Stage<'_>, at: Timestamp, host: &mut Resident) {
    let hik = matches!(host.kind, EstateKind::HikCamera | EstateKind::HikRecorder);
    if !hik || host.open.download.is_some() || stage.condition != Condition::Clear {
        return;
    }
    let Some(control) = &mut host.open.control else { return };
    control.report(stage.outbox, at, ASK_FIRMWARE, 128);
    let begin = at.plus(SECOND);
    let Some(known) = stage.resolve(begin, host, &host.servers.firmware) else { return };
    let length = 5_000_000 + usize::try_from(stage.prng().below(3_000_000)).unwrap_or(0);
    let line = stage.line(host);
    let download = Download::open(stage.outbox, known, &line, &host.servers.firmware, length);
    host.open.download = Some(download);
    stage.then(known.plus(Duration::from_millis(400)), Act::DownloadPart);
}

/// The next part of a file.
pub(crate) fn download_part(stage: &mut Stage<'_>, at: Timestamp, host: &mut Resident) {
    let Some(download) = host.open.download.take() else { return };
    if !stage.reaches_clouds() {
        return;
    }
    if let Some((download, next)) = download.step(stage.outbox, at) {
        host.open.download = Some(download);
        stage.then(next, Act::DownloadPart);
    }
}

/// A battery unit wakes, joins the segment again, registers, and does what it was woken for.
fn wake(stage: &mut Stage<'_>, at: Timestamp, host: &mut Resident, act: Act) {
    ask_for(stage.outbox, at, &host.seat, &GATEWAY);
    host.awake = true;
    host.lost = true;
    host.attempts = 0;
    stage.then(at.plus(Duration::from_millis(300)), Act::SignOn);
    stage.then(at.plus(Duration::from_secs(8)), act);
    stage.then(at.plus(Duration::from_secs(120)), Act::Sleep);
}

/// A battery unit that has done its work is about to sleep.
fn doze(stage: &mut Stage<'_>, at: Timestamp, host: &Resident) {
    if host.kind == EstateKind::EzvizBattery {
        let asleep = stage.soon(at, Duration::from_secs(15), Duration::from_secs(45));
        stage.then(asleep, Act::Sleep);
    }
}

/// A battery unit signs off and sleeps, unless it is busy; one that never gets through gives up as well.
pub(crate) fn sleep(stage: &mut Stage<'_>, at: Timestamp, host: &mut Resident) {
    if host.kind != EstateKind::EzvizBattery || !host.awake {
        return;
    }
    if host.open.view.is_some() || host.open.upload.is_some() {
        stage.then(at.plus(Duration::from_secs(30)), Act::Sleep);
        return;
    }
    if let Some(control) = host.open.control.take() {
        if stage.reaches_clouds() {
            control.close(stage.outbox, at);
        } else {
            stage.note(at, Happening::Tried);
            control.lose(stage.outbox, at);
        }
    }
    host.awake = false;
}
