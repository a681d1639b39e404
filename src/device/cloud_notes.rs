//! What a device says to the vendor's cloud, or to a platform of its owner.
//!
//! Comes in: messages of the vendor's protocols. Goes out: facts on the device that sent them, where only a device sends such
//! a message: apps speak to the broker (CAS), to relays (VTM) and peer to peer. Device identifiers (`dev_id`) are secrets
//! and never get here; a serial number is taken only from who states its own.

use super::notes::Notes;
use super::place::ProtocolSign;
use super::{Claim, EvidenceSource};
use crate::dissect::{IsupMessage, LbsMessage, MqttConnect, MqttMessage, SafeFamily, SafeMessage};
use crate::flow::Role;
use crate::meter::MessageFlow;

/// How the will of a device begins (`ezsdk`, `das_transport.c`).
const WILL: &str = "/Basic/pu2cenplt/";
/// How it ends: after a start, after an interruption.
const WILL_ENDS: [&str; 2] = ["firstconnect", "breakconnect"];
/// How a device's subscription begins.
const SUBSCRIPTION: &str = "/iot/";
/// The port of older gateways in clear (`hikkup`, `mud`).
const GATEWAY_PORT: u16 = 6800;
/// The command by which a device enters a platform.
const REGISTER: &str = "REGISTER";
/// Letters of the serial number that the cloud knows a device by.
const SHORT_SERIAL: usize = 9;

/// A frame of the registration (LBS): a device's has a type version above 0.
pub(super) fn lbs(notes: &mut Notes<'_>, message: &LbsMessage, flow: &MessageFlow) {
    if flow.sender != Role::Initiator || message.type_version == 0 {
        return;
    }
    if let Some(weight) = notes.protocol(ProtocolSign::LbsRegistration, message.command_name()) {
        notes.serial(EvidenceSource::Lbs, message.serial.as_deref(), weight);
    }
}

/// A packet of MQTT; only the will and the subscription are the vendor's own.
pub(super) fn mqtt(notes: &mut Notes<'_>, message: &MqttMessage) {
    match message {
        MqttMessage::Connect(connect) => das_connect(notes, connect),
        MqttMessage::Subscribe(topics) => {
            let serial = topics.iter().find_map(|topic| {
                let serial = topic.filter.strip_prefix(SUBSCRIPTION)?.strip_suffix("/#")?;
                is_short_serial(serial).then_some(serial)
            });
            if let Some(serial) = serial
                && let Some(weight) = notes.protocol(ProtocolSign::DasSubscription, "/iot/+/#")
            {
                notes.serial(EvidenceSource::Das, Some(serial), weight);
            }
        }
        MqttMessage::Connack(_) | MqttMessage::Publish(_) => {}
    }
}

fn das_connect(notes: &mut Notes<'_>, connect: &MqttConnect) {
    let topic = connect.will.as_ref().map(|will| will.topic.as_str());
    let Some((serial, end)) =
        topic.and_then(|topic| topic.strip_prefix(WILL)).and_then(|rest| rest.split_once('/'))
    else {
        return;
    };
    let Some(end) = WILL_ENDS.into_iter().find(|known| *known == end) else { return };
    if let Some(weight) = notes.protocol(ProtocolSign::DasWill, end) {
        notes.serial(EvidenceSource::Das, Some(serial), weight);
    }
}

/// A message of `SafeProtocol`.
pub(super) fn safe(notes: &mut Notes<'_>, message: &SafeMessage, flow: &MessageFlow) {
    let sign = match (message.family(), flow.sender) {
        (SafeFamily::LocalSdk, Role::Responder) => ProtocolSign::SafeLocal,
        // The serial number in it may be that of a camera which the sender views.
        (SafeFamily::Stun, Role::Initiator) => ProtocolSign::SafeStun,
        (SafeFamily::Unknown, Role::Initiator) if flow.responder.port == GATEWAY_PORT => {
            ProtocolSign::SafeGateway
        }
        (
            SafeFamily::LocalSdk
            | SafeFamily::Stun
            | SafeFamily::Unknown
            | SafeFamily::Cas
            | SafeFamily::CloudReplay,
            _,
        ) => return,
    };
    let weight = notes.protocol(sign, sign.as_label());
    if sign == ProtocolSign::SafeGateway {
        notes.serial(
            EvidenceSource::Framing,
            message.serial.as_deref(),
            weight.unwrap_or_default(),
        );
    }
}

/// A message of the peer-to-peer protocol.
pub(super) fn p2p(notes: &mut Notes<'_>) {
    notes.protocol(ProtocolSign::P2p, ProtocolSign::P2p.as_label());
}

/// A registration with a platform of the owner.
pub(super) fn isup(notes: &mut Notes<'_>, message: &IsupMessage, flow: &MessageFlow) {
    if flow.sender != Role::Initiator || message.command.as_deref() != Some(REGISTER) {
        return;
    }
    let value = message.version.as_deref().unwrap_or(REGISTER);
    if let Some(weight) = notes.protocol(ProtocolSign::IsupRegistration, value) {
        notes.serial(EvidenceSource::Isup, message.serial.as_deref(), weight);
        let firmware = message.firmware_version.as_deref();
        notes.describe(EvidenceSource::Isup, &Claim::Firmware, firmware, weight);
    }
}

fn is_short_serial(text: &str) -> bool {
    text.len() == SHORT_SERIAL
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}
