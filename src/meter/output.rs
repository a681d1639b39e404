//! Observations on their way out, each with its place in the order.
//!
//! Comes in: what was seen. Goes out: [`Observation`]s, in order, until they are taken.

use std::net::IpAddr;

use super::{BindingSource, MessageContext, Observation, ObservationKind, ObservationOrder};
use crate::decode::EtherAddresses;
use crate::dissect::{Message, NdpMessage};
use crate::net::Timestamp;

/// Observations on their way out, with their place in the order and their time.
#[derive(Debug, Default)]
pub(super) struct Output {
    pub(super) observations: Vec<Observation>,
    order: ObservationOrder,
    timestamp: Timestamp,
}

impl Output {
    /// Says where the next observations stand in the order.
    pub(super) const fn begin(
        &mut self,
        now: Timestamp,
        frame: u64,
        flow: u64,
        timestamp: Timestamp,
    ) {
        self.order = ObservationOrder { timestamp: now, frame, flow, part: 0 };
        self.timestamp = timestamp;
    }

    pub(super) fn push(&mut self, kind: ObservationKind) {
        let Self { observations, order, timestamp } = self;
        observations.push(Observation { order: *order, timestamp: *timestamp, kind });
        order.part += 1;
    }

    /// Who says in Neighbor Discovery which address it holds; nobody says it for another station.
    pub(super) fn push_neighbour(
        &mut self,
        ether: Option<EtherAddresses>,
        source: IpAddr,
        message: &NdpMessage,
    ) {
        if let Some((mac, ip)) = message.binding(source)
            && ether.is_none_or(|ether| ether.source == mac)
            && mac.is_station()
        {
            let how = BindingSource::Ndp;
            self.push(ObservationKind::BindingSeen { mac, ip: IpAddr::V6(ip), how });
        }
    }

    pub(super) fn push_message(&mut self, context: MessageContext, message: Message) {
        self.push(ObservationKind::MessageRead { context: Box::new(context), message });
    }
}
