/* What the drivers share: one transfer for each URL of the command line, a line for each at the
 * end, and the library that was really loaded on stderr. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct job {
  CURL *easy;
  const char *url;
  unsigned long size;
  unsigned sum;
  int done, result;
};

static struct job *jobs;
static int job_count, jobs_left;

static size_t job_body(char *bytes, size_t size, size_t count, void *arg)
{
  struct job *job = arg;
  size_t i;
  for(i = 0; i < size * count; i++)
    job->sum = (job->sum << 5 | job->sum >> 27) ^ (unsigned char)bytes[i];
  job->size += size * count;
  return size * count;
}

static void print_loaded(void)
{
  char line[4096];
  FILE *maps = fopen("/proc/self/maps", "r");
  while(maps && fgets(line, sizeof(line), maps))
    if(strstr(line, "libcurl")) {
      fputs(strchr(line, '/'), stderr);
      break;
    }
  if(maps)
    fclose(maps);
}

/* Adds all transfers; the callbacks of the multi handle are set. */
static inline void jobs_start(CURLM *multi, int argc, char **argv)
{
  int i;
  print_loaded();
  jobs_left = job_count = argc - 1;
  jobs = calloc((size_t)argc, sizeof(*jobs));
  for(i = 0; i < job_count; i++) {
    struct job *job = &jobs[i];
    job->url = argv[i + 1];
    job->easy = curl_easy_init();
    curl_easy_setopt(job->easy, CURLOPT_URL, job->url);
    curl_easy_setopt(job->easy, CURLOPT_PRIVATE, job);
    curl_easy_setopt(job->easy, CURLOPT_WRITEFUNCTION, job_body);
    curl_easy_setopt(job->easy, CURLOPT_WRITEDATA, job);
    curl_easy_setopt(job->easy, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(job->easy, CURLOPT_TIMEOUT_MS, 2000L);
    if(curl_multi_add_handle(multi, job->easy))
      exit(3);
  }
}

/* Reads the messages; true when every transfer is done. */
static inline int jobs_read(CURLM *multi)
{
  CURLMsg *message;
  int left;
  while((message = curl_multi_info_read(multi, &left))) {
    char *private = NULL;
    struct job *job;
    if(message->msg != CURLMSG_DONE)
      continue;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
    job = (struct job *)(void *)private;
    job->result = (int)message->data.result;
    job->done++;
    jobs_left--;
    curl_multi_remove_handle(multi, job->easy);
  }
  return !jobs_left;
}

/* One line for each transfer, in the order of the command line; then everything is freed. */
static inline int jobs_finish(CURLM *multi)
{
  int i;
  for(i = 0; i < job_count; i++) {
    long status = 0;
    curl_easy_getinfo(jobs[i].easy, CURLINFO_RESPONSE_CODE, &status);
    printf("%s done %d result %d status %ld size %lu sum %08x\n", strchr(jobs[i].url + 8, '/'),
           jobs[i].done, jobs[i].result, status, jobs[i].size, jobs[i].sum);
    curl_easy_cleanup(jobs[i].easy);
  }
  free(jobs);
  return curl_multi_cleanup(multi) != CURLM_OK;
}
