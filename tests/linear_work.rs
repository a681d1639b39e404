//! Four times the input is about four times the work, however the input was made to hurt.
//!
//! Each shape is measured with `n` and with `4n` pieces, in turns; the fastest of several runs counts, so that what else
//! the machine does is left out. Linear work gives a ratio of four, quadratic work one of sixteen; the bound stands
//! in the middle, since what no longer fits a cache costs more. Where a limit cuts
//! the larger input off, the ratio is lower, which is as well.
#![expect(clippy::disallowed_methods, reason = "what is measured here is real time")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "these functions are of tests, though not tests themselves"
)]

#[path = "fuzz/seeds.rs"]
#[expect(dead_code, reason = "only QUIC packets are built with it here")]
mod seeds;
#[path = "fuzz/targets.rs"]
#[expect(dead_code, reason = "only frames are built with it here")]
mod targets;

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use hikwatch::dissect::{Dissector, QuicInitials, StreamPlace};
use hikwatch::meter::{Config, Meter};
use hikwatch::net::{MacAddr, Timestamp};
use hikwatch::simulate::{Link, Segment, build_tcp, build_udp};

/// Between linear and quadratic.
const MOST: f64 = 8.0;
/// The work on `n` pieces is repeated until it takes this long, so that the clock's grain does not count; it is less than
/// a turn of the scheduler, so that the fastest run is one that nothing interrupted.
const LONG_ENOUGH: Duration = Duration::from_micros(200);
/// Runs of which the fastest counts.
const RUNS: usize = 12;
/// A ratio that is too high is measured again so often.
const ATTEMPTS: usize = 25;

/// Frames that a meter of its own takes in.
type Frames = Vec<Vec<u8>>;

#[test]
fn heads_that_come_byte_by_byte() {
    let tls = [&[0x16, 3, 1, 0x3f, 0xf0, 1, 0, 0x3f, 0xec, 3, 3][..], &[7; 16_000]].concat();
    let tiny: Vec<u8> =
        (0..3_000).flat_map(|at: u16| [0x16, 3, 1, 0, 1, if at == 0 { 1 } else { 0 }]).collect();
    let fill = |start: &str| format!("{start}{}", "a".repeat(16_000)).into_bytes();
    let lines = |start: &str| format!("{start}{}", "a: b\r\n".repeat(3_000)).into_bytes();
    let isup = format!("<?xml version=\"1.0\"?><PPVSPMessage>{}", "<a>b</a>".repeat(2_000));
    let shapes = [
        ("TLS", 443, tls),
        ("TLS in records of one byte", 443, tiny),
        ("HTTP in one line", 80, fill("GET / HTTP/1.1\r\nHost: ")),
        ("HTTP in short lines", 80, lines("GET / HTTP/1.1\r\n")),
        ("an HTTP answer", 80, lines("HTTP/1.1 200 OK\r\n")),
        ("an HTTP description", 80, fill("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 9000\r\n\r\n<root>")),
        ("RTSP", 554, lines("DESCRIBE rtsp://192.0.2.1/ RTSP/1.0\r\n")),
        ("SIP", 5060, lines("INVITE sip:a@192.0.2.1 SIP/2.0\r\n")),
        ("ISUP", 7660, isup.into_bytes()),
        ("MQTT", 1883, [&b"\x10\xf0\x7c\0\x04MQTT\x04\x02\0\x3c\x3e\0"[..], &[b'a'; 16_000]].concat()),
        ("DNS", 53, [&b"\x3e\x80\x12\x34\x81\x80\0\x01\x01\0\0\0\0\0\x01a\0\0\x01\0\x01"[..], &b"\xc0\x0c\0\x01\0\x01\0\0\0\x01\0\x04\xc0\0\x02\x01".repeat(1_000)].concat()),
        ("STUN", 3478, [&b"\0\x01\x3e\x80\x21\x12\xa4\x42"[..], &[7; 12], &b"\x80\x22\0\x04abcd".repeat(2_000)].concat()),
        ("safe protocol", 40_000, [&b"\x9e\xba\xac\xe9\x01\0\0\0\0\0\0\x05\0\0\0\0\0\0\x08\x12\0\0\0\0\0\0\x3e\x80\0\0\0\0"[..], &b"<a>b</a>".repeat(2_000)].concat()),
    ];
    for (name, port, head) in shapes {
        is_linear(name, 3_000, |n| metered(stream(port, head[..n.min(head.len())].chunks(1))));
    }
}

#[test]
fn requests_one_behind_the_other() {
    let request = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
    is_linear("requests in segments of their own", 300, |n| {
        metered(stream(80, std::iter::repeat_n(&request[..], n)))
    });
    is_linear("requests in full segments", 400, |n| {
        let all = request.repeat(n);
        metered(stream(80, all.chunks(1400)))
    });
    let query = b"\0\x1d\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x07example\x03com\0\0\x01\0\x01";
    is_linear("queries in full segments", 400, |n| {
        let all = query.repeat(n);
        metered(stream(53, all.chunks(1400)))
    });
}

#[test]
fn heads_with_long_lists() {
    let heads: [(&str, u16, &[u8], &[u8]); 5] = [
        ("lines of HTTP", 80, b"GET / HTTP/1.1\r\n", b"a: b\r\n"),
        ("folded lines of HTTP", 80, b"GET / HTTP/1.1\r\nA: b\r\n", b"\tb\r\n"),
        ("records of TLS", 443, b"\x16\x03\x01\0\x04\x01\0\x3f\xff", b"\x16\x03\x01\0\x01a"),
        ("topics of MQTT", 1883, b"\x82\xff\x7f\0\x01", b"\0\x01a\0"),
        ("lines of SDP", 554, b"RTSP/1.0 200 OK\r\nContent-Type: application/sdp\r\nContent-Length: 15000\r\n\r\nv=0\r\n", b"m=a 0 x 9\r\n"),
    ];
    for (name, port, start, piece) in heads {
        is_linear(name, 3_500, |n| {
            let head = [start, &piece.repeat(n / piece.len())].concat();
            let place = StreamPlace {
                from_initiator: true,
                source_port: 40_001,
                destination_port: port,
                without_body: false,
            };
            move || {
                let mut dissector = Dissector::default();
                drop(dissector.stream(&head, place, None));
                drop(dissector.partial_stream(&head, place, None));
            }
        });
    }
}

#[test]
fn datagrams_with_long_lists() {
    let record = b"\xc0\x0c\0\x01\0\x01\0\0\0\x01\0\x04\xc0\0\x02\x01";
    let dns = |n: usize, piece: &[u8]| {
        let count = u16::try_from(n / piece.len()).unwrap().to_be_bytes();
        let head =
            [&b"\x12\x34\x81\x80\0\x01"[..], &count, b"\0\0\0\0\x01a\0\0\x01\0\x01"].concat();
        [head, piece.repeat(n / piece.len())].concat()
    };
    is_linear("records of DNS", 30_000, |n| datagram(53, dns(n, record)));
    is_linear("multicast records", 30_000, |n| datagram(5353, dns(n, record)));
    is_linear("a chain of pointers", 4_000, |n| {
        let chain =
            (0..n / 2).flat_map(|at| (0xc00c + 2 * u16::try_from(at).unwrap()).to_be_bytes());
        datagram(53, [b"\x12\x34\x01\0\x01\0\0\0\0\0\0\0\0\0".to_vec(), chain.collect()].concat())
    });
    let document =
        |start: &str, piece: &str, n: usize| format!("{start}{}", piece.repeat(n / piece.len()));
    for (name, piece) in [
        ("wide", "<a>b</a>"),
        ("deep", "<a>"),
        ("of references", "&lt;"),
        ("of comments", "<!---->"),
        ("of attributes", " a=\"b\""),
        ("of CDATA", "<![CDATA[x]]>"),
    ] {
        is_linear(&format!("SADP {name}"), 15_000, |n| {
            datagram(
                37_020,
                document("<?xml version=\"1.0\"?><ProbeMatch><Uuid>", piece, n).into_bytes(),
            )
        });
        is_linear(&format!("WSD {name}"), 15_000, |n| {
            datagram(
                3702,
                document("<Envelope><Body><ProbeMatches><ProbeMatch>", piece, n).into_bytes(),
            )
        });
    }
    is_linear("lines of SSDP", 20_000, |n| {
        datagram(1900, document("NOTIFY * HTTP/1.1\r\n", "a: b\r\n", n).into_bytes())
    });
    is_linear("options of DHCPv6", 20_000, |n| {
        datagram(546, [&[1, 1, 2, 3][..], &[0, 5, 0, 0].repeat(n / 4)].concat())
    });
    is_linear("options of DHCP", 20_000, |n| {
        let mut bytes = vec![1, 1, 6, 0];
        bytes.resize(236, 0);
        datagram(67, [&bytes[..], &[0x63, 0x82, 0x53, 0x63], &[12, 1, b'a'].repeat(n / 3)].concat())
    });
}

#[test]
fn handshakes_of_quic_in_single_bytes() {
    is_linear("CRYPTO frames of one byte", 300, |n| {
        let frames: Vec<u8> = (0..n).rev().flat_map(|at| seeds::crypto(at, &[1])).collect();
        let datagram = seeds::initial(1, &[5; 8], &[], 0, &frames);
        move || drop(Dissector::default().quic(&mut QuicInitials::default(), &datagram, true))
    });
    is_linear("a packet for each byte", 7, |n| {
        let packet = |at| {
            seeds::initial(1, &[5; 8], &[], u8::try_from(at).unwrap(), &seeds::crypto(at, &[1]))
        };
        let datagrams: Vec<_> = (0..n).rev().map(packet).collect();
        move || {
            let (mut initials, mut dissector) = (QuicInitials::default(), Dissector::default());
            for datagram in &datagrams {
                drop(dissector.quic(&mut initials, datagram, true));
            }
        }
    });
}

#[test]
fn fragments_of_eight_bytes() {
    let fragments = |n: usize, reverse: bool, step: usize| {
        let mut frames: Frames = (0..n).map(|at| fragment(at * step, at + 1 < n)).collect();
        if reverse {
            frames.reverse();
        }
        metered(frames)
    };
    is_linear("fragments in order", 2_000, |n| fragments(n, false, 1));
    is_linear("fragments in reverse", 2_000, |n| fragments(n, true, 1));
    is_linear("fragments with gaps", 1_000, |n| fragments(n, false, 2));
}

#[test]
fn wrappings_and_flows() {
    is_linear("VLAN tags", 4_000, |n| {
        let mut frame = vec![2; 12];
        frame.extend([0x81, 0, 0, 7].repeat(n));
        metered(vec![frame; 16])
    });
    is_linear("MPLS labels", 4_000, |n| {
        let mut frame = vec![2; 12];
        frame.extend([0x88, 0x47]);
        frame.extend([0, 1, 0, 64].repeat(n));
        metered(vec![frame; 16])
    });
    is_linear("IP in IP", 300, |n| {
        let mut packet = vec![0; 8];
        for _ in 0..n {
            packet = ipv4(4, 0, &packet);
        }
        metered(vec![[&[2; 12][..], &[8, 0], &packet].concat(); 16])
    });
    is_linear("flows of one packet", 2_000, |n| metered((0..n).map(one_packet).collect()));
    is_linear("flows of one packet in a full table", 2_000, |n| {
        let mut config = Config::default();
        config.flow.max_flows = 256;
        metered_with(config, (0..n).map(one_packet).collect())
    });
}

/// Asserts that the work made for `4n` takes at most [`MOST`] times as long as that made for `n`.
fn is_linear<W: FnMut()>(name: &str, n: usize, make: impl Fn(usize) -> W) {
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (mut once, mut more) = (make(n), make(4 * n));
    let mut rounds = 1;
    while time(&mut once, rounds) < LONG_ENOUGH {
        rounds *= 2;
    }
    let mut ratio = f64::INFINITY;
    for _ in 0..ATTEMPTS {
        let (mut short, mut long) = (Duration::MAX, Duration::MAX);
        for _ in 0..RUNS {
            short = short.min(time(&mut once, rounds));
            long = long.min(time(&mut more, rounds));
        }
        ratio = ratio.min(long.as_secs_f64() / short.as_secs_f64());
        if ratio < MOST {
            break;
        }
    }
    println!("{name}: {ratio:.2}, {rounds} rounds");
    assert!(ratio < MOST, "{name}: four times the input takes {ratio:.2} times as long");
}

fn time(work: &mut impl FnMut(), rounds: u32) -> Duration {
    let start = Instant::now();
    for _ in 0..rounds {
        work();
    }
    start.elapsed()
}

fn metered(frames: Frames) -> impl FnMut() {
    metered_with(Config::default(), frames)
}

/// Gives the frames to a new meter, a microsecond apart, and takes what comes of them.
fn metered_with(config: Config, frames: Frames) -> impl FnMut() {
    move || {
        let mut meter = Meter::new(config.clone(), [1, 2, 3, 4]);
        for (number, bytes) in (1u64..).zip(&frames) {
            let now = Timestamp::from_nanos(1_767_225_600_000_000_000 + number * 1_000);
            meter.handle_frame(&targets::frame(1, number, now, bytes), now);
            meter.drain_observations().for_each(drop);
        }
    }
}

fn datagram(port: u16, payload: Vec<u8>) -> impl FnMut() {
    move || drop(Dissector::default().datagram(&payload, 40_001, port, None))
}

fn link() -> Link {
    Link {
        source: MacAddr([2, 0, 0, 0, 0, 1]),
        destination: MacAddr([2, 0, 0, 0, 0, 2]),
        vlan: None,
    }
}

/// SYN, and each piece in a segment of its own.
fn stream<'a>(port: u16, pieces: impl Iterator<Item = &'a [u8]>) -> Frames {
    let source: SocketAddr = "192.0.2.1:40001".parse().unwrap();
    let destination = SocketAddr::new("198.51.100.1".parse().unwrap(), port);
    let mut sequence = 0u32;
    let segment = |flags, sequence, payload| {
        let mut frame = Vec::new();
        let segment =
            Segment { sequence, acknowledgment: 1, flags, window: 8192, options: &[], payload };
        build_tcp(&mut frame, &link(), source, destination, 0, &segment);
        frame
    };
    let mut frames = vec![segment(Segment::SYN, sequence, &[])];
    sequence += 1;
    for piece in pieces {
        frames.push(segment(Segment::ACK | Segment::PSH, sequence, piece));
        sequence += u32::try_from(piece.len()).unwrap();
    }
    frames
}

fn one_packet(number: usize) -> Vec<u8> {
    let [_, a, b, c] = u32::try_from(number).unwrap().to_be_bytes();
    let mut frame = Vec::new();
    let source = SocketAddr::from(([10, a, b, c], 5000));
    build_udp(&mut frame, &link(), source, "192.0.2.1:9999".parse().unwrap(), 0, b"x");
    frame
}

fn ipv4(protocol: u8, fragment: u16, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(20 + payload.len()).unwrap().to_be_bytes();
    let [high, low] = fragment.to_be_bytes();
    let head = [0x45, 0, length[0], length[1], 0, 7, high, low, 64, protocol, 0, 0];
    [&head[..], &[192, 0, 2, 1, 198, 51, 100, 1], payload].concat()
}

/// Eight bytes of a datagram, at a multiple of eight.
fn fragment(at: usize, more: bool) -> Vec<u8> {
    let flags = u16::try_from(at).unwrap() | if more { 0x2000 } else { 0 };
    [&[2; 12][..], &[8, 0], &ipv4(17, flags, &[7; 8])].concat()
}
