//! `web`: an event type of ours for what the bodies of an HTTP exchange say about a device or a router.
//!
//! Comes in: an exchange. Goes out: the title of a page, a UPnP or ISAPI description, a port mapping; nothing when
//! there is none of them. `http` has the heads.

use std::net::IpAddr;

use serde::Serialize;

use crate::dissect::{HttpExchange, IsapiDevice, PortMapping, UpnpDevice};

/// The `web` object.
#[derive(Debug, Serialize)]
pub(crate) struct WebSection<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upnp_device: Option<UpnpSection<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    isapi_device: Option<IsapiSection<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    port_mapping: Option<MappingSection<'a>>,
}

/// The root device of a UPnP description.
#[derive(Debug, Serialize)]
struct UpnpSection<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    device_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    friendly_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    manufacturer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    udn: Option<&'a str>,
}

/// The answer of `/ISAPI/System/deviceInfo`.
#[derive(Debug, Serialize)]
struct IsapiSection<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    device_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mac_address: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    firmware_version: Option<&'a str>,
}

/// A request to open or close a port of the router.
#[derive(Debug, Serialize)]
struct MappingSection<'a> {
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    internal_client: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    internal_port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lease: Option<u32>,
}

impl<'a> WebSection<'a> {
    /// Shows what the bodies say, if they say anything.
    pub(crate) fn new(exchange: &'a HttpExchange) -> Option<Self> {
        let (request, response) = (exchange.request.as_deref(), exchange.response.as_deref());
        let section = Self {
            url: request.map(|request| &*request.target),
            title: response.and_then(|response| response.title.as_deref()),
            upnp_device: response
                .and_then(|response| response.upnp_device.as_deref())
                .map(upnp_section),
            isapi_device: response
                .and_then(|response| response.isapi_device.as_deref())
                .map(isapi_section),
            port_mapping: request
                .and_then(|request| request.port_mapping.as_deref())
                .map(mapping_section),
        };
        let says_anything = section.title.is_some()
            || section.upnp_device.is_some()
            || section.isapi_device.is_some()
            || section.port_mapping.is_some();
        says_anything.then_some(section)
    }
}

fn upnp_section(device: &UpnpDevice) -> UpnpSection<'_> {
    UpnpSection {
        device_type: device.device_type.as_deref(),
        friendly_name: device.friendly_name.as_deref(),
        manufacturer: device.manufacturer.as_deref(),
        model_name: device.model_name.as_deref(),
        model_number: device.model_number.as_deref(),
        serial_number: device.serial_number.as_deref(),
        udn: device.udn.as_deref(),
    }
}

fn isapi_section(device: &IsapiDevice) -> IsapiSection<'_> {
    IsapiSection {
        device_name: device.device_name.as_deref(),
        device_type: device.device_type.as_deref(),
        model: device.model.as_deref(),
        serial_number: device.serial_number.as_deref(),
        mac_address: device.mac_address.as_deref(),
        firmware_version: device.firmware_version.as_deref(),
    }
}

fn mapping_section(mapping: &PortMapping) -> MappingSection<'_> {
    MappingSection {
        action: mapping.action.name(),
        external_port: mapping.external_port,
        protocol: mapping.protocol.as_deref(),
        internal_client: mapping.internal_client,
        internal_port: mapping.internal_port,
        description: mapping.description.as_deref(),
        lease: mapping.lease,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::dissect::{HttpRequest, HttpResponse};

    #[test]
    fn an_exchange_whose_bodies_say_nothing_is_not_shown() {
        let request = HttpRequest { target: "/doc".into(), ..HttpRequest::default() };
        let exchange =
            HttpExchange { request: Some(Arc::new(request)), response: Some(Box::default()) };

        assert!(WebSection::new(&exchange).is_none());
    }

    #[test]
    fn what_a_device_describes_is_shown_with_where_it_was_asked() {
        let device = IsapiDevice { model: Some("DS-2CD2385G1-I".into()), ..Default::default() };
        let response =
            HttpResponse { isapi_device: Some(Box::new(device)), ..HttpResponse::default() };
        let request =
            HttpRequest { target: "/ISAPI/System/deviceInfo".into(), ..HttpRequest::default() };
        let exchange =
            HttpExchange { request: Some(Arc::new(request)), response: Some(Box::new(response)) };
        let shown = serde_json::to_value(WebSection::new(&exchange)).unwrap();

        let expected = serde_json::json!({
            "url": "/ISAPI/System/deviceInfo", "isapi_device": {"model": "DS-2CD2385G1-I"},
        });
        assert_eq!(shown, expected);
    }
}
