/* Memory functions of the application (curl_global_init_mem): what each call answers when the Nth
 * allocation fails, for N = 1.. until none fails; "name: the answers seen, ending with success".
 * Memory from the application's functions goes back to them, whole. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The allocation that fails counts down to zero; below that none fails. */
static long until_failure = -1, alive, made;

static int fails(void)
{
  made++;
  return until_failure >= 0 && until_failure-- == 0;
}

/* A mark in front of each block: what comes back must be ours, and once. */
#define MARK 0x7e577e57ul

static void *my_malloc(size_t size)
{
  size_t *block = fails() ? NULL : malloc(size + 16);
  if(!block)
    return NULL;
  alive++;
  block[0] = MARK;
  block[1] = size;
  memset(block + 2, 0xaa, size);
  return block + 2;
}

static void my_free(void *place)
{
  size_t *block = place;
  if(!place)
    return;
  block -= 2;
  if(block[0] != MARK) {
    printf("free of what is not ours\n");
    abort();
  }
  block[0] = 0;
  alive--;
  free(block);
}

static void *my_realloc(void *place, size_t size)
{
  void *bigger = my_malloc(size);
  if(bigger && place) {
    size_t old = ((size_t *)place)[-1];
    memcpy(bigger, place, old < size ? old : size);
    my_free(place);
  }
  return bigger;
}

static void *my_calloc(size_t count, size_t size)
{
  void *place = my_malloc(count * size);
  if(place)
    memset(place, 0, count * size);
  return place;
}

static char *my_strdup(const char *text)
{
  char *copy = my_malloc(strlen(text) + 1);
  if(copy)
    strcpy(copy, text);
  return copy;
}

static CURL *easy;

static long t_easy_init(void)
{
  CURL *fresh = curl_easy_init();
  curl_easy_cleanup(fresh);
  return fresh != NULL;
}

static long t_duphandle(void)
{
  CURL *copy = curl_easy_duphandle(easy);
  curl_easy_cleanup(copy);
  return copy != NULL;
}

static long t_multi_init(void)
{
  CURLM *multi = curl_multi_init();
  curl_multi_cleanup(multi);
  return multi != NULL;
}

static long t_share_init(void)
{
  CURLSH *share = curl_share_init();
  curl_share_cleanup(share);
  return share != NULL;
}

static long t_escape(void)
{
  char *text = curl_easy_escape(easy, "a b c", 0);
  long good = text && !strcmp(text, "a%20b%20c");
  curl_free(text);
  return good;
}

static long t_unescape(void)
{
  int length = 0;
  char *text = curl_easy_unescape(easy, "a%20b", 0, &length);
  long good = text && length == 3;
  curl_free(text);
  return good;
}

static long t_slist_append(void)
{
  struct curl_slist *list = curl_slist_append(NULL, "one"), *more = curl_slist_append(list, "two");
  long good = list && more == list && !strcmp(list->next->data, "two");
  curl_slist_free_all(more ? more : list);
  if(!list && more)
    good = 0;
  return good;
}

static long t_getenv(void)
{
  char *value = curl_getenv("PATH");
  long good = value && *value;
  curl_free(value);
  return good;
}

static long t_maprintf(void)
{
  char *text = curl_maprintf("%s %d %500d", "words", 42, 7);
  long good = text && strlen(text) == 509;
  curl_free(text);
  return good;
}

static long t_url_set(void)
{
  CURLU *url = curl_url();
  long code = url ? (long)curl_url_set(url, CURLUPART_URL, "http://u:p@host:80/a/../b?q#f", 0) : -1;
  curl_url_cleanup(url);
  return code;
}

static long t_url_get(void)
{
  static const CURLUPart parts[] = { CURLUPART_URL,  CURLUPART_SCHEME, CURLUPART_USER, CURLUPART_PASSWORD,
                                     CURLUPART_HOST, CURLUPART_PORT,   CURLUPART_PATH, CURLUPART_QUERY,
                                     CURLUPART_FRAGMENT };
  long code = 0;
  size_t i;
  static CURLU *url;
  if(!url) {
    long count = until_failure;
    until_failure = -1;
    url = curl_url();
    curl_url_set(url, CURLUPART_URL, "http://u:p@host:80/a/../b?q#f", 0);
    until_failure = count;
  }
  for(i = 0; i < sizeof(parts) / sizeof(*parts) && !code; i++) {
    char *text = NULL;
    code = (long)curl_url_get(url, parts[i], &text, 0);
    if(!code != (text != NULL))
      printf("part %d: code %ld with %s\n", (int)parts[i], code, text ? text : "NULL");
    curl_free(text);
  }
  if(!code) {
    curl_url_cleanup(url);
    url = NULL;
  }
  return code;
}

static long t_get_handles(void)
{
  CURLM *multi;
  CURL **list;
  long good, count = until_failure;
  until_failure = -1;
  multi = curl_multi_init();
  curl_multi_add_handle(multi, easy);
  until_failure = count;
  list = curl_multi_get_handles(multi);
  good = list && list[0] == easy && !list[1];
  curl_free(list);
  count = until_failure;
  until_failure = -1;
  curl_multi_remove_handle(multi, easy);
  curl_multi_cleanup(multi);
  until_failure = count;
  return good;
}

static long t_cookielist(void)
{
  struct curl_slist *list = NULL;
  long code = (long)curl_easy_getinfo(easy, CURLINFO_COOKIELIST, &list);
  if(!code && (!list || !list->next))
    code = -1;
  if(code && list)
    code = -2;
  curl_slist_free_all(list);
  return code;
}

static long t_engines(void)
{
  struct curl_slist *list = NULL;
  long code = (long)curl_easy_getinfo(easy, CURLINFO_SSL_ENGINES, &list);
  curl_slist_free_all(list);
  return code;
}

static long t_setopt_text(void)
{
  return (long)curl_easy_setopt(easy, CURLOPT_REFERER, until_failure % 2 ? "http://a/" : "http://b/");
}

static long t_mime(void)
{
  curl_mime *mime = curl_mime_init(easy);
  curl_mimepart *part = mime ? curl_mime_addpart(mime) : NULL;
  long code = part ? 0 : -1;
  if(!code)
    code = (long)curl_mime_name(part, "name");
  if(!code)
    code = (long)curl_mime_data(part, "data", CURL_ZERO_TERMINATED);
  curl_mime_free(mime);
  return code;
}

static long t_formadd(void)
{
  struct curl_httppost *first = NULL, *last = NULL;
  long code = (long)curl_formadd(&first, &last, CURLFORM_COPYNAME, "a", CURLFORM_COPYCONTENTS, "b", CURLFORM_END);
  if(!code)
    code = (long)curl_formadd(&first, &last, CURLFORM_COPYNAME, "c", CURLFORM_BUFFER, "file", CURLFORM_BUFFERPTR,
                              "x", CURLFORM_BUFFERLENGTH, 1L, CURLFORM_END);
  curl_formfree(first);
  return code;
}

static size_t swallow(char *bytes, size_t size, size_t count, void *arg)
{
  (void)bytes;
  (void)arg;
  return size * count;
}

static long t_perform(void)
{
  CURL *fresh = curl_easy_init();
  long code = -1;
  if(fresh) {
    curl_easy_setopt(fresh, CURLOPT_URL, "file:///dev/null");
    curl_easy_setopt(fresh, CURLOPT_WRITEFUNCTION, swallow);
    code = (long)curl_easy_perform(fresh);
  }
  curl_easy_cleanup(fresh);
  return code;
}

#define T(name, success) { #name, t_##name, success }
static const struct {
  const char *name;
  long (*call)(void);
  long success;
} tests[] = {
  T(easy_init, 1), T(duphandle, 1), T(multi_init, 1), T(share_init, 1), T(escape, 1), T(unescape, 1),
  T(slist_append, 1), T(getenv, 1), T(maprintf, 1), T(url_set, 0), T(url_get, 0), T(get_handles, 1),
  T(cookielist, 0), T(engines, 0), T(setopt_text, 0), T(mime, 0), T(formadd, 0), T(perform, 0)
};

int main(void)
{
  size_t i;
  long failed_then = 0;
  if(curl_global_init_mem(CURL_GLOBAL_DEFAULT, my_malloc, my_free, my_realloc, my_strdup, my_calloc))
    return 1;
  easy = curl_easy_init();
  curl_easy_setopt(easy, CURLOPT_URL, "http://127.0.0.1:1/");
  curl_easy_setopt(easy, CURLOPT_COOKIELIST, "Set-Cookie: a=b; domain=example.com; expires=Fri, 01-Jan-2100 00:00:00 GMT");
  curl_easy_setopt(easy, CURLOPT_COOKIELIST, "Set-Cookie: c=d; domain=example.com; expires=Fri, 01-Jan-2100 00:00:00 GMT");
  for(i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
    long n, answer, last = -1000;
    printf("%s:", tests[i].name);
    (void)tests[i].call();
    for(n = 0; n < 2000; n++) {
      until_failure = n;
      answer = tests[i].call();
      failed_then = until_failure < 0;
      until_failure = -1;
      if(!failed_then)
        break;
      if(answer != last)
        printf(" %ld", answer);
      last = answer;
    }
    printf(" end %ld\n", answer);
    if(answer != tests[i].success)
      printf("%s after the last failure: %ld\n", tests[i].name, answer);
  }
  curl_easy_cleanup(easy);
  curl_global_cleanup();
  printf("alive at the end: %ld\n", alive);
  return 0;
}
