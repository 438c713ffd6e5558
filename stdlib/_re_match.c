/* _re_match.c - match objects, and the templates of sub() and expand().
 *
 * A match keeps the text searched and the positions; what a group holds is cut out when asked for.
 * Neighbours: _re.c (the pattern, which makes matches), _re_code.c. */
/* SPDX-License-Identifier: MIT */
#include "_re.h"

/* ---- groups ---- */

/* The group closed last, which a quantified one may do anywhere: then the end that lies
 * farthest tells. */
static int last_closed(const Pattern *pattern, const ptrdiff_t *marks)
{
    int best = 0;
    for (int n = pattern->groups - 1; n >= 0; n--) {
        int group = pattern->closing[n];
        if (marks[2 * group] < 0) continue;
        if (!pattern->repeated) return group;
        if (!best || marks[2 * group + 1] > marks[2 * best + 1]) best = group;
    }
    return best;
}

static int match_last(Match *match)
{
    if (match->last < 0) match->last = last_closed(as_pattern(match->pattern), match->marks);
    return match->last;
}

Ref match_new(Vm *vm, Pattern *pattern, const Subject *subject, const size_t *offsets)
{
    size_t pairs = pattern->groups + 1;
    const Type *type = ((ReState *)as_object(pattern->state))->match_type;
    Match *match = object_new_open(vm, type->shape, sizeof *match + pairs * 2 * sizeof(ptrdiff_t),
                                   sizeof *match);
    if (!match) return FAIL;
    match->pattern = newref(borrow(pattern));
    match->text = newref(subject->text);
    match->pos = subject->pos;
    match->endpos = subject->endpos;
    match->last = -1;
    for (size_t n = 0; n < pairs * 2; n++) match->marks[n] = (ptrdiff_t)offsets[n]; /* unset: -1 */
    return from_object(match);
}

static Ref group_text(Vm *vm, const Match *match, ptrdiff_t group, Value otherwise)
{
    ptrdiff_t start = match->marks[2 * group], end = match->marks[2 * group + 1];
    if (start < 0) return newref(otherwise);
    Value text = match->text;
    if (is_str(text)) {
        if (start == 0 && end == as_str(text)->len && is_exact(text, KIND_STR)) return newref(text);
        if (end > as_str(text)->len) end = as_str(text)->len;
        return str_slice(vm, text, start < end ? start : end, end);
    }
    Buffer buffer;
    if (!buffer_get(vm, text, &buffer, false)) return FAIL;
    if (end > buffer.len) end = buffer.len; /* a bytearray may have shrunk */
    if (start > end) start = end;
    bool whole = start == 0 && end == buffer.len && is_exact(text, KIND_BYTES);
    Ref out = whole ? newref(text) : bytes_from(vm, buffer.data + start, end - start);
    buffer_release(vm, &buffer);
    return out;
}

/* The number of the group that key, a number or a name, stands for; -1: IndexError raised. */
static ptrdiff_t group_index(Vm *vm, const Match *match, Value key)
{
    const Pattern *pattern = as_pattern(match->pattern);
    int64_t n = -1;
    if (is_int(key)) {
        n = as_int(key);
    } else if (sequence_is_index(vm, key)) {
        if (!int_index(vm, key, &n)) {
            if (!error_is(vm, OverflowError)) return -1;
            error_clear(vm);
            n = -1;
        }
    } else {
        Value found = dict_get(vm, as_dict(pattern->names), key);
        if (failed(found)) error_clear(vm);
        else if (!absent(found)) n = as_int(found);
    }
    if (n >= 0 && n <= pattern->groups) return n;
    throw(vm, IndexError, "no such group");
    return -1;
}

static Ref group_value(Vm *vm, Value self, Value key)
{
    ptrdiff_t group = group_index(vm, as_match(self), key);
    return group < 0 ? FAIL : group_text(vm, as_match(self), group, NONE);
}

NATIVE(
    match_group, "group(self, group=0, /, *groups)",
    "Return what the group of that number or name matched, the whole match without one, a tuple\n"
    "for several; None for one that took no part.  Raises IndexError for an unknown group.")
{
    ptrdiff_t count = tuple_len(argv[2]) + 1;
    if (count == 1) return group_value(vm, argv[0], argv[1]);
    Ref out = tuple_new(vm, count);
    for (ptrdiff_t n = 0; !failed(out) && n < count; n++) {
        Ref text = group_value(vm, argv[0], n ? tuple_at(argv[2], n - 1) : argv[1]);
        if (failed(text)) replace(&out, FAIL);
        else as_tuple(out)->items[n] = text;
    }
    return out;
}

NATIVE(match_groups, "groups(self, /, default=None)",
       "Return the texts of all groups as a tuple, default for those that took no part.")
{
    const Match *match = as_match(argv[0]);
    int count = as_pattern(match->pattern)->groups;
    Ref out = tuple_new(vm, count);
    for (int n = 0; !failed(out) && n < count; n++) {
        Ref text = group_text(vm, match, n + 1, argv[1]);
        if (failed(text)) replace(&out, FAIL);
        else as_tuple(out)->items[n] = text;
    }
    return out;
}

NATIVE(match_groupdict, "groupdict(self, /, default=None)",
       "Return a dict from the names of groups to their texts.")
{
    const Match *match = as_match(argv[0]);
    Ref out = dict_new_sized(vm, as_dict(as_pattern(match->pattern)->names)->len);
    Value name, number;
    for (ptrdiff_t i = 0; !failed(out) && dict_next(as_dict(as_pattern(match->pattern)->names), &i,
                                                    &name, &number);) {
        Ref text = group_text(vm, match, as_int(number), argv[1]);
        if (failed(text) || !dict_set(vm, as_dict(out), name, text)) replace(&out, FAIL);
        decref(text);
    }
    return out;
}

static Ref span_of(Vm *vm, const Match *match, ptrdiff_t group)
{
    Ref out = tuple_new(vm, 2);
    if (failed(out)) return FAIL;
    as_tuple(out)->items[0] = from_small(match->marks[2 * group]);
    as_tuple(out)->items[1] = from_small(match->marks[2 * group + 1]);
    return out;
}

NATIVE(match_start, "start(self, group=0, /)",
       "Return where the group starts, -1 when it took no part.")
{
    ptrdiff_t group = group_index(vm, as_match(argv[0]), argv[1]);
    return group < 0 ? FAIL : from_small(as_match(argv[0])->marks[2 * group]);
}

NATIVE(match_end, "end(self, group=0, /)", "Return where the group ends, -1 when it took no part.")
{
    ptrdiff_t group = group_index(vm, as_match(argv[0]), argv[1]);
    return group < 0 ? FAIL : from_small(as_match(argv[0])->marks[2 * group + 1]);
}

NATIVE(match_span, "span(self, group=0, /)", "Return (start, end) of the group.")
{
    ptrdiff_t group = group_index(vm, as_match(argv[0]), argv[1]);
    return group < 0 ? FAIL : span_of(vm, as_match(argv[0]), group);
}

/* ---- templates ---- */

typedef struct TemplateReader {
    Vm *vm;
    const Pattern *pattern;
    Value source;
    uint32_t *text;
    ptrdiff_t len, at;
    bool bytes;
    uint32_t *literal; /* the literal being gathered */
    ptrdiff_t literal_len;
    Template *out;
} TemplateReader;

static bool template_fail(TemplateReader *r, ptrdiff_t at, const char *format, ptrdiff_t start,
                          ptrdiff_t end)
{
    Ref piece = str_from_points(r->vm, r->text + start, end - start);
    Ref message = failed(piece) ? FAIL : format_text(r->vm, format, (Value)piece);
    decref(piece);
    regex_error(r->vm, message, r->source, at);
    return false;
}

/* A name in bytes is told with escapes for what is not ASCII. */
static bool template_name_fail(TemplateReader *r, ptrdiff_t from, ptrdiff_t to)
{
    Ref name = str_from_points(r->vm, r->text + from, to - from), message = FAIL;
    if (!failed(name)) replace(&name, (r->bytes ? value_ascii : value_repr)(r->vm, name));
    if (!failed(name)) message = format_text(r->vm, "bad character in group name %S", (Value)name);
    decref(name);
    regex_error(r->vm, message, r->source, from);
    return false;
}

void template_free(Template *template)
{
    if (!template) return;
    for (int n = 0; n <= template->count && template->literals; n++) decref(template->literals[n]);
    memory_free(template->literals);
    memory_free(template->groups);
    memory_free(template);
}

/* Ends a literal with a group after it, or the last one (group -1). */
static bool template_push(TemplateReader *r, int group)
{
    Template *out = r->out;
    Ref *literals = memory_resize(r->vm, out->literals, (out->count + 2) * sizeof *literals);
    if (!literals) return false;
    out->literals = literals;
    Ref text;
    if (r->bytes) {
        text = bytes_from(r->vm, NULL, r->literal_len);
        for (ptrdiff_t n = 0; !failed(text) && n < r->literal_len; n++)
            as_bytes(text)->data[n] = (char)r->literal[n];
    } else {
        text = str_from_points(r->vm, r->literal, r->literal_len);
    }
    literals[out->count] = UNDEF;
    if (failed(text)) return false;
    literals[out->count] = text;
    r->literal_len = 0;
    if (group < 0) return true;
    int *groups = memory_resize(r->vm, out->groups, (out->count + 1) * sizeof *groups);
    if (!groups) return false;
    out->groups = groups;
    groups[out->count++] = group;
    literals[out->count] = UNDEF;
    return true;
}

/* \g<name> or \g<number>, r->at behind the g. */
static bool template_named(TemplateReader *r)
{
    Vm *vm = r->vm;
    ptrdiff_t from = r->at + 1, to = from;
    if (r->at >= r->len || r->text[r->at] != '<') return template_fail(r, r->at, "missing <", 0, 0);
    while (to < r->len && r->text[to] != '>') to++;
    if (from == to) return template_fail(r, from, "missing group name", 0, 0);
    if (to == r->len) return template_fail(r, from, "missing >, unterminated name", 0, 0);
    int64_t group = 0;
    bool digits = true, name = true;
    for (ptrdiff_t n = from; n < to; n++) {
        uint32_t c = r->text[n];
        name &= c == '_' || (n == from ? char_is_id_start(c) : char_is_id_continue(c));
        name &= !r->bytes || c < 128;
        digits &= c - '0' < 10;
        if (digits && group <= INT32_MAX) group = group * 10 + c - '0';
    }
    if (name) {
        Ref text = str_from_points(vm, r->text + from, to - from);
        Value number = failed(text) ? FAIL : dict_get(vm, as_dict(r->pattern->names), text);
        if (absent(number)) throw(vm, IndexError, "unknown group name %R", (Value)text);
        decref(text);
        if (failed(number) || absent(number)) return false;
        group = as_int(number);
    } else if (!digits) {
        return template_name_fail(r, from, to);
    }
    if (group > r->pattern->groups)
        return template_fail(r, from, "invalid group reference %S", from, to);
    r->at = to + 1;
    return template_push(r, (int)group);
}

static uint32_t octal_at(const TemplateReader *r, ptrdiff_t at)
{
    return at < r->len && r->text[at] - '0' < 8 ? r->text[at] - '0' : 8;
}

/* \1, \12, \012; r->at at the first digit. */
static bool template_number(TemplateReader *r)
{
    ptrdiff_t start = r->at - 1;
    uint32_t a = octal_at(r, r->at), b = octal_at(r, r->at + 1), c = octal_at(r, r->at + 2);
    if (a == 0) {
        uint32_t value = b == 8 ? 0 : c == 8 ? b : b * 8 + c;
        r->at += b == 8 ? 1 : c == 8 ? 2 : 3;
        r->literal[r->literal_len++] = value;
        return true;
    }
    if (a < 8 && b < 8 && c < 8) {
        r->at += 3;
        uint32_t value = (a * 8 + b) * 8 + c;
        if (value > 0377)
            return template_fail(r, start, "octal escape value %S outside of range 0-0o377", start,
                                 r->at);
        r->literal[r->literal_len++] = value;
        return true;
    }
    uint32_t group = r->text[r->at++] - '0';
    if (r->at < r->len && r->text[r->at] - '0' < 10) group = group * 10 + r->text[r->at++] - '0';
    if ((int)group > r->pattern->groups)
        return template_fail(r, start + 1, "invalid group reference %S", start + 1, r->at);
    return template_push(r, (int)group);
}

static bool template_escape(TemplateReader *r)
{
    static const char names[] = "abfnrtv\\", values[] = "\a\b\f\n\r\t\v\\";
    ptrdiff_t start = r->at - 1;
    if (r->at == r->len) return template_fail(r, start, "bad escape (end of pattern)", 0, 0);
    uint32_t c = r->text[r->at];
    if (c - '0' < 10) return template_number(r);
    r->at++;
    if (c == 'g') return template_named(r);
    const char *known = c < 128 && c ? strchr(names, (int)c) : NULL;
    if (known) {
        r->literal[r->literal_len++] = (uint8_t)values[known - names];
        return true;
    }
    if ((c | 32) - 'a' < 26) return template_fail(r, start, "bad escape %S", start, r->at);
    r->literal[r->literal_len++] = '\\';
    r->literal[r->literal_len++] = c;
    return true;
}

static bool template_points(TemplateReader *r)
{
    if (is_str(r->source)) {
        r->len = as_str(r->source)->len;
        r->text = memory_new(r->vm, (r->len + 1) * sizeof *r->text);
        for (ptrdiff_t n = 0; r->text && n < r->len; n++) r->text[n] = str_at(as_str(r->source), n);
        return r->text != NULL;
    }
    Buffer buffer;
    r->bytes = true;
    if (!buffer_get(r->vm, r->source, &buffer, false)) return false;
    r->len = buffer.len;
    r->text = memory_new(r->vm, (r->len + 1) * sizeof *r->text);
    for (ptrdiff_t n = 0; r->text && n < r->len; n++) r->text[n] = (uint8_t)buffer.data[n];
    buffer_release(r->vm, &buffer);
    return r->text != NULL;
}

static Template *template_read(Vm *vm, const Pattern *pattern, Value source)
{
    TemplateReader r = {.vm = vm, .pattern = pattern, .source = source};
    bool good = template_points(&r);
    r.literal = good ? memory_new(vm, (r.len + 1) * sizeof *r.literal) : NULL;
    r.out = r.literal ? memory_zeroed(vm, sizeof *r.out) : NULL;
    good = r.out != NULL;
    while (good && r.at < r.len) {
        uint32_t c = r.text[r.at++];
        if (c == '\\') good = template_escape(&r);
        else r.literal[r.literal_len++] = c;
    }
    good = good && template_push(&r, -1);
    memory_free(r.text);
    memory_free(r.literal);
    if (good) return r.out;
    template_free(r.out);
    return NULL;
}

Template *pattern_template(Vm *vm, Pattern *pattern, Value text)
{
    if (pattern->template) {
        Value held = pattern->template_text;
        if (held == text) return pattern->template;
        if (is_exact(held, KIND_STR) && is_exact(text, KIND_STR) &&
            str_equal(as_str(held), as_str(text)))
            return pattern->template;
    }
    Template *template = template_read(vm, pattern, text);
    if (!template) return NULL;
    template_free(pattern->template);
    pattern->template = template;
    replace(&pattern->template_text, newref(text));
    return template;
}

NATIVE(match_expand, "expand(self, /, template)",
       "Return the template with \\1, \\g<1> and \\g<name> replaced by what the groups matched.")
{
    Match *match = as_match(argv[0]);
    Template *template = pattern_template(vm, as_pattern(match->pattern), argv[1]);
    if (!template) return FAIL;
    const bool bytes = !is_str(argv[1]);
    Ref empty = bytes ? bytes_from(vm, "", 0) : str_from(vm, "");
    Ref pieces = failed(empty) ? FAIL : list_new(vm, template->count * 2 + 1);
    bool good = !failed(pieces);
    for (int n = 0; good && n <= template->count; n++) {
        good = list_push(vm, as_list(pieces), newref(template->literals[n]));
        if (!good || n == template->count) continue;
        Ref text = group_text(vm, match, template->groups[n], empty);
        good = !failed(text) && list_push(vm, as_list(pieces), text);
    }
    Value args[] = {pieces};
    Ref out = !good   ? FAIL
              : bytes ? call_method(vm, empty, N(join), 1, args)
                      : str_join(vm, empty, pieces);
    decref(pieces);
    decref(empty);
    return out;
}

/* ---- the object ---- */

static void match_visit(Object *self, void (*visit)(Ref *slot, void *context), void *context)
{
    visit(&((Match *)self)->pattern, context);
    visit(&((Match *)self)->text, context);
}
static void match_clear(Object *self)
{
    clear(&((Match *)self)->pattern);
    clear(&((Match *)self)->text);
}

static Ref match_repr(Vm *vm, Value self)
{
    const Match *match = as_match(self);
    Ref text = group_text(vm, match, 0, NONE);
    if (failed(text)) return FAIL;
    Ref out = format_text(vm, "<re.Match object; span=(%zd, %zd), match=%R>", match->marks[0],
                          match->marks[1], (Value)text);
    decref(text);
    return out;
}

NATIVE(match_copy, "__copy__(self, /)", "Return the match itself.") { return newref(argv[0]); }
NATIVE(match_deepcopy, "__deepcopy__(self, memo, /)", "Return the match itself.")
{
    return newref(argv[0]);
}

static Ref get_string(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_match(self)->text);
}
static Ref get_re(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_match(self)->pattern);
}
static Ref get_pos(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_match(self)->pos);
}
static Ref get_endpos(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_match(self)->endpos);
}
static Ref get_lastindex(Vm *vm __attribute__((unused)), Value self)
{
    int last = match_last(as_match(self));
    return last ? from_small(last) : NONE;
}
static Ref get_lastgroup(Vm *vm __attribute__((unused)), Value self)
{
    int last = match_last(as_match(self));
    return last ? newref(tuple_at(as_pattern(as_match(self)->pattern)->group_names, last)) : NONE;
}
static Ref get_regs(Vm *vm, Value self)
{
    const Match *match = as_match(self);
    int count = as_pattern(match->pattern)->groups + 1;
    Ref out = tuple_new(vm, count);
    for (int n = 0; !failed(out) && n < count; n++) {
        Ref span = span_of(vm, match, n);
        if (failed(span)) replace(&out, FAIL);
        else as_tuple(out)->items[n] = span;
    }
    return out;
}

static const Native *const match_methods[] = {
    &match_group_def,
    &match_groups_def,
    &match_groupdict_def,
    &match_start_def,
    &match_end_def,
    &match_span_def,
    &match_expand_def,
    &match_copy_def,
    &match_deepcopy_def,
    &class_getitem_def,
    NULL,
};
static const Attribute match_attributes[] = {
    {"string", get_string, member_read_only, "The text that was searched."},
    {"re", get_re, member_read_only, "The pattern."},
    {"pos", get_pos, member_read_only, "Where the search began."},
    {"endpos", get_endpos, member_read_only, "Where the search was to end."},
    {"lastindex", get_lastindex, NULL, "The number of the group closed last, or None."},
    {"lastgroup", get_lastgroup, NULL, "Its name, or None."},
    {"regs", get_regs, NULL, "The spans of the match and its groups."},
    {0},
};
const TypeDef re_match_type = {
    .name = "re.Match",
    .doc = "What a pattern found: where it lies, and what its groups hold.",
    .size = sizeof(Match),
    .flags = TYPE_FINAL | TYPE_NO_NEW,
    .visit = match_visit,
    .clear = match_clear,
    .repr = match_repr,
    .get_item = group_value,
    .methods = match_methods,
    .attributes = match_attributes,
};
