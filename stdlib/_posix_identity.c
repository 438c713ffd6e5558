/* _posix_identity.c - users, groups, sessions and namespaces of a process.
 *
 * Neighbours: _posix_schedule.c. */
/* SPDX-License-Identifier: MIT */
#include <grp.h>
#include <sched.h>

#include "_posix.h"

#define GETTER(name, call, text)                                                                   \
    NATIVE(posix_##name, #name "()", text) { return from_small((int64_t)(call)); }
GETTER(getpid, getpid(), "Return the id of this process.")
GETTER(getppid, getppid(), "Return the id of the parent process.")
GETTER(getuid, getuid(), "Return the real user id.")
GETTER(geteuid, geteuid(), "Return the effective user id.")
GETTER(getgid, getgid(), "Return the real group id.")
GETTER(getegid, getegid(), "Return the effective group id.")
GETTER(getpgrp, getpgrp(), "Return the id of the process group.")

#define SETTER(name, what, text)                                                                   \
    NATIVE(posix_##name, #name "(" what ", /)", text)                                              \
    {                                                                                              \
        unsigned id;                                                                               \
        return id_from(vm, argv[0], what, &id) ? posix_done(vm, name(id)) : FAIL;                  \
    }
SETTER(setuid, "uid", "Set the user id.")
SETTER(seteuid, "euid", "Set the effective user id.")
SETTER(setgid, "gid", "Set the group id.")
SETTER(setegid, "egid", "Set the effective group id.")

#define PAIR_SETTER(name, first, second, text)                                                     \
    NATIVE(posix_##name, #name "(" first ", " second ", /)", text)                                 \
    {                                                                                              \
        unsigned real, effective;                                                                  \
        return id_from(vm, argv[0], first, &real) && id_from(vm, argv[1], second, &effective)      \
                   ? posix_done(vm, name(real, effective))                                         \
                   : FAIL;                                                                         \
    }
PAIR_SETTER(setreuid, "ruid", "euid", "Set the real and effective user ids; -1 leaves one alone.")
PAIR_SETTER(setregid, "rgid", "egid", "Set the real and effective group ids; -1 leaves one alone.")

#define TRIPLE(get, set, names, kind)                                                              \
    NATIVE(posix_##get, #get "()", "Return the real, effective and saved " kind " ids.")           \
    {                                                                                              \
        unsigned real, effective, saved;                                                           \
        if (get(&real, &effective, &saved) < 0) return posix_error(vm);                            \
        return tuple_pack(vm, 3, from_small(real), from_small(effective), from_small(saved));      \
    }                                                                                              \
    NATIVE(posix_##set, #set "(" names ", /)", "Set the real, effective and saved " kind " ids.")  \
    {                                                                                              \
        unsigned real, effective, saved;                                                           \
        if (!id_from(vm, argv[0], kind, &real) || !id_from(vm, argv[1], kind, &effective) ||       \
            !id_from(vm, argv[2], kind, &saved))                                                   \
            return FAIL;                                                                           \
        return posix_done(vm, set(real, effective, saved));                                        \
    }
TRIPLE(getresuid, setresuid, "ruid, euid, suid", "user")
TRIPLE(getresgid, setresgid, "rgid, egid, sgid", "group")

/* ---- groups ---- */

static Ref list_of_ids(Vm *vm, const gid_t *ids, int count)
{
    Ref out = list_new(vm, count);
    for (int n = 0; !failed(out) && n < count; n++)
        if (!list_push(vm, as_list(out), from_small(ids[n]))) replace(&out, FAIL);
    return out;
}
NATIVE(posix_getgroups, "getgroups()", "Return the ids of the supplementary groups.")
{
    int count = getgroups(0, NULL);
    gid_t *ids = count < 0 ? NULL : memory_new(vm, sizeof(gid_t) * (size_t)(count + 1));
    if (count >= 0 && !ids) return FAIL;
    count = count < 0 ? count : getgroups(count, ids);
    Ref out = count < 0 ? posix_error(vm) : list_of_ids(vm, ids, count);
    memory_free(ids);
    return out;
}
NATIVE(posix_setgroups, "setgroups(groups, /)", "Set the supplementary groups.")
{
    if (!type_of(vm, argv[0])->slots.get_item)
        return throw(vm, TypeError, "setgroups argument must be a sequence");
    Ref items = tuple_from(vm, argv[0]);
    if (failed(items)) return FAIL;
    ptrdiff_t len = tuple_len(items);
    gid_t *ids = memory_new(vm, sizeof(gid_t) * (size_t)(len + 1));
    bool good = ids != NULL;
    if (good && len > 65536) {
        throw(vm, ValueError, "too many groups");
        good = false;
    }
    for (ptrdiff_t n = 0; good && n < len; n++) {
        good = is_any_int(tuple_at(items, n));
        if (!good) throw(vm, TypeError, "groups must be integers");
        good = good && id_from(vm, tuple_at(items, n), "gid", &ids[n]);
    }
    Ref out = good ? posix_done(vm, setgroups((size_t)len, ids)) : FAIL;
    memory_free(ids);
    decref(items);
    return out;
}
NATIVE(posix_getgrouplist, "getgrouplist(user, group, /)",
       "Return the ids of the groups a user is in, group among them.")
{
    unsigned group;
    if (!is_str(argv[0]))
        return throw(vm, TypeError, "getgrouplist() argument 1 must be str, not %A", argv[0]);
    Ref user = fsencoded(vm, argv[0]), out = FAIL;
    gid_t *ids = NULL;
    if (failed(user) || !id_from(vm, argv[1], "gid", &group)) goto done;
    int count = 32;
    for (;;) {
        int room = count;
        gid_t *grown = memory_resize(vm, ids, sizeof(gid_t) * (size_t)room);
        if (!grown) goto done;
        ids = grown;
        if (getgrouplist(as_bytes(user)->data, group, ids, &count) >= 0) break;
        if (count <= room) count = 2 * room;
    }
    out = list_of_ids(vm, ids, count);
done:
    memory_free(ids);
    decref(user);
    return out;
}
NATIVE(posix_initgroups, "initgroups(username, gid, /)",
       "Set the supplementary groups to those a user is in, and gid.")
{
    unsigned group;
    Ref user = fsencoded(vm, argv[0]), out = FAIL;
    if (!failed(user) && id_from(vm, argv[1], "gid", &group))
        out = posix_done(vm, initgroups(as_bytes(user)->data, group));
    decref(user);
    return out;
}
NATIVE(posix_getlogin, "getlogin()",
       "Return the name of the user logged in at the controlling terminal.")
{
    char name[256];
    errno = getlogin_r(name, sizeof name);
    return errno ? posix_error(vm) : fsdecoded(vm, name, (ptrdiff_t)strlen(name));
}

/* ---- sessions and process groups ---- */

NATIVE(posix_getpgid, "getpgid(pid)", "Return the process group of a process (0: this one).")
{
    int pid;
    if (!c_int_from(vm, argv[0], &pid)) return FAIL;
    pid_t group = getpgid(pid);
    return group < 0 ? posix_error(vm) : from_small(group);
}
NATIVE(posix_setpgid, "setpgid(pid, pgrp, /)", "Put a process into a process group.")
{
    int pid, group;
    if (!c_int_from(vm, argv[0], &pid) || !c_int_from(vm, argv[1], &group)) return FAIL;
    return posix_done(vm, setpgid(pid, group));
}
NATIVE(posix_setpgrp, "setpgrp()", "Make this process the leader of a process group.")
{
    return posix_done(vm, setpgrp());
}
NATIVE(posix_getsid, "getsid(pid, /)", "Return the session of a process (0: this one).")
{
    int pid;
    if (!c_int_from(vm, argv[0], &pid)) return FAIL;
    pid_t session = getsid(pid);
    return session < 0 ? posix_error(vm) : from_small(session);
}
NATIVE(posix_setsid, "setsid()", "Make this process the leader of a new session.")
{
    return posix_done(vm, setsid());
}
NATIVE(posix_setns, "setns(fd, nstype=0)",
       "Move this thread into the namespace that fd stands for.")
{
    int fd, type;
    if (!descriptor_from(vm, argv[0], &fd) || !c_int_from(vm, argv[1], &type)) return FAIL;
    return posix_done(vm, setns(fd, type));
}
NATIVE(posix_unshare, "unshare(flags)", "Move this process into new namespaces: CLONE_*.")
{
    int flags;
    return c_int_from(vm, argv[0], &flags) ? posix_done(vm, unshare(flags)) : FAIL;
}

const Native *const posix_identity_functions[] = {
    &posix_getpid_def,    &posix_getppid_def,      &posix_getuid_def,
    &posix_geteuid_def,   &posix_getgid_def,       &posix_getegid_def,
    &posix_getpgrp_def,   &posix_setuid_def,       &posix_seteuid_def,
    &posix_setgid_def,    &posix_setegid_def,      &posix_setreuid_def,
    &posix_setregid_def,  &posix_getresuid_def,    &posix_setresuid_def,
    &posix_getresgid_def, &posix_setresgid_def,    &posix_getgroups_def,
    &posix_setgroups_def, &posix_getgrouplist_def, &posix_initgroups_def,
    &posix_getlogin_def,  &posix_getpgid_def,      &posix_setpgid_def,
    &posix_setpgrp_def,   &posix_getsid_def,       &posix_setsid_def,
    &posix_setns_def,     &posix_unshare_def,      NULL,
};
