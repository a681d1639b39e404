//! Carries IPFIX messages to a collector.
//!
//! Comes in: messages. Goes out: the same, in a datagram each (RFC 7011, 10.3) or one after the other (10.4).

use std::io::{self, Write as _};
use std::net::{TcpStream, UdpSocket};
use std::time::Duration;

use super::config::{IpfixConfig, IpfixTransport};
use crate::export::dial::{dial_tcp, dial_udp, named};

/// How long a collector may keep us waiting.
const PATIENCE: Duration = Duration::from_secs(5);

/// A way to a collector.
#[derive(Debug)]
pub(super) enum IpfixLink {
    Udp(UdpSocket),
    Tcp(TcpStream),
}

impl IpfixLink {
    /// Opens it.
    pub(super) fn open(config: &IpfixConfig, collector: &str) -> io::Result<Self> {
        match config.transport {
            IpfixTransport::Udp => dial_udp(collector, PATIENCE).map(Self::Udp),
            IpfixTransport::Tcp => dial_tcp(collector, PATIENCE).map(Self::Tcp),
        }
    }

    /// Sends one message. After an error over TCP the link is of no use any more: part of the message may have left.
    pub(super) fn send(&mut self, message: &[u8], collector: &str) -> io::Result<()> {
        let sent = match self {
            Self::Udp(socket) => socket.send(message).map(|_| ()),
            Self::Tcp(stream) => ensure_open(stream).and_then(|()| stream.write_all(message)),
        };
        sent.map_err(|problem| named(collector, &problem))
    }
}

/// A collector that has closed the connection would swallow one more message unseen. It never says anything.
fn ensure_open(stream: &TcpStream) -> io::Result<()> {
    stream.set_nonblocking(true)?;
    let heard = stream.peek(&mut [0]);
    stream.set_nonblocking(false)?;
    match heard {
        Ok(0) => Err(io::ErrorKind::ConnectionReset.into()),
        Ok(_) => {
            Err(io::Error::new(io::ErrorKind::InvalidData, "this is no collector: it answers"))
        }
        Err(problem) if problem.kind() == io::ErrorKind::WouldBlock => Ok(()),
        Err(problem) => Err(problem),
    }
}
