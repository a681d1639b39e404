//! What hosts do on the segment at home: they boot, look up names, and look for each other.
//!
//! Comes in: a host and a time. Goes out: frames into the outbox. Each function plays one scene to
//! its end and gives the time of it where another scene may follow.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::dhcp_message::{DhcpClient, DhcpType, LeasePlan, dhcp};
use super::dns_message::{answer, query, service_query};
use super::frame_builder::Arp;
use super::outbox::{Outbox, Place};
use super::site::Site;
use super::station::{End, HOME, ROUTER, STATIONS, Seat, Station};
use super::vendor_message::{sadp_inquiry, sadp_reply};
use crate::net::{MacAddr, Timestamp};

/// Port of SADP.
pub(crate) const SADP_PORT: u16 = 37_020;
/// The group of SADP and SSDP.
const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 255, 250);
const GROUP_MAC: MacAddr = MacAddr([0x01, 0x00, 0x5e, 0x7f, 0xff, 0xfa]);
/// Time in which a host at home answers.
const PROMPT: Duration = Duration::from_micros(400);

/// A host leases an address, checks that nobody has it, and finds the router. Gives the time at
/// which it is ready. `begins_flow` says that no host before it has sent from 0.0.0.0.
pub(crate) fn boot(
    outbox: &mut Outbox,
    at: Timestamp,
    host: &Station,
    begins_flow: bool,
) -> Timestamp {
    let transaction = outbox.prng.next_u32();
    let Station { mac, hostname, vendor_class, .. } = *host;
    let client = DhcpClient { mac, hostname, vendor_class, transaction };
    lease(outbox, at, &client, host.ip, &HOME, begins_flow)
}

/// A client leases the address `leased` as [`boot`] says.
pub(crate) fn lease(
    outbox: &mut Outbox,
    at: Timestamp,
    client: &DhcpClient<'_>,
    leased: Ipv4Addr,
    plan: &LeasePlan,
    begins_flow: bool,
) -> Timestamp {
    let mac = client.mac;
    let host = Seat { mac, ip: leased };
    let nowhere = End { mac, socket: SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 68) };
    let everyone = End {
        mac: MacAddr::BROADCAST,
        socket: SocketAddr::new(IpAddr::V4(Ipv4Addr::BROADCAST), 67),
    };
    let leased_end = host.end(68);
    let server = plan.server.end(67);
    let mut now = at;
    let first = if begins_flow { Place::First } else { Place::Forward };
    let scene = [
        (DhcpType::Discover, first),
        (DhcpType::Offer, Place::First),
        (DhcpType::Request, Place::Forward),
        (DhcpType::Ack, Place::Forward),
    ];
    for (kind, place) in scene {
        let message = dhcp(kind, client, leased, plan);
        match kind {
            DhcpType::Discover | DhcpType::Request => {
                outbox.udp(now, &nowhere, &everyone, place, &message);
            }
            DhcpType::Offer | DhcpType::Ack => {
                outbox.udp(now, &server, &leased_end, place, &message)
            }
        }
        now = now.plus(Duration::from_millis(30));
    }
    // Address probe (RFC 5227, 2.1.1), then the question for the router.
    let probe = Arp {
        operation: 1,
        sender_mac: mac,
        sender_ip: Ipv4Addr::UNSPECIFIED,
        target_mac: MacAddr::ZERO,
        target_ip: leased,
    };
    outbox.arp(now, MacAddr::BROADCAST, &probe);
    now = now.plus(Duration::from_millis(300));
    ask_for(outbox, now, &host, &plan.server);
    now.plus(Duration::from_millis(20))
}

/// A host asks for the router's hardware address and gets it.
pub(crate) fn find_router(outbox: &mut Outbox, at: Timestamp, host: &Station) {
    ask_for(outbox, at, &host.seat(), &ROUTER.seat());
}

/// A host asks for the hardware address of `other` and gets it.
pub(crate) fn ask_for(outbox: &mut Outbox, at: Timestamp, host: &Seat, other: &Seat) {
    let question = Arp {
        operation: 1,
        sender_mac: host.mac,
        sender_ip: host.ip,
        target_mac: MacAddr::ZERO,
        target_ip: other.ip,
    };
    outbox.arp(at, MacAddr::BROADCAST, &question);
    let reply = Arp {
        operation: 2,
        sender_mac: other.mac,
        sender_ip: other.ip,
        target_mac: host.mac,
        target_ip: host.ip,
    };
    outbox.arp(at.plus(PROMPT), host.mac, &reply);
}

/// A host asks the router for a server's name. Gives the time of the answer; at once where the
/// server has no name.
pub(crate) fn resolve(
    outbox: &mut Outbox,
    at: Timestamp,
    host: &Station,
    site: &Site,
) -> Timestamp {
    look_up(outbox, at, &host.seat(), &ROUTER.seat(), site)
}

/// A host asks `resolver` as [`resolve`] says.
pub(crate) fn look_up(
    outbox: &mut Outbox,
    at: Timestamp,
    host: &Seat,
    resolver: &Seat,
    site: &Site,
) -> Timestamp {
    let Some(name) = site.domain else { return at };
    let client = host.end(outbox.port());
    let resolver = resolver.end(53);
    let id = outbox.prng.next_u16();
    outbox.udp(at, &client, &resolver, Place::First, &query(id, name, site.address));
    let answered =
        at.plus(outbox.prng.between(Duration::from_millis(2), Duration::from_millis(25)));
    let message = answer(id, name, site.aliases, site.address);
    outbox.udp(answered, &resolver, &client, Place::Reverse, &message);
    answered.plus(PROMPT)
}

/// `asker` multicasts a SADP inquiry; every device that speaks it multicasts its reply.
pub(crate) fn sadp_round(outbox: &mut Outbox, at: Timestamp, asker: &Station) {
    let noise = outbox.prng.next_u64();
    let uuid = format!("{:08X}-0000-4000-8000-{:012X}", noise >> 32, noise & 0xffff_ffff);
    let group = group(SADP_PORT);
    outbox.udp(at, &asker.end(SADP_PORT), &group, Place::First, &sadp_inquiry(&uuid));
    for host in &STATIONS {
        let Some(reply) = &host.sadp else { continue };
        let delay = outbox.prng.between(Duration::from_millis(5), Duration::from_millis(60));
        let message = sadp_reply(&uuid, host.mac, host.ip, reply);
        outbox.udp(at.plus(delay), &host.end(SADP_PORT), &group, Place::First, &message);
    }
}

/// A host looks for an internet gateway that opens ports (UPnP Device Architecture 1.1, 1.3.2).
pub(crate) fn search_gateway(outbox: &mut Outbox, at: Timestamp, host: &Station) {
    search_gateway_from(outbox, at, &host.seat());
}

/// A host looks for a gateway as [`search_gateway`] says.
pub(crate) fn search_gateway_from(outbox: &mut Outbox, at: Timestamp, host: &Seat) {
    let message = b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n\
        MAN: \"ssdp:discover\"\r\nMX: 2\r\n\
        ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n\r\n";
    let source = host.end(outbox.port());
    outbox.udp(at, &source, &group(1900), Place::First, message);
}

/// A host with IPv6 asks the segment for a service over multicast DNS (RFC 6762).
pub(crate) fn ask_for_service(outbox: &mut Outbox, at: Timestamp, host: &Station, place: Place) {
    let Some(address) = host.ipv6 else { return };
    let group = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xfb);
    let source = End { mac: host.mac, socket: SocketAddr::new(IpAddr::V6(address), 5353) };
    let all = End {
        mac: MacAddr([0x33, 0x33, 0, 0, 0, 0xfb]),
        socket: SocketAddr::new(IpAddr::V6(group), 5353),
    };
    outbox.udp(at, &source, &all, place, &service_query("_ipp._tcp.local"));
}

/// A host checks that the router is there.
pub(crate) fn ping_router(outbox: &mut Outbox, at: Timestamp, host: &Station, sequence: u16) {
    let (client, router) = (host.end(0), ROUTER.end(0));
    let place = if sequence == 1 { Place::First } else { Place::Forward };
    outbox.echo(at, &client, &router, place, sequence);
    outbox.echo(at.plus(PROMPT), &router, &client, Place::Reverse, sequence);
}

/// The group of SADP and SSDP, at a port.
pub(crate) const fn group(port: u16) -> End {
    End { mac: GROUP_MAC, socket: SocketAddr::new(IpAddr::V4(GROUP), port) }
}
