#include "variadic.h"

/* Which flavour of the library this is; the product of another flavour brings its own value. */
__attribute__((weak)) const int tress_flavour = 0;

int tress_next_int(struct tress_arguments *from)
{
  return va_arg(from->list, int);
}

unsigned tress_next_unsigned(struct tress_arguments *from)
{
  return va_arg(from->list, unsigned);
}

long tress_next_long(struct tress_arguments *from)
{
  return va_arg(from->list, long);
}

unsigned long tress_next_unsigned_long(struct tress_arguments *from)
{
  return va_arg(from->list, unsigned long);
}

int64_t tress_next_off(struct tress_arguments *from)
{
  return va_arg(from->list, int64_t);
}

uint64_t tress_next_unsigned_off(struct tress_arguments *from)
{
  return va_arg(from->list, uint64_t);
}

double tress_next_double(struct tress_arguments *from)
{
  return va_arg(from->list, double);
}

void *tress_next_pointer(struct tress_arguments *from)
{
  return va_arg(from->list, void *);
}
