//! A ClientHello, whatever carried it: TLS records, a DTLS datagram or the CRYPTO frames of QUIC.
//!
//! Comes in: the body of the handshake message. Goes out: a [`ClientHello`] (RFC 8446, 4.1.2; RFC 6347, 4.3.2 for DTLS).
//! It never judges whether the hello makes sense to a server.

use super::ja4::{Ja4, Ja4Fields, is_grease};
use crate::dissect::{DissectReason, cursor::Cursor};
use crate::net::bounded;

/// HandshakeType client_hello, RFC 8446, 4.
pub(crate) const CLIENT_HELLO: u8 = 1;
/// The shortest hello: version, random, empty session, one suite, one compression method.
pub(crate) const MIN_HELLO: usize = 2 + 32 + 1 + 4 + 2;

/// Bytes of a server name that are kept: the longest DNS name (RFC 1035, 2.3.4).
const MAX_NAME: usize = 255;
/// ALPN protocols that are kept; guards against a list of thousands.
const MAX_ALPNS: usize = 16;
/// Bytes of an ALPN protocol that are kept: all that its length field allows.
const MAX_ALPN: usize = 255;

/// A ClientHello of TLS (RFC 8446, 4.1.2), DTLS (RFC 6347, 4.3.2) or SSL 2.0.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientHello {
    /// The highest version offered: supported_versions without GREASE, else `legacy_version`. DTLS has its own
    /// numbers, which fall: 0xfeff is 1.0, 0xfefd 1.2, 0xfefc 1.3. 0 when the hello is not one of TLS (Google QUIC).
    pub version: u16,
    /// server_name, RFC 6066, 3.
    pub sni: Option<String>,
    /// application_layer_protocol_negotiation, RFC 7301, in the client's order.
    pub alpns: Vec<String>,
    /// The encrypted_client_hello extension (65037) is present; the SNI is then the outer one,
    /// unless the extension is GREASE.
    pub ech: bool,
    /// The client's fingerprint. Only a hello that was read to its end has one; those of SSL 2.0 and Google QUIC have none.
    pub ja4: Option<Ja4>,
}

/// What carries a ClientHello.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carrier {
    /// A stream of TLS records.
    Tls,
    /// Datagrams of DTLS: the hello has a cookie.
    Dtls,
    /// CRYPTO frames of QUIC.
    Quic,
}

/// Reads the body of a ClientHello into `hello`; what was read before an error stays.
///
/// # Errors
/// [`DissectReason::Truncated`] when the body ends too early, [`DissectReason::Malformed`] when a field inside it lies.
pub(crate) fn read_hello(
    body: &[u8],
    carrier: Carrier,
    hello: &mut ClientHello,
) -> Result<(), DissectReason> {
    let mut body = Cursor::new(body);
    let mut fields = Ja4Fields::default();
    hello.version = body.u16()?;
    fields.version = hello.version;
    let _random: [u8; 32] = body.array()?;
    let session = body.vector8()?;
    if carrier == Carrier::Dtls {
        let _cookie = body.vector8()?;
    }
    let suites = body.vector16()?;
    let compressions = body.vector8()?;
    if session.len() > 32 || suites.is_empty() || suites.len() % 2 != 0 || compressions.is_empty() {
        return Err(DissectReason::Malformed);
    }
    fields.cipher_suites = suites;
    // Before TLS 1.3 a hello may end here. Bytes behind the extensions are not looked at.
    if !body.is_empty() {
        let mut left = usize::from(body.u16()?);
        while left > 0 {
            let kind = body.u16()?;
            let content = body.vector16()?;
            left = left.checked_sub(4 + content.len()).ok_or(DissectReason::Malformed)?;
            fields.extensions.push(kind);
            // What is broken within one extension costs it alone: its length tells where the next one begins.
            let _broken = read_extension(kind, content, hello, &mut fields);
        }
    }
    hello.ja4 = Some(fields.fingerprint(carrier));
    Ok(())
}

/// Reads one extension, if it is one that is kept (IANA "TLS ExtensionType Values"). Of repeated ones the first counts.
fn read_extension<'a>(
    kind: u16,
    content: &'a [u8],
    hello: &mut ClientHello,
    fields: &mut Ja4Fields<'a>,
) -> Result<(), DissectReason> {
    match kind {
        0 if hello.sni.is_none() => hello.sni = read_server_name(content)?,
        13 if fields.signature_algorithms.is_empty() => {
            fields.signature_algorithms = Cursor::new(content).vector16()?;
        }
        16 if hello.alpns.is_empty() => {
            fields.protocols = Cursor::new(content).vector16()?;
            hello.alpns = read_protocols(fields.protocols)?;
        }
        43 => {
            let versions = Cursor::new(content).vector8()?;
            hello.version = highest(versions, known_version).unwrap_or(hello.version);
            fields.version = highest(versions, Some).unwrap_or(fields.version);
        }
        0xfe0d => hello.ech = true,
        _ => {}
    }
    Ok(())
}

/// Reads server_name, RFC 6066, 3: the first host_name of the list, if it is not empty.
fn read_server_name(content: &[u8]) -> Result<Option<String>, DissectReason> {
    if content.is_empty() {
        return Ok(None);
    }
    let mut names = Cursor::new(Cursor::new(content).vector16()?);
    while !names.is_empty() {
        let kind = names.u8()?;
        let name = names.vector16()?;
        if kind == 0 {
            return Ok((!name.is_empty()).then(|| bounded(name, MAX_NAME)));
        }
    }
    Ok(None)
}

/// Reads a ProtocolNameList, RFC 7301, 3.1. GREASE protocols (RFC 8701) stay: they are part of what was sent.
pub(super) fn read_protocols(list: &[u8]) -> Result<Vec<String>, DissectReason> {
    let mut list = Cursor::new(list);
    let mut protocols = Vec::new();
    while !list.is_empty() && protocols.len() < MAX_ALPNS {
        protocols.push(bounded(list.vector8()?, MAX_ALPN));
    }
    Ok(protocols)
}

/// The highest of supported_versions, RFC 8446, 4.2.1, as far as `read` takes it. GREASE is passed over (RFC 8701).
fn highest(versions: &[u8], read: impl Fn(u16) -> Option<u16>) -> Option<u16> {
    let (versions, _) = versions.as_chunks::<2>();
    let versions = versions.iter().map(|version| u16::from_be_bytes(*version));
    versions.filter(|&version| !is_grease(version)).filter_map(read).max_by_key(|&version| {
        // The numbers of DTLS are the ones' complement of 1.0, 1.2, 1.3 (RFC 6347, 4.1): lower is newer.
        if version >= 0xfe00 { !version } else { version }
    })
}

/// Takes versions of TLS and DTLS; drafts of TLS 1.3 (0x7fxx) count as TLS 1.3.
const fn known_version(version: u16) -> Option<u16> {
    match version {
        0x0300..=0x03ff | 0xfe00..=0xfeff => Some(version),
        0x7f00..=0x7fff => Some(0x0304),
        _ => None,
    }
}
