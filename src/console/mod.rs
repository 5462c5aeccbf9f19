//! The console: a page for case handlers at `/`, and its data as JSON under `/api/`. The page's files are
//! part of the binary. Calls the services that gRPC calls, as they were put together, by a gate of the same guard; knows
//! none of them.

mod call;
mod caller;
mod files;
mod gateway;
mod words;

use crate::guard::Guard;
use crate::telemetry::Telemetry;
use axum::Router;
use axum::routing::{get, post};
use gateway::Gateway;
pub use gateway::Requests;
use prost_reflect::DescriptorError;
use std::sync::Arc;
use tonic::service::Routes;

/// What is served beside `/metrics`. `services`: those of the gRPC door, and its guard; `hosts`: names by which the page
/// may be called; `most_bytes`: of one request.
pub fn pages(
    services: Routes,
    guard: Arc<Guard>,
    telemetry: Telemetry,
    hosts: Vec<String>,
    most_bytes: usize,
) -> Result<Router, DescriptorError> {
    let gateway = Arc::new(Gateway::new(services, guard, telemetry, hosts, most_bytes)?);
    Ok(Router::new()
        .route("/", get(files::index))
        .route("/console/{*file}", get(files::file))
        .route("/api/words", get(words::words))
        .route("/api/{service}/{method}", post(call::call))
        .with_state(gateway))
}
