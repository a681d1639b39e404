//! Reads a message of DNS, multicast DNS or LLMNR.
//!
//! Comes in: the payload of a datagram. Goes out: a [`DnsMessage`] with the question and answer sections
//! (RFC 1035, 4; RFC 6762, 18; RFC 4795, 2.1). It does not read authority and additional records.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::cursor::Cursor;
use super::dns_name::{read_name, skip_name};
use super::{AppProtocol, DissectReason, DnsMessage, DnsQuery, DnsRecord, DnsRecordData};

/// Questions that are kept; guards memory. More are passed over.
const MAX_QUERIES: usize = 32;
/// Answers that are kept; guards memory. More are not looked at.
const MAX_ANSWERS: usize = 128;

/// Bytes of names that the answers of one message may hold together: compression makes long names of two bytes.
const MAX_ANSWER_TEXT: usize = 16 << 10;
/// The top bit of a class in multicast DNS: "unicast response wanted" or "cache flush" (RFC 6762, 18.12 and 18.13).
const MDNS_CLASS_BIT: u16 = 0x8000;
/// Class IN, RFC 1035, 3.2.4.
const CLASS_IN: u16 = 1;

/// Reads a message as `protocol`, which is one of the three. `Ok(None)`: an operation that multicast DNS and LLMNR
/// tell their receivers to ignore (RFC 6762, 18.3; RFC 4795, 2.1.1), or another protocol.
///
/// When the message is cut in its answer section, what stands whole before the cut is returned; the question
/// section has to be whole.
///
/// # Errors
/// The header or the question section is not well formed, or an answer is damaged rather than cut.
pub(crate) fn dissect(
    payload: &[u8],
    protocol: AppProtocol,
) -> Result<Option<DnsMessage>, DissectReason> {
    let mut cursor = Cursor::new(payload);
    let id = cursor.u16()?;
    let flags = cursor.u16()?;
    let [questions, answers, authorities, additionals] =
        [cursor.u16()?, cursor.u16()?, cursor.u16()?, cursor.u16()?];
    match (flags >> 11) & 0x0f {
        0 => {}
        // IQuery, Status, Notify, Update, DSO (IANA "DNS OpCodes").
        1 | 2 | 4..=6 if protocol == AppProtocol::Dns => {}
        _ if protocol == AppProtocol::Dns => return Err(DissectReason::Malformed),
        _ => return Ok(None),
    }
    let mut message = DnsMessage { protocol, id, flags, queries: Vec::new(), answers: Vec::new() };
    // A response may be bare (an error without its question); a request has to ask for something.
    let is_bare = [questions, answers, authorities, additionals] == [0; 4];
    if is_bare && !message.is_response() {
        return Err(DissectReason::Malformed);
    }

    for index in 0..usize::from(questions) {
        if index < MAX_QUERIES {
            message.queries.push(read_query(payload, &mut cursor, protocol)?);
        } else {
            skip_name(&mut cursor)?;
            cursor.u32()?;
        }
    }
    let mut text = 0;
    for _ in 0..usize::from(answers).min(MAX_ANSWERS) {
        match read_record(payload, &mut cursor, protocol) {
            Ok(record) => {
                text += record.name.len() + record.data.text_len();
                if text > MAX_ANSWER_TEXT {
                    break;
                }
                message.answers.push(record);
            }
            Err(DissectReason::Truncated) if !message.queries.is_empty() => break,
            Err(DissectReason::Truncated) if !message.answers.is_empty() => break,
            Err(reason) => return Err(reason),
        }
    }
    Ok(Some(message))
}

/// Takes a question, RFC 1035, 4.1.2.
fn read_query<'a>(
    message: &'a [u8],
    cursor: &mut Cursor<'a>,
    protocol: AppProtocol,
) -> Result<DnsQuery, DissectReason> {
    let name = read_name(message, cursor)?;
    let rtype = cursor.u16()?;
    // IN, CSNET, CHAOS, Hesiod, NONE, ANY (IANA "DNS CLASSes"); chance seldom hits one of these.
    match read_class(cursor, protocol)? {
        1..=4 | 254 | 255 => Ok(DnsQuery { name, rtype }),
        _ => Err(DissectReason::Malformed),
    }
}

/// Takes a resource record, RFC 1035, 4.1.3.
fn read_record<'a>(
    message: &'a [u8],
    cursor: &mut Cursor<'a>,
    protocol: AppProtocol,
) -> Result<DnsRecord, DissectReason> {
    let name = read_name(message, cursor)?;
    let rtype = cursor.u16()?;
    let class = read_class(cursor, protocol)?;
    let ttl = cursor.u32()?;
    let length = usize::from(cursor.u16()?);
    let start = cursor.position();
    let content = cursor.take(length)?;
    let read_inner = || {
        let mut inner = Cursor::at(message, start);
        match read_name(message, &mut inner) {
            Ok(name) if inner.position() <= start + length => Ok(name),
            Ok(_) | Err(DissectReason::Truncated) => Err(DissectReason::Malformed),
            Err(reason) => Err(reason),
        }
    };
    let data = match rtype {
        _ if class != CLASS_IN => DnsRecordData::Other,
        1 => <[u8; 4]>::try_from(content)
            .map_or(DnsRecordData::Other, |ip| DnsRecordData::A(Ipv4Addr::from(ip))),
        28 => <[u8; 16]>::try_from(content)
            .map_or(DnsRecordData::Other, |ip| DnsRecordData::Aaaa(Ipv6Addr::from(ip))),
        // A dynamic update deletes with empty records (RFC 2136, 2.5).
        5 | 12 if content.is_empty() => DnsRecordData::Other,
        5 => DnsRecordData::Cname(read_inner()?),
        12 => DnsRecordData::Ptr(read_inner()?),
        _ => DnsRecordData::Other,
    };
    Ok(DnsRecord { name, rtype, ttl, data })
}

/// Takes a class.
fn read_class(cursor: &mut Cursor<'_>, protocol: AppProtocol) -> Result<u16, DissectReason> {
    let class = cursor.u16()?;
    Ok(if protocol == AppProtocol::Mdns { class & !MDNS_CLASS_BIT } else { class })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::dns_name::MAX_TEXT;
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
                record("b.example.com", 16, DnsRecordData::Other),
            ]
        );
    }

    #[test]
    fn the_top_bit_of_the_class_is_ignored_in_multicast_dns_only() {
        let mut bytes = response();
        let class = 12 + 15 + 2;
        bytes[class] = 0x80;

        let message = dissect(&bytes, AppProtocol::Mdns).unwrap().unwrap();
        assert_eq!(message.answers, read(&response()).answers);
        assert_eq!(dissect(&bytes, AppProtocol::Dns), Err(DissectReason::Malformed));
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
                    let kept = message.as_ref().unwrap().answers.len();
                    assert!(end >= question_end && kept == whole_answers(end), "cut at {end}");
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
    fn unknown_operations_are_malformed_on_port_53_and_ignored_on_multicast() {
        let mut bytes = response();
        bytes[2] = 0x78;

        assert_eq!(dissect(&bytes, AppProtocol::Dns), Err(DissectReason::Malformed));
        assert_eq!(dissect(&bytes, AppProtocol::Mdns), Ok(None));
        assert_eq!(dissect(&bytes, AppProtocol::Llmnr), Ok(None));
    }

    #[test]
    fn more_questions_and_answers_than_the_limit_are_no_error() {
        let mut bytes = b"\0\0\x80\0\0\x64\x01\0\0\0\0\0".to_vec();
        for _ in 0..100 {
            bytes.extend_from_slice(b"\x01a\0\0\x01\0\x01");
        }
        for _ in 0..256 {
            bytes.extend_from_slice(b"\xc0\x0c\0\x01\0\x01\0\0\0\x01\0\x04\xc0\0\x02\x01");
        }
        let message = read(&bytes);

        assert_eq!((message.queries.len(), message.answers.len()), (MAX_QUERIES, MAX_ANSWERS));
    }

    #[test]
    fn an_address_of_wrong_length_or_class_is_other() {
        let record = |class: u8, address: &[u8]| {
            let length = u8::try_from(address.len()).unwrap();
            let head = [0, 0, 0x80, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, class, 0, 0, 0, 0, 0];
            let answers = read(&[&head[..], &[length], address].concat()).answers;
            answers.into_iter().map(|answer| answer.data).collect::<Vec<_>>()
        };

        assert_eq!(record(1, &[192, 0, 2, 1]), [DnsRecordData::A(Ipv4Addr::new(192, 0, 2, 1))]);
        assert_eq!(record(1, &[192, 0, 2, 1, 9]), [DnsRecordData::Other]);
        assert_eq!(record(3, &[192, 0, 2, 1]), [DnsRecordData::Other]);
    }

    #[test]
    fn a_name_that_leaves_its_record_is_malformed() {
        let mut bytes = response();
        let at = 12 + 19 + 2 + 8;
        bytes[at + 1] = 1;

        assert_eq!(dissect(&bytes, AppProtocol::Dns), Err(DissectReason::Malformed));
    }

    #[test]
    fn damaged_messages_stay_within_the_bounds() {
        for_each_mutant(&response(), |bytes| {
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
