//! What a device's own discovery messages say of it.
//!
//! Comes in: answers and announcements of WS-Discovery (ONVIF Core, 7.3), SSDP and multicast DNS, and beacons. Goes out: facts on
//! their sender. A question tells nothing: whoever looks for cameras is none.

use super::notes::Notes;
use super::place::{Place, ProtocolSign};
use super::{Claim, EvidenceSource};
use crate::dissect::{
    AppProtocol, BeaconMessage, DnsMessage, DnsRecord, DnsRecordData, SsdpKind, SsdpMessage,
    UpnpDevice, WsdEndpoint, WsdKind, WsdMessage,
};

/// The type of a camera or an encoder (ONVIF Core, 7.3.2.1).
const ONVIF_TYPES: [&str; 2] = ["NetworkVideoTransmitter", "Device"];

/// How a scope of ONVIF begins.
const ONVIF_SCOPE: &str = "onvif://www.onvif.org/";

/// Scopes that do not speak of maker and model, and those that were read already (ONVIF Core, 7.3.2.2).
const OTHER_SCOPES: [&str; 5] = ["location", "type", "Profile", "name", "hardware"];

/// Letters of the short serial number, in the name of a service.
const SHORT_SERIAL: usize = 9;

/// A beacon.
pub(super) fn beacon(notes: &mut Notes<'_>, beacon: &BeaconMessage) {
    notes.protocol(ProtocolSign::Beacon, &beacon.path);
}

/// An answer or a greeting that speaks of one endpoint: a proxy speaks of several, and of others.
pub(super) fn ws_discovery(notes: &mut Notes<'_>, message: &WsdMessage) {
    match message.kind {
        WsdKind::Hello | WsdKind::ProbeMatches | WsdKind::ResolveMatches => {}
        WsdKind::Bye | WsdKind::Probe | WsdKind::Resolve => return,
    }
    let [endpoint] = message.endpoints.as_slice() else { return };
    if !is_onvif(endpoint) {
        return;
    }
    let (source, model_weight) = (EvidenceSource::WsDiscovery, notes.signatures.weights.model_name);
    notes.maker_name(source, Place::OnvifName, endpoint.name.as_deref());
    if let Some(hardware) = endpoint.hardware.as_deref() {
        let known = notes.maker_name(source, Place::OnvifHardware, Some(hardware));
        if !known && let Some(vendor) = notes.signatures.vendor_of_model(hardware) {
            notes.fact(source, &Claim::Vendor(vendor), hardware, model_weight);
        }
        notes.describe(source, &Claim::Model, Some(hardware), model_weight);
    }
    // Some firmware has maker and model in fields of other names; the place is the owner's own text.
    for scope in &endpoint.scopes {
        let Some((field, value)) =
            scope.strip_prefix(ONVIF_SCOPE).and_then(|rest| rest.split_once('/'))
        else {
            continue;
        };
        if !OTHER_SCOPES.contains(&field) {
            notes.signature(Place::OnvifName, Some(value));
            if notes.signature(Place::OnvifHardware, Some(value)).is_some() {
                notes.describe(source, &Claim::Model, Some(value), model_weight);
            }
        }
    }
}

fn is_onvif(endpoint: &WsdEndpoint) -> bool {
    endpoint.types.iter().any(|kind| ONVIF_TYPES.contains(&kind.as_str()))
        || endpoint.scopes.iter().any(|scope| scope.starts_with(ONVIF_SCOPE))
}

/// A notification, or an answer to a search.
pub(super) fn ssdp(notes: &mut Notes<'_>, message: &SsdpMessage) {
    match message.kind {
        SsdpKind::Notify | SsdpKind::Response => {}
        SsdpKind::Search => return,
    }
    for target in [&message.nt, &message.st] {
        notes.signature(Place::SsdpDeviceType, target.as_deref());
    }
}

/// The description that SSDP leads to.
pub(super) fn upnp(notes: &mut Notes<'_>, device: &UpnpDevice) {
    let (source, weight) = (EvidenceSource::Ssdp, notes.signatures.weights.model_name);
    let mut known = notes.signature(Place::SsdpDeviceType, device.device_type.as_deref()).is_some();
    known |= notes.maker_name(source, Place::UpnpManufacturer, device.manufacturer.as_deref());
    let models = [device.model_name.as_deref(), device.model_number.as_deref()];
    for model in models.into_iter().flatten() {
        if let Some(vendor) = notes.signatures.vendor_of_model(model) {
            notes.fact(source, &Claim::Vendor(vendor), model, weight);
            known = true;
        }
    }
    // Of a device of no concern nothing is kept.
    if known {
        let [name, number] = models;
        notes.describe(source, &Claim::Model, name.or(number), weight / 2);
        notes.serial(source, device.serial_number.as_deref(), weight / 2);
    }
}

/// A response of multicast DNS (RFC 6762, 6): the services that its sender has.
pub(super) fn mdns(notes: &mut Notes<'_>, message: &DnsMessage) {
    if message.protocol != AppProtocol::Mdns || !message.is_response() {
        return;
    }
    for DnsRecord { name, data, .. } in message.answers.iter().chain(&message.additionals) {
        let DnsRecordData::Ptr(instance) = data else { continue };
        let service = name.trim_end_matches('.');
        let Some(weight) = notes.signature(Place::MdnsService, Some(service)) else { continue };
        // `model - serial` (idx:46423583371).
        let label = instance.split("._").next().unwrap_or_default();
        if let Some((model, serial)) = label.rsplit_once(" - ")
            && serial.len() == SHORT_SERIAL
        {
            notes.describe(EvidenceSource::Mdns, &Claim::Model, Some(model), weight);
            if let Some(brand) = notes.signatures.brand_leading(model) {
                // The name of a brand says nothing of who made it.
                notes.fact(EvidenceSource::Mdns, &Claim::Vendor(brand.vendor.clone()), model, 0);
            }
            notes.serial(EvidenceSource::Mdns, Some(serial), weight);
        }
    }
}
