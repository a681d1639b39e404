//! What Home Assistant is told of a device: "MQTT device discovery" of its documentation (since 2024.11).
//!
//! Comes in: how a device stands. Goes out: topics and JSON. Names from the network stand only in fields that Home Assistant
//! shows as they are; every template is a constant of ours.

use serde::Serialize;

use super::config::MqttConfig;
use super::home::HomeDevice;
use super::packet::Publish;
use crate::device::DeviceId;
use crate::export::eve_text::Text;
use crate::net::{MacAddr, printable};

/// Most characters of a name.
const MAX_NAME: usize = 64;

/// The payload of `<discovery>/device/<object id>/config`; the keys are Home Assistant's abbreviations.
#[derive(Debug, Serialize)]
struct DiscoveryPayload {
    dev: Dev,
    o: Origin,
    avty: [Availability; 1],
    cmps: Components,
    stat_t: String,
    qos: u8,
}

#[derive(Debug, Serialize)]
struct Dev {
    ids: [String; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    cns: Option<[(&'static str, Text<MacAddr>); 1]>,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mf: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mdl: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sw: Option<String>,
}

#[derive(Debug, Serialize)]
struct Origin {
    name: &'static str,
    sw: &'static str,
}

#[derive(Debug, Serialize)]
struct Availability {
    t: String,
}

#[derive(Debug, Serialize)]
struct Components {
    cloud: Component,
    sent: Component,
    alert: Component,
    alerts: Component,
}

#[derive(Debug, Default, Serialize)]
struct Component {
    p: &'static str,
    name: &'static str,
    uniq_id: String,
    val_tpl: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dev_cla: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit_of_meas: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stat_cla: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ent_cat: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    json_attr_t: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    json_attr_tpl: Option<&'static str>,
}

/// How a device is.
#[derive(Debug, Serialize)]
struct StatePayload<'a> {
    cloud: &'static str,
    sent: u64,
    alert: &'static str,
    alerts: usize,
    rules: Vec<&'a str>,
}

/// What a device is called in topics: Home Assistant takes `[a-zA-Z0-9_-]` only.
#[must_use]
pub(crate) fn object_id(id: &DeviceId) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') { c } else { '_' };
    let name: String = id.0.chars().take(MAX_NAME).map(safe).collect();
    format!("hikwatch_{name}")
}

/// Where the program says that it is there, and the broker that it is not.
pub(crate) fn status_topic(config: &MqttConfig) -> String {
    format!("{}/status", config.topic)
}

/// What a device is. The message stands until [`farewell`] takes it away.
pub(crate) fn discovery(config: &MqttConfig, id: &DeviceId, device: &HomeDevice) -> Publish {
    let (object, profile) = (object_id(id), &device.profile);
    let shown = |text: &str| printable(text, MAX_NAME);
    let component = |p, name, key: &str, val_tpl| Component {
        p,
        name,
        uniq_id: format!("{object}_{key}"),
        val_tpl,
        ..Component::default()
    };
    let state = state_topic(config, &object);
    let payload = DiscoveryPayload {
        dev: Dev {
            ids: [object.clone()],
            cns: profile.mac.map(|mac| [("mac", Text(mac))]),
            name: shown(profile.name().or(profile.identity.model.as_deref()).unwrap_or(&id.0)),
            mf: profile.identity.vendor.as_deref().map(shown),
            mdl: profile.identity.model.as_deref().map(shown),
            sw: profile.identity.firmware.as_deref().map(shown),
        },
        o: Origin { name: "hikwatch", sw: env!("CARGO_PKG_VERSION") },
        avty: [Availability { t: status_topic(config) }],
        cmps: Components {
            cloud: Component {
                dev_cla: Some("connectivity"),
                ..component("binary_sensor", "Cloud connected", "cloud", "{{ value_json.cloud }}")
            },
            sent: Component {
                dev_cla: Some("data_size"),
                unit_of_meas: Some("B"),
                stat_cla: Some("total_increasing"),
                ..component("sensor", "Sent outside", "sent", "{{ value_json.sent }}")
            },
            alert: Component {
                dev_cla: Some("problem"),
                json_attr_t: Some(state.clone()),
                json_attr_tpl: Some("{{ {'rules': value_json.rules} | tojson }}"),
                ..component("binary_sensor", "Alert", "alert", "{{ value_json.alert }}")
            },
            alerts: Component {
                stat_cla: Some("measurement"),
                ent_cat: Some("diagnostic"),
                ..component("sensor", "Alerts", "alerts", "{{ value_json.alerts }}")
            },
        },
        stat_t: state,
        qos: 1,
    };
    Publish { topic: config_topic(config, &object), payload: json(&payload) }
}

/// How a device is.
pub(crate) fn state(config: &MqttConfig, id: &DeviceId, device: &HomeDevice) -> Publish {
    let on = |flag| if flag { "ON" } else { "OFF" };
    let (alerts, rules) = device.alerts();
    let payload = StatePayload {
        cloud: on(device.is_connected()),
        sent: device.sent(),
        alert: on(alerts > 0),
        alerts,
        rules,
    };
    Publish { topic: state_topic(config, &object_id(id)), payload: json(&payload) }
}

/// Takes a device out: empty retained messages.
pub(crate) fn farewell(config: &MqttConfig, id: &DeviceId) -> [Publish; 2] {
    let object = object_id(id);
    [config_topic(config, &object), state_topic(config, &object)]
        .map(|topic| Publish { topic, payload: Vec::new() })
}

fn config_topic(config: &MqttConfig, object: &str) -> String {
    format!("{}/device/{object}/config", config.discovery)
}

fn state_topic(config: &MqttConfig, object: &str) -> String {
    format!("{}/{object}/state", config.topic)
}

/// A payload of plain fields has a JSON form; without one nothing would be said.
fn json(payload: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(payload).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::analyst::EventKind;
    use crate::export::mqtt::home::Home;
    use crate::export::sample;

    fn told(profile: crate::device::DeviceProfile) -> (Publish, Publish) {
        let mut home = Home::default();
        home.apply(&sample::event(EventKind::DeviceSeen(Arc::new(profile))));
        let config = MqttConfig::default();
        let (id, device) = home.changed().next().unwrap();
        (discovery(&config, id, device), state(&config, id, device))
    }

    #[test]
    fn a_device_is_told_as_home_assistant_wants_it() {
        let (discovery, state) = told(sample::camera("d-0011"));
        let payload: Value = serde_json::from_slice(&discovery.payload).unwrap();

        assert_eq!(discovery.topic, "homeassistant/device/hikwatch_d-0011/config");
        assert_eq!(payload["dev"]["ids"][0], "hikwatch_d-0011");
        assert_eq!(payload["dev"]["cns"][0][1], "44:a6:42:01:02:03");
        assert_eq!(payload["dev"]["mdl"], "DS-2CD2042WD-I");
        assert_eq!(payload["avty"][0]["t"], "hikwatch/status");
        assert_eq!(payload["stat_t"], "hikwatch/hikwatch_d-0011/state");
        assert_eq!(state.topic, "hikwatch/hikwatch_d-0011/state");
        for component in payload["cmps"].as_object().unwrap().values() {
            assert!(component["p"].is_string() && component["uniq_id"].is_string());
        }
        let state: Value = serde_json::from_slice(&state.payload).unwrap();
        assert_eq!(state["cloud"], "OFF");
        assert_eq!(state["alert"], "OFF");
    }

    #[test]
    fn a_device_that_is_taken_out_leaves_no_retained_message() {
        let gone = farewell(&MqttConfig::default(), &DeviceId("d-0011".into()));
        assert_eq!(gone[0].topic, "homeassistant/device/hikwatch_d-0011/config");
        assert!(gone.iter().all(|message| message.payload.is_empty()));
    }

    proptest! {
        #[test]
        fn hostile_names_stay_in_names_and_reach_no_topic_and_no_template(
            name in sample::hostile(), id in sample::hostile()
        ) {
            let mut profile = sample::camera(&id);
            profile.hostname = Some(name.clone());
            profile.identity.model = Some(name.clone());
            profile.identity.firmware = Some(name);
            let (discovery, state) = told(profile);
            let payload: Value = serde_json::from_slice(&discovery.payload).unwrap();

            let name = payload["dev"]["name"].as_str().unwrap();
            prop_assert!(name.chars().count() <= MAX_NAME);
            prop_assert!(!name.chars().any(crate::net::is_hidden));
            prop_assert!(discovery.payload.len() < 4096);
            let object = discovery.topic.split('/').nth(2).unwrap();
            prop_assert!(object.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)));
            prop_assert_eq!(state.topic.split('/').count(), 3);
            let plain = told(sample::camera("d-1")).0;
            let plain: Value = serde_json::from_slice(&plain.payload).unwrap();
            for key in ["cloud", "sent", "alert", "alerts"] {
                for template in ["val_tpl", "json_attr_tpl", "name", "p"] {
                    prop_assert_eq!(&payload["cmps"][key][template], &plain["cmps"][key][template]);
                }
            }
        }
    }
}
