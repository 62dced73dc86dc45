//! Options that are numbers: ranges are checked here.

use std::ffi::c_long;
use std::time::Duration;

use tress_engine::options::{
    AltSvcCtrl, Auth, ConnectOnly, CreateMissingDirs, FollowLocation, FtpCcc, FtpFileMethod,
    FtpSslAuth, HstsCtrl, HttpSigAlgorithm, HttpVersion, IpResolve, NetrcMode, PostRedir,
    Protocols, ProxyType, RtspRequest, SslOptions, TimeCondition, TlsVersion, UploadFlags, UseSsl,
};
use tress_model::Code;

use super::{Easy, Outcome, option, set, sizes};
use crate::gss;

/// `CURL_MAX_READ_SIZE`.
const BUFFERSIZE_MAX: c_long = 10 * 1024 * 1024;

/// Sets a number; other options are unknown here.
pub(super) fn set(easy: &mut Easy, option: i32, value: c_long) -> Outcome {
    let groups =
        [limits, connection, http, proxy, tls, other_protocols, mail_and_ftp, times_and_sizes];
    for group in groups {
        match group(easy, option, value) {
            Err(Code::UnknownOption) => {}
            result => return result,
        }
    }
    Err(Code::UnknownOption)
}

fn limits(easy: &mut Easy, option: i32, value: c_long) -> Outcome {
    match option {
        option::TIMEOUT => set!(easy, timeout = seconds(value)?),
        option::TIMEOUT_MS => set!(easy, timeout = millis(value)?),
        option::CONNECTTIMEOUT => set!(easy, connecttimeout = seconds(value)?),
        option::CONNECTTIMEOUT_MS => set!(easy, connecttimeout = millis(value)?),
        option::SERVER_RESPONSE_TIMEOUT => {
            set!(easy, limits, limits_mut, server_response_timeout = seconds(value)?)
        }
        option::SERVER_RESPONSE_TIMEOUT_MS => {
            set!(easy, limits, limits_mut, server_response_timeout = millis(value)?)
        }
        option::ACCEPTTIMEOUT_MS => set!(easy, limits, limits_mut, accepttimeout = millis(value)?),
        option::LOW_SPEED_LIMIT => {
            set!(easy, limits, limits_mut, low_speed_limit = not_negative(value)?)
        }
        option::LOW_SPEED_TIME => {
            let time = seconds(clamp(value, 0, 0, 0xffff)?)?;
            set!(easy, limits, limits_mut, low_speed_time = time)
        }
        option::BUFFERSIZE => {
            set!(easy, buffersize = clamp(value, 0, 1024, BUFFERSIZE_MAX)? as u32)
        }
        option::UPLOAD_BUFFERSIZE => {
            set!(easy, upload_buffersize = clamp(value, 0, 16_384, 2 * 1024 * 1024)? as u32)
        }
        _ => Err(Code::UnknownOption),
    }
}

fn connection(easy: &mut Easy, option: i32, value: c_long) -> Outcome {
    match option {
        option::PORT => set!(easy, port = port(value)?),
        option::LOCALPORT => set!(easy, connect, connect_mut, localport = port(value)?),
        option::LOCALPORTRANGE => set!(easy, connect, connect_mut, localportrange = port(value)?),
        option::DNS_CACHE_TIMEOUT => {
            let timeout = if value == -1 { None } else { Some(seconds(value)?) };
            set!(easy, dns, dns_mut, dns_cache_timeout = timeout)
        }
        option::MAXCONNECTS => {
            let most = clamp(value, 0, 0, int_max())? as u32;
            set!(easy, connect, connect_mut, maxconnects = if most == 0 { 5 } else { most })
        }
        option::IPRESOLVE => {
            set!(easy, connect, connect_mut, ipresolve = known(IpResolve::from_long(value))?)
        }
        option::CONNECT_ONLY => {
            set!(easy, connect, connect_mut, connect_only = known(ConnectOnly::from_long(value))?)
        }
        option::ADDRESS_SCOPE => {
            let scope = u32::try_from(value).map_err(|_| Code::BadFunctionArgument)?;
            set!(easy, connect, connect_mut, address_scope = scope)
        }
        option::TCP_KEEPIDLE => set!(easy, connect, connect_mut, tcp_keepidle = count(value)?),
        option::TCP_KEEPINTVL => set!(easy, connect, connect_mut, tcp_keepintvl = count(value)?),
        option::TCP_KEEPCNT => set!(easy, connect, connect_mut, tcp_keepcnt = count(value)?),
        option::HAPPY_EYEBALLS_TIMEOUT_MS => {
            set!(easy, connect, connect_mut, happy_eyeballs_timeout = millis(value)?)
        }
        option::UPKEEP_INTERVAL_MS => {
            set!(easy, connect, connect_mut, upkeep_interval = millis(value)?)
        }
        option::MAXAGE_CONN => set!(easy, connect, connect_mut, maxage_conn = seconds(value)?),
        option::MAXLIFETIME_CONN => {
            set!(easy, connect, connect_mut, maxlifetime_conn = seconds(value)?)
        }
        option::DNS_USE_GLOBAL_CACHE => Ok(()),
        _ => Err(Code::UnknownOption),
    }
}

fn http(easy: &mut Easy, option: i32, value: c_long) -> Outcome {
    match option {
        option::FOLLOWLOCATION => {
            set!(easy, followlocation = known(FollowLocation::from_long(value))?)
        }
        option::MAXREDIRS => set!(easy, maxredirs = clamp(value, -1, -1, 0x7fff)? as i16),
        option::POSTREDIR => {
            let codes = PostRedir::from_bits_truncate(not_negative(value)? as u8);
            set!(easy, http, http_mut, postredir = codes)
        }
        option::HEADEROPT => set!(easy, proxy, proxy_mut, header_separate = value & 1 != 0),
        option::HTTPAUTH => set!(easy, auth, auth_mut, httpauth = schemes(value)?),
        option::GSSAPI_DELEGATION if gss::is_available() => {
            set!(easy, auth, auth_mut, gssapi_delegation = value as u8 & 3)
        }
        option::HTTP_VERSION => set!(easy, http_version = http_version(value)?),
        option::EXPECT_100_TIMEOUT_MS => {
            let timeout = millis(clamp(value, 0, 0, 0xffff)?)?;
            set!(easy, http, http_mut, expect_100_timeout = timeout)
        }
        option::STREAM_WEIGHT if (1..=256).contains(&value) => {
            set!(easy, http, http_mut, stream_weight = value as u16)
        }
        option::STREAM_WEIGHT => Ok(()),
        option::HTTPSIG_ALGORITHM => httpsig(easy, value),
        option::TIMECONDITION => {
            let condition = known(TimeCondition::from_long(value))?;
            set!(easy, http, http_mut, timecondition = condition)
        }
        option::HSTS_CTRL => {
            let ctrl = HstsCtrl::from_bits_truncate(value as u8);
            easy.set_hsts_ctrl(ctrl);
            Ok(())
        }
        option::ALTSVC_CTRL if value == 0 => Err(Code::BadFunctionArgument),
        option::ALTSVC_CTRL => {
            let ctrl = AltSvcCtrl::from_bits_truncate(value as u8);
            easy.set_altsvc_ctrl(ctrl);
            Ok(())
        }
        option::WS_OPTIONS => {
            set!(easy, http, http_mut, ws_raw_mode = value & 1 != 0)?;
            set!(easy, http, http_mut, ws_no_auto_pong = value & 2 != 0)
        }
        _ => Err(Code::UnknownOption),
    }
}

fn httpsig(easy: &mut Easy, value: c_long) -> Outcome {
    let algorithm = known(HttpSigAlgorithm::from_long(value))?;
    set!(easy, http, http_mut, httpsig_algorithm = algorithm)?;
    let auth = match algorithm {
        HttpSigAlgorithm::None => easy.options.auth().httpauth - Auth::HTTPSIG,
        _ => Auth::HTTPSIG,
    };
    set!(easy, auth, auth_mut, httpauth = auth)
}

fn http_version(value: c_long) -> Result<HttpVersion, Code> {
    match HttpVersion::from_long(value) {
        Some(version) => Ok(version),
        None if value < 0 => Err(Code::BadFunctionArgument),
        None => Err(Code::UnsupportedProtocol),
    }
}

/// A mask of authentication schemes, without those that are not built in.
fn schemes(value: c_long) -> Result<Auth, Code> {
    const DIGEST_IE: u32 = 1 << 4;
    if value == 0 {
        return Ok(Auth::empty());
    }
    let mut bits = value as u32;
    if bits & DIGEST_IE != 0 {
        bits = (bits | Auth::DIGEST.bits()) & !DIGEST_IE;
    }
    let mut auth = Auth::from_bits_retain(bits);
    if auth.contains(Auth::NEGOTIATE) && !gss::is_available() {
        auth -= Auth::NEGOTIATE;
    }
    if (auth - Auth::ONLY).is_empty() { Err(Code::NotBuiltIn) } else { Ok(auth) }
}

fn proxy(easy: &mut Easy, option: i32, value: c_long) -> Outcome {
    match option {
        option::PROXYPORT => set!(easy, proxy, proxy_mut, proxyport = port(value)?),
        option::PROXYAUTH => set!(easy, proxy, proxy_mut, proxyauth = schemes(value)?),
        option::PROXYTYPE => match known(ProxyType::from_long(value))? {
            ProxyType::Https3 => Err(Code::NotBuiltIn),
            kind => set!(easy, proxy, proxy_mut, proxytype = kind),
        },
        option::SOCKS5_AUTH => {
            let auth = Auth::from_bits_retain(value as u32);
            if value as u64 > u64::from(u32::MAX) || !(Auth::BASIC | Auth::NEGOTIATE).contains(auth)
            {
                return Err(Code::NotBuiltIn);
            }
            set!(easy, proxy, proxy_mut, socks5_auth = auth)
        }
        _ => Err(Code::UnknownOption),
    }
}

fn tls(easy: &mut Easy, option: i32, value: c_long) -> Outcome {
    match option {
        option::SSLVERSION => {
            let (lowest, highest) = tls_versions(value)?;
            set!(easy, tls, tls_mut, sslversion = lowest)?;
            set!(easy, tls, tls_mut, sslversion_max = highest)
        }
        option::PROXY_SSLVERSION => {
            let (lowest, highest) = tls_versions(value)?;
            set!(easy, proxy.tls, sslversion = lowest)?;
            set!(easy, proxy.tls, sslversion_max = highest)
        }
        option::USE_SSL => set!(easy, tls, tls_mut, use_ssl = known(UseSsl::from_long(value))?),
        option::SSL_OPTIONS => {
            set!(easy, tls, tls_mut, ssl_options = SslOptions::from_bits_retain(value as u8))
        }
        option::PROXY_SSL_OPTIONS => {
            set!(easy, proxy.tls, ssl_options = SslOptions::from_bits_retain(value as u8))
        }
        option::CA_CACHE_TIMEOUT => {
            let timeout = match clamp(value, -1, -1, int_max())? {
                -1 => None,
                value => Some(seconds(value)?),
            };
            set!(easy, proxy.tls, ca_cache_timeout = timeout)?;
            set!(easy, tls, tls_mut, ca_cache_timeout = timeout)
        }
        option::SSL_ENABLE_NPN => Ok(()),
        option::SSL_FALSESTART | option::SSLENGINE_DEFAULT => Err(Code::NotBuiltIn),
        _ => Err(Code::UnknownOption),
    }
}

/// The lowest and the highest version of `CURL_SSLVERSION_*`.
fn tls_versions(value: c_long) -> Result<(TlsVersion, Option<TlsVersion>), Code> {
    use TlsVersion::*;
    let lowest = match value & 0xffff {
        0 | 6 => V1_2,
        1 | 4 => V1_0,
        5 => V1_1,
        7 => V1_3,
        _ => return Err(Code::BadFunctionArgument),
    };
    let highest = match (value >> 16) & 0xffff {
        0 | 1 => None,
        4 => Some(V1_0),
        5 => Some(V1_1),
        6 => Some(V1_2),
        7 => Some(V1_3),
        _ => return Err(Code::BadFunctionArgument),
    };
    Ok((lowest, highest))
}

fn other_protocols(easy: &mut Easy, option: i32, value: c_long) -> Outcome {
    match option {
        option::NETRC => set!(easy, auth, auth_mut, netrc = known(NetrcMode::from_long(value))?),
        option::PROTOCOLS => {
            set!(easy, protocols = Protocols::from_bits_retain(value as u64))
        }
        option::REDIR_PROTOCOLS => {
            set!(easy, redir_protocols = Protocols::from_bits_retain(value as u64))
        }
        option::TFTP_BLKSIZE => {
            set!(easy, other, other_mut, tftp_blksize = clamp(value, 0, 8, 65_464)? as u16)
        }
        option::RTSP_REQUEST => {
            set!(easy, other, other_mut, rtsp_request = known(RtspRequest::from_long(value))?)
        }
        option::RTSP_CLIENT_CSEQ => {
            if let Some(transfer) = &mut easy.transfer {
                transfer.rtsp_settings_changed(Some(count(value)?), None);
            }
            set!(easy, other, other_mut, rtsp_client_cseq = count(value)?)
        }
        option::RTSP_SERVER_CSEQ => {
            if let Some(transfer) = &mut easy.transfer {
                transfer.rtsp_settings_changed(None, Some(count(value)?));
            }
            set!(easy, other, other_mut, rtsp_server_cseq = count(value)?)
        }
        _ => Err(Code::UnknownOption),
    }
}

fn mail_and_ftp(easy: &mut Easy, option: i32, value: c_long) -> Outcome {
    match option {
        option::FTP_FILEMETHOD => {
            set!(easy, ftp, ftp_mut, ftp_filemethod = known(FtpFileMethod::from_long(value))?)
        }
        option::FTP_SSL_CCC => {
            set!(easy, ftp, ftp_mut, ftp_ssl_ccc = known(FtpCcc::from_long(value))?)
        }
        option::FTPSSLAUTH => {
            set!(easy, ftp, ftp_mut, ftpsslauth = known(FtpSslAuth::from_long(value))?)
        }
        option::FTP_CREATE_MISSING_DIRS => {
            let mode = known(CreateMissingDirs::from_long(value))?;
            set!(easy, ftp, ftp_mut, ftp_create_missing_dirs = mode)
        }
        option::SSH_AUTH_TYPES => {
            set!(easy, ssh, ssh_mut, ssh_auth_types = value as u32)
        }
        option::NEW_FILE_PERMS => {
            set!(easy, ftp, ftp_mut, new_file_perms = permissions(value)?)
        }
        option::NEW_DIRECTORY_PERMS => {
            set!(easy, ftp, ftp_mut, new_directory_perms = permissions(value)?)
        }
        option::UPLOAD_FLAGS => {
            let flags = UploadFlags::from_bits_truncate(value as u8);
            set!(easy, mail, mail_mut, upload_flags = flags)
        }
        option::MIME_OPTIONS => {
            easy.lists_mut().mime_formescape = value & 1 != 0;
            Ok(())
        }
        _ => Err(Code::UnknownOption),
    }
}

/// Options with a `_LARGE` twin.
fn times_and_sizes(easy: &mut Easy, option: i32, value: c_long) -> Outcome {
    let large = match option {
        option::TIMEVALUE => option::TIMEVALUE_LARGE,
        option::POSTFIELDSIZE => option::POSTFIELDSIZE_LARGE,
        option::INFILESIZE => option::INFILESIZE_LARGE,
        option::RESUME_FROM => option::RESUME_FROM_LARGE,
        option::MAXFILESIZE => option::MAXFILESIZE_LARGE,
        _ => return Err(Code::UnknownOption),
    };
    sizes::set(easy, large, value)
}

fn seconds(value: c_long) -> Result<Duration, Code> {
    not_negative(value).map(|value| Duration::from_secs(value.min(i64::MAX as u64 / 1000)))
}

fn millis(value: c_long) -> Result<Duration, Code> {
    not_negative(value).map(Duration::from_millis)
}

fn not_negative(value: c_long) -> Result<u64, Code> {
    u64::try_from(value).map_err(|_| Code::BadFunctionArgument)
}

fn port(value: c_long) -> Result<u16, Code> {
    u16::try_from(value).map_err(|_| Code::BadFunctionArgument)
}

fn count(value: c_long) -> Result<u32, Code> {
    clamp(value, 0, 0, int_max()).map(|value| value as u32)
}

fn permissions(value: c_long) -> Result<u32, Code> {
    if (0..=0o777).contains(&value) { Ok(value as u32) } else { Err(Code::BadFunctionArgument) }
}

/// `value` brought into `min..=max`; below `refused` it is an error.
fn clamp(value: c_long, refused: c_long, min: c_long, max: c_long) -> Result<c_long, Code> {
    if value < refused { Err(Code::BadFunctionArgument) } else { Ok(value.clamp(min, max)) }
}

fn known<T>(value: Option<T>) -> Result<T, Code> {
    value.ok_or(Code::BadFunctionArgument)
}

fn int_max() -> c_long {
    c_long::from(i32::MAX)
}
