//! `protobuf` of `wagewatch_fuzz::TARGETS`, for libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wagewatch_fuzz::run("protobuf", bytes));
