//! Which address leads to which function.
//!
//! Comes in: the read models. Goes out: a router, which needs no network to be made. Every response says that a
//! browser must not guess its type, frame it or run anything in it.

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{Next, from_fn, map_response, map_response_with_state};
use axum::response::Response;
use axum::routing::{get, post};

use super::forget::{acknowledge_alert, forget_device};
use super::handlers;
use super::masking::mask;
use super::packing::pack;
use super::state::ApiState;

/// Every address that is answered, as the OpenAPI document spells it.
pub const ROUTES: [&str; 13] = [
    "/",
    "/metrics",
    "/-/healthy",
    "/-/ready",
    "/api/v1/status",
    "/api/v1/devices",
    "/api/v1/devices/{id}",
    "/api/v1/flows",
    "/api/v1/destinations",
    "/api/v1/alerts",
    "/api/v1/alerts/{id}/ack",
    "/api/v1/rules",
    "/api/v1/openapi.json",
];

const SECURITY_HEADERS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
];

/// Makes the router.
pub fn router(state: ApiState) -> Router {
    Router::new()
        .route("/", get(handlers::landing))
        .route("/metrics", get(handlers::metrics))
        .route("/-/healthy", get(handlers::healthy))
        .route("/-/ready", get(handlers::ready))
        .route("/api/v1/status", get(handlers::status))
        .route("/api/v1/devices", get(handlers::devices))
        .route("/api/v1/devices/{id}", get(handlers::device).delete(forget_device))
        .route("/api/v1/flows", get(handlers::flows))
        .route("/api/v1/destinations", get(handlers::destinations))
        .route("/api/v1/alerts", get(handlers::alerts))
        .route("/api/v1/alerts/{id}/ack", post(acknowledge_alert))
        .route("/api/v1/rules", get(handlers::rules))
        .route("/api/v1/openapi.json", get(handlers::openapi))
        .fallback(handlers::not_found)
        .method_not_allowed_fallback(handlers::not_allowed)
        .layer(map_response_with_state(state.clone(), mask))
        .layer(from_fn(pack_metrics))
        .layer(map_response(secure))
        .with_state(state)
}

/// Packs the exposition, and only that: it is the only long answer that is asked for again and again.
async fn pack_metrics(request: Request, next: Next) -> Response {
    if request.uri().path() == "/metrics" {
        pack(request, next).await
    } else {
        next.run(request).await
    }
}

async fn secure(mut response: Response) -> Response {
    for (name, value) in SECURITY_HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_openapi_document_names_each_address_and_no_other() {
        let document: serde_json::Value =
            serde_json::from_str(include_str!("openapi.json")).unwrap();
        let mut documented: Vec<_> =
            document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
        let mut answered = ROUTES.to_vec();
        documented.sort_unstable();
        answered.sort_unstable();

        assert_eq!(documented, answered);
        assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
        for (path, item) in document["paths"].as_object().unwrap() {
            let is_order = item["post"]["responses"]["204"].is_object();
            assert!(is_order || item["get"]["responses"]["200"].is_object(), "{path}");
        }
    }
}
