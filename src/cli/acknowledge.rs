//! `hikwatch alerts ack ID`.
//!
//! Comes in: what the user wrote, and the write token. Goes out: a request to a running daemon, and its answer in a line.

use super::alert_arguments::TokenSource;
use super::arguments::Query;
use super::ask::{agent, read, unreachable};
use super::failure::{Code, Failure};
use super::order::{outcome, write_token};
use super::output::print;
use crate::alert::AlertId;
use crate::net::printable;

/// Has the daemon take an alert for known.
pub(super) fn acknowledge(query: &Query, id: &str, token: &TokenSource) -> Result<(), Failure> {
    let Some(id) = AlertId::parse(id) else {
        let problem = format!(
            "`{}` is no alert's identifier; `hikwatch alerts` shows it",
            printable(id, 100)
        );
        return Err(Failure::new(Code::Usage, problem));
    };
    let token = write_token(token.token_file.as_deref(), token.config.as_deref())?;
    let url = format!("{}/api/v1/alerts/{id}/ack", query.url.trim_end_matches('/'));
    let answer = agent()
        .post(&url)
        .header("Authorization", format!("Bearer {}", token.expose()))
        .send_empty()
        .map_err(|error| unreachable(query, &error))?;
    outcome(query, read(query, answer)?, &format!("a standing alert {id}"))?;
    print(&format!("{id} is acknowledged\n"))
}
