//! The thread that looks at this machine now and then, off the path of packets: its addresses, and the kernel's flows.
//!
//! Comes in: what the system tells, read only. Goes out: orders to the analysis. What is not there is left out.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use arc_swap::ArcSwap;
use tracing::{debug, info};

use super::analysis::AnalysisCommand;
use super::conntrack::{Conntrack, KernelFlows};
use super::surroundings::own_addresses;
use super::worker::Shared;

/// Time between two looks. More than totals of a flow are told late, by far less than a device's hour.
const INTERVAL: Duration = Duration::from_secs(20);

/// How often the end of the run is looked for.
const NAP: Duration = Duration::from_millis(200);

/// The thread with its inputs and outputs.
pub(super) struct Lookout {
    pub(super) conntrack: Result<Conntrack, KernelFlows>,
    pub(super) analysis: SyncSender<AnalysisCommand>,
    pub(super) shared: Arc<Shared>,
    /// What the rest of the daemon may know of it.
    pub(super) kernel_flows: Arc<ArcSwap<KernelFlows>>,
}

impl Lookout {
    /// Looks until the run is over.
    pub(super) fn run(mut self) {
        let mut told = None;
        loop {
            let state = self.look();
            if told.replace(state) != Some(state) {
                info!("{state}");
                self.kernel_flows.store(Arc::new(state));
            }
            let mut waited = Duration::ZERO;
            while waited < INTERVAL {
                if self.shared.is_over() {
                    return;
                }
                std::thread::sleep(NAP);
                waited += NAP;
            }
        }
    }

    fn look(&mut self) -> KernelFlows {
        let addresses = own_addresses();
        if !addresses.is_empty() {
            self.order(AnalysisCommand::OwnAddresses(addresses));
        }
        let conntrack = match &mut self.conntrack {
            Ok(conntrack) => conntrack,
            Err(state) => return *state,
        };
        match conntrack.view() {
            Ok(view) => {
                let state = Conntrack::state(&view);
                self.order(AnalysisCommand::Kernel(Box::new(view)));
                state
            }
            Err(error) => {
                debug!(%error, "the kernel's flows cannot be read");
                KernelFlows::Absent
            }
        }
    }

    /// A busy analysis does without: the next look comes soon.
    fn order(&self, command: AnalysisCommand) {
        if self.analysis.try_send(command).is_err() {
            debug!("the analysis is too busy to hear of this machine");
        }
    }
}
