//! Reads the head of the HTTP/1 request that opens a stream.
//!
//! Comes in: the first bytes of the client's side. Goes out: an [`HttpRequest`] (RFC 9112, 2 and 3). It reads neither
//! bodies nor later requests, and leaves what only resembles HTTP (RTSP, SIP, HTTP/2) alone.

use crate::net::bounded;

use super::{AppProtocol, DissectReason, HttpRequest, MAX_STREAM_HEAD, Message, StreamVerdict};

/// Fields that are read with full checks; a head with more is read line by line.
const MAX_FIELDS: usize = 64;
/// Lines of a head that are looked at one by one: guards against thousands of empty fields.
const MAX_LINES: usize = 256;
/// Bytes of a method. The longest registered one has 17 (IANA "HTTP Method Registry").
const MAX_METHOD: usize = 24;
/// Bytes of a request target that are kept.
const MAX_TARGET: usize = 2048;
/// Bytes of a host that are kept: a DNS name, a colon, a port.
const MAX_HOST: usize = 262;
/// Bytes of a User-Agent that are kept.
const MAX_USER_AGENT: usize = 512;
/// Empty lines before the request line that are passed over (RFC 9112, 2.2).
const MAX_LEADING_EMPTY_LINES: usize = 2;

/// Reads a head; as long as it is not whole, this costs one scan for its end.
pub(crate) fn dissect(head: &[u8]) -> StreamVerdict {
    let malformed = |reason| StreamVerdict::malformed(AppProtocol::Http, reason);
    let head_of_request = without_empty_lines(head);
    match probe(head_of_request) {
        Probe::NotForUs => return StreamVerdict::NotForUs,
        Probe::Unsure if head.len() < MAX_STREAM_HEAD => return StreamVerdict::NeedMore,
        Probe::Unsure => return StreamVerdict::NotForUs,
        Probe::Certain => {}
    }
    if is_whole(head_of_request) {
        return match read_checked(head_of_request) {
            Ok(request) => StreamVerdict::Read(Message::Http(request)),
            Err(reason) => malformed(reason),
        };
    }
    if head.len() < MAX_STREAM_HEAD {
        return StreamVerdict::NeedMore;
    }
    match read_lines(head_of_request) {
        Some(request) => StreamVerdict::Read(Message::Http(request)),
        None => malformed(DissectReason::TooLarge),
    }
}

/// Reads what is there of a head that will not become longer: nothing, unless the request line is whole.
pub(crate) fn dissect_partial(head: &[u8]) -> Option<HttpRequest> {
    let head = without_empty_lines(head);
    match probe(head) {
        Probe::Certain => read_lines(head),
        Probe::Unsure | Probe::NotForUs => None,
    }
}

/// What the request line says.
enum Probe {
    /// It is whole, and of HTTP/1.
    Certain,
    /// It is not whole, and could become one.
    Unsure,
    /// It is something else.
    NotForUs,
}

/// Looks at the request line (RFC 9112, 3): a method of capitals, a target that looks like one, a version.
///
/// Text protocols begin lines with words in capitals too, so an unknown method counts only with a target that is a
/// path, `*` or a URL. Lower-case methods, which the standard allows, are not in use.
fn probe(head: &[u8]) -> Probe {
    let is_method = |b: &u8| matches!(b, b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_');
    let length = head.iter().take(MAX_METHOD + 1).take_while(|b| is_method(b)).count();
    let (method, behind) = head.split_at_checked(length).unwrap_or((head, &[]));
    let starts_well = method.first().is_none_or(u8::is_ascii_uppercase);
    if length > MAX_METHOD || !starts_well {
        return Probe::NotForUs;
    }
    let target = match behind {
        [] => return Probe::Unsure,
        [b' ', target @ ..] if length > 0 => target,
        _ => return Probe::NotForUs,
    };
    if !is_known(method) && !looks_like_target(target) {
        return Probe::NotForUs;
    }
    match first_line(target) {
        None => Probe::Unsure,
        Some(line) if version_of(line).is_some() => Probe::Certain,
        Some(_) => Probe::NotForUs,
    }
}

/// The methods that HTTP clients use, and the two of UPnP that are carried over TCP.
fn is_known(method: &[u8]) -> bool {
    const KNOWN: [&[u8]; 11] = [
        b"GET",
        b"POST",
        b"HEAD",
        b"PUT",
        b"DELETE",
        b"OPTIONS",
        b"PATCH",
        b"CONNECT",
        b"TRACE",
        b"SUBSCRIBE",
        b"NOTIFY",
    ];
    KNOWN.contains(&method)
}

/// Tells whether a target begins as a path, as `*` or as a URL, as far as it is there.
fn looks_like_target(target: &[u8]) -> bool {
    let url = target.iter().zip(b"http").all(|(a, b)| a.eq_ignore_ascii_case(b));
    matches!(target, [] | [b'/' | b'*', ..]) || url
}

/// The version at the end of a request line.
fn version_of(line: &[u8]) -> Option<&'static str> {
    if line.ends_with(b" HTTP/1.1") {
        Some("HTTP/1.1")
    } else if line.ends_with(b" HTTP/1.0") {
        Some("HTTP/1.0")
    } else {
        None
    }
}

/// The first line without its end, if the end has arrived; a lone line feed ends one too (RFC 9112, 2.2).
fn first_line(head: &[u8]) -> Option<&[u8]> {
    let end = head.iter().position(|&b| b == b'\n')?;
    let line = head.get(..end)?;
    Some(line.strip_suffix(b"\r").unwrap_or(line))
}

/// The head from its request line on.
fn without_empty_lines(head: &[u8]) -> &[u8] {
    let mut rest = head;
    for _ in 0..MAX_LEADING_EMPTY_LINES {
        rest = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")).unwrap_or(rest);
    }
    // The first half of an empty line.
    if rest == b"\r" { &[] } else { rest }
}

/// Tells whether the empty line behind the fields is there, without reading them.
fn is_whole(head: &[u8]) -> bool {
    let mut rest = head;
    while let Some(end) = rest.iter().position(|&b| b == b'\n') {
        rest = rest.get(end + 1..).unwrap_or_default();
        if matches!(rest, [b'\n', ..] | [b'\r', b'\n', ..]) {
            return true;
        }
    }
    false
}

/// Reads a whole head and holds it to the standard.
fn read_checked(head: &[u8]) -> Result<HttpRequest, DissectReason> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut parsed = httparse::Request::new(&mut fields);
    let mut config = httparse::ParserConfig::default();
    // One odd field does not make the host unreadable.
    config.ignore_invalid_headers_in_requests(true);
    match config.parse_request(&mut parsed, head) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) => return Err(DissectReason::Truncated),
        Err(httparse::Error::TooManyHeaders) => {
            return read_lines(head).ok_or(DissectReason::TooLarge);
        }
        Err(_) => return Err(DissectReason::Malformed),
    }
    let version = match parsed.version {
        Some(1) => "HTTP/1.1",
        _ => "HTTP/1.0",
    };
    let mut request = Request::new(
        parsed.method.unwrap_or_default().as_bytes(),
        parsed.path.unwrap_or_default().as_bytes(),
        version,
    );
    for field in parsed.headers.iter() {
        request.take_field(field.name.as_bytes(), field.value);
    }
    Ok(request.finish())
}

/// Reads the lines that are whole, with few questions: for heads that are cut or have too many fields.
fn read_lines(head: &[u8]) -> Option<HttpRequest> {
    let line = first_line(head)?;
    let version = version_of(line)?;
    let line = line.get(..line.len().checked_sub(version.len() + 1)?)?;
    let space = line.iter().position(|&b| b == b' ')?;
    let (method, target) = (line.get(..space)?, line.get(space + 1..)?);
    if target.is_empty() || target.iter().any(|b| *b <= b' ' || *b == 0x7f) {
        return None;
    }

    let mut request = Request::new(method, target, version);
    let end = head.iter().rposition(|&b| b == b'\n')?;
    let fields = head.get(..end)?.split(|&b| b == b'\n').skip(1).take(MAX_LINES);
    for line in fields {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        if let Some(colon) = line.iter().position(|&b| b == b':') {
            let (name, value) = line.split_at_checked(colon)?;
            request.take_field(name, value.get(1..)?);
        }
    }
    Some(request.finish())
}

/// A request whose fields are being read.
struct Request(HttpRequest);

impl Request {
    /// Begins with the request line.
    fn new(method: &[u8], target: &[u8], version: &'static str) -> Self {
        Self(HttpRequest {
            method: bounded(method, MAX_METHOD),
            target: bounded(target, MAX_TARGET),
            version,
            host: None,
            user_agent: None,
        })
    }

    /// Keeps a field that matters; of repeated ones the first that is not empty.
    fn take_field(&mut self, name: &[u8], value: &[u8]) {
        let (kept, max) = if name.eq_ignore_ascii_case(b"host") {
            (&mut self.0.host, MAX_HOST)
        } else if name.eq_ignore_ascii_case(b"user-agent") {
            (&mut self.0.user_agent, MAX_USER_AGENT)
        } else {
            return;
        };
        let value = value.trim_ascii();
        if kept.is_none() && !value.is_empty() {
            *kept = Some(bounded(value, max));
        }
    }

    /// Takes the host from the target where no field names it.
    fn finish(mut self) -> HttpRequest {
        if self.0.host.is_none() {
            let authority = if self.0.method == "CONNECT" {
                Some(self.0.target.as_str())
            } else {
                authority_of(&self.0.target)
            };
            self.0.host = authority
                .filter(|host| !host.is_empty())
                .map(|host| bounded(host.as_bytes(), MAX_HOST));
        }
        self.0
    }
}

/// Host and port of a target in absolute form (RFC 9112, 3.2.2), without user information (RFC 3986, 3.2).
fn authority_of(target: &str) -> Option<&str> {
    let (scheme, rest) = target.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next()?;
    Some(authority.rsplit_once('@').map_or(authority, |(_user, host)| host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    const POST: &[u8] = b"POST /sdk.post HTTP/1.1\r\nAccept: */*\r\nhOST:  backupserver:8080 \r\n\
        User-Agent: curl/7\r\nContent-Length: 3\r\n\r\nabc";

    #[test]
    fn a_request_gives_its_line_host_and_user_agent() {
        let expected = HttpRequest {
            method: "POST".into(),
            target: "/sdk.post".into(),
            version: "HTTP/1.1",
            host: Some("backupserver:8080".into()),
            user_agent: Some("curl/7".into()),
        };

        assert_eq!(read(POST), expected);
        assert_eq!(read(&[b"\r\n", POST].concat()), expected);
    }

    #[test]
    fn a_cut_head_needs_more_at_every_cut() {
        let end = POST.len() - b"\nabc".len();
        for head in [POST, &[b"\r\n\r\n", POST].concat()] {
            for cut in 0..end {
                assert_eq!(dissect(&head[..cut]), StreamVerdict::NeedMore, "cut at {cut}");
            }
        }
    }

    #[test]
    fn a_cut_head_gives_the_lines_that_are_whole() {
        let upto = |text: &[u8]| {
            let at = POST.windows(text.len()).position(|window| window == text).unwrap();
            dissect_partial(&POST[..at])
        };

        assert_eq!(upto(b"\r\nAccept"), None);
        assert_eq!(upto(b"\r\nUser").and_then(|request| request.host), None);
        assert_eq!(upto(b"User").and_then(|r| r.host), Some("backupserver:8080".into()));
        assert_eq!(upto(b"7\r\n").and_then(|r| r.user_agent), None);
        assert_eq!(dissect_partial(POST), Some(read(POST)));
    }

    #[test]
    fn the_absolute_form_names_the_host_only_where_the_field_does_not() {
        let host = |head: &str| read(head.as_bytes()).host;

        assert_eq!(
            host("GET http://u:p@a.example:81/x HTTP/1.0\r\n\r\n"),
            Some("a.example:81".into())
        );
        assert_eq!(
            host("GET http://a.example/ HTTP/1.1\r\nHost: b.example\r\n\r\n"),
            Some("b.example".into())
        );
        assert_eq!(host("CONNECT a.example:443 HTTP/1.1\r\n\r\n"), Some("a.example:443".into()));
        assert_eq!(host("GET /http://a.example HTTP/1.0\r\nHost:\r\n\r\n"), None);
    }

    #[test]
    fn protocols_that_only_resemble_http_are_not_for_us() {
        for head in [
            "OPTIONS rtsp://192.0.2.1/ RTSP/1.0\r\n",
            "DESCRIBE rtsp://192.0.2.1/ RTSP/1.0\r\n",
            "OPTIONS sip:a@b SIP/2.0\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "HTTP/1.1 200 OK\r\n",
            "GET /index.html\r\n",
            "EHLO mail.example\r\n",
            "USER guest\r\n",
            "QUIT\r\n",
            "SSH-2.0-OpenSSH_9.6\r\n",
            "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
            " GET / HTTP/1.1\r\n",
            "\0\0\0",
            "9",
        ] {
            assert_eq!(dissect(head.as_bytes()), StreamVerdict::NotForUs, "{head:?}");
            assert_eq!(dissect_partial(head.as_bytes()), None, "{head:?}");
        }
    }

    #[test]
    fn an_unknown_method_counts_with_a_path() {
        assert_eq!(read(b"RPC_IN_DATA /rpc HTTP/1.1\r\nHost: a\r\n\r\n").method, "RPC_IN_DATA");
        assert_eq!(dissect(b"PROPFIND ht"), StreamVerdict::NeedMore);
    }

    #[test]
    fn too_many_fields_hide_neither_the_line_nor_an_early_host() {
        let mut head = b"GET / HTTP/1.1\r\nHost: a.example\r\n".to_vec();
        for _ in 0..100 {
            head.extend_from_slice(b"X: y\r\n");
        }
        head.extend_from_slice(b"\r\n");

        assert_eq!(read(&head).host.as_deref(), Some("a.example"));
    }

    #[test]
    fn a_target_with_control_characters_is_malformed() {
        let bad = StreamVerdict::malformed(AppProtocol::Http, DissectReason::Malformed);

        assert_eq!(dissect(b"GET /a\x01b HTTP/1.1\r\n\r\n"), bad);
    }

    #[test]
    fn a_full_head_is_answered_in_any_case() {
        let long = |start: &str| {
            let mut head = start.as_bytes().to_vec();
            head.resize(MAX_STREAM_HEAD, b'a');
            dissect(&head)
        };

        let verdict = long("GET / HTTP/1.1\r\nHost: a.example\r\nCookie: ");
        assert!(matches!(verdict, StreamVerdict::Read(Message::Http(r)) if r.host.is_some()));
        assert_eq!(long("GET /"), StreamVerdict::NotForUs);
    }

    #[test]
    fn texts_stay_within_their_bounds() {
        let long = "a".repeat(5000);
        let head = format!("GET /{long} HTTP/1.1\r\nHost: {long}\r\nUser-Agent: {long}\r\n\r\n");
        let request = read(head.as_bytes());

        assert_eq!(request.target.len(), MAX_TARGET);
        assert_eq!(request.host.map(|host| host.len()), Some(MAX_HOST));
        assert_eq!(request.user_agent.map(|agent| agent.len()), Some(MAX_USER_AGENT));
    }

    #[test]
    fn damaged_requests_stay_within_the_bounds() {
        for_each_mutant(POST, |bytes| {
            let read = whole(bytes);
            for request in read.into_iter().chain(dissect_partial(bytes)) {
                assert!(request.method.len() <= MAX_METHOD && request.target.len() <= MAX_TARGET);
                assert!(request.host.is_none_or(|host| host.len() <= MAX_HOST));
            }
        });
    }

    fn read(head: &[u8]) -> HttpRequest {
        whole(head).unwrap()
    }

    fn whole(head: &[u8]) -> Option<HttpRequest> {
        let StreamVerdict::Read(Message::Http(request)) = dissect(head) else { return None };
        Some(request)
    }
}
