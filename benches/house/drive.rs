//! Clients that send batches encoded beforehand, so that what is measured is the service and as
//! little as possible of its clients.

use super::{Cost, Meter};
use prost::bytes::{BufMut, Bytes};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tonic::codec::{Codec, EncodeBuf, Encoder};
use tonic::transport::Channel;
use tonic::{Request, Status};
use tonic_prost::{ProstCodec, ProstDecoder};
use wagewatch::proto::v1 as pb;

/// Sends bytes as they are.
#[derive(Default)]
struct Encoded<T>(std::marker::PhantomData<T>);

struct AsIs;

impl Encoder for AsIs {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl<T: prost::Message + Default + Send + 'static> Codec for Encoded<T> {
    type Encode = Bytes;
    type Decode = T;
    type Encoder = AsIs;
    type Decoder = ProstDecoder<T>;

    fn encoder(&mut self) -> AsIs {
        AsIs
    }

    fn decoder(&mut self) -> ProstDecoder<T> {
        ProstCodec::<T, T>::default().decoder()
    }
}

/// What a drive came to.
pub struct Driven {
    pub records: u64,
    pub cost: Cost,
    /// Of each batch, from sending to its verdicts, in milliseconds.
    pub batch_ms: Vec<f64>,
}

pub async fn connect(addr: SocketAddr) -> Channel {
    let endpoint = Channel::from_shared(format!("http://{addr}")).unwrap();
    endpoint
        .initial_stream_window_size(4 << 20)
        .initial_connection_window_size(16 << 20)
        .connect()
        .await
        .unwrap()
}

type Queue = Arc<Mutex<VecDeque<Bytes>>>;

fn next(queue: &Queue) -> Option<Bytes> {
    queue.lock().unwrap().pop_front()
}

/// `Submit`: every connection has so many calls under way.
pub async fn unary(addr: SocketAddr, connections: u64, calls: u64, batches: Vec<Bytes>) -> Driven {
    let queue: Queue = Arc::new(Mutex::new(batches.into()));
    let mut tasks = tokio::task::JoinSet::new();
    let mut channels = Vec::new();
    for _ in 0..connections {
        channels.push(connect(addr).await);
    }
    let meter = Meter::start();
    for channel in channels {
        for _ in 0..calls {
            let (queue, channel) = (queue.clone(), channel.clone());
            tasks.spawn(async move {
                let (mut records, mut batch_ms) = (0, Vec::new());
                while let Some(batch) = next(&queue) {
                    let begun = Instant::now();
                    records += submit(&channel, batch).await.len() as u64;
                    batch_ms.push(begun.elapsed().as_secs_f64() * 1e3);
                }
                (records, batch_ms)
            });
        }
    }
    gather(tasks, &meter).await
}

/// One `Submit` of an encoded request. A rejected record ends the benchmark.
pub async fn submit(channel: &Channel, batch: Bytes) -> Vec<pb::Verdict> {
    let mut client = tonic::client::Grpc::new(channel.clone());
    client.ready().await.unwrap();
    let path = "/wagewatch.v1.IntakeService/Submit".parse().unwrap();
    let codec = Encoded::<pb::SubmitResponse>::default();
    let response: tonic::Response<pb::SubmitResponse> =
        client.unary(Request::new(batch), path, codec).await.unwrap();
    let verdicts = response.into_inner().verdicts;
    check(&verdicts);
    verdicts
}

/// One `Submit` of an encoded request by a caller with a token; what he is told.
pub async fn submit_as(channel: &Channel, token: &str, batch: Bytes) -> Result<u64, Status> {
    let mut client = tonic::client::Grpc::new(channel.clone());
    client.ready().await.unwrap();
    let path = "/wagewatch.v1.IntakeService/Submit".parse().unwrap();
    let codec = Encoded::<pb::SubmitResponse>::default();
    let mut request = Request::new(batch);
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    let response: tonic::Response<pb::SubmitResponse> = client.unary(request, path, codec).await?;
    Ok(response.into_inner().verdicts.len() as u64)
}

fn check(verdicts: &[pb::Verdict]) {
    let bad = verdicts.iter().find(|v| v.reason.is_some());
    assert!(bad.is_none() && !verdicts.is_empty(), "{bad:?}");
}

/// `SubmitStream`: one stream a connection; the service's flow control says how much is under way.
pub async fn streams(addr: SocketAddr, connections: u64, batches: Vec<Bytes>) -> Driven {
    let queue: Queue = Arc::new(Mutex::new(batches.into()));
    let mut tasks = tokio::task::JoinSet::new();
    let mut channels = Vec::new();
    for _ in 0..connections {
        channels.push(connect(addr).await);
    }
    let meter = Meter::start();
    for channel in channels {
        let queue = queue.clone();
        tasks.spawn(async move {
            let sent = Arc::new(Mutex::new(VecDeque::new()));
            let noted = sent.clone();
            let requests = std::iter::from_fn(move || {
                let batch = next(&queue)?;
                noted.lock().unwrap().push_back(Instant::now());
                Some(batch)
            });
            let mut client = tonic::client::Grpc::new(channel);
            client.ready().await.unwrap();
            let path = "/wagewatch.v1.IntakeService/SubmitStream".parse().unwrap();
            let codec = Encoded::<pb::SubmitStreamResponse>::default();
            let requests = Request::new(tokio_stream::iter(requests));
            let mut answers = client.streaming(requests, path, codec).await.unwrap().into_inner();
            let (mut records, mut batch_ms) = (0, Vec::new());
            while let Some(answer) = answers.message().await.unwrap() {
                let begun = sent.lock().unwrap().pop_front().unwrap();
                check(&answer.verdicts);
                records += answer.verdicts.len() as u64;
                batch_ms.push(begun.elapsed().as_secs_f64() * 1e3);
            }
            (records, batch_ms)
        });
    }
    gather(tasks, &meter).await
}

async fn gather(mut tasks: tokio::task::JoinSet<(u64, Vec<f64>)>, meter: &Meter) -> Driven {
    let (mut records, mut batch_ms) = (0, Vec::new());
    while let Some(done) = tasks.join_next().await {
        let (theirs, times) = done.unwrap();
        records += theirs;
        batch_ms.extend(times);
    }
    Driven { records, cost: meter.stop(), batch_ms }
}
