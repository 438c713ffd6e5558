/* sysinfo.c - what sys tells of numbers, versions, threads and the command line's flags.
 *
 * Neighbours: sys.c. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <unistd.h>

#include "modules/embedded.h"
#include "modules/registry.h"
#include "modules/sys.h"
#include "object/attr.h"
#include "object/call.h"
#include "object/error.h"
#include "object/int.h"
#include "object/list.h"
#include "object/name.h"
#include "object/namespace.h"
#include "object/number.h"
#include "object/set.h"
#include "object/str.h"
#include "object/structseq.h"

#define ITEM(n) structseq_item_##n, NULL

static const Attribute float_info_fields[] = {
    {"max", ITEM(0), "the greatest float"},
    {"max_exp", ITEM(1), "the greatest e so that 2.0**(e-1) is a float"},
    {"max_10_exp", ITEM(2), "the greatest e so that 10.0**e is a float"},
    {"min", ITEM(3), "the least normalised positive float"},
    {"min_exp", ITEM(4), "the least e so that 2.0**(e-1) is normalised"},
    {"min_10_exp", ITEM(5), "the least e so that 10.0**e is normalised"},
    {"dig", ITEM(6), "decimal digits that survive in a float"},
    {"mant_dig", ITEM(7), "bits of the mantissa"},
    {"epsilon", ITEM(8), "from 1.0 to the next float"},
    {"radix", ITEM(9), "of the exponent: 2"},
    {"rounds", ITEM(10), "1: to nearest"},
    {0},
};
static const TypeDef float_info_type =
    STRUCTSEQ("sys.float_info", "How floats are made.", float_info_fields);

static const Attribute int_info_fields[] = {
    {"bits_per_digit", ITEM(0), "bits in each digit of a long int"},
    {"sizeof_digit", ITEM(1), "bytes of such a digit"},
    {"default_max_str_digits", ITEM(2), "what get_int_max_str_digits() returns at first"},
    {"str_digits_check_threshold", ITEM(3), "so many digits are always allowed"},
    {0},
};
static const TypeDef int_info_type =
    STRUCTSEQ("sys.int_info", "How ints are made.", int_info_fields);

static const Attribute hash_info_fields[] = {
    {"width", ITEM(0), "bits of a hash"},
    {"modulus", ITEM(1), "the prime numbers are hashed by"},
    {"inf", ITEM(2), "hash of infinity"},
    {"nan", ITEM(3), "0: nan is hashed by identity"},
    {"imag", ITEM(4), "what the imaginary part is multiplied with"},
    {"algorithm", ITEM(5), "that hashes str and bytes"},
    {"hash_bits", ITEM(6), "bits of its output"},
    {"seed_bits", ITEM(7), "bits of its key"},
    {"cutoff", ITEM(8), "shorter texts are hashed otherwise"},
    {0},
};
static const TypeDef hash_info_type =
    STRUCTSEQ("sys.hash_info", "How hashes are made.", hash_info_fields);

static const Attribute thread_info_fields[] = {
    {"name", ITEM(0), "kind of threads"},
    {"lock", ITEM(1), "kind of locks"},
    {"version", ITEM(2), "of the thread library, or None"},
    {0},
};
static const TypeDef thread_info_type =
    STRUCTSEQ("sys.thread_info", "How threads are made.", thread_info_fields);

static const Attribute version_info_fields[] = {
    {"major", ITEM(0), "of the language's version"},
    {"minor", ITEM(1), "of the language's version"},
    {"micro", ITEM(2), "of the language's version"},
    {"releaselevel", ITEM(3), "'alpha', 'beta', 'candidate' or 'final'"},
    {"serial", ITEM(4), "of the release level"},
    {0},
};
static const TypeDef version_info_type =
    STRUCTSEQ("sys.version_info", "The version of the language.", version_info_fields);

static const Attribute flags_fields[] = {
#define FLAG(position, name, meaning) {#name, ITEM(position), meaning},
#include "memory/flags.def"
    {0},
};
static const TypeDef flags_type =
    STRUCTSEQ("sys.flags", "What the command line asked for.", flags_fields);

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

static bool set_numbers(Vm *vm, Value module)
{
    Ref floats[] = {from_float(1.7976931348623157e308),
                    from_small(1024),
                    from_small(308),
                    from_float(2.2250738585072014e-308),
                    from_small(-1021),
                    from_small(-307),
                    from_small(15),
                    from_small(53),
                    from_float(2.220446049250313e-16),
                    from_small(2),
                    from_small(1)};
    Ref ints[] = {from_small(30), from_small(4), from_small(4300), from_small(640)};
    Ref hashes[] = {from_small(64),      from_int64(vm, (INT64_C(1) << 61) - 1),
                    from_small(314159),  from_small(0),
                    from_small(1000003), str_from(vm, "siphash13"),
                    from_small(64),      from_small(128),
                    from_small(0)};
    char version[64] = "";
    confstr(_CS_GNU_LIBPTHREAD_VERSION, version, sizeof version);
    Ref threads[] = {str_from(vm, "pthread"), str_from(vm, "mutex+cond"), str_from(vm, version)};
    return module_set(vm, module, "float_info",
                      structseq_new(vm, &float_info_type, COUNT(floats), floats)) &&
           module_set(vm, module, "int_info",
                      structseq_new(vm, &int_info_type, COUNT(ints), ints)) &&
           module_set(vm, module, "hash_info",
                      structseq_new(vm, &hash_info_type, COUNT(hashes), hashes)) &&
           module_set(vm, module, "thread_info",
                      structseq_new(vm, &thread_info_type, COUNT(threads), threads)) &&
           module_set(vm, module, "float_repr_style", str_from(vm, "short"));
}

static bool set_flags(Vm *vm, Value module)
{
    const Flags *asked = &vm->interp->flags;
    Ref flags[] = {
#define FLAG(position, name, meaning) from_small(asked->name),
#include "memory/flags.def"
    };
    flags[13] = from_bool(asked->dev_mode);
    flags[16] = from_bool(asked->safe_path);
    return module_set(vm, module, "flags", structseq_new(vm, &flags_type, COUNT(flags), flags));
}

static bool set_implementation(Vm *vm, Value module, Value version)
{
    Ref info = namespace_new(vm, UNDEF), name = str_from(vm, "aio");
    bool good = !failed(info) && !failed(name);
    const struct {
        const char *key;
        Value value;
    } rows[] = {{"name", name},
                {"cache_tag", NONE},
                {"version", version},
                {"hexversion", from_small(0x030e00f0)},
                {"supports_isolated_interpreters", FALSE}};
    for (int n = 0; good && n < COUNT(rows); n++) {
        Ref key = str_interned(vm, rows[n].key);
        good = !failed(key) && attr_set(vm, info, key, rows[n].value);
        decref(key);
    }
    decref(name);
    if (good) return module_set(vm, module, "implementation", info);
    decref(info);
    return false;
}

static bool set_version(Vm *vm, Value module)
{
    Ref parts[] = {from_small(3), from_small(14), from_small(0), str_from(vm, "final"),
                   from_small(0)};
    Ref version = structseq_new(vm, &version_info_type, COUNT(parts), parts);
    Ref git = str_from(vm, "aio"), empty = newref(vm->interp->empty_str);
    bool good =
        !failed(version) && !failed(git) && set_implementation(vm, module, version) &&
        module_set(vm, module, "_git", tuple_pack(vm, 3, (Value)git, (Value)empty, (Value)empty));
    decref(git);
    decref(empty);
    return module_set(vm, module, "version_info", version) && good &&
           module_set(vm, module, "version", str_from(vm, "3.14.0 (aio 0.1.0)")) &&
           module_set(vm, module, "hexversion", from_small(0x030e00f0)) &&
           module_set(vm, module, "api_version", from_small(1013)) &&
           module_set(vm, module, "copyright",
                      str_from(vm, "Copyright (c) the authors of aio. Under the MIT licence."));
}

/* ---- names of modules: made when asked for ---- */

Ref sys_builtin_names(Vm *vm)
{
    int count = 0;
    while (native_modules[count].def) count++;
    Ref names = tuple_new(vm, count);
    for (int n = 0; !failed(names) && n < count; n++) {
        as_tuple(names)->items[n] = str_interned(vm, native_modules[n].name);
        if (failed(as_tuple(names)->items[n]))
            as_tuple(names)->items[n] = UNDEF, replace(&names, FAIL);
    }
    return names;
}

Ref sys_library_names(Vm *vm)
{
    Ref names = set_new(vm);
    bool good = !failed(names);
    for (const NativeModule *row = native_modules; good && row->def; row++) {
        Ref name = str_interned(vm, row->name);
        good = !failed(name) && set_add(vm, as_set(names), name);
        decref(name);
    }
    for (const Embedded *entry = embedded_modules; good && entry->name; entry++) {
        if (strchr(entry->name, '.')) continue;
        Ref name = str_interned(vm, entry->name);
        good = !failed(name) && set_add(vm, as_set(names), name);
        decref(name);
    }
    Ref frozen = good ? call1(vm, borrow(type_builtin(vm, KIND_FROZENSET)), names) : FAIL;
    decref(names);
    return frozen;
}

bool sysinfo_open(Vm *vm, Value module)
{
    return set_numbers(vm, module) && set_flags(vm, module) && set_version(vm, module);
}
