//! MQTT 3.1.1 (OASIS Standard, 2014), as much as a publisher needs.
//!
//! Comes in: what is to be said, and bytes from a broker. Goes out: control packets, and what the broker said. Nothing that a
//! broker sends is kept beyond [`MAX_INCOMING`] bytes; it sends and receives nothing itself.

/// Most bytes of a packet from a broker: we wait for acknowledgements and one short message only.
pub(crate) const MAX_INCOMING: usize = 16 << 10;
/// The largest that "remaining length" can say, 2.2.3.
const MAX_REMAINING: usize = 268_435_455;
/// Longest text of the protocol, 1.5.3.
const MAX_TEXT: usize = u16::MAX as usize;

/// The opening of a connection, 3.1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Connect<'a> {
    /// What the connection is called.
    pub(crate) client_id: &'a str,
    /// The broker hears from us at least this often, in seconds.
    pub(crate) keep_alive: u16,
    /// Topic and payload of what the broker says, retained, when we are gone.
    pub(crate) will: (&'a str, &'a [u8]),
    /// The name to sign in with.
    pub(crate) username: Option<&'a str>,
    /// The password to sign in with.
    pub(crate) password: Option<&'a [u8]>,
}

impl Connect<'_> {
    /// The packet: a clean session, the will at QoS 1.
    #[must_use]
    pub(crate) fn encode(&self) -> Vec<u8> {
        const CLEAN: u8 = 0x02;
        const WILL_QOS_1_RETAINED: u8 = 0x04 | 0x08 | 0x20;
        let mut flags = CLEAN | WILL_QOS_1_RETAINED;
        if self.username.is_some() {
            flags |= 0x80;
        }
        // A password needs a name, 3.1.2.9.
        let password = self.password.filter(|_| self.username.is_some());
        if password.is_some() {
            flags |= 0x40;
        }
        let mut body = Vec::new();
        push_bytes(b"MQTT", &mut body);
        body.extend([4, flags]);
        body.extend(self.keep_alive.to_be_bytes());
        push_bytes(self.client_id.as_bytes(), &mut body);
        push_bytes(self.will.0.as_bytes(), &mut body);
        push_bytes(self.will.1, &mut body);
        if let Some(username) = self.username {
            push_bytes(username.as_bytes(), &mut body);
        }
        if let Some(password) = password {
            push_bytes(password, &mut body);
        }
        framed(0x10, &body)
    }
}

/// A message, retained, at QoS 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Publish {
    /// Where to.
    pub(crate) topic: String,
    /// What; an empty one takes a retained message away.
    pub(crate) payload: Vec<u8>,
}

impl Publish {
    /// The packet; `id` is not 0, and comes back in the acknowledgement.
    #[must_use]
    pub(crate) fn encode(&self, id: u16) -> Vec<u8> {
        let mut body = Vec::with_capacity(self.topic.len() + self.payload.len() + 4);
        push_bytes(self.topic.as_bytes(), &mut body);
        body.extend(id.to_be_bytes());
        body.extend(&self.payload);
        framed(0x33, &body)
    }
}

/// Asks for the messages of one topic at QoS 0.
#[must_use]
pub(crate) fn subscribe(id: u16, topic: &str) -> Vec<u8> {
    let mut body = id.to_be_bytes().to_vec();
    push_bytes(topic.as_bytes(), &mut body);
    body.push(0);
    framed(0x82, &body)
}

/// Asks whether the broker is there.
pub(crate) const PING: [u8; 2] = [0xc0, 0];
/// Says goodbye: the broker does not tell the will.
pub(crate) const DISCONNECT: [u8; 2] = [0xe0, 0];

/// What a broker said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Incoming {
    /// Whether it lets us in; 0 is yes.
    ConnAck(u8),
    /// It has a message of ours.
    PubAck(u16),
    /// Whether a subscription stands; 0x80 is no.
    SubAck(u16, u8),
    /// It is there.
    Pong,
    /// A message at QoS 0.
    Message {
        /// Where it was published.
        topic: String,
        /// What it says.
        payload: Vec<u8>,
    },
}

/// A broker said what none may say to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PacketError {
    /// Longer than we take.
    #[error("a packet of {0} bytes is longer than expected of a broker")]
    TooLong(usize),
    /// A length that does not end, a type that a broker does not send, or too few bytes.
    #[error("what the broker sent is not MQTT 3.1.1")]
    Malformed,
}

/// Cuts what a broker sends into packets.
#[derive(Debug, Default)]
pub(crate) struct PacketReader {
    bytes: Vec<u8>,
}

impl PacketReader {
    /// Takes bytes as they came.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }

    /// The next packet, if all of it is there.
    ///
    /// # Errors
    /// What came is none of those that a broker may send us; nothing after it can be trusted.
    pub(crate) fn next(&mut self) -> Result<Option<Incoming>, PacketError> {
        let Some(&first) = self.bytes.first() else { return Ok(None) };
        if !EXPECTED.contains(&first) {
            return Err(PacketError::Malformed);
        }
        let Some((length, header)) = remaining_length(self.bytes.get(1..).unwrap_or_default())?
        else {
            return Ok(None);
        };
        if length > MAX_INCOMING {
            return Err(PacketError::TooLong(length));
        }
        let end = 1 + header + length;
        let Some(body) = self.bytes.get(1 + header..end) else { return Ok(None) };
        let packet = read(first, body)?;
        self.bytes.drain(..end);
        Ok(Some(packet))
    }
}

/// The first bytes of all that a broker may say to us: acknowledgements, and messages at QoS 0, retained or not.
const EXPECTED: [u8; 6] = [0x20, 0x40, 0x90, 0xd0, 0x30, 0x31];

fn read(first: u8, body: &[u8]) -> Result<Incoming, PacketError> {
    match (first, body) {
        (0x20, [_, code]) => Ok(Incoming::ConnAck(*code)),
        (0x40, [high, low]) => Ok(Incoming::PubAck(u16::from_be_bytes([*high, *low]))),
        (0x90, [high, low, code]) => Ok(Incoming::SubAck(u16::from_be_bytes([*high, *low]), *code)),
        (0xd0, []) => Ok(Incoming::Pong),
        (0x30 | 0x31, [high, low, rest @ ..]) => {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            let (topic, payload) = rest.split_at_checked(length).ok_or(PacketError::Malformed)?;
            let topic = std::str::from_utf8(topic).map_err(|_| PacketError::Malformed)?;
            Ok(Incoming::Message { topic: topic.to_owned(), payload: payload.to_vec() })
        }
        _ => Err(PacketError::Malformed),
    }
}

/// Reads "remaining length": the length, and the bytes that say it; none until all of those are there.
fn remaining_length(bytes: &[u8]) -> Result<Option<(usize, usize)>, PacketError> {
    let mut length = 0;
    for (at, &byte) in bytes.iter().take(4).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Ok(Some((length, at + 1)));
        }
    }
    if bytes.len() >= 4 { Err(PacketError::Malformed) } else { Ok(None) }
}

fn framed(first: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = Vec::with_capacity(body.len() + 5);
    packet.push(first);
    let mut rest = body.len().min(MAX_REMAINING);
    loop {
        let low = u8::try_from(rest & 0x7f).unwrap_or(0);
        rest >>= 7;
        packet.push(if rest > 0 { low | 0x80 } else { low });
        if rest == 0 {
            break;
        }
    }
    packet.extend(body);
    packet
}

/// Writes bytes with their length before them; what 16 bits cannot say is cut off.
fn push_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    let bytes = bytes.get(..MAX_TEXT).unwrap_or(bytes);
    out.extend(u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes());
    out.extend(bytes);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_connection_opens_with_a_will_and_signs_in() {
        let packet = Connect {
            client_id: "h",
            keep_alive: 60,
            will: ("t", b"off"),
            username: Some("u"),
            password: Some(b"pw"),
        }
        .encode();

        let expected =
            b"\x10\x1c\x00\x04MQTT\x04\xee\x00\x3c\x00\x01h\x00\x01t\x00\x03off\x00\x01u\x00\x02pw";
        assert_eq!(packet, expected);
    }

    #[test]
    fn a_message_is_retained_and_asks_for_an_acknowledgement() {
        let message = Publish { topic: "a/b".to_owned(), payload: vec![b'x'; 200] };
        let packet = message.encode(7);

        assert_eq!(packet[..10], *b"\x33\xcf\x01\x00\x03a/b\x00\x07");
        assert_eq!(packet.len(), 3 + 5 + 2 + 200);
        assert_eq!(subscribe(1, "x"), b"\x82\x06\x00\x01\x00\x01x\x00");
    }

    #[test]
    fn what_a_broker_says_is_read_in_any_pieces() {
        let said =
            b"\x20\x02\x00\x00\x40\x02\x00\x07\x90\x03\x00\x01\x00\xd0\x00\x30\x09\x00\x01honline";
        let expected = [
            Incoming::ConnAck(0),
            Incoming::PubAck(7),
            Incoming::SubAck(1, 0),
            Incoming::Pong,
            Incoming::Message { topic: "h".to_owned(), payload: b"online".to_vec() },
        ];
        for size in [1, 2, 3, said.len()] {
            let mut reader = PacketReader::default();
            let mut heard = Vec::new();
            for piece in said.chunks(size) {
                reader.push(piece);
                while let Some(packet) = reader.next().unwrap() {
                    heard.push(packet);
                }
            }
            assert_eq!(heard, expected);
        }
    }

    #[test]
    fn a_broker_that_lies_is_found_out() {
        for (said, problem) in [
            (&b"HTTP/1.1 400"[..], PacketError::Malformed),
            (b"\x20\xff\xff\xff\xff", PacketError::Malformed),
            (b"\x30\xff\xff\x7f", PacketError::TooLong(2_097_151)),
            (b"\x30\x02\x00\x09", PacketError::Malformed),
            (b"\x32\x02\x00\x00", PacketError::Malformed),
            (b"\x30\x03\x00\x01\xff", PacketError::Malformed),
        ] {
            let mut reader = PacketReader::default();
            reader.push(said);
            assert_eq!(reader.next(), Err(problem), "{said:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic_or_grow(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
            let mut reader = PacketReader::default();
            reader.push(&bytes);
            while let Ok(Some(_)) = reader.next() {}
            prop_assert!(reader.bytes.len() <= bytes.len());
        }
    }
}
