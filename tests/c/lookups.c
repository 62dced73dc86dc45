/* Preloaded: every look-up of a name under .slow.test takes LOOKUP_MS milliseconds, is counted, and
 * answers 127.0.0.1. One line for each goes to the file LOOKUP_LOG. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int getaddrinfo_t(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **out)
{
  getaddrinfo_t *real = (getaddrinfo_t *)dlsym(RTLD_NEXT, "getaddrinfo");
  const char *ms = getenv("LOOKUP_MS"), *path = getenv("LOOKUP_LOG");
  if(!name || !strstr(name, ".slow.test"))
    return real(name, service, hints, out);
  if(path) {
    FILE *log = fopen(path, "a");
    if(log) {
      fprintf(log, "%s\n", name);
      fclose(log);
    }
  }
  usleep((useconds_t)(ms ? atoi(ms) : 0) * 1000);
  return real("127.0.0.1", service, hints, out);
}
