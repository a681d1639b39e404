//! Tells one web service of alerts.
//!
//! Comes in: alerts, one at a time. Goes out: a request each, and whether the service took it.

use std::sync::Arc;

use super::config::WebhookConfig;
use super::shape::WebhookShape;
use crate::alert::AlertPhase;
use crate::analyst::{Event, EventKind};
use crate::export::http_post::HttpSender;
use crate::export::pseudonym::Pseudonyms;
use crate::export::sink::{Deliver, DeliveryError, Letter};

/// Tells one web service of alerts.
#[derive(Debug)]
pub struct WebhookSink {
    shape: WebhookShape,
    sender: HttpSender,
    pseudonyms: Option<Arc<Pseudonyms>>,
}

impl WebhookSink {
    /// A sink that speaks in `shape`.
    #[must_use]
    pub const fn new(
        shape: WebhookShape,
        sender: HttpSender,
        pseudonyms: Option<Arc<Pseudonyms>>,
    ) -> Self {
        Self { shape, sender, pseudonyms }
    }

    /// Tells whether the service is told of an event: an alert that was raised or is over, and urgent enough.
    #[must_use]
    pub fn wants(config: &WebhookConfig, event: &Event) -> bool {
        let EventKind::AlertTold(sighting) = &event.kind else { return false };
        let alert = &sighting.alert;
        // The most urgent is the least.
        alert.severity <= config.min_severity
            && match alert.phase {
                AlertPhase::Raised => true,
                AlertPhase::Resolved => config.resolved,
                AlertPhase::Repeated => false,
            }
    }

    fn tell(&self, letter: &Letter) -> Result<(), DeliveryError> {
        let Letter::Event(event) = letter else { return Ok(()) };
        let EventKind::AlertTold(sighting) = &event.kind else { return Ok(()) };
        if let Some(pseudonyms) = &self.pseudonyms {
            pseudonyms.learn(event);
        }
        let mask = |body: Vec<u8>| {
            let masked = self.pseudonyms.as_ref().and_then(|pseudonyms| pseudonyms.mask(&body));
            masked.unwrap_or(body)
        };
        self.sender.send(&self.shape.request(&sighting.alert, mask))
    }
}

impl Deliver for WebhookSink {
    fn deliver(&mut self, letters: &[Letter]) -> Result<usize, DeliveryError> {
        // One at a time: at the end of the run there is a look at the clock between two of them.
        letters.first().map_or(Ok(()), |letter| self.tell(letter))?;
        Ok(letters.len().min(1))
    }
}
