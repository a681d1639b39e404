//! Certificates for the tests of this folder.
//!
//! Comes in: the fields. Goes out: DER (RFC 5280, 4.1; ITU-T X.690). They are our own construction: key and signature are
//! empty, as nothing here reads them.

use super::der::{BOOLEAN, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, SET};

/// The fields of a certificate that the tests vary.
pub(super) struct Fields<'a> {
    pub(super) serial: &'a [u8],
    pub(super) issuer: &'a [u8],
    pub(super) subject: &'a [u8],
    /// Tag and text of notBefore and notAfter.
    pub(super) validity: [(u8, &'a [u8]); 2],
    /// Whole extensions.
    pub(super) extensions: &'a [u8],
}

impl Default for Fields<'_> {
    fn default() -> Self {
        Self {
            serial: &[0x0a, 0x1b],
            issuer: b"issuer.example.com",
            subject: b"cam.example.com",
            validity: [(0x17, b"260101000000Z"), (0x17, b"270101000000Z")],
            extensions: &[],
        }
    }
}

impl Fields<'_> {
    /// Writes a certificate of version 3.
    pub(super) fn certificate(&self) -> Vec<u8> {
        let validity = self.validity.map(|(tag, text)| element(tag, text)).concat();
        let extensions = match self.extensions {
            [] => vec![],
            extensions => element(0xa3, &element(SEQUENCE, extensions)),
        };
        let fields = [
            element(0xa0, &element(INTEGER, &[2])),
            element(INTEGER, self.serial),
            element(SEQUENCE, &[]),
            element(SEQUENCE, &common_name(self.issuer)),
            element(SEQUENCE, &validity),
            element(SEQUENCE, &common_name(self.subject)),
            element(SEQUENCE, &[]),
            extensions,
        ];
        element(SEQUENCE, &[element(SEQUENCE, &fields.concat()), element(SEQUENCE, &[])].concat())
    }
}

/// A subjectAltName extension of these names: tag and content of each.
pub(super) fn alternative_names(names: &[(u8, &[u8])], critical: bool) -> Vec<u8> {
    let names: Vec<u8> = names.iter().flat_map(|(tag, name)| element(*tag, name)).collect();
    let parts = [
        element(OBJECT_IDENTIFIER, &[0x55, 0x1d, 17]),
        if critical { element(BOOLEAN, &[0xff]) } else { vec![] },
        element(OCTET_STRING, &element(SEQUENCE, &names)),
    ];
    element(SEQUENCE, &parts.concat())
}

/// One element: tag, length in its shortest form, content.
pub(super) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let [.., high, low] = content.len().to_be_bytes();
    let head = match content.len() {
        0..=0x7f => vec![tag, low],
        0x80..=0xff => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    [&head[..], content].concat()
}

/// An RDNSequence's content of one commonName.
fn common_name(name: &[u8]) -> Vec<u8> {
    let pair = [element(OBJECT_IDENTIFIER, &[0x55, 4, 3]), element(12, name)].concat();
    element(SET, &element(SEQUENCE, &pair))
}
