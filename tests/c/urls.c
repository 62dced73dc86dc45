/* urls SEED COUNT: hostile URLs made from that seed, through curl_url_set() and curl_url_get() with
 * many flags, and joined to base URLs. One line each: what went in and all that came out. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "random.h"

/* Those that the reference of the tests knows, which has no TLS, and some that nobody does. */
static const char *const schemes[] = {
  "http", "http", "http", "HTTP", "file", "foo", "x+y.z-1", "mailto", "1a", "", "h\tp", "localhost",
  "http\\", "data"
};
static const char *const marks[] = {
  "://", ":/", ":", "//", ":///", ":////", "", ":\\\\", ":/\\", "://\t"
};
static const char *const users[] = {
  "", "", "", "user@", "u:p@", ":p@", "@", "u:@", "a@b@", "u;o=1@", "u%40:p%3a@", "u:p:q@", "%00@",
  "u p@", "\xc3\xa4:\xff@", "u/:p@", "u#@", "u?@", "u%zz@", "u;auth=*:p@"
};
static const char *const hosts[] = {
  "example.com", "EXAMPLE.com", "127.0.0.1", "0x7f.1", "017700000001", "2130706433", "1.2.3", "1.2",
  "256.1.1.1", "1.2.3.4.5", "0x", "0x100000000", "08.1", "1.65536", "1..2", "[::1]", "[::1%25eth0]",
  "[fe80::1%eth0]", "[fe80::1%25]", "[::", "::1]", "[::1]x", "[v1.a]", "[::ffff:1.2.3.4]", "[1::2::3]",
  "[0:0:0:0:0:0:0:1]", "[ABCD::]", "[]", "", "a b", "a%20b", "%41.com", "%00", "%2f", "a%2eb", "a..b",
  ".", "..", "a.", "-a", "a_b", "a,b", "a;b", "a&b", "a\\b", "a^b", "a`b", "a{b", "a|b", "a\"b", "a<b",
  "a>b", "a'b", "a(b", "a*b", "a!b", "a$b", "a+b", "a=b", "a~b", "b\xc3\xbc" "cher.de",
  "xn--bcher-kva.de", "xn--a", "\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88", "\xff", "a\nb", "a\rb", "a\tb",
  "stra\xc3\x9f" "e.de", "\xe2\x84\xa2.com", "a\xe3\x80\x82" "b", "a\x7f", "0", "00", "0.0.0.0",
  "4294967295", "4294967296", "1.0x10", "1.2.3.0x4g", "localhost", "a%", "a%2", "a%zz", "%e4.com"
};
static const char *const ports[] = {
  "", "", "", ":80", ":443", ":0", ":65535", ":65536", ":", ":08", ":80x", ":-1", ":+1", ": 1", ":1 ",
  ":0000000080", ":99999999999999999999", ":80:81", ":%38", ":\t1"
};
static const char *const paths[] = {
  "", "/", "/a", "/a/b/../c", "/a/./b", "/..", "/../..", "/a/..", "/a/.", "/.a/..b", "//", "//a//../b",
  "/a%2e%2e/b", "/%2e%2e/b", "/%2e/b", "/a/%2E%2e", "/a b", "/a%20b", "/\xc3\xa4", "/%c3%a4", "/%zz",
  "/%", "/a;b=c", "/a\\b", "/a\nb", "/a\tb", "/<>\"{}|^`", "/a/../../../b?x", "/.%2e/c", "/C:/x", "/C|/x",
  "\\a", "/a%00b", "/a%0ab", "/a/b/c/../../../../d", "/...", "/a/...", "/~a", "/a:b@c", "/a//..//b",
  "a", "a/b", "../a", "./a", ".", "..", "/a%2fb"
};
static const char *const queries[] = {
  "", "", "", "?", "?a=b", "?a b", "?a+b", "?a%20b", "?\xc3\xa4", "?a?b", "?a/../b", "?a#b", "?%zz", "?&",
  "?=", "?a=b&c=d", "?'\"<>", "?a\nb", "?%00", "?a%2Bb", "?\xff"
};
static const char *const fragments[] = {
  "", "", "", "#", "#a", "#a b", "#a#b", "#\xc3\xa4", "#%zz", "#a?b", "#/../a", "#a%20b", "#\t"
};

static void add(char *out, const char *text)
{
  strcat(out, text);
  if(!below(60)) {
    /* A byte of any kind, anywhere. */
    size_t len = strlen(out);
    out[len] = (char)(1 + below(255));
    out[len + 1] = 0;
  }
}

static void make(char *out)
{
  *out = 0;
  if(below(8)) {
    add(out, PICK(schemes));
    add(out, below(3) ? "://" : PICK(marks));
  }
  add(out, PICK(users));
  add(out, PICK(hosts));
  add(out, PICK(ports));
  add(out, PICK(paths));
  add(out, PICK(queries));
  add(out, PICK(fragments));
}

static void show(const char *text)
{
  const unsigned char *c = (const unsigned char *)(text ? text : "");
  for(; *c; c++) {
    if(*c <= 32 || *c >= 127 || *c == '|')
      printf("\\x%02x", *c);
    else
      putchar(*c);
  }
}

static const unsigned set_flags[] = {
  0, CURLU_NON_SUPPORT_SCHEME, CURLU_NON_SUPPORT_SCHEME | CURLU_GUESS_SCHEME,
  CURLU_URLENCODE, CURLU_ALLOW_SPACE | CURLU_URLENCODE, CURLU_ALLOW_SPACE, CURLU_PATH_AS_IS,
  CURLU_NO_AUTHORITY | CURLU_NON_SUPPORT_SCHEME, CURLU_DISALLOW_USER,
  CURLU_GUESS_SCHEME | CURLU_ALLOW_SPACE | CURLU_URLENCODE, CURLU_NO_AUTHORITY | CURLU_URLENCODE
};
static const unsigned get_flags[] = {
  0, CURLU_URLDECODE, CURLU_URLENCODE, CURLU_PUNYCODE, CURLU_GET_EMPTY, CURLU_DEFAULT_PORT,
  CURLU_NO_DEFAULT_PORT, CURLU_NO_GUESS_SCHEME
};

static void parts(CURLU *url)
{
  int part;
  size_t i;
  for(i = 0; i < sizeof(get_flags) / sizeof(get_flags[0]); i++)
    for(part = CURLUPART_URL; part <= CURLUPART_ZONEID; part++) {
      char *text = NULL;
      CURLUcode code;
      /* The reference is built without IDN. */
      if((get_flags[i] & CURLU_PUNYCODE) && part != CURLUPART_SCHEME)
        continue;
      code = curl_url_get(url, (CURLUPart)part, &text, get_flags[i]);
      if(code)
        printf("|%d", (int)code);
      else {
        printf("|=");
        show(text);
      }
      curl_free(text);
    }
}

int main(int argc, char **argv)
{
  long i, count = argc > 2 ? atol(argv[2]) : 1000;
  seed(argc, argv);
  for(i = 0; i < count; i++) {
    char text[1024], other[1024];
    unsigned flags = PICK(set_flags);
    CURLU *url = curl_url();
    CURLUcode code;
    make(text);
    code = curl_url_set(url, CURLUPART_URL, text, flags);
    printf("%x ", flags);
    show(text);
    printf(" gives %d", (int)code);
    if(!code)
      parts(url);
    /* A reference, absolute or not, or another value of one part. */
    make(other);
    if(below(2)) {
      const char *from = other;
      if(below(2)) {
        from = PICK(paths);
        snprintf(other, sizeof(other), "%s%s%s", from, PICK(queries), PICK(fragments));
        from = other;
      }
      flags = PICK(set_flags);
      code = curl_url_set(url, CURLUPART_URL, from, flags);
      printf(" then %x ", flags);
      show(from);
    }
    else {
      static const CURLUPart which[] = {
        CURLUPART_SCHEME, CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS, CURLUPART_HOST,
        CURLUPART_PORT, CURLUPART_PATH, CURLUPART_QUERY, CURLUPART_FRAGMENT, CURLUPART_ZONEID
      };
      CURLUPart part = PICK(which);
      const char *from = PICK(hosts);
      if(part == CURLUPART_SCHEME)
        from = PICK(schemes);
      if(part == CURLUPART_PORT) {
        from = PICK(ports);
        from += *from == ':';
      }
      if(part == CURLUPART_PATH)
        from = PICK(paths);
      if(part == CURLUPART_QUERY)
        from = PICK(queries);
      /* libcurl leaves a zone in a host that is set with one; and it writes "(nil)" for the path of
       * a URL that becomes one of a file. */
      if(part == CURLUPART_HOST && *from == '[' && strchr(from, '%'))
        from = "[::1]";
      if(part == CURLUPART_SCHEME && !strcmp(from, "file"))
        from = "http";
      flags = PICK(set_flags) | (below(3) ? 0 : CURLU_APPENDQUERY);
      code = curl_url_set(url, part, from, flags);
      printf(" part %d %x ", (int)part, flags);
      show(from);
    }
    printf(" gives %d", (int)code);
    parts(url);
    putchar('\n');
    curl_url_cleanup(url);
  }
  return 0;
}
