//! The thread of the second stage: puts together what the committer says of a block and what the shards'
//! threads made of it, applies blocks in the log's order, publishes the rows that follow, and encodes
//! its part of a round of checkpoints.

use super::bureau::{Bureau, Made};
use super::debts::Share;
use super::doubts::DoubtBook;
use super::shadow_county::ShadowCounty;
use super::shadow_days::ShadowDays;
use super::shared::Shared;
use super::storer::{Round, StoreJob};
use super::worker::Reply;
use crate::domain::{Position, ProjectId};
use crate::log::Block;
use crate::store::StoreError;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// What lands on the clerk's desk.
pub(super) enum Paper {
    /// The next block of the log; `reply`: somebody waits until it is done here too.
    Block {
        block: Arc<Block>,
        reply: Option<Arc<Reply>>,
    },
    /// What one thread's shards made of a block; each thread says it of every block.
    Made {
        position: Position,
        made: Made,
    },
    /// What a project's employers owe by the shadow rulebook now.
    Owed {
        project: ProjectId,
        shares: Vec<Share>,
    },
    /// Where people were on which days by the shadow rulebook.
    ShadowDays(ShadowDays),
    Round(Arc<Round>),
    Ask(Box<dyn FnOnce(&Bureau) + Send>),
    Stop,
}

/// What is done in the order in which it came.
enum Step {
    Block(Arc<Block>, Option<Arc<Reply>>),
    Round(Arc<Round>),
}

/// Of each block how many threads have said what they made of it, and that.
type Waiting = BTreeMap<Position, (usize, Made)>;

pub(super) struct Clerk {
    pub bureau: Bureau,
    pub papers: Receiver<Paper>,
    pub store: Sender<StoreJob>,
    pub shared: Arc<Shared>,
    /// What shards that are ahead of this stage made, from the store: it is not made again.
    pub made_before: BTreeMap<Position, Made>,
    pub doubts: DoubtBook,
    pub shadow: Option<ShadowCounty>,
}

/// How long the desk is empty before the county is judged by the shadow rulebook.
const IDLE: Duration = Duration::from_millis(20);

impl Clerk {
    /// Until `Stop`, or until the engine fails.
    pub fn run(mut self) {
        let threads = self.shared.workers.len();
        self.tell_doubts();
        let mut steps: VecDeque<Step> = VecDeque::new();
        let mut made = Waiting::new();
        loop {
            let paper = match self.shadow_waits() {
                true => self.papers.recv_timeout(IDLE),
                false => self.papers.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match paper {
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => self.judge_shadow(),
                Ok(paper) => {
                    if self.take(paper, &mut steps, &mut made) {
                        return;
                    }
                }
            }
            if self.shared.failure().is_some() {
                return;
            }
            while let Some(step) = steps.pop_front() {
                match step {
                    Step::Round(round) => self.checkpoint(round),
                    Step::Block(block, reply) => {
                        let position = block.position;
                        if made.get(&position).is_none_or(|(parts, _)| *parts < threads) {
                            steps.push_front(Step::Block(block, reply));
                            break;
                        }
                        let (_, made) = made.remove(&position).unwrap_or_default();
                        if let Err(error) = self.block(&block, made, reply) {
                            self.shared.fail(&error.to_string());
                            return;
                        }
                    }
                }
            }
        }
    }

    /// Puts a paper where it waits for its turn; whether it is the last.
    fn take(&mut self, paper: Paper, steps: &mut VecDeque<Step>, waiting: &mut Waiting) -> bool {
        match paper {
            Paper::Block { block, reply } => steps.push_back(Step::Block(block, reply)),
            Paper::Made { position, made } => {
                let (parts, all) = waiting.entry(position).or_default();
                *parts += 1;
                all.rows.extend(made.rows);
                all.remarks.extend(made.remarks);
            }
            Paper::Round(round) => steps.push_back(Step::Round(round)),
            Paper::Owed { project, shares } => {
                if let Some(shadow) = &mut self.shadow {
                    shadow.owes(project, shares);
                }
                self.tell_shadow();
                self.shared.shadow_owed(1);
            }
            Paper::ShadowDays(said) => {
                if let Some(Err(error)) = self.shadow.as_mut().map(|shadow| shadow.hear(said)) {
                    self.shared.fail(&error.to_string());
                    return true;
                }
                self.tell_shadow();
                self.shared.shadow_owed(1);
            }
            Paper::Ask(question) => question(&self.bureau),
            Paper::Stop => return true,
        }
        false
    }

    fn shadow_waits(&self) -> bool {
        self.shadow.as_ref().is_some_and(|shadow| shadow.is_stale(&self.bureau))
    }

    fn judge_shadow(&mut self) {
        if let Some(shadow) = &mut self.shadow {
            shadow.judge(&self.bureau);
        }
        self.tell_shadow();
    }

    /// Shows whether the county waits for the shadow rulebook's judgement, and what stands by it.
    pub fn tell_shadow(&self) {
        if let Some(shadow) = &self.shadow {
            let waiting = usize::from(shadow.is_stale(&self.bureau));
            self.shared.tell_shadow(self.shared.workers.len(), waiting, shadow.counts().clone());
        }
    }

    fn block(&mut self, block: &Block, mut made: Made, reply: Option<Arc<Reply>>) -> Result<(), StoreError> {
        let before = self.made_before.remove(&block.position).unwrap_or_default();
        made.rows.extend(before.rows);
        made.rows.sort_by_key(|row| (row.shard, row.seq));
        made.remarks.extend(before.remarks);
        self.shared.observer.applying(block.position);
        let verdicts = self.bureau.apply(block, &made)?;
        made.rows.iter().for_each(|row| self.doubts.row(row));
        self.tell_doubts();
        if self.shadow.as_mut().is_some_and(|shadow| shadow.block(&self.bureau)) {
            self.judge_shadow();
        } else if self.shadow_waits() {
            self.tell_shadow();
        }
        let rows = self.bureau.take_rows();
        if !rows.is_empty() {
            self.shared.observer.published(&rows);
            self.shared.feed.publish(self.bureau.id(), rows);
        }
        self.shared.observer.finished(block.position);
        self.shared.second.store(block.position.0, Ordering::Release);
        if let Some(reply) = reply {
            reply.part(verdicts);
        }
        Ok(())
    }

    /// Feeds that are silent, and what depends on them.
    fn tell_doubts(&mut self) {
        if let Some(feeds) = self.bureau.take_doubts() {
            self.doubts.feeds(feeds);
        }
        if let Some(doubts) = self.doubts.take_changed() {
            self.shared.observer.doubted(&doubts);
        }
    }

    fn checkpoint(&mut self, round: Arc<Round>) {
        let (shard, position) = (self.bureau.id(), self.bureau.position());
        let job = StoreJob { shard, position, changes: self.bureau.checkpoint(), round };
        // The storer ends only when the engine fails or after this thread.
        let _ = self.store.send(job);
    }
}
