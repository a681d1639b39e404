//! A made-up disk: it counts what is written, can be full, can lose its power, can tell lies about its last words.

use std::io;
use std::sync::{Arc, Mutex};

use redb::StorageBackend;

use super::opening::{Opener, open_database};

/// A sector: written whole or not at all.
const SECTOR: usize = 512;

/// A disk that outlives the databases on it.
#[derive(Debug, Clone, Default)]
pub(super) struct TrialDisk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// What was synced.
    durable: Vec<u8>,
    /// What a reader sees.
    current: Vec<u8>,
    /// What was written since, in order.
    unsynced: Writes,
    /// Beyond this length nothing can be written.
    room: Option<usize>,
    written: u64,
    syncs: u64,
    /// The sync that does its work and reports an error all the same.
    lying_sync: Option<u64>,
    /// The sync during which the power fails, and the disk as it was then.
    last_sync: Option<u64>,
    at_cut: Option<(Vec<u8>, usize, Writes)>,
}

/// Writes in their order, each with its place.
type Writes = Vec<(usize, Vec<u8>)>;

impl TrialDisk {
    pub(super) fn opener(&self) -> Opener {
        let disk = self.clone();
        Box::new(move || open_database(disk.clone()))
    }

    pub(super) fn written(&self) -> u64 {
        self.0.lock().unwrap().written
    }

    pub(super) fn length(&self) -> usize {
        self.0.lock().unwrap().current.len()
    }

    pub(super) fn syncs(&self) -> u64 {
        self.0.lock().unwrap().syncs
    }

    pub(super) fn set_room(&self, room: Option<usize>) {
        self.0.lock().unwrap().room = room;
    }

    /// The sync after `more` others reports an error although all is durable.
    pub(super) fn lie_after(&self, more: u64) {
        let mut state = self.0.lock().unwrap();
        state.lying_sync = Some(state.syncs + more + 1);
    }

    /// The power fails in the sync after `more` others.
    pub(super) fn cut_after(&self, more: u64) {
        let mut state = self.0.lock().unwrap();
        state.last_sync = Some(state.syncs + more + 1);
    }

    /// The disk as it is after the power cut: of what was not synced any sectors may have been written.
    pub(super) fn after_power_cut(&self, mut survives: impl FnMut() -> bool) -> Self {
        let state = self.0.lock().unwrap();
        let (durable, length, unsynced) = state.at_cut.clone().unwrap();
        let mut bytes = durable;
        bytes.resize(length, 0);
        for (offset, written) in unsynced {
            for (number, sector) in written.chunks(SECTOR).enumerate() {
                let start = offset + number * SECTOR;
                if survives() {
                    bytes[start..start + sector.len()].copy_from_slice(sector);
                }
            }
        }
        let (durable, current) = (bytes.clone(), bytes);
        Self(Arc::new(Mutex::new(State { durable, current, ..State::default() })))
    }
}

impl StorageBackend for TrialDisk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().current.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.0.lock().unwrap();
        let start = usize::try_from(offset).unwrap();
        let bytes = state.current.get(start..start + out.len());
        out.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        // As a file system does, the length alone takes no room.
        self.0.lock().unwrap().current.resize(usize::try_from(len).unwrap(), 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.0.lock().unwrap();
        state.syncs += 1;
        if state.last_sync == Some(state.syncs) {
            let cut = (state.durable.clone(), state.current.len(), state.unsynced.clone());
            state.at_cut = Some(cut);
            return Err(io::Error::other("the power fails"));
        }
        state.durable = state.current.clone();
        state.unsynced.clear();
        if state.lying_sync == Some(state.syncs) {
            return Err(io::Error::other("the disk answers nonsense"));
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.0.lock().unwrap();
        let start = usize::try_from(offset).unwrap();
        let end = start + data.len();
        if state.room.is_some_and(|room| end > room) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        if state.current.len() < end {
            state.current.resize(end, 0);
        }
        state.current[start..end].copy_from_slice(data);
        state.unsynced.push((start, data.to_vec()));
        state.written += data.len() as u64;
        Ok(())
    }
}
