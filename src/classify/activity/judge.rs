//! The counts of an hour -> what the device did.
//!
//! Comes in: an [`HourTally`] and how much was seen. Goes out: a [`DeviceHour`].
//!
//! What moved pictures or files decides, the most bytes first. Without any, a device that tried to reach the cloud and did
//! not is failing; one that exchanged anything with it is under control only; else it is idle. Where too little was
//! seen, or flows were not followed, none of this is said.

use std::sync::Arc;

use super::{ActivityState, DeviceHour, HourTally, RoleVolume, Sight};
use crate::catalogue::CloudRole;
use crate::net::Timestamp;

/// Below this share of what there was, nothing is said: a tenth that is missing can hold a whole view.
const LEAST_SIGHT: u16 = 900;
/// Bytes sent in an hour from which on a relay or a peer got video; below it are greetings and keep-alives. Two seconds of
/// the smallest stream (256 kbit/s).
const VIEW_BYTES: u64 = 48 * 1024;
/// Bytes sent in an hour from which on storage got pictures; below it are handshakes and index requests. The smallest
/// snapshots of doorbells are some 10 kB.
const UPLOAD_BYTES: u64 = 8 * 1024;
/// Bytes received in an hour from which on it was firmware, and not a look at a list.
const FIRMWARE_BYTES: u64 = 128 * 1024;
/// Below this the verdicts on the flows are too weak to say what they moved.
const LEAST_CONFIDENCE: u8 = 35;
/// Bytes each way with far ends that nothing names, from which on they are told.
const TOLD_NAMELESS: u64 = 16 * 1024;
/// How sure it is that nothing happened, or only what was seen: what goes a way that nobody knows is missed.
const QUIET: u8 = 90;
/// The same while the device itself was not heard to speak to a single host.
const UNHEARD: u8 = 75;
/// How sure a failure is: each attempt was seen, and so was that nothing came of it.
const FAILURE: u8 = 88;

/// Judges an hour that began at `start`.
#[must_use]
pub fn judge(tally: &HourTally, start: Timestamp, sight: Sight, complete: bool) -> DeviceHour {
    let is_dim = sight.per_mille < LEAST_SIGHT || tally.is_cut;
    let verdict = if is_dim { unseen(tally, &sight) } else { seen(tally, &sight) };
    DeviceHour {
        start,
        state: verdict.state,
        also: verdict.also,
        confidence: verdict.confidence,
        reasons: verdict.reasons.into_iter().map(Arc::from).collect(),
        roles: tally.roles.clone(),
        attempts: tally.attempts,
        evasions: tally.evasions.seen().to_vec(),
        nameless_bytes: tally.nameless_bytes,
        sight,
        complete,
    }
}

struct Verdict {
    state: ActivityState,
    also: Vec<ActivityState>,
    confidence: u8,
    reasons: Vec<String>,
}

fn unseen(tally: &HourTally, sight: &Sight) -> Verdict {
    let mut reasons = Vec::new();
    if sight.per_mille < LEAST_SIGHT {
        let share = f64::from(sight.per_mille) / 10.0;
        reasons.push(format!("only {share} % of the traffic was seen"));
    }
    if tally.is_cut {
        reasons.push("flows of it to the outside could not be followed".to_owned());
    }
    reasons.extend(sight.limits.iter().map(|limit| limit.to_string()));
    Verdict { state: ActivityState::Unknown, also: Vec::new(), confidence: 0, reasons }
}

fn seen(tally: &HourTally, sight: &Sight) -> Verdict {
    let mut moved = media(tally);
    moved.sort_by_key(|(_, volume)| std::cmp::Reverse(volume.bytes()));
    let (moved, doubted): (Vec<_>, Vec<_>) =
        moved.into_iter().partition(|(_, volume)| volume.confidence() >= LEAST_CONFIDENCE);
    let mut verdict = match moved.first() {
        Some(&(state, volume)) => Verdict {
            state,
            also: moved.iter().skip(1).map(|(state, _)| *state).collect(),
            confidence: volume.confidence(),
            reasons: vec![moved_reason(state, volume)],
        },
        None => without_media(tally),
    };
    for (state, volume) in doubted {
        let (sure, moved) = (volume.confidence(), moved_reason(state, volume));
        verdict.reasons.push(format!("perhaps, {sure} % sure: {moved}"));
    }
    if tally.nameless_bytes >= TOLD_NAMELESS {
        let bytes = tally.nameless_bytes;
        verdict
            .reasons
            .push(format!("{bytes} bytes went to or came from addresses that no name led to"));
    }
    if sight.per_mille < Sight::WHOLE {
        let share = u32::from(sight.per_mille);
        verdict.confidence =
            u8::try_from(u32::from(verdict.confidence) * share / 1000).unwrap_or(0);
    }
    verdict
}

/// What moved pictures or files, as far as the verdicts on the flows go.
fn media(tally: &HourTally) -> Vec<(ActivityState, &RoleVolume)> {
    let kinds = [
        (ActivityState::P2pView, CloudRole::P2p),
        (ActivityState::CloudRelay, CloudRole::Relay),
        (ActivityState::Upload, CloudRole::Storage),
        (ActivityState::Firmware, CloudRole::Firmware),
    ];
    kinds
        .into_iter()
        .filter_map(|(state, role)| Some((state, tally.role(role)?)))
        .filter(|(state, volume)| match state {
            ActivityState::P2pView | ActivityState::CloudRelay => volume.pushed() >= VIEW_BYTES,
            ActivityState::Upload => volume.pushed() >= UPLOAD_BYTES,
            ActivityState::Firmware => volume.received >= FIRMWARE_BYTES,
            ActivityState::Idle
            | ActivityState::ControlOnly
            | ActivityState::RegistrationFailing
            | ActivityState::Unknown => false,
        })
        .collect()
}

fn moved_reason(state: ActivityState, volume: &RoleVolume) -> String {
    let what = match state {
        ActivityState::P2pView => "sent to peers",
        ActivityState::CloudRelay => "sent to relays",
        ActivityState::Upload => "sent to storage",
        ActivityState::Firmware => "fetched as firmware",
        ActivityState::Idle
        | ActivityState::ControlOnly
        | ActivityState::RegistrationFailing
        | ActivityState::Unknown => "moved",
    };
    let (bytes, seconds) = match state {
        ActivityState::Firmware => (volume.received, volume.received_seconds),
        ActivityState::P2pView
        | ActivityState::CloudRelay
        | ActivityState::Upload
        | ActivityState::Idle
        | ActivityState::ControlOnly
        | ActivityState::RegistrationFailing
        | ActivityState::Unknown => (volume.sent, volume.sent_seconds),
    };
    format!(
        "{bytes} bytes were {what} in {seconds} s over {} flows, {} bytes came back",
        volume.flows,
        if state == ActivityState::Firmware { volume.sent } else { volume.received },
    )
}

fn without_media(tally: &HourTally) -> Verdict {
    let attempts = &tally.attempts;
    let answered =
        tally.role(CloudRole::Registration).is_some_and(|volume| volume.received_payload > 0);
    // A registration whose control server then refuses the device is no success.
    let success = attempts.kept > 0
        || tally.control_answers > 0
        || attempts.refused == 0 && (attempts.registered > 0 || answered);
    if attempts.any() && !success {
        return failing(tally);
    }
    let exchanged = tally.roles.iter().filter(|volume| volume.received > 0);
    if let Some(best) = exchanged.max_by_key(|volume| volume.confidence()) {
        let roles: Vec<_> = tally.roles.iter().map(|volume| volume.role.as_label()).collect();
        return Verdict {
            state: ActivityState::ControlOnly,
            also: Vec::new(),
            confidence: best.confidence().min(QUIET),
            reasons: vec![format!("only standing services were spoken to: {}", roles.join(", "))],
        };
    }
    let (confidence, reason) = match (tally.heard, tally.noticed) {
        (true, _) => (QUIET, "it was heard, and nothing was exchanged with a vendor cloud"),
        (false, true) => (UNHEARD, "of it only what goes to everybody was seen"),
        (false, false) => (UNHEARD, "nothing of it was seen on the way out"),
    };
    Verdict {
        state: ActivityState::Idle,
        also: Vec::new(),
        confidence,
        reasons: vec![reason.to_owned()],
    }
}

fn failing(tally: &HourTally) -> Verdict {
    let attempts = &tally.attempts;
    let mut reasons = Vec::new();
    let mut tell = |count: u32, text: &str| {
        if count > 0 {
            reasons.push(format!("{count} {text}"));
        }
    };
    tell(attempts.unanswered, "connections that nobody answered");
    tell(attempts.rejected, "connections that were refused");
    tell(attempts.names_refused, "names of the cloud that the resolver refused or led nowhere");
    tell(attempts.refused, "refusals by the server itself");
    tell(attempts.names_asked, "names of the cloud asked for");
    if let Some(code) = attempts.refusal_code {
        reasons.push(format!("the latest refusal has code {code}"));
    }
    Verdict {
        state: ActivityState::RegistrationFailing,
        also: Vec::new(),
        // A name that was asked for and led to no attempt may have been asked for nothing.
        confidence: if attempts.failed() > 0 { FAILURE } else { FAILURE / 2 },
        reasons,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::activity::{Attempt, Moved};

    const START: Timestamp = Timestamp::from_parts(3_600, 0);

    fn add(tally: &mut HourTally, role: CloudRole, sent: u64, received: u64, confidence: u8) {
        let moved = Moved { sent, received, received_payload: received / 2, flows: 1 };
        tally.add(role, moved, confidence, START, START);
    }

    fn state(tally: &HourTally) -> (ActivityState, u8) {
        let hour = judge(tally, START, Sight::default(), true);
        (hour.state, hour.confidence)
    }

    #[test]
    fn what_moved_most_bytes_decides_and_the_rest_is_told_beside_it() {
        let mut tally = HourTally::default();
        add(&mut tally, CloudRole::Control, 900, 900, 95);
        add(&mut tally, CloudRole::Storage, 60_000, 900, 85);
        add(&mut tally, CloudRole::P2p, 900_000, 9_000, 78);

        let hour = judge(&tally, START, Sight::default(), true);

        assert_eq!((hour.state, hour.confidence), (ActivityState::P2pView, 78));
        assert_eq!(hour.also, [ActivityState::Upload]);
        assert!(hour.reasons[0].starts_with("900000 bytes were sent to peers"));
    }

    #[test]
    fn greetings_at_a_relay_are_no_view_and_a_weak_verdict_decides_nothing() {
        let mut tally = HourTally::default();
        add(&mut tally, CloudRole::Control, 900, 900, 95);
        add(&mut tally, CloudRole::P2p, 4_000, 4_000, 80);
        add(&mut tally, CloudRole::Relay, 900_000, 9_000, LEAST_CONFIDENCE - 1);

        assert_eq!(state(&tally), (ActivityState::ControlOnly, QUIET));
    }

    #[test]
    fn what_is_fetched_and_what_keeps_a_way_open_is_nothing_that_leaves() {
        let mut tally = HourTally::default();
        add(&mut tally, CloudRole::Control, 900, 900, 95);
        for _ in 0..360 {
            add(&mut tally, CloudRole::P2p, 300, 200, 80);
            // Acknowledgements of a recording that is played from the cloud.
            add(&mut tally, CloudRole::Storage, 20_000, 900_000, 95);
        }

        assert_eq!(state(&tally).0, ActivityState::ControlOnly);
    }

    #[test]
    fn attempts_without_any_success_are_failing() {
        let mut tally = HourTally::default();
        tally.attempt(Attempt::NameAsked);
        tally.attempt(Attempt::Unanswered);
        assert_eq!(state(&tally), (ActivityState::RegistrationFailing, FAILURE));

        add(&mut tally, CloudRole::Registration, 900, 900, 95);
        assert_eq!(state(&tally).0, ActivityState::ControlOnly);
        tally.attempt(Attempt::Refused(10));
        assert_eq!(state(&tally).0, ActivityState::RegistrationFailing);
        tally.attempt(Attempt::Kept);
        assert_eq!(state(&tally).0, ActivityState::ControlOnly);
    }

    #[test]
    fn without_any_exchange_it_is_idle() {
        let mut tally = HourTally::default();
        assert_eq!(state(&tally), (ActivityState::Idle, UNHEARD));
        tally.notice();
        assert!(!tally.is_blank());
        assert_eq!(state(&tally), (ActivityState::Idle, UNHEARD));
        tally.hear();
        assert_eq!(state(&tally), (ActivityState::Idle, QUIET));
    }

    #[test]
    fn an_hour_with_flows_that_were_not_followed_is_not_judged() {
        let mut tally = HourTally::default();
        tally.cut();
        let limits: Arc<[Arc<str>]> = ["the list was full".into()].into();

        let hour = judge(&tally, START, Sight { limits, ..Sight::default() }, true);

        assert_eq!((hour.state, hour.confidence), (ActivityState::Unknown, 0));
        let reasons: Vec<_> = hour.reasons.iter().map(|reason| &**reason).collect();
        let expected = ["flows of it to the outside could not be followed", "the list was full"];
        assert_eq!(reasons, expected);
        assert!(!tally.is_blank());
    }

    #[test]
    fn where_too_little_was_seen_nothing_is_said_but_why() {
        let mut tally = HourTally::default();
        add(&mut tally, CloudRole::P2p, 900_000, 9_000, 90);
        let limits: Arc<[Arc<str>]> = ["the kernel dropped packets".into()].into();
        let sight = |per_mille| Sight { per_mille, limits: Arc::clone(&limits) };

        let dim = judge(&tally, START, sight(800), true);
        assert_eq!((dim.state, dim.confidence), (ActivityState::Unknown, 0));
        assert_eq!(&*dim.reasons[0], "only 80 % of the traffic was seen");
        assert_eq!(&*dim.reasons[1], "the kernel dropped packets");
        let fair = judge(&tally, START, sight(950), true);
        assert_eq!((fair.state, fair.confidence), (ActivityState::P2pView, 85));
    }
}
