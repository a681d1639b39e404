//! `hikwatch devices --forget ID`.
//!
//! Comes in: what the user wrote, and the write token. Goes out: a request to a running daemon, and its answer in a line.

use super::arguments::Devices;
use super::ask::{agent, read, unreachable};
use super::failure::{Code, Failure};
use super::find_device::is_identifier;
use super::order::{outcome, write_token};
use super::output::print;
use crate::net::printable;

/// Has the daemon forget a device, here and in its store.
pub(super) fn forget(devices: &Devices, id: &str) -> Result<(), Failure> {
    if devices.command.is_some() {
        return Err(Failure::new(Code::Usage, "--forget stands alone, without `show`"));
    }
    // What cannot be undone is not done on a name or on the beginning of an identifier.
    if !is_identifier(id) {
        let problem =
            format!("`{}` is no identifier; `hikwatch devices show` tells it", printable(id, 100));
        return Err(Failure::new(Code::Usage, problem));
    }
    let query = &devices.query;
    let token = write_token(devices.token_file.as_deref(), devices.config.as_deref())?;
    let url = format!("{}/api/v1/devices/{id}", query.url.trim_end_matches('/'));
    let answer = agent()
        .delete(&url)
        .header("Authorization", format!("Bearer {}", token.expose()))
        .call()
        .map_err(|error| unreachable(query, &error))?;
    outcome(query, read(query, answer)?, id)?;
    print(&format!("{id} is forgotten\n"))
}
