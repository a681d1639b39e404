//! The filter once more in plain Rust, and both run side by side on the same frames.

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;
    use proptest::strategy::ValueTree;
    use proptest::test_runner::{Config, TestRunner};

    use super::super::assembler::assemble;
    use super::super::kernel::{ArrayMap, MapMemory, Program, test_run};
    use super::super::listing::Listing;
    use super::super::program::{Purpose, program};
    use super::super::table::Table;
    use super::super::{slot, table::SharedWords};
    use crate::net::{CutCounters, CutError, CutKey, CutSide, Cutoff, IpProtocol};

    /// What stands around a frame.
    #[derive(Debug, Clone, Copy, Default)]
    struct Around {
        gso_segs: u32,
        gso_size: u32,
    }

    /// What the filter is to say of a frame: counted, with its key, direction and numbers; or `None`: it passes.
    fn expected(frame: &[u8], around: Around) -> Option<(CutKey, bool, CutSide)> {
        let ether_type = u16::from_be_bytes([*frame.get(12)?, *frame.get(13)?]);
        let ip = &frame[14..];
        let half = |bytes: &[u8], at: usize| {
            Some(usize::from(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?])))
        };
        let (source, destination, protocol, header, length): (std::net::IpAddr, _, _, _, _) =
            match ether_type {
                0x0800 => {
                    if ip.len() < 20 || ip[0] != 0x45 || half(ip, 6)? & 0xbfff != 0 {
                        return None;
                    }
                    let address = |at: usize| {
                        std::net::IpAddr::from(<[u8; 4]>::try_from(&ip[at..at + 4]).unwrap())
                    };
                    (address(12), address(16), ip[9], 20, half(ip, 2)?)
                }
                0x86dd => {
                    if ip.len() < 40 || ip[0] >> 4 != 6 || half(ip, 4)? == 0 {
                        return None;
                    }
                    let address = |at: usize| {
                        std::net::IpAddr::from(<[u8; 16]>::try_from(&ip[at..at + 16]).unwrap())
                    };
                    (address(8), address(24), ip[6], 40, 40 + half(ip, 4)?)
                }
                _ => return None,
            };
        let packet = ip.get(..length)?;
        let segment = packet.get(header..)?;
        let (transport, flags) = match protocol {
            6 => {
                let flags = *segment.get(13)?;
                let transport = usize::from(segment[12] >> 4) * 4;
                if flags & 7 != 0 || transport < 20 {
                    return None;
                }
                (transport, flags)
            }
            17 => {
                // The filter reads the header from the frame, whose padding may reach behind the packet.
                if half(&ip[header..], 4)? != segment.len() || segment.len() < 8 {
                    return None;
                }
                (8, 0)
            }
            _ => return None,
        };
        let payload = segment.len().checked_sub(transport)?;
        let from = (source, u16::try_from(half(segment, 0)?).unwrap());
        let to = (destination, u16::try_from(half(segment, 2)?).unwrap());
        let segments = match (around.gso_segs, around.gso_size) {
            (0, 0) => 1,
            (0, size) => u64::try_from(payload).unwrap().div_ceil(u64::from(size)).max(1),
            (known, _) => u64::from(known),
        };
        let side = CutSide {
            frames: 1,
            segments,
            wire_bytes: frame.len() as u64,
            ip_bytes: length as u64,
            payload_bytes: payload as u64,
            tcp_flags: flags,
            last_seen: None,
        };
        Some((CutKey::new(from, to, IpProtocol(protocol), None)?, from <= to, side))
    }

    fn add(total: &mut CutSide, side: &CutSide) {
        total.frames += side.frames;
        total.segments += side.segments;
        total.wire_bytes += side.wire_bytes;
        total.ip_bytes += side.ip_bytes;
        total.payload_bytes += side.payload_bytes;
        total.tcp_flags |= side.tcp_flags;
    }

    /// A frame and how it is meant to be: mostly such that the filter knows it, with everything varied that it looks at.
    #[derive(Debug, Clone)]
    struct Draft {
        v6: bool,
        /// Ends, of few, so that flows meet.
        from: u8,
        to: u8,
        ports: (u16, u16),
        protocol: u8,
        offset: u8,
        flags: u8,
        payload: usize,
        padding: usize,
        around: Around,
        /// Bytes to change, for what is odd: place and value.
        damage: Option<(usize, u8)>,
        cut_to: Option<usize>,
    }

    impl Draft {
        fn bytes(&self) -> Vec<u8> {
            let segment = {
                let (from, to) = (self.ports.0.to_be_bytes(), self.ports.1.to_be_bytes());
                let payload = vec![0x5a; self.payload];
                if self.protocol == 17 {
                    let length = u16::try_from(8 + self.payload).unwrap().to_be_bytes();
                    [&from[..], &to, &length, &[0, 0], &payload].concat()
                } else {
                    let options = vec![1; usize::from(self.offset.saturating_sub(5)) * 4];
                    let rest =
                        [0, 0, 0, 1, 0, 0, 0, 2, self.offset << 4, self.flags, 1, 0, 0, 0, 0, 0];
                    [&from[..], &to, &rest, &options, &payload].concat()
                }
            };
            let length = segment.len();
            let ip = if self.v6 {
                let address =
                    |end: u8| [0x20, 1, 0x0d, 0xb8, 0, 0, 0, end, 0, 0, 0, 0, 0, 0, end % 2, 1];
                let length = u16::try_from(length).unwrap().to_be_bytes();
                let start = [0x60, 0, 0, 0, length[0], length[1], self.protocol, 64];
                [&start[..], &address(self.from), &address(self.to)].concat()
            } else {
                let length = u16::try_from(length + 20).unwrap().to_be_bytes();
                let start = [0x45, 0, length[0], length[1], 0, 1, 0x40, 0, 64, self.protocol, 0, 0];
                [&start[..], &[192, 0, 2, self.from], &[192, 0, 2, self.to]].concat()
            };
            let ether_type: [u8; 2] = if self.v6 { [0x86, 0xdd] } else { [8, 0] };
            let link = [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2], &ether_type[..]].concat();
            let mut frame = [link, ip, segment, vec![0; self.padding]].concat();
            if let Some((place, value)) = self.damage
                && let Some(byte) = frame.get_mut(place)
            {
                *byte = value;
            }
            frame.truncate(self.cut_to.unwrap_or(usize::MAX));
            frame
        }
    }

    fn drafts() -> impl Strategy<Value = Draft> {
        let ends = (any::<bool>(), 0_u8..4, 0_u8..4, (0_u16..3, 0_u16..3));
        let kind = (
            prop_oneof![8 => Just(6_u8), 8 => Just(17_u8), 1 => any::<u8>()],
            prop_oneof![6 => Just(5_u8), 3 => 6_u8..16, 1 => 0_u8..5],
            prop_oneof![6 => Just(0x10_u8), 3 => any::<u8>(), 4 => (0_u8..32).prop_map(|f| f << 3)],
        );
        let size = (0_usize..1_500, prop_oneof![5 => Just(0_usize), 1 => 0_usize..20]);
        let merged = prop_oneof![
            4 => Just(Around::default()),
            1 => (0_u32..5, 1_u32..900).prop_map(|(gso_segs, gso_size)| Around { gso_segs, gso_size }),
        ];
        let odd = (
            prop_oneof![3 => Just(None), 1 => (0_usize..80, any::<u8>()).prop_map(Some)],
            prop_oneof![6 => Just(None), 1 => (20_usize..90).prop_map(Some)],
        );
        (ends, kind, size, merged, odd).prop_map(|(ends, kind, size, around, (damage, cut_to))| {
            let (v6, from, to, ports) = ends;
            let (protocol, offset, flags) = kind;
            let (payload, padding) = size;
            Draft {
                v6,
                from,
                to,
                ports,
                protocol,
                offset,
                flags,
                payload,
                padding,
                around,
                damage,
                cut_to,
            }
        })
    }

    /// Table and filter in the kernel, not on any socket.
    struct Lab {
        table: Table<MapMemory>,
        program: Program,
        _map: ArrayMap,
    }

    impl Lab {
        /// Says loudly when the kernel has none for us.
        fn new(groups: u32, has_coarse_clock: bool) -> Option<Self> {
            let value = u32::try_from(slot::WAYS * slot::WORDS * 8).unwrap();
            let map = match ArrayMap::create(value, groups) {
                Ok(map) => map,
                Err(error) => {
                    println!("SKIPPED: no map: {error}");
                    return None;
                }
            };
            let memory = map.map().unwrap();
            assert!(
                memory
                    .words()
                    .iter()
                    .all(|word| word.load(std::sync::atomic::Ordering::Relaxed) == 0)
            );
            let purpose = Purpose { map: map.number(), groups, seed: 0x5eed, has_coarse_clock };
            let code = assemble(&program(&purpose)).unwrap();
            let program = Program::load(&code).unwrap_or_else(|refusal| panic!("{refusal:?}"));
            Some(Self { table: Table::new(memory, 0x5eed), program, _map: map })
        }

        /// Tells whether the filter lets a frame pass.
        fn passes(&self, frame: &[u8], around: Around) -> bool {
            let (verdict, _) =
                test_run(&self.program, frame, around.gso_segs, around.gso_size, 1).unwrap();
            assert!(verdict == 0 || verdict == i32::MAX.cast_unsigned(), "{verdict}");
            verdict != 0
        }
    }

    fn key(draft: &Draft) -> Option<CutKey> {
        let plain = Draft { damage: None, cut_to: None, offset: 5, flags: 0x10, ..draft.clone() };
        expected(&plain.bytes(), Around::default()).map(|(key, ..)| key)
    }

    #[test]
    fn filter_and_model_agree_on_every_frame_and_every_counter() {
        for has_coarse_clock in [true, false] {
            let Some(mut lab) = Lab::new(64, has_coarse_clock) else { return };
            let mut cuts = HashMap::new();
            let mut totals: HashMap<CutKey, CutCounters> = HashMap::new();
            let (mut counted, mut passed, mut missed) = (0, 0, 0);
            let strategy = prop::collection::vec((drafts(), 0_u8..8), 50);
            let mut runner = TestRunner::new(Config {
                cases: 200,
                failure_persistence: None,
                ..Config::default()
            });
            for _ in 0..100 {
                let batch = strategy.new_tree(&mut runner).unwrap().current();
                for (draft, whim) in batch {
                    if let Some(key) = key(&draft)
                        && whim == 0
                        && !cuts.contains_key(&key)
                    {
                        match lab.table.cut(&key) {
                            Ok(cut) => drop(cuts.insert(key, cut)),
                            Err(CutError::Full) => {}
                            Err(CutError::AlreadyCut) => panic!("{key:?} was not cut"),
                        }
                    } else if let Some(key) = key(&draft)
                        && whim == 1
                        && let Some(cut) = cuts.remove(&key)
                    {
                        lab.table.retire(cut);
                        lab.table.wait_out();
                        let settled = lab.table.settle().unwrap();
                        assert_eq!((settled.cut, settled.key), (cut, key));
                        let total = totals.remove(&key).unwrap_or_default();
                        assert_eq!(without_times(settled.counters), total);
                    }
                    let frame = draft.bytes();
                    let model =
                        expected(&frame, draft.around).filter(|(key, ..)| cuts.contains_key(key));
                    assert_eq!(
                        lab.passes(&frame, draft.around),
                        model.is_none(),
                        "{draft:?}: {frame:x?}"
                    );
                    match model {
                        Some((key, ascending, side)) => {
                            let total = totals.entry(key).or_default();
                            let total = if ascending {
                                &mut total.ascending
                            } else {
                                &mut total.descending
                            };
                            add(total, &side);
                            counted += 1;
                        }
                        None if expected(&frame, draft.around).is_some() => missed += 1,
                        None => passed += 1,
                    }
                }
            }
            for (key, cut) in &cuts {
                let total = totals.remove(key).unwrap_or_default();
                assert_eq!(without_times(lab.table.read(*cut)), total, "{key:?}");
            }
            // Otherwise nothing would be shown.
            assert!(counted > 500 && passed > 500 && missed > 200, "{counted} {passed} {missed}");
            println!(
                "{counted} frames counted, {passed} odd ones passed, {missed} of flows that were not cut"
            );
        }
    }

    fn without_times(mut counters: CutCounters) -> CutCounters {
        counters.ascending.last_seen = None;
        counters.descending.last_seen = None;
        counters
    }

    #[test]
    fn the_program_reads_as_it_is_documented() {
        let purpose = Purpose { map: 9, groups: 2048, seed: 0x5eed, has_coarse_clock: true };
        let ops = program(&purpose);
        let listing = Listing(&ops).to_string();

        if std::env::var_os("HIKWATCH_PRINT_LISTING").is_some() {
            println!("{listing}");
        }
        assert_eq!(
            listing,
            include_str!("listing.txt"),
            "print the listing with HIKWATCH_PRINT_LISTING=1"
        );
        assert!(
            assemble(&ops).unwrap().len() < 4096,
            "what the kernel takes from the unprivileged"
        );
    }

    #[test]
    fn the_filter_loads_with_cap_bpf_alone_and_the_table_works_with_no_capability_at_all() {
        let outcome = std::thread::spawn(|| {
            let all = [caps::CapSet::Effective, caps::CapSet::Permitted, caps::CapSet::Inheritable];
            if !caps::has_cap(None, caps::CapSet::Permitted, caps::Capability::CAP_BPF).unwrap() {
                println!("SKIPPED: no CAP_BPF to start with");
                return;
            }
            let only = [caps::Capability::CAP_BPF].into_iter().collect();
            caps::set(None, caps::CapSet::Effective, &only).unwrap();
            let (_program, mut cutoff) = super::super::open(1 << 20).unwrap();
            for set in all {
                caps::clear(None, set).unwrap();
            }

            let ends = (("192.0.2.1".parse().unwrap(), 1), ("192.0.2.2".parse().unwrap(), 2));
            let key = CutKey::new(ends.0, ends.1, IpProtocol::UDP, None).unwrap();
            let cut = cutoff.cut(&key).unwrap();
            assert_eq!(cutoff.read(cut), CutCounters::default());
            cutoff.retire(cut);
            cutoff.wait_out();
            assert_eq!(cutoff.settle().unwrap().key, key);
            assert!(matches!(
                super::super::open(1 << 20),
                Err(crate::capture::CutoffUnavailable::Forbidden)
            ));
        });
        outcome.join().unwrap();
    }

    #[test]
    #[ignore = "a measurement: run it by name, with --nocapture"]
    fn nanoseconds_of_the_filter() {
        let Some(mut lab) = Lab::new(2048, true) else { return };
        let draft = Draft {
            v6: false,
            from: 1,
            to: 2,
            ports: (1, 2),
            protocol: 17,
            offset: 5,
            flags: 0,
            payload: 1_000,
            padding: 0,
            around: Around::default(),
            damage: None,
            cut_to: None,
        };
        let arp = Draft { damage: Some((13, 6)), ..draft.clone() };
        let v6 = Draft { v6: true, protocol: 6, flags: 0x10, ..draft.clone() };
        let time = |lab: &Lab, draft: &Draft| {
            let times =
                (0..9).map(|_| test_run(&lab.program, &draft.bytes(), 0, 0, 1_000_000).unwrap().1);
            let mut times: Vec<_> = times.collect();
            times.sort_unstable();
            times[4]
        };
        println!("odd: {} ns", time(&lab, &arp));
        println!("not cut: v4 UDP {} ns, v6 TCP {} ns", time(&lab, &draft), time(&lab, &v6));
        for draft in [&draft, &v6] {
            lab.table.cut(&key(draft).unwrap()).unwrap();
        }
        println!("cut: v4 UDP {} ns, v6 TCP {} ns", time(&lab, &draft), time(&lab, &v6));
    }
}
