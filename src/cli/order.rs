//! Orders to a running daemon: the write token, and what the daemon says.
//!
//! Comes in: what the user wrote. Goes out: the token; the outcome, as one line and an exit code. The token is never shown.

use std::path::Path;

use serde_json::Value;

use super::arguments::Query;
use super::failure::{Code, Failure};
use super::settings;
use crate::api::WriteToken;
use crate::net::printable;

/// The token in the file that the user named, or in that of the configuration.
pub(super) fn write_token(
    token_file: Option<&Path>,
    config: Option<&Path>,
) -> Result<WriteToken, Failure> {
    let file = match token_file {
        Some(file) => file.to_owned(),
        None => {
            let (config, _) = settings::load(config)?;
            config.api.write_token_file.ok_or_else(|| {
                let problem = "the configuration names no write token: set http.write_token_file, or name the file \
                               with --token-file";
                Failure::new(Code::Config, problem)
            })?
        }
    };
    WriteToken::read(&file).map_err(|error| settings::token_refused(&error))
}

/// What the daemon at `query` says of an order: done, or why not. `unknown`: what it does not know.
pub(super) fn outcome(
    query: &Query,
    (status, body): (u16, String),
    unknown: &str,
) -> Result<(), Failure> {
    match status {
        204 => Ok(()),
        401 => {
            Err(Failure::new(Code::Permission, format!("{} has another write token", query.url)))
        }
        403 => Err(Failure::new(Code::Permission, refusal(&body))),
        404 => {
            Err(Failure::new(Code::NoInput, format!("{} knows nothing of {unknown}", query.url)))
        }
        _ => Err(Failure::new(Code::Unavailable, refusal(&body))),
    }
}

/// What a daemon says of its refusal.
fn refusal(body: &str) -> String {
    let value: Option<Value> = serde_json::from_str(body).ok();
    let told = value.as_ref().and_then(|value| value.get("error")).and_then(Value::as_str);
    printable(told.unwrap_or(body), 300)
}
