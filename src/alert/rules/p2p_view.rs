//! `p2p-view`: somebody outside looks through a device straight, without a server in between, from a network where nobody did
//! before.
//!
//! An owner's telephone has another address each time, but its provider few networks, so a network that somebody looked from is
//! remembered and told once: a block of 256 addresses, or for IPv6 what a site is given at most (RFC 6177: /48). A stranger is
//! hidden in the block of somebody who looked before only, and of much more video than usual tells `video-leaving` also then.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::sentence::who;
use super::vendor_cloud_contact::CONTACT_CONFIDENCE;
use crate::alert::about::{About, Holding};
use crate::alert::finding::Findings;
use crate::alert::memory::{Memory, Topic};
use crate::alert::scene::{Cue, FlowStage, Scene};
use crate::alert::severity::Severity;
use crate::catalogue::CloudRole;

/// From so much on that the device sent it is a view, and no search for a way (bytes of payload).
const VIEW_BYTES: u64 = 50_000;

/// What every service is called that is a peer and no server.
const PEER: &str = "p2p-peer";

/// What the rule says of itself.
pub(in crate::alert) const ABOUT: About = About {
    name: "p2p-view",
    signature_id: 1_000_012,
    signature: "HIKWATCH a device sends video straight to a peer",
    category: "Video leaving",
    severity: Severity::Medium,
    trigger: "a flow that follows a device's signalling goes to a peer and no server, the device sends more than 50 kB over it, and from \
              the peer's network (IPv4 /24, IPv6 /48) nobody looked before",
    advice: "If it was one of you with the app, nothing. If not, change the password of the account and look at who shares the device.",
    learns: false,
    holds: Holding::MOMENT,
};

/// Looks at a flow of the device.
pub(in crate::alert) fn observe(scene: &Scene<'_>, memory: &mut Memory, out: &mut Findings) {
    let Cue::Flow(flow) = &scene.cue else { return };
    let Some(destination) = flow.destination.filter(|_| flow.stage != FlowStage::Started) else {
        return;
    };
    if destination.role != CloudRole::P2p
        || !destination.service.ends_with(PEER)
        || destination.confidence < CONTACT_CONFIDENCE
        || flow.report.record.sent_by(flow.role).payload_bytes < VIEW_BYTES
    {
        return;
    }
    let address = flow.far_end().ip;
    let network = network_of(address);
    let is_new = memory.is_new(Topic::Viewer, &network);
    if is_new {
        memory.new_view = Some(flow.report.record.id);
    } else if memory.new_view != Some(flow.report.record.id) {
        return;
    }
    let place = flow.place.country.map(|country| format!(", registered in {country}"));
    let message = format!(
        "{} sends video to a peer at {address}{}; nobody looked from {network} before",
        who(scene.device),
        place.unwrap_or_default()
    );
    out.raise_at(&network, &message, Some(destination));
}

/// The block that an address is told by.
fn network_of(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => {
            let block = Ipv4Addr::from_bits(address.to_bits() & !0xff);
            format!("{block}/24")
        }
        IpAddr::V6(address) => {
            let block = Ipv6Addr::from_bits(address.to_bits() & !(u128::MAX >> 48));
            format!("{block}/48")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::alert::scene::FlowCue;
    use crate::catalogue::{Region, Speaker};
    use crate::classify::{Basis, Destination};
    use crate::decode::VlanIds;
    use crate::device::{DeviceId, DeviceProfile};
    use crate::flow::{ConnState, Endpoint, FlowCounters, FlowId, FlowRecord, Role};
    use crate::geo::Place;
    use crate::meter::FlowReport;
    use crate::net::{InterfaceId, IpProtocol, MacAddr, Perimeter, Timestamp};

    /// The device sends a peer so many bytes in a flow; gives how many alerts the rule finds.
    fn view(memory: &mut Memory, flow: u64, peer: &str, sent: u64) -> usize {
        let at = Timestamp::from_parts(1_000, 0);
        let end = |ip: &str| Endpoint { ip: ip.parse().unwrap(), port: 9_000 };
        let counters = |payload_bytes| FlowCounters { payload_bytes, ..FlowCounters::default() };
        let record = FlowRecord {
            id: FlowId(flow),
            initiator: end("192.0.2.10"),
            responder: end(peer),
            protocol: IpProtocol::UDP,
            interface: InterfaceId(0),
            vlans: VlanIds::default(),
            tunnel: None,
            initiator_mac: MacAddr::ZERO,
            responder_mac: MacAddr::ZERO,
            flow_start: at,
            flow_end: at,
            forward: counters(sent),
            reverse: counters(1_000),
            conn_state: ConnState::SF,
        };
        let destination = Arc::new(Destination {
            vendor: "ezviz".into(),
            service: "ezviz-p2p-peer".into(),
            role: CloudRole::P2p,
            region: Region::Unknown,
            speaker: Speaker::Both,
            domain: None,
            aliases: Arc::default(),
            place: Place::default(),
            confidence: 90,
            basis: Basis::Correlation,
            steps: Arc::default(),
        });
        let cue = FlowCue {
            report: &FlowReport { record: Box::new(record), head: None },
            perimeter: Perimeter::Outbound,
            role: Role::Initiator,
            stage: FlowStage::Ended,
            destination: Some(&destination),
            is_first_told: false,
            name: None,
            place: Place::default(),
            is_resolver: false,
            peer: None,
        };
        let device = Arc::new(DeviceProfile::new(DeviceId("d-1".into()), at));
        let mut out = Findings::default();
        observe(&Scene { now: at, device: &device, cue: Cue::Flow(&cue) }, memory, &mut out);
        out.drain().count()
    }

    #[test]
    fn a_network_is_told_of_as_long_as_its_first_view_lasts_and_a_stranger_always() {
        let mut memory = Memory::default();

        assert_eq!(view(&mut memory, 1, "203.0.113.7", VIEW_BYTES - 1), 0);
        assert_eq!(view(&mut memory, 1, "203.0.113.7", VIEW_BYTES), 1);
        assert_eq!(view(&mut memory, 1, "203.0.113.7", 2 * VIEW_BYTES), 1, "it goes on");
        assert_eq!(view(&mut memory, 2, "203.0.113.99", VIEW_BYTES), 0, "the owner again");
        assert_eq!(view(&mut memory, 3, "198.51.100.7", VIEW_BYTES), 1, "a stranger");
        assert_eq!(view(&mut memory, 4, "2001:db8::7", VIEW_BYTES), 1);

        let mut next_run = Memory::restored(memory.habits);
        assert_eq!(view(&mut next_run, 5, "203.0.113.8", VIEW_BYTES), 0);
    }

    #[test]
    fn neighbours_share_a_network_and_others_do_not() {
        let network = |text: &str| network_of(text.parse().unwrap());

        assert_eq!(network("203.0.113.7"), "203.0.113.0/24");
        assert_eq!(network("203.0.113.250"), network("203.0.113.7"));
        assert_ne!(network("203.0.112.7"), network("203.0.113.7"));
        assert_eq!(network("2001:db8:1:2::7"), "2001:db8:1::/48");
        assert_ne!(network("2001:db8:2::7"), network("2001:db8:1::7"));
    }
}
