/* _posix_directory.c - reading directories: listdir(), scandir() and its entries.
 *
 * A DirEntry knows the type the directory gave and asks the system for more only when it must; it
 * keeps what it learnt.
 * Neighbours: _posix_stat.c. */
/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <sys/stat.h>

#include "_posix.h"

/* A stream over path: a descriptor is duplicated, None is the working directory.  NULL: raised. */
static DIR *directory_open(Vm *vm, const Path *path)
{
    DIR *stream = NULL;
    int fd = -1, result = 0;
    if (path->fd >= 0) {
        WAITING(result, fd = fcntl(path->fd, F_DUPFD_CLOEXEC, 0));
        if (result >= 0 && !(stream = fdopendir(fd))) {
            int saved = errno;
            close(fd);
            errno = saved;
        }
    } else {
        gil_release(vm);
        stream = opendir(path->text ? path->text : ".");
        gil_acquire(vm);
    }
    if (!stream && path->fd >= 0) posix_error(vm);
    else if (!stream) path_error(vm, path);
    return stream;
}

/* The next entry but for . and ..; NULL at the end and, with errno, after an error. */
static struct dirent *directory_next(Vm *vm, DIR *stream)
{
    struct dirent *entry;
    do {
        gil_release(vm);
        errno = 0;
        entry = readdir(stream);
        gil_acquire(vm);
    } while (entry && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0));
    return entry;
}

static Ref list_names(Vm *vm, const Path *path, DIR *stream)
{
    Ref out = list_new(vm, 0);
    struct dirent *entry = NULL;
    while (!failed(out) && (entry = directory_next(vm, stream))) {
        Ref name = path_name(vm, path, entry->d_name);
        if (failed(name) || !list_push(vm, as_list(out), name)) replace(&out, FAIL);
    }
    if (!failed(out) && errno) {
        path_error(vm, path);
        replace(&out, FAIL);
    }
    return out;
}
NATIVE(posix_listdir, "listdir(path=None)",
       "Return the names in the directory path (None: the working one) in no order, without . and "
       "..;\n"
       "bytes when path is.")
{
    Path path;
    Ref out = FAIL;
    DIR *stream = NULL;
    if (path_open(vm, argv[0], "listdir", "path", PATH_FD | PATH_NONE, &path))
        stream = directory_open(vm, &path);
    if (stream) {
        if (path.fd >= 0) rewinddir(stream);
        out = list_names(vm, &path, stream);
        closedir(stream);
    }
    path_close(&path);
    return out;
}

/* ---- entries ---- */

typedef struct DirEntry {
    Container head;
    Ref name, path;     /* str or bytes */
    Ref stat, lstat;    /* stat_result, or UNDEF: not asked for yet */
    int dir_fd;         /* scandir() of a descriptor: that; else -1 */
    unsigned char type; /* DT_* */
    uint64_t inode;
} DirEntry;

static DirEntry *as_entry(Value v) { return (DirEntry *)as_object(v); }

/* The result of stat() or lstat(), kept (borrowed); FAIL: raised. */
static Value entry_stat_of(Vm *vm, DirEntry *self, bool follow)
{
    if (follow && self->type != DT_LNK && self->type != DT_UNKNOWN) follow = false;
    Ref *kept = follow ? &self->stat : &self->lstat;
    if (!absent(*kept)) return *kept;
    struct stat found;
    int result;
    Ref bytes = fsencoded(vm, self->dir_fd >= 0 ? self->name : self->path);
    if (failed(bytes)) return FAIL;
    int at = self->dir_fd >= 0 ? self->dir_fd : AT_FDCWD;
    WAITING(result, fstatat(at, as_bytes(bytes)->data, &found, follow ? 0 : AT_SYMLINK_NOFOLLOW));
    decref(bytes);
    Ref made = result == 0         ? stat_result(vm, &found)
               : absent(vm->error) ? throw_errno(vm, errno, self->path)
                                   : FAIL;
    if (failed(made)) return FAIL;
    replace(kept, made);
    return made;
}

/* Is the entry of the type mode (S_IFDIR...)?  What is not there is of none. */
static Truth entry_is(Vm *vm, DirEntry *self, bool follow, unsigned mode)
{
    bool link = self->type == DT_LNK;
    if (self->type != DT_UNKNOWN && !(link && follow))
        return (unsigned)DTTOIF(self->type) == mode ? YES : NO;
    Value stat = entry_stat_of(vm, self, follow);
    if (failed(stat)) {
        if (!error_is(vm, FileNotFoundError)) return FAILED;
        error_clear(vm);
        return NO;
    }
    int64_t found = 0;
    if (!int_index(vm, tuple_at(stat, 0), &found)) return FAILED;
    return (found & S_IFMT) == mode ? YES : NO;
}

static Ref entry_answer(Vm *vm, Value *argv, unsigned mode)
{
    bool follow;
    if (!truth_from(vm, argv[1], &follow)) return FAIL;
    Truth answer = entry_is(vm, as_entry(argv[0]), follow, mode);
    return answer == FAILED ? FAIL : from_bool(answer == YES);
}
NATIVE(direntry_is_dir, "is_dir(self, *, follow_symlinks=True)",
       "Return whether it is a directory, or a link to one.")
{
    return entry_answer(vm, argv, S_IFDIR);
}
NATIVE(direntry_is_file, "is_file(self, *, follow_symlinks=True)",
       "Return whether it is a regular file, or a link to one.")
{
    return entry_answer(vm, argv, S_IFREG);
}
NATIVE(direntry_is_symlink, "is_symlink(self)", "Return whether it is a symbolic link.")
{
    Truth answer = entry_is(vm, as_entry(argv[0]), false, S_IFLNK);
    return answer == FAILED ? FAIL : from_bool(answer == YES);
}
NATIVE(direntry_is_junction, "is_junction(self)", "Return False: this system has no junctions.")
{
    return FALSE;
}
NATIVE(direntry_stat, "stat(self, *, follow_symlinks=True)",
       "Return the stat_result of the entry; it is asked for once.")
{
    bool follow;
    if (!truth_from(vm, argv[1], &follow)) return FAIL;
    return newref(entry_stat_of(vm, as_entry(argv[0]), follow));
}
NATIVE(direntry_inode, "inode(self)", "Return the number of the inode.")
{
    return from_uint64(vm, as_entry(argv[0])->inode);
}
NATIVE(direntry_fspath, "__fspath__(self)", "Return the path.")
{
    return newref(as_entry(argv[0])->path);
}
NATIVE(direntry_reduce, "__reduce__(self)", "Raise TypeError: it is not to be copied.")
{
    return throw(vm, TypeError, "cannot pickle '%T' object", argv[0]);
}
static Ref direntry_repr(Vm *vm, Value self)
{
    return format_text(vm, "<DirEntry %R>", (Value)as_entry(self)->name);
}
static Ref direntry_name(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_entry(self)->name);
}
static Ref direntry_path(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_entry(self)->path);
}

static const Native *const direntry_methods[] = {
    &direntry_is_dir_def,     &direntry_is_file_def,
    &direntry_is_symlink_def, &direntry_is_junction_def,
    &direntry_stat_def,       &direntry_inode_def,
    &direntry_fspath_def,     &class_getitem_def,
    &direntry_reduce_def,     NULL,
};
static const Attribute direntry_attributes[] = {
    {"name", direntry_name, member_read_only, "Its name in the directory."},
    {"path", direntry_path, member_read_only, "The path given to scandir(), and its name."},
    {0},
};
const TypeDef direntry_type = {
    .name = "posix.DirEntry",
    .doc = "What scandir() found: a name in a directory and what it stands for.",
    .size = sizeof(DirEntry),
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_NO_NEW,
    .refs =
        REFS(REF(DirEntry, name), REF(DirEntry, path), REF(DirEntry, stat), REF(DirEntry, lstat)),
    .repr = direntry_repr,
    .methods = direntry_methods,
    .attributes = direntry_attributes,
};

/* ---- scandir ---- */

typedef struct Scandir {
    Container head;
    DIR *stream; /* NULL: closed */
    Ref given;   /* the path, or None */
    bool is_bytes;
    int fd; /* the descriptor that was given, or -1 */
} Scandir;

static Scandir *as_scandir(Value v) { return (Scandir *)as_object(v); }

static void scandir_drop(Object *object)
{
    Scandir *self = (Scandir *)object;
    if (self->stream) closedir(self->stream);
    self->stream = NULL;
}
static void scandir_end(Scandir *self)
{
    if (self->stream && self->fd >= 0) rewinddir(self->stream);
    scandir_drop(&self->head.head);
}

NATIVE(
    posix_scandir, "scandir(path=None)",
    "Return an iterator over the entries of the directory path (None: the working one), which is\n"
    "also a context manager.")
{
    Path path;
    Scandir *self = NULL;
    DIR *stream = NULL;
    if (path_open(vm, argv[0], "scandir", "path", PATH_FD | PATH_NONE, &path))
        stream = directory_open(vm, &path);
    Type *type = stream ? type_from_def(vm, &scandir_type) : NULL;
    if (type) self = type_instance(vm, type);
    if (self) {
        self->stream = stream;
        self->given = newref(path.given);
        self->is_bytes = path.is_bytes;
        self->fd = path.fd;
    } else if (stream) {
        closedir(stream);
    }
    path_close(&path);
    return self ? from_object(self) : FAIL;
}

/* The directory's path, a slash unless it ends in one, the name. */
static Ref joined(Vm *vm, const Scandir *self, Value name)
{
    if (self->fd >= 0) return newref(name);
    if (self->is_bytes) {
        Bytes *folder = as_bytes(self->given);
        bool slash = folder->len && folder->data[folder->len - 1] != '/';
        Ref out = bytes_from(vm, NULL, folder->len + slash + as_bytes(name)->len);
        if (failed(out)) return FAIL;
        char *at = as_bytes(out)->data;
        memcpy(at, folder->data, (size_t)folder->len);
        if (slash) at[folder->len] = '/';
        memcpy(at + folder->len + slash, as_bytes(name)->data, (size_t)as_bytes(name)->len);
        return out;
    }
    if (is_none(self->given)) return format_text(vm, "./%S", name);
    Str *folder = as_str(self->given);
    bool slash = folder->len && str_at(folder, folder->len - 1) != '/';
    return format_text(vm, "%S%s%S", (Value)self->given, slash ? "/" : "", name);
}

static Ref entry_make(Vm *vm, const Scandir *self, const struct dirent *found)
{
    Type *type = type_from_def(vm, &direntry_type);
    DirEntry *entry = type ? type_instance(vm, type) : NULL;
    if (!entry) return FAIL;
    entry->stat = entry->lstat = entry->path = UNDEF;
    entry->dir_fd = self->fd;
    entry->type = found->d_type;
    entry->inode = found->d_ino;
    ptrdiff_t len = (ptrdiff_t)strlen(found->d_name);
    entry->name =
        self->is_bytes ? bytes_from(vm, found->d_name, len) : fsdecoded(vm, found->d_name, len);
    if (!failed(entry->name)) entry->path = joined(vm, self, entry->name);
    if (!failed(entry->name) && !failed(entry->path)) return from_object(entry);
    if (failed(entry->name)) entry->name = UNDEF;
    if (failed(entry->path)) entry->path = UNDEF;
    decref_object(entry);
    return FAIL;
}
static Ref scandir_next(Vm *vm, Value value)
{
    Scandir *self = as_scandir(value);
    if (!self->stream) return UNDEF;
    Ref kept = newref(value);
    struct dirent *found = directory_next(vm, self->stream);
    Ref out = UNDEF;
    if (found) out = entry_make(vm, self, found);
    else if (errno) out = throw_errno(vm, errno, self->given);
    if (!found) scandir_end(self);
    decref(kept);
    return out;
}

NATIVE(scandir_close, "close(self)", "Close it before its end.")
{
    scandir_end(as_scandir(argv[0]));
    return NONE;
}
NATIVE(scandir_enter, "__enter__(self)", "Return it.") { return newref(argv[0]); }
NATIVE(scandir_exit, "__exit__(self, /, *args=?)", "Close it.")
{
    scandir_end(as_scandir(argv[0]));
    return NONE;
}
static bool scandir_needs_finalizer(Object *self) { return ((Scandir *)self)->stream != NULL; }
static void scandir_finalize(Vm *vm, Object *self)
{
    if (!warn_about(vm, borrow(self), ResourceWarning, 1, "unclosed scandir iterator %R",
                    borrow(self)))
        error_unraisable(vm, "Exception ignored in", borrow(self));
    scandir_end((Scandir *)self);
}

static const Native *const scandir_methods[] = {&scandir_close_def, &scandir_enter_def,
                                                &scandir_exit_def, NULL};
const TypeDef scandir_type = {
    .name = "posix.ScandirIterator",
    .doc = "The entries of a directory.",
    .size = sizeof(Scandir),
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_NO_NEW,
    .refs = REFS(REF(Scandir, given)),
    .clear = scandir_drop,
    .needs_finalizer = scandir_needs_finalizer,
    .finalize = scandir_finalize,
    .iter = iter_self,
    .next = scandir_next,
    .methods = scandir_methods,
};

const Native *const posix_directory_functions[] = {&posix_listdir_def, &posix_scandir_def, NULL};
