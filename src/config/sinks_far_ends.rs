//! The keys of the services that are told: `[alertmanager]`, `[[webhook]]`, `[mqtt]`, `[ipfix]`.
//!
//! Comes in: tables of the file. Goes out: settings, or all that is wrong. Addresses may hold tokens: no problem repeats one.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::section::Section;
use crate::alert::Severity;
use crate::export::{
    AlertmanagerConfig, FarEnds, HttpAddress, IpfixConfig, IpfixTransport, MqttConfig,
    SecretSource, WebhookConfig, WebhookKind,
};

/// Most web services; each has a thread.
const MAX_WEBHOOKS: usize = 16;
/// Most Alertmanagers; each is sent everything.
const MAX_ALERTMANAGERS: usize = 8;
/// Longest name of a web service; it is a metric label.
const MAX_NAME: usize = 32;
/// Longest text that is sent as it is: a topic, a chat, a user name.
const MAX_TEXT: usize = 128;
/// Where Telegram's Bot API is, as its documentation says.
const TELEGRAM: &str = "https://api.telegram.org";

const TIMEOUTS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(60);
const INTERVALS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(3600);
const SEVERITIES: [(&str, Severity); 3] =
    [("low", Severity::Low), ("medium", Severity::Medium), ("high", Severity::High)];

/// Reads all of them.
pub(super) fn read_far_ends(root: &mut Section<'_>, far_ends: &mut FarEnds) {
    root.table("alertmanager", |section| read_alertmanager(section, &mut far_ends.alertmanager));
    root.tables("webhook", MAX_WEBHOOKS, |section| {
        read_webhook(section, &mut far_ends.webhooks);
    });
    root.table("mqtt", |section| read_mqtt(section, &mut far_ends.mqtt));
    root.table("ipfix", |section| read_ipfix(section, &mut far_ends.ipfix));
}

fn read_alertmanager(section: &mut Section<'_>, config: &mut AlertmanagerConfig) {
    if let Some(texts) = section.texts("urls") {
        if texts.len() > MAX_ALERTMANAGERS {
            section.refuse("urls", format!("at most {MAX_ALERTMANAGERS} are allowed"));
        }
        for text in texts.into_iter().take(MAX_ALERTMANAGERS) {
            match HttpAddress::parse(text) {
                Ok(address) => config.urls.push(address),
                Err(problem) => section.refuse("urls", format!("each {problem}")),
            }
        }
    }
    read_secret(section, ("token_file", "token_credential"), &mut config.token);
    section.duration("interval", &mut config.interval, Duration::from_secs(5)..=*INTERVALS.end());
    section.choice("min_severity", &mut config.min_severity, &SEVERITIES);
    read_address(section, "external_url", &mut config.external_url);
    section.optional_path("ca_file", &mut config.ca_file);
}

fn read_webhook(section: &mut Section<'_>, webhooks: &mut Vec<WebhookConfig>) {
    let mut config = WebhookConfig::default();
    section.choice("kind", &mut config.kind, &WebhookKind::NAMES);
    match section.text("name") {
        None => section.refuse("name", "is needed: what metrics and logs call it".to_owned()),
        Some(name) if !is_name(name) => {
            let problem = format!("must be 1 to {MAX_NAME} of a-z, 0-9, - and _");
            section.refuse("name", problem);
        }
        Some(name) if webhooks.iter().any(|known| known.name == name) => {
            section.refuse("name", format!("\"{name}\" is named twice; keep one of the two"));
        }
        Some(name) => config.name = name.to_owned(),
    }
    read_address(section, "url", &mut config.url);
    read_secret(section, ("token_file", "token_credential"), &mut config.token);
    read_plain(section, "channel", &mut config.channel);
    section.choice("min_severity", &mut config.min_severity, &SEVERITIES);
    section.flag("resolved", &mut config.resolved);
    section.duration("timeout", &mut config.timeout, TIMEOUTS);
    section.optional_path("ca_file", &mut config.ca_file);

    if config.kind == WebhookKind::Telegram && config.url.is_none() {
        config.url = HttpAddress::parse(TELEGRAM).ok();
    }
    let (needs_url, needs_token, needs_channel) = match config.kind {
        WebhookKind::Generic => (true, false, false),
        WebhookKind::Ntfy => (true, false, true),
        WebhookKind::Gotify => (true, true, false),
        // The address is the secret, so it may also stand in the token's file.
        WebhookKind::Slack => (config.token.is_none(), false, false),
        WebhookKind::Telegram => (false, true, true),
    };
    if needs_url && config.url.is_none() {
        section.refuse("url", "is needed for this kind".to_owned());
    }
    if needs_token && config.token.is_none() {
        section.refuse("token_file", "or token_credential is needed for this kind".to_owned());
    }
    if needs_channel && config.channel.is_none() {
        section.refuse("channel", "is needed for this kind: the topic or chat".to_owned());
    }
    webhooks.push(config);
}

fn read_mqtt(section: &mut Section<'_>, config: &mut MqttConfig) {
    read_far_end(section, "broker", &mut config.broker);
    read_plain(section, "username", &mut config.username);
    read_secret(section, ("password_file", "password_credential"), &mut config.password);
    for (key, setting) in [
        ("client_id", &mut config.client_id),
        ("topic", &mut config.topic),
        ("discovery", &mut config.discovery),
    ] {
        match section.text(key) {
            None => {}
            Some(text) if is_topic(text) => *setting = text.to_owned(),
            Some(_) => {
                let problem = format!("must be 1 to {MAX_TEXT} of a-z, A-Z, 0-9, -, _ and /");
                section.refuse(key, problem);
            }
        }
    }
    section.duration("interval", &mut config.interval, INTERVALS);
    if config.password.is_some() && config.username.is_none() {
        section.refuse("username", "is needed with a password (MQTT 3.1.1, 3.1.2.9)".to_owned());
    }
}

fn read_ipfix(section: &mut Section<'_>, config: &mut IpfixConfig) {
    read_far_end(section, "collector", &mut config.collector);
    section.choice("transport", &mut config.transport, &IpfixTransport::NAMES);
    section.count("domain", &mut config.domain, 1..=u32::MAX);
    section.duration("template_interval", &mut config.template_interval, INTERVALS);
}

fn read_address(section: &mut Section<'_>, key: &'static str, setting: &mut Option<HttpAddress>) {
    let Some(text) = section.text(key) else { return };
    if text.is_empty() {
        *setting = None;
        return;
    }
    match HttpAddress::parse(text) {
        Ok(address) => *setting = Some(address),
        Err(problem) => section.refuse(key, problem.to_string()),
    }
}

/// Reads a secret from a file or a credential of the service manager, whichever is named.
fn read_secret(
    section: &mut Section<'_>,
    (file_key, credential_key): (&'static str, &'static str),
    setting: &mut Option<SecretSource>,
) {
    let mut file = None;
    section.optional_path(file_key, &mut file);
    let credential = section.text(credential_key).filter(|name| !name.is_empty());
    if credential.is_some_and(|name| name.contains('/') || name.len() > MAX_TEXT) {
        section.refuse(credential_key, "must be a name, not a path".to_owned());
    }
    match (file, credential) {
        (Some(_), Some(_)) => {
            section.refuse(credential_key, format!("cannot stand beside {file_key}; keep one"));
        }
        (Some(file), None) => *setting = Some(SecretSource::File(file)),
        (None, Some(name)) => *setting = Some(SecretSource::Credential(name.to_owned())),
        (None, None) => *setting = None,
    }
}

/// Reads `host:port`; empty unsets it.
fn read_far_end(section: &mut Section<'_>, key: &'static str, setting: &mut Option<String>) {
    let Some(text) = section.text(key) else { return };
    if text.is_empty() {
        *setting = None;
    } else if is_far_end(text) {
        *setting = Some(text.to_owned());
    } else {
        let problem =
            "must be a host and a port, such as \"192.0.2.1:4739\" or \"[2001:db8::1]:4739\"";
        section.refuse(key, problem.to_owned());
    }
}

/// Reads text without control characters that may be left empty.
fn read_plain(section: &mut Section<'_>, key: &'static str, setting: &mut Option<String>) {
    section.optional_text(key, setting);
    let is_bad = |text: &String| text.len() > MAX_TEXT || text.chars().any(char::is_control);
    if setting.as_ref().is_some_and(is_bad) {
        section
            .refuse(key, format!("must be at most {MAX_TEXT} bytes, without control characters"));
        *setting = None;
    }
}

fn is_far_end(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    let is_host = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inner) => inner.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
            (1..=253).contains(&host.len()) && host.chars().all(allowed)
        }
    };
    is_host && port.parse::<u16>().is_ok_and(|port| port > 0)
}

fn is_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    (1..=MAX_NAME).contains(&text.len()) && text.chars().all(allowed)
}

/// Text without wildcards, and without an empty level at its ends.
fn is_topic(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/');
    (1..=MAX_TEXT).contains(&text.len())
        && text.chars().all(allowed)
        && !text.starts_with('/')
        && !text.ends_with('/')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn read(text: &str) -> FarEnds {
        Config::from_toml(text).unwrap().far_ends
    }

    fn problem(text: &str) -> String {
        Config::from_toml(text).unwrap_err().to_string()
    }

    #[test]
    fn each_service_is_read() {
        let far_ends = read(
            "[alertmanager]\nurls = [\"http://192.0.2.1:9093\"]\n\
             [[webhook]]\nname = \"phone\"\nkind = \"ntfy\"\nurl = \"https://ntfy.example.com\"\nchannel = \"cams\"\n\
             [[webhook]]\nname = \"bot\"\nkind = \"telegram\"\ntoken_credential = \"bot\"\nchannel = \"1\"\n\
             [mqtt]\nbroker = \"mqtt.example.com:1883\"\n\
             [ipfix]\ncollector = \"[2001:db8::1]:4739\"\ntransport = \"tcp\"\n",
        );

        assert_eq!(far_ends.alertmanager.urls.len(), 1);
        assert_eq!(far_ends.webhooks[0].kind, WebhookKind::Ntfy);
        assert_eq!(far_ends.webhooks[1].url.as_ref().unwrap().expose(), TELEGRAM);
        assert_eq!(far_ends.mqtt.broker.as_deref(), Some("mqtt.example.com:1883"));
        assert_eq!(far_ends.ipfix.transport, IpfixTransport::Tcp);
    }

    #[test]
    fn what_a_service_cannot_do_without_is_asked_for() {
        for (lines, expected) in [
            ("kind = \"generic\"", "webhook[0].url: is needed"),
            (
                "kind = \"gotify\"\nurl = \"http://192.0.2.1\"",
                "webhook[0].token_file: or token_credential",
            ),
            ("kind = \"telegram\"\ntoken_file = \"/t\"", "webhook[0].channel: is needed"),
            ("kind = \"slack\"", "webhook[0].url: is needed"),
        ] {
            let problem = problem(&format!("[[webhook]]\nname = \"a\"\n{lines}\n"));
            assert!(problem.starts_with(expected), "{problem}");
        }
        assert!(problem("[mqtt]\npassword_file = \"/p\"\n").starts_with("mqtt.username"));
    }

    #[test]
    fn a_wrong_address_is_refused_without_repeating_what_may_be_secret() {
        let text = "[[webhook]]\nname = \"a\"\nurl = \"ftp://192.0.2.1/hidden?token=hidden\"\n";
        assert!(!problem(text).contains("hidden"));
    }

    #[test]
    fn names_are_unique_and_far_ends_have_a_port() {
        let twice = "[[webhook]]\nname = \"a\"\nurl = \"http://192.0.2.1\"\n".repeat(2);
        assert!(problem(&twice).contains("named twice"));
        for text in ["host", "host:0", "host:99999", ":1", "2001:db8::1:4739x", "a b:1"] {
            assert!(
                problem(&format!("[ipfix]\ncollector = \"{text}\"\n"))
                    .starts_with("ipfix.collector")
            );
        }
        assert!(problem("[mqtt]\ntopic = \"a/#\"\n").starts_with("mqtt.topic"));
    }
}
