//! Reads one application message from one payload, without memory.
//!
//! Comes in: the payload of a datagram, or the first bytes of a stream. Goes out: a [`Message`]
//! of owned, bounded values, or the reason why there is none. It never knows vendors, and never keeps a payload.

mod app_protocol;
mod challenge;
mod cursor;
mod datagram_reading;
mod dhcp;
mod dhcpv6;
mod dissector;
mod dns;
mod dtls;
mod encrypted_dns;
mod error;
mod exchange;
mod framing;
mod http;
mod message;
mod mqtt;
#[cfg(test)]
mod mutation;
mod nbns;
mod ndp;
mod ntp;
mod portmap;
mod quarantine;
mod quic;
mod rtp;
mod rtsp;
mod sadp;
mod sadp_link;
mod sadp_message;
mod sip;
mod snmp;
mod ssdp;
mod stream_reading;
mod stun;
mod syslog;
mod text_head;
mod tls;
mod url;
mod verdict;
mod wsd;
mod xml;

pub use app_protocol::AppProtocol;
pub use dhcp::DhcpMessage;
pub use dhcpv6::{Dhcpv6Message, Dhcpv6Prefix, Dhcpv6VendorClass};
pub use dissector::Dissector;
pub use dns::{
    DnsMailExchange, DnsMessage, DnsQuery, DnsRecord, DnsRecordData, DnsService, DnsServiceBinding,
};
pub use encrypted_dns::encrypted_dns;
pub use error::{DissectError, DissectFailure, DissectReason};
pub use exchange::{HttpExchange, TlsHandshake};
pub use framing::{
    BeaconMessage, HcnetsdkKind, HcnetsdkMessage, IsupMessage, LbsMessage, P2pMessage, SafeFamily,
    SafeMessage, VtmMessage, VtmUrl,
};
pub use http::{
    AddressList, HttpRequest, HttpResponse, IsapiDevice, MappingAction, PortMapping, UpnpDevice,
};
pub use message::Message;
pub use mqtt::{MqttConnack, MqttConnect, MqttMessage, MqttTopic, MqttWill};
pub use nbns::{NbnsMessage, NbnsName};
pub use ndp::{AdvertisedPrefix, NdpMessage, NeighborAdvertisement, RouterAdvertisement};
pub use ntp::{NtpClock, NtpMessage};
pub use portmap::{PortMapMessage, PortMapOperation};
pub use quic::{QuicInitials, QuicMessage, QuicRead};
pub use rtp::RtpTracker;
pub use rtsp::{
    RtspMessage, RtspRequest, RtspResponse, RtspTransport, SdpMedia, SessionDescription,
};
pub use sadp_message::{SadpKind, SadpMessage};
pub use sip::{SipMessage, SipStart};
pub use snmp::{SnmpMessage, SnmpPdu};
pub use ssdp::{SsdpKind, SsdpMessage};
pub use stun::{StunClass, StunMessage};
pub use syslog::SyslogHead;
pub use tls::{Certificate, ClientHello, Ja4, ServerFlight, ServerHello};
pub use verdict::{
    Appetite, DatagramVerdict, MAX_STREAM_HEAD, Next, Probe, StreamMessage, StreamPlace,
    StreamVerdict,
};
pub use wsd::{WsdEndpoint, WsdKind, WsdMessage};
