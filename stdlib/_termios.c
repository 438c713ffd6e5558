/* _termios.c - the system calls of termios.aio: how terminals behave.
 *
 * Each raises OSError; termios.aio makes termios.error of it.
 * Neighbours: fcntl.c. */
/* SPDX-License-Identifier: MIT */
#include <sys/ioctl.h>
#include <termios.h>

#include "_posix.h"

enum { ATTRIBUTES = 7, CONTROLS = 6 }; /* of a list; where the control characters are in it */

/* ---- attributes ---- */

/* A byte, or an int where the terminal does not read lines (VMIN and VTIME). */
static Ref controls_of(Vm *vm, const struct termios *mode)
{
    Ref list = list_new(vm, NCCS);
    for (int n = 0; !failed(list) && n < NCCS; n++) {
        bool number = !(mode->c_lflag & ICANON) && (n == VMIN || n == VTIME);
        Ref item =
            number ? from_small(mode->c_cc[n]) : bytes_from(vm, (const char *)&mode->c_cc[n], 1);
        if (failed(item) || !list_push(vm, as_list(list), item)) replace(&list, FAIL);
    }
    return list;
}

NATIVE(termios_tcgetattr, "tcgetattr(fd, /)",
       "Return [iflag, oflag, cflag, lflag, ispeed, ospeed, cc] of a terminal.")
{
    int fd;
    struct termios mode;
    if (!descriptor_from(vm, argv[0], &fd)) return FAIL;
    if (tcgetattr(fd, &mode) < 0) return posix_error(vm);
    Ref controls = controls_of(vm, &mode),
        list = failed(controls) ? FAIL : list_new(vm, ATTRIBUTES);
    const unsigned numbers[] = {mode.c_iflag, mode.c_oflag,       mode.c_cflag,
                                mode.c_lflag, cfgetispeed(&mode), cfgetospeed(&mode)};
    for (int n = 0; !failed(list) && n < CONTROLS; n++)
        if (!list_push(vm, as_list(list), from_small(numbers[n]))) replace(&list, FAIL);
    if (!failed(list) && !list_push(vm, as_list(list), newref(controls))) replace(&list, FAIL);
    decref(controls);
    return list;
}

static bool set_controls(Vm *vm, Value given, struct termios *mode)
{
    if (!is_list(given) || as_list(given)->len != NCCS) {
        throw(vm, TypeError, "tcsetattr: attributes[6] must be %d element list", (int)NCCS);
        return false;
    }
    for (int n = 0; n < NCCS; n++) {
        Value item = as_list(given)->len == NCCS ? list_at(as_list(given), n) : (Value)UNDEF;
        int64_t number = 0;
        if (!absent(item) && is_bytes(item) && as_bytes(item)->len == 1) {
            mode->c_cc[n] = (cc_t)as_bytes(item)->data[0];
        } else if (!absent(item) && is_any_int(item)) {
            if (!int_index(vm, item, &number)) return false;
            mode->c_cc[n] = (cc_t)number;
        } else {
            throw(vm, TypeError,
                  "tcsetattr: elements of attributes must be characters or integers");
            return false;
        }
    }
    return true;
}

NATIVE(
    termios_tcsetattr, "tcsetattr(fd, when, attributes, /)",
    "Set what tcgetattr() returns: at once (TCSANOW), when what was written is out (TCSADRAIN),\n"
    "or then and with what was not read dropped (TCSAFLUSH).")
{
    int fd, when;
    struct termios mode;
    int64_t numbers[CONTROLS];
    if (!descriptor_from(vm, argv[0], &fd) || !c_int_from(vm, argv[1], &when)) return FAIL;
    if (!is_list(argv[2]) || as_list(argv[2])->len != ATTRIBUTES)
        return throw(vm, TypeError, "tcsetattr, arg 3: must be 7 element list");
    if (tcgetattr(fd, &mode) < 0) return posix_error(vm); /* for what the list does not hold */
    for (int n = 0; n < CONTROLS; n++) {
        if (as_list(argv[2])->len != ATTRIBUTES)
            return throw(vm, TypeError, "tcsetattr, arg 3: must be 7 element list");
        if (!int_index(vm, list_at(as_list(argv[2]), n), &numbers[n])) return FAIL;
    }
    mode.c_iflag = (tcflag_t)numbers[0];
    mode.c_oflag = (tcflag_t)numbers[1];
    mode.c_cflag = (tcflag_t)numbers[2];
    mode.c_lflag = (tcflag_t)numbers[3];
    if (as_list(argv[2])->len != ATTRIBUTES ||
        !set_controls(vm, list_at(as_list(argv[2]), CONTROLS), &mode))
        return absent(vm->error) ? throw(vm, TypeError, "tcsetattr, arg 3: must be 7 element list")
                                 : FAIL;
    if (cfsetispeed(&mode, (speed_t)numbers[4]) < 0 || cfsetospeed(&mode, (speed_t)numbers[5]) < 0)
        return posix_error(vm);
    int result;
    WAITING(result, tcsetattr(fd, when, &mode));
    return posix_done(vm, result);
}

/* ---- what is on its way ---- */

NATIVE(termios_tcsendbreak, "tcsendbreak(fd, duration, /)", "Send a break.")
{
    int fd, duration, result;
    if (!descriptor_from(vm, argv[0], &fd) || !c_int_from(vm, argv[1], &duration)) return FAIL;
    WAITING(result, tcsendbreak(fd, duration));
    return posix_done(vm, result);
}
NATIVE(termios_tcdrain, "tcdrain(fd, /)", "Wait until all that was written is out.")
{
    int fd, result;
    if (!descriptor_from(vm, argv[0], &fd)) return FAIL;
    WAITING(result, tcdrain(fd));
    return posix_done(vm, result);
}
NATIVE(termios_tcflush, "tcflush(fd, queue, /)",
       "Drop what came in (TCIFLUSH), what was written (TCOFLUSH), or both (TCIOFLUSH).")
{
    int fd, queue;
    if (!descriptor_from(vm, argv[0], &fd) || !c_int_from(vm, argv[1], &queue)) return FAIL;
    return posix_done(vm, tcflush(fd, queue));
}
NATIVE(termios_tcflow, "tcflow(fd, action, /)",
       "Stop or go on with output (TCOOFF, TCOON) or input (TCIOFF, TCION).")
{
    int fd, action;
    if (!descriptor_from(vm, argv[0], &fd) || !c_int_from(vm, argv[1], &action)) return FAIL;
    return posix_done(vm, tcflow(fd, action));
}

/* ---- size ---- */

NATIVE(termios_tcgetwinsize, "tcgetwinsize(fd, /)", "Return (rows, columns) of a terminal.")
{
    int fd;
    struct winsize size;
    if (!descriptor_from(vm, argv[0], &fd)) return FAIL;
    if (ioctl(fd, TIOCGWINSZ, &size) < 0) return posix_error(vm);
    return tuple_pack(vm, 2, from_small(size.ws_row), from_small(size.ws_col));
}
NATIVE(termios_tcsetwinsize, "tcsetwinsize(fd, winsize, /)", "Set (rows, columns) of a terminal.")
{
    int fd;
    int64_t rows, columns;
    struct winsize size;
    if (!descriptor_from(vm, argv[0], &fd)) return FAIL;
    if (!is_sequence(argv[1]))
        return throw(vm, TypeError, "tcsetwinsize, arg 2: must be a two-item sequence");
    Ref pair = tuple_from(vm, argv[1]);
    if (failed(pair)) return FAIL;
    bool good = tuple_len(pair) == 2;
    if (!good) throw(vm, TypeError, "tcsetwinsize, arg 2: must be a two-item sequence");
    good = good && int_index(vm, tuple_at(pair, 0), &rows) &&
           int_index(vm, tuple_at(pair, 1), &columns);
    decref(pair);
    if (!good) return FAIL;
    if (rows < 0 || columns < 0 || rows > 0xFFFF || columns > 0xFFFF)
        return throw(vm, OverflowError, "winsize value(s) out of range.");
    if (ioctl(fd, TIOCGWINSZ, &size) < 0) return posix_error(vm);
    size.ws_row = (unsigned short)rows;
    size.ws_col = (unsigned short)columns;
    return posix_done(vm, ioctl(fd, TIOCSWINSZ, &size));
}

/* ---- tables ---- */

#define C(name)                                                                                    \
    {                                                                                              \
#name, name                                                                                \
    }
static const struct {
    const char *name;
    int64_t value;
} constants[] = {
    C(B0),
    C(B1000000),
    C(B110),
    C(B115200),
    C(B1152000),
    C(B1200),
    C(B134),
    C(B150),
    C(B1500000),
    C(B1800),
    C(B19200),
    C(B200),
    C(B2000000),
    C(B230400),
    C(B2400),
    C(B2500000),
    C(B300),
    C(B3000000),
    C(B3500000),
    C(B38400),
    C(B4000000),
    C(B460800),
    C(B4800),
    C(B50),
    C(B500000),
    C(B57600),
    C(B576000),
    C(B600),
    C(B75),
    C(B921600),
    C(B9600),
    C(BRKINT),
    C(BS0),
    C(BS1),
    C(BSDLY),
    C(CBAUD),
    C(CBAUDEX),
    C(CDSUSP),
    C(CEOF),
    C(CEOL),
    C(CEOT),
    C(CERASE),
    C(CFLUSH),
    C(CIBAUD),
    C(CINTR),
    C(CKILL),
    C(CLNEXT),
    C(CLOCAL),
    C(CQUIT),
    C(CR0),
    C(CR1),
    C(CR2),
    C(CR3),
    C(CRDLY),
    C(CREAD),
    C(CRPRNT),
    C(CRTSCTS),
    C(CS5),
    C(CS6),
    C(CS7),
    C(CS8),
    C(CSIZE),
    C(CSTART),
    C(CSTOP),
    C(CSTOPB),
    C(CSUSP),
    C(CWERASE),
    C(ECHO),
    C(ECHOCTL),
    C(ECHOE),
    C(ECHOK),
    C(ECHOKE),
    C(ECHONL),
    C(ECHOPRT),
    C(EXTA),
    C(EXTB),
    C(EXTPROC),
    C(FF0),
    C(FF1),
    C(FFDLY),
    C(FIOASYNC),
    C(FIOCLEX),
    C(FIONBIO),
    C(FIONCLEX),
    C(FIONREAD),
    C(FLUSHO),
    C(HUPCL),
    C(ICANON),
    C(ICRNL),
    C(IEXTEN),
    C(IGNBRK),
    C(IGNCR),
    C(IGNPAR),
    C(IMAXBEL),
    C(INLCR),
    C(INPCK),
    C(IOCSIZE_MASK),
    C(IOCSIZE_SHIFT),
    C(ISIG),
    C(ISTRIP),
    C(IUCLC),
    C(IUTF8),
    C(IXANY),
    C(IXOFF),
    C(IXON),
    C(NCC),
    C(NCCS),
    C(NL0),
    C(NL1),
    C(NLDLY),
    C(NOFLSH),
    C(N_MOUSE),
    C(N_PPP),
    C(N_SLIP),
    C(N_STRIP),
    C(N_TTY),
    C(OCRNL),
    C(OFDEL),
    C(OFILL),
    C(OLCUC),
    C(ONLCR),
    C(ONLRET),
    C(ONOCR),
    C(OPOST),
    C(PARENB),
    C(PARMRK),
    C(PARODD),
    C(PENDIN),
    C(TAB0),
    C(TAB1),
    C(TAB2),
    C(TAB3),
    C(TABDLY),
    C(TCFLSH),
    C(TCGETA),
    C(TCGETS),
    C(TCIFLUSH),
    C(TCIOFF),
    C(TCIOFLUSH),
    C(TCION),
    C(TCOFLUSH),
    C(TCOOFF),
    C(TCOON),
    C(TCSADRAIN),
    C(TCSAFLUSH),
    C(TCSANOW),
    C(TCSBRK),
    C(TCSBRKP),
    C(TCSETA),
    C(TCSETAF),
    C(TCSETAW),
    C(TCSETS),
    C(TCSETSF),
    C(TCSETSW),
    C(TCXONC),
    C(TIOCCONS),
    C(TIOCEXCL),
    C(TIOCGETD),
    C(TIOCGICOUNT),
    C(TIOCGLCKTRMIOS),
    C(TIOCGPGRP),
    C(TIOCGSERIAL),
    C(TIOCGSOFTCAR),
    C(TIOCGWINSZ),
    C(TIOCINQ),
    C(TIOCLINUX),
    C(TIOCMBIC),
    C(TIOCMBIS),
    C(TIOCMGET),
    C(TIOCMIWAIT),
    C(TIOCMSET),
    C(TIOCM_CAR),
    C(TIOCM_CD),
    C(TIOCM_CTS),
    C(TIOCM_DSR),
    C(TIOCM_DTR),
    C(TIOCM_LE),
    C(TIOCM_RI),
    C(TIOCM_RNG),
    C(TIOCM_RTS),
    C(TIOCM_SR),
    C(TIOCM_ST),
    C(TIOCNOTTY),
    C(TIOCNXCL),
    C(TIOCOUTQ),
    C(TIOCPKT),
    C(TIOCPKT_DATA),
    C(TIOCPKT_DOSTOP),
    C(TIOCPKT_FLUSHREAD),
    C(TIOCPKT_FLUSHWRITE),
    C(TIOCPKT_NOSTOP),
    C(TIOCPKT_START),
    C(TIOCPKT_STOP),
    C(TIOCSCTTY),
    C(TIOCSERCONFIG),
    C(TIOCSERGETLSR),
    C(TIOCSERGETMULTI),
    C(TIOCSERGSTRUCT),
    C(TIOCSERGWILD),
    C(TIOCSERSETMULTI),
    C(TIOCSERSWILD),
    C(TIOCSER_TEMT),
    C(TIOCSETD),
    C(TIOCSLCKTRMIOS),
    C(TIOCSPGRP),
    C(TIOCSSERIAL),
    C(TIOCSSOFTCAR),
    C(TIOCSTI),
    C(TIOCSWINSZ),
    C(TOSTOP),
    C(VDISCARD),
    C(VEOF),
    C(VEOL),
    C(VEOL2),
    C(VERASE),
    C(VINTR),
    C(VKILL),
    C(VLNEXT),
    C(VMIN),
    C(VQUIT),
    C(VREPRINT),
    C(VSTART),
    C(VSTOP),
    C(VSUSP),
    C(VSWTC),
    C(VT0),
    C(VT1),
    C(VTDLY),
    C(VTIME),
    C(VWERASE),
    C(XCASE),
    C(XTABS),
};
#undef C

static bool termios_open(Vm *vm, Value module)
{
    for (size_t n = 0; n < sizeof constants / sizeof *constants; n++)
        if (!module_set(vm, module, constants[n].name, from_int64(vm, constants[n].value)))
            return false;
    return true;
}
static const Native *const termios_functions[] = {
    &termios_tcgetattr_def,    &termios_tcsetattr_def,    &termios_tcsendbreak_def,
    &termios_tcdrain_def,      &termios_tcflush_def,      &termios_tcflow_def,
    &termios_tcgetwinsize_def, &termios_tcsetwinsize_def, NULL,
};
const ModuleDef _termios_module = {
    .name = "_termios",
    .doc = "How terminals behave.",
    .functions = termios_functions,
    .open = termios_open,
};
