use super::FileMethod;

/// What to do on a connection that is ready.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The URL's path without its slash, decoded.
    pub path: Vec<u8>,
    /// `CURLOPT_FTP_FILEMETHOD`.
    pub method: FileMethod,
    /// `CURLOPT_UPLOAD`.
    pub upload: bool,
    /// `CURLOPT_APPEND`.
    pub append: bool,
    /// The upload's size, where it is known.
    pub upload_size: Option<u64>,
    /// The upload's line ends are converted: its size may grow.
    pub converts_lines: bool,
    /// `CURLOPT_DIRLISTONLY`: NLST rather than LIST.
    pub list_only: bool,
    /// `CURLOPT_CUSTOMREQUEST`: in place of LIST.
    pub custom: Option<Vec<u8>>,
    /// `CURLOPT_TRANSFERTEXT`, or `;type=a`.
    pub ascii: bool,
    /// `CURLOPT_NOBODY`: tell of the file, do not fetch it.
    pub no_body: bool,
    /// `CURLOPT_QUOTE`.
    pub quote: Vec<Vec<u8>>,
    /// `CURLOPT_PREQUOTE`.
    pub prequote: Vec<Vec<u8>>,
    /// `CURLOPT_POSTQUOTE`.
    pub postquote: Vec<Vec<u8>>,
    /// `CURLOPT_FTP_CREATE_MISSING_DIRS`.
    pub missing_dirs: MissingDirs,
    /// `CURLOPT_FILETIME`.
    pub file_time: bool,
    /// `CURLOPT_TIMECONDITION` and `CURLOPT_TIMEVALUE`.
    pub time_condition: Option<(TimeCondition, i64)>,
    /// `CURLOPT_RESUME_FROM_LARGE`; negative: from the end, or find out.
    pub resume_from: i64,
    /// `CURLOPT_RANGE` with an end: stop after so many bytes.
    pub max_download: Option<u64>,
    /// `CURLOPT_IGNORE_CONTENT_LENGTH`: do not ask for the size.
    pub ignore_size: bool,
    /// `CURLOPT_MAXFILESIZE_LARGE`.
    pub max_filesize: Option<u64>,
    /// The size is known from a listing.
    pub known_size: Option<u64>,
    /// `CURLOPT_FTPPORT` is set: the server connects to us.
    pub active: bool,
    /// `CURLOPT_FTP_USE_PRET`.
    pub pret: bool,
    /// `CURLOPT_FTP_SKIP_PASV_IP`.
    pub skip_pasv_ip: bool,
}

/// `CURLOPT_FTP_CREATE_MISSING_DIRS`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingDirs {
    /// They are an error.
    #[default]
    Fail,
    /// They are made.
    Create,
    /// They are made; when that fails, another may have made them.
    Retry,
}

/// `CURLOPT_TIMECONDITION`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeCondition {
    /// Only when newer.
    IfModifiedSince,
    /// Only when not newer.
    IfUnmodifiedSince,
}
