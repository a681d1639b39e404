//! The clouds' protocols as simulated, read by an independent decoder: tshark must agree on all that it can read.
//!
//! Skipped, loudly, where tshark is not installed.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has to fail")]
#![expect(clippy::print_stderr, reason = "a check that is left out is said aloud")]

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use hikwatch::net::Timestamp;
use hikwatch::simulate::{
    Estate, EstatePlan, FlowRole, SimulatedFrame, TourStop, cloud_tour, pcap_header, pcap_record,
};

const START: Timestamp = Timestamp::from_parts(1_767_225_600, 0);
/// Everything that a decoder may hold against a frame. What a block or an outage leaves unanswered is said again, so
/// what concerns repetition is looked at where nothing is unanswered only.
const COMPLAINTS: &str = "_ws.malformed || _ws.short || _ws.unreassembled || ip.checksum.status==0 \
    || tcp.checksum.status==0 || udp.checksum.status==0 || icmp.checksum.status==0 \
    || tcp.analysis.lost_segment || tcp.analysis.ack_lost_segment || tcp.analysis.out_of_order \
    || tcp.analysis.reused_ports";

#[test]
fn tshark_reads_one_conversation_of_each_protocol_without_complaint() {
    let Some(tour) = Capture::of("tour", cloud_tour(7, START)) else { return };

    assert_eq!(tour.fields("frame", &["frame.number"]).len(), tour.frames);
    let odd = tour.fields(
        &format!("{COMPLAINTS} || tcp.analysis.flags || _ws.expert.severity >= 6291456"),
        &["frame.number", "_ws.col.Protocol", "_ws.col.Info"],
    );
    assert!(odd.is_empty(), "{odd:?}");
    assert!(tour.fields("tcp.checksum.status==1", &["frame.number"]).len() > 500);
    assert!(tour.fields("udp.checksum.status==1", &["frame.number"]).len() > 100);
}

#[test]
fn the_control_channel_is_mqtt_as_the_kit_sets_it_up() {
    let Some(tour) = Capture::of("mqtt", cloud_tour(7, START)) else { return };
    let at = |stop: TourStop| format!("ip.addr=={} && mqtt", stop.address());
    let of = |stop, kind: u8, names: &[&str]| {
        tour.fields(&format!("{} && mqtt.msgtype=={kind}", at(stop)), names)
    };

    let names = [
        "mqtt.ver",
        "mqtt.kalive",
        "mqtt.clientid_len",
        "mqtt.willtopic_len",
        "mqtt.willmsg_len",
        "mqtt.username",
        "mqtt.passwd",
        "mqtt.conflag.qos",
        "mqtt.conflag.retain",
        "mqtt.conflag.cleansess",
    ];
    let control = of(TourStop::Control, 1, &names);
    assert_eq!(control, ["4\t60\t32\t128\t384\tE23456789\ttest\t1\t1\t1"]);
    let redirected = of(TourStop::Redirected, 1, &names);
    assert_eq!(redirected, ["4\t60\t0\t128\t384\tE23456789\ttest\t1\t1\t1"]);
    let topic = |stop| of(stop, 1, &["mqtt.willtopic"]).concat();
    assert!(topic(TourStop::Control).starts_with("/Basic/pu2cenplt/E23456789/firstconnect"));
    assert!(topic(TourStop::Redirected).starts_with("/Basic/pu2cenplt/E23456789/breakconnect"));

    assert_eq!(of(TourStop::Control, 2, &["mqtt.conack.val"]), ["0"]);
    assert_eq!(of(TourStop::Blacklisted, 2, &["mqtt.conack.val"]), ["10"]);
    assert_eq!(of(TourStop::Redirected, 2, &["mqtt.conack.val"]), ["11"]);
    let subscribed = of(TourStop::Control, 8, &["mqtt.topic", "mqtt.sub.qos"]);
    assert_eq!(subscribed, ["/iot/E23456789/#\t1", "/E23456789/#\t1"]);
    assert_eq!(of(TourStop::Control, 9, &["mqtt.suback.qos"]), ["1", "1"]);
    let published = of(TourStop::Control, 3, &["ip.src", "mqtt.topic"]);
    let server = TourStop::Control.address();
    let expected = [
        "192.168.1.66\t/3300/10".to_owned(),
        format!("{server}\t/E23456789/3100/12321"),
        "192.168.1.66\t/3100/12322".to_owned(),
    ];
    assert_eq!(published, expected);
    for kind in [12, 13, 14] {
        assert_eq!(of(TourStop::Control, kind, &["frame.number"]).len(), 1, "type {kind}");
    }
}

#[test]
fn tls_http_ntp_and_stun_say_what_they_are_to_say() {
    let Some(tour) = Capture::of("others", cloud_tour(7, START)) else { return };
    let at = |stop: TourStop, more: &str, names: &[&str]| {
        tour.fields(&format!("ip.addr=={} && {more}", stop.address()), names)
    };

    let hello = "tls.handshake.type==1";
    let names = ["tls.handshake.extensions_server_name", "tls.handshake.version"];
    let sni = |stop| at(stop, hello, &names);
    assert_eq!(sni(TourStop::Snapshot), ["alarm.eu.s3.amazonaws.com\t0x0303"]);
    assert_eq!(sni(TourStop::Gateway), ["dev.us.ezviz7.com\t0x0303"]);
    assert_eq!(sni(TourStop::Broker), ["\t0x0303"]);
    assert_eq!(sni(TourStop::Api), ["apiieu.ezvizlife.com\t0x0303"]);
    let records = at(TourStop::Snapshot, "tls.record.content_type==23", &["tls.record.length"]);
    assert!(records.len() > 10, "{records:?}");

    let names = ["http.request.method", "http.host", "http.request.uri"];
    let asked = |stop| at(stop, "http.request", &names);
    assert_eq!(asked(TourStop::ClearSnapshot), ["POST\tbackupserver:8080\t/sdk.post"]);
    let firmware = "GET\twww.hikvisioneurope.com\t/portal/firmware/digicap.dav";
    assert_eq!(asked(TourStop::Firmware), [firmware]);
    let length = at(TourStop::Firmware, "http.response", &["http.content_length"]);
    assert_eq!(length, ["200000"]);
    let names = ["http.request.uri", "http.response.code", "http.file_data"];
    let resolved = tour.fields("ip.addr==119.29.29.29 && http", &names);
    assert_eq!(resolved.len(), 2);
    assert!(resolved[0].starts_with("/d?dn=litedev.eu.ezvizlife.com&ip=\t"), "{resolved:?}");
    let (first, second) = (TourStop::Registration.address(), TourStop::FirstBoot.address());
    let body = format!("{first};{second}");
    let hex: String = body.bytes().map(|octet| format!("{octet:02x}")).collect();
    assert!(resolved[1].contains(&body) || resolved[1].contains(&hex), "{resolved:?}");

    assert_eq!(at(TourStop::Time, "ntp", &["ntp.flags.mode"]), ["3", "4"]);
    let bound = at(TourStop::PlainStun, "stun", &["stun.type", "stun.att.ipv4"]);
    assert_eq!(bound, ["0x0001\t", "0x0101\t203.0.113.200"]);
}

#[test]
fn lbs_stun_and_the_view_have_the_published_octets_in_their_places() {
    let Some(tour) = Capture::of("own", cloud_tour(7, START)) else { return };
    let payloads = |stop: TourStop, field: &str| {
        tour.fields(&format!("ip.addr=={} && {field}", stop.address()), &["ip.src", field])
    };
    let starts = |lines: &[String], starts: &[&str]| {
        assert_eq!(lines.len(), starts.len(), "{lines:?}");
        for (line, start) in lines.iter().zip(starts) {
            assert!(line.split('\t').nth(1).unwrap().starts_with(start), "{line} {start}");
        }
    };

    let boot = payloads(TourStop::FirstBoot, "tcp.payload");
    let serial = "453233343536373839";
    starts(
        &boot,
        &[
            &format!("106e0101000109{serial}"),
            "206401000000",
            &format!("703e01010009{serial}20"),
            "802401000000",
            "9013010100",
            "b0b40101000000",
            "a043010100",
            "b0b40101000000",
        ],
    );
    starts(&payloads(TourStop::Refusal, "tcp.payload"), &["703e", "802401000004"]);
    let newer = payloads(TourStop::Registration, "tcp.payload");
    starts(&newer, &["723e01010009", "822401000000", "9213010100", "b2b40101000000"]);
    let stun = payloads(TourStop::Stun, "udp.payload");
    let (question, answer) = ("9ebaace901000000", "9ebaace901000000");
    starts(&stun, &[question, answer, question, answer, question, answer]);
    assert_eq!(&stun[0].split('\t').nth(1).unwrap()[32..40], "00000812");
    assert_eq!(&stun[1].split('\t').nth(1).unwrap()[32..40], "00000811");
    starts(
        &payloads(TourStop::P2pServer, "udp.payload"),
        &["e2da0b00", "e2da0b03", "e2da0b00", "e2da0b03"],
    );
    let view = payloads(TourStop::PeerView, "udp.payload");
    starts(&view[..4], &["e2da0c00", "e2da0c00", "e2da0c00", "e2da0c01"]);
    assert!(view.len() > 30);
    let names = ["udp.srcport", "udp.dstport"];
    let from = |stop: TourStop| tour.fields(&format!("ip.dst=={}", stop.address()), &names);
    assert_eq!(from(TourStop::Stun)[0], "55123\t6002");
    assert_eq!(from(TourStop::P2pServer)[0], "55123\t6000");
    assert_eq!(from(TourStop::PeerView)[0], "55123\t40000");
}

#[test]
fn tshark_reads_hours_of_an_estate_with_blocks_and_outages() {
    let plan = EstatePlan { hours: 3, blocked_percent: 60, ..EstatePlan::small() };
    let mut estate = Estate::new(11, START, plan);
    let frames: Vec<_> = estate.by_ref().collect();
    let flows = estate.drain_flows();
    let Some(capture) = Capture::of("estate", frames) else { return };

    let odd = capture.fields(COMPLAINTS, &["frame.number", "_ws.col.Protocol", "_ws.col.Info"]);
    assert!(odd.is_empty(), "{:?}", odd.iter().take(8).collect::<Vec<_>>());
    // Whatever was said again was said by a device that nobody heard.
    let again = capture.fields("tcp.analysis.retransmission", &["ip.src"]);
    assert!(again.iter().all(|source| source.starts_with("192.168.")), "{again:?}");

    let of = |role| flows.iter().filter(move |flow| flow.role == role);
    let control = of(FlowRole::Control).count();
    let connects = capture.fields("mqtt.msgtype==1 && mqtt.passwd", &["mqtt.willtopic_len"]);
    assert_eq!(connects, vec!["128"; control]);
    let stores = of(FlowRole::Storage).filter(|flow| flow.name.is_some()).count();
    let sni = "tls.handshake.extensions_server_name";
    let uploads = format!("{sni} == \"alarm.eu.s3.amazonaws.com\"");
    assert_eq!(capture.fields(&uploads, &[sni]).len(), stores);
    let resolved = of(FlowRole::HttpDns).count();
    assert!(capture.fields("http.request.uri contains \"/d?dn=\"", &["ip.dst"]).len() <= resolved);
    let codes = capture.fields("dns.flags.response==1 && udp.port==53", &["dns.flags.rcode"]);
    assert!(codes.iter().all(|code| code == "0" || code == "3") && codes.len() > 20);
}

/// A capture file, which goes away with it.
struct Capture {
    path: PathBuf,
    frames: usize,
    _folder: tempfile::TempDir,
}

impl Capture {
    /// Writes frames to a file; nothing where there is no tshark.
    fn of(name: &str, frames: Vec<SimulatedFrame>) -> Option<Self> {
        if Command::new("tshark").arg("--version").output().is_err() {
            eprintln!("SKIPPED: tshark is not installed, the simulated frames were not checked");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format!("{name}.pcap"));
        let mut out = BufWriter::new(File::create(&path).unwrap());
        out.write_all(&pcap_header()).unwrap();
        for frame in &frames {
            out.write_all(&pcap_record(frame)).unwrap();
        }
        out.flush().unwrap();
        Some(Self { path, frames: frames.len(), _folder: folder })
    }

    fn fields(&self, filter: &str, names: &[&str]) -> Vec<String> {
        fields(&self.path, filter, names)
    }
}

/// One line a frame that passes `filter`, its fields separated by tabs.
fn fields(capture: &Path, filter: &str, names: &[&str]) -> Vec<String> {
    let mut command = Command::new("tshark");
    command.args(["-n", "-r"]).arg(capture);
    for preference in
        ["ip.check_checksum:TRUE", "tcp.check_checksum:TRUE", "udp.check_checksum:TRUE"]
    {
        command.args(["-o", preference]);
    }
    // Ports that other protocols have by default, or none; control servers have any port, in this range.
    for dissector in [
        "tcp.port==7400,tls",
        "tcp.port==8555,tls",
        "tcp.port==6500,tls",
        "tcp.port==1882,mqtt",
        "tcp.port==8820,mqtt",
        "tcp.port==20000-40000,mqtt",
        "tcp.port==8554,data",
        "tcp.port==5005,http",
        "udp.port==6000-6003,data",
        "udp.port==7660,data",
        "udp.port==31007,data",
    ] {
        command.args(["-d", dissector]);
    }
    command.args(["-Y", filter, "-T", "fields"]);
    for name in names {
        command.args(["-e", name]);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}
