//! Opens TLS connections.
//!
//! Comes in: certificates to check a far end by, `host:port`. Goes out: a stream whose reads and writes end in time. A far end whose
//! certificate does not hold is refused; there is no way around that but to trust its certificate by name.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::dial::{dial_tcp, named};

/// Where Debian, Fedora, Alpine and OpenWrt keep the certificates that the system trusts.
pub(crate) const SYSTEM: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// What a far end is checked by.
#[derive(Debug)]
pub(crate) struct TlsSettings {
    config: Arc<ClientConfig>,
}

/// An encrypted connection.
#[derive(Debug)]
pub(crate) struct TlsStream(StreamOwned<ClientConnection, TcpStream>);

impl TlsSettings {
    /// Reads certificates in PEM: those of `path`, or else those that the system trusts. An error names the file.
    pub(crate) fn read(path: Option<&Path>) -> Result<Arc<Self>, (PathBuf, io::Error)> {
        let system = || SYSTEM.iter().map(Path::new).find(|path| path.exists());
        let path = path.or_else(system).unwrap_or_else(|| Path::new(SYSTEM[0]));
        let wrong = |problem: String| {
            (path.to_owned(), io::Error::new(io::ErrorKind::InvalidData, problem))
        };
        let certificates = CertificateDer::pem_file_iter(path).map_err(|e| wrong(e.to_string()))?;
        let mut roots = RootCertStore::empty();
        for certificate in certificates {
            let certificate = certificate.map_err(|problem| wrong(problem.to_string()))?;
            // Some old roots of a system are of a form that nobody reads; the others count.
            let _unread = roots.add(certificate);
        }
        if roots.is_empty() {
            return Err(wrong("there is no certificate in it".to_owned()));
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|problem| wrong(problem.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Arc::new(Self { config: Arc::new(config) }))
    }

    /// Connects, checks who answers, and bounds what comes after by the same `patience`.
    pub(crate) fn dial(&self, far_end: &str, patience: Duration) -> io::Result<TlsStream> {
        let refused =
            |problem: String| named(far_end, &io::Error::new(io::ErrorKind::InvalidData, problem));
        let host = far_end.rsplit_once(':').map_or(far_end, |(host, _)| host);
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(host).map_err(|problem| refused(problem.to_string()))?;
        let mut connection = ClientConnection::new(Arc::clone(&self.config), name)
            .map_err(|problem| refused(problem.to_string()))?;
        let mut stream = dial_tcp(far_end, patience)?;
        while connection.is_handshaking() {
            connection.complete_io(&mut stream).map_err(|problem| named(far_end, &problem))?;
        }
        Ok(TlsStream(StreamOwned::new(connection, stream)))
    }
}

impl TlsStream {
    /// Tells whether the far end has closed the connection; what it says otherwise is passed over.
    pub(crate) fn is_closed(&mut self) -> bool {
        let StreamOwned { conn, sock } = &mut self.0;
        if sock.set_nonblocking(true).is_err() {
            return true;
        }
        let is_open = loop {
            match conn.read_tls(sock) {
                Ok(0) => break false,
                Ok(_) => match conn.process_new_packets() {
                    // Nobody has anything to say to us.
                    Ok(state) if state.peer_has_closed() || state.plaintext_bytes_to_read() > 0 => {
                        break false;
                    }
                    Ok(_) => {}
                    Err(_) => break false,
                },
                Err(problem) => break problem.kind() == io::ErrorKind::WouldBlock,
            }
        };
        sock.set_nonblocking(false).is_err() || !is_open
    }
}

impl Read for TlsStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for TlsStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
