/* _posix_stat.c - what the system knows of a file and of a file system.
 *
 * A stat_result has ten items; its times as floats and in nanoseconds and three more fields lie
 * behind them. */
/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "_posix.h"

enum { ATIME = 7, ATIME_FLOAT = 10, ATIME_NS = 13, BLKSIZE = 16, BLOCKS, RDEV, STAT_FIELDS };

static Ref nanoseconds(Vm *vm, struct timespec when)
{
    int64_t seconds = when.tv_sec;
    if (seconds > -9000000000 && seconds < 9000000000)
        return from_int64(vm, seconds * 1000000000 + when.tv_nsec);
    Ref whole = from_int64(vm, seconds), out = FAIL;
    if (!failed(whole)) out = int_binary(vm, OP2_MUL, whole, from_small(1000000000));
    decref(whole);
    if (!failed(out)) replace(&out, int_binary(vm, OP2_ADD, out, from_small(when.tv_nsec)));
    return out;
}

Ref stat_result(Vm *vm, const void *from)
{
    const struct stat *s = from;
    const struct timespec times[] = {s->st_atim, s->st_mtim, s->st_ctim};
    Ref values[STAT_FIELDS] = {
        from_small(s->st_mode),       from_uint64(vm, s->st_ino), from_uint64(vm, s->st_dev),
        from_uint64(vm, s->st_nlink), from_small(s->st_uid),      from_small(s->st_gid),
        from_int64(vm, s->st_size),
    };
    for (int n = 0; n < 3; n++) {
        values[ATIME + n] = from_int64(vm, times[n].tv_sec);
        values[ATIME_FLOAT + n] =
            from_float((double)times[n].tv_sec + 1e-9 * (double)times[n].tv_nsec);
        values[ATIME_NS + n] = nanoseconds(vm, times[n]);
    }
    values[BLKSIZE] = from_int64(vm, s->st_blksize);
    values[BLOCKS] = from_int64(vm, s->st_blocks);
    values[RDEV] = from_uint64(vm, s->st_rdev);
    return structseq_open_new(vm, &stat_result_type, values);
}

static Ref stat_path(Vm *vm, const char *function, Value *argv, bool follow, int allowed)
{
    Path path;
    int at, result;
    struct stat found;
    Ref out = FAIL;
    if (!path_open(vm, argv[0], function, "path", allowed, &path) ||
        !directory_from(vm, argv[1], &at))
        goto done;
    if (!path.text && at != AT_FDCWD) {
        throw(vm, ValueError, "%s: can't specify dir_fd without matching path", function);
        goto done;
    }
    if (!path.text && !follow) {
        throw(vm, ValueError, "%s: cannot use fd and follow_symlinks together", function);
        goto done;
    }
    WAITING(result, path.text ? fstatat(at, path.text, &found, follow ? 0 : AT_SYMLINK_NOFOLLOW)
                              : fstat(path.fd, &found));
    out = result < 0 ? path_error(vm, &path) : stat_result(vm, &found);
done:
    path_close(&path);
    return out;
}
NATIVE(posix_stat, "stat(path, *, dir_fd=None, follow_symlinks=True)",
       "Return what the system knows of path, a name or a descriptor: a stat_result.")
{
    bool follow;
    return truth_from(vm, argv[2], &follow) ? stat_path(vm, "stat", argv, follow, PATH_FD) : FAIL;
}
NATIVE(posix_lstat, "lstat(path, *, dir_fd=None)", "Like stat(), for a symbolic link itself.")
{
    return stat_path(vm, "lstat", argv, false, 0);
}
NATIVE(posix_fstat, "fstat(fd)", "Like stat(), for an open file.")
{
    int fd, result;
    struct stat found;
    if (!c_int_from(vm, argv[0], &fd)) return FAIL;
    WAITING(result, fstat(fd, &found));
    return result < 0 ? posix_error(vm) : stat_result(vm, &found);
}

/* A new stat_result lacks the float times unless they were given: the whole ones stand in. */
NATIVE(stat_result_make, "new(cls, /, sequence, dict=?)", "What stat() returns, from a sequence.")
{
    Ref self = structseq_make_def.body(vm, argv);
    if (failed(self)) return FAIL;
    Ref *items = as_tuple(self)->items;
    for (int n = 0; n < 3; n++)
        if (is_none(items[ATIME_FLOAT + n]))
            replace(&items[ATIME_FLOAT + n], newref(items[ATIME + n]));
    return self;
}

static const Attribute stat_fields[] = {
    {"st_mode", structseq_item_0, NULL, "Type and permissions."},
    {"st_ino", structseq_item_1, NULL, "Number of the inode."},
    {"st_dev", structseq_item_2, NULL, "The device it lies on."},
    {"st_nlink", structseq_item_3, NULL, "How many names it has."},
    {"st_uid", structseq_item_4, NULL, "Id of the owner."},
    {"st_gid", structseq_item_5, NULL, "Id of the group."},
    {"st_size", structseq_item_6, NULL, "Size in bytes."},
    {"st_atime", structseq_item_10, NULL, "Last access, seconds since the epoch."},
    {"st_mtime", structseq_item_11, NULL, "Last change of the contents, seconds since the epoch."},
    {"st_ctime", structseq_item_12, NULL, "Last change of the inode, seconds since the epoch."},
    {"st_atime_ns", structseq_item_13, NULL, "Last access in nanoseconds."},
    {"st_mtime_ns", structseq_item_14, NULL, "Last change of the contents in nanoseconds."},
    {"st_ctime_ns", structseq_item_15, NULL, "Last change of the inode in nanoseconds."},
    {"st_blksize", structseq_item_16, NULL, "Size of a block for efficient access."},
    {"st_blocks", structseq_item_17, NULL, "Blocks of 512 bytes it takes."},
    {"st_rdev", structseq_item_18, NULL, "The device it is, if it is one."},
    {0},
};
const StructSeq stat_result_type = {
    .type = {.name = "os.stat_result",
             .doc = "What the system knows of a file.",
             .size = sizeof(Tuple),
             .flags = TYPE_CONTAINER | TYPE_FINAL,
             .base = &tuple_type,
             .visit = structseq_visit,
             .clear = structseq_clear,
             .new = &stat_result_make_def,
             .repr = structseq_repr,
             .methods = structseq_open_methods,
             .fields = stat_fields},
    .items = 10,
    .fields = STAT_FIELDS,
};

/* ---- file systems ---- */

static Ref statvfs_result(Vm *vm, const struct statvfs *s)
{
    Ref values[] = {
        from_uint64(vm, s->f_bsize),   from_uint64(vm, s->f_frsize), from_uint64(vm, s->f_blocks),
        from_uint64(vm, s->f_bfree),   from_uint64(vm, s->f_bavail), from_uint64(vm, s->f_files),
        from_uint64(vm, s->f_ffree),   from_uint64(vm, s->f_favail), from_uint64(vm, s->f_flag),
        from_uint64(vm, s->f_namemax), from_uint64(vm, s->f_fsid),
    };
    return structseq_open_new(vm, &statvfs_result_type, values);
}
NATIVE(posix_statvfs, "statvfs(path)",
       "Return what the system knows of the file system path (a name or a descriptor) lies on.")
{
    Path path;
    int result;
    struct statvfs found;
    Ref out = FAIL;
    if (path_open(vm, argv[0], "statvfs", "path", PATH_FD, &path)) {
        WAITING(result, path.text ? statvfs(path.text, &found) : fstatvfs(path.fd, &found));
        out = result < 0 ? path_error(vm, &path) : statvfs_result(vm, &found);
    }
    path_close(&path);
    return out;
}
NATIVE(posix_fstatvfs, "fstatvfs(fd)", "Like statvfs(), for an open file.")
{
    int fd, result;
    struct statvfs found;
    if (!c_int_from(vm, argv[0], &fd)) return FAIL;
    WAITING(result, fstatvfs(fd, &found));
    return result < 0 ? posix_error(vm) : statvfs_result(vm, &found);
}

static const Attribute statvfs_fields[] = {
    {"f_bsize", structseq_item_0, NULL, "Size of a block for efficient access."},
    {"f_frsize", structseq_item_1, NULL, "Size of a fragment, the unit of the counts."},
    {"f_blocks", structseq_item_2, NULL, "Size in fragments."},
    {"f_bfree", structseq_item_3, NULL, "Free blocks."},
    {"f_bavail", structseq_item_4, NULL, "Free blocks for ordinary users."},
    {"f_files", structseq_item_5, NULL, "Inodes."},
    {"f_ffree", structseq_item_6, NULL, "Free inodes."},
    {"f_favail", structseq_item_7, NULL, "Free inodes for ordinary users."},
    {"f_flag", structseq_item_8, NULL, "How it is mounted: ST_* flags."},
    {"f_namemax", structseq_item_9, NULL, "The longest name."},
    {"f_fsid", structseq_item_10, NULL, "Id of the file system."},
    {0},
};
const StructSeq statvfs_result_type = STRUCTSEQ_OPEN(
    "os.statvfs_result", "What the system knows of a file system.", statvfs_fields, 10, 11);

const Native *const posix_stat_functions[] = {
    &posix_stat_def,    &posix_lstat_def,    &posix_fstat_def,
    &posix_statvfs_def, &posix_fstatvfs_def, NULL,
};
