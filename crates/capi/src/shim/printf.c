/* The curl_m*printf functions. */
#include "variadic.h"

int tress_printf_file(FILE *file, const char *format, struct tress_arguments *arguments);
int tress_printf_bounded(char *buffer, size_t size, const char *format,
                         struct tress_arguments *arguments);
int tress_printf_unbounded(char *buffer, const char *format, struct tress_arguments *arguments);
char *tress_printf_allocated(const char *format, struct tress_arguments *arguments);

/* Evaluates `call` with `arguments` standing for what follows the parameter `last`. */
#define WITH_ARGUMENTS(last, type, call)   \
  struct tress_arguments arguments;        \
  type result;                             \
  va_start(arguments.list, last);          \
  result = call;                           \
  va_end(arguments.list);                  \
  return result

/* The same for what the caller fetched already. */
#define WITH_LIST(args, type, call)        \
  struct tress_arguments arguments;        \
  type result;                             \
  va_copy(arguments.list, args);           \
  result = call;                           \
  va_end(arguments.list);                  \
  return result

EXPORT int curl_mprintf(const char *format, ...)
{
  WITH_ARGUMENTS(format, int, tress_printf_file(stdout, format, &arguments));
}

EXPORT int curl_mfprintf(FILE *file, const char *format, ...)
{
  WITH_ARGUMENTS(format, int, tress_printf_file(file, format, &arguments));
}

EXPORT int curl_msprintf(char *buffer, const char *format, ...)
{
  WITH_ARGUMENTS(format, int, tress_printf_unbounded(buffer, format, &arguments));
}

EXPORT int curl_msnprintf(char *buffer, size_t size, const char *format, ...)
{
  WITH_ARGUMENTS(format, int, tress_printf_bounded(buffer, size, format, &arguments));
}

EXPORT char *curl_maprintf(const char *format, ...)
{
  WITH_ARGUMENTS(format, char *, tress_printf_allocated(format, &arguments));
}

EXPORT int curl_mvprintf(const char *format, va_list args)
{
  WITH_LIST(args, int, tress_printf_file(stdout, format, &arguments));
}

EXPORT int curl_mvfprintf(FILE *file, const char *format, va_list args)
{
  WITH_LIST(args, int, tress_printf_file(file, format, &arguments));
}

EXPORT int curl_mvsprintf(char *buffer, const char *format, va_list args)
{
  WITH_LIST(args, int, tress_printf_unbounded(buffer, format, &arguments));
}

EXPORT int curl_mvsnprintf(char *buffer, size_t size, const char *format, va_list args)
{
  WITH_LIST(args, int, tress_printf_bounded(buffer, size, format, &arguments));
}

EXPORT char *curl_mvaprintf(const char *format, va_list args)
{
  WITH_LIST(args, char *, tress_printf_allocated(format, &arguments));
}
