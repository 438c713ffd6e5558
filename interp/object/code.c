/* code.c - code objects.
 *
 * Made empty here and filled by the compiler; owns all its arrays.  All code objects of an
 * interpreter are linked, so that their specialised instructions can be reset. Neighbours:
 * compiler/ (makes them), vm/eval.c (runs them). */
/* SPDX-License-Identifier: MIT */
#include "object/code.h"

#include <string.h>

#include "object/attr.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/list.h"
#include "object/member.h"
#include "object/name.h"
#include "object/native.h"
#include "object/number.h"
#include "object/str.h"
#include "object/tuple.h"

Code *code_new(Vm *vm)
{
    Code *code = type_instance(vm, type_builtin(vm, KIND_CODE));
    if (!code) return NULL;
    code->name = newref(vm->interp->empty_str);
    code->qualname = newref(vm->interp->empty_str);
    code->filename = newref(vm->interp->empty_str);
    code->interp = vm->interp;
    code->next = vm->interp->codes;
    code->previous = &vm->interp->codes;
    if (code->next) code->next->previous = &code->next;
    vm->interp->codes = code;
    return code;
}

CodePos code_position(const Code *code, int index)
{
    if (!code->positions || index < 0 || index >= code->instr_count)
        return (CodePos){code->first_line, code->first_line, -1, -1};
    return code->positions[index];
}

static void visit_all(Ref *refs, int count, Visit *visit, void *context)
{
    for (int i = 0; refs && i < count; i++)
        if (is_heap(refs[i])) visit(&refs[i], context);
}

static void code_visit(Object *self, Visit *visit, void *context)
{
    const Code *code = (Code *)(void *)self;
    visit_all(code->constants, code->constant_count, visit, context);
}

static void drop_all(Ref **refs, int count)
{
    Ref *all = *refs;
    *refs = NULL;
    for (int i = 0; all && i < count; i++) decref(all[i]);
    memory_free(all);
}

static void code_clear(Object *self)
{
    Code *code = (Code *)(void *)self;
    if (code->previous) {
        *code->previous = code->next;
        if (code->next) code->next->previous = code->previous;
        code->previous = NULL;
    }
    drop_all(&code->constants, code->constant_count);
    drop_all(&code->local_names, code->locals);
    drop_all(&code->free_names, code->free_count);
    drop_all(&code->attribute_names, code->attribute_count);
    memory_free(code->instrs);
    memory_free(code->traced);
    memory_free(code->caches);
    memory_free(code->positions);
    memory_free(code->handlers);
    memory_free(code->captures);
    memory_free(code->local_kinds);
    code->instrs = NULL;
    code->traced = NULL;
    code->caches = NULL;
    code->positions = NULL;
    code->handlers = NULL;
    code->captures = NULL;
    code->local_kinds = NULL;
}

/* ---- what scripts see ---- */

static Ref code_repr(Vm *vm, Value self)
{
    const Code *code = as_code(self);
    char address[32];
    snprintf(address, sizeof address, "%#llx", (unsigned long long)bits_of(self));
    return format_text(vm, "<code object %S at %s, file \"%S\", line %d>", (Value)code->name,
                       address, (Value)code->filename, code->first_line);
}

static Ref get_name(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_code(self)->name);
}
static Ref get_qualname(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_code(self)->qualname);
}
static Ref get_filename(Vm *vm __attribute__((unused)), Value self)
{
    return newref(as_code(self)->filename);
}
static Ref get_first_line(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_code(self)->first_line);
}
/* A namespace is a parameter that scripts do not see. */
static Ref get_arg_count(Vm *vm __attribute__((unused)), Value self)
{
    const Code *code = as_code(self);
    return from_small(code->flags & CODE_NAMESPACE ? 0 : code->arg_count);
}
static Ref get_positional_only(Vm *vm __attribute__((unused)), Value self)
{
    const Code *code = as_code(self);
    return from_small(code->flags & CODE_NAMESPACE ? 0 : code->positional_only);
}
static Ref get_keyword_only(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_code(self)->keyword_only);
}
static Ref get_flags(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_code(self)->flags & 0xFFFFFFF);
}
static Ref get_stack_size(Vm *vm __attribute__((unused)), Value self)
{
    return from_small(as_code(self)->temps);
}

/* Locals in the order parameters, variables, chosen by kind; free variables are not among them. */
static Ref local_names(Vm *vm, const Code *code, bool cells)
{
    Ref list = list_new(vm, code->locals);
    for (int i = 0; !failed(list) && code->local_names && i < code->locals; i++) {
        int kind = code->local_kinds ? code->local_kinds[i] : 0;
        bool cell = kind & LOCAL_CELL;
        bool wanted = cells ? cell : !cell || kind & LOCAL_PARAMETER;
        if (!wanted || kind & LOCAL_HIDDEN || !is_str(code->local_names[i])) continue;
        if ((code->flags & CODE_NAMESPACE) && i == 0) continue;
        if (!list_push(vm, as_list(list), newref(code->local_names[i]))) replace(&list, FAIL);
    }
    if (failed(list)) return FAIL;
    Ref tuple = tuple_from_values(vm, as_list(list)->len, as_values(as_list(list)->items));
    decref(list);
    return tuple;
}

static Ref get_varnames(Vm *vm, Value self) { return local_names(vm, as_code(self), false); }
static Ref get_cellvars(Vm *vm, Value self) { return local_names(vm, as_code(self), true); }
static Ref get_freevars(Vm *vm, Value self)
{
    return tuple_from_values(vm, as_code(self)->free_count, as_values(as_code(self)->free_names));
}
static Ref get_nlocals(Vm *vm, Value self)
{
    Ref names = get_varnames(vm, self);
    if (failed(names)) return FAIL;
    ptrdiff_t count = tuple_len(names);
    decref(names);
    return from_small(count);
}

static bool is_name(Value constant) { return is_str(constant) && as_str(constant)->interned; }

/* Constants and names share one array here: names are the interned strings among them. */
static Ref constants(Vm *vm, const Code *code, bool names)
{
    Ref list = list_new(vm, code->constant_count);
    for (int i = 0; !failed(list) && i < code->constant_count; i++) {
        Value value = code->constants[i];
        if (absent(value) || (names && !is_name(value))) continue;
        if (!list_push(vm, as_list(list), newref(value))) replace(&list, FAIL);
    }
    if (failed(list)) return FAIL;
    Ref tuple = tuple_from_values(vm, as_list(list)->len, as_values(as_list(list)->items));
    decref(list);
    return tuple;
}
static Ref get_consts(Vm *vm, Value self) { return constants(vm, as_code(self), false); }
static Ref get_names(Vm *vm, Value self) { return constants(vm, as_code(self), true); }

static Ref number_or_none(int n) { return n < 0 ? NONE : from_small(n); }

NATIVE(code_positions, "co_positions(self, /)",
       "Iterate over (line, end line, column, end column) of each instruction word.")
{
    const Code *code = as_code(argv[0]);
    Ref list = list_new(vm, code->instr_count + 1);
    for (int i = -1; !failed(list) && i < code->instr_count; i++) {
        CodePos pos = code_position(code, i);
        Ref row =
            tuple_pack(vm, 4, (Value)number_or_none(pos.line), (Value)number_or_none(pos.end_line),
                       (Value)number_or_none(pos.col), (Value)number_or_none(pos.end_col));
        if (failed(row) || !list_push(vm, as_list(list), row)) replace(&list, FAIL);
    }
    if (failed(list)) return FAIL;
    Ref iter = type_of(vm, list)->slots.iter(vm, list);
    decref(list);
    return iter;
}

NATIVE(code_lines, "co_lines(self, /)",
       "Iterate over (start, end, line): offsets of instruction bytes of one line.")
{
    const Code *code = as_code(argv[0]);
    Ref list = list_new(vm, 8);
    for (int i = -1; !failed(list) && i < code->instr_count;) {
        int start = i, line = code_position(code, i).line;
        while (i < code->instr_count && code_position(code, i).line == line) i++;
        Ref row = tuple_pack(vm, 3, (Value)from_small(code_offset(start)),
                             (Value)from_small(code_offset(i)), (Value)number_or_none(line));
        if (failed(row) || !list_push(vm, as_list(list), row)) replace(&list, FAIL);
    }
    if (failed(list)) return FAIL;
    Ref iter = type_of(vm, list)->slots.iter(vm, list);
    decref(list);
    return iter;
}

/* ---- equality: the same function from the same lines ---- */

/* Equal and of one type, also within: 1 is not True, 0.0 not -0.0. */
static Truth same_constant(Vm *vm, Value a, Value b)
{
    if (a == b) return YES;
    if (absent(a) || absent(b) || type_of(vm, a) != type_of(vm, b)) return NO;
    if (is_tuple(a)) {
        Truth same = tuple_len(a) == tuple_len(b);
        for (ptrdiff_t i = 0; same == YES && i < tuple_len(a); i++)
            same = same_constant(vm, tuple_at(a, i), tuple_at(b, i));
        return same;
    }
    Truth same = value_equal(vm, a, b);
    if (same != YES || (!is_float(a) && !is_kind(a, KIND_COMPLEX))) return same;
    Ref left = value_repr(vm, a), right = value_repr(vm, b); /* the signs of zeros */
    same = failed(left) || failed(right) ? FAILED : str_equal(as_str(left), as_str(right));
    decref(left);
    decref(right);
    return same;
}

static Truth same_values(Vm *vm, const Ref *a, const Ref *b, int count)
{
    Truth same = YES;
    for (int i = 0; same == YES && i < count; i++) same = same_constant(vm, a[i], b[i]);
    return same;
}

static bool same_bytes(const void *a, const void *b, size_t size_bytes)
{
    return !size_bytes || memcmp(a, b, size_bytes) == 0;
}

static bool same_outline(const Code *a, const Code *b)
{
    return a->arg_count == b->arg_count && a->positional_only == b->positional_only &&
           a->keyword_only == b->keyword_only && a->flags == b->flags &&
           a->first_line == b->first_line && a->constant_count == b->constant_count &&
           a->handler_count == b->handler_count && a->free_count == b->free_count &&
           a->locals == b->locals && a->cache_count == b->cache_count &&
           code_same_instructions(a, b) &&
           same_bytes(a->positions, b->positions, sizeof(CodePos) * (size_t)a->instr_count) &&
           same_bytes(a->handlers, b->handlers, sizeof(HandlerRow) * (size_t)a->handler_count) &&
           same_bytes(a->local_kinds, b->local_kinds, (size_t)a->locals);
}

static Truth code_equal(Vm *vm, const Code *a, const Code *b)
{
    for (int i = 0; i < a->cache_count && i < b->cache_count; i++)
        if (a->caches[i].k != b->caches[i].k) return NO;
    if (a == b) return YES;
    if (!str_equal(as_str(a->name), as_str(b->name)) || !same_outline(a, b)) return NO;
    Truth same = same_values(vm, a->local_names, b->local_names, a->locals);
    if (same == YES) same = same_values(vm, a->free_names, b->free_names, a->free_count);
    if (same == YES) same = same_values(vm, a->constants, b->constants, a->constant_count);
    return same;
}

static Ref code_compare(Vm *vm, Value a, Value b, CompareOp op)
{
    if (!is_kind(b, KIND_CODE) || (op != CMP_EQUAL && op != CMP_NOT_EQUAL)) return NOT_IMPLEMENTED;
    Truth same = code_equal(vm, as_code(a), as_code(b));
    return same == FAILED ? FAIL : from_bool((same == YES) == (op == CMP_EQUAL));
}

static bool code_hash(Vm *vm, Value self, int64_t *hash)
{
    const Code *code = as_code(self);
    Ref parts =
        tuple_pack(vm, 4, (Value)code->name, (Value)from_small(code->first_line),
                   (Value)from_small(code->arg_count), (Value)from_small(code->instr_count));
    bool good = !failed(parts) && value_hash(vm, parts, hash);
    decref(parts);
    return good;
}

/* ---- replace() ---- */

static void *copy_bytes(Vm *vm, const void *from, size_t size_bytes)
{
    if (!from || !size_bytes) return NULL;
    void *copy = memory_new(vm, size_bytes);
    return copy ? memcpy(copy, from, size_bytes) : NULL;
}

static Ref *copy_refs(Vm *vm, Ref *from, int count)
{
    Ref *copy = copy_bytes(vm, from, (size_t)count * sizeof *from);
    for (int i = 0; copy && i < count; i++) copy[i] = newref(from[i]);
    return copy;
}

#define COPY(field, count)                                                                         \
    (!(from)->field || (count) == 0 ||                                                             \
     ((code)->field = copy_bytes(vm, (from)->field, (size_t)(count) * sizeof *(from)->field)))
#define COPY_REFS(field, count)                                                                    \
    (!(from)->field || (count) == 0 || ((code)->field = copy_refs(vm, (from)->field, count)))

/* A copy that shares nothing but values; NULL: raised. */
static Code *code_copy(Vm *vm, const Code *from)
{
    Code *code = code_new(vm);
    if (!code) return NULL;
    code->arg_count = from->arg_count;
    code->positional_only = from->positional_only;
    code->keyword_only = from->keyword_only;
    code->plain_args = from->plain_args;
    code->parameters = from->parameters;
    code->flags = from->flags;
    code->first_line = from->first_line;
    code->temps = from->temps;
    replace(&code->name, newref(from->name));
    replace(&code->qualname, newref(from->qualname));
    replace(&code->filename, newref(from->filename));
    code->cache_count = from->cache_count;
    code->handler_count = from->handler_count;
    /* arrays of references count as empty until they are there */
    bool good = COPY_REFS(constants, from->constant_count);
    code->constant_count = good ? from->constant_count : 0;
    good = good && COPY_REFS(local_names, from->locals);
    code->locals = good ? from->locals : 0;
    good = good && COPY_REFS(free_names, from->free_count);
    code->free_count = good ? from->free_count : 0;
    good = good && COPY_REFS(attribute_names, from->attribute_count);
    code->attribute_count = good ? from->attribute_count : 0;
    good = good && COPY(instrs, from->instr_count) && COPY(caches, from->cache_count) &&
           COPY(positions, from->instr_count) && COPY(handlers, from->handler_count) &&
           COPY(captures, from->free_count) && COPY(local_kinds, from->locals);
    code->instr_count = good ? from->instr_count : 0;
    for (int i = 0; from->traced && i < code->instr_count; i++) /* nobody traces the copy yet */
        if (from->traced[i].tells)
            code->instrs[i] = (code->instrs[i] & ~0xffu) | from->traced[i].op;
    if (good) return code;
    decref(from_object(code));
    return NULL;
}

#undef COPY
#undef COPY_REFS

static bool change_name(Vm *vm, Value key, Ref *slot, Value value)
{
    if (!is_str(value)) {
        throw(vm, TypeError, "replace() argument '%S' must be str, not %A", key, value);
        return false;
    }
    replace(slot, newref(value));
    return true;
}

static bool change_number(Vm *vm, Value key, Value value, int64_t *out)
{
    if (is_int(value)) {
        *out = as_int(value);
        return true;
    }
    throw(vm, TypeError, "replace() argument '%S' must be int, not %A", key, value);
    return false;
}

/* Other constants, one for each; strings that may be names as well stay. */
static bool change_constants(Vm *vm, Code *code, Value value)
{
    if (!is_tuple(value)) {
        throw(vm, TypeError, "replace() argument 'co_consts' must be tuple, not %A", value);
        return false;
    }
    int given = 0;
    for (int i = 0; i < code->constant_count; i++) {
        if (absent(code->constants[i])) continue;
        Value wanted = given < tuple_len(value) ? tuple_at(value, given) : (Value)UNDEF;
        given++;
        if (absent(wanted)) break;
        Truth same = same_constant(vm, code->constants[i], wanted);
        if (same == FAILED) return false;
        if (same == NO && is_name(code->constants[i])) {
            throw(vm, ValueError, "code: the name %R in co_consts cannot be changed",
                  (Value)code->constants[i]);
            return false;
        }
        if (same == NO) replace(&code->constants[i], newref(wanted));
    }
    if (given == tuple_len(value)) return true;
    throw(vm, ValueError, "code: the number of co_consts cannot be changed");
    return false;
}

/* One change that replace() was given. */
static bool code_change(Vm *vm, Code *code, Value key, Value value)
{
    enum { CHANGEABLE = CODE_ITERABLE_COROUTINE | CODE_HAS_DOCSTRING | CODE_METHOD | CODE_NESTED };
    int64_t number;
    if (str_is(key, "co_name")) return change_name(vm, key, &code->name, value);
    if (str_is(key, "co_qualname")) return change_name(vm, key, &code->qualname, value);
    if (str_is(key, "co_filename")) return change_name(vm, key, &code->filename, value);
    if (str_is(key, "co_firstlineno")) {
        if (!change_number(vm, key, value, &number)) return false;
        code->first_line = (int)number;
        return true;
    }
    if (str_is(key, "co_flags")) {
        if (!change_number(vm, key, value, &number)) return false;
        if (((unsigned)number ^ code->flags) & 0xFFFFFFF & ~CHANGEABLE) {
            throw(vm, ValueError, "code: these bits of co_flags cannot be changed");
            return false;
        }
        code->flags = (code->flags & ~(unsigned)CHANGEABLE) | ((unsigned)number & CHANGEABLE);
        return true;
    }
    if (str_is(key, "co_consts")) return change_constants(vm, code, value);
    Ref now = str_is(key, "replace") ? UNDEF : attr_get_or_absent(vm, borrow(code), key);
    if (failed(now)) return false;
    if (absent(now) || as_str(key)->data[0] != 'c') {
        decref(now);
        throw(vm, TypeError, "replace() got an unexpected keyword argument '%S'", key);
        return false;
    }
    Truth same = value_equal(vm, now, value);
    decref(now);
    if (same == NO) throw(vm, ValueError, "code: %S cannot be changed", key);
    return same == YES;
}

NATIVE(code_replace, "replace(self, /, **changes)",
       "Return a copy with another co_name, co_qualname, co_filename, co_firstlineno, or others in "
       "co_consts or co_flags.  Raises ValueError for a change to anything else.")
{
    Code *code = code_copy(vm, as_code(argv[0]));
    if (!code) return FAIL;
    Value key, value;
    for (ptrdiff_t i = 0; dict_next(as_dict(argv[1]), &i, &key, &value);) {
        if (code_change(vm, code, key, value)) continue;
        decref(from_object(code));
        return FAIL;
    }
    return from_object(code);
}

static const Native *const code_methods[] = {&code_positions_def, &code_lines_def,
                                             &code_replace_def, NULL};

static const Attribute code_attributes[] = {
    {"co_name", get_name, member_read_only, "name of the function"},
    {"co_qualname", get_qualname, member_read_only, "its path from the module"},
    {"co_filename", get_filename, member_read_only, "name of the file it was compiled from"},
    {"co_firstlineno", get_first_line, member_read_only, "its first line"},
    {"co_argcount", get_arg_count, member_read_only, "number of positional parameters"},
    {"co_posonlyargcount", get_positional_only, member_read_only,
     "number of positional-only parameters"},
    {"co_kwonlyargcount", get_keyword_only, member_read_only, "number of keyword-only parameters"},
    {"co_varnames", get_varnames, NULL, "parameters and local variables"},
    {"co_cellvars", get_cellvars, NULL, "local variables that inner functions use"},
    {"co_freevars", get_freevars, NULL, "variables of outer functions"},
    {"co_nlocals", get_nlocals, member_read_only, "number of local variables"},
    {"co_consts", get_consts, member_read_only, "constants"},
    {"co_names", get_names, member_read_only, "names used"},
    {"co_flags", get_flags, member_read_only, "bits"},
    {"co_stacksize", get_stack_size, member_read_only, "number of temporaries"},
    {0},
};

const TypeDef code_type = {
    .name = "code",
    .size = sizeof(Code),
    .flags = TYPE_CONTAINER | TYPE_FINAL | TYPE_NO_NEW | TYPE_WEAKREF,
    .doc = "Compiled code.",
    .refs = REFS(REF(Code, name), REF(Code, qualname), REF(Code, filename)),
    .visit = code_visit,
    .clear = code_clear,
    .repr = code_repr,
    .hash = code_hash,
    .compare = code_compare,
    .methods = code_methods,
    .attributes = code_attributes,
};
