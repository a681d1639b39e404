//! A flood of forged devices: everything that a hostile host can say about devices that there are not.
//!
//! Comes in: a seed, a start and a number. Goes out: frames, a few for each forged device, to an end. It holds the
//! frames of one device only. Names hold control characters, HTML, terminal sequences, what turns text around, what
//! is no UTF-8; some fields are as long as a datagram can carry and come in fragments.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use super::maker::{HIKVISION, address_in, random_address};
use crate::net::{MacAddr, Timestamp};
use crate::simulate::dhcp_message::{DhcpClient, DhcpType, dhcp};
use crate::simulate::frame::SimulatedFrame;
use crate::simulate::frame_builder::{Link, build_ether, build_udp, build_udp_fragments};
use crate::simulate::prng::Prng;
use crate::simulate::station::{HOME, Seat};

/// Time between two forged devices.
const GAP: Duration = Duration::from_micros(900);
/// Of how many devices one sends a datagram of the largest size; without a bound the flood would be of gigabytes.
const LARGE: u64 = 500;
/// Octets of a large field, with what stands around it just below 65 507.
const LARGE_FIELD: usize = 64_800;
/// Octets of an ordinary long field, so that one frame carries it.
const LONG_FIELD: usize = 700;

const GROUP_MAC: MacAddr = MacAddr([0x01, 0x00, 0x5e, 0x7f, 0xff, 0xfa]);
const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 255, 250);

/// Names that nobody ought to show as they are. XML has some of them as references (XML 1.0, 4.1).
const NASTY: [&[u8]; 14] = [
    b"&lt;script&gt;alert(1)&lt;/script&gt;",
    b"<![CDATA[<img src=x onerror=alert(1)>]]>",
    b"&#27;[31mDS-2CD&#27;[0m",
    b"\x1b]0;title\x07DS-2CD2385G1-I",
    b"DS-2CD\x00\x01\x02\x7f",
    b"\xe2\x80\xaegpj.2CD-SD",
    b"\xff\xfe\xc0\xafDS",
    b"DS-2CD2385G1-I\r\nhikwatch_devices 9999",
    b"\\\"}],\\u0000{\\\"event_type\\\":\\\"alert\\\"}",
    b"{{7*7}}${7*7}%s%n%x",
    b"../../../../etc/passwd",
    b"'; DROP TABLE devices; --",
    b"=cmd|' /C calc'!A0",
    b"\xf0\x9f\x93\xb7\xcc\x81\xe2\x80\x8b\xef\xbb\xbf",
];

/// Frames of `count` forged devices, from `start` on. Half of the hardware addresses are random, half begin like
/// the vendor's.
#[must_use]
pub const fn forged_flood(seed: u64, start: Timestamp, count: u64) -> ForgedFlood {
    ForgedFlood {
        prng: Prng::new(seed ^ 0x000f_100d),
        now: start,
        left: count,
        ready: VecDeque::new(),
    }
}

/// The frames of [`forged_flood`].
#[derive(Debug)]
pub struct ForgedFlood {
    prng: Prng,
    now: Timestamp,
    left: u64,
    ready: VecDeque<Vec<u8>>,
}

impl Iterator for ForgedFlood {
    type Item = SimulatedFrame;

    fn next(&mut self) -> Option<SimulatedFrame> {
        if self.ready.is_empty() {
            self.left = self.left.checked_sub(1)?;
            self.now = self.now.plus(GAP);
            self.forge();
        }
        let bytes = self.ready.pop_front()?;
        Some(SimulatedFrame { timestamp: self.now, bytes })
    }
}

impl ForgedFlood {
    /// Makes the frames of one device.
    fn forge(&mut self) {
        let vendors = self.prng.below(2) == 0;
        let mac = if vendors {
            address_in(&mut self.prng, &HIKVISION)
        } else {
            random_address(&mut self.prng)
        };
        let [a, b, c, ..] = self.prng.next_u64().to_be_bytes();
        let seat = Seat { mac, ip: Ipv4Addr::new(10, a, b, c.clamp(1, 254)) };
        if self.left.is_multiple_of(LARGE) {
            let message = self.sadp(seat, LARGE_FIELD);
            self.say(seat, 37_020, &message);
            return;
        }
        match self.prng.below(8) {
            0 => {
                let message = self.hello(seat);
                self.say(seat, 3_702, &message);
            }
            1 => {
                let name = self.nasty();
                let message = [
                    b"NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nNTS: ssdp:alive\r\nSERVER: ",
                    name.as_slice(),
                    b"\r\nNT: urn:schemas-upnp-org:device:EmbeddedNetDevice:1\r\n\r\n",
                ]
                .concat();
                self.say(seat, 1_900, &message);
            }
            2 => self.boot(seat),
            3 => self.link(seat),
            roll => {
                let long = if roll == 4 { LONG_FIELD } else { 0 };
                let message = self.sadp(seat, long);
                self.say(seat, 37_020, &message);
            }
        }
    }

    fn nasty(&mut self) -> Vec<u8> {
        let at = usize::try_from(self.prng.below(NASTY.len() as u64)).unwrap_or(0);
        NASTY.get(at).copied().unwrap_or_default().to_vec()
    }

    /// A SADP reply with strange fields, the model filled up to `long` octets.
    fn sadp(&mut self, seat: Seat, long: usize) -> Vec<u8> {
        let mut model = self.nasty();
        model.resize(model.len().max(long), b'A');
        let number = self.prng.below(100_000_000);
        let mac = seat.mac.to_string().replace(':', "-");
        let mut out = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<ProbeMatch>\r\n<Types>inquiry</Types>\
             <DeviceType>141945</DeviceType><MAC>{mac}</MAC><IPv4Address>{}</IPv4Address>\
             <DeviceSN>DS-2CD2385G1-I20200414AAWRE{number:08}</DeviceSN><DeviceDescription>",
            seat.ip
        )
        .into_bytes();
        out.extend(model);
        out.extend(b"</DeviceDescription><SoftwareVersion>");
        out.extend(self.nasty());
        out.extend(b"</SoftwareVersion><OEMinfo>");
        out.extend(self.nasty());
        out.extend(b"</OEMinfo><Activated>false</Activated></ProbeMatch>\r\n");
        out
    }

    fn hello(&mut self, seat: Seat) -> Vec<u8> {
        let mut out = b"<?xml version=\"1.0\"?><e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\" \
            xmlns:d=\"http://schemas.xmlsoap.org/ws/2005/04/discovery\" \
            xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\"><e:Header/><e:Body><d:Hello>\
            <a:EndpointReference><a:Address>urn:uuid:0</a:Address></a:EndpointReference>\
            <d:Scopes>onvif://www.onvif.org/name/HIKVISION onvif://www.onvif.org/hardware/"
            .to_vec();
        out.extend(self.nasty());
        out.extend(format!("</d:Scopes><d:XAddrs>http://{}/</d:XAddrs>", seat.ip).into_bytes());
        out.extend(b"</d:Hello></e:Body></e:Envelope>");
        out
    }

    /// A DHCP request with a strange host name.
    fn boot(&mut self, seat: Seat) {
        let name = String::from_utf8_lossy(&self.nasty()).into_owned();
        let client = DhcpClient {
            mac: seat.mac,
            hostname: &name,
            vendor_class: "udhcp 1.23.1",
            transaction: self.prng.next_u32(),
        };
        let message = dhcp(DhcpType::Request, &client, seat.ip, &HOME);
        let link = Link { source: seat.mac, destination: MacAddr::BROADCAST, vlan: None };
        let (from, to) = ((Ipv4Addr::UNSPECIFIED, 68), (Ipv4Addr::BROADCAST, 67));
        let mut frame = Vec::with_capacity(400);
        build_udp(&mut frame, &link, from.into(), to.into(), 0, &message);
        self.ready.push_back(frame);
    }

    /// A SADP reply over the link (layout of MatrixEditor/hiktools), noise behind what is described.
    fn link(&mut self, seat: Seat) {
        let mut payload = vec![0x21, 1, 1, 0xf0, 0, 0, 0, 1, 6, 4, 4, 0, 0, 0];
        payload.extend(seat.mac.0);
        payload.extend(seat.ip.octets());
        let length = usize::from(self.prng.next_u16() % 1_400);
        payload.extend(self.prng.noise(length));
        let link = Link { source: seat.mac, destination: MacAddr::BROADCAST, vlan: None };
        let mut frame = Vec::with_capacity(payload.len() + 64);
        build_ether(&mut frame, &link, 0x8033, &payload);
        self.ready.push_back(frame);
    }

    fn say(&mut self, seat: Seat, port: u16, message: &[u8]) {
        let link = Link { source: seat.mac, destination: GROUP_MAC, vlan: None };
        let (from, to) = (SocketAddrV4::new(seat.ip, port), SocketAddrV4::new(GROUP, port));
        let number = self.prng.next_u16();
        if message.len() > 1_400 {
            self.ready.extend(build_udp_fragments(&link, from, to, number, message));
        } else {
            let mut frame = Vec::with_capacity(message.len() + 64);
            build_udp(&mut frame, &link, from.into(), to.into(), number, message);
            self.ready.push_back(frame);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_flood_is_of_as_many_devices_as_asked_for_and_repeats_itself() {
        let frames: Vec<_> = forged_flood(1, Timestamp::ZERO, 2_000).collect();

        let senders: BTreeSet<_> = frames.iter().map(|frame| &frame.bytes[6..12]).collect();
        let largest = frames.iter().filter(|frame| frame.bytes.len() > 1_500).count();
        assert_eq!(senders.len(), 2_000);
        assert!(frames.iter().all(|frame| frame.bytes.len() <= 1_514));
        assert_eq!(largest, 4 * 44, "four datagrams of 45 fragments, the last of them short");
        assert_eq!(frames, forged_flood(1, Timestamp::ZERO, 2_000).collect::<Vec<_>>());
    }

    #[test]
    fn no_device_is_ready_before_it_is_asked_for() {
        let mut flood = forged_flood(2, Timestamp::ZERO, u64::MAX);

        for _ in 0..10_000 {
            assert!(flood.next().is_some());
            assert!(flood.ready.len() < 46);
        }
    }
}
