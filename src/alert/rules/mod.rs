//! The built-in rules, one a file: what it is (`ABOUT`), and when it fires (`observe`).
//!
//! Comes in: a scene, and what is known of the device. Goes out: findings. A rule knows one device, no clock, and no other rule.

mod sentence;

pub(super) mod cleartext_credentials;
pub(super) mod cloud_blocked_retrying;
pub(super) mod coverage_low;
pub(super) mod default_login;
pub(super) mod device_changed;
pub(super) mod device_offline;
pub(super) mod device_online;
pub(super) mod dns_bypass;
pub(super) mod exploit_attempt;
pub(super) mod identity_conflict;
pub(super) mod inbound_from_internet;
pub(super) mod lan_scan;
pub(super) mod lateral_contact;
pub(super) mod new_country;
pub(super) mod new_destination;
pub(super) mod new_device;
pub(super) mod not_activated;
pub(super) mod p2p_view;
pub(super) mod port_mapping;
pub(super) mod rebrand_detected;
pub(super) mod registration_refused;
pub(super) mod vendor_cloud_contact;
pub(super) mod video_leaving;
pub(super) mod vulnerable_build;

pub use new_device::NEW_DEVICE_CONFIDENCE;
pub use vendor_cloud_contact::CONTACT_CONFIDENCE;

pub(super) use device_changed::change_text;
pub(super) use identity_conflict::REPORTED_CONFLICT;
pub(super) use new_device::REPORTED_NEW;
pub(super) use rebrand_detected::REPORTED_REBRAND;
