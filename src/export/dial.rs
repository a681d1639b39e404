//! Opens a TCP connection or a UDP socket to a far end that is written `host:port`.
//!
//! Comes in: the text. Goes out: a socket whose reads and writes end in time. The name is looked up each time: a far end may
//! move.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs, UdpSocket};
use std::time::Duration;

use super::sink::MAX_ANSWER;
use crate::net::printable;

/// Most addresses of a name that are tried.
const MAX_ADDRESSES: usize = 4;

/// Connects, and bounds what comes after by the same `patience`.
pub(crate) fn dial_tcp(far_end: &str, patience: Duration) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for address in addresses(far_end)? {
        match TcpStream::connect_timeout(&address, patience) {
            Ok(stream) => {
                stream.set_read_timeout(Some(patience))?;
                stream.set_write_timeout(Some(patience))?;
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(problem) => last = problem,
        }
    }
    Err(named(far_end, &last))
}

/// A socket that sends there, and hears of refusals.
pub(crate) fn dial_udp(far_end: &str, patience: Duration) -> io::Result<UdpSocket> {
    let address = addresses(far_end)?.next();
    let address = address.ok_or_else(|| named(far_end, &io::ErrorKind::NotFound.into()))?;
    let any: SocketAddr = match address {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any)?;
    socket.connect(address)?;
    socket.set_write_timeout(Some(patience))?;
    Ok(socket)
}

fn addresses(far_end: &str) -> io::Result<impl Iterator<Item = SocketAddr>> {
    let found = far_end.to_socket_addrs().map_err(|problem| named(far_end, &problem))?;
    Ok(found.take(MAX_ADDRESSES))
}

/// The problem with where it arose.
pub(crate) fn named(far_end: &str, problem: &io::Error) -> io::Error {
    io::Error::new(problem.kind(), format!("{}: {problem}", printable(far_end, MAX_ANSWER)))
}
