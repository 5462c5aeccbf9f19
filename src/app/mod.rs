//! Configuration, wiring and lifecycle: start, drain with a deadline, stop.

pub mod backup;
mod clock;
pub mod cluster;
pub mod config;
mod data;
pub mod data_keys;
mod deliver;

mod disk;
pub mod logging;
mod reload;
pub mod restore;
pub mod retention;
pub mod rewrite;
mod service;
mod store;
mod telemetry;
mod trail_copy;

pub use clock::business_date_now;
pub use data::Opened;
use service::audit_folder;
pub use service::{Listeners, Service};
pub use trail_copy::TrailBack;
