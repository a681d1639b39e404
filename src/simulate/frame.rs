//! A frame that the simulation made.

use crate::net::Timestamp;

/// An Ethernet frame, whole, with its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimulatedFrame {
    /// When it passed the observation point.
    pub timestamp: Timestamp,
    /// From the destination address to the end of the payload, without the check sequence.
    pub bytes: Vec<u8>,
}
