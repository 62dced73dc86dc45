/* What calls return that need no network: misuse, unknown things, texts of all codes, every option
 * with a zero value, escapes, dates, URLs. One "name: value" line each. argv: a URL that stalls. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static CURLM *multi;
static CURL *easy;
static int in_write, in_header;

static void show(const char *name, long value)
{
  printf("%s: %ld\n", name, value);
}

/* Calls back into the library from a callback. */
static size_t on_write(char *bytes, size_t size, size_t count, void *arg)
{
  int running = 0;
  (void)bytes;
  (void)arg;
  if(!in_write++) {
    CURL *other = curl_easy_init();
    show("in write: add", curl_multi_add_handle(multi, other));
    show("in write: remove", curl_multi_remove_handle(multi, easy));
    show("in write: perform", curl_multi_perform(multi, &running));
    show("in write: action", curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running));
    show("in write: cleanup", curl_multi_cleanup(multi));
    show("in write: easy perform", curl_easy_perform(easy));
    show("in write: poll", curl_multi_poll(multi, NULL, 0, 0, NULL));
    show("in write: wakeup", curl_multi_wakeup(multi));
    show("in write: setopt", curl_easy_setopt(easy, CURLOPT_MAXREDIRS, 10L));
    show("in write: multi setopt", curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 10L));
    show("in write: recv", curl_easy_recv(easy, bytes, 0, &size));
    show("in write: upkeep", curl_easy_upkeep(easy));
    curl_easy_cleanup(other);
  }
  return size * count;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *arg)
{
  (void)bytes;
  (void)arg;
  if(!in_header++)
    show("in header: pause nothing", curl_easy_pause(easy, CURLPAUSE_CONT));
  return size * count;
}

static int on_timer(CURLM *m, long ms, void *arg)
{
  static int once;
  int running;
  long now;
  (void)arg;
  (void)ms;
  if(!once++) {
    show("in timer: action", curl_multi_socket_action(m, CURL_SOCKET_TIMEOUT, 0, &running));
    show("in timer: add", curl_multi_add_handle(m, NULL));
    show("in timer: timeout", curl_multi_timeout(m, &now));
  }
  return 0;
}

static int on_socket(CURL *e, curl_socket_t fd, int what, void *user, void *assigned)
{
  static int once;
  int running;
  (void)e;
  (void)what;
  (void)user;
  (void)assigned;
  if(!once++) {
    show("in socket: action", curl_multi_socket_action(multi, fd, 0, &running));
    show("in socket: assign", curl_multi_assign(multi, fd, &once));
    show("in socket: remove", curl_multi_remove_handle(multi, e));
  }
  return 0;
}

static void null_handles(void)
{
  int n;
  long ms;
  fd_set set;
  FD_ZERO(&set);
  show("null: easy setopt", curl_easy_setopt(NULL, CURLOPT_URL, "x"));
  show("null: easy perform", curl_easy_perform(NULL));
  show("null: easy pause", curl_easy_pause(NULL, 0));
  show("null: easy duphandle", curl_easy_duphandle(NULL) != NULL);
  show("null: easy upkeep", curl_easy_upkeep(NULL));
  show("null: easy getinfo", curl_easy_getinfo(NULL, CURLINFO_RESPONSE_CODE, &ms));
  show("null: multi add", curl_multi_add_handle(NULL, easy));
  show("null: multi add null", curl_multi_add_handle(multi, NULL));
  show("null: multi remove", curl_multi_remove_handle(NULL, easy));
  show("null: multi remove null", curl_multi_remove_handle(multi, NULL));
  show("null: multi perform", curl_multi_perform(NULL, &n));
  show("null: multi action", curl_multi_socket_action(NULL, 1, 0, &n));
  show("null: multi timeout", curl_multi_timeout(NULL, &ms));
  show("null: multi fdset", curl_multi_fdset(NULL, &set, &set, &set, &n));
  show("null: multi wait", curl_multi_wait(NULL, NULL, 0, 0, &n));
  show("null: multi poll", curl_multi_poll(NULL, NULL, 0, 0, &n));
  show("null: multi wakeup", curl_multi_wakeup(NULL));
  show("null: multi assign", curl_multi_assign(NULL, 1, NULL));
  show("null: multi setopt", curl_multi_setopt(NULL, CURLMOPT_MAXCONNECTS, 1L));
  show("null: multi cleanup", curl_multi_cleanup(NULL));
  show("null: multi info", curl_multi_info_read(NULL, &n) != NULL);
  show("null: share setopt", curl_share_setopt(NULL, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS));
  show("null: share cleanup", curl_share_cleanup(NULL));
  curl_easy_cleanup(NULL);
  curl_easy_reset(NULL);
  curl_slist_free_all(NULL);
  curl_free(NULL);
}

static void misuse(void)
{
  int running;
  long ms = -7;
  CURLM *second = curl_multi_init();
  CURL *stranger = curl_easy_init();
  show("multi: unknown option", curl_multi_setopt(multi, (CURLMoption)9999, 1L));
  show("multi: unknown socket assign", curl_multi_assign(multi, 17, NULL));
  show("multi: unknown socket action", curl_multi_socket_action(multi, 17, 0, &running));
  show("multi: no timeout", curl_multi_timeout(multi, &ms));
  show("multi: no timeout is", ms);
  show("multi: remove stranger", curl_multi_remove_handle(multi, stranger));
  show("multi: add", curl_multi_add_handle(multi, easy));
  show("multi: add twice", curl_multi_add_handle(multi, easy));
  show("multi: add to another", curl_multi_add_handle(second, easy));
  show("multi: perform an added one", curl_easy_perform(easy));
  show("multi: remove from another", curl_multi_remove_handle(second, easy));
  show("multi: remove", curl_multi_remove_handle(multi, easy));
  show("multi: remove twice", curl_multi_remove_handle(multi, easy));
  show("easy: unknown option", curl_easy_setopt(easy, (CURLoption)9999, 1L));
  show("easy: unknown info", curl_easy_getinfo(easy, (CURLINFO)0x200fff, &ms));
  show("easy: recv unconnected", curl_easy_recv(easy, &running, 1, (size_t *)&ms));
  show("easy: send unconnected", curl_easy_send(easy, &running, 1, (size_t *)&ms));
  curl_easy_cleanup(stranger);
  show("multi: cleanup", curl_multi_cleanup(second));
}

static void recursion(const char *url)
{
  int running = 1, turns = 0;
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_easy_setopt(easy, CURLOPT_URL, url);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 300L);
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_write);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_multi_add_handle(multi, easy);
  while(running && turns++ < 1000) {
    curl_multi_perform(multi, &running);
    curl_multi_poll(multi, NULL, 0, 20, NULL);
  }
  curl_multi_remove_handle(multi, easy);
}

static void texts(void)
{
  int i;
  for(i = 0; i <= 102; i++)
    printf("easy text %d: %s\n", i, curl_easy_strerror((CURLcode)i));
  for(i = -1; i <= 16; i++)
    printf("multi text %d: %s\n", i, curl_multi_strerror((CURLMcode)i));
  for(i = 0; i <= 6; i++)
    printf("share text %d: %s\n", i, curl_share_strerror((CURLSHcode)i));
  for(i = 0; i <= 32; i++)
    printf("url text %d: %s\n", i, curl_url_strerror((CURLUcode)i));
}

/* Every number of every type, with zero; what the reference has not is not shown. */
static void options(void)
{
  int kind, i;
  for(kind = 0; kind < 5; kind++)
    for(i = 1; i < 340; i++) {
      CURL *e = curl_easy_init();
      CURLcode code = kind == 3 ? curl_easy_setopt(e, (CURLoption)(30000 + i), (curl_off_t)0)
                                : curl_easy_setopt(e, (CURLoption)(kind * 10000 + i), NULL);
      if(code != CURLE_UNKNOWN_OPTION && code != CURLE_NOT_BUILT_IN)
        printf("option %d: %d\n", kind * 10000 + i, (int)code);
      if(!kind) {
        code = curl_easy_setopt(e, (CURLoption)i, -1L);
        if(code != CURLE_UNKNOWN_OPTION && code != CURLE_NOT_BUILT_IN)
          printf("option %d with -1: %d\n", i, (int)code);
        code = curl_easy_setopt(e, (CURLoption)i, 7654321L);
        if(code != CURLE_UNKNOWN_OPTION && code != CURLE_NOT_BUILT_IN)
          printf("option %d with 7654321: %d\n", i, (int)code);
      }
      curl_easy_cleanup(e);
    }
}

/* Every info of a handle that did nothing. */
static void infos(void)
{
  int i;
  CURL *e = curl_easy_init();
  for(i = 1; i < 75; i++) {
    long number = -7;
    char *text = (char *)1;
    double real = -7;
    curl_off_t off = -7;
    CURLcode code = curl_easy_getinfo(e, (CURLINFO)(CURLINFO_LONG + i), &number);
    if(!code)
      printf("info long %d: %ld\n", i, number);
    code = curl_easy_getinfo(e, (CURLINFO)(CURLINFO_STRING + i), &text);
    if(!code)
      printf("info text %d: %s\n", i, text ? text : "(null)");
    code = curl_easy_getinfo(e, (CURLINFO)(CURLINFO_DOUBLE + i), &real);
    if(!code)
      printf("info double %d: %g\n", i, real);
    code = curl_easy_getinfo(e, (CURLINFO)(CURLINFO_OFF_T + i), &off);
    if(!code)
      printf("info off %d: %ld\n", i, (long)off);
  }
  curl_easy_cleanup(e);
}

static void dates(void)
{
  static const char *const list[] = {
    "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
    "06 Nov 1994 08:49:37 GMT", "1994 Nov 6 08:49", "20040911 +0200", "Thu, 99 Xxx", "0",
    "1994.06.11", "Sat, 11 Sep 2004 21:32:11 PDT", "2094 Nov 6", "Nov-94", "Tue, 31-Feb-2001", "",
    "Sun, 06 Nov 1994 08:49:37", "Nov 6 1994", "06-Nov-1994", "06 Nov 94", "6 nov 1994 8:49", "1994-11-06",
    "1994-Nov-06", "19941106", "19941106 08:49:37", "08:49:37 19941106", "Sunday 6 November 1994", "Sun 06 Nov 1994 08:49 GMT",
    "Mon Sep 31 24:00:00 2004", "Sep 30 23:59:60 2004", "Sep 30 23:60:00 2004", "Sep 30 24:00:00 2004", "Feb 29 2003",
    "Feb 29 2004", "Feb 29 1900", "Jan 0 2004", "Jan 32 2004", "13 Foo 2004", "2004 Sep 11 +0200", "20040912 15:05:58 -0700",
    "Thu, 01-Jan-1970 00:59:58 GMT", "Thu, 01-Jan-1970 00:00:00 GMT", "Wed, 31-Dec-1969 23:59:59 GMT", "1 Jan 1583",
    "1 Jan 1582", "31 Dec 0001", "Fri, 13 Feb 2009 23:31:30 CET", "Fri, 13 Feb 2009 23:31:30 Z", "Fri, 13 Feb 2009 23:31:30 A",
    "Fri, 13 Feb 2009 23:31:30 J", "Fri, 13 Feb 2009 23:31:30 XYZ", "Fri, 13 Feb 2009 23:31:30 +1401", "Fri, 13 Feb 2009 23:31:30 +1400",
    "Fri, 13 Feb 2009 23:31:30 -1400", "Fri, 13 Feb 2009 23:31:30 +100", "Fri, 13 Feb 2009 23:31:30 UTC", "Fri, 13 Feb 2009 23:31:30 EDT",
    "2004,09,11", "2004/09/11", "11 Sep 2004 1:2:3", "11 Sep 2004 21:32:11:5", "11 Sep 2004 21:32:11 21:32:11", "Sep Sep 11 2004",
    "Sat Sat 11 Sep 2004", "11 12 Sep 2004", "Sat, 11 Sep 2004 AD", "aug Monday 2004 12", "Januar 1 2004", "Thursday, 01 January 2004",
    "99 Jan 1", "70 Jan 1", "69 Jan 1", "71 Jan 1", "00 Jan 1", "1 Jan 70", "1 Jan 71", "1 Jan 69", "31 12 1999", "20000 Jan 1", "   6   Nov   1994   "
  };
  size_t i;
  for(i = 0; i < sizeof(list) / sizeof(*list); i++)
    printf("date %s: %ld\n", list[i], (long)curl_getdate(list[i], NULL));
}

static void urls(void)
{
  static const char *const list[] = {
    "http://example.com/", "HTTP://EXAMPLE.com:80/a/../b?q#f", "http://u:p@h:81/x", "http://[::1]/",
    "http://[::1%25eth0]/", "example.com/x", "http:///x", "http://a b/", "http://h:0/", "http://h:65536/",
    "http://1.2/", "http://0x7f.1/", "file:///etc/x", "file://host/x", "//h/x", "http://h/?a=b&c=d",
    "http://h/%41%2f", "http://h/ x", "", "http://", "ftp.h.com", "x:", "http:/h/x", "http://h\\x/"
  };
  static const unsigned int flags[] = { 0, CURLU_DEFAULT_SCHEME, CURLU_GUESS_SCHEME, CURLU_NON_SUPPORT_SCHEME,
                                        CURLU_URLENCODE, CURLU_PATH_AS_IS };
  size_t i, k;
  for(i = 0; i < sizeof(list) / sizeof(*list); i++)
    for(k = 0; k < sizeof(flags) / sizeof(*flags); k++) {
      CURLU *u = curl_url();
      char *text = NULL;
      CURLUcode code = curl_url_set(u, CURLUPART_URL, list[i], flags[k]);
      if(!code)
        code = curl_url_get(u, CURLUPART_URL, &text, 0);
      printf("url %s flags %u: %d %s\n", list[i], flags[k], (int)code, text ? text : "(null)");
      curl_free(text);
      curl_url_cleanup(u);
    }
}

static void escapes(void)
{
  int length = 0;
  char *text = curl_easy_escape(easy, "a b/\xc3\xa9~-._?", 0);
  printf("escape: %s\n", text);
  curl_free(text);
  text = curl_easy_unescape(easy, "a%20b%00c%zz+", 0, &length);
  printf("unescape: %d\n", length);
  curl_free(text);
  text = curl_maprintf("%5d|%-5s|%05.1f|%x|%llu|%c|%%|%.3s|%*d", 42, "ab", 3.14159, 255,
                       1234567890123ULL, 'z', "abcdef", 4, 7);
  printf("printf: %s\n", text);
  curl_free(text);
  show("strequal", curl_strequal("AbC", "aBc"));
  show("strnequal", curl_strnequal("AbCd", "aBcX", 3));
}

/* Every age gives the whole of it. */
static void versions(void)
{
  int age;
  for(age = CURLVERSION_FIRST; age <= CURLVERSION_NOW + 1; age++) {
    const curl_version_info_data *info = curl_version_info((CURLversion)age);
    printf("version age %d gives: %d\n", age, info ? (int)info->age : -1);
    show("version number", info && info->version_num == LIBCURL_VERSION_NUM);
    show("version protocols", info && info->protocols && info->protocols[0] && info->host);
    show("version features", info && info->feature_names && (info->features & CURL_VERSION_IPV6));
  }
}

int main(int argc, char **argv)
{
  if(argc != 2)
    return 2;
  curl_global_init(CURL_GLOBAL_DEFAULT);
  multi = curl_multi_init();
  easy = curl_easy_init();
  null_handles();
  misuse();
  recursion(argv[1]);
  texts();
  options();
  infos();
  dates();
  urls();
  escapes();
  versions();
  curl_easy_cleanup(easy);
  show("end: multi cleanup", curl_multi_cleanup(multi));
  curl_global_cleanup();
  return 0;
}
