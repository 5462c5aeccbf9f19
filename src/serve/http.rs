//! HTTP for machines that watch machines: `/metrics`, `/livez`, `/readyz`. Shows nothing of people. Who may read
//! the metrics is asked of the guard. What else is served at the same address comes from outside, put together
//! already, and asks the same guard.

use super::hub::Hub;
use super::metrics::Metrics;
use crate::access::Call;
use crate::engine::Engine;
use crate::engine::api::PartitionStatus;
use crate::guard::{Guard, Language, Peer, Threshold, Tls, Wire, incoming};
use crate::proto::Refusal;
use axum::Router;
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::serve::{IncomingStream, Listener};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// What the pages show.
#[derive(Clone)]
pub struct Watched {
    pub engine: Engine,
    pub hub: Arc<Hub>,
    pub metrics: Arc<Metrics>,
    pub guard: Arc<Guard>,
    /// The service is stopping: it is alive, and not ready.
    pub stop: CancellationToken,
}

/// Connections at once: each open page of the console keeps one or two.
const CONNECTIONS: usize = 1024;
/// Of one address: an office behind one has that many pages open.
const CONNECTIONS_OF_ADDRESS: usize = 256;
/// How long a handshake may take, and then the first bytes.
const PATIENCE: Duration = Duration::from_secs(10);
/// Who sends half a request, or reads nothing, keeps no place for longer. An open page is told a sign of life each five
/// seconds.
const IDLE: Duration = Duration::from_secs(60);

/// How the door is opened.
pub struct HttpDoor {
    pub listener: TcpListener,
    /// `None` = plain text.
    pub tls: Option<Tls>,
    /// What else is served. The pages learn from `ConnectInfo<Peer>` who connects.
    pub pages: Router,
}

/// Answers until `end`, which comes after the gRPC door has drained: a drain can be watched.
pub async fn serve(door: HttpDoor, watched: Watched, end: CancellationToken) -> std::io::Result<()> {
    let local = door.listener.local_addr()?;
    let threshold = Threshold {
        tls: door.tls,
        language: Language::Http,
        connections: CONNECTIONS,
        of_address: CONNECTIONS_OF_ADDRESS,
        patience: PATIENCE,
        idle: Some(IDLE),
        guard: watched.guard.clone(),
    };
    let wires = Wires { wires: incoming(door.listener, threshold, end.clone()), local };
    let all = routes(watched).merge(door.pages).into_make_service_with_connect_info::<Peer>();
    axum::serve(wires, all).with_graceful_shutdown(end.cancelled_owned()).await
}

/// The guard's connections as axum takes them.
struct Wires {
    wires: mpsc::Receiver<std::io::Result<Wire>>,
    local: SocketAddr,
}

impl Listener for Wires {
    type Io = Wire;
    type Addr = Peer;

    async fn accept(&mut self) -> (Wire, Peer) {
        loop {
            match self.wires.recv().await {
                Some(Ok(wire)) => {
                    let peer = wire.peer().clone();
                    return (wire, peer);
                }
                Some(Err(_)) => {}
                // No more come; the graceful end does not wait for this.
                None => std::future::pending().await,
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Peer> {
        Ok(Peer { from: Some(self.local), ..Peer::default() })
    }
}

impl Connected<IncomingStream<'_, Wires>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Wires>) -> Peer {
        stream.remote_addr().clone()
    }
}

pub fn routes(watched: Watched) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .with_state(watched)
}

async fn metrics(
    State(watched): State<Watched>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
) -> Response {
    if let Err(refusal) = watched.guard.admit(Call::Metrics, &headers, &peer) {
        return refused(&refusal);
    }
    match watched.metrics.text(&watched.engine, &watched.hub) {
        Ok(text) => ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
        Err(why) => {
            tracing::error!(%why, "metrics could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A refusal in HTTP's words.
pub fn refused(refusal: &Refusal) -> Response {
    match refusal {
        Refusal::Unknown | Refusal::Revoked => {
            let who = [(header::WWW_AUTHENTICATE, "Bearer")];
            (StatusCode::UNAUTHORIZED, who, "expected a token or a client certificate\n").into_response()
        }
        _ => (StatusCode::FORBIDDEN, "your role does not read this\n").into_response(),
    }
}

async fn ready(State(watched): State<Watched>) -> Response {
    match not_ready(&watched) {
        None => (StatusCode::OK, "ready\n").into_response(),
        Some(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response(),
    }
}

fn not_ready(watched: &Watched) -> Option<String> {
    if watched.stop.is_cancelled() {
        return Some("stopping".into());
    }
    if watched.engine.failure().is_some() {
        return Some("failed; the process is ending, see its log".into());
    }
    if watched.engine.is_ready() {
        return None;
    }
    let status = watched.engine.status();
    if let Some(stages) = status.partitions {
        let PartitionStatus { restoring, catching_up, serving, restored_pages, .. } = stages;
        return Some(format!(
            "taking over partitions: {serving} served, {restoring} being restored ({restored_pages} pages read), {catching_up} catching up; message {} of {}",
            status.applied.0, status.log_head.0
        ));
    }
    Some(format!("reading the log: block {} of {}", status.applied.0, status.log_head.0))
}
