//! Reads an SNMP message.
//!
//! Comes in: the payload of a datagram. Goes out: an [`SnmpMessage`] (RFC 1157, 4; RFC 3416, 3; RFC 3412, 6). The
//! community is passed over; of version 3 only the engine identifier is read.

use super::ber::{INTEGER, OCTETS, OID, SEQUENCE, expect, integer, oid_text, take};
use super::{SnmpMessage, SnmpPdu};
use crate::dissect::{DissectReason, cursor::Cursor, verdict::Probe};
use crate::net::bounded;

/// Variable bindings of one message that are read; guards memory.
const MAX_VARIABLES: usize = 32;
/// Bytes of a text: DisplayString, RFC 2579, 2.
const MAX_TEXT: usize = 255;
/// IpAddress, RFC 2578, 7.1.5.
const IP_ADDRESS: u8 = 0x40;
/// sysDescr.0, sysObjectID.0 and sysName.0, RFC 3418, 2.
const SYS_DESCR: &str = "1.3.6.1.2.1.1.1.0";
const SYS_OBJECT_ID: &str = "1.3.6.1.2.1.1.2.0";
const SYS_NAME: &str = "1.3.6.1.2.1.1.5.0";
/// snmpTrapOID.0, RFC 3418, 2.
const SNMP_TRAP_OID: &str = "1.3.6.1.6.3.1.1.4.1.0";

/// Tells whether a datagram is SNMP: a sequence that fills it, with a version and behind it what that version has.
pub(crate) fn probe(payload: &[u8]) -> Probe {
    if payload.first() != Some(&SEQUENCE) {
        return Probe::NotForUs;
    }
    let mut outer = Cursor::new(payload);
    // One that is cut cannot be told from other sequences.
    let Ok(content) = expect(&mut outer, SEQUENCE) else { return Probe::Unsure };
    let mut fields = Cursor::new(content);
    let version = integer(&mut fields);
    let next = take(&mut fields).map(|value| value.tag);
    match (version, next) {
        (Ok(0 | 1), Ok(OCTETS)) | (Ok(3), Ok(SEQUENCE)) if outer.is_empty() => Probe::Certain,
        _ => Probe::NotForUs,
    }
}

/// Reads a message. `Ok(None)`: no sequence, or another version. Variables behind a broken one are not read.
///
/// # Errors
/// It ends early or breaks a rule before its variables.
pub(crate) fn dissect(payload: &[u8]) -> Result<Option<SnmpMessage>, DissectReason> {
    if payload.first() != Some(&SEQUENCE) {
        return Ok(None);
    }
    let mut cursor = Cursor::new(expect(&mut Cursor::new(payload), SEQUENCE)?);
    let mut message = SnmpMessage::default();
    match integer(&mut cursor)? {
        0 => message.version = 1,
        1 => message.version = 2,
        3 => {
            message.version = 3;
            message.engine_enterprise = read_engine(cursor)?;
            return Ok(Some(message));
        }
        _ => return Ok(None),
    }
    let _community = expect(&mut cursor, OCTETS)?;
    let pdu = take(&mut cursor)?;
    let kind = SnmpPdu::from_tag(pdu.tag).ok_or(DissectReason::Malformed)?;
    message.pdu = Some(kind);
    let mut fields = Cursor::new(pdu.content);
    if kind == SnmpPdu::TrapV1 {
        read_trap(&mut fields, &mut message)?;
    } else {
        // request-id may be negative, and is not kept; then error-status and error-index, or the counts of a bulk.
        for _ in 0..3 {
            expect(&mut fields, INTEGER)?;
        }
    }
    let variables = expect(&mut fields, SEQUENCE)?;
    read_variables(variables, &mut message);
    Ok(Some(message))
}

/// Reads what a trap of version 1 has before its variables, RFC 1157, 4.1.6.
fn read_trap(fields: &mut Cursor<'_>, message: &mut SnmpMessage) -> Result<(), DissectReason> {
    message.trap_oid = oid_text(expect(fields, OID)?);
    let address = expect(fields, IP_ADDRESS)?;
    message.trap_address = <[u8; 4]>::try_from(address).ok().map(Into::into);
    message.generic_trap = Some(integer(fields)?);
    let _specific_trap = expect(fields, INTEGER)?;
    let _time_stamp = take(fields)?;
    Ok(())
}

/// Reads the variable bindings, RFC 3416, 3.
fn read_variables(variables: &[u8], message: &mut SnmpMessage) {
    let mut cursor = Cursor::new(variables);
    while message.variables.len() < MAX_VARIABLES {
        let Ok(binding) = expect(&mut cursor, SEQUENCE) else { return };
        let mut binding = Cursor::new(binding);
        let Ok(name) = expect(&mut binding, OID) else { return };
        let Some(name) = oid_text(name) else { return };
        let Ok(value) = take(&mut binding) else { return };
        match (&*name, value.tag) {
            (SYS_DESCR, OCTETS) => message.sys_descr = text(value.content),
            (SYS_NAME, OCTETS) => message.sys_name = text(value.content),
            (SYS_OBJECT_ID, OID) => message.sys_object_id = oid_text(value.content),
            (SNMP_TRAP_OID, OID) => message.trap_oid = oid_text(value.content),
            _ => {}
        }
        message.variables.push(name);
    }
}

/// Text that is not empty.
fn text(bytes: &[u8]) -> Option<String> {
    (!bytes.is_empty()).then(|| bounded(bytes, MAX_TEXT))
}

/// Reads the enterprise number of version 3's authoritative engine (RFC 3412, 6; RFC 3414, 2.4). An empty engine
/// identifier asks who is there.
fn read_engine(mut cursor: Cursor<'_>) -> Result<Option<u32>, DissectReason> {
    let _header = expect(&mut cursor, SEQUENCE)?;
    let parameters = expect(&mut cursor, OCTETS)?;
    let Ok(parameters) = expect(&mut Cursor::new(parameters), SEQUENCE) else { return Ok(None) };
    let engine = expect(&mut Cursor::new(parameters), OCTETS)?;
    // The top bit tells the form in which the enterprise number comes first (RFC 3411, 5, SnmpEngineID).
    Ok(engine.first_chunk().map(|number| u32::from_be_bytes(*number) & 0x7fff_ffff))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    const DESCR: &[u8] = b"\x2b\x06\x01\x02\x01\x01\x01\0";
    const OBJECT: &[u8] = b"\x2b\x06\x01\x02\x01\x01\x02\0";
    const NAME: &[u8] = b"\x2b\x06\x01\x02\x01\x01\x05\0";
    const PRODUCT: &[u8] = b"\x2b\x06\x01\x04\x01\x82\xb7\x29\x01";

    #[test]
    fn a_response_gives_what_the_device_says_of_itself_and_no_community() {
        let message = read(&response());

        assert_eq!((message.version, message.pdu), (2, Some(SnmpPdu::Response)));
        assert_eq!(message.sys_descr.as_deref(), Some("Network Camera"));
        assert_eq!(message.sys_object_id.as_deref(), Some("1.3.6.1.4.1.39849.1"));
        assert_eq!(message.sys_name.as_deref(), Some("cam1"));
        assert_eq!(message.variables, [SYS_DESCR, SYS_OBJECT_ID, SYS_NAME]);
        assert!(!format!("{message:?}").contains("secret"));
        assert_eq!(probe(&response()), Probe::Certain);
    }

    #[test]
    fn a_request_names_objects_without_values() {
        let message = read(&community_message(0, 0xa0, &[binding(DESCR, 5, b"")]));

        assert_eq!((message.version, message.pdu), (1, Some(SnmpPdu::GetRequest)));
        assert_eq!((&*message.variables, message.sys_descr), (&[SYS_DESCR.to_owned()][..], None));
    }

    #[test]
    fn traps_give_what_they_are_about() {
        let fields = [
            tlv(OID, PRODUCT),
            tlv(IP_ADDRESS, &[192, 0, 2, 7]),
            tlv(INTEGER, &[6]),
            tlv(INTEGER, &[1]),
            tlv(0x43, &[9]),
            tlv(SEQUENCE, b""),
        ];
        let first = read(&versioned(0, &tlv(0xa4, &fields.concat())));
        assert_eq!(first.trap_oid.as_deref(), Some("1.3.6.1.4.1.39849.1"));
        assert_eq!(
            (first.trap_address, first.generic_trap),
            (Some([192, 0, 2, 7].into()), Some(6))
        );

        let about = binding(b"\x2b\x06\x01\x06\x03\x01\x01\x04\x01\0", OID, PRODUCT);
        let second = read(&community_message(1, 0xa7, &[about]));
        assert_eq!(second.trap_oid, first.trap_oid);
    }

    #[test]
    fn version_3_gives_the_enterprise_of_the_engine_only() {
        let engine = tlv(OCTETS, b"\x80\0\x9b\xa9\x03\x44\xa6\x42\x01\x02\x03");
        let user = tlv(OCTETS, b"admin");
        let parameters = tlv(OCTETS, &tlv(SEQUENCE, &[engine, user].concat()));
        let rest = [tlv(INTEGER, &[3]), tlv(SEQUENCE, b""), parameters].concat();
        let bytes = tlv(SEQUENCE, &rest);

        let expected =
            SnmpMessage { version: 3, engine_enterprise: Some(39849), ..SnmpMessage::default() };
        assert_eq!((read(&bytes), probe(&bytes)), (expected, Probe::Certain));
    }

    #[test]
    fn a_broken_variable_ends_the_list() {
        let broken = tlv(SEQUENCE, &tlv(INTEGER, &[1]));
        let list = [binding(DESCR, OCTETS, b"x"), broken, binding(NAME, OCTETS, b"y")];
        let message = read(&community_message(1, 0xa2, &list));

        assert_eq!((message.sys_descr.as_deref(), message.sys_name), (Some("x"), None));
    }

    #[test]
    fn other_payloads_are_not_for_us_and_cut_ones_truncated() {
        assert_eq!((dissect(b"GET"), probe(b"GET")), (Ok(None), Probe::NotForUs));
        assert_eq!(dissect(&tlv(SEQUENCE, &tlv(INTEGER, &[2]))), Ok(None));
        let bytes = response();
        assert_eq!(dissect(&bytes[..bytes.len() - 1]), Err(DissectReason::Truncated));
        let unknown = community_message(1, 0xa9, &[]);
        assert_eq!(dissect(&unknown), Err(DissectReason::Malformed));
    }

    #[test]
    fn damaged_messages_stay_within_the_bounds() {
        for_each_mutant(&response(), |bytes| {
            probe(bytes);
            let Ok(Some(message)) = dissect(bytes) else { return };
            assert!(message.variables.len() <= MAX_VARIABLES);
            assert!(message.sys_descr.is_none_or(|text| text.len() <= MAX_TEXT));
        });
        let many = vec![binding(NAME, OCTETS, b"x"); 100];
        assert_eq!(read(&community_message(1, 0xa2, &many)).variables.len(), MAX_VARIABLES);
    }

    fn response() -> Vec<u8> {
        let list = [
            binding(DESCR, OCTETS, b"Network Camera"),
            binding(OBJECT, OID, PRODUCT),
            binding(NAME, OCTETS, b"cam1"),
        ];
        community_message(1, 0xa2, &list)
    }

    fn community_message(version: u8, pdu: u8, variables: &[Vec<u8>]) -> Vec<u8> {
        let numbers = [tlv(INTEGER, &[0x80, 1]), tlv(INTEGER, &[0]), tlv(INTEGER, &[0])].concat();
        let variables = tlv(SEQUENCE, &variables.concat());
        versioned(version, &tlv(pdu, &[numbers, variables].concat()))
    }

    fn versioned(version: u8, pdu: &[u8]) -> Vec<u8> {
        let community = tlv(OCTETS, b"secret");
        tlv(SEQUENCE, &[&tlv(INTEGER, &[version])[..], &community, pdu].concat())
    }

    fn binding(name: &[u8], tag: u8, value: &[u8]) -> Vec<u8> {
        tlv(SEQUENCE, &[tlv(OID, name), tlv(tag, value)].concat())
    }

    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x82][..], &length, content].concat()
    }

    fn read(bytes: &[u8]) -> SnmpMessage {
        dissect(bytes).unwrap().unwrap()
    }
}
