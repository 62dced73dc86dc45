/* libcurl's API @version@, as Tress implements it. Rendered by `cargo xtask headers` from the tables of
   crates/capi/src/tables and xtask/headers: change those. What each thing does is told by libcurl's
   man pages. */
#ifndef CURLINC_MPRINTF_H
#define CURLINC_MPRINTF_H

#include <stdarg.h>
#include <stdio.h>
#include "curl.h"

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__) && defined(__STDC_VERSION__) && (__STDC_VERSION__ >= 199901L) && \
  !defined(CURL_NO_FMT_CHECKS)
#define CURL_TEMP_PRINTF(format_at, first_at) \
  __attribute__((format(printf, format_at, first_at)))
#else
#define CURL_TEMP_PRINTF(format_at, first_at)
#endif

@functions@

#undef CURL_TEMP_PRINTF

#ifdef __cplusplus
}
#endif

#endif
