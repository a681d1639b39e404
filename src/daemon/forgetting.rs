//! A device to be forgotten, on its way through the threads: analysis, dispatcher, store. It goes the way of the
//! events, so that none of them can bring the device back.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use tokio::sync::oneshot;

use super::analysis::AnalysisCommand;
use crate::api::{Forgetting, WriteAccess, WriteToken};
use crate::device::DeviceId;

/// What a request is told when an order gets lost.
const BUSY: &str = "the daemon is too busy; try again";

/// An order, and where its answer goes.
#[derive(Debug)]
pub(super) struct ForgetOrder {
    pub(super) id: DeviceId,
    /// Somebody on the way knew the device.
    pub(super) known: bool,
    answer: oneshot::Sender<Result<bool, String>>,
}

impl ForgetOrder {
    /// Everybody has forgotten the device.
    pub(super) fn done(self) {
        let known = self.known;
        self.answer(Ok(known));
    }

    /// It could not be done for good.
    pub(super) fn failed(self, problem: String) {
        self.answer(Err(problem));
    }

    fn answer(self, answer: Result<bool, String>) {
        // Whoever asked may have left.
        drop(self.answer.send(answer));
    }
}

/// Lets requests with the token give orders to the analysis.
pub(super) fn write_access(
    token: WriteToken,
    analysis: SyncSender<AnalysisCommand>,
) -> WriteAccess {
    let orders = analysis.clone();
    let acknowledge = move |id| -> Forgetting {
        let (answer, answered) = oneshot::channel();
        let given = orders.try_send(AnalysisCommand::Acknowledge { id, answer });
        Box::pin(async move {
            given.map_err(|_| BUSY.to_owned())?;
            answered.await.map_err(|_| BUSY.to_owned())
        })
    };
    let forget = move |id| -> Forgetting {
        let (answer, answered) = oneshot::channel();
        let order = ForgetOrder { id, known: false, answer };
        let given = analysis.try_send(AnalysisCommand::Forget(order));
        Box::pin(async move {
            given.map_err(|_| BUSY.to_owned())?;
            // An order that is dropped on the way has no answer.
            answered.await.unwrap_or_else(|_| Err(BUSY.to_owned()))
        })
    };
    WriteAccess { token, forget: Arc::new(forget), acknowledge: Arc::new(acknowledge) }
}
