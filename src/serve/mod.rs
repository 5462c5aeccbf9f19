//! The doors by which alerts, the ledger, administration and metrics go out.

mod act;
pub mod admin;
pub mod alerts;
mod ask;
pub mod cursor;
mod dead_letters;
pub mod facts;
mod figures;
mod filter;
mod follow;
mod handling;
pub mod http;
pub mod hub;
pub mod ledger;
mod life;
pub mod metrics;
mod page;
mod papers;
mod present;
pub mod registrar;
pub mod rows;
mod senders;
pub mod server;
mod standing;
mod stats;
mod subject;
mod what_if;
