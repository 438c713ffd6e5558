/* traceback.h - tracebacks and frames as objects. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_TRACEBACK_H
#define AIO_OBJECT_TRACEBACK_H

#include "object/exception.h"
#include "object/function.h"

typedef struct Range {
    int start, end;
} Range; /* bytes; start < 0: none */

/* The part of segment, the text of one expression, that a report marks with ^ while the rest gets
 * ~. */
Range expression_anchor(const char *segment, int len);

/* A snapshot of an activation: f_code, f_globals, f_lineno, f_locals, f_back. */
typedef struct FrameObject {
    Container head;
    Ref code, globals, locals; /* locals: dict */
    Ref back;                  /* FrameObject or UNDEF */
    int32_t instr;
    int32_t line;
} FrameObject;

/* The variables in a function's registers (locals first), closure included, as a new dict. */
Ref locals_dict(Vm *vm, Function *function, Ref *registers);

/* The frame of function at an instruction; registers NULL: no locals are known. */
Ref frame_object(Vm *vm, Function *function, int instr, Ref *registers);

#endif
