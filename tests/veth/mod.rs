//! A pair of virtual interfaces that are joined like the ends of a cable, for tests of live capture.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "these functions are of tests, though not tests themselves"
)]

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use hikwatch::capture::{FrameSource, Next};
use pnet::datalink::{self, Channel, DataLinkSender};

/// EtherType for experiments (IEEE 802-2014, 9.2.4): nothing else sends it.
pub(crate) const EXPERIMENT: [u8; 2] = [0x88, 0xb5];

/// How often in a row a source may be idle, 100 ms each, before a test stops waiting.
const PATIENCE: u32 = 10;

static PAIRS: AtomicU32 = AtomicU32::new(0);

/// Two interfaces; removed when dropped.
pub(crate) struct Veth {
    /// Frames are sent here.
    pub(crate) near: String,
    /// Frames arrive here.
    pub(crate) far: String,
}

impl Veth {
    /// Makes a pair, or says loudly why the test does not run.
    pub(crate) fn new() -> Option<Self> {
        let number = PAIRS.fetch_add(1, Ordering::Relaxed);
        let stem = format!("hw{}n{number}", std::process::id() % 10_000_000);
        let (near, far) = (format!("{stem}a"), format!("{stem}b"));
        if !ip(&["link", "add", &near, "type", "veth", "peer", "name", &far]) {
            println!("SKIPPED: cannot make virtual interfaces (needs root and `ip` of iproute2)");
            return None;
        }
        let pair = Self { near, far };
        pair.switch_on();
        Some(pair)
    }

    /// Makes the pair once more, after it was removed.
    pub(crate) fn make_again(&self) {
        assert!(ip(&["link", "add", &self.near, "type", "veth", "peer", "name", &self.far]));
        self.switch_on();
    }

    fn switch_on(&self) {
        for name in [&self.near, &self.far] {
            // Otherwise the system's own neighbour discovery would be among the frames.
            let setting = format!("/proc/sys/net/ipv6/conf/{name}/disable_ipv6");
            assert!(
                std::fs::write(setting, "1").is_ok()
                    || !std::fs::exists("/proc/sys/net/ipv6").unwrap()
            );
            assert!(ip(&["link", "set", name, "mtu", "65535", "up"]));
        }
    }

    /// Opens the near end for sending.
    pub(crate) fn sender(&self) -> Box<dyn DataLinkSender> {
        let interface =
            datalink::interfaces().into_iter().find(|found| found.name == self.near).unwrap();
        let config = datalink::Config { write_buffer_size: 1 << 17, ..Default::default() };
        match datalink::channel(&interface, config).unwrap() {
            Channel::Ethernet(sender, _) => sender,
            _ => panic!("no Ethernet"),
        }
    }

    pub(crate) fn remove(&self) {
        ip(&["link", "del", &self.near]);
    }
}

impl Drop for Veth {
    fn drop(&mut self) {
        self.remove();
    }
}

/// An Ethernet frame to a station that does not exist, so that only promiscuous mode sees it.
pub(crate) fn frame(tag: &[u8], number: u32, length: usize) -> Vec<u8> {
    let stations = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1];
    let mut frame = [&stations, tag, &EXPERIMENT, &number.to_be_bytes()].concat();
    frame.resize(length, 0xa5);
    frame
}

/// What a test sees of a frame: wire length, stripped tag (protocol, control), bytes.
pub(crate) type Seen = (u32, Option<(u16, u16)>, Vec<u8>);

/// Takes frames of the experiment until there are `expected` and nothing more comes.
pub(crate) fn collect(source: &mut dyn FrameSource, expected: usize) -> Vec<Seen> {
    let mut seen = Vec::new();
    let mut idle = 0;
    while idle < if seen.len() < expected { PATIENCE } else { 2 } {
        match source.next_frame().unwrap() {
            Next::Frame(frame) => {
                if frame.bytes.windows(2).take(17).any(|pair| pair == EXPERIMENT) {
                    let tag = frame.stripped_tag.map(|tag| (tag.tpid, tag.tci));
                    seen.push((frame.wire_len, tag, frame.bytes.to_vec()));
                }
            }
            Next::Idle => idle += 1,
            Next::End => panic!("an interface does not end"),
        }
    }
    seen
}

fn ip(arguments: &[&str]) -> bool {
    Command::new("ip").args(arguments).output().is_ok_and(|output| output.status.success())
}
