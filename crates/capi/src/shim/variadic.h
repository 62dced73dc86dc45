/* Arguments of a C-variadic call, fetched one by one by Rust: it alone knows their types. */
#ifndef TRESS_VARIADIC_H
#define TRESS_VARIADIC_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#if defined(__GNUC__)
#define EXPORT __attribute__((visibility("default")))
#else
#define EXPORT
#endif

struct tress_arguments {
  va_list list;
};

#endif
