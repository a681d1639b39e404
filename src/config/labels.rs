//! `[[device]]`: what the owner calls devices.
//!
//! Comes in: the tables of the file. Goes out: [`Labels`], and what is wrong.

use super::section::Section;
use crate::device::{DeviceId, DeviceLabel, LabelSubject, Labels};
use crate::net::MacAddr;

/// Most devices with a label.
const MAX_LABELS: usize = 10_000;

/// Longest text of a label, in characters; it stands in events and in a metric's label.
const MAX_TEXT: usize = 64;

/// Reads every `[[device]]`.
pub(super) fn read_labels(root: &mut Section<'_>) -> Labels {
    let mut labels = Labels::default();
    root.tables("device", MAX_LABELS, |section| {
        let subject = read_subject(section);
        let mut text = |key| {
            let text = section.text(key)?;
            if text.is_empty() || text.chars().count() > MAX_TEXT {
                section.refuse(key, format!("must be 1 to {MAX_TEXT} characters"));
                return None;
            }
            Some(text.to_owned())
        };
        let label = DeviceLabel { name: text("name"), site: text("site"), owner: text("owner") };
        if let Some((key, subject)) = subject
            && !labels.insert(subject, label)
        {
            section.refuse(key, "is named twice; keep one of the two".to_owned());
        }
    });
    labels
}

/// The one of `mac`, `serial` and `id` that says which device is meant.
fn read_subject(section: &mut Section<'_>) -> Option<(&'static str, LabelSubject)> {
    let mac = section.text("mac").map(str::to_owned);
    let serial = section.text("serial").map(str::to_owned);
    let id = section.text("id").map(str::to_owned);
    match (mac, serial, id) {
        (Some(mac), None, None) => match mac.parse::<MacAddr>() {
            Ok(mac) => Some(("mac", LabelSubject::Mac(mac))),
            Err(problem) => {
                section.refuse("mac", format!("is {problem}"));
                None
            }
        },
        (None, Some(serial), None) => Some(("serial", LabelSubject::Serial(serial.into()))),
        (None, None, Some(id)) => Some(("id", LabelSubject::Id(DeviceId(id.into())))),
        (_, _, _) => {
            let problem = "one of mac, serial and id is needed, to say which device is meant";
            section.refuse("mac", problem.to_owned());
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn a_label_is_read_for_an_address_a_serial_number_or_an_identifier() {
        let text = r#"
            [[device]]
            mac = "44:a6:42:01:02:03"
            name = "Front door"
            [[device]]
            serial = "E33842150"
            site = "Town hall"
            owner = "Facilities"
        "#;
        let labels = Config::from_toml(text).unwrap().analyst.labels;

        let id = DeviceId("d-000000000001".into());
        let mac = MacAddr([0x44, 0xa6, 0x42, 1, 2, 3]);
        let front = labels.find(&id, &[mac], None).unwrap();
        assert_eq!(front.name.as_deref(), Some("Front door"));
        let hall = labels.find(&id, &[], Some("E33842150")).unwrap();
        assert_eq!(hall.site.as_deref(), Some("Town hall"));
    }

    #[test]
    fn what_is_wrong_with_a_label_is_told_with_its_key() {
        let problems = |text: &str| Config::from_toml(text).unwrap_err().to_string();

        assert!(problems("[[device]]\nname = \"x\"").contains("device[0].mac"));
        assert!(problems("[[device]]\nmac = \"x\"").contains("device[0].mac"));
        let twice = "[[device]]\nid = \"d-1\"\n[[device]]\nid = \"d-1\"";
        assert!(problems(twice).contains("device[1].id: is named twice"));
        assert!(problems("[[device]]\nid = \"d-1\"\nname = \"\"").contains("device[0].name"));
    }
}
