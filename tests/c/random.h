/* Numbers that a seed decides, for programs that make texts of them. */
#include <stdlib.h>

static unsigned long long state = 1;

/* The first argument of the command line. */
static void seed(int argc, char **argv)
{
  if(argc > 1)
    state = strtoull(argv[1], NULL, 10) * 2654435761ULL + 1;
}

static unsigned below(unsigned n)
{
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (unsigned)((state >> 11) % n);
}

#define PICK(list) list[below((unsigned)(sizeof(list) / sizeof(list[0])))]
