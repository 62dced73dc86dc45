/* libcurl's API @version@, as Tress implements it. Rendered by `cargo xtask headers` from the tables of
   crates/capi/src/tables and xtask/headers: change those. What each thing does is told by libcurl's
   man pages. */
#ifndef CURLINC_HEADER_H
#define CURLINC_HEADER_H

#ifdef __cplusplus
extern "C" {
#endif

struct curl_header {
  char *name;
  char *value;
  size_t amount;
  size_t index;
  unsigned int origin;
  void *anchor;
};

#define CURLH_HEADER (1 << 0)
#define CURLH_TRAILER (1 << 1)
#define CURLH_CONNECT (1 << 2)
#define CURLH_1XX (1 << 3)
#define CURLH_PSEUDO (1 << 4)

typedef enum {
@header_codes@
} CURLHcode;

@functions@

#ifdef __cplusplus
}
#endif

#endif
