//! Devices as JSON text: what the API answers, and what commands print that have an inventory of their own.
//!
//! Comes in: the inventory. Goes out: the text of one page of devices, or of one device.

use std::collections::HashMap;

use super::paging::{ListScope, MAX_LIMIT, Paging};
use super::view::{DeviceView, ListView};
use crate::device::DeviceId;
use crate::inventory::{DeviceEntry, Inventory};

/// One page of devices, as `/api/v1/devices` gives it.
pub(crate) fn device_list(inventory: &Inventory, paging: Paging) -> serde_json::Result<String> {
    let all = paging.scope == ListScope::All;
    let page = inventory.devices(all, paging.offset, paging.limit);
    let destinations = inventory.destinations(None, 0, usize::MAX);
    let mut services: HashMap<&DeviceId, Vec<&str>> = HashMap::new();
    for destination in &destinations.entries {
        // Most bytes first, each service once though it may be in several regions and roles.
        let known = services.entry(&destination.device).or_default();
        let service = &*destination.destination.service;
        if !known.contains(&service) {
            known.push(service);
        }
    }
    let view = |entry| {
        let device: &DeviceEntry = entry;
        let clouds = services.get(&device.profile.id).map_or(&[][..], Vec::as_slice);
        DeviceView::new(device).with_clouds(clouds)
    };
    serde_json::to_string(&ListView::new(&page, paging, view))
}

/// The first page of the devices of a vendor, as `/api/v1/devices` gives it.
pub(crate) fn vendor_devices(inventory: &Inventory) -> serde_json::Result<String> {
    device_list(inventory, Paging { limit: MAX_LIMIT, offset: 0, scope: ListScope::Cameras })
}

/// One device with its explanation and the services that it spoke to, as `/api/v1/devices/{id}` gives it.
pub(crate) fn device_detail(
    inventory: &Inventory,
    entry: &DeviceEntry,
) -> serde_json::Result<String> {
    let destinations = inventory.destinations(Some(&entry.profile.id), 0, MAX_LIMIT);
    serde_json::to_string(&DeviceView::with_destinations(entry, &destinations.entries))
}
