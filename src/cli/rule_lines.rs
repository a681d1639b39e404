//! Why rules fired in a replay, why they were not heard, and which nearly fired.
//!
//! Comes in: the explanation of a run. Goes out: lines for people, or what becomes JSON. Text from the network is made harmless
//! here.

use std::fmt::Write as _;

use serde::Serialize;

use super::moment::exact;
use crate::alert::{Explanation, FiredRule, NearMiss, NearWhy};
use crate::device::DeviceProfile;
use crate::export::EveTime;
use crate::net::{Timestamp, printable};

/// Most lines of one kind that people are shown.
const MAX_SHOWN: usize = 100;

/// Most characters of a line.
const MAX_LINE: usize = 500;

/// The explanation, for people; empty where there is nothing to say.
pub(super) fn rule_lines(explanation: &Explanation) -> String {
    let Explanation { fired, unheard, near, left_out } = explanation;
    let mut text = String::new();
    let fired = fired.iter().map(|known| {
        let because = known.evidence.as_ref().map(|facts| format!("; because {facts}"));
        let because = because.unwrap_or_default();
        format!("{}: {}{}{because}", head(known), known.message, times(known.times))
    });
    let unheard = unheard.iter().map(|known| {
        let FiredRule { message, times: count, .. } = &known.fired;
        let reason = known.reason.as_label();
        format!("{}: {reason}{}: {message}", head(&known.fired), times(*count))
    });
    let near = near.iter().map(|miss| {
        let head = named(miss.at, &miss.rule, &miss.device, &miss.subject);
        format!("{head}: {}", missing(&miss.why))
    });
    say(&mut text, "Rules that fired", fired);
    say(&mut text, "Rules that fired and were not told", unheard);
    say(&mut text, "Rules that nearly fired", near);
    if *left_out > 0 {
        let _infallible = writeln!(text, "  {left_out} more were left out");
    }
    text
}

fn say(text: &mut String, title: &str, lines: impl ExactSizeIterator<Item = String>) {
    let count = lines.len();
    if count == 0 {
        return;
    }
    let _infallible = writeln!(text, "\n{title} (UTC)");
    for line in lines.take(MAX_SHOWN) {
        let _infallible = writeln!(text, "  {}", printable(&line, MAX_LINE));
    }
    if count > MAX_SHOWN {
        let _infallible = writeln!(text, "  and {} more", count - MAX_SHOWN);
    }
}

fn head(fired: &FiredRule) -> String {
    named(fired.first, &fired.rule, &fired.device, &fired.subject)
}

fn named(at: Timestamp, rule: &str, device: &DeviceProfile, subject: &str) -> String {
    let mut text = format!("{} {rule} on {}", exact(&EveTime(at).to_string()), device.id.0);
    if let Some(name) = device.name() {
        let _infallible = write!(text, " ({})", printable(name, 64));
    }
    if !subject.is_empty() {
        let _infallible = write!(text, ", {subject}");
    }
    text
}

fn times(count: u32) -> String {
    if count > 1 { format!(" ({count} times)") } else { String::new() }
}

fn missing(why: &NearWhy) -> String {
    match why {
        NearWhy::Parts { held, failed, unknown, facts } => {
            let list = |title: &str, parts: &[String]| {
                let parts: Vec<_> = parts.iter().map(|part| format!("`{part}`")).collect();
                (!parts.is_empty()).then(|| format!("{title} {}", parts.join(", ")))
            };
            let lists = [
                list("held", held),
                list("did not hold", failed),
                list("could not be told", unknown),
            ];
            let lists: Vec<_> = lists.into_iter().flatten().collect();
            format!("{} ({facts})", lists.join("; "))
        }
        NearWhy::TooShort { lasted, wanted, facts } => {
            format!("held for {} s, of {} s ({facts})", lasted.as_secs(), wanted.as_secs())
        }
        NearWhy::Threshold { text, .. } => text.clone(),
    }
}

/// The explanation, for programs.
#[derive(Serialize)]
pub(super) struct RulesJson<'a> {
    fired: Vec<FiredJson<'a>>,
    not_told: Vec<FiredJson<'a>>,
    near: Vec<NearJson<'a>>,
    left_out: u64,
}

#[derive(Serialize)]
struct FiredJson<'a> {
    timestamp: EveTime,
    rule: &'a str,
    device_id: &'a str,
    subject: &'a str,
    times: u32,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

#[derive(Serialize)]
struct NearJson<'a> {
    timestamp: EveTime,
    rule: &'a str,
    device_id: &'a str,
    subject: &'a str,
    #[serde(flatten)]
    why: WhyJson<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum WhyJson<'a> {
    Parts { held: &'a [String], failed: &'a [String], unknown: &'a [String], facts: &'a str },
    TooShort { lasted_seconds: u64, wanted_seconds: u64, facts: &'a str },
    Threshold { threshold: &'a str, per_mille: u16 },
}

impl<'a> RulesJson<'a> {
    pub(super) fn new(explanation: &'a Explanation) -> Self {
        let unheard = explanation.unheard.iter();
        Self {
            fired: explanation.fired.iter().map(|fired| FiredJson::new(fired, None)).collect(),
            not_told: unheard
                .map(|known| FiredJson::new(&known.fired, Some(known.reason.as_label())))
                .collect(),
            near: explanation.near.iter().map(NearJson::new).collect(),
            left_out: explanation.left_out,
        }
    }
}

impl<'a> FiredJson<'a> {
    fn new(fired: &'a FiredRule, reason: Option<&'static str>) -> Self {
        Self {
            timestamp: EveTime(fired.first),
            rule: &fired.rule,
            device_id: &fired.device.id.0,
            subject: &fired.subject,
            times: fired.times,
            message: &fired.message,
            evidence: fired.evidence.as_deref(),
            reason,
        }
    }
}

impl<'a> NearJson<'a> {
    fn new(miss: &'a NearMiss) -> Self {
        let why = match &miss.why {
            NearWhy::Parts { held, failed, unknown, facts } => {
                WhyJson::Parts { held, failed, unknown, facts }
            }
            NearWhy::TooShort { lasted, wanted, facts } => WhyJson::TooShort {
                lasted_seconds: lasted.as_secs(),
                wanted_seconds: wanted.as_secs(),
                facts,
            },
            NearWhy::Threshold { text, per_mille } => {
                WhyJson::Threshold { threshold: text, per_mille: *per_mille }
            }
        };
        Self {
            timestamp: EveTime(miss.at),
            rule: &miss.rule,
            device_id: &miss.device.id.0,
            subject: &miss.subject,
            why,
        }
    }
}
