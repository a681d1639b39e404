//! The kernel's side of a table: map, program, and their place on a socket, bpf(2).
//!
//! Comes in: a size and a program. Goes out: memory that both sides see, and a loaded program. It decides nothing about
//! flows.
#![expect(unsafe_code, reason = "bpf(2) and the memory of its maps have no safe wrapper")]

use std::ffi::{c_int, c_long, c_uint, c_void};
use std::io;
use std::mem::size_of;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::atomic::AtomicU64;

use super::table::SharedWords;

/// Commands of bpf(2).
const MAP_CREATE: c_int = 0;
const PROG_LOAD: c_int = 5;

/// `BPF_MAP_TYPE_ARRAY`, and `BPF_F_MMAPABLE` (Linux 5.5).
const ARRAY: u32 = 2;
const MMAPABLE: u32 = 1 << 10;

/// `BPF_PROG_TYPE_SOCKET_FILTER`.
const SOCKET_FILTER: u32 = 1;

/// The licence that the kernel is told. It is none that opens the routines for GPL programs only; none is used.
const LICENCE: &[u8] = b"MIT OR Apache-2.0\0";

/// Waits for all sections under the kernel's read lock (`MEMBARRIER_CMD_GLOBAL`).
const BARRIER_GLOBAL: c_int = 1;

/// Longest explanation that is taken of a program that is refused, in bytes.
const LOG_BYTES: usize = 1 << 16;

/// The fields of `union bpf_attr` for `BPF_MAP_CREATE`.
#[repr(C)]
#[derive(Debug, Default)]
struct MapCreate {
    map_type: u32,
    key_size: u32,
    value_size: u32,
    max_entries: u32,
    map_flags: u32,
    inner_map: u32,
    numa_node: u32,
    name: [u8; 16],
}

/// The fields of `union bpf_attr` for `BPF_PROG_LOAD`.
#[repr(C)]
#[derive(Debug, Default)]
struct ProgramLoad {
    program_type: u32,
    instructions: u32,
    code: u64,
    licence: u64,
    log_level: u32,
    log_size: u32,
    log: u64,
    kernel_version: u32,
    flags: u32,
    name: [u8; 16],
}

/// An array map.
#[derive(Debug)]
pub(super) struct ArrayMap {
    descriptor: OwnedFd,
    bytes: usize,
}

/// The memory of an array map.
#[derive(Debug)]
pub(super) struct MapMemory {
    base: NonNull<AtomicU64>,
    words: usize,
}

// SAFETY: the mapping belongs to the value alone, all access to it is atomic, and memory does not care which thread
// uses it.
unsafe impl Send for MapMemory {}

/// A loaded program.
#[derive(Debug)]
pub(super) struct Program {
    descriptor: OwnedFd,
}

impl ArrayMap {
    /// Makes an array of `entries` values of `value_bytes`, a multiple of eight.
    ///
    /// # Errors
    /// `EPERM` without CAP_BPF, or where a filter of system calls forbids it; `EINVAL` before Linux 5.5; `ENOMEM`.
    pub(super) fn create(value_bytes: u32, entries: u32) -> io::Result<Self> {
        let mut request = MapCreate {
            map_type: ARRAY,
            key_size: 4,
            value_size: value_bytes,
            max_entries: entries,
            map_flags: MMAPABLE,
            name: *b"hikwatch_cutoff\0",
            ..MapCreate::default()
        };
        let descriptor = descriptor(call(MAP_CREATE, &mut request)?)?;
        let bytes = usize::try_from(u64::from(value_bytes) * u64::from(entries));
        Ok(Self { descriptor, bytes: bytes.map_err(|_| io::ErrorKind::OutOfMemory)? })
    }

    /// Maps its memory, which outlives the descriptor.
    ///
    /// # Errors
    /// There is no room.
    pub(super) fn map(&self) -> io::Result<MapMemory> {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let number = self.descriptor.as_raw_fd();
        // SAFETY: a new mapping at an address that the kernel chooses touches no memory of ours.
        let address =
            unsafe { libc::mmap(ptr::null_mut(), self.bytes, access, libc::MAP_SHARED, number, 0) };
        if address == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let base = NonNull::new(address.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(MapMemory { base, words: self.bytes / size_of::<AtomicU64>() })
    }

    /// Its number, which a program names it by while it is loaded.
    pub(super) fn number(&self) -> RawFd {
        self.descriptor.as_raw_fd()
    }
}

impl SharedWords for MapMemory {
    fn words(&self) -> &[AtomicU64] {
        // SAFETY: the mapping has this many words from its start, a page boundary; it exists as long as `self`; the
        // kernel's program changes it by whole words and bytes, and we by atomics only.
        unsafe { slice::from_raw_parts(self.base.as_ptr(), self.words) }
    }

    fn wait_for_filters(&self) -> bool {
        // SAFETY: the call takes no pointers.
        unsafe { libc::syscall(libc::SYS_membarrier, BARRIER_GLOBAL, 0, 0) == 0 }
    }
}

impl Drop for MapMemory {
    fn drop(&mut self) {
        let bytes = self.words * size_of::<AtomicU64>();
        // SAFETY: the mapping was made with this length, and no borrow of it outlives the value.
        unsafe { libc::munmap(self.base.as_ptr().cast(), bytes) };
    }
}

impl Program {
    /// Has the kernel check and load a socket filter.
    ///
    /// # Errors
    /// The kernel does not allow it, or does not accept the program; then the text has the end of its explanation.
    pub(super) fn load(code: &[u64]) -> Result<Self, Refusal> {
        let mut request = ProgramLoad {
            program_type: SOCKET_FILTER,
            instructions: u32::try_from(code.len()).unwrap_or(0),
            code: address(code.as_ptr()),
            licence: address(LICENCE.as_ptr()),
            name: *b"hikwatch_cutoff\0",
            ..ProgramLoad::default()
        };
        let error = match call(PROG_LOAD, &mut request).and_then(descriptor) {
            Ok(descriptor) => return Ok(Self { descriptor }),
            Err(error) => error,
        };
        // Once more, for the explanation.
        let mut log = vec![0_u8; LOG_BYTES];
        request.log_level = 1;
        request.log_size = u32::try_from(log.len()).unwrap_or(0);
        request.log = address(log.as_mut_ptr());
        if let Ok(descriptor) = call(PROG_LOAD, &mut request).and_then(descriptor) {
            return Ok(Self { descriptor });
        }
        let text = String::from_utf8_lossy(&log);
        let text = text.trim_end_matches(['\0', '\n']);
        let start = text.len().saturating_sub(400);
        let end = text.get(text.ceil_char_boundary(start)..).unwrap_or_default().to_owned();
        Err(Refusal { error, explanation: end })
    }

    /// Has every frame that reaches `socket` judged by the program. Needs no privilege.
    ///
    /// # Errors
    /// The socket has been locked.
    pub(super) fn attach(&self, socket: BorrowedFd<'_>) -> io::Result<()> {
        let number: c_int = self.descriptor.as_raw_fd();
        let length = libc::socklen_t::try_from(size_of::<c_int>()).unwrap_or(0);
        // SAFETY: pointer and length describe `number`, which outlives the call.
        let result = unsafe {
            libc::setsockopt(
                socket.as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_ATTACH_BPF,
                (&raw const number).cast(),
                length,
            )
        };
        if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}

/// Why a program was not loaded.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) error: io::Error,
    /// The end of what the kernel says about it.
    pub(super) explanation: String,
}

/// bpf(2) with a request whose unused rest is zero.
fn call<T>(command: c_int, request: &mut T) -> io::Result<c_long> {
    let length = c_uint::try_from(size_of::<T>()).unwrap_or(0);
    // SAFETY: pointer and length describe `request`, which outlives the call, as does what it points to; beside the
    // request's own fields the kernel writes to the log only, which is as long as the request says.
    let result = unsafe {
        libc::syscall(libc::SYS_bpf, command, ptr::from_mut(request).cast::<c_void>(), length)
    };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

fn descriptor(number: c_long) -> io::Result<OwnedFd> {
    let number = RawFd::try_from(number).map_err(|_| io::ErrorKind::InvalidData)?;
    // SAFETY: the kernel has just made the descriptor, so nobody else owns it; bpf(2) sets close-on-exec itself.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// A pointer as the requests hold it.
fn address<T>(pointer: *const T) -> u64 {
    pointer.expose_provenance() as u64
}

/// The fields of `union bpf_attr` for `BPF_PROG_TEST_RUN`.
#[cfg(test)]
#[repr(C)]
#[derive(Debug, Default)]
struct TestRun {
    program: u32,
    verdict: u32,
    data_size_in: u32,
    data_size_out: u32,
    data_in: u64,
    data_out: u64,
    repeat: u32,
    duration: u32,
    context_size_in: u32,
    context_size_out: u32,
    context_in: u64,
    context_out: u64,
}

/// Runs a socket filter once on a frame; answers with its verdict.
#[cfg(test)]
pub(super) fn test_run(
    program: &Program,
    frame: &[u8],
    gso_segs: u32,
    gso_size: u32,
    repeat: u32,
) -> io::Result<(u32, u32)> {
    const COMMAND: c_int = 10;
    // The kernel takes a first Ethernet header off, as if the frame had arrived; a packet socket puts it back.
    let data = [&[0; 14], frame].concat();
    let mut context = [0_u32; 48];
    context[164 / 4] = gso_segs;
    context[176 / 4] = gso_size;
    let mut request = TestRun {
        program: u32::try_from(program.descriptor.as_raw_fd()).unwrap(),
        data_size_in: u32::try_from(data.len()).unwrap(),
        data_in: address(data.as_ptr()),
        context_size_in: u32::try_from(size_of_val(&context)).unwrap(),
        context_in: address(context.as_ptr()),
        repeat,
        ..TestRun::default()
    };
    call(COMMAND, &mut request)?;
    Ok((request.verdict, request.duration))
}
