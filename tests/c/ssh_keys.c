/* ssh_keys URL USER KEYFILE KNOWNHOSTS ANSWER: what the callbacks about host keys are told, how a
 * transfer ends with the answer, an enum curl_khstat; "host" asks CURLOPT_SSH_HOSTKEYFUNCTION,
 * which says yes, "deny" the same, which says no. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t drop(char *bytes, size_t size, size_t count, void *user)
{
  (void)bytes;
  (void)user;
  return size * count;
}

static int known(CURL *easy, const struct curl_khkey *known, const struct curl_khkey *found,
                 enum curl_khmatch match, void *user)
{
  (void)easy;
  printf("match %d known %d found %d %d\n", (int)match, known ? (int)known->keytype : -1, (int)found->keytype,
         found->len > 30);
  return atoi(user);
}

static int host(void *user, int type, const char *key, size_t length)
{
  (void)key;
  printf("host %d %d\n", type, length > 30);
  return strcmp(user, "host") ? CURLKHMATCH_MISMATCH : CURLKHMATCH_OK;
}

int main(int argc, char **argv)
{
  CURL *easy = curl_easy_init();
  CURLcode result;
  if(argc < 6)
    return 2;
  curl_easy_setopt(easy, CURLOPT_URL, argv[1]);
  curl_easy_setopt(easy, CURLOPT_USERNAME, argv[2]);
  curl_easy_setopt(easy, CURLOPT_SSH_PRIVATE_KEYFILE, argv[3]);
  curl_easy_setopt(easy, CURLOPT_SSH_AUTH_TYPES, (long)CURLSSH_AUTH_PUBLICKEY);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
  if(!strcmp(argv[5], "host") || !strcmp(argv[5], "deny")) {
    curl_easy_setopt(easy, CURLOPT_SSH_HOSTKEYFUNCTION, host);
    curl_easy_setopt(easy, CURLOPT_SSH_HOSTKEYDATA, argv[5]);
  }
  else {
    curl_easy_setopt(easy, CURLOPT_SSH_KNOWNHOSTS, argv[4]);
    curl_easy_setopt(easy, CURLOPT_SSH_KEYFUNCTION, known);
    curl_easy_setopt(easy, CURLOPT_SSH_KEYDATA, argv[5]);
  }
  result = curl_easy_perform(easy);
  printf("result %d\n", (int)result);
  curl_easy_cleanup(easy);
  return 0;
}
