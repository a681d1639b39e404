//! The door to all dissectors: chooses those that may read some bytes, and asks them in turn.
//!
//! Comes in: what stands in a stream, a datagram, or directly on the link layer. Goes out: a message, or why there is
//! none. It keeps nothing of what it reads; what it keeps is who panicked.

use super::datagram_reading::{candidates as datagram_candidates, port_protocol, read_datagram};
use super::quarantine::Quarantine;
use super::stream_reading::{candidates as stream_candidates, read_partial_stream, read_stream};
use super::{
    AppProtocol, Appetite, DatagramVerdict, DissectError, DissectReason, Message, QuicInitials,
    QuicRead, StreamMessage, StreamPlace, StreamVerdict,
};
use super::{framing, ndp, sadp_link};

/// Reads messages of every protocol that is known, and survives its own faults.
#[derive(Debug, Default)]
pub struct Dissector {
    quarantine: Quarantine,
}

impl Dissector {
    /// Reads the message that `head`, the first bytes of one side of a stream or of a later message in it, begins
    /// with. `known` is the protocol of earlier messages in the stream.
    ///
    /// After [`StreamVerdict::NeedMore`] the caller offers the same bytes again with more behind them.
    #[must_use]
    pub fn stream(
        &mut self,
        head: &[u8],
        place: StreamPlace,
        known: Option<AppProtocol>,
    ) -> StreamVerdict {
        let mut needs_more = head.is_empty();
        let mut malformed = None;
        for &protocol in stream_candidates(head, known.as_slice()) {
            let is_known = known.is_some();
            let read =
                self.quarantine.guard(protocol, || read_stream(protocol, head, place, is_known));
            match read {
                Some(Ok(StreamVerdict::NotForUs)) | None => {}
                Some(Ok(StreamVerdict::NeedMore)) => needs_more = true,
                Some(Ok(StreamVerdict::Malformed(error)) | Err(error)) => {
                    malformed = malformed.or(Some(error));
                }
                Some(Ok(read @ StreamVerdict::Read(..))) => return read,
            }
        }
        match malformed {
            _ if needs_more => StreamVerdict::NeedMore,
            Some(error) => StreamVerdict::Malformed(error),
            None => StreamVerdict::NotForUs,
        }
    }

    /// Reads what is there of a message that will not become longer (budget spent, flow ended, snap length).
    #[must_use]
    pub fn partial_stream(
        &mut self,
        head: &[u8],
        place: StreamPlace,
        known: Option<AppProtocol>,
    ) -> Option<StreamMessage> {
        stream_candidates(head, known.as_slice()).iter().find_map(|&protocol| {
            self.quarantine
                .guard(protocol, || read_partial_stream(protocol, head, place))
                .and_then(|read| read.ok().flatten())
        })
    }

    /// Reads one datagram. Its ports say what it should be, its content what it is; `known` is the protocol of
    /// earlier datagrams in the flow.
    #[must_use]
    pub fn datagram(
        &mut self,
        payload: &[u8],
        source_port: u16,
        destination_port: u16,
        known: Option<AppProtocol>,
    ) -> DatagramVerdict {
        if payload.is_empty() {
            return DatagramVerdict::Nothing(Appetite::Every);
        }
        let expected = port_protocol(destination_port).or_else(|| port_protocol(source_port));
        let appetite = expected.map_or(Appetite::Few, Appetite::of);
        let mut malformed = None;
        if let Some(protocol) = expected {
            match self.try_datagram(protocol, payload, true) {
                Ok(DatagramVerdict::Nothing(_)) => {}
                Ok(read) => return read,
                Err(error) => malformed = Some(error),
            }
        }
        let others = datagram_candidates(payload);
        for protocol in known.into_iter().chain(others.iter().copied()) {
            if Some(protocol) == expected {
                continue;
            }
            match self.try_datagram(protocol, payload, false) {
                Ok(DatagramVerdict::Nothing(_)) => {}
                Ok(read) => return read,
                Err(error) => malformed = malformed.or(Some(error)),
            }
        }
        match malformed {
            Some(error) => DatagramVerdict::Malformed(error, appetite),
            None => DatagramVerdict::Nothing(appetite),
        }
    }

    fn try_datagram(
        &mut self,
        protocol: AppProtocol,
        payload: &[u8],
        by_port: bool,
    ) -> Result<DatagramVerdict, DissectError> {
        match self.quarantine.guard(protocol, || read_datagram(protocol, payload, by_port)) {
            None => Ok(DatagramVerdict::Nothing(Appetite::Few)),
            Some(Ok(Ok(read))) => Ok(read),
            Some(Ok(Err(reason))) => Err(DissectError::unreadable(protocol, reason)),
            Some(Err(panicked)) => Err(panicked),
        }
    }

    /// Reads an ICMPv6 message from its type on. `Ok(None)`: it is none of Neighbor Discovery.
    ///
    /// # Errors
    /// It is one of Neighbor Discovery, and is not well formed.
    pub fn icmpv6(&mut self, message: &[u8]) -> Result<Option<Message>, DissectError> {
        let protocol = AppProtocol::Ndp;
        self.read_single(protocol, || {
            ndp::dissect(message).map(|read| read.map(|ndp| Message::Ndp(Box::new(ndp))))
        })
    }

    /// Reads the payload of a frame that carries no IP. `Ok(None)` means that it is not for us.
    ///
    /// # Errors
    /// The frame has an EtherType of ours and is not well formed.
    pub fn link(
        &mut self,
        ether_type: u16,
        payload: &[u8],
    ) -> Result<Option<Message>, DissectError> {
        match ether_type {
            sadp_link::ETHER_TYPE => self.read_single(AppProtocol::Sadp, || {
                sadp_link::dissect(payload)
                    .map(|read| read.map(|sadp| Message::Sadp(Box::new(sadp))))
            }),
            framing::beacon::ETHER_TYPE => self.read_single(AppProtocol::Beacon, || {
                framing::beacon::dissect(payload)
                    .map(|read| read.map(|beacon| Message::Beacon(Box::new(beacon))))
            }),
            _ => Ok(None),
        }
    }

    fn read_single(
        &mut self,
        protocol: AppProtocol,
        dissect: impl FnOnce() -> Result<Option<Message>, DissectReason>,
    ) -> Result<Option<Message>, DissectError> {
        match self.quarantine.guard(protocol, dissect) {
            None => Ok(None),
            Some(Ok(read)) => read.map_err(|reason| DissectError::unreadable(protocol, reason)),
            Some(Err(panicked)) => Err(panicked),
        }
    }

    /// Offers a datagram of a QUIC connection to the handshake that is being put together.
    pub fn quic(
        &mut self,
        initials: &mut QuicInitials,
        datagram: &[u8],
        from_client: bool,
    ) -> QuicRead {
        self.quarantine
            .guard(AppProtocol::Quic, || initials.push(datagram, from_client))
            .and_then(Result::ok)
            .unwrap_or(QuicRead::NotForUs)
    }
}
