//! Configuration, wiring and lifecycle: start, drain with a deadline, stop.

pub mod config;
