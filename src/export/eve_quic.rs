//! `quic`: what the ClientHello of a QUIC connection says.
//!
//! Comes in: the hello with the version of its packet. Goes out: the section as Suricata has it.

use serde::Serialize;

use super::eve_text::Text;
use crate::dissect::{Ja4, QuicMessage};

/// EVE `quic`.
#[derive(Debug, Serialize)]
pub(crate) struct QuicSection<'a> {
    version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sni: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ja4: Option<Text<&'a Ja4>>,
}

impl<'a> QuicSection<'a> {
    /// Shows a hello.
    pub(crate) fn new(message: &'a QuicMessage) -> Self {
        Self {
            version: version_name(message.version),
            sni: message.hello.sni.as_deref(),
            ja4: message.hello.ja4.as_ref().map(Text),
        }
    }
}

/// Suricata's spelling of a version (IANA "QUIC Versions"): Google's own by letter and number, the others as hexadecimal
/// numbers.
fn version_name(version: u32) -> String {
    let letters = version.to_be_bytes();
    match letters {
        [b'Q', b'0', b'0'..=b'9', b'0'..=b'9'] => String::from_utf8_lossy(&letters).into_owned(),
        _ => format!("{version:x}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_spelled_as_suricata_does() {
        for (version, name) in
            [(1, "1"), (0x6b33_43cf, "6b3343cf"), (0xff00_001d, "ff00001d"), (0x5130_3436, "Q046")]
        {
            assert_eq!(version_name(version), name);
        }
    }
}
