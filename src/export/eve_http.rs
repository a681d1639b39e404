//! `http`: the head of a request.
//!
//! Comes in: a request, or its host name alone. Goes out: the section as Suricata has it.

use serde::Serialize;

use crate::dissect::HttpRequest;

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
}

impl<'a> HttpSection<'a> {
    /// Shows a request.
    pub(crate) fn new(request: &'a HttpRequest) -> Self {
        let (hostname, http_port) = match request.host.as_deref() {
            Some(host) => split_port(host),
            None => ("", None),
        };
        Self {
            hostname: (!hostname.is_empty()).then_some(hostname),
            http_port,
            url: Some(&request.target),
            http_user_agent: request.user_agent.as_deref(),
            http_method: Some(&request.method),
            protocol: Some(request.version),
        }
    }

    /// The section of a flow: the host name only.
    pub(crate) fn of_flow(hostname: &'a str) -> Self {
        Self { hostname: Some(hostname), ..Self::default() }
    }
}

/// Splits `host:port` (RFC 9110, 7.2); the colons of an IPv6 literal stand in brackets.
fn split_port(host: &str) -> (&str, Option<u16>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => (host, None),
        },
        Some(_) | None => (host, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_split_from_the_name_and_from_nothing_else() {
        assert_eq!(split_port("camera.example:8080"), ("camera.example", Some(8080)));
        assert_eq!(split_port("camera.example"), ("camera.example", None));
        assert_eq!(split_port("[2001:db8::1]:80"), ("[2001:db8::1]", Some(80)));
        assert_eq!(split_port("[2001:db8::1]"), ("[2001:db8::1]", None));
        assert_eq!(split_port("2001:db8::1"), ("2001:db8::1", None));
        assert_eq!(split_port("camera:port"), ("camera:port", None));
    }
}
