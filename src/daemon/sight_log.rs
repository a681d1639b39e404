//! What the log says about how much is seen.
//!
//! Comes in: totals of the interfaces, again and again. Goes out: a line when an interface's visibility is known or has
//! changed, and one for each new reason why not all is seen. What comes and goes is told once.

use std::collections::BTreeMap;

use tracing::{info, warn};

use crate::analyst::{CoverageLimit, Visibility};
use crate::metrics::InterfaceTotals;

/// Remembers what was told.
#[derive(Debug, Default)]
pub(super) struct SightLog {
    interfaces: BTreeMap<String, Told>,
}

#[derive(Debug, Default)]
struct Told {
    visibility: Option<Visibility>,
    limits: Vec<CoverageLimit>,
}

impl SightLog {
    /// Tells what is new.
    pub(super) fn tell(&mut self, interfaces: &[InterfaceTotals]) {
        for interface in interfaces {
            for line in self.news(interface) {
                if line.is_fine {
                    info!(interface = %interface.name, "{}", line.text);
                } else {
                    warn!(interface = %interface.name, "{}", line.text);
                }
            }
        }
    }

    fn news(&mut self, interface: &InterfaceTotals) -> Vec<Line> {
        let mut lines = Vec::new();
        let Some(visibility) = interface.visibility else { return lines };
        let told = self.interfaces.entry(interface.name.clone()).or_default();
        if told.visibility.replace(visibility) != Some(visibility) {
            lines.push(Line {
                is_fine: visibility == Visibility::Full,
                text: format!("visibility {}: {}", visibility.as_label(), visibility.sentence()),
            });
        }
        for limit in interface.coverage.limits() {
            // Told by the visibility already.
            if limit != CoverageLimit::BroadcastOnly && !told.limits.contains(&limit) {
                told.limits.push(limit);
                lines.push(Line {
                    is_fine: false,
                    text: format!("not all is seen: {}; {}", limit.sentence(), limit.advice()),
                });
            }
        }
        lines
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Line {
    is_fine: bool,
    text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(log: &mut SightLog, visibility: Option<Visibility>) -> Vec<(bool, String)> {
        let interface =
            InterfaceTotals { name: "eth0".to_owned(), visibility, ..InterfaceTotals::default() };
        log.news(&interface).into_iter().map(|line| (line.is_fine, line.text)).collect()
    }

    #[test]
    fn a_state_is_told_when_it_is_known_and_when_it_changes() {
        let mut log = SightLog::default();
        assert!(told(&mut log, None).is_empty());

        let lines = told(&mut log, Some(Visibility::BroadcastOnly));
        assert!(!lines[0].0 && lines[0].1.contains("mirror the switch port"), "{lines:?}");
        assert!(told(&mut log, Some(Visibility::BroadcastOnly)).is_empty());

        let lines = told(&mut log, Some(Visibility::Full));
        assert!(lines[0].0 && lines[0].1.contains("full"), "{lines:?}");
    }
}
