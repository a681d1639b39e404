//! Events on their way out: EVE JSON.
//!
//! Comes in: [`Event`](crate::analyst::Event)s and counters. Goes out: one JSON object a line, as Suricata
//! writes them (its `etc/schema.json`), to a file or any other writer. It never blocks the analyst and never
//! stops because a sink fails: failures are counted.

mod activity_object;
mod camera_object;
mod cloud_object;
mod community_id;
mod config;
mod eve_alert;
mod eve_device;
mod eve_dhcp;
mod eve_dhcpv6;
mod eve_dns;
mod eve_dns_text;
mod eve_encoder;
mod eve_flow;
mod eve_http;
mod eve_line;
mod eve_mqtt;
mod eve_nbns;
mod eve_ndp;
mod eve_ntp;
mod eve_portmap;
mod eve_quic;
mod eve_rtsp;
mod eve_sadp;
mod eve_sip;
mod eve_snmp;
mod eve_ssdp;
mod eve_stats;
mod eve_stun;
mod eve_syslog;
mod eve_text;
mod eve_tls;
mod eve_tunnel;
mod eve_vendor;
mod eve_web;
mod eve_writer;
mod eve_wsd;
mod file_sink;
mod message_section;
mod pseudonym;
mod pseudonym_key;
mod serial_shape;
mod serial_texts;
mod stats;

pub use activity_object::ActivityObject;
pub use camera_object::CameraObject;
pub use cloud_object::CloudObject;
pub use community_id::community_id;
pub use config::{Config, EventTypes, Privacy, Scope, Selection, UnknownEventType};
pub use eve_encoder::{EndOfRun, EveEncoder};
pub use eve_text::{EveTime, Text};
pub use eve_writer::EveWriter;
pub use file_sink::{DeliveryCounters, EveFileSink};
pub use pseudonym::{MIN_PSEUDONYM_KEY, Pseudonyms};
pub use pseudonym_key::PseudonymKeyError;
pub use stats::{AnalysisCounters, RunStats};
