//! What a message leads to: names remembered, evidence gathered, events.
//!
//! Comes in: messages with where they were read. Goes out: events, through the analyst. A message speaks for
//! whoever sent its frame, never for whoever its text names.

use std::sync::Arc;

use super::{Analyst, EventKind, MessageSighting};
use crate::alert::{Cue, MessageCue, Scene};
use crate::catalogue::CloudMatch;
use crate::classify::Destination;
use crate::device::DeviceRef;
use crate::dissect::{AppProtocol, DhcpMessage, Dhcpv6Message, DnsMessage, HttpExchange, Message};
use crate::meter::{MessageContext, MessageFlow};
use crate::net::{MacAddr, Perimeter, Timestamp};

/// The port of name servers, RFC 1035, 4.2.
const DNS_PORT: u16 = 53;

/// DHCP message types, RFC 2132, 9.6.
const DHCP_DISCOVER: u8 = 1;
const DHCP_ACK: u8 = 5;

/// DHCPv6 message types, RFC 8415, 7.3.
const DHCPV6_SOLICIT: u8 = 1;
const DHCPV6_REQUEST: u8 = 3;
const DHCPV6_RENEW: u8 = 5;
const DHCPV6_REBIND: u8 = 6;
const DHCPV6_REPLY: u8 = 7;

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
        if let Some(sender) = sender {
            self.registry.note_message(sender, &message, &context, now);
        }
        let unit = [sender, receiver]
            .into_iter()
            .flatten()
            .find(|&device| self.registry.is_vendor_device(device));
        self.note_message_sign(unit, &context, &message, now);
        match &message {
            Message::Dns(dns) => self.learn_from_dns(&context, dns, sender, now),
            Message::TlsHello(hello) => self.learn_name(sender, hello.sni.as_deref(), now),
            Message::Quic(quic) => self.learn_name(sender, quic.hello.sni.as_deref(), now),
            Message::HttpRequest(request) => {
                self.learn_name(sender, request.host_name(), now);
                self.learn_name(sender, request.name_to_resolve(), now);
            }
            Message::Http(exchange) => self.learn_from_http(&context, exchange, now),
            Message::Dhcp(dhcp) => self.learn_from_dhcp(&context, dhcp, sender, now),
            Message::Dhcpv6(dhcp) => self.learn_from_dhcpv6(&context, dhcp, sender, now),
            // These name no host, and what they say of their sender is noted.
            Message::Sadp(_)
            | Message::Nbns(_)
            | Message::Tls(_)
            | Message::Rtsp(_)
            | Message::Sip(_)
            | Message::Stun(_)
            | Message::Ndp(_)
            | Message::Ntp(_)
            | Message::Snmp(_)
            | Message::Syslog(_)
            | Message::Mqtt(_)
            | Message::Portmap(_)
            | Message::Ssdp(_)
            | Message::Wsd(_)
            | Message::Hcnetsdk(_)
            | Message::Lbs(_)
            | Message::Safe(_)
            | Message::P2p(_)
            | Message::Vtm(_)
            | Message::Isup(_)
            | Message::Beacon(_) => {}
        }
        for device in [sender, receiver].into_iter().flatten() {
            self.announce(device, now);
        }
        if let Some(sender) = sender {
            self.log_sighting(sender, now);
        }

        self.show_message(&context, &message, [sender, receiver], now);
        if matches!(message, Message::TlsHello(_) | Message::HttpRequest(_)) {
            // The exchange follows, and tells it all.
            return;
        }
        let destination = self.named_destination(&context, &message).map(Arc::new);
        // What was just learned may have made it one.
        let vendor_device = [sender, receiver]
            .into_iter()
            .flatten()
            .find(|&device| self.registry.is_vendor_device(device));
        let concerns_us =
            destination.is_some() || vendor_device.is_some() || message.protocol().is_proprietary();
        if !self.config.all_messages && !concerns_us {
            return;
        }
        let asker = if is_answer(&message) { receiver } else { sender };
        let device = vendor_device.or_else(|| asker.filter(|_| destination.is_some()));
        let device = device.and_then(|device| self.registry.profile(device));
        let sighting = MessageSighting { context, message, device, destination };
        self.push(now, EventKind::MessageRead(Box::new(sighting)));
    }

    /// Lets the rules look at a message, for each vendor device that sent or got it.
    fn show_message(
        &mut self,
        context: &MessageContext,
        message: &Message,
        ends: [Option<DeviceRef>; 2],
        now: Timestamp,
    ) {
        for (device, is_frames_sender) in ends.into_iter().zip([true, false]) {
            let Some(device) = device.filter(|&device| self.registry.is_vendor_device(device))
            else {
                continue;
            };
            let Some(profile) = self.registry.profile(device) else { continue };
            let perimeter = context.flow.map_or(Perimeter::Internal, |flow| {
                self.config.local_nets.perimeter(flow.initiator.ip, flow.responder.ip)
            });
            let is_sender = is_frames_sender != is_answer(message);
            let cue = MessageCue { message, context, is_sender, perimeter };
            self.show(&Scene { now, device: &profile, cue: Cue::Message(cue) });
        }
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
        let stays_on_the_segment = matches!(
            message,
            Message::Sadp(_)
                | Message::Beacon(_)
                | Message::Dhcp(_)
                | Message::Dhcpv6(_)
                | Message::Ndp(_)
        );
        // Who took another's IP address did not take over what the other says.
        let ip = match (stays_on_the_segment, mac.is_station()) {
            (true, true) => None,
            (true, false) => ip,
            (false, _) => Some(ip?),
        };
        self.registry.sender(ip, mac, now)
    }

    fn learn_from_dns(
        &mut self,
        context: &MessageContext,
        dns: &DnsMessage,
        sender: Option<DeviceRef>,
        now: Timestamp,
    ) {
        if dns.protocol == AppProtocol::Mdns {
            self.names.observe_neighbours(dns, now);
        }
        if dns.protocol != AppProtocol::Dns {
            return;
        }
        self.log_names(context, dns, sender, now);
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

    /// What names say of the ways of vendor devices, and of the resolvers that the network gives its hosts.
    fn log_names(
        &mut self,
        context: &MessageContext,
        dns: &DnsMessage,
        sender: Option<DeviceRef>,
        now: Timestamp,
    ) {
        let Some(flow) = context.flow else { return };
        let asker = if dns.is_response() { flow.receiver().ip } else { flow.sender().ip };
        let device = match sender {
            Some(sender) if !dns.is_response() => Some(sender),
            Some(_) | None => self
                .is_local_host(asker)
                .then(|| self.registry.find(asker, MacAddr::ZERO))
                .flatten(),
        };
        let Some(device) = device else { return };
        if self.registry.is_vendor_device(device) {
            if self.is_counted(context.interface) {
                self.log_dns(device, &flow, dns, now);
            }
        } else if !dns.is_response() && !self.is_local_host(flow.receiver().ip) {
            self.resolvers.note(flow.receiver().ip);
        }
    }

    /// What a resolver answered over HTTP to the host that asked.
    fn learn_from_http(&mut self, context: &MessageContext, http: &HttpExchange, now: Timestamp) {
        let (Some(flow), Some(request), Some(response)) =
            (context.flow, &http.request, &http.response)
        else {
            return;
        };
        if let (Some(name), Some(list)) = (request.name_to_resolve(), &response.addresses) {
            self.names.observe_http(flow.receiver().ip, name, list, now);
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
            if let (true, Some(sender), Some(DHCP_DISCOVER)) = (is_own, sender, dhcp.message_type) {
                self.log_boot(sender, now);
            }
            return;
        }
        self.resolvers.note_lease(dhcp.dns_servers.iter().map(|server| (*server).into()));
        if dhcp.message_type == Some(DHCP_ACK)
            && let Some(ip) = dhcp.assigned_ip.map(Into::into).filter(|&ip| self.is_local_host(ip))
            && let Some(device) = self.registry.claim(dhcp.client_mac, Some(ip), now)
        {
            self.announce(device, now);
        }
    }

    fn learn_from_dhcpv6(
        &mut self,
        context: &MessageContext,
        dhcp: &Dhcpv6Message,
        sender: Option<DeviceRef>,
        now: Timestamp,
    ) {
        let Some(ether) = context.ether else { return };
        match dhcp.message_type {
            // A client names itself, unless a relay speaks for it.
            DHCPV6_SOLICIT | DHCPV6_REQUEST | DHCPV6_RENEW | DHCPV6_REBIND if dhcp.relays == 0 => {
                if let (Some(sender), Some(name)) = (sender, &dhcp.client_fqdn) {
                    self.registry.note_hostname(sender, name, now);
                }
            }
            DHCPV6_REPLY if dhcp.relays == 0 && ether.destination.is_station() => {
                for &ip in &dhcp.addresses {
                    let ip = ip.into();
                    if self.is_local_host(ip)
                        && let Some(device) = self.registry.claim(ether.destination, Some(ip), now)
                    {
                        self.announce(device, now);
                    }
                }
            }
            _ => {}
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
            Message::TlsHello(hello) => {
                self.destination_of_head(context.flow, hello.sni.as_deref(), None)
            }
            Message::Tls(handshake) => {
                let sni = handshake.client.as_ref()?.sni.as_deref();
                self.destination_of_head(context.flow, sni, None)
            }
            Message::Quic(quic) => {
                self.destination_of_head(context.flow, quic.hello.sni.as_deref(), None)
            }
            Message::HttpRequest(request) => {
                let host = request.host_name();
                self.destination_of_head(context.flow, None, host)
            }
            Message::Http(exchange) => {
                let host = exchange.request.as_ref()?.host_name();
                self.destination_of_head(context.flow, None, host)
            }
            // What these say of the far end, their flow's verdict tells.
            Message::Mqtt(_)
            | Message::Lbs(_)
            | Message::Safe(_)
            | Message::P2p(_)
            | Message::Vtm(_)
            | Message::Stun(_)
            | Message::Ntp(_) => {
                let flow = self.watched.get(context.flow?.id)?;
                flow.destination.as_deref().cloned()
            }
            Message::Dns(_)
            | Message::Nbns(_)
            | Message::Rtsp(_)
            | Message::Sip(_)
            | Message::Dhcp(_)
            | Message::Dhcpv6(_)
            | Message::Ndp(_)
            | Message::Snmp(_)
            | Message::Syslog(_)
            | Message::Portmap(_)
            | Message::Ssdp(_)
            | Message::Wsd(_)
            | Message::Sadp(_)
            | Message::Hcnetsdk(_)
            | Message::Isup(_)
            | Message::Beacon(_) => None,
        }
    }
}

/// Tells whether who receives a message is the one that asked for it.
fn is_answer(message: &Message) -> bool {
    matches!(message, Message::Dns(dns) if dns.is_response())
        || matches!(message, Message::Tls(handshake) if handshake.server.is_some())
        || matches!(message, Message::Http(exchange) if exchange.response.is_some())
}
