//! What may be written behind `hikwatch alerts`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum AlertsCommand {
    /// Takes an alert that stands for known: it says so from now on, also when it comes again and after a restart.
    #[command(after_help = "Example:\n  sudo hikwatch alerts ack 0123456789abcdef")]
    Ack {
        /// Its whole identifier, as `hikwatch alerts` shows it.
        id: String,
        #[command(flatten)]
        token: TokenSource,
    },
}

/// Where the write token is.
#[derive(Debug, Args)]
pub(crate) struct TokenSource {
    /// File with the write token; that of the configuration without it.
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Configuration file that names the write token; /etc/hikwatch/hikwatch.toml without it.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}
