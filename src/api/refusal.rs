//! Why a request is not answered, as JSON.
//!
//! Comes in: what is wrong. Goes out: a status and `{"error": "..."}`.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// A request that is not answered, and why.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    message: String,
}

#[derive(Serialize)]
struct RefusalView<'a> {
    error: &'a str,
}

impl Refusal {
    /// The query is wrong.
    pub(crate) fn bad_query(message: String) -> Self {
        Self { status: StatusCode::BAD_REQUEST, message }
    }

    /// There is no such thing.
    pub(crate) fn not_found(what: &str) -> Self {
        Self { status: StatusCode::NOT_FOUND, message: format!("there is no {what}") }
    }

    /// Only reading is possible.
    pub(crate) fn method() -> Self {
        let message = "only GET and HEAD are answered here".to_owned();
        Self { status: StatusCode::METHOD_NOT_ALLOWED, message }
    }

    /// Something of ours failed.
    pub(crate) fn failed(message: String) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, message }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(RefusalView { error: &self.message })).into_response()
    }
}
