/* libcurl's API 8.22.0, as Tress implements it. Rendered by `cargo xtask headers` from the tables of
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
  CURLHE_OK = 0,
  CURLHE_BADINDEX = 1,
  CURLHE_MISSING = 2,
  CURLHE_NOHEADERS = 3,
  CURLHE_NOREQUEST = 4,
  CURLHE_OUT_OF_MEMORY = 5,
  CURLHE_BAD_ARGUMENT = 6,
  CURLHE_NOT_BUILT_IN = 7
} CURLHcode;

CURL_EXTERN CURLHcode curl_easy_header(CURL *curl, const char *name, size_t nameindex,
    unsigned int origin, int request, struct curl_header **hout);
CURL_EXTERN struct curl_header *curl_easy_nextheader(CURL *curl, unsigned int origin,
    int request, struct curl_header *prev);

#ifdef __cplusplus
}
#endif

#endif
