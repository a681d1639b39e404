//! The words of fields that hold one of a closed set, so that a misspelt one is found before it never matches.
//!
//! Comes in: nothing. Goes out: the labels of events and metrics.

use crate::catalogue::{CloudRole, Region};
use crate::classify::Basis;
use crate::classify::activity::{ActivityState, EvasionKind};
use crate::device::DeviceKind;
use crate::dissect::AppProtocol;
use crate::net::Perimeter;

/// `device.kind`.
pub(super) const KINDS: &[&str] = &[
    DeviceKind::Camera.as_label(),
    DeviceKind::Recorder.as_label(),
    DeviceKind::Doorbell.as_label(),
    DeviceKind::AccessControl.as_label(),
    DeviceKind::Intercom.as_label(),
    DeviceKind::Unknown.as_label(),
];

/// `flow.role`.
pub(super) const ROLES: &[&str] = &[
    CloudRole::Registration.as_label(),
    CloudRole::Control.as_label(),
    CloudRole::Broker.as_label(),
    CloudRole::Stun.as_label(),
    CloudRole::P2p.as_label(),
    CloudRole::Relay.as_label(),
    CloudRole::Push.as_label(),
    CloudRole::Storage.as_label(),
    CloudRole::Api.as_label(),
    CloudRole::Auth.as_label(),
    CloudRole::Web.as_label(),
    CloudRole::Ddns.as_label(),
    CloudRole::Ntp.as_label(),
    CloudRole::Firmware.as_label(),
    CloudRole::Telemetry.as_label(),
    CloudRole::Test.as_label(),
    CloudRole::Unknown.as_label(),
];

/// `flow.region`.
pub(super) const REGIONS: &[&str] = &[
    Region::Global.as_label(),
    Region::China.as_label(),
    Region::Eu.as_label(),
    Region::Us.as_label(),
    Region::Russia.as_label(),
    Region::Singapore.as_label(),
    Region::SouthAmerica.as_label(),
    Region::Asia.as_label(),
    Region::Unknown.as_label(),
];

/// `flow.basis`.
pub(super) const BASES: &[&str] = &[
    Basis::Sni.as_label(),
    Basis::QuicSni.as_label(),
    Basis::HttpHost.as_label(),
    Basis::Dns.as_label(),
    Basis::HttpDns.as_label(),
    Basis::Prefix.as_label(),
    Basis::Payload.as_label(),
    Basis::Correlation.as_label(),
    Basis::Port.as_label(),
];

/// `flow.perimeter`, `message.perimeter`.
pub(super) const PERIMETERS: &[&str] = &[
    Perimeter::Inbound.as_label(),
    Perimeter::Outbound.as_label(),
    Perimeter::Internal.as_label(),
    Perimeter::Transit.as_label(),
];

/// `evasion.kind`.
pub(super) const EVASIONS: &[&str] = &[
    EvasionKind::ForeignResolver.as_label(),
    EvasionKind::HttpDns.as_label(),
    EvasionKind::EncryptedDns.as_label(),
    EvasionKind::BlockedRetrying.as_label(),
    EvasionKind::NamelessContact.as_label(),
];

/// `hour.state`.
pub(super) const STATES: &[&str] = &[
    ActivityState::Idle.as_label(),
    ActivityState::ControlOnly.as_label(),
    ActivityState::RegistrationFailing.as_label(),
    ActivityState::CloudRelay.as_label(),
    ActivityState::P2pView.as_label(),
    ActivityState::Upload.as_label(),
    ActivityState::Firmware.as_label(),
    ActivityState::Unknown.as_label(),
];

/// `flow.app`, `message.protocol`.
#[expect(
    clippy::indexing_slicing,
    reason = "computed when the program is built, where a wrong index is an error"
)]
pub(super) const PROTOCOLS: &[&str] = &{
    let mut labels = [""; AppProtocol::ALL.len()];
    let mut index = 0;
    while index < labels.len() {
        labels[index] = AppProtocol::ALL[index].as_label();
        index += 1;
    }
    labels
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_word_stands_twice_in_its_set() {
        for words in [KINDS, ROLES, REGIONS, BASES, PERIMETERS, EVASIONS, STATES, PROTOCOLS] {
            let set: BTreeSet<_> = words.iter().collect();
            assert_eq!(set.len(), words.len(), "{words:?}");
        }
    }
}
