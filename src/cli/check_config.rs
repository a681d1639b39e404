//! `hikwatch check-config`: every problem of a configuration at once.

use std::io::{self, Write};
use std::path::Path;

use super::failure::{Code, Failure};
use super::settings;
use crate::{config, daemon};

pub(super) fn run(file: &Path) -> Result<(), Failure> {
    let config = config::load(file).map_err(|error| settings::refused(&error))?;
    daemon::load_catalogue(&config.catalogue_dir)
        .map_err(|error| Failure::new(Code::Config, format!("catalogue.directory: {error:#}")))?;
    let message = format!("{}: is well formed\n", file.display());
    io::stdout().lock().write_all(message.as_bytes()).map_err(|e| Failure::output(&e))
}
