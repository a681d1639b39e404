//! What a frame belongs to, as the script that sends it knows.
//!
//! Comes in: nothing. Goes out: the words in which the truth of an estate counts. It is set by the sender and never
//! read off a frame.

/// What a flow is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum FlowRole {
    /// It stays at home: leases, discovery, the router, a recorder or a disk.
    #[default]
    Lan,
    /// A question to the resolver at home.
    Lookup,
    /// Registration with LBS.
    Registration,
    /// The access gateway of the older generation.
    Gateway,
    /// The control channel (DAS).
    Control,
    /// The vendor's own STUN.
    Stun,
    /// The server that brings two peers together.
    P2pServer,
    /// Datagrams with a peer that answers: live view.
    P2pView,
    /// Datagrams to a peer that never answers.
    Punch,
    /// Video over a relay.
    Relay,
    /// A snapshot or a recording that is sent to the vendor's storage.
    Storage,
    /// A notice that something happened.
    Push,
    /// A download of firmware.
    Firmware,
    /// The vendor's dynamic DNS.
    Ddns,
    /// Time from the vendor.
    VendorTime,
    /// The vendor's broker, as apps use it.
    Broker,
    /// The vendor's interface for apps.
    Api,
    /// Name resolution over HTTP.
    HttpDns,
    /// A server of the owner's choice: a platform, a file server, a recorder elsewhere.
    Owner,
    /// Anything else outside.
    Foreign,
}

impl FlowRole {
    /// All roles.
    pub const ALL: [Self; 20] = [
        Self::Lan,
        Self::Lookup,
        Self::Registration,
        Self::Gateway,
        Self::Control,
        Self::Stun,
        Self::P2pServer,
        Self::P2pView,
        Self::Punch,
        Self::Relay,
        Self::Storage,
        Self::Push,
        Self::Firmware,
        Self::Ddns,
        Self::VendorTime,
        Self::Broker,
        Self::Api,
        Self::HttpDns,
        Self::Owner,
        Self::Foreign,
    ];

    /// The role of a vendor's cloud in the words of the contract; `None` for what is no vendor's.
    #[must_use]
    pub const fn contract_role(self) -> Option<&'static str> {
        match self {
            Self::Registration | Self::Gateway => Some("registration"),
            Self::Control => Some("control"),
            Self::Stun => Some("stun"),
            Self::P2pServer | Self::P2pView | Self::Punch => Some("p2p"),
            Self::Relay => Some("relay"),
            Self::Storage => Some("storage"),
            Self::Push => Some("push"),
            Self::Firmware => Some("firmware"),
            Self::Ddns => Some("ddns"),
            Self::VendorTime => Some("ntp"),
            Self::Broker => Some("broker"),
            Self::Api => Some("api"),
            Self::Lan | Self::Lookup | Self::HttpDns | Self::Owner | Self::Foreign => None,
        }
    }

    /// The flow leaves home.
    #[must_use]
    pub const fn leaves_home(self) -> bool {
        !matches!(self, Self::Lan | Self::Lookup)
    }
}

/// What a script says of the frames that it sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tag {
    /// What the flow is for.
    pub(crate) role: FlowRole,
    /// Whose cloud it is.
    pub(crate) vendor: Option<&'static str>,
    /// The name that led to the server, however the host came by it.
    pub(crate) name: Option<&'static str>,
}

impl Tag {
    /// A flow at home, or with a server that is no vendor's.
    pub(crate) const fn plain(role: FlowRole) -> Self {
        Self { role, vendor: None, name: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_roles_is_whole_and_in_order() {
        assert!(FlowRole::ALL.is_sorted());
        assert_eq!(FlowRole::ALL.len(), FlowRole::Foreign as usize + 1);
    }
}
