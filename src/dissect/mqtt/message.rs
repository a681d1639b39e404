//! What an MQTT packet says.
//!
//! Comes in: nothing. Goes out: plain values. It holds no password and no payload.

/// An MQTT control packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MqttMessage {
    /// A client opens.
    Connect(Box<MqttConnect>),
    /// A server answers.
    Connack(MqttConnack),
    /// A client subscribes to topics; as many as fit the reader's limit.
    Subscribe(Vec<MqttTopic>),
    /// Something is published under this topic.
    Publish(String),
}

/// CONNECT, MQTT 3.1.1 and 5.0, 3.1. Texts are without the zero bytes that some devices fill their fields with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MqttConnect {
    /// `MQTT` or `MQIsdp`.
    pub protocol_name: &'static str,
    /// Protocol level: 3 is MQTT 3.1, 4 is 3.1.1, 5 is 5.0.
    pub level: u8,
    /// Bytes of the client identifier.
    pub client_id_length: u16,
    /// The client identifier, unless it may be a secret: some vendors send a device token of 23 characters or more in
    /// it, so only shorter ones of printable ASCII are kept.
    pub client_id: Option<String>,
    /// User name; with some vendors a serial number: sensitive.
    pub username: Option<String>,
    /// A password is present.
    pub has_password: bool,
    /// Keep alive, seconds.
    pub keep_alive: u16,
    /// Clean Session, in 5.0 Clean Start.
    pub clean_start: bool,
    /// The will, without its payload.
    pub will: Option<MqttWill>,
}

/// The will of a CONNECT.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MqttWill {
    /// Topic.
    pub topic: String,
    /// Bytes of the topic as sent, with what it was filled up with.
    pub topic_length: u16,
    /// Quality of service, 0 to 2.
    pub qos: u8,
    /// The server is to retain it.
    pub retain: bool,
}

/// CONNACK, MQTT 3.1.1 and 5.0, 3.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MqttConnack {
    /// The server still has the client's state.
    pub session_present: bool,
    /// Return code, in 5.0 reason code; 0 is accepted. Vendors use codes beyond the standard's.
    pub return_code: u8,
}

/// One topic filter of a SUBSCRIBE.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MqttTopic {
    /// Topic filter.
    pub filter: String,
    /// The highest quality of service asked for, 0 to 2.
    pub qos: u8,
}
