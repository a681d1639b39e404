//! A web service over HTTPS: told when its certificate is that of whom it says to be, and not a byte else.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::spawn;
use std::time::Duration;

use hikwatch::alert::AlertPhase;
use hikwatch::export::{
    Deliver, DeliveryError, HttpAddress, HttpSender, Trust, WebhookConfig, WebhookShape,
    WebhookSink,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned, crypto::ring, version};
use tempfile::TempDir;

use crate::bench::{alert, skipped, told};

const TIMEOUT: Duration = Duration::from_secs(5);

#[test]
fn over_https_only_a_service_with_the_right_certificate_is_told() {
    let Some(folder) = certificates() else { return };
    for version in [&version::TLS12, &version::TLS13] {
        let (port, requests) = serve(folder.path(), version);
        let deliver = |host: &str, authority: &str| {
            let url = HttpAddress::parse(&format!("https://{host}:{port}/hook?token=hidden"));
            let config = WebhookConfig { url: url.ok(), ..WebhookConfig::default() };
            let shape = WebhookShape::new(&config, None, None).unwrap();
            let trust = Trust::read(Some(&folder.path().join(authority))).unwrap();
            let sender = HttpSender::new(TIMEOUT, Some(&trust));
            WebhookSink::new(shape, sender, None).deliver(&[told(alert(AlertPhase::Raised))])
        };

        for (host, authority) in [("localhost", "other.pem"), ("127.0.0.1", "own.pem")] {
            let problem = deliver(host, authority).unwrap_err();
            assert!(matches!(problem, DeliveryError::Io(_)), "{host} {authority}: {problem}");
            let shown = format!("{problem} {problem:?}");
            assert!(shown.contains("certificate") && !shown.contains("hidden"), "{shown}");
        }
        assert!(requests.try_recv().is_err(), "somebody else was told");

        assert_eq!(deliver("localhost", "own.pem").unwrap(), 1);
        let request = requests.recv_timeout(TIMEOUT).unwrap();
        assert!(request.starts_with("POST /hook?token=hidden HTTP/1.1\r\n"), "{request}");
        assert!(request.contains("vendor-cloud-contact"), "{request}");
    }
}

/// Two services that say to be `localhost`, each by a certificate of its own.
fn certificates() -> Option<TempDir> {
    let folder = tempfile::tempdir().unwrap();
    for name in ["own", "other"] {
        let made = Command::new("openssl")
            .current_dir(folder.path())
            .args(
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30".split(' '),
            )
            .args("-subj /CN=localhost -addext subjectAltName=DNS:localhost".split(' '))
            .args("-addext basicConstraints=critical,CA:FALSE".split(' '))
            .args(["-keyout", &format!("{name}.key"), "-out", &format!("{name}.pem")])
            .stderr(Stdio::null())
            .status();
        let Ok(made) = made else {
            skipped("openssl is not installed");
            return None;
        };
        assert!(made.success());
    }
    Some(folder)
}

/// A service that takes every request it can read, and hands it over.
fn serve(
    folder: &Path,
    version: &'static rustls::SupportedProtocolVersion,
) -> (u16, Receiver<String>) {
    let chain = vec![CertificateDer::from_pem_file(folder.join("own.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(folder.join("own.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, requests) = sync_channel(16);
    spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(connection, stream.unwrap());
            let mut bytes = Vec::new();
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = stream.read(&mut buffer) {
                bytes.extend(&buffer[..length]);
                let text = String::from_utf8_lossy(&bytes).into_owned();
                if text.contains("\r\n\r\n") && text.ends_with('}') {
                    let answer = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
                    stream.write_all(answer).and_then(|()| stream.flush()).unwrap();
                    sender.send(text).unwrap();
                    break;
                }
            }
        }
    });
    (port, requests)
}
