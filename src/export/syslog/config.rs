//! What may be set about syslog.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Where alerts go, and how they are marked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SyslogConfig {
    /// The server; nothing is sent without it.
    pub server: Option<SyslogServer>,
    /// The facility.
    pub facility: Facility,
    /// Certificates that a server over TLS is checked against, in PEM; those of the system if absent.
    pub ca_file: Option<PathBuf>,
}

/// A syslog server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SyslogServer {
    /// `udp://HOST:PORT`.
    Udp(String),
    /// `tcp://HOST:PORT`.
    Tcp(String),
    /// `tls://HOST:PORT`.
    Tls(String),
    /// `unix:PATH`: a datagram socket such as `/dev/log`.
    Unix(PathBuf),
}

/// The text names no server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be \"udp://HOST:PORT\", \"tcp://HOST:PORT\", \"tls://HOST:PORT\" or \"unix:PATH\", such as \"unix:/dev/log\""
)]
pub struct SyslogServerError;

impl FromStr for SyslogServer {
    type Err = SyslogServerError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix("unix:").filter(|path| path.starts_with('/')) {
            return Ok(Self::Unix(path.into()));
        }
        let (scheme, far_end) = text.split_once("://").ok_or(SyslogServerError)?;
        let (host, port) = far_end.rsplit_once(':').ok_or(SyslogServerError)?;
        let is_port = port.parse::<u16>().is_ok_and(|port| port > 0);
        let is_v6 = host.starts_with('[') && host.ends_with(']');
        let is_host = |byte: u8| byte.is_ascii_graphic() && !b"/@?#:[]".contains(&byte);
        if !is_port || host.is_empty() || !(is_v6 || host.bytes().all(is_host)) {
            return Err(SyslogServerError);
        }
        let far_end = far_end.to_owned();
        match scheme {
            "udp" => Ok(Self::Udp(far_end)),
            "tcp" => Ok(Self::Tcp(far_end)),
            "tls" => Ok(Self::Tls(far_end)),
            _ => Err(SyslogServerError),
        }
    }
}

/// The part of a system that a message is said to come from (RFC 5424, 6.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Facility(u8);

impl Facility {
    /// Those that suit a program like this, by name.
    pub const NAMES: [(&'static str, Self); 12] = [
        ("user", Self(1)),
        ("daemon", Self(3)),
        ("auth", Self(4)),
        ("authpriv", Self(10)),
        ("local0", Self(16)),
        ("local1", Self(17)),
        ("local2", Self(18)),
        ("local3", Self(19)),
        ("local4", Self(20)),
        ("local5", Self(21)),
        ("local6", Self(22)),
        ("local7", Self(23)),
    ];

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

impl Default for Facility {
    /// `daemon`.
    fn default() -> Self {
        Self(3)
    }
}

impl fmt::Display for Facility {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::NAMES.iter().find(|(_, facility)| facility == self);
        formatter.write_str(name.map_or("?", |(name, _)| name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_has_a_way_a_host_and_a_port() {
        let read = |text: &str| text.parse::<SyslogServer>();

        assert_eq!(read("udp://192.0.2.1:514"), Ok(SyslogServer::Udp("192.0.2.1:514".into())));
        assert_eq!(
            read("tls://[2001:db8::1]:6514").unwrap(),
            SyslogServer::Tls("[2001:db8::1]:6514".into())
        );
        assert_eq!(read("unix:/dev/log"), Ok(SyslogServer::Unix("/dev/log".into())));
        for wrong in [
            "",
            "192.0.2.1:514",
            "udp://host",
            "udp://:514",
            "tcp://host:0",
            "tcp://a/b:1",
            "unix:log",
            "http://a:1",
        ] {
            assert_eq!(read(wrong), Err(SyslogServerError), "{wrong}");
        }
    }
}
