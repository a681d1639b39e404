//! The simulated household, read by an independent decoder: tshark must find nothing wrong with it.
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
use hikwatch::simulate::{Household, pcap_header, pcap_record};

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
    assert_eq!(distinct(&hosts), set(&["192.168.1.64", "news.example.org", "www.hiddns.com"]));
    let rtsp = fields(&capture, "rtsp.method", &["rtsp.method"]);
    assert_eq!(distinct(&rtsp), set(&["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]));
    let video = fields(&capture, "rtp", &["rtp.seq"]);
    assert!(video.len() > 900, "{} video segments", video.len());
    let control =
        fields(&capture, "mqtt.msgtype==1", &["mqtt.username", "mqtt.passwd", "mqtt.ver"]);
    assert_eq!(control, ["E23456789\ttest\t4"]);
}

fn write_household(path: &Path) -> usize {
    let start = Timestamp::from_parts(1_767_225_600, 0);
    let mut out = BufWriter::new(File::create(path).unwrap());
    out.write_all(&pcap_header()).unwrap();
    let mut frames = 0;
    for frame in Household::new(7, start).take_while(|f| f.timestamp.since(start) < SIMULATED) {
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
    for dissector in ["tcp.port==7400,tls", "tcp.port==8555,tls", "tcp.port==31006,mqtt"] {
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
