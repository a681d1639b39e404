//! The commands: what the user types, what is printed, how it ends.
//!
//! Comes in: arguments. Goes out: data on standard output, one clear line on standard error for a failure, an
//! exit code of sysexits.h. It holds no packet logic.

mod acknowledge;
mod activity_lines;
mod alert_arguments;
mod arguments;
mod ask;
mod catalogue;
mod check_config;
mod demo;
mod device_page;
mod device_table;
mod discover;
mod failure;
mod find_device;
mod fitted_table;
mod forget;
mod interfaces;
mod json_field;
mod moment;
mod order;
mod output;
mod replay;
mod replay_summary;
mod rule_lines;
mod run;
mod settings;
mod source;
mod start;
mod table;
mod terminal;
mod vendor_title;

pub use start::start;
