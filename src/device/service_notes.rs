//! What the services of a device say of it.
//!
//! Comes in: answers of HTTP, RTSP, TLS, SNMP and the kit's port. Goes out: facts on who answered. A request tells nothing:
//! whoever views a camera is none.

use super::discovery_notes::upnp;
use super::notes::Notes;
use super::place::{Place, ProtocolSign};
use super::{Claim, EvidenceSource};
use crate::dissect::{
    HcnetsdkKind, HcnetsdkMessage, HttpExchange, IsapiDevice, RtspMessage, SnmpMessage, SnmpPdu,
    TlsHandshake,
};

/// The port of an SNMP agent, RFC 3417, 3.1.
const SNMP_PORT: u16 = 161;

/// Where enterprises have their objects (IANA "Private Enterprise Numbers").
const ENTERPRISES: &str = "1.3.6.1.4.1";

/// What stands as the value of a default login; the credentials are no secret of anybody (nmap http-default-accounts).
const DEFAULT_LOGIN: &str = "HTTP Basic, admin:12345";

/// An answered HTTP request, of the side that answered. Through a forward proxy the answer is another host's.
pub(super) fn http(notes: &mut Notes<'_>, exchange: &HttpExchange) {
    let Some(response) = &exchange.response else { return };
    let target = exchange.request.as_ref().map(|request| request.target.as_str());
    if target.is_some_and(|target| target.contains("://")) {
        return;
    }
    notes.maker_name(EvidenceSource::Http, Place::HttpServer, response.server.as_deref());
    notes.maker_name(EvidenceSource::Http, Place::HttpRealm, response.realm.as_deref());
    if let Some(device) = &response.upnp_device {
        upnp(notes, device);
    }
    if let Some(device) = &response.isapi_device {
        isapi(notes, target.unwrap_or("/ISAPI/"), device);
    }
    let let_in = exchange.request.as_ref().is_some_and(|request| request.has_default_login);
    if let_in && (200..300).contains(&response.status) {
        notes.fact(EvidenceSource::Http, &Claim::DefaultLogin, DEFAULT_LOGIN, 0);
    }
}

/// A device description. The query of its path is left out: it may hold a password.
fn isapi(notes: &mut Notes<'_>, target: &str, device: &IsapiDevice) {
    let path = target.split('?').next().unwrap_or_default();
    let Some(weight) = notes.signature(Place::HttpAnswerTo, Some(path)) else { return };
    let model = device.model.as_deref();
    if let Some(model) = model {
        let signatures = notes.signatures;
        if let Some(vendor) = signatures.vendor_of_model(model) {
            let weight = signatures.weights.model_name;
            notes.fact(EvidenceSource::Http, &Claim::Vendor(vendor), model, weight);
        } else if let Some(brand) = signatures.brand_leading(model) {
            notes.fact(EvidenceSource::Http, &Claim::Vendor(brand.vendor.clone()), model, 0);
        }
    }
    notes.describe(EvidenceSource::Http, &Claim::Model, model, weight);
    notes.serial(EvidenceSource::Http, device.serial_number.as_deref(), weight);
    notes.describe(
        EvidenceSource::Http,
        &Claim::Firmware,
        device.firmware_version.as_deref(),
        weight,
    );
}

/// An RTSP response.
pub(super) fn rtsp(notes: &mut Notes<'_>, message: &RtspMessage) {
    let RtspMessage::Response(response) = message else { return };
    notes.maker_name(EvidenceSource::Rtsp, Place::RtspServer, response.server.as_deref());
    notes.maker_name(EvidenceSource::Rtsp, Place::RtspRealm, response.realm.as_deref());
}

/// The certificate that a server of ours showed.
pub(super) fn tls(notes: &mut Notes<'_>, handshake: &TlsHandshake) {
    let certificate = handshake.server.as_ref().and_then(|server| server.certificate.as_ref());
    if let Some(certificate) = certificate {
        notes.signature(Place::CertificateSubject, Some(&certificate.subject));
    }
}

/// What an SNMP agent says; `port` is the sender's.
pub(super) fn snmp(notes: &mut Notes<'_>, message: &SnmpMessage, port: u16) {
    match message.pdu {
        Some(SnmpPdu::Response | SnmpPdu::TrapV1 | SnmpPdu::TrapV2 | SnmpPdu::InformRequest) => {
            notes.signature(Place::SnmpObject, message.sys_object_id.as_deref());
            notes.signature(Place::SnmpObject, message.trap_oid.as_deref());
        }
        // Of version 3 the engine is the agent's, in messages of both sides (RFC 3414, 3.1).
        None if port == SNMP_PORT => {
            if let Some(enterprise) = message.engine_enterprise {
                let object = format!("{ENTERPRISES}.{enterprise}");
                notes.signature(Place::SnmpObject, Some(&object));
            }
        }
        None
        | Some(
            SnmpPdu::GetRequest
            | SnmpPdu::GetNextRequest
            | SnmpPdu::GetBulkRequest
            | SnmpPdu::SetRequest
            | SnmpPdu::Report,
        ) => {}
    }
}

/// A message of the kit's port: only a refusal is known to be a device's.
pub(super) fn sdk(notes: &mut Notes<'_>, message: HcnetsdkMessage) {
    match message.kind {
        HcnetsdkKind::Refused(_) => {
            notes.protocol(ProtocolSign::SdkRefusal, ProtocolSign::SdkRefusal.as_label());
        }
        HcnetsdkKind::Login | HcnetsdkKind::Control => {}
    }
}
