//! From arguments to a command, and from its end to an exit code.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use super::arguments::{Arguments, Command};
use super::failure::{Code, Failure};
use super::{
    ask, catalogue, check_config, demo, discover, forget, interfaces, output, replay, run,
};

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
        Command::Devices(devices) => match &devices.forget {
            Some(device) => forget::forget(&devices, device),
            None => ask::devices(&devices),
        },
        Command::Discover(arguments) => discover::run(&arguments, level),
        Command::Flows(query) => ask::flows(&query),
        Command::Alerts(query) => ask::alerts(&query),
        Command::Catalogue(catalogue) => catalogue::run(&catalogue),
        Command::CheckConfig { file } => check_config::run(&file),
        Command::Interfaces => interfaces::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => report(&failure),
    }
}

/// `--help` and `--version` are answers; anything else is wrong usage (64).
fn refuse(refusal: &clap::Error) -> ExitCode {
    let kind = refusal.kind();
    let asked = matches!(kind, ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if !asked && kind != ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return report(&Failure::new(Code::Usage, one_line(&refusal.to_string())));
    }
    match output::settle(refusal.print()) {
        Ok(()) if asked => ExitCode::SUCCESS,
        Ok(()) => Failure::new(Code::Usage, "").exit_code(),
        Err(failure) => report(&failure),
    }
}

/// The refusal without its usage text: one line, as for every other failure.
fn one_line(refusal: &str) -> String {
    let wanted = |paragraph: &&str| {
        !paragraph.starts_with("Usage:") && !paragraph.starts_with("For more information")
    };
    let paragraphs: Vec<&str> = refusal.split("\n\n").filter(wanted).collect();
    let text = paragraphs.join("; ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    format!("{}; --help shows examples", text.strip_prefix("error: ").unwrap_or(&text))
}

/// Tells the user why the command failed, one line a problem.
fn report(failure: &Failure) -> ExitCode {
    let mut stderr = io::stderr().lock();
    for line in failure.message.lines() {
        // Nobody is left to be told when standard error is gone.
        let _unheard = writeln!(stderr, "hikwatch: {line}");
    }
    failure.exit_code()
}
