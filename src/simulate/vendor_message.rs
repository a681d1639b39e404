//! Messages of the vendors' own protocols, constructed from published descriptions.
//!
//! Comes in: a device's serial and noise. Goes out: payloads. None of these bytes was captured:
//!
//! * LBS registration: layout of the vendor's device SDK (Ezviz-OpenBiz/EZIOT-SDK,
//!   `lbs_transport.c`), lengths as in the published measurement of an EZVIZ CP4. That Hikvision
//!   cameras and recorders speak it too is an inference.
//! * DAS control: MQTT 3.1.1 as the SDK's `das_transport.c` sets it up.
//! * SADP: element names and the shape of two published replies.

use std::fmt::Write as _;
use std::net::Ipv4Addr;

use super::length_prefix::{put_u16, put_varint, with_len8, with_len16};
use super::prng::Prng;
use crate::net::MacAddr;

/// Octets of the static device token in a registration.
const DEVICE_TOKEN: usize = 32;
/// Octets of the will topic in a CONNECT; the SDK sends the whole buffer, padded with zeros.
const WILL_TOPIC: usize = 128;

/// The four registration messages and the one that brings the address of the control server.
#[derive(Debug, Clone)]
pub(crate) struct Registration {
    /// Command 7, from the device: serial, token, a cipher block.
    pub(crate) request: Vec<u8>,
    /// Command 8, from the server: result and an opaque block.
    pub(crate) response: Vec<u8>,
    /// Commands 9 and A, from the device, one behind the other.
    pub(crate) confirm: Vec<u8>,
    /// Command B, from the server: result and the encrypted control server.
    pub(crate) control_server: Vec<u8>,
}

/// The messages of one registration of the device with this short serial.
pub(crate) fn registration(prng: &mut Prng, serial: &str, token: &[u8; 32]) -> Registration {
    let mut body = Vec::new();
    with_len8(&mut body, |out| out.extend(serial.as_bytes()));
    with_len8(&mut body, |out| out.extend(token));
    body.extend(prng.noise(16));
    let mut confirm = lbs(0x9, &[1, 1, 0], &prng.noise(16));
    confirm.extend(lbs(0xa, &[1, 1, 0], &prng.noise(64)));
    Registration {
        request: lbs(0x7, &[1, 1, 0], &body),
        response: lbs(0x8, &[1, 0, 0, 0], &prng.noise(DEVICE_TOKEN)),
        confirm,
        control_server: lbs(0xb, &[1, 0, 0, 0], &prng.noise(176)),
    }
}

fn lbs(command: u8, head: &[u8], body: &[u8]) -> Vec<u8> {
    let mut out = vec![command << 4];
    put_varint(&mut out, head.len() + body.len());
    out.extend(head);
    out.extend(body);
    out
}

/// CONNECT to the control server, by a device that has just started.
pub(crate) fn control_connect(serial: &str, token: &[u8; 32]) -> Vec<u8> {
    let mut body = Vec::new();
    with_len16(&mut body, |out| out.extend(b"MQTT"));
    // Level 4; user name, password, retained will with QoS 1, clean session; 60 s keep-alive.
    body.extend([4, 0xee, 0, 60]);
    let identifier: String = token.iter().fold(String::new(), |mut text, octet| {
        write!(text, "{:x}", octet & 0x0f).unwrap_or_default();
        text
    });
    with_len16(&mut body, |out| out.extend(identifier.as_bytes()));
    let mut topic = format!("/Basic/pu2cenplt/{serial}/firstconnect").into_bytes();
    topic.resize(WILL_TOPIC, 0);
    with_len16(&mut body, |out| out.extend(topic));
    with_len16(&mut body, |out| out.extend(b"offline"));
    with_len16(&mut body, |out| out.extend(serial.as_bytes()));
    with_len16(&mut body, |out| out.extend(b"test"));
    mqtt(0x10, &body)
}

/// CONNACK: accepted.
pub(crate) const CONTROL_ACCEPTED: [u8; 4] = [0x20, 2, 0, 0];
/// SUBACK for packet 1: QoS 1 granted.
pub(crate) const CONTROL_SUBSCRIBED: [u8; 5] = [0x90, 3, 0, 1, 1];
/// PINGREQ.
pub(crate) const CONTROL_PING: [u8; 2] = [0xc0, 0];
/// PINGRESP.
pub(crate) const CONTROL_PONG: [u8; 2] = [0xd0, 0];

/// SUBSCRIBE to all that is meant for the device.
pub(crate) fn control_subscribe(serial: &str) -> Vec<u8> {
    let mut body = vec![0, 1];
    with_len16(&mut body, |out| out.extend(format!("/{serial}/#").as_bytes()));
    body.push(1);
    mqtt(0x82, &body)
}

fn mqtt(head: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![head];
    put_varint(&mut out, body.len());
    out.extend(body);
    out
}

/// What a device tells of itself in a SADP reply.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SadpReply<'a> {
    /// The number that stands for the model.
    pub(crate) device_type: u32,
    /// The model, in words.
    pub(crate) description: &'a str,
    /// Model, date, four letters, short serial.
    pub(crate) device_sn: &'a str,
    /// Version and build.
    pub(crate) software: &'a str,
    /// The brand, for a device that is sold under another one.
    pub(crate) oem: &'a str,
}

/// A SADP question to all (`<Probe>`).
pub(crate) fn sadp_inquiry(uuid: &str) -> Vec<u8> {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><Probe><Uuid>{uuid}</Uuid>\
         <Types>inquiry</Types></Probe>"
    )
    .into_bytes()
}

/// A SADP reply (`<ProbeMatch>`) of the device with `mac` and `ip`.
pub(crate) fn sadp_reply(uuid: &str, mac: MacAddr, ip: Ipv4Addr, reply: &SadpReply<'_>) -> Vec<u8> {
    let mac = mac.to_string().replace(':', "-");
    let SadpReply { device_type, description, device_sn, software, oem } = reply;
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<ProbeMatch>\r\n\
         <Uuid>{uuid}</Uuid>\r\n<Types>inquiry</Types>\r\n\
         <DeviceType>{device_type}</DeviceType>\r\n\
         <DeviceDescription>{description}</DeviceDescription>\r\n\
         <DeviceSN>{device_sn}</DeviceSN>\r\n\
         <CommandPort>8000</CommandPort>\r\n<HttpPort>80</HttpPort>\r\n\
         <MAC>{mac}</MAC>\r\n<IPv4Address>{ip}</IPv4Address>\r\n\
         <IPv4SubnetMask>255.255.255.0</IPv4SubnetMask>\r\n\
         <IPv4Gateway>192.168.1.1</IPv4Gateway>\r\n<DHCP>true</DHCP>\r\n\
         <SoftwareVersion>{software}</SoftwareVersion>\r\n<Encrypt>true</Encrypt>\r\n\
         <OEMinfo>{oem}</OEMinfo>\r\n<Activated>true</Activated>\r\n</ProbeMatch>\r\n"
    )
    .into_bytes()
}

/// A port of the interleaved RTSP frames: `$`, channel, length, RTP header, noise (RFC 7826, 14;
/// RFC 3550, 5.1; RFC 6184, 5.8: a fragment from the middle of a picture).
pub(crate) fn interleaved_rtp(
    prng: &mut Prng,
    sequence: u16,
    clock: u32,
    length: usize,
) -> Vec<u8> {
    let mut out = vec![b'$', 0];
    with_len16(&mut out, |out| {
        out.extend([0x80, 96]);
        put_u16(out, sequence);
        out.extend(clock.to_be_bytes());
        out.extend(0x4849_4b01u32.to_be_bytes());
        out.extend([0x7c, 0x05]);
        out.extend(prng.noise(length));
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registration_has_the_lengths_that_were_measured() {
        let all = registration(&mut Prng::new(1), "G40512876", &[7; 32]);

        assert_eq!(all.request[..6], [0x70, 62, 1, 1, 0, 9]);
        assert_eq!(all.request.len(), 2 + 62);
        assert_eq!((all.response[..2].to_vec(), all.response.len()), (vec![0x80, 36], 2 + 36));
        assert_eq!(all.confirm[..2], [0x90, 19]);
        assert_eq!(all.control_server[..3], [0xb0, 0xb4, 0x01]);
        assert_eq!(all.control_server.len(), 3 + 180);
    }

    #[test]
    fn the_will_topic_is_padded_to_the_whole_buffer() {
        let connect = control_connect("F23456789", &[0x5a; 32]);

        let topic = b"\x00\x80/Basic/pu2cenplt/F23456789/firstconnect\x00";
        assert!(connect.windows(topic.len()).any(|w| w == topic));
        assert!(connect.windows(6).any(|w| w == b"\x00\x04test"));
    }
}
