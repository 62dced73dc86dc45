/* Every function that takes a handle, called from every callback: what it answers, and how the
 * transfer then ends. Each pair has a process of its own. argv: the server's base URL, then
 * callbacks' names, or none for all that a plain HTTP server is enough for. */
#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static CURL *easy, *other;
static CURLM *multi;
static CURLSH *share;
static const char *base;
static int in_easy_perform, called, answer, removed;

/* ---- the functions ---- */

static size_t swallow(char *bytes, size_t size, size_t count, void *arg)
{
  (void)bytes;
  (void)arg;
  return size * count;
}

static int f_easy_cleanup_other(void)
{
  CURL *fresh = curl_easy_init();
  curl_easy_cleanup(fresh);
  return fresh != NULL;
}

static int f_easy_duphandle(void)
{
  CURL *copy = curl_easy_duphandle(easy);
  curl_easy_cleanup(copy);
  return copy != NULL;
}

static int f_easy_getinfo(void)
{
  long status = 0;
  return (int)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
}

static int f_easy_getinfo_list(void)
{
  struct curl_slist *list = NULL;
  int code = (int)curl_easy_getinfo(easy, CURLINFO_COOKIELIST, &list);
  curl_slist_free_all(list);
  return code;
}

static int f_easy_header(void)
{
  struct curl_header *header;
  return (int)curl_easy_header(easy, "X-None", 0, CURLH_HEADER, -1, &header);
}

static int f_easy_nextheader(void)
{
  return curl_easy_nextheader(easy, CURLH_CONNECT, -1, NULL) != NULL;
}

static int f_easy_pause(void)
{
  return (int)curl_easy_pause(easy, CURLPAUSE_CONT);
}

static int f_easy_perform(void)
{
  return (int)curl_easy_perform(easy);
}

static int f_easy_perform_other(void)
{
  char url[256];
  snprintf(url, sizeof(url), "%s/bytes/10", base);
  curl_easy_setopt(other, CURLOPT_URL, url);
  curl_easy_setopt(other, CURLOPT_WRITEFUNCTION, swallow);
  return (int)curl_easy_perform(other);
}

static int f_easy_recv(void)
{
  char byte;
  size_t n;
  return (int)curl_easy_recv(easy, &byte, 0, &n);
}

static int f_easy_send(void)
{
  size_t n;
  return (int)curl_easy_send(easy, "x", 0, &n);
}

/* When it does anything, the transfer has no URL for a second run. */
static int f_easy_reset(void)
{
  char *private = NULL;
  curl_easy_reset(easy);
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
  return private != NULL;
}

static int f_easy_setopt_long(void)
{
  return (int)curl_easy_setopt(easy, CURLOPT_MAXREDIRS, 9L);
}

static int f_easy_setopt_text(void)
{
  return (int)curl_easy_setopt(easy, CURLOPT_REFERER, "http://from/");
}

static int f_easy_setopt_function(void)
{
  return (int)curl_easy_setopt(easy, CURLOPT_IOCTLFUNCTION, NULL);
}

static int f_easy_setopt_cookielist(void)
{
  return (int)curl_easy_setopt(easy, CURLOPT_COOKIELIST, "ALL");
}

static int f_easy_upkeep(void)
{
  return (int)curl_easy_upkeep(easy);
}

static int f_easy_escape(void)
{
  char *text = curl_easy_escape(easy, "a b", 0);
  int good = text && !strcmp(text, "a%20b");
  curl_free(text);
  return good;
}

static int f_mime_init(void)
{
  curl_mime *mime = curl_mime_init(easy);
  curl_mime_free(mime);
  return mime != NULL;
}

static int f_ws_recv(void)
{
  char byte;
  size_t n;
  const struct curl_ws_frame *meta;
  return (int)curl_ws_recv(easy, &byte, 1, &n, &meta);
}

static int f_ws_send(void)
{
  size_t n;
  return (int)curl_ws_send(easy, "x", 1, &n, 0, CURLWS_TEXT);
}

static int f_ws_meta(void)
{
  return curl_ws_meta(easy) != NULL;
}

static int f_multi_add_other(void)
{
  int code = (int)curl_multi_add_handle(multi, other);
  if(!code)
    curl_multi_remove_handle(multi, other);
  return code;
}

static int f_multi_add_self(void)
{
  return (int)curl_multi_add_handle(multi, easy);
}

static int f_multi_assign(void)
{
  return (int)curl_multi_assign(multi, 1000, NULL);
}

static int f_multi_cleanup(void)
{
  int code = (int)curl_multi_cleanup(multi);
  if(!code)
    multi = NULL;
  return code;
}

static int f_multi_fdset(void)
{
  fd_set in, out, bad;
  int most;
  FD_ZERO(&in);
  FD_ZERO(&out);
  FD_ZERO(&bad);
  return (int)curl_multi_fdset(multi, &in, &out, &bad, &most);
}

static int f_multi_get_handles(void)
{
  CURL **list = curl_multi_get_handles(multi);
  int there = list != NULL;
  curl_free(list);
  return there;
}

static int f_multi_get_offt(void)
{
  curl_off_t value = 0;
  return (int)curl_multi_get_offt(multi, CURLMINFO_XFERS_CURRENT, &value);
}

static int f_multi_info_read(void)
{
  int left = 0;
  return curl_multi_info_read(multi, &left) != NULL;
}

static int f_multi_notify_enable(void)
{
  return (int)curl_multi_notify_enable(multi, CURLMNOTIFY_EASY_DONE);
}

static int f_multi_notify_disable(void)
{
  return (int)curl_multi_notify_disable(multi, CURLMNOTIFY_EASY_DONE);
}

static int f_multi_perform(void)
{
  int running;
  return (int)curl_multi_perform(multi, &running);
}

static int f_multi_poll(void)
{
  return (int)curl_multi_poll(multi, NULL, 0, 0, NULL);
}

static int f_multi_wait(void)
{
  return (int)curl_multi_wait(multi, NULL, 0, 0, NULL);
}

static int f_multi_waitfds(void)
{
  unsigned int count;
  return (int)curl_multi_waitfds(multi, NULL, 0, &count);
}

static int f_multi_wakeup(void)
{
  return (int)curl_multi_wakeup(multi);
}

static int f_multi_remove_self(void)
{
  int code = (int)curl_multi_remove_handle(multi, easy);
  removed = !code;
  return code;
}

static int f_multi_remove_other(void)
{
  return (int)curl_multi_remove_handle(multi, other);
}

static int f_multi_setopt(void)
{
  return (int)curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, 10L);
}

static int f_multi_socket_action(void)
{
  int running;
  return (int)curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
}

static int f_multi_timeout(void)
{
  long ms;
  return (int)curl_multi_timeout(multi, &ms);
}

static int f_share_setopt(void)
{
  return (int)curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
}

static int f_share_cleanup(void)
{
  int code = (int)curl_share_cleanup(share);
  if(!code)
    share = NULL;
  return code;
}

static int f_multi_other(void)
{
  CURLM *second = curl_multi_init();
  int running, code = (int)curl_multi_add_handle(second, other);
  code = code * 100 + (int)curl_multi_perform(second, &running);
  code = code * 100 + (int)curl_multi_remove_handle(second, other);
  return code * 100 + (int)curl_multi_cleanup(second);
}

#define F(name, needs_multi) { #name, f_##name, needs_multi }
static const struct {
  const char *name;
  int (*call)(void);
  int needs_multi;
} functions[] = {
  F(easy_cleanup_other, 0), F(easy_duphandle, 0), F(easy_getinfo, 0), F(easy_getinfo_list, 0), F(easy_header, 0),
  F(easy_nextheader, 0), F(easy_pause, 0), F(easy_perform, 0), F(easy_perform_other, 0), F(easy_recv, 0),
  F(easy_send, 0), F(easy_reset, 0), F(easy_setopt_long, 0), F(easy_setopt_text, 0), F(easy_setopt_function, 0),
  F(easy_setopt_cookielist, 0), F(easy_upkeep, 0), F(easy_escape, 0), F(mime_init, 0), F(ws_recv, 0), F(ws_send, 0),
  F(ws_meta, 0), F(multi_add_other, 1), F(multi_add_self, 1), F(multi_assign, 1), F(multi_cleanup, 1),
  F(multi_fdset, 1), F(multi_get_handles, 1), F(multi_get_offt, 1), F(multi_info_read, 1),
  F(multi_notify_enable, 1), F(multi_notify_disable, 1), F(multi_perform, 1), F(multi_poll, 1), F(multi_wait, 1),
  F(multi_waitfds, 1), F(multi_wakeup, 1), F(multi_remove_self, 1), F(multi_remove_other, 1), F(multi_setopt, 1),
  F(multi_socket_action, 1), F(multi_timeout, 1), F(share_setopt, 0), F(share_cleanup, 0), F(multi_other, 0)
};

static int (*function)(void);

/* The function of this process, once, in the first call of the callback of this process. */
static void now(void)
{
  if(!called++)
    answer = function();
}

/* ---- the callbacks ---- */

static size_t on_write(char *bytes, size_t size, size_t count, void *arg)
{
  (void)bytes;
  (void)arg;
  now();
  return size * count;
}

static size_t read_some(char *place, size_t size, size_t count, void *arg)
{
  size_t *left = arg;
  size_t n = size * count < *left ? size * count : *left;
  memset(place, 'x', n);
  *left -= n;
  return n;
}

static size_t left = 50;

static size_t on_read(char *place, size_t size, size_t count, void *arg)
{
  now();
  return read_some(place, size, count, arg);
}

static int rewind_body(void *arg, curl_off_t offset, int origin)
{
  (void)offset;
  (void)origin;
  *(size_t *)arg = 50;
  return CURL_SEEKFUNC_OK;
}

static int on_seek(void *arg, curl_off_t offset, int origin)
{
  now();
  return rewind_body(arg, offset, origin);
}

static curlioerr on_ioctl(CURL *handle, int command, void *arg)
{
  (void)handle;
  (void)command;
  now();
  *(size_t *)arg = 50;
  return CURLIOE_OK;
}

static int on_xferinfo(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
  (void)arg;
  (void)a;
  (void)b;
  (void)c;
  (void)d;
  now();
  return 0;
}

static int on_progress(void *arg, double a, double b, double c, double d)
{
  (void)arg;
  (void)a;
  (void)b;
  (void)c;
  (void)d;
  now();
  return 0;
}

static int on_debug(CURL *handle, curl_infotype type, char *bytes, size_t size, void *arg)
{
  (void)handle;
  (void)bytes;
  (void)size;
  (void)arg;
  if(type == CURLINFO_HEADER_IN)
    now();
  return 0;
}

static int on_sockopt(void *arg, curl_socket_t fd, curlsocktype purpose)
{
  (void)arg;
  (void)fd;
  (void)purpose;
  now();
  return CURL_SOCKOPT_OK;
}

static curl_socket_t on_opensocket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
  (void)arg;
  (void)purpose;
  now();
  return socket(address->family, address->socktype, address->protocol);
}

static int on_closesocket(void *arg, curl_socket_t fd)
{
  (void)arg;
  now();
  return close(fd);
}

static int on_resolver(void *state, void *reserved, void *arg)
{
  (void)state;
  (void)reserved;
  (void)arg;
  now();
  return 0;
}

static int on_prereq(void *arg, char *there, char *here, int port, int local)
{
  (void)arg;
  (void)there;
  (void)here;
  (void)port;
  (void)local;
  now();
  return CURL_PREREQFUNC_OK;
}

static int on_trailer(struct curl_slist **list, void *arg)
{
  (void)arg;
  *list = curl_slist_append(*list, "X-Trailer: 1");
  now();
  return CURL_TRAILERFUNC_OK;
}

static void on_free(void *arg)
{
  (void)arg;
  now();
}

static void on_lock(CURL *handle, curl_lock_data data, curl_lock_access access, void *arg)
{
  (void)handle;
  (void)data;
  (void)access;
  (void)arg;
  now();
}

static void on_unlock(CURL *handle, curl_lock_data data, void *arg)
{
  (void)handle;
  (void)data;
  (void)arg;
  now();
}

static int on_socket(CURL *handle, curl_socket_t fd, int what, void *arg, void *assigned)
{
  (void)handle;
  (void)fd;
  (void)what;
  (void)arg;
  (void)assigned;
  now();
  return 0;
}

static int on_timer(CURLM *m, long ms, void *arg)
{
  (void)m;
  (void)ms;
  (void)arg;
  now();
  return 0;
}

static void on_notify(CURLM *m, unsigned int what, CURL *handle, void *arg)
{
  (void)m;
  (void)what;
  (void)handle;
  (void)arg;
  now();
}

static long on_chunk_bgn(const void *info, void *arg, int rest)
{
  (void)info;
  (void)arg;
  (void)rest;
  now();
  return CURL_CHUNK_BGN_FUNC_OK;
}

static long on_chunk_end(void *arg)
{
  (void)arg;
  now();
  return CURL_CHUNK_END_FUNC_OK;
}

static int on_fnmatch(void *arg, const char *pattern, const char *name)
{
  (void)arg;
  (void)pattern;
  now();
  return strstr(name, ".txt") ? CURL_FNMATCHFUNC_MATCH : CURL_FNMATCHFUNC_NOMATCH;
}

static CURLSTScode one_host(struct curl_hstsentry *entry, void *arg)
{
  int *given = arg;
  if((*given)++)
    return CURLSTS_DONE;
  strcpy(entry->name, "a.example");
  strcpy(entry->expire, "20401231 00:00:00");
  return CURLSTS_OK;
}

static CURLSTScode on_hsts_read(CURL *handle, struct curl_hstsentry *entry, void *arg)
{
  (void)handle;
  now();
  return one_host(entry, arg);
}

static CURLSTScode quiet_hsts_read(CURL *handle, struct curl_hstsentry *entry, void *arg)
{
  (void)handle;
  return one_host(entry, arg);
}

static CURLSTScode on_hsts_write(CURL *handle, struct curl_hstsentry *entry, struct curl_index *index, void *arg)
{
  (void)handle;
  (void)entry;
  (void)index;
  (void)arg;
  now();
  return CURLSTS_OK;
}

static int on_push(CURL *parent, CURL *pushed, size_t count, struct curl_pushheaders *headers, void *arg)
{
  (void)parent;
  (void)pushed;
  (void)count;
  (void)headers;
  (void)arg;
  now();
  return CURL_PUSH_DENY;
}

#define OPT(option, value) curl_easy_setopt(easy, CURLOPT_##option, value)

static void path(const char *text)
{
  char url[256];
  snprintf(url, sizeof(url), "%s%s", base, text);
  OPT(URL, url);
}

static void upload_by(curl_read_callback read)
{
  left = 50;
  OPT(POST, 1L);
  OPT(POSTFIELDSIZE, 50L);
  OPT(READFUNCTION, read);
  OPT(READDATA, &left);
  OPT(FOLLOWLOCATION, 1L);
  OPT(POSTREDIR, CURL_REDIR_POST_ALL);
  path("/redirect/1/307");
}

static curl_mime *mime;

static void mime_by(curl_read_callback read, curl_seek_callback seek, curl_free_callback release)
{
  curl_mimepart *part;
  mime = curl_mime_init(easy);
  part = curl_mime_addpart(mime);
  left = 50;
  curl_mime_name(part, "field");
  curl_mime_data_cb(part, 50, read, seek, release, &left);
  OPT(MIMEPOST, mime);
  OPT(FOLLOWLOCATION, 1L);
  OPT(POSTREDIR, CURL_REDIR_POST_ALL);
  path("/redirect/1/307");
}

static void s_write(void) { OPT(WRITEFUNCTION, on_write); }
static void s_header(void) { OPT(HEADERFUNCTION, on_write); }
static void s_read(void) { upload_by(on_read); OPT(SEEKFUNCTION, rewind_body); OPT(SEEKDATA, &left); }
static void s_seek(void) { upload_by(read_some); OPT(SEEKFUNCTION, on_seek); OPT(SEEKDATA, &left); }
static void s_ioctl(void) { upload_by(read_some); OPT(IOCTLFUNCTION, on_ioctl); OPT(IOCTLDATA, &left); }
static void s_xferinfo(void) { OPT(XFERINFOFUNCTION, on_xferinfo); OPT(NOPROGRESS, 0L); }
static void s_progress(void) { OPT(PROGRESSFUNCTION, on_progress); OPT(NOPROGRESS, 0L); }
static void s_debug(void) { OPT(DEBUGFUNCTION, on_debug); OPT(VERBOSE, 1L); }
static void s_sockopt(void) { OPT(SOCKOPTFUNCTION, on_sockopt); }
static void s_opensocket(void) { OPT(OPENSOCKETFUNCTION, on_opensocket); }
static void s_closesocket(void) { OPT(CLOSESOCKETFUNCTION, on_closesocket); OPT(FORBID_REUSE, 1L); }
static void s_prereq(void) { OPT(PREREQFUNCTION, on_prereq); }
static void s_mime_read(void) { mime_by(on_read, rewind_body, NULL); }
static void s_mime_seek(void) { mime_by(read_some, on_seek, NULL); }
static void s_mime_free(void) { mime_by(read_some, rewind_body, on_free); }

static void quiet_lock(CURL *handle, curl_lock_data data, curl_lock_access access, void *arg)
{
  (void)handle;
  (void)data;
  (void)access;
  (void)arg;
}

static void quiet_unlock(CURL *handle, curl_lock_data data, void *arg)
{
  (void)handle;
  (void)data;
  (void)arg;
}

/* Linking calls them too: what is asked is the calls during a transfer. */
static void share_by(curl_lock_function lock, curl_unlock_function unlock)
{
  curl_share_setopt(share, CURLSHOPT_LOCKFUNC, lock);
  curl_share_setopt(share, CURLSHOPT_UNLOCKFUNC, unlock);
  called = 1;
  OPT(SHARE, share);
  called = 0;
  OPT(COOKIEFILE, "");
}

static void s_lock(void) { share_by(on_lock, quiet_unlock); }
static void s_unlock(void) { share_by(quiet_lock, on_unlock); }
static void s_socket(void) { curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket); }
static void s_timer(void) { curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer); }

static void s_resolver(void)
{
  char url[256];
  snprintf(url, sizeof(url), "http://localhost:%s/bytes/10", strrchr(base, ':') + 1);
  OPT(URL, url);
  OPT(RESOLVER_START_FUNCTION, on_resolver);
}

static void s_trailer(void)
{
  left = 50;
  OPT(UPLOAD, 1L);
  OPT(READFUNCTION, read_some);
  OPT(READDATA, &left);
  OPT(TRAILERFUNCTION, on_trailer);
  path("/sink");
}

static void s_notify(void)
{
  curl_multi_setopt(multi, CURLMOPT_NOTIFYFUNCTION, on_notify);
  curl_multi_notify_enable(multi, CURLMNOTIFY_EASY_DONE);
}

static void wildcard(void)
{
  OPT(WILDCARDMATCH, 1L);
  path("/*.txt");
}

static void s_chunk_bgn(void) { wildcard(); OPT(CHUNK_BGN_FUNCTION, on_chunk_bgn); }
static void s_chunk_end(void) { wildcard(); OPT(CHUNK_END_FUNCTION, on_chunk_end); }
static void s_fnmatch(void) { wildcard(); OPT(FNMATCH_FUNCTION, on_fnmatch); }

static void hsts_by(curl_hstsread_callback read)
{
  static int given;
  OPT(HSTS_CTRL, (long)CURLHSTS_ENABLE);
  OPT(HSTSREADFUNCTION, read);
  OPT(HSTSREADDATA, &given);
}

static void s_hsts_read(void) { hsts_by(on_hsts_read); }
static void s_hsts_write(void) { hsts_by(quiet_hsts_read); OPT(HSTSWRITEFUNCTION, on_hsts_write); }

/* Packets are of channels that a transfer before has set up. */
static void s_interleave(void)
{
  path("/stream");
  OPT(RTSP_STREAM_URI, base);
  OPT(RTSP_TRANSPORT, "RTP/AVP/TCP;interleaved=0-1");
  OPT(RTSP_REQUEST, (long)CURL_RTSPREQ_SETUP);
  curl_easy_perform(easy);
  OPT(RTSP_REQUEST, (long)CURL_RTSPREQ_PLAY);
  OPT(INTERLEAVEFUNCTION, on_write);
}

static void s_push(void)
{
  path("/page");
  OPT(HTTP_VERSION, (long)CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE);
  curl_multi_setopt(multi, CURLMOPT_PUSHFUNCTION, on_push);
}

#define C(name, needs_multi) { #name, s_##name, needs_multi, 0 }
/* Those that only run when they are named: they want a server of their own, or TLS in the library. */
#define N(name, needs_multi) { #name, s_##name, needs_multi, 1 }
static const struct {
  const char *name;
  void (*set)(void);
  int needs_multi, by_name_only;
} callbacks[] = {
  C(write, 0), C(header, 0), C(read, 0), C(seek, 0), C(ioctl, 0), C(xferinfo, 0), C(progress, 0), C(debug, 0),
  C(sockopt, 0), C(opensocket, 0), C(closesocket, 0), C(resolver, 0), C(prereq, 0), C(trailer, 0), C(mime_read, 0),
  C(mime_seek, 0), C(mime_free, 0), C(lock, 0), C(unlock, 0), C(socket, 1), C(timer, 1), C(notify, 1),
  N(chunk_bgn, 0), N(chunk_end, 0), N(fnmatch, 0), N(hsts_read, 0), N(hsts_write, 0), N(interleave, 0), N(push, 1)
};

/* ---- one pair ---- */

static int by_multi(void)
{
  int running = 1, rest, turns = 0, code = (int)curl_multi_add_handle(multi, easy);
  CURLMsg *message;
  if(code)
    return 1000 + code;
  while(running && turns++ < 300) {
    code = (int)curl_multi_perform(multi, &running);
    if(code)
      return 1000 + code;
    if(running)
      curl_multi_poll(multi, NULL, 0, 20, NULL);
  }
  while((message = curl_multi_info_read(multi, &rest)))
    if(message->easy_handle == easy)
      return (int)message->data.result;
  return removed ? -1 : -2;
}

static void pair(size_t callback, size_t index)
{
  int end;
  alarm(20);
  function = functions[index].call;
  easy = curl_easy_init();
  other = curl_easy_init();
  share = curl_share_init();
  curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE);
  if(!in_easy_perform)
    multi = curl_multi_init();
  path("/bytes/10");
  OPT(PRIVATE, "private");
  OPT(NOPROXY, "*");
  OPT(TIMEOUT_MS, 3000L);
  OPT(WRITEFUNCTION, swallow);
  callbacks[callback].set();
  end = in_easy_perform ? (int)curl_easy_perform(easy) : by_multi();
  if(!in_easy_perform && !removed)
    curl_multi_remove_handle(multi, easy);
  curl_mime_free(mime);
  curl_easy_cleanup(easy);
  curl_easy_cleanup(other);
  end = end * 10 + (in_easy_perform ? 0 : (int)curl_multi_cleanup(multi));
  end = end * 10 + (int)curl_share_cleanup(share);
  if(called)
    printf("%d end %d\n", answer, end);
  else
    printf("not called\n");
  fflush(stdout);
}

static void each_function(size_t callback)
{
  size_t i;
  for(i = 0; i < sizeof(functions) / sizeof(*functions); i++) {
    int status = 0;
    pid_t child;
    if(functions[i].needs_multi && in_easy_perform)
      continue;
    printf("%s %s %s: ", in_easy_perform ? "easy" : "multi", callbacks[callback].name, functions[i].name);
    fflush(stdout);
    child = fork();
    if(!child) {
      pair(callback, i);
      _exit(0);
    }
    waitpid(child, &status, 0);
    if(status)
      printf("signal %d\n", WTERMSIG(status));
  }
}

int main(int argc, char **argv)
{
  size_t i;
  int k;
  if(argc < 2)
    return 2;
  base = argv[1];
  curl_global_init(CURL_GLOBAL_DEFAULT);
  for(i = 0; i < sizeof(callbacks) / sizeof(*callbacks); i++) {
    int wanted = argc == 2 && !callbacks[i].by_name_only;
    for(k = 2; k < argc; k++)
      wanted |= !strcmp(argv[k], callbacks[i].name);
    for(in_easy_perform = 0; wanted && in_easy_perform < 2; in_easy_perform++)
      if(!in_easy_perform || !callbacks[i].needs_multi)
        each_function(i);
  }
  return 0;
}
