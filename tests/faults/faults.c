/* faults.c - a library to be preloaded that lets the n-th operation of a kind fail.
 *
 * Is: memory (malloc, calloc, realloc, aligned), and the system calls that open, write, fsync, rename
 * and close, of the program and of every library in it, counted while main runs. The failing one does
 * what a system without memory or with a full disk does.
 * Is not: a way to let the loader fail: what happens before main is not counted. Linux on x86-64.
 *
 *   FAULT_KIND   memory, open, write, fsync, rename, close; large: memory, of allocations of at least 16 KiB;
 *                stack: an allocation that does not fail, but starts a thread that uses up its stack
 *   FAULT_FIRST  the first that fails, from 1; 0: none
 *   FAULT_LAST   the last that fails
 *   FAULT_COUNT  a file for the number of operations, written when main returns
 *
 * The streams of libc reach the system inside libc, where nothing can be preloaded: a filter of the
 * kernel (seccomp) turns such a call into the signal SIGSYS, and its handler fails it or does it. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

/* What stands here takes the place of libc's own. */
#pragma GCC visibility push(default)

enum { MOST_CALLS = 4 };

/* A kind of operation: the system calls that it is made of, and how it fails. */
static const struct {
  const char *name;
  long call[MOST_CALLS]; /* -1: no more */
  int reason;
} kinds[] = {{"memory", {-1}, ENOMEM},
             {"open", {SYS_openat, SYS_open, SYS_creat, -1}, EMFILE},
             {"write", {SYS_write, SYS_pwrite64, SYS_writev, -1}, ENOSPC},
             {"fsync", {SYS_fsync, SYS_fdatasync, -1}, EIO},
             {"rename", {SYS_rename, SYS_renameat, SYS_renameat2, -1}, EACCES},
             {"close", {SYS_close, -1}, EIO},
             {"large", {-1}, ENOMEM},
             {"stack", {-1}, 0}};
enum { KINDS = sizeof kinds / sizeof *kinds, MEMORY = 0, LARGE = KINDS - 2, STACK = KINDS - 1 };

static int wanted = -1; /* kind; from the first line of main to the last */
static long first, last;
static atomic_long counted;

/* 1 when this operation, of the wanted kind, is to fail. */
static int fails(void) {
  const long n = atomic_fetch_add(&counted, 1) + 1;
  return n >= first && n <= last;
}

/* --- memory, by the names under which glibc has it itself --- */

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

/* As GLib does, which has no memory for the message that it has none. */
static int call_oneself(int depth) {
  static volatile int limit = 1 << 30;
  volatile char page[4096] = {0};
  return depth < limit ? call_oneself(depth + 1) + page[depth % 4096] : 0;
}

static void *use_up_stack(void *nothing) {
  (void)call_oneself(0);
  return nothing;
}

static void start_thread(void) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, use_up_stack, NULL) == 0) pthread_join(thread, NULL);
}

static int has_none(size_t size) {
  if (wanted == STACK && fails()) start_thread();
  const int counts = wanted == MEMORY || (wanted == LARGE && size >= 1 << 14);
  if (!counts || !fails()) return 0;
  errno = ENOMEM;
  return 1;
}

void *malloc(size_t size) { return has_none(size) ? NULL : __libc_malloc(size); }

void *calloc(size_t count, size_t size) {
  return has_none(count * size) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *block, size_t size) {
  return has_none(size) ? NULL : __libc_realloc(block, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  return has_none(size) ? NULL : __libc_memalign(alignment, size);
}

void *memalign(size_t alignment, size_t size) {
  return has_none(size) ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size) {
  void *block = has_none(size) ? NULL : __libc_memalign(alignment, size);
  if (block == NULL) return ENOMEM;
  *out = block;
  return 0;
}

/* --- system calls --- */

/* A call that the filter lets pass, because it stands here. */
__asm__(
    ".text\n.globl faults_call\n.type faults_call,@function\nfaults_call:\n"
    "  mov %rdi,%rax\n  mov %rsi,%rdi\n  mov %rdx,%rsi\n  mov %rcx,%rdx\n"
    "  mov %r8,%r10\n  mov %r9,%r8\n  syscall\nfaults_call_end:\n  ret\n"
    ".globl faults_call_end\n.size faults_call,.-faults_call\n");
extern long faults_call(long number, long a, long b, long c, long d, long e);
extern const char faults_call_end[];

static void hear(int number, siginfo_t *info, void *context) {
  greg_t *reg = ((ucontext_t *)context)->uc_mcontext.gregs;
  (void)number;
  const long call = info->si_syscall;
  /* What is said to the user is to be read by who looks for faults. */
  const int to_user = (call == SYS_write || call == SYS_writev) && reg[REG_RDI] == STDERR_FILENO;
  const int failing = !to_user && wanted > MEMORY && fails();
  if (!failing || call == SYS_close) /* a failed close has closed, on Linux */
    reg[REG_RAX] =
        faults_call(call, reg[REG_RDI], reg[REG_RSI], reg[REG_RDX], reg[REG_R10], reg[REG_R8]);
  if (failing) reg[REG_RAX] = -kinds[wanted].reason;
}

/* Turns the calls of the wanted kind into SIGSYS. */
static int install_filter(void) {
  const struct sigaction action = {.sa_sigaction = hear, .sa_flags = SA_SIGINFO | SA_RESTART};
  const unsigned long long end = (unsigned long long)(size_t)faults_call_end;
  struct sock_filter code[6 + 2 * MOST_CALLS];
  unsigned short n = 0;
  const int address = (int)offsetof(struct seccomp_data, instruction_pointer);
  code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)address);
  code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)end, 0, 3);
  code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)address + 4);
  code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)(end >> 32), 0, 1);
  code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                           (unsigned)offsetof(struct seccomp_data, nr));
  for (int k = 0; k < MOST_CALLS && kinds[wanted].call[k] >= 0; k++) {
    const unsigned call = (unsigned)kinds[wanted].call[k];
    code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP);
  }
  code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  const struct sock_fprog program = {n, code};
  if (sigaction(SIGSYS, &action, NULL) != 0) return 0;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 0;
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
}

/* --- main --- */

static int (*real_main)(int, char **, char **);

static long number_of(const char *name) {
  const char *text = getenv(name);
  return text == NULL ? 0 : strtol(text, NULL, 10);
}

static void begin(void) {
  const char *kind = getenv("FAULT_KIND");
  int found = -1;
  for (int k = 0; k < (int)KINDS; k++)
    if (kind != NULL && strcmp(kind, kinds[k].name) == 0) found = k;
  first = number_of("FAULT_FIRST");
  last = number_of("FAULT_LAST");
  wanted = found;
  if (found > 0 && kinds[found].call[0] >= 0 && !install_filter()) _exit(99);
}

/* The count, with nothing but system calls that are not counted any more. */
static void end(void) {
  const char *path = getenv("FAULT_COUNT");
  char line[32];
  wanted = -1;
  if (path == NULL) return;
  const int size = snprintf(line, sizeof line, "%ld\n", atomic_load(&counted));
  const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (file < 0 || write(file, line, (size_t)size) != size) _exit(98);
}

static int main_with_faults(int argc, char **argv, char **environment) {
  begin();
  const int status = real_main(argc, argv, environment);
  end();
  return status;
}

int __libc_start_main(int (*program)(int, char **, char **), int argc, char **argv,
                      void (*init)(void), void (*fini)(void), void (*linker_fini)(void),
                      void *stack_end);

int __libc_start_main(int (*program)(int, char **, char **), int argc, char **argv,
                      void (*init)(void), void (*fini)(void), void (*linker_fini)(void),
                      void *stack_end) {
  int (*start)(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void),
               void (*)(void), void *) = NULL;
  *(void **)&start = dlsym(RTLD_NEXT, "__libc_start_main");
  real_main = program;
  return start(main_with_faults, argc, argv, init, fini, linker_fini, stack_end);
}
