//! What was read of one SNMP message.
//!
//! Comes in: nothing. Goes out: owned, bounded values. It has no room for a community, a user or a key.

use std::net::Ipv4Addr;

/// An SNMP message, RFC 1157, 4 and RFC 3416, 3.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SnmpMessage {
    /// 1, 2 (SNMPv2c) or 3.
    pub version: u8,
    /// What it does; none in version 3, where it may be encrypted.
    pub pdu: Option<SnmpPdu>,
    /// The enterprise number in the engine identifier of version 3 (RFC 3411, 5; IANA "Private Enterprise Numbers").
    pub engine_enterprise: Option<u32>,
    /// The objects that it names, in order, as many as fit the reader's limit.
    pub variables: Vec<String>,
    /// sysDescr.0 (RFC 3418): what the device is, in a response.
    pub sys_descr: Option<String>,
    /// sysObjectID.0: the maker's identifier of the product, in a response.
    pub sys_object_id: Option<String>,
    /// sysName.0, in a response.
    pub sys_name: Option<String>,
    /// The object that a trap is about: enterprise (RFC 1157, 4.1.6), or snmpTrapOID.0 (RFC 3418).
    pub trap_oid: Option<String>,
    /// agent-addr of a trap of version 1.
    pub trap_address: Option<Ipv4Addr>,
    /// generic-trap of a trap of version 1: 0 cold start to 6 enterprise-specific.
    pub generic_trap: Option<u32>,
}

/// The kinds of PDU (RFC 1157, 4.1; RFC 3416, 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SnmpPdu {
    /// GetRequest.
    GetRequest,
    /// GetNextRequest.
    GetNextRequest,
    /// Response; GetResponse in version 1.
    Response,
    /// SetRequest.
    SetRequest,
    /// Trap of version 1.
    TrapV1,
    /// GetBulkRequest.
    GetBulkRequest,
    /// InformRequest.
    InformRequest,
    /// Trap of version 2.
    TrapV2,
    /// Report.
    Report,
}

impl SnmpPdu {
    /// The kind with a context tag, RFC 3416, 3.
    pub(super) const fn from_tag(tag: u8) -> Option<Self> {
        Some(match tag {
            0xa0 => Self::GetRequest,
            0xa1 => Self::GetNextRequest,
            0xa2 => Self::Response,
            0xa3 => Self::SetRequest,
            0xa4 => Self::TrapV1,
            0xa5 => Self::GetBulkRequest,
            0xa6 => Self::InformRequest,
            0xa7 => Self::TrapV2,
            0xa8 => Self::Report,
            _ => return None,
        })
    }

    /// The lower-case name, as Suricata's `pdu_type` spells it.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::GetRequest => "get_request",
            Self::GetNextRequest => "get_next_request",
            Self::Response => "response",
            Self::SetRequest => "set_request",
            Self::TrapV1 => "trap_v1",
            Self::GetBulkRequest => "get_bulk_request",
            Self::InformRequest => "inform_request",
            Self::TrapV2 => "trap_v2",
            Self::Report => "report",
        }
    }
}
