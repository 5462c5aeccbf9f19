//! The gRPC door, put together: services with their limits, health, reflection, and an end that lets
//! open calls finish. The listener and the wish to stop come from outside.

use super::admin::Admin;
use super::alerts::Alerts;
use super::audits::Audits;
use super::ledger::Ledgers;
use super::peers::Peers;
use crate::engine::Engine;
use crate::guard::{GateLayer, Guard, Language, Threshold, Tls, incoming};
use crate::proto::DESCRIPTORS;
use crate::proto::v1::admin_service_server::{AdminServiceServer, SERVICE_NAME as ADMIN};
use crate::proto::v1::alert_service_server::{AlertServiceServer, SERVICE_NAME as ALERTS};
use crate::proto::v1::audit_service_server::{AuditServiceServer, SERVICE_NAME as AUDITS};
use crate::proto::v1::intake_service_server::{IntakeService, IntakeServiceServer, SERVICE_NAME as INTAKE};
use crate::proto::v1::ledger_service_server::{LedgerServiceServer, SERVICE_NAME as LEDGERS};
use crate::proto::v1::peer_service_server::PeerServiceServer;
use crate::telemetry::{Telemetry, TraceLayer};
use axum::http::{HeaderValue, Response};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::codec::CompressionEncoding;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

/// The services behind the door. Each of them asks for the visit that the gate lets in: without a gate nobody is known.
pub struct Doors<I> {
    pub intake: I,
    pub alerts: Alerts,
    pub ledgers: Ledgers,
    pub admin: Admin,
    pub audits: Audits,
    pub peers: Peers,
}

/// Where callers come in.
pub struct Entrance {
    pub listener: TcpListener,
    /// Who is let in.
    pub guard: Arc<Guard>,
    /// `None` = plain text.
    pub tls: Option<Tls>,
    /// Who follows calls.
    pub telemetry: Telemetry,
}

/// What the door as a whole takes at most.
#[derive(Clone, Debug)]
pub struct ServerLimits {
    /// The largest message of `IntakeService`, in bytes; the other services take a small part of it.
    pub message_bytes: usize,
    /// Connections at once; more wait in the system's queue.
    pub connections: usize,
    /// Connections at once of one address; more are closed. 0 = no limit.
    pub connections_of_address: usize,
    /// How long a handshake may take, and then the first bytes.
    pub handshake: Duration,
    /// Calls at once on one connection that are no streams; more are refused.
    pub calls_per_connection: usize,
    /// HTTP/2 streams at once on one connection, subscriptions among them.
    pub streams_per_connection: u32,
    /// A call that is no stream is given up after so long.
    pub patience: Duration,
    /// A connection on which nothing was heard for so long is asked whether it lives.
    pub keepalive: Duration,
    /// How long open calls may take to end once the service stops.
    pub drain: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        ServerLimits {
            message_bytes: 4 << 20,
            connections: 25_000,
            connections_of_address: 1000,
            handshake: Duration::from_secs(10),
            calls_per_connection: 256,
            streams_per_connection: 4096,
            patience: Duration::from_secs(30),
            keepalive: Duration::from_secs(30),
            drain: Duration::from_secs(10),
        }
    }
}

/// Requests of services that take no records.
const SMALL_MESSAGE_BYTES: usize = 1 << 20;
/// What one stream, and one connection, may have sent and nobody has read yet.
const STREAM_WINDOW_BYTES: u32 = 1 << 20;
const CONNECTION_WINDOW_BYTES: u32 = 4 << 20;
/// Streams that were reset and wait to be forgotten: a limit against rapid resets.
const PENDING_RESETS: usize = 32;
/// The largest answer to another instance: a project's pages.
pub const PEER_BYTES: usize = 256 << 20;
const READY_POLL: Duration = Duration::from_millis(100);

/// Why the door could not be opened or kept open.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("gRPC: {0}")]
    Transport(#[from] tonic::transport::Error),
    #[error("the descriptors of the services cannot be read: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
}

/// The services with their limits. Whoever speaks another language calls the same ones, by a gate of the same guard.
pub fn services<I: IntakeService>(doors: Doors<I>, limits: &ServerLimits) -> Routes {
    let intake = IntakeServiceServer::new(doors.intake)
        .max_decoding_message_size(limits.message_bytes)
        .accept_compressed(CompressionEncoding::Gzip);
    let small = SMALL_MESSAGE_BYTES.min(limits.message_bytes);
    Routes::new(intake)
        .add_service(AlertServiceServer::new(doors.alerts).max_decoding_message_size(small))
        .add_service(LedgerServiceServer::new(doors.ledgers).max_decoding_message_size(small))
        .add_service(AdminServiceServer::new(doors.admin).max_decoding_message_size(small))
        .add_service(AuditServiceServer::new(doors.audits).max_decoding_message_size(small))
        .add_service(PeerServiceServer::new(doors.peers).max_encoding_message_size(PEER_BYTES))
}

/// Serves until `stop`, then lets open calls end for as long as `limits.drain`. The services are given
/// the same `stop`, so that streams end by themselves, with their cursors.
pub async fn serve(
    entrance: Entrance,
    services: Routes,
    engine: Engine,
    limits: ServerLimits,
    stop: CancellationToken,
) -> Result<(), ServeError> {
    let Entrance { listener, guard, tls, telemetry } = entrance;
    // Off, it is not even there.
    let traces = telemetry.is_on().then_some(TraceLayer(telemetry));
    let threshold = Threshold {
        tls,
        language: Language::Grpc,
        connections: limits.connections,
        of_address: limits.connections_of_address,
        patience: limits.handshake,
        // HTTP/2 asks by itself whether the other side lives.
        idle: None,
        guard: guard.clone(),
    };
    let (reporter, health) = tonic_health::server::health_reporter();
    let reporting = tokio::spawn(report(reporter, engine, stop.clone()));
    let descriptors = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let serving = Server::builder()
        .load_shed(true)
        .concurrency_limit_per_connection(limits.calls_per_connection)
        .max_concurrent_streams(limits.streams_per_connection)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .http2_keepalive_interval(Some(limits.keepalive))
        .http2_keepalive_timeout(Some(limits.keepalive))
        .http2_max_pending_accept_reset_streams(Some(PENDING_RESETS))
        // The services keep their own, shorter time, and say more; this is for what they forgot.
        .timeout(limits.patience + Duration::from_secs(5))
        .layer(tower::util::MapResponseLayer::new(plainly))
        .layer(tower::util::option_layer(traces))
        .layer(GateLayer(guard))
        .add_routes(services)
        .add_service(health)
        .add_service(descriptors().build_v1()?)
        .add_service(descriptors().build_v1alpha()?)
        .serve_with_incoming_shutdown(
            ReceiverStream::new(incoming(listener, threshold, stop.clone())),
            stop.clone().cancelled_owned(),
        );
    let too_long = async {
        stop.cancelled().await;
        tokio::time::sleep(limits.drain).await;
    };
    let served = tokio::select! {
        served = serving => served.map_err(ServeError::from),
        () = too_long => {
            tracing::warn!("some calls did not end in time; their connections are cut");
            Ok(())
        }
    };
    reporting.abort();
    served
}

/// Serving while the engine is level with its log; not any more once the service stops.
async fn report(reporter: HealthReporter, engine: Engine, stop: CancellationToken) {
    let mut shown = None;
    loop {
        let ready = engine.is_ready() && engine.failure().is_none() && !stop.is_cancelled();
        if shown != Some(ready) {
            let status = if ready { ServingStatus::Serving } else { ServingStatus::NotServing };
            for service in ["", INTAKE, ALERTS, LEDGERS, ADMIN, AUDITS] {
                reporter.set_service_status(service, status).await;
            }
            shown = Some(ready);
        }
        tokio::select! {
            () = tokio::time::sleep(READY_POLL) => {}
            () = stop.cancelled(), if shown == Some(true) => {}
        }
    }
}

/// The library's own refusals in the words that gRPC has for them elsewhere: a message that is too large
/// is RESOURCE_EXHAUSTED, and one that is no protobuf is the caller's fault.
fn plainly<B>(mut response: Response<B>) -> Response<B> {
    let headers = response.headers_mut();
    let status = headers.get("grpc-status").map(HeaderValue::as_bytes);
    let message = headers.get("grpc-message").map(HeaderValue::as_bytes).unwrap_or_default();
    let code = match status {
        Some(b"11") => Some("8"),
        Some(b"13") if message.starts_with(b"failed%20to%20decode") => Some("3"),
        _ => None,
    };
    if let Some(code) = code {
        headers.insert("grpc-status", HeaderValue::from_static(code));
    }
    response
}
