// SPDX-License-Identifier: MIT
// Preloaded into the daemon: makes its disk fail. While the file $FAILING_DISK_ORDER exists, what
// it says is done: "CALL ERRNO SUFFIX" lets CALL ("sync" or "write") fail with the number ERRNO on
// every file below $FAILING_DISK_DIRECTORY whose name ends in SUFFIX (which may be empty).
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static bool ends_in(const char *text, const char *suffix) {
  const size_t size = strlen(text), end = strlen(suffix);
  return size >= end && strcmp(text + size - end, suffix) == 0;
}

static bool is_below(const char *path, const char *directory) {
  return directory && strncmp(path, directory, strlen(directory)) == 0;
}

// Whether this call on this file shall fail; sets errno if so.
static bool shall_fail(const char *call, int fd) {
  const char *order_file = getenv("FAILING_DISK_ORDER");
  FILE *file = order_file ? fopen(order_file, "re") : NULL;
  if (!file) return false;
  char failing[16] = "", suffix[64] = "", link[64], path[PATH_MAX + 1];
  int error = 0;
  const int read = fscanf(file, "%15s %d %63s", failing, &error, suffix);
  fclose(file);
  if (read < 2 || strcmp(failing, call) != 0) return false;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(link, path, PATH_MAX);
  if (size < 0) return false;
  path[size] = '\0';
  if (!is_below(path, getenv("FAILING_DISK_DIRECTORY")) || !ends_in(path, suffix)) return false;
  errno = error;
  return true;
}

#define FAILING(call, result, name, parameters, ...)            \
  result name parameters {                                      \
    static result(*real) parameters;                            \
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, #name);       \
    return shall_fail(call, fd) ? -1 : real(fd, ##__VA_ARGS__); \
  }

FAILING("sync", int, fsync, (int fd))
FAILING("sync", int, fdatasync, (int fd))
FAILING("write", ssize_t, pwrite, (int fd, const void *data, size_t size, off_t at), data, size, at)
FAILING("write", ssize_t, pwrite64, (int fd, const void *data, size_t size, off64_t at), data, size,
        at)
FAILING("write", int, ftruncate, (int fd, off_t size), size)
FAILING("write", int, ftruncate64, (int fd, off64_t size), size)
