/* statement.c - import statements, expression statements at the prompt, rare instructions.
 *
 * Neighbours: ops/statement.inc, modules/import.c, compiler/intrinsics.def. */
/* SPDX-License-Identifier: MIT */
#include "object/attr.h"
#include "object/call.h"
#include "object/error.h"
#include "object/genericalias.h"
#include "object/iter.h"
#include "object/list.h"
#include "object/module.h"
#include "object/name.h"
#include "object/native.h"
#include "object/number.h"
#include "object/set.h"
#include "object/str.h"
#include "object/tuple.h"
#include "vm/eval.h"
#include "vm/import.h"

Ref import_name(Vm *vm, Frame *frame, Value name, Value fromlist, int level)
{
    Dict *globals = frame->function->globals;
    Ref hook = load_builtin(vm, frame->function, N(__import__));
    if (failed(hook)) return FAIL;
    if (absent(hook)) return throw(vm, ImportError, "__import__ not found");
    Value namespace = frame->code->flags & CODE_NAMESPACE ? (Value)frame->base[0] : NONE;
    Value args[5] = {name, borrow(globals), namespace, fromlist, from_small(level)};
    Ref module = is_kind(hook, KIND_NATIVE_FUNCTION)
                     ? import_module(vm, name, globals, fromlist, level)
                     : call(vm, hook, 5, args);
    decref(hook);
    return module;
}

/* The submodule, when `from package import name` meets a circular import. */
static Ref import_submodule(Vm *vm, Value module, Value name)
{
    Ref package = attr_get_or_absent(vm, module, N(__name__));
    if (!is_str(package)) {
        if (!failed(package)) decref(package);
        return UNDEF;
    }
    Ref full = format_text(vm, "%S.%S", (Value)package, name);
    decref(package);
    if (failed(full)) return FAIL;
    Value found = dict_get(vm, as_dict(vm->interp->modules), full);
    decref(full);
    return newref(found);
}

/* What `from package import name` says when there is no such name; package UNDEF: it has no name
 * itself. */
static Ref name_missing(Vm *vm, Value name, Value package, Value file, Value spec)
{
    if (absent(package)) {
        Ref unknown = str_from(vm, "<unknown module name>");
        Ref text = failed(unknown)
                       ? FAIL
                       : format_text(vm, "cannot import name %R from %R (unknown location)", name,
                                     (Value)unknown);
        decref(unknown);
        return text;
    }
    Value origin;
    ModuleStanding standing = module_standing(vm, spec, package, &origin);
    if (absent(origin) && is_str(file)) origin = file;
    if (standing == MODULE_HIDES_LIBRARY)
        return format_text(
            vm,
            "cannot import name %R from %R (consider renaming %R since it has the same name as the "
            "standard library module named %R and prevents importing that standard library module)",
            name, package, origin, package);
    if (standing == MODULE_MAY_HIDE)
        return format_text(
            vm,
            "cannot import name %R from %R (consider renaming %R if it has the same name as a "
            "library you intended to import)",
            name, package, origin);
    if (absent(origin))
        return format_text(vm, "cannot import name %R from %R (unknown location)", name, package);
    const char *partial = standing == MODULE_PARTIAL ? "partially initialized module " : "";
    const char *why = standing == MODULE_PARTIAL ? " (most likely due to a circular import)" : "";
    return format_text(vm, "cannot import name %R from %s%R%s (%S)", name, partial, package, why,
                       origin);
}

Ref import_from(Vm *vm, Value module, Value name)
{
    Ref value = attr_get_or_absent(vm, module, name);
    if (!absent(value)) return value;
    value = import_submodule(vm, module, name);
    if (!absent(value)) return value;
    Ref package = attr_get_or_absent(vm, module, N(__name__)),
        file = attr_get_or_absent(vm, module, N(__file__));
    Ref spec = attr_get_or_absent(vm, module, N(__spec__));
    if (failed(package) || failed(file) || failed(spec)) error_clear(vm);
    Ref message = name_missing(vm, name, is_str(package) ? (Value)package : UNDEF, file, spec);
    if (!failed(message)) {
        throw_value(vm, ImportError, message);
        Ref error = error_take(vm);
        bool good = (!is_str(package) || attr_set(vm, error, N(name), package)) &&
                    (!is_str(file) || attr_set(vm, error, N(path), file)) &&
                    attr_set(vm, error, N(name_from), name);
        if (good) error_restore(vm, error);
        else decref(error);
    }
    decref(message);
    if (!failed(package)) decref(package);
    if (!failed(file)) decref(file);
    if (!failed(spec)) decref(spec);
    return FAIL;
}

typedef struct StarImport {
    Value module;
    Value target; /* namespace mapping or globals */
    bool skip_private;
} StarImport;

static bool import_one_name(Vm *vm, Value name, void *context)
{
    StarImport *star = context;
    if (!is_str(name)) {
        Ref module = attr_get(vm, star->module, N(__name__));
        if (!failed(module))
            throw(vm, TypeError, "%s in %S.%s must be str, not %T",
                  star->skip_private ? "Key" : "Item", (Value)module,
                  star->skip_private ? "__dict__" : "__all__", name);
        decref(module);
        return false;
    }
    if (star->skip_private && as_str(name)->len && str_at(as_str(name), 0) == '_') return true;
    Ref key = str_intern(vm, newref(name));
    Ref value = failed(key) ? FAIL : attr_get(vm, star->module, key);
    bool good = !failed(value) && value_set_item(vm, star->target, key, value);
    decref(value);
    decref(key);
    return good;
}

bool import_star(Vm *vm, Frame *frame, Value module)
{
    Value target = frame->code->flags & CODE_NAMESPACE ? (Value)frame->base[0]
                                                       : borrow(frame->function->globals);
    Ref names = attr_get_or_absent(vm, module, N(__all__));
    if (failed(names)) return false;
    StarImport star = {module, target, absent(names)};
    if (absent(names)) {
        Ref namespace = attr_get(vm, module, N(__dict__));
        if (failed(namespace)) return false;
        names = list_from(vm, namespace);
        decref(namespace);
        if (failed(names)) return false;
    }
    bool good = iterate(vm, names, import_one_name, &star);
    decref(names);
    return good;
}

bool print_expression(Vm *vm, Value value)
{
    Value hook = dict_get_name(as_dict(vm->interp->sys), N(displayhook));
    if (absent(hook)) {
        throw(vm, RuntimeError, "lost sys.displayhook");
        return false;
    }
    Ref result = call1(vm, hook, value);
    decref(result);
    return !failed(result);
}

/* ---- intrinsics ---- */

/* module.name(values...); _typing is the part of typing that type parameters need. */
static Ref call_typing(Vm *vm, const char *module, const char *name, int count, Value *values)
{
    Ref typing = import_text(vm, module);
    if (failed(typing)) return FAIL;
    Ref callee = attr_get_text(vm, typing, name);
    decref(typing);
    if (failed(callee)) return FAIL;
    Ref result = call(vm, callee, count, values);
    decref(callee);
    return result;
}

Ref union_member_from(Vm *vm, Value item)
{
    Ref message = str_from(vm, "Union[arg, ...]: each arg must be a type.");
    if (failed(message)) return FAIL;
    Value values[2] = {item, message};
    Ref member = call_typing(vm, "typing", "_type_check", 2, values);
    decref(message);
    return member;
}

/* The annotation of *args: *value: the one item that value yields. */
static Ref unpack_one(Vm *vm, Value value)
{
    Ref item = UNDEF;
    return unpack(vm, value, &item, 1) ? item : FAIL;
}

static Ref set_type_params(Vm *vm, Value target, Value params)
{
    return attr_set(vm, target, N(__type_params__), params) ? newref(target) : FAIL;
}

static Ref list_to_set(Vm *vm, Value list)
{
    Ref set = set_new(vm);
    if (failed(set) || set_update(vm, as_set(set), list)) return set;
    decref(set);
    return FAIL;
}

typedef enum Intrinsic {
#define INTRINSIC_ROW(name, count, meaning) INTRINSIC_##name,
#include "compiler/intrinsics.def"
} Intrinsic;

Ref intrinsic(Vm *vm, int number, Ref *refs, int count)
{
    Value *values = as_values(refs);
    switch ((Intrinsic)number) {
    case INTRINSIC_TYPE_VAR: return call_typing(vm, "_typing", "_type_var", count, values);
    case INTRINSIC_TYPE_VAR_CONSTRAINED:
        return call_typing(vm, "_typing", "_type_var_constrained", count, values);
    case INTRINSIC_PARAM_SPEC: return call_typing(vm, "_typing", "_param_spec", count, values);
    case INTRINSIC_TYPE_VAR_TUPLE:
        return call_typing(vm, "_typing", "_type_var_tuple", count, values);
    case INTRINSIC_TYPE_ALIAS: return call_typing(vm, "_typing", "_type_alias", count, values);
    case INTRINSIC_SET_TYPE_PARAMS: return set_type_params(vm, values[0], values[1]);
    case INTRINSIC_GENERIC_BASE: return call_typing(vm, "_typing", "_generic_base", 1, values);
    case INTRINSIC_UNPACK_ALIAS: return unpack_one(vm, values[0]);
    case INTRINSIC_UNARY_LIST_TO_SET: return list_to_set(vm, values[0]);
    }
    __builtin_unreachable();
}
