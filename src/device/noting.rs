//! What is seen of a device becomes a fact in its dossier.
//!
//! Comes in: a device, and what its frames said. Goes out: facts with the weights of the signatures. It never chooses
//! the device by what the message says.

use std::sync::Arc;

use super::forwarding::Forwarding;
use super::notes::Notes;
use super::place::Place;
use super::sadp::{Naming, sadp};
use super::{
    Claim, DeviceRef, EvidenceSource, Registry, cloud_notes, discovery_notes, service_notes,
};
use crate::catalogue::{CloudEntry, CloudRole, Grade, Speaker};
use crate::dissect::{DhcpMessage, Message, SadpMessage};
use crate::flow::Role;
use crate::meter::MessageContext;
use crate::net::{MacAddr, Timestamp};

impl Registry {
    /// Notes what a message says of the device that sent it. Names in the cloud and host names are noted apart.
    pub(crate) fn note_message(
        &mut self,
        device: DeviceRef,
        message: &Message,
        context: &MessageContext,
        now: Timestamp,
    ) {
        let Some(mut notes) = self.notes(device, now) else { return };
        let notes_on = &mut notes;
        let frame_sender = context.ether.map(|ether| ether.source);
        let flow = context.flow.as_ref();
        let answers = flow.is_some_and(|flow| flow.sender == Role::Responder);
        match message {
            Message::Sadp(message) => {
                let source = match flow {
                    Some(_) => EvidenceSource::Sadp,
                    None => EvidenceSource::SadpLink,
                };
                sadp(notes_on, message, source, naming_of(message, frame_sender));
            }
            Message::Beacon(message) => discovery_notes::beacon(notes_on, message),
            Message::Wsd(message) => discovery_notes::ws_discovery(notes_on, message),
            Message::Ssdp(message) => discovery_notes::ssdp(notes_on, message),
            Message::Dns(message) => discovery_notes::mdns(notes_on, message),
            Message::Http(exchange) if answers => service_notes::http(notes_on, exchange),
            Message::Rtsp(message) if answers => service_notes::rtsp(notes_on, message),
            Message::Tls(handshake) if answers => service_notes::tls(notes_on, handshake),
            Message::Snmp(message) => {
                let port = flow.map_or(0, |flow| flow.sender().port);
                service_notes::snmp(notes_on, message, port);
            }
            Message::Hcnetsdk(message) => service_notes::sdk(notes_on, *message),
            Message::Mqtt(message) if !answers => cloud_notes::mqtt(notes_on, message),
            Message::P2p(_) => cloud_notes::p2p(notes_on),
            Message::Lbs(message) => {
                if let Some(flow) = flow {
                    cloud_notes::lbs(notes_on, message, flow);
                }
            }
            Message::Safe(message) => {
                if let Some(flow) = flow {
                    cloud_notes::safe(notes_on, message, flow);
                }
            }
            Message::Isup(message) => {
                if let Some(flow) = flow {
                    cloud_notes::isup(notes_on, message, flow);
                }
            }
            Message::Dhcp(message) => vendor_class(notes_on, message, frame_sender),
            Message::TlsHello(hello) => {
                // The text is made only where somebody has learned one.
                if notes_on.signatures.looks_at(Place::Ja4)
                    && let Some(ja4) = &hello.ja4
                {
                    notes_on.signature(Place::Ja4, Some(&ja4.to_string()));
                }
            }
            // Requests, and what says nothing of who sent it. Of relays (VTM) only apps are known to speak.
            Message::Http(_)
            | Message::Rtsp(_)
            | Message::Tls(_)
            | Message::Mqtt(_)
            | Message::HttpRequest(_)
            | Message::Nbns(_)
            | Message::Quic(_)
            | Message::Sip(_)
            | Message::Stun(_)
            | Message::Dhcpv6(_)
            | Message::Ndp(_)
            | Message::Ntp(_)
            | Message::Syslog(_)
            | Message::Portmap(_)
            | Message::Vtm(_) => {}
        }
        if notes.finish() {
            self.link_by_serial(device, now);
        }
    }

    /// Notes a name that the device looked up or contacted; only names that devices alone speak to are evidence, and
    /// the vendor's time servers a little.
    pub(crate) fn note_cloud_name(
        &mut self,
        device: DeviceRef,
        name: &str,
        entry: &CloudEntry,
        now: Timestamp,
    ) {
        let weights = self.signatures.weights;
        let (source, weight) = match (entry.role, entry.grade) {
            (CloudRole::Ntp, _) => (EvidenceSource::Ntp, weights.ntp_name),
            (_, Grade::A | Grade::B) => (EvidenceSource::CloudName, weights.cloud_name),
            (_, Grade::C) => (EvidenceSource::CloudName, weights.cloud_name_measured_once),
            (_, Grade::D) => return,
        };
        let of_devices_alone = entry.evidence && entry.speaker == Speaker::Device;
        if !of_devices_alone && source != EvidenceSource::Ntp {
            return;
        }
        let Some(mut notes) = self.notes(device, now) else { return };
        let claim = Claim::Vendor(Arc::clone(&entry.vendor));
        if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            notes.fact(source, &claim, &name.to_ascii_lowercase(), weight);
        } else {
            notes.fact(source, &claim, name, weight);
        }
        notes.finish();
    }

    /// Notes the name that the device gives itself.
    pub(crate) fn note_hostname(&mut self, device: DeviceRef, hostname: &str, now: Timestamp) {
        let Some(mut notes) = self.notes(device, now) else { return };
        notes.fact(EvidenceSource::Dhcp, &Claim::Hostname, hostname, 0);
        notes.finish();
    }

    /// Notes that the device answers on a port.
    pub(crate) fn note_port(&mut self, device: DeviceRef, port: u16, now: Timestamp) {
        let Some(mut notes) = self.notes(device, now) else { return };
        notes.port(port);
        notes.finish();
    }

    /// Notes that the device answers name queries.
    pub(crate) fn note_name_server(&mut self, device: DeviceRef) {
        if let Some(dossier) = self.shelf.get_mut(device) {
            dossier.forwards(Forwarding::Names, &self.signatures);
        }
    }

    /// Notes that the device spoke to a vendor's cloud.
    pub(crate) fn note_client(&mut self, device: DeviceRef) {
        if let Some(dossier) = self.shelf.get_mut(device) {
            dossier.mark_client();
        }
    }

    /// Notes a SADP message over UDP.
    #[cfg(test)]
    pub(super) fn note_sadp(
        &mut self,
        device: DeviceRef,
        message: &SadpMessage,
        frame_sender: Option<MacAddr>,
        now: Timestamp,
    ) {
        let Some(mut notes) = self.notes(device, now) else { return };
        sadp(&mut notes, message, EvidenceSource::Sadp, naming_of(message, frame_sender));
        if notes.finish() {
            self.link_by_serial(device, now);
        }
    }

    fn notes(&mut self, device: DeviceRef, now: Timestamp) -> Option<Notes<'_>> {
        let dossier = self.shelf.get_mut(device)?;
        Some(Notes::new(dossier, &self.signatures, now))
    }
}

/// Whether a SADP message names the station that sent its frame.
fn naming_of(message: &SadpMessage, frame_sender: Option<MacAddr>) -> Naming {
    match (message.mac, frame_sender.filter(|mac| mac.is_station())) {
        (Some(named), Some(sender)) if named != sender => Naming::Foreign,
        (Some(_) | None, Some(_) | None) => Naming::Sender,
    }
}

/// The vendor class of a DHCP client that speaks for itself. No signature of one is published.
fn vendor_class(notes: &mut Notes<'_>, message: &DhcpMessage, frame_sender: Option<MacAddr>) {
    if message.from_client && frame_sender == Some(message.client_mac) {
        notes.signature(Place::DhcpVendorClass, message.vendor_class.as_deref());
    }
}
