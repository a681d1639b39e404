//! Reads the head of an RTSP message, and the session description behind it.
//!
//! Comes in: the bytes of one side of a stream from where a message begins. Goes out: an [`RtspMessage`] and where the next
//! one begins. Interleaved media (RFC 2326, 10.12) before a message is passed over, and never kept.

use crate::dissect::text_head::{self, Field, Fields, StatusLine, first_line, number};
use crate::dissect::verdict::{Next, Probe, StreamRead};
use crate::dissect::{DissectReason, MAX_STREAM_HEAD, challenge, url};
use crate::net::bounded;

use super::{RtspMessage, RtspRequest, RtspResponse, RtspTransport, SessionDescription};

/// Bytes of a method. The longest one of the standards has 13.
const MAX_METHOD: usize = 24;
/// Bytes of a URL that are kept.
const MAX_URL: usize = 512;
/// Bytes of a field or a reason phrase that are kept.
const MAX_TEXT: usize = 256;
/// Bytes of a description that are awaited and looked at.
const MAX_DESCRIPTION: usize = 8 * 1024;
/// Interleaved frames that are passed over before a message; guards against a loop over tiny ones.
const MAX_FRAMES: usize = 64;
/// The versions, as a start line spells them.
const VERSIONS: [&str; 2] = ["RTSP/1.0", "RTSP/2.0"];
/// The scheme whose credentials are readable, as the list of schemes spells it.
const BASIC: &str = "Basic";
/// What every response begins with; the version follows.
const START: &[u8] = b"RTSP/";

/// Looks at the start line (RFC 7826, 7.1 and 8.1). Interleaved media is not for us: `$` begins other protocols too.
fn probe(head: &[u8]) -> Probe {
    let (head, _empty) = text_head::without_empty_lines(head);
    if head.iter().zip(START).all(|(a, b)| a == b) {
        return match first_line(head) {
            None => Probe::Unsure,
            Some((line, _fields)) if status_of(line).is_some() => Probe::Certain,
            Some(_) => Probe::NotForUs,
        };
    }
    let is_method = |b: &u8| b.is_ascii_uppercase() || *b == b'_';
    let length = head.iter().take(MAX_METHOD + 1).take_while(|b| is_method(b)).count();
    let target = match head.get(length..) {
        Some([]) if length <= MAX_METHOD => return Probe::Unsure,
        Some([b' ', target @ ..]) if (1..=MAX_METHOD).contains(&length) => target,
        Some(_) | None => return Probe::NotForUs,
    };
    let is_url = target.iter().zip(b"rtsp").all(|(a, b)| a.eq_ignore_ascii_case(b));
    if !is_url && !matches!(target, [b'*' | b'/', ..]) {
        return Probe::NotForUs;
    }
    match first_line(target) {
        None => Probe::Unsure,
        Some((line, _fields)) if version_of(line).is_some() => Probe::Certain,
        Some(_) => Probe::NotForUs,
    }
}

/// Reads a message; as long as it is not whole, this costs one scan for the end of its head and one look at its fields.
/// [`Next`] counts from the first byte of `bytes`.
pub(crate) fn dissect(bytes: &[u8]) -> StreamRead<RtspMessage> {
    let may_grow = bytes.len() < MAX_STREAM_HEAD;
    let (from_line, before) = without_media(bytes);
    match probe(from_line) {
        Probe::NotForUs => return StreamRead::NotForUs,
        Probe::Unsure if may_grow => return StreamRead::NeedMore,
        Probe::Unsure => return StreamRead::NotForUs,
        Probe::Certain => {}
    }
    let Some(length) = text_head::length(from_line) else {
        return match read_lines(from_line) {
            _ if may_grow => StreamRead::NeedMore,
            Some(reading) => StreamRead::Read(reading.message, Next::AnySegment),
            None => StreamRead::Malformed(DissectReason::TooLarge),
        };
    };
    let (head, behind) = from_line.split_at_checked(length).unwrap_or((from_line, &[]));
    let Some(mut reading) = read_lines(head) else {
        return StreamRead::Malformed(DissectReason::Malformed);
    };
    let awaited = reading.length.min(MAX_DESCRIPTION);
    if reading.describes && behind.len() < awaited && may_grow {
        return StreamRead::NeedMore;
    }
    reading.read_body(behind);
    let next = if reading.media_follows {
        Next::AnySegment
    } else {
        Next::After(before.saturating_add(length).saturating_add(reading.length))
    };
    StreamRead::Read(reading.message, next)
}

/// Reads what is there of a message that will not become longer: nothing, unless the start line is whole.
pub(crate) fn dissect_partial(bytes: &[u8]) -> Option<RtspMessage> {
    let (from_line, _before) = without_media(bytes);
    match probe(from_line) {
        Probe::Certain => {
            let mut reading = read_lines(from_line)?;
            if let Some(length) = text_head::length(from_line) {
                reading.read_body(from_line.get(length..).unwrap_or_default());
            }
            Some(reading.message)
        }
        Probe::Unsure | Probe::NotForUs => None,
    }
}

/// The bytes behind whole interleaved frames and empty lines, and how many stood before them.
fn without_media(bytes: &[u8]) -> (&[u8], usize) {
    let mut rest = bytes;
    for _ in 0..MAX_FRAMES {
        let [b'$', _channel, high, low, behind @ ..] = rest else { break };
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let Some(behind) = behind.get(length..) else { break };
        rest = behind;
    }
    let (rest, _empty) = text_head::without_empty_lines(rest);
    (rest, bytes.len() - rest.len())
}

/// The version at the end of a request line.
fn version_of(line: &[u8]) -> Option<&'static str> {
    let line = line.trim_ascii_end();
    VERSIONS.into_iter().find(|version| {
        line.strip_suffix(version.as_bytes()).is_some_and(|before| before.ends_with(b" "))
    })
}

/// Version, status and reason of a status line.
fn status_of(line: &[u8]) -> Option<(&'static str, StatusLine<'_>)> {
    let line = StatusLine::read(line)?;
    let version = VERSIONS.into_iter().find(|known| known.as_bytes() == line.version)?;
    Some((version, line))
}

/// A message that is being read.
struct Reading {
    message: RtspMessage,
    length: usize,
    describes: bool,
    media_follows: bool,
}

/// Reads the lines that are whole.
fn read_lines(head: &[u8]) -> Option<Reading> {
    let (line, fields) = first_line(head)?;
    let message = match status_of(line) {
        Some((version, line)) => RtspMessage::Response(RtspResponse {
            status: line.status,
            reason: (!line.reason.is_empty()).then(|| bounded(line.reason, MAX_TEXT)),
            version,
            ..RtspResponse::default()
        }),
        None => RtspMessage::Request(request_of(line)?),
    };
    // Once media flows, messages stand between frames of it.
    let media_follows = match &message {
        RtspMessage::Request(request) => matches!(request.method.as_str(), "PLAY" | "RECORD"),
        RtspMessage::Response(_) => false,
    };
    let mut reading = Reading { message, length: 0, describes: false, media_follows };
    Fields::new(fields).for_each(|field| reading.take(&field));
    // A field whose end has not come is as long as it was seen.
    let unfinished = fields.rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
    reading.measure(unfinished);
    Some(reading)
}

fn saturated(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Reads a request line.
fn request_of(line: &[u8]) -> Option<RtspRequest> {
    let version = version_of(line)?;
    let line = line.trim_ascii_end().strip_suffix(version.as_bytes())?;
    let space = line.iter().position(|&b| b == b' ')?;
    let (method, target) = line.split_at_checked(space)?;
    let target = target.trim_ascii();
    if target.is_empty() || target.iter().any(u8::is_ascii_control) {
        return None;
    }
    // User information goes first: a password may hold a question mark.
    let mut url = url::without_user(target, MAX_URL);
    if let Some(query) = url.find('?') {
        url.truncate(query);
    }
    Some(RtspRequest {
        method: bounded(method, MAX_METHOD),
        url,
        version,
        ..RtspRequest::default()
    })
}

impl Reading {
    /// Keeps a field that matters.
    fn take(&mut self, field: &Field<'_>) {
        if let RtspMessage::Request(request) = &mut self.message {
            let length = field.name.len().saturating_add(field.value.len());
            request.longest_field = request.longest_field.max(saturated(length));
        }
        if field.is("content-length") {
            self.length = number(&field.value).unwrap_or_default();
            if let RtspMessage::Request(request) = &mut self.message {
                request.content_length = u64::try_from(self.length).unwrap_or(u64::MAX);
            }
            return;
        }
        if field.is("content-type") {
            const SDP: &[u8] = b"application/sdp";
            let start = field.value.get(..SDP.len());
            self.describes |= start.is_some_and(|start| start.eq_ignore_ascii_case(SDP));
            return;
        }
        match &mut self.message {
            RtspMessage::Request(request) => {
                if field.is("user-agent") {
                    field.keep(&mut request.user_agent, MAX_TEXT);
                } else if field.is("authorization") {
                    let scheme = challenge::scheme(&field.value);
                    request.authorization_scheme = request.authorization_scheme.or(scheme);
                    if scheme == Some(BASIC) {
                        let length = saturated(field.value.len());
                        request.basic_length = request.basic_length.max(length);
                    }
                } else if field.is("transport") {
                    request.transport = Some(RtspTransport::read(&field.value));
                }
            }
            RtspMessage::Response(response) => {
                if field.is("server") {
                    field.keep(&mut response.server, MAX_TEXT);
                } else if field.is("www-authenticate") {
                    response.auth_scheme =
                        response.auth_scheme.or_else(|| challenge::scheme(&field.value));
                    response.realm =
                        response.realm.take().or_else(|| challenge::realm(&field.value));
                } else if field.is("transport") {
                    response.transport = Some(RtspTransport::read(&field.value));
                } else if field.is("rtp-info") {
                    // Only an answer to PLAY has it (RFC 7826, 18.45).
                    self.media_follows = true;
                }
            }
        }
    }

    /// Notes the length of a field that has no end.
    fn measure(&mut self, unfinished: &[u8]) {
        let RtspMessage::Request(request) = &mut self.message else { return };
        request.longest_field = request.longest_field.max(saturated(unfinished.len()));
        let Some(colon) = unfinished.iter().position(|&byte| byte == b':') else { return };
        let (name, value) = unfinished.split_at(colon);
        if name.trim_ascii().eq_ignore_ascii_case(b"authorization") {
            let value = value.get(1..).unwrap_or_default().trim_ascii();
            let scheme = challenge::scheme(value);
            request.authorization_scheme = request.authorization_scheme.or(scheme);
            if scheme == Some(BASIC) {
                request.basic_length = request.basic_length.max(saturated(value.len()));
            }
        }
    }

    /// Reads a session description, as far as it has come.
    fn read_body(&mut self, behind: &[u8]) {
        if !self.describes {
            return;
        }
        let body = behind.get(..self.length.min(MAX_DESCRIPTION)).unwrap_or(behind);
        let sdp = SessionDescription::read(body).map(Box::new);
        match &mut self.message {
            RtspMessage::Request(request) => request.sdp = sdp,
            RtspMessage::Response(response) => response.sdp = sdp,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    // Our own constructions after the examples of RFC 2326.
    const SETUP: &str = "SETUP rtsp://admin:secret@192.0.2.64:554/Streaming/Channels/101?pwd=x RTSP/1.0\r\n\
        CSeq: 3\r\nUser-Agent: example/1\r\nAuthorization: Digest username=\"admin\"\r\n\
        Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n";
    const DESCRIBED: &str = "RTSP/1.0 200 OK\r\nCSeq: 2\r\nServer: example\r\n\
        Content-Type: application/sdp\r\nContent-Length: 46\r\n\r\n\
        v=0\r\ns=Media Presentation\r\nm=video 0 RTP/AVP\r\n";

    #[test]
    fn a_request_gives_its_line_without_secrets() {
        let expected = RtspRequest {
            method: "SETUP".into(),
            url: "rtsp://192.0.2.64:554/Streaming/Channels/101".into(),
            version: "RTSP/1.0",
            user_agent: Some("example/1".into()),
            authorization_scheme: Some("Digest"),
            longest_field: 44,
            content_length: 0,
            basic_length: 0,
            transport: Some(RtspTransport { interleaved: true, ..RtspTransport::default() }),
            sdp: None,
        };

        let read = dissect(SETUP.as_bytes());
        assert_eq!(
            read,
            StreamRead::Read(RtspMessage::Request(expected), Next::After(SETUP.len()))
        );
    }

    #[test]
    fn a_challenge_gives_scheme_and_realm() {
        let text = "RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\nWWW-Authenticate: Digest \
            realm=\"IP Camera(D4918)\", nonce=\"x\"\r\nWWW-Authenticate: Basic realm=\"/\"\r\n\r\n";
        let response = response(text);

        assert_eq!((response.status, response.auth_scheme), (401, Some("Digest")));
        assert_eq!(response.realm.as_deref(), Some("IP Camera(D4918)"));
        assert_eq!(response.reason.as_deref(), Some("Unauthorized"));
    }

    #[test]
    fn a_description_is_awaited_and_read() {
        let sdp = response(DESCRIBED).sdp.unwrap();

        assert_eq!(sdp.session_name.as_deref(), Some("Media Presentation"));
        for cut in 0..DESCRIBED.len() {
            assert_eq!(dissect(&DESCRIBED.as_bytes()[..cut]), StreamRead::NeedMore, "{cut}");
        }
        let Some(RtspMessage::Response(cut)) =
            dissect_partial(&DESCRIBED.as_bytes()[..DESCRIBED.len() - 9])
        else {
            panic!()
        };
        assert!(cut.sdp.is_some());
    }

    #[test]
    fn messages_between_media_are_found() {
        let mut bytes = b"$\x00\x00\x03abc$\x01\x00\x00".to_vec();
        let before = bytes.len();
        bytes.extend_from_slice(SETUP.as_bytes());

        let StreamRead::Read(_, next) = dissect(&bytes) else { panic!() };
        assert_eq!(next, Next::After(before + SETUP.len()));
        assert_eq!(dissect(b"$\x00\x00\x09abc"), StreamRead::NotForUs);
        assert_eq!(probe(b"$\x00\x00\x03abc"), Probe::NotForUs);
    }

    #[test]
    fn behind_a_play_media_may_follow() {
        for text in [
            "PLAY rtsp://192.0.2.64/ RTSP/2.0\r\nCSeq: 4\r\n\r\n",
            "RTSP/1.0 200 OK\r\nRTP-Info: url=rtsp://192.0.2.64/trackID=1;seq=1\r\n\r\n",
        ] {
            let StreamRead::Read(_, next) = dissect(text.as_bytes()) else { panic!("{text}") };
            assert_eq!(next, Next::AnySegment, "{text}");
        }
    }

    #[test]
    fn other_protocols_are_not_for_us() {
        for text in [
            "GET / HTTP/1.1\r\n\r\n",
            "OPTIONS * HTTP/1.1\r\n\r\n",
            "OPTIONS sip:a@b SIP/2.0\r\n\r\n",
            "RTSP/3.0 200 OK\r\n\r\n",
            "RTSP/1.0\r\n\r\n",
            "describe rtsp://a/ RTSP/1.0\r\n",
            "\0",
        ] {
            assert_eq!(dissect(text.as_bytes()), StreamRead::NotForUs, "{text}");
            assert_eq!(dissect_partial(text.as_bytes()), None, "{text}");
        }
        assert_eq!(probe(b"OPTIONS *"), Probe::Unsure);
        assert_eq!(probe(b"OPTIONS * RTSP/1.0\r\n"), Probe::Certain);
    }

    #[test]
    fn a_full_head_is_answered_in_any_case() {
        for start in [
            SETUP.trim_end(),
            "RTSP/1.0 200 OK\r\nContent-Type: application/sdp\r\nContent-Length: 99999\r\n\r\n",
            "PLAY *",
        ] {
            let mut head = start.as_bytes().to_vec();
            head.resize(MAX_STREAM_HEAD, b'a');
            assert_ne!(dissect(&head), StreamRead::NeedMore, "{start}");
        }
    }

    #[test]
    fn damaged_messages_stay_within_the_bounds() {
        for sound in [SETUP, DESCRIBED] {
            for_each_mutant(sound.as_bytes(), |bytes| {
                dissect(bytes);
                if let Some(RtspMessage::Request(request)) = dissect_partial(bytes) {
                    assert!(request.url.len() <= MAX_URL && request.method.len() <= MAX_METHOD);
                }
            });
        }
    }

    fn response(text: &str) -> RtspResponse {
        let StreamRead::Read(RtspMessage::Response(response), _) = dissect(text.as_bytes()) else {
            panic!("{text}")
        };
        response
    }
}
