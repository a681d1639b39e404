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

#[cfg(test)]
mod tests {
    use std::env;
    use std::os::unix::net::UnixDatagram;
    use std::process::Command;

    use super::*;

    #[test]
    fn the_service_manager_hears_each_state_and_no_forged_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        manager.set_read_timeout(Some(Duration::from_secs(10))).unwrap();

        // The environment of this process is shared by all tests, so a child has its own.
        let child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "--ignored", "daemon::notify::tests::a_child_that_tells_its_states"])
            .env("NOTIFY_SOCKET", &path)
            .env("WATCHDOG_USEC", "30000000")
            .env_remove("WATCHDOG_PID")
            .output()
            .unwrap();

        assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
        let mut heard = Vec::new();
        for _ in 0..5 {
            let mut bytes = [0; 512];
            let length = manager.recv(&mut bytes).unwrap();
            heard.push(String::from_utf8_lossy(&bytes[..length]).into_owned());
        }
        assert_eq!(heard[0], "READY=1\n");
        assert!(heard[1].starts_with("RELOADING=1\nMONOTONIC_USEC="), "{}", heard[1]);
        assert_eq!(heard[2], "STATUS=camera?STOPPING=1\n");
        assert_eq!(heard[3], "WATCHDOG=1\n");
        assert_eq!(heard[4], "STOPPING=1\n");
    }

    #[test]
    #[ignore = "run by the test above, with an environment of its own"]
    fn a_child_that_tells_its_states() {
        assert_eq!(watchdog_interval(), Some(Duration::from_secs(15)));
        ready().unwrap();
        reloading().unwrap();
        status("camera\nSTOPPING=1").unwrap();
        watchdog().unwrap();
        stopping().unwrap();
    }
}
