/* builtins_code.c - compile, eval, exec and __import__. */
/* SPDX-License-Identifier: MIT */
#include "compiler/compiler.h"
#include "modules/asttree.h"
#include "modules/builtins.h"
#include "modules/iofile.h"
#include "modules/source.h"
#include "object/attr.h"
#include "object/audit.h"
#include "object/bytes.h"
#include "object/call.h"
#include "object/codec.h"
#include "object/error.h"
#include "object/function.h"
#include "object/int.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/name.h"
#include "object/native.h"
#include "object/number.h"
#include "object/str.h"
#include "object/tuple.h"
#include "vm/frame.h"
#include "vm/import.h"

static bool audit_compile(Vm *vm, const char *text, ptrdiff_t len, Value filename)
{
    Ref source = bytes_from(vm, text, len);
    bool good = !failed(source) && audit(vm, "compile", 2, (Value[]){source, filename});
    decref(source);
    return good;
}

/* Source text of a str or bytes-like value: compiled in mode. */
static Ref compile_value(Vm *vm, Value source, Value filename, ParseMode mode, unsigned flags,
                         const char *who, const char *what)
{
    SourceText from;
    if (!source_text_open(vm, source, who, what, &from)) return FAIL;
    Ref code = FAIL;
    if (audit_compile(vm, from.text, from.len, filename))
        code = compile_source(vm, from.text, from.len, filename, mode | from.mode, flags);
    source_text_close(vm, &from);
    return code;
}

/* A tree made of the classes of module ast: compiled in mode. */
static Ref compile_object(Vm *vm, Value object, Value filename, ParseMode mode, unsigned flags)
{
    Ref kept = list_new(vm, 0), code = FAIL;
    if (failed(kept)) return FAIL;
    Arena arena;
    arena_open(&arena);
    Node *tree = tree_from_object(vm, &arena, object, mode, kept);
    if (tree && tree_check(vm, tree)) code = compile_tree(vm, tree, NULL, 0, filename, flags);
    arena_close(&arena);
    decref(kept);
    return code;
}

static Truth is_tree(Vm *vm, Value v)
{
    Value base = ast_base_class(vm);
    if (failed(base)) return FAILED;
    return !absent(base) && type_has_instance(vm, as_type(base), v) ? YES : NO;
}

enum {
    ONLY_AST = 0x400, /* ast.PyCF_ONLY_AST */
    /* all that compile() takes: those of ast, of codeop, and of the features of __future__ */
    COMPILE_FLAGS = ONLY_AST | 0x10 | 0x200 | 0x1000 | 0x2000 | 0x4000 | 0x8000 | 0x1fe0000,
};

/* ast.parse(source, filename, mode) */
static Ref parse_only(Vm *vm, Value *argv)
{
    Ref module = import_text(vm, "ast");
    if (failed(module)) return FAIL;
    Ref parse_function = attr_get_text(vm, module, "parse");
    decref(module);
    if (failed(parse_function)) return FAIL;
    Ref tree = call(vm, parse_function, 3, argv);
    decref(parse_function);
    return tree;
}

static bool str_has_nul(const Str *text)
{
    for (ptrdiff_t i = 0; i < text->len; i++)
        if (str_at(text, i) == 0) return true;
    return false;
}

/* The filename of compile(): a str, bytes or path-like as a str; FAIL: raised. */
static Ref code_filename(Vm *vm, Value path)
{
    Ref text = path_text(vm, path);
    if (is_bytes(text))
        replace(&text, codec_decode(vm, (const char *)as_bytes(text)->data, as_bytes(text)->len,
                                    "utf-8", "surrogateescape"));
    if (!is_str(text) || !str_has_nul(as_str(text))) return text;
    decref(text);
    return throw(vm, ValueError, "embedded null character");
}

/* What the mode of compile() says; -1: raised. */
static int parse_mode_of(Vm *vm, Value mode)
{
    if (str_is(mode, "exec")) return PARSE_FILE;
    if (str_is(mode, "eval")) return PARSE_EVAL;
    if (str_is(mode, "single")) return PARSE_SINGLE;
    throw(vm, ValueError, "compile() mode must be 'exec', 'eval' or 'single'");
    return -1;
}

/* The COMPILE_* that flags and level of compile() mean; false: ValueError. */
static bool compile_flags_of(Vm *vm, int64_t flags, int64_t level, unsigned *wanted)
{
    if (flags & ~(int64_t)COMPILE_FLAGS) throw(vm, ValueError, "compile(): unrecognised flags");
    else if (level < -1 || level > 2) throw(vm, ValueError, "compile(): invalid optimize value");
    *wanted = COMPILE_NAMES | (flags & 0x2000 ? COMPILE_TOP_LEVEL_AWAIT : 0u) |
              (flags & 0x1000000 ? COMPILE_ANNOTATIONS_STRING : 0u) |
              (flags & 0x4000 ? COMPILE_INCOMPLETE : 0u) | (level >= 0 ? COMPILE_LEVEL_GIVEN : 0u) |
              (level >= 1 ? COMPILE_OPTIMIZE : 0u) | (level == 2 ? COMPILE_NO_DOCS : 0u);
    return !(flags & ~(int64_t)COMPILE_FLAGS) && level >= -1 && level <= 2;
}

NATIVE(builtins_compile,
       "compile(source, filename, mode, flags=0, dont_inherit=False, optimize=-1, *, "
       "_feature_version=-1)",
       "Compile source into a code object that can be executed by exec() or eval().")
{
    int64_t flags, level;
    unsigned wanted;
    Ref filename = code_filename(vm, argv[1]), code = FAIL;
    if (failed(filename)) return FAIL;
    if (!is_str(argv[2]))
        throw(vm, TypeError, "compile() argument 'mode' must be str, not %A", argv[2]);
    else if (int_index(vm, argv[3], &flags) && int_index(vm, argv[5], &level) &&
             compile_flags_of(vm, flags, level, &wanted)) {
        int mode = parse_mode_of(vm, argv[2]);
        Value parsed[] = {argv[0], filename, argv[2]};
        if (mode >= 0 && flags & 0x200) mode |= PARSE_OPEN;
        Truth tree = mode < 0 || flags & ONLY_AST ? NO : is_tree(vm, argv[0]);
        if (mode < 0 || tree == FAILED) code = FAIL;
        else if (flags & ONLY_AST) code = parse_only(vm, parsed);
        else if (tree == YES) code = compile_object(vm, argv[0], filename, (ParseMode)mode, wanted);
        else
            code = compile_value(vm, argv[0], filename, (ParseMode)mode, wanted, "compile() arg 1",
                                 "string, bytes or AST object");
    }
    decref(filename);
    return code;
}

/* Can exec() run the code with that closure (NONE: none given)?  false: TypeError. */
static bool check_closure(Vm *vm, const Code *code, Value closure, const char *who)
{
    bool given = closure != NONE;
    if (!given && strcmp(who, "eval") == 0) {
        if (code->free_count)
            throw(vm, TypeError, "code object passed to eval() may not contain free variables");
        return code->free_count == 0;
    }
    if (code->free_count == 0) {
        if (given) throw(vm, TypeError, "cannot use a closure with this code object");
        return !given;
    }
    bool good = given && is_tuple(closure) && tuple_len(closure) == code->free_count;
    for (ptrdiff_t n = 0; good && n < code->free_count; n++)
        good = is_kind(tuple_at(closure, n), KIND_CELL);
    if (!good)
        throw(vm, TypeError, "code object requires a closure of exactly length %d",
              code->free_count);
    return good;
}

/* run_code() for code with free variables: the cells of closure are theirs. */
static Ref run_closed(Vm *vm, Code *code, Dict *globals, Value namespace, Value closure)
{
    if (code->free_count == 0) return run_code(vm, code, globals, namespace);
    Ref function = function_new(vm, code, globals, NULL);
    if (failed(function)) return FAIL;
    for (ptrdiff_t n = 0; n < code->free_count; n++)
        ((Function *)as_object(function))->cells[n] =
            (Cell *)as_object(newref(tuple_at(closure, n)));
    Ref result = call(vm, function, absent(namespace) ? 0 : 1, &namespace);
    decref(function);
    return result;
}

/* Runs code with globals and locals as exec() and eval() take them (UNDEF: the caller's). */
static Ref run_with(Vm *vm, Value code, Value globals, Value locals, Value closure, const char *who)
{
    if (!check_closure(vm, as_code(code), closure, who)) return FAIL;
    Frame *frame = frame_current(vm);
    if (is_none(globals)) globals = UNDEF;
    if (is_none(locals)) locals = UNDEF;
    if (!absent(globals) && !is_dict(globals))
        return throw(vm, TypeError, "%s() globals must be a dict, not %T", who, globals);
    if (!absent(locals) && !type_of(vm, locals)->slots.get_item)
        return throw(vm, TypeError, "%s() locals must be a mapping or None, not %T", who, locals);
    Ref own = UNDEF;
    if (absent(globals)) {
        if (!frame) return throw(vm, SystemError, "globals and locals cannot be NULL");
        globals = borrow(frame->function->globals);
        if (absent(locals)) {
            own = frame_names(vm, frame);
            locals = own;
        }
    } else if (absent(locals)) {
        locals = globals;
    }
    if (failed(locals)) return FAIL;
    Ref result = FAIL;
    if (audit(vm, "exec", 1, &code) &&
        (!absent(dict_get_name(as_dict(globals), N(__builtins__))) ||
         dict_set(vm, as_dict(globals), N(__builtins__), vm->interp->builtins)))
        result = run_closed(vm, as_code(code), as_dict(globals),
                            as_code(code)->flags & CODE_NAMESPACE ? locals : (Value)UNDEF, closure);
    decref(own);
    return result;
}

NATIVE(builtins_exec, "exec(source, /, globals=None, locals=None, *, closure=None)",
       "Execute the given source in the context of globals and locals.")
{
    Ref code = is_kind(argv[0], KIND_CODE) ? newref(argv[0]) : FAIL;
    if (failed(code)) {
        if (argv[3] != NONE)
            return throw(vm, TypeError, "closure can only be used when source is a code object");
        Ref filename = str_from(vm, "<string>");
        code = failed(filename) ? FAIL
                                : compile_value(vm, argv[0], filename, PARSE_FILE, COMPILE_NAMES,
                                                "exec() arg 1", "string, bytes or code object");
        decref(filename);
        if (failed(code)) return FAIL;
    }
    Ref result = run_with(vm, code, argv[1], argv[2], argv[3], "exec");
    decref(code);
    if (failed(result)) return FAIL;
    decref(result);
    return NONE;
}

NATIVE(builtins_eval, "eval(source, /, globals=None, locals=None)",
       "Evaluate the given source in the context of globals and locals.")
{
    Ref code = is_kind(argv[0], KIND_CODE) ? newref(argv[0]) : FAIL;
    if (failed(code)) {
        Ref filename = str_from(vm, "<string>"), source = newref(argv[0]);
        if (is_str(source)) { /* leading blanks are allowed */
            ptrdiff_t start = 0, len = as_str(source)->len;
            while (start < len &&
                   (str_at(as_str(source), start) == ' ' || str_at(as_str(source), start) == '\t'))
                start++;
            if (start) replace(&source, str_slice(vm, source, start, len));
        }
        code = failed(filename) || failed(source)
                   ? FAIL
                   : compile_value(vm, source, filename, PARSE_EVAL, COMPILE_NAMES, "eval() arg 1",
                                   "string, bytes or code object");
        decref(filename);
        decref(source);
        if (failed(code)) return FAIL;
    }
    Ref result = run_with(vm, code, argv[1], argv[2], NONE, "eval");
    decref(code);
    return result;
}

NATIVE(builtins_import, "__import__(name, globals=None, locals=None, fromlist=(), level=0)",
       "Import a module.")
{
    int64_t level;
    if (!int_index(vm, argv[4], &level)) return FAIL;
    Ref fromlist = argv[3] == NONE ? newref(vm->interp->empty_tuple) : FAIL;
    if (failed(fromlist)) fromlist = tuple_from(vm, argv[3]);
    if (failed(fromlist)) return FAIL;
    Ref module = import_module(vm, argv[0], is_dict(argv[1]) ? as_dict(argv[1]) : NULL, fromlist,
                               (int)level);
    decref(fromlist);
    return module;
}

static const Native *const code_functions[] = {
    &builtins_compile_def, &builtins_exec_def, &builtins_eval_def, &builtins_import_def, NULL,
};

bool builtins_code_open(Vm *vm, Dict *builtins)
{
    Ref name = str_from(vm, "builtins");
    bool good = !failed(name);
    for (const Native *const *native = code_functions; good && *native; native++) {
        Ref function = native_function(vm, *native, UNDEF, name);
        good = !failed(function) && dict_set(vm, builtins, as_native(function)->name, function);
        decref(function);
    }
    decref(name);
    return good;
}
