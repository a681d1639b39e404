//! Reads the packets with which MQTT clients and servers begin (MQTT 3.1, 3.1.1 and 5.0, all OASIS but the first).
//!
//! Comes in: the head of one side of a stream. Goes out: an [`MqttMessage`]. Passwords, wills' payloads and published
//! payloads are skipped; a client id that may be a token is replaced by its length.

mod body;
mod message;
mod packet;

pub use message::{MqttConnack, MqttConnect, MqttMessage, MqttTopic, MqttWill};
pub(super) use packet::{CONNECT, dissect, dissect_partial};
