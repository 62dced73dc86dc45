//! Answers of DNS over HTTPS.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tress_proto::doh::{RecordType, decode};

fuzz_target!(|data: &[u8]| {
    for record in [RecordType::A, RecordType::Aaaa, RecordType::Https] {
        let _ = decode(data, record);
    }
});
