//! Answers requests until told to stop.
//!
//! Comes in: a listening socket and the read models. Goes out: responses. Needs a tokio runtime with I/O and time.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::guarded_listener::{GuardedListener, MAX_CONNECTIONS, PATIENCE};
use super::router::router;
use super::state::ApiState;

/// Time that requests under way get after the order to stop.
const GRACE: Duration = Duration::from_secs(5);

/// Answers requests until `shutdown` is done, then lets requests under way end, but not for long.
///
/// # Errors
/// The socket cannot be used.
pub async fn serve(
    listener: std::net::TcpListener,
    state: ApiState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let guarded = GuardedListener::new(listener, MAX_CONNECTIONS, PATIENCE);
    let stop_ordered = Arc::new(Notify::new());
    let order = Arc::clone(&stop_ordered);
    let signal = async move {
        shutdown.await;
        order.notify_one();
    };
    let server = axum::serve(guarded, router(state)).with_graceful_shutdown(signal);
    let patience = async {
        stop_ordered.notified().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        result = server => result,
        () = patience => Ok(()),
    }
}
