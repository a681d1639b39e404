//! `http`: a request with its answer.
//!
//! Comes in: an exchange, or a host name alone. Goes out: the section as Suricata has it. Of a challenge it shows
//! scheme and realm, which is all that is kept of one.

use std::borrow::Cow;

use serde::Serialize;

use crate::dissect::{HttpExchange, HttpRequest, HttpResponse};

/// EVE `http`.
#[derive(Debug, Default, Serialize)]
pub(crate) struct HttpSection<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    hostname: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_user_agent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_method: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_content_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    redirect: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    length: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    response_headers: Vec<HeaderSection<'a>>,
}

/// One field of `response_headers`.
#[derive(Debug, Serialize)]
struct HeaderSection<'a> {
    name: &'static str,
    value: Cow<'a, str>,
}

impl<'a> HttpSection<'a> {
    /// Shows a request with its answer, whatever of the two was read.
    pub(crate) fn new(exchange: &'a HttpExchange) -> Self {
        let section = exchange.request.as_deref().map(Self::of_request).unwrap_or_default();
        match exchange.response.as_deref() {
            Some(response) => section.with_response(response),
            None => section,
        }
    }

    fn of_request(request: &'a HttpRequest) -> Self {
        let (hostname, http_port) = request.host_and_port().unwrap_or_default();
        Self {
            hostname: (!hostname.is_empty()).then_some(hostname),
            http_port,
            url: Some(&request.target),
            http_user_agent: request.user_agent.as_deref(),
            http_method: Some(&request.method),
            protocol: Some(request.version),
            ..Self::default()
        }
    }

    fn with_response(self, response: &'a HttpResponse) -> Self {
        let server = response
            .server
            .as_deref()
            .map(|server| HeaderSection { name: "Server", value: Cow::Borrowed(server) });
        let challenge = challenge_of(response)
            .map(|value| HeaderSection { name: "WWW-Authenticate", value: Cow::Owned(value) });
        Self {
            protocol: self.protocol.or(Some(response.version)),
            http_content_type: response.content_type.as_deref(),
            status: Some(response.status),
            redirect: response.location.as_deref(),
            length: response.content_length,
            response_headers: server.into_iter().chain(challenge).collect(),
            ..self
        }
    }

    /// The section of a flow: the host name only.
    pub(crate) fn of_flow(hostname: &'a str) -> Self {
        Self { hostname: Some(hostname), ..Self::default() }
    }
}

/// Scheme and realm, written as a field has them (RFC 9110, 11.6.1).
fn challenge_of(response: &HttpResponse) -> Option<String> {
    let realm = response.realm.as_ref().map(|realm| {
        let realm = realm.replace('\\', "\\\\").replace('"', "\\\"");
        format!("realm=\"{realm}\"")
    });
    match (response.auth_scheme, realm) {
        (Some(scheme), Some(realm)) => Some(format!("{scheme} {realm}")),
        (Some(scheme), None) => Some(scheme.to_owned()),
        (None, realm) => realm,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_shows_status_server_and_challenge() {
        let response = HttpResponse {
            status: 401,
            version: "HTTP/1.1",
            server: Some("App-webs/".into()),
            auth_scheme: Some("Digest"),
            realm: Some("a \"b\"".into()),
            ..HttpResponse::default()
        };
        let exchange = HttpExchange { request: None, response: Some(Box::new(response)) };
        let shown = serde_json::to_value(HttpSection::new(&exchange)).unwrap();

        let expected = serde_json::json!({
            "protocol": "HTTP/1.1",
            "status": 401,
            "response_headers": [
                {"name": "Server", "value": "App-webs/"},
                {"name": "WWW-Authenticate", "value": "Digest realm=\"a \\\"b\\\"\""},
            ],
        });
        assert_eq!(shown, expected);
    }
}
