/* dates SEED COUNT [FIRST LAST]: texts made from that seed that are dates or nearly, through
 * curl_getdate(). "TEXT: SECONDS" a line, or "far" beyond the years FIRST to LAST. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "random.h"

static const char *const days[] = {
  "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday",
  "Saturday", "Sunday", "sun", "SUNDAY", "Sund", "Tues", "Su", "Wednesdayday"
};
static const char *const months[] = {
  "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "jan", "DEC", "June",
  "Sept", "January", "Ja", "Janu"
};
static const char *const zones[] = {
  "GMT", "UT", "UTC", "WET", "BST", "EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT", "CET", "MET",
  "MEZ", "CEST", "EET", "WAT", "AST", "ADT", "YST", "YDT", "HST", "HDT", "CAT", "AHST", "NT", "IDLW", "MEWT",
  "MEST", "MESZ", "FWT", "FST", "EEST", "WAST", "WADT", "CCT", "JST", "EAST", "EADT", "GST", "NZT", "NZST",
  "NZDT", "IDLE", "Z", "A", "B", "I", "J", "K", "M", "N", "Y", "T", "gmt", "z", "XYZ", "MSK", "GMTX", "WST"
};
static const char *const offsets[] = {
  "+0000", "-0000", "+0100", "-1200", "+1400", "+1401", "-0730", "+9999", "+100", "+01:00", "-12", "+00000",
  "GMT+0100", "0100", "+ 0100", "+-0100", "-1400", "+0099"
};
static const char *const times[] = {
  "00:00:00", "08:49:37", "8:49:37", "08:49", "8:9", "8:9:7", "23:59:59", "23:59:60", "23:59:61", "24:00:00",
  "12:60:00", "12:00:", "12:", ":12:00", "12:00:00.5", "012:00:00", "12:000:00", "12:00:000", "12:00:00:00",
  "12-00-00", "1:1:1", "99:99:99", "0:0", "12 :00:00", "12: 00:00"
};
static const char *const separators[] = {
  " ", " ", " ", " ", "-", "/", ".", ",", ", ", "  ", "\t", "", "T", "\n", "_", "+", ":", "(", "\xe4"
};

static void number(char *out)
{
  switch(below(9)) {
  case 0: case 1: case 2:
    sprintf(out, "%u", below(35));
    break;
  case 3:
    sprintf(out, "%02u", below(35));
    break;
  case 4: case 5:
    sprintf(out, "%u", 1960 + below(90));
    break;
  case 6:
    sprintf(out, "%u", below(below(2) ? 100 : 11000));
    break;
  case 7:
    sprintf(out, "%04u%02u%02u", below(4) ? 1970 + below(68) : below(10000), below(15), below(34));
    break;
  default:
    sprintf(out, "%0*u%u", (int)below(6), below(1000), below(below(2) ? 10 : 100000000));
  }
}

static void item(char *out)
{
  switch(below(8)) {
  case 0:
    strcpy(out, PICK(days));
    break;
  case 1: case 2:
    strcpy(out, PICK(months));
    break;
  case 3:
    strcpy(out, below(2) ? PICK(zones) : PICK(offsets));
    break;
  case 4:
    strcpy(out, PICK(times));
    break;
  default:
    number(out);
  }
}

/* One of the usual forms, with items in place of which others may stand. */
static void usual(char *out)
{
  static const char *const forms[] = {
    "d, n m y t z", "d, n-m-y t z", "d m  n t y", "n m y t z", "n-m-y t", "m  n t y", "y m n t", "z t n-m-y d",
    "y n m t", "y m n", "n-m-y", "d m n y", "y.m.n", "d/m/n/y/z", "d, n m y t o", "8 t o", "8 o", "8", "8T t",
    "y-n-nTtz", "m n, y", "d, n m y", "t", "n m", "m y", "y m", "n m y t zo", "m n y t o d"
  };
  const char *form = PICK(forms);
  char *end = out;
  for(; *form; form++) {
    if(!below(40)) {
      item(end);
      end += strlen(end);
      continue;
    }
    switch(*form) {
    case 'd':
      strcpy(end, PICK(days));
      break;
    case 'm':
      strcpy(end, below(20) ? months[below(12)] : PICK(months));
      break;
    case 'n':
      sprintf(end, below(2) ? "%u" : "%02u", below(33));
      break;
    case 'y':
      if(below(4))
        sprintf(end, "%u", below(30) ? 1970 + below(68) : 1500 + below(8600));
      else
        sprintf(end, "%02u", below(100));
      break;
    case 't':
      strcpy(end, below(3) ? "08:49:37" : PICK(times));
      break;
    case 'z':
      strcpy(end, PICK(zones));
      break;
    case 'o':
      strcpy(end, PICK(offsets));
      break;
    case '8':
      sprintf(end, "%04u%02u%02u", 1970 + below(68), 1 + below(13), below(33));
      break;
    default:
      if(below(30)) {
        end[0] = *form;
        end[1] = 0;
      }
      else
        strcpy(end, PICK(separators));
    }
    end += strlen(end);
  }
}

static void anyhow(char *out)
{
  unsigned items = below(9);
  *out = 0;
  while(items--) {
    char text[64];
    item(text);
    strcat(out, text);
    if(items || !below(5))
      strcat(out, PICK(separators));
  }
}

int main(int argc, char **argv)
{
  long i, count = argc > 2 ? atol(argv[2]) : 1000;
  long first = argc > 4 ? atol(argv[3]) : -1000000, last = argc > 4 ? atol(argv[4]) : 1000000;
  seed(argc, argv);
  for(i = 0; i < count; i++) {
    char text[1024];
    const unsigned char *c = (const unsigned char *)text;
    time_t seconds;
    double year;
    if(below(3))
      usual(text);
    else
      anyhow(text);
    seconds = curl_getdate(text, NULL);
    for(; *c; c++)
      printf(*c < 32 || *c > 126 ? "\\x%02x" : "%c", *c);
    year = 1970 + (double)seconds / 31556952;
    if(year < first || year > last)
      printf(": far\n");
    else
      printf(": %.0f\n", (double)seconds);
  }
  return 0;
}
