//! A question with its answer, as events tell them: in one.

use std::sync::Arc;

use super::{ClientHello, HttpRequest, HttpResponse, ServerFlight};

/// A TLS handshake, as far as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsHandshake {
    /// What the client said; absent when its side was not read.
    pub client: Option<Arc<ClientHello>>,
    /// What the server said; absent when its side was not read.
    pub server: Option<Box<ServerFlight>>,
    /// It ran over datagrams (DTLS).
    pub over_datagrams: bool,
}

/// An HTTP request with its final answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpExchange {
    /// The request; absent when it was not read.
    pub request: Option<Arc<HttpRequest>>,
    /// The answer; absent when there is none so far, or it was not read.
    pub response: Option<Box<HttpResponse>>,
}
