//! The texts of messages in which a device may say its serial number without saying that it is one.
//!
//! Comes in: a message. Goes out: its texts, one by one. What says that it is a serial number is read elsewhere.

use crate::device::{Claim, DeviceProfile};
use crate::dissect::{DnsMessage, DnsRecordData, HttpRequest, Message, MqttMessage, RtspMessage};

/// Gives each such text of a message to `take`.
pub(super) fn texts(message: &Message, take: &mut dyn FnMut(&str)) {
    let mut some = |text: &Option<String>| {
        if let Some(text) = text {
            take(text);
        }
    };
    match message {
        Message::Dns(dns) => names(dns, take),
        Message::Nbns(nbns) => nbns.names.iter().for_each(|name| take(&name.name)),
        Message::Dhcp(dhcp) => {
            [&dhcp.hostname, &dhcp.client_fqdn, &dhcp.vendor_class].into_iter().for_each(some);
        }
        Message::Dhcpv6(dhcp) => some(&dhcp.client_fqdn),
        Message::Ssdp(ssdp) => {
            [&ssdp.usn, &ssdp.location, &ssdp.server, &ssdp.nt, &ssdp.st]
                .into_iter()
                .for_each(some);
        }
        Message::Wsd(wsd) => {
            for endpoint in &wsd.endpoints {
                [&endpoint.address, &endpoint.name, &endpoint.hardware, &endpoint.location]
                    .into_iter()
                    .for_each(&mut some);
            }
            for endpoint in &wsd.endpoints {
                endpoint.scopes.iter().chain(&endpoint.xaddrs).for_each(|text| take(text));
            }
        }
        Message::HttpRequest(http) => request(http, take),
        Message::Http(exchange) => {
            if let Some(http) = &exchange.request {
                request(http, take);
            }
        }
        Message::Rtsp(rtsp) => {
            if let RtspMessage::Request(request) = &**rtsp {
                take(&request.url);
            }
        }
        Message::Snmp(snmp) => [&snmp.sys_descr, &snmp.sys_name].into_iter().for_each(some),
        Message::Vtm(vtm) => {
            if let Some(url) = &vtm.url {
                take(&url.path);
            }
        }
        Message::Sadp(sadp) => {
            some(&sadp.device_description);
        }
        Message::Mqtt(mqtt) => match &**mqtt {
            MqttMessage::Connect(connect) => {
                if let Some(will) = &connect.will {
                    take(&will.topic);
                }
            }
            MqttMessage::Subscribe(topics) => topics.iter().for_each(|topic| take(&topic.filter)),
            MqttMessage::Publish(topic) => take(topic),
            MqttMessage::Connack(_) => {}
        },
        Message::TlsHello(_)
        | Message::Tls(_)
        | Message::Quic(_)
        | Message::Sip(_)
        | Message::Stun(_)
        | Message::Ndp(_)
        | Message::Ntp(_)
        | Message::Syslog(_)
        | Message::Portmap(_)
        | Message::Hcnetsdk(_)
        | Message::Lbs(_)
        | Message::Safe(_)
        | Message::P2p(_)
        | Message::Isup(_)
        | Message::Beacon(_) => {}
    }
}

/// Gives each text of a device that may hold its serial number to `take`: its names, and what it was known by.
pub(super) fn device_texts(profile: &DeviceProfile, take: &mut dyn FnMut(&str)) {
    if let Some(name) = &profile.hostname {
        take(name);
    }
    for evidence in &profile.evidence {
        if matches!(evidence.claim, Claim::Hostname) {
            take(&evidence.value);
        }
    }
}

fn names(dns: &DnsMessage, take: &mut dyn FnMut(&str)) {
    dns.queries.iter().for_each(|query| take(&query.name));
    for record in dns.answers.iter().chain(&dns.additionals) {
        take(&record.name);
        match &record.data {
            DnsRecordData::Ptr(name) | DnsRecordData::Cname(name) => take(name),
            DnsRecordData::Srv(service) => take(&service.target),
            DnsRecordData::Txt(strings) => strings.iter().for_each(|text| take(text)),
            DnsRecordData::A(_)
            | DnsRecordData::Aaaa(_)
            | DnsRecordData::Ns(_)
            | DnsRecordData::Soa(_)
            | DnsRecordData::Mx(_)
            | DnsRecordData::Svcb(_)
            | DnsRecordData::Other => {}
        }
    }
}

fn request(request: &HttpRequest, take: &mut dyn FnMut(&str)) {
    take(&request.target);
    if let Some(host) = &request.host {
        take(host);
    }
}
