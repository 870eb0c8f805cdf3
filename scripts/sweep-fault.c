/*
 * Runs a program, counts the system calls of all its threads and processes on one folder in one counter, and has the N-th
 * fail, fall short, or kill the process. A seccomp filter stops only the calls that count; all others run at full speed.
 *
 *   fault -d FOLDER [-x TEXT]... [-i TEXT] [-w FILE] [-c CLASSES] [-n N] [-k COUNT] [-e ERRNO | -K | -A | -S] [-o LOG] [-f OUT -g IN] -- PROGRAM [ARGUMENT]...
 *
 *   -d  the folder whose calls count          -x  not paths that hold this text    -w  only once this file is there
 *   -i  only paths that hold this text
 *   -c  classes of calls: w(rite) s(ync) o(pen) n(ames) t(runcate) r(ead); default wsont
 *   -n  the first call that is hit, 0: none   -k  how many from there on, 0: all that follow; default 1
 *   -e  it fails with this error              -K  SIGKILL before it    -A  SIGKILL after it    -S  half of a write is taken
 *   -o  a line for each call that counts      -f, -g  FIFOs: tells of each flush, before and after, and waits for a byte
 *
 * Exits with the program's status, 128 + N if a signal ended it. Passes SIGTERM, SIGINT and SIGHUP on.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>
#ifndef __x86_64__
#error "fault.c reads the registers of x86-64"
#endif

/* Where a call names what it works on: a descriptor, a path, a folder and a path, or two of them. */
enum { FD, PATH, AT, PATH2, AT2 };
static const struct { int nr; const char *name; char class; int kind; } calls[] = {
  {SYS_write, "write", 'w', FD}, {SYS_pwrite64, "pwrite64", 'w', FD}, {SYS_writev, "writev", 'w', FD},
  {SYS_pwritev, "pwritev", 'w', FD}, {SYS_pwritev2, "pwritev2", 'w', FD},
  {SYS_copy_file_range, "copy_file_range", 'w', FD}, {SYS_sendfile, "sendfile", 'w', FD},
  {SYS_fallocate, "fallocate", 't', FD}, {SYS_ftruncate, "ftruncate", 't', FD}, {SYS_truncate, "truncate", 't', PATH},
  {SYS_fsync, "fsync", 's', FD}, {SYS_fdatasync, "fdatasync", 's', FD},
  {SYS_open, "open", 'o', PATH}, {SYS_openat, "openat", 'o', AT}, {SYS_creat, "creat", 'o', PATH},
  {SYS_rename, "rename", 'n', PATH2}, {SYS_renameat, "renameat", 'n', AT2}, {SYS_renameat2, "renameat2", 'n', AT2},
  {SYS_link, "link", 'n', PATH2}, {SYS_linkat, "linkat", 'n', AT2}, {SYS_unlink, "unlink", 'n', PATH},
  {SYS_unlinkat, "unlinkat", 'n', AT}, {SYS_mkdir, "mkdir", 'n', PATH}, {SYS_mkdirat, "mkdirat", 'n', AT},
  {SYS_rmdir, "rmdir", 'n', PATH}, {SYS_chmod, "chmod", 'n', PATH}, {SYS_fchmod, "fchmod", 'n', FD},
  {SYS_fchmodat, "fchmodat", 'n', AT}, {SYS_chown, "chown", 'n', PATH}, {SYS_lchown, "lchown", 'n', PATH},
  {SYS_read, "read", 'r', FD}, {SYS_pread64, "pread64", 'r', FD}, {SYS_getdents64, "getdents64", 'r', FD},
};
#define CALLS ((int)(sizeof calls / sizeof *calls))
static const struct { const char *name; int code; } errors[] = {
  {"EIO", EIO}, {"ENOSPC", ENOSPC}, {"EROFS", EROFS}, {"EDQUOT", EDQUOT}, {"EMFILE", EMFILE}, {"EACCES", EACCES}, {0, 0}};

static const char *folder = "", *left_out[8], *included = "", *wanted, *classes = "wsont";
static int left_out_count, error_code, mode, flush_out = -1, flush_in = -1;
static long first, count = 1, seen;
static FILE *log_file;
static pid_t child;

static void pass_on(int sig) { if (child > 0) kill(child, sig); }

/* Memory of the program, page by page: a text may end just before one that is not there. */
static void read_text(pid_t thread, unsigned long from, char *text, size_t size) {
  size_t length = 0;
  while (length + 1 < size) {
    size_t part = 4096 - ((from + length) & 4095);
    if (part > size - 1 - length) part = size - 1 - length;
    struct iovec here = {text + length, part}, there = {(void *)(from + length), part};
    ssize_t got = process_vm_readv(thread, &here, 1, &there, 1, 0);
    if (got <= 0) break;
    if (memchr(text + length, 0, got)) return;
    length += got;
  }
  text[length] = 0;
}

static void path_of(pid_t thread, int descriptor, unsigned long at, char *path, size_t size) {
  char name[4096] = "", link[64];
  if (at) read_text(thread, at, name, sizeof name);
  if (name[0] == '/') { snprintf(path, size, "%s", name); return; }
  if (descriptor == AT_FDCWD) snprintf(link, sizeof link, "/proc/%d/cwd", thread);
  else snprintf(link, sizeof link, "/proc/%d/fd/%d", thread, descriptor);
  ssize_t length = readlink(link, path, size - 1);
  path[length > 0 ? length : 0] = 0;
  if (name[0]) snprintf(path + strlen(path), size - strlen(path), "/%s", name);
}

static int is_counted(const char *path) {
  size_t length = strlen(folder);
  if (strncmp(path, folder, length) || (path[length] && path[length] != '/')) return 0;
  if (!strstr(path, included)) return 0;
  for (int i = 0; i < left_out_count; i++) if (strstr(path, left_out[i])) return 0;
  return 1;
}

/* Tells of a flush and waits until it may go on. */
static void tell_of_flush(const char *when, const char *path) {
  char line[8400], go;
  int length = snprintf(line, sizeof line, "%s %s\n", when, path);
  if (write(flush_out, line, length) != length || read(flush_in, &go, 1) != 1) exit(70);
}

/* A call is about to run: counts it, and does to it what was asked for. Returns 1 if its end is waited for. */
static int meet(pid_t thread) {
  struct user_regs_struct r;
  if (ptrace(PTRACE_GETREGS, thread, 0, &r)) return 0;
  int i = 0;
  while (i < CALLS && calls[i].nr != (int)r.orig_rax) i++;
  if (i == CALLS) return 0;
  static char a[8200], b[8200];
  b[0] = 0;
  switch (calls[i].kind) {
    case FD: path_of(thread, r.rdi, 0, a, sizeof a); break;
    case PATH: path_of(thread, AT_FDCWD, r.rdi, a, sizeof a); break;
    case AT: path_of(thread, r.rdi, r.rsi, a, sizeof a); break;
    case PATH2: path_of(thread, AT_FDCWD, r.rdi, a, sizeof a); path_of(thread, AT_FDCWD, r.rsi, b, sizeof b); break;
    case AT2: path_of(thread, r.rdi, r.rsi, a, sizeof a); path_of(thread, r.rdx, r.r10, b, sizeof b); break;
  }
  if (!is_counted(a) && !is_counted(b)) return 0;
  if (wanted && access(wanted, F_OK)) return 0;
  seen++;
  int is_hit = first && seen >= first && (!count || seen < first + count);
  if (mode == 'S') is_hit = is_hit && (calls[i].nr == SYS_write || calls[i].nr == SYS_pwrite64) && r.rdx > 1;
  fprintf(log_file, "%ld\t%s\t%s%s%s%s\n", seen, calls[i].name, a, *b ? " -> " : "", b, is_hit ? "\tHIT" : "");
  if (is_hit) fflush(log_file);
  if (is_hit && mode == 'K') { kill(thread, SIGKILL); return 0; }
  if (is_hit && mode == 'A') return 1;
  if (is_hit && mode == 'S') { r.rdx /= 2; ptrace(PTRACE_SETREGS, thread, 0, &r); }
  if (is_hit && mode == 'e') { r.orig_rax = -1; r.rax = -error_code; ptrace(PTRACE_SETREGS, thread, 0, &r); return 0; }
  if (flush_out == -1 || calls[i].class != 's') return 0;
  tell_of_flush("before", a);
  return 1;
}

static void start(char **argv, int go) {
  char byte;
  struct sock_filter filter[2 + 2 * CALLS];
  int n = 0;
  if (read(go, &byte, 1) != 1) _exit(70);
  filter[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
  for (int i = 0; i < CALLS; i++) if (strchr(classes, calls[i].class)) {
    filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i].nr, 0, 1);
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
  }
  filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  struct sock_fprog program = {n, filter};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) { perror("seccomp"); _exit(70); }
  execvp(argv[0], argv);
  perror(argv[0]);
  _exit(71);
}

int main(int argc, char **argv) {
  const char *log_path = "/dev/null";
  int option, go[2], status, code = 70;
  while ((option = getopt(argc, argv, "+d:x:i:w:c:n:k:e:KASo:f:g:")) != -1) switch (option) {
    case 'd': folder = optarg; break;
    case 'x': if (left_out_count == 8) return 64; left_out[left_out_count++] = optarg; break;
    case 'i': included = optarg; break;
    case 'w': wanted = optarg; break;
    case 'c': classes = optarg; break;
    case 'n': first = atol(optarg); break;
    case 'k': count = atol(optarg); break;
    case 'e':
      mode = 'e';
      for (int i = 0; errors[i].name; i++) if (!strcmp(errors[i].name, optarg)) error_code = errors[i].code;
      if (!error_code) return 64;
      break;
    case 'K': case 'A': case 'S': mode = option; break;
    case 'o': log_path = optarg; break;
    case 'f': flush_out = open(optarg, O_WRONLY | O_CLOEXEC); break;
    case 'g': flush_in = open(optarg, O_RDONLY | O_CLOEXEC); break;
    default: return 64;
  }
  if (optind == argc || !(log_file = fopen(log_path, "we")) || pipe2(go, O_CLOEXEC)) return 64;
  if (!(child = fork())) { close(go[1]); start(argv + optind, go[0]); }
  long options = PTRACE_O_EXITKILL | PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                 PTRACE_O_TRACESYSGOOD;
  if (ptrace(PTRACE_SEIZE, child, 0, options)) { perror("ptrace"); return 70; }
  struct sigaction action = {.sa_handler = pass_on, .sa_flags = SA_RESTART};
  sigaction(SIGTERM, &action, 0); sigaction(SIGINT, &action, 0); sigaction(SIGHUP, &action, 0);
  if (write(go[1], "x", 1) != 1) return 70;

  for (;;) {
    pid_t thread = waitpid(-1, &status, __WALL);
    if (thread < 0 && errno == EINTR) continue;
    if (thread < 0) break;
    if (WIFEXITED(status) || WIFSIGNALED(status)) {
      if (thread == child) code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      continue;
    }
    int sig = WSTOPSIG(status), event = status >> 16;
    if (event == PTRACE_EVENT_SECCOMP) {
      ptrace(meet(thread) ? PTRACE_SYSCALL : PTRACE_CONT, thread, 0, 0);
    } else if (sig == (SIGTRAP | 0x80)) {
      struct user_regs_struct r;
      ptrace(PTRACE_GETREGS, thread, 0, &r);
      if ((long)r.rax == -ENOSYS) { ptrace(PTRACE_SYSCALL, thread, 0, 0); continue; } /* its entry, not its end */
      static char path[8200];
      if (mode == 'A') kill(thread, SIGKILL);
      else if (flush_out != -1) { path_of(thread, r.rdi, 0, path, sizeof path); tell_of_flush("after", path); }
      ptrace(PTRACE_CONT, thread, 0, 0);
    } else if (event == PTRACE_EVENT_STOP && (sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU)) {
      ptrace(PTRACE_LISTEN, thread, 0, 0);
    } else {
      ptrace(PTRACE_CONT, thread, 0, event ? 0 : sig);
    }
  }
  fclose(log_file);
  return code;
}
