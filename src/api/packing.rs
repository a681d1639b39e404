//! The exposition goes out packed with gzip where that is taken.
//!
//! Comes in: a finished answer, after pseudonyms were put in. Goes out: the same, shorter. An exposition is lines that
//! resemble each other: the fastest level takes nine tenths off.

use std::io::Write as _;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, VARY};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::negotiation::takes_gzip;
use super::refusal::Refusal;

/// Longest exposition: it has a bound on its series.
const MAX_ANSWER: usize = 64 << 20;

/// Packs the answer to a request that takes it.
pub(super) async fn pack(request: Request, next: Next) -> Response {
    let is_wanted = request.method() == Method::GET && takes_gzip(request.headers());
    let response = next.run(request).await;
    if response.status() != StatusCode::OK {
        return response;
    }
    let (mut head, body) = response.into_parts();
    for header in [ACCEPT, ACCEPT_ENCODING] {
        if let Ok(name) = HeaderValue::from_str(header.as_str()) {
            head.headers.append(VARY, name);
        }
    }
    if !is_wanted {
        return Response::from_parts(head, body);
    }
    let Ok(bytes) = to_bytes(body, MAX_ANSWER).await else {
        return Refusal::failed("the answer is too long".to_owned()).into_response();
    };
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 8), Compression::fast());
    let packed = encoder.write_all(&bytes).and_then(|()| encoder.finish());
    match packed {
        Ok(packed) => {
            head.headers.remove(CONTENT_LENGTH);
            head.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            Response::from_parts(head, Body::from(packed))
        }
        Err(error) => Refusal::failed(error.to_string()).into_response(),
    }
}
