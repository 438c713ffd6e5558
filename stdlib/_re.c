/* _re.c - the module _re, over which re.aio lies: pattern objects, the cache of compiled ones.
 *
 * The functions of the module are methods of the one ReState that open() makes, so that they find
 * the cache and the engines without a global.  All searching is one loop: run from a position; the
 * next run starts at the end of the match, and may not be empty there if that one was.
 * Neighbours: _re_parse.c, _re_set.c (syntax), _re_code.c (PCRE2), _re_match.c (match objects). */
/* SPDX-License-Identifier: MIT */
#include "_re.h"

#include "_library.h"

enum { CACHE_MOST = 512 };

typedef struct Scanner { /* finditer() and scanner() */
    Object head;
    Ref pattern, text;
    ptrdiff_t pos, endpos, next; /* next -1: finished */
    bool not_empty;
} Scanner;

static const TypeDef re_scanner_type, re_iterator_type;

/* ---- making patterns ---- */

static Ref group_names(Vm *vm, const Regex *regex)
{
    Ref names = tuple_new(vm, regex->groups + 1);
    if (failed(names)) return FAIL;
    for (int n = 0; n <= regex->groups; n++) as_tuple(names)->items[n] = NONE;
    Value name, number;
    for (ptrdiff_t i = 0; dict_next(as_dict(regex->names), &i, &name, &number);)
        as_tuple(names)->items[as_int(number)] = newref(name);
    return names;
}

/* The text that is all a pattern matches, UNDEF when it is more than text. */
static Ref literal_of(Vm *vm, Value source, unsigned flags)
{
    if (!is_str(source) || as_str(source)->len == 0 || (flags & (RE_IGNORECASE | RE_VERBOSE)))
        return UNDEF;
    const Str *text = as_str(source);
    StrBuilder out;
    builder_open(&out);
    bool plain = true, good = true;
    for (ptrdiff_t i = 0; plain && good && i < text->len; i++) {
        uint32_t c = str_at(text, i);
        if (c == '\\') { /* before a sign it only takes its meaning away */
            c = i + 1 < text->len ? str_at(text, ++i) : 'a';
            plain = c < 128 && (c | 32) - 'a' > 25 && c - '0' > 9;
        } else {
            plain = c > 127 || !c || !strchr(".^$*+?{}[]|()", (int)c);
        }
        good = plain && builder_char(vm, &out, c);
    }
    if (good) return builder_finish(vm, &out);
    builder_close(&out);
    return plain ? FAIL : UNDEF;
}

static Ref pattern_new(Vm *vm, Value state, Value source, unsigned flags)
{
    Regex regex;
    if (!regex_translate(vm, source, flags, SUBJECT_ASCII, &regex)) return FAIL;
    Type *type = type_from_def(vm, &re_pattern_type);
    Pattern *pattern = type ? type_instance(vm, type) : NULL;
    if (!pattern) {
        regex_close(&regex);
        return FAIL;
    }
    pattern->source = newref(source);
    pattern->state = newref(state);
    pattern->flags = regex.flags;
    pattern->groups = regex.groups;
    pattern->repeated = regex.repeated;
    pattern->bytes = !is_str(source);
    pattern->names = take(&regex.names);
    regex.names = newref(pattern->names);
    pattern->closing = regex.closing;
    regex.closing = NULL;
    pattern->group_names = group_names(vm, &regex);
    pattern->literal = literal_of(vm, source, regex.flags);
    regex_close(&regex);
    if (!failed(pattern->group_names) && !failed(pattern->literal)) return from_object(pattern);
    if (failed(pattern->group_names)) pattern->group_names = UNDEF;
    if (failed(pattern->literal)) pattern->literal = UNDEF;
    decref_object(pattern);
    return FAIL;
}

static bool is_pattern(Vm *vm, Value v)
{
    return is_heap(v) && type_of(vm, v)->def == &re_pattern_type;
}

static Ref compile_new(Vm *vm, Value state, Value source, unsigned flags)
{
    if (is_str(source) || type_of(vm, source)->slots.buffer)
        return pattern_new(vm, state, source, flags);
    return throw(vm, TypeError, "first argument must be string or compiled pattern");
}

static bool cache_put(Vm *vm, Ref cache, Value key, Value pattern)
{
    if (as_dict(cache)->len >= CACHE_MOST) {
        ptrdiff_t first = 0;
        Value oldest, held;
        dict_next(as_dict(cache), &first, &oldest, &held);
        Ref gone = newref(oldest);
        Truth deleted = dict_delete(vm, as_dict(cache), gone);
        decref(gone);
        if (deleted == FAILED) return false;
    }
    return dict_set(vm, as_dict(cache), key, pattern);
}

/* The compiled pattern, from the cache if it is there; key: what it is kept under. */
static Ref compile_cached(Vm *vm, Value state, Ref cache, Value key, Value source, unsigned flags)
{
    Value held = dict_get(vm, as_dict(cache), key);
    if (failed(held)) return FAIL;
    if (!absent(held)) return newref(held);
    Ref pattern = compile_new(vm, state, source, flags);
    if (!failed(pattern) && !cache_put(vm, cache, key, pattern)) replace(&pattern, FAIL);
    return pattern;
}

static Ref compile(Vm *vm, Value state, Value source, Value flags_value)
{
    const ReState *self = (ReState *)as_object(state);
    int64_t flags = 0;
    if (flags_value != from_small(0) && !int_index(vm, flags_value, &flags)) return FAIL;
    const bool plain = is_exact(source, KIND_STR) || is_exact(source, KIND_BYTES);
    if (flags == 0 && plain) return compile_cached(vm, state, self->plain, source, source, 0);
    if (is_pattern(vm, source)) {
        if (flags == 0) return newref(source);
        return throw(vm, ValueError, "cannot process flags argument with a compiled pattern");
    }
    if (!plain || (flags & RE_DEBUG)) return compile_new(vm, state, source, (unsigned)flags);
    Ref key = tuple_pack(vm, 2, source, (Value)from_small(flags & 0xFFFF));
    if (failed(key)) return FAIL;
    Ref out = compile_cached(vm, state, self->flagged, key, source, (unsigned)flags);
    decref(key);
    return out;
}

/* ---- searching ---- */

static Ref find_one(Vm *vm, Value self, Value text, Value pos, Value endpos, Anchor anchor)
{
    Pattern *pattern = as_pattern(self);
    ptrdiff_t from = 0, to = PTRDIFF_MAX;
    if (!absent(pos) && !int_subscript(vm, pos, &from, true)) return FAIL;
    if (!absent(endpos) && !int_subscript(vm, endpos, &to, true)) return FAIL;
    Subject subject;
    if (!subject_open(vm, &subject, pattern, text, from, to)) return FAIL;
    bool raised;
    const size_t *offsets = pattern_run(vm, pattern, &subject, anchor, subject.pos, false, &raised);
    Ref out = offsets ? match_new(vm, pattern, &subject, offsets) : raised ? FAIL : NONE;
    subject_close(vm, &subject);
    return out;
}

/* The item findall() gives for a match. */
static Ref found_item(Vm *vm, const Pattern *pattern, const Subject *subject, const size_t *offsets)
{
    if (pattern->groups == 0) return subject_slice(vm, subject, offsets[0], offsets[1]);
    int count = pattern->groups;
    Ref out = count == 1 ? UNDEF : tuple_new(vm, count);
    for (int n = 1; !failed(out) && n <= count; n++) {
        bool set = (ptrdiff_t)offsets[2 * n] >= 0;
        Ref text =
            subject_slice(vm, subject, set ? offsets[2 * n] : 0, set ? offsets[2 * n + 1] : 0);
        if (count == 1) return text;
        if (failed(text)) replace(&out, FAIL);
        else as_tuple(out)->items[n - 1] = text;
    }
    return out;
}

static Ref find_all(Vm *vm, Value self, Value text, ptrdiff_t from, ptrdiff_t to)
{
    Pattern *pattern = as_pattern(self);
    Subject subject;
    if (!subject_open(vm, &subject, pattern, text, from, to)) return FAIL;
    Ref out = list_new(vm, 0);
    bool raised = failed(out), not_empty = false;
    for (ptrdiff_t next = subject.pos; !raised;) {
        const size_t *found =
            pattern_run(vm, pattern, &subject, ANCHOR_NONE, next, not_empty, &raised);
        if (!found) break;
        next = (ptrdiff_t)found[1];
        not_empty = found[0] == found[1];
        Ref item = found_item(vm, pattern, &subject, found);
        raised = failed(item) || !list_push(vm, as_list(out), item);
    }
    subject_close(vm, &subject);
    if (raised) replace(&out, FAIL);
    return out;
}

static bool push_slice(Vm *vm, Ref list, const Subject *subject, ptrdiff_t start, ptrdiff_t end)
{
    Ref text = subject_slice(vm, subject, start, end);
    return !failed(text) && list_push(vm, as_list(list), text);
}

static Ref split(Vm *vm, Value self, Value text, Value maxsplit)
{
    Pattern *pattern = as_pattern(self);
    ptrdiff_t most;
    Subject subject;
    if (!int_subscript(vm, maxsplit, &most, true)) return FAIL;
    if (!subject_open(vm, &subject, pattern, text, 0, PTRDIFF_MAX)) return FAIL;
    Ref out = list_new(vm, 0);
    bool raised = failed(out), not_empty = false;
    ptrdiff_t last = 0;
    for (ptrdiff_t count = 0; !raised && (most == 0 || count < most); count++) {
        const size_t *found =
            pattern_run(vm, pattern, &subject, ANCHOR_NONE, last, not_empty, &raised);
        if (!found) break;
        ptrdiff_t end = (ptrdiff_t)found[1];
        not_empty = found[0] == found[1];
        raised = !push_slice(vm, out, &subject, last, (ptrdiff_t)found[0]);
        for (int n = 1; !raised && n <= pattern->groups; n++) {
            if ((ptrdiff_t)found[2 * n] < 0) raised = !list_push(vm, as_list(out), NONE);
            else raised = !push_slice(vm, out, &subject, found[2 * n], found[2 * n + 1]);
        }
        last = end;
    }
    if (!raised) raised = !push_slice(vm, out, &subject, last, subject.len);
    subject_close(vm, &subject);
    if (raised) replace(&out, FAIL);
    return out;
}

/* ---- replacing ---- */

typedef struct Output { /* of str or of bytes */
    StrBuilder text;
    char *data;
    ptrdiff_t len, capacity;
    bool bytes;
    ptrdiff_t items; /* put so far, for messages */
} Output;

static bool output_bytes(Vm *vm, Output *out, const char *data, ptrdiff_t len)
{
    if (out->len + len > out->capacity) {
        ptrdiff_t capacity = (out->len + len) * 2 + 64;
        char *grown = memory_resize(vm, out->data, capacity);
        if (!grown) return false;
        out->data = grown;
        out->capacity = capacity;
    }
    memcpy(out->data + out->len, data, len);
    out->len += len;
    return true;
}

static bool output_slice(Vm *vm, Output *out, const Subject *subject, ptrdiff_t start,
                         ptrdiff_t end)
{
    if (start >= end) return true;
    out->items++;
    if (out->bytes) return output_bytes(vm, out, (const char *)subject->data + start, end - start);
    return builder_slice(vm, &out->text, subject->text, start, end);
}

static bool output_value(Vm *vm, Output *out, Value v)
{
    out->items++;
    if (!out->bytes) {
        if (is_str(v)) return builder_str(vm, &out->text, v);
        throw(vm, TypeError, "sequence item %zd: expected str instance, %T found", out->items - 1,
              v);
        return false;
    }
    Buffer buffer;
    if (!type_of(vm, v)->slots.buffer) {
        throw(vm, TypeError, "sequence item %zd: expected a bytes-like object, %T found",
              out->items - 1, v);
        return false;
    }
    if (!buffer_get(vm, v, &buffer, false)) return false;
    bool good = output_bytes(vm, out, buffer.data, buffer.len);
    buffer_release(vm, &buffer);
    return good;
}

static Ref output_finish(Vm *vm, Output *out, bool good)
{
    Ref result = FAIL;
    if (!out->bytes) {
        if (good) return builder_finish(vm, &out->text);
        builder_close(&out->text);
    } else if (good) {
        result = bytes_from(vm, out->len ? out->data : "", out->len);
    }
    memory_free(out->data);
    return result;
}

/* What replaces matches: a template, a plain text, or a function to call. */
typedef struct Replacement {
    Template *template;
    Value text, function; /* UNDEF: none */
} Replacement;

static bool has_backslash(Vm *vm, Value v)
{
    if (is_str(v)) {
        const Str *text = as_str(v);
        if (text->width == 1) return memchr(text->data, '\\', text->len) != NULL;
        for (ptrdiff_t n = 0; n < text->len; n++)
            if (str_at(text, n) == '\\') return true;
        return false;
    }
    Buffer buffer;
    if (!buffer_get(vm, v, &buffer, false)) {
        error_clear(vm);
        return true;
    }
    bool found = memchr(buffer.data, '\\', buffer.len) != NULL;
    buffer_release(vm, &buffer);
    return found;
}

static bool replacement_open(Vm *vm, Replacement *how, Pattern *pattern, Value given)
{
    Type *type = type_of(vm, given);
    *how = (Replacement){.text = UNDEF, .function = UNDEF};
    if (!is_str(given) && !type->slots.buffer && type->slots.call) {
        how->function = given;
        return true;
    }
    bool text = is_str(given) || type->slots.buffer;
    if (text && !has_backslash(vm, given)) {
        how->text = given;
        return true;
    }
    if (!text) {
        throw(vm, TypeError, "decoding to str: need a bytes-like object, %T found", given);
        return false;
    }
    how->template = pattern_template(vm, pattern, given);
    return how->template != NULL;
}

static bool put_template(Vm *vm, Output *out, const Template *template, const Subject *subject,
                         const size_t *found)
{
    for (int n = 0; n <= template->count; n++) {
        Value literal = template->literals[n];
        bool blank = is_str(literal) ? as_str(literal)->len == 0 : as_bytes(literal)->len == 0;
        if (!blank && !output_value(vm, out, literal)) return false;
        if (n == template->count) return true;
        const size_t *span = found + 2 * template->groups[n];
        if ((ptrdiff_t)span[0] >= 0 && !output_slice(vm, out, subject, span[0], span[1]))
            return false;
    }
    return true;
}

static bool put_called(Vm *vm, Output *out, Value function, Pattern *pattern, Subject *subject,
                       const size_t *found)
{
    Ref match = match_new(vm, pattern, subject, found);
    Ref item = failed(match) ? FAIL : call1(vm, function, match);
    decref(match);
    bool good = !failed(item) && (is_none(item) || output_value(vm, out, item));
    decref(item);
    return good;
}

static bool sub_put(Vm *vm, Output *out, const Replacement *how, Pattern *pattern, Subject *subject,
                    const size_t *found)
{
    if (how->template) return put_template(vm, out, how->template, subject, found);
    if (!absent(how->text)) return output_value(vm, out, how->text);
    return put_called(vm, out, how->function, pattern, subject, found);
}

/* The text with matches replaced; *count says how many were. */
static Ref sub(Vm *vm, Value self, Value given, Value text, Value most_value, ptrdiff_t *count)
{
    Pattern *pattern = as_pattern(self);
    Replacement how;
    Subject subject;
    ptrdiff_t most, last = 0;
    if (!int_subscript(vm, most_value, &most, true)) return FAIL;
    if (!replacement_open(vm, &how, pattern, given)) return FAIL;
    if (!subject_open(vm, &subject, pattern, text, 0, PTRDIFF_MAX)) return FAIL;
    Output out = {.bytes = !is_str(text)};
    if (!out.bytes) builder_open(&out.text);
    bool raised = false, not_empty = false;
    for (*count = 0; !raised && (most == 0 || *count < most); ++*count) {
        const size_t *found =
            pattern_run(vm, pattern, &subject, ANCHOR_NONE, last, not_empty, &raised);
        if (!found) break;
        ptrdiff_t start = (ptrdiff_t)found[0], end = (ptrdiff_t)found[1];
        raised = !output_slice(vm, &out, &subject, last, start) ||
                 !sub_put(vm, &out, &how, pattern, &subject, found);
        not_empty = start == end;
        last = end;
    }
    Ref result = FAIL;
    if (!raised && *count == 0) {
        output_finish(vm, &out, false);
        result = subject_slice(vm, &subject, 0, subject.len);
    } else {
        raised = raised || !output_slice(vm, &out, &subject, last, subject.len);
        result = output_finish(vm, &out, !raised);
    }
    subject_close(vm, &subject);
    return result;
}

static Ref subn(Vm *vm, Value self, Value given, Value text, Value most)
{
    ptrdiff_t count;
    Ref result = sub(vm, self, given, text, most, &count);
    if (failed(result)) return FAIL;
    Ref out = tuple_pack(vm, 2, (Value)result, (Value)from_small(count));
    decref(result);
    return out;
}

/* ---- scanners ---- */

static Ref scanner_new(Vm *vm, const TypeDef *def, Value self, Value text, Value pos, Value endpos)
{
    ptrdiff_t from = 0, to = PTRDIFF_MAX;
    if (!absent(pos) && !int_subscript(vm, pos, &from, true)) return FAIL;
    if (!absent(endpos) && !int_subscript(vm, endpos, &to, true)) return FAIL;
    Subject subject;
    if (!subject_open(vm, &subject, as_pattern(self), text, from, to)) return FAIL;
    Type *type = type_from_def(vm, def);
    Scanner *scanner = type ? type_instance(vm, type) : NULL;
    if (scanner) {
        scanner->pattern = newref(self);
        scanner->text = newref(text);
        scanner->pos = scanner->next = subject.pos;
        scanner->endpos = subject.endpos;
    }
    subject_close(vm, &subject);
    return scanner ? from_object(scanner) : FAIL;
}

/* The next match, UNDEF when there is none. */
static Ref scanner_step(Vm *vm, Value self, Anchor anchor)
{
    Scanner *scanner = (Scanner *)as_object(self);
    Pattern *pattern = as_pattern(scanner->pattern);
    if (scanner->next < 0) return UNDEF;
    Subject subject;
    bool raised;
    if (!subject_open(vm, &subject, pattern, scanner->text, scanner->pos, scanner->endpos))
        return FAIL;
    const size_t *found =
        pattern_run(vm, pattern, &subject, anchor, scanner->next, scanner->not_empty, &raised);
    Ref out = raised ? FAIL : UNDEF;
    scanner->next = found ? (ptrdiff_t)found[1] : -1;
    if (found) {
        scanner->not_empty = found[0] == found[1];
        out = match_new(vm, pattern, &subject, found);
    }
    subject_close(vm, &subject);
    return out;
}
static Ref iterator_next(Vm *vm, Value self) { return scanner_step(vm, self, ANCHOR_NONE); }
static Ref none_if_absent(Ref v) { return absent(v) ? NONE : v; }

NATIVE(scanner_match, "match(self, /)",
       "Return the match that starts where the last one ended, or None.")
{
    return none_if_absent(scanner_step(vm, argv[0], ANCHOR_START));
}
NATIVE(scanner_search, "search(self, /)", "Return the next match, or None.")
{
    return none_if_absent(scanner_step(vm, argv[0], ANCHOR_NONE));
}
static Ref scanner_pattern(Vm *vm __attribute__((unused)), Value self)
{
    return newref(((Scanner *)as_object(self))->pattern);
}

static const Native *const scanner_methods[] = {&scanner_match_def, &scanner_search_def, NULL};
static const Attribute scanner_attributes[] = {
    {"pattern", scanner_pattern, NULL, "The pattern."},
    {0},
};
static const TypeDef re_scanner_type = {
    .name = "_re.SRE_Scanner",
    .doc = "Finds one match after the other.",
    .size = sizeof(Scanner),
    .flags = TYPE_FINAL | TYPE_NO_NEW,
    .refs = REFS(REF(Scanner, pattern), REF(Scanner, text)),
    .methods = scanner_methods,
    .attributes = scanner_attributes,
};
static const TypeDef re_iterator_type = {
    .name = "_re.match_iterator",
    .doc = "The matches of a pattern in a text.",
    .size = sizeof(Scanner),
    .flags = TYPE_FINAL | TYPE_NO_NEW,
    .refs = REFS(REF(Scanner, pattern), REF(Scanner, text)),
    .iter = iter_self,
    .next = iterator_next,
};

/* ---- methods of patterns ---- */

#define ENDLESS "endpos=9223372036854775807"
NATIVE(pattern_match, "match(self, /, string, pos=0, " ENDLESS ")",
       "Return the match that starts at pos, or None.")
{
    return find_one(vm, argv[0], argv[1], argv[2], argv[3], ANCHOR_START);
}
NATIVE(pattern_fullmatch, "fullmatch(self, /, string, pos=0, " ENDLESS ")",
       "Return the match that covers all from pos to endpos, or None.")
{
    return find_one(vm, argv[0], argv[1], argv[2], argv[3], ANCHOR_BOTH);
}
NATIVE(pattern_search, "search(self, /, string, pos=0, " ENDLESS ")",
       "Return the first match from pos on, or None.")
{
    return find_one(vm, argv[0], argv[1], argv[2], argv[3], ANCHOR_NONE);
}
NATIVE(pattern_findall, "findall(self, /, string, pos=0, " ENDLESS ")",
       "Return a list of all matches: their texts, or those of the groups.")
{
    ptrdiff_t from, to;
    if (!int_subscript(vm, argv[2], &from, true) || !int_subscript(vm, argv[3], &to, true))
        return FAIL;
    return find_all(vm, argv[0], argv[1], from, to);
}
NATIVE(pattern_finditer, "finditer(self, /, string, pos=0, " ENDLESS ")",
       "Return an iterator over all matches.")
{
    return scanner_new(vm, &re_iterator_type, argv[0], argv[1], argv[2], argv[3]);
}
NATIVE(pattern_scanner, "scanner(self, /, string, pos=0, " ENDLESS ")",
       "Return an object whose match() and search() go from match to match.")
{
    return scanner_new(vm, &re_scanner_type, argv[0], argv[1], argv[2], argv[3]);
}
NATIVE(pattern_split, "split(self, /, string, maxsplit=0)",
       "Return the pieces between matches, with the groups of these between them.")
{
    return split(vm, argv[0], argv[1], argv[2]);
}
NATIVE(pattern_sub, "sub(self, /, repl, string, count=0)",
       "Return string with matches, at most count unless 0, replaced by repl: a template or a "
       "function.")
{
    ptrdiff_t count;
    return sub(vm, argv[0], argv[1], argv[2], argv[3], &count);
}
NATIVE(pattern_subn, "subn(self, /, repl, string, count=0)",
       "Return (what sub() returns, how many were replaced).")
{
    return subn(vm, argv[0], argv[1], argv[2], argv[3]);
}
NATIVE(pattern_copy, "__copy__(self, /)", "Return the pattern itself.") { return newref(argv[0]); }
NATIVE(pattern_deepcopy, "__deepcopy__(self, memo, /)", "Return the pattern itself.")
{
    return newref(argv[0]);
}
NATIVE(pattern_reduce, "__reduce__(self, /)",
       "Return what pickle needs: re.compile and its arguments.")
{
    const Pattern *self = as_pattern(argv[0]);
    Ref module = import_text(vm, "re"),
        function = failed(module) ? FAIL : attr_get_text(vm, module, "_compile");
    decref(module);
    Ref args = failed(function)
                   ? FAIL
                   : tuple_pack(vm, 2, (Value)self->source, (Value)from_small(self->flags));
    Ref out = failed(args) ? FAIL : tuple_pack(vm, 2, (Value)function, (Value)args);
    decref(args);
    decref(function);
    return out;
}

/* ---- the pattern object ---- */

static Ref pattern_repr(Vm *vm, Value self)
{
    static const struct {
        unsigned flag;
        const char *name;
    } names[] = {
        {RE_IGNORECASE, "re.IGNORECASE"}, {RE_LOCALE, "re.LOCALE"},
        {RE_MULTILINE, "re.MULTILINE"},   {RE_DOTALL, "re.DOTALL"},
        {RE_VERBOSE, "re.VERBOSE"},       {RE_DEBUG, "re.DEBUG"},
        {RE_ASCII, "re.ASCII"},
    };
    const Pattern *pattern = as_pattern(self);
    unsigned flags = pattern->flags;
    if (!pattern->bytes && (flags & (RE_LOCALE | RE_UNICODE | RE_ASCII)) == RE_UNICODE)
        flags &= ~RE_UNICODE;
    Ref source = value_repr(vm, pattern->source);
    if (failed(source)) return FAIL;
    ptrdiff_t len = as_str(source)->len;
    StrBuilder text;
    builder_open(&text);
    bool good = builder_text(vm, &text, "re.compile(") &&
                builder_slice(vm, &text, source, 0, len < 200 ? len : 200);
    const char *separator = ", ";
    for (size_t n = 0; good && n < sizeof names / sizeof *names; n++) {
        if (!(flags & names[n].flag)) continue;
        good = builder_text(vm, &text, separator) && builder_text(vm, &text, names[n].name);
        separator = "|";
        flags &= ~names[n].flag;
    }
    if (good && flags) {
        char rest[32];
        snprintf(rest, sizeof rest, "%s0x%x", separator, flags);
        good = builder_text(vm, &text, rest);
    }
    decref(source);
    if (good && builder_text(vm, &text, ")")) return builder_finish(vm, &text);
    builder_close(&text);
    return FAIL;
}

static bool pattern_hash(Vm *vm, Value self, int64_t *hash)
{
    if (!value_hash(vm, as_pattern(self)->source, hash)) return false;
    *hash ^= (int64_t)as_pattern(self)->flags << 32;
    return true;
}

static Ref pattern_compare(Vm *vm, Value a, Value b, CompareOp op)
{
    if ((op != CMP_EQUAL && op != CMP_NOT_EQUAL) || !is_pattern(vm, b)) return NOT_IMPLEMENTED;
    const Pattern *x = as_pattern(a), *y = as_pattern(b);
    Truth same = x == y ? YES : NO;
    if (x != y && x->flags == y->flags && x->bytes == y->bytes)
        same = value_equal(vm, x->source, y->source);
    return same == FAILED ? FAIL : from_bool((same == YES) == (op == CMP_EQUAL));
}

static void pattern_clear(Object *self)
{
    Pattern *pattern = (Pattern *)self;
    pattern_free_codes(pattern);
    template_free(pattern->template);
    pattern->template = NULL;
    memory_free(pattern->closing);
    pattern->closing = NULL;
}

static Ref get_pattern(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_pattern(self)->source);
}
static Ref get_flags(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_pattern(self)->flags);
}
static Ref get_groups(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_pattern(self)->groups);
}
static Ref get_groupindex(Vm *vm, Value self)
{
    return mapping_proxy_new(vm, as_pattern(self)->names);
}

static const Native *const pattern_methods[] = {
    &pattern_match_def,    &pattern_fullmatch_def,
    &pattern_search_def,   &pattern_findall_def,
    &pattern_finditer_def, &pattern_scanner_def,
    &pattern_split_def,    &pattern_sub_def,
    &pattern_subn_def,     &pattern_copy_def,
    &pattern_deepcopy_def, &pattern_reduce_def,
    &class_getitem_def,    NULL,
};
static const Attribute pattern_attributes[] = {
    {"pattern", get_pattern, member_read_only, "The text it was compiled from."},
    {"flags", get_flags, member_read_only, "The flags, those within the text included."},
    {"groups", get_groups, member_read_only, "How many groups there are."},
    {"groupindex", get_groupindex, NULL, "A mapping from group names to numbers."},
    {0},
};
const TypeDef re_pattern_type = {
    .name = "re.Pattern",
    .doc = "A compiled regular expression.",
    .size = sizeof(Pattern),
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_NO_NEW | TYPE_WEAKREF,
    .refs = REFS(REF(Pattern, source), REF(Pattern, state), REF(Pattern, names),
                 REF(Pattern, group_names), REF(Pattern, literal), REF(Pattern, template_text)),
    .clear = pattern_clear,
    .repr = pattern_repr,
    .hash = pattern_hash,
    .compare = pattern_compare,
    .methods = pattern_methods,
    .attributes = pattern_attributes,
};

/* ---- functions of the module: methods of the state ---- */

NATIVE(re_compile, "compile(self, pattern, flags=0)",
       "Return a compiled pattern, kept in a cache.\nRaises PatternError when it is malformed.")
{
    return compile(vm, argv[0], argv[1], argv[2]);
}

static Ref compile_find(Vm *vm, Value *argv, Anchor anchor)
{
    Ref pattern = compile(vm, argv[0], argv[1], argv[3]);
    Ref out = failed(pattern) ? FAIL : find_one(vm, pattern, argv[2], UNDEF, UNDEF, anchor);
    decref(pattern);
    return out;
}
NATIVE(re_match, "match(self, pattern, string, flags=0)",
       "Return the match of pattern at the beginning of string, or None.")
{
    return compile_find(vm, argv, ANCHOR_START);
}
NATIVE(re_fullmatch, "fullmatch(self, pattern, string, flags=0)",
       "Return the match of pattern that covers all of string, or None.")
{
    return compile_find(vm, argv, ANCHOR_BOTH);
}
NATIVE(re_search, "search(self, pattern, string, flags=0)",
       "Return the first match of pattern in string, or None.")
{
    return compile_find(vm, argv, ANCHOR_NONE);
}
NATIVE(re_findall, "findall(self, pattern, string, flags=0)",
       "Return a list of all matches of pattern in string: their texts, or those of the groups.")
{
    Ref pattern = compile(vm, argv[0], argv[1], argv[3]);
    Ref out = failed(pattern) ? FAIL : find_all(vm, pattern, argv[2], 0, PTRDIFF_MAX);
    decref(pattern);
    return out;
}
NATIVE(re_finditer, "finditer(self, pattern, string, flags=0)",
       "Return an iterator over all matches of pattern in string.")
{
    Ref pattern = compile(vm, argv[0], argv[1], argv[3]);
    Ref out =
        failed(pattern) ? FAIL : scanner_new(vm, &re_iterator_type, pattern, argv[2], UNDEF, UNDEF);
    decref(pattern);
    return out;
}

/* count (or maxsplit) and flags given by position, as they should not be any more: argv[0] is
 * *args. */
static bool positional_rest(Vm *vm, Value *argv, const char *function, const char *count,
                            int before)
{
    ptrdiff_t given = tuple_len(argv[0]);
    if (given == 0) {
        if (absent(argv[1])) argv[1] = from_small(0);
        if (absent(argv[2])) argv[2] = from_small(0);
        return true;
    }
    const char *names[] = {count, "flags"};
    for (ptrdiff_t n = 0; n < given && n < 2; n++) {
        if (!absent(argv[n + 1])) {
            throw(vm, TypeError, "%s() got multiple values for argument '%s'", function, names[n]);
            return false;
        }
        argv[n + 1] = tuple_at(argv[0], n);
    }
    if (given > 2) {
        throw(vm, TypeError, "%s() takes from %d to %d positional arguments but %zd were given",
              function, before, before + 2, before + given);
        return false;
    }
    if (absent(argv[2])) argv[2] = from_small(0);
    return warn(vm, DeprecationWarning, 1, "'%s' is passed as positional argument", count);
}

NATIVE(re_split, "split(self, pattern, string, *args, maxsplit=?, flags=?)",
       "Return the pieces of string between matches of pattern, at most maxsplit cuts unless 0.")
{
    if (!positional_rest(vm, argv + 3, "split", "maxsplit", 2)) return FAIL;
    Ref pattern = compile(vm, argv[0], argv[1], argv[5]);
    Ref out = failed(pattern) ? FAIL : split(vm, pattern, argv[2], argv[4]);
    decref(pattern);
    return out;
}
NATIVE(re_sub, "sub(self, pattern, repl, string, *args, count=?, flags=?)",
       "Return string with matches of pattern, at most count unless 0, replaced by repl.")
{
    ptrdiff_t count;
    if (!positional_rest(vm, argv + 4, "sub", "count", 3)) return FAIL;
    Ref pattern = compile(vm, argv[0], argv[1], argv[6]);
    Ref out = failed(pattern) ? FAIL : sub(vm, pattern, argv[2], argv[3], argv[5], &count);
    decref(pattern);
    return out;
}
NATIVE(re_subn, "subn(self, pattern, repl, string, *args, count=?, flags=?)",
       "Return (what sub() returns, how many were replaced).")
{
    if (!positional_rest(vm, argv + 4, "subn", "count", 3)) return FAIL;
    Ref pattern = compile(vm, argv[0], argv[1], argv[6]);
    Ref out = failed(pattern) ? FAIL : subn(vm, pattern, argv[2], argv[3], argv[5]);
    decref(pattern);
    return out;
}
NATIVE(re_purge, "purge(self, /)", "Empty the cache of compiled patterns.")
{
    ReState *state = (ReState *)as_object(argv[0]);
    dict_clear(as_dict(state->plain));
    dict_clear(as_dict(state->flagged));
    return NONE;
}

static bool is_special(uint32_t c)
{
    return c && c < 128 && strchr("()[]{}?*+-|^$\\.&~# \t\n\r\v\f", (int)c);
}
static Ref escape_bytes(Vm *vm, Value given)
{
    Buffer buffer;
    if (!buffer_get(vm, given, &buffer, false)) return FAIL;
    ptrdiff_t len = buffer.len;
    for (ptrdiff_t n = 0; n < buffer.len; n++) len += is_special((uint8_t)buffer.data[n]);
    Ref out = bytes_from(vm, NULL, len);
    for (ptrdiff_t n = 0, at = 0; !failed(out) && n < buffer.len; n++) {
        if (is_special((uint8_t)buffer.data[n])) as_bytes(out)->data[at++] = '\\';
        as_bytes(out)->data[at++] = buffer.data[n];
    }
    buffer_release(vm, &buffer);
    return out;
}
NATIVE(re_escape, "escape(self, pattern)", "Return pattern with its special characters escaped.")
{
    if (!is_str(argv[1])) return escape_bytes(vm, argv[1]);
    const Str *text = as_str(argv[1]);
    ptrdiff_t len = text->len, at = 0;
    for (ptrdiff_t n = 0; n < text->len; n++) len += is_special(str_at(text, n));
    Ref out = str_new(vm, len, str_limit(text));
    if (failed(out)) return FAIL;
    for (ptrdiff_t n = 0; n < text->len; n++) {
        uint32_t c = str_at(text, n);
        if (is_special(c)) points_set(as_str(out)->data, text->width, at++, '\\');
        points_set(as_str(out)->data, text->width, at++, c);
    }
    return out;
}

static void state_clear(Object *self)
{
    engines_free(((ReState *)self)->engines);
    ((ReState *)self)->engines = NULL;
}
static const Native *const state_methods[] = {
    &re_compile_def, &re_match_def,    &re_fullmatch_def, &re_search_def,
    &re_findall_def, &re_finditer_def, &re_split_def,     &re_sub_def,
    &re_subn_def,    &re_purge_def,    &re_escape_def,    NULL,
};
const TypeDef re_state_type = {
    .name = "_re.State",
    .doc = "What the functions of the module share.",
    .size = sizeof(ReState),
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_NO_NEW,
    .refs = REFS(REF(ReState, plain), REF(ReState, flagged)),
    .clear = state_clear,
};

static bool re_open(Vm *vm, Value module)
{
    Type *type = type_from_def(vm, &re_state_type);
    ReState *state = type ? type_instance(vm, type) : NULL;
    if (!state) return false;
    Ref self = from_object(state);
    state->match_type = type_from_def(vm, &re_match_type);
    bool good = state->match_type && !failed(state->plain = dict_new(vm)) &&
                !failed(state->flagged = dict_new(vm)) &&
                (state->engines = memory_zeroed(vm, 16 * sizeof(void *)));
    good = good && module_bind(vm, module, self, state_methods, "re");
    decref(self);
    return good;
}

static const TypeDef *const re_types[] = {&re_pattern_type, &re_match_type, NULL};
const ModuleDef _re_module = {
    .name = "_re",
    .doc = "Regular expressions, compiled by PCRE2.",
    .types = re_types,
    .open = re_open,
};
