//! The framings that camera makers published, or that others measured: one file each.
//!
//! Comes in: a datagram, the head of a stream, or the payload of a frame. Goes out: owned, bounded messages.
//! Serial numbers are kept as evidence; passwords, tokens and device ids are skipped where they stand and
//! never reach a message. How sure a source is stands in the doc of each file, graded as in the catalogue.

pub(super) mod beacon;
pub(super) mod hcnetsdk;
pub(super) mod isup;
pub(super) mod lbs;
pub(super) mod p2p;
pub(super) mod safe;
pub(super) mod vtm;
mod xml;

pub use beacon::BeaconMessage;
pub use hcnetsdk::{HcnetsdkKind, HcnetsdkMessage};
pub use isup::IsupMessage;
pub use lbs::LbsMessage;
pub use p2p::P2pMessage;
pub use safe::{SafeFamily, SafeMessage};
pub use vtm::{VtmMessage, VtmUrl};
