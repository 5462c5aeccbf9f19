//! The doors by which alerts, the ledger, administration and metrics go out.

mod act;
pub mod admin;
pub mod alerts;
mod ask;
pub mod cursor;
mod dead_letters;
pub mod facts;
mod filter;
mod follow;
pub mod hub;
pub mod ledger;
mod page;
mod papers;
mod present;
pub mod rows;
mod standing;
mod stats;
