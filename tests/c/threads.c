/* Many multi handles on many threads with one share, all kinds of data shared; meanwhile one thread
 * reads what is shared, another changes it. argv: URL, threads, transfers for each, "locks" for lock
 * callbacks of the application. */
#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT_ONCE 4

static CURLSH *share;
static const char *url;
static int transfers;
static pthread_mutex_t locks[CURL_LOCK_DATA_LAST];
static pthread_mutex_t counting = PTHREAD_MUTEX_INITIALIZER;
static long good, bad, lock_calls, unlock_calls;

static void on_lock(CURL *easy, curl_lock_data data, curl_lock_access access, void *arg)
{
  (void)easy;
  (void)access;
  (void)arg;
  pthread_mutex_lock(&locks[data]);
  __atomic_fetch_add(&lock_calls, 1, __ATOMIC_RELAXED);
}

static void on_unlock(CURL *easy, curl_lock_data data, void *arg)
{
  (void)easy;
  (void)arg;
  __atomic_fetch_add(&unlock_calls, 1, __ATOMIC_RELAXED);
  pthread_mutex_unlock(&locks[data]);
}

static size_t swallow(char *bytes, size_t size, size_t count, void *arg)
{
  (void)bytes;
  (void)arg;
  return size * count;
}

static CURL *prepared(int number)
{
  char cookie[64];
  CURL *easy = curl_easy_init();
  snprintf(cookie, sizeof(cookie), "Set-Cookie: n%d=1; domain=127.0.0.1", number);
  curl_easy_setopt(easy, CURLOPT_SHARE, share);
  curl_easy_setopt(easy, CURLOPT_URL, url);
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(easy, CURLOPT_COOKIEFILE, "");
  curl_easy_setopt(easy, CURLOPT_COOKIELIST, cookie);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, swallow);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 30000L);
  return easy;
}

static void count(CURLMsg *message)
{
  pthread_mutex_lock(&counting);
  if(message->data.result == CURLE_OK)
    good++;
  else {
    bad++;
    fprintf(stderr, "result %d\n", (int)message->data.result);
  }
  pthread_mutex_unlock(&counting);
}

static void *work(void *arg)
{
  int first = (int)(size_t)arg * 1000, begun = 0, running = 1, left;
  CURLM *multi = curl_multi_init();
  CURL *handles[AT_ONCE];
  for(; begun < AT_ONCE; begun++)
    curl_multi_add_handle(multi, handles[begun] = prepared(first + begun));
  while(running) {
    CURLMsg *message;
    curl_multi_perform(multi, &running);
    while((message = curl_multi_info_read(multi, &left))) {
      CURL *easy = message->easy_handle;
      count(message);
      curl_multi_remove_handle(multi, easy);
      if(begun++ < transfers) {
        curl_multi_add_handle(multi, easy);
        running = 1;
      }
    }
    if(running)
      curl_multi_poll(multi, NULL, 0, 100, NULL);
  }
  for(left = 0; left < AT_ONCE; left++)
    curl_easy_cleanup(handles[left]);
  curl_multi_cleanup(multi);
  return NULL;
}

/* Reads and changes what is shared while the others work; other calls that need no handle. */
static void *meddle(void *arg)
{
  int i;
  (void)arg;
  for(i = 0; i < transfers; i++) {
    struct curl_slist *list = NULL;
    CURL *easy = prepared(900000 + i);
    char *text = curl_easy_escape(easy, "a b", 0);
    curl_easy_getinfo(easy, CURLINFO_COOKIELIST, &list);
    curl_slist_free_all(list);
    if(i % 7 == 0)
      curl_easy_setopt(easy, CURLOPT_COOKIELIST, "SESS");
    curl_free(text);
    text = curl_maprintf("%d %s", i, curl_easy_strerror(CURLE_OK));
    curl_free(text);
    curl_getdate("Sun, 06 Nov 1994 08:49:37 GMT", NULL);
    curl_version_info(CURLVERSION_NOW);
    curl_version();
    curl_easy_perform(easy);
    curl_easy_cleanup(easy);
  }
  return NULL;
}

int main(int argc, char **argv)
{
  int count, i;
  pthread_t threads[64];
  if(argc < 4)
    return 2;
  url = argv[1];
  count = atoi(argv[2]);
  transfers = atoi(argv[3]);
  curl_global_init(CURL_GLOBAL_DEFAULT);
  share = curl_share_init();
  for(i = 0; i < CURL_LOCK_DATA_LAST; i++)
    pthread_mutex_init(&locks[i], NULL);
  for(i = CURL_LOCK_DATA_COOKIE; i < CURL_LOCK_DATA_LAST; i++)
    curl_share_setopt(share, CURLSHOPT_SHARE, i);
  if(argc > 4) {
    curl_share_setopt(share, CURLSHOPT_LOCKFUNC, on_lock);
    curl_share_setopt(share, CURLSHOPT_UNLOCKFUNC, on_unlock);
  }
  for(i = 0; i < count; i++)
    pthread_create(&threads[i], NULL, i ? work : meddle, (void *)(size_t)i);
  for(i = 0; i < count; i++)
    pthread_join(threads[i], NULL);
  printf("good %ld bad %ld locks %d balance %ld share %d\n", good, bad, lock_calls > 0, lock_calls - unlock_calls,
         (int)curl_share_cleanup(share));
  curl_global_cleanup();
  return 0;
}
