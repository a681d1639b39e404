//! The section of a message's own event type.
//!
//! Comes in: a message. Goes out: its event type and its section, or nothing for what another line will tell.

use serde::Serialize;

use super::eve_dhcp::DhcpSection;
use super::eve_dhcpv6::Dhcpv6Section;
use super::eve_dns::{DnsSection, LlmnrSection, MdnsSection};
use super::eve_http::HttpSection;
use super::eve_mqtt::MqttSection;
use super::eve_nbns::NbnsSection;
use super::eve_ndp::NdpSection;
use super::eve_ntp::NtpSection;
use super::eve_portmap::PortMapSection;
use super::eve_quic::QuicSection;
use super::eve_rtsp::RtspSection;
use super::eve_sadp::SadpSection;
use super::eve_sip::SipSection;
use super::eve_snmp::SnmpSection;
use super::eve_ssdp::SsdpSection;
use super::eve_stun::StunSection;
use super::eve_syslog::SyslogSection;
use super::eve_tls::TlsSection;
use super::eve_vendor::VendorSection;
use super::eve_web::WebSection;
use super::eve_wsd::WsdSection;
use crate::dissect::{AppProtocol, Message};

/// A section under the name of its event type.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MessageSection<'a> {
    Dns(DnsSection<'a>),
    Mdns(MdnsSection<'a>),
    Llmnr(LlmnrSection<'a>),
    Nbns(NbnsSection<'a>),
    Tls(Box<TlsSection<'a>>),
    Quic(QuicSection<'a>),
    Http(Box<HttpSection<'a>>),
    Rtsp(Box<RtspSection<'a>>),
    Sip(SipSection<'a>),
    Stun(StunSection<'a>),
    Dhcp(Box<DhcpSection<'a>>),
    Dhcpv6(Box<Dhcpv6Section<'a>>),
    Ndp(Box<NdpSection<'a>>),
    Ntp(NtpSection),
    Snmp(SnmpSection<'a>),
    Syslog(SyslogSection<'a>),
    Mqtt(MqttSection<'a>),
    Portmap(PortMapSection),
    Ssdp(SsdpSection<'a>),
    Wsd(WsdSection<'a>),
    Sadp(Box<SadpSection<'a>>),
    Hcnetsdk(Box<VendorSection<'a>>),
    Lbs(Box<VendorSection<'a>>),
    Safe(Box<VendorSection<'a>>),
    P2p(Box<VendorSection<'a>>),
    Vtm(Box<VendorSection<'a>>),
    Isup(Box<VendorSection<'a>>),
    Beacon(Box<VendorSection<'a>>),
    Web(WebSection<'a>),
}

impl<'a> MessageSection<'a> {
    /// The section of a message; none for a question whose exchange follows.
    pub(crate) fn new(message: &'a Message) -> Option<Self> {
        let vendor = Box::new;
        Some(match message {
            Message::TlsHello(_) | Message::HttpRequest(_) => return None,
            Message::Dns(message) if message.protocol == AppProtocol::Mdns => {
                Self::Mdns(MdnsSection::new(message))
            }
            Message::Dns(message) if message.protocol == AppProtocol::Llmnr => {
                Self::Llmnr(LlmnrSection::new(message))
            }
            Message::Dns(message) => Self::Dns(DnsSection::new(message)),
            Message::Nbns(message) => Self::Nbns(NbnsSection::new(message)),
            Message::Tls(handshake) => Self::Tls(Box::new(TlsSection::new(handshake))),
            Message::Quic(message) => Self::Quic(QuicSection::new(message)),
            Message::Http(exchange) => Self::Http(Box::new(HttpSection::new(exchange))),
            Message::Rtsp(message) => Self::Rtsp(Box::new(RtspSection::new(message))),
            Message::Sip(message) => Self::Sip(SipSection::new(message)),
            Message::Stun(message) => Self::Stun(StunSection::new(message)),
            Message::Dhcp(message) => Self::Dhcp(Box::new(DhcpSection::new(message))),
            Message::Dhcpv6(message) => Self::Dhcpv6(Box::new(Dhcpv6Section::new(message))),
            Message::Ndp(message) => Self::Ndp(Box::new(NdpSection::new(message))),
            Message::Ntp(message) => Self::Ntp(NtpSection::new(message)),
            Message::Snmp(message) => Self::Snmp(SnmpSection::new(message)),
            Message::Syslog(message) => Self::Syslog(SyslogSection::new(message)),
            Message::Mqtt(message) => Self::Mqtt(MqttSection::new(message)),
            Message::Portmap(message) => Self::Portmap(PortMapSection::new(message)),
            Message::Ssdp(message) => Self::Ssdp(SsdpSection::new(message)),
            Message::Wsd(message) => Self::Wsd(WsdSection::new(message)),
            Message::Sadp(message) => Self::Sadp(Box::new(SadpSection::new(message))),
            Message::Hcnetsdk(message) => Self::Hcnetsdk(vendor(VendorSection::hcnetsdk(message))),
            Message::Lbs(message) => Self::Lbs(vendor(VendorSection::lbs(message))),
            Message::Safe(message) => Self::Safe(vendor(VendorSection::safe(message))),
            Message::P2p(message) => Self::P2p(vendor(VendorSection::p2p(message))),
            Message::Vtm(message) => Self::Vtm(vendor(VendorSection::vtm(message))),
            Message::Isup(message) => Self::Isup(vendor(VendorSection::isup(message))),
            Message::Beacon(message) => Self::Beacon(vendor(VendorSection::beacon(message))),
        })
    }

    /// The event type.
    pub(crate) const fn event_type(&self) -> &'static str {
        match self {
            Self::Dns(_) => "dns",
            Self::Mdns(_) => "mdns",
            Self::Llmnr(_) => "llmnr",
            Self::Nbns(_) => "nbns",
            Self::Tls(_) => "tls",
            Self::Quic(_) => "quic",
            Self::Http(_) => "http",
            Self::Rtsp(_) => "rtsp",
            Self::Sip(_) => "sip",
            Self::Stun(_) => "stun",
            Self::Dhcp(_) => "dhcp",
            Self::Dhcpv6(_) => "dhcpv6",
            Self::Ndp(_) => "ndp",
            Self::Ntp(_) => "ntp",
            Self::Snmp(_) => "snmp",
            Self::Syslog(_) => "syslog",
            Self::Mqtt(_) => "mqtt",
            Self::Portmap(_) => "portmap",
            Self::Ssdp(_) => "ssdp",
            Self::Wsd(_) => "wsd",
            Self::Sadp(_) => "sadp",
            Self::Hcnetsdk(_) => "hcnetsdk",
            Self::Lbs(_) => "lbs",
            Self::Safe(_) => "safe",
            Self::P2p(_) => "p2p",
            Self::Vtm(_) => "vtm",
            Self::Isup(_) => "isup",
            Self::Beacon(_) => "beacon",
            Self::Web(_) => "web",
        }
    }
}
