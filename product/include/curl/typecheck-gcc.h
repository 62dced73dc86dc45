/* libcurl's API 8.22.0, as Tress implements it. Rendered by `cargo xtask headers` from the tables of
   crates/capi/src/tables and xtask/headers: change those. What each thing does is told by libcurl's
   man pages. */
#ifndef CURLINC_TYPECHECK_GCC_H
#define CURLINC_TYPECHECK_GCC_H

#define tress_is(value, type) __builtin_types_compatible_p(__typeof__(value), type)
#define tress_is_null(value) tress_is(value, __typeof__(NULL))
#define tress_is_pointer(value, type) \
  (tress_is_null(value) || tress_is(value, type *) || tress_is(value, const type *))
#define tress_is_array(value, type) (tress_is_pointer(value, type) || tress_is(value, type[]))
#define tress_is_string(value) \
  (tress_is_array(value, char) || tress_is_array(value, signed char) || \
   tress_is_array(value, unsigned char))
#define tress_is_bytes(value) (tress_is_pointer(value, void) || tress_is_string(value))
#define tress_is_names(value) \
  (tress_is_null(value) || tress_is(value, char **) || tress_is(value, char *[]) || \
   tress_is(value, const char **) || tress_is(value, const char *[]))
#define tress_is_any_pointer(value) (sizeof(value) == sizeof(void *) || tress_is(value, char[]))
#define tress_is_off(value) tress_is(value, curl_off_t)
#define tress_is_long(value) \
  (tress_is(value, long) || tress_is(value, unsigned long) || \
   (sizeof(long) == sizeof(int) && \
    (tress_is(value, int) || tress_is(value, unsigned int) || tress_is(value, short) || \
     tress_is(value, unsigned short) || tress_is(value, char) || tress_is(value, signed char) || \
     tress_is(value, unsigned char))))
/* A function, or a pointer to one. */
#define tress_is_function(value, type) \
  (tress_is(value, type) || __builtin_types_compatible_p(__typeof__(value) *, type))

/* A call of such a function is a warning, and nothing else. */
#define TRESS_WARNING(name, message) \
  static void __attribute__((__warning__(message))) __attribute__((__unused__)) \
  __attribute__((__noinline__)) name(void) { __asm__(""); }

TRESS_WARNING(curl_easy_setopt_wants_long,
              "curl_easy_setopt expects a long argument")
#define curl_easy_setopt_takes_long(option) \
  (0 < (option) && (option) < CURLOPTTYPE_OBJECTPOINT)
#define curl_easy_setopt_has_long(value) \
  (tress_is_long(value))
TRESS_WARNING(curl_easy_setopt_wants_off_t,
              "curl_easy_setopt expects a curl_off_t argument")
#define curl_easy_setopt_takes_off_t(option) \
  (CURLOPTTYPE_OFF_T < (option) && (option) < CURLOPTTYPE_BLOB)
#define curl_easy_setopt_has_off_t(value) \
  (tress_is_off(value))
TRESS_WARNING(curl_easy_setopt_wants_string,
              "curl_easy_setopt expects a string ('char *' or char[]) argument")
#define curl_easy_setopt_takes_string(option) \
  ((option) == CURLOPT_ABSTRACT_UNIX_SOCKET || \
   (option) == CURLOPT_ACCEPT_ENCODING || \
   (option) == CURLOPT_ALTSVC || \
   (option) == CURLOPT_AWS_SIGV4 || \
   (option) == CURLOPT_CAINFO || \
   (option) == CURLOPT_CAPATH || \
   (option) == CURLOPT_COOKIE || \
   (option) == CURLOPT_COOKIEFILE || \
   (option) == CURLOPT_COOKIEJAR || \
   (option) == CURLOPT_COOKIELIST || \
   (option) == CURLOPT_CRLFILE || \
   (option) == CURLOPT_CUSTOMREQUEST || \
   (option) == CURLOPT_DEFAULT_PROTOCOL || \
   (option) == CURLOPT_DNS_INTERFACE || \
   (option) == CURLOPT_DNS_LOCAL_IP4 || \
   (option) == CURLOPT_DNS_LOCAL_IP6 || \
   (option) == CURLOPT_DNS_SERVERS || \
   (option) == CURLOPT_DOH_URL || \
   (option) == CURLOPT_ECH || \
   (option) == CURLOPT_EGDSOCKET || \
   (option) == CURLOPT_FTPPORT || \
   (option) == CURLOPT_FTP_ACCOUNT || \
   (option) == CURLOPT_FTP_ALTERNATIVE_TO_USER || \
   (option) == CURLOPT_HAPROXY_CLIENT_IP || \
   (option) == CURLOPT_HSTS || \
   (option) == CURLOPT_HTTPSIG_HEADERS || \
   (option) == CURLOPT_HTTPSIG_KEY || \
   (option) == CURLOPT_HTTPSIG_KEYID || \
   (option) == CURLOPT_INTERFACE || \
   (option) == CURLOPT_ISSUERCERT || \
   (option) == CURLOPT_KEYPASSWD || \
   (option) == CURLOPT_KRBLEVEL || \
   (option) == CURLOPT_LOGIN_OPTIONS || \
   (option) == CURLOPT_MAIL_AUTH || \
   (option) == CURLOPT_MAIL_FROM || \
   (option) == CURLOPT_NETRC_FILE || \
   (option) == CURLOPT_NOPROXY || \
   (option) == CURLOPT_PASSWORD || \
   (option) == CURLOPT_PINNEDPUBLICKEY || \
   (option) == CURLOPT_PRE_PROXY || \
   (option) == CURLOPT_PROTOCOLS_STR || \
   (option) == CURLOPT_PROXY || \
   (option) == CURLOPT_PROXYPASSWORD || \
   (option) == CURLOPT_PROXYUSERNAME || \
   (option) == CURLOPT_PROXYUSERPWD || \
   (option) == CURLOPT_PROXY_CAINFO || \
   (option) == CURLOPT_PROXY_CAPATH || \
   (option) == CURLOPT_PROXY_CRLFILE || \
   (option) == CURLOPT_PROXY_ISSUERCERT || \
   (option) == CURLOPT_PROXY_KEYPASSWD || \
   (option) == CURLOPT_PROXY_PINNEDPUBLICKEY || \
   (option) == CURLOPT_PROXY_SERVICE_NAME || \
   (option) == CURLOPT_PROXY_SSLCERT || \
   (option) == CURLOPT_PROXY_SSLCERTTYPE || \
   (option) == CURLOPT_PROXY_SSLKEY || \
   (option) == CURLOPT_PROXY_SSLKEYTYPE || \
   (option) == CURLOPT_PROXY_SSL_CIPHER_LIST || \
   (option) == CURLOPT_PROXY_TLS13_CIPHERS || \
   (option) == CURLOPT_PROXY_TLSAUTH_PASSWORD || \
   (option) == CURLOPT_PROXY_TLSAUTH_TYPE || \
   (option) == CURLOPT_PROXY_TLSAUTH_USERNAME || \
   (option) == CURLOPT_RANDOM_FILE || \
   (option) == CURLOPT_RANGE || \
   (option) == CURLOPT_REDIR_PROTOCOLS_STR || \
   (option) == CURLOPT_REFERER || \
   (option) == CURLOPT_REQUEST_TARGET || \
   (option) == CURLOPT_RTSP_SESSION_ID || \
   (option) == CURLOPT_RTSP_STREAM_URI || \
   (option) == CURLOPT_RTSP_TRANSPORT || \
   (option) == CURLOPT_SASL_AUTHZID || \
   (option) == CURLOPT_SERVICE_NAME || \
   (option) == CURLOPT_SOCKS5_GSSAPI_SERVICE || \
   (option) == CURLOPT_SSH_HOST_PUBLIC_KEY_MD5 || \
   (option) == CURLOPT_SSH_HOST_PUBLIC_KEY_SHA256 || \
   (option) == CURLOPT_SSH_KNOWNHOSTS || \
   (option) == CURLOPT_SSH_PRIVATE_KEYFILE || \
   (option) == CURLOPT_SSH_PUBLIC_KEYFILE || \
   (option) == CURLOPT_SSLCERT || \
   (option) == CURLOPT_SSLCERTTYPE || \
   (option) == CURLOPT_SSLENGINE || \
   (option) == CURLOPT_SSLKEY || \
   (option) == CURLOPT_SSLKEYTYPE || \
   (option) == CURLOPT_SSL_CIPHER_LIST || \
   (option) == CURLOPT_SSL_EC_CURVES || \
   (option) == CURLOPT_SSL_SIGNATURE_ALGORITHMS || \
   (option) == CURLOPT_TLS13_CIPHERS || \
   (option) == CURLOPT_TLSAUTH_PASSWORD || \
   (option) == CURLOPT_TLSAUTH_TYPE || \
   (option) == CURLOPT_TLSAUTH_USERNAME || \
   (option) == CURLOPT_UNIX_SOCKET_PATH || \
   (option) == CURLOPT_URL || \
   (option) == CURLOPT_USERAGENT || \
   (option) == CURLOPT_USERNAME || \
   (option) == CURLOPT_USERPWD || \
   (option) == CURLOPT_XOAUTH2_BEARER)
#define curl_easy_setopt_has_string(value) \
  (tress_is_string(value))
TRESS_WARNING(curl_easy_setopt_wants_slist,
              "curl_easy_setopt expects a 'struct curl_slist *' argument")
#define curl_easy_setopt_takes_slist(option) \
  ((option) == CURLOPT_CONNECT_TO || \
   (option) == CURLOPT_HTTP200ALIASES || \
   (option) == CURLOPT_HTTPHEADER || \
   (option) == CURLOPT_MAIL_RCPT || \
   (option) == CURLOPT_POSTQUOTE || \
   (option) == CURLOPT_PREQUOTE || \
   (option) == CURLOPT_PROXYHEADER || \
   (option) == CURLOPT_QUOTE || \
   (option) == CURLOPT_RESOLVE || \
   (option) == CURLOPT_TELNETOPTIONS)
#define curl_easy_setopt_has_slist(value) \
  (tress_is_array(value, struct curl_slist))
TRESS_WARNING(curl_easy_setopt_wants_cb_data,
              "curl_easy_setopt expects a private data pointer argument")
#define curl_easy_setopt_takes_cb_data(option) \
  ((option) == CURLOPT_CHUNK_DATA || \
   (option) == CURLOPT_CLOSESOCKETDATA || \
   (option) == CURLOPT_DEBUGDATA || \
   (option) == CURLOPT_FNMATCH_DATA || \
   (option) == CURLOPT_HEADERDATA || \
   (option) == CURLOPT_HSTSREADDATA || \
   (option) == CURLOPT_HSTSWRITEDATA || \
   (option) == CURLOPT_INTERLEAVEDATA || \
   (option) == CURLOPT_IOCTLDATA || \
   (option) == CURLOPT_OPENSOCKETDATA || \
   (option) == CURLOPT_PREREQDATA || \
   (option) == CURLOPT_READDATA || \
   (option) == CURLOPT_RESOLVER_START_DATA || \
   (option) == CURLOPT_SEEKDATA || \
   (option) == CURLOPT_SOCKOPTDATA || \
   (option) == CURLOPT_SSH_HOSTKEYDATA || \
   (option) == CURLOPT_SSH_KEYDATA || \
   (option) == CURLOPT_SSL_CTX_DATA || \
   (option) == CURLOPT_TRAILERDATA || \
   (option) == CURLOPT_WRITEDATA || \
   (option) == CURLOPT_XFERINFODATA)
#define curl_easy_setopt_has_cb_data(value) \
  (tress_is_any_pointer(value))
TRESS_WARNING(curl_easy_setopt_wants_CURL,
              "curl_easy_setopt expects a 'CURL *' argument")
#define curl_easy_setopt_takes_CURL(option) \
  ((option) == CURLOPT_STREAM_DEPENDS || \
   (option) == CURLOPT_STREAM_DEPENDS_E)
#define curl_easy_setopt_has_CURL(value) \
  (tress_is_pointer(value, CURL))
TRESS_WARNING(curl_easy_setopt_wants_CURLSH,
              "curl_easy_setopt expects a 'CURLSH *' argument")
#define curl_easy_setopt_takes_CURLSH(option) \
  ((option) == CURLOPT_SHARE)
#define curl_easy_setopt_has_CURLSH(value) \
  (tress_is_pointer(value, CURLSH))
TRESS_WARNING(curl_easy_setopt_wants_CURLU,
              "curl_easy_setopt expects a 'CURLU *' argument")
#define curl_easy_setopt_takes_CURLU(option) \
  ((option) == CURLOPT_CURLU)
#define curl_easy_setopt_has_CURLU(value) \
  (tress_is_pointer(value, CURLU))
TRESS_WARNING(curl_easy_setopt_wants_FILE,
              "curl_easy_setopt expects a 'FILE *' argument")
#define curl_easy_setopt_takes_FILE(option) \
  ((option) == CURLOPT_STDERR)
#define curl_easy_setopt_has_FILE(value) \
  (tress_is_pointer(value, FILE))
TRESS_WARNING(curl_easy_setopt_wants_char,
              "curl_easy_setopt expects a 'char *' argument")
#define curl_easy_setopt_takes_char(option) \
  ((option) == CURLOPT_ERRORBUFFER)
#define curl_easy_setopt_has_char(value) \
  (tress_is_null(value) || tress_is(value, char *) || tress_is(value, char[]))
TRESS_WARNING(curl_easy_setopt_wants_curl_chunk_bgn_callback,
              "curl_easy_setopt expects a 'curl_chunk_bgn_callback' argument")
#define curl_easy_setopt_takes_curl_chunk_bgn_callback(option) \
  ((option) == CURLOPT_CHUNK_BGN_FUNCTION)
#define curl_easy_setopt_has_curl_chunk_bgn_callback(value) \
  (tress_is_null(value) || \
   tress_is_function(value, curl_chunk_bgn_callback) || \
   tress_is_function(value, long (*)(struct curl_fileinfo *, void *, int)) || \
   tress_is_function(value, long (*)(void *, void *, int)))
TRESS_WARNING(curl_easy_setopt_wants_curl_chunk_end_callback,
              "curl_easy_setopt expects a 'curl_chunk_end_callback' argument")
#define curl_easy_setopt_takes_curl_chunk_end_callback(option) \
  ((option) == CURLOPT_CHUNK_END_FUNCTION)
#define curl_easy_setopt_has_curl_chunk_end_callback(value) \
  (tress_is_null(value) || \
   tress_is_function(value, curl_chunk_end_callback))
TRESS_WARNING(curl_easy_setopt_wants_curl_closesocket_callback,
              "curl_easy_setopt expects a 'curl_closesocket_callback' argument")
#define curl_easy_setopt_takes_curl_closesocket_callback(option) \
  ((option) == CURLOPT_CLOSESOCKETFUNCTION)
#define curl_easy_setopt_has_curl_closesocket_callback(value) \
  (tress_is_null(value) || \
   tress_is_function(value, curl_closesocket_callback))
TRESS_WARNING(curl_easy_setopt_wants_curl_conv_callback,
              "curl_easy_setopt expects a 'curl_conv_callback' argument")
#define curl_easy_setopt_takes_curl_conv_callback(option) \
  ((option) == CURLOPT_CONV_FROM_NETWORK_FUNCTION || \
   (option) == CURLOPT_CONV_FROM_UTF8_FUNCTION || \
   (option) == CURLOPT_CONV_TO_NETWORK_FUNCTION)
#define curl_easy_setopt_has_curl_conv_callback(value) \
  (tress_is_null(value) || \
   tress_is_function(value, curl_conv_callback) || \
   tress_is_function(value, CURLcode (*)(char *, size_t)) || \
   tress_is_function(value, CURLcode (*)(const char *, size_t)) || \
   tress_is_function(value, CURLcode (*)(void *, size_t)) || \
   tress_is_function(value, CURLcode (*)(const void *, size_t)))
TRESS_WARNING(curl_easy_setopt_wants_curl_debug_callback,
              "curl_easy_setopt expects a 'curl_debug_callback' argument")
#define curl_easy_setopt_takes_curl_debug_callback(option) \
  ((option) == CURLOPT_DEBUGFUNCTION)
#define curl_easy_setopt_has_curl_debug_callback(value) \
  (tress_is_null(value) || \
   tress_is_function(value, curl_debug_callback) || \
   tress_is_function(value, int (*)(CURL *, curl_infotype, char *, size_t, void *)) || \
   tress_is_function(value, int (*)(CURL *, curl_infotype, char *, size_t, const void *)) || \
   tress_is_function(value, int (*)(CURL *, curl_infotype, const char *, size_t, void *)) || \
   tress_is_function(value, int (*)(CURL *, curl_infotype, const char *, size_t, const void *)) || \
   tress_is_function(value, int (*)(CURL *, curl_infotype, unsigned char *, size_t, void *)) || \
   tress_is_function(value, int (*)(CURL *, curl_infotype, unsigned char *, size_t, const void *)) || \
   tress_is_function(value, int (*)(CURL *, curl_infotype, const unsigned char *, size_t, void *)) || \
   tress_is_function(value, int (*)(CURL *, curl_infotype, const unsigned char *, size_t, const void *)))
TRESS_WARNING(curl_easy_setopt_wants_curl_fnmatch_callback,
              "curl_easy_setopt expects a 'curl_fnmatch_callback' argument")
#define curl_easy_setopt_takes_curl_fnmatch_callback(option) \
  ((option) == CURLOPT_FNMATCH_FUNCTION)
#define curl_easy_setopt_has_curl_fnmatch_callback(value) \
  (tress_is_null(value) || \
   tress_is_function(value, curl_fnmatch_callback))
TRESS_WARNING(curl_easy_setopt_wants_curl_hstsread_callback,
              "curl_easy_setopt expects a 'curl_hstsread_callback' argument")
#define curl_easy_setopt_takes_curl_hstsread_callback(option) \
  ((option) == CURLOPT_HSTSREADFUNCTION)
#define curl_easy_setopt_has_curl_hstsread_callback(value) \
  (tress_is_null(value) || \
   tress_is_function(value, curl_hstsread_callback))
TRESS_WARNING(curl_easy_setopt_wants_curl_hstswrite_callback,
              "curl_easy_setopt expects a 'curl_hstswrite_callback' argument")
#define curl_easy_setopt_takes_curl_hstswrite_callback(option) \
  ((option) == CURLOPT_HSTSWRITEFUNCTION)
#define curl_easy_setopt_has_curl_hstswrite_callback(value) \
  (tress_is_null(value) || \
   tress_is_function(value, curl_hstswrite_callback))
TRESS_WARNING(curl_easy_setopt_wants_curl_ioctl_callback,
              "curl_easy_setopt expects a 'curl_ioctl_callback' argument")
#define curl_easy_setopt_takes_curl_ioctl_callback(option) \
  ((option) == CURLOPT_IOCTLFUNCTION)
#define curl_easy_setopt_has_curl_ioctl_callback(value) \
  (tress_is_null(value) || \
   tress_is_function(value, curl_ioctl_callback) || \
   tress_is_function(value, curlioerr (*)(CURL *, int, void *)) || \
   tress_is_function(value, curlioerr (*)(CURL *, int, const void *)) || \
   tress_is_function(value, curlioerr (*)(CURL *, curliocmd, void *)) || \
   tress_is_function(value, curlioerr (*)(CURL *, curliocmd, const void *)))
TRESS_WARNING(curl_easy_setopt_wants_curl_mime,
              "curl_easy_setopt expects a 'curl_mime *' argument")
#define curl_easy_setopt_takes_curl_mime(option) \
  ((option) == CURLOPT_MIMEPOST)
#define curl_easy_setopt_has_curl_mime(value) \
  (tress_is_pointer(value, curl_mime))
TRESS_WARNING(curl_easy_setopt_wants_curl_opensocket_callback,
              "curl_easy_setopt expects a 'curl_opensocket_callback' argument")
#define curl_easy_setopt_takes_curl_opensocket_callback(option) \
  ((option) == CURLOPT_OPENSOCKETFUNCTION)
#define curl_easy_setopt_has_curl_opensocket_callback(value) \
  (tress_is_null(value) || \
   tress_is_function(value, curl_opensocket_callback) || \
   tress_is_function(value, curl_socket_t (*)(void *, curlsocktype, struct curl_sockaddr *)) || \
   tress_is_function(value, curl_socket_t (*)(void *, curlsocktype, const struct curl_sockaddr *)) || \
   tress_is_function(value, curl_socket_t (*)(const void *, curlsocktype, struct curl_sockaddr *)) || \
   tress_is_function(value, curl_socket_t (*)(const void *, curlsocktype, const struct curl_sockaddr *)))
TRESS_WARNING(curl_easy_setopt_wants_curl_prereq_callback,
              "curl_easy_setopt expects a 'curl_prereq_callback' argument")
#define curl_easy_setopt_takes_curl_prereq_callback(option) \
  ((option) == CURLOPT_PREREQFUNCTION)
#define curl_easy_setopt_has_curl_prereq_callback(value) \
  (tress_is_null(value) || \
   tress_is_function(value, curl_prereq_callback))
TRESS_WARNING(curl_easy_setopt_wants_curl_progress_callback,
              "curl_easy_setopt expects a 'curl_progress_callback' argument")
#define curl_easy_setopt_takes_curl_progress_callback(option) \
  ((option) == CURLOPT_PROGRESSFUNCTION)
#define curl_easy_setopt_has_curl_progress_callback(value) \
  (tress_is_null(value) || \
   tress_is_function(value, curl_progress_callback) || \
   tress_is_function(value, int (*)(void *, double, double, double, double)) || \
   tress_is_function(value, int (*)(const void *, double, double, double, double)))
TRESS_WARNING(curl_easy_setopt_wants_curl_read_callback,
              "curl_easy_setopt expects a 'curl_read_callback' argument")
#define curl_easy_setopt_takes_curl_read_callback(option) \
  ((option) == CURLOPT_READFUNCTION)
#define curl_easy_setopt_has_curl_read_callback(value) \
  (tress_is_null(value) || \
   tress_is_function(value, curl_read_callback) || \
   tress_is_function(value, size_t (*)(char *, size_t, size_t, void *)) || \
   tress_is_function(value, size_t (*)(char *, size_t, size_t, const void *)) || \
   tress_is_function(value, size_t (*)(char *, size_t, size_t, FILE *)) || \
   tress_is_function(value, size_t (*)(void *, size_t, size_t, void *)) || \
   tress_is_function(value, size_t (*)(void *, size_t, size_t, const void *)) || \
   tress_is_function(value, size_t (*)(void *, size_t, size_t, FILE *)) || \
   tress_is_function(value, __typeof__(fread) *))
TRESS_WARNING(curl_easy_setopt_wants_curl_resolver_start_callback,
              "curl_easy_setopt expects a 'curl_resolver_start_callback' argument")
#define curl_easy_setopt_takes_curl_resolver_start_callback(option) \
  ((option) == CURLOPT_RESOLVER_START_FUNCTION)
#define curl_easy_setopt_has_curl_resolver_start_callback(value) \
  (tress_is_null(value) || \
   tress_is_function(value, curl_resolver_start_callback))
TRESS_WARNING(curl_easy_setopt_wants_curl_seek_callback,
              "curl_easy_setopt expects a 'curl_seek_callback' argument")
#define curl_easy_setopt_takes_curl_seek_callback(option) \
  ((option) == CURLOPT_SEEKFUNCTION)
#define curl_easy_setopt_has_curl_seek_callback(value) \
  (tress_is_null(value) || \
   tress_is_function(value, curl_seek_callback) || \
   tress_is_function(value, CURLcode (*)(void *, curl_off_t, int)) || \
   tress_is_function(value, CURLcode (*)(const void *, curl_off_t, int)))
TRESS_WARNING(curl_easy_setopt_wants_curl_sockopt_callback,
              "curl_easy_setopt expects a 'curl_sockopt_callback' argument")
#define curl_easy_setopt_takes_curl_sockopt_callback(option) \
  ((option) == CURLOPT_SOCKOPTFUNCTION)
#define curl_easy_setopt_has_curl_sockopt_callback(value) \
  (tress_is_null(value) || \
   tress_is_function(value, curl_sockopt_callback) || \
   tress_is_function(value, int (*)(void *, curl_socket_t, curlsocktype)) || \
   tress_is_function(value, int (*)(const void *, curl_socket_t, curlsocktype)))
TRESS_WARNING(curl_easy_setopt_wants_curl_sshhostkeycallback,
              "curl_easy_setopt expects a 'curl_sshhostkeycallback' argument")
#define curl_easy_setopt_takes_curl_sshhostkeycallback(option) \
  ((option) == CURLOPT_SSH_HOSTKEYFUNCTION)
#define curl_easy_setopt_has_curl_sshhostkeycallback(value) \
  (tress_is_null(value) || \
   tress_is_function(value, curl_sshhostkeycallback))
TRESS_WARNING(curl_easy_setopt_wants_curl_sshkeycallback,
              "curl_easy_setopt expects a 'curl_sshkeycallback' argument")
#define curl_easy_setopt_takes_curl_sshkeycallback(option) \
  ((option) == CURLOPT_SSH_KEYFUNCTION)
#define curl_easy_setopt_has_curl_sshkeycallback(value) \
  (tress_is_null(value) || \
   tress_is_function(value, curl_sshkeycallback))
TRESS_WARNING(curl_easy_setopt_wants_curl_ssl_ctx_callback,
              "curl_easy_setopt expects a 'curl_ssl_ctx_callback' argument")
#define curl_easy_setopt_takes_curl_ssl_ctx_callback(option) \
  ((option) == CURLOPT_SSL_CTX_FUNCTION)
#define curl_easy_setopt_has_curl_ssl_ctx_callback(value) \
  (tress_is_null(value) || \
   tress_is_function(value, curl_ssl_ctx_callback) || \
   tress_is_function(value, CURLcode (*)(CURL *, void *, void *)) || \
   tress_is_function(value, CURLcode (*)(CURL *, void *, const void *)) || \
   tress_is_function(value, CURLcode (*)(CURL *, const void *, void *)) || \
   tress_is_function(value, CURLcode (*)(CURL *, const void *, const void *)))
TRESS_WARNING(curl_easy_setopt_wants_curl_trailer_callback,
              "curl_easy_setopt expects a 'curl_trailer_callback' argument")
#define curl_easy_setopt_takes_curl_trailer_callback(option) \
  ((option) == CURLOPT_TRAILERFUNCTION)
#define curl_easy_setopt_has_curl_trailer_callback(value) \
  (tress_is_null(value) || \
   tress_is_function(value, curl_trailer_callback))
TRESS_WARNING(curl_easy_setopt_wants_curl_write_callback,
              "curl_easy_setopt expects a 'curl_write_callback' argument")
#define curl_easy_setopt_takes_curl_write_callback(option) \
  ((option) == CURLOPT_HEADERFUNCTION || \
   (option) == CURLOPT_INTERLEAVEFUNCTION || \
   (option) == CURLOPT_WRITEFUNCTION)
#define curl_easy_setopt_has_curl_write_callback(value) \
  (tress_is_null(value) || \
   tress_is_function(value, curl_write_callback) || \
   tress_is_function(value, size_t (*)(char *, size_t, size_t, void *)) || \
   tress_is_function(value, size_t (*)(char *, size_t, size_t, const void *)) || \
   tress_is_function(value, size_t (*)(char *, size_t, size_t, FILE *)) || \
   tress_is_function(value, size_t (*)(void *, size_t, size_t, void *)) || \
   tress_is_function(value, size_t (*)(void *, size_t, size_t, const void *)) || \
   tress_is_function(value, size_t (*)(void *, size_t, size_t, FILE *)) || \
   tress_is_function(value, __typeof__(fread) *) || \
   tress_is_function(value, size_t (*)(const char *, size_t, size_t, void *)) || \
   tress_is_function(value, size_t (*)(const char *, size_t, size_t, const void *)) || \
   tress_is_function(value, size_t (*)(const char *, size_t, size_t, FILE *)) || \
   tress_is_function(value, size_t (*)(const void *, size_t, size_t, void *)) || \
   tress_is_function(value, size_t (*)(const void *, size_t, size_t, const void *)) || \
   tress_is_function(value, size_t (*)(const void *, size_t, size_t, FILE *)) || \
   tress_is_function(value, __typeof__(fwrite) *))
TRESS_WARNING(curl_easy_setopt_wants_curl_xferinfo_callback,
              "curl_easy_setopt expects a 'curl_xferinfo_callback' argument")
#define curl_easy_setopt_takes_curl_xferinfo_callback(option) \
  ((option) == CURLOPT_XFERINFOFUNCTION)
#define curl_easy_setopt_has_curl_xferinfo_callback(value) \
  (tress_is_null(value) || \
   tress_is_function(value, curl_xferinfo_callback))
TRESS_WARNING(curl_easy_setopt_wants_curl_httppost,
              "curl_easy_setopt expects a 'struct curl_httppost *' argument")
#define curl_easy_setopt_takes_curl_httppost(option) \
  ((option) == CURLOPT_HTTPPOST)
#define curl_easy_setopt_has_curl_httppost(value) \
  (tress_is_array(value, struct curl_httppost))
TRESS_WARNING(curl_easy_setopt_wants_void,
              "curl_easy_setopt expects a 'void *' argument")
#define curl_easy_setopt_takes_void(option) \
  ((option) == CURLOPT_COPYPOSTFIELDS || \
   (option) == CURLOPT_POSTFIELDS)
#define curl_easy_setopt_has_void(value) \
  (tress_is_bytes(value))
#define curl_easy_setopt(handle, option, value) \
  __extension__({ \
    if(__builtin_constant_p(option)) { \
      CURL_IGNORE_DEPRECATION( \
        if(curl_easy_setopt_takes_long(option)) { \
          if(!curl_easy_setopt_has_long(value)) { \
            curl_easy_setopt_wants_long(); \
          } \
        } \
        if(curl_easy_setopt_takes_off_t(option)) { \
          if(!curl_easy_setopt_has_off_t(value)) { \
            curl_easy_setopt_wants_off_t(); \
          } \
        } \
        if(curl_easy_setopt_takes_string(option)) { \
          if(!curl_easy_setopt_has_string(value)) { \
            curl_easy_setopt_wants_string(); \
          } \
        } \
        if(curl_easy_setopt_takes_slist(option)) { \
          if(!curl_easy_setopt_has_slist(value)) { \
            curl_easy_setopt_wants_slist(); \
          } \
        } \
        if(curl_easy_setopt_takes_cb_data(option)) { \
          if(!curl_easy_setopt_has_cb_data(value)) { \
            curl_easy_setopt_wants_cb_data(); \
          } \
        } \
        if(curl_easy_setopt_takes_CURL(option)) { \
          if(!curl_easy_setopt_has_CURL(value)) { \
            curl_easy_setopt_wants_CURL(); \
          } \
        } \
        if(curl_easy_setopt_takes_CURLSH(option)) { \
          if(!curl_easy_setopt_has_CURLSH(value)) { \
            curl_easy_setopt_wants_CURLSH(); \
          } \
        } \
        if(curl_easy_setopt_takes_CURLU(option)) { \
          if(!curl_easy_setopt_has_CURLU(value)) { \
            curl_easy_setopt_wants_CURLU(); \
          } \
        } \
        if(curl_easy_setopt_takes_FILE(option)) { \
          if(!curl_easy_setopt_has_FILE(value)) { \
            curl_easy_setopt_wants_FILE(); \
          } \
        } \
        if(curl_easy_setopt_takes_char(option)) { \
          if(!curl_easy_setopt_has_char(value)) { \
            curl_easy_setopt_wants_char(); \
          } \
        } \
        if(curl_easy_setopt_takes_curl_chunk_bgn_callback(option)) { \
          if(!curl_easy_setopt_has_curl_chunk_bgn_callback(value)) { \
            curl_easy_setopt_wants_curl_chunk_bgn_callback(); \
          } \
        } \
        if(curl_easy_setopt_takes_curl_chunk_end_callback(option)) { \
          if(!curl_easy_setopt_has_curl_chunk_end_callback(value)) { \
            curl_easy_setopt_wants_curl_chunk_end_callback(); \
          } \
        } \
        if(curl_easy_setopt_takes_curl_closesocket_callback(option)) { \
          if(!curl_easy_setopt_has_curl_closesocket_callback(value)) { \
            curl_easy_setopt_wants_curl_closesocket_callback(); \
          } \
        } \
        if(curl_easy_setopt_takes_curl_conv_callback(option)) { \
          if(!curl_easy_setopt_has_curl_conv_callback(value)) { \
            curl_easy_setopt_wants_curl_conv_callback(); \
          } \
        } \
        if(curl_easy_setopt_takes_curl_debug_callback(option)) { \
          if(!curl_easy_setopt_has_curl_debug_callback(value)) { \
            curl_easy_setopt_wants_curl_debug_callback(); \
          } \
        } \
        if(curl_easy_setopt_takes_curl_fnmatch_callback(option)) { \
          if(!curl_easy_setopt_has_curl_fnmatch_callback(value)) { \
            curl_easy_setopt_wants_curl_fnmatch_callback(); \
          } \
        } \
        if(curl_easy_setopt_takes_curl_hstsread_callback(option)) { \
          if(!curl_easy_setopt_has_curl_hstsread_callback(value)) { \
            curl_easy_setopt_wants_curl_hstsread_callback(); \
          } \
        } \
        if(curl_easy_setopt_takes_curl_hstswrite_callback(option)) { \
          if(!curl_easy_setopt_has_curl_hstswrite_callback(value)) { \
            curl_easy_setopt_wants_curl_hstswrite_callback(); \
          } \
        } \
        if(curl_easy_setopt_takes_curl_ioctl_callback(option)) { \
          if(!curl_easy_setopt_has_curl_ioctl_callback(value)) { \
            curl_easy_setopt_wants_curl_ioctl_callback(); \
          } \
        } \
        if(curl_easy_setopt_takes_curl_mime(option)) { \
          if(!curl_easy_setopt_has_curl_mime(value)) { \
            curl_easy_setopt_wants_curl_mime(); \
          } \
        } \
        if(curl_easy_setopt_takes_curl_opensocket_callback(option)) { \
          if(!curl_easy_setopt_has_curl_opensocket_callback(value)) { \
            curl_easy_setopt_wants_curl_opensocket_callback(); \
          } \
        } \
        if(curl_easy_setopt_takes_curl_prereq_callback(option)) { \
          if(!curl_easy_setopt_has_curl_prereq_callback(value)) { \
            curl_easy_setopt_wants_curl_prereq_callback(); \
          } \
        } \
        if(curl_easy_setopt_takes_curl_progress_callback(option)) { \
          if(!curl_easy_setopt_has_curl_progress_callback(value)) { \
            curl_easy_setopt_wants_curl_progress_callback(); \
          } \
        } \
        if(curl_easy_setopt_takes_curl_read_callback(option)) { \
          if(!curl_easy_setopt_has_curl_read_callback(value)) { \
            curl_easy_setopt_wants_curl_read_callback(); \
          } \
        } \
        if(curl_easy_setopt_takes_curl_resolver_start_callback(option)) { \
          if(!curl_easy_setopt_has_curl_resolver_start_callback(value)) { \
            curl_easy_setopt_wants_curl_resolver_start_callback(); \
          } \
        } \
        if(curl_easy_setopt_takes_curl_seek_callback(option)) { \
          if(!curl_easy_setopt_has_curl_seek_callback(value)) { \
            curl_easy_setopt_wants_curl_seek_callback(); \
          } \
        } \
        if(curl_easy_setopt_takes_curl_sockopt_callback(option)) { \
          if(!curl_easy_setopt_has_curl_sockopt_callback(value)) { \
            curl_easy_setopt_wants_curl_sockopt_callback(); \
          } \
        } \
        if(curl_easy_setopt_takes_curl_sshhostkeycallback(option)) { \
          if(!curl_easy_setopt_has_curl_sshhostkeycallback(value)) { \
            curl_easy_setopt_wants_curl_sshhostkeycallback(); \
          } \
        } \
        if(curl_easy_setopt_takes_curl_sshkeycallback(option)) { \
          if(!curl_easy_setopt_has_curl_sshkeycallback(value)) { \
            curl_easy_setopt_wants_curl_sshkeycallback(); \
          } \
        } \
        if(curl_easy_setopt_takes_curl_ssl_ctx_callback(option)) { \
          if(!curl_easy_setopt_has_curl_ssl_ctx_callback(value)) { \
            curl_easy_setopt_wants_curl_ssl_ctx_callback(); \
          } \
        } \
        if(curl_easy_setopt_takes_curl_trailer_callback(option)) { \
          if(!curl_easy_setopt_has_curl_trailer_callback(value)) { \
            curl_easy_setopt_wants_curl_trailer_callback(); \
          } \
        } \
        if(curl_easy_setopt_takes_curl_write_callback(option)) { \
          if(!curl_easy_setopt_has_curl_write_callback(value)) { \
            curl_easy_setopt_wants_curl_write_callback(); \
          } \
        } \
        if(curl_easy_setopt_takes_curl_xferinfo_callback(option)) { \
          if(!curl_easy_setopt_has_curl_xferinfo_callback(value)) { \
            curl_easy_setopt_wants_curl_xferinfo_callback(); \
          } \
        } \
        if(curl_easy_setopt_takes_curl_httppost(option)) { \
          if(!curl_easy_setopt_has_curl_httppost(value)) { \
            curl_easy_setopt_wants_curl_httppost(); \
          } \
        } \
        if(curl_easy_setopt_takes_void(option)) { \
          if(!curl_easy_setopt_has_void(value)) { \
            curl_easy_setopt_wants_void(); \
          } \
        } \
      ) \
    } \
    (curl_easy_setopt)(handle, option, value); \
  })

TRESS_WARNING(curl_easy_getinfo_wants_string,
              "curl_easy_getinfo expects a pointer to 'char *' argument")
#define curl_easy_getinfo_takes_string(option) \
  (CURLINFO_STRING < (option) && (option) < CURLINFO_LONG && (option) != CURLINFO_PRIVATE)
#define curl_easy_getinfo_has_string(value) \
  (tress_is_array(value, char *))
TRESS_WARNING(curl_easy_getinfo_wants_long,
              "curl_easy_getinfo expects a pointer to 'long' argument")
#define curl_easy_getinfo_takes_long(option) \
  (CURLINFO_LONG < (option) && (option) < CURLINFO_DOUBLE)
#define curl_easy_getinfo_has_long(value) \
  (tress_is_array(value, long))
TRESS_WARNING(curl_easy_getinfo_wants_double,
              "curl_easy_getinfo expects a pointer to 'double' argument")
#define curl_easy_getinfo_takes_double(option) \
  (CURLINFO_DOUBLE < (option) && (option) < CURLINFO_SLIST)
#define curl_easy_getinfo_has_double(value) \
  (tress_is_array(value, double))
TRESS_WARNING(curl_easy_getinfo_wants_slist,
              "curl_easy_getinfo expects a pointer to 'struct curl_slist *' argument")
#define curl_easy_getinfo_takes_slist(option) \
  ((option) == CURLINFO_SSL_ENGINES || \
   (option) == CURLINFO_COOKIELIST)
#define curl_easy_getinfo_has_slist(value) \
  (tress_is_array(value, struct curl_slist *))
TRESS_WARNING(curl_easy_getinfo_wants_certinfo,
              "curl_easy_getinfo expects a pointer to 'struct curl_certinfo *' argument")
#define curl_easy_getinfo_takes_certinfo(option) \
  ((option) == CURLINFO_CERTINFO)
#define curl_easy_getinfo_has_certinfo(value) \
  (tress_is_array(value, struct curl_certinfo *))
TRESS_WARNING(curl_easy_getinfo_wants_tlssessioninfo,
              "curl_easy_getinfo expects a pointer to 'struct curl_tlssessioninfo *' argument")
#define curl_easy_getinfo_takes_tlssessioninfo(option) \
  ((option) == CURLINFO_TLS_SESSION || \
   (option) == CURLINFO_TLS_SSL_PTR)
#define curl_easy_getinfo_has_tlssessioninfo(value) \
  (tress_is_array(value, struct curl_tlssessioninfo *))
TRESS_WARNING(curl_easy_getinfo_wants_socket,
              "curl_easy_getinfo expects a pointer to 'curl_socket_t' argument")
#define curl_easy_getinfo_takes_socket(option) \
  (CURLINFO_SOCKET < (option) && (option) < CURLINFO_OFF_T)
#define curl_easy_getinfo_has_socket(value) \
  (tress_is_array(value, curl_socket_t))
TRESS_WARNING(curl_easy_getinfo_wants_off_t,
              "curl_easy_getinfo expects a pointer to 'curl_off_t' argument")
#define curl_easy_getinfo_takes_off_t(option) \
  (CURLINFO_OFF_T < (option))
#define curl_easy_getinfo_has_off_t(value) \
  (tress_is_array(value, curl_off_t))
#define curl_easy_getinfo(handle, option, value) \
  __extension__({ \
    if(__builtin_constant_p(option)) { \
      CURL_IGNORE_DEPRECATION( \
        if(curl_easy_getinfo_takes_string(option)) { \
          if(!curl_easy_getinfo_has_string(value)) { \
            curl_easy_getinfo_wants_string(); \
          } \
        } \
        if(curl_easy_getinfo_takes_long(option)) { \
          if(!curl_easy_getinfo_has_long(value)) { \
            curl_easy_getinfo_wants_long(); \
          } \
        } \
        if(curl_easy_getinfo_takes_double(option)) { \
          if(!curl_easy_getinfo_has_double(value)) { \
            curl_easy_getinfo_wants_double(); \
          } \
        } \
        if(curl_easy_getinfo_takes_slist(option)) { \
          if(!curl_easy_getinfo_has_slist(value)) { \
            curl_easy_getinfo_wants_slist(); \
          } \
        } \
        if(curl_easy_getinfo_takes_certinfo(option)) { \
          if(!curl_easy_getinfo_has_certinfo(value)) { \
            curl_easy_getinfo_wants_certinfo(); \
          } \
        } \
        if(curl_easy_getinfo_takes_tlssessioninfo(option)) { \
          if(!curl_easy_getinfo_has_tlssessioninfo(value)) { \
            curl_easy_getinfo_wants_tlssessioninfo(); \
          } \
        } \
        if(curl_easy_getinfo_takes_socket(option)) { \
          if(!curl_easy_getinfo_has_socket(value)) { \
            curl_easy_getinfo_wants_socket(); \
          } \
        } \
        if(curl_easy_getinfo_takes_off_t(option)) { \
          if(!curl_easy_getinfo_has_off_t(value)) { \
            curl_easy_getinfo_wants_off_t(); \
          } \
        } \
      ) \
    } \
    (curl_easy_getinfo)(handle, option, value); \
  })

TRESS_WARNING(curl_multi_setopt_wants_long,
              "curl_multi_setopt expects a long argument")
#define curl_multi_setopt_takes_long(option) \
  (0 < (option) && (option) < CURLOPTTYPE_OBJECTPOINT)
#define curl_multi_setopt_has_long(value) \
  (tress_is_long(value))
TRESS_WARNING(curl_multi_setopt_wants_off_t,
              "curl_multi_setopt expects a curl_off_t argument")
#define curl_multi_setopt_takes_off_t(option) \
  (CURLOPTTYPE_OFF_T < (option) && (option) < CURLOPTTYPE_BLOB)
#define curl_multi_setopt_has_off_t(value) \
  (tress_is_off(value))
TRESS_WARNING(curl_multi_setopt_wants_cb_data,
              "curl_multi_setopt expects a private data pointer argument")
#define curl_multi_setopt_takes_cb_data(option) \
  ((option) == CURLMOPT_SOCKETDATA || \
   (option) == CURLMOPT_TIMERDATA || \
   (option) == CURLMOPT_PUSHDATA || \
   (option) == CURLMOPT_NOTIFYDATA)
#define curl_multi_setopt_has_cb_data(value) \
  (tress_is_any_pointer(value))
TRESS_WARNING(curl_multi_setopt_wants_char_names,
              "curl_multi_setopt expects a 'char **' argument")
#define curl_multi_setopt_takes_char_names(option) \
  ((option) == CURLMOPT_PIPELINING_SITE_BL || \
   (option) == CURLMOPT_PIPELINING_SERVER_BL)
#define curl_multi_setopt_has_char_names(value) \
  (tress_is_names(value))
TRESS_WARNING(curl_multi_setopt_wants_curl_multi_timer_callback,
              "curl_multi_setopt expects a 'curl_multi_timer_callback' argument")
#define curl_multi_setopt_takes_curl_multi_timer_callback(option) \
  ((option) == CURLMOPT_TIMERFUNCTION)
#define curl_multi_setopt_has_curl_multi_timer_callback(value) \
  (tress_is_null(value) || \
   tress_is_function(value, curl_multi_timer_callback))
TRESS_WARNING(curl_multi_setopt_wants_curl_notify_callback,
              "curl_multi_setopt expects a 'curl_notify_callback' argument")
#define curl_multi_setopt_takes_curl_notify_callback(option) \
  ((option) == CURLMOPT_NOTIFYFUNCTION)
#define curl_multi_setopt_has_curl_notify_callback(value) \
  (tress_is_null(value) || \
   tress_is_function(value, curl_notify_callback))
TRESS_WARNING(curl_multi_setopt_wants_curl_push_callback,
              "curl_multi_setopt expects a 'curl_push_callback' argument")
#define curl_multi_setopt_takes_curl_push_callback(option) \
  ((option) == CURLMOPT_PUSHFUNCTION)
#define curl_multi_setopt_has_curl_push_callback(value) \
  (tress_is_null(value) || \
   tress_is_function(value, curl_push_callback))
TRESS_WARNING(curl_multi_setopt_wants_curl_socket_callback,
              "curl_multi_setopt expects a 'curl_socket_callback' argument")
#define curl_multi_setopt_takes_curl_socket_callback(option) \
  ((option) == CURLMOPT_SOCKETFUNCTION)
#define curl_multi_setopt_has_curl_socket_callback(value) \
  (tress_is_null(value) || \
   tress_is_function(value, curl_socket_callback))
#define curl_multi_setopt(handle, option, value) \
  __extension__({ \
    if(__builtin_constant_p(option)) { \
      CURL_IGNORE_DEPRECATION( \
        if(curl_multi_setopt_takes_long(option)) { \
          if(!curl_multi_setopt_has_long(value)) { \
            curl_multi_setopt_wants_long(); \
          } \
        } \
        if(curl_multi_setopt_takes_off_t(option)) { \
          if(!curl_multi_setopt_has_off_t(value)) { \
            curl_multi_setopt_wants_off_t(); \
          } \
        } \
        if(curl_multi_setopt_takes_cb_data(option)) { \
          if(!curl_multi_setopt_has_cb_data(value)) { \
            curl_multi_setopt_wants_cb_data(); \
          } \
        } \
        if(curl_multi_setopt_takes_char_names(option)) { \
          if(!curl_multi_setopt_has_char_names(value)) { \
            curl_multi_setopt_wants_char_names(); \
          } \
        } \
        if(curl_multi_setopt_takes_curl_multi_timer_callback(option)) { \
          if(!curl_multi_setopt_has_curl_multi_timer_callback(value)) { \
            curl_multi_setopt_wants_curl_multi_timer_callback(); \
          } \
        } \
        if(curl_multi_setopt_takes_curl_notify_callback(option)) { \
          if(!curl_multi_setopt_has_curl_notify_callback(value)) { \
            curl_multi_setopt_wants_curl_notify_callback(); \
          } \
        } \
        if(curl_multi_setopt_takes_curl_push_callback(option)) { \
          if(!curl_multi_setopt_has_curl_push_callback(value)) { \
            curl_multi_setopt_wants_curl_push_callback(); \
          } \
        } \
        if(curl_multi_setopt_takes_curl_socket_callback(option)) { \
          if(!curl_multi_setopt_has_curl_socket_callback(value)) { \
            curl_multi_setopt_wants_curl_socket_callback(); \
          } \
        } \
      ) \
    } \
    (curl_multi_setopt)(handle, option, value); \
  })

/* Exactly three arguments. */
#define curl_share_setopt(share, option, value) \
  (curl_share_setopt)(share, option, value)

#endif
