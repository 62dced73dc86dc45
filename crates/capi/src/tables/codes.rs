//! Result codes of every kind with the texts of the `*_strerror` functions.
//!
//! A code without a text of its own is an old number that nothing returns.

use super::row::codes;

codes! {
    /// Codes of easy handles (`CURLcode`).
    "CURLE_" EASY_CODES curle;
    OK 0 "No error";
    UNSUPPORTED_PROTOCOL 1 "Unsupported protocol";
    FAILED_INIT 2 "Failed initialization";
    URL_MALFORMAT 3 "URL using bad/illegal format or missing URL";
    NOT_BUILT_IN 4 "A requested feature, protocol or option was not found built-in in this libcurl due to a build-time decision.";
    COULDNT_RESOLVE_PROXY 5 "Could not resolve proxy name";
    COULDNT_RESOLVE_HOST 6 "Could not resolve hostname";
    COULDNT_CONNECT 7 "Could not connect to server";
    WEIRD_SERVER_REPLY 8 "Weird server reply";
    REMOTE_ACCESS_DENIED 9 "Access denied to remote resource";
    FTP_ACCEPT_FAILED 10 "FTP: The server failed to connect to data port";
    FTP_WEIRD_PASS_REPLY 11 "FTP: unknown PASS reply";
    FTP_ACCEPT_TIMEOUT 12 "FTP: Accepting server connect has timed out";
    FTP_WEIRD_PASV_REPLY 13 "FTP: unknown PASV reply";
    FTP_WEIRD_227_FORMAT 14 "FTP: unknown 227 response format";
    FTP_CANT_GET_HOST 15 "FTP: cannot figure out the host in the PASV response";
    HTTP2 16 "Error in the HTTP2 framing layer";
    FTP_COULDNT_SET_TYPE 17 "FTP: could not set file type";
    PARTIAL_FILE 18 "Transferred a partial file";
    FTP_COULDNT_RETR_FILE 19 "FTP: could not retrieve (RETR failed) the specified file";
    OBSOLETE20 20;
    QUOTE_ERROR 21 "Quote command returned error";
    HTTP_RETURNED_ERROR 22 "HTTP response code said error";
    WRITE_ERROR 23 "Failed writing received data to disk/application";
    OBSOLETE24 24;
    UPLOAD_FAILED 25 "Upload failed (at start/before it took off)";
    READ_ERROR 26 "Failed to open/read local data from file/application";
    OUT_OF_MEMORY 27 "Out of memory";
    OPERATION_TIMEDOUT 28 "Timeout was reached";
    OBSOLETE29 29;
    FTP_PORT_FAILED 30 "FTP: command PORT failed";
    FTP_COULDNT_USE_REST 31 "FTP: command REST failed";
    OBSOLETE32 32;
    RANGE_ERROR 33 "Requested range was not delivered by the server";
    OBSOLETE34 34;
    SSL_CONNECT_ERROR 35 "SSL connect error";
    BAD_DOWNLOAD_RESUME 36 "Could not resume download";
    FILE_COULDNT_READ_FILE 37 "Could not read a file:// file";
    LDAP_CANNOT_BIND 38 "LDAP: cannot bind";
    LDAP_SEARCH_FAILED 39 "LDAP: search failed";
    OBSOLETE40 40;
    OBSOLETE41 41;
    ABORTED_BY_CALLBACK 42 "Operation was aborted by an application callback";
    BAD_FUNCTION_ARGUMENT 43 "A libcurl function was given a bad argument";
    OBSOLETE44 44;
    INTERFACE_FAILED 45 "Failed binding local connection end";
    OBSOLETE46 46;
    TOO_MANY_REDIRECTS 47 "Number of redirects hit maximum amount";
    UNKNOWN_OPTION 48 "An unknown option was passed in to libcurl";
    SETOPT_OPTION_SYNTAX 49 "Malformed option provided in a setopt";
    OBSOLETE50 50;
    OBSOLETE51 51;
    GOT_NOTHING 52 "Server returned nothing (no headers, no data)";
    SSL_ENGINE_NOTFOUND 53 "SSL crypto engine not found";
    SSL_ENGINE_SETFAILED 54 "Can not set SSL crypto engine as default";
    SEND_ERROR 55 "Failed sending data to the peer";
    RECV_ERROR 56 "Failure when receiving data from the peer";
    OBSOLETE57 57;
    SSL_CERTPROBLEM 58 "Problem with the local SSL certificate";
    SSL_CIPHER 59 "Could not use specified SSL cipher";
    PEER_FAILED_VERIFICATION 60 "SSL peer certificate or SSH remote key was not OK";
    BAD_CONTENT_ENCODING 61 "Unrecognized or bad HTTP Content or Transfer-Encoding";
    OBSOLETE62 62;
    FILESIZE_EXCEEDED 63 "Maximum file size exceeded";
    USE_SSL_FAILED 64 "Requested SSL level failed";
    SEND_FAIL_REWIND 65 "Send failed since rewinding of the data stream failed";
    SSL_ENGINE_INITFAILED 66 "Failed to initialize SSL crypto engine";
    LOGIN_DENIED 67 "Login denied";
    TFTP_NOTFOUND 68 "TFTP: File Not Found";
    TFTP_PERM 69 "TFTP: Access Violation";
    REMOTE_DISK_FULL 70 "Disk full or allocation exceeded";
    TFTP_ILLEGAL 71 "TFTP: Illegal operation";
    TFTP_UNKNOWNID 72 "TFTP: Unknown transfer ID";
    REMOTE_FILE_EXISTS 73 "Remote file already exists";
    TFTP_NOSUCHUSER 74 "TFTP: No such user";
    OBSOLETE75 75;
    OBSOLETE76 76;
    SSL_CACERT_BADFILE 77 "Problem with the SSL CA cert (path? access rights?)";
    REMOTE_FILE_NOT_FOUND 78 "Remote file not found";
    SSH 79 "Error in the SSH layer";
    SSL_SHUTDOWN_FAILED 80 "Failed to shut down the SSL connection";
    AGAIN 81 "Socket not ready for send/recv";
    SSL_CRL_BADFILE 82 "Failed to load CRL file (path? access rights?, format?)";
    SSL_ISSUER_ERROR 83 "Issuer check against peer certificate failed";
    FTP_PRET_FAILED 84 "FTP: The server did not accept the PRET command.";
    RTSP_CSEQ_ERROR 85 "RTSP CSeq mismatch or invalid CSeq";
    RTSP_SESSION_ERROR 86 "RTSP session error";
    FTP_BAD_FILE_LIST 87 "Unable to parse FTP file list";
    CHUNK_FAILED 88 "Chunk callback failed";
    NO_CONNECTION_AVAILABLE 89 "The max connection limit is reached";
    SSL_PINNEDPUBKEYNOTMATCH 90 "SSL public key does not match pinned public key";
    SSL_INVALIDCERTSTATUS 91 "SSL server certificate status verification FAILED";
    HTTP2_STREAM 92 "Stream error in the HTTP/2 framing layer";
    RECURSIVE_API_CALL 93 "API function called from within callback";
    AUTH_ERROR 94 "An authentication function returned an error";
    HTTP3 95 "HTTP/3 error";
    QUIC_CONNECT_ERROR 96 "QUIC connection error";
    PROXY 97 "proxy handshake error";
    SSL_CLIENTCERT 98 "SSL Client Certificate required";
    UNRECOVERABLE_POLL 99 "Unrecoverable error in select/poll";
    TOO_LARGE 100 "A value or data field grew larger than allowed";
    ECH_REQUIRED 101 "ECH attempted but failed";
}

codes! {
    /// Codes of multi handles (`CURLMcode`).
    "CURLM_" MULTI_CODES curlm;
    CALL_MULTI_PERFORM -1 "Please call curl_multi_perform() soon";
    OK 0 "No error";
    BAD_HANDLE 1 "Invalid multi handle";
    BAD_EASY_HANDLE 2 "Invalid easy handle";
    OUT_OF_MEMORY 3 "Out of memory";
    INTERNAL_ERROR 4 "Internal error";
    BAD_SOCKET 5 "Invalid socket argument";
    UNKNOWN_OPTION 6 "Unknown option";
    ADDED_ALREADY 7 "The easy handle is already added to a multi handle";
    RECURSIVE_API_CALL 8 "API function called from within callback";
    WAKEUP_FAILURE 9 "Wakeup is unavailable or failed";
    BAD_FUNCTION_ARGUMENT 10 "A libcurl function was given a bad argument";
    ABORTED_BY_CALLBACK 11 "Operation was aborted by an application callback";
    UNRECOVERABLE_POLL 12 "Unrecoverable error in select/poll";
}

codes! {
    /// Codes of share handles (`CURLSHcode`).
    "CURLSHE_" SHARE_CODES curlshe;
    OK 0 "No error";
    BAD_OPTION 1 "Unknown share option";
    IN_USE 2 "Share currently in use";
    INVALID 3 "Invalid share handle";
    NOMEM 4 "Out of memory";
    NOT_BUILT_IN 5 "Feature not enabled in this library";
}

codes! {
    /// Codes of the URL functions (`CURLUcode`).
    "CURLUE_" URL_CODES curlue;
    OK 0 "No error";
    BAD_HANDLE 1 "An invalid CURLU pointer was passed as argument";
    BAD_PARTPOINTER 2 "An invalid 'part' argument was passed as argument";
    MALFORMED_INPUT 3 "Malformed input to a URL function";
    BAD_PORT_NUMBER 4 "Port number was not a decimal number between 0 and 65535";
    UNSUPPORTED_SCHEME 5 "Unsupported URL scheme";
    URLDECODE 6 "URL decode error, most likely because of rubbish in the input";
    OUT_OF_MEMORY 7 "A memory function failed";
    USER_NOT_ALLOWED 8 "Credentials was passed in the URL when prohibited";
    UNKNOWN_PART 9 "An unknown part ID was passed to a URL API function";
    NO_SCHEME 10 "No scheme present";
    NO_USER 11 "No user present";
    NO_PASSWORD 12 "No password present";
    NO_OPTIONS 13 "No options present";
    NO_HOST 14 "No host present";
    NO_PORT 15 "No port number present";
    NO_QUERY 16 "No query present";
    NO_FRAGMENT 17 "No fragment present";
    NO_ZONEID 18 "No zoneid present";
    BAD_FILE_URL 19 "Bad file:// URL";
    BAD_FRAGMENT 20 "Bad fragment";
    BAD_HOSTNAME 21 "Bad hostname";
    BAD_IPV6 22 "Bad IPv6 address";
    BAD_LOGIN 23 "Bad login";
    BAD_PASSWORD 24 "Bad password";
    BAD_PATH 25 "Bad path";
    BAD_QUERY 26 "Bad query";
    BAD_SCHEME 27 "Bad scheme";
    BAD_SLASHES 28 "Unsupported number of slashes following scheme";
    BAD_USER 29 "Bad user";
    LACKS_IDN 30 "libcurl lacks IDN support";
    TOO_LARGE 31 "A value or data field is larger than allowed";
    BACKSLASH 32 "Found a backslash where a forward slash was expected";
}

codes! {
    /// Codes of the header functions (`CURLHcode`).
    "CURLHE_" HEADER_CODES curlhe;
    OK 0;
    BADINDEX 1;
    MISSING 2;
    NOHEADERS 3;
    NOREQUEST 4;
    OUT_OF_MEMORY 5;
    BAD_ARGUMENT 6;
    NOT_BUILT_IN 7;
}
