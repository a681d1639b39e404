//! The catalogue that is part of the program: the files of `config/catalogue/`, as text.

use super::CatalogueText;

/// Every built-in file. Sources and vendors stand first: the others refer to them.
pub(super) const BUILTIN: [CatalogueText<'static>; 4] = [
    CatalogueText {
        name: "config/catalogue/sources.toml",
        text: include_str!("../../config/catalogue/sources.toml"),
    },
    CatalogueText {
        name: "config/catalogue/vendors.toml",
        text: include_str!("../../config/catalogue/vendors.toml"),
    },
    CatalogueText {
        name: "config/catalogue/makers.toml",
        text: include_str!("../../config/catalogue/makers.toml"),
    },
    CatalogueText {
        name: "config/catalogue/cloud.toml",
        text: include_str!("../../config/catalogue/cloud.toml"),
    },
];
