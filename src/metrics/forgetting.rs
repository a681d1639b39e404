//! A device that is forgotten: its series end, and what they counted goes on under `other`.
//!
//! Comes in: an identifier. Goes out: no series with it as a label, and sums that are what they were.

use prometheus::IntCounterVec;

use super::Recorder;
use super::device_series::{DeviceSeries, OTHER};
use super::families::{Families, add};
use super::recorder::{info_values, slug};
use crate::alert::AlertRule;
use crate::device::DeviceId;
use crate::net::Perimeter;

const DIRECTIONS: [&str; 2] = ["sent", "received"];

impl Recorder {
    /// Ends the series of a device; its label is free for another.
    pub fn forget(&self, id: &DeviceId) {
        let mut book = self.book();
        let Some(series) = book.remove(id) else { return };
        let families = &self.families;
        if let Some((vendor, kind)) = &series.counted_as
            && let Ok(gauge) =
                families.devices.get_metric_with_label_values(&[slug(vendor), kind.as_label()])
        {
            gauge.sub(1);
        }
        if series.is_labelled {
            end_series(families, &id.0, &series);
        }
    }
}

fn end_series(families: &Families, device: &str, series: &DeviceSeries) {
    // A series that is not there is as good as removed.
    if let Some(identity) = &series.identity {
        drop(families.device_info.remove_label_values(&info_values(device, identity)));
    }
    drop(families.device_confidence.remove_label_values(&[device]));
    drop(families.device_last_seen.remove_label_values(&[device]));
    for rule in AlertRule::ALL {
        drop(families.alert_last_fired.remove_label_values(&[rule.as_label(), device]));
    }
    for perimeter in Perimeter::ALL {
        for direction in DIRECTIONS {
            fold(&families.device_bytes, device, &[perimeter.as_label(), direction]);
        }
    }
    for (vendor, service, role, region) in series.clouds() {
        let cloud = [slug(vendor), slug(service), role.as_label(), region.as_label()];
        fold(&families.cloud_flows, device, &cloud);
        let [vendor, service, role, region] = cloud;
        for direction in DIRECTIONS {
            fold(&families.cloud_bytes, device, &[vendor, service, role, region, direction]);
        }
    }
}

/// Adds what a device counted to the series of all others; `labels` are those behind `device`.
fn fold(family: &IntCounterVec, device: &str, labels: &[&str]) {
    let theirs: Vec<&str> = [device].into_iter().chain(labels.iter().copied()).collect();
    let others: Vec<&str> = [OTHER].into_iter().chain(labels.iter().copied()).collect();
    let Ok(series) = family.get_metric_with_label_values(&theirs) else { return };
    let counted = series.get();
    drop(family.remove_label_values(&theirs));
    if counted > 0 {
        add(family, &others, counted);
    }
}
