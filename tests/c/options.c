/* What every option of every kind of handle answers to values at the edges of its kind: one line
 * for each option, runs of values with the same answer as "first..last=code". Options are those that
 * the library lists. */
#include <curl/curl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The reference of the tests is built without these. */
#pragma weak curl_easy_option_by_name
#pragma weak curl_easy_option_by_id
#pragma weak curl_easy_option_next

/* CURL_MAX_INPUT_LENGTH */
#define LONGEST 8000000

/* In order. */
static const long longs[] = {
  LONG_MIN, INT_MIN - 1L, INT_MIN, -1000, -18, -17, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
  17, 18, 30, 31, 32, 33, 40, 41, 63, 64, 65, 100, 127, 128, 255, 256, 257, 511, 512, 513, 777, 1023, 1024, 2048, 4096,
  8192, 16384, 32767, 32768, 65464, 65465, 65535, 65536, 65537, 131072, 196608, 262144, 327680, 393216, 458752, 458759,
  524288, 1048576, 2097152, 10485760, 10485761, 16777216, 134217728, 1073741824, INT_MAX, INT_MAX + 1L, UINT_MAX,
  UINT_MAX + 1L, LONG_MAX / 1000, LONG_MAX / 1000 + 1, LONG_MAX
};

static const char *const strings[] = {
  "", "a", " ", "a:b", ":", "a:", ":b", "a%00:b", "a:%00", "http", "HTTP,ftp", "all", "ALL", "http,nope", "nope", ",",
  "http://127.0.0.1/", "if!lo", "if!", "host!", "host!h", "ifhost!lo!h", "ifhost!lo", "ifhost!!", "ifhost!lo!",
  "127.0.0.1", "::1", "PEM", "DER", "ENG", "P12", "identity", "gzip, br", "SRP", "true", "false", "grease", "hard",
  "ecl:x", "private", "secret", "FLUSH", "RELOAD", "SESS", "Set-Cookie: a=b; domain=example.com", "sha256//abc",
  "1-2", "-", "provider", "aws:amz"
};

/* The run of values that is being gathered. */
static char first[64], last[64];
static int run_code, run_size;

static void end_run(void)
{
  if(run_size > 1)
    printf(" %s..%s=%d", first, last, run_code);
  else if(run_size)
    printf(" %s=%d", first, run_code);
  run_size = 0;
}

static void answer(const char *value, int code)
{
  if(run_size && code != run_code)
    end_run();
  if(!run_size++)
    snprintf(first, sizeof(first), "%s", value);
  snprintf(last, sizeof(last), "%s", value);
  run_code = code;
}

static void number(long value, int code)
{
  char text[32];
  snprintf(text, sizeof(text), "%ld", value);
  answer(text, code);
}

static void end_line(void)
{
  end_run();
  printf("\n");
}

static CURL *fresh(void)
{
  CURL *easy = curl_easy_init();
  if(!easy)
    exit(3);
  return easy;
}

/* A handle with the option set can be copied and reset. */
static void finish(CURL *easy)
{
  CURL *copy = curl_easy_duphandle(easy);
  if(!copy)
    printf(" no-copy");
  curl_easy_cleanup(copy);
  curl_easy_reset(easy);
  curl_easy_cleanup(easy);
}

static void long_option(CURLoption id)
{
  size_t i;
  for(i = 0; i < sizeof(longs) / sizeof(*longs); i++) {
    CURL *easy = fresh();
    number(longs[i], (int)curl_easy_setopt(easy, id, longs[i]));
    finish(easy);
  }
}

static void offset_option(CURLoption id)
{
  size_t i;
  for(i = 0; i < sizeof(longs) / sizeof(*longs); i++) {
    CURL *easy = fresh();
    number(longs[i], (int)curl_easy_setopt(easy, id, (curl_off_t)longs[i]));
    finish(easy);
  }
}

static void string_option(CURLoption id)
{
  static const size_t lengths[] = { 255, 256, 511, 512, 513, 65535, 65536, 65537, LONGEST, LONGEST + 1 };
  char name[64];
  size_t i;
  CURL *easy = fresh();
  CURLcode null = curl_easy_setopt(easy, id, NULL);
  answer("NULL", (int)null);
  finish(easy);
  for(i = 0; i < sizeof(strings) / sizeof(*strings); i++) {
    easy = fresh();
    snprintf(name, sizeof(name), "'%s'", strings[i]);
    answer(name, (int)curl_easy_setopt(easy, id, strings[i]));
    if(curl_easy_setopt(easy, id, NULL) != null)
      printf(" then-NULL-differs");
    finish(easy);
  }
  for(i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
    char *text = malloc(lengths[i] + 1);
    memset(text, 'a', lengths[i]);
    text[lengths[i]] = 0;
    easy = fresh();
    snprintf(name, sizeof(name), "%lu-bytes", (unsigned long)lengths[i]);
    answer(name, (int)curl_easy_setopt(easy, id, text));
    curl_easy_cleanup(easy);
    free(text);
  }
}

static void list_option(CURLoption id)
{
  struct curl_slist *list = curl_slist_append(NULL, "a: b");
  CURL *easy = fresh();
  answer("NULL", (int)curl_easy_setopt(easy, id, NULL));
  answer("list", (int)curl_easy_setopt(easy, id, list));
  finish(easy);
  curl_slist_free_all(list);
}

static void object_option(CURLoption id)
{
  static char zeros[CURL_ERROR_SIZE];
  CURLU *url = curl_url();
  CURLSH *share = curl_share_init();
  CURL *easy = fresh();
  curl_mime *mime = curl_mime_init(easy);
  answer("NULL", (int)curl_easy_setopt(easy, id, NULL));
  switch(id) {
  case CURLOPT_CURLU:
    answer("url", (int)curl_easy_setopt(easy, id, url));
    break;
  case CURLOPT_SHARE:
    answer("share", (int)curl_easy_setopt(easy, id, share));
    answer("share-again", (int)curl_easy_setopt(easy, id, share));
    break;
  case CURLOPT_MIMEPOST:
    answer("mime", (int)curl_easy_setopt(easy, id, mime));
    break;
  case CURLOPT_STDERR:
    answer("stdout", (int)curl_easy_setopt(easy, id, stdout));
    break;
  case CURLOPT_STREAM_DEPENDS:
  case CURLOPT_STREAM_DEPENDS_E:
    answer("itself", (int)curl_easy_setopt(easy, id, easy));
    break;
  case CURLOPT_HTTPPOST:
    break;
  default:
    answer("zeros", (int)curl_easy_setopt(easy, id, zeros));
  }
  finish(easy);
  curl_mime_free(mime);
  curl_url_cleanup(url);
  answer("share-unused", (int)curl_share_cleanup(share));
}

static void pointer_option(CURLoption id)
{
  CURL *easy = fresh();
  answer("NULL", (int)curl_easy_setopt(easy, id, NULL));
  answer("pointer", (int)curl_easy_setopt(easy, id, &id));
  finish(easy);
}

static void blob_option(CURLoption id)
{
  static char bytes[16] = "bytes";
  struct curl_blob blob;
  CURL *easy = fresh();
  answer("NULL", (int)curl_easy_setopt(easy, id, NULL));
  blob.data = bytes;
  blob.len = sizeof(bytes);
  blob.flags = CURL_BLOB_COPY;
  answer("copied", (int)curl_easy_setopt(easy, id, &blob));
  blob.flags = CURL_BLOB_NOCOPY;
  answer("kept", (int)curl_easy_setopt(easy, id, &blob));
  blob.len = 0;
  answer("empty", (int)curl_easy_setopt(easy, id, &blob));
  blob.data = NULL;
  answer("no-data", (int)curl_easy_setopt(easy, id, &blob));
  blob.data = malloc(LONGEST + 1);
  memset(blob.data, 'a', LONGEST + 1);
  blob.flags = CURL_BLOB_COPY;
  blob.len = LONGEST;
  answer("longest", (int)curl_easy_setopt(easy, id, &blob));
  blob.len = LONGEST + 1;
  answer("too-long", (int)curl_easy_setopt(easy, id, &blob));
  finish(easy);
  free(blob.data);
}

static size_t function(void)
{
  return 0;
}

static void function_option(CURLoption id)
{
  CURL *easy = fresh();
  answer("NULL", (int)curl_easy_setopt(easy, id, NULL));
  answer("function", (int)curl_easy_setopt(easy, id, function));
  finish(easy);
}

static void easy_options(void)
{
  const struct curl_easyoption *row = NULL;
  while((row = curl_easy_option_next(row))) {
    printf("CURLOPT_%s:", row->name);
    switch(row->type) {
    case CURLOT_LONG:
    case CURLOT_VALUES:
      long_option(row->id);
      break;
    case CURLOT_OFF_T:
      offset_option(row->id);
      break;
    case CURLOT_STRING:
      string_option(row->id);
      break;
    case CURLOT_SLIST:
      list_option(row->id);
      break;
    case CURLOT_OBJECT:
      object_option(row->id);
      break;
    case CURLOT_CBPTR:
      pointer_option(row->id);
      break;
    case CURLOT_BLOB:
      blob_option(row->id);
      break;
    case CURLOT_FUNCTION:
      function_option(row->id);
      break;
    }
    end_line();
  }
}

/* Every number near those of options, of each kind of value. */
static void multi_options(void)
{
  int id;
  size_t i;
  for(id = 1; id < 30; id++) {
    printf("CURLMOPT %d:", id);
    for(i = 0; i < sizeof(longs) / sizeof(*longs); i++) {
      CURLM *multi = curl_multi_init();
      number(longs[i], (int)curl_multi_setopt(multi, (CURLMoption)id, longs[i]));
      if(curl_multi_cleanup(multi))
        printf(" no-cleanup");
    }
    end_line();
  }
  for(id = 1; id < 30; id++) {
    CURLM *multi = curl_multi_init();
    printf("CURLMOPT %d:", 10000 + id);
    answer("NULL", (int)curl_multi_setopt(multi, (CURLMoption)(10000 + id), NULL));
    end_line();
    printf("CURLMOPT %d:", 20000 + id);
    answer("NULL", (int)curl_multi_setopt(multi, (CURLMoption)(20000 + id), NULL));
    end_line();
    printf("CURLMOPT %d:", 30000 + id);
    number(0, (int)curl_multi_setopt(multi, (CURLMoption)(30000 + id), (curl_off_t)0));
    number(-1, (int)curl_multi_setopt(multi, (CURLMoption)(30000 + id), (curl_off_t)-1));
    end_line();
    curl_multi_cleanup(multi);
  }
}

static void share_options(void)
{
  int option, data;
  for(option = 1; option <= 2; option++) {
    printf("CURLSHOPT %d:", option);
    for(data = -1; data <= 10; data++) {
      CURLSH *share = curl_share_init();
      number(data, (int)curl_share_setopt(share, (CURLSHoption)option, data));
      number(data, (int)curl_share_setopt(share, (CURLSHoption)option, data));
      number(data, (int)curl_share_setopt(share, CURLSHOPT_UNSHARE, data));
      answer("cleanup", (int)curl_share_cleanup(share));
    }
    end_line();
  }
  for(option = 3; option <= 12; option++) {
    CURLSH *share = curl_share_init();
    printf("CURLSHOPT %d:", option);
    answer("NULL", (int)curl_share_setopt(share, (CURLSHoption)option, NULL));
    answer("cleanup", (int)curl_share_cleanup(share));
    end_line();
  }
}

/* Names and numbers of options, as the library tells them. */
static void lookups(void)
{
  const struct curl_easyoption *row = NULL;
  int id, ids = 0;
  while((row = curl_easy_option_next(row))) {
    const struct curl_easyoption *by_name = curl_easy_option_by_name(row->name);
    const struct curl_easyoption *by_id = curl_easy_option_by_id(row->id);
    printf("row %s: id %d type %d flags %u by-name %d by-id %s\n", row->name, (int)row->id, (int)row->type,
           row->flags, by_name == row, by_id ? by_id->name : "-");
  }
  for(id = -1; id < 41000; id++) {
    row = curl_easy_option_by_id((CURLoption)id);
    ids += row != NULL;
  }
  printf("lookup: %d ids, %d %d %d %d\n", ids, curl_easy_option_by_name("url") != NULL, curl_easy_option_by_name("ur") != NULL,
         curl_easy_option_by_name("") != NULL, curl_easy_option_by_name("URL ") != NULL);
}

int main(void)
{
  curl_global_init(CURL_GLOBAL_DEFAULT);
  easy_options();
  multi_options();
  share_options();
  lookups();
  curl_global_cleanup();
  return 0;
}
