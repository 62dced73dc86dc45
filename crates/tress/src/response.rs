//! What a transfer came to.

use tress_engine::{Infos, Transfer};
use tress_model::headers::Origin;

/// The end of a transfer that did not fail.
pub struct Response {
    transfer: Box<Transfer>,
    body: Vec<u8>,
}

impl Response {
    pub(crate) fn new(transfer: Box<Transfer>, body: Vec<u8>) -> Self {
        Self { transfer, body }
    }

    /// The response code; 0 where the protocol has none.
    pub fn status(&self) -> u32 {
        self.transfer.infos().response_code
    }

    /// The body, unless a closure got it.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body, without a copy.
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }

    /// The last header of this name in the final response.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        let headers = self.transfer.headers();
        let mut found = None;
        let mut index = 0;
        while let Ok(header) = headers.header(name.as_bytes(), index, Origin::HEADER, -1) {
            found = Some(header.value);
            index += 1;
        }
        found
    }

    /// Sizes, times, addresses (`CURLINFO_*`).
    pub fn infos(&self) -> &Infos {
        self.transfer.infos()
    }
}
