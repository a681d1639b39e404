//! Writes what the registry has gathered.
//!
//! Comes in: families of the `prometheus` crate: counters and gauges, nothing else is declared. Goes out: the same in the
//! exposition.

use prometheus::proto::{MetricFamily, MetricType};

use super::exposition::{Exposition, Kind, Value};

/// Writes families; those with `_info` at the end of their names as what they are.
pub(crate) fn write_gathered(exposition: &mut Exposition, families: &[MetricFamily]) {
    let mut labels: Vec<(&str, &str)> = Vec::new();
    for family in families {
        let is_counter = family.get_field_type() == MetricType::COUNTER;
        let kind = match is_counter {
            true => Kind::Counter,
            false if family.name().ends_with("_info") => Kind::Info,
            false => Kind::Gauge,
        };
        let mut writer = exposition.family(family.name(), family.help(), kind);
        for metric in family.get_metric() {
            labels.clear();
            labels.extend(metric.get_label().iter().map(|pair| (pair.name(), pair.value())));
            let value = match is_counter {
                true => metric.get_counter().get_value(),
                false => metric.get_gauge().get_value(),
            };
            writer.sample(&labels, Value::Real(value));
        }
    }
}
