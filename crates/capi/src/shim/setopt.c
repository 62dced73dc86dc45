/* The *_setopt and getinfo functions: fetch the argument as the option's number says and pass
   it on. */
#include "variadic.h"

/* An option's number tells how its argument is passed. */
enum { POINTERS = 10000, OFFSETS = 30000, BLOBS = 40000 };

int tress_easy_setopt_long(void *easy, int option, long value);
int tress_easy_setopt_ptr(void *easy, int option, void *value);
int tress_easy_setopt_off(void *easy, int option, int64_t value);
int tress_easy_getinfo(void *easy, int info, void *place);
int tress_multi_setopt_long(void *multi, int option, long value);
int tress_multi_setopt_ptr(void *multi, int option, void *value);
int tress_multi_setopt_off(void *multi, int option, int64_t value);
int tress_share_setopt_int(void *share, int option, int value);
int tress_share_setopt_ptr(void *share, int option, void *value);

EXPORT int curl_easy_setopt(void *easy, int option, ...)
{
  va_list list;
  int code;
  va_start(list, option);
  if(option < POINTERS)
    code = tress_easy_setopt_long(easy, option, va_arg(list, long));
  else if(option < OFFSETS || option >= BLOBS)
    code = tress_easy_setopt_ptr(easy, option, va_arg(list, void *));
  else
    code = tress_easy_setopt_off(easy, option, va_arg(list, int64_t));
  va_end(list);
  return code;
}

EXPORT int curl_easy_getinfo(void *easy, int info, ...)
{
  va_list list;
  int code;
  va_start(list, info);
  code = tress_easy_getinfo(easy, info, va_arg(list, void *));
  va_end(list);
  return code;
}

EXPORT int curl_multi_setopt(void *multi, int option, ...)
{
  va_list list;
  int code;
  va_start(list, option);
  if(option < POINTERS)
    code = tress_multi_setopt_long(multi, option, va_arg(list, long));
  else if(option < OFFSETS || option >= BLOBS)
    code = tress_multi_setopt_ptr(multi, option, va_arg(list, void *));
  else
    code = tress_multi_setopt_off(multi, option, va_arg(list, int64_t));
  va_end(list);
  return code;
}

EXPORT int curl_share_setopt(void *share, int option, ...)
{
  enum { LAST_WITH_AN_INT = 2 }; /* CURLSHOPT_SHARE and CURLSHOPT_UNSHARE */
  va_list list;
  int code;
  va_start(list, option);
  if(option <= LAST_WITH_AN_INT)
    code = tress_share_setopt_int(share, option, va_arg(list, int));
  else
    code = tress_share_setopt_ptr(share, option, va_arg(list, void *));
  va_end(list);
  return code;
}
