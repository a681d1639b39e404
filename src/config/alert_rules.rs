//! `[[alerts.rule]]`: the rules that the site writes itself.
//!
//! Comes in: the tables of the file. Goes out: rules that are parsed and checked, and what is wrong with the others.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::section::Section;
use crate::alert::{
    AlertRule, FIRST_SITE_SIGNATURE, LAST_SITE_SIGNATURE, RuleDraft, Severity, SiteRule,
};
use crate::net::printable;

/// Most rules; each is looked at for each flow of a camera.
const MAX_RULES: usize = 64;

/// Longest name; it is a metric label.
const MAX_NAME: usize = 40;

/// Longest category and advice.
const MAX_TEXT: usize = 300;

/// Reads the rules.
pub(super) fn read_rules(section: &mut Section<'_>, rules: &mut Vec<Arc<SiteRule>>) {
    let mut signatures: BTreeMap<u32, String> = BTreeMap::new();
    let mut names: Vec<String> = Vec::new();
    section.tables("rule", MAX_RULES, |section| {
        let Some(draft) = read_draft(section, &mut names) else { return };
        let name = draft.name.clone();
        match SiteRule::compile(draft) {
            Ok(rule) => {
                if let Some(known) = signatures.insert(rule.signature_id(), name.clone()) {
                    let problem = format!(
                        "rule \"{known}\" has the signature {} too; give one of them another, from {} to {}",
                        rule.signature_id(),
                        FIRST_SITE_SIGNATURE,
                        LAST_SITE_SIGNATURE
                    );
                    return section.refuse("sid", problem);
                }
                rules.push(Arc::new(rule));
            }
            Err(problems) => {
                for known in problems {
                    section.refuse(known.key, known.problem);
                }
            }
        }
    });
}

/// Reads every key, so that each that is wrong is told; gives a draft where nothing needed is missing.
fn read_draft(section: &mut Section<'_>, names: &mut Vec<String>) -> Option<RuleDraft> {
    let mut draft = RuleDraft::default();
    let day = Duration::from_secs(24 * 3600);
    let name = read_name(section, names);
    let when = read_needed(section, "when", "an expression, such as \"flow.country == 'CN'\"");
    section.duration("for", &mut draft.held_for, Duration::ZERO..=day);
    section.optional_duration("hold", &mut draft.hold, Duration::from_secs(60)..=day);
    let severities = Severity::ALL.map(|severity| (severity.as_label(), severity));
    section.choice("severity", &mut draft.severity, &severities);
    let message = read_needed(
        section,
        "message",
        "a sentence, such as \"{device.name} speaks to {flow.name}\"",
    );
    for (key, text) in [("category", &mut draft.category), ("advice", &mut draft.advice)] {
        if let Some(found) = section.text(key) {
            let is_right = found.len() <= MAX_TEXT && (key != "category" || !found.is_empty());
            if !is_right || printable(found, MAX_TEXT) != found {
                let problem = format!("must be at most {MAX_TEXT} bytes of text on one line");
                section.refuse(key, problem);
            }
            found.clone_into(text);
        }
    }
    section.flag("learning", &mut draft.learns);
    let mut signature = 0;
    section.count("sid", &mut signature, FIRST_SITE_SIGNATURE..=LAST_SITE_SIGNATURE);
    draft.signature_id = (signature > 0).then_some(signature);
    Some(RuleDraft { name: name?, when: when?, message: message?, ..draft })
}

fn read_needed(section: &mut Section<'_>, key: &'static str, wanted: &str) -> Option<String> {
    let text = section.text(key);
    // What is there and no text was told already.
    if text.is_none() && !section.has(key) {
        section.refuse(key, format!("is needed: {wanted}"));
    }
    text.map(str::to_owned)
}

fn read_name(section: &mut Section<'_>, names: &mut Vec<String>) -> Option<String> {
    let name =
        read_needed(section, "name", "a word of your own for the rule, such as \"night-upload\"")?;
    let is_slug = name.len() <= MAX_NAME
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    let shown = printable(&name, 64);
    let problem = if !is_slug {
        format!(
            "must be 1 to {MAX_NAME} small letters, digits and hyphens, a letter first, is \"{shown}\""
        )
    } else if AlertRule::from_label(&name).is_some() {
        format!("a built-in rule is called \"{shown}\"; choose another name")
    } else if names.contains(&name) {
        format!("two rules are called \"{shown}\"")
    } else {
        names.push(name.clone());
        return Some(name);
    };
    section.refuse("name", problem);
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn problems(text: &str) -> Vec<String> {
        let errors = Config::from_toml(text).unwrap_err();
        errors.as_slice().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_rule_is_read_and_an_override_may_name_it() {
        let text = r#"
            [[alerts.rule]]
            name = "night-upload"
            when = "flow.bytes_sent > 1000000 && time.hour < 6"
            for = "30s"
            hold = "1h"
            severity = "high"
            message = "{device.name} sent {flow.bytes_sent} bytes"
            category = "Ours"
            advice = "Look."
            learning = true
            sid = 1500000
            [[alerts.override]]
            rule = "night-upload"
            severity = "low"
        "#;
        let config = Config::from_toml(text).unwrap().analyst.alerts;

        let rule = &config.rules[0];
        assert_eq!((rule.name(), rule.severity()), ("night-upload", Severity::High));
        assert_eq!(rule.signature_id(), 1_500_000);
        assert_eq!(config.overrides[0].rule.as_deref(), Some("night-upload"));
    }

    #[test]
    fn everything_that_is_wrong_with_a_rule_is_told_at_once_with_its_place() {
        let text = r#"
            [[alerts.rule]]
            name = "New-Device"
            when = 5
            [[alerts.rule]]
            name = "new-device"
            when = "true"
            message = ""
            [[alerts.rule]]
            name = "a"
            when = "flow.contry == 'CN' && device.kind == 'camrea'"
            message = "{device.nam}"
            severity = "loud"
            sid = 5
            [[alerts.rule]]
            name = "b"
            when = "device.confidence > 1"
            message = "x"
            sid = 1200000
            [[alerts.rule]]
            name = "b"
            when = "device.confidence > 1"
            message = "x"
            [[alerts.rule]]
            name = "c"
            when = "device.confidence > 1"
            message = "x"
            sid = 1200000
        "#;
        assert_eq!(
            problems(text),
            [
                "alerts.rule[0].name: must be 1 to 40 small letters, digits and hyphens, a letter first, is \"New-Device\"",
                "alerts.rule[0].when: must be text in quotes, is the number 5",
                "alerts.rule[0].message: is needed: a sentence, such as \"{device.name} speaks to {flow.name}\"",
                "alerts.rule[1].name: a built-in rule is called \"new-device\"; choose another name",
                "alerts.rule[2].severity: must be \"high\" or \"medium\" or \"low\", is \"loud\"",
                "alerts.rule[2].sid: must be a whole number from 1001000 to 1999999, is the number 5",
                "alerts.rule[2].when: column 1: unknown field `flow.contry`; did you mean `flow.country`?",
                "alerts.rule[2].when: column 39: device.kind is never \"camrea\"; did you mean \"camera\"?",
                "alerts.rule[4].name: two rules are called \"b\"",
                "alerts.rule[5].sid: rule \"b\" has the signature 1200000 too; give one of them another, from 1001000 to 1999999",
            ]
        );
    }

    #[test]
    fn there_are_at_most_sixty_four_rules() {
        let rule = |number| {
            format!(
                "[[alerts.rule]]\nname = \"r{number}\"\nwhen = \"flow.port == {number}\"\nmessage = \"x\"\n"
            )
        };
        let of = |count| (0..count).map(rule).collect::<String>();
        assert_eq!(Config::from_toml(&of(64)).unwrap().analyst.alerts.rules.len(), 64);
        assert!(problems(&of(65))[0].starts_with("alerts.rule: at most 64"));
    }
}
