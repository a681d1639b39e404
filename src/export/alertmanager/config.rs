//! What may be set about Alertmanager.

use std::path::PathBuf;
use std::time::Duration;

use crate::alert::Severity;
use crate::export::http_post::HttpAddress;
use crate::export::secret::SecretSource;

/// Which Alertmanagers are told, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertmanagerConfig {
    /// Their addresses, without the path of the API; none is told without one.
    pub urls: Vec<HttpAddress>,
    /// A bearer token for each of them.
    pub token: Option<SecretSource>,
    /// Alerts that stand are sent again after this time.
    pub interval: Duration,
    /// Where people find this program: `generatorURL`.
    pub external_url: Option<HttpAddress>,
    /// Alerts that are less urgent are not told.
    pub min_severity: Severity,
    /// The authorities that certificates have to come from; those of the system if absent.
    pub ca_file: Option<PathBuf>,
}

impl Default for AlertmanagerConfig {
    fn default() -> Self {
        Self {
            urls: Vec::new(),
            token: None,
            interval: Duration::from_secs(60),
            external_url: None,
            min_severity: Severity::Low,
            ca_file: None,
        }
    }
}
