//! The doors by which records come in: every outside format becomes the same record, or a rejection that is kept.

pub mod batch;
pub mod csv;
pub mod field;
pub mod files;
pub mod grpc;
pub mod json;
mod json_line;
pub mod kafka;
pub mod mend;
pub mod own;
pub mod proto;
mod read;
pub mod rejection;
mod scan;
pub mod source;
pub mod wire;
pub mod write_json;
