//! Finds the body of a message behind its head.
//!
//! Comes in: the framing fields, and the bytes behind the head. Goes out: the content that has come, and where the body
//! ends (RFC 9112, 6 and 7). It decodes no content coding.

use std::borrow::Cow;

use crate::dissect::text_head::first_line;

use super::fields::BodyFields;

/// Bytes of content that are looked at; guards the copy that a chunked body needs.
pub(super) const MAX_CONTENT: usize = 8 * 1024;
/// Bytes of the line before a chunk: its size and extensions.
const MAX_SIZE_LINE: usize = 256;
/// Hexadecimal digits of a chunk's size.
const MAX_SIZE_DIGITS: usize = 8;

/// A body, as far as it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Body<'a> {
    /// The content without the framing of chunks, at most [`MAX_CONTENT`] bytes.
    pub(super) content: Cow<'a, [u8]>,
    /// Bytes from the head to the next message, as far as the framing or what has come tells it.
    pub(super) length: Option<usize>,
    /// All of the content that can be looked at has come.
    pub(super) is_whole: bool,
}

impl<'a> Body<'a> {
    /// A message that has none.
    pub(super) const NONE: Self =
        Self { content: Cow::Borrowed(&[]), length: Some(0), is_whole: true };

    /// Reads what stands behind a head; without Content-Length and chunks, the content ends with the stream.
    pub(super) fn read(fields: &BodyFields, behind: &'a [u8]) -> Self {
        if fields.chunked {
            return Self::unchunk(behind);
        }
        let upto = |length: usize| behind.get(..length).unwrap_or(behind);
        let length = fields.length;
        let content = upto(length.unwrap_or(usize::MAX).min(MAX_CONTENT));
        let is_whole = content.len() == MAX_CONTENT || length == Some(content.len());
        Self { content: Cow::Borrowed(content), length, is_whole }
    }

    /// Joins the chunks that have come (RFC 9112, 7.1).
    fn unchunk(behind: &[u8]) -> Self {
        let mut content = Vec::new();
        let end = chunks(behind, |chunk| {
            let room = MAX_CONTENT - content.len();
            content.extend_from_slice(chunk.get(..room).unwrap_or(chunk));
        });
        let is_whole = end.is_some() || content.len() == MAX_CONTENT;
        Self { content: Cow::Owned(content), length: end, is_whole }
    }
}

/// Walks over the chunks and the trailer section; tells where they end, if they do in what has come.
fn chunks(behind: &[u8], mut take: impl FnMut(&[u8])) -> Option<usize> {
    let mut rest = behind;
    loop {
        let (line, after_line) = first_line(rest.get(..MAX_SIZE_LINE).unwrap_or(rest))?;
        let size = size_of(line)?;
        rest = rest.get(rest.len().min(line_length(rest, after_line))..)?;
        if size == 0 {
            break;
        }
        take(rest.get(..size).unwrap_or(rest));
        rest = rest.get(size..)?;
        rest = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n"))?;
    }
    loop {
        let (line, after_line) = first_line(rest)?;
        rest = after_line;
        if line.is_empty() {
            return Some(behind.len() - rest.len());
        }
    }
}

/// The length of a line with its end, when `after` is what stands behind it in the first [`MAX_SIZE_LINE`] bytes.
fn line_length(bytes: &[u8], after: &[u8]) -> usize {
    bytes.len().min(MAX_SIZE_LINE) - after.len()
}

/// The size of a chunk; what stands behind a semicolon is an extension.
fn size_of(line: &[u8]) -> Option<usize> {
    let digits = line.split(|&b| b == b';').next().unwrap_or_default().trim_ascii();
    if digits.len() > MAX_SIZE_DIGITS || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    usize::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHUNKED: BodyFields =
        BodyFields { length: None, chunked: true, coded: false, media_type: None };

    #[test]
    fn chunks_are_joined_and_their_end_is_found() {
        let behind = b"4\r\nWiki\r\nb;x=y\r\npedia in ch.\r\n0\r\nTrailer: t\r\n\r\nHTTP/1.1";
        let body = Body::read(&CHUNKED, behind);

        assert_eq!(&*body.content, b"Wikipedia in ch");
        assert_eq!((body.length, body.is_whole), (None, false));

        let behind = b"4\r\nWiki\r\nB;x=y\r\npedia in ch\r\n0\r\nTrailer: t\r\n\r\nHTTP/1.1";
        let body = Body::read(&CHUNKED, behind);
        assert_eq!(&*body.content, b"Wikipedia in ch");
        assert_eq!((body.length, body.is_whole), (Some(behind.len() - 8), true));
    }

    #[test]
    fn a_cut_chunk_gives_what_has_come() {
        let body = Body::read(&CHUNKED, b"ff\r\nabc");

        assert_eq!((&*body.content, body.length, body.is_whole), (&b"abc"[..], None, false));
        assert_eq!(Body::read(&CHUNKED, b"zz\r\nabc").content.len(), 0);
        assert_eq!(Body::read(&CHUNKED, b"fffffffff\r\nabc").content.len(), 0);
    }

    #[test]
    fn a_length_frames_and_its_absence_means_the_rest_of_the_stream() {
        let with = |length| BodyFields { length, ..BodyFields::default() };

        let body = Body::read(&with(Some(3)), b"abcdef");
        assert_eq!((&*body.content, body.length, body.is_whole), (&b"abc"[..], Some(3), true));
        let body = Body::read(&with(Some(9)), b"abcdef");
        assert_eq!((&*body.content, body.length, body.is_whole), (&b"abcdef"[..], Some(9), false));
        let body = Body::read(&with(None), b"abcdef");
        assert_eq!((&*body.content, body.length, body.is_whole), (&b"abcdef"[..], None, false));
    }

    #[test]
    fn the_content_is_limited_and_the_end_is_found_all_the_same() {
        let behind = [&b"2400\r\n"[..], &[b'x'; 0x2400], b"\r\n0\r\n\r\n"].concat();
        let body = Body::read(&CHUNKED, &behind);

        assert_eq!((body.content.len(), body.length), (MAX_CONTENT, Some(behind.len())));
        let fields = BodyFields { length: Some(1 << 40), ..BodyFields::default() };
        let body = Body::read(&fields, &behind);
        assert_eq!((body.content.len(), body.length), (MAX_CONTENT, Some(1 << 40)));
        assert!(body.is_whole);
    }
}
