//! A household made of packets, for the demo, tests and benches.
//!
//! Comes in: a seed and a start. Goes out: [`SimulatedFrame`]s, bit for bit the same for the same
//! seed, and the [`Truth`] about them. It imports `net` only, so that it shares no mistake with what
//! it tests; it performs no I/O and reads no clock. Every message in it is constructed from a
//! standard or a published description; none was captured.

mod cloud;
mod cloud_script;
mod dhcp_message;
mod dns_message;
mod estate;
mod fleet;
mod frame;
mod frame_builder;
mod home_script;
mod household;
mod incident;
mod length_prefix;
mod md5;
mod outbox;
mod pcap;
mod prng;
mod site;
mod standing_script;
mod station;
mod tag;
mod tcp_conversation;
mod tls_message;
mod traffic;
mod truth;
mod vendor_message;

pub use cloud::{TourStop, cloud_tour};
pub use estate::{
    Estate, EstateFlow, EstateHost, EstateKind, EstatePlan, Happened, Happening, HourState,
    HourTruth, Impairment, RoleTruth, SeenSide,
};
pub use fleet::{
    AddressTruth, EvidenceKind, EvidenceSet, Fleet, FleetPlan, FleetRole, FleetTruth, ForgedClaim,
    ForgedFlood, HostTruth, MOST_HOSTS, Mutation, SpoofKind, UnitKind, UnitTruth, forged_flood,
};
pub use frame::SimulatedFrame;
pub use frame_builder::{
    Arp, Link, Segment, build_arp, build_echo, build_ether, build_tcp, build_udp,
    build_udp_fragments,
};
pub use household::Household;
pub use incident::{ExpectedAlert, Incident, IncidentRun, OrdinaryHome, Take};
pub use pcap::{pcap_header, pcap_record};
pub use prng::Prng;
pub use tag::FlowRole;
pub use traffic::{MixedTraffic, TrafficMix};
pub use truth::{ByteTruth, CloudTruth, DeviceTruth, Truth};
