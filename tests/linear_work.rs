//! Twice the input is about twice the work, however the input was made to hurt.
//!
//! Work is counted in instructions, so that the answer is the same on each run and on every machine: a test starts its
//! own executable again under `valgrind --tool=callgrind`, which counts what [`counted`] runs and writes a total each
//! time it returns. Each shape is made with no piece, `n` and `2n` pieces; what no piece costs already is taken off. Linear
//! work gives a ratio of two, quadratic work one of four. Where a limit cuts the larger input off, the ratio is lower, which
//! is as well. Without valgrind the tests say SKIPPED.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "these functions are of tests, though not tests themselves"
)]

#[path = "fuzz/seeds.rs"]
#[expect(dead_code, reason = "only QUIC packets are built with it here")]
mod seeds;
#[path = "fuzz/targets.rs"]
#[expect(dead_code, reason = "only frames are built with it here")]
mod targets;

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use hikwatch::dissect::{Dissector, QuicInitials, StreamPlace};
use hikwatch::meter::{Config, Meter};
use hikwatch::net::{MacAddr, Timestamp};
use hikwatch::simulate::{Link, Segment, build_tcp, build_udp};

/// Work on `2n` pieces per work on `n`, in hundredths. Above two, as tables grow in steps, and maps by the logarithm.
const MOST: u64 = 230;
/// Instructions that one shape may take beyond that: what is done once behind some length.
const SLACK: u64 = 2_000;
/// Says to the started executable that it is the one that is counted.
const COUNTED: &str = "HIKWATCH_COUNTED";

/// Frames that a meter of its own takes in.
type Frames = Vec<Vec<u8>>;

#[test]
fn quadratic_work_is_told_from_linear_work() {
    let mut shapes = Shapes::of("quadratic_work_is_told_from_linear_work");
    let touch = |count: usize| {
        (0..count).for_each(|number| {
            std::hint::black_box(number);
        })
    };
    shapes.add("linear", 1_000, move |n| move || touch(n));
    shapes.add("quadratic", 100, move |n| move || touch(n * n));
    if let Some(steep) = shapes.steep() {
        assert_eq!(steep.len(), 1, "{steep:?}");
        assert!(steep.iter().all(|shape| shape.starts_with("quadratic")), "{steep:?}");
    }
}

#[test]
fn heads_that_come_byte_by_byte() {
    let mut shapes = Shapes::of("heads_that_come_byte_by_byte");
    let tls = [&[0x16, 3, 1, 0x3f, 0xf0, 1, 0, 0x3f, 0xec, 3, 3][..], &[7; 16_000]].concat();
    let tiny: Vec<u8> =
        (0..3_000).flat_map(|at: u16| [0x16, 3, 1, 0, 1, if at == 0 { 1 } else { 0 }]).collect();
    let fill = |start: &str| format!("{start}{}", "a".repeat(16_000)).into_bytes();
    let lines = |start: &str| format!("{start}{}", "a: b\r\n".repeat(3_000)).into_bytes();
    let isup = format!("<?xml version=\"1.0\"?><PPVSPMessage>{}", "<a>b</a>".repeat(2_000));
    let heads = [
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
    for (name, port, head) in heads {
        shapes
            .add(name, 3_000, move |n| metered(stream(port, head[..n.min(head.len())].chunks(1))));
    }
    shapes.are_linear();
}

#[test]
fn requests_one_behind_the_other() {
    let mut shapes = Shapes::of("requests_one_behind_the_other");
    let request = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
    shapes.add("requests in segments of their own", 300, move |n| {
        metered(stream(80, std::iter::repeat_n(&request[..], n)))
    });
    shapes.add("requests in full segments", 400, move |n| {
        let all = request.repeat(n);
        metered(stream(80, all.chunks(1400)))
    });
    let query = b"\0\x1d\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x07example\x03com\0\0\x01\0\x01";
    shapes.add("queries in full segments", 400, move |n| {
        let all = query.repeat(n);
        metered(stream(53, all.chunks(1400)))
    });
    shapes.are_linear();
}

#[test]
fn heads_with_long_lists() {
    let mut shapes = Shapes::of("heads_with_long_lists");
    let heads: [(&str, u16, &[u8], &[u8]); 5] = [
        ("lines of HTTP", 80, b"GET / HTTP/1.1\r\n", b"a: b\r\n"),
        ("folded lines of HTTP", 80, b"GET / HTTP/1.1\r\nA: b\r\n", b"\tb\r\n"),
        ("records of TLS", 443, b"\x16\x03\x01\0\x04\x01\0\x3f\xff", b"\x16\x03\x01\0\x01a"),
        ("topics of MQTT", 1883, b"\x82\xff\x7f\0\x01", b"\0\x01a\0"),
        ("lines of SDP", 554, b"RTSP/1.0 200 OK\r\nContent-Type: application/sdp\r\nContent-Length: 15000\r\n\r\nv=0\r\n", b"m=a 0 x 9\r\n"),
    ];
    for (name, port, start, piece) in heads {
        shapes.add(name, 700, move |n| {
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
    shapes.are_linear();
}

#[test]
fn datagrams_with_long_lists() {
    let mut shapes = Shapes::of("datagrams_with_long_lists");
    let record = b"\xc0\x0c\0\x01\0\x01\0\0\0\x01\0\x04\xc0\0\x02\x01";
    let dns = |n: usize, piece: &[u8]| {
        let count = u16::try_from(n / piece.len()).unwrap().to_be_bytes();
        let head =
            [&b"\x12\x34\x81\x80\0\x01"[..], &count, b"\0\0\0\0\x01a\0\0\x01\0\x01"].concat();
        [head, piece.repeat(n / piece.len())].concat()
    };
    shapes.add("records of DNS", 2_000, move |n| datagram(53, dns(n, record)));
    shapes.add("multicast records", 2_000, move |n| datagram(5353, dns(n, record)));
    shapes.add("a chain of pointers", 20, move |n| {
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
        shapes.add(format!("SADP {name}"), 3_500, move |n| {
            datagram(
                37_020,
                document("<?xml version=\"1.0\"?><ProbeMatch><Uuid>", piece, n).into_bytes(),
            )
        });
        shapes.add(format!("WSD {name}"), 3_500, move |n| {
            datagram(
                3702,
                document("<Envelope><Body><ProbeMatches><ProbeMatch>", piece, n).into_bytes(),
            )
        });
    }
    shapes.add("lines of SSDP", 300, move |n| {
        datagram(1900, document("NOTIFY * HTTP/1.1\r\n", "a: b\r\n", n).into_bytes())
    });
    shapes.add("options of DHCPv6", 20_000, move |n| {
        datagram(546, [&[1, 1, 2, 3][..], &[0, 5, 0, 0].repeat(n / 4)].concat())
    });
    shapes.add("options of DHCP", 20_000, move |n| {
        let mut bytes = vec![1, 1, 6, 0];
        bytes.resize(236, 0);
        datagram(67, [&bytes[..], &[0x63, 0x82, 0x53, 0x63], &[12, 1, b'a'].repeat(n / 3)].concat())
    });
    shapes.are_linear();
}

#[test]
fn handshakes_of_quic_in_single_bytes() {
    let mut shapes = Shapes::of("handshakes_of_quic_in_single_bytes");
    shapes.add("CRYPTO frames of one byte", 300, move |n| {
        let frames: Vec<u8> = (0..n).rev().flat_map(|at| seeds::crypto(at, &[1])).collect();
        let datagram = seeds::initial(1, &[5; 8], &[], 0, &frames);
        move || drop(Dissector::default().quic(&mut QuicInitials::default(), &datagram, true))
    });
    shapes.add("a packet for each byte", 7, move |n| {
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
    shapes.are_linear();
}

#[test]
fn fragments_of_eight_bytes() {
    let mut shapes = Shapes::of("fragments_of_eight_bytes");
    let fragments = |n: usize, reverse: bool, step: usize| {
        let mut frames: Frames = (0..n).map(|at| fragment(at * step, at + 1 < n)).collect();
        if reverse {
            frames.reverse();
        }
        metered(frames)
    };
    shapes.add("fragments in order", 2_000, move |n| fragments(n, false, 1));
    shapes.add("fragments in reverse", 2_000, move |n| fragments(n, true, 1));
    shapes.add("fragments with gaps", 1_000, move |n| fragments(n, false, 2));
    shapes.are_linear();
}

#[test]
fn wrappings_and_flows() {
    let mut shapes = Shapes::of("wrappings_and_flows");
    shapes.add("VLAN tags", 4_000, move |n| {
        let mut frame = vec![2; 12];
        frame.extend([0x81, 0, 0, 7].repeat(n));
        metered(vec![frame; 16])
    });
    shapes.add("MPLS labels", 4_000, move |n| {
        let mut frame = vec![2; 12];
        frame.extend([0x88, 0x47]);
        frame.extend([0, 1, 0, 64].repeat(n));
        metered(vec![frame; 16])
    });
    shapes.add("IP in IP", 2, move |n| {
        let mut packet = vec![0; 8];
        for _ in 0..n {
            packet = ipv4(4, 0, &packet);
        }
        metered(vec![[&[2; 12][..], &[8, 0], &packet].concat(); 16])
    });
    shapes.add("flows of one packet", 2_000, move |n| metered((0..n).map(one_packet).collect()));
    shapes.add("flows of one packet in a full table", 2_000, move |n| {
        let mut config = Config::default();
        config.flow.max_flows = 256;
        metered_with(config, (0..n).map(one_packet).collect())
    });
    shapes.are_linear();
}

/// A shape: its name, its pieces, and the work on so many of them.
struct Shape {
    name: String,
    n: usize,
    make: Box<dyn Fn(usize) -> Work>,
}

type Work = Box<dyn FnMut()>;

/// The shapes of a test.
struct Shapes {
    test: &'static str,
    shapes: Vec<Shape>,
}

impl Shapes {
    /// None so far; `test` is the name of the test.
    const fn of(test: &'static str) -> Self {
        Self { test, shapes: Vec::new() }
    }

    fn add<W: FnMut() + 'static>(
        &mut self,
        name: impl Into<String>,
        n: usize,
        make: impl Fn(usize) -> W + 'static,
    ) {
        let make = Box::new(move |n| -> Work { Box::new(make(n)) });
        self.shapes.push(Shape { name: name.into(), n, make });
    }

    /// Asserts that the work of each shape grows as its input does.
    fn are_linear(self) {
        let steep = self.steep().unwrap_or_default();
        assert!(
            steep.is_empty(),
            "twice the input takes more than {MOST} %:\n{}",
            steep.join("\n")
        );
    }

    /// The shapes whose work grows faster than their input; `None` when nothing was counted here.
    fn steep(self) -> Option<Vec<String>> {
        let Self { test, shapes } = self;
        if std::env::var_os(COUNTED).is_some() {
            for Shape { n, make, .. } in shapes {
                // What is set up once in a process belongs to no shape.
                make(n)();
                for n in [0, n, 2 * n] {
                    counted(&mut *make(n));
                }
            }
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let counts = count(test, folder.path())?;
        assert_eq!(counts.len(), 3 * shapes.len(), "a total for each piece of work");
        let mut steep = Vec::new();
        for (Shape { name, n, .. }, counts) in shapes.iter().zip(counts.chunks(3)) {
            let &[none, once, twice] = counts else { panic!("three a shape") };
            let (once, twice) = (once.saturating_sub(none), twice.saturating_sub(none));
            let ratio = twice * 100 / once.max(1);
            println!(
                "{name}: {n} pieces take {once} instructions beyond {none}, twice as many {ratio} %"
            );
            if twice > once * MOST / 100 + SLACK {
                steep.push(format!("{name}: {once} instructions, then {twice}"));
            }
        }
        Some(steep)
    }
}

/// What is counted; by its name valgrind finds it, also as one that returns by itself.
#[inline(never)]
fn counted(work: &mut dyn FnMut()) {
    work();
    std::hint::black_box(());
}

/// Runs the test `name` of this executable under valgrind: the instructions of each call of [`counted`], in order.
fn count(name: &str, folder: &Path) -> Option<Vec<u64>> {
    let here = "linear_work::counted";
    let run = Command::new("valgrind")
        .args(["--tool=callgrind", "--collect-atstart=no", "--dump-line=no", "--quiet"])
        .arg(format!("--toggle-collect={here}"))
        .arg(format!("--dump-after={here}"))
        .arg(format!("--callgrind-out-file={}", folder.join("counts").display()))
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(COUNTED, "1")
        .env("RUST_TEST_THREADS", "1")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output();
    let run = match run {
        Ok(run) => run,
        Err(error) => {
            let line = format!("SKIPPED: {name}: valgrind cannot be started: {error}\n");
            std::io::stderr().write_all(line.as_bytes()).unwrap();
            return None;
        }
    };
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let total = |number: usize| {
        let dump = std::fs::read_to_string(folder.join(format!("counts.{number}"))).ok()?;
        let total = dump.lines().find_map(|line| line.strip_prefix("totals: "));
        Some(total.expect("each dump has a total").trim().parse().expect("a number"))
    };
    Some((1..).map_while(total).collect())
}

fn metered(frames: Frames) -> impl FnMut() + 'static {
    metered_with(Config::default(), frames)
}

/// Gives the frames to a new meter, a microsecond apart, and takes what comes of them.
fn metered_with(config: Config, frames: Frames) -> impl FnMut() + 'static {
    move || {
        let mut meter = Meter::new(config.clone(), [1, 2, 3, 4]);
        for (number, bytes) in (1u64..).zip(&frames) {
            let now = Timestamp::from_nanos(1_767_225_600_000_000_000 + number * 1_000);
            meter.handle_frame(&targets::frame(1, number, now, bytes), now);
            meter.drain_observations().for_each(drop);
        }
    }
}

fn datagram(port: u16, payload: Vec<u8>) -> impl FnMut() + 'static {
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
