/* iofile.h - FileIO: bytes from and to a file descriptor without a buffer. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_MODULES_IOFILE_H
#define AIO_MODULES_IOFILE_H

#include "object/native.h"

typedef struct FileIo {
    Container head;
    int slot; /* the descriptor + 1; 0: closed, or never opened */
    bool readable, writable, created, appending, keep_fd, finalizing;
    int8_t seekable;                 /* 1: yes, -1: no, 0: not asked yet */
    int64_t block_bytes, size_bytes; /* as fstat told at the opening; 0: not known */
    Ref name;                        /* as given to open(); UNDEF: deleted */
} FileIo;

extern const TypeDef fileio_type;

static inline FileIo *as_fileio(Value v) { return (FileIo *)as_object(v); }
static inline int fileio_fd(const FileIo *file) { return file->slot - 1; }
/* Is v a FileIO itself, no subclass, so that C code may go past its methods? */
static inline bool is_fileio(Value v)
{
    return is_heap(v) && as_object(v)->shape->type->def == &fileio_type &&
           !(as_object(v)->flags & OBJ_SUBCLASS);
}

/* A FileIO over fd that never closes it: for the standard streams.  name is borrowed. */
Ref fileio_standard(Vm *vm, int fd, Value name, bool writable, int64_t block_bytes);

/* One read(2) or write(2), done again after a signal whose handler does not raise; other threads
 * run meanwhile.  How many bytes; -1: raised; -2: nothing can be done without blocking. */
ptrdiff_t fileio_read(Vm *vm, FileIo *file, char *data, ptrdiff_t len);
ptrdiff_t fileio_write(Vm *vm, FileIo *file, const char *data, ptrdiff_t len);
/* lseek(2); -1: raised. */
int64_t fileio_seek(Vm *vm, FileIo *file, int64_t offset, int whence);
/* Can the position of an open file be changed? */
bool fileio_seekable(FileIo *file);
/* Closes the descriptor, unless it is to be kept; false: raised. */
bool fileio_close(Vm *vm, FileIo *file);
/* All bytes up to the end; NONE: it would block at once. */
Ref fileio_read_all(Vm *vm, FileIo *file);
/* Warns that `source` was dropped while open. */
bool fileio_warn_unclosed(Vm *vm, FileIo *file, Value source);

/* What __fspath__() of a path-like returns, or the str or bytes itself. */
Ref path_text(Vm *vm, Value path);
/* What fsencode() makes of a path (str, bytes, os.PathLike): bytes without a NUL, owned. */
Ref path_bytes(Vm *vm, Value path);

#endif
