//! Takes apart the URLs that text messages carry.
//!
//! Comes in: a URL as sent. Goes out: its parts as RFC 3986, 3 names them. User information is a secret: no function here
//! gives it out.

use crate::net::bounded;

/// Scheme, authority without user information, and what stands behind it (RFC 3986, 3).
fn split(url: &str) -> Option<(&str, &str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let is_scheme = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
    if scheme.is_empty() || !scheme.bytes().all(is_scheme) {
        return None;
    }
    // A password may hold any character where it was not escaped, also those that end an authority: what looks like a
    // user and a password, or like a host and a port, may go on up to the last `@`. A URL with a port and an `@` further
    // on loses its beginning so, which is the lesser evil.
    let (authority, _) = split_authority(rest)?;
    let rest = match rest.rsplit_once('@') {
        Some((_user, behind)) if authority.contains([':', '@']) => behind,
        Some(_) | None => rest,
    };
    let (authority, behind) = split_authority(rest)?;
    Some((scheme, authority, behind))
}

/// Splits behind the authority: before the path, the query or the fragment (RFC 3986, 3.2).
fn split_authority(rest: &str) -> Option<(&str, &str)> {
    rest.split_at_checked(rest.find(['/', '?', '#']).unwrap_or(rest.len()))
}

/// The scheme, and host and port without user information, of a URL that has an authority.
pub(crate) fn authority(url: &str) -> Option<(&str, &str)> {
    let (scheme, authority, _behind) = split(url)?;
    Some((scheme, authority))
}

/// The URL without its user information (RFC 3986, 3.2.1), at most `max` bytes of it.
pub(crate) fn without_user(url: &[u8], max: usize) -> String {
    let text = bounded(url, url.len().min(MAX_URL));
    let text = match split(&text) {
        Some((scheme, authority, behind)) => format!("{scheme}://{authority}{behind}"),
        None => text,
    };
    bounded(text.as_bytes(), max)
}

/// The name of a parameter whose value is a secret, in lower case and without `_` and `-`.
const SECRETS: [&str; 14] = [
    "auth",
    "authorization",
    "accesstoken",
    "apikey",
    "key",
    "pass",
    "passwd",
    "password",
    "pwd",
    "secret",
    "session",
    "sessionid",
    "sid",
    "token",
];

/// The `auth` value that CVE-2017-7921's exploits send: `admin:11`, which opens every camera that has the fault, and so is
/// nobody's secret (nuclei template `http/cves/2017/CVE-2017-7921.yaml`).
const NO_SECRET: &str = "YWRtaW46MTEK";

/// A target or URL whose query tells no secrets: values of parameters that are named like one, or that hold a URL with user
/// information, become `*`.
pub(crate) fn without_secrets(url: String) -> String {
    let Some((path, query)) = url.split_once('?') else { return url };
    let is_secret = |parameter: &str| {
        let Some((name, value)) = parameter.split_once('=') else { return false };
        let name: String = name
            .chars()
            .filter(|c| !matches!(c, '_' | '-'))
            .collect::<String>()
            .to_ascii_lowercase();
        value != NO_SECRET && (SECRETS.contains(&name.as_str()) || value.contains('@'))
    };
    if !query.split('&').any(is_secret) {
        return url;
    }
    let mut kept = format!("{path}?");
    for (index, parameter) in query.split('&').enumerate() {
        if index > 0 {
            kept.push('&');
        }
        match parameter.split_once('=') {
            Some((name, _)) if is_secret(parameter) => {
                kept.push_str(name);
                kept.push_str("=*");
            }
            Some(_) | None => kept.push_str(parameter),
        }
    }
    kept
}

/// Bytes of a URL that are looked at; guards the copies that are made of it.
const MAX_URL: usize = 4096;

/// Resolves percent-encoding (RFC 3986, 2.1); what is not well encoded stays as it is.
pub(crate) fn percent_decoded(text: &str, max: usize) -> String {
    let mut decoded = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let pair = behind.split_first_chunk::<2>().filter(|_| first == b'%');
        let byte = pair.and_then(|(&[high, low], behind)| {
            let value = digit(high)? * 16 + digit(low)?;
            Some((value, behind))
        });
        let (byte, behind) = byte.unwrap_or((first, behind));
        decoded.push(byte);
        if decoded.len() >= max {
            break;
        }
        rest = behind;
    }
    bounded(&decoded, max)
}

/// The value of a hexadecimal digit.
const fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_are_named_like_secrets_are_dropped() {
        for (target, kept) in [
            ("/login?user=admin&password=secret", "/login?user=admin&password=*"),
            ("/x?access_Token=abc&n=1", "/x?access_Token=*&n=1"),
            ("/api?src=rtsp://admin:secret@h/s1", "/api?src=*"),
            ("/Security/users?auth=YWRtaW46MTEK", "/Security/users?auth=YWRtaW46MTEK"),
            ("/Security/users?auth=YWRtaW46MTIzNDU=", "/Security/users?auth=*"),
            ("/keys?page=2", "/keys?page=2"),
        ] {
            assert_eq!(without_secrets(target.to_owned()), kept);
        }
        for url in [
            "rtsp://admin:12345#@h/S",
            "rtsp://admin:1234/56@h/S",
            "http://admin:p@ss/w0rd@h/S",
            "rtsp://admin:12?34@h/S",
        ] {
            let kept = without_user(url.as_bytes(), 100);
            assert!(kept.ends_with("://h/S"), "{url} -> {kept}");
        }
    }

    #[test]
    fn user_information_is_dropped_and_nothing_else() {
        for (url, expected) in [
            ("rtsp://admin:secret@192.0.2.64:554/h264", "rtsp://192.0.2.64:554/h264"),
            ("rtsp://admin:p@ss@192.0.2.64/", "rtsp://192.0.2.64/"),
            ("rtsp://admin:p/a?s#s@192.0.2.64/x", "rtsp://192.0.2.64/x"),
            ("http://a.example/x?mail=a@b", "http://a.example/x?mail=a@b"),
            ("http://[2001:db8::1]:80/", "http://[2001:db8::1]:80/"),
            ("/path@x", "/path@x"),
            ("/redirect?to=http://u:p@a.example/", "/redirect?to=http://u:p@a.example/"),
            ("*", "*"),
        ] {
            assert_eq!(without_user(url.as_bytes(), 256), expected, "{url}");
        }
        assert_eq!(without_user(b"http://a.example/long", 10), "http://a.e");
    }

    #[test]
    fn the_authority_is_host_and_port() {
        assert_eq!(authority("HTTP://u@a.example:81?x"), Some(("HTTP", "a.example:81")));
        assert_eq!(authority("a.example:81"), None);
    }

    #[test]
    fn percent_encoding_is_resolved_within_the_bound() {
        assert_eq!(percent_decoded("DS%2D2CD%20x", 64), "DS-2CD x");
        assert_eq!(percent_decoded("100%", 64), "100%");
        assert_eq!(percent_decoded("%zz%4", 64), "%zz%4");
        assert_eq!(percent_decoded("%41%42%43", 2), "AB");
        assert_eq!(percent_decoded("%ff%ff", 64), "\u{fffd}\u{fffd}");
    }
}
