//! What a server says, and which request it answers.

use std::time::Duration;

use hikwatch::dissect::{AppProtocol, Message};
use hikwatch::meter::{Config, ObservationKind};
use hikwatch::simulate::Segment;

use super::lab::{Lab, hello};

#[test]
fn an_answer_to_head_has_no_body_whatever_its_length_says() {
    let mut lab = Lab::talking_to(80, Config::default());
    for (method, answer) in [
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5000\r\n\r\n"),
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 5000\r\n\r\n"),
        ("HEAD", "HTTP/1.1 302 Found\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ("GET", "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"),
    ] {
        lab.ask(format!("{method} / HTTP/1.1\r\nHost: a.example\r\n\r\n"));
        lab.answer(answer);
    }
    let exchange = |method: &str, status| (Some(method.to_owned()), Some(status));

    assert_eq!(
        lab.exchanges(),
        [exchange("HEAD", 200), exchange("HEAD", 200), exchange("HEAD", 302), exchange("GET", 401)]
    );
}

#[test]
fn answers_to_requests_in_a_row_are_told_apart_where_one_has_no_body() {
    let mut lab = Lab::talking_to(80, Config::default());
    lab.ask("HEAD / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n");
    lab.answer(
        "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    );
    let statuses: Vec<_> = lab.exchanges().into_iter().map(|(_, status)| status).collect();

    assert_eq!(statuses, [Some(200), Some(404)]);
}

#[test]
fn a_long_body_in_chunks_does_not_hide_what_the_next_request_is_answered() {
    let mut lab = Lab::talking_to(80, Config::default());
    lab.ask("GET /a HTTP/1.1\r\n\r\n");
    lab.answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n186a0\r\n");
    for _ in 0..100 {
        lab.answer([b'x'; 1000]);
    }
    lab.answer("\r\n0\r\n\r\n");
    lab.ask("POST /b HTTP/1.1\r\n\r\n");
    lab.answer("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");

    let last = (Some("POST".to_owned()), Some(403));
    assert_eq!(lab.exchanges().last(), Some(&last));
}

#[test]
fn an_answer_that_takes_its_time_still_belongs_to_its_request() {
    let mut lab = Lab::talking_to(80, Config::default());
    lab.ask("GET / HTTP/1.1\r\n\r\n");
    for _ in 0..4 {
        lab.now = lab.now.plus(Duration::from_secs(15));
        // A keep-alive, with which totals are due.
        lab.ask("");
    }
    lab.answer("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
    lab.drain();

    assert_eq!(lab.exchanges(), [(Some("GET".to_owned()), Some(401))]);
}

#[test]
fn requests_that_nobody_answers_take_no_more_memory_than_there_is_and_are_all_told() {
    const FLOWS: u16 = 500;
    let request = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(1000));
    let mut lab = Lab::talking_to(80, Config { heads_budget: 64 << 10, ..Config::default() });
    for port in 0..FLOWS {
        lab.client.set_port(10_000 + port);
        lab.open();
        lab.ask(&request);
    }
    let told = lab.exchanges().len();
    assert!((400..500).contains(&told), "{told} found no room to wait");

    lab.drain();
    assert_eq!(lab.exchanges().len(), usize::from(FLOWS));
    assert!(lab.exchanges().iter().all(|(_, status)| status.is_none()));
}

#[test]
fn memory_of_requests_is_free_again_once_they_are_answered() {
    let request = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(1000));
    let mut lab = Lab::talking_to(80, Config { heads_budget: 64 << 10, ..Config::default() });
    for _ in 0..200 {
        lab.ask(&request);
        lab.answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }

    assert_eq!(lab.exchanges().len(), 200);
    assert!(lab.exchanges().iter().all(|(_, status)| *status == Some(200)));
}

#[test]
fn what_is_sent_again_uses_up_no_look_and_is_told_once() {
    let mut lab = Lab::talking_to(80, Config::default());
    lab.ask("GET / HTTP/1.1\r\n\r\n");
    let head = b"HTTP/1.1 200 OK\r\n\r\n";
    lab.answer(head);
    lab.answer([b'x'; 100]);
    for _ in 0..100 {
        lab.reply(1, Segment::ACK, head);
        lab.reply(1 + u32::try_from(head.len()).unwrap(), Segment::ACK, &[b'x'; 100]);
    }
    lab.answer("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");

    let statuses: Vec<_> = lab.exchanges().into_iter().map(|(_, status)| status).collect();
    assert_eq!(statuses, [Some(200), Some(404)]);
}

#[test]
fn the_greeting_of_a_mail_server_is_no_publication() {
    // '2' is also the first byte of MQTT's PUBLISH, and the next one a length.
    let mut lab = Lab::talking_to(25, Config::default());
    lab.answer("220 mail.example.com ESMTP ready\r\n");
    lab.ask("EHLO client.example.com\r\n");
    lab.answer("250-mail.example.com\r\n250 SIZE 10240000\r\n");
    lab.drain();

    assert_eq!(lab.messages().count(), 0);
}

#[test]
fn tls_without_a_name_behind_connect_is_tls() {
    let mut lab = Lab::talking_to(8080, Config::default());
    lab.ask("CONNECT 198.51.100.9:443 HTTP/1.1\r\n\r\n");
    lab.answer("HTTP/1.1 200 Connection established\r\n\r\n");
    let mut hello = hello("x");
    // Another extension in the place of server_name.
    let at = hello.windows(4).position(|bytes| bytes == [0, 0, 0, 6]).unwrap();
    hello[at..at + 2].copy_from_slice(&[0x7a, 0x7a]);
    lab.ask(hello);
    lab.drain();

    assert!(lab.messages().any(|message| matches!(message, Message::TlsHello(_))));
    let ended = lab.observations().iter().find_map(|observation| {
        let ObservationKind::FlowEnded { report, .. } = &observation.kind else { return None };
        report.head.clone()
    });
    assert_eq!(ended.map(|head| head.protocol), Some(AppProtocol::Tls));
}

#[test]
fn a_list_of_addresses_is_kept_where_a_name_was_asked_for_only() {
    let mut lab = Lab::talking_to(80, Config::default());
    let answer = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 19\r\n\r\n192.0.2.1;192.0.2.2";
    for target in ["/d?dn=a.example&ip=", "/my-address", "/d?dn=0f3a99"] {
        lab.ask(format!("GET {target} HTTP/1.1\r\nHost: a.example\r\n\r\n"));
        // In two segments, as a slow resolver sends it.
        let (head, body) = answer.split_at(answer.len() - 19);
        lab.answer(head);
        lab.answer(body);
    }

    let mut lists = Vec::new();
    for message in lab.messages() {
        if let Message::Http(exchange) = message
            && let Some(response) = &exchange.response
        {
            lists.push(response.addresses.as_ref().map(|list| list.addresses.len()));
        }
    }
    assert_eq!(lists, [Some(2), None, None]);
}
