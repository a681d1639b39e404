//! Reads a session description.
//!
//! Comes in: the text of SDP (RFC 8866). Goes out: a [`SessionDescription`]: what the session is called, what made it, and
//! which media it has. Addresses, keys, phone numbers and mail addresses are not kept.

use crate::dissect::text_head::first_line;
use crate::net::bounded;

/// Lines of a description that are looked at; guards against thousands of empty ones.
const MAX_LINES: usize = 256;
/// Media that are kept; guards the memory of a message. A camera has video, audio and metadata.
const MAX_MEDIA: usize = 8;
/// Encodings of one medium that are kept.
const MAX_ENCODINGS: usize = 8;
/// Bytes of a text that are kept.
const MAX_TEXT: usize = 128;
/// Bytes of a kind of media or of an encoding's name that are kept.
const MAX_WORD: usize = 32;

/// What an RTSP server offers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SessionDescription {
    /// `s=`: session name (RFC 8866, 5.3).
    pub session_name: Option<String>,
    /// `i=` of the session: what it is about (RFC 8866, 5.4).
    pub information: Option<String>,
    /// `a=tool:`: what made the description (RFC 8866, 6.3).
    pub tool: Option<String>,
    /// The media, at most 8.
    pub media: Vec<SdpMedia>,
}

/// One medium of a session.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SdpMedia {
    /// `video`, `audio`, `application` ... (RFC 8866, 5.14).
    pub kind: String,
    /// The encoding names of `a=rtpmap` (RFC 8866, 6.6), such as `H264`, at most 8.
    pub encodings: Vec<String>,
}

impl SessionDescription {
    /// Reads a description, or the lines of it that have come; `None` without the `v=` line that begins each.
    pub(super) fn read(text: &[u8]) -> Option<Self> {
        let (_version, mut rest) = first_line(text).filter(|(line, _)| line.starts_with(b"v="))?;
        let mut description = Self::default();
        for _ in 0..MAX_LINES {
            let (line, behind) = match first_line(rest) {
                Some(line) => line,
                // The last line may lack its end.
                None if rest.is_empty() => break,
                None => (rest, &[][..]),
            };
            rest = behind;
            description.take(line);
        }
        Some(description)
    }

    /// Keeps a line that matters.
    fn take(&mut self, line: &[u8]) {
        let text = |value: &[u8]| {
            let value = value.trim_ascii();
            (!value.is_empty()).then(|| bounded(value, MAX_TEXT))
        };
        match line {
            [b's', b'=', name @ ..] if self.session_name.is_none() => {
                self.session_name = text(name)
            }
            [b'i', b'=', about @ ..] if self.information.is_none() && self.media.is_empty() => {
                self.information = text(about);
            }
            [b'm', b'=', medium @ ..] if self.media.len() < MAX_MEDIA => {
                let kind = bounded(first_word(medium), MAX_WORD);
                self.media.push(SdpMedia { kind, encodings: Vec::new() });
            }
            [b'a', b'=', attribute @ ..] => {
                if let Some(tool) = attribute.strip_prefix(b"tool:") {
                    self.tool = self.tool.take().or_else(|| text(tool));
                } else if let Some(map) = attribute.strip_prefix(b"rtpmap:") {
                    self.take_encoding(map);
                }
            }
            _ => {}
        }
    }

    /// Takes `<payload type> <encoding name>/<clock rate>`.
    fn take_encoding(&mut self, map: &[u8]) {
        let Some(medium) = self.media.last_mut() else { return };
        let behind = map.get(first_word(map).len()..).unwrap_or_default().trim_ascii_start();
        let name = behind.split(|&b| b == b'/').next().unwrap_or_default();
        let name = bounded(first_word(name), MAX_WORD);
        let is_new = !name.is_empty() && !medium.encodings.contains(&name);
        if is_new && medium.encodings.len() < MAX_ENCODINGS {
            medium.encodings.push(name);
        }
    }
}

/// What stands before the first space.
fn first_word(text: &[u8]) -> &[u8] {
    text.split(|&b| b == b' ').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    // Our own construction after the examples of RFC 8866.
    const SDP: &[u8] =
        b"v=0\r\no=- 1 1 IN IP4 192.0.2.64\r\ns=Media Presentation\r\ni=camera 1\r\n\
        e=NONE\r\na=tool:example 1\r\nm=video 0 RTP/AVP 96\r\ni=no\r\na=rtpmap:96 H264/90000\r\n\
        m=audio 0 RTP/AVP 8 97\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:97 MPEG4-GENERIC/16000/1";

    #[test]
    fn names_and_media_are_read() {
        let medium = |kind: &str, encodings: &[&str]| SdpMedia {
            kind: kind.into(),
            encodings: encodings.iter().map(|&name| name.into()).collect(),
        };
        let expected = SessionDescription {
            session_name: Some("Media Presentation".into()),
            information: Some("camera 1".into()),
            tool: Some("example 1".into()),
            media: vec![medium("video", &["H264"]), medium("audio", &["PCMA", "MPEG4-GENERIC"])],
        };

        assert_eq!(SessionDescription::read(SDP), Some(expected));
        assert_eq!(SessionDescription::read(b"<html>\r\n"), None);
    }

    #[test]
    fn lists_and_texts_stay_within_their_bounds() {
        let mut text = b"v=0\r\ns=".to_vec();
        text.extend([b'x'; 999]);
        text.extend_from_slice(b"\r\n");
        text.extend(b"m=video\na=rtpmap:1 A/1\n".repeat(20));
        text.extend((0..99).flat_map(|n| format!("a=rtpmap:1 E{n}/1\n").into_bytes()));
        let read = SessionDescription::read(&text).unwrap();

        assert_eq!(read.session_name.map(|name| name.len()), Some(MAX_TEXT));
        assert_eq!(read.media.len(), MAX_MEDIA);
        assert!(read.media.iter().all(|medium| medium.encodings.len() <= MAX_ENCODINGS));
    }

    #[test]
    fn damaged_descriptions_stay_within_the_bounds() {
        for_each_mutant(SDP, |text| {
            let Some(read) = SessionDescription::read(text) else { return };
            assert!(read.media.len() <= MAX_MEDIA);
            assert!(read.media.iter().all(|medium| medium.kind.len() <= MAX_WORD));
        });
    }
}
