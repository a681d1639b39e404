//! Reads what HTTP, RTSP and SIP say about authentication, and no secret.
//!
//! Comes in: the value of WWW-Authenticate or Authorization. Goes out: scheme and realm (RFC 9110, 11). Credentials,
//! nonces and user names are never kept: a scheme is one of a closed list, so that nothing else can take its place.

use crate::net::bounded;

/// Bytes of a realm that are kept.
pub(crate) const MAX_REALM: usize = 128;

/// The schemes of the IANA "HTTP Authentication Scheme Registry" that devices and their clients use, and one that
/// object stores use without registration.
const SCHEMES: [&str; 7] =
    ["Basic", "Digest", "Bearer", "Negotiate", "NTLM", "AWS4-HMAC-SHA256", "OAuth"];

/// The authentication scheme that a value begins with, in the spelling of its registration.
pub(crate) fn scheme(value: &[u8]) -> Option<&'static str> {
    let end = value.iter().position(|b| matches!(b, b' ' | b'\t')).unwrap_or(value.len());
    let word = value.get(..end)?;
    SCHEMES.into_iter().find(|known| word.eq_ignore_ascii_case(known.as_bytes()))
}

/// Basic credentials that a maker shipped its devices with and that published scanners try (nmap `http-default-accounts`):
/// `admin:12345`. They are no secret of anybody.
const DEFAULT_LOGIN: &[u8] = b"YWRtaW46MTIzNDU=";

/// Tells whether the credentials are ones that everybody knows; says nothing of any others.
pub(crate) fn is_default_login(value: &[u8]) -> bool {
    let (Some(scheme), Some(rest)) = (value.get(..6), value.get(6..)) else { return false };
    scheme.eq_ignore_ascii_case(b"basic ") && rest.trim_ascii() == DEFAULT_LOGIN
}

/// The realm parameter of a challenge (RFC 9110, 11.5): a quoted string, or a token where the sender forgot the quotes.
pub(crate) fn realm(value: &[u8]) -> Option<String> {
    const NAME: &[u8] = b"realm";
    let mut rest = value;
    let mut before = b' ';
    while let Some((&first, behind)) = rest.split_first() {
        let starts = matches!(before, b' ' | b'\t' | b',');
        if starts && rest.get(..NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME)) {
            let behind = rest.get(NAME.len()..)?.trim_ascii_start();
            if let Some(text) = behind.strip_prefix(b"=") {
                return Some(string(text.trim_ascii_start())).filter(|realm| !realm.is_empty());
            }
        }
        // The name may stand inside the quotes of another parameter.
        rest = if first == b'"' { behind_quoted(behind) } else { behind };
        before = first;
    }
    None
}

/// What stands behind a quoted string whose first quote was taken.
fn behind_quoted(text: &[u8]) -> &[u8] {
    let mut escaped = false;
    let end = text.iter().position(|&b| {
        let ends = b == b'"' && !escaped;
        escaped = b == b'\\' && !escaped;
        ends
    });
    end.and_then(|end| text.get(end + 1..)).unwrap_or_default()
}

/// A quoted string (RFC 9110, 5.6.4) without its quotes, or a token.
fn string(text: &[u8]) -> String {
    let Some(quoted) = text.strip_prefix(b"\"") else {
        let end = text.iter().position(|b| matches!(b, b',' | b' ' | b'\t'));
        return bounded(text.get(..end.unwrap_or(text.len())).unwrap_or_default(), MAX_REALM);
    };
    let mut bytes = Vec::new();
    let mut escaped = false;
    for &byte in quoted.iter().take(2 * MAX_REALM) {
        match byte {
            b'\\' if !escaped => escaped = true,
            b'"' if !escaped => break,
            byte => {
                bytes.push(byte);
                escaped = false;
            }
        }
    }
    bounded(&bytes, MAX_REALM)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_is_one_that_is_known_or_none() {
        assert_eq!(scheme(b"basic dXNlcjpwYXNz"), Some("Basic"));
        assert_eq!(scheme(b"Negotiate"), Some("Negotiate"));
        assert_eq!(scheme(b"s3cr3t-token"), None);
        assert_eq!(scheme(b""), None);
    }

    #[test]
    fn only_the_published_login_is_a_default_one() {
        assert!(is_default_login(b"Basic YWRtaW46MTIzNDU="));
        assert!(is_default_login(b"basic  YWRtaW46MTIzNDU= "));
        for other in [&b"Basic YWRtaW46MTIzNDY="[..], b"Digest YWRtaW46MTIzNDU=", b"Basic", b""] {
            assert!(!is_default_login(other));
        }
    }

    #[test]
    fn the_realm_is_found_among_other_parameters() {
        for (value, expected) in [
            ("Basic realm=\"DVRNVRDVS\"", Some("DVRNVRDVS")),
            (
                "Digest qop=\"auth\", Realm = \"IP Camera(D4918)\", nonce=\"x\"",
                Some("IP Camera(D4918)"),
            ),
            ("Digest nonce=\"realm=no\",realm=yes,stale=\"FALSE\"", Some("yes")),
            ("Digest realm=\"a \\\"b\\\" \\\\c\"", Some("a \"b\" \\c")),
            ("Digest xrealm=\"no\"", None),
            ("Basic realm=\"\"", None),
            ("Basic", None),
            ("Digest nonce=\"cut realm=", None),
        ] {
            assert_eq!(realm(value.as_bytes()).as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn a_realm_stays_within_its_bound() {
        let long = format!("Basic realm=\"{}\"", "a".repeat(1000));

        assert_eq!(realm(long.as_bytes()).map(|realm| realm.len()), Some(MAX_REALM));
    }
}
