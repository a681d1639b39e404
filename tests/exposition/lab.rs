//! Frames through the engine into recorders, and readings of what they expose.

use std::collections::BTreeMap;
use std::sync::Arc;

use hikwatch::analyst::{self, Event};
use hikwatch::catalogue::Catalogue;
use hikwatch::daemon::Engine;
use hikwatch::meter;
use hikwatch::metrics::{Build, Config, Consumer, ExpositionFormat, InterfaceTotals, Recorder};
use hikwatch::net::{Frame, InterfaceId, LinkType, Timestamp};
use hikwatch::simulate::SimulatedFrame;

pub(crate) const START: Timestamp = Timestamp::from_parts(1_767_225_600, 0);

/// An engine, and recorders that are given all its events.
pub(crate) struct Lab {
    engine: Engine,
    pub(crate) recorders: Vec<Recorder>,
    pub(crate) frames: u64,
}

impl Lab {
    pub(crate) fn new(configs: &[Config]) -> Self {
        let catalogue = Arc::new(Catalogue::builtin().unwrap());
        let config = analyst::Config { all_messages: false, ..analyst::Config::default() };
        let engine = Engine::new(&meter::Config::default(), config, catalogue, 1).unwrap();
        Self { engine, recorders: configs.iter().map(recorder).collect(), frames: 0 }
    }

    pub(crate) fn take(&mut self, frame: &SimulatedFrame) {
        self.frames += 1;
        let taken = Frame {
            number: self.frames,
            timestamp: frame.timestamp,
            interface: InterfaceId(0),
            link_type: LinkType::ETHERNET,
            wire_len: u32::try_from(frame.bytes.len()).unwrap(),
            stripped_tag: None,
            bytes: &frame.bytes,
        };
        self.engine.handle_frame(&taken).unwrap();
        self.tell();
    }

    /// Ends the run.
    pub(crate) fn drain(&mut self) {
        while self.engine.drain().unwrap() {}
        self.tell();
        self.tell_totals();
    }

    /// Gives the recorders what the daemon gives them beside events.
    pub(crate) fn tell_totals(&self) {
        let stats = self.engine.meter_stats();
        for recorder in &self.recorders {
            recorder.observe_meters(&stats);
            recorder.observe_interfaces(&[interface("br-lan", self.frames), interface("eth1", 0)]);
            for consumer in Consumer::ALL {
                recorder.observe_dropped(consumer, 0);
            }
            recorder.observe_eve_deliveries(self.frames, 0);
            recorder.observe_reload(true, START);
        }
    }

    fn tell(&mut self) {
        while let Some(event) = self.engine.poll_event() {
            self.apply(&event);
        }
    }

    fn apply(&self, event: &Event) {
        for recorder in &self.recorders {
            recorder.apply(event);
        }
    }
}

pub(crate) fn recorder(config: &Config) -> Recorder {
    Recorder::new(config, Build::CURRENT).unwrap()
}

fn interface(name: &str, packets: u64) -> InterfaceTotals {
    InterfaceTotals { name: name.to_owned(), packets, ..InterfaceTotals::default() }
}

/// Every series of an exposition in text format 0.0.4 with its value.
pub(crate) fn series(recorder: &Recorder) -> BTreeMap<String, f64> {
    let text = recorder.render(ExpositionFormat::Text);
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let read = |line: &str| {
        let (name, value) = line.rsplit_once(' ').unwrap();
        (name.to_owned(), value.parse().unwrap())
    };
    let count = lines.clone().count();
    let series: BTreeMap<_, _> = lines.map(read).collect();
    assert_eq!(series.len(), count, "a series twice");
    series
}

/// Is this series one of a counter?
pub(crate) fn is_counter(series: &str) -> bool {
    series.split('{').next().unwrap().ends_with("_total")
}

/// The sum of a family, of the series with all `labels`.
pub(crate) fn sum(series: &BTreeMap<String, f64>, family: &str, labels: &[&str]) -> f64 {
    series
        .iter()
        .filter(|(name, _)| name.split('{').next() == Some(family))
        .filter(|(name, _)| labels.iter().all(|label| name.contains(label)))
        .map(|(_, value)| value)
        .sum()
}
