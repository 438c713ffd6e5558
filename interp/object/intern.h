/* intern.h - the table of unique strings. */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_INTERN_H
#define AIO_OBJECT_INTERN_H

#include "object/str.h"

/* Takes a dying interned string out of the table. */
void intern_forget(Interp *interp, const Str *s);

#endif
