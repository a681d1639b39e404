//! What the first bytes of a stream, or a datagram, turned out to be.
//!
//! Comes in: nothing. Goes out: the answers of probes and of stream dissectors. It holds no payload.

use std::sync::Arc;

use super::{
    AppProtocol, ClientHello, DissectError, DissectReason, HttpRequest, HttpResponse, Message,
    ServerFlight,
};

/// The longest head that a stream dissector asks for, in bytes.
///
/// Guards against streams that never finish their first message. A head of at least this length
/// is never answered with [`StreamVerdict::NeedMore`].
pub const MAX_STREAM_HEAD: usize = 16 * 1024;

/// What one side of a stream begins with, or goes on with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamVerdict {
    /// The message is whole and was read; where the next one of this side begins.
    Read(StreamMessage, Next),
    /// It looks like a protocol of ours so far: offer the head again when it is longer.
    NeedMore,
    /// No protocol that is read here; longer heads will not change that.
    NotForUs,
    /// It is one of our protocols, but not well formed; longer heads will not change that.
    Malformed(DissectError),
}

/// A message of one side of a stream. Questions and answers are apart; who keeps the stream joins them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamMessage {
    /// A TLS ClientHello.
    TlsHello(Arc<ClientHello>),
    /// A TLS ServerHello, with the certificate where that is in clear.
    TlsServer(Box<ServerFlight>),
    /// The head of an HTTP/1 request.
    HttpRequest(Arc<HttpRequest>),
    /// The head of an HTTP/1 response.
    HttpResponse(Box<HttpResponse>),
    /// A message that stands for itself.
    Other(Message),
}

/// Which side of a stream some bytes are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamPlace {
    /// Whoever began the conversation sent them.
    pub from_initiator: bool,
    /// The sender's port.
    pub source_port: u16,
    /// The receiver's port.
    pub destination_port: u16,
    /// The answer that is due has no body, whatever its fields say: HEAD was asked (RFC 9112, 6.3).
    pub without_body: bool,
}

impl StreamPlace {
    /// Tells whether one of the two ports is among `ports`.
    pub(super) fn is_on(self, ports: &[u16]) -> bool {
        ports.contains(&self.source_port) || ports.contains(&self.destination_port)
    }
}

/// What a datagram turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatagramVerdict {
    /// A message, and whether later datagrams of the flow may be others.
    Read(Message, Appetite),
    /// A protocol that is recognised and not read.
    Recognised(AppProtocol),
    /// It could be RTP: several have to agree.
    PerhapsRtp,
    /// The beginning of a QUIC connection, whose handshake may be spread over several datagrams.
    Quic,
    /// Nothing that is read here; whether later ones may be.
    Nothing(Appetite),
    /// It is not what its port or its first bytes say; whether later ones may be.
    Malformed(DissectError, Appetite),
}

/// How many datagrams of a flow are worth a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appetite {
    /// Each may be a message.
    Every,
    /// The first few of each direction say what there is to say.
    Few,
}

impl Appetite {
    /// Names, addresses and discovery are read each time; of the rest the first messages.
    pub(super) const fn of(protocol: AppProtocol) -> Self {
        match protocol {
            AppProtocol::Dns
            | AppProtocol::Mdns
            | AppProtocol::Llmnr
            | AppProtocol::Nbns
            | AppProtocol::Dhcp
            | AppProtocol::Dhcpv6
            | AppProtocol::Ndp
            | AppProtocol::Portmap
            | AppProtocol::Ssdp
            | AppProtocol::Wsd
            | AppProtocol::Sadp
            | AppProtocol::Beacon => Self::Every,
            AppProtocol::Dot
            | AppProtocol::Doh
            | AppProtocol::Doq
            | AppProtocol::Tls
            | AppProtocol::Dtls
            | AppProtocol::Quic
            | AppProtocol::Http
            | AppProtocol::Rtsp
            | AppProtocol::Rtp
            | AppProtocol::Rtcp
            | AppProtocol::Sip
            | AppProtocol::Stun
            | AppProtocol::Ntp
            | AppProtocol::Snmp
            | AppProtocol::Syslog
            | AppProtocol::Mqtt
            | AppProtocol::Hcnetsdk
            | AppProtocol::Lbs
            | AppProtocol::Safe
            | AppProtocol::P2p
            | AppProtocol::Vtm
            | AppProtocol::Isup => Self::Few,
        }
    }
}

/// What a look at a bounded number of bytes says about their protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probe {
    /// It is this protocol.
    Certain,
    /// Too little is there to tell, or another protocol could look the same.
    Unsure,
    /// It is something else.
    NotForUs,
}

/// What the dissector of one protocol found at the beginning of the bytes it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StreamRead<T> {
    /// A message, and where the next one of the same side begins.
    Read(T, Next),
    /// It looks like the protocol so far: offer the same bytes again with more behind them.
    NeedMore,
    /// Another protocol; more bytes will not change that.
    NotForUs,
    /// The protocol, but not well formed; more bytes will not change that.
    Malformed(DissectReason),
}

/// Where the next message of one side of a stream begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing more of this side is worth reading.
    Nothing,
    /// So many bytes behind the first byte of the message that was read; that may be beyond what has come.
    After(usize),
    /// At the first byte of some later segment: how long the body is cannot be told.
    AnySegment,
}
