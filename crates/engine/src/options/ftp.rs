//! FTP, and what SFTP shares with it.

use super::{List, Text};

options! {
    /// Settings of FTP and SFTP transfers.
    pub struct FtpOptions {
        /// `CURLOPT_FTPPORT`: active mode, and the address to announce.
        ftpport: Option<Text> = None,
        /// `CURLOPT_FTP_USE_EPSV`.
        ftp_use_epsv: bool = true,
        /// `CURLOPT_FTP_USE_EPRT`.
        ftp_use_eprt: bool = true,
        /// `CURLOPT_FTP_USE_PRET`.
        ftp_use_pret: bool = false,
        /// `CURLOPT_FTP_SKIP_PASV_IP`.
        ftp_skip_pasv_ip: bool = true,
        /// `CURLOPT_FTP_FILEMETHOD`.
        ftp_filemethod: FtpFileMethod = FtpFileMethod::MultiCwd,
        /// `CURLOPT_FTP_CREATE_MISSING_DIRS` (SFTP too).
        ftp_create_missing_dirs: CreateMissingDirs = CreateMissingDirs::No,
        /// `CURLOPT_FTPSSLAUTH`.
        ftpsslauth: FtpSslAuth = FtpSslAuth::Default,
        /// `CURLOPT_FTP_SSL_CCC`.
        ftp_ssl_ccc: FtpCcc = FtpCcc::None,
        /// `CURLOPT_FTP_ACCOUNT`.
        ftp_account: Option<Text> = None,
        /// `CURLOPT_FTP_ALTERNATIVE_TO_USER`.
        ftp_alternative_to_user: Option<Text> = None,
        /// `CURLOPT_QUOTE` (SFTP too).
        quote: Option<List> = None,
        /// `CURLOPT_PREQUOTE`.
        prequote: Option<List> = None,
        /// `CURLOPT_POSTQUOTE` (SFTP too).
        postquote: Option<List> = None,
        /// `CURLOPT_NEW_FILE_PERMS` (SFTP, SCP, FILE).
        new_file_perms: u32 = 0o644,
        /// `CURLOPT_NEW_DIRECTORY_PERMS` (SFTP).
        new_directory_perms: u32 = 0o755,
    }
}

values! {
    /// `CURLOPT_FTP_FILEMETHOD`, `CURLFTPMETHOD_*`.
    pub enum FtpFileMethod {
        Default = 0,
        MultiCwd = 1,
        NoCwd = 2,
        SingleCwd = 3,
    }
}

values! {
    /// `CURLOPT_FTP_CREATE_MISSING_DIRS`, `CURLFTP_CREATE_DIR*`.
    pub enum CreateMissingDirs {
        No = 0,
        Yes = 1,
        /// And try CWD again when MKD fails.
        Retry = 2,
    }
}

values! {
    /// `CURLOPT_FTPSSLAUTH`, `CURLFTPAUTH_*`.
    pub enum FtpSslAuth {
        Default = 0,
        Ssl = 1,
        Tls = 2,
    }
}

values! {
    /// `CURLOPT_FTP_SSL_CCC`, `CURLFTPSSL_CCC_*`.
    pub enum FtpCcc {
        None = 0,
        Passive = 1,
        Active = 2,
    }
}
