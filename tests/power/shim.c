/* Loaded before libc (LD_PRELOAD), this writes down in order what a process does to the files of one directory.
 *
 *   POWER_DIRECTORY   the directory whose files are watched; a real path, without symbolic links
 *   POWER_LOG         the operation log, outside of that directory
 *   POWER_FAULT       a file that need not be there: while it holds "full" or "read-only", the directory's disk is that
 *
 * One record per operation, appended whole after the operation returned. A sync is two records: its begin, and its end
 * once the disk has answered. So what a sync covers is what stood in the log before its begin, and whoever acts on the
 * sync does so after its end stands in the log. sync_file_range is no sync: it promises nothing about metadata or the
 * drive's cache. Writes through mmap are not seen; SQLite maps only its -shm file, which it rebuilds after a crash.
 *
 * A record: kind (1 byte), number (8), offset (8), length of the path (4), length of the data (4); then path, data.
 * The number is the file's inode. tests/power/disk.py reads it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILES 65536
#define LINES 64
#define EXPORT __attribute__((visibility("default")))

struct __attribute__((packed)) record {
    char kind;
    uint64_t number, offset;
    uint32_t path, data;
};

static char directory[4096], log_path[4096], fault_path[4096];
static size_t directory_length;
static int log_file = -1;
static ino_t watched[FILES]; /* by descriptor: the inode of a watched file, or 0 */
static uint64_t syncs;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static void open_log(void) {
    /* A high descriptor of our own: programs close and reuse the low ones. A new one after fork: flock goes by it. */
    int low = syscall(SYS_openat, AT_FDCWD, log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    log_file = fcntl(low, F_DUPFD_CLOEXEC, 900);
    if (log_file < 0) log_file = low;
    else syscall(SYS_close, low);
    pthread_mutex_init(&turn, NULL);
}

__attribute__((constructor)) static void begin(void) {
    const char *where = getenv("POWER_DIRECTORY"), *log = getenv("POWER_LOG"), *fault = getenv("POWER_FAULT");
    if (!where || !log) return;
    snprintf(directory, sizeof directory, "%s", where);
    snprintf(log_path, sizeof log_path, "%s", log);
    snprintf(fault_path, sizeof fault_path, "%s", fault ? fault : "");
    directory_length = strlen(directory);
    open_log();
    pthread_atfork(NULL, NULL, open_log);
}

/* One operation and its record at a time, over all threads and processes: the log's order is the disk's. */
static void take_turn(void) {
    pthread_mutex_lock(&turn);
    flock(log_file, LOCK_EX);
}

static void end_turn(void) {
    int kept = errno;
    flock(log_file, LOCK_UN);
    pthread_mutex_unlock(&turn);
    errno = kept;
}

static void append(char kind, uint64_t number, uint64_t offset, const char *path, const struct iovec *data, int lines,
                   size_t length) {
    int kept = errno;
    struct record head = {kind, number, offset, path ? strlen(path) : 0, length};
    struct iovec parts[2 + LINES] = {{&head, sizeof head}, {(char *)(path ? path : ""), head.path}};
    size_t left = length;
    int count = 2;
    for (int i = 0; i < lines && left; i++) {
        parts[count] = data[i];
        if (parts[count].iov_len > left) parts[count].iov_len = left; /* a short write: what was taken */
        left -= parts[count++].iov_len;
    }
    if (syscall(SYS_writev, log_file, parts, count) != (ssize_t)(sizeof head + head.path + length)) abort();
    errno = kept;
}

static int fault(void) {
    char said[16] = "";
    if (!fault_path[0]) return 0;
    int file = syscall(SYS_openat, AT_FDCWD, fault_path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    ssize_t length = syscall(SYS_read, file, said, sizeof said - 1);
    syscall(SYS_close, file);
    return length <= 0 ? 0 : said[0] == 'f' ? ENOSPC : EROFS;
}

static int inside(const char *path) {
    return log_file >= 0 && !strncmp(path, directory, directory_length) &&
           (path[directory_length] == '/' || !path[directory_length]);
}

static int absolute(int at, const char *path, char *whole, size_t size) {
    char base[4096] = "", link[64];
    if (log_file < 0 || !path) return 0;
    if (path[0] == '/') snprintf(whole, size, "%s", path);
    else {
        if (at == AT_FDCWD) {
            if (syscall(SYS_getcwd, base, sizeof base) < 0) return 0;
        } else {
            snprintf(link, sizeof link, "/proc/self/fd/%d", at);
            if (syscall(SYS_readlinkat, AT_FDCWD, link, base, sizeof base - 1) < 0) return 0;
        }
        snprintf(whole, size, "%s/%s", base, path);
    }
    return inside(whole);
}

/* The inode behind a watched descriptor, or 0; a descriptor that was closed unseen and used again is let go. */
static ino_t inode(int file) {
    struct stat facts;
    if (log_file < 0 || file < 0 || file >= FILES || !watched[file]) return 0;
    int kept = errno;
    if (fstat(file, &facts) || facts.st_ino != watched[file]) watched[file] = 0;
    errno = kept;
    return watched[file];
}

static int open_file(int at, const char *path, int flags, mode_t mode) {
    char whole[8192];
    struct stat facts;
    if (!absolute(at, path, whole, sizeof whole)) return syscall(SYS_openat, at, path, flags, mode);
    take_turn();
    int wrong = fault(), writing = (flags & O_ACCMODE) != O_RDONLY || flags & O_TRUNC, file, made = 0;
    int there = flags & ~(O_CREAT | O_EXCL) & ~(flags & O_EXCL ? O_TRUNC : 0); /* first: is it there already? */
    file = wrong == EROFS && writing ? (errno = EROFS, -1) : syscall(SYS_openat, at, path, there, mode);
    if (flags & O_CREAT && file >= 0 && flags & O_EXCL) {
        syscall(SYS_close, file);
        errno = EEXIST;
        file = -1;
    } else if (flags & O_CREAT && file < 0 && errno == ENOENT) {
        file = wrong ? (errno = wrong, -1) : syscall(SYS_openat, at, path, flags | O_EXCL, mode);
        made = file >= 0;
    }
    if (file >= 0 && file < FILES && !fstat(file, &facts)) {
        watched[file] = facts.st_ino;
        if (made) append('C', facts.st_ino, 0, whole + directory_length, NULL, 0, 0);
        else if (flags & O_TRUNC && writing) append('T', facts.st_ino, 0, NULL, NULL, 0, 0);
    }
    end_turn();
    return file;
}

#define MODE(flags, last) \
    mode_t mode = 0; \
    if ((flags) & O_CREAT) { va_list more; va_start(more, last); mode = va_arg(more, mode_t); va_end(more); }

EXPORT int open(const char *path, int flags, ...) { MODE(flags, flags) return open_file(AT_FDCWD, path, flags, mode); }
EXPORT int open64(const char *path, int flags, ...) { MODE(flags, flags) return open_file(AT_FDCWD, path, flags, mode); }
EXPORT int openat(int at, const char *path, int flags, ...) { MODE(flags, flags) return open_file(at, path, flags, mode); }
EXPORT int openat64(int at, const char *path, int flags, ...) { MODE(flags, flags) return open_file(at, path, flags, mode); }
EXPORT int __open_2(const char *path, int flags) { return open_file(AT_FDCWD, path, flags, 0); }
EXPORT int __open64_2(const char *path, int flags) { return open_file(AT_FDCWD, path, flags, 0); }
EXPORT int creat(const char *path, mode_t mode) { return open_file(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
EXPORT int creat64(const char *path, mode_t mode) { return creat(path, mode); }

EXPORT int close(int file) {
    if (file >= 0 && file == log_file) return 0; /* not theirs to close */
    if (file >= 0 && file < FILES) watched[file] = 0;
    return syscall(SYS_close, file);
}

/* at < 0: at the descriptor's own offset, which is asked afterwards and so is right under O_APPEND too. */
static ssize_t write_file(int file, const struct iovec *data, int lines, off_t at) {
    ino_t number = inode(file);
    if (!number)
        return at < 0 ? syscall(SYS_writev, file, data, lines) : syscall(SYS_pwritev, file, data, lines, at, 0);
    if (lines > LINES) lines = LINES; /* a short write, which every caller must expect */
    take_turn();
    int wrong = fault();
    ssize_t done = wrong   ? (errno = wrong, -1)
                   : at < 0 ? syscall(SYS_writev, file, data, lines)
                            : syscall(SYS_pwritev, file, data, lines, at, 0);
    if (done > 0) append('W', number, at < 0 ? lseek(file, 0, SEEK_CUR) - done : at, NULL, data, lines, done);
    end_turn();
    return done;
}

EXPORT ssize_t write(int file, const void *data, size_t length) {
    struct iovec line = {(void *)data, length};
    return inode(file) ? write_file(file, &line, 1, -1) : syscall(SYS_write, file, data, length);
}
EXPORT ssize_t pwrite(int file, const void *data, size_t length, off_t at) {
    struct iovec line = {(void *)data, length};
    return inode(file) ? write_file(file, &line, 1, at) : syscall(SYS_pwrite64, file, data, length, at);
}
EXPORT ssize_t pwrite64(int file, const void *data, size_t length, off_t at) { return pwrite(file, data, length, at); }
EXPORT ssize_t writev(int file, const struct iovec *data, int lines) { return write_file(file, data, lines, -1); }
EXPORT ssize_t pwritev(int file, const struct iovec *data, int lines, off_t at) { return write_file(file, data, lines, at); }
EXPORT ssize_t pwritev64(int file, const struct iovec *data, int lines, off_t at) { return write_file(file, data, lines, at); }

EXPORT ssize_t pwritev2(int file, const struct iovec *data, int lines, off_t at, int flags) {
    return inode(file) ? write_file(file, data, lines, at)
                       : syscall(SYS_pwritev2, file, data, lines, at, 0, flags);
}
EXPORT ssize_t pwritev64v2(int file, const struct iovec *data, int lines, off_t at, int flags) {
    return pwritev2(file, data, lines, at, flags);
}

EXPORT int ftruncate(int file, off_t length) {
    ino_t number = inode(file);
    if (!number) return syscall(SYS_ftruncate, file, length);
    take_turn();
    int wrong = fault(), done = wrong == EROFS ? (errno = wrong, -1) : syscall(SYS_ftruncate, file, length);
    if (!done) append('T', number, length, NULL, NULL, 0, 0);
    end_turn();
    return done;
}
EXPORT int ftruncate64(int file, off_t length) { return ftruncate(file, length); }

static int sync_file(int file, long call) {
    ino_t number = inode(file);
    if (!number) return syscall(call, file);
    take_turn();
    uint64_t which = (uint64_t)getpid() << 32 | ++syncs;
    append('S', number, which, NULL, NULL, 0, 0);
    end_turn(); /* others may write while the disk syncs; what they write is not covered */
    int done = syscall(call, file);
    take_turn();
    if (!done) append('E', number, which, NULL, NULL, 0, 0);
    end_turn();
    return done;
}
EXPORT int fsync(int file) { return sync_file(file, SYS_fsync); }
EXPORT int fdatasync(int file) { return sync_file(file, SYS_fdatasync); }

static int remove_name(int at, const char *path, int flags) {
    char whole[8192];
    if (!absolute(at, path, whole, sizeof whole)) return syscall(SYS_unlinkat, at, path, flags);
    take_turn();
    int done = fault() == EROFS ? (errno = EROFS, -1) : syscall(SYS_unlinkat, at, path, flags);
    if (!done && !(flags & AT_REMOVEDIR)) append('U', 0, 0, whole + directory_length, NULL, 0, 0);
    end_turn();
    return done;
}
EXPORT int unlink(const char *path) { return remove_name(AT_FDCWD, path, 0); }
EXPORT int unlinkat(int at, const char *path, int flags) { return remove_name(at, path, flags); }
EXPORT int remove(const char *path) {
    int done = remove_name(AT_FDCWD, path, 0);
    return done && errno == EISDIR ? remove_name(AT_FDCWD, path, AT_REMOVEDIR) : done;
}

/* Renames and links record both names, with the new one where a write has its data. */
static int second_name(char kind, int at, const char *from, int to_at, const char *to, int flags) {
    char one[8192], two[8192];
    int watching = absolute(at, from, one, sizeof one) & absolute(to_at, to, two, sizeof two);
    long call = kind == 'R' ? SYS_renameat2 : SYS_linkat;
    if (!watching) return syscall(call, at, from, to_at, to, flags);
    take_turn();
    int done = fault() == EROFS ? (errno = EROFS, -1) : syscall(call, at, from, to_at, to, flags);
    struct iovec name = {two + directory_length, strlen(two + directory_length)};
    if (!done) append(kind, 0, 0, one + directory_length, &name, 1, name.iov_len);
    end_turn();
    return done;
}
EXPORT int rename(const char *from, const char *to) { return second_name('R', AT_FDCWD, from, AT_FDCWD, to, 0); }
EXPORT int renameat(int at, const char *from, int to_at, const char *to) { return second_name('R', at, from, to_at, to, 0); }
EXPORT int link(const char *from, const char *to) { return second_name('L', AT_FDCWD, from, AT_FDCWD, to, 0); }
EXPORT int linkat(int at, const char *from, int to_at, const char *to, int flags) {
    return second_name('L', at, from, to_at, to, flags);
}

static int make_directory(int at, const char *path, mode_t mode) {
    char whole[8192];
    struct stat facts;
    if (!absolute(at, path, whole, sizeof whole)) return syscall(SYS_mkdirat, at, path, mode);
    take_turn();
    int wrong = fault(), done = wrong ? (errno = wrong, -1) : syscall(SYS_mkdirat, at, path, mode);
    if (!done && !stat(whole, &facts)) append('D', facts.st_ino, 0, whole + directory_length, NULL, 0, 0);
    end_turn();
    return done;
}
EXPORT int mkdir(const char *path, mode_t mode) { return make_directory(AT_FDCWD, path, mode); }
EXPORT int mkdirat(int at, const char *path, mode_t mode) { return make_directory(at, path, mode); }
