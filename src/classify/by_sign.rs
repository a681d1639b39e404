//! What the payload says of the far end -> a draft.
//!
//! Comes in: the sign that was read in a flow. Goes out: what the catalogue says of that framing, or nothing. A framing that
//! leads to a platform of the owner's choice names no cloud.

use super::by_name::Joined;
use super::draft::{Draft, service_for};
use super::sign::{SignWord, refusal_name};
use super::{Basis, Step, Witnesses};
use crate::catalogue::{Catalogue, CloudRole, Framing, FramingEntry, Grade, Region};

/// Less where one source alone describes the framing; less where it is inferred.
const GRADE_C: u8 = 5;
const GRADE_D: u8 = 35;

/// What the payload says.
pub(super) fn by_sign(catalogue: &Catalogue, witnesses: &Witnesses<'_>) -> Option<Draft> {
    // Whoever answers for names over HTTP is no cloud of the vendor's.
    let sign = witnesses.sign.filter(|sign| sign.framing != Framing::HttpDns)?;
    let entry = catalogue.framing(sign.framing)?;
    if entry.role == CloudRole::Unknown || sign.confidence == 0 {
        return None;
    }
    let less = match entry.grade {
        Grade::A | Grade::B => 0,
        Grade::C => GRADE_C,
        Grade::D => GRADE_D,
    };
    // The framing is shared by the brands: whose cloud it is, the earlier steps of the device say.
    let vendor = witnesses.unit.and_then(|unit| unit.trail.vendor()).unwrap_or(&entry.vendor);
    Some(Draft {
        vendor: vendor.clone(),
        service: service_for(vendor, &entry.service),
        role: entry.role,
        region: Region::Unknown,
        speaker: entry.speaker,
        domain: None,
        aliases: [].into(),
        confidence: sign.confidence.saturating_sub(less),
        steps: vec![Step { basis: Basis::Payload, text: text(entry, sign.word).into() }],
    })
}

fn text(entry: &FramingEntry, word: SignWord) -> String {
    let framing = name(entry.framing);
    let source = format!("(grade {}: {})", entry.grade, Joined(&entry.sources));
    let said = match word {
        SignWord::Asked | SignWord::Spoken => String::new(),
        SignWord::Accepted => ", and the server agreed".to_owned(),
        SignWord::Redirected => ", and the server sent the device elsewhere".to_owned(),
        SignWord::Commanded => ", and the server sent a command".to_owned(),
        SignWord::Refused(code) => {
            let meaning =
                refusal_name(entry.framing, code).map_or(String::new(), |name| format!(", {name}"));
            format!(", and the server refused with code {code}{meaning}")
        }
    };
    format!("the payload is {framing} {source}{said}")
}

/// For a person: the framing.
const fn name(framing: Framing) -> &'static str {
    match framing {
        Framing::Lbs => "the registration protocol (LBS)",
        Framing::DasMqtt => "MQTT with the will topic of a device (DAS)",
        Framing::SafeAccess => "SafeProtocol towards an older gateway",
        Framing::SafeStun => "the vendor's own STUN in SafeProtocol",
        Framing::SafeCas => "SafeProtocol towards the broker (CAS)",
        Framing::SafeReplay => "SafeProtocol for cloud recordings",
        Framing::P2pV3 => "the peer-to-peer protocol, version 3",
        Framing::Vtm => "the framing of the video relay (VTM)",
        Framing::Hcnetsdk => "the network SDK",
        Framing::Isup => "ISUP",
        Framing::SdkPost => "a snapshot posted in clear",
        Framing::SnapshotUpload => "a snapshot upload",
        Framing::HttpDns => "a name asked for over HTTP",
    }
}
