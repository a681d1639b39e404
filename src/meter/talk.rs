//! What was said in a flow: its protocol, the name in its head, and requests that wait for their answer.
//!
//! Comes in: messages of a stream, one by one. Goes out: messages for the analyst: what a client asks at once, and
//! the whole exchange when the answer was read, or will not be. It reads no bytes.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;

use super::FlowHead;
use crate::dissect::{
    AppProtocol, ClientHello, HttpExchange, HttpRequest, Ja4, Message, StreamMessage, TlsHandshake,
    encrypted_dns,
};
use crate::flow::{ByteBudget, Role};

/// Requests of one flow that wait for an answer; guards against pipelines that nobody answers.
const MAX_WAITING: usize = 16;

/// What was said in a flow so far. Two words, as most flows say nothing that has to wait.
#[derive(Debug, Default)]
pub(super) struct Talk {
    /// The protocol and the name.
    pub(super) head: Option<Arc<FlowHead>>,
    waiting: Option<Box<Waiting>>,
}

/// The heads of flows that have a protocol and no name: one for each protocol, since most flows have one of these.
#[derive(Debug, Default)]
pub(super) struct PlainHeads(Vec<Arc<FlowHead>>);

impl PlainHeads {
    fn of(&mut self, protocol: AppProtocol) -> Arc<FlowHead> {
        match self.0.iter().find(|head| head.protocol == protocol) {
            Some(head) => Arc::clone(head),
            None => {
                let head = Arc::new(FlowHead { protocol, sni: None, http_host: None });
                self.0.push(Arc::clone(&head));
                head
            }
        }
    }
}

/// Questions without an answer so far.
#[derive(Debug)]
struct Waiting {
    /// Who asked, and so answers for the memory that they take.
    host: IpAddr,
    /// That memory, in bytes.
    counted: usize,
    asked: Asked,
}

#[derive(Debug)]
enum Asked {
    Tls(Arc<ClientHello>),
    Http {
        requests: VecDeque<Arc<HttpRequest>>,
        /// Another protocol follows: a proxy was asked for a tunnel.
        tunnels: bool,
    },
}

/// A message with whoever sent it.
#[derive(Debug)]
pub(super) struct ReadMessage {
    pub(super) sender: Role,
    pub(super) message: Message,
}

impl Talk {
    /// Tells whether a hello of QUIC was read.
    pub(super) fn greets_over_quic(&self) -> bool {
        let protocol = self.head.as_ref().map(|head| head.protocol);
        matches!(protocol, Some(AppProtocol::Quic | AppProtocol::Doq | AppProtocol::Doh))
    }

    /// The protocol that further messages belong to, once it is known.
    pub(super) fn protocol(&self) -> Option<AppProtocol> {
        let protocol = self.head.as_ref().filter(|_| !self.tunnels())?.protocol;
        // Encrypted DNS is recognised, and read as what carries it. Of QUIC nothing follows.
        let is_over_tls = matches!(protocol, AppProtocol::Dot | AppProtocol::Doh);
        Some(if is_over_tls { AppProtocol::Tls } else { protocol })
    }

    /// Tells whether a proxy was asked for a tunnel, so that another protocol follows.
    pub(super) fn tunnels(&self) -> bool {
        let asked = self.waiting.as_deref().map(|waiting| &waiting.asked);
        matches!(asked, Some(Asked::Http { tunnels: true, .. }))
    }

    /// Tells whether the answer that is due has no body, because HEAD was asked (RFC 9112, 6.3).
    pub(super) fn answers_head(&self) -> bool {
        let asked = self.waiting.as_deref().map(|waiting| &waiting.asked);
        matches!(asked, Some(Asked::Http { requests, .. })
            if requests.front().is_some_and(|request| request.method == "HEAD"))
    }

    /// Takes in what `sender`, at `host`, said in a stream. What has to wait for an answer counts in `budget`; what has
    /// no room there is told at once.
    pub(super) fn take_in(
        &mut self,
        (sender, host): (Role, IpAddr),
        message: StreamMessage,
        budget: &mut ByteBudget,
        read: &mut Vec<ReadMessage>,
    ) {
        match message {
            StreamMessage::TlsHello(hello) => {
                self.flush(budget, read);
                read.push(ReadMessage { sender, message: Message::TlsHello(Arc::clone(&hello)) });
                let names = hello.alpns.iter().map(String::len).sum::<usize>();
                let counted = size_of::<ClientHello>()
                    + hello.sni.as_ref().map_or(0, String::len)
                    + names
                    + hello.alpns.len() * size_of::<String>()
                    + hello.ja4.as_ref().map_or(0, Ja4::memory);
                if reserve(budget, host, counted) {
                    let asked = Asked::Tls(hello);
                    self.waiting = Some(Box::new(Waiting { host, counted, asked }));
                } else {
                    read.push(unanswered_hello(hello));
                }
            }
            StreamMessage::TlsServer(server) => {
                let mut client = None;
                if let Some(Asked::Tls(hello)) =
                    self.waiting.as_deref().map(|waiting| &waiting.asked)
                {
                    client = Some(Arc::clone(hello));
                    self.forget(budget);
                } else {
                    self.flush(budget, read);
                }
                let handshake =
                    TlsHandshake { client, server: Some(server), over_datagrams: false };
                read.push(ReadMessage { sender, message: Message::Tls(Box::new(handshake)) });
            }
            StreamMessage::HttpRequest(request) => {
                self.wait_for_answer((sender, host), request, budget, read);
            }
            StreamMessage::HttpResponse(mut response) => {
                // An interim answer (RFC 9110, 15.2) is not the answer.
                if response.status >= 200 || response.status == 101 {
                    let request = self.answered(budget);
                    // What was not asked for names is no answer of a resolver.
                    if request.as_ref().is_none_or(|asked| asked.name_to_resolve().is_none()) {
                        response.addresses = None;
                    }
                    let exchange = HttpExchange { request, response: Some(response) };
                    read.push(ReadMessage { sender, message: Message::Http(Box::new(exchange)) });
                }
            }
            StreamMessage::Other(message) => read.push(ReadMessage { sender, message }),
        }
    }

    /// Tells what was asked and has no answer.
    pub(super) fn flush(&mut self, budget: &mut ByteBudget, read: &mut Vec<ReadMessage>) {
        let Some(waiting) = self.waiting.take() else { return };
        budget.give_back(waiting.host, waiting.counted);
        match waiting.asked {
            Asked::Tls(hello) => read.push(unanswered_hello(hello)),
            Asked::Http { requests, .. } => {
                read.extend(requests.into_iter().map(unanswered_request));
            }
        }
    }

    /// Forgets what was asked, because it is answered.
    fn forget(&mut self, budget: &mut ByteBudget) {
        if let Some(waiting) = self.waiting.take() {
            budget.give_back(waiting.host, waiting.counted);
        }
    }

    /// The request that an answer belongs to: the first that has none (RFC 9112, 9.3.2).
    fn answered(&mut self, budget: &mut ByteBudget) -> Option<Arc<HttpRequest>> {
        let waiting = self.waiting.as_deref_mut()?;
        let Asked::Http { requests, .. } = &mut waiting.asked else { return None };
        let request = requests.pop_front()?;
        let freed = weight(&request);
        waiting.counted = waiting.counted.saturating_sub(freed);
        budget.give_back(waiting.host, freed);
        Some(request)
    }

    /// Notes what a message says about the whole flow; tells whether that is new.
    pub(super) fn note(
        &mut self,
        message: &Message,
        responder_port: u16,
        plain: &mut PlainHeads,
    ) -> bool {
        if let Message::TlsHello(hello) = message {
            return self.note_hello(AppProtocol::Tls, hello, responder_port, plain);
        }
        if let Message::Quic(quic) = message {
            return self.note_hello(AppProtocol::Quic, &quic.hello, responder_port, plain);
        }
        if let Message::Tls(handshake) = message
            && handshake.over_datagrams
            && let Some(hello) = &handshake.client
        {
            return self.note_hello(AppProtocol::Dtls, hello, responder_port, plain);
        }
        let mut host = None;
        if let Message::HttpRequest(request) = message {
            host = request.host_name();
        }
        self.note_head(message.protocol(), None, host, plain)
    }

    fn note_hello(
        &mut self,
        carrier: AppProtocol,
        hello: &ClientHello,
        responder_port: u16,
        plain: &mut PlainHeads,
    ) -> bool {
        let protocol = encrypted_dns(carrier, hello, responder_port).unwrap_or(carrier);
        self.note_head(protocol, hello.sni.as_deref(), None, plain)
    }

    /// Notes a protocol and a name; the first name of each kind stays. Tells whether that is new.
    pub(super) fn note_head(
        &mut self,
        protocol: AppProtocol,
        sni: Option<&str>,
        http_host: Option<&str>,
        plain: &mut PlainHeads,
    ) -> bool {
        let Some(known) = &self.head else {
            // What is known of the far end changes by a name only.
            if sni.is_none() && http_host.is_none() {
                self.head = Some(plain.of(protocol));
                return false;
            }
            self.head = Some(Arc::new(FlowHead {
                protocol,
                sni: sni.map(Arc::from),
                http_host: http_host.map(Arc::from),
            }));
            return true;
        };
        // Inside a tunnel that a proxy gave, TLS speaks.
        let is_other = known.protocol == AppProtocol::Http
            && matches!(protocol, AppProtocol::Tls | AppProtocol::Dot | AppProtocol::Doh);
        let is_new = is_other
            || known.sni.is_none() && sni.is_some()
            || known.http_host.is_none() && http_host.is_some();
        if is_new {
            self.head = Some(Arc::new(FlowHead {
                protocol: if is_other || sni.is_some() { protocol } else { known.protocol },
                sni: known.sni.clone().or_else(|| sni.map(Arc::from)),
                http_host: known.http_host.clone().or_else(|| http_host.map(Arc::from)),
            }));
        }
        is_new
    }

    fn wait_for_answer(
        &mut self,
        (sender, host): (Role, IpAddr),
        request: Arc<HttpRequest>,
        budget: &mut ByteBudget,
        read: &mut Vec<ReadMessage>,
    ) {
        read.push(ReadMessage { sender, message: Message::HttpRequest(Arc::clone(&request)) });
        let waits_for_http =
            matches!(self.waiting.as_deref(), Some(Waiting { asked: Asked::Http { .. }, .. }));
        if !waits_for_http {
            self.flush(budget, read);
        }
        let waiting = self.waiting.get_or_insert_with(|| {
            let asked = Asked::Http { requests: VecDeque::new(), tunnels: false };
            Box::new(Waiting { host, counted: 0, asked })
        });
        let Asked::Http { requests, tunnels } = &mut waiting.asked else { return };
        // RFC 9110, 9.3.6
        *tunnels = request.method == "CONNECT";
        let taken = weight(&request);
        if requests.len() < MAX_WAITING && reserve(budget, waiting.host, taken) {
            waiting.counted += taken;
            requests.push_back(request);
        } else {
            // Answers go to the oldest, so that none may be left out in between: all are told.
            budget.give_back(waiting.host, std::mem::take(&mut waiting.counted));
            read.extend(requests.drain(..).chain([request]).map(unanswered_request));
        }
    }
}

/// The memory that a request takes while it waits, in bytes.
fn weight(request: &HttpRequest) -> usize {
    let texts = [&request.host, &request.user_agent, &request.content_type];
    size_of::<HttpRequest>()
        + request.method.len()
        + request.target.len()
        + texts.into_iter().flatten().map(String::len).sum::<usize>()
}

/// Counts `bytes` for `host`, if there is room.
fn reserve(budget: &mut ByteBudget, host: IpAddr, bytes: usize) -> bool {
    if budget.take(host, bytes) && budget.is_kept() {
        return true;
    }
    budget.give_back(host, bytes);
    false
}

fn unanswered_hello(hello: Arc<ClientHello>) -> ReadMessage {
    let handshake = TlsHandshake { client: Some(hello), server: None, over_datagrams: false };
    ReadMessage { sender: Role::Initiator, message: Message::Tls(Box::new(handshake)) }
}

fn unanswered_request(request: Arc<HttpRequest>) -> ReadMessage {
    let exchange = HttpExchange { request: Some(request), response: None };
    ReadMessage { sender: Role::Initiator, message: Message::Http(Box::new(exchange)) }
}
