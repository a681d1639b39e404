//! A packet socket of one interface, packet(7).
//!
//! Comes in: an interface and the wishes of the configuration. Goes out: a bound socket with a ring,
//! its statistics, and word when there is something to read. It never reads a frame itself.
#![expect(unsafe_code, reason = "system calls on packet sockets have no safe wrapper")]

use std::ffi::{CString, c_int, c_short, c_uint, c_ushort};
use std::io;
use std::mem::{size_of, zeroed};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::time::Duration;

use super::classic::Instruction;
use super::layout::Layout;

/// After this time, in milliseconds, the kernel hands over a block that is not full.
const RETIRE_TIMEOUT: c_uint = 10;

/// The unit in which the kernel checks the division of a ring; version 3 packs frames of any size.
const FRAME_UNIT: c_uint = 2_048;

/// `PACKET_IGNORE_OUTGOING` needs Linux 4.20; without it outgoing frames are sorted out by the source.
const IGNORE_OUTGOING: c_int = libc::PACKET_IGNORE_OUTGOING;

/// A packet socket.
#[derive(Debug)]
pub(crate) struct PacketSocket {
    descriptor: OwnedFd,
}

/// What the kernel counted since it was last asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Statistics {
    /// Frames, including dropped ones.
    pub(crate) packets: u32,
    pub(crate) drops: u32,
    pub(crate) freezes: u32,
}

impl PacketSocket {
    /// Opens a socket that receives nothing until it is bound.
    ///
    /// # Errors
    /// `EPERM` without CAP_NET_RAW.
    pub(crate) fn open() -> io::Result<Self> {
        let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC;
        // SAFETY: the call takes no pointers.
        let number = check(unsafe { libc::socket(libc::AF_PACKET, kind, 0) })?;
        // SAFETY: the kernel has just made the descriptor, so nobody else owns it.
        let descriptor = unsafe { OwnedFd::from_raw_fd(number) };
        Ok(Self { descriptor })
    }

    /// Has the kernel reserve a ring of version 3.
    ///
    /// # Errors
    /// `ENOMEM` when there is no such amount of memory; `EINVAL` on kernels before 3.2.
    pub(crate) fn reserve_ring(&self, layout: Layout) -> io::Result<()> {
        let too_large = |_| io::Error::from(io::ErrorKind::InvalidInput);
        let version = libc::tpacket_versions::TPACKET_V3 as c_int;
        self.set(libc::SOL_PACKET, libc::PACKET_VERSION, version)?;
        let units = layout.bytes() / FRAME_UNIT as usize;
        let request = libc::tpacket_req3 {
            tp_block_size: c_uint::try_from(layout.block).map_err(too_large)?,
            tp_block_nr: c_uint::try_from(layout.blocks).map_err(too_large)?,
            tp_frame_size: FRAME_UNIT,
            tp_frame_nr: c_uint::try_from(units).map_err(too_large)?,
            tp_retire_blk_tov: RETIRE_TIMEOUT,
            tp_sizeof_priv: 0,
            tp_feature_req_word: 0,
        };
        self.set(libc::SOL_PACKET, libc::PACKET_RX_RING, request)
    }

    /// Asks the interface for frames that are not addressed to it, as long as the socket is open.
    ///
    /// # Errors
    /// The interface is gone.
    pub(crate) fn set_promiscuous(&self, interface: u32) -> io::Result<()> {
        let request = libc::packet_mreq {
            mr_ifindex: signed(interface)?,
            mr_type: narrow(libc::PACKET_MR_PROMISC)?,
            mr_alen: 0,
            mr_address: [0; 8],
        };
        self.set(libc::SOL_PACKET, libc::PACKET_ADD_MEMBERSHIP, request)
    }

    /// Leaves out frames that leave through the interface; `false` where the kernel cannot.
    pub(crate) fn ignore_outgoing(&self) -> bool {
        self.set::<c_int>(libc::SOL_PACKET, IGNORE_OUTGOING, 1).is_ok()
    }

    /// Starts receiving all frames of one interface. Answers with its hardware type (ARPHRD).
    ///
    /// # Errors
    /// The interface is gone.
    pub(crate) fn bind(&self, interface: u32) -> io::Result<u16> {
        // SAFETY: all fields of the structure are integers, for which zero is a value.
        let mut address: libc::sockaddr_ll = unsafe { zeroed() };
        address.sll_family = narrow(libc::AF_PACKET)?;
        address.sll_protocol = narrow(libc::ETH_P_ALL)?.to_be();
        address.sll_ifindex = signed(interface)?;
        let mut length = length_of::<libc::sockaddr_ll>();
        let number = self.descriptor.as_raw_fd();
        // SAFETY: pointer and length describe `address`, which outlives the call.
        check(unsafe { libc::bind(number, (&raw const address).cast(), length) })?;
        // SAFETY: the kernel writes at most `length` bytes to `address`, which is that long.
        let result =
            unsafe { libc::getsockname(number, (&raw mut address).cast(), &raw mut length) };
        check(result)?;
        Ok(address.sll_hatype)
    }

    /// Tells whether it is bound to an interface that is still there. One that is removed takes the binding with it, and
    /// says nothing more about it when it was down before.
    pub(crate) fn is_bound(&self) -> bool {
        // SAFETY: all fields of the structure are integers, for which zero is a value.
        let mut address: libc::sockaddr_ll = unsafe { zeroed() };
        let mut length = length_of::<libc::sockaddr_ll>();
        let number = self.descriptor.as_raw_fd();
        // SAFETY: the kernel writes at most `length` bytes to `address`, which is that long.
        let result =
            unsafe { libc::getsockname(number, (&raw mut address).cast(), &raw mut length) };
        check(result).is_ok() && address.sll_ifindex > 0
    }

    /// Has every frame judged by a classic program, in the place of any other.
    ///
    /// # Errors
    /// The program is none, or the socket has been locked.
    pub(crate) fn attach_classic(&self, program: &[Instruction]) -> io::Result<()> {
        with_classic(program, |program| self.set(libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, program))
    }

    /// Lets every frame through.
    ///
    /// # Errors
    /// There is no program, or the socket has been locked.
    pub(crate) fn detach_program(&self) -> io::Result<()> {
        self.set::<c_int>(libc::SOL_SOCKET, libc::SO_DETACH_FILTER, 0)
    }

    /// Shares the frames of its interface with the other members of a group: a frame goes to the member whose number
    /// is what `program` makes of it. Without a number, makes a new group. Answers with the group's number.
    ///
    /// # Errors
    /// The interface is down, the group is of another interface, or the kernel is older than 4.3.
    pub(crate) fn join_group(
        &self,
        group: Option<u16>,
        program: &[Instruction],
    ) -> io::Result<u16> {
        let flags = if group.is_none() { libc::PACKET_FANOUT_FLAG_UNIQUEID } else { 0 };
        let wish = u32::from(group.unwrap_or(0)) | (libc::PACKET_FANOUT_CBPF | flags) << 16;
        self.set(libc::SOL_PACKET, libc::PACKET_FANOUT, wish)?;
        with_classic(program, |program| {
            self.set(libc::SOL_PACKET, libc::PACKET_FANOUT_DATA, program)
        })?;
        let [a, b, ..] = self.get::<u32>(libc::SOL_PACKET, libc::PACKET_FANOUT)?.to_le_bytes();
        Ok(u16::from_le_bytes([a, b]))
    }

    /// Waits until a block is ready or the time is over.
    ///
    /// # Errors
    /// `ENETDOWN` when the interface went down or away. The socket goes on when it comes back up.
    pub(crate) fn wait(&self, time: Duration) -> io::Result<()> {
        if wait_readable(self.descriptor(), time)? & libc::POLLERR == 0 {
            return Ok(());
        }
        match self.get::<c_int>(libc::SOL_SOCKET, libc::SO_ERROR)? {
            0 => Ok(()),
            number => Err(io::Error::from_raw_os_error(number)),
        }
    }

    /// What was counted since the last call: reading sets the kernel's counters to zero.
    ///
    /// # Errors
    /// None are known for an open socket.
    pub(crate) fn take_statistics(&self) -> io::Result<Statistics> {
        let counted: libc::tpacket_stats_v3 =
            self.get(libc::SOL_PACKET, libc::PACKET_STATISTICS)?;
        Ok(Statistics {
            packets: counted.tp_packets,
            drops: counted.tp_drops,
            freezes: counted.tp_freeze_q_cnt,
        })
    }

    pub(crate) fn descriptor(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }

    /// Sets an option; `T` is a C structure or number.
    fn set<T: Copy>(&self, level: c_int, option: c_int, value: T) -> io::Result<()> {
        let number = self.descriptor.as_raw_fd();
        let pointer = (&raw const value).cast();
        // SAFETY: pointer and length describe `value`, which outlives the call.
        let result = unsafe { libc::setsockopt(number, level, option, pointer, length_of::<T>()) };
        check(result).map(drop)
    }

    /// Gets an option; `T` is a C structure or number whose fields are integers.
    fn get<T: Copy>(&self, level: c_int, option: c_int) -> io::Result<T> {
        let number = self.descriptor.as_raw_fd();
        // SAFETY: this private function is called with plain structures of integers only, for which
        // zero is a value.
        let mut value: T = unsafe { zeroed() };
        let mut length = length_of::<T>();
        let pointer = (&raw mut value).cast();
        // SAFETY: the kernel writes at most `length` bytes to `value`, which is that long.
        let result = unsafe { libc::getsockopt(number, level, option, pointer, &raw mut length) };
        check(result).map(|_| value)
    }
}

/// Waits until a descriptor can be read, has failed, or the time is over. Answers with the conditions
/// of poll(2); 0 when there are none.
///
/// # Errors
/// The system is out of memory.
pub(crate) fn wait_readable(descriptor: BorrowedFd<'_>, time: Duration) -> io::Result<c_short> {
    let mut query = libc::pollfd { fd: descriptor.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let milliseconds = c_int::try_from(time.as_millis()).unwrap_or(c_int::MAX);
    // SAFETY: `query` is the one structure that the count speaks of, and outlives the call.
    match check(unsafe { libc::poll(&raw mut query, 1, milliseconds) }) {
        Ok(_) => Ok(query.revents),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(0),
        Err(error) => Err(error),
    }
}

/// Calls `then` with a program as the kernel takes it.
///
/// # Errors
/// The program is too long, or what `then` says.
fn with_classic(
    program: &[Instruction],
    then: impl FnOnce(libc::sock_fprog) -> io::Result<()>,
) -> io::Result<()> {
    let mut filters: Vec<libc::sock_filter> = program
        .iter()
        .map(|i| libc::sock_filter { code: i.code, jt: i.skip, jf: 0, k: i.number })
        .collect();
    let length = c_ushort::try_from(filters.len());
    let length = length.map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    // The kernel copies the program while `then` runs.
    then(libc::sock_fprog { len: length, filter: filters.as_mut_ptr() })
}

/// The number of the interface with this name; `None` when there is none.
pub(crate) fn interface_index(name: &str) -> Option<u32> {
    let name = CString::new(name).ok()?;
    // SAFETY: the pointer is to a text that ends in zero and outlives the call.
    let index = unsafe { libc::if_nametoindex(name.as_ptr()) };
    (index != 0).then_some(index)
}

/// Bytes of a page of memory.
pub(crate) fn page_size() -> usize {
    // SAFETY: the call takes no pointers.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).unwrap_or(4_096)
}

/// Turns the convention of system calls into a result.
fn check(result: c_int) -> io::Result<c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

fn signed(interface: u32) -> io::Result<c_int> {
    c_int::try_from(interface).map_err(|_| io::Error::from_raw_os_error(libc::ENODEV))
}

/// libc gives some constants in a wider type than the field they belong to.
fn narrow(constant: c_int) -> io::Result<c_ushort> {
    c_ushort::try_from(constant).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))
}

fn length_of<T>() -> libc::socklen_t {
    libc::socklen_t::try_from(size_of::<T>()).unwrap_or(0)
}
