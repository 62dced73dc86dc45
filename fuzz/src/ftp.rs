//! FTP: directory listings and wildcards.

use tress_proto::ftp::fnmatch;
use tress_proto::ftp::listing::Listing;

pub fn run(data: &[u8]) {
    let Some((&[size, cut], bytes)) = data.split_first_chunk::<2>() else { return };
    let mut listing = Listing::default();
    let mut files = Vec::new();
    for piece in bytes.chunks(usize::from(size).max(1)) {
        if listing.parse(piece, &mut files).is_err() {
            break;
        }
    }
    let (pattern, name) = bytes.split_at(usize::from(cut).min(bytes.len()));
    let _ = fnmatch::matches(pattern, name);
}
