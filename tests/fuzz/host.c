/* host.c - the one interpreter that a fuzz target runs all its inputs in.
 *
 * Objects are counted before and after an input.  What is left over may be a cache that filled, so
 * the input is run again, and only what grows with each run is a leak; AIO_DEBUG=refs tells of
 * which type it is.  Memory that is no object is LeakSanitizer's, once in a while.
 * Neighbours: compile.c and programs.c (the targets), fuzz.sh (builds the seeds, runs them). */
/* SPDX-License-Identifier: MIT */
#include "host.h"

#include <sanitizer/lsan_interface.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/interp.h"
#include "cli/sysvars.h"
#include "compiler/compiler.h"
#include "memory/gc.h"
#include "object/call.h"
#include "object/dict.h"
#include "object/error.h"
#include "object/name.h"
#include "object/str.h"
#include "vm/frame.h"
#include "vm/pending.h"

static Ref names; /* what the setup has defined */

enum { RUNS_OF_A_LEAK = 5, ROUNDS_TO_SETTLE = 2000, RUNS_UNLOOKED_AT = 10000 };

/* What a program asks for in one piece is no more than this; beyond it, MemoryError.  libFuzzer's
 * own table takes 20 MB. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1:max_allocation_size_mb=21";
}

_Noreturn void host_finding(Vm *vm, const char *what)
{
    fprintf(stderr, "FINDING: %s\n", what);
    Ref error = error_take(vm), text = absent(error) ? NONE : format_text(vm, "%R", (Value)error);
    if (is_str(text)) fprintf(stderr, "FINDING: %s\n", as_str(text)->data);
    abort();
}

Vm *host_open(const char *setup, Ref *shared)
{
    static char *argv[] = {"aio", "-P", "-c", "", NULL};
    Options options;
    const char *debug = getenv("AIO_DEBUG");
    setenv("PYTHONHASHSEED", "1", 1); /* a finding must repeat */
    heap_prepare();
    options_read(&options, 4, argv);
    bool refs = debug && strcmp(debug, "refs") == 0;
    Vm *vm = interp_open((Debugging){refs ? DEBUG_REFS : 0, -1, -1}, &options.flags);
    if (!vm || !sysvars_set(vm, &options)) exit(2);
    signal(SIGINT, SIG_DFL);
    Ref filename = str_from(vm, "setup"), dict = dict_new(vm);
    if (failed(filename) || failed(dict) ||
        !dict_set(vm, as_dict(dict), N(__builtins__), vm->interp->builtins))
        exit(2);
    Ref code = compile_source(vm, setup, (ptrdiff_t)strlen(setup), filename, PARSE_FILE, 0),
        result = failed(code) ? FAIL : run_code(vm, as_code(code), as_dict(dict), UNDEF);
    if (failed(result)) host_finding(vm, "the setup fails");
    decref(result);
    decref(code);
    decref(filename);
    *shared = names = dict;
    return vm;
}

/* Objects alive once nothing waits to be finalised and no garbage is in sight; whole: nor out of
 * sight, nor in the caches that the setup's tidy() empties.  What a program, its finalisers and
 * callbacks have set in the thread's context goes. */
static int64_t settle(Vm *vm, bool whole)
{
    Value tidy = whole ? dict_get_text(vm, as_dict(names), "tidy") : (Value)UNDEF;
    if (!absent(tidy)) decref(call0(vm, tidy));
    for (int round = 0; round < ROUNDS_TO_SETTLE; round++) {
        pending_run(vm);
        clear(&vm->context);
        if (!absent(vm->error)) host_finding(vm, "a finaliser leaves an exception behind");
        if ((whole ? collector_run_full(vm) : collector_run(vm)) == 0) break;
    }
    return vm->interp->memory.live;
}

void host_run(Vm *vm, void once(Vm *vm, const uint8_t *input, size_t size), const uint8_t *input,
              size_t size)
{
    static int runs;
    bool look = ++runs % RUNS_UNLOOKED_AT == 0;
    int64_t before = settle(vm, look);
    if (look && __lsan_do_recoverable_leak_check()) abort();
    once(vm, input, size);
    if (size % 8 != 0) return; /* counting takes as long as running */
    if (settle(vm, false) <= before || settle(vm, true) <= before) return;
    int64_t counts[RUNS_OF_A_LEAK];
    if (vm->interp->debug & DEBUG_REFS) objects_report(vm, stderr);
    for (int run = 0; run < RUNS_OF_A_LEAK; run++) {
        before = settle(vm, true);
        once(vm, input, size);
        counts[run] = settle(vm, true) - before;
        if (counts[run] <= 0) return;
    }
    if (vm->interp->debug & DEBUG_REFS) objects_report(vm, stderr);
    fprintf(stderr, "FINDING: %lld objects more after each run\n",
            (long long)counts[RUNS_OF_A_LEAK - 1]);
    abort();
}
