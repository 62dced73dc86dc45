/* Transfers driven by libevent. */
#include "common.h"
#include <event2/event.h>

static struct event_base *base;
static struct event *timer;
static CURLM *multi;

static void check(void)
{
  if(jobs_read(multi))
    event_base_loopbreak(base);
}

static void on_event(evutil_socket_t fd, short kind, void *arg)
{
  int running;
  int bits = (kind & EV_READ ? CURL_CSELECT_IN : 0) | (kind & EV_WRITE ? CURL_CSELECT_OUT : 0);
  (void)arg;
  curl_multi_socket_action(multi, fd, bits, &running);
  check();
}

static void on_time(evutil_socket_t fd, short kind, void *arg)
{
  int running;
  (void)fd;
  (void)kind;
  (void)arg;
  curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
  check();
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *assigned)
{
  struct event *event = assigned;
  short kind = EV_PERSIST;
  (void)easy;
  (void)user;
  if(event) {
    event_free(event);
    curl_multi_assign(multi, fd, NULL);
  }
  if(what == CURL_POLL_REMOVE)
    return 0;
  kind |= (what & CURL_POLL_IN ? EV_READ : 0) | (what & CURL_POLL_OUT ? EV_WRITE : 0);
  event = event_new(base, fd, kind, on_event, NULL);
  curl_multi_assign(multi, fd, event);
  return event_add(event, NULL);
}

static int on_timer(CURLM *m, long ms, void *user)
{
  struct timeval wait = { ms / 1000, (ms % 1000) * 1000 };
  (void)m;
  (void)user;
  return ms < 0 ? evtimer_del(timer) : evtimer_add(timer, &wait);
}

int main(int argc, char **argv)
{
  curl_global_init(CURL_GLOBAL_DEFAULT);
  base = event_base_new();
  timer = evtimer_new(base, on_time, NULL);
  multi = curl_multi_init();
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
  jobs_start(multi, argc, argv);
  event_base_dispatch(base);
  argc = jobs_finish(multi);
  event_free(timer);
  event_base_free(base);
  return argc;
}
