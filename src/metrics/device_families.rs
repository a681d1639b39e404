//! Writes the families that speak of devices.
//!
//! Comes in: rows of series as they were at one moment. Goes out: samples in the exposition. A series appears when it has
//! something to say.

use super::device_book::DeviceRows;
use super::device_series::{Counted, DeviceRow};
use super::exposition::{Exposition, FamilyWriter, Value};
use super::families::{
    ALERT_LAST_FIRED, CLOUD_BYTES, CLOUD_FLOWS, DEVICE_BYTES, DEVICE_CONFIDENCE, DEVICE_INFO,
    DEVICE_LAST_SEEN, Described,
};
use crate::net::Perimeter;

/// The label of devices that share a row.
pub(crate) const OTHER: &str = "other";

/// Room for labels of one sample: the family with most has eight.
const MAX_LABELS: usize = 8;

/// How the families of devices are written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DeviceShape {
    /// Samples say which device they are of.
    pub(crate) names_devices: bool,
    /// Counters say when they began.
    pub(crate) tells_created: bool,
}

/// Writes all families of devices.
pub(crate) fn write_devices(exposition: &mut Exposition, rows: &DeviceRows, shape: DeviceShape) {
    let writer = Writer { rows, shape };
    writer.write_identities(exposition);
    writer.write_bytes(exposition);
    writer.write_clouds(exposition);
    writer.write_fired(exposition);
}

struct Writer<'r> {
    rows: &'r DeviceRows,
    shape: DeviceShape,
}

impl Writer<'_> {
    /// All rows with the value of their label, which is not written where no device is named.
    fn all(&self) -> impl Iterator<Item = (&str, &DeviceRow)> {
        let own = self.rows.own.iter().map(|(id, row)| (&*id.0, &**row));
        own.chain([(OTHER, &*self.rows.shared)])
    }

    fn write_identities(&self, exposition: &mut Exposition) {
        let mut info = begin(exposition, &DEVICE_INFO);
        for (device, row) in self.all() {
            if let Some(identity) = &row.identity {
                let [firmware, kind, mac, model, name, oem_of, vendor] = &**identity;
                let labels = [
                    ("device", device),
                    ("firmware", firmware),
                    ("kind", kind),
                    ("mac", mac),
                    ("model", model),
                    ("name", name),
                    ("oem_of", oem_of),
                    ("vendor", vendor),
                ];
                info.sample(&labels, Value::Whole(1));
            }
        }
        let mut confidence = begin(exposition, &DEVICE_CONFIDENCE);
        for (device, row) in self.all() {
            if let Some((ratio, _)) = row.sureness {
                confidence.sample(&[("device", device)], Value::Real(ratio));
            }
        }
        let mut last_seen = begin(exposition, &DEVICE_LAST_SEEN);
        for (device, row) in self.all() {
            if let Some((_, at)) = row.sureness {
                last_seen.sample(&[("device", device)], Value::Real(at.as_secs_f64()));
            }
        }
    }

    fn write_bytes(&self, exposition: &mut Exposition) {
        let mut bytes = begin(exposition, &DEVICE_BYTES);
        for (device, row) in self.all() {
            for (perimeter, counted) in Perimeter::ALL.iter().zip(&row.bytes) {
                for (direction, total) in directions(counted) {
                    let labels = [
                        ("device", device),
                        ("direction", direction),
                        ("perimeter", perimeter.as_label()),
                    ];
                    self.write_counter(&mut bytes, &labels, total, counted);
                }
            }
        }
    }

    fn write_clouds(&self, exposition: &mut Exposition) {
        let mut bytes = begin(exposition, &CLOUD_BYTES);
        for (device, row) in self.all() {
            for (cloud, counted) in &row.clouds {
                for (direction, total) in directions(counted) {
                    let labels = [
                        ("device", device),
                        ("direction", direction),
                        ("region", cloud.region),
                        ("role", cloud.role),
                        ("service", cloud.service.as_deref().unwrap_or_default()),
                        ("vendor", &cloud.vendor),
                    ];
                    self.write_counter(&mut bytes, &labels, total, counted);
                }
            }
        }
        let mut flows = begin(exposition, &CLOUD_FLOWS);
        for (device, row) in self.all() {
            for (cloud, counted) in &row.clouds {
                let labels = [
                    ("device", device),
                    ("region", cloud.region),
                    ("role", cloud.role),
                    ("service", cloud.service.as_deref().unwrap_or_default()),
                    ("vendor", &cloud.vendor),
                ];
                self.write_counter(&mut flows, &labels, counted.tally.flows, counted);
            }
        }
    }

    fn write_fired(&self, exposition: &mut Exposition) {
        let mut fired = begin(exposition, &ALERT_LAST_FIRED);
        for (device, row) in self.all() {
            for (rule, at) in &row.fired {
                let labels = [("device", device), ("rule", &**rule)];
                fired.sample(&labels, Value::Real(at.as_secs_f64()));
            }
        }
    }

    /// Writes a counter that has counted something, without labels that this profile does not tell.
    fn write_counter(
        &self,
        writer: &mut FamilyWriter<'_>,
        labels: &[(&str, &str)],
        total: u64,
        counted: &Counted,
    ) {
        if total == 0 {
            return;
        }
        let told = |(name, _): &&(&str, &str)| {
            self.shape.names_devices || !["device", "service"].contains(name)
        };
        let mut kept = [("", ""); MAX_LABELS];
        let mut count = 0;
        for (place, label) in kept.iter_mut().zip(labels.iter().filter(told)) {
            *place = *label;
            count += 1;
        }
        let kept = kept.get(..count).unwrap_or_default();
        writer.sample(kept, Value::Whole(total));
        if let (true, Some(since)) = (self.shape.tells_created, counted.since) {
            writer.created(kept, since);
        }
    }
}

fn begin<'e>(exposition: &'e mut Exposition, family: &Described) -> FamilyWriter<'e> {
    exposition.family(family.name, family.help, family.kind)
}

const fn directions(counted: &Counted) -> [(&'static str, u64); 2] {
    [("received", counted.tally.received), ("sent", counted.tally.sent)]
}
