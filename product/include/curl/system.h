/* libcurl's API 8.22.0, as Tress implements it. Rendered by `cargo xtask headers` from the tables of
   crates/capi/src/tables and xtask/headers: change those. What each thing does is told by libcurl's
   man pages. */
#ifndef CURLINC_SYSTEM_H
#define CURLINC_SYSTEM_H

#include <sys/socket.h>
#include <sys/types.h>

/* curl_off_t is the first type of 64 bits that the platform has. */
#if defined(__LP64__) || (defined(__SIZEOF_LONG__) && __SIZEOF_LONG__ == 8)
#define CURL_TYPEOF_CURL_OFF_T long
#define CURL_FORMAT_CURL_OFF_T "ld"
#define CURL_FORMAT_CURL_OFF_TU "lu"
#define CURL_SUFFIX_CURL_OFF_T L
#define CURL_SUFFIX_CURL_OFF_TU UL
#else
#define CURL_TYPEOF_CURL_OFF_T long long
#define CURL_FORMAT_CURL_OFF_T "lld"
#define CURL_FORMAT_CURL_OFF_TU "llu"
#define CURL_SUFFIX_CURL_OFF_T LL
#define CURL_SUFFIX_CURL_OFF_TU ULL
#endif
#define CURL_TYPEOF_CURL_SOCKLEN_T socklen_t

typedef CURL_TYPEOF_CURL_SOCKLEN_T curl_socklen_t;
typedef CURL_TYPEOF_CURL_OFF_T curl_off_t;

#endif
