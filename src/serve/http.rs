//! Plain HTTP for machines that watch machines: `/metrics`, `/livez`, `/readyz`. Shows nothing of people.
//! What else is served at the same address comes from outside, put together already.

use super::hub::Hub;
use super::metrics::Metrics;
use crate::engine::Engine;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// What the pages show.
#[derive(Clone)]
pub struct Watched {
    pub engine: Engine,
    pub hub: Arc<Hub>,
    pub metrics: Arc<Metrics>,
    /// The service is stopping: it is alive, and not ready.
    pub stop: CancellationToken,
}

/// Answers until `end`, which comes after the gRPC door has drained: a drain can be watched.
pub async fn serve(listener: TcpListener, watched: Watched, end: CancellationToken) -> std::io::Result<()> {
    serve_with(listener, watched, Router::new(), end).await
}

/// The same, with more pages. They learn who calls from the connection's address.
pub async fn serve_with(
    listener: TcpListener,
    watched: Watched,
    pages: Router,
    end: CancellationToken,
) -> std::io::Result<()> {
    let all = routes(watched).merge(pages).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, all).with_graceful_shutdown(end.cancelled_owned()).await
}

pub fn routes(watched: Watched) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .with_state(watched)
}

async fn metrics(State(watched): State<Watched>) -> Response {
    match watched.metrics.text(&watched.engine, &watched.hub) {
        Ok(text) => ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
        Err(why) => {
            tracing::error!(%why, "metrics could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
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
    Some(format!("reading the log: block {} of {}", status.applied.0, status.log_head.0))
}
