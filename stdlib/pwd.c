/* pwd.c - the module pwd: the users of the system.
 *
 * Neighbours: grp.c (groups). */
/* SPDX-License-Identifier: MIT */
#include <pwd.h>

#include "_posix.h"

static const Attribute passwd_fields[] = {
    {"pw_name", structseq_item_0, NULL, "The name."},
    {"pw_passwd", structseq_item_1, NULL, "The password, or what stands for it."},
    {"pw_uid", structseq_item_2, NULL, "The user's id."},
    {"pw_gid", structseq_item_3, NULL, "The id of the user's group."},
    {"pw_gecos", structseq_item_4, NULL, "The real name."},
    {"pw_dir", structseq_item_5, NULL, "The home directory."},
    {"pw_shell", structseq_item_6, NULL, "The shell."},
    {0},
};
static const StructSeq passwd_type =
    STRUCTSEQ_OPEN("pwd.struct_passwd", "What is known of a user.", passwd_fields, 7, 7);

static Ref text_or_none(Vm *vm, const char *text)
{
    return text ? fsdecoded(vm, text, (ptrdiff_t)strlen(text)) : NONE;
}

static Ref passwd(Vm *vm, const struct passwd *user)
{
    Ref values[] = {
        text_or_none(vm, user->pw_name),  text_or_none(vm, user->pw_passwd),
        from_small(user->pw_uid),         from_small(user->pw_gid),
        text_or_none(vm, user->pw_gecos), text_or_none(vm, user->pw_dir),
        text_or_none(vm, user->pw_shell),
    };
    return structseq_open_new(vm, &passwd_type, values);
}

/* The user of a name (NULL: of an id); UNDEF: there is none. */
static Ref find_user(Vm *vm, const char *name, uid_t uid)
{
    struct passwd user, *found = NULL;
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
        int failure = name ? getpwnam_r(name, &user, room, size, &found)
                           : getpwuid_r(uid, &user, room, size, &found);
        gil_acquire(vm);
        if (failure != ERANGE) break;
    }
    if (found) out = passwd(vm, found);
    memory_free(room);
    return out;
}

static Ref throw_key(Vm *vm, Ref message)
{
    if (!failed(message)) throw_value(vm, KeyError, message);
    decref(message);
    return FAIL;
}
NATIVE(pwd_getpwuid, "getpwuid(uid, /)",
       "Return what is known of the user with an id.\nRaises KeyError when there is none.")
{
    unsigned uid;
    if (!id_from(vm, argv[0], "uid", &uid)) {
        if (!error_is(vm, OverflowError)) return FAIL;
        error_clear(vm);
        return throw_key(vm, str_from(vm, "getpwuid(): uid not found"));
    }
    Ref out = find_user(vm, NULL, uid);
    return absent(out) ? throw_key(vm, format_text(vm, "getpwuid(): uid not found: %S", argv[0]))
                       : out;
}
NATIVE(pwd_getpwnam, "getpwnam(name, /)",
       "Return what is known of the user with a name.\nRaises KeyError when there is none.")
{
    if (!is_str(argv[0]))
        return throw(vm, TypeError, "getpwnam() argument must be str, not %A", argv[0]);
    Ref name = fsencoded(vm, argv[0]);
    if (failed(name)) return FAIL;
    Ref out = find_user(vm, as_bytes(name)->data, 0);
    decref(name);
    return absent(out) ? throw_key(vm, format_text(vm, "getpwnam(): name not found: %R", argv[0]))
                       : out;
}
NATIVE(pwd_getpwall, "getpwall()", "Return the list of all users.")
{
    Ref out = list_new(vm, 0);
    setpwent();
    for (struct passwd *user; !failed(out) && (user = getpwent());) {
        Ref item = passwd(vm, user);
        if (failed(item) || !list_push(vm, as_list(out), item)) replace(&out, FAIL);
    }
    endpwent();
    return out;
}

static const Native *const pwd_functions[] = {&pwd_getpwuid_def, &pwd_getpwnam_def,
                                              &pwd_getpwall_def, NULL};
static bool pwd_open(Vm *vm, Value module)
{
    Type *type = type_from_def(vm, &passwd_type.type);
    return type && structseq_count_fields(vm, &passwd_type, 0) &&
           module_set(vm, module, "struct_passwd", newref(borrow(type)));
}
const ModuleDef pwd_module = {
    .name = "pwd",
    .doc = "The users of the system.",
    .functions = pwd_functions,
    .open = pwd_open,
};
