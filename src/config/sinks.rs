//! The keys of the ways out: `[events]`, `[syslog]`.
//!
//! Comes in: tables of the file. Goes out: what each sink is to do, or all that is wrong. It opens nothing.

use std::time::Duration;

use super::section::Section;
use crate::export::{
    self, EveSocketConfig, EveSocketKind, EventTypes, Facility, Scope, SyslogConfig,
    SyslogServerError,
};
use crate::net::printable;

/// Longest name of a sensor; it stands in every event.
const MAX_SENSOR_NAME: usize = 64;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// Reads `[events]`.
pub(super) fn read_events(section: &mut Section<'_>, export: &mut export::Config) {
    section.optional_path("file", &mut export.eve_file);
    read_rotation(section, &mut export.rotation);
    read_socket(section, &mut export.eve_socket);
    let scopes = [("cameras", Scope::Cameras), ("all", Scope::All)];
    section.choice("scope", &mut export.selection.scope, &scopes);
    section.optional_text("sensor", &mut export.sensor);
    if export.sensor.as_ref().is_some_and(|name| name.len() > MAX_SENSOR_NAME) {
        section.refuse("sensor", format!("must be at most {MAX_SENSOR_NAME} bytes long"));
    }

    let Some(types) = section.texts("types") else { return };
    if types.is_empty() {
        section.refuse("types", "must name an event type, or \"all\"".to_owned());
        return;
    }
    match EventTypes::parse(&types.join(",")) {
        Ok(types) => export.selection.types = types,
        Err(problem) => section.refuse("types", printable(&problem.to_string(), 256)),
    }
}

fn read_rotation(section: &mut Section<'_>, rotation: &mut export::Rotation) {
    section.optional_size("rotate_size", &mut rotation.size, MIB..=1024 * GIB);
    let periods = Duration::from_secs(60)..=Duration::from_secs(7 * 24 * 3600);
    section.optional_duration("rotate_every", &mut rotation.every, periods);
    section.optional_size("max_total", &mut rotation.max_total, 2 * MIB..=16_384 * GIB);
    section.size("min_free", &mut rotation.min_free, 0..=1024 * GIB);
}

fn read_socket(section: &mut Section<'_>, socket: &mut Option<EveSocketConfig>) {
    let mut path = None;
    section.optional_path("socket", &mut path);
    let mut kind = EveSocketKind::default();
    let kinds = [("stream", EveSocketKind::Stream), ("datagram", EveSocketKind::Datagram)];
    section.choice("socket_type", &mut kind, &kinds);
    *socket = path.map(|path| EveSocketConfig { path, kind });
}

/// Reads `[syslog]`.
pub(super) fn read_syslog(section: &mut Section<'_>, syslog: &mut SyslogConfig) {
    match section.text("server") {
        None => {}
        Some("") => syslog.server = None,
        Some(text) => match text.parse() {
            Ok(server) => syslog.server = Some(server),
            Err(SyslogServerError) => section.refuse("server", SyslogServerError.to_string()),
        },
    }
    section.choice("facility", &mut syslog.facility, &Facility::NAMES);
    section.optional_path("ca_file", &mut syslog.ca_file);
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::export::SyslogServer;

    use super::*;

    fn problem(text: &str) -> String {
        Config::from_toml(text).expect_err("this configuration is wrong").to_string()
    }

    #[test]
    fn what_is_set_of_a_way_out_reaches_it() {
        let config = Config::from_toml(
            r#"
            [events]
            rotate_size = "1MiB"
            rotate_every = "24h"
            max_total = "10MiB"
            min_free = "0B"
            socket = "/run/reader.sock"
            socket_type = "datagram"
            [syslog]
            server = "tls://192.0.2.1:6514"
            facility = "local3"
            ca_file = "/etc/ssl/own.pem"
            [journald]
            alerts = true
            "#,
        )
        .unwrap();

        let rotation = config.export.rotation;
        assert_eq!((rotation.size, rotation.max_total), (Some(1 << 20), Some(10 << 20)));
        assert_eq!((rotation.every, rotation.min_free), (Some(Duration::from_secs(86_400)), 0));
        let socket = config.export.eve_socket.unwrap();
        assert_eq!(
            (socket.path.to_str(), socket.kind),
            (Some("/run/reader.sock"), EveSocketKind::Datagram)
        );
        assert_eq!(config.syslog.server, Some(SyslogServer::Tls("192.0.2.1:6514".into())));
        assert_eq!(config.syslog.facility.number(), 19);
        assert!(config.journald.alerts);
    }

    #[test]
    fn a_bound_that_is_empty_is_none_and_a_server_without_a_way_is_refused() {
        let config = Config::from_toml("[events]\nrotate_size = \"\"\nmax_total = \"\"").unwrap();
        assert_eq!((config.export.rotation.size, config.export.rotation.max_total), (None, None));

        assert!(problem("syslog.server = \"host\"").contains("udp://HOST:PORT"));
    }
}
