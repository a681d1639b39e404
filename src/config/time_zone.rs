//! A time zone by its name, from the system's database (IANA; the package `tzdata`).
//!
//! Comes in: a name such as `Europe/London`. Goes out: a [`SiteClock`]: what its clocks are ahead of UTC over a span of years, as a
//! list, so that nothing that decides on alerts reads a file. A later database takes effect with the next reload.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::alert::SiteClock;
use crate::net::printable;

/// Longest name; those of the database have up to 32 characters.
const MAX_NAME: usize = 64;

/// The span of the list: 1990 to 2100, in seconds of Unix time. Before and behind it the nearest offset holds.
const FROM: i64 = 631_152_000;
const UNTIL: i64 = 4_102_444_800;

/// Most changes; two a year, and some countries make four.
const MAX_CHANGES: usize = 1_000;

/// What is wrong with a name.
pub(super) struct ZoneProblem(pub(super) String);

/// The clock of a time zone.
pub(super) fn site_clock(name: &str) -> Result<SiteClock, ZoneProblem> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || "/_+-".contains(c);
    if name.len() > MAX_NAME || !name.chars().all(is_name) {
        let problem = format!(
            "must be the name of a time zone such as \"Europe/London\", is \"{}\"",
            printable(name, MAX_NAME)
        );
        return Err(ZoneProblem(problem));
    }
    let zone = TimeZone::get(name).map_err(|_| {
        let problem = format!(
            "the system knows no time zone \"{name}\" (its database is the package tzdata); utc_offset needs none"
        );
        ZoneProblem(problem)
    })?;
    let begin = Timestamp::from_second(FROM).unwrap_or_default();
    let changes = zone
        .following(begin)
        .map(|change| (change.timestamp().as_second(), change.offset().seconds()))
        .take_while(|(from, _)| *from < UNTIL)
        .take(MAX_CHANGES);
    Ok(SiteClock::changing(zone.to_offset(begin).seconds(), changes))
}
