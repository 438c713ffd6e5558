/* traceback.h - tracebacks as objects. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_TRACEBACK_H
#define AIO_OBJECT_TRACEBACK_H

#include "object/exception.h"

typedef struct Range {
    int start, end;
} Range; /* bytes; start < 0: none */

/* The part of segment, the text of one expression, that a report marks with ^ while the rest gets
 * ~. */
Range expression_anchor(const char *segment, int len);

#endif
