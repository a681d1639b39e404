//! What an hour brings for a device.
//!
//! Comes in: a device and a plan. Goes out: acts at random times of the hour. It draws; it performs nothing.

use std::time::Duration;

use super::act::{Act, Trap, Viewing};
use super::resident::{EstateKind, Resident};
use crate::net::Timestamp;
use crate::simulate::prng::Prng;

/// How often in a thousand hours a device of a kind has each of: a view by a peer, one over a relay, one in vain, an upload, a
/// download of firmware, a reboot, one of the traps.
const fn chances(kind: EstateKind) -> [(u64, Act); 7] {
    let [peer, relay, vain, upload, download, boot, trap] = match kind {
        EstateKind::EzvizCamera => [90, 60, 20, 110, 0, 45, 60],
        EstateKind::EzvizDoorbell => [60, 50, 20, 220, 0, 45, 50],
        EstateKind::EzvizBattery => [60, 60, 10, 180, 0, 20, 20],
        EstateKind::HikCamera => [90, 40, 25, 30, 18, 40, 90],
        EstateKind::HikRecorder => [110, 50, 25, 0, 18, 30, 80],
        EstateKind::OldGeneration => [0, 110, 0, 120, 0, 45, 60],
        EstateKind::Phone
        | EstateKind::Laptop
        | EstateKind::OtherCamera
        | EstateKind::Console
        | EstateKind::TunnelHost
        | EstateKind::TimeHost => [0; 7],
    };
    [
        (peer, Act::View(Viewing::Peer)),
        (relay, Act::View(Viewing::Relay)),
        (vain, Act::View(Viewing::InVain)),
        (upload, Act::Upload),
        (download, Act::Download),
        (boot, Act::Boot),
        (trap, Act::Trap(Trap::StunAlone)),
    ]
}

/// Draws the acts of the hour that begins at `hour`. `activity` is in percent of the usual.
pub(crate) fn draw_hour(
    prng: &mut Prng,
    hour: Timestamp,
    host: &Resident,
    activity: u16,
) -> Vec<(Timestamp, Act)> {
    let mut acts = Vec::new();
    let mut plan = |prng: &mut Prng, act| {
        // Not in the last seconds, in which a view would have no room to begin.
        let later = prng.between(Duration::from_secs(20), Duration::from_secs(3_590));
        acts.push((hour.plus(later), act));
    };
    for (chance, act) in chances(host.kind) {
        if let Act::Trap(_) = act {
            // Each trap has its own chance; the first one is the kind's habit.
            for trap in Trap::ALL {
                if prng.below(100_000) < chance * u64::from(activity) {
                    plan(prng, Act::Trap(trap));
                }
            }
        } else if prng.below(100_000) < chance * u64::from(activity) {
            plan(prng, act);
        }
    }
    acts
}
