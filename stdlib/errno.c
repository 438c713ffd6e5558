/* errno.c - module errno: the numbers of system errors, and their names.
 *
 * Each row of `numbers` becomes a constant; errorcode maps back, to the last name of a number. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "native.h"

typedef struct Number {
    const char *name;
    int value;
} Number;
static const Number numbers[] = {
#define ROW(name)                                                                                  \
    {                                                                                              \
#name, name                                                                                \
    }
    ROW(EDEADLK),      ROW(EOPNOTSUPP),      ROW(EWOULDBLOCK),     ROW(EPERM),
    ROW(ENOENT),       ROW(ESRCH),           ROW(EINTR),           ROW(EIO),
    ROW(ENXIO),        ROW(E2BIG),           ROW(ENOEXEC),         ROW(EBADF),
    ROW(ECHILD),       ROW(EAGAIN),          ROW(ENOMEM),          ROW(EACCES),
    ROW(EFAULT),       ROW(ENOTBLK),         ROW(EBUSY),           ROW(EEXIST),
    ROW(EXDEV),        ROW(ENODEV),          ROW(ENOTDIR),         ROW(EISDIR),
    ROW(EINVAL),       ROW(ENFILE),          ROW(EMFILE),          ROW(ENOTTY),
    ROW(ETXTBSY),      ROW(EFBIG),           ROW(ENOSPC),          ROW(ESPIPE),
    ROW(EROFS),        ROW(EMLINK),          ROW(EPIPE),           ROW(EDOM),
    ROW(ERANGE),       ROW(EDEADLOCK),       ROW(ENAMETOOLONG),    ROW(ENOLCK),
    ROW(ENOSYS),       ROW(ENOTEMPTY),       ROW(ELOOP),           ROW(ENOMSG),
    ROW(EIDRM),        ROW(ECHRNG),          ROW(EL2NSYNC),        ROW(EL3HLT),
    ROW(EL3RST),       ROW(ELNRNG),          ROW(EUNATCH),         ROW(ENOCSI),
    ROW(EL2HLT),       ROW(EBADE),           ROW(EBADR),           ROW(EXFULL),
    ROW(ENOANO),       ROW(EBADRQC),         ROW(EBADSLT),         ROW(EBFONT),
    ROW(ENOSTR),       ROW(ENODATA),         ROW(ETIME),           ROW(ENOSR),
    ROW(ENONET),       ROW(ENOPKG),          ROW(EREMOTE),         ROW(ENOLINK),
    ROW(EADV),         ROW(ESRMNT),          ROW(ECOMM),           ROW(EPROTO),
    ROW(EMULTIHOP),    ROW(EDOTDOT),         ROW(EBADMSG),         ROW(EOVERFLOW),
    ROW(ENOTUNIQ),     ROW(EBADFD),          ROW(EREMCHG),         ROW(ELIBACC),
    ROW(ELIBBAD),      ROW(ELIBSCN),         ROW(ELIBMAX),         ROW(ELIBEXEC),
    ROW(EILSEQ),       ROW(ERESTART),        ROW(ESTRPIPE),        ROW(EUSERS),
    ROW(ENOTSOCK),     ROW(EDESTADDRREQ),    ROW(EMSGSIZE),        ROW(EPROTOTYPE),
    ROW(ENOPROTOOPT),  ROW(EPROTONOSUPPORT), ROW(ESOCKTNOSUPPORT), ROW(ENOTSUP),
    ROW(EPFNOSUPPORT), ROW(EAFNOSUPPORT),    ROW(EADDRINUSE),      ROW(EADDRNOTAVAIL),
    ROW(ENETDOWN),     ROW(ENETUNREACH),     ROW(ENETRESET),       ROW(ECONNABORTED),
    ROW(ECONNRESET),   ROW(ENOBUFS),         ROW(EISCONN),         ROW(ENOTCONN),
    ROW(ESHUTDOWN),    ROW(ETOOMANYREFS),    ROW(ETIMEDOUT),       ROW(ECONNREFUSED),
    ROW(EHOSTDOWN),    ROW(EHOSTUNREACH),    ROW(EALREADY),        ROW(EINPROGRESS),
    ROW(ESTALE),       ROW(EUCLEAN),         ROW(ENOTNAM),         ROW(ENAVAIL),
    ROW(EISNAM),       ROW(EREMOTEIO),       ROW(EDQUOT),          ROW(ENOMEDIUM),
    ROW(EMEDIUMTYPE),  ROW(ECANCELED),       ROW(ENOKEY),          ROW(EKEYEXPIRED),
    ROW(EKEYREVOKED),  ROW(EKEYREJECTED),    ROW(EOWNERDEAD),      ROW(ENOTRECOVERABLE),
    ROW(ERFKILL),
#undef ROW
};

static bool errno_open(Vm *vm, Value module)
{
    Ref codes = dict_new(vm);
    bool good = !failed(codes);
    for (size_t n = 0; good && n < sizeof numbers / sizeof *numbers; n++) {
        Ref name = str_interned(vm, numbers[n].name);
        Value value = from_small(numbers[n].value);
        good = !failed(name) && dict_set(vm, as_dict(codes), value, name) &&
               module_set(vm, module, numbers[n].name, newref(value));
        decref(name);
    }
    if (good) return module_set(vm, module, "errorcode", codes);
    decref(codes);
    return false;
}

const ModuleDef errno_module = {
    .name = "errno",
    .doc = "The numbers of system errors; errorcode maps them to their names.",
    .open = errno_open,
};
