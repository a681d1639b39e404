//! How much of the traffic is seen, as JSON: in the status of an interface and in the summary of a replay.
//!
//! Comes in: a visibility and a coverage. Goes out: their names, a number, and sentences that say what to do.

use serde::Serialize;

use crate::analyst::{Coverage, CoverageLimit, Visibility};

/// What an interface sees.
#[derive(Serialize)]
pub(crate) struct SeeingView {
    /// Absent until it is known.
    visibility: Option<&'static str>,
    visibility_meaning: Option<&'static str>,
    coverage_ratio: f64,
    coverage_limits: Vec<LimitView>,
}

#[derive(Serialize)]
struct LimitView {
    limit: &'static str,
    meaning: &'static str,
    advice: &'static str,
}

impl SeeingView {
    /// Shows what is known of an interface.
    pub(crate) fn new(visibility: Option<Visibility>, coverage: Coverage) -> Self {
        Self {
            visibility: visibility.map(Visibility::as_label),
            visibility_meaning: visibility.map(Visibility::sentence),
            coverage_ratio: coverage.ratio(),
            coverage_limits: coverage.limits().map(LimitView::new).collect(),
        }
    }
}

impl LimitView {
    const fn new(limit: CoverageLimit) -> Self {
        Self { limit: limit.as_label(), meaning: limit.sentence(), advice: limit.advice() }
    }
}
