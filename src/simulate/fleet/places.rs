//! The servers outside that a fleet talks to, beyond those of the household.
//!
//! Comes in: nothing. Goes out: constants. Names are the published ones, or examples; addresses are from
//! documentation ranges (RFC 5737), as in [`crate::simulate::site`].

use std::net::{IpAddr, Ipv4Addr};

use super::sheet::CloudStyle;
use crate::simulate::site::{
    EZVIZ_API, EZVIZ_PUSH, EZVIZ_REGISTRATION_EU, EZVIZ_STORAGE, HIK_GATEWAY, HIK_REGISTRATION,
    OTHER_CLOUD, Site, WEB_PAGE,
};

const fn server(name: &'static str, host: u8, port: u16) -> Site {
    Site::ordinary(name, IpAddr::V4(Ipv4Addr::new(198, 51, 100, host)), port)
}

/// Where the name server asks; it has an address only.
pub(crate) const UPSTREAM: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 53);

const EZVIZ_OLD: Site = server("dev.ezviz7.com", 110, 8555);
const EZVIZ_OLD_US: Site = server("dev.us.ezviz7.com", 111, 8555);
const ALARM_US: Site = server("alarmus.ezvizlife.com", 112, 7400);
const GUARDING_VISION: Site = server("api.guardingvision.com", 113, 443);
const PYRONIX: Site = server("app.pyronixcloud.com", 114, 443);
/// Time.
pub(crate) const HIK_TIME: Site = server("hik-time.ys7.com", 115, 123);
/// Time of a pool.
pub(crate) const POOL_TIME: Site = server("0.pool.ntp.example", 116, 123);

/// What phones and home automation look up, and no device.
pub(crate) const APP_SIDE: [Site; 6] = [
    EZVIZ_API,
    server("ieuopen.ezvizlife.com", 120, 443),
    server("euauth.ezvizlife.com", 121, 443),
    server("eucas.ezvizlife.com", 122, 6500),
    server("vtmcdsfra.ezvizlife.com", 123, 8554),
    server("apiieu.hik-connect.com", 124, 443),
];
/// The vendor's web pages and installer portals.
pub(crate) const PORTALS: [Site; 3] = [
    server("www.hikvision.com", 130, 443),
    server("isgp.hik-partner.com", 131, 443),
    server("www.ezviz.com", 132, 443),
];
/// Names that resemble the vendor's: Huawei's, a stranger's, Uniview's.
pub(crate) const LOOKALIKES: [Site; 3] = [
    server("www.hicloud.com", 140, 443),
    server("www.chiddns.com", 141, 443),
    server("ezcloud.uniview.com", 142, 443),
];
/// What anybody looks up.
pub(crate) const PAGES: [Site; 4] = [
    WEB_PAGE,
    OTHER_CLOUD,
    server("shop.example.com", 150, 443),
    server("mail.example.net", 151, 443),
];

impl CloudStyle {
    /// Where a unit registers with LBS; `None` for clouds that have none.
    pub(crate) const fn registration(self) -> Option<&'static Site> {
        match self {
            Self::HikConnect => Some(&HIK_REGISTRATION),
            Self::Ezviz => Some(&EZVIZ_REGISTRATION_EU),
            Self::EzvizOld | Self::GuardingVision | Self::Pyronix => None,
        }
    }

    /// The names that only devices look up, and ask over TLS.
    pub(crate) const fn names(self) -> &'static [Site] {
        match self {
            Self::HikConnect => &[HIK_GATEWAY],
            Self::Ezviz => &[EZVIZ_PUSH, EZVIZ_STORAGE],
            Self::EzvizOld => &[EZVIZ_OLD, EZVIZ_OLD_US, ALARM_US],
            Self::GuardingVision => &[GUARDING_VISION],
            Self::Pyronix => &[PYRONIX],
        }
    }
}
