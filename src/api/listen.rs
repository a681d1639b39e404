//! Opens the socket that the API is served on.
//!
//! Comes in: the configured address. Goes out: a listening socket, or a reason that says what to do. It refuses to
//! show the network to the network unless told to.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};

use super::config::Config;

/// Why the API cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The address can be reached by others, who could read everything.
    #[error(
        "refusing to listen on {0}: others could read the API, which is neither encrypted nor protected; \
         listen on 127.0.0.1 behind a reverse proxy, or set http.insecure = true"
    )]
    NotLoopback(SocketAddr),
    /// Somebody else listens there.
    #[error(
        "{0} is in use: another program, or another hikwatch, listens there; choose another port with http.listen or --listen"
    )]
    InUse(SocketAddr),
    /// The system refused.
    #[error("cannot listen on {address}: {source}")]
    Io {
        /// The address.
        address: SocketAddr,
        /// The system's answer.
        source: io::Error,
    },
}

/// Opens the socket of the API.
///
/// # Errors
/// The address is not one of loopback, and the user did not accept that; or the system refuses it.
pub fn listen(config: &Config) -> Result<TcpListener, ListenError> {
    let address = config.listen;
    if !config.insecure && !is_loopback(address.ip()) {
        return Err(ListenError::NotLoopback(address));
    }
    TcpListener::bind(address).map_err(|source| {
        if source.kind() == io::ErrorKind::AddrInUse {
            ListenError::InUse(address)
        } else {
            ListenError::Io { address, source }
        }
    })
}

fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(listen: &str, insecure: bool) -> Config {
        Config { listen: listen.parse().unwrap(), insecure, ..Config::default() }
    }

    #[test]
    fn an_open_address_needs_the_users_word() {
        for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "[::ffff:192.0.2.1]:0"] {
            let error = listen(&config(address, false)).unwrap_err();
            assert!(matches!(error, ListenError::NotLoopback(_)), "{address}");
            assert!(error.to_string().contains("insecure = true"));
        }
        assert!(listen(&config("0.0.0.0:0", true)).is_ok());
        assert!(listen(&config("127.0.0.1:0", false)).is_ok());
    }

    #[test]
    fn a_port_that_is_taken_is_named() {
        let first = listen(&config("127.0.0.1:0", false)).unwrap();
        let address = first.local_addr().unwrap();

        let error = listen(&config(&address.to_string(), false)).unwrap_err();

        assert!(matches!(error, ListenError::InUse(taken) if taken == address));
    }
}
