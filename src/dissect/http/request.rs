//! Reads the head of an HTTP/1 request.
//!
//! Comes in: the bytes of a client's side from where a message begins. Goes out: an [`HttpRequest`] (RFC 9112, 2 and 3) and
//! where the next one begins. Of bodies it reads port mappings only; of credentials, the name of their scheme.

use crate::dissect::text_head::{self, Field, Fields, first_line};
use crate::dissect::verdict::{Next, Probe, StreamRead};
use crate::dissect::{DissectReason, MAX_STREAM_HEAD, challenge, url};
use crate::net::bounded;

use super::body::Body;
use super::fields::BodyFields;
use super::port_mapping::{MappingAction, PortMapping};

/// Bytes of a method. The longest registered one has 17 (IANA "HTTP Method Registry").
const MAX_METHOD: usize = 24;
/// Bytes of a request target that are kept.
const MAX_TARGET: usize = 2048;
/// Bytes of a host that are kept: a DNS name, a colon, a port.
const MAX_HOST: usize = 262;
/// Bytes of a User-Agent that are kept.
const MAX_USER_AGENT: usize = 512;

/// The head of an HTTP/1 request, RFC 9112, 3.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HttpRequest {
    /// Method.
    pub method: String,
    /// Request target, as sent but for the user information of a URL (RFC 9110, 4.2.4).
    pub target: String,
    /// `HTTP/1.0` or `HTTP/1.1`.
    pub version: &'static str,
    /// Host field, with the port if there is one.
    pub host: Option<String>,
    /// User-Agent field.
    pub user_agent: Option<String>,
    /// Content-Type field without its parameters.
    pub content_type: Option<String>,
    /// The scheme of the Authorization field, one of a closed list; never what stands behind it.
    pub authorization_scheme: Option<&'static str>,
    /// The Authorization field holds credentials that everybody knows.
    pub has_default_login: bool,
    /// What a UPnP request asks the router for.
    pub port_mapping: Option<Box<PortMapping>>,
}

impl HttpRequest {
    /// Host and port of the Host field (RFC 9110, 7.2); the colons of an IPv6 literal stand in brackets.
    #[must_use]
    pub fn host_and_port(&self) -> Option<(&str, Option<u16>)> {
        let host = self.host.as_deref()?;
        let Some((name, port)) = host.rsplit_once(':') else { return Some((host, None)) };
        if name.contains(':') && !name.ends_with(']') {
            return Some((host, None));
        }
        // The port may be empty (RFC 3986, 3.2.3).
        match port.parse() {
            Ok(port) => Some((name, Some(port))),
            Err(_) if port.is_empty() => Some((name, None)),
            Err(_) => Some((host, None)),
        }
    }

    /// The name that an HTTP resolver is asked for, in clear: `GET /d?dn=<name>` (Tencent DNSPod).
    #[must_use]
    pub fn name_to_resolve(&self) -> Option<&str> {
        let query = self.target.strip_prefix("/d?").filter(|_| self.method == "GET")?;
        let name = query.split('&').find_map(|parameter| parameter.strip_prefix("dn="))?;
        // Several names at once have another answer; without a dot it is encrypted.
        (name.contains('.') && !name.contains(',')).then_some(name)
    }

    /// The host of the Host field, without a port.
    #[must_use]
    pub fn host_name(&self) -> Option<&str> {
        self.host_and_port().map(|(host, _port)| host)
    }
}

/// Looks at the request line (RFC 9112, 3): a method of capitals, a target that looks like one, a version.
///
/// Text protocols begin lines with words in capitals too, so an unknown method counts only with a target that is a
/// path, `*` or a URL. Lower-case methods, which the standard allows, are not in use.
pub(crate) fn probe(head: &[u8]) -> Probe {
    let (head, _empty) = text_head::without_empty_lines(head);
    let is_method = |b: &u8| matches!(b, b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_');
    let length = head.iter().take(MAX_METHOD + 1).take_while(|b| is_method(b)).count();
    let (method, behind) = head.split_at_checked(length).unwrap_or((head, &[]));
    let starts_well = method.first().is_none_or(u8::is_ascii_uppercase);
    if length > MAX_METHOD || !starts_well {
        return Probe::NotForUs;
    }
    let target = match behind {
        [] => return Probe::Unsure,
        [b' ', target @ ..] if length > 0 => target.trim_ascii_start(),
        _ => return Probe::NotForUs,
    };
    if !is_known(method) && !looks_like_target(target) {
        return Probe::NotForUs;
    }
    match first_line(target) {
        None => Probe::Unsure,
        Some((line, _fields)) if version_of(line).is_some() => Probe::Certain,
        Some(_) => Probe::NotForUs,
    }
}

/// Reads a request; as long as it is not whole, this costs one scan for the end of its head, and for a port mapping one
/// look at its fields. [`Next`] counts from the first byte of `bytes`.
pub(crate) fn dissect(bytes: &[u8]) -> StreamRead<HttpRequest> {
    let may_grow = bytes.len() < MAX_STREAM_HEAD;
    match probe(bytes) {
        Probe::NotForUs => return StreamRead::NotForUs,
        Probe::Unsure if may_grow => return StreamRead::NeedMore,
        Probe::Unsure => return StreamRead::NotForUs,
        Probe::Certain => {}
    }
    let (from_line, empty) = text_head::without_empty_lines(bytes);
    let Some(length) = text_head::length(from_line) else {
        return match read_lines(from_line) {
            _ if may_grow => StreamRead::NeedMore,
            Some(reading) => StreamRead::Read(reading.request, Next::AnySegment),
            None => StreamRead::Malformed(DissectReason::TooLarge),
        };
    };
    let (head, behind) = from_line.split_at_checked(length).unwrap_or((from_line, &[]));
    let Some(mut reading) = read_lines(head) else {
        return StreamRead::Malformed(DissectReason::Malformed);
    };
    let body = reading.body(behind);
    if reading.action.is_some() && !body.is_whole && may_grow {
        return StreamRead::NeedMore;
    }
    reading.read_mapping(&body);
    let next = match body.length {
        // What follows is of another protocol (RFC 9110, 9.3.6; RFC 6455, 1.3). Other upgrades are offers that servers
        // mostly do not take up.
        _ if reading.request.method == "CONNECT" || reading.to_websocket => Next::Nothing,
        Some(body) => Next::After(empty.saturating_add(length).saturating_add(body)),
        None => Next::AnySegment,
    };
    StreamRead::Read(reading.request, next)
}

/// Reads what is there of a head that will not become longer: nothing, unless the request line is whole.
pub(crate) fn dissect_partial(bytes: &[u8]) -> Option<HttpRequest> {
    let (from_line, _empty) = text_head::without_empty_lines(bytes);
    match probe(from_line) {
        Probe::Certain => {
            let mut reading = read_lines(from_line)?;
            if let Some(length) = text_head::length(from_line) {
                let body = reading.body(from_line.get(length..).unwrap_or_default());
                reading.read_mapping(&body);
            }
            Some(reading.request)
        }
        Probe::Unsure | Probe::NotForUs => None,
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
    let line = line.trim_ascii_end();
    if line.ends_with(b" HTTP/1.1") {
        Some("HTTP/1.1")
    } else if line.ends_with(b" HTTP/1.0") {
        Some("HTTP/1.0")
    } else {
        None
    }
}

/// A request that is being read.
struct Reading {
    request: HttpRequest,
    body: BodyFields,
    action: Option<MappingAction>,
    to_websocket: bool,
}

/// Reads the lines that are whole. White space inside the target, which RFC 9112, 3.2 forbids, belongs to it; a target
/// with control characters is none.
fn read_lines(head: &[u8]) -> Option<Reading> {
    let (line, fields) = first_line(head)?;
    let version = version_of(line)?;
    let line = line.trim_ascii_end();
    let line = line.get(..line.len().checked_sub(version.len() + 1)?)?;
    let space = line.iter().position(|&b| b == b' ')?;
    let (method, target) = line.split_at_checked(space)?;
    let target = target.trim_ascii();
    if target.is_empty() || target.iter().any(u8::is_ascii_control) {
        return None;
    }
    let mut reading = Reading {
        request: HttpRequest {
            method: bounded(method, MAX_METHOD),
            target: url::without_secrets(url::without_user(target, MAX_TARGET)),
            version,
            ..HttpRequest::default()
        },
        body: BodyFields::default(),
        action: None,
        to_websocket: false,
    };
    Fields::new(fields).for_each(|field| reading.take(&field));
    Some(reading.finish())
}

impl Reading {
    /// Keeps a field that matters.
    fn take(&mut self, field: &Field<'_>) {
        let request = &mut self.request;
        if field.is("host") {
            // No host holds a zero byte, and servers that keep their texts in C end it there.
            let host = field.value.split(|byte| *byte == 0).next().unwrap_or_default();
            if request.host.is_none() && !host.is_empty() {
                request.host = Some(bounded(host, MAX_HOST));
            }
        } else if field.is("user-agent") {
            field.keep(&mut request.user_agent, MAX_USER_AGENT);
        } else if field.is("authorization") {
            request.authorization_scheme =
                request.authorization_scheme.or_else(|| challenge::scheme(&field.value));
            request.has_default_login |= challenge::is_default_login(&field.value);
        } else if field.is("upgrade") {
            self.to_websocket |= field.value.eq_ignore_ascii_case(b"websocket");
        } else if field.is("soapaction") {
            self.action = self.action.or_else(|| MappingAction::of_field(&field.value));
        } else {
            self.body.take(field);
        }
    }

    /// Takes the host from the target where no field names it.
    fn finish(mut self) -> Self {
        let request = &mut self.request;
        if request.host.is_none() {
            let host = if request.method == "CONNECT" {
                Some(request.target.as_str())
            } else {
                url::authority(&request.target)
                    .filter(|(scheme, _host)| {
                        ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
                    })
                    .map(|(_scheme, host)| host)
            };
            request.host =
                host.filter(|host| !host.is_empty()).map(|host| bounded(host.as_bytes(), MAX_HOST));
        }
        request.content_type.clone_from(&self.body.media_type);
        self
    }

    /// The body; a request has one only when its fields say so (RFC 9112, 6.3).
    fn body<'a>(&self, behind: &'a [u8]) -> Body<'a> {
        match self.body.length {
            None if !self.body.chunked => Body::NONE,
            None | Some(_) => Body::read(&self.body, behind),
        }
    }

    /// Reads the arguments of a port mapping.
    fn read_mapping(&mut self, body: &Body<'_>) {
        self.request.port_mapping =
            self.action.map(|action| Box::new(PortMapping::read(action, &body.content)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    const POST: &[u8] = b"POST /sdk.post HTTP/1.1\r\nAccept: */*\r\nhOST:  backupserver:8080 \r\n\
        User-Agent: curl/7\r\nContent-Length: 3\r\n\r\nabc";

    #[test]
    fn the_name_that_is_asked_for_over_http_is_told() {
        let asked = |method: &str, target: &str| {
            let (method, target) = (method.to_owned(), target.to_owned());
            let request = HttpRequest { method, target, ..HttpRequest::default() };
            request.name_to_resolve().map(str::to_owned)
        };

        let name = Some("dev.ezvizlife.com".to_owned());
        assert_eq!(asked("GET", "/d?dn=dev.ezvizlife.com"), name);
        assert_eq!(asked("GET", "/d?ttl=1&dn=dev.ezvizlife.com&ip=192.0.2.1"), name);
        for target in
            ["/d?dn=a.example,b.example", "/d?dn=0f3a", "/d?ip=192.0.2.1", "/dn=a.example", "/"]
        {
            assert_eq!(asked("GET", target), None, "{target}");
        }
        assert_eq!(asked("POST", "/d?dn=dev.ezvizlife.com"), None);
    }

    #[test]
    fn a_port_is_split_from_the_host_and_from_nothing_else() {
        for (field, host, port) in [
            ("camera.example:8080", "camera.example", Some(8080)),
            ("camera.example", "camera.example", None),
            ("camera.example:", "camera.example", None),
            ("[2001:db8::1]:80", "[2001:db8::1]", Some(80)),
            ("[2001:db8::1]", "[2001:db8::1]", None),
            ("2001:db8::1", "2001:db8::1", None),
            ("camera:port", "camera:port", None),
        ] {
            let request = HttpRequest { host: Some(field.into()), ..HttpRequest::default() };
            assert_eq!(request.host_and_port(), Some((host, port)));
        }
    }

    #[test]
    fn a_request_gives_its_line_host_and_user_agent() {
        let expected = HttpRequest {
            method: "POST".into(),
            target: "/sdk.post".into(),
            version: "HTTP/1.1",
            host: Some("backupserver:8080".into()),
            user_agent: Some("curl/7".into()),
            ..HttpRequest::default()
        };

        assert_eq!(read(POST), expected);
        assert_eq!(read(&[b"\r\n", POST].concat()), expected);
    }

    #[test]
    fn a_host_ends_at_a_zero_byte() {
        let host =
            |host: &[u8]| read(&[b"GET / HTTP/1.1\r\nHost: ", host, b"\r\n\r\n"].concat()).host;

        assert_eq!(host(b"a.example\0.b.example"), Some("a.example".into()));
        assert_eq!(host(b"\0a.example"), None);
    }

    #[test]
    fn a_cut_head_needs_more_at_every_cut() {
        let end = POST.len() - b"\nabc".len();
        for head in [POST, &[b"\r\n\r\n", POST].concat()] {
            for cut in 0..end {
                assert_eq!(dissect(&head[..cut]), StreamRead::NeedMore, "cut at {cut}");
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
    fn the_next_request_begins_behind_the_body() {
        let next = |head: &str| {
            let read = dissect(head.as_bytes());
            let StreamRead::Read(_, next) = read else { panic!("{read:?}") };
            next
        };
        let chunked = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";

        assert_eq!(next("GET / HTTP/1.1\r\n\r\nGET"), Next::After(18));
        assert_eq!(next("\r\nGET / HTTP/1.1\r\n\r\nGET"), Next::After(20));
        assert_eq!(next("PUT / HTTP/1.1\r\nContent-Length: 900\r\n\r\nx"), Next::After(939));
        assert_eq!(next(&format!("{chunked}3\r\nabc\r\n")), Next::AnySegment);
        let whole = format!("{chunked}3\r\nabc\r\n0\r\n\r\n");
        assert_eq!(next(&whole), Next::After(whole.len()));
        assert_eq!(next("CONNECT a.example:443 HTTP/1.1\r\n\r\n"), Next::Nothing);
        assert_eq!(next("GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"), Next::Nothing);
        assert_eq!(next("GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n"), Next::After(32));
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
    fn no_secret_is_kept() {
        let request = read(
            b"GET http://user:pass@a.example/ HTTP/1.1\r\nAuthorization: Basic dXNlcjpwYXNz\r\n\
              Cookie: session=1\r\n\r\n",
        );

        assert_eq!(request.target, "http://a.example/");
        assert_eq!(request.authorization_scheme, Some("Basic"));
        assert_eq!(
            read(b"GET / HTTP/1.1\r\nAuthorization: token\r\n\r\n").authorization_scheme,
            None
        );
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
            assert_eq!(dissect(head.as_bytes()), StreamRead::NotForUs, "{head:?}");
            assert_eq!(dissect_partial(head.as_bytes()), None, "{head:?}");
        }
    }

    #[test]
    fn an_unknown_method_counts_with_a_path() {
        assert_eq!(read(b"RPC_IN_DATA /rpc HTTP/1.1\r\nHost: a\r\n\r\n").method, "RPC_IN_DATA");
        assert_eq!(dissect(b"PROPFIND ht"), StreamRead::NeedMore);
    }

    #[test]
    fn odd_heads_are_read() {
        let folded =
            read(b"GET /a b  HTTP/1.1 \nHost : a.example\nUser-Agent: one\n\ttwo\n\n\xff\x00");

        assert_eq!(folded.target, "/a b");
        assert_eq!(folded.host.as_deref(), Some("a.example"));
        assert_eq!(folded.user_agent.as_deref(), Some("one two"));
    }

    #[test]
    fn too_many_fields_hide_neither_the_line_nor_an_early_host() {
        let mut head = b"GET / HTTP/1.1\r\nHost: a.example\r\n".to_vec();
        for _ in 0..1000 {
            head.extend_from_slice(b"X: y\r\n");
        }
        head.extend_from_slice(b"\r\n");

        assert_eq!(read(&head).host.as_deref(), Some("a.example"));
    }

    #[test]
    fn a_target_with_control_characters_is_malformed() {
        let bad = StreamRead::Malformed(DissectReason::Malformed);

        assert_eq!(dissect(b"GET /a\x01b HTTP/1.1\r\n\r\n"), bad);
    }

    #[test]
    fn a_port_mapping_is_awaited_and_read() {
        // Our own construction from the argument names of the standard.
        let body = "<s:Envelope><s:Body><u:AddPortMapping><NewExternalPort>8000</NewExternalPort>\
            </u:AddPortMapping></s:Body></s:Envelope>";
        let head = format!(
            "POST /ctl HTTP/1.1\r\nHost: 192.0.2.1\r\nSOAPAction: \
             \"urn:schemas-upnp-org:service:WANIPConnection:1#AddPortMapping\"\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        let whole = format!("{head}{body}");

        let mapping = read(whole.as_bytes()).port_mapping.unwrap();
        assert_eq!(mapping.external_port, Some(8000));
        for cut in head.len()..whole.len() {
            assert_eq!(dissect(&whole.as_bytes()[..cut]), StreamRead::NeedMore);
        }
        let cut = dissect_partial(&whole.as_bytes()[..whole.len() - 9]).unwrap();
        assert_eq!(cut.port_mapping, Some(mapping));
    }

    #[test]
    fn a_full_head_is_answered_in_any_case() {
        let long = |start: &str| {
            let mut head = start.as_bytes().to_vec();
            head.resize(MAX_STREAM_HEAD, b'a');
            dissect(&head)
        };

        let read = long("GET / HTTP/1.1\r\nHost: a.example\r\nCookie: ");
        assert!(matches!(read, StreamRead::Read(r, Next::AnySegment) if r.host.is_some()));
        assert_eq!(long("GET /"), StreamRead::NotForUs);
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
        let StreamRead::Read(request, _) = dissect(head) else { return None };
        Some(request)
    }
}
