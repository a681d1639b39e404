//! Far ends that refuse, hang, answer 500 and close midway cost no frame and hold up nobody; what was kept for them arrives
//! when they are well again.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::thread::sleep;
use std::time::{Duration, Instant};

use hikwatch::net::{MacAddr, Timestamp};
use hikwatch::simulate::{Household, Link, SimulatedFrame, build_udp};
use serde_json::Value;

use crate::far_ends::{FarEnd, Mood};
use crate::lab::{Daemon, Series, Site, capture, events_of, eventually, free_port, now, sum};
use crate::veth::Veth;

/// How long after the last frame the sinks that work may still miss something.
const IN_TIME: Duration = Duration::from_secs(5);

/// What may wait for a sink of alerts, and for one of events; beside them what is in hand.
const ALERTS: f64 = 4_096.0;
const EVENTS: f64 = 16_384.0;
const IN_HAND: f64 = 256.0;

/// Every sink, with the bound on its backlog.
const SINKS: [(&str, f64); 9] = [
    ("eve", EVENTS),
    ("eve-socket", EVENTS),
    ("syslog", ALERTS),
    ("alertmanager", ALERTS),
    ("webhook-well", ALERTS),
    ("webhook-hangs", ALERTS),
    ("webhook-errs", ALERTS),
    ("webhook-closes", ALERTS),
    ("ipfix", EVENTS),
];

/// Those that keep a picture of what they have to tell: it takes letters also while nobody listens.
const PICTURES: [&str; 2] = ["alertmanager", "ipfix"];

/// Those that work all the time.
const WELL: [&str; 2] = ["eve", "webhook-well"];

#[test]
fn no_frame_of_a_stream_is_lost_to_dead_sinks_and_what_they_missed_arrives_when_they_recover() {
    let strain = Strain::new();
    let mut frames: Vec<_> = Household::new(1, now()).take(40_000).collect();
    let last = frames.last().unwrap().timestamp;
    frames.extend((0..QUESTIONS).map(|number| question(last, number)));
    let mut daemon = strain.site.start(&["--source", "-"]);
    for (number, part) in frames.chunks(1_000).enumerate() {
        daemon.feed(&capture(part, number == 0));
        sleep(PACE);
    }
    strain.see(daemon, "stdin", frames.len(), true);
}

/// Between two parts of the stream: a machine that is busy with other tests has to follow.
const PACE: Duration = Duration::from_millis(150);

/// Questions for names: each is an event or two, so that they exceed what may wait for a sink.
const QUESTIONS: u32 = 24_000;

/// A host at home asks for a name.
fn question(after: Timestamp, number: u32) -> SimulatedFrame {
    let link = Link {
        source: MacAddr([2, 0, 0, 0, 0, 9]),
        destination: MacAddr([2, 0, 0, 0, 0, 1]),
        vlan: None,
    };
    let id = u16::try_from(number % 60_000).unwrap();
    let flags = [1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    let query = [&id.to_be_bytes(), &flags[..], b"\x01a\x07example\0\0\x01\0\x01"].concat();
    let client = SocketAddr::from(([192, 168, 1, 99], 40_000));
    let server = SocketAddr::from(([192, 168, 1, 1], 53));
    let mut bytes = Vec::new();
    build_udp(&mut bytes, &link, client, server, id, &query);
    SimulatedFrame { timestamp: after.plus(Duration::from_millis(u64::from(number))), bytes }
}

#[test]
fn no_frame_of_an_interface_is_lost_to_dead_sinks_and_what_they_missed_arrives_when_they_recover() {
    let Some(pair) = Veth::new() else { return };
    let strain = Strain::new();
    let frames: Vec<_> = Household::new(2, now()).take(20_000).collect();
    let daemon = strain.site.start(&["--interface", &pair.far]);
    send(&pair, &frames);
    strain.see(daemon, &pair.far, frames.len(), false);
}

/// Sends frames at a pace that a machine which is busy with other tests can follow.
fn send(pair: &Veth, frames: &[SimulatedFrame]) {
    let mut sender = pair.sender();
    for part in frames.chunks(200) {
        for frame in part {
            sender.send_to(&frame.bytes, None).unwrap().unwrap();
        }
        sleep(Duration::from_millis(50));
    }
}

/// A site whose far ends are nearly all in a bad mood.
struct Strain {
    site: Site,
    socket: FarEnd,
    /// Nobody listens there.
    syslog: u16,
    ipfix: u16,
    alertmanager: FarEnd,
    webhooks: [(&'static str, FarEnd); 4],
}

impl Strain {
    fn new() -> Self {
        let site = Site::new();
        let socket = site.path("socket");
        let (syslog, alertmanager, ipfix, mqtt) =
            (free_port(), free_port(), free_port(), free_port());
        let moods = [
            ("well", Mood::Well),
            ("hangs", Mood::Hangs),
            ("errs", Mood::AnswersAnError),
            ("closes", Mood::ClosesMidWay),
        ];
        let mut config = format!(
            "types = [\"all\"]\nscope = \"all\"\nsocket = \"{}\"\n\
             [capture]\nring = \"64MiB\"\n\
             [syslog]\nserver = \"tcp://127.0.0.1:{syslog}\"\n\
             [alertmanager]\nurls = [\"http://127.0.0.1:{alertmanager}\"]\ninterval = \"5s\"\n\
             [ipfix]\ncollector = \"127.0.0.1:{ipfix}\"\ntransport = \"tcp\"\n\
             [mqtt]\nbroker = \"127.0.0.1:{mqtt}\"\n",
            socket.display()
        );
        let webhooks = moods.map(|(name, mood)| {
            let port = free_port();
            config += &format!(
                "[[webhook]]\nname = \"{name}\"\nurl = \"http://127.0.0.1:{port}/\"\ntimeout = \"1s\"\n"
            );
            (name, FarEnd::web(port, mood))
        });
        site.configure(&config);
        FarEnd::listener(mqtt, Mood::Hangs);
        Self {
            socket: FarEnd::unix(&socket, Mood::Hangs),
            alertmanager: FarEnd::web(alertmanager, Mood::AnswersAnError),
            site,
            syslog,
            ipfix,
            webhooks,
        }
    }

    fn webhook(&self, name: &str) -> &FarEnd {
        &self.webhooks.iter().find(|(known, _)| *known == name).unwrap().1
    }

    /// All that is claimed, after so many frames were sent to `interface`.
    fn see(&self, daemon: Daemon, interface: &str, frames: usize, overflows: bool) {
        let sent = Instant::now();
        let frames = frames as f64;
        let counted = |series: &Series| {
            // The kernel counts some of them itself.
            let label = format!("\"{interface}\"");
            ["hikwatch_capture_packets_total", "hikwatch_capture_bypassed_packets_total"]
                .map(|family| sum(series, family, &[&label]))
                .iter()
                .sum::<f64>()
        };
        eventually("the last frame", || (counted(&daemon.scrape()) == frames).then_some(()));
        let read = Instant::now();
        let alerts = eventually("the sinks that work", || {
            let expected = self.alerts();
            let told = told(&self.webhook("well").taken());
            let waits = sum(&daemon.scrape(), "hikwatch_sink_queue_length", &["\"eve\""]);
            (expected == told && waits == 0.0).then_some(expected)
        });
        assert!(read.elapsed() < IN_TIME, "the sinks that work were {:?} late", read.elapsed());
        assert!(alerts.len() >= 8, "{alerts:?}");

        let series = daemon.scrape();
        assert_eq!(counted(&series), frames);
        assert_eq!(sum(&series, "hikwatch_capture_drops_total", &[]), 0.0, "{series:?}");
        assert_eq!(sum(&series, "hikwatch_events_dropped_total", &[]), 0.0, "{series:?}");
        for (sink, bound) in SINKS {
            let label = format!("sink=\"{sink}\"");
            let waits = sum(&series, "hikwatch_sink_queue_length", &[&label]);
            let lost = ["\"dropped\"", "\"failed\""]
                .map(|outcome| sum(&series, "hikwatch_sink_deliveries_total", &[&label, outcome]));
            println!("{sink:<16} waits {waits:>6}, dropped {:>6}, failed {}", lost[0], lost[1]);
            assert!(waits <= bound + IN_HAND, "{sink}: {waits}");
            if WELL.contains(&sink) {
                assert_eq!((waits, lost), (0.0, [0.0; 2]), "{sink}");
            } else if !PICTURES.contains(&sink) {
                assert!(waits > 0.0 || lost[0] > 0.0, "{sink} was to be in trouble");
            }
            if overflows && sink == "eve-socket" {
                // What was in hand may have found room in the socket after the last event.
                let is_full = waits + IN_HAND >= bound;
                assert!(is_full && lost[0] > 0.0, "the backlog was to reach its bound");
            }
        }
        println!(
            "{frames} frames, {} alerts; the sinks that work had all {:?} after the last frame",
            alerts.len(),
            sent.elapsed()
        );
        self.recover(daemon, &alerts);
    }

    fn recover(&self, daemon: Daemon, alerts: &BTreeSet<Told>) {
        let lines = self.site.events().len() as f64;
        let syslog = FarEnd::listener(self.syslog, Mood::Well);
        let ipfix = FarEnd::listener(self.ipfix, Mood::Well);
        for far_end in [&self.socket, &self.alertmanager] {
            far_end.becomes(Mood::Well);
        }
        for (_, far_end) in &self.webhooks {
            far_end.becomes(Mood::Well);
        }
        let began = Instant::now();
        let series = eventually("the sinks that recovered", || {
            let series = daemon.scrape();
            let waits = SINKS.map(|(sink, _)| {
                sum(&series, "hikwatch_sink_queue_length", &[&format!("sink=\"{sink}\"")])
            });
            (waits == [0.0; SINKS.len()]).then_some(series)
        });
        println!("what was kept had arrived {:?} after the recovery", began.elapsed());

        for name in ["hangs", "errs", "closes"] {
            let found = told(&self.webhook(name).taken());
            assert!(found.is_superset(alerts), "{name} missed {:?}", alerts - &found);
        }
        let heard = eventually("syslog", || syslog.taken().into_iter().next());
        let standing = self.alertmanager.taken().concat();
        for Told { rule, device, message } in alerts {
            // As structured data and sentences write it.
            assert!(heard.contains(device.as_str()) && heard.contains(message), "{message}");
            assert!(standing.contains(&format!("\"alertname\":\"{rule}\"")), "{rule}");
        }
        eventually("flow records", || {
            ipfix.taken().into_iter().find(|records| !records.is_empty())
        });

        // The socket gets the same lines as the file, but for those that found no room.
        let delivered = |sink: &str, outcome: &str| {
            let labels = [&*format!("sink=\"{sink}\""), &*format!("\"{outcome}\"")];
            sum(&series, "hikwatch_sink_deliveries_total", &labels)
        };
        assert_eq!(
            delivered("eve-socket", "delivered") + delivered("eve-socket", "dropped"),
            delivered("eve", "delivered")
        );
        let read = events_read(&self.socket) as f64;
        assert!(read + delivered("eve-socket", "dropped") >= lines * 0.99, "{read} of {lines}");
        daemon.stop();
    }

    /// The alerts that were written to the file.
    fn alerts(&self) -> BTreeSet<Told> {
        let events = self.site.events().into_iter();
        events
            .filter(|event| event["event_type"] == "alert")
            .map(|event| Told {
                rule: text(&event["alert"]["rule"]),
                device: text(&event["alert"]["metadata"]["device_id"][0]),
                message: text(&event["alert"]["metadata"]["message"][0]),
            })
            .collect()
    }
}

/// What is said of an alert everywhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Told {
    rule: String,
    device: String,
    message: String,
}

/// The alerts that a web service was told.
fn told(bodies: &[String]) -> BTreeSet<Told> {
    let alerts = bodies.iter().map(|body| serde_json::from_str::<Value>(body).unwrap());
    alerts
        .filter(|alert| alert["phase"] == "raised")
        .map(|alert| Told {
            rule: text(&alert["rule"]),
            device: text(&alert["device"]["id"]),
            message: text(&alert["message"]),
        })
        .collect()
}

/// Lines of events that somebody has read, whole.
fn events_read(far_end: &FarEnd) -> usize {
    far_end.taken().iter().map(|text| events_of(text).len()).sum()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
