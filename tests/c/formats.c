/* formats SEED COUNT: formats made from that seed, right and wrong, with arguments that fit, through
 * curl_mvsnprintf() and curl_mvaprintf(). "FORMAT: returned 'text'" a line. */
#include <curl/curl.h>
#include <curl/mprintf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "random.h"

/* Formats are not constants here. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"

#define ARGUMENTS 8

static void escaped(const char *text, int length)
{
  int i;
  for(i = 0; i < length; i++)
    printf((unsigned char)text[i] < 32 || (unsigned char)text[i] > 126 ? "\\x%02x" : "%c", (unsigned char)text[i]);
}

static void show(const char *format, ...)
{
  char buffer[2000];
  char *text;
  va_list args;
  unsigned room = below(5) ? sizeof(buffer) : below(40);
  int length;
  memset(buffer, '#', sizeof(buffer));
  buffer[sizeof(buffer) - 1] = 0;
  va_start(args, format);
  length = curl_mvsnprintf(buffer, room, format, args);
  va_end(args);
  printf("%s (%u): %d '", format, room, length);
  escaped(buffer, room < 1900 ? (int)room + 2 : (int)strlen(buffer));
  va_start(args, format);
  text = curl_mvaprintf(format, args);
  va_end(args);
  if(text) {
    printf("' '");
    escaped(text, (int)strlen(text));
    printf("'\n");
  }
  else
    printf("' NULL\n");
  curl_free(text);
}

static const char *const widths[] = {
  "", "", "", "", "1", "3", "7", "12", "40", "0", "00", "007", "324", "325", "326", "327", "400", "999999999",
  "2147483000", "2147483648", "99999999999"
};
static const char *const flags[] = {
  "", "", "", "", "-", "0", "+", " ", "#", "-0", "0-", "+ ", " +", "#0", "--", "+#", "-+ #0"
};
static const char *const sizes[] = {
  "", "", "", "l", "ll", "L", "q", "z", "h", "hh", "O", "lll", "lq", "zl", "Ol", "j", "t", "I64"
};
static const char *const plain[] = { "", "", "a", "|", " ", "%%", "100%%", "$", "1$", "\xe4" };

/* One conversion of one of `kinds`, maybe with a position of its own; wrong ones now and then. What
 * kind is at a position depends on that alone: nothing is to be two things. */
static void conversion(char *out, const char *kinds, int sized, unsigned positions, unsigned *taken)
{
  char *end = out;
  unsigned position = below(60) ? 1 + below(3) : below(4) * 43;
  *end++ = '%';
  if(positions)
    end += sprintf(end, "%u$", position);
  end += sprintf(end, "%s", PICK(flags));
  if(!below(8) && *taken + 2 < ARGUMENTS && sized) {
    end += positions ? sprintf(end, "*4$") : sprintf(end, "*");
    ++*taken;
  }
  else if(!below(2))
    end += sprintf(end, "%s", PICK(widths));
  if(!below(3)) {
    *end++ = '.';
    if(!below(6) && *taken + 2 < ARGUMENTS && sized) {
      end += positions ? sprintf(end, "*4$") : sprintf(end, "*");
      ++*taken;
    }
    else
      end += sprintf(end, "%s", PICK(widths));
  }
  if(sized)
    end += sprintf(end, "%s", positions ? sizes[(positions + position) % 10] : PICK(sizes));
  if(below(50)) {
    unsigned kind = positions ? positions + position : below(1000);
    *end++ = kinds[kind % (unsigned)strlen(kinds)];
    ++*taken;
  }
  else if(below(2))
    *end++ = "yYkb-.$*1 &"[below(11)];
  *end = 0;
}

static void format(char *out, const char *kinds, int sized)
{
  unsigned taken = 0, items = below(5);
  unsigned positions = below(4) ? 0 : 1 + below(100);
  *out = 0;
  strcat(out, PICK(plain));
  while(items-- && taken < ARGUMENTS - 3) {
    conversion(out + strlen(out), kinds, sized, positions, &taken);
    strcat(out, PICK(plain));
  }
}

static long whole(void)
{
  static const long values[] = {
    /* None that overflows when signs and prefixes are added to it, as it may be a width. */
    0, 1, -1, 7, 42, 65, -65, 255, 256, 65535, 65536, 2147483000, -2147483000, 2147483700, 4294967295,
    4294967296, 9223372036854775807, -9223372036854775000, 1234567890123, 3, 5, 12
  };
  return PICK(values);
}

static double real(void)
{
  static const double values[] = {
    0, 1, -1, 0.5, -0.5, 1.5, 2.5, 3.14159265358979, 1e10, 1e-10, 123456789.123, 1e300, 1e-300, 0.1, -0.0, 99.9995,
    1e15, 1e16, 1e17, 1.7976931348623157e308, 4.9e-324, 1e100, -1e100
  };
  return PICK(values);
}

static const char *text(void)
{
  static const char *const values[] = {
    "", "a", "abc", "a long text that goes on for a while", NULL, "with %s in it", "\xc3\xa4\xff", "(nil)"
  };
  return PICK(values);
}

int main(int argc, char **argv)
{
  long i, count = argc > 2 ? atol(argv[2]) : 1000;
  seed(argc, argv);
  for(i = 0; i < count; i++) {
    char it[1024];
    switch(below(4)) {
    case 0: {
      double a = real(), b = real(), c = real(), d = real(), e = real(), f = real(), g = real(), h = real();
      format(it, "feEgG", 0);
      show(it, a, b, c, d, e, f, g, h);
      break;
    }
    case 1: {
      const char *a = text(), *b = text(), *c = text(), *d = text(), *e = text(), *f = text(), *g = text(),
                 *h = text();
      format(it, "sssS", 0);
      show(it, a, b, c, d, e, f, g, h);
      break;
    }
    default: {
      /* As wide as any: what is read as an int is the lower half. */
      long a = whole(), b = whole(), c = whole(), d = whole(), e = whole(), f = whole(), g = whole(), h = whole();
      format(it, "diuxXocp", 1);
      show(it, a, b, c, d, e, f, g, h);
    }
    }
  }
  return 0;
}
