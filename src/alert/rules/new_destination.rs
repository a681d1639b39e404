//! `new-destination`: a device speaks to a name or address outside that it never spoke to, and that is no service of a vendor's
//! cloud (of those `vendor-cloud-contact` tells).

use super::sentence::{MAX_TEXT_CHARS, who};
use crate::alert::about::{About, Holding};
use crate::alert::finding::Findings;
use crate::alert::memory::{Memory, Topic};
use crate::alert::scene::{Cue, FlowCue, FlowStage, Scene};
use crate::alert::severity::Severity;
use crate::dissect::AppProtocol;
use crate::net::{Perimeter, printable};

/// Ports of name servers (RFC 1035, 4.2; RFC 7858, 3.1).
const RESOLVER_PORTS: [u16; 2] = [53, 853];

/// Longest label that stands for a kind of organisation below a country, as in `co.uk`; longer ones are names.
const SECOND_LEVEL: usize = 3;

/// What the rule says of itself.
pub(in crate::alert) const ABOUT: About = About {
    name: "new-destination",
    signature_id: 1_000_010,
    signature: "HIKWATCH a device speaks to somebody outside who is new to it",
    category: "New for this device",
    severity: Severity::Low,
    trigger: "a device exchanges data with a domain, or an address without a name, that it never spoke to, and that is no known \
              service of a vendor's cloud; silent while the device is being learned",
    advice: "If it is meant to, say so in [[alerts.expect]]; else look at what the device was set up to do.",
    learns: true,
    holds: Holding::MOMENT,
};

/// Looks at a flow that the device began.
pub(in crate::alert) fn observe(scene: &Scene<'_>, memory: &mut Memory, out: &mut Findings) {
    let Cue::Flow(flow) = &scene.cue else { return };
    if flow.stage == FlowStage::Started
        || flow.perimeter != Perimeter::Outbound
        || flow.destination.is_some()
        || is_resolver(flow)
        || !is_exchange(flow)
    {
        return;
    }
    let (subject, what) = match flow.name {
        Some(name) => (domain(name).to_ascii_lowercase(), printable(name, MAX_TEXT_CHARS)),
        None => {
            let address = flow.far_end().ip.to_string();
            (address.clone(), format!("{address}, which no name led to"))
        }
    };
    if memory.is_new(Topic::Destination, &subject) {
        let message = format!("{} speaks to {what}, which is new for it", who(scene.device));
        out.raise(&subject, &message);
    }
}

/// Tells whether the far end is asked for names: of that `dns-bypass` tells.
fn is_resolver(flow: &FlowCue<'_>) -> bool {
    let protocol = flow.report.head.as_deref().map(|head| head.protocol);
    flow.is_resolver
        || RESOLVER_PORTS.contains(&flow.far_end().port)
        || matches!(protocol, Some(AppProtocol::Dot | AppProtocol::Doh | AppProtocol::Doq))
}

/// Tells whether both ends sent data.
fn is_exchange(flow: &FlowCue<'_>) -> bool {
    let record = &flow.report.record;
    let (ours, theirs) = (record.sent_by(flow.role), record.sent_by(flow.role.other()));
    ours.payload_bytes > 0 && theirs.payload_bytes > 0
}

/// The part of a name that somebody registers, roughly: two labels, three below `co.uk` and its like. Without a list of public
/// suffixes it errs towards fewer alerts.
fn domain(name: &str) -> &str {
    let name = name.trim_end_matches('.');
    let mut dots = name.rmatch_indices('.').map(|(at, _)| at);
    let (last, second, third) = (dots.next(), dots.next(), dots.next());
    let from = match (last, second) {
        (Some(last), Some(second))
            if name.len() - last - 1 == 2 && last - second - 1 <= SECOND_LEVEL =>
        {
            third
        }
        (Some(_), second) => second,
        (None, _) => None,
    };
    from.and_then(|at| name.get(at + 1..)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_what_somebody_registers() {
        for (name, expected) in [
            ("a.b.example.com", "example.com"),
            ("example.com.", "example.com"),
            ("ntp.example.co.uk", "example.co.uk"),
            ("example.co.uk", "example.co.uk"),
            ("a.example.de", "example.de"),
            ("host", "host"),
            ("", ""),
        ] {
            assert_eq!(domain(name), expected, "{name}");
        }
    }
}
