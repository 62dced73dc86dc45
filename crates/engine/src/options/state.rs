//! What is remembered from one transfer to the next: cookies, HSTS, Alt-Svc.

use bitflags::bitflags;

use super::{List, Text};

options! {
    /// Files and switches of the stores; the stores themselves belong to the handle or share.
    pub struct StateOptions {
        /// `CURLOPT_COOKIEFILE`: files still to be read, in order.
        cookiefile: Option<List> = None,
        /// `CURLOPT_COOKIEJAR`: where cookies are written on cleanup.
        cookiejar: Option<Text> = None,
        /// `CURLOPT_COOKIESESSION`: session cookies of files are skipped.
        cookiesession: bool = false,
        /// `CURLOPT_HSTS_CTRL`.
        hsts_ctrl: HstsCtrl = HstsCtrl::empty(),
        /// `CURLOPT_HSTS`: files to read; the last one is written.
        hsts: Option<List> = None,
        /// `CURLOPT_ALTSVC_CTRL`.
        altsvc_ctrl: AltSvcCtrl = AltSvcCtrl::empty(),
        /// `CURLOPT_ALTSVC`: the file to read and write.
        altsvc: Option<Text> = None,
    }
}

bitflags! {
    /// `CURLOPT_HSTS_CTRL`, `CURLHSTS_*`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct HstsCtrl: u8 {
        /// HSTS is on.
        const ENABLE = 1;
        /// The file is only read.
        const READONLYFILE = 2;
    }
}

bitflags! {
    /// `CURLOPT_ALTSVC_CTRL`, `CURLALTSVC_*`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct AltSvcCtrl: u8 {
        /// The file is only read.
        const READONLYFILE = 1 << 2;
        /// HTTP/1.1 alternatives are accepted.
        const H1 = 1 << 3;
        /// HTTP/2 alternatives are accepted.
        const H2 = 1 << 4;
        /// HTTP/3 alternatives are accepted.
        const H3 = 1 << 5;
    }
}
