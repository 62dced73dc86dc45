/* Transfers driven by libev. */
#include "common.h"
#include <ev.h>

static struct ev_loop *loop;
static ev_timer timer;
static CURLM *multi;

static void check(void)
{
  if(jobs_read(multi))
    ev_break(loop, EVBREAK_ALL);
}

static void on_event(struct ev_loop *l, ev_io *io, int kind)
{
  int running;
  int bits = (kind & EV_READ ? CURL_CSELECT_IN : 0) | (kind & EV_WRITE ? CURL_CSELECT_OUT : 0);
  (void)l;
  curl_multi_socket_action(multi, io->fd, bits, &running);
  check();
}

static void on_time(struct ev_loop *l, ev_timer *t, int kind)
{
  int running;
  (void)l;
  (void)t;
  (void)kind;
  curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
  check();
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *assigned)
{
  ev_io *io = assigned;
  (void)easy;
  (void)user;
  if(io)
    ev_io_stop(loop, io);
  if(what == CURL_POLL_REMOVE) {
    free(io);
    return 0;
  }
  if(!io) {
    io = calloc(1, sizeof(*io));
    curl_multi_assign(multi, fd, io);
  }
  ev_io_init(io, on_event, fd,
             (what & CURL_POLL_IN ? EV_READ : 0) | (what & CURL_POLL_OUT ? EV_WRITE : 0));
  ev_io_start(loop, io);
  return 0;
}

static int on_timer(CURLM *m, long ms, void *user)
{
  (void)m;
  (void)user;
  ev_timer_stop(loop, &timer);
  if(ms >= 0) {
    ev_now_update(loop);
    ev_timer_set(&timer, (double)ms / 1000, 0);
    ev_timer_start(loop, &timer);
  }
  return 0;
}

int main(int argc, char **argv)
{
  curl_global_init(CURL_GLOBAL_DEFAULT);
  loop = EV_DEFAULT;
  ev_timer_init(&timer, on_time, 0, 0);
  multi = curl_multi_init();
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
  jobs_start(multi, argc, argv);
  ev_run(loop, 0);
  return jobs_finish(multi);
}
