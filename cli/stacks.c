/* stacks.c - a stack for signals in every thread, whoever starts it.
 *
 * Is: what lets the program end in words (start.c) when a thread has used up its stack. GLib without memory
 * does: it wants memory for the message that there is none, and so on without end, also in the threads that
 * Pango starts to look for fonts. A handler then needs a stack of its own, and each thread must set its own.
 * Is not: in the way of sanitizers, which take the place of pthread_create themselves. */
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>

#include "cli/command.h"

void pdlt_command_set_signal_stack(void) {
  static _Thread_local char stack[1 << 14]; /* is there when the thread is */
  const stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
  sigaltstack(&other, NULL);
}

#if defined(__has_feature)
#define IS_SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#else
#define IS_SANITIZED 0
#endif

#if !IS_SANITIZED

typedef void *run_function(void *);

/* What a thread is to do; on the stack of who starts it, who waits until it is read. */
typedef struct beginning {
  run_function *run;
  void *argument;
  sem_t is_read;
} beginning;

static void *begin(void *data) {
  beginning *here = data;
  run_function *const run = here->run;
  void *const argument = here->argument;
  sem_post(&here->is_read);
  pdlt_command_set_signal_stack();
  return run(argument);
}

/* In place of libc's, for all libraries of the program: theirs with a stack for signals. */
__attribute__((visibility("default"))) int pthread_create(pthread_t *restrict thread,
                                                          const pthread_attr_t *restrict attributes,
                                                          run_function *run,
                                                          void *restrict argument) {
  int (*create)(pthread_t *, const pthread_attr_t *, run_function *, void *) = NULL;
  beginning data = {.run = run, .argument = argument};
  *(void **)&create = dlsym(RTLD_NEXT, "pthread_create");
  sem_init(&data.is_read, 0, 0);
  const int status = create(thread, attributes, begin, &data);
  if (status == 0)
    while (sem_wait(&data.is_read) != 0) {
    } /* interrupted by a signal */
  sem_destroy(&data.is_read);
  return status;
}

#endif
