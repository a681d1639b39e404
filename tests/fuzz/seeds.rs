//! The seeds of the corpus: what the fuzz targets begin with, all of our own construction.
//!
//! Comes in: nothing, or the collection of captures. Goes out: named inputs of each target, in the form that
//! `targets.rs` says. Messages are built from the published fields of their protocols, with documentation addresses;
//! whole frames are those of the simulated household. Nothing of a capture is ever among the committed ones.

use std::io::Write as _;

use hikwatch::dissect::AppProtocol;
use hikwatch::net::Timestamp;
use hikwatch::simulate::{Household, pcap_header, pcap_record};
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey, quic};
use ring::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};

use crate::targets::{LINK_TYPES, PORTS, join};

/// An input: its target, its name, its bytes.
pub(crate) type Seed = (&'static str, String, Vec<u8>);

/// A message by its name and the port that it is expected on.
type Message = (&'static str, u16, Vec<u8>);

/// The place of a port in the list of the targets; the last one says nothing.
pub(crate) fn port_index(port: u16) -> u8 {
    let place = PORTS.iter().position(|known| *known == port).unwrap_or(PORTS.len() - 1);
    u8::try_from(place).unwrap()
}

/// An input of `decode`.
pub(crate) fn decode_input(link_type: u32, frame: &[u8]) -> Option<Vec<u8>> {
    let place = LINK_TYPES.iter().position(|known| *known == link_type)?;
    Some([&[u8::try_from(place).unwrap()][..], frame].concat())
}

/// An input of `stream`: no protocol is known of before.
pub(crate) fn stream_input(port: u16, from_initiator: bool, head: &[u8]) -> Vec<u8> {
    [&[0xff, port_index(port), u8::from(!from_initiator)][..], head].concat()
}

/// An input of `datagram`.
pub(crate) fn datagram_input(port: u16, payload: &[u8]) -> Vec<u8> {
    [&[0xff, port_index(port)][..], payload].concat()
}

/// Every committed seed.
pub(crate) fn all() -> Vec<Seed> {
    let mut seeds: Vec<Seed> = Vec::new();
    for (name, port, head) in streams() {
        let from_initiator = !name.contains("answer");
        let mut input = stream_input(port, from_initiator, &head);
        // What only a known protocol is asked for.
        match name {
            "rtsp-interleaved-answer" => input[0] = AppProtocol::Rtsp as u8,
            "mqtt-subscribe" | "mqtt-publish" => input[0] = AppProtocol::Mqtt as u8,
            _ => {}
        }
        seeds.push(("stream", name.into(), input));
    }
    for (name, port, payload) in datagrams() {
        seeds.push(("datagram", name.into(), datagram_input(port, &payload)));
    }
    for (name, link_type, frame) in frames() {
        seeds.push(("decode", name.into(), decode_input(link_type, &frame).unwrap()));
    }
    for (name, message) in neighbour_discovery() {
        seeds.push(("icmpv6", name.into(), message));
    }
    seeds.push(("link", "sadp-answer".into(), [&[0][..], &sadp_on_the_link(1, 4)].concat()));
    seeds.push(("link", "sadp-inquiry".into(), [&[0][..], &sadp_on_the_link(2, 3)].concat()));
    seeds.push(("link", "beacon".into(), [&[1][..], &beacon()].concat()));
    for (name, datagrams) in quic_connections() {
        seeds.push(("quic", name.into(), join(datagrams.iter().map(Vec::as_slice))));
    }
    seeds.extend(segments_and_fragments());
    seeds.extend(files());
    seeds.extend(household());
    seeds
}

fn put16(value: usize) -> [u8; 2] {
    u16::try_from(value).unwrap().to_be_bytes()
}

fn vector8(bytes: &[u8]) -> Vec<u8> {
    [&[u8::try_from(bytes.len()).unwrap()][..], bytes].concat()
}

fn vector16(bytes: &[u8]) -> Vec<u8> {
    [&put16(bytes.len())[..], bytes].concat()
}

/// TLS (RFC 8446, 4): a handshake message behind its type and length of 24 bits.
fn handshake(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind, 0][..], &put16(body.len()), body].concat()
}

/// TLS records (RFC 8446, 5.1) with at most `size` bytes of the message in each.
fn records(message: &[u8], size: usize) -> Vec<u8> {
    message.chunks(size).flat_map(|part| [&[0x16, 3, 1][..], &vector16(part)].concat()).collect()
}

/// A ClientHello with server_name, ALPN, supported_versions and signature_algorithms.
fn client_hello(alpn: &[u8]) -> Vec<u8> {
    let name = vector16(&[&[0][..], &vector16(b"litedev.example.com")].concat());
    let extensions = [
        &[0x0a, 0x0a, 0, 0][..],
        &[0, 0],
        &vector16(&name),
        &[0, 16],
        &vector16(&vector16(&vector8(alpn))),
        &[0, 43, 0, 5, 4, 3, 4, 3, 3],
        &[0, 13, 0, 6, 0, 4, 4, 3, 8, 4],
    ]
    .concat();
    let fixed = [&[3, 3][..], &[7; 32], &[0, 0, 4, 0x13, 1, 0xc0, 0x2b, 1, 0]].concat();
    handshake(1, &[fixed, vector16(&extensions)].concat())
}

/// A DER element (X.690, 8.1).
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag, 0x82][..], &vector16(content)].concat()
}

/// ServerHello of TLS 1.2, and a Certificate (RFC 5280, 4.1) with names in subject and subjectAltName.
fn server_flight() -> Vec<u8> {
    let hello = [&[3, 3][..], &[9; 32], &[0, 0xc0, 0x2b, 0, 0, 5, 0xff, 1, 0, 1, 0]].concat();
    let name = |text: &[u8]| {
        let pair = [der(6, &[0x55, 4, 3]), der(0x0c, text)].concat();
        der(0x30, &der(0x31, &der(0x30, &pair)))
    };
    let times = [der(0x17, b"200101000000Z"), der(0x17, b"400101000000Z")].concat();
    let other_names = der(0x30, &[&[0x82, 15][..], b"cam.example.com"].concat());
    let extension = [der(6, &[0x55, 0x1d, 17]), der(4, &other_names)].concat();
    let to_be_signed = [
        der(0xa0, &[2, 1, 2]),
        der(2, &[1, 2, 3]),
        der(0x30, &der(6, &[0x2a, 3])),
        name(b"Example CA"),
        der(0x30, &times),
        name(b"cam.example.com"),
        der(0x30, &[der(0x30, &der(6, &[0x2a, 3])), der(3, &[0, 4, 5])].concat()),
        der(0xa3, &der(0x30, &der(0x30, &extension))),
    ]
    .concat();
    let certificate = [der(0x30, &to_be_signed), der(0x30, &der(6, &[0x2a, 3])), der(3, &[0, 1])];
    let certificate = der(0x30, &certificate.concat());
    let entry = [&[0][..], &vector16(&certificate)].concat();
    let list = [&[0][..], &vector16(&entry)].concat();
    [handshake(2, &hello), handshake(11, &list), handshake(14, &[])].concat()
}

const SADP_REPLY: &[u8] = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<ProbeMatch>\r\n<Uuid>13A888A9-0000-4020-AE9F-000000000001</Uuid>\r\n<Types>inquiry</Types>\r\n<DeviceType>141945</DeviceType>\r\n<DeviceDescription>DS-EXAMPLE-1</DeviceDescription>\r\n<DeviceSN>DS-EXAMPLE-120200414AAWR000000001</DeviceSN>\r\n<CommandPort>8000</CommandPort>\r\n<HttpPort>80</HttpPort>\r\n<MAC>58-50-ed-01-02-03</MAC>\r\n<IPv4Address>192.0.2.64</IPv4Address>\r\n<IPv4SubnetMask>255.255.255.0</IPv4SubnetMask>\r\n<IPv4Gateway>192.0.2.1</IPv4Gateway>\r\n<IPv6Address>2001:db8::64</IPv6Address>\r\n<DHCP>false</DHCP>\r\n<SoftwareVersion>V5.6.2build 190701</SoftwareVersion>\r\n<BootTime>2020-05-01 10:00:00</BootTime>\r\n<Activated>true</Activated>\r\n<Salt>x</Salt>\r\n</ProbeMatch>\r\n";
const SADP_INQUIRY: &[u8] = b"<?xml version=\"1.0\" encoding=\"utf-8\"?><Probe><Uuid>13A888A9-0000-4020-AE9F-000000000001</Uuid><Types>inquiry</Types></Probe>";
const WSD_PROBE: &[u8] = b"<?xml version=\"1.0\"?><e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\" xmlns:w=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\"><e:Header><w:MessageID>uuid:1</w:MessageID><w:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header><e:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></e:Body></e:Envelope>";
const WSD_MATCHES: &[u8] = b"<?xml version=\"1.0\"?><e:Envelope><e:Header/><e:Body><d:ProbeMatches><d:ProbeMatch><a:EndpointReference><a:Address>urn:uuid:0001</a:Address></a:EndpointReference><d:Types>dn:NetworkVideoTransmitter tds:Device</d:Types><d:Scopes>onvif://www.onvif.org/hardware/DS-EXAMPLE-1 onvif://www.onvif.org/name/HIKVISION%20EXAMPLE</d:Scopes><d:XAddrs>http://192.0.2.64/onvif/device_service http://[2001:db8::64]/x</d:XAddrs></d:ProbeMatch></d:ProbeMatches></e:Body></e:Envelope>";
const ISUP_REGISTER: &[u8] = b"<?xml version=\"1.0\"?> <PPVSPMessage><Version>4.0</Version><Sequence>1</Sequence><CommandType>REQUEST</CommandType><Command>REGISTER</Command><Params><SerialNumber>DS-EXAMPLE0001</SerialNumber><DeviceID>gate-1</DeviceID><Password>x</Password><FirmwareVersion>V5.0.0</FirmwareVersion><LocalIP>192.0.2.53</LocalIP></Params></PPVSPMessage>";
const UPNP: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 279\r\n\r\n<?xml version=\"1.0\"?>\n<root xmlns=\"urn:schemas-upnp-org:device-1-0\"><device><deviceType>urn:x:1</deviceType><friendlyName>Camera &amp; more</friendlyName><manufacturer>Example</manufacturer><modelName>EX-1</modelName><serialNumber>EX-1-0001</serialNumber><UDN>uuid:0001</UDN></device></root>";
const ISAPI: [&str; 2] = [
    "<DeviceInfo version=\"2.0\"><deviceName>IP CAMERA</deviceName><model>DS-EXAMPLE-1</model><seri",
    "alNumber>EX0001</serialNumber><macAddress>58:50:ed:01:02:03</macAddress></DeviceInfo>",
];
const ADD_MAPPING: &[u8] = b"POST /ctl HTTP/1.1\r\nHost: 192.0.2.1\r\nSOAPAction: \"urn:schemas-upnp-org:service:WANIPConnection:1#AddPortMapping\"\r\nContent-Type: text/xml\r\nContent-Length: 260\r\n\r\n<s:Envelope><s:Body><u:AddPortMapping><NewExternalPort>8000</NewExternalPort><NewProtocol>TCP</NewProtocol><NewInternalPort>8001</NewInternalPort><NewInternalClient>192.0.2.64</NewInternalClient><NewLeaseDuration>0</NewLeaseDuration></u:AddPortMapping></s:Body></s:Envelope>";
const SDP: &[u8] = b"v=0\r\no=- 1 1 IN IP4 192.0.2.64\r\ns=Media Presentation\r\ni=camera 1\r\na=tool:example 1\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\nm=audio 0 RTP/AVP 8 97\r\na=rtpmap:97 MPEG4-GENERIC/16000/1\r\n";
const SSDP_ALIVE: &[u8] = b"NOTIFY * HTTP/1.1\r\nHost: 239.255.255.250:1900\r\nCACHE-CONTROL: max-age=1800\r\nLocation: http://u:p@192.0.2.64:49152/desc.xml\r\nNT: upnp:rootdevice\r\nNTS:ssdp:alive\r\nSERVER: Linux/3.0 UPnP/1.0 example/1\r\nUSN: uuid:1::upnp:rootdevice\r\n\r\n";
const SIP_INVITE: &[u8] = b"INVITE sip:bob:pw@sip.example:5060;transport=tcp SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.1\r\nFrom: <sip:alice@a.example>\r\nUser-Agent: door/1\r\nl: 5\r\n\r\nv=0\r\n";
const SIP_ANSWER: &[u8] =
    b"SIP/2.0 401 Unauthorized\r\nServer: pbx\r\nTo: x\r\nContent-Length: 0\r\n\r\n";
/// RFC 1035, 4: a question, and the same with four answers that are compressed.
const DNS_QUERY: &[u8] = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x01a\x07example\x03com\0\0\x01\0\x01";
const DNS_ANSWER: &[u8] = b"\x12\x34\x81\x80\0\x01\0\x04\0\0\0\0\x01a\x07example\x03com\0\0\x01\0\x01\xc0\x0c\0\x05\0\x01\0\0\x01\x2c\0\x04\x01b\xc0\x0e\xc0\x2b\0\x01\0\x01\0\0\x01\x2c\0\x04\xc0\0\x02\x07\xc0\x2b\0\x1c\0\x01\0\0\x01\x2c\0\x10\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07\xc0\x2b\0\x10\0\x01\0\0\x01\x2c\0\x02\x01x";
const P2P_SETUP: &[u8] = b"\xe2\x84\x0b\x02\0\0\0\x07\x62\x34\x10\x5a\0\x02\0\x01\xaa\xbb\xcc\xdd";

/// The beginnings of streams, one request and one answer of each protocol at least.
fn streams() -> Vec<Message> {
    let hello = client_hello(b"h2");
    let chunks = ISAPI.map(|chunk| format!("{:x}\r\n{chunk}\r\n", chunk.len())).concat();
    let isapi = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: application/xml\r\n\r\n{chunks}0\r\n\r\n"
    );
    let sslv2 =
        [&[0x80, 34, 1, 3, 1, 0, 9, 0, 0, 0, 16, 0, 0, 4, 1, 0, 0x80, 0, 0, 10][..], &[7; 16]];
    let post = b"POST /sdk.post HTTP/1.1\r\nAccept: */*\r\nhOST:  backupserver:8080 \r\nUser-Agent: x/7\r\nContent-Length: 3\r\n\r\nabc".to_vec();
    let unauthorized = b"HTTP/1.1 401 Unauthorized\r\nServer: App-webs/\r\nWWW-Authenticate: Digest qop=\"auth\", realm=\"IP Camera\", nonce=\"x\"\r\nContent-Type: text/html\r\nContent-Length: 57\r\n\r\n<html><head><title>Document Error</title></head>401</html>".to_vec();
    let setup = b"SETUP rtsp://admin:x@192.0.2.64:554/Streaming/Channels/101?p=x RTSP/1.0\r\nCSeq: 3\r\nUser-Agent: example/1\r\nAuthorization: Digest username=\"admin\"\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n".to_vec();
    let described = format!(
        "RTSP/1.0 200 OK\r\nCSeq: 2\r\nServer: example\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n",
        SDP.len()
    );
    let mut connect = b"\0\x04MQTT\x04\xee\0\x3c".to_vec();
    for field in [&b"cam"[..], b"/Basic/L00000001/firstconnect", b"payload", b"L00000001", b"x"] {
        connect.extend(vector16(field));
    }
    let mut registration =
        b"\x70\x3e\x01\x01\0\x09L00000001 token-of-the-device-not-to-keep".to_vec();
    registration.resize(64, 0xee);
    let first_boot = [&[0x12, 60, 1, 2, 0, 3, 9][..], b"L00000001", &[7; 46]].concat();
    let safe_xml = b"<?xml version=\"1.0\"?>\n<Request>\n<ClientID>x</ClientID><DevSerial>L00000001</DevSerial></Request>\n";
    let login = [&[0, 0, 0, 84, 0x5a, 0, 0, 0][..], &[0; 76]].concat();
    let url = b"ysproto://vtm.example:8554/live?dev=L00000001&chn=1&ssn=x";
    let vtm_body = [&[0x0a][..], &vector8(url)].concat();
    let vtm = [&[0x24, 0][..], &put16(vtm_body.len()), &[0, 1, 1, 0x3b], &vtm_body].concat();
    vec![
        ("tls-client-hello", 443, records(&hello, 1 << 14)),
        ("tls-client-hello-in-small-records", 443, records(&hello, 20)),
        ("tls-client-hello-cut", 443, records(&hello, 1 << 14)[..90].to_vec()),
        ("tls-server-flight-answer", 443, records(&server_flight(), 1 << 14)),
        ("tls-server-flight-answer-in-small-records", 443, records(&server_flight(), 50)),
        ("tls-alert-answer", 443, vec![0x15, 3, 3, 0, 2, 2, 40]),
        ("sslv2-hello", 443, sslv2.concat()),
        ("http-post", 80, post.clone()),
        ("http-pipelined", 80, [&b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"[..], &post].concat()),
        ("http-connect", 80, b"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example\r\n\r\n".to_vec()),
        (
            "http-get-with-user",
            80,
            b"GET http://u:p@a.example:81/x?y=z HTTP/1.0\r\nAuthorization: Basic dTpw\r\n\r\n"
                .to_vec(),
        ),
        ("http-unauthorized-answer", 80, unauthorized),
        ("http-upnp-description-answer", 80, UPNP.to_vec()),
        ("http-isapi-chunked-answer", 80, isapi.into_bytes()),
        ("http-add-port-mapping", 80, ADD_MAPPING.to_vec()),
        ("rtsp-setup", 554, setup),
        ("rtsp-described-answer", 554, [described.as_bytes(), SDP].concat()),
        (
            "rtsp-interleaved-answer",
            554,
            [&[0x24, 0, 0, 16, 0x80, 0x60][..], &[7; 14], b"RTSP/1.0 200 OK\r\nCSeq: 4\r\n\r\n"]
                .concat(),
        ),
        ("sip-invite", 5060, SIP_INVITE.to_vec()),
        ("sip-unauthorized-answer", 5060, SIP_ANSWER.to_vec()),
        ("dns-query", 53, vector16(DNS_QUERY)),
        ("dns-answer", 53, vector16(DNS_ANSWER)),
        ("dns-two-queries-on-another-port", 40_000, vector16(DNS_QUERY).repeat(2)),
        ("stun-allocate", 3478, stun(3, b"\0\x19\0\x04\x11\0\0\0")),
        ("stun-allocate-answer", 3478, stun(0x103, STUN_ADDRESSES)),
        ("mqtt-connect", 1883, [&[0x10][..], &vector8(&connect)].concat()),
        (
            "mqtt-connect-5",
            1883,
            b"\x10\x15\0\x04MQTT\x05\x02\0\x3c\x05\x11\0\0\0\x0a\0\x03cam".to_vec(),
        ),
        ("mqtt-connect-3-1", 1883, b"\x10\x11\0\x06MQIsdp\x03\x02\0\x3c\0\x03cam".to_vec()),
        ("mqtt-connack-answer", 1883, b"\x20\x02\0\x0b".to_vec()),
        ("mqtt-subscribe", 1883, b"\x82\x11\0\x01\0\x0c/L00000001/#\x01".to_vec()),
        ("mqtt-publish", 1883, b"\x30\x0f\0\x0a/3300/1234abc".to_vec()),
        ("hcnetsdk-login", 8000, login),
        (
            "hcnetsdk-refusal-answer",
            8000,
            vec![0, 0, 0, 16, 0, 0, 0, 0x1e, 0, 0, 0, 0x1e, 0, 0, 0, 0],
        ),
        ("lbs-registration", 8666, registration),
        ("lbs-first-boot", 8666, first_boot),
        ("lbs-answer", 8666, [&[0x80, 0x24, 1, 0, 0, 4][..], &[0xa5; 32]].concat()),
        ("safe-stun", 40_000, safe(0x0812, safe_xml)),
        ("safe-empty-answer", 40_000, safe(0x5010, b"")),
        ("vtm-url", 40_000, vtm),
        ("vtm-url-in-clear", 40_000, url.to_vec()),
        ("isup-register", 40_000, ISUP_REGISTER.to_vec()),
    ]
}

/// RFC 8489, 14.2 and RFC 8656, 18.5: addresses behind the mask of the cookie, and SOFTWARE.
const STUN_ADDRESSES: &[u8] =
    b"\0\x16\0\x08\0\x01\xe1\x12\xe7\x21\xc0\x45\0\x20\0\x08\0\x01\xa1\x47\xe1\x12\xa6\x43\x80\x22\0\x0cturn.example";

/// RFC 8489, 5.
fn stun(kind: u16, attributes: &[u8]) -> Vec<u8> {
    let length = put16(attributes.len());
    [&kind.to_be_bytes()[..], &length, &[0x21, 0x12, 0xa4, 0x42], &[7; 12], attributes].concat()
}

/// A message of the safe protocol, from its published header.
fn safe(command: u32, body: &[u8]) -> Vec<u8> {
    let words = [5, 0, command, 0, u32::try_from(body.len()).unwrap(), 0].map(u32::to_be_bytes);
    let start = [0x9e, 0xba, 0xac, 0xe9, 1, 0, 0, 0];
    [&start[..], &words.concat(), body, b"0123456789abcdef0123456789abcdef"].concat()
}

/// One datagram of each kind.
fn datagrams() -> Vec<Message> {
    let dhcp = |kind: u8, options: &[u8]| {
        let mut bytes = vec![kind, 1, 6, 0, 1, 2, 3, 4, 0, 0, 0, 0, 192, 0, 2, 64];
        bytes.resize(28, 0);
        bytes.extend([0x44, 0xa6, 0x42, 1, 2, 3]);
        bytes.resize(236, 0);
        [&bytes[..], &[0x63, 0x82, 0x53, 0x63], options].concat()
    };
    let option = |code: u8, value: &[u8]| [&[0, code][..], &vector16(value)].concat();
    let address = |last: u8| [&[0x20, 1, 0x0d, 0xb8][..], &[0; 11], &[last]].concat();
    let association = [&[0; 12][..], &option(5, &[&address(7)[..], &[0; 8]].concat())].concat();
    let solicit = [
        &[1, 1, 2, 3][..],
        &option(1, &[0, 1, 0, 1, 9, 9, 9, 9, 0x44, 0xa6, 0x42, 1, 2, 3]),
        &option(39, b"\0\x03cam"),
        &option(16, b"\0\0\x9b\xa9\0\x06camera"),
        &option(6, &[0, 23, 0, 24]),
        &option(3, &association),
    ]
    .concat();
    let relayed = [&[12, 0][..], &address(1), &address(5), &option(9, &solicit)].concat();
    let reply = [&[7, 0, 0, 1][..], &option(23, &address(9)), &option(24, b"\x04home\0")].concat();
    let instance = b"\0\0\x84\0\0\0\0\x04\0\0\0\0\x04_CGI\x04_tcp\x05local\0\0\x0c\0\x01\0\0\0\x0a\0\x07\x04cam1\xc0\x0c\xc0\x29\0\x21\x80\x01\0\0\0\x78\0\x0a\0\0\0\0\x1f\x90\x01h\xc0\x16\xc0\x29\0\x10\x80\x01\0\0\0\x78\0\x08\x07model=A\xc0\x0c\0\x2f\0\x01\0\0\0\x0a\0\x02\xc0\x0c";
    let binding = b"\0\x01\x81\x80\0\0\0\x01\0\0\0\0\x01a\0\0\x41\0\x01\0\0\0\x3c\0\x1f\0\x01\0\0\x01\0\x06\x02h3\x02h2\0\x03\0\x02\x20\xfb\0\x04\0\x08\xc0\0\x02\x01\xc0\0\x02\x02";
    let nbns_name = |name: &[u8; 15]| {
        let letters = name.iter().chain(&[0]).flat_map(|b| [b'A' + (b >> 4), b'A' + (b & 15)]);
        [0x20].into_iter().chain(letters).chain([0]).collect::<Vec<u8>>()
    };
    let nbns = [
        &[0, 1, 0x29, 0x10, 0, 1, 0, 0, 0, 0, 0, 1][..],
        &nbns_name(b"WORKGROUP      "),
        b"\0\x20\0\x01\xc0\x0c\0\x20\0\x01\0\0\0\0\0\x06\x80\0\xc0\0\x02\x07",
    ]
    .concat();
    let status = [
        &[0, 1, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0][..],
        &nbns_name(b"*\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
        b"\0\x21\0\x01\0\0\0\0\0\x41\x02CAM            \0\x04\0HOME           \0\x84\0",
        &[0x44; 28],
    ]
    .concat();
    let ntp = |first: u8| {
        [&[first, 1, 6, 0xe9, 0, 0, 0, 0, 0, 0, 0, 0, b'G', b'P', b'S', 0][..], &[7; 32]].concat()
    };
    let tlv = |tag: u8, content: &[u8]| [&[tag][..], &vector8(content)].concat();
    let variable = |arc: u8, tag: u8, value: &[u8]| {
        tlv(0x30, &[tlv(6, &[0x2b, 6, 1, 2, 1, 1, arc, 0]), tlv(tag, value)].concat())
    };
    let snmp = |pdu: u8, variables: &[Vec<u8>]| {
        let body = [&[2, 1, 9, 2, 1, 0, 2, 1, 0][..], &tlv(0x30, &variables.concat())].concat();
        tlv(0x30, &[&[2, 1, 1][..], &tlv(4, b"public"), &tlv(pdu, &body)].concat())
    };
    let described = snmp(
        0xa2,
        &[
            variable(1, 4, b"Network Camera"),
            variable(2, 6, b"\x2b\x06\x01\x04\x01\x82\xb7\x29\x01"),
            variable(5, 4, b"cam1"),
        ],
    );
    let security = tlv(
        0x30,
        &[
            tlv(4, b"\x80\0\x9b\xa9\x03\x44\xa6\x42\x01\x02\x03"),
            tlv(2, &[0]),
            tlv(2, &[0]),
            tlv(4, b"u"),
            tlv(4, b""),
            tlv(4, b""),
        ]
        .concat(),
    );
    let header =
        tlv(0x30, &[tlv(2, &[1]), tlv(2, &[0x20, 0]), tlv(4, &[4]), tlv(2, &[3])].concat());
    let snmp_v3 = tlv(0x30, &[tlv(2, &[3]), header, tlv(4, &security), tlv(0x30, &[])].concat());
    let inside = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 7];
    let pcp = [
        &[2, 1, 0, 0, 0, 0, 0, 120][..],
        &inside,
        &[9; 12],
        &[17, 0, 0, 0, 2, 0x2a, 0, 0],
        &inside,
    ]
    .concat();
    let dtls_body = [
        &[0xfe, 0xfd][..],
        &[7; 32],
        &[0, 0, 0, 2, 0xc0, 0x2b, 1, 0],
        b"\0\x18\0\0\0\x14\0\x12\0\0\x0fcam.example.com",
    ]
    .concat();
    let dtls_message =
        [&[1, 0][..], &put16(dtls_body.len()), &[0; 6], &put16(dtls_body.len()), &dtls_body]
            .concat();
    let dtls = [&[22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 1][..], &vector16(&dtls_message)].concat();
    let hello = client_hello(b"h3");
    vec![
        ("dns-query", 53, DNS_QUERY.to_vec()),
        ("dns-answer", 53, DNS_ANSWER.to_vec()),
        ("dns-answer-on-another-port", 40_000, DNS_ANSWER.to_vec()),
        ("dns-service-binding-answer", 53, binding.to_vec()),
        ("dns-chain-of-pointers", 53, [&DNS_QUERY[..12], &(0..60).flat_map(|at: u8| [0xc0, 12 + 2 * at]).collect::<Vec<u8>>(), &[0, 0, 1, 0, 1]].concat()),
        ("mdns-services", 5353, instance.to_vec()),
        ("llmnr-query", 5355, DNS_QUERY.to_vec()),
        ("nbns-registration", 137, nbns),
        ("nbns-status-answer", 137, status),
        ("dhcp-request", 67, dhcp(1, b"\x35\x01\x03\0\0\x32\x04\xc0\0\x02\x40\x0c\x06camera\x3c\x05udhcp\x37\x03\x01\x03\x06\x3d\x07\x01\x44\xa6\x42\x01\x02\x03\x51\x0e\0\xff\xffcam.example\xff")),
        ("dhcp-answer", 67, dhcp(2, b"\x35\x01\x05\x36\x04\xc0\0\x02\x01\x01\x04\xff\xff\xff\0\x03\x04\xc0\0\x02\x01\x06\x08\xc0\0\x02\x01\xc0\0\x02\x02\x33\x04\0\0\x0e\x10\xff")),
        ("dhcpv6-solicit", 546, solicit),
        ("dhcpv6-relayed", 546, relayed),
        ("dhcpv6-answer", 546, reply),
        ("ntp-request", 123, ntp(0x23)),
        ("ntp-answer", 123, ntp(0x24)),
        ("ntp-control", 123, vec![0x16, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]),
        ("snmp-request", 161, snmp(0xa0, &[variable(1, 5, b"")])),
        ("snmp-answer", 161, described),
        ("snmp-version-3", 161, snmp_v3),
        ("snmp-trap", 162, snmp(0xa7, &[variable(3, 0x43, &[1, 2])])),
        ("syslog-5424", 514, b"<34>1 2026-01-31T12:00:00Z cam.example su - ID47 - text".to_vec()),
        ("syslog-3164", 514, b"<34>Oct 11 22:14:15 cam su[12]: text".to_vec()),
        ("ssdp-alive", 1900, SSDP_ALIVE.to_vec()),
        ("ssdp-search", 1900, b"M-SEARCH * HTTP/1.1\r\nHOST:239.255.255.250:1900\r\nMAN:\"ssdp:discover\"\r\nST:upnp:rootdevice\r\nMX:3\r\n\r\n".to_vec()),
        ("ssdp-answer", 1900, b"HTTP/1.1 200 OK\r\nST: ssdp:all\r\nUSN: uuid:1\r\nLocation: http://192.0.2.1/\r\n\r\n".to_vec()),
        ("wsd-probe", 3702, WSD_PROBE.to_vec()),
        ("wsd-matches", 3702, WSD_MATCHES.to_vec()),
        ("sadp-inquiry", 37_020, SADP_INQUIRY.to_vec()),
        ("sadp-answer", 37_020, SADP_REPLY.to_vec()),
        ("sadp-answer-on-another-port", 40_000, SADP_REPLY.to_vec()),
        ("nat-pmp-request", 5351, vec![0, 2, 0, 0, 0x1f, 0x40, 0x1f, 0x40, 0, 0, 0x1c, 0x20]),
        ("nat-pmp-answer", 5350, vec![0, 128, 0, 0, 0, 0, 0, 9, 198, 51, 100, 7]),
        ("pcp-map", 5351, pcp),
        ("stun-binding", 3478, stun(1, b"")),
        ("stun-allocate-answer", 3478, stun(0x103, STUN_ADDRESSES)),
        ("stun-error-answer", 3478, stun(0x113, b"\0\x09\0\x04\0\0\x04\x01\0\x14\0\x07example\0")),
        ("stun-classic-answer", 3478, [&[1, 1, 0, 12][..], &[0x5a; 16], b"\0\x01\0\x08\0\x01\x0d\x96\xc0\0\x02\x01"].concat()),
        ("turn-channel", 3478, b"\x40\x01\0\x02ab\0\0".to_vec()),
        ("quic-initial", 443, initial(1, &[5; 8], &[], 0, &crypto(0, &hello))),
        ("quic-google", 443, google_hello()),
        ("dtls-client-hello", 40_000, dtls),
        ("sip-invite", 5060, SIP_INVITE.to_vec()),
        ("sip-answer", 5060, SIP_ANSWER.to_vec()),
        ("rtp", 40_000, [&[0x80, 96, 0, 1, 0, 0, 0, 9, 0, 0, 0, 7][..], &[0x7c; 40]].concat()),
        ("rtcp", 40_000, [&[0x80, 200, 0, 6][..], &[7; 24], b"\x81\xca\0\x03\0\0\0\x07\x01\x04host\0\0"].concat()),
        ("safe-stun", 40_000, safe(0x0812, b"<?xml version=\"1.0\"?><Request><DevSerial>L00000001</DevSerial></Request>")),
        ("p2p-setup", 40_000, P2P_SETUP.to_vec()),
        ("isup-register", 40_000, ISUP_REGISTER.to_vec()),
    ]
}

/// Google's own handshake before RFC 9000: public header, STREAM frame, CHLO with tags.
fn google_hello() -> Vec<u8> {
    let tags = [(b"PAD\0", &[b'-'; 30][..]), (b"SNI\0", b"www.example.com"), (b"VER\0", b"Q043")];
    let mut message = b"CHLO\x03\0\0\0".to_vec();
    let mut end = 0;
    for (tag, value) in tags {
        end += u32::try_from(value.len()).unwrap();
        message.extend([&tag[..], &end.to_le_bytes()].concat());
    }
    message.extend(tags.iter().flat_map(|(_, value)| value.iter()));
    let header = [&[0x0d][..], &[1; 8], b"Q043", &[1], &[9; 12]].concat();
    [&header[..], &[0xa0, 1, 0x80, 0], &message].concat()
}

/// How many bytes a key shall have.
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// HKDF-Expand-Label of TLS 1.3 without a context (RFC 8446, 7.1).
fn expand<const N: usize>(secret: &Prk, label: &[u8]) -> [u8; N] {
    let label = vector8(&[b"tls13 ", label].concat());
    let mut out = [0; N];
    secret.expand(&[&put16(N), &label, &[0]], Length(N)).unwrap().fill(&mut out).unwrap();
    out
}

/// A client's Initial packet of version 1, protected as RFC 9001, 5 says.
pub(crate) fn initial(version: u32, id: &[u8], token: &[u8], number: u8, frames: &[u8]) -> Vec<u8> {
    // RFC 9001, 5.2.
    const SALT: &[u8; 20] =
        b"\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a";
    let initial = Salt::new(HKDF_SHA256, SALT).extract(id);
    let client = Prk::new_less_safe(HKDF_SHA256, &expand::<32>(&initial, b"client in"));
    let mut frames = frames.to_vec();
    frames.resize(frames.len().max(20), 0);
    let mut header = [&[0xc0][..], &version.to_be_bytes()].concat();
    for vector in [id, &[], token] {
        header.extend(vector8(vector));
    }
    header.extend((u16::try_from(1 + frames.len() + 16).unwrap() | 0x4000).to_be_bytes());
    let at = header.len();
    header.push(number);
    let mut nonce: [u8; 12] = expand(&client, b"quic iv");
    nonce[11] ^= number;
    let key = UnboundKey::new(&AES_128_GCM, &expand::<16>(&client, b"quic key")).unwrap();
    let nonce = Nonce::assume_unique_for_key(nonce);
    LessSafeKey::new(key).seal_in_place_append_tag(nonce, Aad::from(&header), &mut frames).unwrap();
    let mut packet = [header, frames].concat();
    let key = quic::HeaderProtectionKey::new(&quic::AES_128, &expand::<16>(&client, b"quic hp"));
    let mask = key.unwrap().new_mask(&packet[at + 4..][..16]).unwrap();
    packet[0] ^= mask[0] & 0x0f;
    packet[at] ^= mask[1];
    packet
}

/// A CRYPTO frame (RFC 9000, 19.6).
pub(crate) fn crypto(offset: usize, bytes: &[u8]) -> Vec<u8> {
    let varint = |value: usize| (u16::try_from(value).unwrap() | 0x4000).to_be_bytes();
    [&[6][..], &varint(offset), &varint(bytes.len()), bytes].concat()
}

fn quic_connections() -> Vec<(&'static str, Vec<Vec<u8>>)> {
    let hello = client_hello(b"h3");
    let id = [5; 8];
    let whole = initial(1, &id, &[], 0, &crypto(0, &hello));
    let head = initial(1, &id, &[], 0, &crypto(0, &hello[..40]));
    let tail = initial(1, &id, &[], 1, &crypto(40, &hello[40..]));
    let zero_rtt = [&[0xd0, 0, 0, 0, 1, 8][..], &id, &[0, 3, 1, 2, 3]].concat();
    let after_retry = initial(1, &[9; 4], b"token", 1, &crypto(0, &hello));
    let negotiation = vec![0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    let retry = [&[0xf0, 0, 0, 0, 1, 0, 4, 9, 9, 9, 9][..], &[7; 24]].concat();
    vec![
        ("initial", vec![whole.clone()]),
        ("initial-over-two-datagrams", vec![head.clone(), tail.clone()]),
        ("initial-out-of-order", vec![tail.clone(), tail.clone(), head.clone()]),
        ("initial-coalesced", vec![[head.clone(), zero_rtt, tail.clone()].concat()]),
        ("retry", vec![head.clone(), head.clone(), head.clone(), retry, after_retry]),
        (
            "version-negotiation",
            vec![head.clone(), head.clone(), head.clone(), negotiation, whole.clone()],
        ),
        (
            "frames-before-crypto",
            vec![initial(
                1,
                &id,
                &[],
                0,
                &[&[1, 0, 0, 2, 0, 0, 0, 0][..], &crypto(0, &hello)].concat(),
            )],
        ),
        (
            "one-byte-a-datagram",
            (0..24)
                .map(|at| {
                    initial(1, &id, &[], u8::try_from(at).unwrap(), &crypto(at, &hello[at..=at]))
                })
                .collect(),
        ),
        ("google", vec![google_hello()]),
        ("damaged", vec![[&head[..head.len() - 1], &[0]].concat(), head]),
    ]
}

fn neighbour_discovery() -> Vec<(&'static str, Vec<u8>)> {
    let target = [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];
    let mac = [0x44, 0xa6, 0x42, 1, 2, 3];
    let router = [
        &[134, 0, 0, 0, 64, 0x40, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1][..],
        &mac,
        &[3, 4, 64, 0xc0, 0, 0, 0x0e, 0x10, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0],
        &target,
        &[25, 3, 0, 0, 0, 0, 0, 9],
        &target,
    ];
    vec![
        ("router-solicitation", [&[133, 0, 0, 0, 0, 0, 0, 0, 1, 1][..], &mac].concat()),
        ("router-advertisement", router.concat()),
        ("neighbour-solicitation", [&[135, 0, 0, 0, 0, 0, 0, 0][..], &target].concat()),
        (
            "neighbour-advertisement",
            [&[136, 0, 0, 0, 0x60, 0, 0, 0][..], &target, &[2, 1], &mac].concat(),
        ),
        ("redirect", [&[137, 0, 0, 0, 0, 0, 0, 0][..], &target, &target].concat()),
        ("echo", vec![128, 0, 0, 0, 0, 1, 0, 1]),
    ]
}

fn sadp_on_the_link(direction: u8, query: u8) -> Vec<u8> {
    let mut bytes = vec![0x21, direction, 1, 0x42, 0, 0, 0, 9, 6, 4, query, 0, 0, 0];
    bytes.extend([0x44, 0xa6, 0x42, 1, 2, 3, 192, 0, 2, 64, 255, 255, 255, 255, 255, 255]);
    bytes.extend([0, 0, 0, 0, 255, 255, 255, 0]);
    bytes.resize(46, 0);
    bytes
}

fn beacon() -> Vec<u8> {
    let mut bytes = b"192.0.2.34".to_vec();
    bytes.resize(16, 0);
    bytes.extend([0x50, 3, 0, 0, 0x0c, 0xbd]);
    bytes.extend(b"/discover/2.0.3/req/4097\0\x02\0\x32");
    bytes.resize(200, 0xc3);
    bytes
}

fn ethernet(ether_type: u16, payload: &[u8]) -> Vec<u8> {
    [&[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1][..], &ether_type.to_be_bytes(), payload].concat()
}

fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let head =
        [&[0x45, 0][..], &put16(20 + payload.len()), &[0, 7, 0, 0, 64, protocol, 0, 0]].concat();
    [&head[..], &[192, 0, 2, 1, 198, 51, 100, 1], payload].concat()
}

fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    let address = |last: u8| [&[0x20, 1, 0x0d, 0xb8][..], &[0; 11], &[last]].concat();
    [&[0x60, 0, 0, 0][..], &put16(payload.len()), &[next, 64], &address(1), &address(2), payload]
        .concat()
}

fn udp(port: u16, payload: &[u8]) -> Vec<u8> {
    [&put16(50_000)[..], &port.to_be_bytes(), &put16(8 + payload.len()), &[0, 0], payload].concat()
}

/// A frame of each link type and of each wrapping.
fn frames() -> Vec<(&'static str, u32, Vec<u8>)> {
    let (v4, v6) = (ipv4(17, &udp(53, DNS_QUERY)), ipv6(17, &udp(53, DNS_QUERY)));
    let whole = ethernet(0x0800, &v4);
    let on = |header: &[u8], payload: &[u8]| [header, payload].concat();
    let eth = |ether_type: u16, header: &[u8], payload: &[u8]| {
        ethernet(ether_type, &[header, payload].concat())
    };
    let gre =
        |header: &[u8], payload: &[u8]| ethernet(0x0800, &ipv4(47, &[header, payload].concat()));
    let over_udp = |port: u16, header: &[u8], payload: &[u8]| {
        ethernet(0x0800, &ipv4(17, &udp(port, &[header, payload].concat())))
    };
    let snap = on(&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &v4);
    let wifi = on(
        &[0x88, 2, 0, 0, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 1, 0x10, 0, 0, 0],
        &snap,
    );
    let aggregate = {
        let subframe = [&[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1][..], &vector16(&snap)].concat();
        let header = [&[0x88, 1, 0, 0][..], &[2; 6], &[4; 6], &[6; 6], &[0, 0, 0x80, 0]].concat();
        [header, subframe.clone(), vec![0], subframe].concat()
    };
    let zeros = |start: &[u8], length: usize| {
        let mut bytes = start.to_vec();
        bytes.resize(length, 0);
        bytes
    };
    let ppp = on(&[0xff, 3, 0, 0x21], &v4);
    let pppoe = [&[0x11, 0, 0x12, 0x34][..], &put16(v4.len() + 2), &[0, 0x21], &v4].concat();
    let teredo = {
        let mut inner = v6.clone();
        inner[8..12].copy_from_slice(&[0x20, 1, 0, 0]);
        inner
    };
    let extended = ipv6(
        0,
        &[
            &[
                43, 0, 1, 4, 0, 0, 0, 0, 60, 0, 0, 0, 0, 0, 0, 0, 44, 0, 1, 4, 0, 0, 0, 0, 17, 0,
                0, 1, 0, 0, 0, 9,
            ][..],
            &udp(53, DNS_QUERY),
        ]
        .concat(),
    );
    let tcp =
        [
            &[
                0x9c, 0x41, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x60, 2, 0x20, 0, 0, 0, 0, 0, 2, 4, 5,
                0xb4,
            ][..],
            b"GET /",
        ]
        .concat();
    vec![
        ("ethernet-udp", 1, whole.clone()),
        ("ethernet-ipv6", 1, ethernet(0x86dd, &v6)),
        ("ethernet-tcp", 1, ethernet(0x0800, &ipv4(6, &tcp))),
        (
            "ethernet-sctp",
            1,
            ethernet(0x0800, &ipv4(132, &[0x0b, 0x59, 0x0b, 0x59, 0, 0, 0, 1, 0, 0, 0, 0])),
        ),
        ("ethernet-icmp", 1, ethernet(0x0800, &ipv4(1, &[8, 0, 0, 0, 0, 1, 0, 1, 7]))),
        (
            "ethernet-arp",
            1,
            ethernet(
                0x0806,
                &[
                    0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 192,
                    0, 2, 2,
                ],
            ),
        ),
        ("ethernet-ipv6-extensions", 1, ethernet(0x86dd, &extended)),
        (
            "ethernet-ipv6-authenticated",
            1,
            ethernet(
                0x86dd,
                &ipv6(
                    51,
                    &[&[17, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1][..], &udp(53, DNS_QUERY)].concat(),
                ),
            ),
        ),
        ("ethernet-neighbour", 1, ethernet(0x86dd, &ipv6(58, &neighbour_discovery()[3].1))),
        ("vlan", 1, eth(0x8100, &[0, 7, 8, 0], &v4)),
        ("vlan-in-vlan", 1, eth(0x88a8, &[0, 7, 0x81, 0, 0, 9, 8, 0], &v4)),
        ("802.3", 1, ethernet(u16::try_from(snap.len()).unwrap(), &snap)),
        ("sadp-on-the-link", 1, ethernet(0x8033, &sadp_on_the_link(1, 4))),
        ("beacon", 1, ethernet(0x8d8d, &beacon())),
        ("pppoe", 1, ethernet(0x8864, &pppoe)),
        ("mpls", 1, eth(0x8847, &[0, 1, 0, 64, 0, 2, 1, 64], &v4)),
        ("mpls-pseudowire", 1, eth(0x8847, &[0, 1, 1, 64, 0, 0, 0, 0], &whole)),
        ("pbb", 1, eth(0x88e7, &[0, 1, 2, 3], &whole)),
        ("fabricpath", 1, eth(0x8903, &[0x12, 0x40], &whole)),
        ("vn-tag", 1, eth(0x8926, &[0, 1, 0, 2, 8, 0], &v4)),
        ("e-tag", 1, eth(0x893f, &[0, 1, 0, 2, 0, 0, 8, 0], &v4)),
        ("ipv4-in-ipv4", 1, ethernet(0x0800, &ipv4(4, &v4))),
        ("ipv6-in-ipv4", 1, ethernet(0x0800, &ipv4(41, &v6))),
        ("gre", 1, gre(&[0, 0, 8, 0], &v4)),
        ("gre-key-and-sequence", 1, gre(&[0xb0, 0, 8, 0, 1, 2, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1], &v4)),
        (
            "gre-route",
            1,
            gre(&[0x40, 0, 8, 0, 0, 0, 0, 0, 8, 0, 0, 4, 192, 0, 2, 9, 0, 0, 0, 0], &v4),
        ),
        ("nvgre", 1, gre(&[0x20, 0, 0x65, 0x58, 0, 0x12, 0x34, 1], &whole)),
        ("pptp", 1, gre(&[0x30, 0x81, 0x88, 0x0b, 0, 61, 0, 5, 0, 0, 0, 1, 0, 0, 0, 1], &ppp)),
        ("erspan-1", 1, gre(&[0, 0, 0x88, 0xbe], &whole)),
        (
            "erspan-2",
            1,
            gre(&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 7, 0x18, 5, 0, 0, 0, 0], &whole),
        ),
        (
            "erspan-3",
            1,
            gre(
                &[
                    0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 7, 0, 6, 1, 2, 3, 4, 0, 0, 0x80, 1, 9,
                    9, 9, 9, 9, 9, 9, 9,
                ],
                &whole,
            ),
        ),
        ("vxlan", 1, over_udp(4789, &[8, 0, 0, 0, 0, 1, 2, 0], &whole)),
        ("vxlan-group", 1, over_udp(4789, &[0x88, 8, 1, 1, 0, 0, 7, 0], &whole)),
        ("vxlan-gpe", 1, over_udp(4790, &[0x0c, 0, 0, 1, 0, 0, 8, 0], &v4)),
        ("geneve", 1, over_udp(6081, &[1, 0x40, 0x65, 0x58, 0, 0, 9, 0, 1, 2, 3, 4], &whole)),
        ("tzsp-over-udp", 1, over_udp(37_008, &[1, 0, 0, 1, 10, 1, 0, 0, 1], &whole)),
        (
            "teredo",
            1,
            over_udp(
                3544,
                &[0, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 1, 2, 3, 4, 5, 6],
                &teredo,
            ),
        ),
        (
            "gtp-u",
            1,
            over_udp(
                2152,
                &[
                    &[0x34, 0xff][..],
                    &put16(v4.len() + 8),
                    &[0, 0, 0, 3, 0, 0, 0, 0x85, 1, 0x10, 1, 0],
                ]
                .concat(),
                &v4,
            ),
        ),
        ("l2tp", 1, over_udp(1701, &[0, 2, 0, 1, 0, 2], &ppp)),
        ("null", 0, on(&[2, 0, 0, 0], &v4)),
        ("loop", 108, on(&[0, 0, 0, 2], &v4)),
        ("slip", 8, on(&zeros(&[0, 0x40], 16), &v4)),
        ("ppp", 9, ppp.clone()),
        ("ppp-direction", 204, on(&[1], &ppp)),
        ("ppp-hdlc", 50, on(&[0xff, 3, 0, 0x57], &v6)),
        ("ppp-ether", 51, pppoe),
        ("raw", 101, v4.clone()),
        ("raw-bsd", 12, v6.clone()),
        ("ipv4", 228, v4.clone()),
        ("ipv6", 229, v6),
        ("cisco-hdlc", 104, on(&[0x8f, 0, 8, 0], &v4)),
        ("cisco-hdlc-direction", 205, on(&[0, 0x0f, 0, 8, 0], &v4)),
        ("frame-relay", 107, on(&[0x18, 0x41, 3, 0, 0x80, 0, 0, 0, 8, 0], &v4)),
        ("frame-relay-direction", 206, on(&[0, 0x18, 0x41, 3, 0xcc], &v4)),
        ("atm-bridged", 100, on(&[0xaa, 0xaa, 3, 0, 0x80, 0xc2, 0, 7, 0, 0], &whole)),
        ("sunatm", 123, on(&[2, 0, 0, 5], &snap)),
        ("linux-cooked", 113, on(&[0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0], &v4)),
        (
            "linux-cooked-2",
            276,
            on(&[8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0], &v4),
        ),
        ("wifi", 105, wifi.clone()),
        ("wifi-aggregate", 105, aggregate),
        (
            "radiotap",
            127,
            on(
                &[0, 0, 18, 0, 3, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0x10, 0],
                &on(&wifi, &[1, 2, 3, 4]),
            ),
        ),
        ("prism", 119, on(&zeros(&[0x44, 0, 0, 0, 144, 0, 0, 0], 144), &wifi)),
        ("avs", 163, on(&zeros(&[0x80, 0x21, 0x10, 1, 0, 0, 0, 64], 64), &wifi)),
        ("ppi", 192, on(&[0, 0, 8, 0, 1, 0, 0, 0], &whole)),
        (
            "ppi-wifi",
            192,
            on(
                &[&[0, 0, 32, 0, 105, 0, 0, 0, 2, 0, 20, 0][..], &[0; 8], &[1, 0], &[0; 10]]
                    .concat(),
                &wifi,
            ),
        ),
        ("tzsp", 128, on(&[1, 0, 0, 18, 17, 1, 0, 1], &wifi)),
        (
            "nflog",
            239,
            on(
                &[
                    &[2, 0, 0, 1, 8, 0, 1, 0, 8, 0, 1, 0][..],
                    &(u16::try_from(v4.len() + 4).unwrap()).to_le_bytes(),
                    &[9, 0],
                ]
                .concat(),
                &v4,
            ),
        ),
        ("pktap", 258, on(&zeros(&[108, 0, 0, 0, 1, 0, 0, 0, 1], 108), &whole)),
        ("ipnet", 226, on(&zeros(&[1, 2], 24), &v4)),
        ("pflog", 117, on(&zeros(&[61, 2], 64), &v4)),
        ("juniper", 178, on(b"MGC\x80\0\x02\x01\0", &whole)),
    ]
}

fn segments_and_fragments() -> Vec<Seed> {
    let segment = |offset: usize, bytes: &[u8]| [&put16(offset)[..], bytes].concat();
    let in_order: Vec<_> = (0..8).map(|at| segment(8 * at, b"segments")).collect();
    let reverse: Vec<_> = in_order.iter().rev().cloned().collect();
    let overlap: Vec<_> = (0..8).map(|at| segment(5 * at, b"overlapping")).collect();
    let long: Vec<_> = (0..6).map(|at| segment(1000 * at, &[7; 1000])).collect();
    let piece =
        |id: u8, flags: u8, at: usize, bytes: &[u8]| [&[id, flags][..], &put16(at), bytes].concat();
    let three = [piece(1, 1, 0, &[1; 16]), piece(1, 1, 2, &[2; 16]), piece(1, 0, 4, b"end")];
    let mixed: Vec<_> = three
        .iter()
        .rev()
        .cloned()
        .chain([piece(2, 3, 0, &[3; 8]), piece(2, 2, 1, b"x")])
        .collect();
    let teardrop = [
        piece(1, 1, 0, &[1; 24]),
        piece(1, 0, 1, &[2; 4]),
        piece(3, 3, 0, &[1; 24]),
        piece(3, 2, 1, &[2; 20]),
    ];
    let tiny: Vec<_> = (0..40).map(|at| piece(9, u8::from(at != 0), 40 - at, &[4; 8])).collect();
    let bytes = |parts: &[Vec<u8>]| join(parts.iter().map(Vec::as_slice));
    vec![
        ("stream_head", "in-order".into(), bytes(&in_order)),
        ("stream_head", "reverse".into(), bytes(&reverse)),
        ("stream_head", "overlapping".into(), bytes(&overlap)),
        ("stream_head", "over-the-limit".into(), bytes(&long)),
        ("fragments", "three-in-order".into(), bytes(&three)),
        ("fragments", "two-datagrams-in-reverse".into(), bytes(&mixed)),
        ("fragments", "overlapping".into(), bytes(&teardrop)),
        ("fragments", "eight-bytes-each".into(), bytes(&tiny)),
    ]
}

/// Capture files of each format with frames of the household.
fn files() -> Vec<Seed> {
    let frames: Vec<_> = Household::new(1, start()).take(6).collect();
    let mut pcap = pcap_header().to_vec();
    for frame in &frames {
        pcap.extend(pcap_record(frame));
    }
    let mut swapped = [0xa1b2_3c4d, 0x0002_0004, 0, 0, 96, 1].map(u32::to_be_bytes).concat();
    let mut snoop = b"snoop\0\0\0\0\0\0\x02\0\0\0\x04".to_vec();
    let mut simple = Vec::new();
    let block = |kind: u32, body: &[u8]| {
        let padding = vec![0; body.len().next_multiple_of(4) - body.len()];
        let length = u32::try_from(body.len() + padding.len() + 12).unwrap().to_le_bytes();
        [&kind.to_le_bytes()[..], &length, body, &padding, &length].concat()
    };
    simple.extend(block(
        0x0a0d_0d0a,
        &[&[0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0][..], &[0xff; 8]].concat(),
    ));
    simple.extend(block(
        1,
        &[
            &[1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 4, 0][..],
            b"eth0",
            &[9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0],
        ]
        .concat(),
    ));
    for frame in &frames {
        let length = u32::try_from(frame.bytes.len()).unwrap();
        let kept = &frame.bytes[..frame.bytes.len().min(96)];
        let short = u32::try_from(kept.len()).unwrap();
        swapped.extend([1, 2, short, length].map(u32::to_be_bytes).concat());
        swapped.extend(kept);
        snoop.extend([length, length, length + 24, 0, 7, 8].map(u32::to_be_bytes).concat());
        snoop.extend(&frame.bytes);
        let enhanced = [0, 0, 5_000, length, length].map(u32::to_le_bytes).concat();
        simple.extend(block(6, &[&enhanced, &frame.bytes[..]].concat()));
        simple.extend(block(3, &[&length.to_le_bytes()[..], &frame.bytes].concat()));
    }
    simple.extend(block(0x4000_0bad, &[7; 12]));
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&pcap).unwrap();
    let gzip = encoder.finish().unwrap();
    let zstd =
        ruzstd::encoding::compress_to_vec(&pcap[..], ruzstd::encoding::CompressionLevel::Fastest);
    vec![
        ("savefile", "pcap".into(), pcap.clone()),
        ("savefile", "pcap-cut".into(), pcap[..pcap.len() - 9].to_vec()),
        ("savefile", "pcap-big-endian-nanoseconds".into(), swapped),
        ("savefile", "pcapng".into(), simple.clone()),
        ("savefile", "pcapng-two-sections".into(), simple.repeat(2)),
        ("savefile", "snoop".into(), snoop),
        ("savefile", "pcap-gzip".into(), gzip),
        ("savefile", "pcap-zstd".into(), zstd),
    ]
}

fn start() -> Timestamp {
    Timestamp::from_parts(1_767_225_600, 0)
}

/// Frames of the first half minute: one by one for `decode`, in turns for `engine`, and messages in whole engines.
fn household() -> Vec<Seed> {
    let frames: Vec<_> = Household::new(7, start())
        .take_while(|frame| frame.timestamp < Timestamp::from_parts(1_767_225_645, 0))
        .filter(|frame| frame.bytes.len() < 900)
        .map(|frame| frame.bytes)
        .collect();
    let mut seeds = Vec::new();
    let stride = frames.len() / 12;
    for (number, turn) in frames.chunks(stride.max(1)).take(12).enumerate() {
        let some = turn.iter().take(40).map(Vec::as_slice);
        seeds.push(("engine", format!("household-{number}"), join(some)));
    }
    let all: Vec<_> =
        self::frames().into_iter().filter(|(_, link_type, _)| *link_type == 1).collect();
    seeds.push((
        "engine",
        "every-wrapping".into(),
        join(all.iter().map(|(_, _, frame)| &frame[..])),
    ));
    let datagrams: Vec<_> =
        datagrams().iter().map(|(_, port, payload)| udp(*port, payload)).collect();
    let v4: Vec<_> = datagrams.iter().map(|bytes| ethernet(0x0800, &ipv4(17, bytes))).collect();
    let v6: Vec<_> = datagrams.iter().map(|bytes| ethernet(0x86dd, &ipv6(17, bytes))).collect();
    seeds.push(("engine", "datagrams".into(), join(v4.iter().map(Vec::as_slice))));
    seeds.push(("engine", "datagrams-ipv6".into(), join(v6.iter().map(Vec::as_slice))));
    let conversations: Vec<_> = (1u16..)
        .zip(streams())
        .flat_map(|(host, (_, port, head))| conversation(host, port, &head))
        .collect();
    seeds.push(("engine", "streams".into(), join(conversations.iter().map(Vec::as_slice))));
    seeds.push(("engine", "fragments".into(), join(fragmented().iter().map(Vec::as_slice))));
    seeds
}

/// A segment (RFC 9293, 3.1) without checksum.
fn tcp(ports: (u16, u16), sequence: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let numbers =
        [&ports.0.to_be_bytes()[..], &ports.1.to_be_bytes(), &sequence.to_be_bytes()].concat();
    [&numbers[..], &[0, 0, 0, 1, 0x50, flags, 0x20, 0, 0, 0, 0, 0], payload].concat()
}

/// SYN, the head in two segments, FIN.
fn conversation(host: u16, port: u16, head: &[u8]) -> Vec<Vec<u8>> {
    let ports = (40_000 + host, port);
    let (first, second) = head.split_at(head.len() / 2);
    let next = 1 + u32::try_from(first.len()).unwrap();
    [
        tcp(ports, 0, 2, b""),
        tcp(ports, 1, 0x18, first),
        tcp(ports, next, 0x18, second),
        tcp(ports, next, 0x11, b""),
    ]
    .iter()
    .map(|segment| ethernet(0x0800, &ipv4(6, segment)))
    .collect()
}

/// A DNS answer in fragments of 24 bytes, the last one first.
fn fragmented() -> Vec<Vec<u8>> {
    let whole = udp(53, DNS_ANSWER);
    let pieces = whole.chunks(24).zip((0usize..).step_by(3));
    let last = (whole.len() - 1) / 24;
    let mut all: Vec<_> = pieces
        .map(|(piece, at)| {
            let mut packet = ipv4(17, piece);
            let more = if at / 3 == last { 0 } else { 0x2000 };
            packet[6..8].copy_from_slice(&put16(at | more));
            ethernet(0x0800, &packet)
        })
        .collect();
    all.reverse();
    all
}
