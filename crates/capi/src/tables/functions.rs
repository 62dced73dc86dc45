//! The public functions: what the library exports and the headers declare.
//!
//! A row: name, type of what it returns, parameters; for printf-like ones the place of the
//! format and of its first argument; since when it is deprecated and what the compiler then says.

use super::row::{Function, functions};

functions! {
    "curl.h" CURL_H;
    curl_strequal: "int", "const char *s1, const char *s2";
    curl_strnequal: "int", "const char *s1, const char *s2, size_t n";
    curl_mime_init: "curl_mime *", "CURL *easy";
    curl_mime_free: "void", "curl_mime *mime";
    curl_mime_addpart: "curl_mimepart *", "curl_mime *mime";
    curl_mime_name: "CURLcode", "curl_mimepart *part, const char *name";
    curl_mime_filename: "CURLcode", "curl_mimepart *part, const char *filename";
    curl_mime_type: "CURLcode", "curl_mimepart *part, const char *mimetype";
    curl_mime_encoder: "CURLcode", "curl_mimepart *part, const char *encoding";
    curl_mime_data: "CURLcode", "curl_mimepart *part, const char *data, size_t datasize";
    curl_mime_filedata: "CURLcode", "curl_mimepart *part, const char *filename";
    curl_mime_data_cb: "CURLcode", "curl_mimepart *part, curl_off_t datasize, curl_read_callback readfunc, curl_seek_callback seekfunc, curl_free_callback freefunc, void *arg";
    curl_mime_subparts: "CURLcode", "curl_mimepart *part, curl_mime *subparts";
    curl_mime_headers: "CURLcode", "curl_mimepart *part, struct curl_slist *headers, int take_ownership";
    curl_formadd: "CURLFORMcode", "struct curl_httppost **httppost, struct curl_httppost **last_post, ..." since "7.56.0" "Use curl_mime_init()";
    curl_formget: "int", "struct curl_httppost *form, void *arg, curl_formget_callback append" since "7.56.0" "";
    curl_formfree: "void", "struct curl_httppost *form" since "7.56.0" "Use curl_mime_free()";
    curl_getenv: "char *", "const char *variable";
    curl_version: "char *", "void";
    curl_easy_escape: "char *", "CURL *curl, const char *string, int length";
    curl_escape: "char *", "const char *string, int length";
    curl_easy_unescape: "char *", "CURL *curl, const char *string, int inlength, int *outlength";
    curl_unescape: "char *", "const char *string, int length";
    curl_free: "void", "void *p";
    curl_global_init: "CURLcode", "long flags";
    curl_global_init_mem: "CURLcode", "long flags, curl_malloc_callback m, curl_free_callback f, curl_realloc_callback r, curl_strdup_callback s, curl_calloc_callback c";
    curl_global_cleanup: "void", "void";
    curl_global_trace: "CURLcode", "const char *config";
    curl_global_sslset: "CURLsslset", "curl_sslbackend id, const char *name, const curl_ssl_backend ***avail";
    curl_slist_append: "struct curl_slist *", "struct curl_slist *list, const char *data";
    curl_slist_free_all: "void", "struct curl_slist *list";
    curl_getdate: "time_t", "const char *p, const time_t *unused";
    curl_share_init: "CURLSH *", "void";
    curl_share_setopt: "CURLSHcode", "CURLSH *sh, CURLSHoption option, ...";
    curl_share_cleanup: "CURLSHcode", "CURLSH *sh";
    curl_version_info: "curl_version_info_data *", "CURLversion stamp";
    curl_easy_strerror: "const char *", "CURLcode error";
    curl_share_strerror: "const char *", "CURLSHcode error";
    curl_easy_pause: "CURLcode", "CURL *curl, int action";
    curl_easy_ssls_import: "CURLcode", "CURL *curl, const char *session_key, const unsigned char *shmac, size_t shmac_len, const unsigned char *sdata, size_t sdata_len";
    curl_easy_ssls_export: "CURLcode", "CURL *curl, curl_ssls_export_cb *export_fn, void *userptr";
}

functions! {
    "easy.h" EASY_H;
    curl_easy_init: "CURL *", "void";
    curl_easy_setopt: "CURLcode", "CURL *curl, CURLoption option, ...";
    curl_easy_perform: "CURLcode", "CURL *curl";
    curl_easy_cleanup: "void", "CURL *curl";
    curl_easy_getinfo: "CURLcode", "CURL *curl, CURLINFO info, ...";
    curl_easy_duphandle: "CURL *", "CURL *curl";
    curl_easy_reset: "void", "CURL *curl";
    curl_easy_recv: "CURLcode", "CURL *curl, void *buffer, size_t buflen, size_t *n";
    curl_easy_send: "CURLcode", "CURL *curl, const void *buffer, size_t buflen, size_t *n";
    curl_easy_upkeep: "CURLcode", "CURL *curl";
}

functions! {
    "multi.h" MULTI_H;
    curl_multi_init: "CURLM *", "void";
    curl_multi_add_handle: "CURLMcode", "CURLM *m, CURL *curl";
    curl_multi_remove_handle: "CURLMcode", "CURLM *m, CURL *curl";
    curl_multi_fdset: "CURLMcode", "CURLM *m, fd_set *read_fd_set, fd_set *write_fd_set, fd_set *exc_fd_set, int *max_fd";
    curl_multi_wait: "CURLMcode", "CURLM *m, struct curl_waitfd extra_fds[], unsigned int extra_nfds, int timeout_ms, int *ret";
    curl_multi_poll: "CURLMcode", "CURLM *m, struct curl_waitfd extra_fds[], unsigned int extra_nfds, int timeout_ms, int *ret";
    curl_multi_wakeup: "CURLMcode", "CURLM *m";
    curl_multi_perform: "CURLMcode", "CURLM *m, int *running_handles";
    curl_multi_cleanup: "CURLMcode", "CURLM *m";
    curl_multi_info_read: "CURLMsg *", "CURLM *m, int *msgs_in_queue";
    curl_multi_strerror: "const char *", "CURLMcode error";
    curl_multi_socket: "CURLMcode", "CURLM *m, curl_socket_t s, int *running_handles" since "7.19.5" "Use curl_multi_socket_action()";
    curl_multi_socket_action: "CURLMcode", "CURLM *m, curl_socket_t s, int ev_bitmask, int *running_handles";
    curl_multi_socket_all: "CURLMcode", "CURLM *m, int *running_handles" since "7.19.5" "Use curl_multi_socket_action()";
    curl_multi_timeout: "CURLMcode", "CURLM *m, long *timeout_ms";
    curl_multi_setopt: "CURLMcode", "CURLM *m, CURLMoption option, ...";
    curl_multi_assign: "CURLMcode", "CURLM *m, curl_socket_t sockfd, void *sockp";
    curl_multi_get_handles: "CURL **", "CURLM *m";
    curl_multi_get_offt: "CURLMcode", "CURLM *m, CURLMinfo_offt info, curl_off_t *pvalue";
    curl_pushheader_bynum: "char *", "struct curl_pushheaders *h, size_t num";
    curl_pushheader_byname: "char *", "struct curl_pushheaders *h, const char *name";
    curl_multi_waitfds: "CURLMcode", "CURLM *m, struct curl_waitfd *ufds, unsigned int size, unsigned int *fd_count";
    curl_multi_notify_disable: "CURLMcode", "CURLM *m, unsigned int notification";
    curl_multi_notify_enable: "CURLMcode", "CURLM *m, unsigned int notification";
}

functions! {
    "urlapi.h" URLAPI_H;
    curl_url: "CURLU *", "void";
    curl_url_cleanup: "void", "CURLU *u";
    curl_url_dup: "CURLU *", "const CURLU *in";
    curl_url_get: "CURLUcode", "const CURLU *u, CURLUPart what, char **part, unsigned int flags";
    curl_url_set: "CURLUcode", "CURLU *u, CURLUPart what, const char *part, unsigned int flags";
    curl_url_strerror: "const char *", "CURLUcode error";
}

functions! {
    "options.h" OPTIONS_H;
    curl_easy_option_by_name: "const struct curl_easyoption *", "const char *name";
    curl_easy_option_by_id: "const struct curl_easyoption *", "CURLoption id";
    curl_easy_option_next: "const struct curl_easyoption *", "const struct curl_easyoption *prev";
}

functions! {
    "header.h" HEADER_H;
    curl_easy_header: "CURLHcode", "CURL *curl, const char *name, size_t nameindex, unsigned int origin, int request, struct curl_header **hout";
    curl_easy_nextheader: "struct curl_header *", "CURL *curl, unsigned int origin, int request, struct curl_header *prev";
}

functions! {
    "websockets.h" WEBSOCKETS_H;
    curl_ws_recv: "CURLcode", "CURL *curl, void *buffer, size_t buflen, size_t *recv, const struct curl_ws_frame **metap";
    curl_ws_send: "CURLcode", "CURL *curl, const void *buffer_arg, size_t buflen, size_t *sent, curl_off_t fragsize, unsigned int flags";
    curl_ws_start_frame: "CURLcode", "CURL *curl, unsigned int flags, curl_off_t frame_len";
    curl_ws_meta: "const struct curl_ws_frame *", "CURL *curl";
}

functions! {
    "mprintf.h" MPRINTF_H;
    curl_mprintf: "int", "const char *format, ..." format "1,2";
    curl_mfprintf: "int", "FILE *fd, const char *format, ..." format "2,3";
    curl_msprintf: "int", "char *buffer, const char *format, ..." format "2,3";
    curl_msnprintf: "int", "char *buffer, size_t maxlength, const char *format, ..." format "3,4";
    curl_mvprintf: "int", "const char *format, va_list args" format "1,0";
    curl_mvfprintf: "int", "FILE *fd, const char *format, va_list args" format "2,0";
    curl_mvsprintf: "int", "char *buffer, const char *format, va_list args" format "2,0";
    curl_mvsnprintf: "int", "char *buffer, size_t maxlength, const char *format, va_list args" format "3,0";
    curl_maprintf: "char *", "const char *format, ..." format "1,2";
    curl_mvaprintf: "char *", "const char *format, va_list args" format "1,0";
}

/// Every public function, header by header.
pub const FUNCTIONS: &[&[Function]] =
    &[CURL_H, EASY_H, MULTI_H, URLAPI_H, OPTIONS_H, HEADER_H, WEBSOCKETS_H, MPRINTF_H];
