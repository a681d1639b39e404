//! The built-in rules, one a file: what it is (`ABOUT`), and when it fires (`observe`).
//!
//! Comes in: a scene, and what is known of the device. Goes out: findings. A rule knows one device, no clock, and no other rule.

mod sentence;

pub(super) mod device_changed;
pub(super) mod device_offline;
pub(super) mod device_online;
pub(super) mod identity_conflict;
pub(super) mod new_device;
pub(super) mod vendor_cloud_contact;

pub use new_device::NEW_DEVICE_CONFIDENCE;
pub use vendor_cloud_contact::CONTACT_CONFIDENCE;

pub(super) use device_changed::change_text;
pub(super) use identity_conflict::REPORTED_CONFLICT;
pub(super) use new_device::REPORTED_NEW;
