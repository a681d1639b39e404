//! What requests and responses read alike from their fields.
//!
//! Comes in: the fields of a head. Goes out: how the body is framed, and what it is. It reads no body.

use crate::dissect::text_head::{Field, number};
use crate::net::bounded;

/// Bytes of a media type that are kept.
const MAX_MEDIA_TYPE: usize = 128;

/// The fields that tell about the body.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct BodyFields {
    /// Content-Length, if it is a number.
    pub(super) length: Option<usize>,
    /// The last transfer coding is `chunked` (RFC 9112, 6.1).
    pub(super) chunked: bool,
    /// A content coding other than `identity` (RFC 9110, 8.4): the bytes are not text.
    pub(super) coded: bool,
    /// The media type without its parameters (RFC 9110, 8.3.1).
    pub(super) media_type: Option<String>,
}

impl BodyFields {
    /// Takes a field, if it is one of these.
    pub(super) fn take(&mut self, field: &Field<'_>) {
        if field.is("content-length") {
            // A list of equal numbers is one number (RFC 9112, 6.3).
            let first = field.value.split(|&b| b == b',').next().unwrap_or_default();
            self.length = self.length.or_else(|| number(first.trim_ascii()));
        } else if field.is("transfer-encoding") {
            let last = field.value.rsplit(|&b| b == b',').next().unwrap_or_default();
            self.chunked |= last.trim_ascii().eq_ignore_ascii_case(b"chunked");
        } else if field.is("content-encoding") {
            self.coded |= !field.value.is_empty() && !field.value.eq_ignore_ascii_case(b"identity");
        } else if field.is("content-type") && self.media_type.is_none() {
            let bare = field.value.split(|&b| b == b';').next().unwrap_or_default().trim_ascii();
            self.media_type = (!bare.is_empty()).then(|| bounded(bare, MAX_MEDIA_TYPE));
        }
    }

    /// Tells whether the body is a page.
    pub(super) fn is_html(&self) -> bool {
        self.is_text_of(|media| media.eq_ignore_ascii_case("text/html"))
    }

    /// Tells whether the body is XML (RFC 7303).
    pub(super) fn is_xml(&self) -> bool {
        self.is_text_of(|media| {
            let media = media.to_ascii_lowercase();
            matches!(media.as_str(), "text/xml" | "application/xml") || media.ends_with("+xml")
        })
    }

    /// Tells whether the body may be bare text: it says so, or says nothing.
    pub(super) fn may_be_plain(&self) -> bool {
        self.is_text_of(|media| media.eq_ignore_ascii_case("text/plain"))
            || !self.coded && self.media_type.is_none()
    }

    /// Asks the media type of a body that is not coded.
    fn is_text_of(&self, is: impl Fn(&str) -> bool) -> bool {
        !self.coded && self.media_type.as_deref().is_some_and(is)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::text_head::Fields;

    #[test]
    fn framing_and_media_type_are_read() {
        let read = read("Content-Length: 5, 5\r\nContent-Type: Text/XML; charset=\"utf-8\"\r\n");

        assert_eq!((read.length, read.chunked, read.coded), (Some(5), false, false));
        assert_eq!(read.media_type.as_deref(), Some("Text/XML"));
        assert!(read.is_xml() && !read.is_html());
    }

    #[test]
    fn a_coded_body_is_no_text() {
        let page = "Content-Type: text/html\r\nContent-Encoding: ";

        assert!(!read(&format!("{page}gzip\r\n")).is_html());
        assert!(read(&format!("{page}identity\r\n")).is_html());
    }

    #[test]
    fn only_the_last_transfer_coding_frames_and_a_bad_length_is_none() {
        assert!(read("Transfer-Encoding: gzip, Chunked\r\n").chunked);
        assert!(!read("Transfer-Encoding: chunked, gzip\r\n").chunked);
        assert_eq!(read("Content-Length: -1\r\n").length, None);
    }

    fn read(text: &str) -> BodyFields {
        let mut read = BodyFields::default();
        Fields::new(text.as_bytes()).for_each(|field| read.take(&field));
        read
    }
}
