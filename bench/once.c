/*
 * once - what a program pays that makes one request and ends (git, a PHP
 * script): loading the library, curl_global_init, one transfer, the end.
 * It is linked with -lcurl, and finds the library as any program does.
 *
 *   once [URL [CAFILE]]     without a URL: the library is loaded and set up
 *
 * Prints its peak RSS in KiB (ru_maxrss would include what the process was
 * before exec).
 */
#include <curl/curl.h>
#include <stdio.h>

static long peak_rss(void)
{
  char line[128];
  long kb = 0;
  FILE *f = fopen("/proc/self/status", "r");
  while(f && fgets(line, sizeof(line), f) &&
        sscanf(line, "VmHWM: %ld", &kb) != 1)
    ;
  if(f)
    fclose(f);
  return kb;
}

static size_t drop(char *p, size_t size, size_t count, void *arg)
{
  (void)p;
  (void)arg;
  return size * count;
}

int main(int argc, char **argv)
{
  CURLcode result = curl_global_init(CURL_GLOBAL_DEFAULT);
  if(!result && argc > 1) {
    CURL *easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, argv[1]);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
    if(argc > 2)
      curl_easy_setopt(easy, CURLOPT_CAINFO, argv[2]);
    result = curl_easy_perform(easy);
    if(result)
      fprintf(stderr, "once: %s\n", curl_easy_strerror(result));
    curl_easy_cleanup(easy);
  }
  curl_global_cleanup();
  printf("%ld\n", peak_rss());
  return (int)result;
}
