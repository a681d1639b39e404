//! `mqtt`: the packets that open an MQTT stream.
//!
//! Comes in: an MQTT packet. Goes out: the section as Suricata has it, with the fields of its schema only. Passwords,
//! payloads and client ids that may be tokens were never read.

use serde::Serialize;

use crate::dissect::{MqttConnack, MqttConnect, MqttMessage, MqttTopic};

/// EVE `mqtt`: one packet under its name.
#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MqttSection<'a> {
    Connect(Connect<'a>),
    Connack(Connack),
    Subscribe(Subscribe<'a>),
    Publish(Publish<'a>),
}

/// `mqtt.connect`.
#[derive(Debug, Serialize)]
pub(crate) struct Connect<'a> {
    protocol_string: &'static str,
    protocol_version: u8,
    flags: ConnectFlags,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    will: Option<Will<'a>>,
}

/// `mqtt.connect.flags`.
#[derive(Debug, Serialize)]
struct ConnectFlags {
    username: bool,
    password: bool,
    will: bool,
    will_retain: bool,
    clean_session: bool,
}

/// `mqtt.connect.will`.
#[derive(Debug, Serialize)]
struct Will<'a> {
    topic: &'a str,
}

/// `mqtt.connack`.
#[derive(Debug, Serialize)]
pub(crate) struct Connack {
    session_present: bool,
    return_code: u8,
}

/// `mqtt.subscribe`.
#[derive(Debug, Serialize)]
pub(crate) struct Subscribe<'a> {
    topics: Vec<Topic<'a>>,
}

/// `mqtt.subscribe.topics[]`.
#[derive(Debug, Serialize)]
struct Topic<'a> {
    topic: &'a str,
    qos: u8,
}

/// `mqtt.publish`.
#[derive(Debug, Serialize)]
pub(crate) struct Publish<'a> {
    topic: &'a str,
}

impl<'a> MqttSection<'a> {
    /// Shows a packet.
    pub(crate) fn new(message: &'a MqttMessage) -> Self {
        match message {
            MqttMessage::Connect(connect) => Self::Connect(Connect::new(connect)),
            MqttMessage::Connack(connack) => Self::Connack(Connack::new(*connack)),
            MqttMessage::Subscribe(topics) => {
                let topics = topics.iter().map(Topic::new).collect();
                Self::Subscribe(Subscribe { topics })
            }
            MqttMessage::Publish(topic) => Self::Publish(Publish { topic }),
        }
    }
}

impl<'a> Connect<'a> {
    fn new(connect: &'a MqttConnect) -> Self {
        let will = connect.will.as_ref();
        Self {
            protocol_string: connect.protocol_name,
            protocol_version: connect.level,
            flags: ConnectFlags {
                username: connect.username.is_some(),
                password: connect.has_password,
                will: will.is_some(),
                will_retain: will.is_some_and(|will| will.retain),
                clean_session: connect.clean_start,
            },
            client_id: connect.client_id.as_deref(),
            username: connect.username.as_deref(),
            will: will.map(|will| Will { topic: &will.topic }),
        }
    }
}

impl Connack {
    const fn new(connack: MqttConnack) -> Self {
        Self { session_present: connack.session_present, return_code: connack.return_code }
    }
}

impl<'a> Topic<'a> {
    fn new(topic: &'a MqttTopic) -> Self {
        Self { topic: &topic.filter, qos: topic.qos }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::dissect::MqttWill;

    #[test]
    fn a_connect_has_the_names_of_the_schema() {
        let connect = MqttConnect {
            protocol_name: "MQTT",
            level: 4,
            client_id_length: 32,
            username: Some("L00000001".into()),
            has_password: true,
            will: Some(MqttWill { topic: "/a".into(), retain: true, ..MqttWill::default() }),
            ..MqttConnect::default()
        };
        let message = MqttMessage::Connect(Box::new(connect));
        let shown = serde_json::to_value(MqttSection::new(&message)).unwrap();
        let expected = json!({"connect": {
            "protocol_string": "MQTT", "protocol_version": 4, "username": "L00000001", "will": {"topic": "/a"},
            "flags": {"username": true, "password": true, "will": true, "will_retain": true, "clean_session": false},
        }});
        assert_eq!(shown, expected);
    }

    #[test]
    fn other_packets_stand_under_their_own_names() {
        let connack = MqttMessage::Connack(MqttConnack { session_present: false, return_code: 11 });
        let topics = vec![MqttTopic { filter: "/a/#".into(), qos: 1 }];
        for (message, expected) in [
            (connack, json!({"connack": {"session_present": false, "return_code": 11}})),
            (
                MqttMessage::Subscribe(topics),
                json!({"subscribe": {"topics": [{"topic": "/a/#", "qos": 1}]}}),
            ),
            (MqttMessage::Publish("/a".into()), json!({"publish": {"topic": "/a"}})),
        ] {
            assert_eq!(serde_json::to_value(MqttSection::new(&message)).unwrap(), expected);
        }
    }
}
