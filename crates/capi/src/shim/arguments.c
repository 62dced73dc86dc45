#include "variadic.h"

/* Which flavour of the library this is; the product of another flavour brings its own value. */
__attribute__((weak)) const int tress_flavour = 0;

int tress_next_int(struct tress_arguments *from)
{
  return va_arg(from->list, int);
}

long tress_next_long(struct tress_arguments *from)
{
  return va_arg(from->list, long);
}

int64_t tress_next_off(struct tress_arguments *from)
{
  return va_arg(from->list, int64_t);
}

double tress_next_double(struct tress_arguments *from)
{
  return va_arg(from->list, double);
}

void *tress_next_pointer(struct tress_arguments *from)
{
  return va_arg(from->list, void *);
}
