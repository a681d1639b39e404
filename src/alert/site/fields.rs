//! The fields of site rules: the one place that says which there are, of what kind, when they have a value, and where it comes
//! from. `config/site-rules.md` shows the same table; a test compares them.
//!
//! Comes in: a scene and the time of day at the site. Goes out: values, or nothing where a thing is not known.

use super::site_time::SiteTime;
use super::value::{FieldKind, FieldValue};
use super::words;
use crate::alert::scene::{Cue, FlowCue, MessageCue, Scene};
use crate::classify::activity::DeviceHour;
use crate::device::{DeviceProfile, Presence};
use crate::flow::FlowCounters;
use crate::net::Timestamp;

/// A field.
#[derive(Debug)]
pub struct Field {
    /// Its name, with its family: `flow.country`.
    pub name: &'static str,
    /// What it holds.
    pub kind: FieldKind,
    /// What that is, with its unit.
    pub says: &'static str,
    /// When it has a value; empty where it always has one.
    pub known_when: &'static str,
    /// An example, as it is written in an expression.
    pub example: &'static str,
    /// The words that it may hold; empty where those are not a closed set.
    pub words: &'static [&'static str],
    read: Read,
}

/// Where the value comes from; this is the family of the field.
#[derive(Debug, Clone, Copy)]
enum Read {
    Device(fn(&DeviceProfile, Timestamp) -> Option<FieldValue>),
    Flow(fn(&FlowCue<'_>) -> Option<FieldValue>),
    Message(fn(&MessageCue<'_>) -> Option<FieldValue>),
    /// Its kind, or its subject.
    Evasion(fn((&'static str, &str)) -> Option<FieldValue>),
    Hour(fn(&DeviceHour) -> Option<FieldValue>),
    Time(fn(SiteTime) -> Option<FieldValue>),
}

/// Families of fields. Those of the device and of the time are known whenever a rule is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::alert) enum Family {
    Device,
    Time,
    Flow,
    Message,
    Evasion,
    Hour,
}

impl Family {
    pub(super) const ALL: [Self; 6] =
        [Self::Device, Self::Time, Self::Flow, Self::Message, Self::Evasion, Self::Hour];

    /// What its fields begin with.
    pub(super) const fn as_label(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Time => "time",
            Self::Flow => "flow",
            Self::Message => "message",
            Self::Evasion => "evasion",
            Self::Hour => "hour",
        }
    }

    /// Tells whether its fields are known whenever a rule is looked at.
    pub(super) const fn is_always_there(self) -> bool {
        match self {
            Self::Device | Self::Time => true,
            Self::Flow | Self::Message | Self::Evasion | Self::Hour => false,
        }
    }
}

impl Field {
    /// The field of a name.
    pub(super) fn find(name: &str) -> Option<&'static Self> {
        FIELDS.iter().find(|field| field.name == name)
    }

    pub(super) const fn family(&self) -> Family {
        match self.read {
            Read::Device(_) => Family::Device,
            Read::Flow(_) => Family::Flow,
            Read::Message(_) => Family::Message,
            Read::Evasion(_) => Family::Evasion,
            Read::Hour(_) => Family::Hour,
            Read::Time(_) => Family::Time,
        }
    }

    /// Tells whether the value changes although nothing happens.
    pub(super) fn moves_with_time(&self) -> bool {
        self.family() == Family::Time || self.name == AGE
    }

    /// The value in a scene; nothing where it is not known, or belongs to another kind of scene.
    pub(super) fn value(&self, scene: &Scene<'_>, clock: SiteTime) -> Option<FieldValue> {
        match (self.read, &scene.cue) {
            (Read::Device(read), _) => read(scene.device, scene.now),
            (Read::Time(read), _) => read(clock),
            (Read::Flow(read), Cue::Flow(flow)) => read(flow),
            (Read::Message(read), Cue::Message(message)) => read(message),
            (Read::Evasion(read), Cue::Evasion { kind, subject }) => {
                read((kind.as_label(), subject))
            }
            (Read::Hour(read), Cue::Hour(hour)) => read(hour),
            (Read::Flow(_) | Read::Message(_) | Read::Evasion(_) | Read::Hour(_), _) => None,
        }
    }
}

const AGE: &str = "device.age";

fn text(text: impl AsRef<str>) -> Option<FieldValue> {
    Some(FieldValue::text(text))
}

fn texts<T: ToString>(list: &[T]) -> Option<FieldValue> {
    Some(FieldValue::Texts(list.iter().map(|entry| entry.to_string().into()).collect()))
}

fn whole(number: impl Into<u64>) -> Option<FieldValue> {
    Some(FieldValue::whole(number.into()))
}

fn flag(flag: bool) -> Option<FieldValue> {
    Some(FieldValue::Flag(flag))
}

fn sent(flow: &FlowCue<'_>) -> FlowCounters {
    flow.report.record.sent_by(flow.role)
}

fn received(flow: &FlowCue<'_>) -> FlowCounters {
    flow.report.record.sent_by(flow.role.other())
}

fn lasts(flow: &FlowCue<'_>) -> u64 {
    flow.report.record.flow_end.since(flow.report.record.flow_start).as_secs()
}

/// The end of a message's flow that is not the device.
fn peer(cue: &MessageCue<'_>) -> Option<crate::flow::Endpoint> {
    let flow = cue.context.flow?;
    Some(if cue.is_sender { flow.responder } else { flow.initiator })
}

fn moved(hour: &DeviceHour, side: fn(&crate::classify::activity::RoleVolume) -> u64) -> u64 {
    hour.roles.iter().map(side).fold(0, u64::saturating_add)
}

/// One row of the table.
macro_rules! field {
    ($name:expr, $kind:ident, $says:expr, $when:expr, $example:expr, $words:expr, $family:ident($read:expr)) => {
        Field {
            name: $name,
            kind: FieldKind::$kind,
            says: $says,
            known_when: $when,
            example: $example,
            words: $words,
            read: Read::$family($read),
        }
    };
}

const ANY: &[&str] = &[];

/// Every field, by family.
#[rustfmt::skip]
pub static FIELDS: &[Field] = &[
    field!("device.id", Text, "hikwatch's own identifier of the device", "", "\"d-0123456789ab\"", ANY,
        Device(|device, _| text(&device.id.0))),
    field!("device.name", Text, "what its owner calls it ([[device]] name), else what it calls itself", "it has a name", "\"Front door\"", ANY,
        Device(|device, _| text(device.name()?))),
    field!("device.site", Text, "where it hangs ([[device]] site)", "the configuration says so", "\"Warehouse\"", ANY,
        Device(|device, _| text(device.label.as_ref()?.site.as_deref()?))),
    field!("device.owner", Text, "who answers for it ([[device]] owner)", "the configuration says so", "\"facilities\"", ANY,
        Device(|device, _| text(device.label.as_ref()?.owner.as_deref()?))),
    field!("device.vendor", Text, "the brand on the housing", "", "\"ezviz\"", ANY,
        Device(|device, _| text(device.identity.vendor.as_deref()?))),
    field!("device.maker", Text, "who made it: another vendor where it is rebranded, else the brand", "", "\"hikvision\"", ANY,
        Device(|device, _| { let identity = &device.identity; text(identity.oem_of.as_deref().or(identity.vendor.as_deref())?) })),
    field!("device.kind", Text, "what it is", "", "\"camera\"", words::KINDS,
        Device(|device, _| text(device.identity.kind.as_label()))),
    field!("device.model", Text, "its model, in its own words", "it said so", "\"DS-2CD2042WD-I\"", ANY,
        Device(|device, _| text(device.identity.model.as_deref()?))),
    field!("device.firmware", Text, "its firmware, in its own words", "it said so", "\"V5.4.5\"", ANY,
        Device(|device, _| text(device.identity.firmware.as_deref()?))),
    field!("device.confidence", Whole, "how sure the identity is, in percent", "", "60", ANY,
        Device(|device, _| whole(device.identity.confidence))),
    field!("device.mac", Text, "its Ethernet address, in lower case", "it was seen on its own segment", "\"44:a6:42:01:02:03\"", ANY,
        Device(|device, _| text(device.mac?.to_string()))),
    field!("device.ip", Text, "the first of its addresses", "it was seen with one", "\"192.168.1.64\"", ANY,
        Device(|device, _| text(device.addresses.first()?.to_string()))),
    field!("device.addresses", Texts, "all its addresses, oldest first", "", "[\"192.168.1.64\"]", ANY,
        Device(|device, _| texts(&device.addresses))),
    field!(AGE, Whole, "seconds since it was first seen", "", "86400", ANY,
        Device(|device, now| whole(now.since(device.first_seen).as_secs()))),
    field!("device.is_online", Flag, "it was heard of within `devices.offline_after`", "", "false", ANY,
        Device(|device, _| flag(device.state.presence == Presence::Online))),
    field!("device.is_activated", Flag, "a password was set", "it said so (SADP)", "true", ANY,
        Device(|device, _| flag(device.state.activated?))),
    field!("device.has_conflict", Flag, "another station uses its address", "", "false", ANY,
        Device(|device, _| flag(device.state.conflict.is_some()))),

    field!("time.hour", Whole, "hour of the day at the site (`alerts.time_zone`, or `alerts.utc_offset`), 0 to 23", "", "22", ANY,
        Time(|clock| Some(FieldValue::Whole(clock.hour)))),
    field!("time.minute", Whole, "minute of the hour, 0 to 59", "", "30", ANY,
        Time(|clock| Some(FieldValue::Whole(clock.minute)))),
    field!("time.weekday", Whole, "day of the week at the site, 1 (Monday) to 7 (Sunday)", "", "6", ANY,
        Time(|clock| Some(FieldValue::Whole(clock.weekday)))),

    field!("flow.perimeter", Text, "which way it crosses the border of our network", "", "\"outbound\"", words::PERIMETERS,
        Flow(|flow| text(flow.perimeter.as_label()))),
    field!("flow.is_own", Flag, "the device began it", "", "true", ANY,
        Flow(|flow| flag(flow.is_own()))),
    field!("flow.is_answered", Flag, "the far end sent something", "", "true", ANY,
        Flow(|flow| flag(flow.is_answered()))),
    field!("flow.protocol", Text, "the transport, as in events", "", "\"TCP\"", ANY,
        Flow(|flow| text(flow.report.record.protocol.to_string()))),
    field!("flow.app", Text, "the protocol inside", "its first bytes were recognised", "\"tls\"", words::PROTOCOLS,
        Flow(|flow| text(flow.report.head.as_deref()?.protocol.as_label()))),
    field!("flow.port", Whole, "the port that was asked for: that of who did not begin", "", "443", ANY,
        Flow(|flow| whole(flow.report.record.responder.port))),
    field!("flow.peer_ip", Text, "the address of the far end", "", "\"203.0.113.7\"", ANY,
        Flow(|flow| text(flow.far_end().ip.to_string()))),
    field!("flow.peer_port", Whole, "the port of the far end", "", "8554", ANY,
        Flow(|flow| whole(flow.far_end().port))),
    field!("flow.peer_is_camera", Flag, "the far end is a vendor's device of ours", "", "false", ANY,
        Flow(|flow| flag(flow.peer.is_some_and(|peer| peer.is_vendor_device())))),
    field!("flow.name", Text, "the far end's name, as the device asked for it or said it", "a name was seen", "\"litedev.ezvizlife.com\"", ANY,
        Flow(|flow| text(flow.name?))),
    field!("flow.is_cloud", Flag, "the far end is a service of a vendor's cloud, or a peer that it led to", "", "true", ANY,
        Flow(|flow| flag(flow.destination.is_some()))),
    field!("flow.cloud", Text, "whose cloud that is", "the far end is one", "\"ezviz\"", ANY,
        Flow(|flow| text(&flow.destination?.vendor))),
    field!("flow.service", Text, "which service", "the far end is one", "\"ezviz-lbs\"", ANY,
        Flow(|flow| text(&flow.destination?.service))),
    field!("flow.role", Text, "what the service is for", "the far end is one", "\"relay\"", words::ROLES,
        Flow(|flow| text(flow.destination?.role.as_label()))),
    field!("flow.region", Text, "where the service says it stands", "the far end is one", "\"eu\"", words::REGIONS,
        Flow(|flow| text(flow.destination?.region.as_label()))),
    field!("flow.confidence", Whole, "how sure the verdict on the service is, in percent", "the far end is one", "80", ANY,
        Flow(|flow| whole(flow.destination?.confidence))),
    field!("flow.basis", Text, "what that verdict rests on", "the far end is one", "\"sni\"", words::BASES,
        Flow(|flow| text(flow.destination?.basis.as_label()))),
    field!("flow.country", Text, "where the far end's address is registered (ISO 3166-1)", "it is outside and listed", "\"CN\"", ANY,
        Flow(|flow| text(flow.place.country?.to_string()))),
    field!("flow.asn", Whole, "the number of the system that announces that address", "it is outside and listed", "64496", ANY,
        Flow(|flow| whole(flow.place.asn?))),
    field!("flow.bytes_sent", Whole, "IP bytes that the device sent so far", "", "1000000", ANY,
        Flow(|flow| whole(sent(flow).ip_bytes))),
    field!("flow.bytes_received", Whole, "IP bytes that it received so far", "", "1000000", ANY,
        Flow(|flow| whole(received(flow).ip_bytes))),
    field!("flow.seconds", Whole, "seconds from its first to its latest packet", "", "3600", ANY,
        Flow(|flow| whole(lasts(flow)))),
    field!("flow.rate_sent", Whole, "bits a second that the device sent, over all of the flow", "it lasts a second or more", "256000", ANY,
        Flow(|flow| whole(sent(flow).ip_bytes.saturating_mul(8).checked_div(lasts(flow))?))),

    field!("message.protocol", Text, "what was spoken", "", "\"rtsp\"", words::PROTOCOLS,
        Message(|cue| text(cue.message.protocol().as_label()))),
    field!("message.is_own", Flag, "the device sent it, or began the exchange that it ends", "", "true", ANY,
        Message(|cue| flag(cue.is_sender))),
    field!("message.perimeter", Text, "which way its flow crosses the border of our network", "", "\"internal\"", words::PERIMETERS,
        Message(|cue| text(cue.perimeter.as_label()))),
    field!("message.peer_ip", Text, "the address of the other end", "it was not directly on Ethernet", "\"192.168.1.20\"", ANY,
        Message(|cue| text(peer(cue)?.ip.to_string()))),
    field!("message.port", Whole, "the port that was asked for: that of who did not begin", "it was not directly on Ethernet", "554", ANY,
        Message(|cue| whole(cue.context.flow?.responder.port))),

    field!("evasion.kind", Text, "which way around the network's rules the device took", "", "\"foreign-resolver\"", words::EVASIONS,
        Evasion(|(kind, _)| text(kind))),
    field!("evasion.subject", Text, "the address or name that it concerned", "", "\"198.51.100.53\"", ANY,
        Evasion(|(_, subject)| text(subject))),

    field!("hour.state", Text, "what the device chiefly did with the cloud in a whole hour (UTC)", "", "\"cloud-relay\"", words::STATES,
        Hour(|hour| text(hour.state.as_label()))),
    field!("hour.confidence", Whole, "how sure that is, in percent", "", "80", ANY,
        Hour(|hour| whole(hour.confidence))),
    field!("hour.bytes_sent", Whole, "IP bytes that it sent to clouds and peers in that hour", "", "50000000", ANY,
        Hour(|hour| whole(moved(hour, |role| role.sent)))),
    field!("hour.bytes_received", Whole, "IP bytes that it received from them", "", "1000000", ANY,
        Hour(|hour| whole(moved(hour, |role| role.received)))),
    field!("hour.nameless_bytes", Whole, "IP bytes exchanged with far ends that nothing names", "", "100000", ANY,
        Hour(|hour| whole(hour.nameless_bytes))),
    field!("hour.registered", Whole, "how often the cloud agreed to register it", "", "1", ANY,
        Hour(|hour| whole(hour.attempts.registered))),
    field!("hour.refused", Whole, "how often the cloud refused it", "", "2", ANY,
        Hour(|hour| whole(hour.attempts.refused))),
    field!("hour.seen", Whole, "how much of its traffic was seen, in percent", "", "100", ANY,
        Hour(|hour| whole(hour.sight.per_mille / 10))),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_field_begins_with_its_family_stands_once_and_is_described() {
        let mut names = BTreeSet::new();
        for field in FIELDS {
            let family = field.family().as_label();
            assert!(field.name.starts_with(&format!("{family}.")), "{}", field.name);
            assert!(names.insert(field.name), "{} stands twice", field.name);
            assert!(field.says.len() > 8 && !field.example.is_empty(), "{}", field.name);
            assert_eq!(field.example.starts_with('"'), field.kind == FieldKind::Text);
            let word = field.example.trim_matches('"');
            assert!(field.words.is_empty() || field.words.contains(&word), "{}", field.name);
        }
        for family in Family::ALL {
            assert!(FIELDS.iter().any(|field| field.family() == family));
        }
    }
}
