//! `hikwatch devices --forget ID`.
//!
//! Comes in: what the user wrote, and the write token. Goes out: a request to a running daemon, and its answer in a line.

use serde_json::Value;

use super::arguments::Devices;
use super::ask::{agent, read, unreachable};
use super::failure::{Code, Failure};
use super::find_device::is_identifier;
use super::output::print;
use super::settings;
use crate::api::WriteToken;
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
    let token = write_token(devices)?;
    let url = format!("{}/api/v1/devices/{id}", query.url.trim_end_matches('/'));
    let answer = agent()
        .delete(&url)
        .header("Authorization", format!("Bearer {}", token.expose()))
        .call()
        .map_err(|error| unreachable(query, &error))?;
    match read(query, answer)? {
        (204, _) => print(&format!("{id} is forgotten\n")),
        (401, _) => {
            Err(Failure::new(Code::Permission, format!("{} has another write token", query.url)))
        }
        (403, body) => Err(Failure::new(Code::Permission, refusal(&body))),
        (404, _) => {
            Err(Failure::new(Code::NoInput, format!("{} knows nothing of {id}", query.url)))
        }
        (_, body) => Err(Failure::new(Code::Unavailable, refusal(&body))),
    }
}

/// The token in the file that the user named, or in that of the configuration.
fn write_token(devices: &Devices) -> Result<WriteToken, Failure> {
    let file = match &devices.token_file {
        Some(file) => file.clone(),
        None => {
            let (config, _) = settings::load(devices.config.as_deref())?;
            config.api.write_token_file.ok_or_else(|| {
                let problem = "the configuration names no write token: set http.write_token_file, or name the file \
                               with --token-file";
                Failure::new(Code::Config, problem)
            })?
        }
    };
    WriteToken::read(&file).map_err(|error| settings::token_refused(&error))
}

/// What a daemon says of its refusal.
fn refusal(body: &str) -> String {
    let value: Option<Value> = serde_json::from_str(body).ok();
    let told = value.as_ref().and_then(|value| value.get("error")).and_then(Value::as_str);
    printable(told.unwrap_or(body), 300)
}
