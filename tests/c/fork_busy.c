/* A fork in the middle of transfers: what the child does with its copies is none of the parent's
 * business. argv: what the child does ("remove", "cleanup", "continue", "nothing"), URLs. */
#include "common.h"
#include <sys/wait.h>
#include <unistd.h>

static int turn(CURLM *multi)
{
  int running = 0;
  curl_multi_perform(multi, &running);
  if(running)
    curl_multi_poll(multi, NULL, 0, 50, NULL);
  return running;
}

static int child(CURLM *multi, const char *what)
{
  int i, turns = 0;
  alarm(20);
  if(!strcmp(what, "continue"))
    while(turn(multi) && turns++ < 300)
      ;
  for(i = 0; i < job_count && strcmp(what, "nothing"); i++) {
    if(strcmp(what, "cleanup"))
      curl_multi_remove_handle(multi, jobs[i].easy);
    curl_easy_cleanup(jobs[i].easy);
  }
  if(strcmp(what, "nothing"))
    curl_multi_cleanup(multi);
  return turns < 300 ? 0 : 1;
}

int main(int argc, char **argv)
{
  CURLM *multi;
  pid_t pid;
  int status = 0, i;
  if(argc < 3)
    return 2;
  curl_global_init(CURL_GLOBAL_DEFAULT);
  multi = curl_multi_init();
  jobs_start(multi, argc - 1, argv + 1);
  /* Until every one has some of its body. */
  for(i = 0; i < job_count; i++)
    while(!jobs[i].size && turn(multi))
      ;
  pid = fork();
  if(!pid)
    _exit(child(multi, argv[1]));
  waitpid(pid, &status, 0);
  printf("child %s %d\n", argv[1], status);
  while(turn(multi))
    ;
  jobs_read(multi);
  return jobs_finish(multi);
}
