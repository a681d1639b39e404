//! Web services that behave well, badly and not at all.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use hikwatch::alert::{AlertPhase, Severity};
use hikwatch::export::{
    Deliver, DeliveryError, HttpAddress, HttpSender, Letter, Secret, WebhookConfig, WebhookKind,
    WebhookShape, WebhookSink,
};
use ring::hmac;

use crate::bench::{alert, free_port, told};

const TIMEOUT: Duration = Duration::from_millis(700);

/// Answers each request with the next of `answers`, and hands over what it was asked. An empty answer is a connection that is
/// closed; `hang` is one that stays open and silent.
fn server(answers: Vec<&'static str>) -> (u16, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, receiver) = sync_channel(16);
    spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            sender.send(request(&mut stream)).unwrap();
            match answer {
                "hang" => sleep(TIMEOUT * 3),
                "trickle" => {
                    for byte in
                        b"HTTP/1.1 200 OK\r\nx-a: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb".iter()
                    {
                        if stream.write_all(&[*byte]).is_err() {
                            break;
                        }
                        sleep(TIMEOUT / 10);
                    }
                }
                answer => stream.write_all(answer.as_bytes()).unwrap(),
            }
        }
    });
    (port, receiver)
}

/// Reads a whole request.
fn request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let length = stream.read(&mut buffer).unwrap();
        bytes.extend(&buffer[..length]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let wanted: usize = header(head, "content-length").unwrap().parse().unwrap();
            if body.len() >= wanted {
                return text;
            }
        }
        assert!(length > 0, "the request broke off");
    }
}

fn header<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    request.lines().find_map(|line| {
        let (key, value) = line.split_once(": ")?;
        key.eq_ignore_ascii_case(name).then_some(value)
    })
}

fn sink(port: u16) -> WebhookSink {
    let config = WebhookConfig {
        kind: WebhookKind::Generic,
        url: HttpAddress::parse(&format!("http://127.0.0.1:{port}/hidden?token=hidden")).ok(),
        ..WebhookConfig::default()
    };
    let key = Some(Secret::new(b"key".to_vec()));
    let shape = WebhookShape::new(&config, key, None).unwrap();
    WebhookSink::new(shape, HttpSender::new(TIMEOUT, None), None)
}

fn letter() -> Letter {
    told(alert(AlertPhase::Raised))
}

#[test]
fn an_alert_is_signed_and_a_repetition_is_known_by_its_key() {
    let busy = "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n";
    let (port, asked) = server(vec![busy, "HTTP/1.1 204 OK\r\n\r\n"]);
    let mut sink = sink(port);
    let letter = [letter()];
    assert!(matches!(sink.deliver(&letter), Err(DeliveryError::Refused { .. })));
    assert_eq!(sink.deliver(&letter).unwrap(), 1);

    let (first, second) = (asked.recv().unwrap(), asked.recv().unwrap());
    let key = header(&first, "idempotency-key").unwrap();
    assert_eq!(header(&second, "idempotency-key"), Some(key));
    let (head, body) = second.split_once("\r\n\r\n").unwrap();
    let signature = header(head, "x-hikwatch-signature").unwrap().strip_prefix("sha256=").unwrap();
    let bytes: Vec<u8> = (0..signature.len() / 2)
        .map(|at| u8::from_str_radix(&signature[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"key");
    hmac::verify(&key, body.as_bytes(), &bytes).unwrap();
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["rule"], "vendor-cloud-contact");
}

#[test]
fn only_what_may_be_otherwise_next_time_is_tried_again_and_patience_is_honoured() {
    let answers = [
        "HTTP/1.1 429 Slow\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 429 Slow\r\ncontent-length: 35\r\n\r\n{\"parameters\":{\"retry_after\": 9}}  ",
        "HTTP/1.1 500 Broken\r\nretry-after: 99999999\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 404 No\r\ncontent-length: 5\r\n\r\n\x1b[31m",
        "HTTP/1.1 302 There\r\nlocation: http://192.0.2.1/\r\ncontent-length: 0\r\n\r\n",
    ];
    let (port, _asked) = server(answers.to_vec());
    let mut sink = sink(port);
    let mut next = || sink.deliver(&[letter()]).unwrap_err();

    for seconds in [7, 9, 3600] {
        let DeliveryError::Refused { retry_after, .. } = next() else { panic!("not refused") };
        assert_eq!(retry_after, Some(Duration::from_secs(seconds)));
    }
    for _ in 0..2 {
        let DeliveryError::Unacceptable { answer } = next() else { panic!("tried again") };
        assert!(!answer.contains('\x1b'), "{answer:?}");
    }
}

#[test]
fn a_service_that_is_away_hangs_trickles_closes_or_lies_costs_a_bounded_time_and_tells_no_secret() {
    let endless = "HTTP/1.1 500 Lies\r\ncontent-length: 99999999999\r\n\r\nxxxxxxxx";
    let behaviours =
        vec!["hang", "trickle", "", "HTTP/1.1 20", "220 smtp.example.com ESMTP\r\n", endless];
    let count = behaviours.len();
    let (port, _asked) = server(behaviours);
    let mut failures = Vec::new();
    for port in std::iter::repeat_n(port, count).chain([free_port()]) {
        let since = Instant::now();
        failures.push(sink(port).deliver(&[letter()]).unwrap_err());
        assert!(since.elapsed() < TIMEOUT * 4, "{:?}", failures.last());
    }

    for problem in &failures {
        let shown = format!("{problem} {problem:?}");
        assert!(!shown.contains("hidden"), "{shown}");
        assert!(!matches!(problem, DeliveryError::Unacceptable { .. }), "{shown}");
    }
}

#[test]
fn only_alerts_that_are_urgent_enough_and_news_are_told() {
    let config = WebhookConfig { min_severity: Severity::Medium, ..WebhookConfig::default() };
    let wants = |phase, severity| {
        let mut alert = alert(phase);
        alert.severity = severity;
        let Letter::Event(event) = told(alert) else { panic!("no event") };
        WebhookSink::wants(&config, &event)
    };

    assert!(wants(AlertPhase::Raised, Severity::High));
    assert!(wants(AlertPhase::Resolved, Severity::Medium));
    assert!(!wants(AlertPhase::Raised, Severity::Low));
    assert!(!wants(AlertPhase::Repeated, Severity::High));
}
