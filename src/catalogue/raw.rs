//! The catalogue as it is written: one type a table, nothing checked but the shape.

use std::net::IpAddr;

use serde::Deserialize;

use super::{CloudRole, Framing, Grade, Region, Speaker};
use crate::net::IpProtocol;

/// `[[source]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSource {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) url: Option<String>,
}

/// `[[vendor]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawVendor {
    pub(super) slug: String,
    pub(super) title: String,
    pub(super) maker: Option<String>,
    pub(super) grade: Grade,
    pub(super) note: Option<String>,
    pub(super) sources: Vec<String>,
}

/// `[[maker]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMaker {
    pub(super) vendor: String,
    pub(super) organisation: String,
    pub(super) prefixes: Vec<String>,
    pub(super) grade: Grade,
    pub(super) note: Option<String>,
    pub(super) sources: Vec<String>,
}

/// `[[third_party]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawThirdParty {
    pub(super) prefix: String,
    pub(super) organisation: String,
    pub(super) grade: Grade,
    pub(super) note: Option<String>,
    pub(super) sources: Vec<String>,
}

/// `[[cloud]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCloud {
    pub(super) host: Option<String>,
    pub(super) suffix: Option<String>,
    pub(super) vendor: String,
    pub(super) service: String,
    pub(super) role: CloudRole,
    pub(super) region: Region,
    pub(super) speaker: Speaker,
    pub(super) port: Option<u16>,
    pub(super) transport: Option<RawTransport>,
    #[serde(default = "yes")]
    pub(super) evidence: bool,
    pub(super) grade: Grade,
    pub(super) note: Option<String>,
    pub(super) sources: Vec<String>,
}

/// `[[pattern]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPattern {
    pub(super) label: String,
    pub(super) function: String,
    pub(super) role: CloudRole,
    pub(super) speaker: Speaker,
    pub(super) region: Option<Region>,
    pub(super) evidence: Option<bool>,
    pub(super) grade: Grade,
    pub(super) note: Option<String>,
    pub(super) sources: Vec<String>,
    pub(super) suffixes: Vec<String>,
}

/// `[[region_code]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRegionCode {
    pub(super) code: String,
    pub(super) region: Region,
    #[expect(dead_code, reason = "a remark for the reader of the file")]
    pub(super) note: Option<String>,
    pub(super) sources: Vec<String>,
}

/// `[[negative]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawNegative {
    pub(super) domain: Option<String>,
    pub(super) prefix: Option<String>,
    pub(super) belongs_to: String,
    pub(super) reason: String,
    pub(super) sources: Vec<String>,
}

/// `[[shared]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawShared {
    pub(super) domain: String,
    pub(super) operator: String,
}

/// `[[resolver]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawResolver {
    pub(super) address: IpAddr,
    pub(super) port: u16,
    pub(super) transport: RawTransport,
    pub(super) operator: String,
    pub(super) what: String,
    pub(super) grade: Grade,
    pub(super) sources: Vec<String>,
}

/// `[[framing]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFraming {
    pub(super) framing: Framing,
    pub(super) vendor: String,
    pub(super) service: String,
    pub(super) role: CloudRole,
    pub(super) speaker: Speaker,
    #[serde(default = "yes")]
    pub(super) evidence: bool,
    pub(super) grade: Grade,
    pub(super) note: Option<String>,
    pub(super) sources: Vec<String>,
}

/// `[[port]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPort {
    pub(super) transport: RawTransport,
    pub(super) port: u16,
    pub(super) vendor: String,
    pub(super) service: String,
    pub(super) role: CloudRole,
    pub(super) speaker: Speaker,
    #[serde(default = "yes")]
    pub(super) evidence: bool,
    pub(super) grade: Grade,
    pub(super) note: Option<String>,
    pub(super) sources: Vec<String>,
}

/// A transport by its name.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RawTransport {
    Tcp,
    Udp,
}

impl From<RawTransport> for IpProtocol {
    fn from(transport: RawTransport) -> Self {
        match transport {
            RawTransport::Tcp => Self::TCP,
            RawTransport::Udp => Self::UDP,
        }
    }
}

const fn yes() -> bool {
    true
}
