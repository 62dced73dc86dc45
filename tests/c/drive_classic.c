/* The steps of the first event interface: init, socket callback, add, curl_multi_socket_all once,
 * collect the sockets, ask curl_multi_timeout, wait, curl_multi_socket on each ready socket. */
#include "common.h"
#include <poll.h>

#undef curl_multi_socket
#ifdef __cplusplus
#error "a C program"
#endif

static struct pollfd fds[1024];
static int fd_count;

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *assigned)
{
  int i;
  (void)easy;
  (void)user;
  (void)assigned;
  for(i = 0; i < fd_count && fds[i].fd != fd; i++)
    ;
  if(what == CURL_POLL_REMOVE) {
    if(i < fd_count)
      fds[i] = fds[--fd_count];
    return 0;
  }
  if(i == fd_count)
    fds[fd_count++].fd = fd;
  fds[i].events = (short)((what & CURL_POLL_IN ? POLLIN : 0) | (what & CURL_POLL_OUT ? POLLOUT : 0));
  return 0;
}

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

int main(int argc, char **argv)
{
  int running = 1;
  CURLM *multi;
  curl_global_init(CURL_GLOBAL_DEFAULT);
  multi = curl_multi_init();
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  jobs_start(multi, argc, argv);
  while(curl_multi_socket_all(multi, &running) == CURLM_CALL_MULTI_PERFORM)
    ;
  while(running) {
    struct pollfd ready[1024];
    long ms = -1;
    int i, n = fd_count;
    curl_multi_timeout(multi, &ms);
    memcpy(ready, fds, sizeof(ready));
    if(poll(ready, (nfds_t)n, (int)ms) == 0)
      curl_multi_socket(multi, CURL_SOCKET_TIMEOUT, &running);
    else
      for(i = 0; i < n; i++)
        if(ready[i].revents)
          curl_multi_socket(multi, ready[i].fd, &running);
  }
  /* Messages stay readable after all is done. */
  jobs_read(multi);
  return jobs_finish(multi);
}
