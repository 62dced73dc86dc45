/* Transfers driven by libuv. */
#include "common.h"
#include <uv.h>

struct watch {
  uv_poll_t poll;
  curl_socket_t fd;
};

static uv_loop_t *loop;
static uv_timer_t timer;
static CURLM *multi;

static void check(void)
{
  if(jobs_read(multi))
    uv_stop(loop);
}

static void on_event(uv_poll_t *poll, int status, int kind)
{
  struct watch *watch = poll->data;
  int running;
  int bits = (kind & UV_READABLE ? CURL_CSELECT_IN : 0) |
             (kind & UV_WRITABLE ? CURL_CSELECT_OUT : 0) | (status < 0 ? CURL_CSELECT_ERR : 0);
  curl_multi_socket_action(multi, watch->fd, bits, &running);
  check();
}

static void on_time(uv_timer_t *t)
{
  int running;
  (void)t;
  curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
  check();
}

static void on_close(uv_handle_t *handle)
{
  free(handle->data);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *assigned)
{
  struct watch *watch = assigned;
  (void)easy;
  (void)user;
  if(what == CURL_POLL_REMOVE) {
    uv_poll_stop(&watch->poll);
    uv_close((uv_handle_t *)&watch->poll, on_close);
    return curl_multi_assign(multi, fd, NULL) ? -1 : 0;
  }
  if(!watch) {
    watch = calloc(1, sizeof(*watch));
    watch->fd = fd;
    uv_poll_init_socket(loop, &watch->poll, fd);
    watch->poll.data = watch;
    curl_multi_assign(multi, fd, watch);
  }
  return uv_poll_start(&watch->poll,
                       (what & CURL_POLL_IN ? UV_READABLE : 0) |
                         (what & CURL_POLL_OUT ? UV_WRITABLE : 0),
                       on_event);
}

static int on_timer(CURLM *m, long ms, void *user)
{
  (void)m;
  (void)user;
  if(ms < 0)
    return uv_timer_stop(&timer);
  uv_update_time(loop);
  return uv_timer_start(&timer, on_time, (uint64_t)ms, 0);
}

int main(int argc, char **argv)
{
  curl_global_init(CURL_GLOBAL_DEFAULT);
  loop = uv_default_loop();
  uv_timer_init(loop, &timer);
  multi = curl_multi_init();
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
  jobs_start(multi, argc, argv);
  uv_run(loop, UV_RUN_DEFAULT);
  argc = jobs_finish(multi);
  uv_run(loop, UV_RUN_NOWAIT);
  return argc;
}
