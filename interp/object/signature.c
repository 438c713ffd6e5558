/* signature.c - the signature texts of native functions, parsed.
 *
 * "pop(self, index=-1, /)": names, defaults, `/` and `*` as in a def.  Each Native is parsed once,
 * when it is first called or inspected; the result is kept by the interpreter.  A text that does
 * not parse is a mistake of ours: SystemError. Neighbours: native.h (the grammar of defaults),
 * nativebind.c. */
/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdlib.h>

#include "object/bytes.h"
#include "object/error.h"
#include "object/int.h"
#include "object/native.h"
#include "object/str.h"
#include "object/tuple.h"

struct SignatureTable {
    size_t size, used;
    struct {
        const Native *native;
        Signature *signature;
    } * rows; /* open addressing by address */
};

/* ---- defaults ---- */

static const char *skip_blanks(const char *at)
{
    while (*at == ' ') at++;
    return at;
}

/* 'text' or b'text' with the escapes \n \t \r \0 \\ \'. */
static Ref quoted(Vm *vm, const char **at, bool bytes)
{
    char text[64];
    size_t len = 0;
    char quote = *(*at)++;
    while (**at && **at != quote && len < sizeof text) {
        char c = *(*at)++;
        if (c == '\\') {
            c = *(*at)++;
            c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c == '0' ? '\0' : c;
        }
        text[len++] = c;
    }
    if (**at == quote) ++*at;
    return bytes ? bytes_from(vm, text, (ptrdiff_t)len)
                 : str_intern(vm, str_from_utf8(vm, text, (ptrdiff_t)len));
}

static Ref number(Vm *vm, const char **at)
{
    char *end, *point_end;
    long long integer = strtoll(*at, &end, 0);
    double real = strtod(*at, &point_end);
    bool is_integer = end >= point_end;
    *at = is_integer ? end : point_end;
    return is_integer ? from_int64(vm, integer) : from_float(real);
}

static Ref default_value(Vm *vm, const char **at)
{
    static const struct {
        const char *text;
        Ref value;
    } words[] = {
        {"None", NONE},
        {"True", TRUE},
        {"False", FALSE},
        {"...", ELLIPSIS},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t len = strlen(words[i].text);
        if (strncmp(*at, words[i].text, len) != 0) continue;
        *at += len;
        return words[i].value;
    }
    if (**at == '?') { /* what is shown of it reads up to the next parameter */
        *at += strcspn(*at, ",)");
        if (**at == ')' && (*at)[-1] == '(') ++*at;
        return UNDEF;
    }
    if (**at == '\'' || **at == '"') return quoted(vm, at, false);
    if (**at == 'b' && ((*at)[1] == '\'' || (*at)[1] == '"')) {
        ++*at;
        return quoted(vm, at, true);
    }
    if (strncmp(*at, "()", 2) == 0) {
        *at += 2;
        return tuple_new(vm, 0);
    }
    const char *start = *at;
    Ref value = number(vm, at);
    return *at > start ? value
                       : throw(vm, SystemError, "bad default in a native signature: %s", start);
}

/* ---- parsing ---- */

typedef struct Parser {
    const char *at;
    Signature *signature;
    bool keyword_only; /* a `*` or *args has been seen */
} Parser;

static bool parse_name(Vm *vm, Parser *p, Ref *name)
{
    const char *start = p->at;
    while (*p->at == '_' || (*p->at >= '0' && *p->at <= '9') ||
           (unsigned)((*p->at | 32) - 'a') < 26u)
        p->at++;
    *name = p->at > start ? str_intern(vm, str_from_utf8(vm, start, p->at - start)) : FAIL;
    if (p->at == start) throw(vm, SystemError, "bad native signature at: %s", start);
    return !failed(*name);
}

/* One parameter, `/` or `*`. */
static bool parse_parameter(Vm *vm, Parser *p)
{
    Signature *s = p->signature;
    if (*p->at == '/') {
        p->at++;
        s->positional_only = s->positional;
        return true;
    }
    bool kwargs = strncmp(p->at, "**", 2) == 0, star = !kwargs && *p->at == '*';
    p->at += kwargs ? 2 : star ? 1 : 0;
    if (star) {
        p->keyword_only = true;
        if (*p->at == ',') return true;
        s->has_varargs = true;
    }
    if (s->count == NATIVE_PARAMS_MAX)
        return throw(vm, SystemError, "too many parameters in a native signature"), false;
    int slot = s->count++;
    s->names[slot] = UNDEF;
    s->defaults[slot] = UNDEF;
    if (!parse_name(vm, p, &s->names[slot])) {
        s->names[slot] = UNDEF;
        return false;
    }
    s->has_kwargs |= kwargs;
    if ((kwargs || star) && strncmp(p->at, "=?", 2) == 0) {
        p->at += 2;
        *(kwargs ? &s->lazy_kwargs : &s->ignores_args) = true;
        s->optional |= 1u << slot;
    }
    if (kwargs || star) return true;
    bool optional = *p->at == '=';
    if (optional) {
        p->at++;
        s->defaults[slot] = default_value(vm, &p->at);
        if (failed(s->defaults[slot])) {
            s->defaults[slot] = UNDEF;
            return false;
        }
        s->optional |= 1u << slot;
    }
    if (!p->keyword_only) {
        s->positional++;
        if (!optional) s->required = s->positional;
    }
    return true;
}

static void signature_free(Signature *signature)
{
    for (int i = 0; i < signature->count; i++) {
        decref(signature->names[i]);
        decref(signature->defaults[i]);
    }
    memory_free(signature);
}

/* How many positional arguments may be left out at the end so that the defaults do. */
static void find_plain(Signature *s)
{
    bool gathers = s->has_varargs && !s->ignores_args;
    s->plain_most = s->has_kwargs && !s->lazy_kwargs ? -1 : gathers ? INT_MAX : s->positional;
    s->exact = gathers ? -1 : s->count;
    s->plain_least = s->required;
    for (int i = s->positional + gathers; i < s->count; i++)
        if (!(s->optional >> i & 1)) s->plain_most = -1; /* a keyword that must be given */
}

static Signature *parse(Vm *vm, const char *text)
{
    size_t bytes = sizeof(Signature) + 2 * NATIVE_PARAMS_MAX * sizeof(Ref);
    Signature *signature = memory_zeroed(vm, bytes);
    if (!signature) return NULL;
    signature->names = (Ref *)(void *)(signature + 1);
    signature->defaults = signature->names + NATIVE_PARAMS_MAX;
    Parser parser = {.at = strchr(text, '('), .signature = signature};
    bool ok = parser.at != NULL;
    if (!ok) throw(vm, SystemError, "bad native signature: %s", text);
    if (ok) parser.at = skip_blanks(parser.at + 1);
    while (ok && *parser.at != ')') {
        ok = parse_parameter(vm, &parser);
        parser.at = skip_blanks(parser.at);
        if (*parser.at == ',') parser.at = skip_blanks(parser.at + 1);
        else if (ok && *parser.at != ')')
            ok = !failed(throw(vm, SystemError, "bad native signature: %s", text));
    }
    if (ok) {
        find_plain(signature);
        return signature;
    }
    signature_free(signature);
    return NULL;
}

/* ---- the table ---- */

static size_t place(const struct SignatureTable *table, const Native *native)
{
    size_t at = ((uintptr_t)native >> 4) * 0x9E3779B1u & (table->size - 1);
    while (table->rows[at].native && table->rows[at].native != native)
        at = (at + 1) & (table->size - 1);
    return at;
}

static bool grow(Vm *vm, struct SignatureTable *table)
{
    struct SignatureTable grown = {.size = table->size ? table->size * 2 : 256,
                                   .used = table->used};
    grown.rows = memory_zeroed(vm, grown.size * sizeof *grown.rows);
    if (!grown.rows) return false;
    for (size_t i = 0; i < table->size; i++)
        if (table->rows[i].native)
            grown.rows[place(&grown, table->rows[i].native)] = table->rows[i];
    memory_free(table->rows);
    *table = grown;
    return true;
}

const Signature *native_parsed(Vm *vm, const Native *native)
{
    struct SignatureTable *table = vm->interp->signatures;
    if (!table) {
        table = vm->interp->signatures = memory_zeroed(vm, sizeof *table);
        if (!table) return NULL;
    }
    if ((table->used + 1) * 2 > table->size && !grow(vm, table)) return NULL;
    size_t at = place(table, native);
    if (!table->rows[at].native) {
        Signature *signature = parse(vm, native->signature);
        if (!signature) return NULL;
        table->rows[at].native = native;
        table->rows[at].signature = signature;
        table->used++;
    }
    return table->rows[at].signature;
}

const Signature *native_signature(Vm *vm, NativeFunction *function)
{
    if (!function->signature) function->signature = native_parsed(vm, function->native);
    return function->signature;
}

void signatures_close(Interp *interp)
{
    struct SignatureTable *table = interp->signatures;
    if (!table) return;
    for (size_t i = 0; i < table->size; i++)
        if (table->rows[i].native) signature_free(table->rows[i].signature);
    memory_free(table->rows);
    memory_free(table);
    interp->signatures = NULL;
}
