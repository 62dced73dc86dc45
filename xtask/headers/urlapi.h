/* libcurl's API @version@, as Tress implements it. Rendered by `cargo xtask headers` from the tables of
   crates/capi/src/tables and xtask/headers: change those. What each thing does is told by libcurl's
   man pages. */
#ifndef CURLINC_URLAPI_H
#define CURLINC_URLAPI_H

#include "curl.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
@url_codes@
  CURLUE_LAST
} CURLUcode;

typedef enum {
  CURLUPART_URL,
  CURLUPART_SCHEME,
  CURLUPART_USER,
  CURLUPART_PASSWORD,
  CURLUPART_OPTIONS,
  CURLUPART_HOST,
  CURLUPART_PORT,
  CURLUPART_PATH,
  CURLUPART_QUERY,
  CURLUPART_FRAGMENT,
  CURLUPART_ZONEID
} CURLUPart;

#define CURLU_DEFAULT_PORT (1 << 0)
#define CURLU_NO_DEFAULT_PORT (1 << 1)
#define CURLU_DEFAULT_SCHEME (1 << 2)
#define CURLU_NON_SUPPORT_SCHEME (1 << 3)
#define CURLU_PATH_AS_IS (1 << 4)
#define CURLU_DISALLOW_USER (1 << 5)
#define CURLU_URLDECODE (1 << 6)
#define CURLU_URLENCODE (1 << 7)
#define CURLU_APPENDQUERY (1 << 8)
#define CURLU_GUESS_SCHEME (1 << 9)
#define CURLU_NO_AUTHORITY (1 << 10)
#define CURLU_ALLOW_SPACE (1 << 11)
#define CURLU_PUNYCODE (1 << 12)
#define CURLU_PUNY2IDN (1 << 13)
#define CURLU_GET_EMPTY (1 << 14)
#define CURLU_NO_GUESS_SCHEME (1 << 15)

typedef struct Curl_URL CURLU;

@functions@

#ifdef __cplusplus
}
#endif

#endif
