//! Gives the frames of a live interface.
//!
//! Comes in: an interface's name. Goes out: frames and drop counters. After it was opened it needs
//! no privilege. It never answers, sends, or changes the interface but for promiscuous mode.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::time::Duration;

use super::layout::Layout;
use super::ring::Ring;
use super::socket::{PacketSocket, interface_index, page_size};
use crate::capture::{CaptureError, Config, FrameSource, Next, ObservationPoint, SourceCounters};
use crate::net::{Frame, InterfaceId, LinkType};

/// Bytes of an 802.1Q tag.
const TAG_LEN: u32 = 4;

/// How long an interface is waited for before the source says that nothing arrived.
const WAIT: Duration = Duration::from_millis(100);

/// Frames of one interface, through a ring that the kernel fills.
#[derive(Debug)]
pub struct AfPacketSource {
    // The ring is unmapped before its socket is closed.
    ring: Ring,
    socket: PacketSocket,
    points: [ObservationPoint; 1],
    index: u32,
    link_type: LinkType,
    is_loopback: bool,
    counters: SourceCounters,
    missed: MissedFrames,
    /// It was down at some time: from then on it may also have been removed without a word.
    went_down: bool,
}

impl AfPacketSource {
    /// Opens a ring on the interface called `name`. Needs CAP_NET_RAW in the calling thread.
    ///
    /// # Errors
    /// The interface does not exist or is of a kind that is not decoded; the capability is missing;
    /// there is no memory for the ring.
    pub fn open(name: &str, config: &Config) -> Result<Self, CaptureError> {
        let failed = |what: &str| {
            let what = format!("{what} on {name}");
            move |source: io::Error| CaptureError::Io { what, source }
        };
        let index = interface_index(name).ok_or_else(|| not_found(name))?;
        let socket = PacketSocket::open().map_err(|error| match error.raw_os_error() {
            Some(libc::EPERM | libc::EACCES) => no_permission(name),
            _ => failed("open a packet socket")(error),
        })?;
        let layout = Layout::new(config.ring_bytes, page_size());
        let reserve = format!("reserve a ring of {} bytes", layout.bytes());
        socket.reserve_ring(layout).map_err(failed(&reserve))?;
        let ring = Ring::map(socket.descriptor(), layout).map_err(failed("map the ring"))?;
        if config.promiscuous {
            socket.set_promiscuous(index).map_err(failed("set promiscuous mode"))?;
        }
        // Bound last: a socket without an interface would collect frames of all of them.
        let hardware = socket.bind(index).map_err(failed("start receiving"))?;
        let is_loopback = hardware == libc::ARPHRD_LOOPBACK;
        if is_loopback {
            // Each frame passes twice, going out and coming in. Frames from before this call, and all
            // where the kernel is too old for it, are sorted out when they are read.
            socket.ignore_outgoing();
        }
        Ok(Self {
            ring,
            socket,
            points: [ObservationPoint { name: name.to_owned() }],
            index,
            link_type: link_type(name, hardware)?,
            is_loopback,
            counters: SourceCounters::default(),
            missed: MissedFrames::open(name),
            went_down: false,
        })
    }

    /// Says what a failed wait means.
    #[cold]
    fn explain(&self, source: io::Error) -> CaptureError {
        let [ObservationPoint { name }] = &self.points;
        if interface_index(name) == Some(self.index) {
            CaptureError::Io { what: format!("capture on {name}"), source }
        } else {
            not_found(name)
        }
    }
}

impl FrameSource for AfPacketSource {
    /// After an error the source may be asked again: an interface that went down may come back.
    #[inline]
    fn next_frame(&mut self) -> Result<Next<'_>, CaptureError> {
        let mut has_waited = false;
        loop {
            if self.ring.advance() {
                if self.is_loopback && self.ring.is_outgoing() {
                    continue;
                }
                break;
            }
            if has_waited {
                // An interface that went down and was removed then gives no second error.
                let [ObservationPoint { name }] = &self.points;
                if self.went_down && interface_index(name) != Some(self.index) {
                    return Err(not_found(name));
                }
                return Ok(Next::Idle);
            }
            has_waited = true;
            if let Err(error) = self.socket.wait(WAIT) {
                self.went_down = true;
                return Err(self.explain(error));
            }
        }
        let Some(frame) = self.ring.frame() else { return Ok(Next::Idle) };
        Ok(Next::Frame(Frame {
            number: 0,
            timestamp: frame.timestamp,
            interface: InterfaceId(0),
            link_type: self.link_type,
            // The kernel's length is without the tag that it took out.
            wire_len: frame.wire_len + if frame.stripped_tag.is_some() { TAG_LEN } else { 0 },
            stripped_tag: frame.stripped_tag,
            bytes: frame.bytes,
        }))
    }

    fn observation_points(&self) -> &[ObservationPoint] {
        &self.points
    }

    fn counters(&mut self) -> SourceCounters {
        if let Ok(new) = self.socket.take_statistics() {
            self.counters.received += u64::from(new.packets);
            self.counters.kernel_drops += u64::from(new.drops);
            self.counters.ring_freezes += u64::from(new.freezes);
        }
        self.counters.interface_drops = self.missed.since_open();
        self.counters
    }
}

/// Frames that the network card dropped for lack of space (`rx_missed_errors`, see Linux
/// `Documentation/networking/statistics.rst`). The file stays open, to be read without privilege.
#[derive(Debug)]
struct MissedFrames {
    file: Option<File>,
    at_open: u64,
    latest: u64,
}

impl MissedFrames {
    fn open(interface: &str) -> Self {
        let path = format!("/sys/class/net/{interface}/statistics/rx_missed_errors");
        let mut missed = Self { file: File::open(path).ok(), at_open: 0, latest: 0 };
        missed.at_open = missed.read().unwrap_or(0);
        missed
    }

    /// Never falls, even when the driver sets its counter back.
    fn since_open(&mut self) -> u64 {
        let total = self.read().unwrap_or(0).saturating_sub(self.at_open);
        self.latest = self.latest.max(total);
        self.latest
    }

    fn read(&self) -> Option<u64> {
        let mut text = [0; 24];
        let count = self.file.as_ref()?.read_at(&mut text, 0).ok()?;
        std::str::from_utf8(text.get(..count)?).ok()?.trim().parse().ok()
    }
}

/// What the first byte of a frame belongs to on hardware of this type.
fn link_type(name: &str, hardware: u16) -> Result<LinkType, CaptureError> {
    match hardware {
        libc::ARPHRD_ETHER | libc::ARPHRD_LOOPBACK => Ok(LinkType::ETHERNET),
        // Tunnels without a link layer, such as WireGuard and tun.
        libc::ARPHRD_NONE => Ok(LinkType::RAW),
        other => Err(CaptureError::Unsupported {
            what: format!("interface {name} of hardware type {other}"),
            hint: "only Ethernet, loopback and tun interfaces are read directly; \
                   try `--backend libpcap`"
                .into(),
        }),
    }
}

fn not_found(name: &str) -> CaptureError {
    CaptureError::NotFound {
        what: format!("interface {name}"),
        hint: "`hikwatch interfaces` lists what there is".into(),
    }
}

fn no_permission(name: &str) -> CaptureError {
    CaptureError::Permission {
        what: format!("interface {name}"),
        hint: "capturing needs the capability CAP_NET_RAW: start hikwatch by its systemd unit or \
               with `sudo`, or give it to the program by `sudo setcap cap_net_raw+ep PATH`"
            .into(),
    }
}
