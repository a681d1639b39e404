//! What a piece of evidence says of a device.

use std::fmt;
use std::sync::Arc;

/// A statement about a device; what was seen stands beside it, in the value of the evidence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Claim {
    /// The device is of this vendor.
    Vendor(Arc<str>),
    /// The device is of some vendor of this house.
    House(Arc<str>),
    /// The value is its model.
    Model,
    /// The value is its serial number.
    Serial,
    /// The value is its firmware version.
    Firmware,
    /// The value is the name that it gives itself.
    Hostname,
    /// The value tells whether a password was set: `true` or `false`.
    Activated,
    /// The value is the number of cameras behind a recorder.
    Channels,
    /// The value is how the device let somebody in by a default password.
    DefaultLogin,
}

impl Claim {
    /// The word that stands for the claim where it is stored; with [`Claim::subject`] it tells the whole claim.
    #[must_use]
    pub const fn as_label(&self) -> &'static str {
        match self {
            Self::Vendor(_) => "vendor",
            Self::House(_) => "house",
            Self::Model => "model",
            Self::Serial => "serial",
            Self::Firmware => "firmware",
            Self::Hostname => "hostname",
            Self::Activated => "activated",
            Self::Channels => "channels",
            Self::DefaultLogin => "default-login",
        }
    }

    /// The vendor or house that is claimed.
    #[must_use]
    pub const fn subject(&self) -> Option<&Arc<str>> {
        match self {
            Self::Vendor(name) | Self::House(name) => Some(name),
            Self::Model
            | Self::Serial
            | Self::Firmware
            | Self::Hostname
            | Self::Activated
            | Self::Channels
            | Self::DefaultLogin => None,
        }
    }

    /// The claim of a label and a subject, as [`Claim::as_label`] and [`Claim::subject`] give them.
    #[must_use]
    pub fn from_parts(label: &str, subject: Option<&str>) -> Option<Self> {
        Some(match (label, subject) {
            ("vendor", Some(vendor)) => Self::Vendor(vendor.into()),
            ("house", Some(house)) => Self::House(house.into()),
            ("model", None) => Self::Model,
            ("serial", None) => Self::Serial,
            ("firmware", None) => Self::Firmware,
            ("hostname", None) => Self::Hostname,
            ("activated", None) => Self::Activated,
            ("channels", None) => Self::Channels,
            ("default-login", None) => Self::DefaultLogin,
            (_, _) => return None,
        })
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vendor(vendor) => write!(f, "vendor is {vendor}"),
            Self::House(house) => write!(f, "made in the house of {house}"),
            Self::Model => f.write_str("model"),
            Self::Serial => f.write_str("serial number"),
            Self::Firmware => f.write_str("firmware"),
            Self::Hostname => f.write_str("host name"),
            Self::Activated => f.write_str("a password is set"),
            Self::Channels => f.write_str("cameras behind it"),
            Self::DefaultLogin => f.write_str("default login accepted"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_made_again_from_its_parts() {
        for claim in [
            Claim::Vendor("annke".into()),
            Claim::House("hikvision".into()),
            Claim::Model,
            Claim::Serial,
            Claim::Firmware,
            Claim::Hostname,
            Claim::Activated,
            Claim::Channels,
            Claim::DefaultLogin,
        ] {
            let subject = claim.subject().map(AsRef::as_ref);
            assert_eq!(Claim::from_parts(claim.as_label(), subject), Some(claim));
        }
        assert_eq!(Claim::from_parts("vendor", None), None);
        assert_eq!(Claim::from_parts("colour", None), None);
    }
}
