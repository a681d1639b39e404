//! An alert as a syslog message (RFC 5424, section 6).
//!
//! Comes in: an alert. Goes out: one message within a bound, in which whatever came from the network is escaped: control characters are
//! replaced, and what ends a parameter is marked. What is too long is cut, the sentence first.

use super::config::Facility;
use crate::alert::{Alert, AlertPhase, Severity};
use crate::export::Pseudonyms;
use crate::export::rfc3339::Rfc3339;
use crate::net::{is_hidden, printable};

/// The program, as APP-NAME.
const APP_NAME: &str = "hikwatch";

/// Longest HOSTNAME (RFC 5424, 6).
const MAX_HOSTNAME: usize = 255;

/// Longest MSGID.
const MAX_MSGID: usize = 32;

/// Longest value of a parameter, in bytes after escaping; all parameters and the header fit into [`super::wire::MAX_DATAGRAM`].
const MAX_VALUE: usize = 128;

/// Our parameters. The number behind the name is the one that RFC 5612 gives to examples: the project has none of its own.
const SD_ID: &str = "hikwatch@32473";

/// What is the same in each message.
#[derive(Debug)]
pub(super) struct MessageEncoder {
    facility: Facility,
    hostname: String,
    process: u32,
}

impl MessageEncoder {
    /// For messages of the process `process` on this host.
    pub(super) fn new(facility: Facility, hostname: &str, process: u32) -> Self {
        Self { facility, hostname: token(hostname, MAX_HOSTNAME), process }
    }

    /// Appends the message to `out`: at most `max` bytes.
    pub(super) fn encode(
        &self,
        alert: &Alert,
        pseudonyms: Option<&Pseudonyms>,
        max: usize,
        out: &mut Vec<u8>,
    ) {
        let mask = |text: &str| pseudonyms.map_or_else(|| text.to_owned(), |p| p.mask_text(text));
        let begun = out.len();
        let priority = u16::from(self.facility.number()) * 8 + u16::from(level(alert));
        let head = format!(
            "<{priority}>1 {} {} {APP_NAME} {} {} ",
            Rfc3339(alert.timestamp),
            self.hostname,
            self.process,
            token(&alert.rule.name, MAX_MSGID),
        );
        out.extend_from_slice(head.as_bytes());
        let version = env!("CARGO_PKG_VERSION");
        out.extend_from_slice(
            format!("[origin software=\"{APP_NAME}\" swVersion=\"{version}\"][{SD_ID}").as_bytes(),
        );
        let rule = &*alert.rule;
        let identity = &alert.device.identity;
        for (name, value) in [
            ("id", alert.id.to_string()),
            ("phase", alert.phase.as_label().to_owned()),
            ("rule", rule.name.to_string()),
            ("signature_id", rule.signature_id.to_string()),
            ("category", rule.category.to_string()),
            ("severity", alert.severity.as_label().to_owned()),
            ("device", mask(&alert.device_id().0)),
            ("name", mask(alert.device.name().unwrap_or_default())),
            ("vendor", identity.vendor.as_deref().unwrap_or_default().to_owned()),
            ("subject", mask(&alert.subject)),
            ("since", Rfc3339(alert.since).to_string()),
            ("count", alert.count.to_string()),
        ] {
            if !value.is_empty() {
                out.extend_from_slice(format!(" {name}=\"{}\"", parameter(&value)).as_bytes());
            }
        }
        out.extend_from_slice("] \u{feff}".as_bytes());
        let sentence = match alert.phase {
            AlertPhase::Raised | AlertPhase::Repeated => mask(&alert.message),
            AlertPhase::Resolved => format!("resolved: {}", mask(&alert.message)),
        };
        let room = max.saturating_sub(out.len() - begun);
        let sentence = printable(&sentence, room);
        out.extend_from_slice(within(&sentence, room).as_bytes());
    }
}

/// How urgent it is (RFC 5424, 6.2.1): critical, warning, notice; informational when it is over.
const fn level(alert: &Alert) -> u8 {
    match (alert.phase, alert.severity) {
        (AlertPhase::Resolved, _) => 6,
        (AlertPhase::Raised | AlertPhase::Repeated, Severity::High) => 2,
        (AlertPhase::Raised | AlertPhase::Repeated, Severity::Medium) => 4,
        (AlertPhase::Raised | AlertPhase::Repeated, Severity::Low) => 5,
    }
}

/// A field of the header: visible ASCII, or the nil value.
fn token(text: &str, max: usize) -> String {
    let token: String = text.chars().filter(char::is_ascii_graphic).take(max).collect();
    if token.is_empty() { "-".to_owned() } else { token }
}

/// The value of a parameter (RFC 5424, 6.3.3).
fn parameter(value: &str) -> String {
    let mut escaped = String::new();
    for c in value.chars() {
        let before = escaped.len();
        if matches!(c, '"' | '\\' | ']') {
            escaped.push('\\');
        }
        escaped.push(if is_hidden(c) { '?' } else { c });
        if escaped.len() > MAX_VALUE {
            escaped.truncate(before);
            break;
        }
    }
    escaped
}

/// As much of `text` as `room` bytes hold.
fn within(text: &str, room: usize) -> &str {
    text.get(..text.floor_char_boundary(room)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::export::sink::sample::{alert, hostile, in_phase};
    use crate::export::syslog::wire::MAX_DATAGRAM;

    fn encoded(alert: &Alert, max: usize) -> String {
        let mut out = Vec::new();
        MessageEncoder::new(Facility::default(), "attic", 42).encode(alert, None, max, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn an_alert_is_a_message_of_rfc_5424() {
        let raised = alert("d-0011", "ezviz-lbs", "The camera said \"hi\" [1]");

        assert_eq!(
            encoded(&raised, 2048),
            format!(
                "<28>1 2026-09-21T14:13:20.250Z attic hikwatch 42 vendor-cloud-contact \
                 [origin software=\"hikwatch\" swVersion=\"{}\"]\
                 [hikwatch@32473 id=\"{}\" phase=\"raised\" rule=\"vendor-cloud-contact\" signature_id=\"{}\" \
                 category=\"{}\" severity=\"medium\" device=\"d-0011\" name=\"front-door\" vendor=\"hikvision\" \
                 subject=\"ezviz-lbs\" since=\"2026-09-21T14:13:20.250Z\" count=\"1\"] \
                 \u{feff}The camera said \"hi\" [1]",
                env!("CARGO_PKG_VERSION"),
                raised.id,
                raised.rule.signature_id,
                raised.rule.category,
            )
        );
        let over = encoded(&in_phase(&raised, AlertPhase::Resolved), 2048);
        assert!(
            over.starts_with("<30>1 ") && over.contains("\u{feff}resolved: The camera"),
            "{over}"
        );
    }

    #[test]
    fn what_ends_a_parameter_is_marked() {
        assert_eq!(parameter(r#"a"b\c]d"#), r#"a\"b\\c\]d"#);
        assert_eq!(parameter(&"]".repeat(100)).len(), MAX_VALUE);
        assert_eq!(parameter("\u{1b}[31m\n"), "?[31m?");
    }

    /// Reads a message by the grammar; gives the values of our element, and the sentence.
    fn read(message: &str) -> Option<(Vec<(String, String)>, String)> {
        let rest = message.strip_prefix('<')?;
        let (priority, rest) = rest.split_once(">1 ")?;
        let priority: u16 = priority.parse().ok()?;
        let mut fields = rest.splitn(6, ' ');
        for most in [32, 255, 48, 128, 32] {
            let field = fields.next()?;
            let is_token = field.bytes().all(|byte| (33..=126).contains(&byte));
            if field.is_empty() || field.len() > most || !is_token || priority > 191 {
                return None;
            }
        }
        let mut rest = fields.next()?.chars().peekable();
        let mut values = Vec::new();
        while rest.next_if_eq(&'[').is_some() {
            let _id: String = take_name(&mut rest)?;
            while rest.next_if_eq(&' ').is_some() {
                let name = take_name(&mut rest)?;
                (rest.next()? == '=' && rest.next()? == '"').then_some(())?;
                let mut value = String::new();
                loop {
                    match rest.next()? {
                        '"' => break,
                        '\\' => value.push(rest.next().filter(|c| "\"\\]".contains(*c))?),
                        ']' => return None,
                        c => value.push(c),
                    }
                }
                values.push((name, value));
            }
            (rest.next()? == ']').then_some(())?;
        }
        (rest.next()? == ' ' && rest.next()? == '\u{feff}').then_some(())?;
        Some((values, rest.collect()))
    }

    fn take_name(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<String> {
        let mut name = String::new();
        while let Some(c) = rest.next_if(|c| c.is_ascii_graphic() && !"=]\"".contains(*c)) {
            name.push(c);
        }
        (1..=32).contains(&name.len()).then_some(name)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn hostile_names_break_no_grammar_and_no_bound(
            device in hostile(), subject in hostile(), message in hostile(), host in hostile(),
        ) {
            let alert = alert(&device, &subject, &message);
            for max in [MAX_DATAGRAM, 8192] {
                let mut out = Vec::new();
                let encoder = MessageEncoder::new(Facility::default(), &host, 42);
                encoder.encode(&alert, None, max, &mut out);
                prop_assert!(out.len() <= max, "{} bytes", out.len());
                let text = String::from_utf8(out).unwrap();
                let (values, sentence) = read(&text).expect("a message of RFC 5424");
                prop_assert!(!sentence.chars().any(is_hidden));
                prop_assert!(!values.iter().any(|(_, value)| value.chars().any(is_hidden)));
                let expected = printable(&device, usize::MAX);
                let shown = values.iter().find(|(name, _)| name == "device");
                prop_assert!(shown.is_none_or(|(_, value)| expected.starts_with(value.as_str())));
            }
        }
    }
}
