//! Reads a message of Hikvision's Search Active Device Protocol in its XML form (UDP 37020).
//!
//! Comes in: the payload of a datagram. Goes out: a [`SadpMessage`]. There is no public standard: element names are those of
//! `MatrixEditor/hiktools` and of published replies. It uses no tree, no attributes and no entities but XML's own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use quick_xml::Reader;
use quick_xml::errors::{IllFormedError, SyntaxError};
use quick_xml::events::{BytesRef, Event};

use crate::net::bounded;

use super::{DissectReason, SadpKind, SadpMessage};

/// Bytes of a payload; guards the XML reader. Published replies have less than 2 KiB.
const MAX_PAYLOAD: usize = 8 * 1024;
/// Elements inside one another; guards the XML reader. Published messages have two.
const MAX_DEPTH: usize = 16;
/// Bytes of a text that are kept.
const MAX_TEXT: usize = 128;
/// Bytes of `OEMinfo` that are kept.
const MAX_OEM: usize = 64;

/// Reads a datagram. `Ok(None)`: it is not XML, or XML with another root, as when a client happens to have our port.
///
/// # Errors
/// It is XML that ends early, is not well formed, has a document type, or exceeds a limit.
pub(crate) fn dissect(payload: &[u8]) -> Result<Option<SadpMessage>, DissectReason> {
    let payload = payload.strip_prefix(b"\xef\xbb\xbf").unwrap_or(payload).trim_ascii_start();
    if payload.first() != Some(&b'<') {
        return Ok(None);
    }
    if payload.len() > MAX_PAYLOAD {
        return Err(DissectReason::TooLarge);
    }
    // Some senders end the text with zero bytes; some do not write UTF-8.
    let end = payload.iter().rposition(|&b| b != 0).map_or(0, |last| last + 1);
    let text = String::from_utf8_lossy(payload.get(..end).unwrap_or(payload));
    Walk::default().read(&text)
}

/// What is known half-way through a document.
#[derive(Default)]
struct Walk {
    message: SadpMessage,
    root: Option<Root>,
    depth: usize,
    field: Option<Field>,
    text: String,
    ipv4: Option<Ipv4Addr>,
    ipv6: Option<Ipv6Addr>,
}

/// The two root elements.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Root {
    Probe,
    ProbeMatch,
}

impl Walk {
    /// Reads a whole document.
    fn read(mut self, text: &str) -> Result<Option<SadpMessage>, DissectReason> {
        let mut reader = Reader::from_str(text);
        let config = reader.config_mut();
        // Names are compared without case, so an end tag may be spelled in another way than its start.
        config.check_end_names = false;
        config.allow_dangling_amp = true;
        loop {
            match reader.read_event().map_err(|error| reason_of(&error))? {
                Event::Start(tag) => {
                    if self.depth == 0 && !self.open_root(tag.local_name().into_inner())? {
                        return Ok(None);
                    }
                    self.depth += 1;
                    if self.depth > MAX_DEPTH {
                        return Err(DissectReason::TooLarge);
                    }
                    self.text.clear();
                    self.field = Field::named(tag.local_name().into_inner());
                }
                Event::Empty(tag) => {
                    if self.depth == 0 && !self.open_root(tag.local_name().into_inner())? {
                        return Ok(None);
                    }
                    self.field = None;
                }
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    if let Some(field) = self.field.take() {
                        self.keep(field);
                    }
                    self.text.clear();
                }
                Event::Text(part) => self.push(&part),
                Event::CData(part) => self.push(&part),
                Event::GeneralRef(entity) => {
                    if let Some(character) = character_of(&entity) {
                        self.push(character.encode_utf8(&mut [0; 4]));
                    }
                }
                Event::DocType(_) => return Err(DissectReason::Malformed),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
                Event::Eof if self.depth > 0 => return Err(DissectReason::Truncated),
                Event::Eof => return Ok(self.finish()),
            }
        }
    }

    /// Takes the name of an outermost element; false when it is not ours.
    fn open_root(&mut self, name: &str) -> Result<bool, DissectReason> {
        let root = if name.eq_ignore_ascii_case("Probe") {
            Root::Probe
        } else if name.eq_ignore_ascii_case("ProbeMatch") {
            Root::ProbeMatch
        } else if self.root.is_none() {
            return Ok(false);
        } else {
            return Err(DissectReason::Malformed);
        };
        match self.root.replace(root) {
            None => Ok(true),
            Some(_) => Err(DissectReason::Malformed),
        }
    }

    /// Appends to the text of the open element, within the bound.
    fn push(&mut self, part: &str) {
        if self.field.is_some() {
            let room = MAX_TEXT.saturating_sub(self.text.len());
            let part = if self.text.is_empty() { part.trim_ascii_start() } else { part };
            self.text.push_str(part.get(..part.floor_char_boundary(room)).unwrap_or_default());
        }
    }

    /// Keeps the text of an element that has ended; of repeated elements the first that says something counts.
    fn keep(&mut self, field: Field) {
        let text = self.text.trim_ascii();
        if text.is_empty() {
            return;
        }
        let message = &mut self.message;
        match field {
            Field::Types if message.types.is_empty() => message.types = text.to_owned(),
            Field::Types => {}
            Field::DeviceType => keep_text(&mut message.device_type, text),
            Field::DeviceDescription => keep_text(&mut message.device_description, text),
            Field::DeviceSn => keep_text(&mut message.serial, text),
            Field::SoftwareVersion => keep_text(&mut message.software_version, text),
            Field::DspVersion => keep_text(&mut message.dsp_version, text),
            Field::BootTime => keep_text(&mut message.boot_time, text),
            Field::OemInfo => keep_text(&mut message.oem, &bounded(text.as_bytes(), MAX_OEM)),
            Field::Mac => keep_parsed(&mut message.mac, text),
            Field::Ipv4Address => keep_parsed(&mut self.ipv4, text),
            Field::Ipv6Address => keep_parsed(&mut self.ipv6, text),
            Field::Ipv4Gateway => keep_parsed(&mut message.gateway, text),
            Field::CommandPort => keep_parsed(&mut message.command_port, text),
            Field::HttpPort => keep_parsed(&mut message.http_port, text),
            Field::Activated => keep_flag(&mut message.activated, text),
            Field::Dhcp => keep_flag(&mut message.dhcp, text),
        }
    }

    /// Decides what the message is. A device answers with `ProbeMatch` whatever was asked; a tool that asks for
    /// something other than `inquiry` and its kin (`inquiry_v32`) wants a change or a secret.
    fn finish(mut self) -> Option<SadpMessage> {
        let asks = self.message.types.is_empty()
            || self.message.types.get(..7).is_some_and(|t| t.eq_ignore_ascii_case("inquiry"));
        self.message.kind = match self.root? {
            Root::ProbeMatch => SadpKind::Reply,
            Root::Probe if asks => SadpKind::Inquiry,
            Root::Probe => SadpKind::Command,
        };
        // An unspecified address means that there is none.
        let ipv4 = self.ipv4.map(IpAddr::V4).filter(|ip| !ip.is_unspecified());
        let ipv6 = self.ipv6.map(IpAddr::V6).filter(|ip| !ip.is_unspecified());
        self.message.addresses = ipv4.into_iter().chain(ipv6).collect();
        self.message.gateway = self.message.gateway.filter(|ip| !ip.is_unspecified());
        Some(self.message)
    }
}

/// The elements that are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Types,
    DeviceType,
    DeviceDescription,
    DeviceSn,
    Mac,
    Ipv4Address,
    Ipv6Address,
    Ipv4Gateway,
    SoftwareVersion,
    DspVersion,
    BootTime,
    Activated,
    Dhcp,
    CommandPort,
    HttpPort,
    OemInfo,
}

impl Field {
    /// Each element with its name; senders differ in case.
    const NAMES: [(&str, Self); 16] = [
        ("Types", Self::Types),
        ("DeviceType", Self::DeviceType),
        ("DeviceDescription", Self::DeviceDescription),
        ("DeviceSN", Self::DeviceSn),
        ("MAC", Self::Mac),
        ("IPv4Address", Self::Ipv4Address),
        ("IPv6Address", Self::Ipv6Address),
        ("IPv4Gateway", Self::Ipv4Gateway),
        ("SoftwareVersion", Self::SoftwareVersion),
        ("DSPVersion", Self::DspVersion),
        ("BootTime", Self::BootTime),
        ("Activated", Self::Activated),
        ("DHCP", Self::Dhcp),
        ("CommandPort", Self::CommandPort),
        ("HttpPort", Self::HttpPort),
        ("OEMinfo", Self::OemInfo),
    ];

    /// The field of an element, if it is kept.
    fn named(name: &str) -> Option<Self> {
        let same = |(known, _): &&(&str, Self)| known.eq_ignore_ascii_case(name);
        Self::NAMES.iter().find(same).map(|&(_, field)| field)
    }
}

/// Keeps the first text.
fn keep_text(kept: &mut Option<String>, text: &str) {
    kept.get_or_insert_with(|| text.to_owned());
}

/// Keeps the first text that is a value; a text that is none is passed over, as the rest of the message is still good.
fn keep_parsed<T: FromStr>(kept: &mut Option<T>, text: &str) {
    if kept.is_none() {
        *kept = text.parse().ok();
    }
}

/// Keeps the first yes or no.
fn keep_flag(kept: &mut Option<bool>, text: &str) {
    if kept.is_none() {
        *kept = match text {
            "1" => Some(true),
            "0" => Some(false),
            _ if text.eq_ignore_ascii_case("true") => Some(true),
            _ if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        };
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

    // Our own construction from published element names.
    const REPLY: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<ProbeMatch>\r\n\
        <Uuid>13A888A9-F1B1-4020-AE9F-05607682D23B</Uuid>\r\n<Types>inquiry</Types>\r\n\
        <DeviceType>141945</DeviceType>\r\n<DeviceDescription>DS-2CD2385G1-I</DeviceDescription>\r\n\
        <DeviceSN>DS-2CD2385G1-I20200414AAWR123456789</DeviceSN>\r\n<CommandPort>8000</CommandPort>\r\n\
        <HttpPort>80</HttpPort>\r\n<MAC>58-50-ed-01-02-03</MAC>\r\n<IPv4Address>192.0.2.64</IPv4Address>\r\n\
        <IPv4SubnetMask>255.255.255.0</IPv4SubnetMask>\r\n<IPv4Gateway>192.0.2.1</IPv4Gateway>\r\n\
        <IPv6Address>2001:db8::64</IPv6Address>\r\n<IPv6Gateway>::</IPv6Gateway>\r\n<DHCP>false</DHCP>\r\n\
        <SoftwareVersion>V5.6.2build 190701</SoftwareVersion>\r\n<DSPVersion>V7.3 build 190620</DSPVersion>\r\n\
        <BootTime>2020-05-01 10:00:00</BootTime>\r\n<Encrypt>true</Encrypt>\r\n\
        <Activated>true</Activated>\r\n<OEMinfo>N/A</OEMinfo>\r\n</ProbeMatch>\r\n";

    #[test]
    fn a_reply_gives_the_device() {
        let expected = SadpMessage {
            kind: SadpKind::Reply,
            types: "inquiry".into(),
            device_type: Some("141945".into()),
            device_description: Some("DS-2CD2385G1-I".into()),
            serial: Some("DS-2CD2385G1-I20200414AAWR123456789".into()),
            mac: "58:50:ed:01:02:03".parse().ok(),
            addresses: vec!["192.0.2.64".parse().unwrap(), "2001:db8::64".parse().unwrap()],
            gateway: Some(Ipv4Addr::new(192, 0, 2, 1)),
            software_version: Some("V5.6.2build 190701".into()),
            dsp_version: Some("V7.3 build 190620".into()),
            boot_time: Some("2020-05-01 10:00:00".into()),
            activated: Some(true),
            dhcp: Some(false),
            command_port: Some(8000),
            http_port: Some(80),
            oem: Some("N/A".into()),
        };

        assert_eq!(read(REPLY), expected);
        assert_eq!(read(&format!("\u{feff}\n{REPLY}\0\0\0")), expected);
        assert_eq!(read(&REPLY.replace("IPv", "ipV").replace("</MAC", "</mac")), expected);
    }

    #[test]
    fn a_probe_is_an_inquiry_or_a_command_by_its_types() {
        for (types, kind) in [
            ("<Types>inquiry</Types>", SadpKind::Inquiry),
            ("<Types>Inquiry_v32</Types>", SadpKind::Inquiry),
            ("<Types/>", SadpKind::Inquiry),
            ("<Types>update</Types>", SadpKind::Command),
            ("<Types>reset</Types>", SadpKind::Command),
            ("<Types>getcode</Types>", SadpKind::Command),
        ] {
            let message = read(&format!("<probe><Uuid>x</Uuid>{types}</probe>"));
            assert_eq!(message.kind, kind, "{types}");
        }
        assert_eq!(read("<ProbeMatch><Types>update</Types></ProbeMatch>").kind, SadpKind::Reply);
        assert_eq!(read("<Probe/>").kind, SadpKind::Inquiry);
    }

    #[test]
    fn references_and_cdata_are_text_and_unknown_entities_are_nothing() {
        let description = |text: &str| {
            let inner = format!("<DeviceDescription>{text}</DeviceDescription>");
            read(&format!("<ProbeMatch>{inner}</ProbeMatch>")).device_description
        };

        assert_eq!(description("a &lt;&amp;&gt;&#65; b"), Some("a <&>A b".into()));
        assert_eq!(description("<![CDATA[a<b]]>"), Some("a<b".into()));
        assert_eq!(description("a&lol;b"), Some("ab".into()));
        assert_eq!(description("a & b"), Some("a & b".into()));
        assert_eq!(description(" "), None);
    }

    #[test]
    fn other_payloads_are_not_for_us() {
        for payload in
            [&b"\x40\x01"[..], b"", b"M-SEARCH * HTTP/1.1", b"<Envelope><Probe/></Envelope>"]
        {
            assert_eq!(dissect(payload), Ok(None), "{payload:?}");
        }
        assert_eq!(dissect(b"<Hello/>"), Ok(None));
    }

    #[test]
    fn a_document_type_and_a_second_root_are_malformed() {
        for text in [
            "<!DOCTYPE a [<!ENTITY lol \"lol\">]><ProbeMatch/>",
            "<Probe/><Probe/>",
            "<Probe></Probe></Probe>",
        ] {
            assert_eq!(dissect(text.as_bytes()), Err(DissectReason::Malformed), "{text}");
        }
    }

    #[test]
    fn a_cut_document_is_truncated() {
        let start = REPLY.find("<ProbeMatch>").unwrap() + "<ProbeMatch>".len();
        let end = REPLY.trim_end().len();
        for cut in start..end {
            let read = dissect(&REPLY.as_bytes()[..cut]);
            assert_eq!(read, Err(DissectReason::Truncated), "cut at {cut}");
        }
    }

    #[test]
    fn size_and_depth_are_limited() {
        let deep = |depth: usize| {
            let text = format!("<Probe>{}{}</Probe>", "<a>".repeat(depth), "</a>".repeat(depth));
            dissect(text.as_bytes())
        };
        let long = format!("<Probe>{}</Probe>", "a".repeat(MAX_PAYLOAD));

        assert!(deep(MAX_DEPTH - 1).is_ok());
        assert_eq!(deep(MAX_DEPTH), Err(DissectReason::TooLarge));
        assert_eq!(dissect(long.as_bytes()), Err(DissectReason::TooLarge));
    }

    #[test]
    fn texts_stay_within_their_bounds() {
        let long = "é".repeat(500);
        let text = format!(
            "<ProbeMatch><DeviceSN>a{long}</DeviceSN><OEMinfo>a{long}</OEMinfo></ProbeMatch>"
        );
        let message = read(&text);

        assert_eq!(message.serial.map(|text| text.len()), Some(MAX_TEXT - 1));
        assert_eq!(message.oem.map(|text| text.len()), Some(MAX_OEM - 1));
    }

    #[test]
    fn a_value_that_cannot_be_read_is_none_and_spoils_nothing() {
        let message = read(
            "<ProbeMatch><MAC>x</MAC><HttpPort>70000</HttpPort><IPv4Address>0.0.0.0</IPv4Address>\
             <Activated>maybe</Activated><DeviceSN>s</DeviceSN></ProbeMatch>",
        );

        let expected = SadpMessage {
            kind: SadpKind::Reply,
            serial: Some("s".into()),
            ..SadpMessage::default()
        };
        assert_eq!(message, expected);
    }

    #[test]
    fn damaged_replies_stay_within_the_bounds() {
        for_each_mutant(REPLY.as_bytes(), |bytes| {
            let Ok(Some(message)) = dissect(bytes) else { return };
            assert!(message.types.len() <= MAX_TEXT && message.addresses.len() <= 2);
            assert!(message.oem.is_none_or(|text| text.len() <= MAX_OEM));
            let texts = [message.device_type, message.device_description, message.serial];
            assert!(texts.into_iter().flatten().all(|text| text.len() <= MAX_TEXT));
        });
    }

    fn read(text: &str) -> SadpMessage {
        dissect(text.as_bytes()).unwrap().unwrap()
    }
}
