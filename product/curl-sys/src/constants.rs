//! Values of options and answers, by the type they have here (`curl/curl.h`, `curl/multi.h`).

use std::ffi::{c_int, c_long, c_short, c_uint, c_ulong};

use libc::size_t;

use crate::types::*;

/// A list of constants of each type.
macro_rules! constants {
    ($($type:ty { $($name:ident = $value:expr,)* })*) => {
        $($(#[allow(missing_docs)] pub const $name: $type = $value;)*)*
    };
}

constants! {
    curl_socket_t {
        CURL_SOCKET_BAD = -1,
        CURL_SOCKET_TIMEOUT = -1,
    }
    size_t {
        CURL_WRITEFUNC_PAUSE = 0x10000001,
        CURL_READFUNC_ABORT = 0x10000000,
        CURL_READFUNC_PAUSE = 0x10000001,
    }
    curlfiletype {
        CURLFILETYPE_FILE = 0,
        CURLFILETYPE_DIRECTORY = 1,
        CURLFILETYPE_SYMLINK = 2,
        CURLFILETYPE_DEVICE_BLOCK = 3,
        CURLFILETYPE_DEVICE_CHAR = 4,
        CURLFILETYPE_NAMEDPIPE = 5,
        CURLFILETYPE_SOCKET = 6,
        CURLFILETYPE_DOOR = 7,
        CURLFILETYPE_UNKNOWN = 8,
    }
    c_uint {
        CURLFINFOFLAG_KNOWN_FILENAME = 1,
        CURLFINFOFLAG_KNOWN_FILETYPE = 2,
        CURLFINFOFLAG_KNOWN_TIME = 4,
        CURLFINFOFLAG_KNOWN_PERM = 8,
        CURLFINFOFLAG_KNOWN_UID = 0x10,
        CURLFINFOFLAG_KNOWN_GID = 0x20,
        CURLFINFOFLAG_KNOWN_SIZE = 0x40,
        CURLFINFOFLAG_KNOWN_HLINKCOUNT = 0x80,
        CURL_BLOB_NOCOPY = 0,
        CURL_BLOB_COPY = 1,
    }
    c_long {
        CURL_CHUNK_BGN_FUNC_OK = 0,
        CURL_CHUNK_BGN_FUNC_FAIL = 1,
        CURL_CHUNK_BGN_FUNC_SKIP = 2,
        CURL_CHUNK_END_FUNC_OK = 0,
        CURL_CHUNK_END_FUNC_FAIL = 1,
        CURLHTTPSIG_NONE = 0,
        CURLHTTPSIG_ED25519 = 1,
        CURLHTTPSIG_HMAC_SHA256 = 2,
        CURLSSLOPT_ALLOW_BEAST = 1,
        CURLSSLOPT_NO_REVOKE = 2,
        CURLSSLOPT_NO_PARTIALCHAIN = 4,
        CURLSSLOPT_REVOKE_BEST_EFFORT = 8,
        CURLSSLOPT_NATIVE_CA = 0x10,
        CURLSSLOPT_AUTO_CLIENT_CERT = 0x20,
        CURL_GLOBAL_SSL = 1,
        CURL_GLOBAL_WIN32 = 2,
        CURL_GLOBAL_ALL = 3,
        CURL_GLOBAL_NOTHING = 0,
        CURL_GLOBAL_DEFAULT = 3,
        CURLPIPE_NOTHING = 0,
        CURLPIPE_HTTP1 = 1,
        CURLPIPE_MULTIPLEX = 2,
    }
    c_int {
        CURL_FNMATCHFUNC_MATCH = 0,
        CURL_FNMATCHFUNC_NOMATCH = 1,
        CURL_FNMATCHFUNC_FAIL = 2,
        CURL_SEEKFUNC_OK = 0,
        CURL_SEEKFUNC_FAIL = 1,
        CURL_SEEKFUNC_CANTSEEK = 2,
        CURLPROTO_HTTP = 1,
        CURLPROTO_HTTPS = 2,
        CURLPROTO_FILE = 0x400,
        CURL_IPRESOLVE_WHATEVER = 0,
        CURL_IPRESOLVE_V4 = 1,
        CURL_IPRESOLVE_V6 = 2,
        CURL_HTTP_VERSION_NONE = 0,
        CURL_HTTP_VERSION_1_0 = 1,
        CURL_HTTP_VERSION_1_1 = 2,
        CURL_HTTP_VERSION_2_0 = 3,
        CURL_HTTP_VERSION_2TLS = 4,
        CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE = 5,
        CURL_HTTP_VERSION_3 = 30,
        CURL_VERSION_IPV6 = 1,
        CURL_VERSION_KERBEROS4 = 2,
        CURL_VERSION_SSL = 4,
        CURL_VERSION_LIBZ = 8,
        CURL_VERSION_NTLM = 0x10,
        CURL_VERSION_GSSNEGOTIATE = 0x20,
        CURL_VERSION_DEBUG = 0x40,
        CURL_VERSION_ASYNCHDNS = 0x80,
        CURL_VERSION_SPNEGO = 0x100,
        CURL_VERSION_LARGEFILE = 0x200,
        CURL_VERSION_IDN = 0x400,
        CURL_VERSION_SSPI = 0x800,
        CURL_VERSION_CONV = 0x1000,
        CURL_VERSION_CURLDEBUG = 0x2000,
        CURL_VERSION_TLSAUTH_SRP = 0x4000,
        CURL_VERSION_NTLM_WB = 0x8000,
        CURL_VERSION_HTTP2 = 0x10000,
        CURL_VERSION_UNIX_SOCKETS = 0x80000,
        CURL_VERSION_HTTPS_PROXY = 0x200000,
        CURL_VERSION_BROTLI = 0x800000,
        CURL_VERSION_ALTSVC = 0x1000000,
        CURL_VERSION_HTTP3 = 0x2000000,
        CURL_VERSION_ZSTD = 0x4000000,
        CURL_VERSION_UNICODE = 0x8000000,
        CURL_VERSION_HSTS = 0x10000000,
        CURL_VERSION_GSASL = 0x20000000,
        CURLPAUSE_RECV = 1,
        CURLPAUSE_RECV_CONT = 0,
        CURLPAUSE_SEND = 4,
        CURLPAUSE_SEND_CONT = 0,
        CURL_POLL_NONE = 0,
        CURL_POLL_IN = 1,
        CURL_POLL_OUT = 2,
        CURL_POLL_INOUT = 3,
        CURL_POLL_REMOVE = 4,
        CURL_CSELECT_IN = 1,
        CURL_CSELECT_OUT = 2,
        CURL_CSELECT_ERR = 4,
    }
    curlioerr {
        CURLIOE_OK = 0,
        CURLIOE_UNKNOWNCMD = 1,
        CURLIOE_FAILRESTART = 2,
    }
    curliocmd {
        CURLIOCMD_NOP = 0,
        CURLIOCMD_RESTARTREAD = 1,
    }
    curl_proxytype {
        CURLPROXY_HTTP = 0,
        CURLPROXY_HTTP_1_0 = 1,
        CURLPROXY_SOCKS4 = 4,
        CURLPROXY_SOCKS5 = 5,
        CURLPROXY_SOCKS4A = 6,
        CURLPROXY_SOCKS5_HOSTNAME = 7,
    }
    c_ulong {
        CURLAUTH_NONE = 0,
        CURLAUTH_BASIC = 1,
        CURLAUTH_DIGEST = 2,
        CURLAUTH_GSSNEGOTIATE = 4,
        CURLAUTH_NTLM = 8,
        CURLAUTH_DIGEST_IE = 0x10,
        CURLAUTH_NTLM_WB = 0x20,
        CURLAUTH_AWS_SIGV4 = 0x80,
        CURLAUTH_HTTPSIG = 0x100,
        CURLAUTH_ANY = 0xfffffeef,
        CURLAUTH_ANYSAFE = 0xfffffeee,
        CURLGSSAPI_DELEGATION_NONE = 0,
        CURLGSSAPI_DELEGATION_POLICY_FLAG = 1,
        CURLGSSAPI_DELEGATION_FLAG = 2,
        CURL_NETRC_IGNORED = 0,
        CURL_NETRC_OPTIONAL = 1,
        CURL_NETRC_REQUIRED = 2,
        CURL_REDIR_POST_301 = 1,
        CURL_REDIR_POST_302 = 2,
        CURL_REDIR_POST_303 = 4,
        CURL_REDIR_POST_ALL = 7,
    }
    curl_usessl {
        CURLUSESSL_NONE = 0,
        CURLUSESSL_TRY = 1,
        CURLUSESSL_CONTROL = 2,
        CURLUSESSL_ALL = 3,
    }
    CURLoption {
        CURLOPTTYPE_LONG = 0,
        CURLOPTTYPE_OBJECTPOINT = 10000,
        CURLOPTTYPE_FUNCTIONPOINT = 20000,
        CURLOPTTYPE_OFF_T = 30000,
        CURLOPTTYPE_BLOB = 40000,
    }
    __enum_ty {
        CURL_SSLVERSION_DEFAULT = 0,
        CURL_SSLVERSION_TLSv1 = 1,
        CURL_SSLVERSION_SSLv2 = 2,
        CURL_SSLVERSION_SSLv3 = 3,
        CURL_SSLVERSION_TLSv1_0 = 4,
        CURL_SSLVERSION_TLSv1_1 = 5,
        CURL_SSLVERSION_TLSv1_2 = 6,
        CURL_SSLVERSION_TLSv1_3 = 7,
    }
    curl_TimeCond {
        CURL_TIMECOND_NONE = 0,
        CURL_TIMECOND_IFMODSINCE = 1,
        CURL_TIMECOND_IFUNMODSINCE = 2,
        CURL_TIMECOND_LASTMOD = 3,
    }
    CURLformoption {
        CURLFORM_NOTHING = 0,
        CURLFORM_COPYNAME = 1,
        CURLFORM_PTRNAME = 2,
        CURLFORM_NAMELENGTH = 3,
        CURLFORM_COPYCONTENTS = 4,
        CURLFORM_PTRCONTENTS = 5,
        CURLFORM_CONTENTSLENGTH = 6,
        CURLFORM_FILECONTENT = 7,
        CURLFORM_ARRAY = 8,
        CURLFORM_OBSOLETE = 9,
        CURLFORM_FILE = 10,
        CURLFORM_BUFFER = 11,
        CURLFORM_BUFFERPTR = 12,
        CURLFORM_BUFFERLENGTH = 13,
        CURLFORM_CONTENTTYPE = 14,
        CURLFORM_CONTENTHEADER = 15,
        CURLFORM_FILENAME = 16,
        CURLFORM_END = 17,
        CURLFORM_STREAM = 19,
    }
    CURLFORMcode {
        CURL_FORMADD_OK = 0,
        CURL_FORMADD_MEMORY = 1,
        CURL_FORMADD_OPTION_TWICE = 2,
        CURL_FORMADD_NULL = 3,
        CURL_FORMADD_UNKNOWN_OPTION = 4,
        CURL_FORMADD_INCOMPLETE = 5,
        CURL_FORMADD_ILLEGAL_ARRAY = 6,
        CURL_FORMADD_DISABLED = 7,
    }
    curl_closepolicy {
        CURLCLOSEPOLICY_NONE = 0,
        CURLCLOSEPOLICY_OLDEST = 1,
        CURLCLOSEPOLICY_LEAST_RECENTLY_USED = 2,
        CURLCLOSEPOLICY_LEAST_TRAFFIC = 3,
        CURLCLOSEPOLICY_SLOWEST = 4,
        CURLCLOSEPOLICY_CALLBACK = 5,
    }
    curl_lock_data {
        CURL_LOCK_DATA_NONE = 0,
        CURL_LOCK_DATA_SHARE = 1,
        CURL_LOCK_DATA_COOKIE = 2,
        CURL_LOCK_DATA_DNS = 3,
        CURL_LOCK_DATA_SSL_SESSION = 4,
        CURL_LOCK_DATA_CONNECT = 5,
    }
    curl_lock_access {
        CURL_LOCK_ACCESS_NONE = 0,
        CURL_LOCK_ACCESS_SHARED = 1,
        CURL_LOCK_ACCESS_SINGLE = 2,
    }
    CURLversion {
        CURLVERSION_FIRST = 0,
        CURLVERSION_SECOND = 1,
        CURLVERSION_THIRD = 2,
        CURLVERSION_FOURTH = 3,
        CURLVERSION_FIFTH = 4,
        CURLVERSION_SIXTH = 5,
        CURLVERSION_SEVENTH = 6,
        CURLVERSION_EIGHTH = 7,
        CURLVERSION_NINTH = 8,
        CURLVERSION_TENTH = 9,
        CURLVERSION_ELEVENTH = 10,
        CURLVERSION_TWELFTH = 11,
        CURLVERSION_NOW = 11,
    }
    CURLMSG {
        CURLMSG_NONE = 0,
        CURLMSG_DONE = 1,
    }
    c_short {
        CURL_WAIT_POLLIN = 1,
        CURL_WAIT_POLLPRI = 2,
        CURL_WAIT_POLLOUT = 4,
    }
    usize {
        CURL_ERROR_SIZE = 256,
    }
    curlsocktype {
        CURLSOCKTYPE_IPCXN = 0,
        CURLSOCKTYPE_ACCEPT = 1,
        CURLSOCKTYPE_LAST = 2,
    }
    curl_infotype {
        CURLINFO_TEXT = 0,
        CURLINFO_HEADER_IN = 1,
        CURLINFO_HEADER_OUT = 2,
        CURLINFO_DATA_IN = 3,
        CURLINFO_DATA_OUT = 4,
        CURLINFO_SSL_DATA_IN = 5,
        CURLINFO_SSL_DATA_OUT = 6,
    }
    // Names that libcurl has given up.
    CURLcode {
        CURLE_FTP_WEIRD_SERVER_REPLY = 8,
        CURLE_HTTP_POST_ERROR = 34,
        CURLE_FUNCTION_NOT_FOUND = 41,
        CURLE_TELNET_OPTION_SYNTAX = 49,
        CURLE_SSL_CACERT = 60,
        CURLE_LDAP_INVALID_URL = 62,
        CURLE_CONV_FAILED = 75,
        CURLE_CONV_REQD = 76,
    }
    CURLoption {
        CURLOPT_WRITEINFO = 9999,
        CURLOPT_CLOSEPOLICY = 9999,
    }
    CURLSHoption {
        CURLSHOPT_NONE = 0,
    }
    CURLINFO {
        CURLINFO_STRING = 0x10_0000,
        CURLINFO_LONG = 0x20_0000,
        CURLINFO_DOUBLE = 0x30_0000,
        CURLINFO_SLIST = 0x40_0000,
        CURLINFO_MASK = 0x0f_ffff,
        CURLINFO_TYPEMASK = 0xf0_0000,
    }
}
