//! `DELETE /api/v1/devices/{id}` and `POST /api/v1/alerts/{id}/ack`: the requests that change something.
//!
//! Comes in: a request with the write token. Goes out: an order to the daemon, and an answer once it is done for
//! good. Without a token of the configuration the order is never given.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};

use super::refusal::Refusal;
use super::state::ApiState;
use super::write_token::WriteToken;
use crate::alert::AlertId;
use crate::device::DeviceId;

/// The end of an order: whether what it names was known, or why it could not be carried out.
pub type Forgetting = Pin<Box<dyn Future<Output = Result<bool, String>> + Send>>;

/// What changes something, and who may ask for it.
#[derive(Clone)]
pub struct WriteAccess {
    /// The token that a request has to bring.
    pub token: WriteToken,
    /// Forgets a device, in memory and in the store.
    pub forget: Arc<dyn Fn(DeviceId) -> Forgetting + Send + Sync>,
    /// Takes an alert for known, as long as it stands and when it comes again.
    pub acknowledge: Arc<dyn Fn(AlertId) -> Forgetting + Send + Sync>,
}

pub(crate) async fn acknowledge_alert(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    let access = permitted(&state, &headers)?;
    let known = match AlertId::parse(&id) {
        Some(id) => (access.acknowledge)(id).await,
        None => Ok(false),
    };
    match known {
        Ok(true) => Ok(StatusCode::NO_CONTENT),
        Ok(false) => Err(Refusal::not_found("standing alert with this identifier")),
        Err(problem) => Err(Refusal::unavailable(problem)),
    }
}

/// What a request with the write token may do.
fn permitted<'a>(state: &'a ApiState, headers: &HeaderMap) -> Result<&'a WriteAccess, Refusal> {
    let Some(access) = &state.write_access else {
        return Err(Refusal::write_access_off());
    };
    if !bearer(headers).is_some_and(|word| access.token.is(word)) {
        return Err(Refusal::unauthorised());
    }
    Ok(access)
}

pub(crate) async fn forget_device(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    let access = permitted(&state, &headers)?;
    match (access.forget)(DeviceId(id.into())).await {
        Ok(true) => Ok(StatusCode::NO_CONTENT),
        Ok(false) => Err(Refusal::not_found("device with this identifier")),
        Err(problem) => Err(Refusal::unavailable(problem)),
    }
}

/// The word behind `Bearer` (RFC 6750, 2.1).
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, word) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then_some(word)
}
