//! The incidents, each with the rule that it is for and its lookalike.
//!
//! Comes in: nothing. Goes out: the list, in words for a person; what is played stands in `run`.

/// Something that a rule is to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Incident {
    /// A second camera is put up.
    NewDevice,
    /// The recorder speaks to the vendor's dynamic DNS for the first time.
    VendorCloudContact,
    /// A visitor's computer claims the camera's address.
    IdentityConflict,
    /// The camera starts anew with other firmware.
    DeviceChanged,
    /// The camera is silent for long.
    DeviceOffline,
    /// The camera is silent for long and comes back.
    DeviceOnline,
    /// The camera tries a server six times, and nobody answers.
    CloudBlockedRetrying,
    /// The camera asks resolvers outside that nobody gave it, also over HTTP and TLS.
    DnsBypass,
    /// A known server has an address in another country.
    NewCountry,
    /// The camera speaks to a name that it never spoke to.
    NewDestination,
    /// The doorbell sends video over a relay for a minute and a half.
    VideoLeaving,
    /// Somebody outside views the doorbell peer to peer.
    P2pView,
    /// A camera is put up that another brand sells.
    RebrandDetected,
    /// The camera, the doorbell and the recorder ask the router for ports.
    PortMapping,
    /// Somebody outside reaches the camera's page.
    InboundFromInternet,
    /// Somebody at home tries published ways into old cameras.
    ExploitAttempt,
    /// Somebody signs on to the camera in clear.
    CleartextCredentials,
    /// Somebody signs on with a password from the factory.
    DefaultLogin,
    /// A camera is put up that has no password yet.
    NotActivated,
    /// A camera is put up that was not updated for years.
    VulnerableBuild,
    /// The camera calls thirty hosts of which none is there.
    LanScan,
    /// The camera calls the laptop, which it never did.
    LateralContact,
    /// The registration server refuses the camera four times.
    RegistrationRefused,
    /// A third of the doorbell's frames is not seen for two hours.
    CoverageLow,
}

impl Incident {
    /// All, in the order of the rules' documentation.
    pub const ALL: [Self; 24] = [
        Self::NewDevice,
        Self::VendorCloudContact,
        Self::IdentityConflict,
        Self::DeviceChanged,
        Self::DeviceOffline,
        Self::DeviceOnline,
        Self::CloudBlockedRetrying,
        Self::DnsBypass,
        Self::NewCountry,
        Self::NewDestination,
        Self::VideoLeaving,
        Self::P2pView,
        Self::RebrandDetected,
        Self::PortMapping,
        Self::InboundFromInternet,
        Self::ExploitAttempt,
        Self::CleartextCredentials,
        Self::DefaultLogin,
        Self::NotActivated,
        Self::VulnerableBuild,
        Self::LanScan,
        Self::LateralContact,
        Self::RegistrationRefused,
        Self::CoverageLow,
    ];

    /// The name of the rule that it is for.
    #[must_use]
    pub const fn rule(self) -> &'static str {
        match self {
            Self::NewDevice => "new-device",
            Self::VendorCloudContact => "vendor-cloud-contact",
            Self::IdentityConflict => "identity-conflict",
            Self::DeviceChanged => "device-changed",
            Self::DeviceOffline => "device-offline",
            Self::DeviceOnline => "device-online",
            Self::CloudBlockedRetrying => "cloud-blocked-retrying",
            Self::DnsBypass => "dns-bypass",
            Self::NewCountry => "new-country",
            Self::NewDestination => "new-destination",
            Self::VideoLeaving => "video-leaving",
            Self::P2pView => "p2p-view",
            Self::RebrandDetected => "rebrand-detected",
            Self::PortMapping => "port-mapping",
            Self::InboundFromInternet => "inbound-from-internet",
            Self::ExploitAttempt => "exploit-attempt",
            Self::CleartextCredentials => "cleartext-credentials",
            Self::DefaultLogin => "default-login",
            Self::NotActivated => "not-activated",
            Self::VulnerableBuild => "vulnerable-build",
            Self::LanScan => "lan-scan",
            Self::LateralContact => "lateral-contact",
            Self::RegistrationRefused => "registration-refused",
            Self::CoverageLow => "coverage-low",
        }
    }

    /// What happens.
    #[must_use]
    pub const fn story(self) -> &'static str {
        match self {
            Self::NewDevice => "a second camera is put up",
            Self::VendorCloudContact => {
                "the recorder speaks to the vendor's dynamic DNS for the first time"
            }
            Self::IdentityConflict => "a visitor's computer claims the camera's address",
            Self::DeviceChanged => "the camera starts anew with other firmware",
            Self::DeviceOffline => "the camera is silent for long",
            Self::DeviceOnline => "the camera is silent for long and comes back",
            Self::CloudBlockedRetrying => "the camera tries a server six times, and nobody answers",
            Self::DnsBypass => {
                "the camera asks resolvers outside that nobody gave it, also over HTTP and TLS"
            }
            Self::NewCountry => "a known server has an address in another country",
            Self::NewDestination => "the camera speaks to a name that it never spoke to",
            Self::VideoLeaving => "the doorbell sends video over a relay for a minute and a half",
            Self::P2pView => "somebody outside views the doorbell peer to peer",
            Self::RebrandDetected => "a camera is put up that another brand sells",
            Self::PortMapping => {
                "the camera, the doorbell and the recorder ask the router for ports"
            }
            Self::InboundFromInternet => "somebody outside reaches the camera's page",
            Self::ExploitAttempt => "somebody at home tries published ways into old cameras",
            Self::CleartextCredentials => "somebody signs on to the camera in clear",
            Self::DefaultLogin => "somebody signs on with a password from the factory",
            Self::NotActivated => "a camera is put up that has no password yet",
            Self::VulnerableBuild => "a camera is put up that was not updated for years",
            Self::LanScan => "the camera calls thirty hosts of which none is there",
            Self::LateralContact => "the camera calls the laptop, which it never did",
            Self::RegistrationRefused => "the registration server refuses the camera four times",
            Self::CoverageLow => "a third of the doorbell's frames is not seen for two hours",
        }
    }

    /// What resembles it and is none.
    #[must_use]
    pub const fn lookalike(self) -> &'static str {
        match self {
            Self::NewDevice => "a camera of another maker is put up, and the known one starts anew",
            Self::VendorCloudContact => {
                "the known registration server has another address, and a laptop reads a page"
            }
            Self::IdentityConflict => {
                "a visitor's computer asks for addresses, and the camera claims its own"
            }
            Self::DeviceChanged => "the camera starts anew as it was",
            Self::DeviceOffline => "the camera is silent for some minutes",
            Self::DeviceOnline => "the camera is silent for some minutes and starts anew",
            Self::CloudBlockedRetrying => "it tries twice in vain, and then succeeds",
            Self::DnsBypass => "it asks one that the laptop uses as well",
            Self::NewCountry => "a known server has another address in the same country",
            Self::NewDestination => "it speaks to another time server below a known domain",
            Self::VideoLeaving => {
                "pictures go to storage, and a recorder at home watches the camera"
            }
            Self::P2pView => "the doorbell punches towards a peer that never answers",
            Self::RebrandDetected => "a camera of the maker is put up",
            Self::PortMapping => {
                "the camera looks for a gateway, the recorder gives a port back, and a phone asks for ports"
            }
            Self::InboundFromInternet => {
                "somebody outside knocks in vain, and the doorbell calls a peer"
            }
            Self::ExploitAttempt => "the owner's program asks for what lies near those paths",
            Self::CleartextCredentials => "somebody signs on by Digest",
            Self::DefaultLogin => "somebody tries it and is refused",
            Self::NotActivated => "a camera is put up that has one",
            Self::VulnerableBuild => "a camera is put up that is up to date",
            Self::LanScan => "it looks around as devices do, and a recorder asks its ten cameras",
            Self::LateralContact => {
                "the laptop calls the camera, and the camera calls the disk that it knows"
            }
            Self::RegistrationRefused => {
                "the control server sends it back once, and it is accepted"
            }
            Self::CoverageLow => "all devices have quiet hours, of which all is seen",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_incident_is_for_a_rule_of_its_own() {
        for (incident, next) in Incident::ALL.iter().zip(&Incident::ALL[1..]) {
            assert!(incident < next && incident.rule() != next.rule());
        }
    }
}
