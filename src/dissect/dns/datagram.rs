//! Reads a message of DNS, multicast DNS or LLMNR.
//!
//! Comes in: the payload of a datagram, or one message of a stream. Goes out: a [`DnsMessage`] with all four sections
//! (RFC 1035, 4; RFC 6762, 18; RFC 4795, 2.1). One broken record does not cost what stands before it.

use super::name::skip_name;
use super::record::{read_query, read_record};
use super::{DnsMessage, DnsRecord, DnsRecordData};
use crate::dissect::{AppProtocol, DissectReason, cursor::Cursor, verdict::Probe};

/// Questions that are kept; guards memory. More are passed over.
const MAX_QUERIES: usize = 32;
/// Answers that are kept; guards memory. Sections behind more are not looked at.
const MAX_ANSWERS: usize = 256;
/// Authorities and additionals that are kept, each; guards memory. More are not looked at.
const MAX_OTHERS: usize = 64;
/// Bytes of names and texts that the records of one message may hold together: compression makes long names of two bytes.
const MAX_TEXT_OF_MESSAGE: usize = 32 << 10;

/// Bytes that [`probe`] looks at: the largest datagram that EDNS usually asks for (RFC 6891, 6.2.5).
const MAX_PROBED: usize = 4096;
/// Records that [`probe`] passes over.
const MAX_PROBED_RECORDS: u16 = 128;

/// Reads a message as `protocol`, which is one of the three. `Ok(None)`: an operation that multicast DNS and LLMNR
/// tell their receivers to ignore (RFC 6762, 18.3; RFC 4795, 2.1.1), or another protocol.
///
/// When the message is cut or damaged behind its first question or record, what stands before is returned, as
/// [truncated](DnsMessage::truncated).
///
/// # Errors
/// The header is not well formed, or the first question or record is not.
pub(crate) fn dissect(
    payload: &[u8],
    protocol: AppProtocol,
) -> Result<Option<DnsMessage>, DissectReason> {
    let mut cursor = Cursor::new(payload);
    let (id, flags) = (cursor.u16()?, cursor.u16()?);
    let counts = [cursor.u16()?, cursor.u16()?, cursor.u16()?, cursor.u16()?];
    let mut message = DnsMessage::new(protocol, id, flags);
    if message.opcode() != 0 && protocol != AppProtocol::Dns {
        return Ok(None);
    }
    // A response may be bare (an error without its question); a request has to ask for something.
    if counts == [0; 4] && !message.is_response() {
        return Err(DissectReason::Malformed);
    }
    let sections = Sections { payload, cursor, text: 0 };
    if let Err(reason) = sections.read_into(counts, &mut message) {
        // An operation that does not exist is believed only of a message that is whole (IANA "DNS OpCodes").
        let is_unknown = matches!(message.opcode(), 3 | 7..);
        let is_empty = message.queries.is_empty()
            && message.answers.is_empty()
            && message.authorities.is_empty()
            && message.additionals.is_empty();
        if is_empty || is_unknown {
            return Err(reason);
        }
        message.truncated = true;
    }
    Ok(Some(message))
}

/// A walk over the sections of one message.
struct Sections<'a> {
    payload: &'a [u8],
    cursor: Cursor<'a>,
    /// Bytes of text kept so far.
    text: usize,
}

impl Sections<'_> {
    /// Reads all sections; what was read before an error stays in `message`.
    fn read_into(
        mut self,
        counts: [u16; 4],
        message: &mut DnsMessage,
    ) -> Result<(), DissectReason> {
        let [questions, answers, authorities, additionals] = counts.map(usize::from);
        for index in 0..questions {
            if index < MAX_QUERIES {
                message.queries.push(read_query(self.payload, &mut self.cursor)?);
            } else {
                skip_name(&mut self.cursor)?;
                self.cursor.u32()?;
            }
        }
        let protocol = message.protocol;
        self.read_section(answers, MAX_ANSWERS, protocol, &mut message.answers)?;
        if answers > MAX_ANSWERS {
            return Ok(());
        }
        self.read_section(authorities, MAX_OTHERS, protocol, &mut message.authorities)?;
        message.authorities.retain(|record| record.data != DnsRecordData::Other);
        if authorities > MAX_OTHERS {
            return Ok(());
        }
        let read = self.read_section(additionals, MAX_OTHERS, protocol, &mut message.additionals);
        message.additionals.retain(|record| record.data != DnsRecordData::Other);
        read
    }

    /// Reads at most `limit` of `count` records.
    fn read_section(
        &mut self,
        count: usize,
        limit: usize,
        protocol: AppProtocol,
        records: &mut Vec<DnsRecord>,
    ) -> Result<(), DissectReason> {
        for _ in 0..count.min(limit) {
            let record = read_record(self.payload, &mut self.cursor, protocol)?;
            self.text += record.name.len() + record.data.text_len();
            if self.text > MAX_TEXT_OF_MESSAGE {
                return Err(DissectReason::TooLarge);
            }
            records.push(record);
        }
        Ok(())
    }
}

/// Tells whether a datagram on any port is unicast DNS. It is certain of a payload with one question for a name of
/// visible ASCII, a known type and class, a sound header, and nothing behind the last record.
pub(crate) fn probe(payload: &[u8]) -> Probe {
    if payload.len() > MAX_PROBED || !has_sound_header(payload) {
        return Probe::NotForUs;
    }
    if ends_with_its_records(payload).is_ok_and(|ends| ends) {
        Probe::Certain
    } else {
        Probe::NotForUs
    }
}

/// Tells whether the header is that of a standard query for one name, or of its response.
pub(super) fn has_sound_header(payload: &[u8]) -> bool {
    let Some((header, _)) = payload.split_first_chunk::<12>() else { return false };
    let [_, _, high, low, counts @ ..] = *header;
    let mut counts = Cursor::new(&counts);
    let mut count = || counts.u16().unwrap_or(u16::MAX);
    let [questions, answers, authorities, additionals] = [count(), count(), count(), count()];
    // Opcode 0, and the reserved bit Z is zero (RFC 1035, 4.1.1; RFC 6895, 2).
    if high & 0x78 != 0 || low & 0x40 != 0 || questions != 1 {
        return false;
    }
    let records = answers.saturating_add(authorities).saturating_add(additionals);
    let is_response = high & 0x80 != 0;
    // A query carries OPT, TSIG and the like, and in IXFR one authority (RFC 1995, 3); its response code is zero.
    records <= MAX_PROBED_RECORDS
        && (is_response
            || (answers == 0 && authorities <= 1 && additionals <= 4 && low & 0x0f == 0))
}

/// Takes the question behind the header, if it is a usual one: a name of visible ASCII, a known type and class.
pub(super) fn take_usual_question(cursor: &mut Cursor<'_>) -> Result<bool, DissectReason> {
    let mut wire = 1;
    let mut is_encoded = false;
    loop {
        let label = cursor.vector8()?;
        if label.is_empty() {
            break;
        }
        // NetBIOS names are 32 letters from A to P (RFC 1001, 14.1).
        is_encoded |=
            wire == 1 && label.len() == 32 && label.iter().all(|b| matches!(b, b'A'..=b'P'));
        wire += 1 + label.len();
        if label.len() > 63 || wire > 255 || !label.iter().all(u8::is_ascii_graphic) {
            return Ok(false);
        }
    }
    let (rtype, class) = (cursor.u16()?, cursor.u16()?);
    // The types of IANA "Resource Record (RR) TYPEs" that are asked for; NB and NBSTAT of NetBIOS have the numbers
    // of NIMLOC and SRV.
    let is_known = match rtype {
        32 => false,
        33 => !is_encoded,
        _ => matches!(rtype, 1..=65 | 99 | 108 | 109 | 249..=258),
    };
    Ok(is_known && wire > 1 && matches!(class, 1 | 3 | 255))
}

/// Tells whether the question is a usual one and the last record ends where the payload does.
fn ends_with_its_records(payload: &[u8]) -> Result<bool, DissectReason> {
    let mut cursor = Cursor::at(payload, 6);
    let records = cursor.u16()?.saturating_add(cursor.u16()?).saturating_add(cursor.u16()?);
    if !take_usual_question(&mut cursor)? {
        return Ok(false);
    }
    for _ in 0..records.min(MAX_PROBED_RECORDS) {
        skip_name(&mut cursor)?;
        let _type_class_and_ttl: [u8; 8] = cursor.array()?;
        cursor.vector16()?;
    }
    Ok(cursor.is_empty())
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::dissect::dns::DnsQuery;
    use crate::dissect::dns::name::MAX_TEXT;
    use crate::dissect::mutation::for_each_mutant;

    #[test]
    fn a_response_gives_its_question_and_its_answers() {
        let message = read(&response());

        assert_eq!((message.id, message.is_response(), message.rcode()), (0x1234, true, 0));
        assert_eq!(message.queries, [DnsQuery { name: "a.example.com".into(), rtype: 1 }]);
        let record =
            |name: &str, rtype, data| DnsRecord { name: name.into(), rtype, ttl: 300, data };
        assert_eq!(
            message.answers,
            [
                record("a.example.com", 5, DnsRecordData::Cname("b.example.com".into())),
                record("b.example.com", 1, DnsRecordData::A(Ipv4Addr::new(192, 0, 2, 7))),
                record("b.example.com", 28, DnsRecordData::Aaaa("2001:db8::7".parse().unwrap())),
                record("b.example.com", 16, DnsRecordData::Txt(vec!["x".into()])),
            ]
        );
    }

    #[test]
    fn the_top_bit_of_the_class_is_ignored_in_multicast_dns_only() {
        let mut bytes = response();
        let class = bytes.len() - ANSWERS.concat().len() + ANSWERS[0].len() + 4;
        bytes[class] = 0x80;

        let message = dissect(&bytes, AppProtocol::Mdns).unwrap().unwrap();
        assert_eq!(message.answers, read(&response()).answers);
        assert_eq!(read(&bytes).answers[1].data, DnsRecordData::Other);
    }

    #[test]
    fn a_pointer_record_gives_the_instance() {
        let bytes = b"\0\0\x84\0\0\0\0\x01\0\0\0\0\x04_CGI\x04_tcp\x05local\0\0\x0c\0\x01\0\0\0\x0a\0\x07\x04cam1\xc0\x0c";
        let message = dissect(bytes, AppProtocol::Mdns).unwrap().unwrap();

        let [answer] = message.answers.as_slice() else { panic!("one answer") };
        assert_eq!(answer.data, DnsRecordData::Ptr("cam1._CGI._tcp.local".into()));
    }

    #[test]
    fn a_message_cut_in_its_answers_keeps_those_that_are_whole() {
        let bytes = response();
        let counts: Vec<_> =
            (0..=bytes.len()).map(|end| dissect(&bytes[..end], AppProtocol::Dns)).collect();

        let question_end = 12 + 15 + 4;
        for (end, read) in counts.iter().enumerate() {
            match read {
                Ok(message) => {
                    let message = message.as_ref().unwrap();
                    let kept = message.answers.len();
                    assert!(end >= question_end && kept == whole_answers(end), "cut at {end}");
                    assert_eq!(message.truncated, end < bytes.len(), "cut at {end}");
                }
                Err(reason) => {
                    assert!(end < question_end && *reason == DissectReason::Truncated);
                }
            }
        }
    }

    #[test]
    fn a_bare_error_response_is_a_message_and_a_bare_query_is_not() {
        assert!(dissect(b"\0\x01\x80\x05\0\0\0\0\0\0\0\0", AppProtocol::Dns).is_ok());
        assert_eq!(dissect(&[0; 12], AppProtocol::Dns), Err(DissectReason::Malformed));
    }

    #[test]
    fn unknown_operations_are_read_when_whole_on_port_53_and_ignored_on_multicast() {
        let mut bytes = response();
        bytes[2] = 0x78;

        assert_eq!(read(&bytes).answers.len(), 4);
        let cut = &bytes[..bytes.len() - 1];
        assert_eq!(dissect(cut, AppProtocol::Dns), Err(DissectReason::Truncated));
        assert_eq!(dissect(&bytes, AppProtocol::Mdns), Ok(None));
        assert_eq!(dissect(&bytes, AppProtocol::Llmnr), Ok(None));
    }

    #[test]
    fn more_questions_and_answers_than_the_limit_are_no_error() {
        let mut bytes = b"\0\0\x80\0\0\x64\x02\0\0\0\0\0".to_vec();
        for _ in 0..100 {
            bytes.extend_from_slice(b"\x01a\0\0\x01\0\x01");
        }
        for _ in 0..=u8::MAX {
            bytes.extend_from_slice(b"\xc0\x0c\0\x01\0\x01\0\0\0\x01\0\x04\xc0\0\x02\x01");
            bytes.extend_from_slice(b"\xc0\x0c\0\x01\0\x01\0\0\0\x01\0\x04\xc0\0\x02\x01");
        }
        let message = read(&bytes);

        assert_eq!((message.queries.len(), message.answers.len()), (MAX_QUERIES, MAX_ANSWERS));
    }

    #[test]
    fn a_damaged_record_costs_neither_the_question_nor_what_stands_before_it() {
        let mut bytes = response();
        let second = bytes.len() - ANSWERS.concat().len() + ANSWERS[0].len();
        bytes[second] = 0x80;
        let message = read(&bytes);
        assert_eq!((message.queries.len(), message.answers.len(), message.truncated), (1, 1, true));

        bytes = response();
        bytes[12] = 0x80;
        assert_eq!(dissect(&bytes, AppProtocol::Dns), Err(DissectReason::Malformed));
    }

    #[test]
    fn authorities_and_additionals_that_say_something_are_kept() {
        let mut bytes = response();
        bytes[6..12].copy_from_slice(&[0, 1, 0, 1, 0, 3]);
        bytes.extend_from_slice(b"\0\0\x29\x10\0\0\0\0\0\0\0");
        let message = read(&bytes);

        let types = |records: &[DnsRecord]| records.iter().map(|r| r.rtype).collect::<Vec<_>>();
        assert_eq!(types(&message.answers), [5]);
        assert_eq!(types(&message.authorities), [1]);
        assert_eq!(types(&message.additionals), [28, 16], "the OPT record says nothing");
        assert!(!message.truncated);
    }

    #[test]
    fn only_a_strict_message_is_recognised_on_any_port() {
        let query = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x07example\x03com\0\0\x01\0\x01";
        assert_eq!((probe(query), probe(&response())), (Probe::Certain, Probe::Certain));

        for (at, value) in [(2, 0x78), (3, 0x40), (5, 2), (7, 1), (13, 0x1f), (25, 32), (28, 9)] {
            let mut other = query.to_vec();
            other[at] = value;
            assert_eq!(probe(&other), Probe::NotForUs, "byte {at}");
        }
        assert_eq!(probe(&[&query[..], b"x"].concat()), Probe::NotForUs);
        assert_eq!(probe(&query[..query.len() - 1]), Probe::NotForUs);
    }

    #[test]
    fn a_query_of_netbios_is_not_dns() {
        let name = [b"\x20CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &[0][..]].concat();
        let bytes = [b"\0\x01\0\0\0\x01\0\0\0\0\0\0", &name[..], b"\0\x21\0\x01"].concat();

        assert_eq!(probe(&bytes), Probe::NotForUs);
    }

    #[test]
    fn damaged_messages_stay_within_the_bounds() {
        for_each_mutant(&response(), |bytes| {
            probe(bytes);
            for protocol in [AppProtocol::Dns, AppProtocol::Mdns, AppProtocol::Llmnr] {
                let Ok(Some(message)) = dissect(bytes, protocol) else { continue };
                assert!(message.queries.len() <= MAX_QUERIES);
                assert!(message.answers.len() <= MAX_ANSWERS);
                assert!(message.queries.iter().all(|query| query.name.len() <= MAX_TEXT));
                assert!(message.answers.iter().all(|answer| answer.name.len() <= MAX_TEXT));
            }
        });
    }

    const ANSWERS: [&[u8]; 4] = [
        b"\xc0\x0c\0\x05\0\x01\0\0\x01\x2c\0\x04\x01b\xc0\x0e",
        b"\xc0\x2b\0\x01\0\x01\0\0\x01\x2c\0\x04\xc0\0\x02\x07",
        b"\xc0\x2b\0\x1c\0\x01\0\0\x01\x2c\0\x10\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07",
        b"\xc0\x2b\0\x10\0\x01\0\0\x01\x2c\0\x02\x01x",
    ];

    fn response() -> Vec<u8> {
        let head = b"\x12\x34\x81\x80\0\x01\0\x04\0\0\0\0";
        let question = b"\x01a\x07example\x03com\0\0\x01\0\x01";
        [&head[..], question, &ANSWERS.concat()].concat()
    }

    fn whole_answers(end: usize) -> usize {
        let mut at = response().len() - ANSWERS.concat().len();
        ANSWERS
            .iter()
            .take_while(|answer| {
                at += answer.len();
                at <= end
            })
            .count()
    }

    fn read(bytes: &[u8]) -> DnsMessage {
        dissect(bytes, AppProtocol::Dns).unwrap().unwrap()
    }
}
