//! Configuration, wiring and lifecycle: start, drain with a deadline, stop.

pub mod backup;
mod clock;
pub mod cluster;
pub mod config;
mod data;
mod deliver;

mod disk;
pub mod logging;
mod reload;
pub mod restore;
mod service;

pub use clock::business_date_now;
pub use data::Opened;
pub use service::{Listeners, Service};
