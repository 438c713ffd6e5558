/* flags.c - reading the environment, unless the command line says not to. */
/* SPDX-License-Identifier: MIT */
#include "memory/flags.h"

#include <stdlib.h>

const char *flags_getenv(const Flags *flags, const char *name)
{
    const char *text = flags->ignore_environment ? NULL : getenv(name);
    return text && *text ? text : NULL;
}
