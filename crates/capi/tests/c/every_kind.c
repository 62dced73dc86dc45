/* One call for each kind of argument: right in C89 and in C++98, and without a warning. */
#include <curl/curl.h>

static size_t take(char *bytes, size_t size, size_t count, void *user)
{
  (void)bytes;
  (void)user;
  return size * count;
}

static int watch(CURL *easy, curl_socket_t socket, int what, void *user, void *socket_user)
{
  (void)easy;
  (void)socket;
  (void)what;
  (void)user;
  (void)socket_user;
  return 0;
}

int main(void)
{
  CURL *easy = curl_easy_init();
  CURLM *multi = curl_multi_init();
  CURLSH *share = curl_share_init();
  CURLU *url = curl_url();
  struct curl_slist *list = curl_slist_append(NULL, "Name: value");
  char error[CURL_ERROR_SIZE];
  char *text = NULL;
  long code = 0;
  double seconds = 0;
  curl_off_t bytes = 0;
  curl_socket_t socket = CURL_SOCKET_BAD;
  struct curl_certinfo *certificates = NULL;

  curl_easy_setopt(easy, CURLOPT_URL, "http://localhost/");
  curl_easy_setopt(easy, CURLOPT_CURLU, url);
  curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_ANY);
  curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)5);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, stdout);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "x=y");
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error);
  curl_easy_setopt(easy, CURLOPT_SHARE, share);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, 5L);
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &code);
  curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &text);
  curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME, &seconds);
  curl_easy_getinfo(easy, CURLINFO_SIZE_DOWNLOAD_T, &bytes);
  curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &socket);
  curl_easy_getinfo(easy, CURLINFO_COOKIELIST, &list);
  curl_easy_getinfo(easy, CURLINFO_CERTINFO, &certificates);
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 5L);
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, watch);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, &code);
  curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
  curl_mprintf("%" CURL_FORMAT_CURL_OFF_T "\n", bytes);
  return LIBCURL_VERSION_NUM >= CURL_VERSION_BITS(8, 22, 0) ? 0 : 1;
}
