//! The memory that kernel and program share, in the layout of TPACKET_V3.
//!
//! Comes in: a socket with a reserved ring. Goes out: one frame at a time, borrowed from the block
//! that holds it. A block goes back to the kernel only when a frame of the next one is asked for.
//! Format: Linux `Documentation/networking/packet_mmap.rst`, `include/uapi/linux/if_packet.h`.
#![expect(unsafe_code, reason = "the kernel writes to the memory that is read here")]

use std::io;
use std::mem::{offset_of, size_of};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::atomic::{AtomicU32, Ordering};

use super::layout::Layout;
use crate::net::{Timestamp, VlanTag};

/// Where the address of a frame stands behind its header (`TPACKET_ALIGN`).
const ADDRESS: usize = size_of::<libc::tpacket3_hdr>().next_multiple_of(libc::TPACKET_ALIGNMENT);

/// Where the fields of a block start within it.
const BLOCK_FIELDS: usize = offset_of!(libc::tpacket_block_desc, hdr);

/// The 802.1Q tag protocol, for kernels that restore a tag and do not say which it was.
const DEFAULT_TPID: u16 = 0x8100;

/// A ring of blocks in shared memory.
#[derive(Debug)]
pub(crate) struct Ring {
    base: NonNull<u8>,
    layout: Layout,
    /// The block that is read, or is to be filled next.
    block: usize,
    /// Whether the block is ours.
    is_held: bool,
    /// Frames of the block still to be read, and where the next one starts within it.
    remaining: u32,
    next: usize,
    /// Where the current frame's header and bytes start within the block; it is `None` between blocks.
    current: Option<(libc::tpacket3_hdr, usize)>,
}

// SAFETY: the mapping belongs to the ring alone and memory does not care which thread uses it.
unsafe impl Send for Ring {}

/// One frame in the ring.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RingFrame<'a> {
    pub(crate) timestamp: Timestamp,
    pub(crate) wire_len: u32,
    pub(crate) stripped_tag: Option<VlanTag>,
    pub(crate) bytes: &'a [u8],
}

impl Ring {
    /// Maps the ring that was reserved with the same layout.
    ///
    /// # Errors
    /// The kernel cannot map it.
    pub(crate) fn map(socket: BorrowedFd<'_>, layout: Layout) -> io::Result<Self> {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let (length, number) = (layout.bytes(), socket.as_raw_fd());
        // SAFETY: a new mapping at an address that the kernel chooses touches no memory of ours.
        let address =
            unsafe { libc::mmap(ptr::null_mut(), length, access, libc::MAP_SHARED, number, 0) };
        if address == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let base = NonNull::new(address.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { base, layout, block: 0, is_held: false, remaining: 0, next: 0, current: None })
    }

    /// Moves to the next frame; `false` when the kernel has handed over none.
    #[inline]
    pub(crate) fn advance(&mut self) -> bool {
        self.current = None;
        loop {
            if self.remaining > 0 {
                self.remaining -= 1;
                if let Some(header) = self.header_at(self.next) {
                    self.current = Some((header, self.next));
                    self.next += header.tp_next_offset as usize;
                    return true;
                }
                // A header outside of its block: the kernel does not do this. Give the block up.
                self.remaining = 0;
            }
            if self.is_held {
                self.release_block();
            }
            if !self.take_block() {
                return false;
            }
        }
    }

    /// Gives the frame that [`advance`](Self::advance) moved to, and those behind it in the same block, as long as `take` wants
    /// another. `skips_outgoing` leaves out those that leave this machine.
    pub(crate) fn each_at_hand<'a>(
        &'a mut self,
        skips_outgoing: bool,
        mut take: impl FnMut(RingFrame<'a>) -> bool,
    ) {
        while let Some((header, at)) = self.current.take() {
            // The block is ours until `release_block`, which needs `&mut self` and so comes after `'a`.
            if let Some(bytes) = self.bytes(&header, at)
                && !(skips_outgoing && self.is_outgoing_at(at))
                && !take(ring_frame(&header, bytes))
            {
                return;
            }
            if self.remaining == 0 {
                return;
            }
            self.remaining -= 1;
            let Some(next) = self.header_at(self.next) else {
                self.remaining = 0;
                return;
            };
            self.current = Some((next, self.next));
            self.next += next.tp_next_offset as usize;
        }
    }

    /// The frame that [`advance`](Self::advance) moved to.
    #[inline]
    pub(crate) fn frame(&self) -> Option<RingFrame<'_>> {
        let (header, at) = self.current.as_ref()?;
        // The kernel writes to the block only after `release_block`, which needs `&mut self` and so comes after the end of
        // this borrow.
        Some(ring_frame(header, self.bytes(header, *at)?))
    }

    /// The bytes of the frame whose header starts at `at` in the block that is held.
    #[inline]
    fn bytes<'a>(&self, header: &libc::tpacket3_hdr, at: usize) -> Option<&'a [u8]> {
        let first = at + usize::from(header.tp_mac);
        let length = header.tp_snaplen as usize;
        if first.checked_add(length)? > self.layout.block {
            return None;
        }
        // SAFETY: the range lies within the current block, which is ours until `release_block`. Both callers hand the
        // bytes on for no longer than they have borrowed the ring themselves, so that it can't be called meanwhile.
        Some(unsafe { slice::from_raw_parts(self.block_start().add(first), length) })
    }

    /// Tells whether the current frame leaves this machine (`PACKET_OUTGOING`).
    pub(crate) fn is_outgoing(&self) -> bool {
        self.current.is_some_and(|(_, at)| self.is_outgoing_at(at))
    }

    fn is_outgoing_at(&self, at: usize) -> bool {
        let first = at + ADDRESS;
        if first + size_of::<libc::sockaddr_ll>() > self.layout.block {
            return false;
        }
        // SAFETY: the range lies within the current block, which is ours (see `frame`); any bytes are
        // a value of the structure, and they are copied out.
        let address: libc::sockaddr_ll =
            unsafe { ptr::read_unaligned(self.block_start().add(first).cast()) };
        address.sll_pkttype == libc::PACKET_OUTGOING
    }

    /// The header that starts at `at` in the block that is held, if all of it lies inside.
    #[inline]
    fn header_at(&self, at: usize) -> Option<libc::tpacket3_hdr> {
        if at.checked_add(size_of::<libc::tpacket3_hdr>())? > self.layout.block {
            return None;
        }
        // SAFETY: the range lies within the current block, which is ours (see `frame`); any bytes are
        // a value of the structure, and they are copied out.
        Some(unsafe { ptr::read_unaligned(self.block_start().add(at).cast()) })
    }

    /// Takes the current block if the kernel has handed it over.
    fn take_block(&mut self) -> bool {
        // Acquire: what the kernel wrote before it set the status must be seen after it.
        if self.status().load(Ordering::Acquire) & libc::TP_STATUS_USER == 0 {
            return false;
        }
        // SAFETY: the block is ours since the status says so; its fields lie at its start, and any
        // bytes are a value of the structure.
        let fields: libc::tpacket_hdr_v1 =
            unsafe { ptr::read_unaligned(self.block_start().add(BLOCK_FIELDS).cast()) };
        self.is_held = true;
        self.remaining = fields.num_pkts;
        self.next = fields.offset_to_first_pkt as usize;
        true
    }

    /// Hands the current block back and goes to the next.
    fn release_block(&mut self) {
        // Release: our reads of the block must be over when the kernel sees the status.
        self.status().store(libc::TP_STATUS_KERNEL, Ordering::Release);
        self.is_held = false;
        self.block = (self.block + 1) % self.layout.blocks;
    }

    /// The word by which kernel and program tell each other whose a block is.
    fn status(&self) -> &AtomicU32 {
        let offset = BLOCK_FIELDS + offset_of!(libc::tpacket_hdr_v1, block_status);
        // SAFETY: the word lies within the mapping, at an offset that is a multiple of four from the
        // start of a page; the kernel writes it by whole words only, and we by atomics only, but for
        // the copy of the fields in `take_block`, made while no one writes.
        unsafe { AtomicU32::from_ptr(self.block_start().add(offset).cast()) }
    }

    #[inline]
    fn block_start(&self) -> *mut u8 {
        // SAFETY: `block` is below the number of blocks, so the result lies within the mapping.
        unsafe { self.base.as_ptr().add(self.block * self.layout.block) }
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // SAFETY: the mapping was made with this length, and no borrow of it outlives the ring.
        // It cannot fail for a mapping that exists.
        unsafe { libc::munmap(self.base.as_ptr().cast(), self.layout.bytes()) };
    }
}

/// A frame by its header.
#[inline]
fn ring_frame<'a>(header: &libc::tpacket3_hdr, bytes: &'a [u8]) -> RingFrame<'a> {
    RingFrame {
        timestamp: Timestamp::from_parts(header.tp_sec.into(), header.tp_nsec.into()),
        wire_len: header.tp_len,
        stripped_tag: stripped_tag(header),
        bytes,
    }
}

/// The tag that was taken out of the frame, if there was one.
#[inline]
fn stripped_tag(header: &libc::tpacket3_hdr) -> Option<VlanTag> {
    if header.tp_status & libc::TP_STATUS_VLAN_VALID == 0 {
        return None;
    }
    let is_tpid_valid = header.tp_status & libc::TP_STATUS_VLAN_TPID_VALID != 0;
    let tpid = if is_tpid_valid { header.hv1.tp_vlan_tpid } else { DEFAULT_TPID };
    // The tag is 16 bits wide; the field has 32.
    let [a, b, ..] = header.hv1.tp_vlan_tci.to_le_bytes();
    Some(VlanTag { tpid, tci: u16::from_le_bytes([a, b]) })
}
