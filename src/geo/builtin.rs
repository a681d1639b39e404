//! The country database that is part of the program: `config/geo/`, in the public domain.

/// Read by the page when it is asked, so that what is not asked takes no memory.
pub(super) const COUNTRIES: &[u8] = include_bytes!("../../config/geo/iptoasn-country.mmdb");
