//! `hikwatch demo`: a simulated household through the whole daemon.

use super::arguments::Demo;
use super::failure::Failure;
use super::output::print;
use super::{run, settings};
use crate::config::{Config, LogLevel};
use crate::daemon::{self, Daemon, HouseholdSource, NamedSource, SourceClock};

pub(super) fn run(arguments: &Demo, level: Option<LogLevel>) -> Result<(), Failure> {
    let mut config = Config::default();
    // A made-up household is nothing to remember.
    config.store.enabled = false;
    config.api.listen = arguments.listen;
    config.export.eve_file.clone_from(&arguments.output);
    let log = settings::start_log(config.log, level)?;
    let mut opened = daemon::open(&config).map_err(run::cannot_open)?;
    let address = opened.address().map_err(Failure::from)?;
    opened.add_source(NamedSource {
        name: HouseholdSource::INTERFACE.to_owned(),
        source: Box::new(HouseholdSource::new(arguments.seed, arguments.speed)),
        clock: SourceClock::OfTheSource,
    });
    let end = match arguments.duration {
        Some(duration) => format!("ends by itself after {} seconds", duration.as_secs_f64()),
        None => "runs until you press Ctrl-C".to_owned(),
    };
    let guide = format!("\
hikwatch demo: a simulated household; nothing is captured from any network. It {end}.

A router, a phone with the EZVIZ app, a laptop, a Hikvision camera and recorder, an EZVIZ doorbell, a
rebranded camera and one of another maker boot now. Within half a minute, see in another terminal:

  hikwatch devices --url http://{address}       which of them are Hikvision's, and why
  hikwatch flows   --url http://{address}       what they send, and where
  hikwatch alerts  --url http://{address}       what a person should look at
  curl -s http://{address}/metrics              what Prometheus scrapes
  curl -s http://{address}/api/v1/devices       the same as JSON

");
    print(&guide)?;
    run::serve(Daemon { config, reread: None, duration: arguments.duration, log }, opened)
}
