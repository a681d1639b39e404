//! `hikwatch check-config`: every problem of a configuration at once.

use std::path::Path;

use super::failure::Failure;
use super::output::print;
use super::settings;
use crate::config;
use crate::daemon;

pub(super) fn run(file: &Path) -> Result<(), Failure> {
    let config = config::load(file).map_err(|error| settings::refused(&error))?;
    daemon::load_catalogue(&config.catalogue)
        .map_err(|error| settings::knowledge_refused(&error))?;
    daemon::load_geo(&config.geo).map_err(|error| settings::knowledge_refused(&error))?;
    print(&format!("{}: is well formed\n", file.display()))
}
