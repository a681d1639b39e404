//! The IPFIX exporter: flow records of concern to one collector.
//!
//! Comes in: flow events. Goes out: templates first and, over UDP, again and again; then data. A flow whose message could not be
//! sent stays first in line.

use std::time::Duration;

use super::config::{IpfixConfig, IpfixTransport};
use super::delta::{FlowDelta, FlowDeltas};
use super::ipfix_link::IpfixLink;
use super::message::{MAX_DATAGRAM, MAX_MESSAGE, MessageMaker};
use crate::analyst::Event;
use crate::export::sink::{Deliver, DeliveryError, Letter};
use crate::net::Timestamp;

/// Most letters that are taken at once: what was taken and not sent yet waits here.
const MAX_PENDING: usize = 256;
/// How often the time is asked for: message headers carry it in seconds.
const TICK: Duration = Duration::from_secs(1);

/// Sends flow records to a collector.
#[derive(Debug)]
pub struct IpfixSink {
    config: IpfixConfig,
    collector: String,
    maker: MessageMaker,
    deltas: FlowDeltas,
    /// Taken and not sent yet.
    pending: Vec<FlowDelta>,
    link: Option<IpfixLink>,
    /// When the templates were last sent on this link.
    told_templates: Option<Timestamp>,
    now: Timestamp,
}

impl IpfixSink {
    /// A sink to this collector.
    #[must_use]
    pub fn new(config: IpfixConfig, collector: String) -> Self {
        let max = match config.transport {
            IpfixTransport::Udp => MAX_DATAGRAM,
            IpfixTransport::Tcp => MAX_MESSAGE,
        };
        Self {
            maker: MessageMaker::new(config.domain, max),
            config,
            collector,
            deltas: FlowDeltas::default(),
            pending: Vec::new(),
            link: None,
            told_templates: None,
            now: Timestamp::ZERO,
        }
    }

    /// Tells whether an event leaves: the end of a flow of concern, or that it goes on and its record is due.
    #[must_use]
    pub fn wants(event: &Event) -> bool {
        FlowDeltas::wants(event)
    }

    /// Sends what waits; after an error the rest waits on.
    fn flush(&mut self) -> Result<(), DeliveryError> {
        while !self.pending.is_empty() {
            // A link that fails is not put back: the next try opens another.
            let mut link = self.link()?;
            if self.templates_are_due() {
                link.send(&self.maker.templates(self.now), &self.collector)?;
                self.told_templates = Some(self.now);
            }
            let message = self.maker.next(&self.pending, self.now);
            link.send(&message.bytes, &self.collector)?;
            self.link = Some(link);
            self.maker.count(&message);
            self.pending.drain(..message.flows);
        }
        Ok(())
    }

    /// The link there is, or a new one, on which nothing was said yet.
    fn link(&mut self) -> Result<IpfixLink, DeliveryError> {
        if let Some(link) = self.link.take() {
            return Ok(link);
        }
        let link = IpfixLink::open(&self.config, &self.collector)?;
        self.told_templates = None;
        if self.config.transport == IpfixTransport::Tcp {
            self.maker.restart();
        }
        Ok(link)
    }

    /// Over TCP once a connection; over UDP again, since none may have arrived (RFC 7011, 8.1).
    fn templates_are_due(&self) -> bool {
        match (self.told_templates, self.config.transport) {
            (None, _) => true,
            (Some(_), IpfixTransport::Tcp) => false,
            (Some(told), IpfixTransport::Udp) => {
                self.now.since(told) >= self.config.template_interval
            }
        }
    }
}

impl Deliver for IpfixSink {
    fn deliver(&mut self, letters: &[Letter]) -> Result<usize, DeliveryError> {
        self.flush()?;
        let mut taken = 0;
        for letter in letters.iter().take(MAX_PENDING) {
            taken += 1;
            if let Letter::Event(event) = letter {
                self.now = self.now.max(event.timestamp);
                self.pending.extend(self.deltas.apply(event));
            }
        }
        // What fails now is told at the next call; these letters are in hand.
        self.flush().or_else(|problem| if taken > 0 { Ok(()) } else { Err(problem) })?;
        Ok(taken)
    }

    fn tick_interval(&self) -> Option<Duration> {
        Some(TICK)
    }

    fn tick(&mut self, now: Timestamp) -> Result<(), DeliveryError> {
        self.now = now;
        self.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::net::{TcpListener, UdpSocket};
    use std::sync::Arc;

    use super::*;
    use crate::export::sample;

    fn letters(ids: std::ops::Range<u64>) -> Vec<Letter> {
        ids.map(|id| Letter::Event(Arc::new(sample::flow_ended(id, id, id)))).collect()
    }

    fn sink(transport: IpfixTransport, collector: String) -> IpfixSink {
        IpfixSink::new(IpfixConfig { transport, ..IpfixConfig::default() }, collector)
    }

    fn header(message: &[u8]) -> (u16, u32) {
        (
            u16::from_be_bytes([message[16], message[17]]),
            u32::from_be_bytes(message[8..12].try_into().unwrap()),
        )
    }

    #[test]
    fn templates_come_first_and_over_udp_again() {
        let collector = UdpSocket::bind("127.0.0.1:0").unwrap();
        collector.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let mut sink = sink(IpfixTransport::Udp, collector.local_addr().unwrap().to_string());
        let heard = || {
            let mut buffer = [0; 2000];
            let length = collector.recv(&mut buffer).unwrap();
            assert!(length <= MAX_DATAGRAM);
            header(&buffer[..length])
        };

        assert_eq!(sink.deliver(&letters(1..4)).unwrap(), 3);
        assert_eq!([heard(), heard()], [(2, 0), (256, 0)]);
        assert_eq!(sink.deliver(&letters(4..5)).unwrap(), 1);
        assert_eq!(heard(), (256, 3));
        sink.tick(sample::NOON.plus(Duration::from_secs(120))).unwrap();
        sink.deliver(&letters(5..6)).unwrap();
        assert_eq!([heard(), heard()], [(2, 4), (256, 4)]);
    }

    #[test]
    fn a_collector_that_comes_back_gets_what_was_kept_and_a_new_count() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut sink = sink(IpfixTransport::Tcp, address.to_string());
        sink.deliver(&letters(1..2)).unwrap();
        drop(listener.accept().unwrap());
        drop(listener);
        // The first that fails is in hand, the second is refused.
        std::thread::sleep(Duration::from_millis(50));
        assert_eq!(sink.deliver(&letters(2..3)).unwrap(), 1);
        assert!(sink.deliver(&letters(3..4)).is_err());

        let listener = TcpListener::bind(address).unwrap();
        assert_eq!(sink.deliver(&letters(3..4)).unwrap(), 1);
        drop(sink);
        let mut bytes = Vec::new();
        listener.accept().unwrap().0.read_to_end(&mut bytes).unwrap();
        let mut messages = Vec::new();
        while !bytes.is_empty() {
            let length = usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
            messages.push(header(&bytes[..length]));
            bytes.drain(..length);
        }
        assert_eq!(messages, [(2, 0), (256, 0), (256, 1)]);
    }
}
