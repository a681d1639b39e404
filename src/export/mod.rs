//! Events on their way out: EVE JSON, syslog, the journal.
//!
//! Comes in: [`Event`](crate::analyst::Event)s and counters. Goes out: one JSON object a line, as Suricata
//! writes them (its `etc/schema.json`), and alerts in the forms that other programs take. What it does may wait for a far end, so
//! it runs on the sinks' own threads; `sink` says what they have in common.

mod activity_object;
mod alertmanager;
mod camera_object;
mod cloud_object;
mod community_id;
mod config;
mod dial;
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
mod eve_wants;
mod eve_web;
mod eve_writer;
mod eve_wsd;
mod far_ends;
mod http_post;
mod ipfix;
mod journald;
mod message_section;
mod mqtt;
mod pseudonym;
mod pseudonym_key;
mod rfc3339;
#[cfg(test)]
mod sample;
mod secret;
mod serial_shape;
mod serial_texts;
mod sink;
mod stats;
mod syslog;
mod tls_dial;
mod trust;
mod webhook;

pub use activity_object::ActivityObject;
pub use alertmanager::{AlertmanagerConfig, AlertmanagerSink};
pub use camera_object::CameraObject;
pub use cloud_object::CloudObject;
pub use community_id::community_id;
pub use config::{
    Config, EveSocketConfig, EveSocketKind, EventTypes, Privacy, Rotation, Scope, Selection,
    UnknownEventType,
};
pub use eve_encoder::{EndOfRun, EveEncoder};
pub use eve_text::{EveTime, Text};
pub use eve_writer::EveWriter;
pub use far_ends::FarEnds;
pub use http_post::{HttpAddress, HttpAddressError, HttpPost, HttpSender};
pub use ipfix::{IpfixConfig, IpfixSink, IpfixTransport};
pub use journald::{JOURNAL_SOCKET, JournaldSink};
pub use mqtt::{MqttConfig, MqttSink};
pub use pseudonym::{MIN_PSEUDONYM_KEY, Pseudonyms};
pub use pseudonym_key::PseudonymKeyError;
pub use secret::{Secret, SecretError, SecretSource};
pub use sink::{
    Deliver, DeliveryError, EveFile, EveSocket, EveStream, Letter, MAX_ANSWER, Sink, SinkCounters,
    tells_alert,
};
pub use stats::{AnalysisCounters, RunStats};
pub use syslog::{
    Facility, SyslogConfig, SyslogError, SyslogServer, SyslogServerError, SyslogSink,
};
pub use trust::{Trust, TrustError};
pub use webhook::{WebhookConfig, WebhookKind, WebhookShape, WebhookShapeError, WebhookSink};
