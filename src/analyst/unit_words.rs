//! What messages of vendor devices say of their ways to the cloud: signs on flows, steps, attempts, names.
//!
//! Comes in: messages with their flows. Goes out: the log of the device. Bytes that come from outside prove nothing until one
//! of ours answers in kind.

use std::sync::Arc;

use super::Analyst;
use super::flow_rules::leads_outside;
use super::resolvers::leads_nowhere;
use super::unit_rules::RETRIES;
use super::verdict::asker;
use crate::catalogue::{CloudRole, Framing};
use crate::classify::activity::{Attempt, EvasionKind};
use crate::classify::{PayloadSign, SignWord, StepKind, TrailStep, read_sign};
use crate::device::DeviceRef;
use crate::dissect::{DnsMessage, Message, StunClass};
use crate::flow::Role;
use crate::meter::{MessageContext, MessageFlow};
use crate::net::{Perimeter, Timestamp, printable};

impl Analyst {
    /// Takes what a message in a flow says of its far end. `unit`: the vendor device at one end. What passes by on an
    /// interface that is not counted passes by on another too, and counts there.
    pub(super) fn note_message_sign(
        &mut self,
        unit: Option<DeviceRef>,
        context: &MessageContext,
        message: &Message,
        now: Timestamp,
    ) {
        let Some(flow) = context.flow else { return };
        let sign = read_sign(message, &flow);
        if unit.is_none() && sign.is_none() {
            return;
        }
        let perimeter = self.config.local_nets.perimeter(flow.initiator.ip, flow.responder.ip);
        let unit = unit.filter(|_| leads_outside(perimeter));
        // Who asks from outside is answered with the asker's address, and not with ours.
        if let Some(unit) = unit.filter(|_| perimeter == Perimeter::Outbound) {
            self.note_stun(unit, &flow, message, now);
        }
        let Some(sign) = sign else { return };
        // Bytes that come from outside prove nothing until one of ours answers in kind.
        let is_theirs = perimeter == Perimeter::Inbound
            && (sign.framing != Framing::P2pV3 || flow.sender == Role::Initiator);
        if perimeter == Perimeter::Internal || is_theirs {
            return;
        }
        // A server alone can say anything: of a host that is no vendor device, its own words decide.
        let near = asker(perimeter);
        if unit.is_none() && flow.sender != near && self.sign_of(&flow).is_none() {
            return;
        }
        // What says nothing alone makes no flow worth watching.
        let watched = match sign.confidence {
            0 => self.watched.get_mut(flow.id),
            _ => self.watched.watch(flow.id, now),
        };
        if !watched.is_some_and(|watched| watched.note_sign(sign)) {
            return;
        }
        let Some(unit) = unit else { return };
        self.note_word(unit, &flow, sign, perimeter, now);
        if self.is_counted(context.interface) {
            self.count_word(unit, message, &flow, sign, now);
        }
    }

    fn sign_of(&self, flow: &MessageFlow) -> Option<PayloadSign> {
        self.watched.get(flow.id)?.sign
    }

    fn note_word(
        &mut self,
        unit: DeviceRef,
        flow: &MessageFlow,
        sign: PayloadSign,
        perimeter: Perimeter,
        now: Timestamp,
    ) {
        let near = asker(perimeter);
        let far_end = if near == Role::Initiator { flow.responder } else { flow.initiator };
        let own_port =
            if near == Role::Initiator { flow.initiator.port } else { flow.responder.port };
        let answered = flow.sender != near;
        let kind = match sign.framing {
            Framing::Lbs => Some(StepKind::Registration),
            Framing::DasMqtt | Framing::SafeAccess => Some(StepKind::Control),
            Framing::SafeStun => Some(StepKind::Stun),
            Framing::SafeCas => Some(StepKind::Broker),
            Framing::P2pV3 if self.is_p2p_server(far_end) => Some(StepKind::P2p),
            Framing::P2pV3
            | Framing::SafeReplay
            | Framing::Vtm
            | Framing::Hcnetsdk
            | Framing::Isup
            | Framing::SdkPost
            | Framing::SnapshotUpload
            | Framing::HttpDns => None,
        };
        let refused = matches!(sign.word, SignWord::Refused(_) | SignWord::Redirected);
        if let Some(kind) = kind.filter(|_| answered && !refused) {
            let vendor =
                self.catalogue.framing(sign.framing).map(|entry| Arc::clone(&entry.vendor));
            let step = TrailStep {
                kind,
                server: far_end,
                own_port,
                is_vendors: true,
                vendor: vendor.unwrap_or_default(),
                name: None,
                first: now,
                latest: now,
            };
            self.push_step(unit, step);
        }
    }

    /// Counts what the message says of success, and a lookup over HTTP once: its request is told again with its answer.
    fn count_word(
        &mut self,
        unit: DeviceRef,
        message: &Message,
        flow: &MessageFlow,
        sign: PayloadSign,
        now: Timestamp,
    ) {
        if sign.framing == Framing::HttpDns && matches!(message, Message::HttpRequest(_)) {
            self.note_evasion(unit, EvasionKind::HttpDns, &flow.receiver().ip.to_string(), now);
        }
        let tally = self.units.of(unit, self.now).hours.at(now);
        tally.hear();
        if matches!(sign.framing, Framing::Lbs | Framing::DasMqtt) {
            match sign.word {
                SignWord::Accepted if sign.framing == Framing::Lbs => {
                    tally.attempt(Attempt::Registered);
                }
                SignWord::Accepted => tally.attempt(Attempt::Kept),
                SignWord::Refused(code) => tally.attempt(Attempt::Refused(code)),
                SignWord::Asked | SignWord::Redirected | SignWord::Commanded | SignWord::Spoken => {
                }
            }
        }
    }

    /// A device that learns its public address from any STUN server can be reached by a peer then.
    fn note_stun(
        &mut self,
        unit: DeviceRef,
        flow: &MessageFlow,
        message: &Message,
        now: Timestamp,
    ) {
        let Message::Stun(stun) = message else { return };
        // With a user name it is a check between peers (RFC 8445, 7.2.2), and no question to a server.
        let is_of_server = stun.class == StunClass::Success && !stun.has_username;
        if flow.sender == Role::Responder && is_of_server && !self.is_of_peer(flow) {
            let step = TrailStep {
                kind: StepKind::Stun,
                server: flow.responder,
                own_port: flow.initiator.port,
                is_vendors: false,
                vendor: "".into(),
                name: None,
                first: now,
                latest: now,
            };
            self.push_step(unit, step);
        }
    }

    /// Takes a name of the cloud that the vendor device `unit` asks for, or the answer to that.
    pub(super) fn log_dns(
        &mut self,
        unit: DeviceRef,
        flow: &MessageFlow,
        dns: &DnsMessage,
        now: Timestamp,
    ) {
        let resolver = if dns.is_response() { flow.sender() } else { flow.receiver() };
        let is_foreign = !self.config.local_nets.contains(resolver.ip)
            && self.resolvers.is_foreign(resolver.ip, self.listens_since, self.now);
        if is_foreign && !dns.is_response() {
            let subject = resolver.ip.to_string();
            self.note_evasion(unit, EvasionKind::ForeignResolver, &subject, now);
        }
        let Some(name) = dns.queries.first().map(|query| &query.name) else { return };
        let is_standing = self.catalogue.cloud(name).is_some_and(|found| {
            matches!(
                found.entry.role,
                CloudRole::Registration | CloudRole::Control | CloudRole::Broker
            )
        });
        if !is_standing {
            return;
        }
        let name: Arc<str> = printable(name, 255).to_string().into();
        let tally = self.units.of(unit, self.now).hours.at(now);
        if !dns.is_response() {
            tally.attempt(Attempt::NameAsked);
        } else if leads_nowhere(dns) {
            tally.attempt(Attempt::NameRefused);
            if tally.failed_attempts() >= RETRIES {
                self.note_evasion(unit, EvasionKind::BlockedRetrying, &name, now);
            }
        }
    }

    /// Tells whether a flow was found to lead to a peer: what is answered there is no server's word.
    fn is_of_peer(&self, flow: &MessageFlow) -> bool {
        let known = self.watched.get(flow.id).and_then(|watched| watched.destination.as_deref());
        known.is_some_and(|known| known.role == CloudRole::P2p)
    }
}
