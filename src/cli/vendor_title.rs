//! Vendors as a person writes them.
//!
//! Comes in: the slugs of an answer. Goes out: `Annke, made by Hikvision`. A vendor that has no entry of its own is called
//! by its slug with a capital.

use serde_json::Value;

use super::json_field::cell;
use crate::catalogue::Catalogue;

/// The built-in catalogue's names.
pub(super) struct VendorTitles {
    catalogue: Option<Catalogue>,
}

impl VendorTitles {
    pub(super) fn load() -> Self {
        // Without the catalogue there are slugs, which are readable as well.
        Self { catalogue: Catalogue::builtin().ok() }
    }

    /// The brand of a device and who makes it.
    pub(super) fn who(&self, device: &Value) -> String {
        let brand = self.brand(device);
        match cell(device, "oem_of") {
            maker if maker.is_empty() => brand,
            maker => format!("{brand}, made by {}", self.title(&maker)),
        }
    }

    /// The same for a narrow column: `Annke (Hikvision)`.
    pub(super) fn who_in_short(&self, device: &Value) -> String {
        let brand = self.brand(device);
        match cell(device, "oem_of") {
            maker if maker.is_empty() => brand,
            maker => format!("{brand} ({})", self.title(&maker)),
        }
    }

    /// The brand of a device.
    pub(super) fn brand(&self, device: &Value) -> String {
        self.title(&cell(device, "vendor"))
    }

    /// The name of a slug.
    pub(super) fn title(&self, slug: &str) -> String {
        let vendor = self.catalogue.as_ref().and_then(|catalogue| catalogue.vendor(slug));
        vendor.map_or_else(|| capitalised(slug), |vendor| vendor.title.to_string())
    }
}

fn capitalised(slug: &str) -> String {
    let mut letters = slug.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
