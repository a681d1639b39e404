//! `hikwatch run`: the daemon.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::bail;

use super::arguments::{Backend, Run};
use super::failure::{Code, Failure};
use super::settings;
use super::source::Source;
use crate::api::{ListenError, WriteTokenError};
use crate::capture::{self, InterfaceConfig, InterfaceRole, SavefileSource};
use crate::config::{self, Config, LogLevel};
use crate::daemon::{self, Daemon, NamedSource, Opened, Reread, SourceClock};
use crate::store::StoreError;

/// What a stream from standard input is called in metrics and logs.
const STANDARD_INPUT: &str = "stdin";

pub(super) fn run(arguments: &Run, level: Option<LogLevel>) -> Result<(), Failure> {
    let (mut config, config_file) = settings::load(arguments.config.as_deref())?;
    apply(arguments, level, &mut config)?;
    let log = settings::start_log(config.log, None)?;
    let mut opened = daemon::open(&config).map_err(cannot_open)?;
    if arguments.source.contains(&Source::StandardInput) {
        // Opened last: its reader is a thread, and must not keep a capability.
        let source = SavefileSource::open_stream(Path::new("-"))?;
        let name = STANDARD_INPUT.to_owned();
        opened.add_source(NamedSource {
            name,
            source: Box::new(source),
            clock: SourceClock::OfTheSource,
        });
    }
    let reread = config_file.map(|file| reread(file, arguments.clone(), level));
    serve(Daemon { config, reread, duration: None, log }, opened)
}

/// What a reload does: the file anew, and on it what the command line said.
fn reread(file: PathBuf, arguments: Run, level: Option<LogLevel>) -> Reread {
    Box::new(move || {
        let mut config = config::load(&file)?;
        match apply(&arguments, level, &mut config) {
            Ok(()) => Ok(config),
            Err(failure) => bail!(failure.message),
        }
    })
}

/// Runs the daemon and tells how it ended.
pub(super) fn serve(daemon: Daemon, opened: Opened) -> Result<(), Failure> {
    daemon.run(opened).map(|_ending| ()).map_err(Failure::from)
}

/// What opening a port, a file or an interface failed with.
pub(super) fn cannot_open(error: anyhow::Error) -> Failure {
    let error = match error.downcast::<ListenError>() {
        Ok(listen) => {
            let code = match &listen {
                ListenError::NotLoopback(_) => Code::Config,
                ListenError::Io { source, .. } if source.kind() == ErrorKind::PermissionDenied => {
                    return Failure::new(
                        Code::Permission,
                        format!(
                            "{listen}; a port below 1024 takes the capability CAP_NET_BIND_SERVICE"
                        ),
                    );
                }
                ListenError::InUse(_) | ListenError::Io { .. } => Code::Unavailable,
            };
            return Failure::new(code, listen.to_string());
        }
        Err(other) => other,
    };
    if error.is::<StoreError>() {
        return Failure::new(Code::Config, format!("{error:#}"));
    }
    if let Some(token) = error.downcast_ref::<WriteTokenError>() {
        return settings::token_refused(token);
    }
    match error.downcast_ref::<std::io::Error>().map(std::io::Error::kind) {
        Some(ErrorKind::PermissionDenied) => Failure::new(Code::Permission, format!("{error:#}")),
        Some(_) => Failure::new(Code::Io, format!("{error:#}")),
        None => error.into(),
    }
}

/// The command line goes before the file.
fn apply(arguments: &Run, level: Option<LogLevel>, config: &mut Config) -> Result<(), Failure> {
    if !arguments.interface.is_empty() {
        let named = |name: &String| {
            let known = config.interfaces.iter().find(|interface| interface.name == *name);
            let role = known.map_or(InterfaceRole::Lan, |interface| interface.role);
            InterfaceConfig { name: name.clone(), role }
        };
        config.interfaces = arguments.interface.iter().map(named).collect();
    }
    match arguments.backend {
        Some(Backend::Afpacket) => config.capture.backend = capture::Backend::AfPacket,
        Some(Backend::Libpcap) => config.capture.backend = capture::Backend::Libpcap,
        None => {}
    }
    if arguments.filter.is_some() {
        config.capture.filter.clone_from(&arguments.filter);
    }
    if let Some(listen) = arguments.listen {
        config.api.listen = listen;
    }
    if let Some(level) = level {
        config.log.level = level;
    }
    if arguments.output.is_some() {
        config.export.eve_file.clone_from(&arguments.output);
    }
    apply_sources(arguments, config)
}

/// Sources stand in the place of the interfaces of the file, and beside those of the command line.
fn apply_sources(arguments: &Run, config: &mut Config) -> Result<(), Failure> {
    if !arguments.source.is_empty() && arguments.interface.is_empty() {
        config.interfaces.clear();
    }
    let mut standard_inputs = 0;
    config.capture.tzsp.clear();
    for source in &arguments.source {
        match source {
            Source::StandardInput => standard_inputs += 1,
            Source::Tzsp(address) => config.capture.tzsp.push(*address),
        }
    }
    if standard_inputs > 1 {
        return Err(Failure::new(Code::Usage, "--source: there is one standard input only"));
    }
    if arguments.source.is_empty() && config.interfaces.is_empty() {
        return Err(Failure::new(
            Code::Usage,
            "no interface to capture on: name one with --interface IF or [[interface]] in the configuration; \
             `hikwatch interfaces` lists what there is",
        ));
    }
    Ok(())
}
