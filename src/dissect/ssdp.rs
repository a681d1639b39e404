//! Reads a message of the Simple Service Discovery Protocol (UDP 1900).
//!
//! Comes in: the payload of a datagram. Goes out: an [`SsdpMessage`] (UPnP Device Architecture 2.0, 1). It follows no
//! location and reads no body: messages of SSDP have none.

use super::text_head::{Fields, StatusLine, first_line};
use super::verdict::Probe;
use super::{DissectReason, url};

/// Bytes of a field that are kept.
const MAX_TEXT: usize = 256;
/// Bytes in which a first line has to end.
const MAX_FIRST_LINE: usize = 64;
/// Bytes of a location that are kept.
const MAX_LOCATION: usize = 512;

/// A message of SSDP.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SsdpMessage {
    /// What it is.
    pub kind: SsdpKind,
    /// HOST: the group, or the device that is asked.
    pub host: Option<String>,
    /// ST: search target, of searches and responses.
    pub st: Option<String>,
    /// MAN: `"ssdp:discover"`, of searches, without its quotes.
    pub man: Option<String>,
    /// NT: notification type, of notifications.
    pub nt: Option<String>,
    /// NTS: `ssdp:alive`, `ssdp:byebye` or `ssdp:update`, of notifications.
    pub nts: Option<String>,
    /// USN: unique service name.
    pub usn: Option<String>,
    /// LOCATION: where the description is, without user information.
    pub location: Option<String>,
    /// SERVER: operating system, UPnP version and product of a device.
    pub server: Option<String>,
    /// USER-AGENT: the same of a searcher.
    pub user_agent: Option<String>,
}

/// The kinds of messages of SSDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SsdpKind {
    /// M-SEARCH: somebody asks who is there.
    #[default]
    Search,
    /// NOTIFY: a device comes, goes or changes.
    Notify,
    /// A device answers a search.
    Response,
}

/// Looks at the first line. A response looks like one of HTTP, which is not carried in datagrams.
pub(crate) fn probe(payload: &[u8]) -> Probe {
    match first_line(payload.get(..MAX_FIRST_LINE).unwrap_or(payload)) {
        Some((line, _fields)) if kind_of(line).is_some() => Probe::Certain,
        Some(_) | None => Probe::NotForUs,
    }
}

/// Reads a datagram. `Ok(None)`: its first line is of something else, or it is a response that names no service.
///
/// # Errors
/// The datagram begins with a first line of SSDP and holds no field.
pub(crate) fn dissect(payload: &[u8]) -> Result<Option<SsdpMessage>, DissectReason> {
    if probe(payload) != Probe::Certain {
        return Ok(None);
    }
    let Some((line, fields)) = first_line(payload) else { return Ok(None) };
    let Some(kind) = kind_of(line) else { return Ok(None) };
    let mut message = SsdpMessage { kind, ..SsdpMessage::default() };
    let mut count = 0_usize;
    // The empty line at the end is missing in the messages of some senders.
    for field in Fields::new(fields) {
        count += 1;
        let kept = if field.is("host") {
            &mut message.host
        } else if field.is("st") {
            &mut message.st
        } else if field.is("man") {
            &mut message.man
        } else if field.is("nt") {
            &mut message.nt
        } else if field.is("nts") {
            &mut message.nts
        } else if field.is("usn") {
            &mut message.usn
        } else if field.is("server") {
            &mut message.server
        } else if field.is("user-agent") {
            &mut message.user_agent
        } else if field.is("location") {
            if message.location.is_none() && !field.value.is_empty() {
                message.location = Some(url::without_user(&field.value, MAX_LOCATION));
            }
            continue;
        } else {
            continue;
        };
        field.keep(kept, MAX_TEXT);
    }
    if let Some(man) = &mut message.man {
        *man = man.trim_matches('"').to_owned();
    }
    let says_nothing = message.st.is_none() && message.usn.is_none();
    match kind {
        _ if count == 0 => Err(DissectReason::Truncated),
        SsdpKind::Response if says_nothing => Ok(None),
        SsdpKind::Search | SsdpKind::Notify | SsdpKind::Response => Ok(Some(message)),
    }
}

/// The kind that a first line tells (UPnP Device Architecture 2.0, 1.1.2).
fn kind_of(line: &[u8]) -> Option<SsdpKind> {
    let line = line.trim_ascii();
    if let Some(status) = StatusLine::read(line) {
        let is_answer = status.version.starts_with(b"HTTP/1.") && status.status == 200;
        return is_answer.then_some(SsdpKind::Response);
    }
    let mut words = line.split(|&b| b == b' ').filter(|word| !word.is_empty());
    let kind = match words.next()? {
        b"M-SEARCH" => SsdpKind::Search,
        b"NOTIFY" => SsdpKind::Notify,
        _ => return None,
    };
    let is_start = words.next() == Some(b"*")
        && words.next().is_some_and(|version| version.starts_with(b"HTTP/1."))
        && words.next().is_none();
    is_start.then_some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    // Our own construction after UPnP Device Architecture 2.0, 1.2.2.
    const ALIVE: &[u8] = b"NOTIFY * HTTP/1.1\r\nHost: 239.255.255.250:1900\r\nCACHE-CONTROL: max-age=1800\r\n\
        Location: http://u:p@192.0.2.64:49152/upnpdevicedesc.xml\r\nNT: upnp:rootdevice\r\n\
        NTS:ssdp:alive\r\nSERVER: Linux/3.0 UPnP/1.0 example/1\r\nUSN: uuid:1::upnp:rootdevice\r\n\r\n";

    #[test]
    fn a_notification_gives_its_service_and_location() {
        let expected = SsdpMessage {
            kind: SsdpKind::Notify,
            host: Some("239.255.255.250:1900".into()),
            nt: Some("upnp:rootdevice".into()),
            nts: Some("ssdp:alive".into()),
            usn: Some("uuid:1::upnp:rootdevice".into()),
            location: Some("http://192.0.2.64:49152/upnpdevicedesc.xml".into()),
            server: Some("Linux/3.0 UPnP/1.0 example/1".into()),
            ..SsdpMessage::default()
        };

        assert_eq!(dissect(ALIVE), Ok(Some(expected.clone())));
        assert_eq!(dissect(&ALIVE[..ALIVE.len() - 2]), Ok(Some(expected)));
    }

    #[test]
    fn a_search_gives_its_target() {
        let text = b"M-SEARCH * HTTP/1.1\r\nHOST:239.255.255.250:1900\r\nMAN:\"ssdp:discover\"\r\n\
            ST:upnp:rootdevice\r\nUSER-AGENT: x/1\r\n\r\n";
        let message = dissect(text).unwrap().unwrap();

        assert_eq!(message.kind, SsdpKind::Search);
        assert_eq!(message.st.as_deref(), Some("upnp:rootdevice"));
        assert_eq!(message.man.as_deref(), Some("ssdp:discover"));
        assert_eq!(message.user_agent.as_deref(), Some("x/1"));
    }

    #[test]
    fn an_answer_is_one_when_it_names_a_service() {
        let text = b"HTTP/1.1 200 OK\r\nST: ssdp:all\r\nUSN: uuid:1\r\n\r\n";

        assert_eq!(dissect(text).unwrap().unwrap().kind, SsdpKind::Response);
        assert_eq!(dissect(b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n"), Ok(None));
        assert_eq!(dissect(b"HTTP/1.1 404 Not Found\r\nST: x\r\n\r\n"), Ok(None));
    }

    #[test]
    fn other_payloads_are_not_for_us() {
        for payload in [
            &b""[..],
            b"\0",
            b"M-SEARCH * HTTP/1.1",
            b"NOTIFY sip:a SIP/2.0\r\n",
            b"GET * HTTP/1.1\r\n",
        ] {
            assert_eq!(dissect(payload), Ok(None), "{payload:?}");
            assert_eq!(probe(payload), Probe::NotForUs);
        }
        assert_eq!(probe(ALIVE), Probe::Certain);
        assert_eq!(dissect(b"NOTIFY * HTTP/1.1\r\n\r\n"), Err(DissectReason::Truncated));
    }

    #[test]
    fn damaged_messages_stay_within_the_bounds() {
        for_each_mutant(ALIVE, |bytes| {
            let Ok(Some(message)) = dissect(bytes) else { return };
            assert!(message.location.is_none_or(|text| text.len() <= MAX_LOCATION));
            let texts = [message.usn, message.nt, message.server];
            assert!(texts.into_iter().flatten().all(|text| text.len() <= MAX_TEXT));
        });
    }
}
