/* A transfer before a fork; then parent and child each go on with the same multi handle.
 * argv: a URL that tells the connection, by name, so that the resolver has a part. */
#include "common.h"
#include <sys/wait.h>
#include <unistd.h>

static int one(CURLM *multi, const char *url, const char *who)
{
  struct job job;
  CURLMsg *message;
  int running = 1, left, result = -1;
  long connects = -1;
  memset(&job, 0, sizeof(job));
  job.easy = curl_easy_init();
  curl_easy_setopt(job.easy, CURLOPT_URL, url);
  curl_easy_setopt(job.easy, CURLOPT_TIMEOUT_MS, 5000L);
  curl_easy_setopt(job.easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
  curl_easy_setopt(job.easy, CURLOPT_WRITEFUNCTION, job_body);
  curl_easy_setopt(job.easy, CURLOPT_WRITEDATA, &job);
  if(curl_multi_add_handle(multi, job.easy))
    return 1;
  while(running) {
    curl_multi_perform(multi, &running);
    if(running)
      curl_multi_poll(multi, NULL, 0, 100, NULL);
  }
  while((message = curl_multi_info_read(multi, &left)))
    result = (int)message->data.result;
  curl_easy_getinfo(job.easy, CURLINFO_NUM_CONNECTS, &connects);
  printf("%s result %d size %lu connects %ld\n", who, result, job.size, connects);
  fflush(stdout);
  curl_multi_remove_handle(multi, job.easy);
  curl_easy_cleanup(job.easy);
  return result;
}

int main(int argc, char **argv)
{
  CURLM *multi;
  pid_t child;
  int status = 0;
  if(argc != 2)
    return 2;
  print_loaded();
  curl_global_init(CURL_GLOBAL_DEFAULT);
  multi = curl_multi_init();
  one(multi, argv[1], "before");
  child = fork();
  if(!child) {
    one(multi, argv[1], "child");
    curl_multi_cleanup(multi);
    _exit(0);
  }
  waitpid(child, &status, 0);
  printf("child status %d\n", status);
  one(multi, argv[1], "parent");
  curl_multi_cleanup(multi);
  return 0;
}
