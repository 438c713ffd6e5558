/* _posix_exec.c - running other programs: exec, posix_spawn, and the environment.
 *
 * Arguments and environments become arrays of C strings first, so that nothing is raised between
 * the system calls.
 * Neighbours: _posix_process.c (fork, wait), _posixsubprocess.c. */
/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <spawn.h>

#include "_posix.h"

extern char **environ;

/* ---- arrays of strings ---- */

void strings_free(char **strings)
{
    for (char **at = strings; at && *at; at++) memory_free(*at);
    memory_free(strings);
}

static char *string_from(Vm *vm, Value value)
{
    Ref bytes = fsencoded(vm, value);
    if (failed(bytes)) return NULL;
    size_t size = (size_t)as_bytes(bytes)->len + 1;
    char *out = memory_new(vm, size);
    if (out) memcpy(out, as_bytes(bytes)->data, size);
    decref(bytes);
    return out;
}

char **arguments_from(Vm *vm, Value list, const char *function, const char *argument)
{
    if (!is_sequence(list)) {
        throw(vm, TypeError, "%s() %s must be a tuple or list", function, argument);
        return NULL;
    }
    Ref items = tuple_from(vm, list);
    if (failed(items)) return NULL;
    ptrdiff_t len = tuple_len(items);
    char **out = memory_zeroed(vm, sizeof *out * (size_t)(len + 1));
    bool good = out != NULL, strict = function != NULL;
    if (good && strict && len == 0) {
        throw(vm, ValueError, "%s() %s must not be empty", function, argument);
        good = false;
    }
    for (ptrdiff_t n = 0; good && n < len; n++)
        good = (out[n] = string_from(vm, tuple_at(items, n))) != NULL;
    if (good && strict && !out[0][0]) {
        throw(vm, ValueError, "%s() %s first element cannot be empty", function, argument);
        good = false;
    }
    decref(items);
    if (good) return out;
    strings_free(out);
    return NULL;
}

/* "key=value" */
static char *setting_from(Vm *vm, Value key, Value value)
{
    Ref name = fsencoded(vm, key), text = failed(name) ? FAIL : fsencoded(vm, value);
    char *out = NULL;
    if (failed(text)) goto done;
    if (as_bytes(name)->len == 0 || strchr(as_bytes(name)->data + 1, '=')) {
        throw(vm, ValueError, "illegal environment variable name");
        goto done;
    }
    size_t size = (size_t)(as_bytes(name)->len + as_bytes(text)->len + 2);
    out = memory_new(vm, size);
    if (out) {
        memcpy(out, as_bytes(name)->data, (size_t)as_bytes(name)->len);
        out[as_bytes(name)->len] = '=';
        memcpy(out + as_bytes(name)->len + 1, as_bytes(text)->data,
               (size_t)as_bytes(text)->len + 1);
    }
done:
    decref(name);
    decref(text);
    return out;
}

static Ref list_of_method(Vm *vm, Value object, const char *name)
{
    Ref method = attr_get_text(vm, object, name);
    Ref view = failed(method) ? FAIL : call0(vm, method);
    Ref list = failed(view) ? FAIL : list_from(vm, view);
    decref(method);
    decref(view);
    return list;
}

char **environment_from(Vm *vm, Value mapping)
{
    Ref keys = list_of_method(vm, mapping, "keys");
    Ref values = failed(keys) ? FAIL : list_of_method(vm, mapping, "values");
    char **out = NULL;
    if (!failed(values)) {
        ptrdiff_t len = as_list(keys)->len;
        if (as_list(values)->len < len) len = as_list(values)->len;
        out = memory_zeroed(vm, sizeof *out * (size_t)(len + 1));
        for (ptrdiff_t n = 0; out && n < len; n++) {
            out[n] = setting_from(vm, list_at(as_list(keys), n), list_at(as_list(values), n));
            if (out[n]) continue;
            strings_free(out);
            out = NULL;
        }
    }
    decref(keys);
    decref(values);
    return out;
}

/* ---- exec ---- */

NATIVE(posix_execv, "execv(path, argv, /)",
       "Put the program path in place of this one, with the arguments argv.  Does not return.")
{
    Path path;
    char **arguments = NULL;
    if (path_open(vm, argv[0], "execv", "path", 0, &path))
        arguments = arguments_from(vm, argv[1], "execv", "arg 2");
    if (arguments) {
        execv(path.text, arguments);
        posix_error(vm);
    }
    strings_free(arguments);
    path_close(&path);
    return FAIL;
}
NATIVE(posix_execve, "execve(path, argv, env)",
       "Like execv(), with an environment: a mapping of names to texts.  path may be a descriptor.")
{
    Path path;
    char **arguments = NULL, **settings = NULL;
    if (path_open(vm, argv[0], "execve", "path", PATH_FD, &path)) {
        if (!type_of(vm, argv[2])->slots.get_item)
            throw(vm, TypeError, "execve: environment must be a mapping object");
        else arguments = arguments_from(vm, argv[1], "execve:", "argv");
    }
    if (arguments) settings = environment_from(vm, argv[2]);
    if (settings) {
        if (path.text) execve(path.text, arguments, settings);
        else fexecve(path.fd, arguments, settings);
        path_error(vm, &path);
    }
    strings_free(settings);
    strings_free(arguments);
    path_close(&path);
    return FAIL;
}

/* ---- posix_spawn ---- */

/* The keyword arguments of posix_spawn() in argv, from file_actions on. */
enum { FILE_ACTIONS = 3, SETPGROUP, RESETIDS, SETSID, SETSIGMASK, SETSIGDEF, SCHEDULER };

static bool signal_set_from(Vm *vm, Value iterable, sigset_t *set)
{
    sigemptyset(set);
    Ref items = tuple_from(vm, iterable);
    if (failed(items)) return false;
    bool good = true;
    for (ptrdiff_t n = 0; good && n < tuple_len(items); n++) {
        int number;
        good = c_int_from(vm, tuple_at(items, n), &number);
        if (!good) break;
        good = number > 0 && number < NSIG;
        if (good) sigaddset(set, number);
        else throw(vm, ValueError, "signal number %d out of range [1; %d]", number, NSIG - 1);
    }
    decref(items);
    return good;
}

static bool spawn_scheduler(Vm *vm, Value given, posix_spawnattr_t *attributes, short *flags)
{
    if (!is_tuple(given) || tuple_len(given) != 2) {
        throw(vm, TypeError, "A scheduler tuple must have two elements");
        return false;
    }
    if (!is_none(tuple_at(given, 0))) {
        int policy;
        if (!c_int_from(vm, tuple_at(given, 0), &policy)) return false;
        posix_spawnattr_setschedpolicy(attributes, policy);
        *flags |= POSIX_SPAWN_SETSCHEDULER;
    }
    Ref priority = attr_get_text(vm, tuple_at(given, 1), "sched_priority");
    struct sched_param param = {0};
    bool good = !failed(priority) && c_int_from(vm, priority, &param.sched_priority);
    decref(priority);
    if (!good) return false;
    posix_spawnattr_setschedparam(attributes, &param);
    *flags |= POSIX_SPAWN_SETSCHEDPARAM;
    return true;
}

static bool spawn_attributes(Vm *vm, Value *argv, posix_spawnattr_t *attributes)
{
    short flags = 0;
    int group;
    bool reset, session;
    sigset_t set;
    if (!absent(argv[SETPGROUP]) && !is_none(argv[SETPGROUP])) {
        if (!c_int_from(vm, argv[SETPGROUP], &group)) return false;
        posix_spawnattr_setpgroup(attributes, group);
        flags |= POSIX_SPAWN_SETPGROUP;
    }
    if (!truth_from(vm, argv[RESETIDS], &reset) || !truth_from(vm, argv[SETSID], &session))
        return false;
    if (reset) flags |= POSIX_SPAWN_RESETIDS;
    if (session) flags |= POSIX_SPAWN_SETSID;
    if (!absent(argv[SETSIGMASK]) && !is_none(argv[SETSIGMASK])) {
        if (!signal_set_from(vm, argv[SETSIGMASK], &set)) return false;
        posix_spawnattr_setsigmask(attributes, &set);
        flags |= POSIX_SPAWN_SETSIGMASK;
    }
    if (!absent(argv[SETSIGDEF]) && !is_none(argv[SETSIGDEF])) {
        if (!signal_set_from(vm, argv[SETSIGDEF], &set)) return false;
        posix_spawnattr_setsigdefault(attributes, &set);
        flags |= POSIX_SPAWN_SETSIGDEF;
    }
    if (!absent(argv[SCHEDULER]) && !is_none(argv[SCHEDULER]) &&
        !spawn_scheduler(vm, argv[SCHEDULER], attributes, &flags))
        return false;
    posix_spawnattr_setflags(attributes, flags);
    return true;
}

/* The numbers of a file action (UNDEF paths aside); how many items it must have. */
static bool action_numbers(Vm *vm, Value action, int first, int count, int *out)
{
    for (int n = 0; n < count; n++)
        if (!c_int_from(vm, tuple_at(action, first + n), &out[n])) return false;
    return true;
}

static bool spawn_action(Vm *vm, Value action, posix_spawn_file_actions_t *actions)
{
    static const int lengths[] = {5, 2, 3, 2}; /* POSIX_SPAWN_OPEN, CLOSE, DUP2, CLOSEFROM */
    int kind = -1, n[3], error = 0;
    if (!is_tuple(action) || tuple_len(action) == 0) {
        throw(vm, TypeError, "Each file_actions element must be a non-empty tuple");
        return false;
    }
    if (!c_int_from(vm, tuple_at(action, 0), &kind)) return false;
    if (kind < 0 || kind > 3) {
        throw(vm, TypeError, "Unknown file_actions identifier");
        return false;
    }
    if (tuple_len(action) != lengths[kind]) {
        static const char *const names[] = {"open", "close", "dup2", "closefrom"};
        throw(vm, TypeError, "A %s file_action tuple must have %d elements", names[kind],
              lengths[kind]);
        return false;
    }
    if (kind == 0) {
        Ref name = UNDEF;
        if (!c_int_from(vm, tuple_at(action, 1), &n[0]) || !action_numbers(vm, action, 3, 2, n + 1))
            return false;
        name = fsencoded(vm, tuple_at(action, 2));
        if (failed(name)) return false;
        error = posix_spawn_file_actions_addopen(actions, n[0], as_bytes(name)->data, n[1],
                                                 (mode_t)n[2]);
        decref(name);
    } else {
        if (!action_numbers(vm, action, 1, lengths[kind] - 1, n)) return false;
        error = kind == 1   ? posix_spawn_file_actions_addclose(actions, n[0])
                : kind == 2 ? posix_spawn_file_actions_adddup2(actions, n[0], n[1])
                            : posix_spawn_file_actions_addclosefrom_np(actions, n[0]);
    }
    if (error) throw_errno(vm, error, UNDEF);
    return error == 0;
}

static bool spawn_actions(Vm *vm, Value given, posix_spawn_file_actions_t *actions)
{
    if (absent(given) || is_none(given)) return true;
    if (!type_of(vm, given)->slots.iter) {
        throw(vm, TypeError, "file_actions must be a sequence or None");
        return false;
    }
    Ref items = tuple_from(vm, given);
    bool good = !failed(items);
    for (ptrdiff_t n = 0; good && n < tuple_len(items); n++)
        good = spawn_action(vm, tuple_at(items, n), actions);
    decref(items);
    return good;
}

static Ref spawn_process(Vm *vm, Value *argv, const char *function, bool search)
{
    Path path;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    char **arguments = NULL, **settings = NULL;
    Ref out = FAIL;
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_init(&actions);
    if (!path_open(vm, argv[0], function, "path", 0, &path)) goto done;
    if (!(arguments = arguments_from(vm, argv[1], function, "argv"))) goto done;
    if (!is_none(argv[2]) && !(settings = environment_from(vm, argv[2]))) goto done;
    if (!spawn_actions(vm, argv[FILE_ACTIONS], &actions) ||
        !spawn_attributes(vm, argv, &attributes))
        goto done;
    pid_t pid;
    char **env = settings ? settings : environ;
    errno = search ? posix_spawnp(&pid, path.text, &actions, &attributes, arguments, env)
                   : posix_spawn(&pid, path.text, &actions, &attributes, arguments, env);
    out = errno ? path_error(vm, &path) : from_small(pid);
done:
    strings_free(settings);
    strings_free(arguments);
    path_close(&path);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return out;
}
NATIVE(posix_posix_spawn,
       "posix_spawn(path, argv, env, /, *, file_actions=(), setpgroup=?, resetids=False, "
       "setsid=False, setsigmask=(), setsigdef=(), scheduler=?)",
       "Start the program path in a new process and return its id.")
{
    return spawn_process(vm, argv, "posix_spawn", false);
}
NATIVE(posix_posix_spawnp,
       "posix_spawnp(path, argv, env, /, *, file_actions=(), setpgroup=?, resetids=False, "
       "setsid=False, setsigmask=(), setsigdef=(), scheduler=?)",
       "The same, with the program searched for in PATH.")
{
    return spawn_process(vm, argv, "posix_spawnp", true);
}

/* ---- the environment ---- */

NATIVE(posix_putenv, "putenv(name, value, /)", "Set an environment variable.")
{
    Ref name = fsencoded(vm, argv[0]), value = failed(name) ? FAIL : fsencoded(vm, argv[1]);
    Ref out = FAIL;
    if (!failed(value)) {
        if (strchr(as_bytes(name)->data, '='))
            throw(vm, ValueError, "illegal environment variable name");
        else out = posix_done(vm, setenv(as_bytes(name)->data, as_bytes(value)->data, 1));
    }
    decref(name);
    decref(value);
    return out;
}
NATIVE(posix_unsetenv, "unsetenv(name, /)", "Remove an environment variable.")
{
    Ref name = fsencoded(vm, argv[0]);
    if (failed(name)) return FAIL;
    Ref out = posix_done(vm, unsetenv(as_bytes(name)->data));
    decref(name);
    return out;
}
Ref environment_dict(Vm *vm)
{
    Ref dict = dict_new(vm);
    for (char **at = environ; !failed(dict) && at && *at; at++) {
        const char *equals = strchr(*at, '=');
        if (!equals) continue;
        Ref key = bytes_from(vm, *at, equals - *at), value = FAIL;
        if (!failed(key)) value = bytes_from(vm, equals + 1, (ptrdiff_t)strlen(equals + 1));
        bool good = !failed(value) && !failed((Ref)dict_set_default(vm, as_dict(dict), key, value));
        decref(key);
        decref(value);
        if (!good) replace(&dict, FAIL);
    }
    return dict;
}
NATIVE(posix__create_environ, "_create_environ()",
       "Return the environment of the process: a dict of bytes.")
{
    return environment_dict(vm);
}

const Native *const posix_exec_functions[] = {
    &posix_execv_def,  &posix_execve_def,   &posix_posix_spawn_def,     &posix_posix_spawnp_def,
    &posix_putenv_def, &posix_unsetenv_def, &posix__create_environ_def, NULL,
};
