//! What was read from one payload: owned, bounded, and free of opinions about vendors.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::net::MacAddr;

/// The application protocol of a flow or a message, as Suricata's `app_proto` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AppProtocol {
    /// Domain Name System, RFC 1035, on any transport.
    Dns,
    /// Multicast DNS, RFC 6762.
    Mdns,
    /// Link-Local Multicast Name Resolution, RFC 4795.
    Llmnr,
    /// TLS, RFC 8446 and before.
    Tls,
    /// HTTP/1, RFC 9112.
    Http,
    /// DHCP for IPv4, RFC 2131.
    Dhcp,
    /// Hikvision's Search Active Device Protocol, over UDP 37020 or EtherType 0x8033.
    Sadp,
}

impl AppProtocol {
    /// Every protocol, for counters that exist from the start.
    pub const ALL: [Self; 7] =
        [Self::Dns, Self::Mdns, Self::Llmnr, Self::Tls, Self::Http, Self::Dhcp, Self::Sadp];

    /// The lower-case name.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Mdns => "mdns",
            Self::Llmnr => "llmnr",
            Self::Tls => "tls",
            Self::Http => "http",
            Self::Dhcp => "dhcp",
            Self::Sadp => "sadp",
        }
    }
}

/// One message of an application protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A DNS, mDNS or LLMNR message.
    Dns(DnsMessage),
    /// A TLS ClientHello.
    Tls(ClientHello),
    /// The head of an HTTP/1 request.
    Http(HttpRequest),
    /// A DHCPv4 message.
    Dhcp(DhcpMessage),
    /// A SADP message.
    Sadp(SadpMessage),
}

impl Message {
    /// The protocol that the message belongs to.
    #[must_use]
    pub const fn protocol(&self) -> AppProtocol {
        match self {
            Self::Dns(message) => message.protocol,
            Self::Tls(_) => AppProtocol::Tls,
            Self::Http(_) => AppProtocol::Http,
            Self::Dhcp(_) => AppProtocol::Dhcp,
            Self::Sadp(_) => AppProtocol::Sadp,
        }
    }
}

/// A DNS message, RFC 1035, 4.1. Names are without the final dot, in the case of the wire;
/// bytes outside printable ASCII, dots and backslashes inside a label are escaped as `\DDD` (RFC 4343, 2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsMessage {
    /// [`AppProtocol::Dns`], [`AppProtocol::Mdns`] or [`AppProtocol::Llmnr`].
    pub protocol: AppProtocol,
    /// Identifier.
    pub id: u16,
    /// The 16 bits of flags behind the identifier, as sent.
    pub flags: u16,
    /// Questions, as many as fit the reader's limit.
    pub queries: Vec<DnsQuery>,
    /// Records of the answer section, as many as fit the reader's limit.
    pub answers: Vec<DnsRecord>,
}

impl DnsMessage {
    /// Tells whether this is a response (QR bit).
    #[must_use]
    pub const fn is_response(&self) -> bool {
        self.flags & 0x8000 != 0
    }

    /// The response code, 0 to 15; 0 is success.
    #[must_use]
    pub const fn rcode(&self) -> u8 {
        self.flags.to_be_bytes()[1] & 0x0f
    }
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsQuery {
    /// The name asked for.
    pub name: String,
    /// Type (IANA "DNS Parameters"): 1 is A, 28 is AAAA.
    pub rtype: u16,
}

/// One resource record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsRecord {
    /// The owner of the record.
    pub name: String,
    /// Type.
    pub rtype: u16,
    /// Time to live in seconds.
    pub ttl: u32,
    /// What it says.
    pub data: DnsRecordData,
}

/// The content of a resource record, as far as we use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DnsRecordData {
    /// Type 1, RFC 1035, 3.4.1.
    A(Ipv4Addr),
    /// Type 28, RFC 3596.
    Aaaa(Ipv6Addr),
    /// Type 5, RFC 1035, 3.3.1.
    Cname(String),
    /// Type 12, RFC 1035, 3.3.12.
    Ptr(String),
    /// Anything else; its bytes are not kept.
    Other,
}

impl DnsRecordData {
    /// Bytes of text that it holds.
    pub(super) const fn text_len(&self) -> usize {
        match self {
            Self::Cname(name) | Self::Ptr(name) => name.len(),
            Self::A(_) | Self::Aaaa(_) | Self::Other => 0,
        }
    }
}

/// A TLS ClientHello, RFC 8446, 4.1.2.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientHello {
    /// The highest version offered: supported_versions without GREASE, else `legacy_version`.
    pub version: u16,
    /// server_name, RFC 6066, 3.
    pub sni: Option<String>,
    /// application_layer_protocol_negotiation, RFC 7301, in the client's order.
    pub alpns: Vec<String>,
    /// The encrypted_client_hello extension (65037) is present; the SNI is then the outer one,
    /// unless the extension is GREASE.
    pub ech: bool,
}

/// The head of an HTTP/1 request, RFC 9112, 3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// Method.
    pub method: String,
    /// Request target, as sent.
    pub target: String,
    /// `HTTP/1.0` or `HTTP/1.1`.
    pub version: &'static str,
    /// Host field, with the port if there is one.
    pub host: Option<String>,
    /// User-Agent field.
    pub user_agent: Option<String>,
}

/// A DHCPv4 message, RFC 2131, 2, with options of RFC 2132.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DhcpMessage {
    /// True when a client sent it (op = BOOTREQUEST).
    pub from_client: bool,
    /// Transaction identifier.
    pub transaction: u32,
    /// Option 53: 1 discover, 2 offer, 3 request, 4 decline, 5 ack, 6 nak, 7 release, 8 inform.
    pub message_type: Option<u8>,
    /// chaddr, when it is an Ethernet address.
    pub client_mac: MacAddr,
    /// ciaddr: the client's address when it already has one; else unspecified.
    pub client_ip: Option<Ipv4Addr>,
    /// yiaddr: the address the server gives.
    pub assigned_ip: Option<Ipv4Addr>,
    /// Option 50.
    pub requested_ip: Option<Ipv4Addr>,
    /// Option 12.
    pub hostname: Option<String>,
    /// Option 60.
    pub vendor_class: Option<String>,
    /// Option 55: parameter request list, in the client's order.
    pub params: Vec<u8>,
    /// Option 51, seconds.
    pub lease_time: Option<u32>,
}

/// A SADP message. There is no public specification; the fields are those of published parsers
/// and two captured replies (see the catalogue's sources `hiktools` and `idx`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SadpMessage {
    /// What it is.
    pub kind: SadpKind,
    /// `Types` of the XML form (`inquiry`, `update` ...), or the query type of the layer 2 form in hexadecimal.
    pub types: String,
    /// `DeviceType`: a number in captured replies.
    pub device_type: Option<String>,
    /// `DeviceDescription`: the model in captured replies.
    pub device_description: Option<String>,
    /// `DeviceSN`: model, date, four letters, the short serial, on recorders four letters more.
    pub serial: Option<String>,
    /// `MAC`.
    pub mac: Option<MacAddr>,
    /// `IPv4Address` and `IPv6Address`, in this order.
    pub addresses: Vec<IpAddr>,
    /// `IPv4Gateway`.
    pub gateway: Option<Ipv4Addr>,
    /// `SoftwareVersion`, such as `V5.6.2build 190701`.
    pub software_version: Option<String>,
    /// `DSPVersion`.
    pub dsp_version: Option<String>,
    /// `BootTime`.
    pub boot_time: Option<String>,
    /// `Activated`: false until a password was set.
    pub activated: Option<bool>,
    /// `DHCP`.
    pub dhcp: Option<bool>,
    /// `CommandPort` (SDK), 8000 by default.
    pub command_port: Option<u16>,
    /// `HttpPort`.
    pub http_port: Option<u16>,
    /// `OEMinfo`, where a rebrander names itself.
    pub oem: Option<String>,
}

/// The kinds of SADP messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SadpKind {
    /// A tool asks who is there; says nothing about the sender's own vendor.
    #[default]
    Inquiry,
    /// A device answers.
    Reply,
    /// A tool changes something: address, password.
    Command,
}
