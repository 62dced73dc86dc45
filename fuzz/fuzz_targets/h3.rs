#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tress_fuzz::h3::run(data));
