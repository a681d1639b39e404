//! What the tests of this room share.

use super::registry::Registry;
use super::shelf::DeviceRef;
use crate::decode::{EtherAddresses, VlanIds};
use crate::dissect::{Message, SadpMessage};
use crate::flow::{Endpoint, FlowId, Role};
use crate::meter::{MessageContext, MessageFlow};
use crate::net::{InterfaceId, IpProtocol, MacAddr, Timestamp};

/// Notes a SADP message over UDP, from a frame of `sender` where that was seen.
pub(super) fn note_sadp(
    registry: &mut Registry,
    device: DeviceRef,
    message: SadpMessage,
    sender: Option<MacAddr>,
    now: Timestamp,
) {
    let end = |last| Endpoint { ip: [10, 0, 0, last].into(), port: 37_020 };
    let context = MessageContext {
        interface: InterfaceId(0),
        vlans: VlanIds::default(),
        ether: sender.map(|source| EtherAddresses { source, destination: MacAddr::BROADCAST }),
        tunnel: None,
        flow: Some(MessageFlow {
            id: FlowId(1),
            initiator: end(1),
            responder: end(2),
            protocol: IpProtocol::UDP,
            sender: Role::Initiator,
        }),
    };
    registry.note_message(device, &Message::Sadp(Box::new(message)), &context, now);
}
