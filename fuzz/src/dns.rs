//! Answers of DNS over HTTPS.

use tress_proto::doh::{RecordType, decode};

pub fn run(data: &[u8]) {
    for record in [RecordType::A, RecordType::Aaaa, RecordType::Https] {
        let _ = decode(data, record);
    }
}
