//! Reads the head of a SIP message.
//!
//! Comes in: a datagram, or the bytes of one side of a stream. Goes out: a [`SipMessage`] (RFC 3261, 7). Who calls whom is
//! private: user parts, From, To and bodies are never kept.

use crate::net::bounded;

use super::text_head::{self, Fields, StatusLine, first_line, number};
use super::verdict::{Next, Probe, StreamRead};
use super::{DissectReason, MAX_STREAM_HEAD};

/// Bytes of a method. The longest registered one has 9 (IANA "SIP Parameters").
const MAX_METHOD: usize = 16;
/// Bytes of a request URI that are kept: scheme, host and port.
const MAX_URI: usize = 270;
/// Bytes of a field or a reason phrase that are kept.
const MAX_TEXT: usize = 256;
/// The only version in use.
const VERSION: &[u8] = b"SIP/2.0";

/// The head of a SIP message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SipMessage {
    /// What its first line says.
    pub start: SipStart,
    /// User-Agent field.
    pub user_agent: Option<String>,
    /// Server field.
    pub server: Option<String>,
}

/// The first line of a SIP message, without its version, which is always `SIP/2.0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SipStart {
    /// A request (RFC 3261, 7.1).
    Request {
        /// Method.
        method: String,
        /// Scheme, host and port of the request URI; never its user, password, parameters or headers. Of `tel:` the
        /// scheme alone.
        uri: String,
    },
    /// A response (RFC 3261, 7.2).
    Response {
        /// Status code.
        code: u16,
        /// Reason phrase.
        reason: String,
    },
}

/// Looks at the first line.
pub(crate) fn probe(head: &[u8]) -> Probe {
    let (head, _empty) = text_head::without_empty_lines(head);
    let could_be = head.iter().zip(VERSION).all(|(a, b)| a == b) || could_be_request(head);
    if !could_be {
        return Probe::NotForUs;
    }
    match first_line(head) {
        None => Probe::Unsure,
        Some((line, _fields)) if start_of(line).is_some() => Probe::Certain,
        Some(_) => Probe::NotForUs,
    }
}

/// Tells whether the bytes so far are a method, a space and a URI of SIP.
fn could_be_request(head: &[u8]) -> bool {
    let length = head.iter().take(MAX_METHOD + 1).take_while(|b| b.is_ascii_uppercase()).count();
    let starts = |target: &[u8], scheme: &[u8]| {
        target.iter().zip(scheme).all(|(a, b)| a.eq_ignore_ascii_case(b))
    };
    match head.get(length..) {
        Some([]) => length <= MAX_METHOD,
        Some([b' ', target @ ..]) if (1..=MAX_METHOD).contains(&length) => {
            [&b"sip:"[..], b"sips:", b"tel:"].into_iter().any(|scheme| starts(target, scheme))
        }
        Some(_) | None => false,
    }
}

/// Reads a datagram. `Ok(None)`: it is something else, or the empty lines that keep a path open (RFC 5626, 3.5.1).
///
/// # Errors
/// The first line is of SIP, and no head follows.
pub(crate) fn dissect(payload: &[u8]) -> Result<Option<SipMessage>, DissectReason> {
    let (from_line, _empty) = text_head::without_empty_lines(payload);
    match probe(from_line) {
        Probe::Certain => {}
        Probe::Unsure | Probe::NotForUs => return Ok(None),
    }
    let Some(length) = text_head::length(from_line) else {
        return Err(DissectReason::Truncated);
    };
    Ok(read_lines(from_line.get(..length).unwrap_or(from_line)).map(|(message, _body)| message))
}

/// Reads a message of a stream; as long as it is not whole, this costs one scan for the end of its head. [`Next`] counts
/// from the first byte of `bytes`; Content-Length is mandatory on streams (RFC 3261, 20.14).
pub(crate) fn dissect_stream(bytes: &[u8]) -> StreamRead<SipMessage> {
    let may_grow = bytes.len() < MAX_STREAM_HEAD;
    let (from_line, empty) = text_head::without_empty_lines(bytes);
    match probe(from_line) {
        Probe::NotForUs => return StreamRead::NotForUs,
        Probe::Unsure if may_grow => return StreamRead::NeedMore,
        Probe::Unsure => return StreamRead::NotForUs,
        Probe::Certain => {}
    }
    let Some(length) = text_head::length(from_line) else {
        return match read_lines(from_line) {
            _ if may_grow => StreamRead::NeedMore,
            Some((message, _body)) => StreamRead::Read(message, Next::AnySegment),
            None => StreamRead::Malformed(DissectReason::TooLarge),
        };
    };
    match read_lines(from_line.get(..length).unwrap_or(from_line)) {
        Some((message, Some(body))) => {
            let end = empty.saturating_add(length).saturating_add(body);
            StreamRead::Read(message, Next::After(end))
        }
        Some((message, None)) => StreamRead::Read(message, Next::AnySegment),
        None => StreamRead::Malformed(DissectReason::Malformed),
    }
}

/// Reads what is there of a head that will not become longer: nothing, unless the first line is whole.
pub(crate) fn dissect_partial(bytes: &[u8]) -> Option<SipMessage> {
    let (from_line, _empty) = text_head::without_empty_lines(bytes);
    match probe(from_line) {
        Probe::Certain => read_lines(from_line).map(|(message, _body)| message),
        Probe::Unsure | Probe::NotForUs => None,
    }
}

/// Reads a first line.
fn start_of(line: &[u8]) -> Option<SipStart> {
    if let Some(line) = StatusLine::read(line).filter(|line| line.version == VERSION) {
        let reason = bounded(line.reason, MAX_TEXT);
        return Some(SipStart::Response { code: line.status, reason });
    }
    let line = line.trim_ascii_end().strip_suffix(VERSION)?.strip_suffix(b" ")?;
    let space = line.iter().position(|&b| b == b' ')?;
    let (method, target) = line.split_at_checked(space)?;
    let is_method =
        (1..=MAX_METHOD).contains(&method.len()) && method.iter().all(u8::is_ascii_uppercase);
    is_method.then_some(())?;
    Some(SipStart::Request {
        method: bounded(method, MAX_METHOD),
        uri: uri_without_user(target.trim_ascii())?,
    })
}

/// Scheme, host and port of a URI (RFC 3261, 19.1.1).
fn uri_without_user(target: &[u8]) -> Option<String> {
    let colon = target.iter().position(|&b| b == b':')?;
    let (scheme, rest) = target.split_at_checked(colon)?;
    let scheme = ["sip", "sips", "tel"]
        .into_iter()
        .find(|known| known.as_bytes().eq_ignore_ascii_case(scheme))?;
    if scheme == "tel" {
        return Some("tel:".to_owned());
    }
    let rest = rest.get(1..)?;
    // A user part may hold what ends a host, and a header may hold an `@`; what is behind the last `@` names no user.
    let host = rest.rsplit(|&b| b == b'@').next().unwrap_or_default();
    let end = host.iter().position(|b| matches!(b, b';' | b'?' | b' ')).unwrap_or(host.len());
    let host = bounded(host.get(..end)?, MAX_URI - "sips:".len());
    Some(format!("{scheme}:{host}"))
}

/// Reads the lines that are whole, and the length of the body if a field tells it.
fn read_lines(head: &[u8]) -> Option<(SipMessage, Option<usize>)> {
    let (line, fields) = first_line(head)?;
    let mut message = SipMessage { start: start_of(line)?, user_agent: None, server: None };
    let mut length = None;
    for field in Fields::new(fields) {
        if field.is("user-agent") {
            field.keep(&mut message.user_agent, MAX_TEXT);
        } else if field.is("server") {
            field.keep(&mut message.server, MAX_TEXT);
        } else if field.is("content-length") || field.is("l") {
            length = length.or_else(|| number(&field.value));
        }
    }
    Some((message, length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    // Our own construction after the examples of RFC 3261.
    const INVITE: &[u8] = b"INVITE sip:bob:pw@sip.example:5060;transport=tcp SIP/2.0\r\n\
        Via: SIP/2.0/TCP 192.0.2.1\r\nFrom: <sip:alice@a.example>\r\nUser-Agent: door/1\r\n\
        l: 4\r\n\r\nv=0\r\n";

    #[test]
    fn a_request_gives_method_and_host_and_nobody() {
        let expected = SipMessage {
            start: SipStart::Request {
                method: "INVITE".into(),
                uri: "sip:sip.example:5060".into(),
            },
            user_agent: Some("door/1".into()),
            server: None,
        };

        assert_eq!(dissect(INVITE), Ok(Some(expected.clone())));
        let next = Next::After(INVITE.len() - 1);
        assert_eq!(dissect_stream(INVITE), StreamRead::Read(expected, next));
    }

    #[test]
    fn a_response_gives_code_and_reason() {
        let text = b"SIP/2.0 401 Unauthorized\r\nServer: pbx\r\nTo: x\r\n\r\n";
        let message = dissect(text).unwrap().unwrap();

        let reason = "Unauthorized".to_owned();
        assert_eq!(message.start, SipStart::Response { code: 401, reason });
        assert_eq!(message.server.as_deref(), Some("pbx"));
    }

    #[test]
    fn no_user_stays_in_a_uri() {
        for (uri, expected) in [
            ("sip:a.example", "sip:a.example"),
            ("sips:u@a.example?To=v@b.example", "sips:b.example"),
            ("tel:+15550100", "tel:"),
            ("SIP:+15550100;x@[2001:db8::1]:5061;lr", "sip:[2001:db8::1]:5061"),
        ] {
            assert_eq!(uri_without_user(uri.as_bytes()).as_deref(), Some(expected), "{uri}");
        }
    }

    #[test]
    fn other_payloads_are_not_for_us() {
        for payload in [
            &b"\r\n\r\n"[..],
            b"\0",
            b"",
            b"GET / HTTP/1.1\r\n\r\n",
            b"OPTIONS rtsp://a/ RTSP/1.0\r\n\r\n",
            b"HELLO sip:a HTTP/1.1\r\n\r\n",
        ] {
            assert_eq!(dissect(payload), Ok(None), "{payload:?}");
        }
        assert_eq!(dissect(b"OPTIONS sip:a SIP/2.0\r\nVia: x"), Err(DissectReason::Truncated));
    }

    #[test]
    fn a_cut_message_of_a_stream_needs_more() {
        let end = INVITE.len() - b"\nv=0\r\n".len();
        for cut in 0..end {
            assert_eq!(dissect_stream(&INVITE[..cut]), StreamRead::NeedMore, "{cut}");
        }
        let mut long = INVITE[..end].to_vec();
        long.resize(MAX_STREAM_HEAD, b'a');
        assert!(matches!(dissect_stream(&long), StreamRead::Read(..)));
    }

    #[test]
    fn damaged_messages_stay_within_the_bounds() {
        for_each_mutant(INVITE, |bytes| {
            let _answer = (dissect_stream(bytes), dissect(bytes));
            let Some(message) = dissect_partial(bytes) else { return };
            if let SipStart::Request { method, uri } = message.start {
                assert!(method.len() <= MAX_METHOD && uri.len() <= MAX_URI);
            }
        });
    }
}
