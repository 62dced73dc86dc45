/* Transfers driven by GLib's main loop. */
#include "common.h"
#include <glib.h>
#include <glib-unix.h>

static GMainLoop *loop;
static guint timer;
static CURLM *multi;

static void check(void)
{
  if(jobs_read(multi))
    g_main_loop_quit(loop);
}

static gboolean on_event(gint fd, GIOCondition kind, gpointer arg)
{
  int running;
  int bits = (kind & G_IO_IN ? CURL_CSELECT_IN : 0) | (kind & G_IO_OUT ? CURL_CSELECT_OUT : 0) |
             (kind & (G_IO_ERR | G_IO_HUP) ? CURL_CSELECT_ERR : 0);
  (void)arg;
  curl_multi_socket_action(multi, fd, bits, &running);
  check();
  return G_SOURCE_CONTINUE;
}

static gboolean on_time(gpointer arg)
{
  int running;
  (void)arg;
  timer = 0;
  curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
  check();
  return G_SOURCE_REMOVE;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *assigned)
{
  guint source;
  int kind = (what & CURL_POLL_IN ? G_IO_IN : 0) | (what & CURL_POLL_OUT ? G_IO_OUT : 0);
  (void)easy;
  (void)user;
  if(assigned)
    g_source_remove(GPOINTER_TO_UINT(assigned));
  if(what == CURL_POLL_REMOVE)
    return 0;
  source = g_unix_fd_add(fd, (GIOCondition)kind, on_event, NULL);
  return curl_multi_assign(multi, fd, GUINT_TO_POINTER(source)) ? -1 : 0;
}

static int on_timer(CURLM *m, long ms, void *user)
{
  (void)m;
  (void)user;
  if(timer)
    g_source_remove(timer);
  timer = ms < 0 ? 0 : g_timeout_add((guint)ms, on_time, NULL);
  return 0;
}

int main(int argc, char **argv)
{
  curl_global_init(CURL_GLOBAL_DEFAULT);
  loop = g_main_loop_new(NULL, FALSE);
  multi = curl_multi_init();
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
  jobs_start(multi, argc, argv);
  g_main_loop_run(loop);
  argc = jobs_finish(multi);
  g_main_loop_unref(loop);
  return argc;
}
