//! Reads the XML by which a device describes itself over HTTP.
//!
//! Comes in: the body of a response. Goes out: a [`UpnpDevice`] (UPnP Device Architecture 2.0, 2.3) or an [`IsapiDevice`].
//! Services, icons and embedded devices are not read, and no URL is followed.

use crate::dissect::xml::{RootName, root_name, texts_inside};

/// Bytes of a text that are kept.
const MAX_TEXT: usize = 128;

/// The root device of a UPnP description.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UpnpDevice {
    /// `deviceType`, such as `urn:schemas-upnp-org:device:Basic:1`.
    pub device_type: Option<String>,
    /// `friendlyName`.
    pub friendly_name: Option<String>,
    /// `manufacturer`.
    pub manufacturer: Option<String>,
    /// `modelName`.
    pub model_name: Option<String>,
    /// `modelNumber`.
    pub model_number: Option<String>,
    /// `serialNumber`.
    pub serial_number: Option<String>,
    /// `UDN`: the unique device name, `uuid:` and a UUID.
    pub udn: Option<String>,
}

/// What `/ISAPI/System/deviceInfo` of a Hikvision device answers. The element names are those that public clients read
/// (`stoneassemblies/StoneAssemblies.Hikvision`, Scrypted's plug-in); no capture of an answer is public.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IsapiDevice {
    /// `deviceName`, which the owner can change.
    pub device_name: Option<String>,
    /// `deviceType`, such as `IPCamera`.
    pub device_type: Option<String>,
    /// `model`.
    pub model: Option<String>,
    /// `serialNumber`.
    pub serial_number: Option<String>,
    /// `macAddress`, as sent.
    pub mac_address: Option<String>,
    /// `firmwareVersion`.
    pub firmware_version: Option<String>,
}

/// A description of one of the two kinds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Description {
    /// UPnP.
    Upnp(Box<UpnpDevice>),
    /// ISAPI.
    Isapi(Box<IsapiDevice>),
}

/// What the first bytes of a body promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Promise {
    /// A description.
    Description,
    /// Too little has come to tell.
    Unknown,
    /// Other XML, or none.
    Nothing,
}

/// Looks at the name of the first element.
pub(super) fn promise(body: &[u8]) -> Promise {
    match root_name(body) {
        RootName::Is("root" | "DeviceInfo") => Promise::Description,
        RootName::Unknown => Promise::Unknown,
        RootName::Is(_) | RootName::None => Promise::Nothing,
    }
}

/// Tells whether the last bytes of a body close a description, for bodies that end with the stream.
pub(super) fn is_closed(body: &[u8]) -> bool {
    let body = body.trim_ascii_end();
    body.ends_with(b"</root>") || body.ends_with(b"DeviceInfo>") || body.ends_with(b":root>")
}

/// Reads a description, or what has come of it. A description that says nothing is none.
pub(super) fn read(body: &[u8]) -> Option<Description> {
    match root_name(body) {
        RootName::Is("root") => {
            let device = upnp(body);
            (device != UpnpDevice::default()).then(|| Description::Upnp(Box::new(device)))
        }
        RootName::Is("DeviceInfo") => {
            let device = isapi(body);
            (device != IsapiDevice::default()).then(|| Description::Isapi(Box::new(device)))
        }
        RootName::Is(_) | RootName::Unknown | RootName::None => None,
    }
}

/// Reads the root device; embedded devices stand deeper.
fn upnp(body: &[u8]) -> UpnpDevice {
    let names = [
        "deviceType",
        "friendlyName",
        "manufacturer",
        "modelName",
        "modelNumber",
        "serialNumber",
        "UDN",
    ];
    let [device_type, friendly_name, manufacturer, model_name, model_number, serial_number, udn] =
        texts_inside(body, &["root", "device"], &names, MAX_TEXT);
    UpnpDevice {
        device_type,
        friendly_name,
        manufacturer,
        model_name,
        model_number,
        serial_number,
        udn,
    }
}

/// Reads the elements of an ISAPI answer.
fn isapi(body: &[u8]) -> IsapiDevice {
    let names =
        ["deviceName", "deviceType", "model", "serialNumber", "macAddress", "firmwareVersion"];
    let [device_name, device_type, model, serial_number, mac_address, firmware_version] =
        texts_inside(body, &["DeviceInfo"], &names, MAX_TEXT);
    IsapiDevice { device_name, device_type, model, serial_number, mac_address, firmware_version }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    // Our own constructions from the published element names.
    const UPNP: &str = "<?xml version=\"1.0\"?>\n<root xmlns=\"urn:schemas-upnp-org:device-1-0\">\
        <specVersion><major>1</major></specVersion><device>\
        <deviceType>urn:schemas-upnp-org:device:EmbeddedNetDevice:1</deviceType>\
        <friendlyName>Camera &amp; more</friendlyName><manufacturer>Example</manufacturer>\
        <modelName>EX-1</modelName><serialNumber>EX-1-0001</serialNumber><UDN>uuid:0001</UDN>\
        <deviceList><device><modelNumber>inner</modelNumber></device></deviceList></device></root>\r\n";
    const ISAPI: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
        <DeviceInfo version=\"2.0\" xmlns=\"http://www.hikvision.com/ver20/XMLSchema\">\
        <deviceName>IP CAMERA</deviceName><model>DS-2CD2385G1-I</model>\
        <serialNumber>DS-2CD2385G1-I20200414AAWR123456789</serialNumber>\
        <macAddress>58:50:ed:01:02:03</macAddress><firmwareVersion>V5.6.2</firmwareVersion>\
        <deviceType>IPCamera</deviceType></DeviceInfo>";

    #[test]
    fn the_root_device_is_read_and_no_embedded_one() {
        let expected = UpnpDevice {
            device_type: Some("urn:schemas-upnp-org:device:EmbeddedNetDevice:1".into()),
            friendly_name: Some("Camera & more".into()),
            manufacturer: Some("Example".into()),
            model_name: Some("EX-1".into()),
            model_number: None,
            serial_number: Some("EX-1-0001".into()),
            udn: Some("uuid:0001".into()),
        };

        assert_eq!(read(UPNP.as_bytes()), Some(Description::Upnp(Box::new(expected))));
        assert!(is_closed(UPNP.as_bytes()));
    }

    #[test]
    fn an_isapi_answer_gives_the_device() {
        let expected = IsapiDevice {
            device_name: Some("IP CAMERA".into()),
            device_type: Some("IPCamera".into()),
            model: Some("DS-2CD2385G1-I".into()),
            serial_number: Some("DS-2CD2385G1-I20200414AAWR123456789".into()),
            mac_address: Some("58:50:ed:01:02:03".into()),
            firmware_version: Some("V5.6.2".into()),
        };

        assert_eq!(read(ISAPI.as_bytes()), Some(Description::Isapi(Box::new(expected))));
        assert!(is_closed(ISAPI.as_bytes()));
    }

    #[test]
    fn a_cut_description_gives_what_has_come() {
        let cut = UPNP.find("<modelName>").unwrap();

        let Some(Description::Upnp(device)) = read(&UPNP.as_bytes()[..cut]) else { panic!() };
        assert_eq!(device.manufacturer.as_deref(), Some("Example"));
        assert!(!is_closed(&UPNP.as_bytes()[..cut]));
    }

    #[test]
    fn other_documents_promise_nothing() {
        assert_eq!(promise(UPNP.as_bytes()), Promise::Description);
        assert_eq!(promise(b"<?xml"), Promise::Unknown);
        assert_eq!(promise(b"<html>"), Promise::Nothing);
        assert_eq!(read(b"<root><x/></root>"), None);
        assert_eq!(read(b"<rss/>"), None);
    }

    #[test]
    fn damaged_descriptions_stay_within_the_bounds() {
        for sound in [UPNP, ISAPI] {
            for_each_mutant(sound.as_bytes(), |body| {
                promise(body);
                let texts = match read(body) {
                    Some(Description::Upnp(device)) => [device.device_type, device.friendly_name],
                    Some(Description::Isapi(device)) => [device.model, device.serial_number],
                    None => return,
                };
                assert!(texts.into_iter().flatten().all(|text| text.len() <= MAX_TEXT));
            });
        }
    }
}
