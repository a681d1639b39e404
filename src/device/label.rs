//! What the owner calls a device: a name, a site, an owner.
//!
//! Comes in: the labels of the configuration, each for a device identifier, an Ethernet address or a serial number. Goes
//! out: the label of a device. The network has no say in it.

use std::collections::HashMap;
use std::sync::Arc;

use super::DeviceId;
use crate::net::MacAddr;

/// What the owner wrote of a device.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeviceLabel {
    /// What it is called: "Front door".
    pub name: Option<String>,
    /// Where it hangs.
    pub site: Option<String>,
    /// Who answers for it.
    pub owner: Option<String>,
}

/// What a label is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum LabelSubject {
    /// The device with this identifier.
    Id(DeviceId),
    /// The device with this Ethernet address.
    Mac(MacAddr),
    /// The unit with this serial number, as devices show it.
    Serial(Box<str>),
}

/// All labels.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Labels {
    by_subject: HashMap<LabelSubject, Arc<DeviceLabel>>,
}

impl Labels {
    /// Adds a label; tells whether its subject had none.
    pub fn insert(&mut self, subject: LabelSubject, label: DeviceLabel) -> bool {
        self.by_subject.insert(subject, Arc::new(label)).is_none()
    }

    /// The label of a device: the identifier goes before the addresses, and these before the serial number, which
    /// anybody can say.
    #[must_use]
    pub fn find(
        &self,
        id: &DeviceId,
        macs: &[MacAddr],
        serial: Option<&str>,
    ) -> Option<Arc<DeviceLabel>> {
        if self.by_subject.is_empty() {
            return None;
        }
        let get = |subject| self.by_subject.get(&subject);
        get(LabelSubject::Id(id.clone()))
            .or_else(|| macs.iter().find_map(|mac| get(LabelSubject::Mac(*mac))))
            .or_else(|| get(LabelSubject::Serial(serial?.into())))
            .map(Arc::clone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_identifier_goes_before_addresses_and_these_before_the_serial_number() {
        let id = DeviceId("d-000000000001".into());
        let macs = [MacAddr([2, 0, 0, 0, 0, 1]), MacAddr([2, 0, 0, 0, 0, 2])];
        let named = |name: &str| DeviceLabel { name: Some(name.into()), ..DeviceLabel::default() };
        let mut labels = Labels::default();
        let found = |labels: &Labels| {
            labels.find(&id, &macs, Some("E33842150")).and_then(|label| label.name.clone())
        };
        assert_eq!(found(&labels), None);

        assert!(labels.insert(LabelSubject::Serial("E33842150".into()), named("by serial")));
        assert_eq!(found(&labels).as_deref(), Some("by serial"));
        assert!(labels.insert(LabelSubject::Mac(macs[1]), named("by address")));
        assert_eq!(found(&labels).as_deref(), Some("by address"));
        assert!(labels.insert(LabelSubject::Id(id.clone()), named("by identifier")));
        assert!(!labels.insert(LabelSubject::Id(id.clone()), named("again")));
        assert_eq!(found(&labels).as_deref(), Some("again"));
    }
}
