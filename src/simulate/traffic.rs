//! Mixed traffic in bulk, for benches.
//!
//! Comes in: a seed and a mix. Goes out: one frame after another, written into a buffer of the
//! caller. Flows live side by side, begin with a head that can be read (DNS, TLS, HTTP) or with
//! noise, carry data both ways and end; another takes their place. It keeps no time: the caller
//! stamps the frames. Addresses are from private and documentation ranges.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::dns_message::{answer, query};
use super::frame_builder::{Link, Segment, build_tcp, build_udp};
use super::prng::Prng;
use super::tls_message::{TlsStyle, client_hello, server_flight};
use crate::net::{MacAddr, VlanTag};

/// Most flows at a time; guards the memory of a bench against a slip of the pen.
const MOST_FLOWS: u32 = 4_000_000;
const GATEWAY: MacAddr = MacAddr([0x02, 0x52, 0x4f, 0x55, 0x54, 0x01]);
/// Payload of a full segment over IPv4 without options.
const FULL: usize = 1460;

/// Control bits of a request and its answer.
const DATA: u8 = Segment::ACK | Segment::PSH;

/// What the traffic consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrafficMix {
    /// Flows at a time, at least 1.
    pub concurrent_flows: u32,
    /// Data frames of one flow behind its head, on average; at least 1.
    pub frames_per_flow: u32,
    /// Flows in a hundred that are one DNS question and its answer.
    pub dns_percent: u8,
    /// Flows in a hundred that begin with a TLS `ClientHello`.
    pub tls_percent: u8,
    /// Flows in a hundred that begin with an HTTP request; the rest is TCP with noise.
    pub http_percent: u8,
    /// Data frames in a hundred that are full; the others carry up to 200 octets or are empty.
    pub full_percent: u8,
    /// A tag that every frame has.
    pub vlan: Option<VlanTag>,
}

impl Default for TrafficMix {
    fn default() -> Self {
        Self {
            concurrent_flows: 1_000,
            frames_per_flow: 40,
            dns_percent: 30,
            tls_percent: 45,
            http_percent: 10,
            full_percent: 55,
            vlan: None,
        }
    }
}

/// An endless source of frames of many flows.
#[derive(Debug)]
pub struct MixedTraffic {
    prng: Prng,
    mix: TrafficMix,
    flows: Vec<BulkFlow>,
    /// What full segments carry; drawn once, since filling each anew would cost more than a bench measures.
    noise: Vec<u8>,
    begun: u64,
    identification: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Head {
    Dns,
    Tls,
    Http,
    Noise,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Syn,
    SynAck,
    Ack,
    Request,
    Response,
    Data(u32),
    ClientFin,
    ServerFin,
    LastAck,
}

#[derive(Debug, Clone)]
struct BulkFlow {
    number: u64,
    head: Head,
    step: Step,
    client: SocketAddr,
    server: SocketAddr,
    client_next: u32,
    server_next: u32,
}

impl MixedTraffic {
    /// Traffic of the default mix.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::with_mix(seed, TrafficMix::default())
    }

    /// Traffic of a mix of one's own.
    #[must_use]
    pub fn with_mix(seed: u64, mix: TrafficMix) -> Self {
        let mut prng = Prng::new(seed);
        let noise = prng.noise(FULL);
        let mut this = Self { prng, mix, flows: Vec::new(), noise, begun: 0, identification: 0 };
        for _ in 0..this.mix.concurrent_flows.clamp(1, MOST_FLOWS) {
            let flow = this.begin();
            this.flows.push(flow);
        }
        this
    }

    /// Flows begun so far, those included whose first frame is still to come.
    #[must_use]
    pub const fn flows_begun(&self) -> u64 {
        self.begun
    }

    /// Replaces what `frame` holds by the next frame.
    pub fn next_into(&mut self, frame: &mut Vec<u8>) {
        frame.clear();
        self.identification = self.identification.wrapping_add(1);
        let flows = u64::try_from(self.flows.len()).unwrap_or(u64::MAX);
        let index = usize::try_from(self.prng.below(flows)).unwrap_or(0);
        let Some(flow) = self.flows.get_mut(index) else { return };
        let sender =
            Sender { mix: &self.mix, noise: &self.noise, identification: self.identification };
        let goes_on = flow.send(frame, &mut self.prng, &sender);
        if !goes_on {
            let next = self.begin();
            if let Some(flow) = self.flows.get_mut(index) {
                *flow = next;
            }
        }
    }

    fn begin(&mut self) -> BulkFlow {
        let number = self.begun;
        self.begun += 1;
        let draw = self.prng.below(100);
        let dns = u64::from(self.mix.dns_percent);
        let tls = dns + u64::from(self.mix.tls_percent);
        let head = match draw {
            draw if draw < dns => Head::Dns,
            draw if draw < tls => Head::Tls,
            draw if draw < tls + u64::from(self.mix.http_percent) => Head::Http,
            _ => Head::Noise,
        };
        // Client and port spell the number, so that no two living flows share a 5-tuple: 15 bits
        // of it in the port, 24 in the address.
        let [.., low] = number.to_be_bytes();
        let port = 0x8000 | u16::try_from(number & 0x7fff).unwrap_or(0);
        let host = u32::try_from(number >> 15 & 0x00ff_ffff).unwrap_or(0);
        let client_ip = Ipv4Addr::from_bits(0x0a00_0000 | host);
        let (server_ip, server_port) = match head {
            Head::Dns => (Ipv4Addr::new(192, 0, 2, 53), 53),
            Head::Tls => (Ipv4Addr::new(198, 51, 100, low), 443),
            Head::Http => (Ipv4Addr::new(203, 0, 113, low), 80),
            Head::Noise => (Ipv4Addr::new(203, 0, 113, low), 9_999),
        };
        BulkFlow {
            number,
            head,
            step: if head == Head::Dns { Step::Request } else { Step::Syn },
            client: SocketAddr::new(IpAddr::V4(client_ip), port),
            server: SocketAddr::new(IpAddr::V4(server_ip), server_port),
            client_next: self.prng.next_u32(),
            server_next: self.prng.next_u32(),
        }
    }
}

/// What all flows send with.
struct Sender<'a> {
    mix: &'a TrafficMix,
    noise: &'a [u8],
    identification: u16,
}

impl BulkFlow {
    /// Writes the flow's next frame; tells whether another follows.
    fn send(&mut self, frame: &mut Vec<u8>, prng: &mut Prng, sender: &Sender<'_>) -> bool {
        if self.head == Head::Dns {
            return self.send_dns(frame, sender);
        }
        match self.step {
            Step::Syn => {
                self.segment(frame, sender, true, Segment::SYN, &[]);
                self.step = Step::SynAck;
            }
            Step::SynAck => {
                self.segment(frame, sender, false, Segment::SYN | Segment::ACK, &[]);
                self.step = Step::Ack;
            }
            Step::Ack => {
                self.segment(frame, sender, true, Segment::ACK, &[]);
                self.step = Step::Request;
            }
            Step::Request => {
                let request = self.request(prng, sender);
                self.segment(frame, sender, true, DATA, &request);
                self.step = Step::Response;
            }
            Step::Response => {
                let response = match self.head {
                    Head::Tls => server_flight(prng, TlsStyle::Embedded),
                    Head::Http => b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n".to_vec(),
                    Head::Dns | Head::Noise => sender.noise.get(..64).unwrap_or_default().to_vec(),
                };
                self.segment(frame, sender, false, DATA, &response);
                let average = u64::from(sender.mix.frames_per_flow.max(1));
                // Uniform between one and twice the average.
                let frames = u32::try_from(1 + prng.below(2 * average)).unwrap_or(1);
                self.step = Step::Data(frames);
            }
            Step::Data(rest) => {
                let full = prng.below(100) < u64::from(sender.mix.full_percent);
                let short = usize::try_from(prng.below(400)).unwrap_or(0).saturating_sub(200);
                let length = if full { FULL } else { short };
                let payload = sender.noise.get(..length).unwrap_or_default();
                // What is full comes from the server, of the rest every other frame.
                let by_client = !full && prng.below(2) == 0;
                self.segment(frame, sender, by_client, Segment::ACK, payload);
                self.step = if rest > 1 { Step::Data(rest - 1) } else { Step::ClientFin };
            }
            Step::ClientFin => {
                self.segment(frame, sender, true, Segment::FIN | Segment::ACK, &[]);
                self.step = Step::ServerFin;
            }
            Step::ServerFin => {
                self.segment(frame, sender, false, Segment::FIN | Segment::ACK, &[]);
                self.step = Step::LastAck;
            }
            Step::LastAck => {
                self.segment(frame, sender, true, Segment::ACK, &[]);
                return false;
            }
        }
        true
    }

    fn send_dns(&mut self, frame: &mut Vec<u8>, sender: &Sender<'_>) -> bool {
        let asks = self.step == Step::Request;
        let name = format!("host{}.example.com", self.number);
        let address = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7));
        let [.., high, low] = self.number.to_be_bytes();
        let id = u16::from_be_bytes([high, low]);
        let payload =
            if asks { query(id, &name, address) } else { answer(id, &name, &[], address) };
        let (from, to) = self.ends(asks);
        let link = self.link(asks, sender);
        build_udp(frame, &link, from, to, sender.identification, &payload);
        self.step = Step::Response;
        asks
    }

    fn request(&self, prng: &mut Prng, sender: &Sender<'_>) -> Vec<u8> {
        match self.head {
            Head::Tls => {
                client_hello(prng, &format!("host{}.example.net", self.number), TlsStyle::App)
            }
            Head::Http => format!(
                "GET /{0} HTTP/1.1\r\nHost: host{0}.example.org\r\nAccept: */*\r\n\r\n",
                self.number
            )
            .into_bytes(),
            Head::Dns | Head::Noise => sender.noise.get(..200).unwrap_or_default().to_vec(),
        }
    }

    fn segment(
        &mut self,
        frame: &mut Vec<u8>,
        sender: &Sender<'_>,
        by_client: bool,
        flags: u8,
        payload: &[u8],
    ) {
        let (from, to) = self.ends(by_client);
        let link = self.link(by_client, sender);
        let (sequence, other) = if by_client {
            (self.client_next, self.server_next)
        } else {
            (self.server_next, self.client_next)
        };
        let acknowledgment = if flags & Segment::ACK == 0 { 0 } else { other };
        let segment =
            Segment { sequence, acknowledgment, flags, window: 64_240, options: &[], payload };
        build_tcp(frame, &link, from, to, sender.identification, &segment);
        let phantom = u32::from(flags & (Segment::SYN | Segment::FIN) != 0);
        let step = u32::try_from(payload.len()).unwrap_or(0).wrapping_add(phantom);
        let next = sequence.wrapping_add(step);
        if by_client {
            self.client_next = next;
        } else {
            self.server_next = next;
        }
    }

    const fn ends(&self, by_client: bool) -> (SocketAddr, SocketAddr) {
        if by_client { (self.client, self.server) } else { (self.server, self.client) }
    }

    fn link(&self, by_client: bool, sender: &Sender<'_>) -> Link {
        let [.., a, b, c, d] = self.number.to_be_bytes();
        let client = MacAddr([0x06, 0, a, b, c, d]);
        let vlan = sender.mix.vlan;
        if by_client {
            Link { source: client, destination: GATEWAY, vlan }
        } else {
            Link { source: GATEWAY, destination: client, vlan }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(seed: u64, count: usize) -> Vec<Vec<u8>> {
        let mut traffic = MixedTraffic::new(seed);
        (0..count)
            .map(|_| {
                let mut frame = Vec::new();
                traffic.next_into(&mut frame);
                frame
            })
            .collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_frames() {
        assert_eq!(frames(1, 2_000), frames(1, 2_000));
        assert_ne!(frames(1, 2_000), frames(2, 2_000));
    }

    #[test]
    fn every_kind_of_head_and_size_occurs() {
        let frames = frames(3, 30_000);
        let with = |needle: &[u8]| {
            frames.iter().filter(|f| f.windows(needle.len()).any(|w| w == needle)).count()
        };

        assert!(with(b"\x07example\x03com") > 300, "DNS");
        assert!(with(b".example.net") > 200, "TLS");
        assert!(with(b".example.org") > 50, "HTTP");
        assert!(frames.iter().filter(|f| f.len() == 1514).count() > 8_000);
        assert!(frames.iter().filter(|f| f.len() < 120).count() > 5_000);
        assert!(frames.iter().all(|f| (60..=1514).contains(&f.len())));
    }

    #[test]
    fn the_number_of_flows_at_a_time_is_as_asked() {
        let mix = TrafficMix { concurrent_flows: 7, ..TrafficMix::default() };
        let mut traffic = MixedTraffic::with_mix(4, mix);
        let mut frame = Vec::new();

        for _ in 0..5_000 {
            traffic.next_into(&mut frame);
        }

        assert_eq!(traffic.flows.len(), 7);
        assert!(traffic.flows_begun() > 100);
    }
}
