//! Gives the frames that a router's packet sniffer streams here, TaZmen Sniffer Protocol over UDP.
//!
//! Comes in: the address of a socket. Goes out: each datagram as a frame of link type TZSP, which is for
//! the decoder to unwrap. It never answers, and does not know who sends: whoever reaches the port is
//! believed. There is no RFC; RouterOS sends such streams to port 37008 ("Packet Sniffer", streaming).

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use super::{CaptureError, FrameSource, Next, ObservationPoint, SourceCounters};
use crate::net::{Frame, InterfaceId, LinkType, Timestamp};

/// How long a datagram is waited for before the source says that nothing arrived.
const WAIT: Duration = Duration::from_millis(100);

/// Bytes taken of a datagram: more than UDP can carry (65 507, RFC 768 over RFC 791), so that none is cut.
const MAX_DATAGRAM: usize = 64 << 10;

/// Datagrams that are no TZSP, passed over in one call; guards against a flood of them, which must not
/// keep the caller from its other work.
const MAX_FOREIGN: usize = 256;

/// Bytes of the header: version, type, encapsulated protocol.
const HEADER: usize = 4;

/// The one version of the protocol, in the first byte.
const VERSION: u8 = 1;

/// Frames that arrive as TZSP on a UDP socket.
///
/// Their time is that of the clock given to [`open`](Self::open), when they are read: TZSP has no time of
/// capture that means anything here. What the system drops because the socket's buffer is full is not
/// known to it, so [`SourceCounters::kernel_drops`] stays zero. A frame's length on the wire is that of the
/// datagram, header and tags included.
pub struct TzspSource {
    socket: UdpSocket,
    points: [ObservationPoint; 1],
    now: fn() -> Timestamp,
    datagram: Vec<u8>,
    received: u64,
}

impl TzspSource {
    /// Takes datagrams on `address` from now on; port 0 lets the system choose one. `now` tells the time.
    ///
    /// # Errors
    /// The address is in use or not one of this machine, or the port takes a capability.
    pub fn open(address: SocketAddr, now: fn() -> Timestamp) -> Result<Self, CaptureError> {
        let socket = UdpSocket::bind(address).map_err(|error| explain_refusal(address, error))?;
        let failed =
            |source| CaptureError::Io { what: format!("listen on {}", url(address)), source };
        socket.set_read_timeout(Some(WAIT)).map_err(failed)?;
        let bound = socket.local_addr().map_err(failed)?;
        Ok(Self {
            socket,
            points: [ObservationPoint { name: url(bound) }],
            now,
            datagram: vec![0; MAX_DATAGRAM],
            received: 0,
        })
    }

    /// What it is called in metrics and logs, such as `tzsp://0.0.0.0:37008`, with the port that it really has.
    #[must_use]
    pub fn name(&self) -> &str {
        let [ObservationPoint { name }] = &self.points;
        name
    }

    /// Waits for TZSP; gives the datagram's length. What is something else is passed over.
    fn receive(&self, datagram: &mut [u8]) -> io::Result<Option<usize>> {
        let Some(first) = self.receive_any(datagram)? else { return Ok(None) };
        if is_tzsp(datagram, first) {
            return Ok(Some(first));
        }
        // The wait is over: what is there by now is looked at, and nothing more is waited for.
        self.socket.set_nonblocking(true)?;
        let found = self.receive_waiting(datagram);
        self.socket.set_nonblocking(false)?;
        found
    }

    /// Finds TZSP among the datagrams that are there.
    fn receive_waiting(&self, datagram: &mut [u8]) -> io::Result<Option<usize>> {
        for _ in 0..MAX_FOREIGN {
            match self.receive_any(datagram)? {
                Some(length) if is_tzsp(datagram, length) => return Ok(Some(length)),
                Some(_) => {}
                None => break,
            }
        }
        Ok(None)
    }

    fn receive_any(&self, datagram: &mut [u8]) -> io::Result<Option<usize>> {
        match self.socket.recv_from(datagram) {
            Ok((length, _sender)) => Ok(Some(length)),
            // A timeout has either name; a signal ends a wait early.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

impl FrameSource for TzspSource {
    /// Never says [`Next::End`]: a sniffer that stopped may start again.
    fn next_frame(&mut self) -> Result<Next<'_>, CaptureError> {
        let mut datagram = std::mem::take(&mut self.datagram);
        let received = self.receive(&mut datagram);
        self.datagram = datagram;
        let received = received.map_err(|source| CaptureError::Io {
            what: format!("receive on {}", self.name()),
            source,
        })?;
        let Some(bytes) = received.and_then(|length| self.datagram.get(..length)) else {
            return Ok(Next::Idle);
        };
        self.received += 1;
        Ok(Next::Frame(Frame {
            number: 0,
            timestamp: (self.now)(),
            interface: InterfaceId(0),
            link_type: LinkType::TZSP,
            wire_len: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
            stripped_tag: None,
            bytes,
        }))
    }

    fn observation_points(&self) -> &[ObservationPoint] {
        &self.points
    }

    fn counters(&mut self) -> SourceCounters {
        SourceCounters { received: self.received, ..SourceCounters::default() }
    }
}

/// How a user writes the source.
fn url(address: SocketAddr) -> String {
    format!("tzsp://{address}")
}

fn is_tzsp(datagram: &[u8], length: usize) -> bool {
    length >= HEADER && datagram.first() == Some(&VERSION)
}

/// Says what the user can do when the socket cannot be had.
fn explain_refusal(address: SocketAddr, source: io::Error) -> CaptureError {
    let what = url(address);
    let kind = source.kind();
    if kind == ErrorKind::AddrInUse {
        return CaptureError::Unsupported {
            what: format!("{what} is in use"),
            hint: "another program listens there, or this source was named twice; \
                   choose another port and tell the sniffer"
                .into(),
        };
    }
    if kind == ErrorKind::AddrNotAvailable {
        return CaptureError::Unsupported {
            what: format!("{what} is no address of this machine"),
            hint: "`hikwatch interfaces` lists those that are; 0.0.0.0 stands for all".into(),
        };
    }
    if kind == ErrorKind::PermissionDenied {
        return CaptureError::Permission {
            what,
            hint: "a port below 1024 takes the capability CAP_NET_BIND_SERVICE; \
                   sniffers send to 37008 as a rule"
                .into(),
        };
    }
    CaptureError::Io { what: format!("listen on {what}"), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: Timestamp = Timestamp::from_parts(1_700_000_000, 5);
    /// Calls in which what was sent over loopback has to arrive; each waits 100 ms at most.
    const PATIENCE: usize = 100;

    /// A TZSP packet of one byte of Ethernet.
    const PACKET: [u8; 6] = [1, 0, 0, 1, 1, 0xaa];

    fn open() -> (TzspSource, UdpSocket) {
        let source = TzspSource::open("127.0.0.1:0".parse().unwrap(), || TIME).unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        sender.connect(source.socket.local_addr().unwrap()).unwrap();
        (source, sender)
    }

    fn next(source: &mut TzspSource) -> Vec<u8> {
        for _ in 0..PATIENCE {
            if let Next::Frame(frame) = source.next_frame().unwrap() {
                return frame.bytes.to_vec();
            }
        }
        panic!("nothing arrived");
    }

    #[test]
    fn a_datagram_is_a_frame_of_the_time_at_which_it_is_read() {
        let (mut source, sender) = open();
        sender.send(&PACKET).unwrap();
        for _ in 0..PATIENCE {
            let Next::Frame(frame) = source.next_frame().unwrap() else { continue };
            assert_eq!((frame.bytes, frame.wire_len), (&PACKET[..], 6));
            assert_eq!((frame.timestamp, frame.link_type), (TIME, LinkType::TZSP));
            assert_eq!((frame.number, frame.interface), (0, InterfaceId(0)));
            assert_eq!(source.counters(), SourceCounters { received: 1, ..Default::default() });
            return;
        }
        panic!("nothing arrived");
    }

    #[test]
    fn silence_is_idle_and_never_the_end() {
        let (mut source, _sender) = open();

        assert!(matches!(source.next_frame(), Ok(Next::Idle)));
        assert!(matches!(source.next_frame(), Ok(Next::Idle)));
    }

    #[test]
    fn what_is_no_tzsp_is_passed_over_and_not_counted() {
        let (mut source, sender) = open();
        for foreign in [&b""[..], b"\x01\0\0", b"\x02\0\0\x01\x01", b"GET / HTTP/1.1\r\n"] {
            sender.send(foreign).unwrap();
        }
        sender.send(&PACKET).unwrap();

        assert_eq!(next(&mut source), PACKET);
        assert_eq!(source.counters().received, 1);
        // The socket waits again afterwards.
        sender.send(&[2; 9]).unwrap();
        sender.send(&[&PACKET[..], &[7]].concat()).unwrap();
        assert_eq!(next(&mut source).len(), 7);
    }

    #[test]
    fn the_largest_datagram_is_not_cut_and_leaves_nothing_behind_in_the_next() {
        let (mut source, sender) = open();
        let mut large = vec![0x55; 65_507];
        large[..PACKET.len()].copy_from_slice(&PACKET);
        sender.send(&large).unwrap();
        assert_eq!(next(&mut source), large);

        sender.send(&PACKET).unwrap();
        assert_eq!(next(&mut source), PACKET);
    }

    #[test]
    fn its_name_tells_the_port_that_it_has() {
        let (source, sender) = open();

        assert_eq!(source.name(), format!("tzsp://{}", sender.peer_addr().unwrap()));
        assert_eq!(source.observation_points()[0].name, source.name());
    }

    #[test]
    fn an_address_that_cannot_be_had_says_which_and_why() {
        let (source, _sender) = open();
        let taken = source.socket.local_addr().unwrap();

        for (address, reason) in [
            (taken, "is in use"),
            ("192.0.2.1:37008".parse().unwrap(), "no address of this machine"),
        ] {
            let error = TzspSource::open(address, || TIME).err().unwrap();
            assert!(matches!(error, CaptureError::Unsupported { .. }), "{error}");
            let told = error.to_string();
            assert!(
                told.starts_with(&format!("tzsp://{address} ")) && told.contains(reason),
                "{told}"
            );
        }
        let refused = explain_refusal(taken, ErrorKind::PermissionDenied.into());
        assert!(matches!(&refused, CaptureError::Permission { .. }));
        assert!(refused.to_string().contains("CAP_NET_BIND_SERVICE"));
    }
}
