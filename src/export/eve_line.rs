//! One line of EVE: every field that a line can have, in the order in which Suricata writes them.
//!
//! Comes in: sections and common fields. Goes out: one JSON object (Suricata's `etc/schema.json`; `camera`,
//! `cloud`, `device` and some event types are ours).

use std::net::IpAddr;

use serde::Serialize;

use super::activity_object::ActivityObject;
use super::camera_object::CameraObject;
use super::cloud_object::CloudObject;
use super::community_id::{community_id, is_one_way};
use super::eve_alert::AlertSection;
use super::eve_device::DeviceSection;
use super::eve_flow::{FlowSection, TcpSection};
use super::eve_http::HttpSection;
use super::eve_stats::StatsSection;
use super::eve_text::{EveTime, Text};
use super::eve_tls::TlsSection;
use super::eve_tunnel::TunnelSection;
use super::message_section::MessageSection;
use crate::flow::{Endpoint, FlowId};
use crate::net::{IpProtocol, MacAddr};

/// A line before it is written; what is absent is left out.
#[derive(Default, Serialize)]
pub(crate) struct EveLine<'a> {
    pub(crate) timestamp: EveTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) flow_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) in_iface: Option<&'a str>,
    pub(crate) event_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) vlan: Option<&'a [u16]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) src_ip: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) src_port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dest_ip: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dest_port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) proto: Option<Text<IpProtocol>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) icmp_type: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) icmp_code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) app_proto: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ether: Option<EtherSection>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tunnel: Option<TunnelSection>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) community_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) host: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) alert: Option<AlertSection<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tls: Option<TlsSection<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) http: Option<HttpSection<'a>>,
    #[serde(flatten)]
    pub(crate) message: Option<MessageSection<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) flow: Option<FlowSection>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tcp: Option<TcpSection>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) device: Option<DeviceSection<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) activity: Option<ActivityObject<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stats: Option<StatsSection<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) camera: Option<CameraObject<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cloud: Option<CloudObject<'a>>,
}

impl EveLine<'_> {
    /// Fills in what names a flow. The source is who began it.
    pub(crate) fn set_flow(
        &mut self,
        id: FlowId,
        initiator: Endpoint,
        responder: Endpoint,
        protocol: IpProtocol,
    ) {
        self.flow_id = Some(id.0);
        self.src_ip = Some(initiator.ip);
        self.dest_ip = Some(responder.ip);
        self.proto = Some(Text(protocol));
        self.community_id = community_id(initiator, responder, protocol);
        match protocol {
            IpProtocol::TCP | IpProtocol::UDP | IpProtocol::SCTP => {
                self.src_port = Some(initiator.port);
                self.dest_port = Some(responder.port);
            }
            IpProtocol::ICMP | IpProtocol::ICMPV6 => {
                let code = if is_one_way(protocol, initiator.port) { responder.port } else { 0 };
                self.icmp_type = Some(initiator.port);
                self.icmp_code = Some(code);
            }
            _ => {}
        }
    }
}

/// The Ethernet addresses of a flow.
#[derive(Debug, Serialize)]
pub(crate) struct EtherSection {
    #[serde(skip_serializing_if = "Option::is_none")]
    src_mac: Option<Text<MacAddr>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dest_mac: Option<Text<MacAddr>>,
}

impl EtherSection {
    /// Takes the addresses on the side of the initiator and of the responder; zero means not known.
    pub(crate) fn new(initiator: MacAddr, responder: MacAddr) -> Option<Self> {
        let known = |mac: MacAddr| (mac != MacAddr::ZERO).then_some(Text(mac));
        let section = Self { src_mac: known(initiator), dest_mac: known(responder) };
        (section.src_mac.is_some() || section.dest_mac.is_some()).then_some(section)
    }
}
