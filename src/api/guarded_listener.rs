//! Connections that cannot be hoarded.
//!
//! Comes in: a listening socket. Goes out: connections, a bounded number at a time, each of which must make progress:
//! whoever sends a request slower than [`PATIENCE`] allows, or does not read the answer, is cut off.

use std::future::Future as _;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Sleep, sleep};

/// Most connections at a time; guards file descriptors and memory. Further ones wait in the kernel.
pub(crate) const MAX_CONNECTIONS: usize = 64;

/// Time from the start of a connection, or from the last byte that we could send, to the end of the next request.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A listener that gives bounded connections.
pub(crate) struct GuardedListener {
    listener: TcpListener,
    places: Arc<Semaphore>,
    patience: Duration,
}

impl GuardedListener {
    /// Takes a listening socket.
    pub(crate) fn new(listener: TcpListener, connections: usize, patience: Duration) -> Self {
        Self { listener, places: Arc::new(Semaphore::new(connections)), patience }
    }
}

impl Listener for GuardedListener {
    type Io = GuardedStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        // The semaphore is never closed; without a place there would be no bound, so that none means to wait on.
        let place = match Arc::clone(&self.places).acquire_owned().await {
            Ok(place) => place,
            Err(_) => std::future::pending().await,
        };
        let (stream, address) = Listener::accept(&mut self.listener).await;
        let deadline = Box::pin(sleep(self.patience));
        (GuardedStream { stream, deadline, patience: self.patience, _place: place }, address)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

/// A connection with a deadline.
pub(crate) struct GuardedStream {
    stream: TcpStream,
    deadline: Pin<Box<Sleep>>,
    patience: Duration,
    _place: OwnedSemaphorePermit,
}

impl GuardedStream {
    fn check_deadline(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.deadline.as_mut().poll(context) {
            Poll::Ready(()) => Err(io::ErrorKind::TimedOut.into()),
            Poll::Pending => Ok(()),
        }
    }
}

impl AsyncRead for GuardedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check_deadline(context)?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for GuardedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check_deadline(context)?;
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, bytes))?;
        let patience = self.patience;
        self.deadline.set(sleep(patience));
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;

    /// Serves a page under tight bounds, and runs `client` against it.
    fn against_a_server(connections: usize, client: impl FnOnce(SocketAddr) + Send + 'static) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let guarded = GuardedListener::new(listener, connections, Duration::from_millis(200));
            let page = axum::Router::new().route("/", axum::routing::get(|| async { "here" }));
            let client = tokio::task::spawn_blocking(move || client(address));
            tokio::select! {
                result = axum::serve(guarded, page) => result.unwrap(),
                result = client => result.unwrap(),
            }
        });
    }

    fn connect(address: SocketAddr) -> std::net::TcpStream {
        let stream = std::net::TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream
    }

    #[test]
    fn half_a_request_is_cut_off() {
        against_a_server(4, |address| {
            let mut stream = connect(address);
            stream.write_all(b"GET / HTTP/1.1\r\nHost: ").unwrap();

            // The end of the connection, clean or not, and no answer.
            let mut answer = String::new();
            drop(stream.read_to_string(&mut answer));

            assert!(!answer.contains("200 OK"), "{answer}");
        });
    }

    #[test]
    fn idle_connections_make_place_for_others() {
        against_a_server(2, |address| {
            let idle = [connect(address), connect(address)];

            let mut third = connect(address);
            third.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
            let mut answer = String::new();
            third.read_to_string(&mut answer).unwrap();

            assert!(answer.ends_with("here"), "{answer}");
            drop(idle);
        });
    }
}
