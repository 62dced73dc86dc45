/* The curl_m*printf functions: every conversion, flag, width, precision, size and position, formats
 * that are wrong, and buffers that are too small. "NUMBER FORMAT: returned 'text'". */
#include <curl/curl.h>
#include <curl/mprintf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int number;

/* Formats are not constants here. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"

static void show(const char *format, ...)
{
  char buffer[700];
  char *text;
  va_list args;
  int length;
  memset(buffer, '#', sizeof(buffer));
  va_start(args, format);
  length = curl_mvsnprintf(buffer, sizeof(buffer), format, args);
  va_end(args);
  printf("%d %s: %d '%.700s'", number++, format, length, buffer);
  va_start(args, format);
  text = curl_mvaprintf(format, args);
  va_end(args);
  printf(" %s\n", !text ? "NULL" : strcmp(text, buffer) ? text : "same");
  curl_free(text);
}

static void integers(void)
{
  static const char *const flags[] = { "", "-", "0", "+", " ", "#", "-0", "+0", "# ", "-+" };
  static const char *const sizes[] = { "", "5", "12", ".0", ".3", "8.3", "-8", "08", "3.9" };
  static const char kinds[] = "diuxXoc";
  size_t f, s, k;
  for(f = 0; f < sizeof(flags) / sizeof(*flags); f++)
    for(s = 0; s < sizeof(sizes) / sizeof(*sizes); s++)
      for(k = 0; k < sizeof(kinds) - 1; k++) {
        char format[32];
        snprintf(format, sizeof(format), "[%%%s%s%c]", flags[f], sizes[s], kinds[k]);
        show(format, 65);
        if(kinds[k] != 'c') {
          show(format, 0);
          show(format, -65);
        }
      }
}

static void sizes(void)
{
  show("%ld %li %lu %lx %lX %lo", -1234567890123L, 5L, 1234567890123UL, 0xabcdefUL, 0xabcdefUL, 0777UL);
  show("%lld %llu %llx", -1234567890123LL, 1234567890123ULL, 0xabcdef012345ULL);
  show("%qd %qu", -5LL, 5ULL);
  show("%zd %zu %zx", (size_t)5, (size_t)6, (size_t)255);
  show("%Od %Ou", (curl_off_t)-7, (curl_off_t)7);
  show("%hd %hu %hhd", 70000, 70000, 300);
  show("%jd", 5L);
  show("%td", 5L);
  show("%" CURL_FORMAT_CURL_OFF_T " %" CURL_FORMAT_CURL_OFF_TU, (curl_off_t)-9, (curl_off_t)9);
  show("%I64d", 5LL);
  show("%d %ld", -2147483647 - 1, -9223372036854775807L - 1);
}

static void texts(void)
{
  show("%s|%5s|%-5s|%.2s|%5.1s|%.0s|", "abc", "ab", "ab", "abc", "abc", "abc");
  show("%s|%.3s|%5s|%#s|%#.2s|", (char *)NULL, (char *)NULL, (char *)NULL, (char *)NULL, "quoted");
  show("%#s|%#5s|", "quoted", "q");
  show("%S|", "abc");
  show("%c%c%c", 'a', 'b', 'c');
  show("%5c|%-5c|", 'a', 'b');
  show("%p|%20p|%-20p|", (void *)0x1234, (void *)0x1234, (void *)0x1234);
  show("%p|", (void *)NULL);
  show("100%%|%5%|");
  show("plain");
  show("");
  show("%.*s|%*s|%-*s|%*.*s|", 2, "abc", 6, "ab", 6, "ab", 6, 1, "ab");
  show("%*s|%.*s|", -6, "ab", -1, "abc");
  show("%300s|", "x");
  show("%0350d|", 7);
  show("%.350d|", 7);
  show("%.340f|", 1.0);
}

static void reals(void)
{
  static const double values[] = { 0, 1, -1, 3.14159265358979, 1e10, 1e-10, 123456789.123, -0.5, 1e300, 0.1 };
  static const char *const formats[] = { "%f", "%e", "%E", "%g", "%G", "%.0f", "%.3f", "%10.2f", "%-10.2f|", "%010.2f",
                                         "%+f", "% f", "%#.0f", "%.10e", "%.1g", "%#g", "%330.2f", "%lf" };
  size_t f, v;
  for(f = 0; f < sizeof(formats) / sizeof(*formats); f++)
    for(v = 0; v < sizeof(values) / sizeof(*values); v++)
      show(formats[f], values[v]);
  show("%*.*f|", 9, 2, 2.5);
  show("%.*f|", -1, 2.5);
}

static void positions(void)
{
  show("%2$s %1$s", "a", "b");
  show("%1$s %1$s %2$d", "a", 5);
  show("%1$*2$s|", "ab", 6);
  show("%1$.*2$s|", "abcdef", 3);
  show("%3$d %2$d %1$d", 1, 2, 3);
  show("%2$ld %1$s", "a", 5L);
  show("%1$d %d", 1, 2);
  show("%d %1$d", 1, 2);
  show("%1$s %3$s", "a", "b", "c");
  show("%0$s", "a");
  show("%1$", "a");
  show("%$s", "a");
  show("%129$s", "a");
}

static void wrong(void)
{
  show("%", 1);
  show("abc%", 1);
  show("%y|", 1);
  show("%5", 1);
  show("%.", 1);
  show("%l", 1L);
  show("%-", 1);
  show("%d %y %d", 1, 2, 3);
  show("%.5.4d", 1);
  show("%.5.*d", 1, 2);
  show("%.*.5d", 1, 2);
  show("%99999999999d", 1);
  show("%.99999999999d", 1);
  show("%1000000d", 1);
  show("%n", &number);
}

static void small_buffers(void)
{
  char buffer[16];
  size_t size;
  for(size = 0; size < 8; size++) {
    int length;
    memset(buffer, '#', sizeof(buffer));
    buffer[15] = 0;
    length = curl_msnprintf(buffer, size, "%s-%d", "abc", 42);
    printf("room for %lu: %d '%.*s'\n", (unsigned long)size, length, 15, size ? buffer : "");
  }
  printf("sprintf: %d", curl_msprintf(buffer, "%s-%d", "abc", 42));
  printf(" '%s'\n", buffer);
}

static int by_list(FILE *stream, char *buffer, const char *format, ...)
{
  va_list args;
  int length;
  va_start(args, format);
  length = buffer ? curl_mvsprintf(buffer, format, args)
                  : stream ? curl_mvfprintf(stream, format, args) : curl_mvprintf(format, args);
  va_end(args);
  return length;
}

static void streams(void)
{
  char buffer[64] = "";
  FILE *file = tmpfile();
  int lengths[5], got;
  lengths[0] = curl_mprintf("to the stream %d: ", 1);
  lengths[1] = by_list(NULL, NULL, "%s\n", "text");
  lengths[2] = curl_mfprintf(file, "%s %d ", "file", 5);
  lengths[3] = by_list(file, NULL, "%x\n", 255);
  lengths[4] = by_list(NULL, buffer, "%5d|", 7);
  rewind(file);
  printf("lengths: %d %d %d %d %d\n", lengths[0], lengths[1], lengths[2], lengths[3], lengths[4]);
  printf("buffer: %s\n", buffer);
  got = fgets(buffer, sizeof(buffer), file) != NULL;
  printf("file: %d %s\n", got, buffer);
  fclose(file);
}

int main(void)
{
  integers();
  sizes();
  texts();
  reals();
  positions();
  wrong();
  small_buffers();
  streams();
  return 0;
}
