//! What may be set about a webhook.

use std::path::PathBuf;
use std::time::Duration;

use crate::alert::Severity;
use crate::export::http_post::HttpAddress;
use crate::export::secret::SecretSource;

/// A web service that is told of alerts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookConfig {
    /// What it is called in metrics and logs.
    pub name: String,
    /// What it understands.
    pub kind: WebhookKind,
    /// Where it is; absent where the address is the secret (Slack).
    pub url: Option<HttpAddress>,
    /// The token, key or secret address.
    pub token: Option<SecretSource>,
    /// The topic (ntfy) or chat (Telegram).
    pub channel: Option<String>,
    /// Alerts that are less urgent are not told.
    pub min_severity: Severity,
    /// Whether the end of an alert is told.
    pub resolved: bool,
    /// How long an answer may take.
    pub timeout: Duration,
    /// The authorities that certificates have to come from; those of the system if absent.
    pub ca_file: Option<PathBuf>,
}

impl Default for WebhookConfig {
    fn default() -> Self {
        Self {
            name: String::new(),
            kind: WebhookKind::default(),
            url: None,
            token: None,
            channel: None,
            min_severity: Severity::Low,
            resolved: true,
            timeout: Duration::from_secs(10),
            ca_file: None,
        }
    }
}

/// What a web service understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum WebhookKind {
    /// Our own JSON, signed if there is a key.
    #[default]
    Generic,
    /// <https://docs.ntfy.sh/publish/>.
    Ntfy,
    /// <https://gotify.net/docs/pushmsg>.
    Gotify,
    /// Slack's incoming webhooks, and what understands them (Mattermost).
    Slack,
    /// Telegram's Bot API.
    Telegram,
}

impl WebhookKind {
    /// The names.
    pub const NAMES: [(&'static str, Self); 5] = [
        ("generic", Self::Generic),
        ("ntfy", Self::Ntfy),
        ("gotify", Self::Gotify),
        ("slack", Self::Slack),
        ("telegram", Self::Telegram),
    ];
}
