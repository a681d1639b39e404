//! `hikwatch discover` for real: the program in a network namespace, and at the other end of a virtual cable a camera of
//! our own construction that answers what it is asked. Every frame that leaves is looked at.
//!
//! Needs root and `ip` of iproute2; says so loudly when they are missing.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot set itself up has to fail"
)]

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use hikwatch::net::MacAddr;
use hikwatch::simulate::{Link, build_ether, build_udp};
use pnet::datalink::{self, Channel};
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_hikwatch");

/// An address block of Hangzhou Hikvision.
const CAMERA_MAC: MacAddr = MacAddr([0x44, 0xa6, 0x42, 1, 2, 3]);
const CAMERA_IP: Ipv4Addr = Ipv4Addr::new(192, 168, 79, 64);
const ASKER_IP: &str = "192.168.79.2";

const SADP: u16 = 37_020;
const WSD: u16 = 3702;
const SADP_LINK: u16 = 0x8033;

#[test]
fn devices_that_answer_are_listed_and_what_leaves_is_what_was_announced() {
    let Some(cable) = Cable::lay() else { return };

    let camera = Camera::listen(&cable.far);
    let dry = cable.discover(&["--dry-run"]);
    let heard = camera.stop();
    assert_eq!(dry.status.code(), Some(0), "{}", text(&dry.stderr));
    assert!(text(&dry.stderr).contains("nothing is sent") && dry.stdout.is_empty());
    assert_eq!(heard, Vec::<Heard>::new(), "a dry run sends nothing");

    let camera = Camera::listen(&cable.far);
    let output = cable.discover(&["--wait", "4s", "--format", "json"]);
    let heard = camera.stop();
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.starts_with("hikwatch: discover is ACTIVE"), "{told}");
    assert!(told.contains("it sends 9 packets"), "{told}");
    for (announced, question) in [
        ("3 x SADP inquiry, UDP multicast to 239.255.255.250:37020", Heard::Udp(SADP)),
        ("3 x SADP inquiry, EtherType 0x8033, Ethernet broadcast", Heard::Link),
        ("3 x WS-Discovery Probe, UDP multicast to 239.255.255.250:3702", Heard::Udp(WSD)),
    ] {
        assert!(told.contains(announced), "{announced}: {told}");
        assert_eq!(heard.iter().filter(|heard| **heard == question).count(), 3, "{heard:?}");
    }
    assert_eq!(heard.len(), 9, "nothing else leaves: {heard:?}");

    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["total"], 1, "{answer}");
    let device = &answer["items"][0];
    assert_eq!(device["mac"], CAMERA_MAC.to_string());
    assert_eq!((&device["vendor"], &device["kind"]), (&"hikvision".into(), &"camera".into()));
    assert_eq!(device["model"], "DS-2CD2385G1-I");
    assert_eq!(device["certainty"], "confirmed");
    assert!(device["confidence"].as_u64().unwrap() >= 60, "{device}");
    let sources: Vec<&str> = device["evidence"]
        .as_array()
        .unwrap()
        .iter()
        .map(|evidence| evidence["source"].as_str().unwrap())
        .collect();
    for source in ["oui", "sadp", "sadp-link", "ws-discovery"] {
        assert!(sources.contains(&source), "{source}: {sources:?}");
    }

    let camera = Camera::listen(&cable.far);
    let table = cable.discover(&["--wait", "2s"]);
    camera.stop();
    let table = text(&table.stdout);
    assert!(table.contains("Hikvision") && table.contains("DS-2CD2385G1-I"), "{table}");
    assert!(table.contains(&CAMERA_IP.to_string()) && table.contains("confirmed"), "{table}");
}

/// What arrived at the camera's end.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Heard {
    /// A datagram to the group, time to live 1, and its port.
    Udp(u16),
    /// SADP to every station.
    Link,
    /// What should not be there.
    Other(Vec<u8>),
}

impl Heard {
    fn in_frame(frame: &[u8]) -> Self {
        let ether_type = u16::from_be_bytes([frame[12], frame[13]]);
        // RFC 1112, 6.4: the group's address over Ethernet.
        let to_group = frame[..6] == [0x01, 0x00, 0x5e, 0x7f, 0xff, 0xfa];
        if ether_type == SADP_LINK && frame[..6] == [0xff; 6] && frame[14..16] == [0x21, 2] {
            return Self::Link;
        }
        let udp_to_group = to_group
            && ether_type == 0x0800
            && frame[14] == 0x45
            && (frame[22], frame[23]) == (1, 17)
            && frame[30..34] == [239, 255, 255, 250];
        if udp_to_group {
            return Self::Udp(u16::from_be_bytes([frame[36], frame[37]]));
        }
        Self::Other(frame.to_vec())
    }
}

/// A thread that notes every frame, and answers each first question as a camera does.
struct Camera {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Heard>>,
}

impl Camera {
    fn listen(interface: &str) -> Self {
        let found =
            datalink::interfaces().into_iter().find(|found| found.name == interface).unwrap();
        let config = datalink::Config {
            read_timeout: Some(Duration::from_millis(50)),
            ..datalink::Config::default()
        };
        let Channel::Ethernet(mut sender, mut receiver) =
            datalink::channel(&found, config).unwrap()
        else {
            panic!("no Ethernet");
        };
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut heard: Vec<Heard> = Vec::new();
            while !stopped.load(Ordering::Relaxed) {
                let Ok(frame) = receiver.next() else { continue };
                let what = Heard::in_frame(frame);
                if !heard.contains(&what) {
                    for answer in answers(&what, frame) {
                        sender.send_to(&answer, None).unwrap().unwrap();
                    }
                }
                heard.push(what);
            }
            heard
        });
        Self { stop, thread }
    }

    fn stop(self) -> Vec<Heard> {
        std::thread::sleep(Duration::from_millis(200));
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

/// What the camera says, in the forms that `simulate` documents; none of it was captured.
fn answers(question: &Heard, frame: &[u8]) -> Vec<Vec<u8>> {
    let asker = MacAddr(frame[6..12].try_into().unwrap());
    let link = Link { source: CAMERA_MAC, destination: asker, vlan: None };
    let mut answer = Vec::new();
    match question {
        Heard::Link => {
            let mut payload = vec![0x21, 1, 1, 0xf0, 0, 0, 0, 1, 6, 4, 4, 0, 0, 0];
            payload.extend(CAMERA_MAC.0);
            payload.extend(CAMERA_IP.octets());
            payload.extend(asker.0);
            payload.extend([192, 168, 79, 2, 255, 255, 255, 0]);
            payload.resize(512, 0);
            build_ether(&mut answer, &link, SADP_LINK, &payload);
        }
        Heard::Udp(port) => {
            let body = String::from_utf8_lossy(&frame[42..]).into_owned();
            let asked_from = u16::from_be_bytes([frame[34], frame[35]]);
            let from = SocketAddr::from((CAMERA_IP, *port));
            let to = SocketAddr::from((ASKER_IP.parse::<Ipv4Addr>().unwrap(), asked_from));
            let words = match *port {
                SADP => sadp_words(between(&body, "<Uuid>", "</Uuid>")),
                WSD => wsd_words(between(&body, "<w:MessageID>", "</w:MessageID>")),
                _ => return Vec::new(),
            };
            build_udp(&mut answer, &link, from, to, 7, words.as_bytes());
        }
        Heard::Other(_) => return Vec::new(),
    }
    vec![answer]
}

fn sadp_words(uuid: &str) -> String {
    let mac = CAMERA_MAC.to_string().replace(':', "-");
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<ProbeMatch><Uuid>{uuid}</Uuid><Types>inquiry</Types>\
         <DeviceType>141945</DeviceType><DeviceDescription>DS-2CD2385G1-I</DeviceDescription>\
         <DeviceSN>DS-2CD2385G1-I20200414AAWRE33842150</DeviceSN><CommandPort>8000</CommandPort>\
         <HttpPort>80</HttpPort><MAC>{mac}</MAC><IPv4Address>{CAMERA_IP}</IPv4Address>\
         <DHCP>true</DHCP><SoftwareVersion>V5.6.2build 190701</SoftwareVersion>\
         <Activated>true</Activated></ProbeMatch>\r\n"
    )
}

fn wsd_words(relates_to: &str) -> String {
    format!(
        "<env:Envelope xmlns:env=\"http://www.w3.org/2003/05/soap-envelope\" \
         xmlns:d=\"http://schemas.xmlsoap.org/ws/2005/04/discovery\" \
         xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\"><env:Header>\
         <a:RelatesTo>{relates_to}</a:RelatesTo></env:Header><env:Body><d:ProbeMatches><d:ProbeMatch>\
         <a:EndpointReference><a:Address>urn:uuid:1</a:Address></a:EndpointReference>\
         <d:Types>dn:NetworkVideoTransmitter</d:Types>\
         <d:Scopes>onvif://www.onvif.org/name/HIKVISION%20DS-2CD2385G1-I \
         onvif://www.onvif.org/hardware/DS-2CD2385G1-I</d:Scopes>\
         <d:XAddrs>http://{CAMERA_IP}/onvif/device_service</d:XAddrs></d:ProbeMatch></d:ProbeMatches>\
         </env:Body></env:Envelope>"
    )
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = text.split_once(from).unwrap();
    rest.split_once(to).unwrap().0
}

/// A cable from a namespace, where the program runs, to this one; gone when dropped.
struct Cable {
    namespace: String,
    near: String,
    far: String,
}

impl Cable {
    /// Lays the cable, or says loudly why the test does not run.
    fn lay() -> Option<Self> {
        let id = std::process::id() % 10_000_000;
        let namespace = format!("hwdsc{id}");
        if !is_root() || !ip(&["netns", "add", &namespace]) {
            eprintln!("SKIPPED: the test of discover needs root and `ip` of iproute2");
            return None;
        }
        let cable = Self { namespace, near: format!("hwd{id}n"), far: format!("hwd{id}f") };
        let Self { namespace, near, far } = &cable;
        // Otherwise the system's own neighbour discovery would be among the frames.
        let quiet =
            "for f in all default; do echo 1 > /proc/sys/net/ipv6/conf/$f/disable_ipv6; done; true";
        assert!(ip(&["netns", "exec", namespace, "sh", "-c", quiet]));
        assert!(ip(&["link", "add", near, "type", "veth", "peer", "name", far]));
        let _no_ipv6 = fs::write(format!("/proc/sys/net/ipv6/conf/{far}/disable_ipv6"), "1");
        assert!(ip(&["link", "set", near, "netns", namespace]));
        let address = format!("{ASKER_IP}/24");
        assert!(ip(&["-n", namespace, "address", "add", &address, "dev", near]));
        assert!(ip(&["-n", namespace, "link", "set", near, "up"]));
        assert!(ip(&["link", "set", far, "up"]));
        // Until both ends are up the carrier is not there.
        std::thread::sleep(Duration::from_millis(300));
        Some(cable)
    }

    fn discover(&self, arguments: &[&str]) -> Output {
        Command::new("ip")
            .args(["netns", "exec", &self.namespace, PROGRAM, "discover", "-i", &self.near])
            .args(arguments)
            .env("COLUMNS", "160")
            .output()
            .unwrap()
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        ip(&["link", "del", &self.far]);
        ip(&["netns", "delete", &self.namespace]);
    }
}

fn ip(arguments: &[&str]) -> bool {
    Command::new("ip").args(arguments).output().is_ok_and(|output| output.status.success())
}

fn is_root() -> bool {
    fs::read_to_string("/proc/self/status").is_ok_and(|status| status.contains("Uid:\t0\t0"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
