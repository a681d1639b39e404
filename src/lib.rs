//! hikwatch: finds Hikvision and EZVIZ devices on a network and names the clouds they talk to.
//!
//! The rooms, in the order in which a packet walks through them:
//!
//! * [`net`]: the vocabulary that all rooms speak.
//! * [`capture`]: frames from an interface or a file.
//! * [`decode`]: layers 2 to 4 of one frame.
//! * [`flow`]: packets become biflows; [`dissect`]: one application message from one payload.
//! * [`meter`]: ties those together; gives [`Observation`](meter::Observation)s. One a worker thread.
//! * [`catalogue`]: what is known of the vendors, compiled; [`geo`]: where addresses are registered.
//! * [`device`], [`classify`], [`alert`]: who, where to, and what a person should look at.
//! * [`analyst`]: ties those together; gives [`Event`](analyst::Event)s. One a daemon.
//! * [`inventory`], [`metrics`], [`export`], [`store`]: read models and ways out; [`api`]: HTTP.
//! * [`config`]: what the user wrote becomes what the program uses.
//! * [`daemon`], [`cli`]: threads, clocks, signals, commands.
//! * [`simulate`]: a household made of packets, for the demo, tests and benches.

pub mod alert;
pub mod analyst;
pub mod api;
pub mod capture;
pub mod catalogue;
pub mod classify;
pub mod cli;
pub mod config;
pub mod daemon;
pub mod decode;
pub mod device;
pub mod dissect;
pub mod export;
pub mod flow;
pub mod geo;
pub mod inventory;
pub mod meter;
pub mod metrics;
pub mod net;
pub mod simulate;
pub mod store;
