//! What may be set about MQTT.

use std::time::Duration;

use crate::export::secret::SecretSource;

/// Which broker is told, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MqttConfig {
    /// The broker, `host:port`; nothing is sent without it.
    pub broker: Option<String>,
    /// The name to sign in with.
    pub username: Option<String>,
    /// The password to sign in with.
    pub password: Option<SecretSource>,
    /// What the connection is called; the broker lets each name in once.
    pub client_id: String,
    /// What our topics begin with.
    pub topic: String,
    /// What Home Assistant's topics begin with.
    pub discovery: String,
    /// States are told at most this often.
    pub interval: Duration,
}

impl Default for MqttConfig {
    fn default() -> Self {
        Self {
            broker: None,
            username: None,
            password: None,
            client_id: "hikwatch".to_owned(),
            topic: "hikwatch".to_owned(),
            discovery: "homeassistant".to_owned(),
            interval: Duration::from_secs(30),
        }
    }
}
