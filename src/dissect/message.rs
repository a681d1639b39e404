//! What was read, by protocol.
//!
//! Comes in: nothing. Goes out: [`Message`], which names the protocol of what it holds. Each message is owned,
//! bounded, and free of opinions about vendors.

use std::sync::Arc;

use super::{
    AppProtocol, BeaconMessage, ClientHello, DhcpMessage, Dhcpv6Message, DnsMessage,
    HcnetsdkMessage, HttpExchange, HttpRequest, IsupMessage, LbsMessage, MqttMessage, NbnsMessage,
    NdpMessage, NtpMessage, P2pMessage, PortMapMessage, QuicMessage, RtspMessage, SadpMessage,
    SafeMessage, SipMessage, SnmpMessage, SsdpMessage, StunMessage, SyslogHead, TlsHandshake,
    VtmMessage, WsdMessage,
};

/// One message of an application protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A DNS, mDNS or LLMNR message.
    Dns(Box<DnsMessage>),
    /// A message of the NetBIOS name service.
    Nbns(Box<NbnsMessage>),
    /// A TLS ClientHello, as soon as it was read; the handshake follows as [`Message::Tls`].
    TlsHello(Arc<ClientHello>),
    /// A TLS handshake, as far as it was read: told when the server's part was read, or will not be.
    Tls(Box<TlsHandshake>),
    /// The ClientHello of a QUIC connection.
    Quic(Box<QuicMessage>),
    /// An HTTP request, as soon as it was read; the exchange follows as [`Message::Http`].
    HttpRequest(Arc<HttpRequest>),
    /// An HTTP request with its answer: told when the answer was read, or will not be.
    Http(Box<HttpExchange>),
    /// An RTSP request or response.
    Rtsp(Box<RtspMessage>),
    /// A SIP request or response.
    Sip(Box<SipMessage>),
    /// A STUN or TURN message.
    Stun(Box<StunMessage>),
    /// A DHCPv4 message.
    Dhcp(Box<DhcpMessage>),
    /// A DHCPv6 message.
    Dhcpv6(Box<Dhcpv6Message>),
    /// A message of IPv6 Neighbor Discovery.
    Ndp(Box<NdpMessage>),
    /// An NTP message.
    Ntp(NtpMessage),
    /// An SNMP message.
    Snmp(Box<SnmpMessage>),
    /// The head of a syslog message.
    Syslog(Box<SyslogHead>),
    /// An MQTT control packet.
    Mqtt(Box<MqttMessage>),
    /// A NAT-PMP or PCP message.
    Portmap(Box<PortMapMessage>),
    /// An SSDP message.
    Ssdp(Box<SsdpMessage>),
    /// A WS-Discovery message.
    Wsd(Box<WsdMessage>),
    /// A SADP message.
    Sadp(Box<SadpMessage>),
    /// A message of Hikvision's network SDK.
    Hcnetsdk(HcnetsdkMessage),
    /// A message of EZVIZ's location service.
    Lbs(Box<LbsMessage>),
    /// A message of the safe protocol.
    Safe(Box<SafeMessage>),
    /// A peer-to-peer message.
    P2p(P2pMessage),
    /// A message of the video relay.
    Vtm(Box<VtmMessage>),
    /// An ISUP registration.
    Isup(Box<IsupMessage>),
    /// A beacon of an EZVIZ device.
    Beacon(Box<BeaconMessage>),
}

impl Message {
    /// The protocol that the message belongs to.
    #[must_use]
    pub const fn protocol(&self) -> AppProtocol {
        match self {
            Self::Dns(message) => message.protocol,
            Self::Nbns(_) => AppProtocol::Nbns,
            Self::Tls(handshake) if handshake.over_datagrams => AppProtocol::Dtls,
            Self::TlsHello(_) | Self::Tls(_) => AppProtocol::Tls,
            Self::Quic(_) => AppProtocol::Quic,
            Self::HttpRequest(_) | Self::Http(_) => AppProtocol::Http,
            Self::Rtsp(_) => AppProtocol::Rtsp,
            Self::Sip(_) => AppProtocol::Sip,
            Self::Stun(_) => AppProtocol::Stun,
            Self::Dhcp(_) => AppProtocol::Dhcp,
            Self::Dhcpv6(_) => AppProtocol::Dhcpv6,
            Self::Ndp(_) => AppProtocol::Ndp,
            Self::Ntp(_) => AppProtocol::Ntp,
            Self::Snmp(_) => AppProtocol::Snmp,
            Self::Syslog(_) => AppProtocol::Syslog,
            Self::Mqtt(_) => AppProtocol::Mqtt,
            Self::Portmap(_) => AppProtocol::Portmap,
            Self::Ssdp(_) => AppProtocol::Ssdp,
            Self::Wsd(_) => AppProtocol::Wsd,
            Self::Sadp(_) => AppProtocol::Sadp,
            Self::Hcnetsdk(_) => AppProtocol::Hcnetsdk,
            Self::Lbs(_) => AppProtocol::Lbs,
            Self::Safe(_) => AppProtocol::Safe,
            Self::P2p(_) => AppProtocol::P2p,
            Self::Vtm(_) => AppProtocol::Vtm,
            Self::Isup(_) => AppProtocol::Isup,
            Self::Beacon(_) => AppProtocol::Beacon,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_small_to_move() {
        assert!(size_of::<Message>() <= 48, "{}", size_of::<Message>());
    }
}
