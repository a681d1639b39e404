//! What may be set about the HTTP server.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// Where the HTTP server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Address and port; loopback unless `insecure`.
    pub listen: SocketAddr,
    /// Allows an address other than loopback although the connection is neither encrypted nor authenticated.
    pub insecure: bool,
    /// The file with the token that permits changes; without it nothing can be changed.
    pub write_token_file: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 19_855)),
            insecure: false,
            write_token_file: None,
        }
    }
}
