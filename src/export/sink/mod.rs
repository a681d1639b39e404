//! The ways out: what each sink is made of.
//!
//! Comes in: [`Letter`]s, in order, from the sink's own outbox. Goes out: what the far end understands, by one [`Deliver`] a
//! kind of sink. A delivery may wait for the far end, within a bound of its own: it runs on the sink's own thread. It reads
//! no clock, starts no thread and keeps no queue; those are the outbox's (in `daemon/`).

mod counters;
mod deliver;
mod eve_batch;
mod eve_file;
mod eve_socket;
mod eve_stream;
mod letter;
mod outgoing;
mod rotated;
#[cfg(test)]
pub(crate) mod sample;
mod told;

pub use counters::SinkCounters;
pub use deliver::{Deliver, DeliveryError, MAX_ANSWER, Sink};
pub use eve_file::EveFile;
pub use eve_socket::EveSocket;
pub use eve_stream::EveStream;
pub use letter::Letter;
pub(crate) use outgoing::Outgoing;
pub use told::tells_alert;
pub(crate) use told::told_alert;
