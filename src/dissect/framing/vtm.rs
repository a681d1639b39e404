//! Reads a frame of the vendor's media relay (VTM, TCP 8554 and 10554).
//!
//! Comes in: the head of one side of a stream. Goes out: a [`VtmMessage`]. The framing is that of two independent clients
//! (`pyezviz`, `hcweb`), confidence B; they name the codes differently, so the codes stay numbers. RTSP (RFC 7826, 14)
//! interleaves media behind the same first byte. Of a `ysproto://` URL the query is dropped: tokens and the serial stand there.

use std::str;

use crate::dissect::{
    DissectReason,
    cursor::Cursor,
    verdict::{Next, Probe, StreamRead},
};
use crate::net::bounded;

/// The first byte, `$`.
const MARKER: u8 = 0x24;
/// Bytes of the header.
const HEADER: usize = 8;
/// Channels of messages; 0 and 1 in clear, 0x0a and 0x0b crypted.
const CHANNELS: [u8; 4] = [0x00, 0x01, 0x0a, 0x0b];
/// Codes of messages.
const CODES: [u16; 6] = [0x0132, 0x0133, 0x013b, 0x013c, 0x013d, 0x014a];
/// How the address of a stream begins.
const SCHEME: &[u8] = b"ysproto://";
/// Bytes of a body that are searched for the URL; it is the first field of the first message.
const MAX_SEARCHED: usize = 1024;
/// Bytes of the host and of the path that are kept.
const MAX_HOST: usize = 255;
const MAX_PATH: usize = 128;

/// One frame of the media relay.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VtmMessage {
    /// Channel: 0 message, 1 media, 0x0a and 0x0b the same crypted.
    pub channel: u8,
    /// Code of the message.
    pub code: u16,
    /// Sequence number.
    pub sequence: u16,
    /// Bytes of the body.
    pub length: u16,
    /// Where the stream is asked for.
    pub url: Option<Box<VtmUrl>>,
}

/// A `ysproto://` URL without user, query and fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VtmUrl {
    /// Host name or address, without brackets.
    pub host: String,
    /// Port.
    pub port: Option<u16>,
    /// Path, such as `/live`.
    pub path: String,
}

/// Looks at the header and up to [`MAX_SEARCHED`] bytes of the body. Certain with a `ysproto://` URL in clear; a header
/// alone is unsure: ask for the port or for what was resolved before.
pub(crate) fn probe(head: &[u8]) -> Probe {
    match header(head) {
        Ok(Some(message)) if url(body(head, message.length)).is_some() => Probe::Certain,
        Ok(Some(_)) | Err(_) => Probe::Unsure,
        Ok(None) => Probe::NotForUs,
    }
}

/// Reads the first frame of the head. Answering `NeedMore` costs a look at the header.
pub(crate) fn dissect(head: &[u8]) -> StreamRead<VtmMessage> {
    match header(head) {
        Err(_) => StreamRead::NeedMore,
        Ok(None) => StreamRead::NotForUs,
        Ok(Some(message)) => {
            let length = usize::from(message.length);
            if head.len() < HEADER + length.min(MAX_SEARCHED) {
                return StreamRead::NeedMore;
            }
            let end = Next::After(HEADER + length);
            StreamRead::Read(with_url(message, head), end)
        }
    }
}

/// What a head that will not grow says.
pub(crate) fn dissect_partial(head: &[u8]) -> Option<VtmMessage> {
    header(head).ok().flatten().map(|message| with_url(message, head))
}

/// Reads the header. `Ok(None)`: a field has a value that no source gives.
fn header(head: &[u8]) -> Result<Option<VtmMessage>, DissectReason> {
    let fits = |at: usize, allowed: &[u8]| head.get(at).is_none_or(|byte| allowed.contains(byte));
    if !fits(0, &[MARKER]) || !fits(1, &CHANNELS) || !fits(6, &[0x01]) {
        return Ok(None);
    }
    let mut cursor = Cursor::new(head);
    let [_marker, channel] = cursor.array()?;
    let (length, sequence, code) = (cursor.u16()?, cursor.u16()?, cursor.u16()?);
    let message = VtmMessage { channel, code, sequence, length, url: None };
    Ok(CODES.contains(&code).then_some(message))
}

/// Adds the URL, if the body shows one.
fn with_url(message: VtmMessage, head: &[u8]) -> VtmMessage {
    let url = url(body(head, message.length)).map(Box::new);
    VtmMessage { url, ..message }
}

/// What is there of the body, as far as it is searched.
fn body(head: &[u8], length: u16) -> &[u8] {
    let body = head.get(HEADER..).unwrap_or_default();
    body.get(..usize::from(length).min(MAX_SEARCHED)).unwrap_or(body)
}

/// The first URL in the body (RFC 3986, 3), without what may be secret. A URL whose authority is not whole is none.
fn url(body: &[u8]) -> Option<VtmUrl> {
    let at = body.windows(SCHEME.len()).position(|window| window == SCHEME)?;
    let rest = body.get(at + SCHEME.len()..)?;
    let end = rest.iter().position(|byte| !byte.is_ascii_graphic() || matches!(byte, b'?' | b'#'));
    let rest = rest.get(..end.unwrap_or(rest.len()))?;
    let slash = rest.iter().position(|&byte| byte == b'/');
    if slash.is_none() && end.is_none() {
        return None;
    }
    let (authority, path) = rest.split_at_checked(slash.unwrap_or(rest.len()))?;
    let authority = str::from_utf8(authority).ok()?;
    let authority = authority.rsplit_once('@').map_or(authority, |(_user, host)| host);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
            (host, Some(port.parse().ok()?))
        }
        Some(_) | None => (authority, None),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if host.is_empty() || host.len() > MAX_HOST {
        return None;
    }
    Some(VtmUrl { host: host.to_owned(), port, path: bounded(path, MAX_PATH) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    // All frames are our own construction from the published header.
    const URL: &[u8] = b"ysproto://vtm.example:8554/live?dev=L00000001&chn=1&ssn=secret-token";

    #[test]
    fn the_first_message_gives_host_and_path_and_no_token() {
        let frame = frame(0, 0x013b, URL);
        assert_eq!(probe(&frame), Probe::Certain);
        let StreamRead::Read(message, next) = dissect(&frame) else { panic!() };

        let url = VtmUrl { host: "vtm.example".into(), port: Some(8554), path: "/live".into() };
        assert_eq!((message.code, message.channel, next), (0x013b, 0, Next::After(frame.len())));
        assert_eq!(message.url.as_deref(), Some(&url));
        assert!(!format!("{message:?}").contains("secret"));
    }

    #[test]
    fn a_frame_without_a_url_is_unsure_and_is_read() {
        let frame = frame(0x0a, 0x014a, &[0xee; 40]);
        assert_eq!(probe(&frame), Probe::Unsure);
        assert_eq!(dissect_partial(&frame).unwrap().url, None);
    }

    #[test]
    fn interleaved_rtp_and_other_bytes_are_not_for_us() {
        for head in [&b"\x24\x00\x00\x20\x80\x60\x12\x34\0\0"[..], b"\x24\x02", b"GET /", b"\x25"] {
            assert_eq!(probe(head), Probe::NotForUs, "{head:?}");
            assert_eq!(dissect(head), StreamRead::NotForUs);
        }
    }

    #[test]
    fn a_short_head_needs_more() {
        let frame = frame(0, 0x013b, URL);
        for cut in 0..frame.len() {
            assert_eq!(dissect(&frame[..cut]), StreamRead::NeedMore, "{cut}");
        }
    }

    #[test]
    fn users_brackets_and_cut_authorities_are_handled() {
        let read = |text: &[u8]| url(text).map(|url| (url.host, url.port, url.path));
        let v6 = ("2001:db8::1".to_owned(), Some(10554), "/a".to_owned());
        assert_eq!(read(b"ysproto://user:pw@[2001:db8::1]:10554/a#x"), Some(v6));
        assert_eq!(read(b"ysproto://vtm.exam"), None);
        assert_eq!(read(b"ysproto://:1/x"), None);
        let no_path = ("h".to_owned(), None, String::new());
        assert_eq!(read(b"ysproto://h?ssn=secret"), Some(no_path));
    }

    #[test]
    fn damaged_frames_stay_within_the_bounds() {
        for_each_mutant(&frame(0, 0x013b, URL), |bytes| {
            let _read = (probe(bytes), dissect(bytes));
            let Some(url) = dissect_partial(bytes).and_then(|message| message.url) else { return };
            assert!(url.host.len() <= MAX_HOST && url.path.len() <= MAX_PATH);
        });
    }

    fn frame(channel: u8, code: u16, text: &[u8]) -> Vec<u8> {
        let mut body = vec![0x0a, u8::try_from(text.len()).unwrap()];
        body.extend_from_slice(text);
        let mut bytes = vec![MARKER, channel];
        bytes.extend_from_slice(&u16::try_from(body.len()).unwrap().to_be_bytes());
        bytes.extend_from_slice(&[0, 1]);
        bytes.extend_from_slice(&code.to_be_bytes());
        bytes.extend_from_slice(&body);
        bytes
    }
}
