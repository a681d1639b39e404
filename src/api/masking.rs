//! Serial numbers in answers become pseudonyms, if the user wants that.
//!
//! Comes in: an answer. Goes out: the same with pseudonyms. Answers are of our own making and bounded.

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::header::CONTENT_LENGTH;
use axum::response::{IntoResponse, Response};

use super::refusal::Refusal;
use super::state::ApiState;

/// Longest answer: lists are paged, and an exposition has a bound on its series.
const MAX_ANSWER: usize = 64 << 20;

/// Replaces the serial numbers of all known devices.
pub(super) async fn mask(State(state): State<ApiState>, response: Response) -> Response {
    let Some(pseudonyms) = state.pseudonyms else { return response };
    let inventory = &state.inventory;
    pseudonyms.catch_up(inventory.revision(), || {
        inventory.for_each_profile(|profile| pseudonyms.learn_device(profile));
    });
    let (mut head, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, MAX_ANSWER).await else {
        return Refusal::failed("the answer is too long".to_owned()).into_response();
    };
    match pseudonyms.mask(&bytes) {
        Some(masked) => {
            head.headers.remove(CONTENT_LENGTH);
            Response::from_parts(head, Body::from(masked))
        }
        None => Response::from_parts(head, Body::from(bytes)),
    }
}
