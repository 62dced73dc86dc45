/* NULL, and handles of another kind, in every place of every function that takes a pointer. Each
 * call has a process of its own: "name: what it returned", or the signal that ended it. */
#include <curl/curl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The reference of the tests is built without these. */
#pragma weak curl_easy_option_by_name
#pragma weak curl_easy_option_by_id
#pragma weak curl_easy_option_next
#pragma weak curl_pushheader_bynum
#pragma weak curl_pushheader_byname

static CURL *easy;
static CURLM *multi;
static CURLSH *share;
static CURLU *url;
static curl_mime *mime;
static curl_mimepart *part;
static struct curl_slist *list;

static int formadd(struct curl_httppost **first, struct curl_httppost **last)
{
  return (int)curl_formadd(first, last, CURLFORM_COPYNAME, "a", CURLFORM_COPYCONTENTS, "b", CURLFORM_END);
}

static size_t append(void *arg, const char *bytes, size_t size)
{
  (void)arg;
  (void)bytes;
  return size;
}

static int printed(int n, const char *format, ...)
{
  char buffer[64] = "";
  va_list args;
  va_start(args, format);
  switch(n) {
  case 0:
    n = curl_mvsnprintf(buffer, sizeof(buffer), format, args);
    break;
  default:
    n = curl_mvsnprintf(NULL, 0, format, args);
  }
  va_end(args);
  return n * 100 + (int)strlen(buffer);
}

static CURLcode export_cb(CURL *handle, void *arg, const char *key, const unsigned char *mac, size_t mac_size,
                          const unsigned char *session, size_t size, curl_off_t until, int tls, const char *alpn,
                          size_t early)
{
  (void)handle; (void)arg; (void)key; (void)mac; (void)mac_size; (void)session; (void)size; (void)until;
  (void)tls; (void)alpn; (void)early;
  return CURLE_OK;
}

/* A process for each line: BODY is an expression that gives a long. */
static int number, only = -1;

#define TRY(name, body)                              \
  do {                                               \
    int status_ = 0;                                 \
    pid_t child_;                                    \
    if(only >= 0 && only != number++)                \
      break;                                         \
    printf("%s: ", name);                            \
    fflush(stdout);                                  \
    child_ = fork();                                 \
    if(!child_) {                                    \
      long value_ = (long)(body);                    \
      printf("%ld\n", value_);                       \
      fflush(stdout);                                \
      _exit(0);                                      \
    }                                                \
    waitpid(child_, &status_, 0);                    \
    if(WIFSIGNALED(status_))                         \
      printf("signal %d\n", WTERMSIG(status_));      \
  } while(0)

#define T(body) TRY(#body, body)
#define N(body) TRY(#body, ((body), 0))

static void easy_functions(void)
{
  long ms = 0;
  size_t n = 0;
  char byte = 0;
  struct curl_header *header = NULL;
  T(curl_easy_setopt(NULL, CURLOPT_URL, "x"));
  T(curl_easy_setopt(NULL, CURLOPT_VERBOSE, 1L));
  T(curl_easy_setopt(NULL, CURLOPT_WRITEFUNCTION, NULL));
  T(curl_easy_setopt(NULL, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)1));
  T(curl_easy_perform(NULL));
  N(curl_easy_cleanup(NULL));
  T(curl_easy_getinfo(NULL, CURLINFO_RESPONSE_CODE, &ms));
  T(curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, NULL));
  T(curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, NULL));
  T(curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME, NULL));
  T(curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME_T, NULL));
  T(curl_easy_getinfo(easy, CURLINFO_COOKIELIST, NULL));
  T(curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, NULL));
  T(curl_easy_duphandle(NULL) != NULL);
  N(curl_easy_reset(NULL));
  T(curl_easy_recv(NULL, &byte, 1, &n));
  T(curl_easy_send(NULL, &byte, 1, &n));
  T(curl_easy_recv(easy, NULL, 1, &n));
  T(curl_easy_send(easy, NULL, 1, &n));
  T(curl_easy_recv(easy, &byte, 1, NULL));
  T(curl_easy_send(easy, &byte, 1, NULL));
  T(curl_easy_upkeep(NULL));
  T(curl_easy_upkeep(easy));
  T(curl_easy_pause(NULL, 0));
  T(curl_easy_pause(easy, 0));
  T(curl_easy_escape(NULL, "a b", 0) != NULL);
  T(curl_easy_escape(easy, NULL, 0) != NULL);
  T(curl_easy_escape(easy, NULL, 5) != NULL);
  T(curl_easy_escape(easy, "a", -1) != NULL);
  T(curl_easy_unescape(NULL, "a%20b", 0, NULL) != NULL);
  T(curl_easy_unescape(easy, NULL, 0, NULL) != NULL);
  T(curl_easy_unescape(easy, "a", -1, NULL) != NULL);
  T(curl_escape(NULL, 0) != NULL);
  T(curl_unescape(NULL, 0) != NULL);
  T(curl_easy_header(NULL, "a", 0, CURLH_HEADER, 0, &header));
  T(curl_easy_header(easy, NULL, 0, CURLH_HEADER, 0, &header));
  T(curl_easy_header(easy, "a", 0, CURLH_HEADER, 0, NULL));
  T(curl_easy_header(easy, "a", 0, 0, 0, &header));
  T(curl_easy_header(easy, "a", 0, 0x1000, 0, &header));
  T(curl_easy_header(easy, "a", 0, CURLH_HEADER, -2, &header));
  T(curl_easy_header(easy, "a", 0, CURLH_HEADER, 7, &header));
  T(curl_easy_header(easy, "a", 9, CURLH_HEADER, -1, &header));
  T(curl_easy_nextheader(NULL, CURLH_HEADER, 0, NULL) != NULL);
  T(curl_easy_nextheader(easy, CURLH_HEADER, 0, NULL) != NULL);
  T(curl_easy_nextheader(easy, CURLH_HEADER, 9, NULL) != NULL);
  T(curl_easy_option_by_name(NULL) != NULL);
  T(curl_easy_option_by_id((CURLoption)0) != NULL);
  T(curl_easy_option_next(NULL) != NULL);
  T(curl_easy_strerror((CURLcode)-1) != NULL);
  T(curl_easy_strerror((CURLcode)100000) != NULL);
  T(curl_easy_ssls_import(NULL, NULL, NULL, 0, NULL, 0));
  T(curl_easy_ssls_export(NULL, export_cb, NULL));
}

static void multi_functions(void)
{
  int n = 0;
  long ms = 0;
  unsigned int count = 0;
  curl_off_t off = 0;
  fd_set set;
  struct curl_waitfd fd;
  memset(&fd, 0, sizeof(fd));
  FD_ZERO(&set);
  T(curl_multi_add_handle(NULL, easy));
  T(curl_multi_add_handle(multi, NULL));
  T(curl_multi_remove_handle(NULL, easy));
  T(curl_multi_remove_handle(multi, NULL));
  T(curl_multi_fdset(NULL, &set, &set, &set, &n));
  T(curl_multi_fdset(multi, NULL, NULL, NULL, &n));
  T(curl_multi_fdset(multi, &set, &set, &set, NULL));
  T(curl_multi_wait(NULL, NULL, 0, 0, &n));
  T(curl_multi_wait(multi, NULL, 0, 0, NULL));
  T(curl_multi_wait(multi, NULL, 0, -1, NULL));
  T(curl_multi_wait(multi, NULL, 1, 0, NULL));
  T(curl_multi_poll(NULL, NULL, 0, 0, &n));
  T(curl_multi_poll(multi, NULL, 0, 0, NULL));
  T(curl_multi_poll(multi, NULL, 0, -1, NULL));
  T(curl_multi_poll(multi, NULL, 1, 0, NULL));
  T(curl_multi_wakeup(NULL));
  T(curl_multi_perform(NULL, &n));
  T(curl_multi_perform(multi, NULL));
  T(curl_multi_cleanup(NULL));
  T(curl_multi_info_read(NULL, &n) != NULL);
  T(curl_multi_info_read(multi, NULL) != NULL);
  T(curl_multi_strerror((CURLMcode)-100) != NULL);
  T(curl_multi_socket(NULL, 0, &n));
  T(curl_multi_socket(multi, 1000, NULL));
  T(curl_multi_socket_action(NULL, 0, 0, &n));
  T(curl_multi_socket_action(multi, 1000, 0, NULL));
  T(curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, NULL));
  T(curl_multi_socket_action(multi, -2, 99, &n));
  T(curl_multi_socket_all(NULL, &n));
  T(curl_multi_socket_all(multi, NULL));
  T(curl_multi_timeout(NULL, &ms));
  T(curl_multi_timeout(multi, NULL));
  T(curl_multi_setopt(NULL, CURLMOPT_MAXCONNECTS, 1L));
  T(curl_multi_setopt(NULL, CURLMOPT_SOCKETFUNCTION, NULL));
  T(curl_multi_assign(NULL, 0, NULL));
  T(curl_multi_assign(multi, -1, NULL));
  T(curl_multi_get_handles(NULL) != NULL);
  T(curl_multi_get_offt(NULL, CURLMINFO_XFERS_CURRENT, &off));
  T(curl_multi_get_offt(multi, CURLMINFO_XFERS_CURRENT, NULL));
  T(curl_multi_get_offt(multi, (CURLMinfo_offt)0, &off));
  T(curl_multi_get_offt(multi, (CURLMinfo_offt)77, &off));
  T(curl_multi_waitfds(NULL, &fd, 1, &count));
  T(curl_multi_waitfds(multi, NULL, 1, &count));
  T(curl_multi_waitfds(multi, NULL, 0, &count));
  T(curl_multi_waitfds(multi, NULL, 0, NULL));
  T(curl_multi_waitfds(multi, &fd, 1, NULL));
  T(curl_multi_notify_enable(NULL, CURLMNOTIFY_INFO_READ));
  T(curl_multi_notify_enable(multi, 77));
  T(curl_multi_notify_disable(NULL, CURLMNOTIFY_INFO_READ));
  T(curl_multi_notify_disable(multi, 77));
  T(curl_pushheader_bynum(NULL, 0) != NULL);
  T(curl_pushheader_byname(NULL, "a") != NULL);
}

static void mime_functions(void)
{
  T(curl_mime_init(NULL) != NULL);
  N(curl_mime_free(NULL));
  T(curl_mime_addpart(NULL) != NULL);
  T(curl_mime_name(NULL, "a"));
  T(curl_mime_name(part, NULL));
  T(curl_mime_filename(NULL, "a"));
  T(curl_mime_filename(part, NULL));
  T(curl_mime_type(NULL, "a"));
  T(curl_mime_type(part, NULL));
  T(curl_mime_encoder(NULL, "base64"));
  T(curl_mime_encoder(part, NULL));
  T(curl_mime_encoder(part, "nope"));
  T(curl_mime_data(NULL, "a", 1));
  T(curl_mime_data(part, NULL, 0));
  T(curl_mime_data(part, NULL, CURL_ZERO_TERMINATED));
  T(curl_mime_filedata(NULL, "a"));
  T(curl_mime_filedata(part, NULL));
  T(curl_mime_filedata(part, "/nonexistent"));
  T(curl_mime_data_cb(NULL, 1, NULL, NULL, NULL, NULL));
  T(curl_mime_data_cb(part, 1, NULL, NULL, NULL, NULL));
  T(curl_mime_subparts(NULL, mime));
  T(curl_mime_subparts(part, NULL));
  T(curl_mime_subparts(part, mime));
  T(curl_mime_headers(NULL, list, 0));
  T(curl_mime_headers(part, NULL, 0));
  T(curl_mime_headers(part, NULL, 1));
}

static void form_functions(void)
{
  struct curl_httppost *first = NULL, *last = NULL;
  T(formadd(NULL, &last));
  T(formadd(&first, NULL));
  T(curl_formadd(&first, &last, CURLFORM_END));
  T(curl_formadd(&first, &last, CURLFORM_COPYNAME, NULL, CURLFORM_END));
  T(curl_formadd(&first, &last, CURLFORM_COPYNAME, "a", CURLFORM_COPYCONTENTS, NULL, CURLFORM_END));
  T(curl_formadd(&first, &last, CURLFORM_COPYNAME, "a", CURLFORM_FILE, NULL, CURLFORM_END));
  T(curl_formadd(&first, &last, CURLFORM_COPYNAME, "a", CURLFORM_ARRAY, NULL, CURLFORM_END));
  T(curl_formget(NULL, NULL, append));
  N(curl_formfree(NULL));
}

static void url_functions(void)
{
  char *text = NULL;
  N(curl_url_cleanup(NULL));
  T(curl_url_dup(NULL) != NULL);
  T(curl_url_get(NULL, CURLUPART_URL, &text, 0));
  T(curl_url_get(url, CURLUPART_URL, NULL, 0));
  T(curl_url_get(url, (CURLUPart)99, &text, 0));
  T(curl_url_get(url, CURLUPART_URL, &text, 0));
  T(curl_url_set(NULL, CURLUPART_URL, "x", 0));
  T(curl_url_set(url, CURLUPART_URL, NULL, 0));
  T(curl_url_set(url, CURLUPART_SCHEME, NULL, 0));
  T(curl_url_set(url, CURLUPART_PORT, NULL, 0));
  T(curl_url_set(url, (CURLUPart)99, NULL, 0));
  T(curl_url_set(url, (CURLUPart)99, "x", 0));
  T(curl_url_strerror((CURLUcode)-5) != NULL);
}

static void other_functions(void)
{
  size_t n = 0;
  char byte = 0;
  const struct curl_ws_frame *meta = NULL;
  const curl_ssl_backend **backends = NULL;
  T(curl_share_setopt(NULL, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS));
  T(curl_share_setopt(share, CURLSHOPT_LOCKFUNC, NULL));
  T(curl_share_cleanup(NULL));
  T(curl_share_strerror((CURLSHcode)-7) != NULL);
  T(curl_slist_append(NULL, NULL) != NULL);
  T(curl_slist_append(list, NULL) != NULL);
  N(curl_slist_free_all(NULL));
  N(curl_free(NULL));
  T(curl_getdate(NULL, NULL));
  T(curl_getenv(NULL) != NULL);
  T(curl_getenv("TRESS_TEST_UNSET") != NULL);
  T(curl_strequal(NULL, NULL));
  T(curl_strequal("a", NULL));
  T(curl_strequal(NULL, "a"));
  T(curl_strnequal(NULL, NULL, 1));
  T(curl_strnequal(NULL, NULL, 0));
  T(curl_strnequal("a", NULL, 0));
  T(curl_strnequal("a", "b", 0));
  T(curl_global_trace(NULL));
  T(curl_global_trace("all"));
  T(curl_global_trace("nope"));
  T(curl_global_sslset((curl_sslbackend)-1, NULL, NULL));
  T(curl_global_sslset((curl_sslbackend)-1, "nope", &backends));
  T(curl_global_init_mem(CURL_GLOBAL_DEFAULT, NULL, NULL, NULL, NULL, NULL));
  T(curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, free, realloc, strdup, NULL));
  T(curl_version() != NULL);
  T(curl_version_info((CURLversion)99) != NULL);
  T(curl_ws_recv(NULL, &byte, 1, &n, &meta));
  T(curl_ws_recv(easy, NULL, 1, &n, &meta));
  T(curl_ws_recv(easy, &byte, 1, &n, &meta));
  T(curl_ws_send(NULL, &byte, 1, &n, 0, CURLWS_TEXT));
  T(curl_ws_send(easy, NULL, 1, &n, 0, CURLWS_TEXT));
  T(curl_ws_send(easy, &byte, 1, NULL, 0, CURLWS_TEXT));
  T(curl_ws_start_frame(NULL, CURLWS_TEXT, 1));
  T(curl_ws_start_frame(easy, CURLWS_TEXT, 1));
  T(curl_ws_meta(NULL) != NULL);
  T(curl_ws_meta(easy) != NULL);
  T(printed(0, "%s|", (char *)NULL));
  T(printed(0, "%.3s|", (char *)NULL));
  T(printed(0, "%5s|", (char *)NULL));
  T(printed(0, "%p|", (void *)NULL));
  T(printed(1, "%d", 12));
  T(curl_msnprintf(NULL, 0, "abc"));
}

/* A handle where one of another kind belongs. */
static void strangers(void)
{
  int n = 0;
  long ms = 0;
  T(curl_easy_setopt((CURL *)multi, CURLOPT_URL, "x"));
  T(curl_easy_perform((CURL *)multi));
  T(curl_easy_perform((CURL *)share));
  T(curl_easy_getinfo((CURL *)multi, CURLINFO_RESPONSE_CODE, &ms));
  T(curl_easy_duphandle((CURL *)multi) != NULL);
  T(curl_easy_pause((CURL *)share, 0));
  T(curl_multi_add_handle(multi, (CURL *)multi));
  T(curl_multi_add_handle(multi, (CURL *)share));
  T(curl_multi_add_handle((CURLM *)easy, easy));
  T(curl_multi_remove_handle(multi, (CURL *)share));
  T(curl_multi_perform((CURLM *)easy, &n));
  T(curl_multi_socket_action((CURLM *)easy, CURL_SOCKET_TIMEOUT, 0, &n));
  T(curl_multi_cleanup((CURLM *)easy));
  T(curl_multi_info_read((CURLM *)easy, &n) != NULL);
  T(curl_share_setopt((CURLSH *)easy, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS));
  T(curl_share_cleanup((CURLSH *)multi));
  N(curl_easy_cleanup((CURL *)multi));
}

int main(int argc, char **argv)
{
  curl_global_init(CURL_GLOBAL_DEFAULT);
  if(argc > 1)
    only = atoi(argv[1]);
  easy = curl_easy_init();
  multi = curl_multi_init();
  share = curl_share_init();
  url = curl_url();
  mime = curl_mime_init(easy);
  part = curl_mime_addpart(mime);
  list = curl_slist_append(NULL, "a: b");
  easy_functions();
  multi_functions();
  mime_functions();
  form_functions();
  url_functions();
  other_functions();
  strangers();
  curl_slist_free_all(list);
  curl_mime_free(mime);
  curl_url_cleanup(url);
  curl_share_cleanup(share);
  curl_multi_cleanup(multi);
  curl_easy_cleanup(easy);
  return 0;
}
