/* Transfers driven by epoll and curl_multi_socket_action, with curl_multi_assign. */
#include "common.h"
#include <sys/epoll.h>
#include <time.h>

static int ep;
static long long due = -1;
static CURLM *multi;
static int marker;

static long long now_ms(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *assigned)
{
  struct epoll_event event;
  (void)easy;
  (void)user;
  memset(&event, 0, sizeof(event));
  event.data.fd = fd;
  if(what == CURL_POLL_REMOVE)
    return epoll_ctl(ep, EPOLL_CTL_DEL, fd, &event);
  event.events = (what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0);
  if(assigned && assigned != &marker)
    return -1;
  if(epoll_ctl(ep, assigned ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event))
    return -1;
  if(!assigned && curl_multi_assign(multi, fd, &marker))
    return -1;
  return 0;
}

static int on_timer(CURLM *m, long ms, void *user)
{
  (void)m;
  (void)user;
  due = ms < 0 ? -1 : now_ms() + ms;
  return 0;
}

int main(int argc, char **argv)
{
  int running;
  curl_global_init(CURL_GLOBAL_DEFAULT);
  ep = epoll_create1(0);
  multi = curl_multi_init();
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
  jobs_start(multi, argc, argv);
  while(!jobs_read(multi)) {
    struct epoll_event events[32];
    long long wait = due < 0 ? -1 : due - now_ms();
    int i, n = epoll_wait(ep, events, 32, due < 0 ? -1 : wait < 0 ? 0 : (int)wait);
    for(i = 0; i < n; i++) {
      int bits = (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                 (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                 (events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
      if(curl_multi_socket_action(multi, events[i].data.fd, bits, &running))
        return 4;
    }
    if(due >= 0 && due <= now_ms()) {
      due = -1;
      if(curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running))
        return 5;
    }
  }
  return jobs_finish(multi);
}
