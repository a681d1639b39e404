//! Why a request is not answered, as JSON.
//!
//! Comes in: what is wrong. Goes out: a status and `{"error": "..."}`.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
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

    /// This cannot be done with this address.
    pub(crate) fn method() -> Self {
        let message =
            "only GET and HEAD are answered here, and DELETE of a single device".to_owned();
        Self { status: StatusCode::METHOD_NOT_ALLOWED, message }
    }

    /// Nothing may be changed.
    pub(crate) fn write_access_off() -> Self {
        let message = "nothing can be changed: no write token is configured; set http.write_token_file to the \
                       file that holds one, and restart"
            .to_owned();
        Self { status: StatusCode::FORBIDDEN, message }
    }

    /// The write token is missing or another.
    pub(crate) fn unauthorised() -> Self {
        let message =
            "this takes the write token of the configuration: Authorization: Bearer TOKEN"
                .to_owned();
        Self { status: StatusCode::UNAUTHORIZED, message }
    }

    /// It cannot be done now.
    pub(crate) fn unavailable(message: String) -> Self {
        Self { status: StatusCode::SERVICE_UNAVAILABLE, message }
    }

    /// Something of ours failed.
    pub(crate) fn failed(message: String) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, message }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response =
            (self.status, Json(RefusalView { error: &self.message })).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}
