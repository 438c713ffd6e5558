/* programs.c - a libFuzzer target: the input's bytes are the choices that make up a program, which
 * is then run.
 *
 * The programs come from programs.def.  One choice takes one byte, so a changed byte is another
 * expression in the same place; when the bytes are used up the program ends soon.  A finding is
 * what the sanitizers say, a crash, a hang, a SystemError, or an object that is left over.
 * One program in 64 is run with a collection at each safe point after an allocation.
 * FUZZ_SHOW=1 prints the program; with FUZZ_TEXT=1 the input is the program itself, to reduce it.
 * Neighbours: programs.def, host.c, fuzz.sh; _programs.aio (programs compared with CPython). */
/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/compiler.h"
#include "host.h"
#include "memory/gc.h"
#include "native.h"
#include "vm/frame.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

enum {
    TEXT_MAX = 40000, /* bytes of a program; from half of it on it ends soon */
    STEPS = 300,      /* calls and turns of loops */
    STEPS_AT_END = 100,
    RECURSION_MAX = 150,
    STATEMENTS_MAX = 40, /* at the top */
    CHOICES_MAX = 60,    /* for each of these */
    BLOCK_MAX = 3,
    STATEMENT_DEPTH = 4,
    EXPRESSION_DEPTH = 3,
    FEW = 8,
    WEIGHT_MAX = 60, /* items in items of what cut() lets pass */
    INT_BITS_MAX = 300,
};

static const char setup[] =
    "import array, ast, asyncio, bisect, collections, contextlib, contextvars, copy\n"
    "import dataclasses, functools, gc, heapq, inspect, io, itertools, json, operator, pickle, re, "
    "struct, sys, types, warnings\n"
    "import typing, weakref\n"
    "warnings.simplefilter('ignore')\n"
    "class Nowhere(io.TextIOBase):\n"
    "    def write(self, text):\n"
    "        return len(text)\n"
    "sys.stdout = sys.stderr = Nowhere()\n"
    "def tidy():\n"
    "    for clear in typing._cleanups: clear()\n";

static const char prelude[] =
    "class Fault(Exception): pass\n"
    "class Box:\n"
    "    __match_args__ = ('value', 'next')\n"
    "    def __init__(self, value=0, *rest, **more):\n"
    "        self.value, self.next = value, rest\n"
    "    def __enter__(self): return self\n"
    "    def __exit__(self, *error): return error[0] is Fault\n"
    "    async def __aenter__(self): return self.value\n"
    "    async def __aexit__(self, *error): await asyncio.sleep(0)\n"
    "class Meta(type):\n"
    "    def __call__(cls, *p, **k): tick(); return super().__call__(*p, **k)\n"
    "class C0: pass\n"
    "class C1: pass\n"
    "class C2(Box): pass\n"
    "def f0(*p, **k): return p[0] if p else f1\n"
    "def f1(*p, **k): yield from p\n"
    "async def f2(*p, **k): await asyncio.sleep(0); return p\n"
    "async def f3(*p, **k):\n"
    "    for a in few(p): yield a\n"
    "def quiet(loop, context): seen(context.get('exception'))\n"
    "async def main(task):\n"
    "    asyncio.get_running_loop().set_exception_handler(quiet)\n"
    "    return await task\n"
    "async def listed(items):\n"
    "    asyncio.get_running_loop().set_exception_handler(quiet)\n"
    "    return [z async for z in items]\n"
    "var = contextvars.ContextVar('var')\n"
    "a, b, c, d = [1, 2, 3], {1: 2, 'k': []}, {1, 'x'}, Box(1)\n"
    "e, f, x, y, z, w = 'text', 7, f1(1, 2), bytearray(b'abc'), None, None\n";

static Vm *host;
static Ref names, filename;
static int steps;
static bool shown, is_text; /* FUZZ_SHOW, FUZZ_TEXT */

/* ---- what programs call */

NATIVE(tick, "tick()", "Count a step; KeyboardInterrupt after the last.")
{
    return steps-- > 0 ? NONE : throw(vm, KeyboardInterrupt, "enough");
}

static int weight(Value v, int so_far);

static void weigh(Ref *slot, void *context)
{
    int *so_far = context;
    if (*so_far <= WEIGHT_MAX) *so_far = weight(*slot, *so_far);
}

/* Is v data whose text may show what it refers to?  No function, generator, task or loop. */
static bool is_data(Value v)
{
    const Object *object = is_heap(v) ? as_object(v) : NULL;
    return object && !object_is_boundary(object) &&
           (object->kind < KIND_CELL || object->kind == KIND_NAMESPACE ||
            object->kind == KIND_GENERIC_ALIAS || object->kind == KIND_UNION ||
            object->kind == KIND_EXCEPTION);
}

/* Items in items of containers, and what other data refers to; more than WEIGHT_MAX count no
 * further. */
static int weight(Value v, int so_far)
{
    Value key, value;
    if (++so_far > WEIGHT_MAX) return so_far;
    if (is_list(v)) {
        for (ptrdiff_t i = 0; i < as_list(v)->len && so_far <= WEIGHT_MAX; i++)
            so_far = weight(list_at(as_list(v), i), so_far);
    } else if (is_tuple(v)) {
        for (ptrdiff_t i = 0; i < tuple_len(v) && so_far <= WEIGHT_MAX; i++)
            so_far = weight(tuple_at(v, i), so_far);
    } else if (is_dict(v)) {
        for (ptrdiff_t i = 0; so_far <= WEIGHT_MAX && dict_next(as_dict(v), &i, &key, &value);)
            so_far = weight(value, weight(key, so_far));
    } else if (is_any_set(v)) {
        for (ptrdiff_t i = 0; so_far <= WEIGHT_MAX && set_next(as_set(v), &i, &key);)
            so_far = weight(key, so_far);
    } else if (is_data(v)) {
        object_visit(as_object(v), weigh, &so_far);
    }
    return so_far;
}

static bool add_few(Vm *thread, Value item, void *context)
{
    Value list = *(Ref *)context;
    Ref kept = weight(item, 0) > WEIGHT_MAX ? NONE : newref(item);
    return list_push(thread, as_list(list), kept) && as_list(list)->len < FEW;
}

NATIVE(few, "few(items)", "Return a list of up to eight of the items, without the big ones.")
{
    Ref list = list_new(vm, FEW);
    if (failed(list)) return FAIL;
    if (iterate(vm, argv[0], add_few, &list) || absent(vm->error)) return list;
    decref(list);
    return FAIL;
}

NATIVE(few_pairs, "few_pairs(items)", "Return up to eight items, each paired with itself.")
{
    Ref list = few(vm, argv);
    for (ptrdiff_t i = 0; !failed(list) && i < as_list(list)->len; i++) {
        Ref *slot = &as_list(list)->items[i];
        Ref pair = tuple_pack(vm, 2, (Value)*slot, (Value)*slot);
        if (failed(pair)) replace(&list, FAIL);
        else replace(slot, pair);
    }
    return list;
}

NATIVE(few_names, "few_names(mapping)",
       "Return a dict of up to eight items whose keys are text, without the big ones.")
{
    Ref out = dict_new(vm);
    Value key, value;
    if (failed(out) || !is_dict(argv[0])) return out;
    Dict *dict = as_dict(argv[0]);
    for (ptrdiff_t i = 0; as_dict(out)->len < FEW && dict_next(dict, &i, &key, &value);) {
        if (!is_str(key) || weight(value, 0) > WEIGHT_MAX) continue;
        if (!dict_set(vm, as_dict(out), key, value)) return decref(out), FAIL;
    }
    return out;
}

NATIVE(cut, "cut(value)", "Return value, or something small when it is big.")
{
    Value v = argv[0];
    if (is_any_int(v) && !is_int(v) && !is_bool(v)) {
        IntView view;
        bool big = mpz_sizeinbase(int_view(&view, v), 2) > INT_BITS_MAX;
        return big ? from_small(int_hash(v) % 1000) : newref(v);
    }
    if (is_str(v) && as_str(v)->len > WEIGHT_MAX) return str_slice(vm, v, 0, FEW);
    return weight(v, 0) > WEIGHT_MAX ? NONE : newref(v);
}

NATIVE(sweep, "sweep()", "Collect what may be garbage: a gc.collect() that looks nowhere else.")
{
    return from_small(collector_run(vm));
}

NATIVE(show, "show(value)", "Make the text of value.")
{
    Ref text = value_repr(vm, argv[0]);
    if (failed(text)) return FAIL;
    decref(text);
    return NONE;
}

NATIVE(seen, "seen(error)", "Look at what was raised: it is no SystemError.")
{
    if (exception_is(vm, argv[0], SystemError)) {
        error_restore(vm, newref(argv[0]));
        host_finding(vm, "a SystemError");
    }
    return NONE;
}

NATIVE(unraisable, "unraisable(about)", "Look at what nobody could catch.")
{
    Ref error = attr_get_text(vm, argv[0], "exc_value");
    if (failed(error)) return FAIL;
    argv[0] = error;
    Ref result = seen(vm, argv);
    decref(error);
    return result;
}

static const Native *const natives[] = {&tick_def,      &few_def,  &few_pairs_def,
                                        &few_names_def, &cut_def,  &sweep_def,
                                        &show_def,      &seen_def, NULL};

/* ---- writing a program */

enum { LOOP = 1, RETURN = 2, VALUE = 4, YIELD = 8, FROM = 16, AWAIT = 32, NAMED = 64 };

typedef enum PartKind {
#define KIND(name, otherwise) KIND_of_##name,
#include "programs.def"
    KINDS
} PartKind;

static const struct {
    const char *name;
    PartKind otherwise;
} kinds[] = {
#define KIND(name, otherwise) {#name, KIND_of_##otherwise},
#include "programs.def"
};

static const struct Part {
    PartKind kind;
    unsigned needs;
    const char *text;
} parts[] = {
#define PART(kind, needs, text) {KIND_of_##kind, needs, text},
#include "programs.def"
};

enum { PARTS = sizeof parts / sizeof *parts };

static int first_part[KINDS]; /* the parts of a kind stand together */

/* The blocks: what the context becomes inside (with everything of `kept` that it was). */
static const struct {
    const char *name;
    PartKind kind;
    unsigned kept, added;
    const char *first;
} blocks[] = {
    {"block", KIND_of_stmt, ~0u, 0, NULL},
    {"loop", KIND_of_stmt, ~0u, LOOP, "tick()\n"},
    {"star", KIND_of_stmt, AWAIT | YIELD | NAMED, 0, NULL},
    {"def", KIND_of_stmt, 0, NAMED | RETURN | VALUE, NULL},
    {"steps", KIND_of_stmt, 0, NAMED | RETURN | VALUE | YIELD | FROM, NULL},
    {"coro", KIND_of_stmt, 0, NAMED | RETURN | VALUE | AWAIT, NULL},
    {"asteps", KIND_of_stmt, 0, NAMED | RETURN | YIELD | AWAIT, NULL},
    {"members", KIND_of_member, 0, 0, NULL},
};

typedef struct Writer {
    const uint8_t *choices, *end;
    char text[TEXT_MAX];
    size_t len;
    int indent;  /* blanks at the start of a statement's lines */
    int leading; /* blanks that the running template itself has put at the start of its line */
    bool line_starts;
} Writer;

static unsigned choose(Writer *w, unsigned count)
{
    if (w->choices == w->end || w->len > TEXT_MAX / 2 || count < 2) return 0;
    return *w->choices++ % count;
}

static void put(Writer *w, char c)
{
    if (w->len + 200 > TEXT_MAX) return;
    if (w->line_starts && c == ' ') {
        w->leading++;
        return;
    }
    if (w->line_starts && c != '\n') {
        memset(w->text + w->len, ' ', (size_t)(w->indent + w->leading));
        w->len += (size_t)(w->indent + w->leading);
        w->line_starts = false;
    }
    w->text[w->len++] = c;
    if (c == '\n') {
        w->line_starts = true;
        w->leading = 0;
    }
}

static void put_text(Writer *w, const char *text)
{
    for (; *text; text++) put(w, *text);
}

static void write_kind(Writer *w, PartKind kind, unsigned context, int depth);

static void write_block(Writer *w, size_t block, unsigned context, int depth)
{
    int outer = w->indent, leading = w->leading;
    w->indent += w->leading;
    context = (context & blocks[block].kept) | blocks[block].added;
    w->leading = 0;
    if (blocks[block].first) put_text(w, blocks[block].first);
    for (unsigned count = 1 + choose(w, BLOCK_MAX); count > 0; count--) {
        w->line_starts = true;
        w->leading = 0;
        write_kind(w, blocks[block].kind, context, depth);
        if (count > 1) put(w, '\n');
    }
    w->indent = outer;
    w->leading = leading;
}

/* Writes what $name stands for; the length of name. */
static size_t write_named(Writer *w, const char *name, unsigned context, int depth)
{
    size_t len = 0;
    while (isalpha((unsigned char)name[len])) len++;
    if (len == 5 && memcmp(name, "plain", 5) == 0) {
        write_kind(w, KIND_of_expr, context & LOOP, depth - 1);
        return len;
    }
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        if (strlen(blocks[i].name) != len || memcmp(name, blocks[i].name, len) != 0) continue;
        write_block(w, i, context, depth - 1);
        return len;
    }
    for (int i = 0; i < KINDS; i++) {
        if (strlen(kinds[i].name) != len || memcmp(name, kinds[i].name, len) != 0) continue;
        int outer = w->indent, leading = w->leading;
        if (w->line_starts) w->indent += leading, w->leading = 0; /* of each line of it */
        write_kind(w, (PartKind)i, context, depth - 1);
        w->indent = outer;
        return len;
    }
    fprintf(stderr, "programs.def: there is no $%.10s\n", name);
    exit(2);
}

static const struct Part *choose_part(Writer *w, PartKind kind, unsigned context)
{
    const struct Part *fitting[256];
    unsigned count = 0;
    int at = first_part[kind];
    for (; at < PARTS && parts[at].kind == kind && count < 256; at++)
        if ((parts[at].needs & ~context) == 0) fitting[count++] = &parts[at];
    return fitting[choose(w, count)];
}

static void write_kind(Writer *w, PartKind kind, unsigned context, int depth)
{
    bool statement = kind == KIND_of_top || kind == KIND_of_stmt || kind == KIND_of_member ||
                     kind == KIND_of_simple;
    if (depth <= 0) kind = kinds[kind].otherwise;
    const struct Part *part = choose_part(w, kind, context);
    int inner = kind == KIND_of_simple ? EXPRESSION_DEPTH : depth;
    for (const char *c = part->text; *c; c++) {
        if (*c != '$') {
            put(w, *c);
            continue;
        }
        bool block = statement && w->line_starts;
        c += write_named(w, c + 1, context, block || !statement ? inner : EXPRESSION_DEPTH);
    }
}

static void write_program(Writer *w, const uint8_t *input, size_t size)
{
    const uint8_t *end = input + size;
    w->choices = input;
    w->len = sizeof prelude - 1;
    memcpy(w->text, prelude, w->len);
    for (int i = 0; i < STATEMENTS_MAX && w->choices < end; i++) {
        w->end = end - w->choices > CHOICES_MAX ? w->choices + CHOICES_MAX : end;
        w->line_starts = true;
        w->indent = w->leading = 0;
        put_text(w, "try:\n    ");
        write_named(w, "top", NAMED, STATEMENT_DEPTH + 1);
        put_text(w, "\nexcept BaseException as error:\n    seen(error)\n");
    }
    w->text[w->len] = 0;
}

static void write_text(Writer *w, const uint8_t *text, size_t size)
{
    if (size > TEXT_MAX - sizeof prelude) exit(2);
    memcpy(w->text, prelude, sizeof prelude - 1);
    memcpy(w->text + sizeof prelude - 1, text, size);
    w->len = sizeof prelude - 1 + size;
    w->text[w->len] = 0;
}

/* ---- running it */

static void clear_raised(Vm *vm)
{
    if (absent(vm->error)) host_finding(vm, "a failure without an exception");
    if (error_is(vm, SystemError)) host_finding(vm, "a SystemError");
    if (shown) {
        Ref error = error_take(vm), text = format_text(vm, "%R", (Value)error);
        if (is_str(text)) fprintf(stderr, "raised %s\n", as_str(text)->data);
        decref(text);
        decref(error);
    }
    if (!absent(vm->error)) error_clear(vm);
}

static void run_text(Vm *vm, Dict *globals, const char *text, size_t len)
{
    Ref code = compile_source(vm, text, (ptrdiff_t)len, filename, PARSE_FILE, 0),
        result = failed(code) ? FAIL : run_code(vm, as_code(code), globals, UNDEF);
    if (failed(result)) clear_raised(vm);
    if (!absent(vm->error)) host_finding(vm, "a result, and an exception all the same");
    decref(result);
    decref(code);
}

/* As AIO_DEBUG=gcstress, while on. */
static void collect_often(Interp *interp, bool on)
{
    interp->debug = on ? interp->debug | DEBUG_GCSTRESS : interp->debug & ~(unsigned)DEBUG_GCSTRESS;
    interp->memory.watch = on || interp->memory.registry;
}

static void once(Vm *vm, const uint8_t *input, size_t size)
{
    static Writer writer;
    if (is_text) write_text(&writer, input, size);
    else write_program(&writer, input, size);
    if (shown) fprintf(stderr, "%s", writer.text + sizeof prelude - 1);
    Ref module = module_new(vm, N(__main__), UNDEF);
    Dict *modules = as_dict(vm->interp->modules);
    if (failed(module) || !dict_merge(vm, module_dict(module), as_dict(names)) ||
        !dict_set(vm, modules, N(__main__), module))
        host_finding(vm, "no module for the program");
    steps = STEPS;
    collect_often(vm->interp, size % 64 == 4);
    run_text(vm, module_dict(module), writer.text, writer.len);
    collect_often(vm->interp, false);
    steps = STEPS_AT_END;
    dict_delete(vm, modules, N(__main__));
    dict_clear(module_dict(module));
    decref(module);
}

static bool prepare(Vm *vm)
{
    for (int i = PARTS; i-- > 0;) first_part[parts[i].kind] = i;
    Value sys = vm->interp->sys;
    for (int i = 0; natives[i]; i++) {
        Ref function = native_function(vm, natives[i], UNDEF, UNDEF),
            name = failed(function) ? FAIL : native_name(vm, natives[i]);
        bool good = !failed(name) && dict_set(vm, as_dict(names), name, function);
        decref(name);
        decref(function);
        if (!good) return false;
    }
    Ref hook = native_function(vm, &unraisable_def, UNDEF, UNDEF);
    bool good = !failed(hook) && dict_set_text(vm, as_dict(sys), "unraisablehook", hook);
    decref(hook);
    return good;
}

int LLVMFuzzerInitialize(int *argc __attribute__((unused)), char ***argv __attribute__((unused)))
{
    Vm *vm = host = host_open(setup, &names);
    filename = str_from(vm, "program");
    shown = getenv("FUZZ_SHOW");
    is_text = getenv("FUZZ_TEXT");
    recursion_limit_set(vm, RECURSION_MAX);
    if (failed(filename) || !prepare(vm)) exit(2);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    host_run(host, once, input, size);
    return 0;
}
