//! Dossiers in numbered places.
//!
//! Comes in: dossiers. Goes out: [`DeviceRef`]s that stay valid until the dossier leaves, and name nothing afterwards.
//! Walking over it follows the places, so its order is the same on each run.

use super::dossier::Dossier;

/// Names a device of the registry; of a forgotten device it names nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct DeviceRef {
    place: u32,
    /// Counts the arrivals, so that a place's next dossier has another name.
    pub(super) arrival: u32,
}

/// The dossiers.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    places: Vec<Option<(u32, Dossier)>>,
    free: Vec<u32>,
    arrivals: u32,
}

impl Shelf {
    pub(super) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    pub(super) fn get(&self, device: DeviceRef) -> Option<&Dossier> {
        let (arrival, dossier) = self.places.get(index(device))?.as_ref()?;
        (*arrival == device.arrival).then_some(dossier)
    }

    pub(super) fn get_mut(&mut self, device: DeviceRef) -> Option<&mut Dossier> {
        let (arrival, dossier) = self.places.get_mut(index(device))?.as_mut()?;
        (*arrival == device.arrival).then_some(dossier)
    }

    /// Adds a dossier; `None` only beyond 2^32 of them.
    pub(super) fn add(&mut self, dossier: Dossier) -> Option<DeviceRef> {
        let place = match self.free.pop() {
            Some(place) => place,
            None => {
                let place = u32::try_from(self.places.len()).ok()?;
                self.places.push(None);
                place
            }
        };
        let device = DeviceRef { place, arrival: self.arrivals };
        self.arrivals = self.arrivals.wrapping_add(1);
        *self.places.get_mut(index(device))? = Some((device.arrival, dossier));
        Some(device)
    }

    pub(super) fn remove(&mut self, device: DeviceRef) -> Option<Dossier> {
        self.get(device)?;
        let (_, dossier) = self.places.get_mut(index(device))?.take()?;
        self.free.push(device.place);
        Some(dossier)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (DeviceRef, &Dossier)> {
        self.places.iter().zip(0u32..).filter_map(|(place, number)| {
            let (arrival, dossier) = place.as_ref()?;
            Some((DeviceRef { place: number, arrival: *arrival }, dossier))
        })
    }

    pub(super) fn iter_with_mut(&mut self) -> impl Iterator<Item = (DeviceRef, &mut Dossier)> {
        self.places.iter_mut().zip(0u32..).filter_map(|(place, number)| {
            let (arrival, dossier) = place.as_mut()?;
            Some((DeviceRef { place: number, arrival: *arrival }, dossier))
        })
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Dossier> {
        self.places.iter_mut().flatten().map(|(_, dossier)| dossier)
    }
}

const fn index(device: DeviceRef) -> usize {
    device.place as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::dossier::DeviceKey;
    use crate::net::{MacAddr, Timestamp};

    #[test]
    fn a_name_outlives_its_dossier_and_names_nothing_then() {
        let mut shelf = Shelf::default();
        let dossier =
            |n| Dossier::new(DeviceKey::Mac(MacAddr([2, 0, 0, 0, 0, n])), Timestamp::ZERO);
        let first = shelf.add(dossier(1)).unwrap();

        assert!(shelf.remove(first).is_some());
        let second = shelf.add(dossier(2)).unwrap();

        assert!(shelf.get(first).is_none() && shelf.remove(first).is_none());
        assert_eq!(shelf.get(second).unwrap().macs(), [MacAddr([2, 0, 0, 0, 0, 2])]);
        assert_eq!(shelf.len(), 1);
    }
}
