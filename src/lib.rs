//! wagewatch: matches worked days against paid wages, per worker and project, and says who is owed.
//!
//! The floors, lowest first; a room imports from lower floors only (`tests/floors.rs`):
//! `domain`, `codec`, `access`, `cipher` | `ledger`, `rules`, `alerts`, `retention` | `log`, `kafka`, `store` | `engine` | `proto`, `audit` | `telemetry` | `guard` | `intake`, `fiction`, `serve`, `console` | `app` | `command`.

/// Here, and not in `main.rs`, so that tests and benchmarks run on what ships.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

pub mod domain;

pub mod access;

pub mod cipher;
pub mod codec;

pub mod alerts;
pub mod ledger;
pub mod retention;
pub mod rules;

pub mod kafka;
pub mod log;
pub mod store;

pub mod engine;

pub mod audit;
pub mod proto;

pub mod telemetry;

pub mod guard;

pub mod fiction;
pub mod intake;
pub mod serve;

pub mod console;

pub mod app;

pub mod command;
