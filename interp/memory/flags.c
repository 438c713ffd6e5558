/* flags.c - reading the environment, unless the command line says not to. */
/* SPDX-License-Identifier: MIT */
#include "memory/flags.h"

#include <stdlib.h>
#include <string.h>

const char *flags_getenv(const Flags *flags, const char *name)
{
    const char *text = flags->ignore_environment ? NULL : getenv(name);
    return text && *text ? text : NULL;
}

ColourWish flags_colour(const Flags *flags)
{
    const char *wish = flags_getenv(flags, "PYTHON_COLORS");
    if (wish && (strcmp(wish, "0") == 0 || strcmp(wish, "1") == 0))
        return *wish == '1' ? COLOUR_ALWAYS : COLOUR_NEVER;
    if (flags_getenv(flags, "NO_COLOR")) return COLOUR_NEVER;
    if (flags_getenv(flags, "FORCE_COLOR")) return COLOUR_ALWAYS;
    const char *kind = flags_getenv(flags, "TERM");
    return kind && strcmp(kind, "dumb") == 0 ? COLOUR_NEVER : COLOUR_AT_TERMINAL;
}
