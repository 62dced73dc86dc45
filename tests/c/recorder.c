/* Named in LD_AUDIT (rtld-audit(7)), writes which options and infos a program asks for: a line
 * `easy|multi|share|info NUMBER` into the file $RECORDED for each, once a process. An object that is
 * preloaded would not see the calls of extensions that are bound to their own libraries first.
 * Build: cc -shared -fPIC -O2 recorder.c -o recorder.so */
#define _GNU_SOURCE
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_NUMBER 42000

/* Large numbers have a kind in their tens of thousands or, infos, in the bits above 20. */
static void record(int table, int number)
{
  static const char *names[] = { "easy", "multi", "share", "info" };
  static char seen[4][MAX_NUMBER];
  int slot = table == 3 ? ((number >> 20) & 7) * 1000 + (number & 0xfffff) : number;
  const char *file = getenv("RECORDED");
  char line[40];
  int fd, length;
  if(!file || slot < 0 || slot >= MAX_NUMBER || seen[table][slot]++)
    return;
  fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if(fd < 0)
    return;
  length = snprintf(line, sizeof(line), "%s %d\n", names[table], number);
  if(write(fd, line, (size_t)length) < 0)
    seen[table][slot] = 0;
  close(fd);
}

/* Whatever the argument is, it is as wide as a pointer here. */
#define RECORD(function, table)                                \
  static int (*real_##function)(void *, int, ...);             \
  static int on_##function(void *handle, int number, ...)      \
  {                                                            \
    va_list list;                                              \
    void *value;                                               \
    va_start(list, number);                                    \
    value = va_arg(list, void *);                              \
    va_end(list);                                              \
    record(table, number);                                     \
    return real_##function(handle, number, value);             \
  }

RECORD(curl_easy_setopt, 0)
RECORD(curl_multi_setopt, 1)
RECORD(curl_share_setopt, 2)
RECORD(curl_easy_getinfo, 3)

unsigned int la_version(unsigned int version)
{
  return version;
}

/* What the library calls within itself is not what the program asks for. */
unsigned int la_objopen(struct link_map *map, Lmid_t space, uintptr_t *cookie)
{
  (void)space;
  (void)cookie;
  return strstr(map->l_name, "/libcurl") ? LA_FLG_BINDTO : LA_FLG_BINDFROM;
}

#define BIND(function)                                         \
  if(!strcmp(name, #function)) {                               \
    *(uintptr_t *)&real_##function = symbol->st_value;         \
    return (uintptr_t)on_##function;                           \
  }

uintptr_t la_symbind64(Elf64_Sym *symbol, unsigned int index, uintptr_t *from, uintptr_t *to,
                       unsigned int *flags, const char *name)
{
  (void)index;
  (void)from;
  (void)to;
  (void)flags;
  BIND(curl_easy_setopt)
  BIND(curl_multi_setopt)
  BIND(curl_share_setopt)
  BIND(curl_easy_getinfo)
  return symbol->st_value;
}
