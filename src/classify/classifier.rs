//! All witnesses of a flow -> the cloud it goes to.
//!
//! Comes in: what names the far end, what the payload says, what the device did before, the port. Goes out: a
//! [`Destination`] that lists its steps, or nothing. Names decide before the payload, that before what came before, and
//! that before the port; those that say more are added.

use crate::catalogue::Catalogue;
use crate::flow::Endpoint;
use crate::geo::Geo;
use crate::net::{IpProtocol, Timestamp};

use super::by_name::by_name;
use super::by_port::by_port;
use super::by_sign::by_sign;
use super::by_storage::by_storage;
use super::by_trail::{assigned, peer, relay};
use super::draft::Draft;
use super::name_memory::ResolvedName;
use super::sign::PayloadSign;
use super::trail::Trail;
use super::{Destination, FlowShape};

/// What is known of a flow's far end. Names are untrusted.
#[derive(Debug, Clone, Copy)]
pub struct Witnesses<'a> {
    /// Transport protocol.
    pub protocol: IpProtocol,
    /// The far end.
    pub far_end: Endpoint,
    /// The server name in a TLS ClientHello.
    pub sni: Option<&'a str>,
    /// The server name in a QUIC Initial.
    pub quic_sni: Option<&'a str>,
    /// The Host field of an HTTP request, without a port.
    pub http_host: Option<&'a str>,
    /// The name that the host got the far end's address for.
    pub resolved: Option<ResolvedName<'a>>,
    /// What the payload says.
    pub sign: Option<PayloadSign>,
    /// The vendor device at the near end, if one is there.
    pub unit: Option<Unit<'a>>,
}

/// A vendor device at the near end of a flow.
#[derive(Debug, Clone, Copy)]
pub struct Unit<'a> {
    /// What it did before.
    pub trail: &'a Trail,
    /// It began the flow.
    pub initiated: bool,
    /// Its own port in the flow.
    pub own_port: u16,
    /// When the flow began.
    pub started: Timestamp,
    /// What moved.
    pub shape: FlowShape,
}

impl Witnesses<'_> {
    /// A flow of which nothing else is known yet.
    #[must_use]
    pub const fn of(protocol: IpProtocol, far_end: Endpoint) -> Self {
        Self {
            protocol,
            far_end,
            sni: None,
            quic_sni: None,
            http_host: None,
            resolved: None,
            sign: None,
            unit: None,
        }
    }

    /// Tells whether anything names the far end, in the catalogue or not.
    pub(super) const fn is_named(&self) -> bool {
        self.sni.is_some()
            || self.quic_sni.is_some()
            || self.http_host.is_some()
            || self.resolved.is_some()
    }
}

/// The cloud that the far end belongs to, or to which its path leads.
#[must_use]
pub fn classify(
    catalogue: &Catalogue,
    geo: &Geo,
    witnesses: &Witnesses<'_>,
) -> Option<Destination> {
    let named = by_name(catalogue, witnesses);
    let signed = by_sign(catalogue, witnesses);
    let draft = match (named, signed) {
        (Some(name), Some(sign)) => Some(name.join(sign)),
        (Some(only), None) => Some(only),
        (None, Some(sign)) => Some(followed(witnesses, sign)),
        (None, None) => None,
    };
    let draft = draft.or_else(|| {
        let port = by_port(catalogue, witnesses);
        // A device asks several servers from one port: one of their ports is no peer's.
        peer(witnesses)
            .filter(|_| port.is_none())
            .or_else(|| relay(witnesses, port.clone()))
            .or_else(|| port.or_else(|| assigned(witnesses)))
            .or_else(|| by_storage(catalogue, witnesses))
    });
    Some(draft?.finish(geo.place(witnesses.far_end.ip)))
}

/// What the payload says, with the step that led there.
fn followed(witnesses: &Witnesses<'_>, sign: Draft) -> Draft {
    match assigned(witnesses) {
        Some(step) if step.role == sign.role => sign.join(step),
        Some(_) => sign,
        None => match peer(witnesses) {
            // That it is a peer and no server, only the steps tell.
            Some(peer) if peer.role == sign.role => peer.join(sign),
            Some(_) | None => sign,
        },
    }
}
