//! A ServerHello.
//!
//! Comes in: the body of the handshake message. Goes out: a [`ServerHello`] (RFC 5246, 7.4.1.3; RFC 8446, 4.1.3). A
//! HelloRetryRequest has the same form and is read as one.

use super::client_hello::read_protocols;
use crate::dissect::{DissectReason, cursor::Cursor};

/// A ServerHello: what the server chose.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerHello {
    /// The version: supported_versions if it is there, else `server_version`.
    pub version: u16,
    /// The cipher suite (IANA "TLS Cipher Suites").
    pub cipher_suite: u16,
    /// application_layer_protocol_negotiation, RFC 7301; encrypted from TLS 1.3 on.
    pub alpn: Option<String>,
}

/// Reads the body of a ServerHello.
///
/// # Errors
/// [`DissectReason::Truncated`] when the body ends too early, [`DissectReason::Malformed`] when a field inside it lies.
pub(super) fn read(body: &[u8]) -> Result<ServerHello, DissectReason> {
    let mut body = Cursor::new(body);
    let mut hello = ServerHello { version: body.u16()?, ..ServerHello::default() };
    let _random: [u8; 32] = body.array()?;
    let session = body.vector8()?;
    hello.cipher_suite = body.u16()?;
    let _compression = body.u8()?;
    if session.len() > 32 {
        return Err(DissectReason::Malformed);
    }
    // Before TLS 1.3 a hello may end here.
    if body.is_empty() {
        return Ok(hello);
    }
    let mut extensions = Cursor::new(body.vector16()?);
    let inner = |_| DissectReason::Malformed;
    while !extensions.is_empty() {
        let kind = extensions.u16().map_err(inner)?;
        let content = extensions.vector16().map_err(inner)?;
        match kind {
            16 => {
                let list = Cursor::new(content).vector16().map_err(inner)?;
                hello.alpn = read_protocols(list).map_err(inner)?.into_iter().next();
            }
            43 => hello.version = Cursor::new(content).u16().map_err(inner)?,
            _ => {}
        }
    }
    Ok(hello)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hello_without_extensions_has_the_version_it_begins_with() {
        let expected = ServerHello { version: 0x0302, cipher_suite: 0xc02f, alpn: None };

        assert_eq!(read(&hello(0x0302, &[], None)), Ok(expected.clone()));
        assert_eq!(read(&hello(0x0302, &[7; 32], Some(&[]))), Ok(expected));
    }

    #[test]
    fn supported_versions_outweighs_the_version_field() {
        let extensions = [0, 43, 0, 2, 3, 4];

        assert_eq!(read(&hello(0x0303, &[], Some(&extensions))).unwrap().version, 0x0304);
    }

    #[test]
    fn the_protocol_that_was_chosen_is_read() {
        let extensions = [&[0xff, 1, 0, 1, 0, 0, 16, 0, 5, 0, 3, 2][..], b"h2"].concat();

        let chosen = read(&hello(0x0303, &[], Some(&extensions))).unwrap().alpn;
        assert_eq!(chosen.as_deref(), Some("h2"));
        assert_eq!(read(&hello(0x0303, &[], Some(&[0, 16, 0, 2, 0, 0]))).unwrap().alpn, None);
    }

    #[test]
    fn a_session_of_more_than_32_bytes_is_malformed() {
        assert_eq!(read(&hello(0x0303, &[7; 33], None)), Err(DissectReason::Malformed));
    }

    #[test]
    fn an_extension_that_overruns_its_list_is_malformed_and_a_cut_body_is_truncated() {
        for extensions in [&[0, 16, 0, 9, 0][..], &[0], &[0, 43, 0, 1, 3], &[0, 16, 0, 3, 0, 1, 9]]
        {
            let verdict = read(&hello(0x0303, &[], Some(extensions)));
            assert_eq!(verdict, Err(DissectReason::Malformed), "{extensions:?}");
        }
        let whole = hello(0x0303, &[7; 32], Some(&[0, 43, 0, 2, 3, 4]));
        // A hello may end before its extensions.
        let without_extensions = whole.len() - 8;
        for end in (0..whole.len()).filter(|&end| end != without_extensions) {
            assert_eq!(read(&whole[..end]), Err(DissectReason::Truncated), "cut at {end}");
        }
    }

    fn hello(version: u16, session: &[u8], extensions: Option<&[u8]>) -> Vec<u8> {
        let mut body = version.to_be_bytes().to_vec();
        body.extend([9; 32]);
        body.push(u8::try_from(session.len()).unwrap());
        body.extend(session);
        body.extend([0xc0, 0x2f, 0]);
        if let Some(extensions) = extensions {
            body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
            body.extend(extensions);
        }
        body
    }
}
