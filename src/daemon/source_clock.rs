//! Whose clock a source's time stamps are from.

/// Whose clock a source's time stamps are from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceClock {
    /// This machine's, which may leap: a live interface, datagrams that are stamped when they are read.
    OfThisMachine,
    /// The source's own: a stream, a simulation.
    OfTheSource,
}
