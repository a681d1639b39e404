//! `tls`: what both sides of a handshake say in clear.
//!
//! Comes in: a handshake, or the server name alone. Goes out: the section as Suricata has it; `ech` is ours.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::eve_text::Text;
use crate::dissect::{Certificate, ClientHello, Ja4, TlsHandshake};

/// EVE `tls`.
#[derive(Debug, Default, Serialize)]
pub(crate) struct TlsSection<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuerdn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sni: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notbefore: Option<CertificateTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notafter: Option<CertificateTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subjectaltname: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ja4: Option<Text<&'a Ja4>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_alpns: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_alpns: Option<[&'a str; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ech: Option<bool>,
}

impl<'a> TlsSection<'a> {
    /// Shows a handshake. `version` is the one that the server chose; where its side was not read, the highest one that
    /// the client offers.
    pub(crate) fn new(handshake: &'a TlsHandshake) -> Self {
        let mut section = handshake.client.as_deref().map(Self::of_hello).unwrap_or_default();
        if let Some(server) = handshake.server.as_deref() {
            section.version = Some(version_name(server.hello.version));
            section.server_alpns = server.hello.alpn.as_deref().map(|alpn| [alpn]);
            if let Some(certificate) = server.certificate.as_deref() {
                section.show_certificate(certificate);
            }
        }
        section
    }

    /// The section of a flow: the server name only.
    pub(crate) fn of_flow(sni: &'a str) -> Self {
        Self { sni: Some(sni), ..Self::default() }
    }

    fn of_hello(hello: &'a ClientHello) -> Self {
        Self {
            sni: hello.sni.as_deref(),
            version: Some(version_name(hello.version)),
            client_alpns: (!hello.alpns.is_empty()).then_some(&hello.alpns),
            ja4: hello.ja4.as_ref().map(Text),
            ech: Some(hello.ech),
            ..Self::default()
        }
    }

    fn show_certificate(&mut self, certificate: &'a Certificate) {
        let text = |text: &'a String| Some(text.as_str()).filter(|text| !text.is_empty());
        self.subject = text(&certificate.subject);
        self.issuerdn = text(&certificate.issuer);
        self.serial = text(&certificate.serial);
        self.notbefore = certificate.not_before.and_then(CertificateTime::new);
        self.notafter = certificate.not_after.and_then(CertificateTime::new);
        let names = &certificate.subject_alt_names;
        self.subjectaltname = (!names.is_empty()).then_some(names);
    }
}

/// A time of a certificate, as Suricata writes it: to the second, in UTC, without saying so.
#[derive(Debug, Clone, Copy)]
struct CertificateTime(Timestamp);

impl CertificateTime {
    /// Takes seconds since 1970; none for a time that four digits of a year cannot hold.
    fn new(seconds: i64) -> Option<Self> {
        /// 1000-01-01 and 3000-01-01: the years that the schema allows.
        const YEARS: std::ops::Range<i64> = -30_610_224_000..32_503_680_000;
        YEARS.contains(&seconds).then(|| Timestamp::from_second(seconds).ok()).flatten().map(Self)
    }
}

impl Serialize for CertificateTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.strftime("%Y-%m-%dT%H:%M:%S"))
    }
}

/// Suricata's spelling of the version number (RFC 8446, 4.1.2; RFC 9147, 5.3).
const fn version_name(version: u16) -> &'static str {
    match version {
        0x0002 => "SSLv2",
        0x0300 => "SSLv3",
        0x0301 => "TLSv1",
        0x0302 => "TLS 1.1",
        0x0303 => "TLS 1.2",
        0x0304 => "TLS 1.3",
        0xfeff => "DTLS 1.0",
        0xfefd => "DTLS 1.2",
        0xfefc => "DTLS 1.3",
        _ => "UNDETERMINED",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::dissect::{ServerFlight, ServerHello};

    #[test]
    fn both_sides_of_a_handshake_are_in_one_section() {
        let handshake = TlsHandshake {
            client: Some(Arc::new(ClientHello {
                version: 0x0304,
                sni: Some("cam.example.com".into()),
                ..ClientHello::default()
            })),
            server: Some(Box::new(ServerFlight {
                hello: ServerHello { version: 0x0303, ..ServerHello::default() },
                certificate: Some(Box::new(Certificate {
                    subject: "CN=cam.example.com".into(),
                    not_before: Some(0),
                    not_after: Some(i64::MAX),
                    ..Certificate::default()
                })),
            })),
            over_datagrams: false,
        };
        let section = serde_json::to_value(TlsSection::new(&handshake)).unwrap();

        assert_eq!(
            section,
            serde_json::json!({
                "sni": "cam.example.com",
                "version": "TLS 1.2",
                "subject": "CN=cam.example.com",
                "notbefore": "1970-01-01T00:00:00",
                "ech": false,
            })
        );
    }
}
