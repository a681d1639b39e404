//! Reads the texts of the elements of a small XML document.
//!
//! Comes in: the bytes of a document, perhaps cut. Goes out: each element's name with its own text, one call each.
//! It builds no tree, reads no attributes and no entities but XML's own (XML 1.0, 4.6), and follows no document type.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, Event};

/// Bytes of a document that are looked at; guards the XML reader.
pub(super) const MAX_XML: usize = 8 * 1024;
/// Elements that are looked at; guards against a document of nothing but tags.
const MAX_ELEMENTS: usize = 256;
/// Bytes of one element's text that are kept; guards memory.
pub(super) const MAX_TEXT: usize = 128;

/// Calls `keep` with the name and the trimmed text of each element that has a text of its own, in order of their ends.
///
/// What stands before a cut, an error or a limit has been handed over when this returns.
pub(super) fn for_each_text(xml: &[u8], mut keep: impl FnMut(&str, &str)) {
    let xml = xml.get(..MAX_XML).unwrap_or(xml);
    let text = String::from_utf8_lossy(xml);
    let mut reader = Reader::from_str(&text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_dangling_amp = true;
    let mut open: Option<String> = None;
    let mut value = String::new();
    let mut elements = 0;
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(tag) => {
                elements += 1;
                if elements > MAX_ELEMENTS {
                    return;
                }
                let name = tag.local_name().into_inner();
                open = (name.len() <= MAX_TEXT).then(|| name.to_owned());
                value.clear();
            }
            Event::End(_) => {
                let trimmed = value.trim_ascii();
                if let Some(name) = open.take()
                    && !trimmed.is_empty()
                {
                    keep(&name, trimmed);
                }
                value.clear();
            }
            Event::Text(part) => push(&mut value, &part),
            Event::CData(part) => push(&mut value, &part),
            Event::GeneralRef(entity) => {
                if let Some(character) = character_of(&entity) {
                    push(&mut value, character.encode_utf8(&mut [0; 4]));
                }
            }
            Event::DocType(_) | Event::Eof => return,
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
}

/// Appends within the bound.
fn push(value: &mut String, part: &str) {
    let room = MAX_TEXT.saturating_sub(value.len());
    let part = if value.is_empty() { part.trim_ascii_start() } else { part };
    value.push_str(part.get(..part.floor_char_boundary(room)).unwrap_or_default());
}

/// The character that a reference stands for: a numeric one, or one of the five of XML 1.0, 4.6.
fn character_of(entity: &BytesRef<'_>) -> Option<char> {
    match entity.as_ref() {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => entity.resolve_char_ref().ok().flatten(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_leaf_gives_its_text_and_parents_give_none() {
        let xml =
            "<?xml version=\"1.0\"?><A>\n<B> one </B><C/><D>2&amp;3</D><E><![CDATA[<x>]]></E></A>";
        assert_eq!(texts(xml.as_bytes()), ["B=one", "D=2&3", "E=<x>"]);
    }

    #[test]
    fn a_cut_document_gives_what_was_whole() {
        assert_eq!(texts(b"<A><B>one</B><C>tw"), ["B=one"]);
        assert_eq!(texts(b"<A><B>one</B><!DOCTYPE x><C>two</C></A>"), ["B=one"]);
    }

    #[test]
    fn texts_and_elements_are_limited() {
        let long = format!("<A><B>{}</B></A>", "é".repeat(MAX_TEXT));
        assert_eq!(texts(long.as_bytes()).concat().len(), "B=".len() + MAX_TEXT);
        let many = format!("<A>{}</A>", "<B>x</B>".repeat(MAX_ELEMENTS + 9));
        assert_eq!(texts(many.as_bytes()).len(), MAX_ELEMENTS - 1);
    }

    fn texts(xml: &[u8]) -> Vec<String> {
        let mut all = Vec::new();
        for_each_text(xml, |name, text| all.push(format!("{name}={text}")));
        all
    }
}
