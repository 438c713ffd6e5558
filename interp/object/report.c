/* report.c - printing exceptions: tracebacks with carets, chains, notes, groups.
 *
 * The text is CPython's.  The carets of a step underline what was running; inside them an operator,
 * a subscript or a call's parentheses are marked by parsing the underlined text. Neighbours:
 * traceback.c (the steps), exception.c, syntax/parser.h. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "object/attr.h"
#include "object/call.h"
#include "object/dict.h"
#include "object/exceptiongroup.h"
#include "object/int.h"
#include "object/list.h"
#include "object/name.h"
#include "object/number.h"
#include "object/sourceshown.h"
#include "object/str.h"
#include "object/traceback.h"
#include "object/tuple.h"

enum { REPEATS_SHOWN = 3, GROUP_WIDTH = 15, GROUP_DEPTH = 10 };

#define NAMES "\033[35m"   /* file, line, function, message */
#define KIND  "\033[1;35m" /* of the exception */
#define POINT "\033[1;31m" /* where a text is wrong */
#define RESET "\033[0m"

typedef struct Report {
    Vm *vm;
    StrBuilder text;
    int depth;   /* nesting of groups */
    bool margin; /* lines get the "  | " of a group */
    bool colour;
    int64_t limit; /* steps of a traceback that are shown, the innermost ones; 0: nothing of it */
    Ref seen_ref;  /* list of the exceptions already printed, against loops */
    bool starved;  /* something is left out because memory ended */
} Report;

/* Goes on without what could not be made. */
static void do_without(Report *report)
{
    if (error_is(report->vm, MemoryError)) report->starved = true;
    error_clear(report->vm);
}

static bool put(Report *report, const char *text)
{
    return builder_text(report->vm, &report->text, text);
}

/* A colour's escape sequence. */
static bool put_colour(Report *report, const char *colour)
{
    return !report->colour || put(report, colour);
}

static bool put_coloured(Report *report, const char *colour, Value text)
{
    return put_colour(report, colour) && builder_str(report->vm, &report->text, text) &&
           put_colour(report, RESET);
}

static bool put_margin(Report *report)
{
    for (int n = 0; n < report->depth; n++)
        if (!put(report, "  ")) return false;
    return !report->margin || put(report, "| ");
}

/* text may have several lines; each gets the margin and indent. */
static bool put_lines(Report *report, const char *indent, Value text)
{
    char *owned = NULL;
    const char *bytes = str_utf8(report->vm, text, NULL, &owned);
    if (!bytes) {
        do_without(report);
        return put(report, "<unprintable>\n");
    }
    bool good = true;
    while (good) {
        size_t len = strcspn(bytes, "\n");
        Ref line = str_from_utf8(report->vm, bytes, (ptrdiff_t)len);
        good = !failed(line) && put_margin(report) && put(report, indent) &&
               builder_str(report->vm, &report->text, line) && put(report, "\n");
        decref(line);
        if (!bytes[len]) break;
        bytes += len + 1;
    }
    memory_free(owned);
    return good;
}

static bool put_marks(Report *report, int count, const char *mark, const char *colour)
{
    if (count <= 0) return true;
    if (colour && !put_colour(report, colour)) return false;
    while (count-- > 0)
        if (!put(report, mark)) return false;
    return !colour || put_colour(report, RESET);
}

/* ---- source lines ---- */

/* A line cannot be had: UNDEF; FAIL when that is for want of memory. */
static Ref unless_starved(Vm *vm)
{
    if (error_is(vm, MemoryError)) return FAIL;
    error_clear(vm);
    return UNDEF;
}

/* A line of what is no file: of -c, of the prompt (cli/sysvars.c keeps the text). */
static Ref line_of_kept_source(Vm *vm, Value filename, int number)
{
    Value sources = is_dict(vm->interp->sys)
                        ? dict_get_text(vm, as_dict(vm->interp->sys), "_sources")
                        : (Value)UNDEF;
    Value source = is_dict(sources) ? dict_get(vm, as_dict(sources), filename) : sources;
    if (failed(source)) return unless_starved(vm);
    if (!is_str(source)) return UNDEF;
    const Str *text = as_str(source);
    ptrdiff_t start = 0, end;
    for (;; start = end + 1) {
        for (end = start; end < text->len && str_at(text, end) != '\n';) end++;
        if (--number == 0) break;
        if (end >= text->len) return UNDEF;
    }
    return str_slice(vm, source, start, end);
}

Ref source_line(Vm *vm, Value filename, int number)
{
    if (is_str(filename) && as_str(filename)->len && str_at(as_str(filename), 0) == '<')
        return line_of_kept_source(vm, filename, number);
    char *owned = NULL;
    const char *path = is_str(filename) ? str_utf8(vm, filename, NULL, &owned) : NULL;
    FILE *file = path ? fopen(path, "rb") : NULL;
    memory_free(owned);
    if (!path) return unless_starved(vm);
    if (!file) return UNDEF;
    char *line = NULL;
    size_t capacity = 0;
    ssize_t len = 0;
    for (int n = 0; n < number && len >= 0; n++) len = getline(&line, &capacity, file);
    fclose(file);
    Ref text = UNDEF;
    if (len > 0) {
        if (line[len - 1] == '\n') len--;
        text = str_from_utf8(vm, line, len);
        if (failed(text)) text = unless_starved(vm);
    }
    free(line);
    return text;
}

/* ---- the source of a step ---- */

/* Lines first to last of a file, one after the other; UNDEF: the first cannot be had. */
static Ref source_lines(Vm *vm, Value filename, int first, int last)
{
    Ref text = source_line(vm, filename, first);
    for (int n = first + 1; is_str(text) && n <= last; n++) {
        Ref line = source_line(vm, filename, n);
        if (absent(line)) break;
        replace(&text, failed(line) ? FAIL : format_text(vm, "%S\n%S", (Value)text, (Value)line));
        decref(line);
    }
    return text;
}

static bool put_source(Report *report, Value filename, CodePos pos)
{
    bool known = pos.col >= 0 && pos.end_line >= pos.line;
    Ref text = source_lines(report->vm, filename, pos.line, known ? pos.end_line : pos.line);
    if (failed(text)) do_without(report);
    if (!is_str(text)) return true;
    Ref shown = source_shown(report->vm, text, known ? pos.col : -1, pos.end_col, report->colour);
    decref(text);
    bool good = !failed(shown) && (as_str(shown)->len == 0 || put_lines(report, "", shown));
    decref(shown);
    return good;
}

/* ---- the steps ---- */

static bool same_place(const Traceback *a, const Traceback *b)
{
    return a->code == b->code && a->line == b->line;
}

/* `  File "name", line N` */
static bool put_place(Report *report, Value filename, Value line)
{
    return put_margin(report) && put(report, "  File ") && put_colour(report, NAMES) &&
           put(report, "\"") && builder_str(report->vm, &report->text, filename) &&
           put(report, "\"") && put_colour(report, RESET) && put(report, ", line ") &&
           put_coloured(report, NAMES, line);
}

static bool put_step(Report *report, const Traceback *step)
{
    const Code *code = as_code(step->code);
    Ref line = format_text(report->vm, "%d", (int)step->line);
    bool good = !failed(line) && put_place(report, code->filename, line) && put(report, ", in ") &&
                put_coloured(report, NAMES, code->name) && put(report, "\n");
    decref(line);
    return good && put_source(report, code->filename, code_position(code, step->instr));
}

static bool put_repeats(Report *report, int more)
{
    if (more <= 0) return true;
    char text[80];
    snprintf(text, sizeof text, "  [Previous line repeated %d more time%s]\n", more,
             more == 1 ? "" : "s");
    return put_margin(report) && put(report, text);
}

/* Past the outermost steps that are too many. */
static Value first_shown(const Report *report, Value traceback)
{
    int64_t more = -report->limit;
    Value first = traceback;
    for (Value at = traceback; is_kind(at, KIND_TRACEBACK); at = as_traceback(at)->next) more++;
    for (; more > 0; more--) first = as_traceback(first)->next;
    return first;
}

static bool put_traceback(Report *report, Value traceback)
{
    const Traceback *before = NULL;
    int run = 0;
    for (Value at = first_shown(report, traceback); is_kind(at, KIND_TRACEBACK);) {
        const Traceback *step = (const Traceback *)as_object(at);
        if (before && same_place(step, before)) {
            run++;
        } else {
            if (!put_repeats(report, run - REPEATS_SHOWN)) return false;
            run = 1;
        }
        if (run <= REPEATS_SHOWN && !put_step(report, step)) return false;
        before = step;
        at = step->next;
    }
    return put_repeats(report, run - REPEATS_SHOWN);
}

/* ---- the last lines ---- */

static Ref qualified_name(Report *report, Value error)
{
    Vm *vm = report->vm;
    Type *type = type_of(vm, error);
    Ref module = attr_get_or_absent(vm, borrow(type), N(__module__));
    if (failed(module)) do_without(report);
    if (!is_str(module) || str_is(module, "builtins") || str_is(module, "__main__")) {
        if (!failed(module)) decref(module);
        return newref(type->qualname);
    }
    Ref name = format_text(vm, "%S.%S", (Value)module, (Value)type->qualname);
    decref(module);
    return name;
}

/* str(error), or what CPython prints when that fails. */
static Ref message_of(Report *report, Value error)
{
    Ref text = value_str(report->vm, error);
    if (!failed(text)) return text;
    do_without(report);
    return str_from(report->vm, "<exception str() failed>");
}

/* The line of a SyntaxError, from its first word on, and carets below [from, to). */
static bool put_syntax_line(Report *report, Value text, ptrdiff_t from, ptrdiff_t to)
{
    Vm *vm = report->vm;
    ptrdiff_t len = as_str(text)->len, cut = from < 0 || from >= len ? len : from,
              rest = to < cut   ? cut
                     : to > len ? len
                                : to;
    Ref before = str_slice(vm, text, 0, cut), marked = str_slice(vm, text, cut, rest),
        after = str_slice(vm, text, rest, len);
    bool good = !failed(before) && !failed(marked) && !failed(after) && put_margin(report) &&
                put(report, "    ") && builder_str(vm, &report->text, before) &&
                (cut == rest || put_coloured(report, POINT, marked)) &&
                builder_str(vm, &report->text, after) && put(report, "\n");
    decref(before);
    decref(marked);
    decref(after);
    if (!good || from < 0) return good;
    return put_margin(report) && put_marks(report, 4 + (int)from, " ", NULL) &&
           put_marks(report, (int)(to - from), "^", POINT) && put(report, "\n");
}

static bool put_syntax_place(Report *report, Value error)
{
    Vm *vm = report->vm;
    Value file = exception_field(error, SYNTAX_FILENAME_FIELD),
          line = exception_field(error, LINENO_FIELD);
    if (absent(line) || !is_int(line)) return true;
    Ref name = is_str(file) ? newref(file) : str_from(vm, "<string>"), number = value_str(vm, line);
    bool good =
        !failed(name) && !failed(number) && put_place(report, name, number) && put(report, "\n");
    decref(name);
    decref(number);
    Value text = exception_field(error, TEXT_FIELD), offset = exception_field(error, OFFSET_FIELD);
    if (!good || !is_str(text)) return good;
    Str *source = as_str(text);
    ptrdiff_t start = 0, end = source->len, from = -1, to = -1;
    while (start < end && strchr(" \t\f\n", (int)str_at(source, start)) && str_at(source, start))
        start++;
    while (end > start && (str_at(source, end - 1) == '\n' || str_at(source, end - 1) == '\r'))
        end--;
    Value end_offset = exception_field(error, END_OFFSET_FIELD),
          end_line = exception_field(error, END_LINENO_FIELD);
    if (is_int(offset) && as_int(offset) >= 1) {
        from = as_int(offset) - 1 < end ? as_int(offset) - 1 - start : end - start;
        to = end - start;
        if (end_line == line && is_int(end_offset) && as_int(end_offset) - 1 < end)
            to = (as_int(end_offset) ? as_int(end_offset) : as_int(offset)) - 1 - start;
        else if (end_line == line && !is_int(end_offset)) to = from;
        if (to <= from) to = from + 1;
    }
    Ref shown = str_slice(vm, text, start, end);
    good = !failed(shown) && put_syntax_line(report, shown, from, to);
    decref(shown);
    return good;
}

static bool put_notes(Report *report, Value error)
{
    Vm *vm = report->vm;
    Value notes = exception_notes(vm, as_exception(error));
    if (failed(notes)) do_without(report);
    if (failed(notes) || absent(notes) || notes == NONE) return true;
    if (!is_list(notes)) {
        Ref text = value_repr(vm, notes);
        if (failed(text)) do_without(report);
        bool good = failed(text) || put_lines(report, "", text);
        decref(text);
        return good;
    }
    for (ptrdiff_t n = 0; n < as_list(notes)->len; n++) {
        Ref text = value_str(vm, as_list(notes)->items[n]);
        if (failed(text)) do_without(report);
        bool good = failed(text) || put_lines(report, "", text);
        decref(text);
        if (!good) return false;
    }
    return true;
}

/* `Kind: message`; the lines of a message get the margin. */
static bool put_kind_and_message(Report *report, Value name, Value message, Value hint)
{
    Vm *vm = report->vm;
    bool colour = report->colour;
    Ref line =
        as_str(message)->len == 0
            ? format_text(vm, "%s%S%s", colour ? KIND : "", name, colour ? RESET : "")
            : format_text(vm, "%s%S%s: %s%S%S%s", colour ? KIND : "", name, colour ? RESET : "",
                          colour ? NAMES : "", message,
                          absent(hint) ? (Value)vm->interp->empty_str : hint, colour ? RESET : "");
    bool good = !failed(line) && put_lines(report, "", line);
    decref(line);
    return good;
}

static bool put_last_line(Report *report, Value error)
{
    Vm *vm = report->vm;
    bool syntax = exception_is(vm, error, SyntaxError);
    if (syntax && !put_syntax_place(report, error)) return false;
    Ref name = qualified_name(report, error);
    Value message_field = exception_field(error, MSG_FIELD);
    Ref message = syntax && is_str(message_field) && is_int(exception_field(error, LINENO_FIELD))
                      ? newref(message_field)
                      : message_of(report, error);
    Ref hint = failed(message) ? FAIL : error_hint(vm, error);
    if (failed(hint) && !failed(message)) {
        do_without(report);
        hint = UNDEF;
    }
    bool good = !failed(name) && !failed(message) &&
                put_kind_and_message(report, name, message, hint) && put_notes(report, error);
    decref(name);
    decref(message);
    decref(hint);
    return good;
}

/* ---- one exception, with what came before it ---- */

static bool put_exception(Report *report, Value error);

static bool put_group_members(Report *report, Value group)
{
    Value members = group_exceptions(group);
    ptrdiff_t count = tuple_len(members);
    if (report->depth == 0) report->depth = 1;
    for (ptrdiff_t n = 0; n < count; n++) {
        char line[96];
        int depth = report->depth;
        bool margin = report->margin;
        report->margin = false;
        if (n < GROUP_WIDTH)
            snprintf(line, sizeof line, "%s---------------- %td ----------------\n",
                     n == 0 ? "+-+" : "  +", n + 1);
        else snprintf(line, sizeof line, "  +---------------- ... ----------------\n");
        bool good = put_margin(report) && put(report, line);
        report->depth = depth + 1;
        report->margin = true;
        if (n < GROUP_WIDTH) {
            good = good && put_exception(report, tuple_at(members, n));
        } else {
            snprintf(line, sizeof line, "and %td more exception%s\n", count - n,
                     count - n == 1 ? "" : "s");
            good = good && put_margin(report) && put(report, line);
            n = count;
        }
        report->depth = depth;
        report->margin = margin;
        if (!good) return false;
        if (n + 1 >= count &&
            !(is_group(report->vm, tuple_at(members, count - 1)) && n < GROUP_WIDTH)) {
            report->margin = false;
            report->depth = depth + 1;
            good = put_margin(report) && put(report, "+------------------------------------\n");
            report->depth = depth;
            report->margin = margin;
            if (!good) return false;
        }
    }
    return true;
}

static bool put_chain(Report *report, Value error)
{
    Exception *exception = as_exception(error);
    const char *joint = NULL;
    Value earlier = UNDEF;
    if (is_exception(exception->cause)) {
        earlier = exception->cause;
        joint = "The above exception was the direct cause of the following exception:";
    } else if (is_exception(exception->context) &&
               !(exception->head.aux & EXCEPTION_SUPPRESS_CONTEXT)) {
        earlier = exception->context;
        joint = "During handling of the above exception, another exception occurred:";
    }
    if (!joint) return true;
    for (ptrdiff_t n = 0; n < as_list(report->seen_ref)->len; n++)
        if (as_list(report->seen_ref)->items[n] == earlier) return true;
    return put_exception(report, earlier) && put_margin(report) && put(report, "\n") &&
           put_margin(report) && put(report, joint) && put(report, "\n") && put_margin(report) &&
           put(report, "\n");
}

static bool put_exception(Report *report, Value error)
{
    Vm *vm = report->vm;
    if (!recursion_enter(vm)) return false;
    bool good = list_push(vm, as_list(report->seen_ref), newref(error)) && put_chain(report, error);
    bool group = is_group(vm, error);
    Value traceback = report->limit ? (Value)as_exception(error)->traceback : (Value)UNDEF;
    if (good && group && report->depth == 0) {
        report->depth = 1;
        report->margin = true;
        good = absent(traceback) ||
               (put(report, "  + Exception Group Traceback (most recent call last):\n") &&
                put_traceback(report, traceback));
        good = good && put_last_line(report, error) && put_group_members(report, error);
        report->depth = 0;
        report->margin = false;
    } else if (good) {
        good = absent(traceback) ||
               (put_margin(report) &&
                put(report, group ? "Exception Group Traceback (most recent call last):\n"
                                  : "Traceback (most recent call last):\n") &&
                put_traceback(report, traceback));
        good = good && put_last_line(report, error) && (!group || put_group_members(report, error));
    }
    recursion_leave(vm);
    return good;
}

/* What sys.tracebacklimit says, when it is an int. */
static int64_t traceback_limit(Report *report)
{
    Vm *vm = report->vm;
    Ref sys = vm->interp->sys;
    Value limit = is_dict(sys) ? dict_get_text(vm, as_dict(sys), "tracebacklimit") : (Value)UNDEF;
    if (failed(limit)) do_without(report);
    if (is_bool(limit)) return limit == TRUE;
    if (is_int(limit)) return as_int(limit) > 0 ? as_int(limit) : 0;
    return is_any_int(limit) && int_sign(limit) <= 0 ? 0 : INT64_MAX;
}

static bool report_open(Report *report, Vm *vm, bool colour)
{
    *report = (Report){.vm = vm, .colour = colour};
    report->limit = traceback_limit(report);
    report->seen_ref = list_new(vm, 4);
    builder_open(&report->text);
    return !failed(report->seen_ref);
}

/* The text so far; what was raised on the way is left alone. */
static Ref report_close(Report *report)
{
    Ref error = error_take(report->vm), text = builder_finish(report->vm, &report->text);
    decref(report->seen_ref);
    if (!absent(error)) error_restore(report->vm, error);
    return text;
}

Ref exception_format(Vm *vm, Value exception)
{
    Report report;
    bool good = report_open(&report, vm, false) && put_exception(&report, exception);
    if (good && report.starved) throw_no_memory(vm);
    Ref text = report_close(&report);
    if (!failed(text) && !absent(vm->error)) replace(&text, FAIL);
    return text;
}

/* Does a person look at sys.stderr? */
static bool is_terminal(Vm *vm)
{
    Value file = dict_get_name(as_dict(vm->interp->sys), N(stderr));
    if (failed(file) || absent(file) || file == NONE) return false;
    Ref method = attr_get_text(vm, file, "isatty"),
        answer = failed(method) ? FAIL : call0(vm, method);
    bool yes = answer == TRUE;
    if (failed(answer)) error_clear(vm);
    decref(answer);
    decref(method);
    return yes;
}

static bool wants_colour(Vm *vm)
{
    ColourWish wish = flags_colour(&vm->interp->flags);
    if (wish != COLOUR_AT_TERMINAL) return wish == COLOUR_ALWAYS;
    return is_dict(vm->interp->sys) && is_terminal(vm);
}

/* What became of a report that is not whole, without asking for memory. */
static void print_cut(Vm *vm, Value exception)
{
    const char *cause = absent(vm->error) ? "MemoryError" : type_full_name(type_of(vm, vm->error));
    fprintf(stderr, "%s (%s while it was reported)\n", type_full_name(type_of(vm, exception)),
            cause);
    error_clear(vm);
}

/* Does the script want no reports? */
static bool is_silent(const Vm *vm)
{
    return is_dict(vm->interp->sys) && dict_get_name(as_dict(vm->interp->sys), N(stderr)) == NONE;
}

bool exception_print(Vm *vm, Value exception, int fd __attribute__((unused)))
{
    if (is_silent(vm)) return true;
    Report report;
    bool good = report_open(&report, vm, wants_colour(vm)) && put_exception(&report, exception);
    Ref text = report_close(&report);
    if (!failed(text)) stderr_print(vm, text);
    good = good && !failed(text) && !report.starved;
    if (!good) print_cut(vm, exception);
    decref(text);
    return good;
}
