//! An alert as each web service wants it.
//!
//! Comes in: an alert. Goes out: the request, with names from the network escaped as the service reads them: no mark-up, no
//! link, no mention can be made with them.

use serde_json::json;

use super::config::{WebhookConfig, WebhookKind};
use super::generic::{generic_json, idempotency_key, signature};
use super::notice::Notice;
use crate::alert::{Alert, Severity};
use crate::export::http_post::{HttpAddress, HttpPost};
use crate::export::secret::Secret;

/// Makes the requests for one web service.
#[derive(Debug)]
pub struct WebhookShape {
    kind: WebhookKind,
    address: HttpAddress,
    token: Option<Secret>,
    channel: String,
    sensor: Option<String>,
}

/// A web service cannot be told with these settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookShapeError {
    /// The address is missing, or what the token file holds is none.
    #[error("needs an address: http:// or https:// and a host")]
    Address,
    /// The token is missing, or has characters that no token has.
    #[error("needs a token of visible ASCII characters")]
    Token,
}

impl WebhookShape {
    /// Puts together what a service needs. Slack's address is itself the secret.
    ///
    /// # Errors
    /// The address or the token is missing or is none.
    pub fn new(
        config: &WebhookConfig,
        token: Option<Secret>,
        sensor: Option<String>,
    ) -> Result<Self, WebhookShapeError> {
        let plain = token.as_ref().and_then(Secret::expose_token);
        let address = config.url.clone();
        let address = match config.kind {
            WebhookKind::Generic => address,
            WebhookKind::Slack => {
                plain.and_then(|hidden| HttpAddress::parse(hidden).ok()).or(address)
            }
            WebhookKind::Ntfy => {
                if token.is_some() && plain.is_none() {
                    return Err(WebhookShapeError::Token);
                }
                address
            }
            WebhookKind::Gotify => {
                plain.ok_or(WebhookShapeError::Token)?;
                address.map(|address| address.join("message"))
            }
            WebhookKind::Telegram => {
                let token = plain.ok_or(WebhookShapeError::Token)?;
                address.map(|address| address.join(&format!("bot{token}/sendMessage")))
            }
        };
        Ok(Self {
            kind: config.kind,
            address: address.ok_or(WebhookShapeError::Address)?,
            token,
            channel: config.channel.clone().unwrap_or_default(),
            sensor,
        })
    }

    /// Where requests go.
    #[must_use]
    pub const fn address(&self) -> &HttpAddress {
        &self.address
    }

    /// The request for an alert; `mask` replaces what must not leave (serial numbers), before anything is signed.
    pub fn request(&self, alert: &Alert, mask: impl Fn(Vec<u8>) -> Vec<u8>) -> HttpPost {
        let notice = Notice::of(alert);
        let token = || self.token.as_ref().and_then(Secret::expose_token).unwrap_or_default();
        let mut headers = Vec::new();
        let body = match self.kind {
            WebhookKind::Generic => generic_json(alert, self.sensor.as_deref()),
            WebhookKind::Ntfy => bytes(&ntfy(&notice, &self.channel)),
            WebhookKind::Gotify => bytes(&gotify(&notice)),
            WebhookKind::Slack => bytes(&slack(&notice)),
            WebhookKind::Telegram => bytes(&telegram(&notice, &self.channel)),
        };
        let body = mask(body);
        match self.kind {
            WebhookKind::Generic => {
                headers.push(("Idempotency-Key", idempotency_key(alert)));
                if let Some(key) = &self.token {
                    headers.push(("X-Hikwatch-Signature", signature(key, &body)));
                }
            }
            WebhookKind::Ntfy if self.token.is_some() => {
                headers.push(("Authorization", format!("Bearer {}", token())));
            }
            WebhookKind::Gotify => headers.push(("X-Gotify-Key", token().to_owned())),
            WebhookKind::Ntfy | WebhookKind::Slack | WebhookKind::Telegram => {}
        }
        HttpPost { address: self.address.clone(), headers, body }
    }
}

/// ntfy takes plain text as long as `markdown` is not asked for.
fn ntfy(notice: &Notice, topic: &str) -> serde_json::Value {
    let (priority, tag) = match (notice.is_over, notice.severity) {
        (true, _) => (2, "white_check_mark"),
        (false, Severity::High) => (5, "rotating_light"),
        (false, Severity::Medium) => (4, "warning"),
        (false, Severity::Low) => (3, "information_source"),
    };
    json!({
        "topic": topic, "title": notice.title, "message": notice.body(),
        "priority": priority, "tags": [tag],
    })
}

/// Gotify shows plain text if told so.
fn gotify(notice: &Notice) -> serde_json::Value {
    let priority = match (notice.is_over, notice.severity) {
        (true, _) => 2,
        (false, Severity::High) => 8,
        (false, Severity::Medium) => 5,
        (false, Severity::Low) => 3,
    };
    json!({
        "title": notice.title, "message": notice.body(), "priority": priority,
        "extras": {"client::display": {"contentType": "text/plain"}},
    })
}

/// Slack reads `<...>` as links and mentions, and `@` and links in plain words where an app asks for it: `mrkdwn` and `parse`
/// are off, and a zero-width space stands behind each `@` (Mattermost reads `@channel` anywhere).
fn slack(notice: &Notice) -> serde_json::Value {
    let safe = |text: &str| escaped(text).replace('@', "@\u{200b}");
    let (title, body) = (safe(&notice.title), safe(&notice.body()));
    json!({
        "text": format!("{title}\n{body}"), "mrkdwn": false, "parse": "none", "link_names": false,
        "unfurl_links": false, "unfurl_media": false,
    })
}

/// Telegram reads a few HTML tags.
fn telegram(notice: &Notice, chat: &str) -> serde_json::Value {
    let safe = |text: &str| escaped(text).replace('@', "@\u{200b}");
    let (title, body) = (safe(&notice.title), safe(&notice.body()));
    json!({
        "chat_id": chat, "text": format!("<b>{title}</b>\n{body}"), "parse_mode": "HTML",
        "disable_notification": notice.is_over, "link_preview_options": {"is_disabled": true},
    })
}

/// `&`, `<` and `>` as both Slack and Telegram want them.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn bytes(value: &serde_json::Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::alert::AlertPhase;
    use crate::export::sample;

    fn shape(kind: WebhookKind, token: Option<&str>) -> Result<WebhookShape, WebhookShapeError> {
        let config = WebhookConfig {
            kind,
            url: HttpAddress::parse("http://192.0.2.1").ok(),
            channel: Some("cams".to_owned()),
            ..WebhookConfig::default()
        };
        WebhookShape::new(&config, token.map(|token| Secret::new(token.into())), None)
    }

    fn sent(kind: WebhookKind, token: &str, alert: &Alert) -> (HttpPost, Value) {
        let post = shape(kind, Some(token)).unwrap().request(alert, |body| body);
        let body = serde_json::from_slice(&post.body).unwrap();
        (post, body)
    }

    #[test]
    fn each_service_gets_its_own_request() {
        let alert = sample::alert("d-1", "x", "speaks to <ezviz> & more");

        let (post, body) = sent(WebhookKind::Ntfy, "tk_1", &alert);
        assert_eq!(post.headers, [("Authorization", "Bearer tk_1".to_owned())]);
        assert_eq!((&body["topic"], &body["priority"]), (&json!("cams"), &json!(4)));

        let (post, body) = sent(WebhookKind::Gotify, "app", &alert);
        assert_eq!(post.headers, [("X-Gotify-Key", "app".to_owned())]);
        assert!(post.address.expose().ends_with("/message"));
        assert!(body["message"].as_str().unwrap().contains("<ezviz> & more"));

        let (post, body) = sent(WebhookKind::Telegram, "12:ab", &alert);
        assert_eq!(post.address.expose(), "http://192.0.2.1/bot12:ab/sendMessage");
        assert!(body["text"].as_str().unwrap().contains("&lt;ezviz&gt; &amp; more"));

        let (post, body) = sent(WebhookKind::Slack, "https://hooks.example.com/x", &alert);
        assert_eq!(post.address.expose(), "https://hooks.example.com/x");
        assert!(body["text"].as_str().unwrap().contains("&lt;ezviz&gt; &amp; more"));
    }

    #[test]
    fn our_own_json_is_signed_as_it_leaves() {
        let alert = sample::alert("d-1", "x", "y");
        let shape = shape(WebhookKind::Generic, Some("key")).unwrap();
        let post = shape.request(&alert, |_| b"masked".to_vec());

        assert_eq!(post.body, b"masked");
        let expected = signature(&Secret::new(b"key".to_vec()), b"masked");
        assert!(post.headers.contains(&("X-Hikwatch-Signature", expected)));
        assert!(post.headers.iter().any(|(name, _)| *name == "Idempotency-Key"));
    }

    #[test]
    fn a_service_without_its_token_is_refused() {
        for kind in [WebhookKind::Gotify, WebhookKind::Telegram] {
            assert_eq!(shape(kind, None).unwrap_err(), WebhookShapeError::Token);
            assert_eq!(shape(kind, Some("a\nb")).unwrap_err(), WebhookShapeError::Token);
        }
        assert!(shape(WebhookKind::Ntfy, None).is_ok());
    }

    #[test]
    fn the_end_of_an_alert_is_quiet_and_says_so() {
        let alert = sample::in_phase(&sample::alert("d-1", "x", "y"), AlertPhase::Resolved);
        let (_, body) = sent(WebhookKind::Telegram, "t", &alert);

        assert_eq!(body["disable_notification"], true);
        assert!(body["text"].as_str().unwrap().starts_with("<b>Over: "));
    }

    proptest! {
        #[test]
        fn hostile_names_make_no_markup_no_mention_and_no_long_message(name in sample::hostile()) {
            let mut alert = sample::alert("d-1", "x", &name);
            std::sync::Arc::make_mut(&mut alert.device).hostname = Some(name);
            for kind in [WebhookKind::Slack, WebhookKind::Telegram] {
                let token = if kind == WebhookKind::Slack { "http://192.0.2.1/" } else { "t" };
                let (_, body) = sent(kind, token, &alert);
                let text = body["text"].as_str().unwrap().replace("<b>", "").replace("</b>", "");
                prop_assert!(!text.contains(['<', '>', '\u{1b}', '\r', '\0', '\u{202e}']), "{}", text);
                let mentions = text.replace("@\u{200b}", "").contains('@');
                prop_assert!(!mentions);
            }
            for (kind, token) in WebhookKind::NAMES.iter().map(|(_, kind)| (*kind, "http://192.0.2.1/")) {
                let (post, body) = sent(kind, token, &alert);
                prop_assert!(body.is_object());
                prop_assert!(post.headers.iter().all(|(_, value)| value.is_ascii()));
                if kind == WebhookKind::Ntfy || kind == WebhookKind::Gotify {
                    let message = body["message"].as_str().unwrap();
                    let hidden = message.chars().any(|c| c != '\n' && crate::net::is_hidden(c));
                    prop_assert!(!hidden && message.len() < 6000);
                }
            }
        }
    }
}
