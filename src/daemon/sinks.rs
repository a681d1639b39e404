//! Which sinks the configuration asks for.
//!
//! Comes in: the configuration, and the one before at a reload. Goes out: orders to the dispatcher. What a sink needs is opened
//! here, so that a wrong path stops the start, or the reload, with a clear word. A sink of which nothing has changed stays,
//! with all that waits for it.

use std::sync::Arc;

use anyhow::{Context, Result};

use super::fanout::SinkOrder;
use crate::config::Config;
use crate::export::{self, EveFile, Pseudonyms, Sink};

/// The sink of event lines, as metrics call it.
const EVE: &str = "eve";

/// Events that may wait for the event file: a burst of seconds, some 16 MiB at most ordinary sizes.
const EVE_CAPACITY: usize = 16_384;

/// What there is to do so that the sinks are those of `config`.
///
/// # Errors
/// Something cannot be opened; nothing was changed then.
pub(super) fn open_sinks(
    config: &Config,
    before: Option<&Config>,
    pseudonyms: Option<&Arc<Pseudonyms>>,
) -> Result<Vec<SinkOrder>> {
    let mut orders = Vec::new();
    if config.export.eve_file.is_some() {
        let is_as_before = before.is_some_and(|before| before.export == config.export);
        orders.push(if is_as_before {
            SinkOrder::Keep(EVE.into())
        } else {
            SinkOrder::Start(eve_file(&config.export, pseudonyms)?)
        });
    }
    Ok(orders)
}

fn eve_file(config: &export::Config, pseudonyms: Option<&Arc<Pseudonyms>>) -> Result<Sink> {
    let path = config.eve_file.as_deref().unwrap_or_else(|| "".as_ref());
    let file = EveFile::open(path, config, pseudonyms.cloned())
        .with_context(|| format!("cannot open the event file {}", path.display()))?;
    Ok(eve_sink(EVE, config, Box::new(file)))
}

/// A sink of event lines.
fn eve_sink(name: &str, config: &export::Config, deliver: Box<dyn export::Deliver>) -> Sink {
    let selection = config.selection.clone();
    Sink {
        name: name.into(),
        wants_stats: selection.types.contains("stats"),
        wants: Box::new(move |event| selection.wants(event)),
        capacity: EVE_CAPACITY,
        deliver,
    }
}
