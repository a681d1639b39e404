//! Who lives in an estate.
//!
//! Comes in: a plan and a source of numbers. Goes out: the hosts, vendor devices first. Vendor devices have address blocks
//! that the IEEE assigned to Hikvision and EZVIZ; the others have blocks of other makers or random addresses.

use std::net::Ipv4Addr;
use std::time::Duration;

use super::address_pool::AddressPool;
use super::plan::EstatePlan;
use super::resident::{EstateKind, Habits, Open, Resident};
use super::servers::Servers;
use crate::net::MacAddr;
use crate::simulate::prng::Prng;
use crate::simulate::station::Seat;

/// Most vendor devices, and most other hosts, of a plan: what the segment has addresses for.
const MOST_UNITS: u16 = 240;
const MOST_BYSTANDERS: u16 = 60;
/// The kinds of ten devices in a row.
const UNIT_KINDS: [EstateKind; 10] = [
    EstateKind::EzvizCamera,
    EstateKind::HikCamera,
    EstateKind::EzvizDoorbell,
    EstateKind::HikRecorder,
    EstateKind::EzvizBattery,
    EstateKind::OldGeneration,
    EstateKind::EzvizCamera,
    EstateKind::HikCamera,
    EstateKind::EzvizBattery,
    EstateKind::EzvizCamera,
];
const BYSTANDER_KINDS: [EstateKind; 6] = [
    EstateKind::Phone,
    EstateKind::OtherCamera,
    EstateKind::Console,
    EstateKind::Laptop,
    EstateKind::TunnelHost,
    EstateKind::TimeHost,
];
/// Ports that registrations were seen to hand out.
const CONTROL_PORTS: [u16; 2] = [31_006, 8_820];

/// Draws the hosts of a plan.
pub(crate) fn draw(prng: &mut Prng, pool: &mut AddressPool, plan: &EstatePlan) -> Vec<Resident> {
    let units = plan.units.min(MOST_UNITS);
    let bystanders = plan.bystanders.min(MOST_BYSTANDERS);
    let mut kinds = Vec::new();
    for number in 0..units {
        kinds.extend(UNIT_KINDS.get(usize::from(number) % UNIT_KINDS.len()));
    }
    for number in 0..bystanders {
        kinds.extend(BYSTANDER_KINDS.get(usize::from(number) % BYSTANDER_KINDS.len()));
    }
    kinds.into_iter().zip(0..).map(|(kind, number)| resident(prng, pool, kind, number)).collect()
}

fn resident(prng: &mut Prng, pool: &mut AddressPool, kind: EstateKind, number: u16) -> Resident {
    use EstateKind as K;
    let blocks: &[[u8; 3]] = match kind {
        K::HikCamera | K::HikRecorder => {
            &[[0x58, 0x50, 0xed], [0x44, 0xa6, 0x42], [0xc4, 0x2f, 0x90], [0xfc, 0x9f, 0xfd]]
        }
        K::OldGeneration => &[[0xc0, 0x56, 0xe3], [0x54, 0xc4, 0x15]],
        K::EzvizCamera | K::EzvizDoorbell | K::EzvizBattery => {
            &[[0x20, 0xbb, 0xbc], [0x54, 0xd6, 0x0d], [0x94, 0xec, 0x13], [0xec, 0x97, 0xe0]]
        }
        K::Phone => &[[0xda, 0xa1, 0x19], [0x9e, 0x5b, 0x42]],
        K::OtherCamera => &[[0x24, 0x0a, 0xc4], [0x30, 0xae, 0xa4]],
        K::Console | K::Laptop | K::TunnelHost | K::TimeHost => {
            &[[0x00, 0x1b, 0x21], [0xf0, 0x18, 0x98], [0x78, 0x11, 0xdc]]
        }
    };
    let at = usize::try_from(prng.below(blocks.len() as u64)).unwrap_or(0);
    let [a, b, c] = blocks.get(at).copied().unwrap_or([2, 0, 0]);
    // The number keeps addresses apart whatever is drawn.
    let [high, low] = number.to_be_bytes();
    let [noise, ..] = prng.next_u64().to_be_bytes();
    let mac = MacAddr([a, b, c, noise, high, low]);
    let ip = Ipv4Addr::new(192, 168, u8::try_from(number / 200).unwrap_or(0), {
        u8::try_from(20 + number % 200).unwrap_or(20)
    });
    let serial = serial(prng, number);
    let (model, firmware, hostname) = match kind {
        K::HikCamera => ("DS-2CD2385G1-I", "V5.6.2build 190701", "DS-2CD2385G1-I".to_owned()),
        K::HikRecorder => ("DS-7608NI-I2", "V4.62.210build 221226", "DS-7608NI-I2".to_owned()),
        K::OldGeneration => ("", "V5.3.0 build 180327", "ezviz".to_owned()),
        K::EzvizCamera => ("", "V5.3.2 build 211103", format!("EZVIZ-{serial}")),
        K::EzvizDoorbell => ("", "V5.2.4 build 210930", "ezviz-db1".to_owned()),
        K::EzvizBattery => ("", "V5.3.3 build 251118", "CP4".to_owned()),
        K::Phone => ("", "", format!("phone-{number}")),
        K::Laptop => ("", "", format!("laptop-{number}")),
        K::OtherCamera => ("", "", format!("front-yard-{number}")),
        K::Console => ("", "", format!("console-{number}")),
        K::TunnelHost => ("", "", format!("box-{number}")),
        K::TimeHost => ("", "", format!("nixos-{number}")),
    };
    let mut token = [0; 32];
    prng.fill(&mut token);
    let habits = habits(prng, kind);
    Resident {
        kind,
        seat: Seat { mac, ip },
        hostname,
        vendor_class: if kind.is_unit() { "udhcp 1.23.1" } else { "dhcpcd-9.4.1" },
        serial,
        model,
        firmware,
        token,
        round_trip: prng.between(Duration::from_millis(14), Duration::from_millis(60)),
        habits,
        servers: Servers::rent(prng, pool, kind, habits.control_port),
        life: 0,
        open: Open::default(),
        attempts: 0,
        has_key: prng.below(5) != 0,
        lost: false,
        awake: true,
    }
}

fn habits(prng: &mut Prng, kind: EstateKind) -> Habits {
    let newer = matches!(kind, EstateKind::EzvizBattery) || prng.below(3) == 0;
    let seen = CONTROL_PORTS.get(usize::from(newer)).copied().unwrap_or(31_006);
    // Half of the ports are those that were seen, half are any.
    let any = 20_000 + prng.next_u16() % 20_000;
    Habits {
        keepalive: 30 + u16::try_from(prng.below(61)).unwrap_or(0),
        names_client: newer,
        third_version: prng.below(2) == 0,
        httpdns: newer && kind != EstateKind::HikRecorder,
        lbs_flag: if newer { 2 } else { 0 },
        control_port: if prng.below(2) == 0 { seen } else { any },
        rate: (
            15 + u32::try_from(prng.below(16)).unwrap_or(0),
            850 + usize::try_from(prng.below(400)).unwrap_or(0),
        ),
        isup_at_home: prng.below(2) == 0,
    }
}

/// A short serial: a letter, and eight digits of which the last ones are the host's number.
fn serial(prng: &mut Prng, number: u16) -> String {
    let letters = b"DEFGJKL";
    let at = usize::try_from(prng.below(7)).unwrap_or(0);
    let letter = char::from(letters.get(at).copied().unwrap_or(b'D'));
    format!("{letter}{:05}{number:03}", prng.below(100_000))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_host_has_an_address_of_its_own_and_a_serial_of_nine() {
        let mut pool = AddressPool::new(1);

        let hosts = draw(&mut Prng::new(5), &mut pool, &EstatePlan::large());

        let macs: BTreeSet<_> = hosts.iter().map(|host| host.seat.mac).collect();
        let ips: BTreeSet<_> = hosts.iter().map(|host| host.seat.ip).collect();
        assert_eq!((hosts.len(), macs.len(), ips.len()), (224, 224, 224));
        assert!(hosts.iter().all(|host| host.serial.len() == 9));
        assert!(hosts.iter().take(200).all(|host| host.kind.is_unit()));
        assert!(hosts.iter().skip(200).all(|host| !host.kind.is_unit()));
        assert!(hosts.iter().all(|host| (30..=90).contains(&host.habits.keepalive)));
    }
}
