//! Reads the Transport field of RTSP.
//!
//! Comes in: the value of the field. Goes out: an [`RtspTransport`] (RFC 2326, 12.39; RFC 7826, 18.54). Of several offered
//! transports only the first is read.

/// Parameters of a transport that are looked at.
const MAX_PARAMETERS: usize = 32;

/// How the media of a stream is to be carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RtspTransport {
    /// `client_port`: where the client takes RTP, and RTCP if two are named.
    pub client_ports: Option<(u16, Option<u16>)>,
    /// `server_port`.
    pub server_ports: Option<(u16, Option<u16>)>,
    /// The media is carried in the RTSP stream itself (`interleaved`, or a profile over TCP).
    pub interleaved: bool,
    /// The media is sent to a group.
    pub multicast: bool,
}

impl RtspTransport {
    /// Reads a value; parameters that cannot be read are left out.
    pub(super) fn read(value: &[u8]) -> Self {
        let mut transport = Self::default();
        let first = value.split(|&b| b == b',').next().unwrap_or_default();
        for parameter in first.split(|&b| b == b';').take(MAX_PARAMETERS) {
            let parameter = parameter.trim_ascii();
            let (name, ports) = match parameter.iter().position(|&b| b == b'=') {
                Some(at) => parameter.split_at_checked(at).unwrap_or_default(),
                None => (parameter, &[][..]),
            };
            let ports = ports.get(1..).unwrap_or_default();
            if name.eq_ignore_ascii_case(b"client_port") {
                transport.client_ports = port_range(ports);
            } else if name.eq_ignore_ascii_case(b"server_port") {
                transport.server_ports = port_range(ports);
            } else if name.eq_ignore_ascii_case(b"interleaved")
                || (name.get(..4).is_some_and(|p| p.eq_ignore_ascii_case(b"RTP/"))
                    && name.get(name.len() - 4..).is_some_and(|p| p.eq_ignore_ascii_case(b"/TCP")))
            {
                transport.interleaved = true;
            } else if name.eq_ignore_ascii_case(b"multicast") {
                transport.multicast = true;
            }
        }
        transport
    }
}

/// One port, or two with a hyphen between them.
fn port_range(text: &[u8]) -> Option<(u16, Option<u16>)> {
    let text = std::str::from_utf8(text).ok()?;
    match text.split_once('-') {
        Some((first, second)) => Some((first.trim().parse().ok()?, second.trim().parse().ok())),
        None => Some((text.trim().parse().ok()?, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::mutation::for_each_mutant;

    #[test]
    fn ports_and_interleaving_are_read() {
        let udp = RtspTransport {
            client_ports: Some((4588, Some(4589))),
            server_ports: Some((6256, None)),
            ..RtspTransport::default()
        };
        let text = b"RTP/AVP;unicast;Client_Port=4588-4589; server_port=6256;mode=\"PLAY\"";

        assert_eq!(RtspTransport::read(text), udp);
        assert!(RtspTransport::read(b"RTP/AVP/TCP;unicast").interleaved);
        assert!(RtspTransport::read(b"RTP/AVP;interleaved=0-1").interleaved);
        assert!(RtspTransport::read(b"RTP/AVP;multicast;port=1-2").multicast);
        assert!(!RtspTransport::read(b"RTP/AVP;unicast,RTP/AVP/TCP;interleaved=0-1").interleaved);
        assert_eq!(RtspTransport::read(b"client_port=70000"), RtspTransport::default());
    }

    #[test]
    fn damaged_fields_are_survived() {
        for_each_mutant(b"RTP/AVP;unicast;client_port=4588-4589", |value| {
            RtspTransport::read(value);
        });
    }
}
