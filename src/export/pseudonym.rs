//! Pseudonyms for serial numbers, made with a key of the site.
//!
//! Comes in: events, and text on its way out. Goes out: the text with a pseudonym wherever a serial number stood that is
//! known by then, also inside of longer texts such as MQTT topics, host names and whole SADP serials, and wherever a word is
//! built like one, known or not. The same key and serial give the same pseudonym, so that reports of several days and sites can be
//! compared; without the key nobody can tell which unit it is. Nine digits alone can be any number: they are replaced inside
//! of quotes, where they are known or were said by a vendor's device, and once there is no room for more that are known.
//! The store keeps serial numbers as they are: devices are known again by them.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use ahash::RandomState;
use ring::hmac;

use super::serial_shape::{Shape, serial_in, word_end, words};
use super::serial_texts::{device_texts, texts};
use crate::analyst::{Event, EventKind, MessageSighting};
use crate::device::{Claim, DeviceProfile, short_serial};
use crate::dissect::{Message, MqttMessage};

/// Shortest text that counts as a serial number: a shorter one would be found in ordinary words. Short serials have 9.
const MIN_SERIAL: usize = 6;
/// Longest one.
const MAX_SERIAL: usize = 64;
/// Most serial numbers that are known: guards memory against made-up ones. Those that are known stay ...
const MAX_KNOWN: usize = 16_384;
/// ... and of those that come later the latest are: an answer is masked right after all devices were learned, of which the
/// read model has no more than half as many.
const MAX_LATEST: usize = 16_384;
/// Longest serial number of letters and digits alone; whole ones of SADP begin with the model, and are longer.
const MAX_SHORT: usize = 20;
/// What a whole serial number has besides letters and digits: the marks of model names.
const MODEL_MARKS: &[u8] = b"-/_.+() ";
/// Letters of a pseudonym behind its prefix: 48 bits.
const DIGITS: usize = 12;
/// Bytes of a key at least: what HMAC-SHA-256 wants (RFC 2104, 3).
pub const MIN_PSEUDONYM_KEY: usize = 32;

/// The pseudonyms of a run; shared by all ways out.
pub struct Pseudonyms {
    key: hmac::Key,
    known: Mutex<Known>,
    /// The revision of the read model that was learned.
    learned: Mutex<Option<u64>>,
}

struct Known {
    /// The latest of those that found no room among those that stay.
    latest: VecDeque<Box<[u8]>>,
    pseudonyms: HashMap<Box<[u8]>, Box<str>, RandomState>,
    /// The lengths that begin so, the longest first, with how many there are: most places of a text need one look-up.
    lengths: HashMap<[u8; MIN_SERIAL], Vec<(usize, u32)>, RandomState>,
}

impl Pseudonyms {
    /// Pseudonyms with this key.
    ///
    /// # Errors
    /// It has fewer than [`MIN_PSEUDONYM_KEY`] bytes: its length.
    pub fn new(key: &[u8]) -> Result<Self, usize> {
        if key.len() < MIN_PSEUDONYM_KEY {
            return Err(key.len());
        }
        Ok(Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, key),
            known: Mutex::new(Known::new()),
            learned: Mutex::default(),
        })
    }

    /// Takes note of the serial numbers that an event brings.
    pub fn learn(&self, event: &Event) {
        match &event.kind {
            EventKind::DeviceSeen(profile) | EventKind::DeviceTouched(profile) => {
                self.learn_device(profile);
            }
            EventKind::FlowStarted(sighting)
            | EventKind::FlowUpdated { sighting, .. }
            | EventKind::FlowEnded { sighting, .. } => {
                let device = sighting.device.as_ref().map(|device| &device.profile);
                let peer = sighting.peer.as_ref().map(|peer| &peer.profile);
                device.into_iter().chain(peer).for_each(|profile| self.learn_device(profile));
            }
            EventKind::MessageRead(sighting) => self.learn_message(sighting),
            EventKind::HourJudged(sighting) => self.learn_device(&sighting.profile),
            EventKind::AlertTold(sighting) => self.learn_device(&sighting.alert.device),
        }
    }

    /// `text`, which is JSON or an exposition, with pseudonyms; `None` when nothing is to be replaced. Numbers outside of
    /// quotes are values, and stay.
    #[must_use]
    pub fn mask(&self, text: &[u8]) -> Option<Vec<u8>> {
        self.masked(text, true)
    }

    /// `text`, which is for a person, with pseudonyms; `None` when nothing is to be replaced.
    #[must_use]
    pub fn mask_plain(&self, text: &str) -> Option<String> {
        let masked = self.masked(text.as_bytes(), false)?;
        Some(String::from_utf8_lossy(&masked).into_owned())
    }

    fn masked(&self, text: &[u8], has_quotes: bool) -> Option<Vec<u8>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // Names are kept in lower case.
        let upper = text.to_ascii_uppercase();
        let mut masked = Vec::new();
        let (mut copied, mut at) = (0, 0);
        let mut quotes = Quotes::default();
        while at < text.len() {
            let is_quoted = !has_quotes || quotes.is_open;
            let begins_word = text.get(at).is_some_and(u8::is_ascii_alphanumeric)
                && !at
                    .checked_sub(1)
                    .is_some_and(|before| text.get(before).is_some_and(u8::is_ascii_alphanumeric));
            let found = known.at(&upper, at, is_quoted).or_else(|| {
                let word = at..word_end(text, at);
                begins_word.then(|| self.built_like_one(&known, &upper, word, is_quoted))?
            });
            if let Some((place, pseudonym)) = found {
                masked.extend_from_slice(text.get(copied..place.start).unwrap_or_default());
                masked.extend_from_slice(pseudonym.as_bytes());
                (at, copied) = (place.end, place.end);
            } else {
                quotes.pass(text.get(at).copied().unwrap_or_default());
                at += 1;
            }
        }
        if copied == 0 {
            return None;
        }
        masked.extend_from_slice(text.get(copied..).unwrap_or_default());
        Some(masked)
    }

    /// Where a serial number lies in a word that is built like one, and its pseudonym.
    fn built_like_one(
        &self,
        known: &Known,
        text: &[u8],
        word: Range<usize>,
        is_quoted: bool,
    ) -> Option<(Range<usize>, Box<str>)> {
        let (shape, place, short) = serial_in(text, word)?;
        match shape {
            Shape::Serial => {}
            Shape::Number if is_quoted && known.is_full() => {}
            Shape::Number => return None,
        }
        Some((place, self.pseudonym(text.get(short)?)))
    }

    /// Lets `learn` take note of all devices of a read model, if `revision` of it is new, or what was learned may have made room
    /// since. Who comes meanwhile waits.
    pub fn catch_up(&self, revision: u64, learn: impl FnOnce()) {
        let mut learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = || self.known.lock().unwrap_or_else(PoisonError::into_inner).is_full();
        if *learned != Some(revision) || is_full() {
            learn();
            *learned = Some(revision);
        }
    }

    /// Takes note of the serial numbers of a device.
    pub fn learn_device(&self, profile: &DeviceProfile) {
        if let Some(serial) = &profile.identity.serial {
            self.note(serial);
        }
        for evidence in &profile.evidence {
            if matches!(evidence.claim, Claim::Serial) {
                self.note(&evidence.value);
            }
        }
        if profile.is_vendor_device() {
            device_texts(profile, &mut |text| self.note_words(text));
        }
    }

    /// Takes note of the words of a text of a vendor's device that are built like a serial number.
    fn note_words(&self, text: &str) {
        for word in words(text.as_bytes()) {
            let short = serial_in(text.as_bytes(), word).and_then(|(_, _, short)| text.get(short));
            if let Some(short) = short {
                self.note(short);
            }
        }
    }

    fn learn_message(&self, sighting: &MessageSighting) {
        if let Some(profile) = &sighting.device {
            self.learn_device(profile);
            // What anybody else says of numbers is not to the point.
            if profile.is_vendor_device() {
                texts(&sighting.message, &mut |text| self.note_words(text));
            }
        }
        let serial = match &sighting.message {
            Message::Lbs(lbs) => lbs.serial.as_deref(),
            Message::Safe(safe) => safe.serial.as_deref(),
            Message::Isup(isup) => isup.serial.as_deref(),
            Message::Sadp(sadp) => sadp.serial.as_deref(),
            Message::Mqtt(mqtt) => match &**mqtt {
                MqttMessage::Connect(connect) => connect.username.as_deref(),
                MqttMessage::Connack(_) | MqttMessage::Subscribe(_) | MqttMessage::Publish(_) => {
                    None
                }
            },
            Message::Dns(_)
            | Message::Nbns(_)
            | Message::TlsHello(_)
            | Message::Tls(_)
            | Message::Quic(_)
            | Message::HttpRequest(_)
            | Message::Http(_)
            | Message::Rtsp(_)
            | Message::Sip(_)
            | Message::Stun(_)
            | Message::Dhcp(_)
            | Message::Dhcpv6(_)
            | Message::Ndp(_)
            | Message::Ntp(_)
            | Message::Snmp(_)
            | Message::Syslog(_)
            | Message::Portmap(_)
            | Message::Ssdp(_)
            | Message::Wsd(_)
            | Message::Hcnetsdk(_)
            | Message::P2p(_)
            | Message::Vtm(_)
            | Message::Beacon(_) => None,
        };
        if let Some(serial) = serial {
            self.note(serial);
        }
    }

    /// Takes note of a serial number, and of the short one that stands in a whole one: both have the same pseudonym.
    fn note(&self, serial: &str) {
        let serial = &*serial.to_ascii_uppercase();
        let short = short_serial(serial).unwrap_or(serial);
        self.note_as(serial, short);
        if short != serial {
            self.note_as(short, short);
        }
    }

    /// Both are in capitals.
    fn note_as(&self, serial: &str, named: &str) {
        if !is_serial(serial) {
            return;
        }
        let serial = serial.as_bytes();
        let Some(start) = serial.first_chunk::<MIN_SERIAL>() else { return };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.pseudonyms.contains_key(serial) {
            return;
        }
        if known.is_full() {
            known.make_room(serial);
        }
        let lengths = known.lengths.entry(*start).or_default();
        match lengths.iter_mut().find(|(length, _)| *length == serial.len()) {
            Some((_, count)) => *count += 1,
            None => {
                lengths.push((serial.len(), 1));
                // A long serial holds the short one: the whole is replaced.
                lengths.sort_unstable_by(|a, b| b.cmp(a));
            }
        }
        let pseudonym = self.pseudonym(named.as_bytes());
        known.pseudonyms.insert(serial.into(), pseudonym);
    }

    /// The pseudonym of a short serial number in capitals.
    fn pseudonym(&self, serial: &[u8]) -> Box<str> {
        let tag = hmac::sign(&self.key, serial);
        let mut pseudonym = String::from("s-");
        for byte in tag.as_ref().iter().take(DIGITS / 2) {
            pseudonym.push_str(&format!("{byte:02x}"));
        }
        pseudonym.into()
    }
}

/// Follows the quotes of JSON and of labels; no string of theirs goes over a line.
#[derive(Default)]
struct Quotes {
    is_open: bool,
    is_escaped: bool,
}

impl Quotes {
    const fn pass(&mut self, byte: u8) {
        match byte {
            _ if self.is_escaped => self.is_escaped = false,
            b'\n' => self.is_open = false,
            b'\\' => self.is_escaped = self.is_open,
            b'"' => self.is_open = !self.is_open,
            _ => {}
        }
    }
}

/// Tells whether a text can be a serial number. Anybody can send one: quotes and the marks of times and addresses would let it
/// replace other parts of a line.
fn is_serial(text: &str) -> bool {
    let is_short = text.len() <= MAX_SHORT;
    (MIN_SERIAL..=MAX_SERIAL).contains(&text.len())
        && text.bytes().any(|byte| byte.is_ascii_digit())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || !is_short && MODEL_MARKS.contains(&byte))
}

impl Known {
    fn new() -> Self {
        Self {
            latest: VecDeque::new(),
            pseudonyms: HashMap::with_hasher(RandomState::new()),
            lengths: HashMap::with_hasher(RandomState::new()),
        }
    }

    fn is_full(&self) -> bool {
        self.pseudonyms.len() >= MAX_KNOWN
    }

    /// Makes room for a serial number among the latest.
    fn make_room(&mut self, serial: &[u8]) {
        if self.latest.len() >= MAX_LATEST
            && let Some(oldest) = self.latest.pop_front()
        {
            self.pseudonyms.remove(&oldest);
            self.drop_length(&oldest);
        }
        self.latest.push_back(serial.into());
    }

    /// Forgets a serial number of this length that begins so.
    fn drop_length(&mut self, serial: &[u8]) {
        let Some(start) = serial.first_chunk::<MIN_SERIAL>() else { return };
        if let Some(lengths) = self.lengths.get_mut(start) {
            if let Some((_, count)) = lengths.iter_mut().find(|(length, _)| *length == serial.len())
            {
                *count = count.saturating_sub(1);
            }
            lengths.retain(|(_, count)| *count > 0);
            if lengths.is_empty() {
                self.lengths.remove(start);
            }
        }
    }

    /// The serial number that begins at this place of `text`, which is in upper case: where it lies, and its pseudonym.
    /// A number is one only inside of quotes.
    fn at(&self, text: &[u8], at: usize, is_quoted: bool) -> Option<(Range<usize>, Box<str>)> {
        let rest = text.get(at..)?;
        let lengths = self.lengths.get(rest.first_chunk::<MIN_SERIAL>()?)?;
        lengths.iter().find_map(|&(length, _)| {
            let window = rest.get(..length)?;
            let before = at.checked_sub(1).and_then(|at| text.get(at));
            // Digits in a longer number are a count, and no serial number.
            if goes_on(before, window.first()) || goes_on(window.last(), rest.get(length)) {
                return None;
            }
            if !is_quoted && window.iter().all(u8::is_ascii_digit) {
                return None;
            }
            let pseudonym = self.pseudonyms.get(window)?;
            Some((at..at + length, pseudonym.clone()))
        })
    }
}

/// Tells whether a number goes on from one byte to the next.
fn goes_on(left: Option<&u8>, right: Option<&u8>) -> bool {
    left.is_some_and(u8::is_ascii_digit) && right.is_some_and(u8::is_ascii_digit)
}

impl fmt::Debug for Pseudonyms {
    /// Shows neither key nor serial numbers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pseudonyms").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_number_is_replaced_wherever_it_stands_and_always_by_the_same() {
        let pseudonyms = Pseudonyms::new(&[7; 32]).unwrap();
        assert!(pseudonyms.mask(b"E33842150").is_some(), "built like one, whoever it is");
        pseudonyms.note("E33842150");

        let line = br#"{"serial":"E33842150","topic":"/Basic/pu2cenplt/E33842150/firstconnect","x":"AAWRE33842150"}"#;
        let masked = String::from_utf8(pseudonyms.mask(line).unwrap()).unwrap();

        assert!(!masked.contains("33842150"), "{masked}");
        assert_eq!(masked.matches("s-").count(), 3);
        assert_eq!(pseudonyms.mask(masked.as_bytes()), None, "a pseudonym is none");
        let again = Pseudonyms::new(&[7; 32]).unwrap();
        again.note("E33842150");
        assert_eq!(again.mask(line), pseudonyms.mask(line));
        let other = Pseudonyms::new(&[8; 32]).unwrap();
        other.note("E33842150");
        assert_ne!(other.mask(line), pseudonyms.mask(line));
    }

    #[test]
    fn serial_numbers_of_any_length_are_found_in_lower_case_too() {
        let pseudonyms = Pseudonyms::new(&[7; 32]).unwrap();
        for model in ["DS-2CD1", "DS-2CD2042WD-I", "DS-7608NI-K2/8P", "iDS-7216HQHI-M2/S"] {
            for tail in ["", "X", "XY", "XYZ"] {
                pseudonyms.note(&format!("{model}{tail}20160818AAWR646739843"));
            }
        }
        pseudonyms.note("E33842150");

        let masked = |text: &str| {
            pseudonyms.mask(text.as_bytes()).map(|text| String::from_utf8(text).unwrap())
        };
        assert!(masked("iDS-7216HQHI-M2/SXYZ20160818AAWR646739843").is_some());
        let name = masked("e33842150.local").unwrap();
        assert!(name.starts_with("s-") && name.ends_with(".local"), "{name}");
    }

    #[test]
    fn a_made_up_serial_number_replaces_no_other_part_of_a_line_and_no_count() {
        let pseudonyms = Pseudonyms::new(&[7; 32]).unwrap();
        for text in ["2026-11", "192.0.2.1", r#"m":1,"flow_id"#, "+00:00\",\"0"] {
            pseudonyms.note(text);
        }
        pseudonyms.note("646739843");

        let line =
            br#"{"t":"2026-11-27","ip":"192.0.2.1","m":1,"flow_id":12646739843,"bytes":646739843}"#;
        assert_eq!(pseudonyms.mask(line), None);
        let line = b"hikwatch_bytes_total{device=\"d-1\"} 646739843\n";
        assert_eq!(pseudonyms.mask(line), None);
        assert!(pseudonyms.mask_plain("camera 646739843").is_some());
        assert!(pseudonyms.mask(br#""x":"AAWR646739843""#).is_some());
    }

    #[test]
    fn a_whole_serial_and_the_short_one_in_it_are_one_unit() {
        let pseudonyms = Pseudonyms::new(&[7; 32]).unwrap();
        pseudonyms.note("DS-2CD2385G1-I20200414AAWRE33842150");

        let of = |text: &str| String::from_utf8(pseudonyms.mask(text.as_bytes()).unwrap()).unwrap();
        assert_eq!(of("DS-2CD2385G1-I20200414AAWRE33842150"), of("E33842150"));
        assert_eq!(of("AAWRE33842150"), of("E33842150"));
        assert_eq!(of("20200414AAWRE33842150"), of("e33842150"));
        assert!(!of("x K80361924").contains("K80361924"));
    }

    #[test]
    fn numbers_that_a_vendors_device_says_in_its_names_are_learned() {
        let pseudonyms = Pseudonyms::new(&[7; 32]).unwrap();
        let name = "DS-2CD2042WD-I - 646739843._http._tcp.local";
        let line = format!(r#"{{"name":"{name}"}}"#);
        assert_eq!(pseudonyms.mask(line.as_bytes()), None);
        pseudonyms.note_words(name);

        let masked = String::from_utf8(pseudonyms.mask(line.as_bytes()).unwrap()).unwrap();
        assert!(!masked.contains("646739843") && masked.contains("DS-2CD2042WD-I"), "{masked}");
    }

    #[test]
    fn words_are_no_serial_numbers_and_a_short_key_is_none() {
        let pseudonyms = Pseudonyms::new(&[7; 32]).unwrap();
        for word in ["camera", "12345", "registration"] {
            pseudonyms.note(word);
        }

        assert_eq!(pseudonyms.mask(b"camera 12345 registration"), None);
        assert_eq!(Pseudonyms::new(&[7; 31]).unwrap_err(), 31);
    }

    #[test]
    fn made_up_serial_numbers_take_no_more_room_than_there_is() {
        let pseudonyms = Pseudonyms::new(&[7; 32]).unwrap();
        for number in 0..40_000 {
            pseudonyms.note(&format!("E{number:08}"));
        }

        {
            let known = pseudonyms.known.lock().unwrap();
            assert_eq!(known.pseudonyms.len(), MAX_KNOWN + MAX_LATEST);
            assert_eq!(known.latest.len(), MAX_LATEST);
            assert!(known.lengths.len() <= MAX_KNOWN + MAX_LATEST);
        }
        // What was just learned is masked, what was before all, and whatever looks like a serial number.
        pseudonyms.note("UNIT77");
        for text in [r#""UNIT77""#, r#""E00000000""#, r#""K80361924""#, r#""a 646739843""#] {
            assert!(pseudonyms.mask(text.as_bytes()).is_some(), "{text}");
        }
        assert_eq!(pseudonyms.mask(b"{\"bytes\":646739843}"), None);
    }

    #[test]
    fn a_revision_is_learned_once() {
        let pseudonyms = Pseudonyms::new(&[7; 32]).unwrap();
        let times = std::cell::Cell::new(0);
        for revision in [1, 1, 2, 2] {
            pseudonyms.catch_up(revision, || times.set(times.get() + 1));
        }
        assert_eq!(times.get(), 2);
    }
}
