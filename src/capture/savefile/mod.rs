//! Reads capture files: pcap, modified pcap, pcapng and snoop; plain, gzip or zstd.
//!
//! Comes in: a file, or a stream of bytes that is still growing. Goes out: frames borrowed from one
//! buffer. It never holds more of the file than that buffer and never looks into a frame.

mod byte_order;
mod compression;
mod input;
mod parser;
mod pcap;
mod pcapng;
mod pcapng_interface;
mod snoop;
mod source;
mod step;

pub use source::SavefileSource;
