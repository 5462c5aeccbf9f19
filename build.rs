//! Compiles `proto/` into Rust, with no `protoc`: clients, servers, and the descriptors that
//! server reflection shows.

use prost::Message;
use std::error::Error;
use std::path::PathBuf;

const SERVICES: [&str; 6] = [
    "proto/wagewatch/v1/intake_service.proto",
    "proto/wagewatch/v1/alert_service.proto",
    "proto/wagewatch/v1/ledger_service.proto",
    "proto/wagewatch/v1/admin_service.proto",
    "proto/wagewatch/v1/audit_service.proto",
    "proto/wagewatch/v1/peer_service.proto",
];

/// Bodies of records that are seldom or large: boxed, so that a batch of attendance stays small in memory.
const BOXED: [&str; 13] = [
    "project",
    "enrolment",
    "piecework",
    "payroll",
    "payment",
    "account",
    "account_entry",
    "account_restraint",
    "deposit",
    "payment_guarantee",
    "inspection",
    "complaint",
    "business_signal",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    println!("cargo:rerun-if-changed=build.rs");
    let descriptors = protox::compile(SERVICES, ["proto"])?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("wagewatch_descriptors.bin"), descriptors.encode_to_vec())?;
    let mut config = tonic_prost_build::configure()
        .build_client(true)
        .build_server(true)
        .bytes(".wagewatch.v1")
        // Written by hand, so that a row is encoded once for all subscribers.
        .extern_path(".wagewatch.v1.SubscribeResponse", "crate::proto::SubscribeResponse");
    for body in BOXED {
        config = config.boxed(format!(".wagewatch.v1.Record.body.{body}"));
    }
    config.compile_fds(descriptors)?;
    Ok(())
}
