//! `snmp`: what is asked of a device, and what it reports.
//!
//! Comes in: an SNMP message. Goes out: the section as Suricata has it, without community and user, which are secrets.

use std::net::Ipv4Addr;

use serde::Serialize;

use crate::dissect::SnmpMessage;

/// EVE `snmp`.
#[derive(Debug, Serialize)]
pub(crate) struct SnmpSection<'a> {
    version: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pdu_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trap_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trap_oid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trap_address: Option<Ipv4Addr>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    vars: &'a [String],
}

impl<'a> SnmpSection<'a> {
    /// Shows a message.
    pub(crate) fn new(message: &'a SnmpMessage) -> Self {
        Self {
            version: message.version,
            pdu_type: message.pdu.map(|pdu| pdu.as_label()),
            trap_type: message.generic_trap.map(trap_name),
            trap_oid: message.trap_oid.as_deref(),
            trap_address: message.trap_address,
            vars: &message.variables,
        }
    }
}

/// Names generic-trap, RFC 1157, 4.1.6.
const fn trap_name(generic_trap: u32) -> &'static str {
    match generic_trap {
        0 => "coldStart",
        1 => "warmStart",
        2 => "linkDown",
        3 => "linkUp",
        4 => "authenticationFailure",
        5 => "egpNeighborLoss",
        6 => "enterpriseSpecific",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::SnmpPdu;

    #[test]
    fn a_trap_is_named_and_what_a_device_says_of_itself_stays_out() {
        let message = SnmpMessage {
            version: 1,
            pdu: Some(SnmpPdu::TrapV1),
            generic_trap: Some(3),
            trap_oid: Some("1.3.6.1.4.1.39165".into()),
            trap_address: Some([192, 0, 2, 10].into()),
            sys_name: Some("camera".into()),
            ..SnmpMessage::default()
        };
        let shown = serde_json::to_value(SnmpSection::new(&message)).unwrap();

        let expected = serde_json::json!({
            "version": 1, "pdu_type": "trap_v1", "trap_type": "linkUp",
            "trap_oid": "1.3.6.1.4.1.39165", "trap_address": "192.0.2.10",
        });
        assert_eq!(shown, expected);
    }
}
