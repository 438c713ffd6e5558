/* embed.c - turns the library's .aio files into one C file of byte arrays (runs during the build).
 *
 * embed OUTPUT ROOT FILE...: each FILE lies under ROOT; its path gives the module's name:
 * ROOT/asyncio/__init__.aio is package `asyncio`, ROOT/asyncio/locks.aio is `asyncio.locks`.
 * Neighbours: modules/embedded.h (the table that the output defines). */
/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void die(const char *path)
{
    perror(path);
    exit(1);
}

/* Writes the module's name into name (dots for slashes, no suffix); true for a package. */
static bool module_name(const char *root, const char *path, char *name, size_t size)
{
    const char *part = path + strlen(root) + 1;
    size_t len = strlen(part) - strlen(".aio");
    bool package = len > 9 && memcmp(part + len - 9, "/__init__", 9) == 0;

    if (package) len -= 9;
    if (len >= size) {
        fprintf(stderr, "embed: name too long: %s\n", path);
        exit(1);
    }
    for (size_t i = 0; i < len; i++) name[i] = part[i] == '/' ? '.' : part[i];
    name[len] = '\0';
    return package;
}

/* Writes `static const unsigned char source_I[] = {...}` and returns the length in bytes. */
static size_t write_bytes(FILE *out, const char *path, int index)
{
    FILE *in = fopen(path, "rb");
    size_t length = 0;
    int byte;

    if (!in) die(path);
    fprintf(out, "\n/* %s */\nstatic const unsigned char source_%d[] = {", path, index);
    while ((byte = getc(in)) != EOF) fprintf(out, "%s%d,", length++ % 24 ? "" : "\n", byte);
    if (ferror(in)) die(path);
    fprintf(out, "0};\n"); /* a final NUL, not counted: the lexer may look one byte ahead */
    fclose(in);
    return length;
}

int main(int argc, char **argv)
{
    char name[256];
    size_t *lengths;
    FILE *out;

    if (argc < 3) {
        fprintf(stderr, "usage: embed OUTPUT ROOT FILE...\n");
        return 2;
    }
    out = fopen(argv[1], "w");
    lengths = calloc((size_t)argc, sizeof *lengths);
    if (!out || !lengths) die(argv[1]);
    fprintf(out, "/* Written by interp/tools/embed.c. */\n#include \"modules/embedded.h\"\n");
    for (int i = 3; i < argc; i++) lengths[i] = write_bytes(out, argv[i], i);
    fprintf(out, "\nconst Embedded embedded_modules[] = {\n");
    for (int i = 3; i < argc; i++) {
        bool package = module_name(argv[2], argv[i], name, sizeof name);
        fprintf(out, "    {\"%s\", source_%d, %zu, %s},\n", name, i, lengths[i],
                package ? "true" : "false");
    }
    fprintf(out, "    {NULL, NULL, 0, false},\n};\n");
    if (fclose(out) != 0) die(argv[1]);
    free(lengths);
    return 0;
}
