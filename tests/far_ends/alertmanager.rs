//! Prometheus' Alertmanager.

use std::time::Duration;

use hikwatch::alert::AlertPhase;
use hikwatch::export::{
    AlertmanagerConfig, AlertmanagerSink, Deliver, DeliveryError, HttpAddress, HttpSender,
};
use serde_json::Value;

use crate::bench::{Service, alert, await_port, eventually, free_port, now, told};

const INTERVAL: Duration = Duration::from_secs(5);

fn sink(ports: &[u16]) -> AlertmanagerSink {
    let url = |port| HttpAddress::parse(&format!("http://127.0.0.1:{port}")).unwrap();
    let config = AlertmanagerConfig {
        urls: ports.iter().map(url).collect(),
        interval: INTERVAL,
        external_url: HttpAddress::parse("http://192.0.2.1:19855/").ok(),
        ..AlertmanagerConfig::default()
    };
    let sender = HttpSender::new(Duration::from_secs(5), None);
    AlertmanagerSink::new(&config, (None, Some("hall".to_owned())), sender, None)
}

fn get(port: u16, path: &str) -> String {
    let url = format!("http://127.0.0.1:{port}{path}");
    ureq::get(&url).call().unwrap().body_mut().read_to_string().unwrap()
}

fn alerts(port: u16) -> Vec<Value> {
    serde_json::from_str(&get(port, "/api/v2/alerts")).unwrap()
}

#[test]
fn an_alert_arrives_stays_one_although_sent_again_and_resolves() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let port = free_port();
    std::fs::write(path("am.yml"), "route:\n  receiver: none\nreceivers:\n  - name: none\n")
        .unwrap();
    let Some(_service) = Service::start(
        "prometheus-alertmanager",
        &[
            &format!("--config.file={}", path("am.yml")),
            &format!("--storage.path={}", path("store")),
            &format!("--web.listen-address=127.0.0.1:{port}"),
            "--cluster.listen-address=",
        ],
    ) else {
        return;
    };
    await_port(port);
    // One of the two is away: that must not keep the alert from the other.
    let mut sink = sink(&[free_port(), port]);

    let raised = alert(AlertPhase::Raised);
    assert_eq!(sink.deliver(&[told(raised.clone())]).unwrap(), 1);
    let first = eventually("the alert", || alerts(port).into_iter().next());
    assert_eq!(first["labels"]["alertname"], "vendor-cloud-contact");
    assert_eq!(first["labels"]["device"], "d-0011");
    assert_eq!(first["labels"]["severity"], "medium");
    assert_eq!(first["labels"]["subject"], "ezviz-lbs");
    assert_eq!(first["labels"]["instance"], "hall");
    assert!(first["annotations"]["summary"].as_str().unwrap().contains("front-door {{ 1 }} <b>"));
    assert!(!first["annotations"]["advice"].as_str().unwrap().is_empty());
    assert_eq!(first["generatorURL"], "http://192.0.2.1:19855/");

    // It is not sent before its time, and then it is the same alert, which ends later.
    sink.tick(now()).unwrap();
    assert_eq!(alerts(port)[0]["endsAt"], first["endsAt"]);
    sink.tick(now().plus(INTERVAL)).unwrap();
    let again = alerts(port);
    assert_eq!(again.len(), 1);
    assert_eq!(again[0]["fingerprint"], first["fingerprint"]);
    assert_eq!(again[0]["startsAt"], first["startsAt"]);
    assert!(again[0]["endsAt"].as_str() > first["endsAt"].as_str());

    let mut over = raised;
    (over.phase, over.timestamp) = (AlertPhase::Resolved, now());
    assert_eq!(sink.deliver(&[told(over)]).unwrap(), 1);
    eventually("the resolution", || alerts(port).is_empty().then_some(()));
    let metrics = get(port, "/metrics");
    let received = |status: &str| {
        let start =
            format!("alertmanager_alerts_received_total{{status=\"{status}\",version=\"v2\"}} ");
        metrics.lines().find_map(|line| line.strip_prefix(&start)).unwrap().parse::<u32>().unwrap()
    };
    assert_eq!((received("firing"), received("resolved")), (2, 1));
    assert!(metrics.contains("alertmanager_alerts_invalid_total{version=\"v2\"} 0"));
}

#[test]
fn an_alert_waits_while_all_are_away() {
    let mut sink = sink(&[free_port(), free_port()]);
    let letters = [told(alert(AlertPhase::Raised))];

    assert!(matches!(sink.deliver(&letters), Err(DeliveryError::Io(_))));
    assert!(matches!(sink.deliver(&letters), Err(DeliveryError::Io(_))));
}
