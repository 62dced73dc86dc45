/* libcurl's API @version@, as Tress implements it. Rendered by `cargo xtask headers` from the tables of
   crates/capi/src/tables and xtask/headers: change those. What each thing does is told by libcurl's
   man pages. */
#ifndef CURLINC_MULTI_H
#define CURLINC_MULTI_H

#include "curl.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef void CURLM;
typedef enum {
@multi_codes@
  CURLM_LAST
} CURLMcode;

#define CURLM_CALL_MULTI_SOCKET CURLM_CALL_MULTI_PERFORM
#define CURLPIPE_NOTHING 0L
#define CURLPIPE_HTTP1 1L
#define CURLPIPE_MULTIPLEX 2L

typedef enum {
  CURLMSG_NONE,
  CURLMSG_DONE,
  CURLMSG_LAST
} CURLMSG;

struct CURLMsg {
  CURLMSG msg;
  CURL *easy_handle;
  union {
    void *whatever;
    CURLcode result;
  } data;
};

typedef struct CURLMsg CURLMsg;

#define CURL_WAIT_POLLIN 0x0001
#define CURL_WAIT_POLLPRI 0x0002
#define CURL_WAIT_POLLOUT 0x0004

struct curl_waitfd {
  curl_socket_t fd;
  short events;
  short revents;
};

#define CURL_POLL_NONE 0
#define CURL_POLL_IN 1
#define CURL_POLL_OUT 2
#define CURL_POLL_INOUT 3
#define CURL_POLL_REMOVE 4
#define CURL_SOCKET_TIMEOUT CURL_SOCKET_BAD
#define CURL_CSELECT_IN 0x01
#define CURL_CSELECT_OUT 0x02
#define CURL_CSELECT_ERR 0x04

typedef int (*curl_socket_callback)(CURL *easy, curl_socket_t s, int what, void *userp,
    void *socketp);
typedef int (*curl_multi_timer_callback)(CURLM *m, long timeout_ms, void *userp);

typedef enum {
@multi_options@
  CURLMOPT_LASTENTRY
} CURLMoption;

#define CURLMNWC_CLEAR_ALL (1L << 0)
#define CURLMNWC_CLEAR_CONNS (1L << 1)
#define CURLMNWC_CLEAR_DNS (1L << 2)

typedef enum {
  CURLMINFO_NONE,
  CURLMINFO_XFERS_CURRENT = 1,
  CURLMINFO_XFERS_RUNNING = 2,
  CURLMINFO_XFERS_PENDING = 3,
  CURLMINFO_XFERS_DONE = 4,
  CURLMINFO_XFERS_ADDED = 5,
  CURLMINFO_LASTENTRY
} CURLMinfo_offt;

#define CURL_PUSH_OK 0
#define CURL_PUSH_DENY 1
#define CURL_PUSH_ERROROUT 2

struct curl_pushheaders;
typedef int (*curl_push_callback)(CURL *parent, CURL *easy, size_t num_headers,
    struct curl_pushheaders *headers, void *userp);

#define CURLMNOTIFY_INFO_READ 0
#define CURLMNOTIFY_EASY_DONE 1

typedef void (*curl_notify_callback)(CURLM *m, unsigned int notification, CURL *easy,
    void *user_data);

@functions@

#ifndef CURL_ALLOW_OLD_MULTI_SOCKET
#define curl_multi_socket(x, y, z) curl_multi_socket_action(x, y, 0, z)
#endif

#ifdef __cplusplus
}
#endif

#endif
