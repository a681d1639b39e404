//! What a message leads to: names remembered, evidence gathered, events.
//!
//! Comes in: messages with where they were read. Goes out: events, through the analyst. A message speaks for
//! whoever sent its frame, never for whoever its text names.

use std::sync::Arc;

use super::{Analyst, EventKind, MessageSighting};
use crate::catalogue::CloudMatch;
use crate::classify::Destination;
use crate::device::DeviceRef;
use crate::dissect::{AppProtocol, DhcpMessage, DnsMessage, Message};
use crate::meter::{MessageContext, MessageFlow};
use crate::net::{MacAddr, Timestamp};

/// The port of name servers, RFC 1035, 4.2.
const DNS_PORT: u16 = 53;

/// DHCP message type DHCPACK, RFC 2132, 9.6.
const DHCP_ACK: u8 = 5;

impl Analyst {
    pub(super) fn observe_message(
        &mut self,
        context: MessageContext,
        message: Message,
        now: Timestamp,
    ) {
        let sender = self.message_sender(&context, &message, now);
        let receiver = context.flow.and_then(|flow| {
            let ip = flow.receiver().ip;
            let mac = context.ether.map_or(MacAddr::ZERO, |ether| ether.destination);
            self.is_local_host(ip).then(|| self.registry.find(ip, mac)).flatten()
        });
        match &message {
            Message::Dns(dns) => self.learn_from_dns(&context, dns, sender, now),
            Message::Tls(hello) => self.learn_name(sender, hello.sni.as_deref(), now),
            Message::Http(request) => {
                self.learn_name(sender, request.host.as_deref().map(without_port), now);
            }
            Message::Dhcp(dhcp) => self.learn_from_dhcp(&context, dhcp, sender, now),
            Message::Sadp(sadp) => {
                if let Some(sender) = sender {
                    let frame_sender = context.ether.map(|ether| ether.source);
                    self.registry.note_sadp(sender, sadp, frame_sender, now);
                }
            }
        }
        for device in [sender, receiver].into_iter().flatten() {
            self.announce(device, now);
        }

        let destination = self.named_destination(&context, &message).map(Arc::new);
        let vendor_device = [sender, receiver]
            .into_iter()
            .flatten()
            .find(|&device| self.registry.is_vendor_device(device));
        let asker = if is_answer(&message) { receiver } else { sender };
        let device = vendor_device.or_else(|| asker.filter(|_| destination.is_some()));
        let device = device.and_then(|device| self.registry.profile(device));
        let sighting = MessageSighting { context, message, device, destination };
        self.push(now, EventKind::MessageRead(Box::new(sighting)));
    }

    /// The device that sent the frame. SADP and DHCP stay on the segment, so their frame's sender is meant
    /// even where its IP address is none of ours, or none yet.
    fn message_sender(
        &mut self,
        context: &MessageContext,
        message: &Message,
        now: Timestamp,
    ) -> Option<DeviceRef> {
        let mac = context.ether.map_or(MacAddr::ZERO, |ether| ether.source);
        let ip = context.flow.map(|flow| flow.sender().ip).filter(|&ip| self.is_local_host(ip));
        match message {
            Message::Sadp(_) | Message::Dhcp(_) => self.registry.sender(ip, mac, now),
            Message::Dns(_) | Message::Tls(_) | Message::Http(_) => {
                self.registry.sender(Some(ip?), mac, now)
            }
        }
    }

    fn learn_from_dns(
        &mut self,
        context: &MessageContext,
        dns: &DnsMessage,
        sender: Option<DeviceRef>,
        now: Timestamp,
    ) {
        if dns.protocol != AppProtocol::Dns {
            return;
        }
        if dns.is_response() {
            let Some(flow) = context.flow else { return };
            self.names.observe(flow.receiver().ip, dns, now);
            if let Some(sender) = sender
                && flow.sender().port == DNS_PORT
            {
                self.registry.note_name_server(sender);
            }
        } else {
            for query in &dns.queries {
                self.learn_from_query(context.flow, &query.name, sender, now);
            }
        }
    }

    /// A name that `sender` asks for, unless it was itself asked for it just now.
    fn learn_from_query(
        &mut self,
        flow: Option<MessageFlow>,
        name: &str,
        sender: Option<DeviceRef>,
        now: Timestamp,
    ) {
        let Some(flow) = flow.filter(|_| self.catalogue.cloud(name).is_some()) else { return };
        if !self.relayed.contains(flow.sender().ip, name, now) {
            self.learn_name(sender, Some(name), now);
        }
        if self.is_local_host(flow.receiver().ip) {
            self.relayed.note(flow.receiver().ip, name, now);
        }
    }

    /// A name that `sender` looked up or contacted.
    fn learn_name(&mut self, sender: Option<DeviceRef>, name: Option<&str>, now: Timestamp) {
        if let (Some(sender), Some(name)) = (sender, name)
            && let Some(CloudMatch { entry, .. }) = self.catalogue.cloud(name)
        {
            self.registry.note_cloud_name(sender, name, entry, now);
        }
    }

    fn learn_from_dhcp(
        &mut self,
        context: &MessageContext,
        dhcp: &DhcpMessage,
        sender: Option<DeviceRef>,
        now: Timestamp,
    ) {
        if dhcp.from_client {
            // Through a relay the frame's sender is another station, whose name this is not.
            let is_own = context.ether.is_some_and(|ether| ether.source == dhcp.client_mac);
            if let (true, Some(sender), Some(hostname)) = (is_own, sender, &dhcp.hostname) {
                self.registry.note_hostname(sender, hostname, now);
            }
        } else if dhcp.message_type == Some(DHCP_ACK)
            && let Some(ip) = dhcp.assigned_ip.map(Into::into).filter(|&ip| self.is_local_host(ip))
            && let Some(device) = self.registry.claim(dhcp.client_mac, Some(ip), now)
        {
            self.announce(device, now);
        }
    }

    /// The cloud service that a message names.
    fn named_destination(
        &self,
        context: &MessageContext,
        message: &Message,
    ) -> Option<Destination> {
        match message {
            Message::Dns(dns) if dns.protocol == AppProtocol::Dns => {
                dns.queries.iter().find_map(|query| self.destination_of_query(&query.name))
            }
            Message::Tls(hello) => {
                self.destination_of_head(context.flow, hello.sni.as_deref(), None)
            }
            Message::Http(request) => {
                let host = request.host.as_deref().map(without_port);
                self.destination_of_head(context.flow, None, host)
            }
            Message::Dns(_) | Message::Dhcp(_) | Message::Sadp(_) => None,
        }
    }
}

fn is_answer(message: &Message) -> bool {
    match message {
        Message::Dns(dns) => dns.is_response(),
        Message::Tls(_) | Message::Http(_) | Message::Dhcp(_) | Message::Sadp(_) => false,
    }
}

/// The host of a Host field (RFC 9110, 7.2), without the port.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port))
            if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.contains(':') =>
        {
            name
        }
        Some(_) | None => host,
    }
}
