//! How a block's orders reach the threads that do them. Knows no log.

use super::api::SubmitDone;
use super::clerk::Paper;
use super::desk::{Desk, Routing};
use super::worker::{Dispatch, Reply, Work};
use crate::log::Block;
use crate::store::StoreError;
use crossbeam_channel::Sender;
use std::sync::Arc;

/// Why a block's orders did not reach all threads.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotSent {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a thread of the engine has ended")]
    Thread,
}

/// Who gets a block's orders.
pub(super) struct Threads<'a> {
    pub workers: &'a [Sender<Work>],
    pub clerk: &'a Sender<Paper>,
    pub thread_of: &'a [usize],
}

impl Threads<'_> {
    /// Opens a block and hands its orders out; `finish` is called when all have done theirs.
    pub fn dispatch(&self, desk: &mut Desk, block: Arc<Block>, finish: SubmitDone) -> Result<(), NotSent> {
        let opened = desk.open_block(&block)?;
        let room = opened.orders.len() / self.workers.len();
        let room = room + room / 8;
        let mut orders: Vec<Vec<Routing>> = self.workers.iter().map(|_| Vec::with_capacity(room)).collect();
        for routing in opened.orders {
            match routing {
                Routing::Everyone { entry } => {
                    orders.iter_mut().for_each(|theirs| theirs.push(Routing::Everyone { entry }));
                }
                Routing::Entry { shard, .. } | Routing::County { shard, .. } => {
                    orders[self.thread_of[usize::from(shard)]].push(routing);
                }
            }
        }
        // The second stage is waited for only where somebody asked it, or a day is to be over everywhere.
        let parts = self.workers.len() + usize::from(opened.awaits_second);
        let reply = Arc::new(Reply::new(parts, block.entries.len(), opened.verdicts, finish));
        let paper = Paper::Block { block: block.clone(), reply: opened.awaits_second.then(|| reply.clone()) };
        self.clerk.send(paper).map_err(|_| NotSent::Thread)?;
        for (worker, orders) in self.workers.iter().zip(orders) {
            let dispatch = Dispatch { block: block.clone(), orders, reply: reply.clone() };
            worker.send(Work::Block(Box::new(dispatch))).map_err(|_| NotSent::Thread)?;
        }
        Ok(())
    }
}
