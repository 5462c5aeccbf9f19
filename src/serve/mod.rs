//! The doors by which alerts, the ledger, administration and metrics go out.

pub mod cursor;
pub mod facts;
pub mod filter;
pub mod follow;
pub mod hub;
pub mod present;
pub mod rows;
