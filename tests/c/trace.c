/* trace OPTION=VALUE...: transfers driven by epoll and curl_multi_socket_action, everything that
 * the callbacks and infos tell printed in a form that two libraries can agree on.
 *
 * Options have libcurl's names (URL=..., POSTFIELDS=...); list values are separated by '|'. A word
 * of its own: "next" begins another transfer after the previous one on the same handle, "reset"
 * resets the handle first, "dup" goes on with a duplicate, "also" adds another handle at the same
 * time, "added" adds the handle already: what follows is set afterwards. Words of ours: body=N
 * uploads N bytes by the read callback, seek=N lets it be rewound (0: fails, 2: cannot), pause=N
 * pauses the body once after N bytes for 30 ms, fail=header|write|read|open|prereq|trailers makes
 * that callback fail (write once the body has N bytes: failat=N), counted=1 shows each piece of a
 * body and what counts as downloaded then, trailers=A|B sends these after a chunked body, parts=URL
 * gives the URL as a CURLU, mime=FILE posts parts of every kind, one of them that file, encoder=NAME encodes them,
 * headers=N shows what the headers API knows for all origins, multi.NAME=N sets a multi option. */
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct transfer {
  CURL *easy;
  int id;
  long body, pause, got, fail_at, counted;
  int paused, resumed, finished;
  long long resume_at;
  const char *fail;
  char error[CURL_ERROR_SIZE];
  struct curl_slist *lists[16];
  int list_count, added, seek;
  long total, headers;
  CURLU *parts;
  curl_mime *mime;
  const char *encoder;
  char *trailers;
  int last_kind;
  unsigned long kind_size;
  unsigned kind_sum;
};

static CURLM *multi;
static int ep, announced[65536], announcements, removals, timers;
static long long due = -1;
static struct transfer *transfers[64];
static int transfer_count, live;

static long long now_ms(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* ---- printing: runs of body bytes are one line ---- */

static void flush_run(struct transfer *t)
{
  if(t->last_kind)
    printf("%d %s %lu bytes, sum %08x\n", t->id, t->last_kind == 'w' ? "write" : "read",
           t->kind_size, t->kind_sum);
  t->last_kind = 0;
  t->kind_size = t->kind_sum = 0;
}

static void run(struct transfer *t, int kind, const char *bytes, size_t size)
{
  size_t i;
  if(t->last_kind != kind)
    flush_run(t);
  t->last_kind = kind;
  t->kind_size += size;
  for(i = 0; i < size; i++)
    t->kind_sum = (t->kind_sum << 5 | t->kind_sum >> 27) ^ (unsigned char)bytes[i];
}

static void text(struct transfer *t, const char *what, const char *bytes, size_t size)
{
  size_t i;
  flush_run(t);
  printf("%d %s ", t->id, what);
  for(i = 0; i < size && i < 2000; i++) {
    if(bytes[i] == '\r')
      fputs("\\r", stdout);
    else if(bytes[i] == '\n')
      fputs("\\n", stdout);
    else
      putchar(bytes[i]);
  }
  putchar('\n');
}

/* ---- callbacks of a transfer ---- */

static int fails(struct transfer *t, const char *what)
{
  return t->fail && !strcmp(t->fail, what);
}

static size_t on_header(char *bytes, size_t size, size_t count, void *arg)
{
  struct transfer *t = arg;
  text(t, "header", bytes, size * count);
  if(bytes[size * count])
    printf("%d header has no end of string\n", t->id);
  return fails(t, "header") ? 0 : size * count;
}

static size_t on_write(char *bytes, size_t size, size_t count, void *arg)
{
  struct transfer *t = arg;
  if(t->pause && !t->paused && t->got >= t->pause) {
    t->paused = 1;
    t->resume_at = now_ms() + 30;
    return CURL_WRITEFUNC_PAUSE;
  }
  if(t->counted) {
    curl_off_t downloaded = -1;
    curl_easy_getinfo(t->easy, CURLINFO_SIZE_DOWNLOAD_T, &downloaded);
    printf("%d piece of %zu, %ld before it\n", t->id, size * count, (long)downloaded);
  }
  t->got += (long)(size * count);
  run(t, 'w', bytes, size * count);
  return fails(t, "write") && t->got >= t->fail_at ? 0 : size * count;
}

static size_t on_read(char *bytes, size_t size, size_t count, void *arg)
{
  struct transfer *t = arg;
  size_t i, room = size * count;
  if(fails(t, "read"))
    return CURL_READFUNC_ABORT;
  if((long)room > t->body)
    room = (size_t)t->body;
  for(i = 0; i < room; i++)
    bytes[i] = (char)('a' + (t->body - (long)i) % 26);
  t->body -= (long)room;
  run(t, 'r', bytes, room);
  return room;
}

static int on_seek(void *arg, curl_off_t offset, int origin)
{
  struct transfer *t = arg;
  flush_run(t);
  printf("%d seek %ld from %d\n", t->id, (long)offset, origin);
  if(t->seek == 1) {
    t->body = t->total - (long)offset;
    return CURL_SEEKFUNC_OK;
  }
  return t->seek ? CURL_SEEKFUNC_CANTSEEK : CURL_SEEKFUNC_FAIL;
}

static int on_trailers(struct curl_slist **list, void *arg)
{
  struct transfer *t = arg;
  char *part, *copy = strdup(t->trailers);
  flush_run(t);
  printf("%d trailers\n", t->id);
  for(part = strtok(copy, "|"); part; part = strtok(NULL, "|"))
    *list = curl_slist_append(*list, part);
  free(copy);
  return fails(t, "trailers") ? CURL_TRAILERFUNC_ABORT : CURL_TRAILERFUNC_OK;
}

static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
  struct transfer *t = arg;
  flush_run(t);
  printf("%d open purpose %d family %d type %d\n", t->id, (int)purpose, address->family,
         address->socktype & 15);
  if(fails(t, "open"))
    return CURL_SOCKET_BAD;
  return socket(address->family, address->socktype, address->protocol);
}

static int on_close(void *arg, curl_socket_t fd)
{
  (void)arg;
  if(announced[fd])
    printf("breach: close before REMOVE\n");
  return close(fd);
}

static int on_prereq(void *arg, char *remote, char *local, int remote_port, int local_port)
{
  struct transfer *t = arg;
  (void)local_port;
  flush_run(t);
  printf("%d prereq %s %s %s\n", t->id, remote, local, remote_port > 0 ? "port" : "none");
  return fails(t, "prereq") ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static int on_debug(CURL *easy, curl_infotype type, char *bytes, size_t size, void *arg)
{
  (void)easy;
  if(type == CURLINFO_HEADER_OUT)
    text(arg, "sent", bytes, size);
  return 0;
}

/* ---- callbacks of the multi handle ---- */

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *assigned)
{
  struct epoll_event event;
  (void)easy;
  (void)user;
  (void)assigned;
  if(fcntl(fd, F_GETFD) < 0)
    printf("breach: a closed descriptor, wish %d\n", what);
  if(what == announced[fd] || (what == CURL_POLL_REMOVE && !announced[fd]))
    printf("breach: wish %d after %d\n", what, announced[fd]);
  memset(&event, 0, sizeof(event));
  event.data.fd = fd;
  event.events = (what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0);
  if(what == CURL_POLL_REMOVE) {
    removals++;
    announced[fd] = 0;
    epoll_ctl(ep, EPOLL_CTL_DEL, fd, &event);
    return 0;
  }
  announcements += !announced[fd];
  epoll_ctl(ep, announced[fd] ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
  announced[fd] = what;
  return 0;
}

static int on_timer(CURLM *m, long ms, void *user)
{
  (void)m;
  (void)user;
  timers++;
  due = ms < 0 ? -1 : now_ms() + ms;
  return 0;
}

/* ---- infos ---- */

#define LONGS(X) X(RESPONSE_CODE) X(HTTP_CONNECTCODE) X(HEADER_SIZE) X(REQUEST_SIZE) \
  X(REDIRECT_COUNT) X(HTTPAUTH_AVAIL) X(NUM_CONNECTS) X(HTTP_VERSION) X(CONDITION_UNMET) \
  X(OS_ERRNO) X(PROXYAUTH_AVAIL) X(PROXY_ERROR) X(PRIMARY_PORT_IS_SET) X(RTSP_CSEQ_RECV) \
  X(HTTPAUTH_USED) X(PROXYAUTH_USED) X(USED_PROXY) X(SSL_VERIFYRESULT)
#define CURLINFO_PRIMARY_PORT_IS_SET CURLINFO_PRIMARY_PORT
#define OFFS(X) X(SIZE_UPLOAD_T) X(SIZE_DOWNLOAD_T) X(CONTENT_LENGTH_DOWNLOAD_T) \
  X(CONTENT_LENGTH_UPLOAD_T) X(FILETIME_T) X(SIZE_DELIVERED) X(RETRY_AFTER) X(XFER_ID) \
  X(CONN_ID) X(EARLYDATA_SENT_T)
#define TEXTS(X) X(CONTENT_TYPE) X(REDIRECT_URL) X(PRIMARY_IP) X(LOCAL_IP) X(EFFECTIVE_URL) \
  X(SCHEME) X(EFFECTIVE_METHOD) X(REFERER)
#define TIMES(X) X(NAMELOOKUP_TIME_T) X(CONNECT_TIME_T) X(APPCONNECT_TIME_T) \
  X(PRETRANSFER_TIME_T) X(STARTTRANSFER_TIME_T) X(TOTAL_TIME_T)
/* Times that are in no order with the others, in seconds and microseconds. */
#define PAIRS(X) X(QUEUE_TIME) X(NAMELOOKUP_TIME) X(CONNECT_TIME) X(PRETRANSFER_TIME) \
  X(POSTTRANSFER_TIME) X(STARTTRANSFER_TIME) X(TOTAL_TIME) X(REDIRECT_TIME)
#define CURLINFO_QUEUE_TIME 0
#define CURLINFO_POSTTRANSFER_TIME 0

static void infos(struct transfer *t, CURLcode result)
{
  long number;
  curl_off_t off, before = 0;
  double seconds;
  char *string;
#define SHOW_LONG(N) number = -9; curl_easy_getinfo(t->easy, CURLINFO_##N, &number); \
  if(CURLINFO_##N == CURLINFO_PRIMARY_PORT) number = number > 0; \
  printf("%d " #N " %ld\n", t->id, number);
#define SHOW_OFF(N) off = -9; curl_easy_getinfo(t->easy, CURLINFO_##N, &off); \
  printf("%d " #N " %ld\n", t->id, (long)off);
#define SHOW_TEXT(N) string = NULL; curl_easy_getinfo(t->easy, CURLINFO_##N, &string); \
  printf("%d " #N " %s\n", t->id, string ? string : "(null)");
#define SHOW_TIME(N) off = 0; curl_easy_getinfo(t->easy, CURLINFO_##N, &off); \
  if(off) { printf("%d " #N " %s\n", t->id, off >= before ? "in order" : "out of order"); before = off; } \
  else printf("%d " #N " zero\n", t->id);
  LONGS(SHOW_LONG)
  OFFS(SHOW_OFF)
  TEXTS(SHOW_TEXT)
#define SHOW_PAIR(N) off = 0; seconds = 0; curl_easy_getinfo(t->easy, CURLINFO_##N##_T, &off); \
  if(CURLINFO_##N) curl_easy_getinfo(t->easy, CURLINFO_##N, &seconds); \
  else seconds = (double)off / 1000000; \
  printf("%d " #N " %s, %s\n", t->id, off ? "some" : "none", \
         seconds * 1000000 - (double)off < 1 && (double)off - seconds * 1000000 < 1 ? \
         "the same" : "differs");
  /* libcurl gives a failed transfer times of what it never did. */
  if(!result) {
    TIMES(SHOW_TIME)
    PAIRS(SHOW_PAIR)
  }
}

/* What the headers API knows: the headers of each origin and request. */
static void headers(struct transfer *t)
{
  static const unsigned origins[] = { CURLH_HEADER, CURLH_TRAILER, CURLH_CONNECT, CURLH_1XX,
                                      CURLH_PSEUDO };
  size_t i;
  long request;
  for(request = -1; request < t->headers; request++)
    for(i = 0; i < sizeof(origins) / sizeof(origins[0]); i++) {
      struct curl_header *h = NULL;
      while((h = curl_easy_nextheader(t->easy, origins[i], (int)request, h)))
        printf("%d request %ld origin %u: %s = %s (%lu of %lu)\n", t->id, request, h->origin,
               h->name, h->value, (unsigned long)h->index, (unsigned long)h->amount);
    }
  for(i = 0; i < 3; i++) {
    struct curl_header *h = NULL;
    printf("%d header gives %d\n", t->id,
           (int)curl_easy_header(t->easy, "x-twice", i, CURLH_HEADER, -1, &h));
  }
}

/* ---- the loop ---- */

static void read_messages(void)
{
  CURLMsg *message;
  int left;
  while((message = curl_multi_info_read(multi, &left))) {
    char *private = NULL;
    struct transfer *t;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
    t = (struct transfer *)(void *)private;
    flush_run(t);
    printf("%d done %d error \"%s\"\n", t->id, (int)message->data.result, t->error);
    infos(t, message->data.result);
    if(t->headers)
      headers(t);
    curl_multi_remove_handle(multi, t->easy);
    t->finished = 1;
    t->added = 0;
    live--;
  }
}

static void resume_paused(void)
{
  int i;
  for(i = 0; i < transfer_count; i++) {
    struct transfer *t = transfers[i];
    if(t->paused && !t->resumed && now_ms() >= t->resume_at) {
      t->resumed = 1;
      curl_easy_pause(t->easy, CURLPAUSE_CONT);
    }
  }
}

static int drive(void)
{
  long long end = now_ms() + 20000;
  int running;
  while(live) {
    struct epoll_event events[16];
    long long wait = due < 0 ? 10 : due - now_ms();
    int i, n;
    if(now_ms() > end)
      return 9;
    n = epoll_wait(ep, events, 16, wait < 0 ? 0 : wait > 10 ? 10 : (int)wait);
    for(i = 0; i < n; i++) {
      int bits = (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                 (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                 (events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
      curl_multi_socket_action(multi, events[i].data.fd, bits, &running);
    }
    if(due >= 0 && due <= now_ms()) {
      due = -1;
      curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    resume_paused();
    read_messages();
  }
  return 0;
}

/* ---- the command line ---- */

static void defaults(struct transfer *t)
{
  CURL *e = t->easy;
  curl_easy_setopt(e, CURLOPT_PRIVATE, t);
  curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->error);
  curl_easy_setopt(e, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
  curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_write);
  curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
  curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_open);
  curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, t);
  curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, on_close);
  curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_prereq);
  curl_easy_setopt(e, CURLOPT_PREREQDATA, t);
  curl_easy_setopt(e, CURLOPT_DEBUGFUNCTION, on_debug);
  curl_easy_setopt(e, CURLOPT_DEBUGDATA, t);
  curl_easy_setopt(e, CURLOPT_VERBOSE, 1L);
}

static struct transfer *create(CURL *easy)
{
  struct transfer *t = calloc(1, sizeof(*t));
  t->easy = easy;
  t->id = transfer_count + 1;
  transfers[transfer_count++] = t;
  defaults(t);
  return t;
}

static struct curl_slist *split(struct transfer *t, char *value)
{
  struct curl_slist *list = NULL;
  char *part;
  for(part = strtok(value, "|"); part; part = strtok(NULL, "|"))
    list = curl_slist_append(list, part);
  t->lists[t->list_count++] = list;
  return list;
}

static size_t slow_part(char *bytes, size_t size, size_t count, void *arg)
{
  struct transfer *t = arg;
  (void)size;
  (void)count;
  if(t->total >= 3)
    return 0;
  t->total++;
  memcpy(bytes, "part ", 5);
  return 5;
}

/* Parts of every kind: memory, a file, a callback that says no size, and parts in a part. */
static void make_mime(struct transfer *t, const char *file)
{
  curl_mime *inner = curl_mime_init(t->easy);
  curl_mimepart *part;
  t->mime = curl_mime_init(t->easy);
  part = curl_mime_addpart(t->mime);
  curl_mime_name(part, "text");
  curl_mime_data(part, "some t\xc3\xa4xt = with\r\nlines ", CURL_ZERO_TERMINATED);
  if(t->encoder)
    printf("%d encoder gives %d\n", t->id, (int)curl_mime_encoder(part, t->encoder));
  part = curl_mime_addpart(t->mime);
  curl_mime_filedata(part, file);
  curl_mime_name(part, "file\"s");
  curl_mime_filename(part, "shown");
  if(t->encoder)
    curl_mime_encoder(part, t->encoder);
  part = curl_mime_addpart(t->mime);
  curl_mime_data_cb(part, -1, slow_part, NULL, NULL, t);
  curl_mime_type(part, "x/y");
  part = curl_mime_addpart(inner);
  curl_mime_data(part, "inner", 3);
  part = curl_mime_addpart(t->mime);
  curl_mime_subparts(part, inner);
  curl_easy_setopt(t->easy, CURLOPT_MIMEPOST, t->mime);
}

/* A word with '_' for spaces. */
static char *spaced(char *value)
{
  char *c;
  for(c = value; *c; c++)
    if(*c == '_')
      *c = ' ';
  return value;
}

static int own_word(struct transfer *t, const char *name, char *value)
{
  if(!strcmp(name, "body")) {
    t->total = t->body = atol(value);
    curl_easy_setopt(t->easy, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(t->easy, CURLOPT_READDATA, t);
  }
  else if(!strcmp(name, "seek")) {
    t->seek = atoi(value);
    curl_easy_setopt(t->easy, CURLOPT_SEEKFUNCTION, on_seek);
    curl_easy_setopt(t->easy, CURLOPT_SEEKDATA, t);
  }
  else if(!strcmp(name, "trailers")) {
    t->trailers = spaced(value);
    curl_easy_setopt(t->easy, CURLOPT_TRAILERFUNCTION, on_trailers);
    curl_easy_setopt(t->easy, CURLOPT_TRAILERDATA, t);
  }
  else if(!strcmp(name, "parts")) {
    t->parts = curl_url();
    printf("%d parts give %d\n", t->id,
           (int)curl_url_set(t->parts, CURLUPART_URL, spaced(value), CURLU_ALLOW_SPACE));
    curl_easy_setopt(t->easy, CURLOPT_CURLU, t->parts);
  }
  else if(!strcmp(name, "encoder"))
    t->encoder = value;
  else if(!strcmp(name, "mime"))
    make_mime(t, value);
  else if(!strcmp(name, "headers"))
    t->headers = atol(value);
  else if(!strcmp(name, "pause"))
    t->pause = atol(value);
  else if(!strcmp(name, "fail"))
    t->fail = value;
  else if(!strcmp(name, "failat"))
    t->fail_at = atol(value);
  else if(!strcmp(name, "counted"))
    t->counted = atol(value);
  else if(!strcmp(name, "multi.MAXCONNECTS"))
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, atol(value));
  else if(!strcmp(name, "multi.MAX_HOST_CONNECTIONS"))
    curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, atol(value));
  else
    return 0;
  return 1;
}

#define OPTIONS(X) \
  X(EXPECT_100_TIMEOUT_MS) \
  X(ACCEPT_ENCODING) X(AUTOREFERER) X(BUFFERSIZE) X(CONNECT_ONLY) X(CONNECT_TO) X(COOKIE) \
  X(COOKIEFILE) X(COPYPOSTFIELDS) X(CUSTOMREQUEST) X(FAILONERROR) X(FILETIME) \
  X(FOLLOWLOCATION) X(FORBID_REUSE) X(FRESH_CONNECT) X(HAPROXYPROTOCOL) X(HTTP09_ALLOWED) \
  X(HTTPAUTH) X(HTTPHEADER) X(HTTPPROXYTUNNEL) X(HTTP_TRANSFER_DECODING) X(HTTP_VERSION) \
  X(IGNORE_CONTENT_LENGTH) X(INFILESIZE) X(INTERFACE) X(IPRESOLVE) X(LOW_SPEED_LIMIT) \
  X(LOW_SPEED_TIME) X(MAXFILESIZE) X(MAXREDIRS) X(NOBODY) X(NOPROXY) X(PATH_AS_IS) X(PORT) \
  X(POST) X(POSTFIELDS) X(POSTFIELDSIZE) X(POSTREDIR) X(PROTOCOLS_STR) X(PROXY) X(RANGE) \
  X(REFERER) X(REQUEST_TARGET) X(RESOLVE) X(RESUME_FROM) X(TCP_KEEPALIVE) X(TCP_NODELAY) \
  X(TIMECONDITION) X(TIMEOUT_MS) X(TIMEVALUE) X(UPLOAD) X(URL) X(USERAGENT) X(USERPWD) \
  X(XOAUTH2_BEARER) X(UNRESTRICTED_AUTH) X(KEEP_SENDING_ON_ERROR) X(HTTP200ALIASES) X(HEADER) \
  X(TRANSFER_ENCODING) X(DEFAULT_PROTOCOL) X(COOKIELIST) X(REDIR_PROTOCOLS_STR) X(PROXYUSERPWD) \
  X(PROXYHEADER) X(HEADEROPT) X(SUPPRESS_CONNECT_HEADERS) X(HAPROXY_CLIENT_IP) \
  X(DISALLOW_USERNAME_IN_URL) X(HTTP_CONTENT_DECODING) X(NETRC) X(NETRC_FILE) X(RESUME_FROM_LARGE) \
  X(TCP_FASTOPEN) X(COOKIESESSION) X(USERNAME) X(PASSWORD) X(SSLENGINE)

static const struct { const char *name; CURLoption id; } options[] = {
#define ROW(N) { #N, CURLOPT_##N },
  OPTIONS(ROW)
};

static int is_list(CURLoption id)
{
  return id == CURLOPT_HTTPHEADER || id == CURLOPT_RESOLVE || id == CURLOPT_CONNECT_TO ||
         id == CURLOPT_HTTP200ALIASES || id == CURLOPT_PROXYHEADER;
}

static void apply(struct transfer *t, char *word)
{
  char *value = strchr(word, '=');
  size_t i = 0, n = sizeof(options) / sizeof(options[0]);
  CURLcode code;
  CURLoption id;
  *value++ = 0;
  if(own_word(t, word, value))
    return;
  while(i < n && strcmp(options[i].name, word))
    i++;
  if(i == n) {
    printf("no option %s\n", word);
    exit(8);
  }
  id = options[i].id;
  if(is_list(id))
    code = curl_easy_setopt(t->easy, id, split(t, value));
  else if(id < CURLOPTTYPE_OBJECTPOINT)
    code = curl_easy_setopt(t->easy, id, atol(value));
  else if(id > CURLOPTTYPE_OFF_T)
    code = curl_easy_setopt(t->easy, id, (curl_off_t)atoll(value));
  else
    code = curl_easy_setopt(t->easy, id, value);
  if(code)
    printf("%d setopt %s gives %d\n", t->id, word, (int)code);
}

static void start(struct transfer *t)
{
  CURLMcode code;
  if(t->added)
    return;
  code = curl_multi_add_handle(multi, t->easy);
  if(code)
    printf("%d add gives %d\n", t->id, (int)code);
  else
    live++;
}

int main(int argc, char **argv)
{
  struct transfer *t;
  int i, code = 0;
  curl_global_init(CURL_GLOBAL_DEFAULT);
  ep = epoll_create1(0);
  multi = curl_multi_init();
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
  t = create(curl_easy_init());
  for(i = 1; i < argc && !code; i++) {
    if(strchr(argv[i], '=')) {
      apply(t, argv[i]);
      continue;
    }
    start(t);
    if(!strcmp(argv[i], "added")) {
      t->added = 1;
      continue;
    }
    if(!strcmp(argv[i], "also")) {
      t = create(curl_easy_init());
      continue;
    }
    code = drive();
    t->paused = t->resumed = 0;
    t->got = 0;
    t->error[0] = 0;
    if(!strcmp(argv[i], "reset")) {
      curl_easy_reset(t->easy);
      defaults(t);
    }
    if(!strcmp(argv[i], "dup"))
      t = create(curl_easy_duphandle(t->easy));
  }
  start(t);
  if(!code)
    code = drive();
  for(i = 0; i < transfer_count; i++) {
    curl_easy_cleanup(transfers[i]->easy);
    curl_mime_free(transfers[i]->mime);
    curl_url_cleanup(transfers[i]->parts);
    while(transfers[i]->list_count)
      curl_slist_free_all(transfers[i]->lists[--transfers[i]->list_count]);
    free(transfers[i]);
  }
  printf("cleanup gives %d\n", (int)curl_multi_cleanup(multi));
  /* How often a socket is announced is not libcurl's secret to keep: it announces its wake-up
   * descriptor also for transfers that never had a socket. */
  printf("removes %s, timer %s\n", announcements == removals ? "match" : "missing",
         timers ? "set" : "never set");
  return code;
}
