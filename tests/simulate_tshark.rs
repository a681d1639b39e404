//! The simulated household and fleet, read by an independent decoder: tshark must find nothing wrong with them.
//!
//! Skipped, loudly, where tshark is not installed.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has to fail")]

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use hikwatch::net::Timestamp;
use hikwatch::simulate::{
    Fleet, FleetPlan, Household, Mutation, SimulatedFrame, pcap_header, pcap_record,
};

const START: Timestamp = Timestamp::from_parts(1_767_225_600, 0);
const SIMULATED: Duration = Duration::from_secs(60);

#[test]
fn tshark_reads_a_minute_of_the_household_without_complaint() {
    if Command::new("tshark").arg("--version").output().is_err() {
        eprintln!("SKIPPED: tshark is not installed, the simulated frames were not checked");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let capture = folder.path().join("household.pcap");
    let frames = write_household(&capture);

    let all = fields(&capture, "frame", &["frame.number"]);
    assert_eq!(all.len(), frames);

    let malformed = fields(
        &capture,
        "_ws.malformed || _ws.short || ip.checksum.status==0 || tcp.checksum.status==0 \
         || udp.checksum.status==0 || icmp.checksum.status==0",
        &["frame.number", "_ws.col.Protocol", "_ws.col.Info"],
    );
    assert!(malformed.is_empty(), "{malformed:?}");

    // Checksums were looked at, not left alone.
    assert!(fields(&capture, "tcp.checksum.status==1", &["frame.number"]).len() > 1000);
    assert!(fields(&capture, "udp.checksum.status==1", &["frame.number"]).len() > 20);
    assert!(fields(&capture, "ip.checksum.status==1", &["frame.number"]).len() > 1000);

    // The one hello that comes out of order, and nothing else.
    let odd = fields(
        &capture,
        "tcp.analysis.flags",
        &["ip.src", "tcp.analysis.lost_segment", "tcp.analysis.out_of_order"],
    );
    assert_eq!(odd, ["192.168.1.32\t1\t", "192.168.1.32\t\t1"], "{odd:?}");

    let names =
        fields(&capture, "tls.handshake.type==1", &["tls.handshake.extensions_server_name"]);
    assert_eq!(
        distinct(&names),
        set(&[
            "alarm.eu.s3.amazonaws.com",
            "alarmeu.ezvizlife.com",
            "apiieu.ezvizlife.com",
            "dev.hik-connect.com",
            "ipv6.example.com",
            "p2p.example.net",
            "www.example.com",
        ])
    );

    let asked = fields(&capture, "dns.flags.response==0 && udp.port==53", &["dns.qry.name"]);
    assert_eq!(
        distinct(&asked),
        set(&[
            "alarm.eu.s3.amazonaws.com",
            "alarmeu.ezvizlife.com",
            "apiieu.ezvizlife.com",
            "dev.hik-connect.com",
            "ipv6.example.com",
            "litedev.eu.ezvizlife.com",
            "litedev.ezvizlife.com",
            "litedev.hik-connect.com",
            "news.example.org",
            "p2p.example.net",
            "time.ys7.com",
            "www.example.com",
            "www.hiddns.com",
        ])
    );
    let aliases = fields(&capture, "dns.cname", &["dns.qry.name", "dns.cname", "dns.a"]);
    assert!(aliases.contains(
        &"alarmeu.ezvizlife.com\talarmadapter-1234567890.eu-west-1.elb.amazonaws.com\t203.0.113.41"
            .to_owned()
    ));

    let leased = fields(&capture, "dhcp.option.dhcp==5", &["dhcp.ip.your"]);
    assert_eq!(leased.len(), 7);
    let hosts = fields(&capture, "http.request && tcp.port==80", &["http.host"]);
    assert_eq!(
        distinct(&hosts),
        set(&["119.29.29.29", "192.168.1.64", "news.example.org", "www.hiddns.com"])
    );
    let rtsp = fields(&capture, "rtsp.method", &["rtsp.method"]);
    assert_eq!(distinct(&rtsp), set(&["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]));
    let video = fields(&capture, "rtp", &["rtp.seq"]);
    assert!(video.len() > 900, "{} video segments", video.len());
    let control =
        fields(&capture, "mqtt.msgtype==1", &["mqtt.username", "mqtt.passwd", "mqtt.ver"]);
    assert_eq!(control, ["E23456789\ttest\t4"]);
    let resolved = fields(&capture, "http.request.uri contains \"/d?dn=\"", &["http.request.uri"]);
    assert_eq!(resolved, ["/d?dn=litedev.eu.ezvizlife.com&ip="]);
    // STUN, the server that brings peers together and the viewer, all from one port of the doorbell.
    let view = "ip.src==192.168.1.66 && udp.dstport in {6000,6002,6003,41234}";
    let ports = fields(&capture, view, &["udp.srcport"]);
    assert!(ports.len() > 400, "{}", ports.len());
    assert_eq!(distinct(&ports).len(), 1);
}

#[test]
fn tshark_reads_every_protocol_of_a_fleet_without_complaint() {
    if Command::new("tshark").arg("--version").output().is_err() {
        eprintln!("SKIPPED: tshark is not installed, the simulated frames were not checked");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for mutation in [Mutation::NONE, Mutation::STRONG] {
        let capture = folder.path().join(format!("fleet-{}.pcap", mutation.strength()));
        let frames = write(&capture, Fleet::new(7, START, FleetPlan::mutated(mutation)));

        let fields =
            fields(&capture, "frame", &["frame.protocols", "_ws.malformed", "tcp.analysis.flags"]);
        assert_eq!(fields.len(), frames);
        let odd: Vec<_> = fields.iter().filter(|line| !line.ends_with("\t\t")).take(5).collect();
        assert!(odd.is_empty(), "{mutation:?}: {odd:?}");
        let seen: BTreeSet<_> = fields.iter().flat_map(|line| line.split(['\t', ':'])).collect();
        for protocol in [
            "arp", "dhcp", "dns", "mdns", "ssdp", "http", "xml", "rtsp", "sdp", "rtp", "tls",
            "x509sat", "snmp", "mqtt", "ntp",
        ] {
            assert!(seen.contains(protocol), "{mutation:?}: no {protocol} in {seen:?}");
        }
    }
}

#[test]
fn tshark_reads_what_the_units_of_a_fleet_say() {
    if Command::new("tshark").arg("--version").output().is_err() {
        eprintln!("SKIPPED: tshark is not installed, the simulated frames were not checked");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let capture = folder.path().join("fleet.pcap");
    write(&capture, Fleet::new(8, START, FleetPlan::default()));

    let sums = "ip.checksum.status==0 || tcp.checksum.status==0 || udp.checksum.status==0";
    assert_eq!(fields(&capture, sums, &["frame.number"]), [""; 0]);
    let subjects = fields(&capture, "tls.handshake.type==11", &["x509sat.uTF8String"]);
    assert!(subjects.iter().any(|names| names.contains("www.hikvision.com")), "{subjects:?}");
    assert!(subjects.iter().any(|names| names.contains("EZVIZ Device")), "{subjects:?}");
    let objects = fields(&capture, "snmp.data==2", &["snmp.value.oid"]);
    assert!(objects.iter().any(|oid| oid == "1.3.6.1.4.1.39165.1.1"), "{objects:?}");
    let services = fields(&capture, "mdns && dns.srv.port", &["dns.resp.name"]);
    assert!(services.iter().any(|names| names.contains("_CGI._tcp.local")), "{services:?}");
    let topics = fields(&capture, "mqtt.msgtype==1", &["mqtt.willtopic"]);
    assert!(topics.iter().any(|topic| topic.starts_with("/Basic/pu2cenplt/")), "{topics:?}");
    let servers = fields(&capture, "http.server", &["http.server"]);
    for name in ["App-webs/", "DNVRS-Webs", "Hikvision-Webs", "DVRDVS-Webs"] {
        assert!(servers.iter().any(|server| server == name), "{name}: {servers:?}");
    }
    let types = fields(&capture, "eth.type==0x8d8d", &["frame.len"]);
    assert!(!types.is_empty() && types.iter().all(|length| length == "625"), "{types:?}");
    assert!(!fields(&capture, "eth.type==0x8033", &["frame.number"]).is_empty());
    let open = "tcp.flags.syn==1 && tcp.flags.ack==1 && tcp.srcport in {554,8000,8443,9010,9020}";
    let ports = fields(&capture, open, &["tcp.srcport"]);
    assert_eq!(distinct(&ports), set(&["554", "8000", "8443", "9010", "9020"]));
}

fn write_household(path: &Path) -> usize {
    write(path, Household::new(7, START).take_while(|f| f.timestamp.since(START) < SIMULATED))
}

fn write(path: &Path, source: impl Iterator<Item = SimulatedFrame>) -> usize {
    let mut out = BufWriter::new(File::create(path).unwrap());
    out.write_all(&pcap_header()).unwrap();
    let mut frames = 0;
    for frame in source {
        out.write_all(&pcap_record(&frame)).unwrap();
        frames += 1;
    }
    out.flush().unwrap();
    frames
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
    for dissector in [
        "tcp.port==7400,tls",
        "tcp.port==8555,tls",
        "tcp.port==8443,tls",
        "tcp.port==49152,http",
        "tcp.port==8820,mqtt",
        "tcp.port==31006,mqtt",
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

fn distinct(lines: &[String]) -> BTreeSet<&str> {
    lines.iter().map(String::as_str).filter(|line| !line.is_empty()).collect()
}

fn set<'a>(names: &[&'a str]) -> BTreeSet<&'a str> {
    names.iter().copied().collect()
}
