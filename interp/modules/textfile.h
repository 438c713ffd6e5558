/* textfile.h - text files over a descriptor: sys.stdin, sys.stdout, sys.stderr and open() in text
 * mode. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_MODULES_TEXTFILE_H
#define AIO_MODULES_TEXTFILE_H

#include "object/type.h"

typedef struct TextFile {
    Container head;
    int fd; /* -1: closed */
    bool readable, writable, line_buffered, keep_fd;
    Ref name, mode;
    char *out; /* bytes not written yet */
    ptrdiff_t out_len;
    char *in; /* bytes read and not yet handed out */
    ptrdiff_t in_len, in_capacity;
    bool at_eof;
} TextFile;

extern const TypeDef textfile_type;

/* A text file over fd; name is borrowed. */
Ref textfile_new(Vm *vm, int fd, Value name, const char *mode, bool keep_fd);
/* Writes what is buffered; false: OSError raised. */
bool textfile_flush(Vm *vm, TextFile *file);

#endif
