//! The doors from outside: a gRPC client against a service on a port of its own.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends by panicking")]

mod access;
mod alerts;
mod console;
mod doubt;
mod gated;
mod hostile;
mod house;
mod intake;
mod ledger;
mod pace;
mod quarantine;
mod revoked;
mod server;
mod subscribe;
mod tls;
mod two_projects;
mod what_if;
