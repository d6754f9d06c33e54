/* Writes down, in order, everything that a process does to the files of one directory, so that the directory can be
 * rebuilt as a power cut at any instant might have left it. Preloaded into the server by power.rs, which reads the record.
 *
 * PARAPH_POWER_DIR  the directory; files below its "mail" and the shared-memory files of SQLite ("-shm", written through
 *                   mmap, never synced, rebuilt at every start) are left alone
 * PARAPH_POWER_LOG  where the record goes
 * PARAPH_POWER_RO   while a file of this name exists, everything that would change the directory fails with EROFS
 *
 * A record is five 64-bit words - kind, offset or length, lengths of two texts, length of data - then texts and data.
 * One lock is held over each act and its record, so their orders are the same. A sync is written down when it has come
 * back, and not carried out: the record alone decides what a power cut leaves, and the tests run faster.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { CREATE = 1, WRITE, TRUNCATE, SYNC, UNLINK, RENAME, MKDIR };

#define FILES 4096
static char *names[FILES]; /* by descriptor; NULL: not ours */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *dir, *readonly_mark;
static size_t dir_len;
static int record = -1;

__attribute__((constructor)) static void start(void) {
    const char *log = getenv("PARAPH_POWER_LOG");
    dir = getenv("PARAPH_POWER_DIR");
    readonly_mark = getenv("PARAPH_POWER_RO");
    if (!dir || !log) return;
    dir_len = strlen(dir);
    record = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* The real function behind a name. */
#define REAL(name) \
    static __typeof__(name) *real; \
    if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

/* Whether a path is ours. */
static int ours(const char *path) {
    if (record < 0 || !path || strncmp(path, dir, dir_len) || (path[dir_len] && path[dir_len] != '/')) return 0;
    if (!strncmp(path + dir_len, "/mail", 5)) return 0;
    size_t len = strlen(path);
    return len < 4 || strcmp(path + len - 4, "-shm");
}

static const char *name_of(int fd) { return fd >= 0 && fd < FILES ? names[fd] : NULL; }

/* A loop, because a record that is cut short would spoil all after it. */
static void put(const void *data, size_t len) {
    while (len > 0) {
        ssize_t put = syscall(SYS_write, record, data, len);
        if (put <= 0) abort();
        data = (const char *)data + put;
        len -= put;
    }
}

static void tell(uint64_t kind, uint64_t at, const char *name, const char *other, const void *data, size_t len) {
    uint64_t head[5] = {kind, at, strlen(name), other ? strlen(other) : 0, len};
    put(head, sizeof head);
    put(name, head[2]);
    put(other, head[3]);
    put(data, len);
}

static int is_readonly(void) { return readonly_mark && syscall(SYS_access, readonly_mark, F_OK) == 0; }

#define REFUSE_IF_READONLY(mine, lost) \
    if ((mine) && is_readonly()) { errno = EROFS; return lost; }

static int opened(const char *path, int flags, mode_t mode) {
    int mine = ours(path), writes = (flags & O_ACCMODE) != O_RDONLY;
    if (!mine) return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    REFUSE_IF_READONLY(writes, -1);
    pthread_mutex_lock(&lock);
    int fresh = (flags & O_CREAT) && syscall(SYS_access, path, F_OK) != 0;
    int fd = syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    if (fd >= FILES) abort();
    if (fd >= 0) {
        free(names[fd]);
        names[fd] = strdup(path);
        if (fresh) tell(CREATE, 0, path, NULL, NULL, 0);
        if (flags & O_TRUNC) tell(TRUNCATE, 0, path, NULL, NULL, 0);
    }
    pthread_mutex_unlock(&lock);
    return fd;
}

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        va_list rest; \
        va_start(rest, flags); \
        mode_t mode = (flags & (O_CREAT | __O_TMPFILE)) ? va_arg(rest, mode_t) : 0; \
        va_end(rest); \
        return opened(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

int close(int fd) {
    REAL(close);
    if (name_of(fd)) {
        pthread_mutex_lock(&lock);
        free(names[fd]);
        names[fd] = NULL;
        pthread_mutex_unlock(&lock);
    }
    return real(fd);
}

static ssize_t written(int fd, const void *data, size_t len, off_t at, int is_placed) {
    REFUSE_IF_READONLY(1, -1);
    pthread_mutex_lock(&lock);
    const char *name = name_of(fd);
    if (!is_placed) {
        struct stat found;
        int appends = fcntl(fd, F_GETFL) & O_APPEND;
        at = appends && fstat(fd, &found) == 0 ? found.st_size : lseek(fd, 0, SEEK_CUR);
    }
    ssize_t done = is_placed ? syscall(SYS_pwrite64, fd, data, len, at) : syscall(SYS_write, fd, data, len);
    if (done > 0 && name) tell(WRITE, at, name, NULL, data, done);
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t write(int fd, const void *data, size_t len) {
    return name_of(fd) ? written(fd, data, len, 0, 0) : syscall(SYS_write, fd, data, len);
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t at) {
    return name_of(fd) ? written(fd, data, len, at, 1) : syscall(SYS_pwrite64, fd, data, len, at);
}

ssize_t pwrite64(int fd, const void *data, size_t len, off64_t at) { return pwrite(fd, data, len, at); }

/* Ways of writing that nobody uses for these files; if that changes, the test must not go on as if nothing happened. */
ssize_t writev(int fd, const struct iovec *parts, int count) {
    if (name_of(fd)) abort();
    return syscall(SYS_writev, fd, parts, count);
}

int ftruncate(int fd, off_t len) {
    const char *name = name_of(fd);
    REFUSE_IF_READONLY(name, -1);
    pthread_mutex_lock(&lock);
    int done = syscall(SYS_ftruncate, fd, len);
    if (done == 0 && name) tell(TRUNCATE, len, name, NULL, NULL, 0);
    pthread_mutex_unlock(&lock);
    return done;
}

int ftruncate64(int fd, off64_t len) { return ftruncate(fd, len); }

static int synced(int fd) {
    REFUSE_IF_READONLY(1, -1);
    pthread_mutex_lock(&lock);
    tell(SYNC, 0, name_of(fd), NULL, NULL, 0);
    pthread_mutex_unlock(&lock);
    return 0;
}

int fsync(int fd) { return name_of(fd) ? synced(fd) : syscall(SYS_fsync, fd); }

int fdatasync(int fd) { return name_of(fd) ? synced(fd) : syscall(SYS_fdatasync, fd); }

int unlink(const char *path) {
    int mine = ours(path);
    REFUSE_IF_READONLY(mine, -1);
    pthread_mutex_lock(&lock);
    int done = syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    if (done == 0 && mine) tell(UNLINK, 0, path, NULL, NULL, 0);
    pthread_mutex_unlock(&lock);
    return done;
}

int rename(const char *from, const char *to) {
    int mine = ours(from) || ours(to);
    REFUSE_IF_READONLY(mine, -1);
    pthread_mutex_lock(&lock);
    int done = syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
    if (done == 0 && mine) tell(RENAME, 0, from, to, NULL, 0);
    pthread_mutex_unlock(&lock);
    return done;
}

int mkdir(const char *path, mode_t mode) {
    int mine = ours(path);
    REFUSE_IF_READONLY(mine, -1);
    pthread_mutex_lock(&lock);
    int done = syscall(SYS_mkdirat, AT_FDCWD, path, mode);
    if (done == 0 && mine) tell(MKDIR, 0, path, NULL, NULL, 0);
    pthread_mutex_unlock(&lock);
    return done;
}
