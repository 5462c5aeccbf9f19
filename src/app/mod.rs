//! Configuration, wiring and lifecycle: start, drain with a deadline, stop.

mod clock;
pub mod config;
mod data;

mod disk;
pub mod logging;
mod reload;
mod service;

pub use clock::business_date_now;
pub use data::Opened;
pub use service::{Listeners, Service};
