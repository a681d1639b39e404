//! The household: who does what, and when.
//!
//! Comes in: a seed and a start. Goes out: frames in the order of time, for ever, and the truth about
//! those handed out. It reads no clock and holds a few seconds of frames at most; the same seed and
//! start give the same bytes. What it sends is constructed from standards and published descriptions
//! ([`super::vendor_message`] says which); nothing of it was captured.
//!
//! The observation point is a mirror port at home: what goes outside carries the router's hardware
//! address, and the router's own traffic upstream is not seen.

use std::collections::BTreeMap;
use std::time::Duration;

use super::cloud::{DasChannel, PeerView};
use super::cloud_script::{
    TlsPlan, ask_over_http, ask_over_tls, ask_time, attack, control, meet_viewer, register,
};
use super::frame::SimulatedFrame;
use super::home_script::{
    ask_for_service, boot, find_router, ping_router, sadp_round, search_gateway,
};
use super::outbox::{Outbox, Place};
use super::site::{
    EZVIZ_API, EZVIZ_CONTROL, EZVIZ_PUSH, EZVIZ_REGISTRATION, EZVIZ_REGISTRATION_EU, EZVIZ_STORAGE,
    EZVIZ_TIME, HIK_DDNS, HIK_GATEWAY, HIK_REGISTRATION, OTHER_CLOUD, Site, WEB_CLEAR, WEB_IPV6,
    WEB_PAGE,
};
use super::standing_script::{VIDEO_STEP, VideoStream};
use super::station::{
    CAMERA, DOORBELL, LAPTOP, OTHER_CAMERA, PHONE, REBRANDED, RECORDER, STATIONS, Station,
};
use super::tls_message::TlsStyle;
use super::truth::Truth;
use crate::net::Timestamp;

/// Octets of the snapshot that a pressed doorbell sends.
const SNAPSHOT: usize = 100_000;
/// Time between two registrations of a device that stays up.
const REGISTRATION_INTERVAL: Duration = Duration::from_secs(600);

/// How long somebody outside views the doorbell.
const VIEW: Duration = Duration::from_secs(30);
/// The order to show itself, among those of the control server; the number is ours.
const VIEW_ORDER: u16 = 12_321;

const CAMERA_GATEWAY: TlsPlan =
    TlsPlan { style: TlsStyle::Embedded, request: 420, response: 260, swapped: false };
const DOORBELL_UPLOAD: TlsPlan =
    TlsPlan { style: TlsStyle::Embedded, request: SNAPSHOT, response: 320, swapped: false };
const DOORBELL_ALARM: TlsPlan =
    TlsPlan { style: TlsStyle::Embedded, request: 900, response: 120, swapped: false };
const APP_REQUEST: TlsPlan =
    TlsPlan { style: TlsStyle::App, request: 700, response: 2_400, swapped: false };
const OTHER_REPORT: TlsPlan =
    TlsPlan { style: TlsStyle::Embedded, request: 600, response: 300, swapped: false };
const PAGE: TlsPlan =
    TlsPlan { style: TlsStyle::Browser, request: 500, response: 9_000, swapped: false };

/// A simulated household with cameras: an endless iterator of frames.
#[derive(Debug)]
pub struct Household {
    outbox: Outbox,
    truth: Truth,
    agenda: BTreeMap<(Timestamp, u64), Activity>,
    planned: u64,
    token: [u8; 32],
    control: Option<DasChannel>,
    /// The view from outside, and when it ends.
    view: Option<(PeerView, Timestamp)>,
    video: Option<VideoStream>,
    pages: u64,
    pings: u16,
    asked_for_service: bool,
}

/// Something that a host does at a time.
#[derive(Debug, Clone, Copy)]
enum Activity {
    Boot(&'static Station),
    Register(&'static Station, &'static Site),
    CallGateway,
    UpdateName,
    AskTime(&'static Station),
    StartVideo,
    Video,
    PressDoorbell,
    PingControl,
    View,
    ViewSecond,
    PingRouter,
    FindRouter,
    LookForCameras,
    AskForService,
    Browse,
    UseApp,
    OtherCloud,
    Attack,
}

impl Household {
    /// Everything is switched on in the first seconds after `start`: the cameras register within
    /// 10 s, a laptop looks for cameras after 12 s, the doorbell is pressed after 25 s and viewed from
    /// outside, peer to peer, after 32 s.
    #[must_use]
    pub fn new(seed: u64, start: Timestamp) -> Self {
        let mut outbox = Outbox::new(seed);
        let mut token = [0; 32];
        outbox.prng.fill(&mut token);
        let mut this = Self {
            outbox,
            truth: Truth::new(),
            agenda: BTreeMap::new(),
            planned: 0,
            token,
            control: None,
            view: None,
            video: None,
            pages: 0,
            pings: 0,
            asked_for_service: false,
        };
        let opening: [(u64, Activity); 26] = [
            (500, Activity::Boot(&CAMERA)),
            (1_500, Activity::Boot(&RECORDER)),
            (2_500, Activity::Boot(&DOORBELL)),
            (3_000, Activity::Register(&CAMERA, &HIK_REGISTRATION)),
            (3_600, Activity::Boot(&REBRANDED)),
            (4_200, Activity::Register(&RECORDER, &HIK_REGISTRATION)),
            (4_800, Activity::Boot(&OTHER_CAMERA)),
            (5_500, Activity::Register(&DOORBELL, &EZVIZ_REGISTRATION_EU)),
            (5_800, Activity::Boot(&LAPTOP)),
            (6_200, Activity::Register(&REBRANDED, &EZVIZ_REGISTRATION)),
            (6_800, Activity::Boot(&PHONE)),
            (7_000, Activity::AskTime(&CAMERA)),
            (7_500, Activity::AskTime(&DOORBELL)),
            (8_000, Activity::StartVideo),
            (8_500, Activity::PingRouter),
            (9_000, Activity::Browse),
            (9_500, Activity::CallGateway),
            (10_000, Activity::UseApp),
            (10_500, Activity::OtherCloud),
            (11_000, Activity::UpdateName),
            (12_000, Activity::LookForCameras),
            (13_000, Activity::AskForService),
            (20_000, Activity::FindRouter),
            (25_000, Activity::PressDoorbell),
            (32_000, Activity::View),
            (40_000, Activity::Attack),
        ];
        for (millis, activity) in opening {
            this.plan(start.plus(Duration::from_millis(millis)), activity);
        }
        this
    }

    /// The truth about the household, up to the last frame handed out.
    #[must_use]
    pub const fn truth(&self) -> &Truth {
        &self.truth
    }

    fn plan(&mut self, at: Timestamp, activity: Activity) {
        self.planned += 1;
        self.agenda.insert((at, self.planned), activity);
    }

    /// Plans `activity` again, some seconds from `low` up to `high` after `at`.
    fn repeat(&mut self, at: Timestamp, low: u64, high: u64, activity: Activity) {
        let pause = self.outbox.prng.between(Duration::from_secs(low), Duration::from_secs(high));
        self.plan(at.plus(pause), activity);
    }

    fn perform(&mut self, at: Timestamp, activity: Activity) {
        let outbox = &mut self.outbox;
        match activity {
            Activity::Boot(host) => {
                let ready = boot(outbox, at, host, host.mac == CAMERA.mac);
                if host.mac == DOORBELL.mac {
                    search_gateway(outbox, ready, host);
                }
            }
            Activity::Register(host, site) => self.register(at, host, site),
            Activity::CallGateway => {
                ask_over_tls(outbox, at, &CAMERA, &HIK_GATEWAY, CAMERA_GATEWAY);
                self.repeat(at, 40, 50, activity);
            }
            Activity::UpdateName => {
                ask_over_http(outbox, at, &RECORDER, &HIK_DDNS);
                self.repeat(at, 280, 320, activity);
            }
            Activity::AskTime(host) => {
                ask_time(outbox, at, host, &EZVIZ_TIME);
                self.repeat(at, 290, 310, activity);
            }
            Activity::StartVideo => {
                self.video = Some(VideoStream::open(outbox, at, &RECORDER, &CAMERA));
                self.plan(at.plus(VIDEO_STEP), Activity::Video);
            }
            Activity::Video => {
                if let Some(video) = &mut self.video {
                    video.step(outbox, at);
                }
                self.plan(at.plus(VIDEO_STEP), activity);
            }
            Activity::PressDoorbell => self.press_doorbell(at),
            Activity::PingControl => {
                if let Some(control) = &mut self.control {
                    control.ping(outbox, at);
                }
                self.repeat(at, 28, 32, activity);
            }
            Activity::View => self.view(at),
            Activity::ViewSecond => self.view_second(at),
            Activity::PingRouter => {
                // One never comes back: it would begin the flow anew in the truth.
                self.pings = self.pings.checked_add(1).unwrap_or(2);
                ping_router(outbox, at, &DOORBELL, self.pings);
                self.plan(at.plus(Duration::from_secs(15)), activity);
            }
            Activity::FindRouter => {
                for host in STATIONS.iter().skip(1) {
                    find_router(outbox, at, host);
                }
                self.repeat(at, 30, 60, activity);
            }
            Activity::LookForCameras => sadp_round(outbox, at, &LAPTOP),
            Activity::AskForService => {
                let place = if self.asked_for_service { Place::Forward } else { Place::First };
                ask_for_service(outbox, at, &LAPTOP, place);
                self.asked_for_service = true;
                self.plan(at.plus(Duration::from_secs(60)), activity);
            }
            Activity::Browse => self.browse(at),
            Activity::UseApp => {
                ask_over_tls(outbox, at, &PHONE, &EZVIZ_API, APP_REQUEST);
                self.repeat(at, 20, 30, activity);
            }
            Activity::OtherCloud => {
                ask_over_tls(outbox, at, &OTHER_CAMERA, &OTHER_CLOUD, OTHER_REPORT);
                self.repeat(at, 14, 18, activity);
            }
            Activity::Attack => {
                attack(outbox, at, &CAMERA);
                self.repeat(at, 240, 360, activity);
            }
        }
    }

    fn register(&mut self, at: Timestamp, host: &'static Station, site: &'static Site) {
        // Each device has a token of its own; it never changes.
        let [.., last] = host.mac.0;
        let token = self.token.map(|octet| octet.wrapping_add(last));
        let first_boot = host.mac == DOORBELL.mac && self.control.is_none();
        let done = register(&mut self.outbox, at, host, site, &token, first_boot);
        if first_boot {
            let at = done.plus(Duration::from_millis(200));
            self.control = control(&mut self.outbox, at, host, &EZVIZ_CONTROL, &token);
            self.repeat(at, 28, 32, Activity::PingControl);
        }
        self.plan(at.plus(REGISTRATION_INTERVAL), Activity::Register(host, site));
    }

    fn press_doorbell(&mut self, at: Timestamp) {
        self.truth.doorbell_presses += 1;
        if let Some(control) = &mut self.control {
            control.report(&mut self.outbox, at, "/3300/10", 208);
        }
        let push_at = at.plus(Duration::from_millis(150));
        ask_over_tls(&mut self.outbox, push_at, &DOORBELL, &EZVIZ_PUSH, DOORBELL_ALARM);
        let upload_at = at.plus(Duration::from_millis(400));
        ask_over_tls(&mut self.outbox, upload_at, &DOORBELL, &EZVIZ_STORAGE, DOORBELL_UPLOAD);
        self.repeat(at, 150, 240, Activity::PressDoorbell);
    }

    /// A phone outside views the doorbell: the control server orders it, then the two meet.
    fn view(&mut self, at: Timestamp) {
        if let Some(control) = &mut self.control {
            control.order(&mut self.outbox, at, VIEW_ORDER);
        }
        let begin = at.plus(Duration::from_millis(300));
        if let Some((view, first)) = meet_viewer(&mut self.outbox, begin, &DOORBELL) {
            self.view = Some((view, first.plus(VIEW)));
            self.plan(first, Activity::ViewSecond);
        }
        self.repeat(at, 300, 420, Activity::View);
    }

    fn view_second(&mut self, at: Timestamp) {
        let Some((mut view, end)) = self.view.take() else { return };
        if at < end {
            view.second(&mut self.outbox, at);
            self.view = Some((view, end));
            self.plan(at.plus(Duration::from_secs(1)), Activity::ViewSecond);
        } else {
            view.close(&mut self.outbox, at);
        }
    }

    fn browse(&mut self, at: Timestamp) {
        self.pages += 1;
        match self.pages % 4 {
            1 => {
                // The first hello of all comes out of order.
                let plan = TlsPlan { swapped: self.pages == 1, ..PAGE };
                ask_over_tls(&mut self.outbox, at, &LAPTOP, &WEB_PAGE, plan);
            }
            2 => ask_over_http(&mut self.outbox, at, &LAPTOP, &WEB_CLEAR),
            3 => ask_over_tls(&mut self.outbox, at, &LAPTOP, &WEB_IPV6, PAGE),
            _ => ask_over_tls(&mut self.outbox, at, &PHONE, &WEB_PAGE, PAGE),
        }
        self.repeat(at, 2, 5, Activity::Browse);
    }
}

impl Iterator for Household {
    type Item = SimulatedFrame;

    /// The next frame; there always is one.
    fn next(&mut self) -> Option<SimulatedFrame> {
        loop {
            let due = self.outbox.next_due();
            let planned = self.agenda.first_key_value().map(|((at, _), _)| *at);
            // An activity never sends before its own time, so frames due by then are complete.
            if due.is_some_and(|due| planned.is_none_or(|planned| due < planned)) {
                let (frame, parties) = self.outbox.pop()?;
                self.truth.count(parties.as_ref());
                return Some(frame);
            }
            let ((at, _), activity) = self.agenda.pop_first()?;
            if matches!(activity, Activity::Attack) {
                self.truth.exploit_attempts += 1;
            }
            self.perform(at, activity);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    use super::*;
    use crate::net::{LocalNets, Perimeter};

    const START: Timestamp = Timestamp::from_parts(1_767_225_600, 0);

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
        let frames = |seed| Household::new(seed, START).take(3_000).collect::<Vec<_>>();

        assert_eq!(frames(1), frames(1));
        assert_ne!(frames(1), frames(2));
    }

    #[test]
    fn frames_come_in_the_order_of_time() {
        let mut last = START;

        for frame in Household::new(3, START).take(30_000) {
            assert!(frame.timestamp >= last, "{} after {last}", frame.timestamp);
            last = frame.timestamp;
        }

        assert!(last.since(START) > Duration::from_secs(250));
    }

    #[test]
    fn traffic_is_light_and_what_waits_is_bounded() {
        let mut household = Household::new(4, START);

        let mut frames = 0_u32;
        let mut most_waiting = 0;
        let end = START.plus(Duration::from_secs(1_200));
        while household.next().is_some_and(|frame| frame.timestamp < end) {
            frames += 1;
            most_waiting = most_waiting.max(household.outbox.waiting());
        }

        assert!((60..150).contains(&(frames / 1_200)), "{frames} frames in 1200 s");
        assert!(most_waiting < 1_000, "{most_waiting} frames wait");
        assert!(household.agenda.len() < 40);
    }

    #[test]
    fn the_first_registration_begins_within_ten_seconds_and_the_doorbell_rings_at_25() {
        let mut household = Household::new(5, START);

        let until = |household: &mut Household, seconds| {
            let end = START.plus(Duration::from_secs(seconds));
            while household.next().is_some_and(|frame| frame.timestamp < end) {}
        };
        until(&mut household, 10);
        let roles = |household: &Household, name| {
            let device = household.truth().device(name).unwrap();
            device.clouds.iter().map(|cloud| cloud.role).collect::<Vec<_>>()
        };
        assert_eq!(roles(&household, "camera"), ["registration", "ntp", "registration"]);
        // The first one is the resolver over HTTP.
        let doorbell = ["unknown", "registration", "control", "ntp"];
        assert_eq!(roles(&household, "doorbell"), doorbell);
        assert_eq!(household.truth().doorbell_presses, 0);
        until(&mut household, 30);
        let pressed = [&doorbell[..], &["push", "storage"]].concat();
        assert_eq!(roles(&household, "doorbell"), pressed);
        assert_eq!(household.truth().doorbell_presses, 1);
        until(&mut household, 70);
        let viewed = [&pressed[..], &["stun", "stun", "p2p", "p2p"]].concat();
        assert_eq!(roles(&household, "doorbell"), viewed);
        let clouds = &household.truth().device("doorbell").unwrap().clouds;
        let video = clouds.last().unwrap().bytes;
        assert!(video.sent > 400_000 && video.received < 20_000, "{video:?}");
    }

    #[test]
    fn the_truth_is_what_a_recount_of_the_frames_gives() {
        let mut household = Household::new(6, START);
        let mut recount = Recount::default();

        let end = START.plus(Duration::from_secs(320));
        for frame in household.by_ref().take_while(|frame| frame.timestamp < end) {
            recount.add(&frame.bytes);
        }
        // The frame that ended the loop was handed out too, so it is in the truth only.
        let truth_before_last = {
            let mut again = Household::new(6, START);
            for _ in 0..recount.frames {
                again.next();
            }
            again.truth().clone()
        };

        assert_eq!(recount.frames, truth_before_last.frames);
        assert_eq!(household.truth().frames, recount.frames + 1);
        assert_eq!(recount.ip_bytes, truth_before_last.ip_bytes);
        assert_eq!(recount.initiators.len() as u64, truth_before_last.flows);
        for device in &truth_before_last.devices {
            let addresses = [Some(device.ip), device.ipv6];
            let mine = |tally: &BTreeMap<(IpAddr, Perimeter2), u64>, perimeter| {
                addresses.iter().flatten().filter_map(|ip| tally.get(&(*ip, perimeter))).sum()
            };
            let by_perimeter = [
                (Perimeter2::Inbound, device.inbound),
                (Perimeter2::Outbound, device.outbound),
                (Perimeter2::Internal, device.internal),
            ];
            for (perimeter, bytes) in by_perimeter {
                let sent: u64 = mine(&recount.sent, perimeter);
                let received: u64 = mine(&recount.received, perimeter);
                assert_eq!((sent, received), (bytes.sent, bytes.received), "{}", device.name);
            }
            for cloud in &device.clouds {
                let between = |from, to| recount.pairs.get(&(from, to)).copied().unwrap_or(0);
                let own = if cloud.address.is_ipv6() { device.ipv6.unwrap() } else { device.ip };
                assert_eq!(cloud.bytes.sent, between(own, cloud.address), "{}", device.name);
                assert_eq!(cloud.bytes.received, between(cloud.address, own), "{}", device.name);
            }
        }
        assert!(truth_before_last.device("camera").unwrap().inbound.sent > 0);
        assert!(truth_before_last.device("laptop").unwrap().outbound.received > 0);
        assert!(truth_before_last.devices.iter().skip(1).all(|d| d.unaddressed_sent > 0));
    }

    #[test]
    fn only_the_vendors_devices_have_a_vendor() {
        let household = Household::new(8, START);

        let vendors = household.truth().devices.iter();
        let vendors: Vec<_> = vendors.filter_map(|d| Some((d.name, d.vendor?))).collect();

        assert_eq!(
            vendors,
            [
                ("camera", "hikvision"),
                ("recorder", "hikvision"),
                ("doorbell", "ezviz"),
                ("rebranded", "annke"),
            ]
        );
    }

    /// [`Perimeter`] with an order, for the tallies of the recount.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    enum Perimeter2 {
        Inbound,
        Outbound,
        Internal,
    }

    /// Address, port and protocol of one end of a conversation.
    type End = (IpAddr, u16, u8);

    /// Sums taken from the bytes of frames alone.
    #[derive(Default)]
    struct Recount {
        frames: u64,
        ip_bytes: u64,
        sent: BTreeMap<(IpAddr, Perimeter2), u64>,
        received: BTreeMap<(IpAddr, Perimeter2), u64>,
        pairs: BTreeMap<(IpAddr, IpAddr), u64>,
        initiators: BTreeMap<BTreeSet<End>, (IpAddr, IpAddr)>,
    }

    impl Recount {
        fn add(&mut self, frame: &[u8]) {
            self.frames += 1;
            let word = |at: usize| u16::from_be_bytes([frame[at], frame[at + 1]]);
            let (source, destination, protocol, transport, length): (
                IpAddr,
                IpAddr,
                u8,
                usize,
                u16,
            ) = match word(12) {
                0x0800 => {
                    let address = |at| {
                        let octets: [u8; 4] = frame[at..at + 4].try_into().unwrap();
                        Ipv4Addr::from(octets).into()
                    };
                    (address(26), address(30), frame[23], 34, word(16))
                }
                0x86dd => {
                    let address = |at| {
                        let octets: [u8; 16] = frame[at..at + 16].try_into().unwrap();
                        Ipv6Addr::from(octets).into()
                    };
                    (address(22), address(38), frame[20], 54, word(18) + 40)
                }
                other => {
                    assert_eq!(other, 0x0806);
                    return;
                }
            };
            let bytes = u64::from(length);
            self.ip_bytes += bytes;
            let (from_port, to_port) =
                if protocol == 1 { (0, 0) } else { (word(transport), word(transport + 2)) };
            let key =
                BTreeSet::from([(source, from_port, protocol), (destination, to_port, protocol)]);
            let (initiator, responder) =
                *self.initiators.entry(key).or_insert((source, destination));
            let perimeter = match LocalNets::default().perimeter(initiator, responder) {
                Perimeter::Inbound => Perimeter2::Inbound,
                Perimeter::Outbound => Perimeter2::Outbound,
                Perimeter::Internal => Perimeter2::Internal,
                Perimeter::Transit => panic!("a flow that is not ours"),
            };
            *self.sent.entry((source, perimeter)).or_default() += bytes;
            *self.received.entry((destination, perimeter)).or_default() += bytes;
            *self.pairs.entry((source, destination)).or_default() += bytes;
        }
    }
}
