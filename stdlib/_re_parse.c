/* _re_parse.c - Python's regular expressions, read and written down again as PCRE2's.
 *
 * One pass: each rule appends its translation and returns how many points it can match, which
 * look-behinds must know.  PCRE2 always runs with DOTALL and MULTILINE: `.` may become `\N` and `^`
 * `\A`; only case is a mode there too.  Groups are numbers, names never get through.
 * Classes and case follow str (isalnum, isspace, isdecimal), narrowed to the points a subject of
 * the kind can hold.  Neighbours: _re_set.c (sets), _re_code.c (compiles what comes out). */
/* SPDX-License-Identifier: MIT */
#include "_re_parse.h"

enum { REPEAT_MAX = 0xFFFFFFFF }; /* no upper bound */
enum { CHUNK = 65535 };           /* what PCRE2 counts to in one quantifier */
enum { TYPE_FLAGS = RE_ASCII | RE_LOCALE | RE_UNICODE };
enum { END = -1 };

static bool parse_alternatives(Parser *p, bool first, Span *span);

/* ---- errors ---- */

Ref regex_error(Vm *vm, Ref message, Value pattern, ptrdiff_t position)
{
    Ref module = failed(message) ? FAIL : import_text(vm, "re");
    Ref class = failed(module) ? FAIL : attr_get_text(vm, module, "PatternError");
    Ref at = from_small(position);
    Value args[] = {message, pattern, at};
    Ref error = failed(class) ? FAIL : call(vm, class, 3, args);
    if (!failed(error)) throw_object(vm, error);
    decref(error);
    decref(class);
    decref(module);
    decref(message);
    return FAIL;
}

/* A backslash that ends the pattern is found out by whoever reads the token before it: it comes
 * first. */
static bool lone_backslash(const Parser *p)
{
    if (p->at < p->len - 1 || p->len == 0 || p->text[p->len - 1] != '\\') return false;
    ptrdiff_t n = 0;
    while (n < p->len - 1) n += p->text[n] == '\\' ? 2 : 1;
    return n == p->len - 1;
}

bool parse_fail(Parser *p, ptrdiff_t position, const char *format, ...)
{
    if (lone_backslash(p)) {
        format = "bad escape (end of pattern)";
        position = p->len - 1;
    }
    va_list list;
    va_start(list, format);
    Ref message = format_text_list(p->vm, format, &list);
    va_end(list);
    regex_error(p->vm, message, p->pattern, position);
    return false;
}

/* The text [start, end) of the pattern as a str, for messages and names. */
Ref parse_text(Parser *p, ptrdiff_t start, ptrdiff_t end)
{
    return str_from_points(p->vm, p->text + start, end - start);
}

/* parse_fail with a piece of the pattern in the message: format has one %S or %R for it. */
bool parse_fail_text(Parser *p, ptrdiff_t position, const char *format, ptrdiff_t start,
                     ptrdiff_t end)
{
    Ref text = parse_text(p, start, end);
    if (!failed(text) && p->bytes && strstr(format, "%R")) { /* no character beyond ASCII then */
        replace(&text, value_ascii(p->vm, text));
        format = strstr(format, "bad") ? "bad character in group name %S" : "unknown group name %S";
    }
    if (!failed(text)) parse_fail(p, position, format, (Value)text);
    decref(text);
    return false;
}

/* ---- writing ---- */

bool put_point(Parser *p, uint32_t point)
{
    Regex *out = p->out;
    if (out->len == out->capacity) {
        ptrdiff_t capacity = out->capacity ? out->capacity * 2 : 64;
        uint32_t *text = memory_resize(p->vm, out->text, capacity * sizeof *text);
        if (!text) return false;
        out->text = text;
        out->capacity = capacity;
    }
    out->text[out->len++] = point;
    return true;
}

bool put_text(Parser *p, const char *text)
{
    for (; *text; text++)
        if (!put_point(p, (uint8_t)*text)) return false;
    return true;
}

bool put_format(Parser *p, const char *format, ...)
{
    char text[64];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    return put_text(p, text);
}

static bool is_word(uint32_t c) { return (c | 32) - 'a' < 26 || c - '0' < 10 || c == '_'; }

/* A point that stands for itself. */
static bool emit_plain(Parser *p, uint32_t point)
{
    if (point < 128 && point > ' ' && !is_word(point) && !put_point(p, '\\')) return false;
    return put_point(p, point);
}

static bool emit_never(Parser *p)
{
    return put_format(p, "[^\\x{0}-\\x{%x}]", p->kind >= SUBJECT_WIDE ? p->limit : 0xFF);
}

/* A literal, with the case variants that the flags ask for. */
static bool emit_literal(Parser *p, uint32_t point)
{
    if (!(p->flags & RE_IGNORECASE))
        return point <= p->limit ? emit_plain(p, point) : emit_never(p);
    uint32_t others[4];
    int count = set_case_exceptions(p, point, others);
    if (count < 0) return point <= p->limit ? emit_plain(p, point) : emit_never(p);
    if (count == 0) return emit_never(p);
    if (!put_text(p, "(?-i:[")) return false;
    for (int n = 0; n < count; n++)
        if (!put_format(p, "\\x{%x}", others[n])) return false;
    return put_text(p, "])");
}

/* ---- reading ---- */

static bool at_end(const Parser *p) { return p->at >= p->len; }

static int32_t peek(const Parser *p) { return at_end(p) ? END : (int32_t)p->text[p->at]; }

static int32_t next_point(Parser *p) { return at_end(p) ? END : (int32_t)p->text[p->at++]; }

static bool accept(Parser *p, uint32_t point)
{
    if (peek(p) != (int32_t)point) return false;
    p->at++;
    return true;
}

/* Where the token at `at` ends: an escape is two points long. */
ptrdiff_t token_end(const Parser *p, ptrdiff_t at)
{
    ptrdiff_t end = at + (p->text[at] == '\\' ? 2 : 1);
    return end < p->len ? end : p->len;
}

/* The text up to terminator: [*start, *end); the terminator is read too. */
static bool read_until(Parser *p, uint32_t terminator, const char *what, ptrdiff_t *start,
                       ptrdiff_t *end)
{
    *start = p->at;
    for (*end = p->at; *end < p->len && p->text[*end] != terminator;) ++*end;
    if (*end == p->len) {
        p->at = p->len;
        if (*start == *end) return parse_fail(p, *start, "missing %s", what);
        return parse_fail(p, *start, "missing %c, unterminated name", (int)terminator);
    }
    if (*start == *end) return parse_fail(p, *start, "missing %s", what);
    p->at = *end + 1;
    return true;
}

static bool is_identifier(const Parser *p, ptrdiff_t start, ptrdiff_t end)
{
    for (ptrdiff_t n = start; n < end; n++) {
        uint32_t c = p->text[n];
        if (c > 127 && p->bytes) return false;
        bool good = c == '_' || (n == start ? char_is_id_start(c) : char_is_id_continue(c));
        if (!good) return false;
    }
    return end > start;
}

static int hex_digit(uint32_t c)
{
    if (c - '0' < 10) return (int)(c - '0');
    return (c | 32) - 'a' < 6 ? (int)((c | 32) - 'a' + 10) : -1;
}

/* Up to most hexadecimal digits from p->at on; *count of them read. */
static uint32_t read_hex(Parser *p, int most, int *count)
{
    uint32_t value = 0;
    for (*count = 0; *count < most && !at_end(p); ++*count) {
        int digit = hex_digit(p->text[p->at]);
        if (digit < 0) break;
        value = value << 4 | (uint32_t)digit;
        p->at++;
    }
    return value;
}

/* \N{name}: p->at stands behind the N. */
static bool read_named(Parser *p, ptrdiff_t start, uint32_t *point)
{
    ptrdiff_t from, to;
    if (!accept(p, '{')) return parse_fail(p, p->at, "missing {");
    if (!read_until(p, '}', "character name", &from, &to)) return false;
    char name[128];
    bool known = to - from < (ptrdiff_t)sizeof name;
    for (ptrdiff_t n = from; known && n < to; n++) {
        known = p->text[n] < 128;
        name[n - from] = (char)p->text[n];
    }
    if (known && charname_find(name, to - from, point)) return true;
    return parse_fail_text(p, start, "undefined character name %R", from, to);
}

/* What both kinds of place have in common: \x \u \U \N and \a \f \n \r \t \v \\. NO: none of
 * them. */
Truth parse_escape_point(Parser *p, ptrdiff_t start, uint32_t c, uint32_t *point)
{
    static const char names[] = "afnrtv\\", values[] = "\a\f\n\r\t\v\\";
    const char *found = c < 128 && c ? strchr(names, (int)c) : NULL;
    if (found) {
        *point = (uint8_t)values[found - names];
        return YES;
    }
    int digits = c == 'x' ? 2 : p->bytes ? 0 : c == 'u' ? 4 : c == 'U' ? 8 : 0, count;
    if (digits) {
        *point = read_hex(p, digits, &count);
        if (count < digits) {
            parse_fail_text(p, start, "incomplete escape %S", start, p->at);
            return FAILED;
        }
        if (*point > CHAR_MAX_POINT) {
            parse_fail_text(p, start, "bad escape %S", start, p->at);
            return FAILED;
        }
        return YES;
    }
    if (c == 'N' && !p->bytes) return read_named(p, start, point) ? YES : FAILED;
    return NO;
}

/* ---- classes outside sets ---- */

static bool emit_class(Parser *p, uint32_t c)
{
    CharSet set = {0};
    bool good = set_add_class(p, &set, c) && set_emit(p, &set, false);
    set_close(&set);
    return good;
}

static bool emit_boundary(Parser *p, bool inside)
{
    bool ascii = p->bytes || (p->flags & RE_ASCII);
    if (p->kind == SUBJECT_ASCII || (!ascii && PROPERTY_BOUNDARY))
        return put_text(p, inside ? "\\B" : "\\b");
    return put_text(p, inside ? "(?:(?<!" : "(?:(?<=") && emit_class(p, 'w') &&
           put_text(p, ")(?!") && emit_class(p, 'w') && put_text(p, inside ? ")|(?<=" : ")|(?<!") &&
           emit_class(p, 'w') && put_text(p, ")(?=") && emit_class(p, 'w') && put_text(p, "))");
}

/* ---- group references ---- */

static bool group_usable(Parser *p, int64_t group, ptrdiff_t position)
{
    if (p->groups[group].open) return parse_fail(p, position, "cannot refer to an open group");
    if (p->behind_from >= 0 && group >= p->behind_from)
        return parse_fail(p, p->at,
                          "cannot refer to group defined in the same lookbehind subpattern");
    return true;
}

static bool emit_reference(Parser *p, int64_t group, Span *span)
{
    const bool ascii = p->bytes || (p->flags & RE_ASCII) || p->kind == SUBJECT_ASCII;
    if ((p->flags & RE_IGNORECASE) && !ascii) p->out->folds = true;
    *span = p->groups[group].span;
    return put_format(p, "\\g{%d}", (int)group);
}

/* \1 to \99, \0 and other octal forms; c is the first digit. */
static bool parse_number_escape(Parser *p, ptrdiff_t start, uint32_t c, Span *span)
{
    uint32_t value = c - '0';
    if (c == '0') {
        for (int n = 0; n < 2 && (uint32_t)peek(p) - '0' < 8; n++)
            value = value * 8 + next_point(p) - '0';
        return emit_literal(p, value);
    }
    if ((uint32_t)peek(p) - '0' < 10) {
        uint32_t second = next_point(p);
        if (c < '8' && second < '8' && (uint32_t)peek(p) - '0' < 8) {
            value = (value * 8 + second - '0') * 8 + next_point(p) - '0';
            if (value > 0377)
                return parse_fail_text(p, start, "octal escape value %S outside of range 0-0o377",
                                       start, p->at);
            return emit_literal(p, value);
        }
        value = value * 10 + second - '0';
    }
    *span = (Span){0, 0};
    if ((int)value > p->out->groups)
        return parse_fail(p, start + 1, "invalid group reference %d", (int)value);
    return group_usable(p, value, start) && emit_reference(p, value, span);
}

static bool parse_escape(Parser *p, Item *item)
{
    ptrdiff_t start = p->at - 1;
    if (at_end(p)) return parse_fail(p, start, "bad escape (end of pattern)");
    uint32_t c = next_point(p), point;
    switch (c) {
    case 'A':
    case 'Z':
    case 'z': item->kind = ITEM_PLACE; return put_text(p, c == 'A' ? "\\A" : "\\z");
    case 'b':
    case 'B': item->kind = ITEM_PLACE; return emit_boundary(p, c == 'B');
    case 'd':
    case 'D':
    case 's':
    case 'S':
    case 'w':
    case 'W': item->span = (Span){1, 1}; return emit_class(p, c);
    }
    item->span = (Span){1, 1};
    Truth known = parse_escape_point(p, start, c, &point);
    if (known == FAILED) return false;
    if (known == YES) return emit_literal(p, point);
    if (c - '0' < 10) return parse_number_escape(p, start, c, &item->span);
    if ((c | 32) - 'a' < 26) return parse_fail_text(p, start, "bad escape %S", start, p->at);
    return emit_literal(p, c);
}

/* ---- repeats ---- */

static uint64_t times(uint64_t a, uint64_t b) { return a && b > SPAN_MAX / a ? SPAN_MAX : a * b; }
static uint64_t plus(uint64_t a, uint64_t b) { return a + b > SPAN_MAX ? SPAN_MAX : a + b; }

/* Digits as a number; *given tells whether there were any. */
static bool read_count(Parser *p, uint64_t *count, bool *given)
{
    *given = false;
    for (uint64_t value = 0; (uint32_t)peek(p) - '0' < 10; *count = value) {
        value = value * 10 + next_point(p) - '0';
        *given = true;
        if (value < REPEAT_MAX) continue;
        throw(p->vm, OverflowError, "the repetition number is too large");
        return false;
    }
    return true;
}

/* {m,n} behind its brace.  NO: only a brace. */
static Truth read_counts(Parser *p, ptrdiff_t here, uint64_t *least, uint64_t *most)
{
    bool given, bounded;
    if (peek(p) == '}') return NO;
    *least = 0;
    *most = REPEAT_MAX;
    ptrdiff_t digits = p->at, second;
    while ((uint32_t)peek(p) - '0' < 10) p->at++;
    second = p->at;
    bool comma = accept(p, ',');
    while (comma && (uint32_t)peek(p) - '0' < 10) p->at++;
    if (!accept(p, '}')) {
        p->at = digits;
        return NO;
    }
    ptrdiff_t behind = p->at;
    p->at = digits;
    if (!read_count(p, least, &given)) return FAILED;
    if (!comma) {
        *most = *least;
    } else {
        p->at = second + 1;
        if (!read_count(p, most, &bounded)) return FAILED;
        if (bounded && *most < *least) {
            parse_fail(p, here + 1, "min repeat greater than max repeat");
            return FAILED;
        }
    }
    p->at = behind;
    return YES;
}

/* Repeats the text from `from` on with a quantifier PCRE2 can count. */
static bool emit_quantifier(Parser *p, uint64_t least, uint64_t most, const char *mode)
{
    if (most == REPEAT_MAX && least < 2) return put_text(p, least ? "+" : "*") && put_text(p, mode);
    if (least == 0 && most == 1) return put_point(p, '?') && put_text(p, mode);
    if (most == REPEAT_MAX) return put_format(p, "{%d,}%s", (int)least, mode);
    if (least == most) return put_format(p, "{%d}%s", (int)least, mode);
    return put_format(p, "{%d,%d}%s", (int)least, (int)most, mode);
}

/* Counts beyond PCRE2's: X{least} and X{0,more} cut into pieces,
 * (?:X{65535}X{9}X{0,65535}X{0,7}). */
static bool emit_long_repeat(Parser *p, ptrdiff_t from, uint64_t least, uint64_t most,
                             const char *mode)
{
    ptrdiff_t len = p->out->len - from;
    uint32_t *copy = memory_new(p->vm, (len + 1) * sizeof *copy);
    if (!copy) return false;
    memcpy(copy, p->out->text + from, len * sizeof *copy);
    p->out->len = from;
    const bool atomic = mode[0] == '+';
    bool good = put_text(p, atomic ? "(?>" : "(?:");
    uint64_t rest = most == REPEAT_MAX ? 0 : most - least;
    const char *inner = mode[0] == '?' ? "?" : "";
    while (good && (least > 0 || rest > 0 || most == REPEAT_MAX)) {
        for (ptrdiff_t n = 0; good && n < len; n++) good = put_point(p, copy[n]);
        if (!good) break;
        if (least > 0) {
            uint64_t piece = least > CHUNK ? CHUNK : least;
            good = emit_quantifier(p, piece, piece, "");
            least -= piece;
        } else if (most == REPEAT_MAX) {
            good = emit_quantifier(p, 0, REPEAT_MAX, inner);
            break;
        } else {
            uint64_t piece = rest > CHUNK ? CHUNK : rest;
            good = emit_quantifier(p, 0, piece, inner);
            rest -= piece;
        }
    }
    memory_free(copy);
    return good && put_point(p, ')');
}

/* (?>X*) for X*+ where X captures: the JIT forgets to undo captures of X*+ when what follows
 * fails. */
static bool emit_atomic(Parser *p, ptrdiff_t from, uint64_t least, uint64_t most)
{
    if (!emit_quantifier(p, least, most, "") || !put_text(p, ")   ")) return false;
    uint32_t *text = p->out->text + from;
    ptrdiff_t len = p->out->len - from - 3;
    memmove(text + 3, text, len * sizeof *text);
    text[0] = '(', text[1] = '?', text[2] = '>';
    p->out->len = from + 3 + len;
    return true;
}

static bool parse_repeat(Parser *p, uint32_t c, Item *item)
{
    ptrdiff_t here = p->at - 1;
    uint64_t least = c == '+', most = c == '?' ? 1 : REPEAT_MAX;
    if (c == '{') {
        Truth counted = read_counts(p, here, &least, &most);
        if (counted == FAILED) return false;
        if (counted == NO) {
            *item = (Item){.kind = ITEM_OTHER, .from = p->out->len, .span = {1, 1}};
            return emit_literal(p, '{');
        }
    }
    if (item->kind == ITEM_NONE || item->kind == ITEM_PLACE)
        return parse_fail(p, here, "nothing to repeat");
    if (item->kind == ITEM_REPEAT) return parse_fail(p, here, "multiple repeat");
    const char *mode = accept(p, '?') ? "?" : accept(p, '+') ? "+" : "";
    if (item->group_before < p->out->groups) p->out->repeated = true;
    item->kind = ITEM_REPEAT;
    item->span.least = times(item->span.least, least);
    item->span.most = times(item->span.most, most);
    if (least > CHUNK || (most != REPEAT_MAX && most > CHUNK)) {
        if (item->group_before == p->out->groups)
            return emit_long_repeat(p, item->from, least, most, mode);
        throw(p->vm, OverflowError, "the repetition number is too large");
        return false;
    }
    if (mode[0] == '+' && item->group_before < p->out->groups)
        return emit_atomic(p, item->from, least, most);
    return emit_quantifier(p, least, most, mode);
}

/* ---- groups ---- */

static bool close_subpattern(Parser *p, ptrdiff_t start)
{
    if (accept(p, ')')) return put_point(p, ')');
    return parse_fail(p, start, "missing ), unterminated subpattern");
}

/* A new capturing group, open; name UNDEF: none.  position: where its name ends, for errors. */
static bool open_group(Parser *p, Value name, ptrdiff_t position, int *number)
{
    Regex *out = p->out;
    if (out->groups + 1 >= p->group_capacity) {
        int capacity = p->group_capacity * 2;
        Group *groups = memory_resize(p->vm, p->groups, capacity * sizeof *groups);
        if (!groups) return false;
        p->groups = groups;
        int32_t *closing = memory_resize(p->vm, out->closing, capacity * sizeof *closing);
        if (!closing) return false;
        out->closing = closing;
        p->group_capacity = capacity;
    }
    *number = ++out->groups;
    p->groups[*number] = (Group){.open = true, .span = {0, SPAN_MAX}};
    if (absent(name)) return true;
    Value known = dict_get(p->vm, as_dict(out->names), name);
    if (failed(known)) return false;
    if (!absent(known))
        return parse_fail(p, position, "redefinition of group name %R as group %d; was group %d",
                          name, *number, (int)as_int(known));
    Ref value = from_small(*number);
    return dict_set(p->vm, as_dict(out->names), name, value);
}

static bool parse_capture(Parser *p, Value name, ptrdiff_t name_at, ptrdiff_t start, Span *span)
{
    int number;
    if (!open_group(p, name, name_at, &number) || !put_point(p, '(')) return false;
    if (!parse_alternatives(p, false, span) || !close_subpattern(p, start)) return false;
    p->groups[number].open = false;
    p->groups[number].span = *span;
    p->out->closing[p->closed++] = number;
    return true;
}

/* (?P...: p->at stands behind the P. */
static bool parse_python_group(Parser *p, ptrdiff_t start, Span *span)
{
    ptrdiff_t from, to;
    if (accept(p, '<')) {
        if (!read_until(p, '>', "group name", &from, &to)) return false;
        if (!is_identifier(p, from, to))
            return parse_fail_text(p, from, "bad character in group name %R", from, to);
        Ref name = parse_text(p, from, to);
        bool good = !failed(name) && parse_capture(p, name, from, start, span);
        decref(name);
        return good;
    }
    if (!accept(p, '=')) {
        if (at_end(p)) return parse_fail(p, p->at, "unexpected end of pattern");
        ptrdiff_t at = start + 1;
        return parse_fail_text(p, at, "unknown extension %S", at, token_end(p, p->at));
    }
    if (!read_until(p, ')', "group name", &from, &to)) return false;
    if (!is_identifier(p, from, to))
        return parse_fail_text(p, from, "bad character in group name %R", from, to);
    Ref name = parse_text(p, from, to);
    Value number = failed(name) ? FAIL : dict_get(p->vm, as_dict(p->out->names), name);
    decref(name);
    if (failed(number)) return false;
    if (absent(number)) return parse_fail_text(p, from, "unknown group name %R", from, to);
    return group_usable(p, as_int(number), from) && emit_reference(p, as_int(number), span);
}

/* The number of the group that (?(name) or (?(number) speaks of; it may still come. */
static bool read_condition(Parser *p, int64_t *group)
{
    ptrdiff_t from, to;
    if (!read_until(p, ')', "group name", &from, &to)) return false;
    if (is_identifier(p, from, to)) {
        Ref name = parse_text(p, from, to);
        Value number = failed(name) ? FAIL : dict_get(p->vm, as_dict(p->out->names), name);
        decref(name);
        if (failed(number)) return false;
        if (absent(number)) return parse_fail_text(p, from, "unknown group name %R", from, to);
        *group = as_int(number);
    } else {
        *group = 0;
        for (ptrdiff_t n = from; n < to; n++) {
            uint32_t digit = p->text[n] - '0';
            if (digit > 9)
                return parse_fail_text(p, from, "bad character in group name %R", from, to);
            *group = *group * 10 + digit;
            if (*group > INT32_MAX)
                return parse_fail_text(p, from, "invalid group reference %S", from, to);
        }
        if (*group == 0) return parse_fail(p, from, "bad group number");
    }
    if (p->behind_from >= 0 && (*group > p->out->groups || p->groups[*group].open))
        return parse_fail(p, p->at, "cannot refer to an open group");
    if (*group > p->out->groups) {
        if (p->forward_group < *group) p->forward_at = from, p->forward_group = *group;
        return true;
    }
    return p->behind_from < 0 || group_usable(p, *group, from);
}

static bool parse_conditional(Parser *p, ptrdiff_t start, Span *span)
{
    int64_t group = 0;
    Span no = {0, 0};
    if (!read_condition(p, &group) || !put_format(p, "(?(%d)", (int)group)) return false;
    if (!parse_branch(p, false, span)) return false;
    if (accept(p, '|')) {
        if (!put_point(p, '|') || !parse_branch(p, false, &no)) return false;
        if (peek(p) == '|')
            return parse_fail(p, p->at, "conditional backref with more than two branches");
    }
    if (no.least < span->least) span->least = no.least;
    if (no.most > span->most) span->most = no.most;
    return close_subpattern(p, start);
}

/* Look-around; c is '=', '!' or '<'. */
static bool parse_look(Parser *p, uint32_t c, ptrdiff_t start)
{
    bool behind = c == '<', outermost = behind && p->behind_from < 0;
    if (behind) {
        if (at_end(p)) return parse_fail(p, p->at, "unexpected end of pattern");
        c = next_point(p);
        if (c != '=' && c != '!') {
            ptrdiff_t at = start + 1;
            return parse_fail_text(p, at, "unknown extension %S", at, token_end(p, p->at - 1));
        }
        if (outermost) p->behind_from = p->out->groups + 1;
    }
    Span span;
    if (c == '!' &&
        peek(p) == ')') { /* always fails; PCRE2 would not repeat its own form of that */
        p->at++;
        if (outermost) p->behind_from = -1;
        return put_text(p, "(?:(?!))");
    }
    if (!put_format(p, behind ? "(?<%c" : "(?%c", (int)c)) return false;
    if (!parse_alternatives(p, false, &span)) return false;
    if (outermost) p->behind_from = -1;
    if (!close_subpattern(p, start)) return false;
    if (!behind || span.least == span.most) return true;
    if (!p->behind_failed) p->behind_failed = true; /* reported when the whole has been read */
    return true;
}

static unsigned flag_of(int32_t c)
{
    switch (c) {
    case 'i': return RE_IGNORECASE;
    case 'L': return RE_LOCALE;
    case 'm': return RE_MULTILINE;
    case 's': return RE_DOTALL;
    case 'x': return RE_VERBOSE;
    case 'a': return RE_ASCII;
    case 'u': return RE_UNICODE;
    default: return 0;
    }
}

static bool is_letter(int32_t c) { return c >= 0 && char_is_alpha((uint32_t)c); }

/* The flags before - : or ); c, the one read last, is updated. */
static bool read_flags_on(Parser *p, int32_t *c, unsigned *on)
{
    for (;;) {
        unsigned flag = flag_of(*c);
        if (!p->bytes && flag == RE_LOCALE)
            return parse_fail(p, p->at, "bad inline flags: cannot use 'L' flag with a str pattern");
        if (p->bytes && flag == RE_UNICODE)
            return parse_fail(p, p->at,
                              "bad inline flags: cannot use 'u' flag with a bytes pattern");
        *on |= flag;
        if ((flag & TYPE_FLAGS) && (*on & TYPE_FLAGS) != flag)
            return parse_fail(p, p->at,
                              "bad inline flags: flags 'a', 'u' and 'L' are incompatible");
        *c = next_point(p);
        if (*c == END) return parse_fail(p, p->at, "missing -, : or )");
        if (*c == ')' || *c == '-' || *c == ':') return true;
        if (!flag_of(*c))
            return parse_fail(p, p->at - 1, is_letter(*c) ? "unknown flag" : "missing -, : or )");
    }
}

static bool read_flags_off(Parser *p, unsigned *off)
{
    int32_t c = next_point(p);
    if (c == END) return parse_fail(p, p->at, "missing flag");
    if (!flag_of(c))
        return parse_fail(p, p->at - 1, is_letter(c) ? "unknown flag" : "missing flag");
    for (;;) {
        if (flag_of(c) & TYPE_FLAGS)
            return parse_fail(p, p->at, "bad inline flags: cannot turn off flags 'a', 'u' and 'L'");
        *off |= flag_of(c);
        c = next_point(p);
        if (c == END) return parse_fail(p, p->at, "missing :");
        if (c == ':') return true;
        if (!flag_of(c))
            return parse_fail(p, p->at - 1, is_letter(c) ? "unknown flag" : "missing :");
    }
}

/* (?i) for the whole pattern, which only its beginning may hold, or (?i-s: for a group. */
static bool parse_flags(Parser *p, int32_t c, bool first, ptrdiff_t start, Item *item)
{
    unsigned on = 0, off = 0;
    if (c != '-' && !read_flags_on(p, &c, &on)) return false;
    if (c == ')') {
        if (!first) return parse_fail(p, start, "global flags not at the start of the expression");
        if (on & RE_ASCII) p->flags &= ~RE_UNICODE;
        p->flags |= on;
        p->out->flags |= on;
        item->kind = ITEM_SKIP;
        return true;
    }
    if (c == '-' && !read_flags_off(p, &off)) return false;
    if (on & off) return parse_fail(p, p->at - 1, "bad inline flags: flag turned on and off");
    unsigned outer = p->flags, inner = outer;
    if (on & TYPE_FLAGS) inner &= ~TYPE_FLAGS;
    inner = (inner | on) & ~off;
    p->flags = inner;
    bool caseless = inner & RE_IGNORECASE;
    const char *open = caseless == !!(outer & RE_IGNORECASE) ? "(?:" : caseless ? "(?i:" : "(?-i:";
    bool good = put_text(p, open) && parse_alternatives(p, false, &item->span);
    p->flags = outer;
    return good && close_subpattern(p, start);
}

static bool skip_comment(Parser *p, ptrdiff_t start)
{
    for (;;) {
        int32_t c = next_point(p);
        if (c == END) return parse_fail(p, start, "missing ), unterminated comment");
        if (c == ')') return true;
    }
}

static bool parse_group(Parser *p, bool first, Item *item)
{
    ptrdiff_t start = p->at - 1;
    if (!accept(p, '?')) return parse_capture(p, UNDEF, 0, start, &item->span);
    int32_t c = next_point(p);
    switch (c) {
    case END: return parse_fail(p, p->at, "unexpected end of pattern");
    case 'P': return parse_python_group(p, start, &item->span);
    case '#': item->kind = ITEM_SKIP; return skip_comment(p, start);
    case '(': return parse_conditional(p, start, &item->span);
    case '=':
    case '!':
    case '<': return parse_look(p, (uint32_t)c, start);
    case ':':
    case '>':
        return put_format(p, "(?%c", (int)c) && parse_alternatives(p, false, &item->span) &&
               close_subpattern(p, start);
    }
    if (c == '-' || flag_of(c)) return parse_flags(p, c, first, start, item);
    return parse_fail_text(p, start + 1, "unknown extension %S", start + 1,
                           token_end(p, p->at - 1));
}

/* ---- the whole ---- */

/* White space and comments of a verbose pattern. */
static bool skip_blank(Parser *p, uint32_t c)
{
    if (!(p->flags & RE_VERBOSE)) return false;
    if (c == '#')
        for (int32_t n = 0; n != '\n' && n != END;) n = next_point(p);
    return c == '#' || c == ' ' || c - '\t' < 5;
}

static bool parse_item(Parser *p, uint32_t c, bool first, Item *item)
{
    item->span = (Span){0, 0};
    switch (c) {
    case '\\': return parse_escape(p, item);
    case '(': return parse_group(p, first, item);
    case '[': item->span = (Span){1, 1}; return parse_set(p);
    case '.': item->span = (Span){1, 1}; return put_text(p, p->flags & RE_DOTALL ? "." : "\\N");
    case '^': item->kind = ITEM_PLACE; return put_text(p, p->flags & RE_MULTILINE ? "^" : "\\A");
    case '$': item->kind = ITEM_PLACE; return put_text(p, p->flags & RE_MULTILINE ? "$" : "\\Z");
    default: item->span = (Span){1, 1}; return emit_literal(p, c);
    }
}

/* Items up to | or ); first: nothing stands before, so global flags may. */
bool parse_branch(Parser *p, bool first, Span *total)
{
    Item item = {.kind = ITEM_NONE};
    Span done = {0, 0}; /* of all items before the last one */
    item.span = done;
    while (!at_end(p) && peek(p) != '|' && peek(p) != ')') {
        uint32_t c = next_point(p);
        if (skip_blank(p, c)) continue;
        if (c == '*' || c == '+' || c == '?' || c == '{') {
            Span before = item.span;
            bool literal = c == '{';
            if (!parse_repeat(p, c, &item)) return false;
            if (literal && item.kind == ITEM_OTHER) {
                done.least = plus(done.least, before.least);
                done.most = plus(done.most, before.most);
            }
            first = false;
            continue;
        }
        Item next = {.kind = ITEM_OTHER, .from = p->out->len, .group_before = p->out->groups};
        if (!parse_item(p, c, first && item.kind == ITEM_NONE, &next)) return false;
        if (next.kind == ITEM_SKIP) continue;
        done.least = plus(done.least, item.span.least);
        done.most = plus(done.most, item.span.most);
        item = next;
    }
    total->least = plus(done.least, item.span.least);
    total->most = plus(done.most, item.span.most);
    return true;
}

static bool parse_alternatives(Parser *p, bool first, Span *span)
{
    if (!recursion_enter(p->vm)) return false;
    bool good = parse_branch(p, first, span);
    while (good && accept(p, '|')) {
        Span other = {0, 0};
        good = put_point(p, '|') && parse_branch(p, false, &other);
        if (other.least < span->least) span->least = other.least;
        if (other.most > span->most) span->most = other.most;
    }
    recursion_leave(p->vm);
    return good;
}

/* What the flags may be together, those in the pattern included; str patterns are UNICODE if
 * not ASCII. */
static bool settle_flags(Parser *p)
{
    unsigned flags = p->out->flags;
    const char *wrong = NULL;
    if (!p->bytes) {
        if (flags & RE_LOCALE) wrong = "cannot use LOCALE flag with a str pattern";
        else if ((flags & RE_ASCII) && (flags & RE_UNICODE))
            wrong = "ASCII and UNICODE flags are incompatible";
        else if (!(flags & RE_ASCII)) flags |= RE_UNICODE;
    } else {
        if (flags & RE_UNICODE) wrong = "cannot use UNICODE flag with a bytes pattern";
        else if ((flags & RE_LOCALE) && (flags & RE_ASCII))
            wrong = "ASCII and LOCALE flags are incompatible";
    }
    p->out->flags = flags;
    if (wrong) throw(p->vm, ValueError, "%s", wrong);
    return !wrong;
}

static bool parse_pattern(Parser *p)
{
    Span span;
    if (!parse_alternatives(p, true, &span) || !settle_flags(p)) return false;
    if (!at_end(p)) return parse_fail(p, p->at, "unbalanced parenthesis");
    if (p->forward_group > p->out->groups)
        return parse_fail(p, p->forward_at, "invalid group reference %d", (int)p->forward_group);
    return true;
}

/* Reads it once; a verbose flag found on the way starts all over with the flag set. */
static bool translate(Parser *p, unsigned flags)
{
    Regex *out = p->out;
    for (;;) {
        out->flags = p->flags = flags;
        out->len = out->groups = 0;
        p->at = p->closed = 0;
        p->behind_from = -1;
        p->behind_failed = false;
        p->forward_group = 0;
        replace(&out->names, dict_new(p->vm));
        if (failed(out->names)) return false;
        bool good = parse_pattern(p);
        if ((out->flags & RE_VERBOSE) && !(flags & RE_VERBOSE)) {
            if (!good) error_clear(p->vm);
            flags |= RE_VERBOSE;
            continue;
        }
        if (good && p->behind_failed) {
            Ref message = str_from(p->vm, "look-behind requires fixed-width pattern");
            if (!failed(message)) regex_error(p->vm, message, p->pattern, -1);
            return false;
        }
        return good;
    }
}

/* The points of the pattern, in p->text. */
static bool read_points(Parser *p, Value pattern)
{
    if (is_str(pattern)) {
        Str *text = as_str(pattern);
        p->len = text->len;
        if (!(p->text = memory_new(p->vm, (p->len + 1) * sizeof *p->text))) return false;
        for (ptrdiff_t n = 0; n < p->len; n++) p->text[n] = str_at(text, n);
        return true;
    }
    Buffer buffer;
    p->bytes = true;
    if (!buffer_get(p->vm, pattern, &buffer, false)) return false;
    p->len = buffer.len;
    p->text = memory_new(p->vm, (p->len + 1) * sizeof *p->text);
    for (ptrdiff_t n = 0; p->text && n < p->len; n++) p->text[n] = (uint8_t)buffer.data[n];
    buffer_release(p->vm, &buffer);
    return p->text != NULL;
}

bool regex_translate(Vm *vm, Value pattern, unsigned flags, SubjectKind kind, Regex *out)
{
    static const uint32_t limits[] = {STR_ASCII, STR_LATIN1, STR_WIDE, STR_FULL};
    Parser p = {.vm = vm, .pattern = pattern, .kind = kind, .limit = limits[kind], .out = out};
    *out = (Regex){.names = UNDEF};
    bool good = read_points(&p, pattern);
    if (p.bytes) p.limit = STR_LATIN1;
    p.group_capacity = 8;
    p.groups = good ? memory_new(vm, p.group_capacity * sizeof *p.groups) : NULL;
    out->closing = p.groups ? memory_new(vm, p.group_capacity * sizeof *out->closing) : NULL;
    good = out->closing && translate(&p, flags);
    memory_free(p.text);
    memory_free(p.groups);
    if (!good) regex_close(out);
    return good;
}

void regex_close(Regex *regex)
{
    memory_free(regex->text);
    memory_free(regex->closing);
    clear(&regex->names);
    *regex = (Regex){.names = UNDEF};
}
