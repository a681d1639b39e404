//! Makes a table of cut flows and the filter that consults it.
//!
//! Comes in: how much memory the table may have. Goes out: the table, and the loaded filter to be put on sockets; or why
//! there is none. It needs CAP_BPF (CAP_SYS_ADMIN before Linux 5.8) here and nothing afterwards: the table is used
//! through its memory alone.

use std::io;
use std::os::fd::BorrowedFd;

use super::assembler::assemble;
use super::kernel::{ArrayMap, Program};
use super::program::{Purpose, program};
use super::slot;
use super::table::Table;
use crate::capture::CutoffUnavailable;
use crate::net::Cutoff;

/// Bytes of the places that share a hash.
const GROUP_BYTES: usize = slot::WAYS * slot::WORDS * 8;

/// Most places: what a home or an office has at a time is far below; bounds a slip of the unit in the configuration.
const MAX_GROUPS: usize = 1 << 16;

/// A loaded filter.
#[derive(Debug)]
pub(in crate::capture::afpacket) struct CutoffProgram {
    program: Program,
}

impl CutoffProgram {
    /// Has the frames that reach `socket` judged by the filter. Needs no privilege.
    ///
    /// # Errors
    /// The socket has been locked.
    pub(in crate::capture::afpacket) fn attach(&self, socket: BorrowedFd<'_>) -> io::Result<()> {
        self.program.attach(socket)
    }
}

/// Makes a table of at most `budget` bytes and its filter.
///
/// # Errors
/// The budget is too small for any place, or the kernel does not allow or know it.
pub(in crate::capture::afpacket) fn open(
    budget: usize,
) -> Result<(CutoffProgram, Box<dyn Cutoff>), CutoffUnavailable> {
    let groups = groups(budget).ok_or(CutoffUnavailable::Disabled)?;
    let value_bytes = u32::try_from(GROUP_BYTES).map_err(|_| CutoffUnavailable::Memory)?;
    let map = ArrayMap::create(value_bytes, groups).map_err(|error| unavailable(&error, ""))?;
    let memory = map.map().map_err(|error| unavailable(&error, ""))?;
    let seed = secret_seed().ok_or(CutoffUnavailable::Memory)?;
    let purpose = Purpose { map: map.number(), groups, seed, has_coarse_clock: true };
    let program =
        load(&purpose).or_else(|_| load(&Purpose { has_coarse_clock: false, ..purpose }))?;
    Ok((CutoffProgram { program }, Box::new(Table::new(memory, seed))))
}

fn load(purpose: &Purpose) -> Result<Program, CutoffUnavailable> {
    let code = assemble(&program(purpose))
        .map_err(|error| CutoffUnavailable::Refused { explanation: error.to_string() })?;
    Program::load(&code).map_err(|refusal| unavailable(&refusal.error, &refusal.explanation))
}

/// The largest power of two of groups that fits.
fn groups(budget: usize) -> Option<u32> {
    let fitting = (budget / GROUP_BYTES).min(MAX_GROUPS);
    u32::try_from(1_usize << fitting.checked_ilog2()?).ok()
}

fn unavailable(error: &io::Error, explanation: &str) -> CutoffUnavailable {
    let kind = error.kind();
    if kind == io::ErrorKind::PermissionDenied && explanation.is_empty() {
        CutoffUnavailable::Forbidden
    } else if kind == io::ErrorKind::OutOfMemory {
        CutoffUnavailable::Memory
    } else {
        CutoffUnavailable::Refused { explanation: format!("{error}: {explanation}") }
    }
}

/// What nobody on the network knows, so that nobody can make flows whose places are the same.
fn secret_seed() -> Option<u64> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).ok()?;
    Some(u64::from_ne_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_stays_within_its_budget() {
        assert_eq!(groups(0), None);
        assert_eq!(groups(GROUP_BYTES), Some(1));
        assert_eq!(groups(2 << 20), Some(2048));
        assert_eq!(groups(usize::MAX), Some(1 << 16));
    }
}
