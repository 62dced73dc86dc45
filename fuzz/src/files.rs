//! Files that users bring: HSTS, alternative services, netrc; and headers and dates like them.

use tress_model::altsvc::{Alpn, AltSvcCache, Service};
use tress_model::date::parse_date;
use tress_model::hsts::HstsCache;
use tress_model::range::ByteRange;
use tress_model::{netrc, noproxy};

const NOW: i64 = 1_700_000_000;

pub fn run(data: &[u8]) {
    let mut hsts = HstsCache::new();
    hsts.load(data, NOW);
    let _ = hsts.heed_header(b"example.com", data, NOW);
    let mut again = HstsCache::new();
    again.load(&hsts.file_text(), NOW);
    // An entry may be left out that one above it makes needless; none stops to count.
    for entry in hsts.entries() {
        assert!(again.applies(&entry.host, NOW));
    }

    let mut services = AltSvcCache::new();
    services.load(data, NOW);
    let origin = Service { alpn: Alpn::H1, host: b"example.com".to_vec().into(), port: 443 };
    services.heed_header(&origin, data, NOW);
    let _ = services.lookup(&origin, Alpn::all(), NOW);

    let _ = netrc::find_login(data, b"example.com", None);
    let _ = netrc::find_login(data, b"example.com", Some(b"me"));
    let _ = noproxy::is_listed(b"10.0.0.1", data);
    let _ = noproxy::is_listed(b"www.example.com", data);
    let _ = ByteRange::parse(data);
    let _ = parse_date(data);
}
