//! The head of a text message: a start line, field lines, an empty line.
//!
//! Comes in: bytes. Goes out: lines and fields, borrowed. The form is that of RFC 9112, 2.1, which RTSP (RFC 7826, 5),
//! SIP (RFC 3261, 7) and SSDP (UPnP Device Architecture 2.0, 1.1.2) share. It knows no method and no field name.

use std::borrow::Cow;

use crate::net::bounded;

/// Lines of a head that are looked at one by one: guards against thousands of empty fields.
const MAX_LINES: usize = 256;
/// Empty lines before the start line that are passed over (RFC 9112, 2.2).
const MAX_LEADING_EMPTY_LINES: usize = 4;

/// The first line without its end, and what stands behind it; `None` as long as the end has not come.
/// A lone line feed ends a line too (RFC 9112, 2.2).
pub(crate) fn first_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|&b| b == b'\n')?;
    let (line, rest) = (bytes.get(..end)?, bytes.get(end + 1..)?);
    Some((line.strip_suffix(b"\r").unwrap_or(line), rest))
}

/// The bytes from the start line on, and how many stood before it.
pub(crate) fn without_empty_lines(bytes: &[u8]) -> (&[u8], usize) {
    let mut rest = bytes;
    for _ in 0..MAX_LEADING_EMPTY_LINES {
        rest = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")).unwrap_or(rest);
    }
    // The first half of an empty line.
    let rest = if rest == b"\r" { &[] } else { rest };
    (rest, bytes.len() - rest.len())
}

/// The length of a head with its start line and the empty line at its end; `None` as long as that one has not come.
/// It costs one scan.
pub(crate) fn length(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    while let Some(end) = rest.iter().position(|&b| b == b'\n') {
        rest = rest.get(end + 1..).unwrap_or_default();
        let behind = rest.strip_prefix(b"\n").or_else(|| rest.strip_prefix(b"\r\n"));
        if let Some(behind) = behind {
            return Some(bytes.len() - behind.len());
        }
    }
    None
}

/// One field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field<'a> {
    /// Its name, as sent.
    pub(crate) name: &'a [u8],
    /// Its value without the white space around it; the pieces of a folded one are joined by a space.
    pub(crate) value: Cow<'a, [u8]>,
}

impl Field<'_> {
    /// Compares the name without case.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// Keeps the value, unless it is empty or one was kept before: of repeated fields the first that says something.
    pub(crate) fn keep(&self, kept: &mut Option<String>, max: usize) {
        if kept.is_none() && !self.value.is_empty() {
            *kept = Some(bounded(&self.value, max));
        }
    }
}

/// Walks over the fields behind a start line, as far as their lines are whole. What has no colon is passed over.
///
/// White space before the colon, which RFC 9112, 5.1 forbids, is not part of the name; a line that begins with
/// white space continues the value before it (obs-fold, RFC 9112, 5.2).
#[derive(Debug, Clone)]
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
    lines: usize,
}

impl<'a> Fields<'a> {
    /// Stands behind the start line.
    pub(crate) const fn new(behind_start_line: &'a [u8]) -> Self {
        Self { rest: behind_start_line, lines: 0 }
    }

    /// The next line that is whole and not the empty one.
    fn line(&mut self) -> Option<&'a [u8]> {
        if self.lines == MAX_LINES {
            return None;
        }
        let (line, rest) = first_line(self.rest)?;
        if line.is_empty() {
            return None;
        }
        self.lines += 1;
        self.rest = rest;
        Some(line)
    }

    /// The next line, if it continues the one before it.
    fn continuation(&mut self) -> Option<&'a [u8]> {
        if matches!(self.rest, [b' ' | b'\t', ..]) { self.line() } else { None }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        loop {
            let line = self.line()?;
            let Some(colon) = line.iter().position(|&b| b == b':') else { continue };
            let (name, value) = line.split_at_checked(colon)?;
            let mut value = Cow::Borrowed(value.get(1..).unwrap_or_default().trim_ascii());
            while let Some(more) = self.continuation() {
                let value = value.to_mut();
                if !value.is_empty() {
                    value.push(b' ');
                }
                value.extend_from_slice(more.trim_ascii());
            }
            return Some(Field { name: name.trim_ascii(), value });
        }
    }
}

/// The start line of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StatusLine<'a> {
    /// What stands before the first space, such as `HTTP/1.1`.
    pub(crate) version: &'a [u8],
    /// The status code.
    pub(crate) status: u16,
    /// The reason phrase, often empty.
    pub(crate) reason: &'a [u8],
}

impl<'a> StatusLine<'a> {
    /// Reads a version, a code of three digits and a reason phrase (RFC 9112, 4); more than one space is forgiven.
    pub(crate) fn read(line: &'a [u8]) -> Option<Self> {
        let space = line.iter().position(|&b| b == b' ')?;
        let (version, rest) = line.split_at_checked(space)?;
        let (code, reason) = rest.trim_ascii_start().split_first_chunk::<3>()?;
        if !matches!(reason, [] | [b' ', ..]) {
            return None;
        }
        let digit = |b: u8| b.is_ascii_digit().then(|| u16::from(b - b'0'));
        let [a, b, c] = *code;
        let status = digit(a)? * 100 + digit(b)? * 10 + digit(c)?;
        (100..=999).contains(&status).then(|| Self { version, status, reason: reason.trim_ascii() })
    }
}

/// Reads a decimal number that is nothing but digits, as in Content-Length.
pub(crate) fn number(value: &[u8]) -> Option<usize> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(value).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_ends_behind_its_empty_line() {
        assert_eq!(length(b"A\r\nB: c\r\n\r\nbody"), Some(11));
        assert_eq!(length(b"A\nB: c\n\nbody"), Some(8));
        assert_eq!(length(b"A\r\nB: c\r\n\r"), None);
        assert_eq!(length(b"A\r\n\r\n"), Some(5));
        assert_eq!(length(b""), None);
    }

    #[test]
    fn empty_lines_before_the_start_line_are_counted() {
        assert_eq!(without_empty_lines(b"\r\n\nGET"), (&b"GET"[..], 3));
        assert_eq!(without_empty_lines(b"\r\n\r"), (&b""[..], 3));
        assert_eq!(without_empty_lines(b"GET"), (&b"GET"[..], 0));
    }

    #[test]
    fn fields_are_read_as_real_senders_write_them() {
        let text = b"Host : a\r\nno colon\r\nX-Long: one\r\n\ttwo\r\n  three\r\nEmpty:\nLast:x:y\r\n\r\nBody: no";
        let read: Vec<(String, String)> =
            Fields::new(text).map(|f| (bounded(f.name, 99), bounded(&f.value, 99))).collect();
        let expected = [("Host", "a"), ("X-Long", "one two three"), ("Empty", ""), ("Last", "x:y")];

        assert_eq!(read, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn a_line_that_is_not_whole_is_no_field() {
        assert_eq!(Fields::new(b"A: b\r\nC: d").count(), 1);
    }

    #[test]
    fn the_lines_of_a_head_are_limited() {
        assert_eq!(Fields::new(&b"A:b\n".repeat(MAX_LINES + 9)).count(), MAX_LINES);
        assert_eq!(Fields::new(&b"\tb\n".repeat(MAX_LINES + 9)).count(), 0);
    }

    #[test]
    fn a_status_line_has_a_code_of_three_digits() {
        let read = |line: &'static [u8]| StatusLine::read(line).map(|l| (l.status, l.reason));

        assert_eq!(read(b"HTTP/1.1 404 Not Found"), Some((404, &b"Not Found"[..])));
        assert_eq!(read(b"HTTP/1.1 200"), Some((200, &b""[..])));
        assert_eq!(read(b"HTTP/1.1  200 "), Some((200, &b""[..])));
        assert_eq!(read(b"HTTP/1.1 2000 OK"), None);
        assert_eq!(read(b"HTTP/1.1 20x OK"), None);
        assert_eq!(read(b"HTTP/1.1 020 OK"), None);
        assert_eq!(read(b"HTTP/1.1"), None);
    }

    #[test]
    fn a_number_is_digits_only() {
        assert_eq!(number(b"17"), Some(17));
        assert_eq!(number(b"+17"), None);
        assert_eq!(number(b""), None);
        assert_eq!(number(b"99999999999999999999999999"), None);
    }
}
