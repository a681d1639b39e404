//! A kernel that counts flows in the meter's place changes nothing but who counts.
//!
//! The kernel here is a plain table that sees each packet before the meter does, as the filter of `capture/afpacket/cutoff`
//! does; that one is held against real interfaces in `tests/cutoff.rs`.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hikwatch::flow::{Bypassed, FlowId, FlowRecord};
use hikwatch::meter::{Config, ObservationKind};
use hikwatch::net::{
    CutCounters, CutError, CutId, CutKey, Cutoff, CutoffStats, IpProtocol, SettledCut, Timestamp,
};
use hikwatch::simulate::Segment;
use proptest::prelude::*;

use super::lab::Lab;

const PLACES: usize = 2;
const GRACE: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
struct Places {
    places: [Option<Place>; PLACES],
    monotonic: Duration,
    cuts: u64,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    key: CutKey,
    counters: CutCounters,
    retired: Option<Duration>,
}

/// The kernel as the meter sees it.
#[derive(Debug, Clone, Default)]
struct Kernel(Arc<Mutex<Places>>);

impl Cutoff for Kernel {
    fn set_clock(&mut self, monotonic: Duration, _packet_time: Timestamp) {
        self.0.lock().unwrap().monotonic = monotonic;
    }

    fn cut(&mut self, key: &CutKey) -> Result<CutId, CutError> {
        let mut state = self.0.lock().unwrap();
        if state.places.iter().flatten().any(|place| place.key == *key) {
            return Err(CutError::AlreadyCut);
        }
        let free = state.places.iter().position(Option::is_none).ok_or(CutError::Full)?;
        let counters = CutCounters::default();
        state.places[free] = Some(Place { key: *key, counters, retired: None });
        state.cuts += 1;
        Ok(CutId(u32::try_from(free).unwrap()))
    }

    fn read(&self, cut: CutId) -> CutCounters {
        let place = self.0.lock().unwrap().places[cut.0 as usize];
        place.map(|place| place.counters).unwrap_or_default()
    }

    fn retire(&mut self, cut: CutId) {
        let mut state = self.0.lock().unwrap();
        let now = state.monotonic;
        if let Some(place) = &mut state.places[cut.0 as usize] {
            place.retired.get_or_insert(now);
        }
    }

    fn settle(&mut self) -> Option<SettledCut> {
        let mut state = self.0.lock().unwrap();
        let now = state.monotonic;
        let is_over = |place: &Option<Place>| {
            place.is_some_and(|place| place.retired.is_some_and(|since| now >= since + GRACE))
        };
        let number = state.places.iter().position(is_over)?;
        let Place { key, counters, .. } = state.places[number].take()?;
        Some(SettledCut { cut: CutId(u32::try_from(number).unwrap()), key, counters })
    }

    fn sweep(&mut self, places: usize, visit: &mut dyn FnMut(CutId, &CutKey, CutCounters)) {
        let state = self.0.lock().unwrap();
        for (number, place) in (0..).zip(&state.places).take(places) {
            if let Some(place) = place.filter(|place| place.retired.is_none()) {
                visit(CutId(number), &place.key, place.counters);
            }
        }
    }

    fn wait_out(&mut self) {
        self.0.lock().unwrap().monotonic += GRACE;
    }

    fn stats(&self) -> CutoffStats {
        CutoffStats { capacity: PLACES as u64, ..CutoffStats::default() }
    }
}

/// A meter that may have a kernel before it.
struct Watch {
    lab: Lab,
    kernel: Option<Kernel>,
}

impl Watch {
    fn new(kernel: Option<Kernel>) -> Self {
        let mut lab = Lab::new(Config::default());
        if let Some(kernel) = &kernel {
            lab.meter.set_cutoff(Box::new(kernel.clone()));
        }
        Self { lab, kernel }
    }

    /// A packet of the client, or of the server; `None` is a datagram.
    fn pass(&mut self, from_client: bool, flags: Option<u8>, numbers: (u32, u32), length: usize) {
        let payload = vec![0x5a; length];
        let bytes = self.lab.packet(from_client, flags, numbers, &payload);
        let is_marked = flags.is_some_and(|flags| flags & 0x07 != 0);
        let (client, server) = (self.lab.client, self.lab.server);
        let protocol = if flags.is_some() { IpProtocol::TCP } else { IpProtocol::UDP };
        let ends = ((client.ip(), client.port()), (server.ip(), server.port()));
        let key = CutKey::new(ends.0, ends.1, protocol, None).unwrap();
        let counted = self.kernel.as_ref().filter(|_| !is_marked).is_some_and(|kernel| {
            let mut state = kernel.0.lock().unwrap();
            let mut places = state.places.iter_mut().flatten();
            let place = places.find(|place| place.key == key && place.retired.is_none());
            let Some(place) = place else { return false };
            let from = if from_client { ends.0 } else { ends.1 };
            let side = if from == place.key.low() {
                &mut place.counters.ascending
            } else {
                &mut place.counters.descending
            };
            side.frames += 1;
            side.segments += 1;
            side.wire_bytes += bytes.len() as u64;
            // Short frames are padded.
            let headers = if flags.is_some() { 40 } else { 28 };
            side.ip_bytes += headers + length as u64;
            side.payload_bytes += length as u64;
            side.tcp_flags |= flags.unwrap_or(0);
            side.last_seen = Some(self.lab.now);
            true
        });
        if !counted {
            self.lab.feed(&bytes, bytes.len());
        }
    }

    fn wait(&mut self, time: Duration) {
        // As a worker does: several times a second, whether anything comes or not.
        let step = Duration::from_millis(200);
        let mut left = time;
        while !left.is_zero() {
            let now = left.min(step);
            left -= now;
            self.lab.now = self.lab.now.plus(now);
            let monotonic = self.lab.now.since(Lab::START);
            self.lab.meter.settle_cuts(self.lab.now, monotonic);
            self.lab.meter.handle_timeout(self.lab.now);
        }
    }

    /// Ends the run; gives the last record of each flow.
    fn end(&mut self) -> Vec<FlowRecord> {
        let monotonic = self.lab.now.since(Lab::START);
        self.lab.meter.release_cuts(self.lab.now, monotonic);
        self.lab.drain();
        let last =
            self.lab.observations().iter().filter_map(|observation| match &observation.kind {
                ObservationKind::FlowEnded { report, .. } => {
                    Some(FlowRecord::clone(&report.record))
                }
                ObservationKind::FlowStarted(_)
                | ObservationKind::FlowUpdated { .. }
                | ObservationKind::MessageRead { .. }
                | ObservationKind::BindingSeen { .. } => None,
            });
        last.collect()
    }
}

/// What happens next.
#[derive(Debug, Clone)]
enum Step {
    /// Segments or datagrams of one side, of so many bytes each.
    Send {
        from_client: bool,
        packets: u16,
        length: u16,
    },
    Wait(Duration),
    Finish {
        from_client: bool,
    },
    /// Over and over again on the same ports.
    Open,
}

fn step() -> impl Strategy<Value = Step> {
    let send = (any::<bool>(), 1u16..400, 0u16..1400)
        .prop_map(|(from_client, packets, length)| Step::Send { from_client, packets, length });
    let waits = prop::sample::select(vec![1u64, 300, 1_200, 2_500, 11_000, 70_000, 700_000]);
    prop_oneof![
        6 => send,
        4 => waits.prop_map(|millis| Step::Wait(Duration::from_millis(millis))),
        1 => any::<bool>().prop_map(|from_client| Step::Finish { from_client }),
        1 => Just(Step::Open),
    ]
}

/// Plays steps before a meter; gives its records, and how many flows were cut.
fn play(steps: &[Step], over_tcp: bool, kernel: Option<Kernel>) -> (Vec<FlowRecord>, u64) {
    let mut watch = Watch::new(kernel);
    let (mut sent, mut numbers) = (Vec::new(), [1u32, 1]);
    let flags = |flags: u8| over_tcp.then_some(flags);
    let open = |watch: &mut Watch, numbers: &mut [u32; 2]| {
        *numbers = [1, 1];
        if over_tcp {
            watch.pass(true, Some(Segment::SYN), (0, 0), 0);
            watch.pass(false, Some(Segment::SYN | Segment::ACK), (0, 1), 0);
        }
    };
    open(&mut watch, &mut numbers);
    for step in steps {
        match step {
            Step::Send { from_client, packets, length } => {
                for _ in 0..*packets {
                    let [client, server] = &mut numbers;
                    let (own, other) =
                        if *from_client { (client, server) } else { (server, client) };
                    let numbers = (*own, *other);
                    *own = own.wrapping_add(u32::from(*length));
                    watch.pass(*from_client, flags(Segment::ACK), numbers, usize::from(*length));
                    watch.wait(Duration::from_millis(1));
                }
            }
            Step::Wait(time) => watch.wait(*time),
            Step::Finish { from_client } if over_tcp => {
                let [client, server] = &mut numbers;
                let (own, other) = if *from_client { (client, server) } else { (server, client) };
                watch.pass(*from_client, Some(Segment::FIN | Segment::ACK), (*own, *other), 0);
                *own = own.wrapping_add(1);
            }
            Step::Finish { .. } => {}
            Step::Open => open(&mut watch, &mut numbers),
        }
    }
    sent.extend(watch.end());
    let cuts = watch.kernel.map_or(0, |kernel| kernel.0.lock().unwrap().cuts);
    (sent, cuts)
}

/// The records without what tells who counted, and without their numbers, which go by those of captured frames.
fn without_bypass(mut records: Vec<FlowRecord>) -> Vec<FlowRecord> {
    for record in &mut records {
        record.id = FlowId(0);
        record.forward.bypassed = Bypassed::default();
        record.reverse.bypassed = Bypassed::default();
    }
    records
}

#[test]
fn a_long_download_is_counted_by_the_kernel_to_the_last_byte_and_misses_nothing() {
    let steps = [
        Step::Send { from_client: true, packets: 20, length: 100 },
        Step::Send { from_client: false, packets: 3_000, length: 1_400 },
        Step::Finish { from_client: false },
        Step::Finish { from_client: true },
        Step::Wait(Duration::from_secs(60)),
    ];
    let (alone, _) = play(&steps, true, None);
    let (together, cuts) = play(&steps, true, Some(Kernel::default()));

    assert_eq!(cuts, 1);
    let [record] = &together[..] else { panic!("{together:?}") };
    assert!(record.reverse.bypassed.packets > 2_500, "{record:?}");
    assert_eq!((record.forward.missing_bytes, record.reverse.missing_bytes), (0, 0));
    assert_eq!(without_bypass(together), without_bypass(alone));
}

#[test]
fn video_in_datagrams_is_cut_and_an_answer_to_it_ends_the_cut() {
    let steps = [
        Step::Send { from_client: true, packets: 3_000, length: 1_000 },
        Step::Send { from_client: false, packets: 1, length: 100 },
        Step::Wait(Duration::from_millis(2_500)),
        Step::Send { from_client: true, packets: 10, length: 1_000 },
    ];
    let kernel = Kernel::default();
    let (together, cuts) = play(&steps, false, Some(kernel.clone()));

    assert_eq!(cuts, 1, "and it is not cut again while the other side is listened to");
    let [record] = &together[..] else { panic!("{together:?}") };
    assert_eq!((record.forward.packets, record.reverse.packets), (3_010, 1));
    assert!((1_500..3_000).contains(&record.forward.bypassed.packets), "{record:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn whoever_counts_the_records_are_the_same(
        steps in prop::collection::vec(step(), 1..12),
        over_tcp in any::<bool>(),
    ) {
        let (alone, _) = play(&steps, over_tcp, None);
        let (together, _) = play(&steps, over_tcp, Some(Kernel::default()));
        prop_assert_eq!(without_bypass(together), without_bypass(alone));
    }
}
