/* Removes and cleans up a transfer while its name is being looked up, and measures how long each
 * call took. argv: a URL whose name is slow, or "herd", a count and such a URL: that many at once. */
#include "common.h"
#include <time.h>

static double now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static CURL *add(CURLM *multi, const char *url, struct job *job)
{
  CURL *easy = curl_easy_init();
  curl_easy_setopt(easy, CURLOPT_URL, url);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 10000L);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, job_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, job);
  curl_multi_add_handle(multi, easy);
  return easy;
}

static int herd(CURLM *multi, int count, const char *url)
{
  static struct job job;
  CURL *easy[100];
  CURLMsg *message;
  int i, running = 1, left, good = 0;
  for(i = 0; i < count && i < 100; i++)
    easy[i] = add(multi, url, &job);
  while(running) {
    curl_multi_perform(multi, &running);
    curl_multi_poll(multi, NULL, 0, 100, NULL);
  }
  while((message = curl_multi_info_read(multi, &left)))
    good += message->data.result == CURLE_OK;
  for(i = 0; i < count && i < 100; i++) {
    curl_multi_remove_handle(multi, easy[i]);
    curl_easy_cleanup(easy[i]);
  }
  printf("%d good\n", good);
  return curl_multi_cleanup(multi) != CURLM_OK;
}

int main(int argc, char **argv)
{
  struct job job;
  CURLM *multi;
  CURL *easy;
  int running;
  double begin, removed, cleaned, ended;
  print_loaded();
  curl_global_init(CURL_GLOBAL_DEFAULT);
  multi = curl_multi_init();
  if(argc == 4)
    return herd(multi, atoi(argv[2]), argv[3]);
  memset(&job, 0, sizeof(job));
  easy = add(multi, argv[1], &job);
  curl_multi_perform(multi, &running);
  curl_multi_poll(multi, NULL, 0, 50, NULL);
  curl_multi_perform(multi, &running);
  begin = now();
  curl_multi_remove_handle(multi, easy);
  removed = now();
  curl_easy_cleanup(easy);
  cleaned = now();
  curl_multi_cleanup(multi);
  ended = now();
  printf("%.0f %.0f %.0f\n", (removed - begin) * 1000, (cleaned - removed) * 1000,
         (ended - cleaned) * 1000);
  return 0;
}
