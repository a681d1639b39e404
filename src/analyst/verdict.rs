//! Which service a flow or a name leads to: gathers the witnesses and asks the classifier.
//!
//! Comes in: reports and names. Goes out: destinations. It changes nothing.

use super::Analyst;
use crate::classify::{Basis, Destination, Witnesses, classify};
use crate::flow::Role;
use crate::meter::FlowReport;
use crate::net::Perimeter;

impl Analyst {
    /// What the head of a flow, and the names that its host resolved, say of the far end.
    pub(super) fn verdict(&self, report: &FlowReport, perimeter: Perimeter) -> Option<Destination> {
        let record = &report.record;
        let host = record.endpoint(asker(perimeter));
        let server = record.endpoint(asker(perimeter).other());
        // Towards ourselves the names in the head are ours, and a resolved name says only who answers for it.
        let head = match perimeter {
            Perimeter::Inbound => None,
            Perimeter::Outbound | Perimeter::Internal | Perimeter::Transit => report.head.as_deref(),
        };
        let resolved = match perimeter {
            Perimeter::Internal => None,
            Perimeter::Inbound | Perimeter::Outbound | Perimeter::Transit => {
                self.names.lookup(host.ip, server.ip, record.flow_end)
            }
        };
        if head.is_none() && resolved.is_none() {
            return None;
        }
        let witnesses = Witnesses {
            sni: head.and_then(|head| head.sni.as_deref()),
            http_host: head.and_then(|head| head.http_host.as_deref()),
            dns: resolved.as_deref(),
        };
        classify(&self.catalogue, &witnesses)
    }

    /// What a name says that a host asked for, by the field that it stood in.
    pub(super) fn destination_of_name(&self, name: &str, basis: Basis) -> Option<Destination> {
        let mut witnesses = Witnesses::default();
        match basis {
            Basis::Sni => witnesses.sni = Some(name),
            Basis::HttpHost => witnesses.http_host = Some(name),
            Basis::Dns => witnesses.dns = Some(name),
            Basis::QuicSni
            | Basis::HttpDns
            | Basis::Prefix
            | Basis::Payload
            | Basis::Correlation
            | Basis::Port => return None,
        }
        classify(&self.catalogue, &witnesses)
    }
}

/// The end that asked for the other's name: ours, or the initiator where both or neither are.
pub(super) const fn asker(perimeter: Perimeter) -> Role {
    match perimeter {
        Perimeter::Inbound => Role::Responder,
        Perimeter::Outbound | Perimeter::Internal | Perimeter::Transit => Role::Initiator,
    }
}
