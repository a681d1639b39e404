//! `stun`: an event type of ours for STUN and TURN.
//!
//! Comes in: a STUN message. Goes out: its type, addresses and names, in the words of RFC 8489.

use std::net::SocketAddr;

use serde::Serialize;

use super::eve_text::is_false;
use crate::dissect::StunMessage;

/// The `stun` object.
#[derive(Debug, Serialize)]
pub(crate) struct StunSection<'a> {
    class: &'static str,
    method: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    method_name: Option<&'static str>,
    #[serde(skip_serializing_if = "is_false")]
    classic: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    mapped_address: Option<SocketAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    relayed_address: Option<SocketAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    peer_address: Option<SocketAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    other_address: Option<SocketAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    software: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    realm: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<u16>,
    #[serde(skip_serializing_if = "is_false")]
    username: bool,
}

impl<'a> StunSection<'a> {
    /// Shows a message.
    pub(crate) fn new(message: &'a StunMessage) -> Self {
        Self {
            class: message.class.as_label(),
            method: message.method,
            method_name: message.method_name(),
            classic: message.classic,
            mapped_address: message.mapped,
            relayed_address: message.relayed,
            peer_address: message.peer,
            other_address: message.other,
            software: message.software.as_deref(),
            realm: message.realm.as_deref(),
            error_code: message.error_code,
            username: message.has_username,
        }
    }
}
