#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tress_fuzz::tftp_telnet::run(data));
