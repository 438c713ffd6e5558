/* grp.c - the module grp: the groups of the system.
 *
 * Neighbours: pwd.c (users). */
/* SPDX-License-Identifier: MIT */
#include <grp.h>

#include "_posix.h"

static const Attribute group_fields[] = {
    {"gr_name", structseq_item_0, NULL, "The name."},
    {"gr_passwd", structseq_item_1, NULL, "The password, or what stands for it."},
    {"gr_gid", structseq_item_2, NULL, "The group's id."},
    {"gr_mem", structseq_item_3, NULL, "The names of its members."},
    {0},
};
static const StructSeq group_type =
    STRUCTSEQ_OPEN("grp.struct_group", "What is known of a group.", group_fields, 4, 4);

static Ref text_or_none(Vm *vm, const char *text)
{
    return text ? fsdecoded(vm, text, (ptrdiff_t)strlen(text)) : NONE;
}

static Ref group(Vm *vm, const struct group *found)
{
    Ref members = list_new(vm, 0);
    for (char **at = found->gr_mem; !failed(members) && at && *at; at++) {
        Ref name = text_or_none(vm, *at);
        if (failed(name) || !list_push(vm, as_list(members), name)) replace(&members, FAIL);
    }
    Ref values[] = {text_or_none(vm, found->gr_name), text_or_none(vm, found->gr_passwd),
                    from_small(found->gr_gid), members};
    return structseq_open_new(vm, &group_type, values);
}

/* The group of a name (NULL: of an id); UNDEF: there is none. */
static Ref find_group(Vm *vm, const char *name, gid_t gid)
{
    struct group entry, *found = NULL;
    char *room = NULL;
    Ref out = UNDEF;
    for (size_t size = 1024;; size *= 2) {
        char *grown = memory_resize(vm, room, size);
        if (!grown) {
            out = FAIL;
            break;
        }
        room = grown;
        gil_release(vm);
        int failure = name ? getgrnam_r(name, &entry, room, size, &found)
                           : getgrgid_r(gid, &entry, room, size, &found);
        gil_acquire(vm);
        if (failure != ERANGE) break;
    }
    if (found) out = group(vm, found);
    memory_free(room);
    return out;
}

static Ref throw_key(Vm *vm, Ref message)
{
    if (!failed(message)) throw_value(vm, KeyError, message);
    decref(message);
    return FAIL;
}
NATIVE(grp_getgrgid, "getgrgid(id)",
       "Return what is known of the group with an id.\nRaises KeyError when there is none.")
{
    unsigned gid;
    if (!id_from(vm, argv[0], "gid", &gid)) return FAIL;
    Ref out = find_group(vm, NULL, gid);
    return absent(out) ? throw_key(vm, format_text(vm, "getgrgid(): gid not found: %S", argv[0]))
                       : out;
}
NATIVE(grp_getgrnam, "getgrnam(name)",
       "Return what is known of the group with a name.\nRaises KeyError when there is none.")
{
    if (!is_str(argv[0]))
        return throw(vm, TypeError, "getgrnam() argument 1 must be str, not %A", argv[0]);
    Ref name = fsencoded(vm, argv[0]);
    if (failed(name)) return FAIL;
    Ref out = find_group(vm, as_bytes(name)->data, 0);
    decref(name);
    return absent(out) ? throw_key(vm, format_text(vm, "getgrnam(): name not found: %R", argv[0]))
                       : out;
}
NATIVE(grp_getgrall, "getgrall()", "Return the list of all groups.")
{
    Ref out = list_new(vm, 0);
    setgrent();
    for (struct group *found; !failed(out) && (found = getgrent());) {
        Ref item = group(vm, found);
        if (failed(item) || !list_push(vm, as_list(out), item)) replace(&out, FAIL);
    }
    endgrent();
    return out;
}

static const Native *const grp_functions[] = {&grp_getgrgid_def, &grp_getgrnam_def,
                                              &grp_getgrall_def, NULL};
static bool grp_open(Vm *vm, Value module)
{
    Type *type = type_from_def(vm, &group_type.type);
    return type && structseq_count_fields(vm, &group_type, 0) &&
           module_set(vm, module, "struct_group", newref(borrow(type)));
}
const ModuleDef grp_module = {
    .name = "grp",
    .doc = "The groups of the system.",
    .functions = grp_functions,
    .open = grp_open,
};
