//! Walks over a small XML document.
//!
//! Comes in: bytes of which the sender says that they are XML 1.0. Goes out: elements that open and close, with the text
//! of those that hold nothing else. It keeps no tree, knows no attributes, no name spaces (names come without their prefix)
//! and no entities but XML's own: a document type is refused, so that nothing can expand.

use std::borrow::Cow;
use std::ops::ControlFlow;

use quick_xml::Reader;
use quick_xml::errors::{IllFormedError, SyntaxError};
use quick_xml::events::{BytesRef, Event};

use super::DissectReason;

/// Bytes of a document; guards the XML reader. Messages of discovery and descriptions of devices have less than 4 KiB.
pub(crate) const MAX_DOCUMENT: usize = 8 * 1024;
/// Elements inside one another; guards the visitors. A SOAP message with a list has eight.
pub(crate) const MAX_DEPTH: usize = 16;
/// Bytes before the first element in which its name has to be found: declaration and comments.
const MAX_PROLOG: usize = 1024;
/// Bytes of the longest element name that is compared.
const MAX_NAME: usize = 128;

/// What the walk meets. `depth` is the number of elements around: 0 for the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Node<'a> {
    /// An element begins.
    Open {
        /// Its local name.
        name: &'a str,
        /// Elements around it.
        depth: usize,
    },
    /// An element ends.
    Close {
        /// Elements around it.
        depth: usize,
        /// The text since the last element that began or ended, without white space around it.
        text: &'a str,
    },
}

/// Whether the walk goes on.
pub(crate) type Step = ControlFlow<Result<(), DissectReason>>;

/// Walks over a document; of a text, `max_text` bytes are kept. It ends early, with the visitor's own result, when the
/// visitor breaks off.
///
/// # Errors
/// The document ends early, is not well formed, has a document type, or exceeds a limit.
pub(crate) fn walk(
    document: &[u8],
    max_text: usize,
    mut visit: impl FnMut(Node<'_>) -> Step,
) -> Result<(), DissectReason> {
    let document = text_of(document)?;
    let mut reader = Reader::from_str(&document);
    let config = reader.config_mut();
    // Names are compared without case, so an end tag may be spelled in another way than its start.
    config.check_end_names = false;
    config.allow_dangling_amp = true;
    let mut depth = 0_usize;
    let mut text = Text { kept: String::new(), max: max_text };
    loop {
        let step = match reader.read_event().map_err(|error| reason_of(&error))? {
            Event::Start(tag) => {
                if depth == MAX_DEPTH {
                    return Err(DissectReason::TooLarge);
                }
                text.kept.clear();
                depth += 1;
                visit(Node::Open { name: tag.local_name().into_inner(), depth: depth - 1 })
            }
            Event::Empty(tag) => {
                text.kept.clear();
                match visit(Node::Open { name: tag.local_name().into_inner(), depth }) {
                    Step::Continue(()) => visit(Node::Close { depth, text: "" }),
                    ended @ Step::Break(_) => ended,
                }
            }
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                let step = visit(Node::Close { depth, text: text.kept.trim() });
                text.kept.clear();
                step
            }
            Event::Text(part) => text.push(&part),
            Event::CData(part) => text.push(&part),
            Event::GeneralRef(entity) => match character_of(&entity) {
                Some(character) => text.push(character.encode_utf8(&mut [0; 4])),
                None => Step::Continue(()),
            },
            Event::DocType(_) => return Err(DissectReason::Malformed),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => Step::Continue(()),
            Event::Eof if depth > 0 => return Err(DissectReason::Truncated),
            Event::Eof => return Ok(()),
        };
        if let Step::Break(result) = step {
            return result;
        }
    }
}

/// The texts of the elements `names` that stand directly inside the elements of `path`, each the first that is not empty.
/// Of a document that is cut or broken, what stands before the damage.
pub(crate) fn texts_inside<const N: usize>(
    document: &[u8],
    path: &[&str],
    names: &[&str; N],
    max_text: usize,
) -> [Option<String>; N] {
    let mut texts = [const { None }; N];
    let mut inside = 0;
    let mut current = None;
    let _damage = walk(document, max_text, |node| {
        match node {
            Node::Open { name, depth } if depth < path.len() => {
                current = None;
                if depth == inside && path.get(depth) == Some(&name) {
                    inside += 1;
                }
            }
            Node::Open { name, depth } if depth == path.len() && inside == depth => {
                current = names.iter().position(|known| *known == name);
            }
            Node::Open { .. } => current = None,
            Node::Close { depth, text } => {
                let text_of_name = current.take().and_then(|index| texts.get_mut(index));
                if let Some(kept @ None) = text_of_name
                    && !text.is_empty()
                {
                    *kept = Some(text.to_owned());
                }
                inside = inside.min(depth);
            }
        }
        Step::Continue(())
    });
    texts
}

/// The local name of the first element, without reading the document: for a cheap look at its first bytes.
pub(crate) fn root_name(document: &[u8]) -> RootName<'_> {
    let mut rest = without_mark(document).trim_ascii_start();
    let room = rest.len().min(MAX_PROLOG);
    loop {
        let Some(behind) = rest.strip_prefix(b"<") else {
            return if rest.is_empty() { RootName::Unknown } else { RootName::None };
        };
        let closing: &[u8] = match behind {
            [] | [b'!'] | [b'!', b'-'] => return RootName::Unknown,
            [b'?', ..] => b"?>",
            [b'!', b'-', b'-', ..] => b"-->",
            [b'!', ..] => return RootName::None,
            _ => return name_of(behind),
        };
        let window = rest.get(..room.min(rest.len())).unwrap_or(rest);
        let Some(end) = window.windows(closing.len()).position(|bytes| bytes == closing) else {
            return if rest.len() > room { RootName::None } else { RootName::Unknown };
        };
        rest = rest.get(end + closing.len()..).unwrap_or_default().trim_ascii_start();
        if without_mark(document).len() - rest.len() > MAX_PROLOG {
            return RootName::None;
        }
    }
}

/// What is known of a document's first element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RootName<'a> {
    /// Its local name.
    Is(&'a str),
    /// Too little is there.
    Unknown,
    /// It is no XML, or too much stands before the element.
    None,
}

/// The name at the start of a tag.
fn name_of(tag: &[u8]) -> RootName<'_> {
    let ends = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'>' | b'/');
    let Some(end) = tag.iter().take(MAX_NAME).position(ends) else {
        return if tag.len() < MAX_NAME { RootName::Unknown } else { RootName::None };
    };
    let name = tag.get(..end).and_then(|name| std::str::from_utf8(name).ok());
    match name.map(|name| name.rsplit_once(':').map_or(name, |(_prefix, local)| local)) {
        Some(name) if !name.is_empty() => RootName::Is(name),
        Some(_) | None => RootName::None,
    }
}

/// The document as text: some senders begin with a byte order mark, some end with zero bytes, some do not write UTF-8.
fn text_of(document: &[u8]) -> Result<Cow<'_, str>, DissectReason> {
    let document = without_mark(document).trim_ascii_start();
    if document.len() > MAX_DOCUMENT {
        return Err(DissectReason::TooLarge);
    }
    let end = document.iter().rposition(|&b| b != 0).map_or(0, |last| last + 1);
    Ok(String::from_utf8_lossy(document.get(..end).unwrap_or(document)))
}

/// The bytes behind a byte order mark.
fn without_mark(document: &[u8]) -> &[u8] {
    document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document)
}

/// A text that grows up to a bound.
struct Text {
    kept: String,
    max: usize,
}

impl Text {
    /// Appends what there is room for.
    fn push(&mut self, part: &str) -> Step {
        let part = if self.kept.is_empty() { part.trim_start() } else { part };
        let room = self.max.saturating_sub(self.kept.len());
        self.kept.push_str(part.get(..part.floor_char_boundary(room)).unwrap_or_default());
        Step::Continue(())
    }
}

/// The character that a reference stands for: a numeric one or one of the five of XML 1.0, 4.6. Others have no meaning
/// without a document type, and none is read.
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

/// Why the XML reader gave up: at the end of the text something was still open, or it is no XML.
fn reason_of(error: &quick_xml::Error) -> DissectReason {
    let is_bang = |error: &SyntaxError| matches!(error, SyntaxError::InvalidBangMarkup);
    if let quick_xml::Error::Syntax(error) = error
        && !is_bang(error)
    {
        return DissectReason::Truncated;
    }
    if let quick_xml::Error::IllFormed(IllFormedError::MissingEndTag(_)) = error {
        return DissectReason::Truncated;
    }
    DissectReason::Malformed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    const DOCUMENT: &str = "\u{feff}<?xml version=\"1.0\"?>\n<a:Root xmlns:a=\"urn:x\"><Leaf> one &lt;\
        <![CDATA[<two>]]>&#33; </Leaf><Empty/><b:Leaf>&unknown;x</b:Leaf></a:Root>\0\0";

    #[test]
    fn names_lose_their_prefix_and_texts_their_references() {
        let expected = "+Root0 +Leaf1 -1[one <<two>!] +Empty1 -1[] +Leaf1 -1[x] -0[]".to_owned();

        assert_eq!(trace(DOCUMENT.as_bytes(), 64), (expected, Ok(())));
    }

    #[test]
    fn a_document_that_grows_or_nests_is_refused() {
        let deep = "<a>".repeat(MAX_DEPTH + 1);
        let long = format!("<a>{}</a>", "x".repeat(MAX_DOCUMENT));

        assert_eq!(trace(deep.as_bytes(), 9).1, Err(DissectReason::TooLarge));
        assert_eq!(trace(long.as_bytes(), 9).1, Err(DissectReason::TooLarge));
        let entities = b"<!DOCTYPE a [<!ENTITY b \"c\">]><a/>";
        assert_eq!(trace(entities, 9).1, Err(DissectReason::Malformed));
        assert_eq!(trace(b"<a><b>", 9).1, Err(DissectReason::Truncated));
    }

    #[test]
    fn texts_are_found_where_the_path_leads_and_nowhere_else() {
        let document = b"<a><n>no</n><b><n> </n><n>yes</n><m><n>no</n>x</m></b><c><n>no</n></c>\
            <b><m>late</m></b>";
        let texts = |path: &[&str]| texts_inside(document, path, &["n", "m"], 9);

        assert_eq!(texts(&["a", "b"]), [Some("yes".into()), Some("late".into())]);
        assert_eq!(texts(&["b", "a"]), [None, None]);
        assert_eq!(texts(&["a"]), [Some("no".into()), None]);
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(trace("<a>é€€</a>".as_bytes(), 6).0, "+a0 -0[é€]");
    }

    #[test]
    fn the_first_element_is_named_without_reading_the_rest() {
        for (text, expected) in [
            ("<?xml version='1.0'?>\r\n<!-- x --> <u:root xmlns", RootName::Is("root")),
            ("\u{feff}<root>", RootName::Is("root")),
            ("<root/>", RootName::Is("root")),
            ("<roo", RootName::Unknown),
            ("<?xml ver", RootName::Unknown),
            ("<!", RootName::Unknown),
            ("", RootName::Unknown),
            ("<!DOCTYPE html><html>", RootName::None),
            ("{\"a\":1}", RootName::None),
            ("<>", RootName::None),
        ] {
            assert_eq!(root_name(text.as_bytes()), expected, "{text}");
        }
        let comments = "<!--x-->".repeat(MAX_PROLOG);
        assert_eq!(root_name(comments.as_bytes()), RootName::None);
        assert_eq!(root_name(&[b"<?", &[b'x'; 2 * MAX_PROLOG][..]].concat()), RootName::None);
    }

    #[test]
    fn damaged_documents_stay_within_the_bounds() {
        for_each_mutant(DOCUMENT.as_bytes(), |bytes| {
            root_name(bytes);
            let _ended = walk(bytes, 16, |node| {
                if let Node::Close { depth, text } = node {
                    assert!(depth < MAX_DEPTH && text.len() <= 16);
                }
                Step::Continue(())
            });
        });
    }

    fn trace(document: &[u8], max_text: usize) -> (String, Result<(), DissectReason>) {
        let mut met = Vec::new();
        let result = walk(document, max_text, |node| {
            met.push(match node {
                Node::Open { name, depth } => format!("+{name}{depth}"),
                Node::Close { depth, text } => format!("-{depth}[{text}]"),
            });
            Step::Continue(())
        });
        (met.join(" "), result)
    }
}
