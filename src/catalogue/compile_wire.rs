//! The rows of `[[framing]]` and `[[port]]` -> what tells a service where no name does.

use super::check;
use super::ledger::{ByKey, Ledger};
use super::raw::{RawFraming, RawPort};
use super::read::Row;
use super::{Framing, FramingEntry, PortEntry};
use crate::net::IpProtocol;

/// What a port is found by.
pub(super) type PortKey = (IpProtocol, u16);

/// Checks the rows and lets later files override earlier ones.
pub(super) fn framings(
    rows: &[Row<RawFraming>],
    ledger: &mut Ledger,
) -> ByKey<Framing, FramingEntry> {
    let mut framings = ByKey::new();
    for Row { place, raw } in rows {
        ledger.check(place, check::slug(&raw.service));
        let entry = FramingEntry {
            framing: raw.framing,
            vendor: ledger.vendor(place, &raw.vendor),
            service: raw.service.as_str().into(),
            role: raw.role,
            speaker: raw.speaker,
            grade: raw.grade,
            evidence: raw.evidence,
            note: raw.note.as_deref().map(Into::into),
            sources: ledger.sources(place, &raw.sources),
        };
        ledger.insert(&mut framings, place, raw.framing, entry);
    }
    framings
}

/// Checks the rows and lets later files override earlier ones.
pub(super) fn ports(rows: &[Row<RawPort>], ledger: &mut Ledger) -> ByKey<PortKey, PortEntry> {
    let mut ports = ByKey::new();
    for Row { place, raw } in rows {
        ledger.check(place, check::slug(&raw.service));
        if raw.port == 0 {
            ledger.problem(place, "no service has port 0");
        }
        let transport = raw.transport.into();
        let entry = PortEntry {
            transport,
            port: raw.port,
            vendor: ledger.vendor(place, &raw.vendor),
            service: raw.service.as_str().into(),
            role: raw.role,
            speaker: raw.speaker,
            grade: raw.grade,
            evidence: raw.evidence,
            note: raw.note.as_deref().map(Into::into),
            sources: ledger.sources(place, &raw.sources),
        };
        ledger.insert(&mut ports, place, (transport, raw.port), entry);
    }
    ports
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{Catalogue, CatalogueText, CloudRole, Grade, Speaker};

    #[test]
    fn every_framing_has_an_entry() {
        let catalogue = Catalogue::builtin().unwrap();

        for framing in Framing::ALL {
            let entry = catalogue.framing(framing).unwrap();
            assert_eq!(entry.framing, framing);
        }
        assert_eq!(catalogue.counts().framings, Framing::ALL.len());
    }

    #[test]
    fn a_port_is_that_of_its_transport() {
        let catalogue = Catalogue::builtin().unwrap();

        let lbs = catalogue.port(IpProtocol::TCP, 8666).unwrap();
        assert_eq!(
            (lbs.role, lbs.speaker, lbs.grade),
            (CloudRole::Registration, Speaker::Device, Grade::A)
        );
        assert_eq!(catalogue.port(IpProtocol::UDP, 8666), None);
        assert_eq!(catalogue.port(IpProtocol::UDP, 6000).unwrap().role, CloudRole::P2p);
        assert_eq!(catalogue.port(IpProtocol::TCP, 8000), None, "a port of the LAN is no cloud");
    }

    #[test]
    fn what_is_no_service_of_a_vendor_alone_is_no_evidence() {
        let catalogue = Catalogue::builtin().unwrap();

        assert!(!catalogue.framing(Framing::HttpDns).unwrap().evidence);
        for (transport, port) in [(IpProtocol::UDP, 123), (IpProtocol::TCP, 8080)] {
            assert!(!catalogue.port(transport, port).unwrap().evidence, "{port}");
        }
    }

    #[test]
    fn what_goes_to_the_owners_own_platform_has_no_role_in_a_vendor_cloud() {
        let catalogue = Catalogue::builtin().unwrap();

        for framing in [Framing::Isup, Framing::Hcnetsdk] {
            assert_eq!(catalogue.framing(framing).unwrap().role, CloudRole::Unknown);
        }
    }

    #[test]
    fn a_later_file_overrides_one_framing_and_one_port() {
        let text = r#"
            schema = 1
            [[framing]]
            framing = "lbs"
            vendor = "hikvision"
            service = "own-lbs"
            role = "test"
            speaker = "both"
            grade = "D"
            sources = ["idx"]
            [[port]]
            transport = "udp"
            port = 6000
            vendor = "hikvision"
            service = "own-p2p"
            role = "test"
            speaker = "both"
            grade = "D"
            sources = ["idx"]
        "#;

        let own = Catalogue::builtin_with(&[CatalogueText { name: "own.toml", text }]).unwrap();

        assert_eq!(&*own.framing(Framing::Lbs).unwrap().service, "own-lbs");
        assert_eq!(&*own.framing(Framing::DasMqtt).unwrap().service, "ezviz-das");
        assert_eq!(&*own.port(IpProtocol::UDP, 6000).unwrap().service, "own-p2p");
        assert_eq!(&*own.port(IpProtocol::UDP, 6002).unwrap().service, "ezviz-stun");
        assert_eq!(own.counts(), Catalogue::builtin().unwrap().counts());
    }

    #[test]
    fn wrong_rows_are_told_by_their_framing_or_port() {
        let text = r#"
            schema = 1
            [[framing]]
            framing = "morse"
            vendor = "nobody"
            service = "x"
            role = "api"
            speaker = "both"
            grade = "D"
            sources = ["idx"]
            [[framing]]
            framing = "vtm"
            vendor = "nobody"
            service = "Not A Slug"
            role = "api"
            speaker = "both"
            grade = "D"
            sources = []
            [[port]]
            transport = "tcp"
            port = 0
            vendor = "ezviz"
            service = "x"
            role = "api"
            speaker = "both"
            grade = "D"
            sources = ["idx"]
            [[port]]
            transport = "tcp"
            port = 70000
            vendor = "ezviz"
            service = "x"
            role = "api"
            speaker = "both"
            grade = "D"
            sources = ["idx"]
            [[port]]
            transport = "tcp"
            port = 8666
            vendor = "ezviz"
            service = "x"
            role = "api"
            speaker = "both"
            grade = "D"
            sources = ["idx"]
            [[port]]
            transport = "tcp"
            port = 8666
            vendor = "ezviz"
            service = "y"
            role = "api"
            speaker = "both"
            grade = "D"
            sources = ["idx"]
        "#;

        let own = CatalogueText { name: "own.toml", text };
        let told = Catalogue::builtin_with(&[own]).unwrap_err().to_string();

        for part in [
            "own.toml: framing[0] (morse): ",
            "framing[1] (vtm): no such vendor: `nobody`",
            "Not A Slug",
            "names no source",
            "port[0] (0): no service has port 0",
            "port[1] (70000): ",
            "port[3] (8666): stands twice",
        ] {
            assert!(told.contains(part), "{part} in\n{told}");
        }
    }
}
