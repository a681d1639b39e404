//! The models of vendor units: what is printed on the box, and which protocols speak in it.
//!
//! Comes in: a kind. Goes out: the models of that kind. Names that published sources quote: DS-2CD2385G1-I and
//! DS-2CD2T47G1-L (captured SADP replies), DS-7608NI, DS-HD1's rebadges (LTH-7132-WIFI, LV-PDB1630-U, HSDB2A,
//! NSC-DB2, CVP-B2DB50-ODIW, DB1 of Uniden), LV-PTK66802, LTK6128W, SWANN DVR8-1550, DB1, CP4, C2C, H6c,
//! `VistaCam` 1200, AX PRO. The others are our own construction after the same grammar (`constructed`); so are
//! all numbers of `DeviceType` but 141945 and 155650.

use super::evidence::{EvidenceKind as E, EvidenceSet};
use super::maker::{EZVIZ, HIKMICRO, HIKVISION, MODULE, PRAMA, PYRONIX};
use super::unit_kind::UnitKind;

/// How the web server of a unit names itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WebStyle {
    /// `App-webs/`, realm `IP Camera(XXXXX)`.
    AppWebs,
    /// `DNVRS-Webs`, realm `DVRNVRDVS`.
    DnvrsWebs,
    /// `Hikvision-Webs`, realm `hikvision`.
    HikvisionWebs,
    /// `DVRDVS-Webs`, realm `hikvision`.
    DvrdvsWebs,
    /// `webserver`, which others have too; realm `IP Camera(XXXXX)`.
    Webserver,
    /// `MWS 0.01` (ANNKE), realm `IP Camera(XXXXX)`.
    Mws,
}

impl WebStyle {
    /// The `Server` line.
    pub(crate) const fn server(self) -> &'static str {
        match self {
            Self::AppWebs => "App-webs/",
            Self::DnvrsWebs => "DNVRS-Webs",
            Self::HikvisionWebs => "Hikvision-Webs",
            Self::DvrdvsWebs => "DVRDVS-Webs",
            Self::Webserver => "webserver",
            Self::Mws => "MWS 0.01",
        }
    }

    /// The realm of a unit with that short serial.
    pub(crate) fn realm(self, serial: &str) -> String {
        match self {
            Self::AppWebs | Self::Webserver | Self::Mws => {
                format!("IP Camera({})", serial.get(..5).unwrap_or(serial))
            }
            Self::DnvrsWebs => "DVRNVRDVS".to_owned(),
            Self::HikvisionWebs | Self::DvrdvsWebs => "hikvision".to_owned(),
        }
    }
}

/// Whose clouds a unit talks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CloudStyle {
    /// Hik-Connect.
    HikConnect,
    /// EZVIZ, present generation.
    Ezviz,
    /// EZVIZ, the generation before LBS: `dev.*` at 8555.
    EzvizOld,
    /// White label of Hikvision.
    GuardingVision,
    /// Pyronix.
    Pyronix,
}

/// One model.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sheet {
    /// Kind.
    pub(crate) kind: UnitKind,
    /// Brand, in lower case.
    pub(crate) vendor: &'static str,
    /// Maker behind another brand.
    pub(crate) oem_of: Option<&'static str>,
    /// Brand as messages spell it.
    pub(crate) label: &'static str,
    /// Model as messages spell it.
    pub(crate) model: &'static str,
    /// The name is our own construction.
    pub(crate) constructed: bool,
    /// Number of SADP's `DeviceType`.
    pub(crate) device_type: u32,
    /// Address blocks that its interfaces come from.
    pub(crate) blocks: &'static [u32],
    /// Kinds of evidence that it can give.
    pub(crate) speaks: EvidenceSet,
    /// Its web server.
    pub(crate) web: WebStyle,
    /// Its clouds.
    pub(crate) cloud: CloudStyle,
}

const CAMERA: EvidenceSet = EvidenceSet::of(&[
    E::SadpReply,
    E::SadpLink,
    E::WsDiscovery,
    E::SsdpNotify,
    E::SsdpDescription,
    E::Mdns,
    E::DhcpName,
    E::HttpServer,
    E::HttpRealm,
    E::RtspRealm,
    E::TlsSubject,
    E::Snmp,
    E::Sdk,
    E::Registration,
    E::CloudName,
    E::NtpName,
    E::OpenPorts,
]);
const RECORDER: EvidenceSet = CAMERA.with(E::ChannelList);
const DOOR: EvidenceSet = CAMERA
    .without(E::WsDiscovery)
    .without(E::SsdpNotify)
    .without(E::SsdpDescription)
    .without(E::Mdns)
    .without(E::Snmp);
const ACCESS: EvidenceSet = DOOR.without(E::RtspRealm).without(E::Registration);
const EZVIZ_CAMERA: EvidenceSet = EvidenceSet::of(&[
    E::SadpReply,
    E::Beacon,
    E::TlsSubject,
    E::Sdk,
    E::Registration,
    E::Control,
    E::CloudName,
    E::NtpName,
    E::OpenPorts,
]);
const EZVIZ_DOORBELL: EvidenceSet = EZVIZ_CAMERA.without(E::SadpReply).without(E::TlsSubject);
/// Everything refused; it says something only when it wakes.
const EZVIZ_BATTERY: EvidenceSet =
    EvidenceSet::of(&[E::Beacon, E::Registration, E::Control, E::CloudName]);
const OLD_DOORBELL: EvidenceSet =
    EvidenceSet::of(&[E::SadpReply, E::RtspRealm, E::Sdk, E::CloudName, E::NtpName, E::OpenPorts]);
const PANEL: EvidenceSet = EvidenceSet::of(&[E::CloudName, E::NtpName]);

const HIK: Sheet = Sheet {
    kind: UnitKind::Camera,
    vendor: "hikvision",
    oem_of: None,
    label: "HIKVISION",
    model: "",
    constructed: true,
    device_type: 0,
    blocks: &HIKVISION,
    speaks: CAMERA,
    web: WebStyle::AppWebs,
    cloud: CloudStyle::HikConnect,
};

const fn hik(kind: UnitKind, model: &'static str, device_type: u32, web: WebStyle) -> Sheet {
    let speaks = match kind {
        UnitKind::NetworkRecorder | UnitKind::AnalogRecorder => RECORDER,
        UnitKind::Intercom => DOOR,
        UnitKind::AccessTerminal => ACCESS,
        UnitKind::Camera
        | UnitKind::PtzCamera
        | UnitKind::EzvizCamera
        | UnitKind::EzvizDoorbell
        | UnitKind::EzvizBattery
        | UnitKind::RebrandCamera
        | UnitKind::RebrandRecorder
        | UnitKind::RebrandDoorbell
        | UnitKind::ThermalCamera
        | UnitKind::AlarmPanel => CAMERA,
    };
    Sheet { kind, model, device_type, web, speaks, ..HIK }
}

const fn ezviz(kind: UnitKind, model: &'static str, blocks: &'static [u32]) -> Sheet {
    let speaks = if matches!(kind, UnitKind::EzvizDoorbell) {
        EZVIZ_DOORBELL
    } else if matches!(kind, UnitKind::EzvizBattery) {
        EZVIZ_BATTERY
    } else {
        EZVIZ_CAMERA
    };
    Sheet {
        kind,
        vendor: "ezviz",
        label: "EZVIZ",
        model,
        constructed: false,
        device_type: 135_017,
        blocks,
        speaks,
        cloud: CloudStyle::Ezviz,
        ..HIK
    }
}

const fn rebrand(
    kind: UnitKind,
    vendor: &'static str,
    label: &'static str,
    model: &'static str,
) -> Sheet {
    let (speaks, web, cloud) = if matches!(kind, UnitKind::RebrandRecorder) {
        (RECORDER, WebStyle::DvrdvsWebs, CloudStyle::HikConnect)
    } else if matches!(kind, UnitKind::RebrandDoorbell) {
        (OLD_DOORBELL, WebStyle::AppWebs, CloudStyle::EzvizOld)
    } else {
        (CAMERA, WebStyle::AppWebs, CloudStyle::HikConnect)
    };
    Sheet {
        kind,
        vendor,
        oem_of: Some("hikvision"),
        label,
        model,
        constructed: false,
        device_type: 155_650,
        speaks,
        web,
        cloud,
        ..HIK
    }
}

/// Every model.
static SHEETS: [Sheet; 40] = [
    Sheet {
        constructed: false,
        ..hik(UnitKind::Camera, "DS-2CD2385G1-I", 141_945, WebStyle::AppWebs)
    },
    Sheet {
        constructed: false,
        ..hik(UnitKind::Camera, "DS-2CD2T47G1-L", 155_650, WebStyle::Webserver)
    },
    hik(UnitKind::Camera, "DS-2CD2143G0-I", 141_821, WebStyle::HikvisionWebs),
    hik(UnitKind::Camera, "DS-2CD2087G2-LU", 156_223, WebStyle::AppWebs),
    hik(UnitKind::PtzCamera, "DS-2DE4425IW-DE", 142_301, WebStyle::AppWebs),
    hik(UnitKind::PtzCamera, "DS-2DE7232IW-AE", 142_307, WebStyle::HikvisionWebs),
    Sheet {
        constructed: false,
        ..hik(UnitKind::NetworkRecorder, "DS-7608NI-I2", 73_732, WebStyle::DnvrsWebs)
    },
    hik(UnitKind::NetworkRecorder, "DS-7616NI-K2", 73_734, WebStyle::Webserver),
    hik(UnitKind::AnalogRecorder, "DS-7208HQHI-K1", 67_591, WebStyle::DvrdvsWebs),
    hik(UnitKind::AnalogRecorder, "DS-7204HGHI-F1", 67_588, WebStyle::DnvrsWebs),
    hik(UnitKind::Intercom, "DS-KV6113-WPE1", 50_721, WebStyle::Webserver),
    hik(UnitKind::Intercom, "DS-KV8113-WME1", 50_722, WebStyle::AppWebs),
    hik(UnitKind::AccessTerminal, "DS-K1T341AMF", 10_571, WebStyle::Webserver),
    hik(UnitKind::AccessTerminal, "DS-K1T671M", 10_520, WebStyle::AppWebs),
    ezviz(UnitKind::EzvizCamera, "CS-H6c", &EZVIZ),
    ezviz(UnitKind::EzvizCamera, "CS-H6c", &MODULE),
    Sheet { constructed: true, ..ezviz(UnitKind::EzvizCamera, "CS-C6N", &EZVIZ) },
    ezviz(UnitKind::EzvizCamera, "CS-C2C", &MODULE),
    Sheet {
        vendor: "ezlo",
        oem_of: Some("ezviz"),
        label: "Ezlo",
        ..ezviz(UnitKind::EzvizCamera, "VistaCam 1200", &MODULE)
    },
    ezviz(UnitKind::EzvizDoorbell, "CS-DB1", &EZVIZ),
    ezviz(UnitKind::EzvizDoorbell, "CS-DB1", &HIKVISION),
    ezviz(UnitKind::EzvizBattery, "CS-CP4", &EZVIZ),
    ezviz(UnitKind::EzvizBattery, "CS-CP4", &MODULE),
    Sheet {
        web: WebStyle::Mws,
        constructed: true,
        ..rebrand(UnitKind::RebrandCamera, "annke", "ANNKE", "C500")
    },
    Sheet { constructed: true, ..rebrand(UnitKind::RebrandCamera, "annke", "ANNKE", "C800") },
    Sheet {
        constructed: true,
        ..rebrand(UnitKind::RebrandCamera, "hilook", "HiLook", "IPC-B140H")
    },
    Sheet { constructed: true, ..rebrand(UnitKind::RebrandCamera, "lts", "LTS", "CMIP8342N-28M") },
    Sheet {
        constructed: true,
        blocks: &PRAMA,
        ..rebrand(UnitKind::RebrandCamera, "prama", "PRAMA", "PT-NC123D3-WNM")
    },
    rebrand(UnitKind::RebrandRecorder, "swann", "SWANN", "DVR8-1550"),
    rebrand(UnitKind::RebrandRecorder, "laview", "LaView", "LV-PTK66802"),
    rebrand(UnitKind::RebrandDoorbell, "laview", "LaView", "LV-PDB1630-U"),
    rebrand(UnitKind::RebrandDoorbell, "lts", "LTS", "LTH-7132-WIFI"),
    rebrand(UnitKind::RebrandDoorbell, "rca", "RCA", "HSDB2A"),
    rebrand(UnitKind::RebrandDoorbell, "nellys", "Nelly's", "NSC-DB2"),
    rebrand(UnitKind::RebrandDoorbell, "uniden", "Uniden", "DB1"),
    rebrand(UnitKind::RebrandDoorbell, "clare", "Clare", "CVP-B2DB50-ODIW"),
    Sheet {
        vendor: "hikmicro",
        oem_of: None,
        label: "HIKMICRO",
        constructed: true,
        blocks: &HIKMICRO,
        ..rebrand(UnitKind::ThermalCamera, "hikmicro", "HIKMICRO", "HM-TD2628-3")
    },
    Sheet { constructed: true, ..rebrand(UnitKind::ThermalCamera, "agm", "AGM", "AGM-TD1217") },
    Sheet {
        vendor: "pyronix",
        oem_of: None,
        constructed: true,
        blocks: &PYRONIX,
        speaks: PANEL,
        cloud: CloudStyle::Pyronix,
        ..rebrand(UnitKind::AlarmPanel, "pyronix", "Pyronix", "Enforcer")
    },
    Sheet {
        speaks: PANEL.with(E::SadpReply).with(E::HttpServer).with(E::HttpRealm),
        cloud: CloudStyle::GuardingVision,
        ..rebrand(UnitKind::AlarmPanel, "nexecur", "Nexecur", "AX PRO")
    },
];

/// The models of a kind.
pub(crate) fn sheets_of(kind: UnitKind) -> impl Iterator<Item = &'static Sheet> {
    SHEETS.iter().filter(move |sheet| sheet.kind == kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_model_and_a_rebrand_lacks_the_makers_prefix() {
        for kind in UnitKind::ALL {
            assert!(sheets_of(kind).count() > 0, "{kind:?}");
        }
        for sheet in SHEETS.iter().filter(|sheet| sheet.vendor != "hikvision") {
            assert!(!sheet.model.starts_with("DS-"), "{}", sheet.model);
        }
        assert!(SHEETS.iter().any(|sheet| sheet.constructed));
    }
}
