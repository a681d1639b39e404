//! What a SADP reply tells of the station that sent it.
//!
//! Comes in: a [`SadpMessage`]. Goes out: facts on its sender. An inquiry or a command tells nothing: a laptop that runs
//! the search tool is no camera. There is no public specification; the rules rest on two captured replies
//! (idx:28488762960, idx:69112239485) and published parsers, grade C.

use super::notes::Notes;
use super::{Claim, EvidenceSource};
use crate::dissect::{SadpKind, SadpMessage};

/// Whether a reply names the station that sent the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Naming {
    /// The MAC field is the frame's sender, or one of both is absent.
    Sender,
    /// The MAC field names another station: the reply is relayed or forged.
    Foreign,
}

/// Notes what stands in a reply; nothing of anything else. `source` is the transport.
pub(super) fn sadp(
    notes: &mut Notes<'_>,
    message: &SadpMessage,
    source: EvidenceSource,
    naming: Naming,
) {
    match message.kind {
        SadpKind::Reply => {}
        SadpKind::Inquiry | SadpKind::Command => return,
    }
    let signatures = notes.signatures;
    let weights = signatures.weights;
    let weight = match (source == EvidenceSource::SadpLink, naming) {
        (false, Naming::Sender) => weights.sadp,
        (false, Naming::Foreign) => weights.sadp_foreign_mac,
        (true, Naming::Sender) => weights.sadp_link,
        (true, Naming::Foreign) => weights.sadp_link_foreign_mac,
    };
    let model = model_of(message);
    let texts = [&message.oem, &message.device_description, &message.device_type]
        .map(|text| text.as_deref().unwrap_or_default());

    let brand = signatures.brand_named(&texts, model).map(|brand| brand.vendor.clone());
    let vendor = brand.or_else(|| model.and_then(|model| signatures.vendor_of_model(model)));
    // Units of the maker itself may fill OEMinfo too, with nothing of use.
    let oem = message.oem.as_deref();
    let named = oem.filter(|oem| signatures.brand_named(&[oem], None).is_some());
    let seen = named.or(model).or(oem.filter(|oem| !oem.is_empty())).unwrap_or("reply");
    if let Some(vendor) = vendor {
        notes.fact(source, &Claim::Vendor(vendor), seen, weight);
    } else if let Some(house) = signatures.sadp_house() {
        notes.fact(source, &Claim::House(house), seen, weight);
    }
    notes.describe(source, &Claim::Model, model, weight);
    notes.serial(source, message.serial.as_deref(), weight);
    notes.describe(source, &Claim::Firmware, message.software_version.as_deref(), weight);
    let activated = message.activated.map(|activated| if activated { "true" } else { "false" });
    notes.describe(source, &Claim::Activated, activated, weight);
    if let Some(channels) = channels_of(message) {
        notes.fact(source, &Claim::Channels, &channels.to_string(), weight);
    }
}

/// Cameras behind a recorder. A camera has one channel, and is not behind itself.
fn channels_of(message: &SadpMessage) -> Option<u16> {
    let analog = message.analog_channels.unwrap_or_default();
    let digital = message.digital_channels.unwrap_or_default();
    Some(analog.saturating_add(digital)).filter(|channels| *channels > 1)
}

/// The model: of `DeviceDescription` and `DeviceType` the one that the serial number begins with, else the
/// first that has letters and digits (published parsers disagree on which field it is), else what
/// stands before the date in the serial number.
fn model_of(message: &SadpMessage) -> Option<&str> {
    let serial = message.serial.as_deref().unwrap_or("");
    let fields = [message.device_description.as_deref(), message.device_type.as_deref()];
    let named = |text: &&str| {
        text.chars().any(|c| c.is_ascii_alphabetic()) && text.chars().any(|c| c.is_ascii_digit())
    };
    let candidates = || fields.into_iter().flatten().map(str::trim).filter(named);
    candidates().find(|text| serial.starts_with(text)).or_else(|| candidates().next()).or_else(
        || {
            let tail = short_serial(serial).map(|_| serial_tail_start(serial))??;
            serial.get(..tail).filter(|model| !model.is_empty())
        },
    )
}

/// The nine characters by which the cloud knows a device: `\d{8}[A-Z]{4}([A-Z0-9]{9})([A-Z]{4})?$`
/// in `DeviceSN`, searched from the right because models contain digits.
pub(crate) fn short_serial(serial: &str) -> Option<&str> {
    let start = serial_tail_start(serial)?;
    serial.get(start + 12..start + 21)
}

/// Where date, letters and short serial begin.
fn serial_tail_start(serial: &str) -> Option<usize> {
    const TAIL: usize = 8 + 4 + 9;
    const SUFFIX: usize = 4;
    [TAIL, TAIL + SUFFIX].into_iter().find_map(|length| {
        let start = serial.len().checked_sub(length)?;
        let tail = serial.as_bytes().get(start..)?;
        let fits = tail.iter().enumerate().all(|(index, byte)| match index {
            0..8 => byte.is_ascii_digit(),
            8..12 | 21.. => byte.is_ascii_uppercase(),
            12..21 => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
        });
        fits.then_some(start)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::dossier::{DeviceKey, Dossier};
    use crate::device::fact::MAX_VALUE_BYTES;
    use crate::device::{Labels, Signatures};
    use crate::net::{MacAddr, Timestamp};

    fn reply() -> SadpMessage {
        SadpMessage { kind: SadpKind::Reply, ..SadpMessage::default() }
    }

    fn evidence(message: &SadpMessage, naming: Naming) -> Vec<crate::device::Evidence> {
        let signatures = Signatures::builtin();
        let mut dossier =
            Dossier::new(DeviceKey::Mac(MacAddr([2, 0, 0, 0, 0, 1])), Timestamp::ZERO);
        let mut notes = Notes::new(&mut dossier, &signatures, Timestamp::ZERO);
        sadp(&mut notes, message, EvidenceSource::Sadp, naming);
        notes.finish();
        dossier.profile(&Labels::default()).evidence.clone()
    }

    fn read(message: &SadpMessage) -> Vec<(Claim, String)> {
        let mut read: Vec<_> = evidence(message, Naming::Sender)
            .into_iter()
            .map(|evidence| (evidence.claim, evidence.value))
            .collect();
        read.sort();
        read
    }

    #[test]
    fn the_short_serial_is_found_from_the_right_with_and_without_the_suffix() {
        assert_eq!(short_serial("DS-2CD2385G1-I20200414AAWRE33842150"), Some("E33842150"));
        assert_eq!(short_serial("DS-7608NI-K20820190101CCRR123456789WCVU"), Some("123456789"));
        assert_eq!(short_serial("DS-2CD2385G1-I2020041AAWRE33842150"), None);
        assert_eq!(short_serial("E33842150"), None);
        assert_eq!(short_serial("ü20200414AAWRE3384215ü"), None);
    }

    #[test]
    fn a_captured_reply_gives_vendor_model_serial_and_firmware() {
        let message = SadpMessage {
            device_type: Some("141945".into()),
            device_description: Some("DS-2CD2385G1-I".into()),
            serial: Some("DS-2CD2385G1-I20200414AAWRE33842150".into()),
            software_version: Some("V5.6.2build 190701".into()),
            activated: Some(false),
            digital_channels: Some(1),
            ..reply()
        };

        assert_eq!(
            read(&message),
            [
                (Claim::Vendor("hikvision".into()), "DS-2CD2385G1-I".to_owned()),
                (Claim::Model, "DS-2CD2385G1-I".to_owned()),
                (Claim::Serial, "E33842150".to_owned()),
                (Claim::Firmware, "V5.6.2build 190701".to_owned()),
                (Claim::Activated, "false".to_owned()),
            ]
        );
    }

    #[test]
    fn the_model_is_found_in_either_field_and_in_the_serial_number() {
        let serial = || Some("DS-2CD2T47G1-L20200414AAWRE33842150".to_owned());
        let in_type = SadpMessage {
            device_type: Some("DS-2CD2T47G1-L".into()),
            device_description: Some("IPCamera2".into()),
            serial: serial(),
            ..reply()
        };
        let in_serial =
            SadpMessage { device_type: Some("155650".into()), serial: serial(), ..reply() };

        assert_eq!(model_of(&in_type), Some("DS-2CD2T47G1-L"));
        assert_eq!(model_of(&in_serial), Some("DS-2CD2T47G1-L"));
    }

    #[test]
    fn a_rebrander_is_named_by_oeminfo_or_description_and_an_unnamed_one_stays_in_the_house() {
        let by_oem = SadpMessage { oem: Some("ANNKE".into()), ..reply() };
        let by_description =
            SadpMessage { device_description: Some("ANNKE C500".into()), ..reply() };
        let unnamed = SadpMessage { device_description: Some("C500".into()), ..reply() };

        assert_eq!(read(&by_oem)[0].0, Claim::Vendor("annke".into()));
        assert_eq!(read(&by_description)[0].0, Claim::Vendor("annke".into()));
        assert_eq!(read(&unnamed)[0].0, Claim::House("hikvision".into()));
    }

    #[test]
    fn only_a_reply_tells_anything() {
        for kind in [SadpKind::Inquiry, SadpKind::Command] {
            let message = SadpMessage { kind, oem: Some("ANNKE".into()), ..SadpMessage::default() };

            assert_eq!(read(&message), []);
        }
    }

    #[test]
    fn long_text_is_cut() {
        let message = SadpMessage { serial: Some("x".repeat(5_000)), ..reply() };

        assert!(read(&message).iter().all(|(_, value)| value.len() <= MAX_VALUE_BYTES));
    }

    #[test]
    fn a_recorder_says_how_many_cameras_are_behind_it() {
        let message =
            SadpMessage { analog_channels: Some(4), digital_channels: Some(12), ..reply() };

        assert!(read(&message).contains(&(Claim::Channels, "16".to_owned())));
    }

    #[test]
    fn a_reply_that_names_another_station_counts_less() {
        let weights = Signatures::builtin().weights;

        assert_eq!(evidence(&reply(), Naming::Sender)[0].weight, weights.sadp);
        assert_eq!(evidence(&reply(), Naming::Foreign)[0].weight, weights.sadp_foreign_mac);
    }
}
