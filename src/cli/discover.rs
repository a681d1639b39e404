//! `hikwatch discover`: asks devices who they are. The one command that does.

use std::io::{self, Write};
use std::time::Duration;

use super::arguments::{Discover, Format};
use super::ask::device_lines;
use super::failure::{Code, Failure};
use super::output::print;
use super::settings;
use crate::api;
use crate::config::{LogConfig, LogLevel};
use crate::daemon::{Inquiry, LEAST_WAIT, MOST_WAIT};
use crate::net::printable;

/// Most characters of a line of the announcement.
const MAX_LINE: usize = 200;

pub(super) fn run(arguments: &Discover, level: Option<LogLevel>) -> Result<(), Failure> {
    let wait = checked(arguments.wait)?;
    let inquiry = Inquiry::on(&arguments.interface)?;
    let announcement = inquiry.announcement(wait);
    if arguments.dry_run {
        announce(&announcement);
        announce(&["dry run: nothing is sent".to_owned()]);
        return Ok(());
    }
    let (config, _) = settings::load(arguments.config.as_deref())?;
    let quiet = LogConfig { level: LogLevel::Warn, ..config.log };
    settings::start_log(quiet, level)?;
    let discovery = inquiry.open(&config)?;
    announce(&announcement);
    let inventory = discovery.run(wait)?;
    let answer = api::vendor_devices(&inventory).map_err(unspeakable)?;
    if arguments.format == Format::Json {
        return print(&format!("{answer}\n"));
    }
    let devices = serde_json::from_str(&answer).map_err(unspeakable)?;
    print(&device_lines(&devices, "no Hikvision, EZVIZ or rebranded device answered or was heard"))
}

fn checked(wait: Duration) -> Result<Duration, Failure> {
    if (LEAST_WAIT..=MOST_WAIT).contains(&wait) {
        return Ok(wait);
    }
    let (least, most) = (LEAST_WAIT.as_secs(), MOST_WAIT.as_secs());
    Err(Failure::new(Code::Usage, format!("--wait: must be {least}s to {most}s")))
}

/// Says on standard error what is about to happen.
fn announce(lines: &[String]) {
    let mut stderr = io::stderr().lock();
    for line in lines {
        // Who closed standard error does not want to be told.
        let _unheard = writeln!(stderr, "hikwatch: {}", printable(line, MAX_LINE));
    }
}

fn unspeakable(error: serde_json::Error) -> Failure {
    Failure::new(Code::Software, format!("cannot write the devices as JSON: {error}"))
}
