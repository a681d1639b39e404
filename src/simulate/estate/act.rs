//! What a host of an estate may do at a time.
//!
//! Comes in: nothing. Goes out: the list of acts, and notes of what happened.

use super::truth::Happening;
use crate::net::Timestamp;

/// One act of one host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// An hour begins: what it brings is drawn.
    Hour,
    /// The host starts.
    Boot,
    /// A device registers and opens its control channel.
    SignOn,
    /// A device registers again although its channel stands.
    Refresh,
    /// A device shows that it is alive.
    Ping,
    /// A spell of bad weather begins.
    Weather,
    /// A device asks the time.
    AskTime,
    /// The host asks the router's hardware address.
    FindRouter,
    /// Somebody views.
    View(Viewing),
    /// A second of a view.
    ViewSecond,
    /// A snapshot or a clip goes to the vendor's storage.
    Upload,
    /// A part of it.
    UploadPart,
    /// New firmware.
    Download,
    /// A part of it.
    DownloadPart,
    /// A battery unit goes to sleep.
    Sleep,
    /// Something that resembles what it is not.
    Trap(Trap),
    /// A part of a file for the owner's server or a disk at home.
    OwnerPart,
    /// What a host does that is no vendor device.
    Bystand,
}

impl Act {
    /// The act is somebody's plan, or nature's; the others belong to what is open and are void after a reboot.
    pub(crate) const fn survives_reboot(self) -> bool {
        match self {
            Self::Hour
            | Self::Boot
            | Self::Weather
            | Self::View(_)
            | Self::Upload
            | Self::Download
            | Self::Trap(_) => true,
            Self::SignOn
            | Self::Refresh
            | Self::Ping
            | Self::AskTime
            | Self::FindRouter
            | Self::ViewSecond
            | Self::UploadPart
            | Self::DownloadPart
            | Self::Sleep
            | Self::OwnerPart
            | Self::Bystand => false,
        }
    }
}

/// How somebody views.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Viewing {
    /// From outside, peer to peer.
    Peer,
    /// From outside, over a relay.
    Relay,
    /// From outside; the punch is never answered, and a relay takes over or nobody does.
    InVain,
}

/// Something that resembles what it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trap {
    /// STUN that no view follows.
    StunAlone,
    /// STUN to the shared address space.
    Spray,
    /// Video to a recorder at home.
    LanVideo,
    /// Registration with the owner's platform.
    Isup,
    /// A large file to a disk at home.
    DiskUpload,
    /// A file to the owner's server outside.
    OwnerUpload,
    /// Time from a bare address.
    BareTime,
    /// A resolver elsewhere, and QUIC to it.
    ForeignResolver,
}

impl Trap {
    /// All of them.
    pub(crate) const ALL: [Self; 8] = [
        Self::StunAlone,
        Self::Spray,
        Self::LanVideo,
        Self::Isup,
        Self::DiskUpload,
        Self::OwnerUpload,
        Self::BareTime,
        Self::ForeignResolver,
    ];
}

/// Something that happened at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Note {
    /// When.
    pub(crate) at: Timestamp,
    /// What.
    pub(crate) what: Happening,
}
