//! Which service a flow or a name leads to: gathers the witnesses and asks the classifier.
//!
//! Comes in: reports and names. Goes out: destinations. It changes nothing.

use std::sync::Arc;

use super::Analyst;
use crate::classify::{Destination, NameSource, ResolvedName, Witnesses, classify};
use crate::flow::Role;
use crate::meter::{FlowReport, MessageFlow};
use crate::net::{IpProtocol, Perimeter};

impl Analyst {
    /// What the head of a flow, and the names that its host resolved, say of the far end.
    pub(super) fn verdict(&self, report: &FlowReport, perimeter: Perimeter) -> Option<Destination> {
        let record = &report.record;
        let host = record.endpoint(asker(perimeter));
        let server = record.endpoint(asker(perimeter).other());
        // Towards ourselves the names in the head are ours, and a resolved name says only who answers for it.
        let head = match perimeter {
            Perimeter::Inbound => None,
            Perimeter::Outbound | Perimeter::Internal | Perimeter::Transit => {
                report.head.as_deref()
            }
        };
        let resolved = match perimeter {
            Perimeter::Internal => None,
            Perimeter::Inbound | Perimeter::Outbound | Perimeter::Transit => {
                self.names.lookup(host.ip, server.ip, record.flow_start)
            }
        };
        if head.is_none() && resolved.is_none() {
            return None;
        }
        let witnesses = Witnesses {
            sni: head.and_then(|head| head.sni.as_deref()),
            http_host: head.and_then(|head| head.http_host.as_deref()),
            resolved,
            protocol: record.protocol,
            responder_port: server.port,
        };
        classify(&self.catalogue, &witnesses)
    }

    /// What a name says that stood in the head of a message.
    pub(super) fn destination_of_head(
        &self,
        flow: Option<MessageFlow>,
        sni: Option<&str>,
        http_host: Option<&str>,
    ) -> Option<Destination> {
        let flow = flow?;
        let witnesses = Witnesses {
            sni,
            http_host,
            resolved: None,
            protocol: flow.protocol,
            responder_port: flow.responder.port,
        };
        classify(&self.catalogue, &witnesses)
    }

    /// What a name says that a host asks a name server for. No flow goes there yet, so no port can agree.
    pub(super) fn destination_of_query(&self, name: &str) -> Option<Destination> {
        self.catalogue.cloud(name)?;
        let asked: Arc<str> = name.trim_end_matches('.').to_ascii_lowercase().into();
        let witnesses = Witnesses {
            sni: None,
            http_host: None,
            resolved: Some(ResolvedName {
                asked: &asked,
                aliases: &[],
                ambiguous: false,
                source: NameSource::Dns,
            }),
            protocol: IpProtocol(0),
            responder_port: 0,
        };
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
