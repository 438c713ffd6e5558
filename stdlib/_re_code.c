/* _re_code.c - patterns compiled by PCRE2 and run by its JIT.
 *
 * A pattern is compiled when it first meets a kind of subject with an anchoring (search, match,
 * fullmatch), because the JIT takes anchors at compile time only.  The 8-bit library serves bytes,
 * ASCII and Latin-1, the others text of two and four bytes a point; a pattern too large for the
 * link
 * size of the first two runs in the 32-bit one over a widened copy of the subject.
 * The interpreter lock is held while matching, so one JIT stack and one set of offsets serve all.
 * A match that takes more than MATCH_LIMIT steps at one place, or more than STACK_MOST bytes
 * of stack, raises RuntimeError.  Neighbours: _re_parse.c (makes the text compiled here). */
/* SPDX-License-Identifier: MIT */
#define PCRE2_CODE_UNIT_WIDTH 0
#include <pcre2.h>

#include "_re.h"

enum {
    MATCH_LIMIT = 100 * 1000 * 1000,
    STACK_FIRST = 32 * 1024,
    STACK_MOST = 512 * 1024 * 1024,
    HEAP_MOST_KIB = 1024 * 1024, /* of matching without the JIT */
    NEST_MOST = 100 * 1000,
};

struct Engines { /* by library; each opened on first use */
    pcre2_match_context_8 *context8;
    pcre2_match_context_16 *context16;
    pcre2_match_context_32 *context32;
    pcre2_match_data_8 *data8;
    pcre2_match_data_16 *data16;
    pcre2_match_data_32 *data32;
    pcre2_jit_stack_8 *stack8;
    pcre2_jit_stack_16 *stack16;
    pcre2_jit_stack_32 *stack32;
    size_t place[2]; /* of a literal that was found */
};

/* For each library: open the shared parts, compile, match, free. */
#define LIBRARY(width)                                                                             \
    static bool engines_open_##width(Vm *vm, Engines *engines, uint32_t pairs)                     \
    {                                                                                              \
        if (!engines->context##width) {                                                            \
            engines->context##width = pcre2_match_context_create_##width(NULL);                    \
            engines->stack##width = pcre2_jit_stack_create_##width(STACK_FIRST, STACK_MOST, NULL); \
            if (!engines->context##width || !engines->stack##width) {                              \
                throw_no_memory(vm);                                                               \
                return false;                                                                      \
            }                                                                                      \
            pcre2_set_match_limit_##width(engines->context##width, MATCH_LIMIT);                   \
            pcre2_set_depth_limit_##width(engines->context##width, MATCH_LIMIT);                   \
            pcre2_set_heap_limit_##width(engines->context##width, HEAP_MOST_KIB);                  \
            pcre2_jit_stack_assign_##width(engines->context##width, NULL, engines->stack##width);  \
        }                                                                                          \
        if (engines->data##width &&                                                                \
            pcre2_get_ovector_count_##width(engines->data##width) >= pairs)                        \
            return true;                                                                           \
        pcre2_match_data_free_##width(engines->data##width);                                       \
        engines->data##width = pcre2_match_data_create_##width(pairs < 16 ? 16 : pairs, NULL);     \
        if (!engines->data##width) throw_no_memory(vm);                                            \
        return engines->data##width != NULL;                                                       \
    }                                                                                              \
    static int compile_##width(RegexCode *out, const void *text, ptrdiff_t len, uint32_t options,  \
                               bool jit)                                                           \
    {                                                                                              \
        int error = PCRE2_ERROR_NOMEMORY;                                                          \
        PCRE2_SIZE offset;                                                                         \
        pcre2_compile_context_##width *context = pcre2_compile_context_create_##width(NULL);       \
        if (!context) return error;                                                                \
        pcre2_set_newline_##width(context, PCRE2_NEWLINE_LF);                                      \
        pcre2_set_parens_nest_limit_##width(context, NEST_MOST);                                   \
        pcre2_code_##width *code =                                                                 \
            pcre2_compile_##width(text, (PCRE2_SIZE)len, options, &error, &offset, context);       \
        pcre2_compile_context_free_##width(context);                                               \
        if (!code) return error;                                                                   \
        out->jit = jit && pcre2_jit_compile_##width(code, PCRE2_JIT_COMPLETE) == 0;                \
        out->code = code;                                                                          \
        return 0;                                                                                  \
    }                                                                                              \
    static int run_##width(const Engines *engines, const RegexCode *code, const void *data,        \
                           ptrdiff_t len, ptrdiff_t start, uint32_t options)                       \
    {                                                                                              \
        if (code->jit)                                                                             \
            return pcre2_jit_match_##width(code->code, data, (PCRE2_SIZE)len, (PCRE2_SIZE)start,   \
                                           options, engines->data##width,                          \
                                           engines->context##width);                               \
        return pcre2_match_##width(code->code, data, (PCRE2_SIZE)len, (PCRE2_SIZE)start, options,  \
                                   engines->data##width, engines->context##width);                 \
    }
LIBRARY(8)
LIBRARY(16)
LIBRARY(32)

void engines_free(Engines *engines)
{
    if (!engines) return;
#define FREE_LIBRARY(width)                                                                        \
    pcre2_match_data_free_##width(engines->data##width);                                           \
    pcre2_match_context_free_##width(engines->context##width);                                     \
    pcre2_jit_stack_free_##width(engines->stack##width);
    FREE_LIBRARY(8)
    FREE_LIBRARY(16)
    FREE_LIBRARY(32)
    memory_free(engines);
}

static int unit_of(SubjectKind kind)
{
    return kind <= SUBJECT_LATIN1 ? 1 : kind == SUBJECT_WIDE ? 2 : 4;
}

void pattern_free_codes(Pattern *pattern)
{
    for (int kind = 0; kind < SUBJECT_KINDS; kind++)
        for (int anchor = 0; anchor < ANCHORS; anchor++) {
            RegexCode *code = &pattern->codes[kind][anchor];
            int unit = code->wide ? 4 : unit_of(kind);
            if (!code->code) continue;
            if (unit == 1) pcre2_code_free_8(code->code);
            else if (unit == 2) pcre2_code_free_16(code->code);
            else pcre2_code_free_32(code->code);
            code->code = NULL;
        }
}

/* ---- compiling ---- */

/* The text in units of so many bytes, in place: narrowing goes forwards. */
static void narrow(uint32_t *text, ptrdiff_t len, int unit)
{
    for (ptrdiff_t n = 0; n < len && unit != 4; n++) points_set((char *)text, unit, n, text[n]);
}

static int compile_text(RegexCode *out, const Regex *regex, int unit, uint32_t options)
{
    static const uint32_t nothing;
    const void *text = regex->text ? regex->text : &nothing;
    const bool jit = !regex->folds; /* machine code of PCRE2 10.42 folds ASCII alone there */
    if (unit == 1) return compile_8(out, text, regex->len, options, jit);
    if (unit == 2) return compile_16(out, text, regex->len, options, jit);
    return compile_32(out, text, regex->len, options, jit);
}

static bool compile_failed(Vm *vm, const Pattern *pattern, int error)
{
    char text[160];
    if (error == PCRE2_ERROR_NOMEMORY) {
        throw_no_memory(vm);
        return false;
    }
    pcre2_get_error_message_8(error, (PCRE2_UCHAR8 *)text, sizeof text);
    Ref message = str_from(vm, text);
    regex_error(vm, message, pattern->source, 0);
    return false;
}

/* Translates and compiles the pattern for a kind of subject and an anchoring. */
static bool pattern_compile(Vm *vm, Pattern *pattern, SubjectKind kind, Anchor anchor)
{
    RegexCode *code = &pattern->codes[kind][anchor];
    uint32_t options = PCRE2_DOTALL | PCRE2_MULTILINE | PCRE2_ALT_CIRCUMFLEX;
    if (pattern->flags & RE_IGNORECASE) options |= PCRE2_CASELESS;
    if (kind != SUBJECT_ASCII) options |= PCRE2_UCP;
    if (anchor != ANCHOR_NONE) options |= PCRE2_ANCHORED;
    if (anchor == ANCHOR_BOTH) options |= PCRE2_ENDANCHORED;
    int error = 0;
    for (int unit = unit_of(kind);; unit = 4) {
        Regex regex;
        if (!regex_translate(vm, pattern->source, pattern->flags, kind, &regex)) return false;
        narrow(regex.text, regex.len, unit);
        error = compile_text(code, &regex, unit, options);
        regex_close(&regex);
        code->wide = unit == 4;
        if (error != PCRE2_ERROR_PATTERN_TOO_LARGE || unit == 4) break;
    }
    return error == 0 || compile_failed(vm, pattern, error);
}

/* ---- subjects ---- */

static bool subject_of_str(Subject *subject, const Str *text)
{
    subject->kind = text->ascii        ? SUBJECT_ASCII
                    : text->width == 1 ? SUBJECT_LATIN1
                    : text->width == 2 ? SUBJECT_WIDE
                                       : SUBJECT_FULL;
    subject->unit = text->width;
    subject->data = text->data;
    subject->len = text->len;
    return true;
}

static bool subject_of_bytes(Vm *vm, Subject *subject, Value text)
{
    if (!type_of(vm, text)->slots.buffer) {
        throw(vm, TypeError, "expected string or bytes-like object, got '%T'", text);
        return false;
    }
    if (!buffer_get(vm, text, &subject->buffer, false)) return false;
    subject->kind = SUBJECT_ASCII;
    subject->unit = 1;
    subject->data = subject->buffer.data;
    subject->len = subject->buffer.len;
    return true;
}

bool subject_open(Vm *vm, Subject *subject, const Pattern *pattern, Value text, ptrdiff_t pos,
                  ptrdiff_t endpos)
{
    *subject = (Subject){.text = text, .buffer = {.owner = UNDEF}};
    bool bytes = !is_str(text);
    if (!(bytes ? subject_of_bytes(vm, subject, text) : subject_of_str(subject, as_str(text))))
        return false;
    if (bytes != pattern->bytes && !is_none(pattern->source)) {
        subject_close(vm, subject);
        throw(vm, TypeError, "%s",
              bytes ? "cannot use a string pattern on a bytes-like object"
                    : "cannot use a bytes pattern on a string-like object");
        return false;
    }
    ptrdiff_t len = subject->len;
    subject->pos = pos < 0 ? 0 : pos > len ? len : pos;
    subject->endpos = endpos < 0 ? 0 : endpos > len ? len : endpos;
    return true;
}

void subject_close(Vm *vm, Subject *subject)
{
    if (!absent(subject->buffer.owner)) buffer_release(vm, &subject->buffer);
    memory_free(subject->owned);
    subject->owned = NULL;
}

Ref subject_slice(Vm *vm, const Subject *subject, ptrdiff_t start, ptrdiff_t end)
{
    if (is_str(subject->text)) {
        if (start == 0 && end == subject->len && is_exact(subject->text, KIND_STR))
            return newref(subject->text);
        return str_slice(vm, subject->text, start, end);
    }
    if (start == 0 && end == subject->len && is_exact(subject->text, KIND_BYTES))
        return newref(subject->text);
    return bytes_from(vm, (const char *)subject->data + start, end - start);
}

/* Four bytes a point, for a pattern that needs the 32-bit library; kept until the subject is
 * closed. */
static const void *subject_widen(Vm *vm, Subject *subject)
{
    if (subject->unit == 4) return subject->data;
    if (subject->owned) return subject->owned;
    uint32_t *wide = memory_new(vm, (subject->len + 1) * sizeof *wide);
    subject->owned = (char *)wide;
    if (!wide) return NULL;
    const uint8_t *narrow_points = subject->data;
    const uint16_t *wide_points = subject->data;
    for (ptrdiff_t n = 0; n < subject->len; n++)
        wide[n] = subject->unit == 1 ? narrow_points[n] : wide_points[n];
    return wide;
}

/* ---- running ---- */

static const size_t *run_failed(Vm *vm, int result, bool *raised)
{
    if (result == PCRE2_ERROR_NOMATCH) return NULL;
    *raised = true;
    switch (result) {
    case PCRE2_ERROR_MATCHLIMIT:
    case PCRE2_ERROR_DEPTHLIMIT:
        throw(vm, RuntimeError, "regular expression match takes more than %d steps", MATCH_LIMIT);
        break;
    case PCRE2_ERROR_JIT_STACKLIMIT:
    case PCRE2_ERROR_HEAPLIMIT:
        throw(vm, RuntimeError, "regular expression match takes more than %d bytes of stack",
              STACK_MOST);
        break;
    case PCRE2_ERROR_NOMEMORY: throw_no_memory(vm); break;
    default: throw(vm, RuntimeError, "internal error %d in regular expression engine", result);
    }
    return NULL;
}

/* A pattern that is plain text needs no engine to be found. */
static const size_t *literal_run(const Pattern *pattern, const Subject *subject, ptrdiff_t start)
{
    const Str *literal = as_str(pattern->literal);
    ptrdiff_t at = str_find(as_str(subject->text), literal, start, subject->endpos);
    size_t *place = ((ReState *)as_object(pattern->state))->engines->place;
    if (at < 0) return NULL;
    place[0] = (size_t)at;
    place[1] = (size_t)(at + literal->len);
    return place;
}

const size_t *pattern_run(Vm *vm, Pattern *pattern, Subject *subject, Anchor anchor,
                          ptrdiff_t start, bool not_empty, bool *raised)
{
    *raised = false;
    if (start > subject->endpos) return NULL;
    if (anchor == ANCHOR_NONE && !absent(pattern->literal))
        return literal_run(pattern, subject, start);
    RegexCode *code = &pattern->codes[subject->kind][anchor];
    *raised = true;
    if (!code->code && !pattern_compile(vm, pattern, subject->kind, anchor)) return NULL;
    Engines *engines = ((ReState *)as_object(pattern->state))->engines;
    uint32_t pairs = pattern->groups + 1, options = not_empty ? PCRE2_NOTEMPTY_ATSTART : 0;
    const int unit = code->wide ? 4 : subject->unit;
    const void *data = unit == subject->unit ? subject->data : subject_widen(vm, subject);
    if (!data) return NULL;
    int result;
    const size_t *offsets;
    if (unit == 1) {
        if (!engines_open_8(vm, engines, pairs)) return NULL;
        result = run_8(engines, code, data, subject->endpos, start, options);
        offsets = pcre2_get_ovector_pointer_8(engines->data8);
    } else if (unit == 2) {
        if (!engines_open_16(vm, engines, pairs)) return NULL;
        result = run_16(engines, code, data, subject->endpos, start, options);
        offsets = pcre2_get_ovector_pointer_16(engines->data16);
    } else {
        if (!engines_open_32(vm, engines, pairs)) return NULL;
        result = run_32(engines, code, data, subject->endpos, start, options);
        offsets = pcre2_get_ovector_pointer_32(engines->data32);
    }
    *raised = false;
    return result >= 0 ? offsets : run_failed(vm, result, raised);
}
