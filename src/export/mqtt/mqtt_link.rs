//! A connection to an MQTT broker.
//!
//! Comes in: messages to publish. Goes out: they, acknowledged; and what the broker says meanwhile. Every wait is bounded, by
//! time and by the number of reads, so that a broker that trickles holds up nothing for long.

use std::collections::BTreeSet;
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use super::packet::{
    Connect, DISCONNECT, Incoming, PING, PacketError, PacketReader, Publish, subscribe,
};
use crate::export::dial::dial_tcp;

/// How long a broker may keep us waiting at a time.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long we look whether it has something to say.
const GLANCE: Duration = Duration::from_millis(1);
/// Messages that wait for their acknowledgement at the same time; some brokers take no more than 20.
const WINDOW: usize = 16;
/// Most reads until a broker has acknowledged what waits.
const MAX_READS: usize = 64;

/// A connection on which the broker has let us in.
#[derive(Debug)]
pub(super) struct MqttLink {
    stream: TcpStream,
    reader: PacketReader,
    /// Messages that came while an acknowledgement was awaited.
    heard: Vec<Incoming>,
    next_id: u16,
}

impl MqttLink {
    /// Connects and signs in.
    pub(super) fn open(broker: &str, connect: &Connect<'_>) -> io::Result<Self> {
        let stream = dial_tcp(broker, PATIENCE)?;
        let mut link =
            Self { stream, reader: PacketReader::default(), heard: Vec::new(), next_id: 1 };
        link.stream.write_all(&connect.encode())?;
        match link.await_packet()? {
            Incoming::ConnAck(0) => Ok(link),
            Incoming::ConnAck(code) => Err(refused(code)),
            Incoming::PubAck(_)
            | Incoming::SubAck(..)
            | Incoming::Pong
            | Incoming::Message { .. } => Err(broken(PacketError::Malformed)),
        }
    }

    /// Publishes, and waits until the broker has all of it.
    pub(super) fn publish(&mut self, messages: &[Publish]) -> io::Result<()> {
        for window in messages.chunks(WINDOW) {
            let mut waiting = BTreeSet::new();
            for message in window {
                let id = self.take_id();
                waiting.insert(id);
                self.stream.write_all(&message.encode(id))?;
            }
            self.await_all(waiting, |packet| match packet {
                Incoming::PubAck(id) => Some(*id),
                Incoming::ConnAck(_)
                | Incoming::SubAck(..)
                | Incoming::Pong
                | Incoming::Message { .. } => None,
            })?;
        }
        Ok(())
    }

    /// Asks for the messages of a topic.
    pub(super) fn subscribe(&mut self, topic: &str) -> io::Result<()> {
        let id = self.take_id();
        self.stream.write_all(&subscribe(id, topic))?;
        self.await_all(BTreeSet::from([id]), |packet| match packet {
            // One that may not subscribe goes on without: the states are told all the same.
            Incoming::SubAck(id, _) => Some(*id),
            Incoming::ConnAck(_)
            | Incoming::PubAck(_)
            | Incoming::Pong
            | Incoming::Message { .. } => None,
        })
    }

    /// Asks whether the broker is there.
    pub(super) fn ping(&mut self) -> io::Result<()> {
        self.stream.write_all(&PING)
    }

    /// Says goodbye.
    pub(super) fn close(mut self) -> io::Result<()> {
        self.stream.write_all(&DISCONNECT)
    }

    /// What the broker has said since the last time.
    pub(super) fn poll(&mut self) -> io::Result<Vec<Incoming>> {
        self.stream.set_read_timeout(Some(GLANCE))?;
        let read = self.read();
        self.stream.set_read_timeout(Some(PATIENCE))?;
        match read {
            Ok(()) => {}
            Err(problem) if is_silence(&problem) => {}
            Err(problem) => return Err(problem),
        }
        while let Some(packet) = self.reader.next().map_err(broken)? {
            self.heard.push(packet);
        }
        Ok(std::mem::take(&mut self.heard))
    }

    /// Waits until each of `waiting` was acknowledged.
    fn await_all(
        &mut self,
        mut waiting: BTreeSet<u16>,
        acknowledged: impl Fn(&Incoming) -> Option<u16>,
    ) -> io::Result<()> {
        for _ in 0..MAX_READS {
            if waiting.is_empty() {
                return Ok(());
            }
            let packet = self.await_packet()?;
            match acknowledged(&packet) {
                Some(id) => {
                    waiting.remove(&id);
                }
                None => self.heard.push(packet),
            }
        }
        Err(io::Error::new(io::ErrorKind::TimedOut, "the broker does not acknowledge"))
    }

    fn await_packet(&mut self) -> io::Result<Incoming> {
        for _ in 0..MAX_READS {
            if let Some(packet) = self.reader.next().map_err(broken)? {
                return Ok(packet);
            }
            self.read()?;
        }
        Err(io::Error::new(io::ErrorKind::TimedOut, "the broker does not come to an end"))
    }

    fn read(&mut self) -> io::Result<()> {
        let mut buffer = [0; 2048];
        match self.stream.read(&mut buffer)? {
            0 => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the broker hung up")),
            length => {
                self.reader.push(buffer.get(..length).unwrap_or_default());
                Ok(())
            }
        }
    }

    /// A packet identifier; never 0.
    fn take_id(&mut self) -> u16 {
        let id = self.next_id;
        self.next_id = id.checked_add(1).unwrap_or(1);
        id
    }
}

fn is_silence(problem: &io::Error) -> bool {
    matches!(problem.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

fn broken(problem: PacketError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, problem)
}

/// The reasons of MQTT 3.1.1, 3.2.2.3.
fn refused(code: u8) -> io::Error {
    let why = match code {
        1 => "it speaks another version of MQTT",
        2 => "it does not like our client identifier",
        3 => "it is not available",
        4 => "wrong user name or password",
        5 => "we may not come in",
        _ => "no reason that MQTT 3.1.1 knows",
    };
    io::Error::new(io::ErrorKind::PermissionDenied, format!("the broker refuses: {why}"))
}
