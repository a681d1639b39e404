//! Reads the head of a syslog message (UDP 514).
//!
//! Comes in: the payload of a datagram. Goes out: a [`SyslogHead`] (RFC 5424, 6; RFC 3164, 4). What the message says is never
//! kept: it may hold names and addresses of people.

use super::DissectReason;
use crate::net::bounded;

/// Bytes of a host name that are kept (RFC 5424, 6).
const MAX_HOSTNAME: usize = 255;
/// Bytes of an application's name that are kept (RFC 5424, 6).
const MAX_APP_NAME: usize = 48;
/// The highest priority value: facility 23, severity 7 (RFC 5424, 6.2.1).
const MAX_PRIORITY: u16 = 191;
/// Bytes that the head of the older form may have.
const MAX_HEAD: usize = 512;

/// Who sent a message, and how urgent it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SyslogHead {
    /// Facility times 8 plus severity, 0 to 191.
    pub priority: u8,
    /// HOSTNAME: a name or an address.
    pub hostname: Option<String>,
    /// APP-NAME, or the tag of the older form without the process identifier.
    pub app_name: Option<String>,
}

/// Reads a datagram. `Ok(None)`: it does not begin with a priority. A sender that keeps to neither RFC behind it gives a
/// priority only.
///
/// # Errors
/// The priority is out of range.
pub(crate) fn dissect(payload: &[u8]) -> Result<Option<SyslogHead>, DissectReason> {
    let Some((priority, rest)) = priority(payload) else { return Ok(None) };
    if priority > MAX_PRIORITY {
        return Err(DissectReason::Malformed);
    }
    let (hostname, app_name) = match rest.strip_prefix(b"1 ") {
        Some(head) => numbered(head),
        None => dated(rest.get(..MAX_HEAD).unwrap_or(rest)),
    };
    Ok(Some(SyslogHead {
        priority: u8::try_from(priority).map_err(|_| DissectReason::Malformed)?,
        hostname: hostname.map(|name| bounded(name, MAX_HOSTNAME)),
        app_name: app_name.map(|name| bounded(name, MAX_APP_NAME)),
    }))
}

/// The priority, and what stands behind it.
fn priority(payload: &[u8]) -> Option<(u16, &[u8])> {
    let rest = payload.strip_prefix(b"<")?;
    let digits = rest.iter().take(4).take_while(|b| b.is_ascii_digit()).count();
    let (number, rest) = rest.split_at_checked(digits)?;
    let number = std::str::from_utf8(number).ok()?.parse().ok().filter(|_| digits <= 3)?;
    Some((number, rest.strip_prefix(b">")?))
}

/// A name, if it is one: printable ASCII that is not the mark for nothing (RFC 5424, 6).
fn name(word: &[u8]) -> Option<&[u8]> {
    let is_name = !word.is_empty() && word.iter().all(u8::is_ascii_graphic) && word != b"-";
    is_name.then_some(word)
}

/// Host and application behind `VERSION SP`: TIMESTAMP SP HOSTNAME SP APP-NAME SP (RFC 5424, 6).
fn numbered(head: &[u8]) -> (Option<&[u8]>, Option<&[u8]>) {
    let head = head.get(..MAX_HEAD).unwrap_or(head);
    let mut words = head.splitn(4, |&b| b == b' ');
    let (_time, host, app) = (words.next(), words.next(), words.next());
    // A word counts only with the space behind it.
    match words.next() {
        Some(_) => (host.and_then(name), app.and_then(name)),
        None => (None, None),
    }
}

/// Host and application of the older form: `Mmm dd hh:mm:ss HOSTNAME TAG` (RFC 3164, 4.1.2). Without such a time stamp
/// nothing can be told from the message's own text.
fn dated(head: &[u8]) -> (Option<&[u8]>, Option<&[u8]>) {
    const STAMP: usize = "Mmm dd hh:mm:ss ".len();
    let Some((_stamp, rest)) = head.split_at_checked(STAMP).filter(|(stamp, _)| is_stamp(stamp))
    else {
        return (None, None);
    };
    let mut words = rest.splitn(2, |&b| b == b' ');
    let first = words.next().unwrap_or_default();
    // Some senders leave their name out.
    if let Some(app) = tag(first) {
        return (None, Some(app));
    }
    let Some(behind) = words.next() else { return (None, None) };
    let second = behind.split(|&b| b == b' ').next().unwrap_or_default();
    (name(first), tag(second))
}

/// Tells whether a time stamp stands here: `Jan  1 00:00:00 `.
fn is_stamp(stamp: &[u8]) -> bool {
    const PATTERN: &[u8] = b"Aaa 00 00:00:00 ";
    stamp.len() == PATTERN.len()
        && stamp.iter().zip(PATTERN).enumerate().all(|(at, (&byte, &kind))| match kind {
            b'A' => byte.is_ascii_uppercase(),
            b'a' => byte.is_ascii_lowercase(),
            // Days below ten have a space before them.
            b'0' => byte.is_ascii_digit() || (at == 4 && byte == b' '),
            other => byte == other,
        })
}

/// The name in a tag; without the colon or bracket behind it, a word may be the message itself.
fn tag(word: &[u8]) -> Option<&[u8]> {
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/');
    let end = word.iter().position(|b| !is_part(b))?;
    let (app, behind) = word.split_at_checked(end)?;
    matches!(behind, [b':'] | [b'[', ..]).then_some(app).and_then(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    #[test]
    fn both_forms_give_host_and_application() {
        for (text, host, app) in [
            (
                "<34>1 2026-01-31T12:00:00Z cam.example su - ID47 - secret",
                Some("cam.example"),
                Some("su"),
            ),
            ("<34>1 - - app 1 - - x", None, Some("app")),
            ("<34>Oct 11 22:14:15 cam su[12]: secret", Some("cam"), Some("su")),
            ("<34>Oct  1 22:14:15 192.0.2.64 su: secret", Some("192.0.2.64"), Some("su")),
            ("<34>Oct 11 22:14:15 su[12]: secret", None, Some("su")),
            ("<34>Oct 11 22:14:15 cam secret words", Some("cam"), None),
            ("<34>login of admin failed", None, None),
            ("<34>1 2026-01-31T12:00:00Z cut", None, None),
        ] {
            let head = dissect(text.as_bytes()).unwrap().unwrap();
            assert_eq!((head.hostname.as_deref(), head.app_name.as_deref()), (host, app), "{text}");
            assert_eq!(head.priority, 34);
        }
    }

    #[test]
    fn what_has_no_priority_is_not_for_us() {
        for text in ["", "<", "<>x", "<1234>x", "<Probe/>", "text", "<1"] {
            assert_eq!(dissect(text.as_bytes()), Ok(None), "{text}");
        }
        assert_eq!(dissect(b"<192>x"), Err(DissectReason::Malformed));
    }

    #[test]
    fn damaged_messages_stay_within_the_bounds() {
        for sound in [
            &b"<34>1 2026-01-31T12:00:00Z cam.example su - - - x"[..],
            b"<3>Oct 11 22:14:15 cam su[1]: x",
        ] {
            for_each_mutant(sound, |bytes| {
                let Ok(Some(head)) = dissect(bytes) else { return };
                assert!(head.hostname.is_none_or(|name| name.len() <= MAX_HOSTNAME));
                assert!(head.app_name.is_none_or(|name| name.len() <= MAX_APP_NAME));
            });
        }
    }
}
