//! The ways to a syslog server.
//!
//! Comes in: messages. Goes out: datagrams (RFC 5426), or frames in a stream, each with its length before it (RFC 6587, 3.4.1; RFC
//! 5425, 4.3).

use std::io::{self, Read as _};
use std::net::{TcpStream, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::sync::Arc;
use std::time::Duration;

use super::config::SyslogServer;
use crate::export::dial::{dial_tcp, dial_udp};
use crate::export::sink::Outgoing;
use crate::export::tls_dial::{TlsSettings, TlsStream};

/// Longest message in a UDP datagram: what a receiver should take (RFC 5426, 3.2).
pub(super) const MAX_DATAGRAM: usize = 2048;

/// Longest message on other ways: what common servers take.
const MAX_MESSAGE: usize = 8192;

/// How long the server may take over one step.
const PATIENCE: Duration = Duration::from_secs(5);

/// Most that a server may say in between before we write on: none has anything to say.
const MAX_CHATTER: usize = 16;

/// An open way.
#[derive(Debug)]
pub(super) enum Wire {
    Udp(UdpSocket),
    Unix(UnixDatagram),
    Tcp(TcpStream),
    Tls(Box<TlsStream>),
}

impl SyslogServer {
    /// Longest message.
    pub(super) const fn max_message(&self) -> usize {
        match self {
            Self::Udp(_) => MAX_DATAGRAM,
            Self::Tcp(_) | Self::Tls(_) | Self::Unix(_) => MAX_MESSAGE,
        }
    }

    /// Tells whether a message has its length before it.
    pub(super) const fn counts_octets(&self) -> bool {
        match self {
            Self::Tcp(_) | Self::Tls(_) => true,
            Self::Udp(_) | Self::Unix(_) => false,
        }
    }
}

impl Wire {
    pub(super) fn open(server: &SyslogServer, tls: Option<&Arc<TlsSettings>>) -> io::Result<Self> {
        Ok(match server {
            SyslogServer::Udp(far_end) => Self::Udp(dial_udp(far_end, PATIENCE)?),
            SyslogServer::Tcp(far_end) => Self::Tcp(dial_tcp(far_end, PATIENCE)?),
            SyslogServer::Tls(far_end) => {
                let tls = tls.ok_or(io::ErrorKind::Unsupported)?;
                Self::Tls(Box::new(tls.dial(far_end, PATIENCE)?))
            }
            SyslogServer::Unix(path) => {
                let socket = UnixDatagram::unbound()?;
                socket.connect(path)?;
                socket.set_write_timeout(Some(PATIENCE))?;
                Self::Unix(socket)
            }
        })
    }

    /// Tells whether the server has closed the connection, which writing alone would find out one message too late.
    pub(super) fn is_closed(&mut self) -> bool {
        match self {
            Self::Udp(_) | Self::Unix(_) => false,
            Self::Tcp(stream) => {
                if stream.set_nonblocking(true).is_err() {
                    return true;
                }
                let mut chatter = [0; 256];
                let mut is_closed = true;
                for _ in 0..MAX_CHATTER {
                    match stream.read(&mut chatter) {
                        Ok(0) => break,
                        Ok(_) => {}
                        Err(problem) => {
                            is_closed = problem.kind() != io::ErrorKind::WouldBlock;
                            break;
                        }
                    }
                }
                stream.set_nonblocking(false).is_err() || is_closed
            }
            Self::Tls(stream) => stream.is_closed(),
        }
    }

    /// Sends what there is, as far as it is taken.
    pub(super) fn send(&mut self, messages: &mut Outgoing) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => messages.write_all_to(stream),
            Self::Tls(stream) => {
                let before = messages.written();
                messages.write_all_to(stream.as_mut()).inspect_err(|_| {
                    // What was encrypted may lie in a buffer of ours: better twice than never.
                    messages.rewind(before);
                })
            }
            Self::Udp(socket) => each(messages, |message| socket.send(message)),
            Self::Unix(socket) => each(messages, |message| socket.send(message)),
        }
    }
}

/// Sends each message in a datagram of its own.
fn each(messages: &mut Outgoing, send: impl Fn(&[u8]) -> io::Result<usize>) -> io::Result<()> {
    while let Some(message) = messages.first() {
        let length = message.len();
        send(message)?;
        messages.advance(length);
    }
    Ok(())
}
