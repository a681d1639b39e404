//! Gives the frames of a live interface.
//!
//! Comes in: an interface's name. Goes out: frames and drop counters. After it was opened it needs
//! no privilege. It never answers, sends, or changes the interface but for promiscuous mode.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::time::Duration;

use super::cutoff::{self, CutoffProgram};
use super::layout::Layout;
use super::ring::RingFrame;
use super::socket::{PacketSocket, interface_index, page_size};
use super::tap::{Sharing, Tap};
use crate::capture::{
    CaptureError, Config, CutoffUnavailable, FrameBatch, FrameSource, Next, ObservationPoint,
    SourceCounters, Supply,
};
use crate::net::{Cutoff, Frame, InterfaceId, LinkType};

/// Bytes of an 802.1Q tag.
const TAG_LEN: u32 = 4;

/// How long an interface is waited for before the source says that nothing arrived.
const WAIT: Duration = Duration::from_millis(100);

/// How often an interface that several workers share may come back: each time takes a socket for each, which can be
/// opened with privileges only. An interface of one worker may come back any number of times.
const SPARES: usize = 16;

/// Frames of one interface, or a share of them, through a ring that the kernel fills.
#[derive(Debug)]
pub struct AfPacketSource {
    tap: Tap,
    /// Sockets without a ring, for when the interface comes back.
    spares: Vec<PacketSocket>,
    layout: Layout,
    promiscuous: bool,
    sharing: Sharing,
    points: [ObservationPoint; 1],
    link_type: LinkType,
    is_loopback: bool,
    counters: SourceCounters,
    cutoff_program: Option<CutoffProgram>,
    cutoff: Result<Box<dyn Cutoff>, CutoffUnavailable>,
    /// Somebody uses the table.
    is_cutting: bool,
    missed: MissedFrames,
    state: State,
}

/// How it stands with the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Up,
    /// It was down at some time: from then on it may also have been removed without a word.
    WentDown,
    /// It was removed.
    Gone,
}

impl AfPacketSource {
    /// Opens a ring on the interface called `name`. Needs CAP_NET_RAW in the calling thread.
    ///
    /// # Errors
    /// The interface does not exist or is of a kind that is not decoded; the capability is missing;
    /// there is no memory for the ring.
    pub fn open(name: &str, config: &Config) -> Result<Self, CaptureError> {
        Self::open_one(name, config, 1, Sharing::Alone)
    }

    /// Opens `config.workers` rings on the interface called `name`, which together take the memory of one. Both
    /// directions of a flow and all its fragments go to one of them, by the XOR of the addresses.
    ///
    /// # Errors
    /// As of [`open`](Self::open); and with more than one, the interface is down.
    pub fn open_shared(name: &str, config: &Config) -> Result<Vec<Self>, CaptureError> {
        let workers = config.workers.max(1);
        if workers == 1 {
            return Ok(vec![Self::open(name, config)?]);
        }
        let mut sources = vec![Self::open_one(name, config, workers, Sharing::First)?];
        let sharing = sources.first().map_or(Sharing::Alone, |first| first.sharing);
        for _ in 1..workers {
            let mut source = Self::open_one(name, config, workers, sharing)?;
            // What the network card dropped is told by the first.
            source.missed = MissedFrames::none();
            sources.push(source);
        }
        Ok(sources)
    }

    fn open_one(
        name: &str,
        config: &Config,
        workers: usize,
        sharing: Sharing,
    ) -> Result<Self, CaptureError> {
        let failed = |what: &str| {
            let what = format!("{what} on {name}");
            move |source: io::Error| CaptureError::Io { what, source }
        };
        let open_socket = || {
            PacketSocket::open().map_err(|error| match error.raw_os_error() {
                Some(libc::EPERM | libc::EACCES) => no_permission(name),
                _ => failed("open a packet socket")(error),
            })
        };
        let index = interface_index(name).ok_or_else(|| not_found(name))?;
        let layout = Layout::new(config.ring_bytes / workers, page_size());
        let reserve = format!("reserve a ring of {} bytes", layout.bytes());
        let mut tap = Tap::new(open_socket()?, layout).map_err(failed(&reserve))?;
        let spares = match sharing {
            Sharing::Alone => Vec::new(),
            Sharing::First | Sharing::Member(_) => {
                (0..SPARES).map(|_| open_socket()).collect::<Result<_, _>>()?
            }
        };
        let (cutoff_program, cutoff) = match cutoff::open(config.cutoff_bytes / workers) {
            Ok((program, cutoff)) => (Some(program), Ok(cutoff)),
            Err(reason) => (None, Err(reason)),
        };
        let attached = tap.attach(index, config.promiscuous, sharing, None).map_err(|error| {
            match error.raw_os_error() {
                // What the kernel says of a group on an interface that is down.
                Some(libc::EINVAL) if sharing != Sharing::Alone => down_with_workers(name),
                _ => failed("start receiving")(error),
            }
        })?;
        let link_type = link_type(name, attached.hardware)?;
        let is_ethernet = link_type == LinkType::ETHERNET;
        Ok(Self {
            tap,
            spares,
            layout,
            promiscuous: config.promiscuous,
            sharing: attached.sharing,
            points: [ObservationPoint { name: name.to_owned() }],
            link_type,
            is_loopback: attached.hardware == libc::ARPHRD_LOOPBACK,
            counters: SourceCounters::default(),
            cutoff_program,
            cutoff: if is_ethernet { cutoff } else { Err(CutoffUnavailable::LinkType) },
            is_cutting: false,
            missed: MissedFrames::open(name),
            state: State::Up,
        })
    }

    fn name(&self) -> &str {
        let [ObservationPoint { name }] = &self.points;
        name
    }

    fn vanished(&self) -> CaptureError {
        CaptureError::Vanished { name: self.name().to_owned() }
    }

    /// Says what a failed wait means.
    #[cold]
    fn explain(&mut self, source: io::Error) -> CaptureError {
        if self.tap.socket.is_bound() {
            self.state = State::WentDown;
            CaptureError::Io { what: format!("capture on {}", self.name()), source }
        } else {
            self.state = State::Gone;
            self.vanished()
        }
    }

    /// Looks whether the interface is back, and captures on it again.
    #[cold]
    fn revive(&mut self) -> Result<(), CaptureError> {
        let Some(index) = interface_index(self.name()) else { return Err(self.vanished()) };
        let failed = |name: &str| {
            let what = format!("capture on {name} again");
            move |source: io::Error| CaptureError::Io { what, source }
        };
        if !self.tap.is_reusable() {
            // What the old socket has counted must not be lost.
            self.counters();
            let Some(socket) = self.spares.pop() else { return Err(not_found(self.name())) };
            self.tap = Tap::new(socket, self.layout).map_err(failed(self.name()))?;
        }
        let program = self.cutoff_program.as_ref().filter(|_| self.is_cutting);
        let attached = self
            .tap
            .attach(index, self.promiscuous, self.sharing, program)
            // It is not up yet, or gone again.
            .map_err(|_| self.vanished())?;
        self.link_type = link_type(self.name(), attached.hardware)?;
        self.is_loopback = attached.hardware == libc::ARPHRD_LOOPBACK;
        self.missed.follow(&self.points);
        self.state = State::Up;
        Ok(())
    }
}

impl AfPacketSource {
    /// Moves to the next frame, for which it waits once; `false` when none came.
    #[inline]
    fn advance(&mut self) -> Result<bool, CaptureError> {
        let mut has_waited = false;
        loop {
            if self.tap.ring.advance() {
                if self.is_loopback && self.tap.ring.is_outgoing() {
                    continue;
                }
                return Ok(true);
            }
            if has_waited {
                // An interface that went down and was removed then gives no second error.
                if self.state == State::WentDown && !self.tap.socket.is_bound() {
                    self.state = State::Gone;
                    return Err(self.vanished());
                }
                return Ok(false);
            }
            if self.state == State::Gone {
                self.revive()?;
            }
            has_waited = true;
            if let Err(error) = self.tap.socket.wait(WAIT) {
                return Err(self.explain(error));
            }
        }
    }
}

impl FrameSource for AfPacketSource {
    /// After an error the source may be asked again: an interface that went down or away may come back.
    #[inline]
    fn next_frame(&mut self) -> Result<Next<'_>, CaptureError> {
        if !self.advance()? {
            return Ok(Next::Idle);
        }
        let link_type = self.link_type;
        Ok(self.tap.ring.frame().map_or(Next::Idle, |taken| Next::Frame(frame(taken, link_type))))
    }

    fn next_frames<'a>(&'a mut self, batch: &mut FrameBatch<'a>) -> Result<Supply, CaptureError> {
        if !self.advance()? {
            return Ok(Supply::Idle);
        }
        let link_type = self.link_type;
        self.tap.ring.each_at_hand(self.is_loopback, |taken| {
            batch.push(frame(taken, link_type));
            !batch.is_full()
        });
        // A header that leads out of its block is passed over.
        Ok(if batch.frames().is_empty() { Supply::Idle } else { Supply::Frames })
    }

    fn observation_points(&self) -> &[ObservationPoint] {
        &self.points
    }

    fn counters(&mut self) -> SourceCounters {
        if let Ok(new) = self.tap.socket.take_statistics() {
            self.counters.received += u64::from(new.packets);
            self.counters.kernel_drops += u64::from(new.drops);
            self.counters.ring_freezes += u64::from(new.freezes);
        }
        self.counters.interface_drops = self.missed.since_open();
        self.counters
    }

    /// From here on frames are judged by the table; before, they are not even looked at for it. Needs no privilege.
    fn take_cutoff(&mut self) -> Result<Box<dyn Cutoff>, CutoffUnavailable> {
        let cutoff = std::mem::replace(&mut self.cutoff, Err(CutoffUnavailable::Source))?;
        if let Some(program) = &self.cutoff_program {
            program
                .attach(self.tap.socket.descriptor())
                .map_err(|error| CutoffUnavailable::Refused { explanation: error.to_string() })?;
        }
        self.is_cutting = true;
        Ok(cutoff)
    }
}

/// A frame as the others know it.
#[inline]
fn frame(taken: RingFrame<'_>, link_type: LinkType) -> Frame<'_> {
    Frame {
        number: 0,
        timestamp: taken.timestamp,
        interface: InterfaceId(0),
        link_type,
        // The kernel's length is without the tag that it took out.
        wire_len: taken.wire_len + if taken.stripped_tag.is_some() { TAG_LEN } else { 0 },
        stripped_tag: taken.stripped_tag,
        bytes: taken.bytes,
    }
}

/// Frames that the network card dropped for lack of space (`rx_missed_errors`, see Linux
/// `Documentation/networking/statistics.rst`). The file stays open, to be read without privilege.
#[derive(Debug)]
struct MissedFrames {
    file: Option<File>,
    at_open: u64,
    latest: u64,
    /// What interfaces of this name that are gone had dropped.
    earlier: u64,
}

impl MissedFrames {
    fn open(interface: &str) -> Self {
        let path = format!("/sys/class/net/{interface}/statistics/rx_missed_errors");
        let mut missed = Self { file: File::open(path).ok(), ..Self::none() };
        missed.at_open = missed.read().unwrap_or(0);
        missed
    }

    const fn none() -> Self {
        Self { file: None, at_open: 0, latest: 0, earlier: 0 }
    }

    /// Goes on with the interface that has taken the name.
    fn follow(&mut self, [point]: &[ObservationPoint; 1]) {
        if self.file.is_some() {
            *self = Self { earlier: self.earlier + self.latest, ..Self::open(&point.name) };
        }
    }

    /// Never falls, even when the driver sets its counter back.
    fn since_open(&mut self) -> u64 {
        let total = self.read().unwrap_or(0).saturating_sub(self.at_open);
        self.latest = self.latest.max(total);
        self.earlier + self.latest
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

fn down_with_workers(name: &str) -> CaptureError {
    CaptureError::Unsupported {
        what: format!("several workers on {name}, which is down"),
        hint: "switch it on first, or set capture.workers = 1".into(),
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
