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
pub mod http;
pub mod hub;
mod impersonal;
pub mod ledger;
mod life;
pub mod metrics;
mod page;
mod papers;
mod present;
pub mod rows;
mod seal;
pub mod server;
mod standing;
mod stats;
mod subject;
mod suspense;
mod what_if;
