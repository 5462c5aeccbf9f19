//! The wire messages of `proto/`, as Rust types. Knows nothing of the domain: the doors translate.

mod deadline;
mod status;
mod subscribe;

pub use deadline::deadline;
pub use status::{CROWDED, REASONS, Refusal, reason};
pub use subscribe::{SubscribeEvent, SubscribeResponse};

/// Everything that `proto/wagewatch/v1` declares.
#[allow(
    clippy::all,
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "generated code"
)]
pub mod v1 {
    tonic::include_proto!("wagewatch.v1");
}

/// The descriptors of all files, for server reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/wagewatch_descriptors.bin"));
