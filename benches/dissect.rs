//! Measures each dissector on one well-formed payload, and the cases that most packets take.
//!
//! Comes in: payloads of our own construction. Goes out: payloads a second. It captures nothing.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hikwatch::dissect::{dissect_datagram, dissect_link, dissect_stream};

const DNS_RESPONSE: &[u8] = b"\x12\x34\x81\x80\0\x01\0\x02\0\0\0\0\x01a\x07example\x03com\0\0\x01\0\x01\
    \xc0\x0c\0\x05\0\x01\0\0\x01\x2c\0\x04\x01b\xc0\x0e\xc0\x2b\0\x01\0\x01\0\0\x01\x2c\0\x04\xc0\0\x02\x07";

const HTTP_REQUEST: &[u8] =
    b"POST /sdk.post HTTP/1.1\r\nAccept: */*\r\nHost: backupserver:8080\r\n\
    User-Agent: curl/7\r\nContent-Type: application/octet-stream\r\nContent-Length: 3\r\n\r\n";

const SADP_REPLY: &[u8] = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?><ProbeMatch><Uuid>u</Uuid>\
    <Types>inquiry</Types><DeviceType>141945</DeviceType>\
    <DeviceDescription>DS-2CD2385G1-I</DeviceDescription><MAC>58-50-ed-01-02-03</MAC>\
    <IPv4Address>192.0.2.64</IPv4Address><HttpPort>80</HttpPort><Activated>true</Activated></ProbeMatch>";

const SADP_FRAME: &[u8] =
    b"\x21\x01\x01\x42\0\0\0\x09\x06\x04\x04\0\0\0\x44\xa6\x42\x01\x02\x03\xc0\0\x02\x40\
    \xff\xff\xff\xff\xff\xff\0\0\0\0\xff\xff\xff\0";

const DHCP_OPTIONS: &[u8] = b"\x63\x82\x53\x63\x35\x01\x03\x32\x04\xc0\0\x02\x40\x0c\x06camera\
    \x3c\x05udhcp\x37\x03\x01\x03\x06\xff";

/// A DHCP request.
fn dhcp_request() -> Vec<u8> {
    let mut bytes = vec![1, 1, 6, 0, 1, 2, 3, 4];
    bytes.resize(236, 0);
    bytes.extend_from_slice(DHCP_OPTIONS);
    bytes
}

/// A ClientHello with a server name, ALPN, supported_versions and a key share.
fn client_hello() -> Vec<u8> {
    let vector = |bytes: &[u8]| {
        let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
        [&length.to_be_bytes()[..], bytes].concat()
    };
    let name = vector(&[&[0][..], &vector(b"litedev.example.com")].concat());
    let alpns = vector(b"\x02h2\x08http/1.1");
    let mut extensions = Vec::new();
    for (kind, content) in [(0, name), (16, alpns), (43, vec![4, 3, 4, 3, 3]), (51, vec![0; 1200])]
    {
        extensions.extend_from_slice(&[0, kind]);
        extensions.extend(vector(&content));
    }
    let mut body = vec![1, 0];
    let mut hello = vec![3, 3];
    hello.resize(34, 7);
    hello.extend_from_slice(&[0, 0, 2, 0x13, 1, 1, 0]);
    hello.extend(vector(&extensions));
    body.extend(vector(&hello));
    [&[22, 3, 1][..], &vector(&body)].concat()
}

fn dissectors(criterion: &mut Criterion) {
    let (dhcp, hello) = (dhcp_request(), client_hello());
    let cut = hello.get(..hello.len() / 2).unwrap_or_default();
    let mut group = criterion.benchmark_group("dissect");
    group.throughput(Throughput::Elements(1));
    let datagrams = [
        ("unknown-port", DNS_RESPONSE, 443),
        ("dns", DNS_RESPONSE, 53),
        ("dhcp", &dhcp, 67),
        ("sadp", SADP_REPLY, 37020),
    ];
    for (name, payload, port) in datagrams {
        group.bench_function(name, |bencher| {
            bencher.iter(|| dissect_datagram(black_box(payload), black_box(40_000), port));
        });
    }
    let streams = [
        ("tls", hello.as_slice()),
        ("tls-need-more", cut),
        ("http", HTTP_REQUEST),
        ("stream-of-others", b"SSH-2.0-OpenSSH_9.6\r\n"),
    ];
    for (name, head) in streams {
        group.bench_function(name, |bencher| bencher.iter(|| dissect_stream(black_box(head))));
    }
    group.bench_function("sadp-link", |bencher| {
        bencher.iter(|| dissect_link(black_box(0x8033), black_box(SADP_FRAME)));
    });
    group.finish();
}

criterion_group!(benches, dissectors);
criterion_main!(benches);
