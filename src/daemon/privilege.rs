//! Gives up every capability once the sockets are open.
//!
//! Comes in: the capabilities of the calling thread. Goes out: none left, or an error. Capabilities belong
//! to threads and are inherited by new ones (capabilities(7)): call [`drop_all`] before any thread starts,
//! the asynchronous runtime's among them. A packet socket that is open goes on capturing without any.
//! `no_new_privs` is left to the service manager (`NoNewPrivileges=`).

use caps::errors::CapsError;
use caps::{CapSet, Capability};

/// Why capabilities are still there.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PrivilegeError {
    /// The kernel refused to take a set away.
    #[error("cannot give up the {set:?} capabilities: {source}")]
    Refused {
        /// The set of capabilities.
        set: CapSet,
        /// The kernel's answer.
        source: CapsError,
    },
    /// The kernel agreed, and yet a set is not empty.
    #[error("{count} {set:?} capabilities are left although all were given up")]
    Left {
        /// The set of capabilities.
        set: CapSet,
        /// How many are in it.
        count: usize,
    },
}

/// Empties every capability set of the calling thread, and of all threads that it starts from now on.
///
/// The bounding set can only be emptied by who has CAP_SETPCAP; without it, it stays as the service
/// manager left it, which gives no power by itself.
///
/// # Errors
/// The kernel refuses, or a set that matters is not empty afterwards.
pub(crate) fn drop_all() -> Result<(), PrivilegeError> {
    let may_bound = has(CapSet::Effective, Capability::CAP_SETPCAP)?;
    clear(CapSet::Ambient)?;
    if may_bound {
        clear(CapSet::Bounding)?;
    }
    clear(CapSet::Inheritable)?;
    clear(CapSet::Effective)?;
    clear(CapSet::Permitted)?;

    for set in [CapSet::Effective, CapSet::Permitted, CapSet::Inheritable, CapSet::Ambient] {
        let left =
            caps::read(None, set).map_err(|source| PrivilegeError::Refused { set, source })?;
        if !left.is_empty() {
            return Err(PrivilegeError::Left { set, count: left.len() });
        }
    }
    Ok(())
}

fn has(set: CapSet, capability: Capability) -> Result<bool, PrivilegeError> {
    caps::has_cap(None, set, capability).map_err(|source| PrivilegeError::Refused { set, source })
}

fn clear(set: CapSet) -> Result<(), PrivilegeError> {
    caps::clear(None, set).map_err(|source| PrivilegeError::Refused { set, source })
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn nothing_is_left_in_this_thread_and_in_those_it_starts() {
        // A thread of its own, so that the other tests keep what they have.
        let left = thread::spawn(|| {
            drop_all().unwrap();
            let child = thread::spawn(|| caps::read(None, CapSet::Permitted).unwrap().len());
            (caps::read(None, CapSet::Effective).unwrap().len(), child.join().unwrap())
        });

        assert_eq!(left.join().unwrap(), (0, 0));
    }

    #[test]
    fn giving_up_twice_is_no_error() {
        let twice = thread::spawn(|| drop_all().and_then(|()| drop_all()).is_ok());

        assert!(twice.join().unwrap());
    }
}
