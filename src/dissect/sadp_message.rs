//! What SADP says: a device about itself, or a tool about what it wants.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::net::MacAddr;

/// A SADP message. There is no public specification; the fields are those of published parsers
/// and captured replies (see the catalogue's sources `hiktools` and `idx`); some stand only in a reply that one public
/// parser quotes (`idx:19375522317`, confidence C).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SadpMessage {
    /// What it is.
    pub kind: SadpKind,
    /// `Types` of the XML form (`inquiry`, `update` ...), or the query type of the layer 2 form in hexadecimal.
    pub types: String,
    /// `DeviceType`: a number in captured replies.
    pub device_type: Option<String>,
    /// `DeviceDescription`: the model in captured replies.
    pub device_description: Option<String>,
    /// `DeviceSN`: model, date, four letters, the short serial, on recorders four letters more.
    pub serial: Option<String>,
    /// `MAC`.
    pub mac: Option<MacAddr>,
    /// `IPv4Address` and `IPv6Address`, in this order.
    pub addresses: Vec<IpAddr>,
    /// `IPv4Gateway`.
    pub gateway: Option<Ipv4Addr>,
    /// `IPv4SubnetMask`.
    pub subnet_mask: Option<Ipv4Addr>,
    /// `IPv6Gateway`.
    pub ipv6_gateway: Option<Ipv6Addr>,
    /// `IPv6MaskLen`, bits.
    pub ipv6_mask_len: Option<u8>,
    /// `SoftwareVersion`, such as `V5.6.2build 190701`.
    pub software_version: Option<String>,
    /// `DSPVersion`.
    pub dsp_version: Option<String>,
    /// `BootTime`.
    pub boot_time: Option<String>,
    /// `Activated`: false until a password was set.
    pub activated: Option<bool>,
    /// `DHCP`.
    pub dhcp: Option<bool>,
    /// `CommandPort` (SDK), 8000 by default.
    pub command_port: Option<u16>,
    /// `HttpPort`.
    pub http_port: Option<u16>,
    /// `SDKOverTLSPort`: named by two published samples, not in a captured reply.
    pub sdk_over_tls_port: Option<u16>,
    /// `AnalogChannelNum`.
    pub analog_channels: Option<u16>,
    /// `DigitalChannelNum`; 1 in one camera's reply.
    pub digital_channels: Option<u16>,
    /// `Encrypt`; no source says what is encrypted.
    pub encrypt: Option<bool>,
    /// `ResetAbility`; no source says more than the name.
    pub reset_ability: Option<bool>,
    /// `PasswordResetAbility`; no source says more than the name.
    pub password_reset_ability: Option<bool>,
    /// `SupportHCPlatform`; that HC is Hik-Connect, the vendor's cloud, is inferred (confidence D).
    pub support_hc_platform: Option<bool>,
    /// `HCPlatformEnable`; the same inference.
    pub hc_platform_enable: Option<bool>,
    /// `OEMinfo`, where a rebrander names itself.
    pub oem: Option<String>,
}

/// The kinds of SADP messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SadpKind {
    /// A tool asks who is there; says nothing about the sender's own vendor.
    #[default]
    Inquiry,
    /// A device answers.
    Reply,
    /// A tool changes something: address, password.
    Command,
}
