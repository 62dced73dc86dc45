#include "variadic.h"

int tress_formadd(void **first, void **last, struct tress_arguments *arguments);

EXPORT int curl_formadd(void **first, void **last, ...)
{
  struct tress_arguments arguments;
  int code;
  va_start(arguments.list, last);
  code = tress_formadd(first, last, &arguments);
  va_end(arguments.list);
  return code;
}
