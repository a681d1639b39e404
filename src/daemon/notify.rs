//! Tells the service manager how the daemon is (sd_notify(3)).
//!
//! Comes in: what happened. Goes out: datagrams to `NOTIFY_SOCKET`. Without a service manager nothing is
//! sent. It never decides whether the daemon is well: [`watchdog`] is called by who has seen progress.

use std::io;
use std::time::Duration;

use sd_notify::NotifyState;

use crate::net::printable;

/// Longest status line; it is shown by `systemctl status`.
const MAX_STATUS: usize = 256;

/// Capture is open and requests are answered; also ends a reload.
///
/// # Errors
/// There is a service manager, but it cannot be reached.
pub(crate) fn ready() -> io::Result<()> {
    sd_notify::notify(&[NotifyState::Ready])
}

/// The configuration is being read again; [`ready`] has to follow, also when the new one is refused.
///
/// # Errors
/// There is a service manager, but it cannot be reached.
pub(crate) fn reloading() -> io::Result<()> {
    sd_notify::notify(&[NotifyState::Reloading, NotifyState::monotonic_usec_now()?])
}

/// The daemon drains and ends.
///
/// # Errors
/// There is a service manager, but it cannot be reached.
pub(crate) fn stopping() -> io::Result<()> {
    sd_notify::notify(&[NotifyState::Stopping])
}

/// Shows one line of text in the service's status. Control characters become `?`, so that the text cannot
/// carry a message of its own.
///
/// # Errors
/// There is a service manager, but it cannot be reached.
pub(crate) fn status(text: &str) -> io::Result<()> {
    sd_notify::notify(&[NotifyState::Status(&printable(text, MAX_STATUS))])
}

/// Feeds the watchdog; call it only with proof of progress from every worker.
///
/// # Errors
/// There is a service manager, but it cannot be reached.
pub(crate) fn watchdog() -> io::Result<()> {
    sd_notify::notify(&[NotifyState::Watchdog])
}

/// How often [`watchdog`] is to be called: half of what the service manager allows. Nothing when it does
/// not watch us.
#[must_use]
pub(crate) fn watchdog_interval() -> Option<Duration> {
    sd_notify::watchdog_enabled().filter(|limit| !limit.is_zero()).map(|limit| limit / 2)
}
