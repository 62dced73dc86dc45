/* libcurl's API @version@, as Tress implements it. Rendered by `cargo xtask headers` from the tables of
   crates/capi/src/tables and xtask/headers: change those. What each thing does is told by libcurl's
   man pages. */
#ifndef CURLINC_WEBSOCKETS_H
#define CURLINC_WEBSOCKETS_H

#ifdef __cplusplus
extern "C" {
#endif

struct curl_ws_frame {
  int age;
  int flags;
  curl_off_t offset;
  curl_off_t bytesleft;
  size_t len;
};

#define CURLWS_TEXT (1 << 0)
#define CURLWS_BINARY (1 << 1)
#define CURLWS_CONT (1 << 2)
#define CURLWS_CLOSE (1 << 3)
#define CURLWS_PING (1 << 4)
#define CURLWS_OFFSET (1 << 5)
#define CURLWS_PONG (1 << 6)
#define CURLWS_RAW_MODE (1L << 0)
#define CURLWS_NOAUTOPONG (1L << 1)

@functions@

#ifdef __cplusplus
}
#endif

#endif
