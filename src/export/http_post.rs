//! One POST to a far end, and what its answer means for a sink.
//!
//! Comes in: an address, headers, a body. Goes out: taken, or why not, as [`DeliveryError`]: what is worth another try, and when.
//! Addresses may hold tokens in path and query: errors and logs name scheme, host and port only. Redirects are not followed and
//! no proxy is used: a token goes where the operator said, and nowhere else.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use ureq::http::{Response, Uri};
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use ureq::{Agent, Body};

use super::sink::{DeliveryError, MAX_ANSWER};
use super::trust::Trust;
use crate::net::printable;

/// Most bytes that are read of an answer.
const MAX_BODY: u64 = 4096;
/// Longest wait that a far end may ask for: a far end that lies does not silence a sink for good.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// The address of a far end; shown without what may be secret in it.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpAddress(String);

/// The text is no address of a far end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be http:// or https://, a host, and no user name")]
pub struct HttpAddressError;

impl HttpAddress {
    /// Reads an address.
    ///
    /// # Errors
    /// It has no host, another scheme, or a user name, which would be one more place for a secret.
    pub fn parse(text: &str) -> Result<Self, HttpAddressError> {
        let uri: Uri = text.parse().map_err(|_| HttpAddressError)?;
        let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
        let authority = uri.authority().ok_or(HttpAddressError)?;
        let is_plain = !authority.as_str().contains('@') && !authority.host().is_empty();
        if is_http && is_plain { Ok(Self(text.to_owned())) } else { Err(HttpAddressError) }
    }

    /// The whole address, for whoever calls it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Tells whether it is reached over TLS.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.0.starts_with("https:")
    }

    /// The same with `path` behind it.
    #[must_use]
    pub fn join(&self, path: &str) -> Self {
        Self(format!("{}/{}", self.0.trim_end_matches('/'), path.trim_start_matches('/')))
    }
}

impl fmt::Display for HttpAddress {
    /// Scheme, host and port.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = self.0.match_indices('/').nth(2).map_or(self.0.len(), |(at, _)| at);
        let head = self.0.get(..end).unwrap_or_default();
        let head = head.split(['?', '#']).next().unwrap_or_default();
        formatter.write_str(&printable(head, MAX_ANSWER))
    }
}

impl fmt::Debug for HttpAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")
    }
}

/// A request; it shows nothing of itself.
pub struct HttpPost {
    /// Where to.
    pub address: HttpAddress,
    /// Header fields beside the usual ones.
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: Vec<u8>,
}

impl fmt::Debug for HttpPost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = format_args!("{}", self.address);
        formatter.debug_struct("HttpPost").field("address", &address).finish_non_exhaustive()
    }
}

/// Sends requests; bounded in time by construction.
#[derive(Debug, Clone)]
pub struct HttpSender {
    agent: Agent,
}

impl HttpSender {
    /// Waits `patience` for a far end in all. Over TLS, far ends are who they say they are if `trust` says so; without it,
    /// nobody is.
    #[must_use]
    pub fn new(patience: Duration, trust: Option<&Trust>) -> Self {
        let certificates = trust.map(Trust::certificates).unwrap_or_default();
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .root_certs(RootCerts::new_with_certs(certificates))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let agent = Agent::config_builder()
            .tls_config(tls)
            .timeout_global(Some(patience))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_idle_connections(0)
            .proxy(None)
            .user_agent(concat!("hikwatch/", env!("CARGO_PKG_VERSION")))
            .build()
            .into();
        Self { agent }
    }

    /// Sends a request.
    ///
    /// # Errors
    /// No answer, one that says no, or one that says not now.
    pub fn send(&self, post: &HttpPost) -> Result<(), DeliveryError> {
        let mut request =
            self.agent.post(post.address.expose()).header("content-type", "application/json");
        for (name, value) in &post.headers {
            request = request.header(*name, value);
        }
        match request.send(&post.body[..]) {
            Ok(response) => judge(response),
            Err(problem) => Err(DeliveryError::Io(unreachable(&post.address, &problem))),
        }
    }
}

/// What an answer means: only what may be otherwise next time is tried again.
fn judge(mut response: Response<Body>) -> Result<(), DeliveryError> {
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    let header = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
    let asked = header.and_then(|seconds| seconds.trim().parse().ok()).map(Duration::from_secs);
    // The rest of a body that does not end, or breaks off, does not matter any more.
    let body = response.body_mut().with_config().limit(MAX_BODY).read_to_string();
    let body = body.unwrap_or_default();
    let answer = printable(&format!("{} {}", status.as_u16(), body.trim()), MAX_ANSWER);
    if status.as_u16() == 429 || status.as_u16() == 408 || status.is_server_error() {
        let retry_after = asked.or_else(|| asked_in(&body)).map(|wait| wait.min(MAX_RETRY_AFTER));
        return Err(DeliveryError::Refused { answer, retry_after });
    }
    Err(DeliveryError::Unacceptable { answer })
}

/// Telegram asks for patience in the body: `{"parameters":{"retry_after":5}}`.
fn asked_in(body: &str) -> Option<Duration> {
    let value: serde_json::Value = serde_json::from_str(body).ok()?;
    value.get("parameters")?.get("retry_after")?.as_u64().map(Duration::from_secs)
}

/// The kind of problem, without the address that some errors repeat.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "errors of a crate that may grow, most of which cannot happen here"
)]
fn unreachable(address: &HttpAddress, problem: &ureq::Error) -> io::Error {
    let (kind, what) = match problem {
        ureq::Error::Timeout(_) => (io::ErrorKind::TimedOut, "no answer in time".to_owned()),
        ureq::Error::Io(problem) => (problem.kind(), problem.to_string()),
        ureq::Error::HostNotFound => (io::ErrorKind::NotFound, "no such host".to_owned()),
        ureq::Error::Tls(problem) => (io::ErrorKind::InvalidData, format!("TLS: {problem}")),
        ureq::Error::Rustls(problem) => (io::ErrorKind::InvalidData, format!("TLS: {problem}")),
        ureq::Error::ConnectionFailed => {
            (io::ErrorKind::ConnectionRefused, "no connection".to_owned())
        }
        ureq::Error::Protocol(_) => (io::ErrorKind::InvalidData, "no answer of HTTP".to_owned()),
        _ => (io::ErrorKind::Other, "the request failed".to_owned()),
    };
    io::Error::new(kind, format!("{address}: {}", printable(&what, MAX_ANSWER)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_shows_neither_path_nor_query() {
        let hook =
            HttpAddress::parse("https://hooks.example.com:8443/T0/B1/secret?token=x").unwrap();
        assert_eq!(
            format!("{hook} {hook:?}"),
            "https://hooks.example.com:8443 https://hooks.example.com:8443"
        );
        let bare = HttpAddress::parse("http://192.0.2.1?token=x").unwrap();
        assert_eq!(bare.to_string(), "http://192.0.2.1");
        let bot = HttpAddress::parse("http://[2001:db8::1]:80/").unwrap().join("/bot123/send");
        assert_eq!(bot.expose(), "http://[2001:db8::1]:80/bot123/send");
        let post = HttpPost {
            address: bot,
            headers: vec![("x", "secret".into())],
            body: b"secret".to_vec(),
        };
        assert!(!format!("{post:?}").contains("secret") && !format!("{post:?}").contains("123"));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "ntfy.sh",
            "ftp://192.0.2.1/",
            "http://u:p@192.0.2.1/",
            "http://",
            "file:///etc/passwd",
        ] {
            assert_eq!(HttpAddress::parse(text), Err(HttpAddressError), "{text}");
        }
    }

    #[test]
    fn a_service_may_ask_for_patience_in_the_body() {
        assert_eq!(asked_in(r#"{"parameters":{"retry_after":7}}"#), Some(Duration::from_secs(7)));
        assert_eq!(asked_in("<html>"), None);
    }
}
