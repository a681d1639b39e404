//! Devices as Home Assistant shows them, over MQTT 3.1.1.
//!
//! Comes in: events. Goes out: retained messages: what each device is (discovery), how it is (state), and that the program is
//! there (birth and last will). It subscribes to one topic, Home Assistant's birth message, and takes no commands. The
//! state is the latest one: what happened while the broker was away is not told afterwards, how things stand is.

mod config;
mod discovery;
mod home;
mod mqtt_link;
mod mqtt_sink;
mod packet;

pub use config::MqttConfig;
pub use mqtt_sink::MqttSink;
