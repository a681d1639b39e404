//! Reads a message of Hikvision's Search Active Device Protocol in its XML form (UDP 37020).
//!
//! Comes in: the payload of a datagram. Goes out: a [`SadpMessage`]. There is no public standard: element names are those of
//! `MatrixEditor/hiktools` and of published replies. It uses no tree, no attributes and no entities but XML's own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::net::bounded;

use super::verdict::Probe;
use super::xml::{Node, RootName, Step, root_name, walk};
use super::{DissectReason, SadpKind, SadpMessage};

/// Bytes of a text that are kept.
const MAX_TEXT: usize = 128;
/// Bytes of `OEMinfo` that are kept.
const MAX_OEM: usize = 64;

/// Looks at the name of the first element. SOAP has other roots, so that WS-Discovery is told apart.
pub(crate) fn probe(payload: &[u8]) -> Probe {
    match root_name(payload) {
        RootName::Is(name)
            if name.eq_ignore_ascii_case("Probe") || name.eq_ignore_ascii_case("ProbeMatch") =>
        {
            Probe::Certain
        }
        RootName::Unknown => Probe::Unsure,
        RootName::Is(_) | RootName::None => Probe::NotForUs,
    }
}

/// Reads a datagram. `Ok(None)`: it is not XML, or XML with another root, as when a client happens to have our port.
///
/// # Errors
/// It is XML that ends early, is not well formed, has a document type, or exceeds a limit.
pub(crate) fn dissect(payload: &[u8]) -> Result<Option<SadpMessage>, DissectReason> {
    let text = payload.strip_prefix(b"\xef\xbb\xbf").unwrap_or(payload).trim_ascii_start();
    if text.first() != Some(&b'<') {
        return Ok(None);
    }
    let mut message = Reading::default();
    walk(payload, MAX_TEXT, |node| message.visit(node))?;
    Ok(message.finish())
}

/// What is known half-way through a document.
#[derive(Default)]
struct Reading {
    message: SadpMessage,
    root: Option<Root>,
    field: Option<Field>,
    ipv4: Option<Ipv4Addr>,
    ipv6: Option<Ipv6Addr>,
}

/// The two root elements.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Root {
    Probe,
    ProbeMatch,
}

impl Reading {
    /// Takes an element's beginning or end.
    fn visit(&mut self, node: Node<'_>) -> Step {
        match node {
            Node::Open { name, depth: 0 } => match self.open_root(name) {
                Ok(true) => self.field = Field::named(name),
                Ok(false) => return Step::Break(Ok(())),
                Err(reason) => return Step::Break(Err(reason)),
            },
            Node::Open { name, .. } => self.field = Field::named(name),
            Node::Close { text, .. } => {
                if let Some(field) = self.field.take() {
                    self.keep(field, text);
                }
            }
        }
        Step::Continue(())
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

    /// Keeps the text of an element that has ended; of repeated elements the first that says something counts.
    fn keep(&mut self, field: Field, text: &str) {
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
            Field::Ipv4SubnetMask => keep_parsed(&mut message.subnet_mask, text),
            Field::Ipv6Gateway => keep_parsed(&mut message.ipv6_gateway, text),
            Field::Ipv6MaskLen => keep_parsed(&mut message.ipv6_mask_len, text),
            Field::CommandPort => keep_parsed(&mut message.command_port, text),
            Field::HttpPort => keep_parsed(&mut message.http_port, text),
            Field::Activated => keep_flag(&mut message.activated, text),
            Field::Dhcp => keep_flag(&mut message.dhcp, text),
            Field::SdkOverTlsPort => keep_parsed(&mut message.sdk_over_tls_port, text),
            Field::AnalogChannelNum => keep_parsed(&mut message.analog_channels, text),
            Field::DigitalChannelNum => keep_parsed(&mut message.digital_channels, text),
            Field::Encrypt => keep_flag(&mut message.encrypt, text),
            Field::ResetAbility => keep_flag(&mut message.reset_ability, text),
            Field::PasswordResetAbility => keep_flag(&mut message.password_reset_ability, text),
            Field::SupportHcPlatform => keep_flag(&mut message.support_hc_platform, text),
            Field::HcPlatformEnable => keep_flag(&mut message.hc_platform_enable, text),
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
        self.message.ipv6_gateway = self.message.ipv6_gateway.filter(|ip| !ip.is_unspecified());
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
    Ipv4SubnetMask,
    Ipv6Gateway,
    Ipv6MaskLen,
    SdkOverTlsPort,
    AnalogChannelNum,
    DigitalChannelNum,
    Encrypt,
    ResetAbility,
    PasswordResetAbility,
    SupportHcPlatform,
    HcPlatformEnable,
    OemInfo,
}

impl Field {
    /// Each element with its name; senders differ in case.
    const NAMES: [(&str, Self); 27] = [
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
        ("IPv4SubnetMask", Self::Ipv4SubnetMask),
        ("IPv6Gateway", Self::Ipv6Gateway),
        ("IPv6MaskLen", Self::Ipv6MaskLen),
        ("SDKOverTLSPort", Self::SdkOverTlsPort),
        ("AnalogChannelNum", Self::AnalogChannelNum),
        ("DigitalChannelNum", Self::DigitalChannelNum),
        ("Encrypt", Self::Encrypt),
        ("ResetAbility", Self::ResetAbility),
        ("PasswordResetAbility", Self::PasswordResetAbility),
        ("SupportHCPlatform", Self::SupportHcPlatform),
        ("HCPlatformEnable", Self::HcPlatformEnable),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;
    use crate::dissect::xml::{MAX_DEPTH, MAX_DOCUMENT};

    // Our own construction from published element names.
    const REPLY: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<ProbeMatch>\r\n\
        <Uuid>13A888A9-F1B1-4020-AE9F-05607682D23B</Uuid>\r\n<Types>inquiry</Types>\r\n\
        <DeviceType>141945</DeviceType>\r\n<DeviceDescription>DS-2CD2385G1-I</DeviceDescription>\r\n\
        <DeviceSN>DS-2CD2385G1-I20200414AAWR123456789</DeviceSN>\r\n<CommandPort>8000</CommandPort>\r\n\
        <HttpPort>80</HttpPort>\r\n<MAC>58-50-ed-01-02-03</MAC>\r\n<IPv4Address>192.0.2.64</IPv4Address>\r\n\
        <IPv4SubnetMask>255.255.255.0</IPv4SubnetMask>\r\n<IPv4Gateway>192.0.2.1</IPv4Gateway>\r\n\
        <IPv6Address>2001:db8::64</IPv6Address>\r\n<IPv6Gateway>::</IPv6Gateway>\r\n\
        <IPv6MaskLen>64</IPv6MaskLen>\r\n<DHCP>false</DHCP>\r\n<AnalogChannelNum>0</AnalogChannelNum>\r\n\
        <DigitalChannelNum>1</DigitalChannelNum>\r\n\
        <SoftwareVersion>V5.6.2build 190701</SoftwareVersion>\r\n<DSPVersion>V7.3 build 190620</DSPVersion>\r\n\
        <BootTime>2020-05-01 10:00:00</BootTime>\r\n<Encrypt>true</Encrypt>\r\n\
        <ResetAbility>false</ResetAbility>\r\n<Activated>true</Activated>\r\n\
        <PasswordResetAbility>true</PasswordResetAbility>\r\n<SupportHCPlatform>true</SupportHCPlatform>\r\n\
        <HCPlatformEnable>false</HCPlatformEnable>\r\n<SDKOverTLSPort>8443</SDKOverTLSPort>\r\n\
        <Salt>not-to-keep</Salt>\r\n<OEMinfo>N/A</OEMinfo>\r\n</ProbeMatch>\r\n";

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
            subnet_mask: Some(Ipv4Addr::new(255, 255, 255, 0)),
            ipv6_gateway: None,
            ipv6_mask_len: Some(64),
            software_version: Some("V5.6.2build 190701".into()),
            dsp_version: Some("V7.3 build 190620".into()),
            boot_time: Some("2020-05-01 10:00:00".into()),
            activated: Some(true),
            dhcp: Some(false),
            command_port: Some(8000),
            http_port: Some(80),
            sdk_over_tls_port: Some(8443),
            analog_channels: Some(0),
            digital_channels: Some(1),
            encrypt: Some(true),
            reset_ability: Some(false),
            password_reset_ability: Some(true),
            support_hc_platform: Some(true),
            hc_platform_enable: Some(false),
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
        let long = format!("<Probe>{}</Probe>", "a".repeat(MAX_DOCUMENT));

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
    fn a_password_and_a_salt_are_never_kept() {
        let message = read(
            "<Probe><Types>update</Types><Password>secret</Password><Salt>secret</Salt>\
             <IPv6Gateway>2001:db8::1</IPv6Gateway></Probe>",
        );
        assert!(!format!("{message:?}").contains("secret"));
        assert_eq!(message.ipv6_gateway, "2001:db8::1".parse().ok());
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
