//! The servers outside that the household talks to.
//!
//! Comes in: nothing. Goes out: constants: name, aliases, address and what the server is. All
//! addresses but that of the resolver over HTTP are from documentation ranges (RFC 5737, RFC 3849);
//! they are not those of the services. Names, roles and regions are the published ones.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// One server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Site {
    /// The name that is looked up; `None` where a device has the address from elsewhere.
    pub(crate) domain: Option<&'static str>,
    /// The names through which that one leads to the address.
    pub(crate) aliases: &'static [&'static str],
    /// Address.
    pub(crate) address: IpAddr,
    /// Port of its service.
    pub(crate) port: u16,
    /// The vendor whose cloud it is.
    pub(crate) vendor: Option<&'static str>,
    /// Role, in the words of the contract.
    pub(crate) role: &'static str,
    /// Region, in the words of the contract.
    pub(crate) region: &'static str,
    /// Who normally speaks to it.
    pub(crate) speaker: Option<&'static str>,
}

impl Site {
    pub(crate) const fn vendors(
        domain: &'static str,
        host: [u8; 4],
        port: u16,
        cloud: [&'static str; 4],
    ) -> Self {
        let [vendor, role, region, speaker] = cloud;
        let [a, b, c, d] = host;
        Self {
            domain: Some(domain),
            aliases: &[],
            address: IpAddr::V4(Ipv4Addr::new(a, b, c, d)),
            port,
            vendor: Some(vendor),
            role,
            region,
            speaker: Some(speaker),
        }
    }

    /// A server of EZVIZ's whose address comes from another server, never from DNS.
    const fn assigned(role: &'static str, host: u8, port: u16, speaker: &'static str) -> Self {
        Self {
            domain: None,
            aliases: &[],
            address: IpAddr::V4(Ipv4Addr::new(203, 0, 113, host)),
            port,
            vendor: Some("ezviz"),
            role,
            region: "unknown",
            speaker: Some(speaker),
        }
    }

    pub(crate) const fn ordinary(domain: &'static str, address: IpAddr, port: u16) -> Self {
        Self {
            domain: Some(domain),
            aliases: &[],
            address,
            port,
            vendor: None,
            role: "unknown",
            region: "unknown",
            speaker: None,
        }
    }

    /// The name, or nothing.
    pub(crate) fn name(&self) -> &'static str {
        self.domain.unwrap_or_default()
    }
}

/// Registration of Hikvision cameras and recorders.
pub(crate) const HIK_REGISTRATION: Site = Site::vendors(
    "litedev.hik-connect.com",
    [198, 51, 100, 10],
    8666,
    ["hikvision", "registration", "global", "device"],
);
/// Gateway of Hikvision cameras.
pub(crate) const HIK_GATEWAY: Site = Site::vendors(
    "dev.hik-connect.com",
    [198, 51, 100, 11],
    8555,
    ["hikvision", "registration", "global", "device"],
);
/// Vendor's dynamic DNS, in clear.
pub(crate) const HIK_DDNS: Site = Site::vendors(
    "www.hiddns.com",
    [198, 51, 100, 12],
    80,
    ["hikvision", "ddns", "global", "both"],
);
/// Registration of EZVIZ devices in Europe.
pub(crate) const EZVIZ_REGISTRATION_EU: Site = Site::vendors(
    "litedev.eu.ezvizlife.com",
    [198, 51, 100, 20],
    8666,
    ["ezviz", "registration", "eu", "device"],
);
/// Registration of EZVIZ devices, and of the rebranded camera here.
pub(crate) const EZVIZ_REGISTRATION: Site = Site::vendors(
    "litedev.ezvizlife.com",
    [198, 51, 100, 21],
    8666,
    ["ezviz", "registration", "global", "device"],
);
/// Control server: its address comes in the encrypted part of the registration, never from DNS.
pub(crate) const EZVIZ_CONTROL: Site = Site::assigned("control", 31, 31_006, "device");
/// The vendor's own STUN, two of them.
pub(crate) const EZVIZ_STUN: [Site; 2] =
    [Site::assigned("stun", 32, 6002, "both"), Site::assigned("stun", 33, 6003, "both")];
/// The server that brings two peers together.
pub(crate) const EZVIZ_P2P: Site = Site::assigned("p2p", 34, 6000, "both");
/// The phone outside that views the doorbell, as its own router shows it.
pub(crate) const EZVIZ_VIEWER: Site = Site::assigned("p2p", 35, 41_234, "both");
/// The resolver over HTTP that firmware has built in; this address is the published one.
pub(crate) const HTTPDNS: Site =
    Site { domain: None, ..Site::ordinary("", IpAddr::V4(Ipv4Addr::new(119, 29, 29, 29)), 80) };
/// Where a pressed doorbell sends its snapshot.
pub(crate) const EZVIZ_STORAGE: Site = Site::vendors(
    "alarm.eu.s3.amazonaws.com",
    [203, 0, 113, 40],
    443,
    ["ezviz", "storage", "eu", "device"],
);
/// Alarm messages; the name is an alias of a load balancer's.
pub(crate) const EZVIZ_PUSH: Site = Site {
    aliases: &["alarmadapter-1234567890.eu-west-1.elb.amazonaws.com"],
    ..Site::vendors(
        "alarmeu.ezvizlife.com",
        [203, 0, 113, 41],
        7400,
        ["ezviz", "push", "eu", "device"],
    )
};
/// Time.
pub(crate) const EZVIZ_TIME: Site =
    Site::vendors("time.ys7.com", [203, 0, 113, 50], 123, ["ezviz", "ntp", "china", "both"]);
/// What the app on the phone asks.
pub(crate) const EZVIZ_API: Site = Site {
    aliases: &["api-eu-1234567890.eu-west-1.elb.amazonaws.com"],
    ..Site::vendors("apiieu.ezvizlife.com", [203, 0, 113, 60], 443, ["ezviz", "api", "eu", "app"])
};
/// The cloud of the camera that is no Hikvision.
pub(crate) const OTHER_CLOUD: Site =
    Site::ordinary("p2p.example.net", IpAddr::V4(Ipv4Addr::new(203, 0, 113, 70)), 443);
/// A page over TLS.
pub(crate) const WEB_PAGE: Site =
    Site::ordinary("www.example.com", IpAddr::V4(Ipv4Addr::new(203, 0, 113, 80)), 443);
/// A page in clear.
pub(crate) const WEB_CLEAR: Site =
    Site::ordinary("news.example.org", IpAddr::V4(Ipv4Addr::new(203, 0, 113, 81)), 80);
/// A page over TLS and IPv6.
pub(crate) const WEB_IPV6: Site = Site::ordinary(
    "ipv6.example.com",
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0x80, 0, 0, 0, 0, 0x10)),
    443,
);
/// Someone outside who reaches the camera through a forwarded port.
pub(crate) const STRANGER: Site =
    Site { domain: None, ..Site::ordinary("", IpAddr::V4(Ipv4Addr::new(203, 0, 113, 99)), 51_000) };

const SITES: [&Site; 20] = [
    &HIK_REGISTRATION,
    &HIK_GATEWAY,
    &HIK_DDNS,
    &EZVIZ_REGISTRATION_EU,
    &EZVIZ_REGISTRATION,
    &EZVIZ_CONTROL,
    &EZVIZ_STUN[0],
    &EZVIZ_STUN[1],
    &EZVIZ_P2P,
    &EZVIZ_VIEWER,
    &HTTPDNS,
    &EZVIZ_STORAGE,
    &EZVIZ_PUSH,
    &EZVIZ_TIME,
    &EZVIZ_API,
    &OTHER_CLOUD,
    &WEB_PAGE,
    &WEB_CLEAR,
    &WEB_IPV6,
    &STRANGER,
];

/// The server with this address.
pub(crate) fn site_at(address: IpAddr) -> Option<&'static Site> {
    SITES.into_iter().find(|site| site.address == address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_servers_share_an_address() {
        for site in SITES {
            assert_eq!(SITES.iter().filter(|other| other.address == site.address).count(), 1);
        }
    }
}
