//! Reads the head of an HTTP/1 response, and what a small body says about the device.
//!
//! Comes in: the bytes of a server's side from where a message begins. Goes out: an [`HttpResponse`] (RFC 9112, 4) and where
//! the next one begins. Whether HEAD was asked is told by who keeps the requests; where it is not known, by the response that
//! follows a head at once.

use crate::dissect::text_head::{self, Field, Fields, StatusLine, first_line};
use crate::dissect::verdict::{Next, Probe, StreamRead};
use crate::dissect::{DissectReason, MAX_STREAM_HEAD, challenge, url};

use super::address_list::{AddressList, MAX_LIST};
use super::body::Body;
use super::description::{self, Description, IsapiDevice, Promise, UpnpDevice};
use super::fields::BodyFields;
use super::title;

/// Bytes of a Server field that are kept.
const MAX_SERVER: usize = 256;
/// Bytes of a Location field that are kept.
const MAX_LOCATION: usize = 2048;
/// What every response begins with; the minor version follows.
const START: &[u8] = b"HTTP/1.";

/// The head of an HTTP/1 response, RFC 9112, 4.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HttpResponse {
    /// Status code.
    pub status: u16,
    /// `HTTP/1.0` or `HTTP/1.1`.
    pub version: &'static str,
    /// Server field.
    pub server: Option<String>,
    /// The scheme of the first challenge in WWW-Authenticate, one of a closed list.
    pub auth_scheme: Option<&'static str>,
    /// The realm of the first challenge that has one (RFC 9110, 11.5).
    pub realm: Option<String>,
    /// Content-Type field without its parameters.
    pub content_type: Option<String>,
    /// Content-Length field, in bytes.
    pub content_length: Option<u64>,
    /// Location field without user information.
    pub location: Option<String>,
    /// The title of an HTML page, if it stands in its first 4 KiB.
    pub title: Option<String>,
    /// The device that a UPnP description names.
    pub upnp_device: Option<Box<UpnpDevice>>,
    /// The device that an ISAPI answer names.
    pub isapi_device: Option<Box<IsapiDevice>>,
    /// The addresses that the body lists, where it is nothing else.
    pub addresses: Option<Box<AddressList>>,
}

/// Looks at the status line (RFC 9112, 4).
pub(crate) fn probe(head: &[u8]) -> Probe {
    let (head, _empty) = text_head::without_empty_lines(head);
    if head.iter().zip(START).any(|(a, b)| a != b) {
        return Probe::NotForUs;
    }
    match first_line(head) {
        None => Probe::Unsure,
        Some((line, _fields)) if status_of(line).is_some() => Probe::Certain,
        Some(_) => Probe::NotForUs,
    }
}

/// Reads a response; as long as its head is not whole, this costs one scan for its end, then at most one look at the first
/// 4 KiB of a page or at the first element of an XML document. [`Next`] counts from the first byte of `bytes`.
pub(crate) fn dissect(bytes: &[u8], without_body: bool) -> StreamRead<HttpResponse> {
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
            Some(reading) => StreamRead::Read(reading.response, Next::AnySegment),
            None => StreamRead::Malformed(DissectReason::TooLarge),
        };
    };
    let (head, behind) = from_line.split_at_checked(length).unwrap_or((from_line, &[]));
    let Some(mut reading) = read_lines(head) else {
        return StreamRead::Malformed(DissectReason::Malformed);
    };
    let body = reading.body(behind, without_body);
    if may_grow && reading.wants_more(&body) {
        return StreamRead::NeedMore;
    }
    reading.read_body(&body.content);
    let next = match body.length {
        // Another protocol follows (RFC 9110, 15.2.2).
        _ if reading.response.status == 101 => Next::Nothing,
        Some(body) => Next::After(empty.saturating_add(length).saturating_add(body)),
        None => Next::AnySegment,
    };
    StreamRead::Read(reading.response, next)
}

/// Reads what is there of a response that will not become longer: nothing, unless the status line is whole.
pub(crate) fn dissect_partial(bytes: &[u8], without_body: bool) -> Option<HttpResponse> {
    let (from_line, _empty) = text_head::without_empty_lines(bytes);
    match probe(from_line) {
        Probe::Certain => {
            let mut reading = read_lines(from_line)?;
            if let Some(length) = text_head::length(from_line) {
                let behind = from_line.get(length..).unwrap_or_default();
                let body = reading.body(behind, without_body);
                reading.read_body(&body.content);
            }
            Some(reading.response)
        }
        Probe::Unsure | Probe::NotForUs => None,
    }
}

/// Version and status of a status line.
fn status_of(line: &[u8]) -> Option<(&'static str, u16)> {
    let line = StatusLine::read(line)?;
    match line.version {
        b"HTTP/1.1" => Some(("HTTP/1.1", line.status)),
        b"HTTP/1.0" => Some(("HTTP/1.0", line.status)),
        _ => None,
    }
}

/// A response that is being read.
struct Reading {
    response: HttpResponse,
    body: BodyFields,
}

/// Reads the lines that are whole.
fn read_lines(head: &[u8]) -> Option<Reading> {
    let (line, fields) = first_line(head)?;
    let (version, status) = status_of(line)?;
    let response = HttpResponse { version, status, ..HttpResponse::default() };
    let mut reading = Reading { response, body: BodyFields::default() };
    Fields::new(fields).for_each(|field| reading.take(&field));
    let length = reading.body.length.filter(|_| !reading.body.chunked);
    reading.response.content_length = length.and_then(|length| u64::try_from(length).ok());
    reading.response.content_type.clone_from(&reading.body.media_type);
    Some(reading)
}

impl Reading {
    /// Keeps a field that matters.
    fn take(&mut self, field: &Field<'_>) {
        let response = &mut self.response;
        if field.is("server") {
            field.keep(&mut response.server, MAX_SERVER);
        } else if field.is("www-authenticate") {
            response.auth_scheme = response.auth_scheme.or_else(|| challenge::scheme(&field.value));
            response.realm = response.realm.take().or_else(|| challenge::realm(&field.value));
        } else if field.is("location") {
            if response.location.is_none() && !field.value.is_empty() {
                response.location =
                    Some(url::without_secrets(url::without_user(&field.value, MAX_LOCATION)));
            }
        } else {
            self.body.take(field);
        }
    }

    /// The body (RFC 9112, 6.3).
    fn body<'a>(&self, behind: &'a [u8], without_body: bool) -> Body<'a> {
        let has_none = without_body || matches!(self.response.status, 100..=199 | 204 | 304);
        // So does an answer to a HEAD that was not seen.
        if has_none || behind.starts_with(START) {
            return Body::NONE;
        }
        Body::read(&self.body, behind)
    }

    /// Tells whether what is still to come of the body may say something about the device.
    fn wants_more(&self, body: &Body<'_>) -> bool {
        let content = &*body.content;
        if body.is_whole {
            false
        } else if self.body.is_html() {
            content.len() < title::WINDOW && title::title(content).is_none()
        } else if self.body.is_xml() {
            match description::promise(content) {
                Promise::Unknown => true,
                Promise::Description => !description::is_closed(content),
                Promise::Nothing => false,
            }
        } else {
            self.is_short_text() && AddressList::may_begin(content)
        }
    }

    /// Tells whether the body is so short, and of such a kind, that it may be a list of addresses.
    fn is_short_text(&self) -> bool {
        self.response.status == 200
            && self.body.may_be_plain()
            && self.body.length.is_some_and(|length| length <= MAX_LIST)
    }

    /// Reads what the body says about the device.
    fn read_body(&mut self, content: &[u8]) {
        if self.response.status == 200 && (self.body.is_html() || self.body.may_be_plain()) {
            self.response.addresses = AddressList::read(content);
        }
        if self.body.is_html() {
            self.response.title = title::title(content);
        } else if self.body.is_xml() {
            match description::read(content) {
                Some(Description::Upnp(device)) => self.response.upnp_device = Some(device),
                Some(Description::Isapi(device)) => self.response.isapi_device = Some(device),
                None => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    fn dissect(bytes: &[u8]) -> StreamRead<HttpResponse> {
        super::dissect(bytes, false)
    }

    fn dissect_partial(bytes: &[u8]) -> Option<HttpResponse> {
        super::dissect_partial(bytes, false)
    }

    // Our own construction; server and realm are those that public scanners look for.
    const UNAUTHORIZED: &str = "HTTP/1.1 401 Unauthorized\r\nServer: App-webs/\r\n\
        WWW-Authenticate: Digest qop=\"auth\", realm=\"IP Camera(D4918)\", nonce=\"secret\"\r\n\
        WWW-Authenticate: Basic realm=\"other\"\r\nContent-Type: text/html; charset=utf-8\r\n\
        Content-Length: 57\r\n\r\n<html><head><title>Document Error</title></head>401</html>";

    #[test]
    fn a_response_gives_status_server_realm_and_title() {
        let expected = HttpResponse {
            status: 401,
            version: "HTTP/1.1",
            server: Some("App-webs/".into()),
            auth_scheme: Some("Digest"),
            realm: Some("IP Camera(D4918)".into()),
            content_type: Some("text/html".into()),
            content_length: Some(57),
            title: Some("Document Error".into()),
            ..HttpResponse::default()
        };

        let next = Next::After(UNAUTHORIZED.len() - 1);
        assert_eq!(dissect(UNAUTHORIZED.as_bytes()), StreamRead::Read(expected.clone(), next));
        assert_eq!(dissect_partial(UNAUTHORIZED.as_bytes()), Some(expected));
    }

    #[test]
    fn a_cut_response_needs_more_until_the_title_is_there() {
        let end = UNAUTHORIZED.find("</title").unwrap();
        for cut in 0..end {
            assert_eq!(dissect(&UNAUTHORIZED.as_bytes()[..cut]), StreamRead::NeedMore, "{cut}");
        }
        let cut = dissect_partial(&UNAUTHORIZED.as_bytes()[..end]).unwrap();
        assert_eq!((cut.status, cut.title), (401, None));
    }

    #[test]
    fn the_next_response_begins_behind_the_body() {
        for (head, expected) in [
            ("HTTP/1.1 100 Continue\r\n\r\n", Next::After(25)),
            ("HTTP/1.1 101 Switching Protocols\r\n\r\n", Next::Nothing),
            ("HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n", Next::After(46)),
            ("HTTP/1.1 304 \r\nContent-Length: 9\r\n\r\n", Next::After(36)),
            ("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nx", Next::After(940)),
            ("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nHTTP/1.1 200", Next::After(40)),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab", Next::AnySegment),
            ("HTTP/1.0 200 OK\r\n\r\n", Next::AnySegment),
        ] {
            let StreamRead::Read(_, next) = dissect(head.as_bytes()) else { panic!("{head}") };
            assert_eq!(next, expected, "{head}");
        }
    }

    #[test]
    fn an_answer_to_head_ends_with_its_head() {
        let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 900\r\n\r\n";
        let StreamRead::Read(response, next) = super::dissect(head, true) else { panic!("whole") };

        assert_eq!((response.content_length, next), (Some(900), Next::After(head.len())));
    }

    #[test]
    fn a_description_is_awaited_in_chunks_and_without_an_end() {
        // Our own construction from the published element names.
        let xml = "<?xml version=\"1.0\"?><DeviceInfo><model>DS-2CD2385G1-I</model></DeviceInfo>";
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n";
        let chunked = format!(
            "{head}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{xml}\r\n0\r\n\r\n",
            xml.len()
        );
        let endless = format!("{head}\r\n{xml}");

        for text in [&chunked, &endless] {
            let StreamRead::Read(response, _) = dissect(text.as_bytes()) else { panic!("{text}") };
            let device = response.isapi_device.unwrap();
            assert_eq!(device.model.as_deref(), Some("DS-2CD2385G1-I"));
            let half = text.find("</model>").unwrap();
            assert_eq!(dissect(&text.as_bytes()[..half]), StreamRead::NeedMore);
        }
    }

    #[test]
    fn other_bodies_are_not_awaited() {
        for body in [
            "Content-Type: text/xml\r\nContent-Length: 99\r\n\r\n<rss>",
            "Content-Type: text/html\r\nContent-Encoding: gzip\r\nContent-Length: 99\r\n\r\n",
            "Content-Type: video/mp4\r\nContent-Length: 99\r\n\r\n",
            "Content-Type: text/html\r\nContent-Length: 0\r\n\r\n",
        ] {
            let head = format!("HTTP/1.1 200 OK\r\n{body}");
            assert!(matches!(dissect(head.as_bytes()), StreamRead::Read(..)), "{body}");
        }
    }

    #[test]
    fn a_list_of_addresses_is_read_when_it_is_whole_and_nothing_else() {
        for media in ["Content-Type: text/html\r\n", "Content-Type: text/plain\r\n", ""] {
            let head = format!("HTTP/1.1 200 OK\r\n{media}Content-Length: 19\r\n\r\n");
            let whole = format!("{head}192.0.2.1;192.0.2.2");
            let StreamRead::Read(response, _) = dissect(whole.as_bytes()) else {
                panic!("{media}")
            };

            let list = response.addresses.unwrap();
            assert_eq!((list.addresses.len(), list.ttl), (2, None), "{media}");
            let cut = &whole.as_bytes()[..whole.len() - 4];
            assert_eq!(dissect(cut), StreamRead::NeedMore, "{media}");
        }
        for other in [
            "HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n192.0.2.1",
            "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 9\r\n\r\n192.0.2.1",
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n\r\nI: 192.0.2.1",
        ] {
            let StreamRead::Read(response, _) = dissect(other.as_bytes()) else {
                panic!("{other}")
            };
            assert_eq!(response.addresses, None, "{other}");
        }
    }

    #[test]
    fn a_page_without_a_title_is_not_awaited_for_ever() {
        let mut page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n".to_vec();
        assert_eq!(dissect(&page), StreamRead::NeedMore);

        page.resize(page.len() + title::WINDOW, b' ');
        assert!(
            matches!(dissect(&page), StreamRead::Read(r, Next::AnySegment) if r.title.is_none())
        );
    }

    #[test]
    fn a_location_loses_its_user_information() {
        let head = "HTTP/1.1 302 Found\r\nLocation: http://u:p@a.example/doc/page/login.asp\r\n\
            Content-Length: 0\r\n\r\n";
        let location = dissect_partial(head.as_bytes()).and_then(|response| response.location);

        assert_eq!(location.as_deref(), Some("http://a.example/doc/page/login.asp"));
    }

    #[test]
    fn protocols_that_only_resemble_http_are_not_for_us() {
        for head in [
            "ICY 200 OK\r\n",
            "RTSP/1.0 200 OK\r\n",
            "SIP/2.0 200 OK\r\n",
            "HTTP/2 200\r\n",
            "HTTP/1.1 OK\r\n",
            "GET / HTTP/1.1\r\n",
        ] {
            assert_eq!(dissect(head.as_bytes()), StreamRead::NotForUs, "{head:?}");
        }
    }

    #[test]
    fn a_full_head_is_answered_in_any_case() {
        for start in [
            "HTTP/1.1 200 OK\r\nServer: a\r\nX: ",
            "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<root>",
            "HTTP/1.1 200 ",
        ] {
            let mut head = start.as_bytes().to_vec();
            head.resize(MAX_STREAM_HEAD, b'a');
            assert_ne!(dissect(&head), StreamRead::NeedMore, "{start}");
        }
    }

    #[test]
    fn damaged_responses_stay_within_the_bounds() {
        for_each_mutant(UNAUTHORIZED.as_bytes(), |bytes| {
            let read = match dissect(bytes) {
                StreamRead::Read(response, _) => Some(response),
                StreamRead::NeedMore | StreamRead::NotForUs | StreamRead::Malformed(_) => None,
            };
            for response in read.into_iter().chain(dissect_partial(bytes)) {
                assert!(response.server.is_none_or(|server| server.len() <= MAX_SERVER));
                assert!((100..=999).contains(&response.status));
            }
        });
    }
}
