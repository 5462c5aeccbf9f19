/* Preloaded into one process, its wall clock is ahead by the seconds that SKEW_SECONDS says (behind: below 0), as on a machine
   whose clock is wrong; what waits by that clock waits as long as it would there. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

static long ahead;

__attribute__((constructor)) static void begin(void) {
  const char *said = getenv("SKEW_SECONDS");
  if (said) ahead = atol(said);
}

static int is_wall(clockid_t clock) { return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE; }

int clock_gettime(clockid_t clock, struct timespec *now) {
  int failed = (int)syscall(SYS_clock_gettime, clock, now);
  if (!failed && is_wall(clock)) now->tv_sec += ahead;
  return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  struct timespec at;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &at);
  now->tv_sec = at.tv_sec;
  now->tv_usec = at.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *out) {
  struct timespec at;
  clock_gettime(CLOCK_REALTIME, &at);
  if (out) *out = at.tv_sec;
  return at.tv_sec;
}

int timespec_get(struct timespec *now, int base) {
  return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, now) == 0 ? base : 0;
}

/* librdkafka waits by one of these, as it was configured. */
int pthread_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex, const struct timespec *restrict until) {
  static int (*real)(pthread_cond_t *, pthread_mutex_t *, clockid_t, const struct timespec *);
  struct timespec at = *until;
  /* Less than that is no wall clock: it counts from the start of the machine. */
  int wall = at.tv_sec > 1000000000;
  if (!real) *(void **)&real = dlsym(RTLD_NEXT, "pthread_cond_clockwait");
  if (wall) at.tv_sec -= ahead;
  return real(cond, mutex, wall ? CLOCK_REALTIME : CLOCK_MONOTONIC, &at);
}

int cnd_timedwait(cnd_t *restrict cond, mtx_t *restrict mutex, const struct timespec *restrict until) {
  static int (*real)(cnd_t *, mtx_t *, const struct timespec *);
  struct timespec at = *until;
  if (!real) *(void **)&real = dlsym(RTLD_NEXT, "cnd_timedwait");
  at.tv_sec -= ahead;
  return real(cond, mutex, &at);
}
