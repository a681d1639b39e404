//! What a STUN message says.
//!
//! Comes in: nothing. Goes out: plain values. It holds no secret.

use std::net::SocketAddr;

/// A STUN or TURN message, RFC 8489, 5.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StunMessage {
    /// True without the magic cookie, as before RFC 5389.
    pub classic: bool,
    /// Class.
    pub class: StunClass,
    /// Method: 1 Binding (RFC 8489, 18.2), 3 Allocate, 4 Refresh, 6 Send, 7 Data, 8 CreatePermission, 9 ChannelBind
    /// (RFC 8656, 17).
    pub method: u16,
    /// XOR-MAPPED-ADDRESS, else MAPPED-ADDRESS: the sender of the request as the server sees it.
    pub mapped: Option<SocketAddr>,
    /// XOR-RELAYED-ADDRESS: where the server relays for the client.
    pub relayed: Option<SocketAddr>,
    /// XOR-PEER-ADDRESS, the first one: with whom the client wants to speak through the relay.
    pub peer: Option<SocketAddr>,
    /// OTHER-ADDRESS (RFC 5780, 7.4), or CHANGED-ADDRESS of RFC 3489, 11.2.3, which has the same number.
    pub other: Option<SocketAddr>,
    /// SOFTWARE.
    pub software: Option<String>,
    /// REALM.
    pub realm: Option<String>,
    /// ERROR-CODE, 300 to 699.
    pub error_code: Option<u16>,
    /// USERNAME is present.
    pub has_username: bool,
}

/// The class of a STUN message, RFC 8489, 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StunClass {
    /// 0b00.
    Request,
    /// 0b01.
    Indication,
    /// 0b10.
    Success,
    /// 0b11.
    Error,
}

impl StunClass {
    /// The lower-case name.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Indication => "indication",
            Self::Success => "success",
            Self::Error => "error",
        }
    }
}

impl StunMessage {
    /// A message with nothing but its type: the two bits of the class stand between those of the method (RFC 8489, 5).
    pub(super) const fn of_type(kind: u16, classic: bool) -> Self {
        let class = match (kind & 0x0100 != 0, kind & 0x0010 != 0) {
            (false, false) => StunClass::Request,
            (false, true) => StunClass::Indication,
            (true, false) => StunClass::Success,
            (true, true) => StunClass::Error,
        };
        Self {
            classic,
            class,
            method: (kind & 0x000f) | (kind & 0x00e0) >> 1 | (kind & 0x3e00) >> 2,
            mapped: None,
            relayed: None,
            peer: None,
            other: None,
            software: None,
            realm: None,
            error_code: None,
            has_username: false,
        }
    }

    /// The method's name, when it is one of RFC 8489 or RFC 8656.
    #[must_use]
    pub const fn method_name(&self) -> Option<&'static str> {
        Some(match self.method {
            0x001 => "binding",
            0x003 => "allocate",
            0x004 => "refresh",
            0x006 => "send",
            0x007 => "data",
            0x008 => "create-permission",
            0x009 => "channel-bind",
            _ => return None,
        })
    }
}
