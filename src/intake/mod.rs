//! The doors by which records come in: every outside format becomes the same record, or a rejection that is kept.
pub mod write_json;
