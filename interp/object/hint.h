/* hint.h - what a mistaken name may have meant. Neighbours: hint.c, exception.h (error_hint). */
/* SPDX-License-Identifier: MIT */
#ifndef AIO_OBJECT_HINT_H
#define AIO_OBJECT_HINT_H

#include "memory/ref.h"

/* The candidate (borrowed) closest to name, a str, or UNDEF when none is close; hide: none that
 * begins with "_". */
Value closest_name(Value name, const Ref *candidates, ptrdiff_t count, bool hide);

#endif
