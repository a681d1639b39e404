//! Reads a message of WS-Discovery (UDP 3702).
//!
//! Comes in: the payload of a datagram. Goes out: a [`WsdMessage`] (OASIS WS-Discovery 1.1; ONVIF uses the draft of 2005, whose
//! names are the same). Name spaces differ among senders, so elements are known by their local names. Relations, metadata
//! and security headers are not kept.

use crate::net::bounded;

use super::verdict::Probe;
use super::xml::{Node, RootName, Step, root_name, walk};
use super::{DissectReason, url};

/// Bytes of a text that are looked at: a list of scopes.
const MAX_TEXT: usize = 2048;
/// Endpoints of one message that are kept; a device answers for itself, a proxy for several.
const MAX_MATCHES: usize = 8;
/// Entries of a list that are kept.
const MAX_ITEMS: usize = 16;
/// Bytes of an entry of a list, or of an address, that are kept.
const MAX_ITEM: usize = 256;

/// A message of WS-Discovery.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WsdMessage {
    /// What it is.
    pub kind: WsdKind,
    /// What it speaks of: one of a Hello, Bye, Probe or Resolve, up to 8 of an answer.
    pub endpoints: Vec<WsdEndpoint>,
}

/// The kinds of messages (WS-Discovery 1.1, 4 to 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum WsdKind {
    /// A device comes.
    Hello,
    /// A device goes.
    Bye,
    /// Somebody asks who is there; types and scopes are those that are looked for.
    #[default]
    Probe,
    /// Devices answer a probe.
    ProbeMatches,
    /// Somebody asks where a device is.
    Resolve,
    /// A device answers.
    ResolveMatches,
}

impl WsdKind {
    /// Every kind.
    const ALL: [Self; 6] = [
        Self::Hello,
        Self::Bye,
        Self::Probe,
        Self::ProbeMatches,
        Self::Resolve,
        Self::ResolveMatches,
    ];

    /// The local name of the element in the body of the message.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hello => "Hello",
            Self::Bye => "Bye",
            Self::Probe => "Probe",
            Self::ProbeMatches => "ProbeMatches",
            Self::Resolve => "Resolve",
            Self::ResolveMatches => "ResolveMatches",
        }
    }
}

/// What a message says of one endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WsdEndpoint {
    /// Address of the endpoint reference, most often `urn:uuid:` and a UUID.
    pub address: Option<String>,
    /// Types without the prefixes of their name spaces, such as `NetworkVideoTransmitter`; at most 16.
    pub types: Vec<String>,
    /// Scopes as sent; at most 16.
    pub scopes: Vec<String>,
    /// Transport addresses without user information; at most 16.
    pub xaddrs: Vec<String>,
    /// MetadataVersion.
    pub metadata_version: Option<u32>,
    /// The scope `onvif://www.onvif.org/name/` (ONVIF Core, 7.3.2.2), decoded.
    pub name: Option<String>,
    /// The scope `onvif://www.onvif.org/hardware/`, decoded.
    pub hardware: Option<String>,
    /// The scope `onvif://www.onvif.org/location/`, decoded.
    pub location: Option<String>,
}

/// Looks at the name of the first element.
pub(crate) fn probe(payload: &[u8]) -> Probe {
    match root_name(payload) {
        // SOAP carries other things than discovery.
        RootName::Is("Envelope") => Probe::Unsure,
        RootName::Is(_) | RootName::Unknown | RootName::None => Probe::NotForUs,
    }
}

/// Reads a datagram. `Ok(None)`: it is no SOAP message, or one of something else.
///
/// # Errors
/// It is XML that ends early, is not well formed, has a document type, or exceeds a limit.
pub(crate) fn dissect(payload: &[u8]) -> Result<Option<WsdMessage>, DissectReason> {
    if probe(payload) == Probe::NotForUs {
        return Ok(None);
    }
    let mut reading = Reading::default();
    walk(payload, MAX_TEXT, |node| {
        match node {
            Node::Open { name, depth } => reading.open(name, depth),
            Node::Close { depth, text } => reading.close(depth, text),
        }
        Step::Continue(())
    })?;
    Ok(reading.finish())
}

/// The elements that are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Address,
    Types,
    Scopes,
    XAddrs,
    MetadataVersion,
}

impl Field {
    /// The field of an element, if it is kept.
    fn named(name: &str) -> Option<Self> {
        match name {
            "Address" => Some(Self::Address),
            "Types" => Some(Self::Types),
            "Scopes" => Some(Self::Scopes),
            "XAddrs" => Some(Self::XAddrs),
            "MetadataVersion" => Some(Self::MetadataVersion),
            _ => None,
        }
    }
}

/// What is known half-way through a document.
#[derive(Default)]
struct Reading {
    kind: Option<WsdKind>,
    in_body: bool,
    in_operation: bool,
    /// The depth of the element that holds what is said of one endpoint.
    endpoint_depth: usize,
    endpoint: Option<WsdEndpoint>,
    in_reference: bool,
    field: Option<Field>,
    endpoints: Vec<WsdEndpoint>,
}

impl Reading {
    /// An element begins: Envelope, Body, the operation, in answers one element a match, then the fields.
    fn open(&mut self, name: &str, depth: usize) {
        self.field = None;
        match depth {
            0 => {}
            1 => self.in_body = name == "Body",
            2 if self.in_body => {
                let kind = WsdKind::ALL.into_iter().find(|kind| kind.name() == name);
                self.in_operation = kind.is_some() && self.kind.is_none();
                self.kind = self.kind.or(kind);
                let is_list =
                    matches!(self.kind, Some(WsdKind::ProbeMatches | WsdKind::ResolveMatches));
                self.endpoint_depth = if is_list { 3 } else { 2 };
                self.begin_at(depth);
            }
            3.. if self.in_operation => {
                self.begin_at(depth);
                if depth == self.endpoint_depth + 1 {
                    self.in_reference = name == "EndpointReference";
                    self.field = Field::named(name).filter(|field| *field != Field::Address);
                } else if depth == self.endpoint_depth + 2 && self.in_reference {
                    self.field = Field::named(name).filter(|field| *field == Field::Address);
                }
            }
            _ => {}
        }
    }

    /// Begins an endpoint, if this is the element that holds one.
    fn begin_at(&mut self, depth: usize) {
        if self.in_operation && depth == self.endpoint_depth {
            self.endpoint = Some(WsdEndpoint::default());
        }
    }

    /// An element ends.
    fn close(&mut self, depth: usize, text: &str) {
        if let (Some(field), Some(endpoint)) = (self.field.take(), &mut self.endpoint) {
            endpoint.keep(field, text);
        }
        if depth == self.endpoint_depth {
            let room = self.endpoints.len() < MAX_MATCHES;
            self.endpoints.extend(self.endpoint.take().filter(|_| room));
        }
        if depth == 2 {
            self.in_operation = false;
        }
    }

    /// The message, if the body held one.
    fn finish(self) -> Option<WsdMessage> {
        Some(WsdMessage { kind: self.kind?, endpoints: self.endpoints })
    }
}

impl WsdEndpoint {
    /// Keeps the text of an element; of repeated ones the first.
    fn keep(&mut self, field: Field, text: &str) {
        let words = || text.split_ascii_whitespace().take(MAX_ITEMS);
        let item = |word: &str| bounded(word.as_bytes(), MAX_ITEM);
        match field {
            Field::Address if self.address.is_none() && !text.is_empty() => {
                self.address = Some(item(text));
            }
            Field::Types if self.types.is_empty() => {
                let local = |word: &str| item(word.rsplit_once(':').map_or(word, |(_, name)| name));
                self.types = words().map(local).collect();
            }
            Field::Scopes if self.scopes.is_empty() => {
                self.scopes = words().map(item).collect();
                // A value that names the device may stand behind more scopes than are kept.
                for scope in text.split_ascii_whitespace() {
                    self.keep_onvif(scope);
                }
            }
            Field::XAddrs if self.xaddrs.is_empty() => {
                self.xaddrs =
                    words().map(|word| url::without_user(word.as_bytes(), MAX_ITEM)).collect();
            }
            Field::MetadataVersion if self.metadata_version.is_none() => {
                self.metadata_version = text.parse().ok();
            }
            Field::Address
            | Field::Types
            | Field::Scopes
            | Field::XAddrs
            | Field::MetadataVersion => {}
        }
    }

    /// Keeps what a scope of ONVIF says of the device.
    fn keep_onvif(&mut self, scope: &str) {
        const PREFIX: &str = "onvif://www.onvif.org/";
        let Some((prefix, path)) = scope.split_at_checked(PREFIX.len()) else { return };
        let Some((category, value)) = path.split_once('/') else { return };
        let kept = match category {
            _ if !prefix.eq_ignore_ascii_case(PREFIX) => return,
            "name" => &mut self.name,
            "hardware" => &mut self.hardware,
            "location" => &mut self.location,
            _ => return,
        };
        if kept.is_none() && !value.is_empty() {
            *kept = Some(url::percent_decoded(value, MAX_ITEM));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    // Our own construction after the examples of the standard and of ONVIF; no camera's answer is public.
    const MATCHES: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<env:Envelope xmlns:env=\"http://www.w3.org/\
        2003/05/soap-envelope\"><env:Header><wsadis:Address>no</wsadis:Address><wsadis:Action>x\
        </wsadis:Action></env:Header><env:Body><d:ProbeMatches><d:ProbeMatch>\
        <wsadis:EndpointReference><wsadis:Address>urn:uuid:0001</wsadis:Address>\
        </wsadis:EndpointReference><d:Types>dn:NetworkVideoTransmitter tds:Device</d:Types>\
        <d:Scopes>onvif://www.onvif.org/type/video_encoder onvif://www.onvif.org/hardware/DS-2CD2385G1-I \
        onvif://www.onvif.org/name/HIKVISION%20DS-2CD2385G1-I onvif://www.onvif.org/location/hall</d:Scopes>\
        <d:XAddrs>http://u:p@192.0.2.64/onvif/device_service http://[2001:db8::64]/onvif/device_service\
        </d:XAddrs><d:MetadataVersion>10</d:MetadataVersion></d:ProbeMatch><d:ProbeMatch>\
        <a:EndpointReference><a:Address>urn:uuid:0002</a:Address></a:EndpointReference>\
        </d:ProbeMatch></d:ProbeMatches></env:Body></env:Envelope>";

    #[test]
    fn an_answer_gives_every_match() {
        let first = WsdEndpoint {
            address: Some("urn:uuid:0001".into()),
            types: vec!["NetworkVideoTransmitter".into(), "Device".into()],
            scopes: vec![
                "onvif://www.onvif.org/type/video_encoder".into(),
                "onvif://www.onvif.org/hardware/DS-2CD2385G1-I".into(),
                "onvif://www.onvif.org/name/HIKVISION%20DS-2CD2385G1-I".into(),
                "onvif://www.onvif.org/location/hall".into(),
            ],
            xaddrs: vec![
                "http://192.0.2.64/onvif/device_service".into(),
                "http://[2001:db8::64]/onvif/device_service".into(),
            ],
            metadata_version: Some(10),
            name: Some("HIKVISION DS-2CD2385G1-I".into()),
            hardware: Some("DS-2CD2385G1-I".into()),
            location: Some("hall".into()),
        };
        let second =
            WsdEndpoint { address: Some("urn:uuid:0002".into()), ..WsdEndpoint::default() };

        let expected = WsdMessage { kind: WsdKind::ProbeMatches, endpoints: vec![first, second] };
        assert_eq!(read(MATCHES), expected);
    }

    #[test]
    fn each_kind_is_known_by_the_element_in_its_body() {
        for kind in WsdKind::ALL {
            let name = kind.name();
            let text = format!(
                "<Envelope><Body><x:{name}><Types>a:T</Types></x:{name}></Body></Envelope>"
            );
            let message = read(&text);
            assert_eq!(message.kind, kind);
            let is_list = matches!(kind, WsdKind::ProbeMatches | WsdKind::ResolveMatches);
            let types: usize = message.endpoints.iter().map(|endpoint| endpoint.types.len()).sum();
            assert_eq!(types, usize::from(!is_list), "{name}");
        }
        assert_eq!(read("<Envelope><Body><Probe/></Body></Envelope>").endpoints.len(), 1);
    }

    #[test]
    fn other_payloads_are_not_for_us() {
        for text in [
            "",
            "\0",
            "<Probe><Types>inquiry</Types></Probe>",
            "<Envelope><Body><GetStatus/></Body></Envelope>",
            "<Envelope><Header><Probe/></Header></Envelope>",
            "M-SEARCH * HTTP/1.1\r\n",
        ] {
            assert_eq!(dissect(text.as_bytes()), Ok(None), "{text}");
        }
    }

    #[test]
    fn a_cut_message_is_truncated() {
        for cut in MATCHES.find("<env:Body").unwrap()..MATCHES.len() {
            assert_eq!(dissect(&MATCHES.as_bytes()[..cut]), Err(DissectReason::Truncated), "{cut}");
        }
    }

    #[test]
    fn lists_stay_within_their_bounds() {
        let matches = "<ProbeMatch><Types>a b</Types></ProbeMatch>".repeat(99);
        let many = read(&format!(
            "<Envelope><Body><ProbeMatches>{matches}</ProbeMatches></Body></Envelope>"
        ));
        let types = "t ".repeat(99);
        let wide = read(&format!(
            "<Envelope><Body><Probe><Types>{types}</Types></Probe></Body></Envelope>"
        ));

        assert_eq!(many.endpoints.len(), MAX_MATCHES);
        assert_eq!(wide.endpoints[0].types.len(), MAX_ITEMS);
    }

    #[test]
    fn damaged_messages_stay_within_the_bounds() {
        for_each_mutant(MATCHES.as_bytes(), |bytes| {
            let Ok(Some(message)) = dissect(bytes) else { return };
            assert!(message.endpoints.len() <= MAX_MATCHES);
            for endpoint in message.endpoints {
                let lists = [endpoint.types, endpoint.scopes, endpoint.xaddrs];
                assert!(lists.iter().all(|list| list.len() <= MAX_ITEMS));
                assert!(lists.iter().flatten().all(|item| item.len() <= MAX_ITEM));
            }
        });
    }

    fn read(text: &str) -> WsdMessage {
        dissect(text.as_bytes()).unwrap().unwrap()
    }
}
