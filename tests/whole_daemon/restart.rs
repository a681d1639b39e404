//! An alert that stands outlives a restart: it goes on as it was, nobody is told of it as new, Alertmanager hears of it again
//! and again, and it is over when what raised it is.

use std::fs;
use std::time::Duration;

use hikwatch::net::Timestamp;
use hikwatch::simulate::{Incident, IncidentRun, SimulatedFrame, Take};
use serde_json::Value;

use crate::far_ends::{FarEnd, Mood};
use crate::lab::{Daemon, Site, capture, eventually, free_port};

const START: Timestamp = Timestamp::from_parts(1_767_225_600, 0);

/// What stands until the camera is heard of again.
const RULE: &str = "device-offline";

#[test]
fn what_stands_at_a_restart_goes_on_and_is_told_as_new_by_nobody() {
    let lab = Lab::new();
    let silent: Vec<_> =
        IncidentRun::new(Incident::DeviceOffline, Take::Incident, 5, START).collect();
    let mut first = lab.site.start(&["--source", "-"]);
    first.feed(&capture(&silent, true));
    let raised = eventually("the alert", || standing(&first));
    let acknowledge = format!("/api/v1/alerts/{}/ack", raised["id"].as_str().unwrap());
    assert_eq!(first.ask("POST", &acknowledge).unwrap().0, 204);
    eventually("Alertmanager", || lab.sent_since(0).then_some(()));
    first.end_of_input();
    let id = raised["id"].as_str().unwrap();
    let device = raised["device_id"].as_str().unwrap();
    assert_eq!((lab.at_webhook("raised", id), lab.in_file(device)), (1, 1));

    // Nothing has been captured yet, and it stands.
    let before = lab.alertmanager.taken().len();
    let mut second = lab.site.start(&["--source", "-"]);
    second.feed(&capture(&[], true));
    let again = eventually("the same alert", || standing(&second));
    for field in ["id", "since", "device_id", "message", "severity"] {
        assert_eq!(again[field], raised[field], "{field}");
    }
    assert!(again["count"].as_u64() >= raised["count"].as_u64());
    assert_eq!(again["acknowledged"], true);
    eventually("Alertmanager, again", || lab.sent_since(before).then_some(()));

    // The household as it is when everybody is there, some hours later.
    let later = START.plus(Duration::from_secs(6 * 3_600));
    let all = IncidentRun::new(Incident::DeviceOffline, Take::Lookalike, 5, later);
    let all: Vec<SimulatedFrame> = all.take(3_000).collect();
    second.feed(&capture(&all, false));
    eventually("the end of the alert", || {
        let alerts = second.items("/api/v1/alerts");
        let ours = alerts.iter().find(|alert| alert["id"] == raised["id"]).unwrap().clone();
        (ours["state"] == "resolved" && ours["since"] == raised["since"]).then_some(())
    });
    eventually("the webhook", || (lab.at_webhook("resolved", id) == 1).then_some(()));
    second.end_of_input();
    assert_eq!((lab.at_webhook("raised", id), lab.in_file(device)), (1, 1), "told as new once");

    // It is over for the third run as well.
    let mut third = lab.site.start(&["--source", "-"]);
    third.feed(&capture(&[], true));
    eventually("the devices", || (third.items("/api/v1/devices").len() >= 3).then_some(()));
    assert_eq!(standing(&third), None);
}

#[test]
fn alerts_that_nobody_can_go_on_with_are_left_out_and_said_so() {
    let lab = Lab::new();
    let silent: Vec<_> =
        IncidentRun::new(Incident::DeviceOffline, Take::Incident, 5, START).collect();
    let mut first = lab.site.start(&["--source", "-"]);
    first.feed(&capture(&silent, true));
    eventually("the alert", || standing(&first));
    first.end_of_input();

    // Room for one device: the alerts of the others have nobody to be about.
    lab.configure("[limits]\nmax_devices = 1\n");
    let second = lab.site.start(&["--source", "-"]);
    let log = eventually("the log", || {
        Some(second.log()).filter(|log| log.matches("alerts that stood go on").count() == 2)
    });
    let line = log.lines().rfind(|line| line.contains("alerts that stood go on")).unwrap();
    assert!(!line.contains("left_out=0"), "{line}");
}

/// The alert, as long as it stands.
fn standing(daemon: &Daemon) -> Option<Value> {
    let alerts = daemon.items("/api/v1/alerts");
    alerts.into_iter().find(|alert| alert["rule"] == RULE && alert["state"] == "firing")
}

struct Lab {
    site: Site,
    port: u16,
    webhook_port: u16,
    alertmanager: FarEnd,
    webhook: FarEnd,
}

impl Lab {
    fn new() -> Self {
        let site = Site::new();
        fs::create_dir(site.path("store")).unwrap();
        let (port, webhook_port) = (free_port(), free_port());
        let lab = Self {
            alertmanager: FarEnd::web(port, Mood::Well),
            webhook: FarEnd::web(webhook_port, Mood::Well),
            site,
            port,
            webhook_port,
        };
        lab.configure("");
        lab
    }

    fn configure(&self, further: &str) {
        let root = self.site.folder.path().display();
        self.site.configure(&format!(
            "[store]\ndirectory = \"{root}/store\"\ninterval = \"1s\"\nretention_days = 3650\n\
             [alertmanager]\nurls = [\"http://127.0.0.1:{}\"]\ninterval = \"5s\"\n\
             [[webhook]]\nname = \"w\"\nurl = \"http://127.0.0.1:{}/\"\n{further}",
            self.port, self.webhook_port
        ));
    }

    /// Tells whether Alertmanager was sent the alert in a request after the first `count`.
    fn sent_since(&self, count: usize) -> bool {
        let wanted = format!("\"alertname\":\"{RULE}\"");
        self.alertmanager.taken().iter().skip(count).any(|body| body.contains(&wanted))
    }

    fn at_webhook(&self, phase: &str, id: &str) -> usize {
        let bodies = self.webhook.taken();
        let alerts = bodies.iter().map(|body| serde_json::from_str::<Value>(body).unwrap());
        alerts.filter(|alert| alert["id"] == id && alert["phase"] == phase).count()
    }

    /// How often the event file tells that it was raised of a device.
    fn in_file(&self, device: &str) -> usize {
        let events = self.site.events().into_iter();
        events
            .filter(|event| {
                event["alert"]["rule"] == RULE
                    && event["alert"]["metadata"]["device_id"][0] == device
            })
            .count()
    }
}
