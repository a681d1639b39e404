//! A packet socket with its ring, and how it is put on an interface.
//!
//! Comes in: a socket, the settings, and an interface's number. Goes out: the ring that is being filled. Putting it on an
//! interface takes no privilege, nor does putting it on another one when the first is gone; only opening the socket did.

use std::io;

use super::classic::{NOTHING, sharding};
use super::cutoff::CutoffProgram;
use super::layout::Layout;
use super::ring::Ring;
use super::socket::PacketSocket;
use crate::net::LinkType;

/// A socket with its ring.
#[derive(Debug)]
pub(super) struct Tap {
    // The ring is unmapped before its socket is closed.
    pub(super) ring: Ring,
    pub(super) socket: PacketSocket,
    /// The kernel keeps the members of a group on the group's interface: such a socket can't be used for another.
    is_member: bool,
}

/// Sockets that share an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sharing {
    /// One socket has it alone.
    Alone,
    /// The first of several: the group is still to be made.
    First,
    /// A member of the group with this number.
    Member(u16),
}

/// What an interface turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Attached {
    /// Its hardware type (ARPHRD).
    pub(super) hardware: u16,
    /// The group that the socket is a member of.
    pub(super) sharing: Sharing,
}

impl Tap {
    /// Gives a socket a ring. It receives nothing until it is attached.
    ///
    /// # Errors
    /// There is no memory for the ring.
    pub(super) fn new(socket: PacketSocket, layout: Layout) -> io::Result<Self> {
        socket.reserve_ring(layout)?;
        let ring = Ring::map(socket.descriptor(), layout)?;
        Ok(Self { ring, socket, is_member: false })
    }

    /// Starts receiving the frames of an interface, or this socket's share of them.
    ///
    /// # Errors
    /// The interface is gone; with several sockets also: it is down. Nothing is received then.
    pub(super) fn attach(
        &mut self,
        interface: u32,
        promiscuous: bool,
        sharing: Sharing,
        cutoff: Option<&CutoffProgram>,
    ) -> io::Result<Attached> {
        // Until it is where it belongs it would receive what others receive as well.
        self.socket.attach_classic(&NOTHING)?;
        if promiscuous {
            self.socket.set_promiscuous(interface)?;
        }
        let hardware = self.socket.bind(interface)?;
        if hardware == libc::ARPHRD_LOOPBACK {
            // Each frame passes twice, going out and coming in. Where the kernel is too old for this, they are
            // sorted out when they are read.
            self.socket.ignore_outgoing();
        }
        let is_ethernet = hardware != libc::ARPHRD_NONE;
        let link_type = if is_ethernet { LinkType::ETHERNET } else { LinkType::RAW };
        let sharing = match sharing {
            Sharing::Alone => Sharing::Alone,
            Sharing::First => self.join(None, link_type)?,
            Sharing::Member(group) => self.join(Some(group), link_type)?,
        };
        match cutoff {
            Some(program) if is_ethernet => program.attach(self.socket.descriptor())?,
            Some(_) | None => self.socket.detach_program()?,
        }
        Ok(Attached { hardware, sharing })
    }

    fn join(&mut self, group: Option<u16>, link_type: LinkType) -> io::Result<Sharing> {
        let group = self.socket.join_group(group, &sharding(link_type))?;
        self.is_member = true;
        Ok(Sharing::Member(group))
    }

    /// Tells whether it can be attached to another interface.
    pub(super) const fn is_reusable(&self) -> bool {
        !self.is_member
    }
}
