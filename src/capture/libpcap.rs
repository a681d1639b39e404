//! Captures from an interface through libpcap, pcap(3PCAP).
//!
//! Comes in: the name of an interface. Goes out: frames borrowed from libpcap, and drop counters. The
//! second choice on Linux, for filter expressions and odd link layers; the only one elsewhere.

use std::time::Duration;

use pcap::{Active, Capture};

use super::interface;
use super::{CaptureError, Config, FrameSource, Next, ObservationPoint, SourceCounters};
use crate::net::{Frame, InterfaceId, LinkType, Timestamp};

/// How long an interface is waited for before the source says that nothing arrived.
const WAIT: Duration = Duration::from_millis(100);

/// After this time, in milliseconds, the kernel hands over frames though its buffer is not full.
const BATCH_TIMEOUT: i32 = 10;

/// Bytes kept of a frame: more than any network has, so that none is cut.
const SNAP_LENGTH: i32 = 256 << 10;

/// Time stamps of nanoseconds can be relied on where the kernel gives them.
const HAS_NANOSECONDS: bool = cfg!(target_os = "linux");

/// Frames of one interface, by libpcap.
pub struct LibpcapSource {
    capture: Capture<Active>,
    points: [ObservationPoint; 1],
    link_type: LinkType,
    /// The last call found nothing: wait before the next.
    is_drained: bool,
    received: Total,
    dropped: Total,
    dropped_by_interface: Total,
}

impl LibpcapSource {
    /// Opens the interface called `name`, with the filter of the configuration.
    ///
    /// # Errors
    /// The interface does not exist, the capability is missing, or the filter is no valid expression.
    pub fn open(name: &str, config: &Config) -> Result<Self, CaptureError> {
        let refused = |error: pcap::Error| explain_refusal(name, &error);
        let precision =
            if HAS_NANOSECONDS { pcap::Precision::Nano } else { pcap::Precision::Micro };
        // Not blocking: on Linux the timeout does not end a wait as long as no frame arrives at all.
        // Not immediate: that would be one wake-up for each frame.
        let mut capture = Capture::from_device(name)
            .map_err(refused)?
            .promisc(config.promiscuous)
            .buffer_size(i32::try_from(config.ring_bytes).unwrap_or(i32::MAX))
            .snaplen(SNAP_LENGTH)
            .timeout(BATCH_TIMEOUT)
            .precision(precision)
            .open()
            .map_err(refused)?
            .setnonblock()
            .map_err(refused)?;
        if let Some(filter) = &config.filter {
            capture.filter(filter, true).map_err(|error| CaptureError::Unsupported {
                what: format!("filter `{filter}`"),
                hint: format!("{error}; pcap-filter(7) describes the language"),
            })?;
        }
        // DLT and LINKTYPE numbers differ for raw IP only, and both of those are known.
        let link_type = u32::try_from(capture.get_datalink().0).unwrap_or(u32::MAX);
        Ok(Self {
            capture,
            points: [ObservationPoint { name: name.to_owned() }],
            link_type: LinkType(link_type),
            is_drained: false,
            received: Total::default(),
            dropped: Total::default(),
            dropped_by_interface: Total::default(),
        })
    }
}

impl FrameSource for LibpcapSource {
    fn next_frame(&mut self) -> Result<Next<'_>, CaptureError> {
        let failed = |source| CaptureError::Io {
            what: format!("capture on {}", self.points[0].name),
            source,
        };
        if self.is_drained {
            wait(&self.capture).map_err(failed)?;
        }
        match self.capture.next_packet() {
            Ok(packet) => {
                self.is_drained = false;
                let seconds = u64::try_from(packet.header.ts.tv_sec).unwrap_or(0);
                let fraction = u64::try_from(packet.header.ts.tv_usec).unwrap_or(0);
                let tick = if HAS_NANOSECONDS { 1 } else { 1_000 };
                Ok(Next::Frame(Frame {
                    number: 0,
                    timestamp: Timestamp::from_parts(seconds, fraction * tick),
                    interface: InterfaceId(0),
                    link_type: self.link_type,
                    wire_len: packet.header.len,
                    // libpcap puts a tag back into the bytes.
                    stripped_tag: None,
                    bytes: packet.data,
                }))
            }
            Err(pcap::Error::TimeoutExpired) => {
                self.is_drained = true;
                Ok(Next::Idle)
            }
            Err(pcap::Error::NoMorePackets) => Ok(Next::End),
            Err(error) => Err(failed(std::io::Error::other(error))),
        }
    }

    fn observation_points(&self) -> &[ObservationPoint] {
        &self.points
    }

    fn counters(&mut self) -> SourceCounters {
        if let Ok(stats) = self.capture.stats() {
            self.received.update(stats.received);
            self.dropped.update(stats.dropped);
            self.dropped_by_interface.update(stats.if_dropped);
        }
        SourceCounters {
            received: self.received.sum,
            kernel_drops: self.dropped.sum,
            interface_drops: self.dropped_by_interface.sum,
            ring_freezes: 0,
        }
    }
}

/// Adds up a counter of 32 bits that begins again at zero when it is full.
#[derive(Debug, Clone, Copy, Default)]
struct Total {
    sum: u64,
    latest: u32,
}

impl Total {
    fn update(&mut self, value: u32) {
        self.sum += u64::from(value.wrapping_sub(self.latest));
        self.latest = value;
    }
}

/// Waits for frames, at most [`WAIT`].
#[cfg(target_os = "linux")]
fn wait(capture: &Capture<Active>) -> std::io::Result<()> {
    super::afpacket::wait_readable(std::os::fd::AsFd::as_fd(capture), WAIT).map(drop)
}

/// Waits a little: not every system can wait for frames by descriptor.
#[cfg(not(target_os = "linux"))]
fn wait(_capture: &Capture<Active>) -> std::io::Result<()> {
    std::thread::sleep(WAIT / 10);
    Ok(())
}

/// libpcap gives no reason but a text, so the reasons that matter are found out otherwise.
fn explain_refusal(name: &str, error: &pcap::Error) -> CaptureError {
    let what = format!("interface {name}");
    let text = error.to_string();
    let is_known = interface::list().is_ok_and(|all| all.iter().any(|found| found.name == name));
    if text.contains("ermission") || text.contains("not permitted") {
        let hint = format!(
            "{text}; capturing needs the capability CAP_NET_RAW on Linux, or read access to /dev/bpf"
        );
        CaptureError::Permission { what, hint }
    } else if is_known {
        CaptureError::Unsupported { what, hint: text }
    } else {
        CaptureError::NotFound { what, hint: "`hikwatch interfaces` lists what there is".into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_that_begins_again_goes_on_adding_up() {
        let mut total = Total::default();
        for value in [10, u32::MAX, 4] {
            total.update(value);
        }
        assert_eq!(total.sum, u64::from(u32::MAX) + 5);
    }
}
