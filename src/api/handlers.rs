//! One function an address.
//!
//! Comes in: a request and the read models. Goes out: a response. No guard of the inventory outlives a call to it.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::device_text::{device_detail, device_list};
use super::negotiation::exposition_format;
use super::paging::{DEFAULT_LIMIT, MAX_LIMIT, Paging};
use super::refusal::Refusal;
use super::rule_view::RulesView;
use super::state::ApiState;
use super::view::{AlertView, DestinationView, FlowView, ListView, StatusView};

type PagingQuery = Result<Query<Paging>, QueryRejection>;

const JSON_TYPE: &str = "application/json";

const LANDING: &str = "<!DOCTYPE html>\n\
    <html lang=\"en\">\n\
    <head><meta charset=\"utf-8\"><title>hikwatch</title></head>\n\
    <body>\n\
    <h1>hikwatch</h1>\n\
    <ul>\n\
    <li><a href=\"/api/v1/devices\">Devices</a></li>\n\
    <li><a href=\"/api/v1/flows\">Live flows</a></li>\n\
    <li><a href=\"/api/v1/destinations\">Cloud services</a></li>\n\
    <li><a href=\"/api/v1/alerts\">Alerts</a></li>\n\
    <li><a href=\"/api/v1/rules\">Rules</a></li>\n\
    <li><a href=\"/api/v1/status\">Status</a></li>\n\
    <li><a href=\"/metrics\">Metrics</a></li>\n\
    <li><a href=\"/-/ready\">Readiness</a></li>\n\
    <li><a href=\"/api/v1/openapi.json\">OpenAPI document</a></li>\n\
    </ul>\n\
    </body>\n\
    </html>\n";

pub(crate) async fn landing() -> Html<&'static str> {
    Html(LANDING)
}

pub(crate) async fn healthy() -> &'static str {
    "healthy\n"
}

pub(crate) async fn ready(State(state): State<ApiState>) -> Response {
    let missing = state.readiness.missing();
    if missing.is_empty() {
        return "ready\n".into_response();
    }
    let reasons: String = missing.iter().map(|reason| format!("not ready: {reason}\n")).collect();
    (StatusCode::SERVICE_UNAVAILABLE, reasons).into_response()
}

pub(crate) async fn metrics(State(state): State<ApiState>, headers: HeaderMap) -> Response {
    let format = exposition_format(&headers);
    let text = (state.render_metrics)(format);
    ([(header::CONTENT_TYPE, format.content_type())], text).into_response()
}

pub(crate) async fn status(State(state): State<ApiState>) -> Response {
    let status = (state.status)();
    let missing = state.readiness.missing();
    Json(StatusView::new(&status, state.inventory.counts(), missing)).into_response()
}

pub(crate) async fn devices(
    State(state): State<ApiState>,
    query: PagingQuery,
) -> Result<Response, Refusal> {
    let paging = Paging::check(query)?;
    as_json(device_list(&state.inventory, paging))
}

pub(crate) async fn device(
    State(state): State<ApiState>,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let Some(entry) = state.inventory.device(&id) else {
        return Err(Refusal::not_found("device with this identifier"));
    };
    as_json(device_detail(&state.inventory, &entry))
}

fn as_json(text: serde_json::Result<String>) -> Result<Response, Refusal> {
    let text = text.map_err(|error| Refusal::failed(error.to_string()))?;
    Ok(([(header::CONTENT_TYPE, JSON_TYPE)], text).into_response())
}

pub(crate) async fn flows(
    State(state): State<ApiState>,
    query: PagingQuery,
) -> Result<Response, Refusal> {
    let paging = Paging::check(query)?;
    let page = state.inventory.flows(paging.offset, paging.limit);
    Ok(Json(ListView::new(&page, paging, FlowView::new)).into_response())
}

pub(crate) async fn destinations(
    State(state): State<ApiState>,
    query: PagingQuery,
) -> Result<Response, Refusal> {
    let paging = Paging::check(query)?;
    let page = state.inventory.destinations(None, paging.offset, paging.limit);
    Ok(Json(ListView::new(&page, paging, DestinationView::new)).into_response())
}

pub(crate) async fn alerts(
    State(state): State<ApiState>,
    query: PagingQuery,
) -> Result<Response, Refusal> {
    let paging = Paging::check(query)?;
    let page = state.inventory.alerts(paging.offset, paging.limit);
    Ok(Json(ListView::new(&page, paging, AlertView::new)).into_response())
}

pub(crate) async fn rules(State(state): State<ApiState>) -> Response {
    let status = (state.status)();
    Json(RulesView::new(&status.suppressed)).into_response()
}

pub(crate) async fn openapi() -> Response {
    let document = include_str!("openapi.json");
    ([(header::CONTENT_TYPE, JSON_TYPE)], document).into_response()
}

pub(crate) async fn not_found() -> Refusal {
    Refusal::not_found("such address")
}

pub(crate) async fn not_allowed() -> Refusal {
    Refusal::method()
}

/// The document states the bounds of a page; this keeps it and the code from parting.
const _: () = assert!(DEFAULT_LIMIT == 100 && MAX_LIMIT == 1000);
