//! `IntakeService`: batches of records in, a verdict for each, answered when all is durable.
//! Holds no record longer than a call: a full engine makes senders wait, by keeping their window shut.

use super::batch::{Batch, Limits};
use super::mend;
use super::own::{self, Homes};
use crate::domain::{Door, Entry, Origins, TraceMark, Verdict};
use crate::engine::api::{DeadLetter, DeadLetterId, Letters};
use crate::engine::{Engine, Refused};
use crate::guard::Visit;
use crate::proto::v1 as pb;
use crate::proto::v1::intake_service_server::IntakeService;
use crate::proto::{Refusal, deadline};
use crate::telemetry::{Open, Traced};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

/// Called with the origins and the verdicts of every batch, for metrics.
pub type Tally = Arc<dyn Fn(Door, &Origins, &[Verdict]) + Send + Sync>;

/// Batches of one stream that may be on their way at once: one is read while others are written.
const STREAM_DEPTH: usize = 8;
/// Answers that wait for a slow sender to read them, before his batches are no longer read.
const ANSWER_DEPTH: usize = 4;
const RETRY_FIRST: Duration = Duration::from_millis(2);
const RETRY_MOST: Duration = Duration::from_millis(50);

/// The door for records over gRPC.
pub struct Intake {
    engine: Engine,
    limits: Limits,
    /// Records that all calls together may have with the engine.
    room: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    tally: Tally,
    homes: Homes,
    stop: CancellationToken,
}

type Answer = oneshot::Receiver<Result<(Vec<Verdict>, Letters), Refused>>;

impl Intake {
    pub fn new(
        engine: Engine,
        limits: Limits,
        tally: Tally,
        homes: Homes,
        stop: CancellationToken,
    ) -> Intake {
        let room = Arc::new(Semaphore::new(limits.waiting_records.min(Semaphore::MAX_PERMITS)));
        let streams = Arc::new(Semaphore::new(limits.streams.min(Semaphore::MAX_PERMITS)));
        Intake { engine, limits, room, streams, tally, homes, stop }
    }

    async fn letter(&self, id: DeadLetterId, until: Instant) -> Result<DeadLetter, Refusal> {
        let (done, answer) = oneshot::channel();
        self.engine.dead_letters(mend::before(id), 1, move |found| {
            let _ = done.send(found);
        });
        let answered = tokio::time::timeout_at(until, answer).await.map_err(|_| Refusal::Deadline)?;
        let found = answered.map_err(|_| Refusal::Stopping)??.pop().filter(|letter| letter.id == id);
        found.ok_or_else(no_letter)
    }

    fn sender(&self, door: Door, visit: Arc<Visit>, trace: Option<Traced>) -> Sender {
        Sender {
            visit,
            trace,
            homes: self.homes.clone(),
            engine: self.engine.clone(),
            limits: self.limits.clone(),
            room: self.room.clone(),
            tally: self.tally.clone(),
            door,
        }
    }
}

fn no_letter() -> Refusal {
    Refusal::NotFound("there is no dead letter of this id".into())
}

/// Hands batches of one call to the engine.
struct Sender {
    visit: Arc<Visit>,
    /// Where the call is followed.
    trace: Option<Traced>,
    homes: Homes,
    engine: Engine,
    limits: Limits,
    room: Arc<Semaphore>,
    tally: Tally,
    door: Door,
}

/// A batch with the engine.
struct Sent {
    answer: Option<Answer>,
    /// From its coming to its verdicts.
    span: Option<Open>,
}

impl Sender {
    /// Waits for room and hands the batch over. `until`: then the engine is too busy; `None` = wait as long as it takes.
    async fn send(&self, batch: &Batch, until: Option<Instant>) -> Result<Sent, Refusal> {
        batch.check(&self.limits)?;
        let count = batch.count();
        if count == 0 {
            return Ok(Sent { answer: None, span: None });
        }
        let mut span = self.trace.as_ref().and_then(|trace| trace.begin("intake.batch"));
        if let Some(span) = &mut span {
            span.count("wagewatch.records", count as u64);
        }
        let mark = span.as_ref().and_then(Open::mark);
        self.pace(count, until).await?;
        // His own part of the room first: one who sends much waits behind himself, and takes nobody else's place.
        let his = match self.visit.room() {
            Some((room, most)) => Some(permits(&room, count.min(most), until).await?),
            None => None,
        };
        let all = permits(&self.room, count.min(self.limits.waiting_records), until).await?;
        let room = Arc::new((his, all));
        let mut pause = RETRY_FIRST;
        let mut is_checked = false;
        loop {
            // Decoded anew for each try: a try that fails is rare, and keeps no copy.
            let entries = batch.entries(self.door, &self.limits);
            if !is_checked {
                own::check(&entries, &self.visit, &self.engine, &self.homes).await?;
                is_checked = true;
            }
            match self.submit(entries, mark, room.clone()) {
                Ok(answer) => return Ok(Sent { answer: Some(answer), span }),
                Err(Refused::Busy) => {}
                Err(other) => return Err(other.into()),
            }
            if until.is_some_and(|until| Instant::now() + pause >= until) {
                return Err(Refusal::Busy);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(RETRY_MOST);
        }
    }

    /// A caller who hands in more than his share is told when to come again; on a stream he is simply not read.
    async fn pace(&self, count: usize, until: Option<Instant>) -> Result<(), Refusal> {
        while let Err(after) = self.visit.take_records(count) {
            if until.is_some() {
                return Err(Refusal::Paced("records", after));
            }
            tokio::select! {
                () = tokio::time::sleep(after.max(RETRY_FIRST)) => {}
                () = self.visit.over() => return Err(Refusal::Revoked),
            }
        }
        Ok(())
    }

    /// The room is taken until the engine is done, be the caller still there or not.
    fn submit(
        &self,
        entries: Vec<Entry>,
        mark: Option<TraceMark>,
        room: Arc<Room>,
    ) -> Result<Answer, Refused> {
        let (done, answer) = oneshot::channel();
        let tally = self.tally.clone();
        let (door, origins) = (self.door, Origins::of(&entries));
        self.engine.submit_placed(
            entries,
            mark,
            Box::new(move |judged| {
                if let Ok((verdicts, _)) = &judged {
                    tally(door, &origins, verdicts);
                }
                drop(room);
                // The caller may have left; his records are durable all the same.
                let _ = done.send(judged);
            }),
        )?;
        Ok(answer)
    }
}

/// A batch's part of its sender's room, and of all.
type Room = (Option<OwnedSemaphorePermit>, OwnedSemaphorePermit);

/// A batch that is larger than all the room takes all of it: `wanted` is no more than that.
async fn permits(
    room: &Arc<Semaphore>,
    wanted: usize,
    until: Option<Instant>,
) -> Result<OwnedSemaphorePermit, Refusal> {
    let waiting = room.clone().acquire_many_owned(u32::try_from(wanted).unwrap_or(u32::MAX));
    let permit = match until {
        None => waiting.await,
        Some(until) => tokio::time::timeout_at(until, waiting).await.map_err(|_| Refusal::Busy)?,
    };
    permit.map_err(|_| Refusal::Stopping)
}

impl Sent {
    async fn verdicts(self, until: Option<Instant>) -> Result<Vec<pb::Verdict>, Refusal> {
        let Some(answer) = self.answer else { return Ok(Vec::new()) };
        let answered = match until {
            None => answer.await,
            Some(until) => tokio::time::timeout_at(until, answer).await.map_err(|_| Refusal::Deadline)?,
        };
        let (verdicts, letters) = answered.map_err(|_| Refusal::Stopping)??;
        if let Some(mut span) = self.span {
            let rejected = verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Rejected(_)));
            span.count("wagewatch.rejected", rejected.count() as u64);
        }
        Ok(verdicts.into_iter().enumerate().map(|(at, told)| verdict(told, letters.id(at))).collect())
    }
}

/// `letter`: by which id its dead letter is known, if it is one.
fn verdict(verdict: Verdict, letter: Option<DeadLetterId>) -> pb::Verdict {
    let code = match &verdict {
        Verdict::Accepted => pb::verdict::Code::Accepted,
        Verdict::Duplicate => pb::verdict::Code::Duplicate,
        Verdict::Rejected(_) => pb::verdict::Code::Rejected,
    };
    let reason = match verdict {
        Verdict::Rejected(reason) => Some(pb::Reason {
            message: reason.to_string(),
            code: reason.code.as_str().to_owned(),
            field: reason.field.into(),
            found: reason.found.into(),
            expected: reason.expected.into(),
        }),
        _ => None,
    };
    let letter = letter.filter(|_| code == pb::verdict::Code::Rejected);
    pb::Verdict { code: code.into(), reason, dead_letter_id: letter.map(|id| id.to_string()) }
}

#[tonic::async_trait]
impl IntakeService for Intake {
    async fn submit(
        &self,
        request: Request<pb::SubmitRequest>,
    ) -> Result<Response<pb::SubmitResponse>, Status> {
        let until = deadline(request.metadata(), self.limits.patience);
        let visit = Visit::of(request.extensions())?;
        let trace = Traced::of(request.extensions());
        let pb::SubmitRequest { records, ndjson } = request.into_inner();
        let sender = self.sender(Door::Submit, visit, trace);
        let sent = sender.send(&Batch { records, ndjson }, Some(until)).await?;
        Ok(Response::new(pb::SubmitResponse { verdicts: sent.verdicts(Some(until)).await? }))
    }

    async fn resubmit(
        &self,
        request: Request<pb::ResubmitRequest>,
    ) -> Result<Response<pb::ResubmitResponse>, Status> {
        let until = deadline(request.metadata(), self.limits.patience);
        let visit = Visit::of(request.extensions())?;
        let trace = Traced::of(request.extensions());
        let request = request.into_inner();
        let id = mend::letter_id(&request.dead_letter_id)?;
        visit.saw([request.dead_letter_id]);
        let letter = self.letter(id, until).await?;
        // What another sent is not put in again for him, nor is he told that it is there.
        if !own::came_from_him(&letter, &visit, &self.engine, &self.homes).await? {
            return Err(no_letter().into());
        }
        let came = mend::came(&letter);
        let batch = Batch { records: Vec::new(), ndjson: mend::line(&request.record, &came)? };
        let sent = self.sender(Door::Submit, visit, trace).send(&batch, Some(until)).await?;
        Ok(Response::new(pb::ResubmitResponse { verdict: sent.verdicts(Some(until)).await?.pop() }))
    }

    type SubmitStreamStream = ReceiverStream<Result<pb::SubmitStreamResponse, Status>>;

    async fn submit_stream(
        &self,
        request: Request<Streaming<pb::SubmitStreamRequest>>,
    ) -> Result<Response<Self::SubmitStreamStream>, Status> {
        let visit = Visit::of(request.extensions())?;
        let trace = Traced::of(request.extensions());
        let Ok(seat) = self.streams.clone().try_acquire_owned() else {
            return Err(Refusal::TooMany("streams", self.limits.streams).into());
        };
        let (out, answers) = mpsc::channel(ANSWER_DEPTH);
        let (queue, queued) = mpsc::channel(STREAM_DEPTH);
        let sender = self.sender(Door::SubmitStream, visit, trace);
        let stop = self.stop.clone();
        let requests = request.into_inner();
        tokio::spawn(read_stream(requests, sender, queue, out.clone(), stop));
        tokio::spawn(async move {
            answer_stream(queued, out).await;
            drop(seat);
        });
        Ok(Response::new(ReceiverStream::new(answers)))
    }
}

type Queue = mpsc::Sender<Result<(u64, Sent), Refusal>>;
type Out = mpsc::Sender<Result<pb::SubmitStreamResponse, Status>>;

/// Reads batches and hands them over; while the engine has no room, nothing more is read.
async fn read_stream(
    mut requests: Streaming<pb::SubmitStreamRequest>,
    sender: Sender,
    queue: Queue,
    out: Out,
    stop: CancellationToken,
) {
    loop {
        let next = tokio::select! {
            next = requests.message() => next,
            () = out.closed() => return,
            () = stop.cancelled() => {
                let _ = queue.send(Err(Refusal::Stopping)).await;
                return;
            }
            () = sender.visit.over() => {
                let _ = queue.send(Err(Refusal::Revoked)).await;
                return;
            }
        };
        let request = match next {
            Ok(Some(request)) => request,
            // The sender has no more: what is on its way is answered, then the stream ends.
            Ok(None) => return,
            Err(status) => {
                // Too large or no protobuf: the sender is told after the answers he has earned.
                let _ = queue.send(Err(Refusal::unreadable(&status))).await;
                return;
            }
        };
        let pb::SubmitStreamRequest { sequence, records, ndjson } = request;
        let batch = Batch { records, ndjson };
        let sent = tokio::select! {
            sent = sender.send(&batch, None) => sent,
            () = out.closed() => return,
        };
        let ended = sent.is_err();
        if queue.send(sent.map(|sent| (sequence, sent))).await.is_err() || ended {
            return;
        }
    }
}

/// Answers in the order of the batches.
async fn answer_stream(mut queued: mpsc::Receiver<Result<(u64, Sent), Refusal>>, out: Out) {
    while let Some(next) = queued.recv().await {
        let answer = match next {
            Ok((sequence, sent)) => {
                sent.verdicts(None).await.map(|verdicts| pb::SubmitStreamResponse { sequence, verdicts })
            }
            Err(refusal) => Err(refusal),
        };
        let ended = answer.is_err();
        if out.send(answer.map_err(Status::from)).await.is_err() || ended {
            return;
        }
    }
}
