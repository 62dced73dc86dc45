/* Every statement passes a wrong type, or a deprecated name: each must be warned of. */
#include <curl/curl.h>

static int wrong_function(void)
{
  return 0;
}

void wrong(CURL *easy, CURLM *multi, int number, double *figure)
{
  curl_easy_setopt(easy, CURLOPT_URL, &number);
  curl_easy_setopt(easy, CURLOPT_VERBOSE, 1);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, "x");
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, wrong_function);
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, wrong_function);
  curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, wrong_function);
  curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, 5);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, figure);
  curl_easy_setopt(easy, CURLOPT_SHARE, figure);
  curl_easy_setopt(easy, CURLOPT_STDERR, figure);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, number);
  curl_easy_setopt(easy, CURLOPT_MIMEPOST, figure);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, figure);
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &number);
  curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &number);
  curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME, &number);
  curl_easy_getinfo(easy, CURLINFO_CERTINFO, &number);
  curl_easy_getinfo(easy, CURLINFO_COOKIELIST, &number);
  curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME_T, &number);
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 1);
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, wrong_function);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, 1);
  curl_multi_setopt(multi, CURLMOPT_PIPELINING_SITE_BL, &number);
  curl_easy_setopt(easy, CURLOPT_PUT, 1L);
}
