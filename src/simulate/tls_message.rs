//! TLS records as an observer sees them: hellos in clear, everything later as noise.
//!
//! Comes in: a server name and a style. Goes out: records. It encrypts nothing. RFC 8446 (1.3),
//! RFC 5246 (1.2), RFC 6066 (server name), RFC 7301 (ALPN).

use super::length_prefix::{put_u16, with_len8, with_len16, with_len24};
use super::prng::Prng;

const HANDSHAKE: u8 = 22;
const CHANGE_CIPHER_SPEC: u8 = 20;
const APPLICATION_DATA: u8 = 23;
/// Size of an X25519MLKEM768 key share of a client (draft-ietf-tls-ecdhe-mlkem, 4.1); with it a
/// hello no longer fits into one segment.
const HYBRID_SHARE: usize = 1216;
/// Size of a browser's session ticket.
const TICKET: usize = 208;
/// Most payload in one record that we write (the limit is 2^14, RFC 8446, 5.1).
const LARGEST_RECORD: usize = 8192;

/// Whose hello it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TlsStyle {
    /// A present-day browser or app: TLS 1.3, ALPN, a hybrid key share, more than one segment.
    Browser,
    /// TLS 1.3 and ALPN in one segment.
    App,
    /// An embedded client: TLS 1.2, neither ALPN nor supported versions.
    Embedded,
}

/// A `ClientHello` in one record; without a server name where `name` is empty.
pub(crate) fn client_hello(prng: &mut Prng, name: &str, style: TlsStyle) -> Vec<u8> {
    let mut out = vec![HANDSHAKE, 3, 1];
    with_len16(&mut out, |out| {
        out.push(1);
        with_len24(out, |out| {
            out.extend([3, 3]);
            out.extend(prng.noise(32));
            with_len8(out, |out| out.extend(prng.noise(32)));
            with_len16(out, |out| {
                for suite in cipher_suites(style) {
                    put_u16(out, *suite);
                }
            });
            with_len8(out, |out| out.push(0));
            with_len16(out, |out| put_client_extensions(out, prng, name, style));
        });
    });
    out
}

/// What the server says first: its hello, the change of cipher, and its encrypted part.
pub(crate) fn server_flight(prng: &mut Prng, style: TlsStyle) -> Vec<u8> {
    let mut out = vec![HANDSHAKE, 3, 3];
    with_len16(&mut out, |out| {
        out.push(2);
        with_len24(out, |out| {
            out.extend([3, 3]);
            out.extend(prng.noise(32));
            with_len8(out, |out| out.extend(prng.noise(32)));
            put_u16(out, if style == TlsStyle::Embedded { 0xc02f } else { 0x1301 });
            out.push(0);
            with_len16(out, |out| {
                if style == TlsStyle::Embedded {
                    put_extension(out, 0xff01, |out| out.push(0));
                } else {
                    put_extension(out, 43, |out| out.extend([3, 4]));
                    put_extension(out, 51, |out| put_share(out, prng, 0x001d, 32));
                }
            });
        });
    });
    out.extend([CHANGE_CIPHER_SPEC, 3, 3, 0, 1, 1]);
    match style {
        // An abbreviated handshake (RFC 5246, 7.3): no certificate, "finished" is encrypted.
        TlsStyle::Embedded => put_record(&mut out, prng, HANDSHAKE, 40),
        TlsStyle::Browser | TlsStyle::App => put_record(&mut out, prng, APPLICATION_DATA, 1800),
    }
    out
}

/// What a TLS 1.2 server says first in a full handshake (RFC 5246, 7.3): its hello, `certificate` in clear, an
/// X25519 key (RFC 8422, 5.4) and the end of its turn. `certificate` is DER.
pub(crate) fn certificate_flight(prng: &mut Prng, certificate: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    put_handshake(&mut out, 2, |out| {
        out.extend([3, 3]);
        out.extend(prng.noise(32));
        with_len8(out, |out| out.extend(prng.noise(32)));
        put_u16(out, 0xc02f);
        out.push(0);
        with_len16(out, |out| put_extension(out, 0xff01, |out| out.push(0)));
    });
    put_handshake(&mut out, 11, |out| {
        with_len24(out, |out| with_len24(out, |out| out.extend(certificate)));
    });
    put_handshake(&mut out, 12, |out| {
        out.extend([3, 0, 29]);
        with_len8(out, |out| out.extend(prng.noise(32)));
        out.extend([4, 1]);
        with_len16(out, |out| out.extend(prng.noise(256)));
    });
    put_handshake(&mut out, 14, |_| ());
    out
}

/// What the client answers to [`certificate_flight`]: its key, and the end of what is in clear.
pub(crate) fn client_key(prng: &mut Prng) -> Vec<u8> {
    let mut out = Vec::new();
    put_handshake(&mut out, 16, |out| with_len8(out, |out| out.extend(prng.noise(32))));
    out.extend([CHANGE_CIPHER_SPEC, 3, 3, 0, 1, 1]);
    put_record(&mut out, prng, HANDSHAKE, 40);
    out
}

/// How the server ends a full handshake of TLS 1.2.
pub(crate) fn server_finish(prng: &mut Prng) -> Vec<u8> {
    let mut out = vec![CHANGE_CIPHER_SPEC, 3, 3, 0, 1, 1];
    put_record(&mut out, prng, HANDSHAKE, 40);
    out
}

fn put_handshake(out: &mut Vec<u8>, kind: u8, body: impl FnOnce(&mut Vec<u8>)) {
    out.extend([HANDSHAKE, 3, 3]);
    with_len16(out, |out| {
        out.push(kind);
        with_len24(out, body);
    });
}

/// What the client answers to that.
pub(crate) fn client_finish(prng: &mut Prng, style: TlsStyle) -> Vec<u8> {
    let mut out = vec![CHANGE_CIPHER_SPEC, 3, 3, 0, 1, 1];
    let kind = if style == TlsStyle::Embedded { HANDSHAKE } else { APPLICATION_DATA };
    put_record(&mut out, prng, kind, 53);
    out
}

/// Encrypted application data of `length` octets, in as many records as that needs.
pub(crate) fn application_data(prng: &mut Prng, length: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(length + 64);
    let mut rest = length;
    while rest > 0 {
        let part = rest.min(LARGEST_RECORD);
        put_record(&mut out, prng, APPLICATION_DATA, part);
        rest -= part;
    }
    out
}

const fn cipher_suites(style: TlsStyle) -> &'static [u16] {
    match style {
        TlsStyle::Browser | TlsStyle::App => &[0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c],
        TlsStyle::Embedded => &[0xc02f, 0xc030, 0x009c, 0x002f],
    }
}

fn put_client_extensions(out: &mut Vec<u8>, prng: &mut Prng, name: &str, style: TlsStyle) {
    if !name.is_empty() {
        put_extension(out, 0, |out| {
            with_len16(out, |out| {
                out.push(0);
                with_len16(out, |out| out.extend(name.as_bytes()));
            });
        });
    }
    put_extension(out, 10, |out| {
        with_len16(out, |out| {
            if style == TlsStyle::Browser {
                put_u16(out, 0x11ec);
            }
            put_u16(out, 0x001d);
            put_u16(out, 0x0017);
        });
    });
    put_extension(out, 11, |out| with_len8(out, |out| out.push(0)));
    put_extension(out, 13, |out| {
        with_len16(out, |out| out.extend([4, 3, 8, 4, 4, 1, 5, 3, 8, 5, 5, 1]));
    });
    if style == TlsStyle::Embedded {
        return;
    }
    put_extension(out, 16, |out| {
        with_len16(out, |out| {
            with_len8(out, |out| out.extend(b"h2"));
            with_len8(out, |out| out.extend(b"http/1.1"));
        });
    });
    put_extension(out, 43, |out| with_len8(out, |out| out.extend([3, 4, 3, 3])));
    put_extension(out, 45, |out| with_len8(out, |out| out.push(1)));
    if style == TlsStyle::Browser {
        // A session ticket from an earlier visit (RFC 5077, 3.2).
        put_extension(out, 35, |out| out.extend(prng.noise(TICKET)));
    }
    put_extension(out, 51, |out| {
        with_len16(out, |out| {
            if style == TlsStyle::Browser {
                put_share(out, prng, 0x11ec, HYBRID_SHARE);
            }
            put_share(out, prng, 0x001d, 32);
        });
    });
}

fn put_share(out: &mut Vec<u8>, prng: &mut Prng, group: u16, length: usize) {
    put_u16(out, group);
    with_len16(out, |out| out.extend(prng.noise(length)));
}

fn put_extension(out: &mut Vec<u8>, kind: u16, body: impl FnOnce(&mut Vec<u8>)) {
    put_u16(out, kind);
    with_len16(out, body);
}

fn put_record(out: &mut Vec<u8>, prng: &mut Prng, kind: u8, length: usize) {
    out.extend([kind, 3, 3]);
    with_len16(out, |out| out.extend(prng.noise(length)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_browser_needs_a_second_segment() {
        let mut prng = Prng::new(1);

        let length = |prng: &mut Prng, style| client_hello(prng, "www.example.com", style).len();

        assert!(length(&mut prng, TlsStyle::Browser) > 1460);
        assert!(length(&mut prng, TlsStyle::App) < 600);
        assert!(length(&mut prng, TlsStyle::Embedded) < 600);
    }

    #[test]
    fn the_record_length_covers_the_hello_exactly() {
        let hello = client_hello(&mut Prng::new(1), "www.example.com", TlsStyle::App);

        let stated = usize::from(u16::from_be_bytes([hello[3], hello[4]]));

        assert_eq!(stated, hello.len() - 5);
        assert!(hello.windows(15).any(|w| w == b"www.example.com"));
    }
}
