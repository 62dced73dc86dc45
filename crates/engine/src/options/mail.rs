//! SMTP and IMAP.

use bitflags::bitflags;

use super::{List, Text};

options! {
    /// Settings of mail transfers.
    pub struct MailOptions {
        /// `CURLOPT_MAIL_FROM`.
        mail_from: Option<Text> = None,
        /// `CURLOPT_MAIL_AUTH`.
        mail_auth: Option<Text> = None,
        /// `CURLOPT_MAIL_RCPT`.
        mail_rcpt: Option<List> = None,
        /// `CURLOPT_MAIL_RCPT_ALLOWFAILS`.
        mail_rcpt_allowfails: bool = false,
        /// `CURLOPT_UPLOAD_FLAGS` (IMAP APPEND).
        upload_flags: UploadFlags = UploadFlags::SEEN,
    }
}

bitflags! {
    /// `CURLOPT_UPLOAD_FLAGS`, `CURLULFLAG_*`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct UploadFlags: u8 {
        #[allow(missing_docs)]
        const ANSWERED = 1;
        #[allow(missing_docs)]
        const DELETED = 1 << 1;
        #[allow(missing_docs)]
        const DRAFT = 1 << 2;
        #[allow(missing_docs)]
        const FLAGGED = 1 << 3;
        #[allow(missing_docs)]
        const SEEN = 1 << 4;
    }
}
