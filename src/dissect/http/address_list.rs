//! A body that is nothing but a list of addresses: what an HTTP resolver answers to `GET /d?dn=<name>`.
//!
//! Comes in: the content of a small body. Goes out: an [`AddressList`]. The form is that of Tencent's DNSPod,
//! `192.0.2.1;192.0.2.2`, with `,300` behind it where the lifetime was asked for. Encrypted answers are none.

use std::net::IpAddr;

/// Longest body that can be one.
pub(super) const MAX_LIST: usize = 512;
/// Most addresses that are kept.
const MAX_ADDRESSES: usize = 16;

/// Addresses that a resolver gave over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressList {
    /// The addresses, at least one.
    pub addresses: Vec<IpAddr>,
    /// For how many seconds they hold, if it was said.
    pub ttl: Option<u32>,
}

impl AddressList {
    /// Reads a whole body; anything in it that is no address makes it none.
    pub(super) fn read(content: &[u8]) -> Option<Box<Self>> {
        if content.len() > MAX_LIST {
            return None;
        }
        let text = std::str::from_utf8(content).ok()?.trim();
        let (list, ttl) = match text.split_once(',') {
            Some((list, ttl)) => (list, Some(ttl.trim().parse().ok()?)),
            None => (text, None),
        };
        let mut addresses = Vec::new();
        for address in list.split(';') {
            let address = address.trim().parse().ok()?;
            if addresses.len() < MAX_ADDRESSES {
                addresses.push(address);
            }
        }
        Some(Box::new(Self { addresses, ttl }))
    }

    /// Tells whether a body that begins so can become one.
    pub(super) fn may_begin(content: &[u8]) -> bool {
        let fits = |b: &u8| b.is_ascii_hexdigit() || b.is_ascii_whitespace() || b".:;,".contains(b);
        content.iter().all(fits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    fn read(body: &str) -> Option<(Vec<String>, Option<u32>)> {
        let list = AddressList::read(body.as_bytes())?;
        Some((list.addresses.iter().map(ToString::to_string).collect(), list.ttl))
    }

    #[test]
    fn addresses_are_read_with_their_lifetime() {
        let one = vec!["192.0.2.1".to_owned()];
        let two = vec!["192.0.2.1".to_owned(), "2001:db8::2".to_owned()];

        assert_eq!(read("192.0.2.1"), Some((one.clone(), None)));
        assert_eq!(read("192.0.2.1;2001:db8::2,300\r\n"), Some((two, Some(300))));
        assert_eq!(read(" 192.0.2.1,0"), Some((one, Some(0))));
    }

    #[test]
    fn anything_else_is_no_list() {
        for body in [
            "",
            ";",
            ",300",
            "192.0.2.1;",
            "192.0.2.1,soon",
            "192.0.2.1,1,2",
            "192.0.2.1 192.0.2.2",
            "a9f3c01d7e",
            "<html>192.0.2.1</html>",
            "192.0.2",
        ] {
            assert_eq!(read(body), None, "{body}");
        }
        assert_eq!(read(&"192.0.2.1;".repeat(60)), None);
    }

    #[test]
    fn no_more_addresses_are_kept_than_the_bound() {
        let body = vec!["192.0.2.1"; 40].join(";");
        assert_eq!(read(&body).unwrap().0.len(), MAX_ADDRESSES);
    }

    #[test]
    fn what_is_a_list_may_begin_as_one() {
        for_each_mutant(b"192.0.2.1;2001:db8::2,300", |body| {
            if AddressList::read(body).is_some() {
                assert!((0..=body.len()).all(|cut| AddressList::may_begin(&body[..cut])));
            }
        });
        assert!(!AddressList::may_begin(b"192.0.2.1<"));
    }
}
