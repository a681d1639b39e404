//! `tls`: what a ClientHello offers.
//!
//! Comes in: a ClientHello, or the server name alone. Goes out: the section as Suricata has it; `ech` is ours.

use serde::Serialize;

use crate::dissect::ClientHello;

/// EVE `tls`.
#[derive(Debug, Default, Serialize)]
pub(crate) struct TlsSection<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    sni: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_alpns: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ech: Option<bool>,
}

impl<'a> TlsSection<'a> {
    /// Shows a ClientHello. `version` is the highest one that the client offers.
    pub(crate) fn new(hello: &'a ClientHello) -> Self {
        Self {
            sni: hello.sni.as_deref(),
            version: Some(version_name(hello.version)),
            client_alpns: (!hello.alpns.is_empty()).then_some(&hello.alpns),
            ech: Some(hello.ech),
        }
    }

    /// The section of a flow: the server name only.
    pub(crate) fn of_flow(sni: &'a str) -> Self {
        Self { sni: Some(sni), ..Self::default() }
    }
}

/// Suricata's spelling of the version number (RFC 8446, 4.1.2).
const fn version_name(version: u16) -> &'static str {
    match version {
        0x0002 => "SSLv2",
        0x0300 => "SSLv3",
        0x0301 => "TLSv1",
        0x0302 => "TLS 1.1",
        0x0303 => "TLS 1.2",
        0x0304 => "TLS 1.3",
        _ => "UNDETERMINED",
    }
}
