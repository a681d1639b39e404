//! What the kernel tells of the flows that it forwards (Linux, `nf_conntrack`); read only.
//!
//! Comes in: `/proc/net/nf_conntrack`, opened while there are privileges. Goes out: a [`KernelView`], again and again, or the reason
//! why there is none. It changes no setting: counters are there when the owner has switched them on.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, ErrorKind, Seek};

use super::conntrack_line;
use crate::analyst::KernelView;

/// Flows as the kernel knows them, of the network namespace that opens it.
const FLOWS: &str = "/proc/net/nf_conntrack";

/// Whether bytes are counted.
const ACCOUNTING: &str = "/proc/sys/net/netfilter/nf_conntrack_acct";

/// Most flows that are looked at; guards memory against floods.
const MAX_FLOWS: usize = 65_536;

/// Most bytes that are read at a time.
const MAX_BYTES: u64 = 32 << 20;

/// The kernel's list of flows, open.
#[derive(Debug)]
pub(super) struct Conntrack {
    list: File,
}

/// How far the kernel tells of its flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KernelFlows {
    /// It does not track flows, or does not list them: this machine does not filter, or was built without the list.
    #[default]
    Absent,
    /// This program may not read the list.
    Forbidden,
    /// It lists flows without counting their bytes.
    NotCounted,
    /// It lists flows and counts their bytes.
    Counted,
}

impl KernelFlows {
    /// Its name in the API.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Forbidden => "forbidden",
            Self::NotCounted => "not-counted",
            Self::Counted => "counted",
        }
    }

    /// What it means, and what to do about it where something can be done.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Absent => "this kernel lists no flows of its own to compare with",
            Self::Forbidden => {
                "the kernel's list of flows can't be read without being root; what is seen is not compared with it"
            }
            Self::NotCounted => {
                "the kernel lists flows without their bytes; switch on net.netfilter.nf_conntrack_acct to compare"
            }
            Self::Counted => {
                "what is seen is compared with the bytes that the kernel counts in its flows"
            }
        }
    }
}

impl fmt::Display for KernelFlows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

impl Conntrack {
    /// Opens the list.
    ///
    /// # Errors
    /// There is none, or this program may not read it.
    pub(super) fn open() -> Result<Self, KernelFlows> {
        match File::open(FLOWS) {
            Ok(list) => Ok(Self { list }),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                Err(KernelFlows::Forbidden)
            }
            Err(_) => Err(KernelFlows::Absent),
        }
    }

    /// How far the kernel tells of its flows now: the owner may switch the counters on and off.
    pub(super) fn state(view: &KernelView) -> KernelFlows {
        if view.flows.iter().any(|flow| flow.bytes.is_some()) {
            return KernelFlows::Counted;
        }
        match fs::read_to_string(ACCOUNTING) {
            Ok(setting) if setting.trim() == "1" => KernelFlows::Counted,
            Ok(_) | Err(_) => KernelFlows::NotCounted,
        }
    }

    /// Reads the list.
    ///
    /// # Errors
    /// It cannot be read any more.
    pub(super) fn view(&mut self) -> io::Result<KernelView> {
        self.list.rewind()?;
        read(BufReader::new(&self.list))
    }
}

fn read(list: impl BufRead) -> io::Result<KernelView> {
    let mut list = list.take(MAX_BYTES);
    let mut view = KernelView::default();
    let mut line = Vec::new();
    while view.flows.len() < MAX_FLOWS {
        line.clear();
        if list.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let flow = std::str::from_utf8(&line).ok().and_then(conntrack_line::parse);
        view.flows.extend(flow);
    }
    Ok(view)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_no_flows_are_passed_over_and_the_number_is_bounded() {
        let good = "ipv4     2 udp      17 29 src=192.0.2.1 dst=192.0.2.2 sport=1 dport=2 src=192.0.2.2 dst=192.0.2.1 \
            sport=2 dport=1 mark=0 use=2\n";
        let mut text = good.repeat(3).into_bytes();
        text.extend(b"\xff\xfe no text\nipv4 2 tcp\n\n");
        text.extend(good.as_bytes());
        assert_eq!(read(text.as_slice()).unwrap().flows.len(), 4);

        let flood = good.repeat(MAX_FLOWS + 5);
        assert_eq!(read(flood.as_bytes()).unwrap().flows.len(), MAX_FLOWS);
    }
}
