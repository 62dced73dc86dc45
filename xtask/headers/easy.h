/* libcurl's API @version@, as Tress implements it. Rendered by `cargo xtask headers` from the tables of
   crates/capi/src/tables and xtask/headers: change those. What each thing does is told by libcurl's
   man pages. */
#ifndef CURLINC_EASY_H
#define CURLINC_EASY_H

#ifdef __cplusplus
extern "C" {
#endif

#define CURL_BLOB_COPY 1
#define CURL_BLOB_NOCOPY 0

struct curl_blob {
  void *data;
  size_t len;
  unsigned int flags;
};

@functions@

#ifdef __cplusplus
}
#endif

#endif
