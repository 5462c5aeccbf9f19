//! From the engine's callbacks to an answer that can be waited for, within a deadline.

use crate::engine::Refused;
use crate::proto::Refusal;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// What the engine calls when it has the answer.
pub type Done<T> = Box<dyn FnOnce(Result<T, Refused>) + Send>;

/// Starts a question and waits for its answer.
pub async fn ask<T: Send + 'static>(deadline: Instant, start: impl FnOnce(Done<T>)) -> Result<T, Refusal> {
    let (answer, answered) = oneshot::channel();
    start(Box::new(move |found| {
        // Whoever asked may have left.
        let _ = answer.send(found);
    }));
    match tokio::time::timeout_at(deadline, answered).await {
        Ok(Ok(found)) => found.map_err(Refusal::from),
        // The engine dropped the question: its threads are ending.
        Ok(Err(_)) => Err(Refusal::Stopping),
        Err(_) => Err(Refusal::Deadline),
    }
}

/// For every door: what a caller is told of the engine's refusals.
impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Refusal {
        match refused {
            Refused::Busy => Refusal::Busy,
            Refused::Stopping => Refusal::Stopping,
            Refused::Moving => Refusal::Moving,
            Refused::Unacknowledged => Refusal::Unacknowledged,
            Refused::DiskFull { free_bytes, needed_bytes } => Refusal::DiskFull { free_bytes, needed_bytes },
            Refused::Failed(_) => Refusal::Failed,
        }
    }
}
