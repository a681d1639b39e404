//! From arguments to a command, and from its end to an exit code.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use super::arguments::{Arguments, Command};
use super::failure::{Code, Failure};
use super::{ask, catalogue, check_config, demo, interfaces, replay, run};

/// Runs the program with `arguments`, the first of which is its own name.
pub fn start(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(refusal) => return refuse(&refusal),
    };
    let level = arguments.log_level;
    let result = match arguments.command {
        Command::Run(run) => run::run(&run, level),
        Command::Replay(replay) => replay::run(&replay, level),
        Command::Demo(demo) => demo::run(&demo, level),
        Command::Devices(devices) => ask::devices(&devices),
        Command::Flows(query) => ask::flows(&query),
        Command::Alerts(query) => ask::alerts(&query),
        Command::Catalogue(catalogue) => catalogue::run(&catalogue),
        Command::CheckConfig { file } => check_config::run(&file),
        Command::Interfaces => interfaces::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let mut stderr = io::stderr().lock();
            for line in failure.message.lines() {
                // Nobody is left to be told when standard error is gone.
                let _unheard = writeln!(stderr, "hikwatch: {line}");
            }
            failure.exit_code()
        }
    }
}

/// `--help` and `--version` are answers; anything else is wrong usage (64).
fn refuse(refusal: &clap::Error) -> ExitCode {
    let code = match refusal.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
        _ => Failure::new(Code::Usage, "").exit_code(),
    };
    match refusal.print() {
        Ok(()) => code,
        Err(_) => Failure::new(Code::Io, "").exit_code(),
    }
}
