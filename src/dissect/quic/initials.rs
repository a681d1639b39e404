//! Reads the ClientHello out of the first datagrams of a QUIC connection.
//!
//! Comes in: the datagrams of a flow, in the order of the capture, with their direction. Goes out: a [`QuicMessage`] once the
//! hello is whole, across packets and datagrams, before and after a Retry (RFC 9000, 17.2.5; RFC 9001, 5.2). It keeps keys and
//! the pieces of the hello, and gives up after [`MAX_DATAGRAMS`].

use super::crypto_stream::{CryptoStream, MAX_BYTES};
use super::frames::{CRYPTO, CRYPTO_GOOGLE, for_each_crypto};
use super::google;
use super::packet::{MAX_CONNECTION_ID, Packet, PacketKind, next_packet, probe};
use super::protection::InitialKeys;
use super::version::Version;
use crate::dissect::tls::{CLIENT_HELLO, Carrier, MIN_HELLO, read_hello};
use crate::dissect::{ClientHello, DissectReason, cursor::Cursor, verdict::Probe};

/// Datagrams of a flow that are looked at before its hello is given up: guards against flows that never finish one.
/// A hello needs two or three, and each may be repeated or stand behind 0-RTT.
const MAX_DATAGRAMS: u8 = 32;
/// Packets of one datagram that are looked at; guards against datagrams of hundreds of empty ones.
const MAX_PACKETS: usize = 8;
/// Initial packets of a flow that may fail to open: guards against deriving keys for noise. Packets fail when they are cut,
/// forged, or when the beginning of the connection was not seen.
const MAX_FAILURES: u8 = 4;
/// Bytes of type and length before the body of a handshake message, RFC 8446, 4.
const HEADER: usize = 4;

/// What opened a QUIC connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuicMessage {
    /// The version of the packet that brought the hello (IANA "QUIC Versions").
    pub version: u32,
    /// The hello, RFC 9001, 4.
    pub hello: ClientHello,
}

/// What a datagram led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QuicRead {
    /// The hello is whole and was read. Nothing more is read of this flow.
    Read(QuicMessage),
    /// The hello is not whole yet: push the next datagram of the flow, of either direction.
    NeedMore,
    /// Not QUIC, or QUIC whose hello cannot be read: push no more.
    NotForUs,
    /// It was opened, and holds what the standard forbids: push no more.
    Malformed(DissectReason),
}

/// The state that one flow needs until its hello is read. Without a first packet it is a few bytes.
#[derive(Debug, Default)]
pub struct QuicInitials {
    reading: Option<Box<Reading>>,
    datagrams: u8,
    failures: u8,
}

/// What is kept of a hello that is not whole.
struct Reading {
    /// The number of the version.
    number: u32,
    version: Version,
    keys: InitialKeys,
    connection_id: ConnectionId,
    /// A Retry came, or a version was refused: the next packet of the client brings new keys.
    restarted: bool,
    largest: Option<u64>,
    crypto: CryptoStream,
}

impl QuicInitials {
    /// The state before the first datagram.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether a packet of it opened with the keys of a client: who sends it is the client.
    #[must_use]
    pub const fn has_client(&self) -> bool {
        self.reading.is_some()
    }

    /// Bytes of memory that it holds beside itself.
    #[must_use]
    pub fn held(&self) -> usize {
        self.reading.as_ref().map_or(0, |reading| size_of::<Reading>() + reading.crypto.held())
    }

    /// Reads the next datagram of the flow. `from_client` tells whether the flow's initiator sent it.
    ///
    /// Keys are derived only for what the probe takes for QUIC and is an Initial packet of the client; datagrams of the
    /// server matter only for Retry and version negotiation.
    pub fn push(&mut self, datagram: &[u8], from_client: bool) -> QuicRead {
        if self.reading.is_none() && probe(datagram) == Probe::NotForUs {
            return QuicRead::NotForUs;
        }
        self.datagrams = self.datagrams.saturating_add(1);
        let read = if from_client {
            self.push_client(datagram)
        } else {
            self.push_server(datagram);
            Ok(None)
        };
        match read {
            Ok(Some(message)) => self.finish(QuicRead::Read(message)),
            Ok(None) if self.is_exhausted() => match self.read_partial() {
                Some(message) => self.finish(QuicRead::Read(message)),
                None => self.finish(QuicRead::NotForUs),
            },
            Ok(None) => QuicRead::NeedMore,
            Err(reason) => self.finish(QuicRead::Malformed(reason)),
        }
    }

    /// Reads what is there of a hello that will not become longer: nothing, unless its server name is whole.
    #[must_use]
    pub fn read_partial(&self) -> Option<QuicMessage> {
        let reading = self.reading.as_ref()?;
        let body = reading.crypto.beginning().strip_prefix(&[CLIENT_HELLO])?.get(HEADER - 1..)?;
        let mut hello = ClientHello::default();
        match read_hello(body, Carrier::Quic, &mut hello) {
            Ok(()) | Err(DissectReason::Truncated) if hello.sni.is_some() => {
                Some(QuicMessage { version: reading.number, hello })
            }
            Ok(()) | Err(_) => None,
        }
    }

    const fn is_exhausted(&self) -> bool {
        self.datagrams >= MAX_DATAGRAMS || self.failures >= MAX_FAILURES
    }

    fn finish(&mut self, read: QuicRead) -> QuicRead {
        self.reading = None;
        read
    }

    /// Reads the Initial packets of a datagram of the client.
    fn push_client(&mut self, datagram: &[u8]) -> Result<Option<QuicMessage>, DissectReason> {
        if self.reading.is_none()
            && let Ok(Some((version, hello))) = google::dissect(datagram)
        {
            return Ok(Some(QuicMessage { version, hello }));
        }
        let mut packets = Cursor::new(datagram);
        for _ in 0..MAX_PACKETS {
            // A packet that is cut cannot be opened, and neither can what is behind it.
            let Ok(Some(packet)) = next_packet(&mut packets) else { break };
            if packet.kind != PacketKind::Initial {
                continue;
            }
            if let Some(message) = self.push_initial(&packet)? {
                return Ok(Some(message));
            }
        }
        Ok(None)
    }

    /// Takes note of what makes the client begin anew.
    fn push_server(&mut self, datagram: &[u8]) {
        let Some(reading) = &mut self.reading else { return };
        if let Ok(Some(packet)) = next_packet(&mut Cursor::new(datagram))
            && matches!(packet.kind, PacketKind::Retry | PacketKind::VersionNegotiation)
        {
            reading.restarted = true;
        }
    }

    /// Opens an Initial packet and reads its frames.
    fn push_initial(&mut self, packet: &Packet<'_>) -> Result<Option<QuicMessage>, DissectReason> {
        let Some(opened) = self.open(packet) else {
            self.failures = self.failures.saturating_add(1);
            return Ok(None);
        };
        let Some(reading) = &mut self.reading else { return Ok(None) };
        let crypto_frame = if reading.version.google_frames { CRYPTO_GOOGLE } else { CRYPTO };
        for_each_crypto(&opened, crypto_frame, |at, bytes| reading.crypto.insert(at, bytes))?;
        let hello = reading.read_whole()?;
        Ok(hello.map(|hello| QuicMessage { version: reading.number, hello }))
    }

    /// Opens a packet with the keys that are there, else with those of its own connection ID: at the beginning,
    /// after a Retry, and when the same ports are used for a new connection.
    fn open(&mut self, packet: &Packet<'_>) -> Option<Vec<u8>> {
        if let Some(reading) = &mut self.reading
            && !reading.restarted
            && reading.number == packet.number
            && let Some(opened) = reading.keys.open(packet, reading.largest)
        {
            reading.largest = reading.largest.max(Some(opened.number));
            return Some(opened.frames);
        }
        if let Some(reading) = &self.reading
            && reading.number == packet.number
            && reading.connection_id.as_slice() == packet.destination
            && !reading.restarted
        {
            return None;
        }
        let version = Version::of(packet.number)?;
        let keys = InitialKeys::derive(version, packet.destination).ok()?;
        let opened = keys.open(packet, None)?;
        let mut crypto = self.reading.take().map(|reading| reading.crypto).unwrap_or_default();
        crypto.clear();
        self.reading = Some(Box::new(Reading {
            number: packet.number,
            version,
            keys,
            connection_id: ConnectionId::new(packet.destination),
            restarted: false,
            largest: Some(opened.number),
            crypto,
        }));
        Some(opened.frames)
    }
}

impl Reading {
    /// Reads the hello if all of it is there.
    fn read_whole(&self) -> Result<Option<ClientHello>, DissectReason> {
        let stream = self.crypto.beginning();
        if self.version.google_crypto {
            return match google::read_hello(stream) {
                Ok(hello) => Ok(Some(hello)),
                Err(DissectReason::Truncated) => Ok(None),
                Err(reason) => Err(reason),
            };
        }
        let Some((&[kind, high, middle, low], rest)) = stream.split_first_chunk::<HEADER>() else {
            return Ok(None);
        };
        let length = usize::try_from(u32::from_be_bytes([0, high, middle, low]))
            .map_err(|_| DissectReason::TooLarge)?;
        if kind != CLIENT_HELLO || length < MIN_HELLO {
            return Err(DissectReason::Malformed);
        }
        if HEADER + length > MAX_BYTES {
            return Err(DissectReason::TooLarge);
        }
        let Some(body) = rest.get(..length) else { return Ok(None) };
        let mut hello = ClientHello::default();
        match read_hello(body, Carrier::Quic, &mut hello) {
            Ok(()) => Ok(Some(hello)),
            Err(_) => Err(DissectReason::Malformed),
        }
    }
}

impl std::fmt::Debug for Reading {
    /// Writes everything but the keys, which are no use to a reader.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reading")
            .field("number", &self.number)
            .field("restarted", &self.restarted)
            .field("crypto", &self.crypto)
            .finish_non_exhaustive()
    }
}

/// A connection ID of at most twenty bytes, RFC 9000, 17.2.
struct ConnectionId {
    bytes: [u8; MAX_CONNECTION_ID],
    length: usize,
}

impl ConnectionId {
    /// Takes what [`next_packet`] let through.
    fn new(id: &[u8]) -> Self {
        let mut bytes = [0; MAX_CONNECTION_ID];
        for (place, byte) in bytes.iter_mut().zip(id) {
            *place = *byte;
        }
        Self { bytes, length: id.len() }
    }

    fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    const CLIENT_ID: [u8; 8] = [5; 8];
    const V2: u32 = 0x6b33_43cf;

    #[test]
    fn one_packet_gives_version_name_protocols_and_fingerprint() {
        let numbers = [1, V2, 0xff00_001d, 0xff00_0017, 0xff00_0016, 0x5430_3530, 0x5430_3531];
        for number in numbers {
            let mut frames = crypto(0, &hello());
            if Version::of(number).unwrap().google_frames {
                frames[0] = 8;
            }
            let datagram = seal(number, &CLIENT_ID, &[], 0, &frames);
            let message = read(&mut QuicInitials::new(), &datagram);

            assert_eq!(message.version, number);
            assert_eq!(message.hello.sni.as_deref(), Some("cam.example.com"));
            assert_eq!(message.hello.alpns, ["h3"]);
            assert!(message.hello.ja4.unwrap().to_string().starts_with("q13d0103h3_"));
        }
    }

    #[test]
    fn a_hello_over_packets_in_any_order_and_with_repetitions_is_read_when_it_is_whole() {
        let hello = hello();
        let (head, tail) = hello.split_at(30);
        let frames = [crypto(30, &tail[..20]), vec![1, 0, 0], crypto(40, &tail[10..])].concat();
        let late = seal(1, &CLIENT_ID, &[], 1, &frames);
        let first = seal(1, &CLIENT_ID, &[], 0, &crypto(0, head));
        let mut state = QuicInitials::new();

        assert_eq!(state.push(&late, true), QuicRead::NeedMore);
        assert_eq!(state.push(&late, true), QuicRead::NeedMore);
        assert!(state.held() > 0);
        assert!(matches!(state.push(&first, true), QuicRead::Read(_)));
        assert_eq!(state.held(), 0);
    }

    #[test]
    fn coalesced_packets_are_read_too_and_those_of_other_types_passed_over() {
        let hello = hello();
        let zero_rtt = [&[0xd0, 0, 0, 0, 1, 8][..], &CLIENT_ID, &[0, 3, 1, 2, 3]].concat();
        let datagram = [
            seal(1, &CLIENT_ID, &[], 0, &crypto(0, &hello[..50])),
            zero_rtt,
            seal(1, &CLIENT_ID, &[], 1, &crypto(50, &hello[50..])),
        ];

        read(&mut QuicInitials::new(), &datagram.concat());
    }

    #[test]
    fn keys_stay_when_the_client_takes_over_the_servers_connection_id() {
        let hello = hello();
        let mut state = QuicInitials::new();
        let first = seal(1, &CLIENT_ID, &[], 0, &crypto(0, &hello[..50]));
        let second = seal_with(1, &CLIENT_ID, &[9; 5], &[], 1, &crypto(50, &hello[50..]));

        assert_eq!(state.push(&first, true), QuicRead::NeedMore);
        read(&mut state, &second);
    }

    #[test]
    fn a_retry_brings_new_keys_and_the_hello_begins_anew() {
        let hello = hello();
        let retry = [&[0xf0, 0, 0, 0, 1, 0, 4, 9, 9, 9, 9][..], &[7; 24]].concat();
        for seen in [true, false] {
            let mut state = QuicInitials::new();
            let before = seal(1, &CLIENT_ID, &[], 0, &crypto(0, &hello[..50]));
            let after = seal(1, &[9; 4], b"token", 1, &crypto(0, &hello));

            assert_eq!(state.push(&before, true), QuicRead::NeedMore);
            if seen {
                assert_eq!(state.push(&retry, false), QuicRead::NeedMore);
            }
            read(&mut state, &after);
        }
    }

    #[test]
    fn version_negotiation_brings_new_keys() {
        let negotiation = [&[0x80, 0, 0, 0, 0, 0, 0][..], &1_u32.to_be_bytes()].concat();
        let mut state = QuicInitials::new();
        let before = seal(V2, &CLIENT_ID, &[], 0, &crypto(0, &hello()[..50]));

        assert_eq!(state.push(&before, true), QuicRead::NeedMore);
        assert_eq!(state.push(&negotiation, false), QuicRead::NeedMore);
        assert_eq!(read(&mut state, &seal(1, &CLIENT_ID, &[], 1, &crypto(0, &hello()))).version, 1);
    }

    #[test]
    fn other_protocols_are_not_for_us_and_cost_no_memory() {
        let mut state = QuicInitials::new();
        for datagram in [&b""[..], b"\x12\x34\x01\0\0\x01", &[0x40; 30], &[0xff; 1200]] {
            assert_eq!(state.push(datagram, true), QuicRead::NotForUs);
            assert_eq!(state.held(), 0);
        }
    }

    #[test]
    fn what_cannot_be_opened_is_given_up_soon() {
        let mut datagram = seal(1, &CLIENT_ID, &[], 0, &crypto(0, &hello()));
        let last = datagram.len() - 1;
        datagram[last] ^= 1;
        let mut state = QuicInitials::new();

        for _ in 1..MAX_FAILURES {
            assert_eq!(state.push(&datagram, true), QuicRead::NeedMore);
        }
        assert_eq!(state.push(&datagram, true), QuicRead::NotForUs);
    }

    #[test]
    fn a_hello_that_stays_cut_gives_its_name_at_the_end() {
        let cut = seal(1, &CLIENT_ID, &[], 0, &crypto(0, &hello()[..80]));
        let mut state = QuicInitials::new();
        for _ in 1..MAX_DATAGRAMS {
            assert_eq!(state.push(&cut, true), QuicRead::NeedMore);
        }

        let QuicRead::Read(message) = state.push(&cut, true) else { panic!("not read") };
        assert_eq!(message.hello.sni.as_deref(), Some("cam.example.com"));
        assert_eq!(message.hello.ja4, None);
    }

    #[test]
    fn an_opened_packet_with_something_else_is_malformed() {
        let malformed = QuicRead::Malformed(DissectReason::Malformed);
        for frames in [&[0x1e][..], &crypto(0, &[2, 0, 0, 80, 1])] {
            let datagram = seal(1, &CLIENT_ID, &[], 0, frames);
            assert_eq!(QuicInitials::new().push(&datagram, true), malformed);
        }
        let far = seal(1, &CLIENT_ID, &[], 0, &crypto(16_000, &[0; 600]));
        let too_large = QuicRead::Malformed(DissectReason::TooLarge);
        assert_eq!(QuicInitials::new().push(&far, true), too_large);
    }

    #[test]
    fn damaged_datagrams_and_hellos_do_no_harm() {
        let datagram = seal(1, &CLIENT_ID, &[], 0, &crypto(0, &hello()));
        for_each_mutant(&datagram, |bytes| drop(QuicInitials::new().push(bytes, true)));
        let mut rounds = 0;
        for_each_mutant(&crypto(0, &hello()), |frames| {
            rounds += 1;
            if rounds % 10 == 0 {
                let read = QuicInitials::new().push(&seal(1, &CLIENT_ID, &[], 0, frames), true);
                assert!(!matches!(read, QuicRead::NotForUs));
            }
        });
    }

    fn read(state: &mut QuicInitials, datagram: &[u8]) -> QuicMessage {
        let read = state.push(datagram, true);
        let QuicRead::Read(message) = read else { panic!("{read:?}") };
        message
    }

    fn crypto(offset: u16, bytes: &[u8]) -> Vec<u8> {
        let varint = |value: u16| (value | 0x4000).to_be_bytes();
        [&[6][..], &varint(offset), &varint(u16::try_from(bytes.len()).unwrap()), bytes].concat()
    }

    /// Our own construction: server_name, ALPN and supported_versions.
    fn hello() -> Vec<u8> {
        let mut body = vec![3, 3];
        body.extend_from_slice(&[7; 32]);
        body.extend_from_slice(&[0, 0, 2, 0x13, 1, 1, 0]);
        let extensions = b"\0\0\0\x14\0\x12\0\0\x0fcam.example.com\0\x10\0\x05\0\x03\x02h3\0\x2b\0\x03\x02\x03\x04";
        body.extend_from_slice(&u16::try_from(extensions.len()).unwrap().to_be_bytes());
        body.extend_from_slice(extensions);
        [&[CLIENT_HELLO, 0, 0, u8::try_from(body.len()).unwrap()][..], &body].concat()
    }

    /// A client's Initial packet with these frames, protected as RFC 9001, 5 says.
    pub(in crate::dissect::quic) fn seal(
        number: u32,
        id: &[u8],
        token: &[u8],
        packet_number: u8,
        frames: &[u8],
    ) -> Vec<u8> {
        seal_with(number, id, id, token, packet_number, frames)
    }

    /// The same, with the keys of another connection ID than that of the header.
    fn seal_with(
        number: u32,
        key_id: &[u8],
        id: &[u8],
        token: &[u8],
        packet_number: u8,
        frames: &[u8],
    ) -> Vec<u8> {
        let mut frames = frames.to_vec();
        frames.resize(frames.len().max(20), 0);
        let version = Version::of(number).unwrap();
        let keys = InitialKeys::derive(version, key_id).unwrap();
        let first =
            (0xc0..=0xf0).step_by(16).find(|first| version.kind(*first) == PacketKind::Initial);
        let mut header = vec![first.unwrap()];
        header.extend_from_slice(&number.to_be_bytes());
        for vector in [id, &[], token] {
            header.push(u8::try_from(vector.len()).unwrap());
            header.extend_from_slice(vector);
        }
        let length = u16::try_from(1 + frames.len() + 16).unwrap();
        header.extend_from_slice(&(length | 0x4000).to_be_bytes());
        let at = header.len();
        header.push(packet_number);
        let mut packet = keys.seal(&header, packet_number, &frames);
        packet = [header, packet].concat();
        keys.protect_header(&mut packet, at);
        packet
    }
}
