/* bench.c - speed and memory of aio beside a reference interpreter (`make bench REF=python3.11`).
 *
 * bench AIO REFERENCE [PART-OF-A-NAME]
 *
 * Runs each kernel of tests/bench/compute and tests/bench/async under both, in turns (aio,
 * reference, aio, reference, ...), ROUNDS times, and prints the fastest reference time / the
 * fastest aio time: above 1 aio is faster.  The fastest, since whatever else the machine does only
 * ever adds.  Time is the child's CPU time, user and system, from fork to exit; nothing is
 * subtracted.  The two outputs must be equal.  A twin beside the kernel (.lua, .js) takes its turn
 * too where its interpreter is installed.  Then start-up (tests/bench/startup) and memory per
 * waiting task (tests/bench/memory).
 * Run from the root of the repository. */
/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 7, STARTUP_RUNS = 40, OUTPUT_MAX = 4096, TASKS = 50000 };

/* One run of one program. */
typedef struct Sample {
    double cpu;   /* seconds, user + system */
    double wall;  /* seconds */
    long peak_kb; /* largest resident size */
    bool ok;      /* exit status 0 */
    char output[OUTPUT_MAX];
} Sample;

typedef struct Bench {
    const char *aio, *reference, *only;
    bool lua, node; /* installed? */
    int failures;
} Bench;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(struct timeval t) { return (double)t.tv_sec + (double)t.tv_usec / 1e6; }

static void die(const char *what)
{
    perror(what);
    exit(2);
}

/* Runs `program script`, standard output into the sample. */
static Sample run_once(const char *program, const char *script)
{
    Sample sample = {0};
    struct rusage usage;
    int status, out = memfd_create("output", MFD_CLOEXEC);
    double start = now();
    pid_t pid = fork();

    if (out < 0 || pid < 0) die("bench");
    if (pid == 0) {
        dup2(open("/dev/null", O_RDONLY), 0);
        dup2(out, 1);
        execlp(program, program, script, (char *)NULL);
        perror(program);
        _exit(127);
    }
    if (wait4(pid, &status, 0, &usage) < 0) die("wait4");
    sample.wall = now() - start;
    sample.cpu = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    sample.peak_kb = usage.ru_maxrss;
    sample.ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (pread(out, sample.output, OUTPUT_MAX - 1, 0) < 0) die("pread");
    close(out);
    return sample;
}

static void keep_fastest(double *fastest, double time)
{
    if (*fastest == 0 || time < *fastest) *fastest = time;
}

static bool installed(const char *program)
{
    char command[256];
    snprintf(command, sizeof command, "command -v %s >/dev/null 2>&1", program);
    return system(command) == 0;
}

/* ---- kernels ---- */

/* The same kernel in another language, beside it: its program and the fastest run so far. */
typedef struct Twin {
    const char *program;
    char path[512];
    double fastest;
} Twin;

/* The twin of `path`, with its suffix for .aio; without a path when there is none to run. */
static Twin find_twin(const char *path, const char *suffix, const char *program, bool installed)
{
    Twin twin = {.program = program};
    int stem = (int)(strlen(path) - strlen(".aio"));
    snprintf(twin.path, sizeof twin.path, "%.*s%s", stem, path, suffix);
    if (!installed || access(twin.path, R_OK) != 0) *twin.path = '\0';
    return twin;
}

static void run_twin(Twin *twin)
{
    if (*twin->path) keep_fastest(&twin->fastest, run_once(twin->program, twin->path).cpu);
}

static void print_twin(const Twin *twin, double aio)
{
    if (*twin->path) printf("%9.2fx", twin->fastest / aio);
    else printf("%10s", "");
}

/* Runs one kernel in turns and prints its line; returns the ratio, or 0 when it failed. */
static double run_kernel(Bench *bench, const char *path, const char *name)
{
    Twin lua = find_twin(path, ".lua", "lua5.4", bench->lua);
    Twin node = find_twin(path, ".js", "node", bench->node);
    double ours = 0, theirs = 0, ratio;
    Sample warm = run_once(bench->aio, path); /* not timed: brings the files into memory */

    if (!warm.ok) {
        printf("%-28s failed\n", name);
        bench->failures++;
        return 0;
    }
    for (int n = 0; n < ROUNDS; n++) {
        Sample a = run_once(bench->aio, path), b = run_once(bench->reference, path);
        if (!a.ok || !b.ok || strcmp(a.output, b.output) != 0) {
            printf("%-28s %s\n    aio:       %s    reference: %s", name,
                   b.ok ? "other output" : "the reference failed", a.output, b.output);
            bench->failures++;
            return 0;
        }
        keep_fastest(&ours, a.cpu);
        keep_fastest(&theirs, b.cpu);
        run_twin(&lua);
        run_twin(&node);
    }
    ratio = theirs / ours;
    printf("%-28s%10.1f%10.1f%9.2fx", name, theirs * 1e3, ours * 1e3, ratio);
    print_twin(&lua, ours);
    print_twin(&node, ours);
    printf("\n");
    fflush(stdout);
    return ratio;
}

static int is_script(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 4 && strcmp(entry->d_name + length - 4, ".aio") == 0;
}

static void run_group(Bench *bench, const char *group)
{
    struct dirent **entries;
    char folder[256], path[768], worst_name[256] = "";
    double logs = 0, worst = INFINITY;
    int measured = 0, n;

    snprintf(folder, sizeof folder, "tests/bench/%s", group);
    n = scandir(folder, &entries, is_script, alphasort);
    if (n < 0) die(folder);
    printf("\n%-28s%10s%10s%10s%10s%10s\n", group, "ref ms", "aio ms", "ratio",
           bench->lua ? "lua5.4" : "", bench->node ? "node" : "");
    for (int i = 0; i < n; i++) {
        const char *name = entries[i]->d_name;
        snprintf(path, sizeof path, "%s/%s", folder, name);
        if (!bench->only || strstr(path, bench->only)) {
            double ratio = run_kernel(bench, path, name);
            if (ratio > 0) logs += log(ratio), measured++;
            if (ratio > 0 && ratio < worst) {
                worst = ratio;
                snprintf(worst_name, sizeof worst_name, "%s", name);
            }
        }
        free(entries[i]);
    }
    free(entries);
    if (measured)
        printf("%-28s%20s%9.2fx   slowest %.2fx (%s), %d kernels\n", "geomean", "",
               exp(logs / measured), worst, worst_name, measured);
}

/* ---- start-up ---- */

static void print_startup(const char *program, const char *script, const char *label)
{
    double wall = 0, cpu = 0;
    long peak = 0;

    for (int i = 0; i < STARTUP_RUNS; i++) {
        Sample sample = run_once(program, script);
        keep_fastest(&wall, sample.wall);
        keep_fastest(&cpu, sample.cpu);
        if (sample.peak_kb > peak) peak = sample.peak_kb;
    }
    printf("%-28s%10.2f%10.2f%10.1f\n", label, wall * 1e3, cpu * 1e3, (double)peak / 1024);
}

static void run_startup(const Bench *bench)
{
    if (bench->only && !strstr("tests/bench/startup", bench->only)) return;
    printf("\n%-28s%10s%10s%10s\n", "start-up", "wall ms", "CPU ms", "peak MB");
    print_startup(bench->aio, "tests/bench/startup/empty.aio", "aio, empty");
    print_startup(bench->aio, "tests/bench/startup/asyncio_run.aio", "aio, asyncio.run");
    print_startup(bench->reference, "tests/bench/startup/empty.aio", "reference, empty");
    print_startup(bench->reference, "tests/bench/startup/asyncio_run.aio",
                  "reference, asyncio.run");
    if (bench->lua) print_startup("lua5.4", "tests/bench/startup/empty.lua", "lua5.4, empty");
    if (bench->node) print_startup("node", "tests/bench/startup/empty.js", "node, empty");
}

/* ---- memory ---- */

/* The resident size in bytes of a process. */
static long resident(pid_t pid)
{
    char path[64];
    long size = 0, pages = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    file = fopen(path, "r");
    if (!file || fscanf(file, "%ld %ld", &size, &pages) != 2) pages = 0;
    if (file) fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

/* Resident bytes of `program script tasks` once it has said "ready"; -1 when it did not. */
static long measure(const char *program, const char *script, int tasks)
{
    int input[2], output[2];
    char count[32], answer[16] = "";
    long bytes = -1;
    pid_t pid;

    if (pipe(input) < 0 || pipe(output) < 0) die("pipe");
    snprintf(count, sizeof count, "%d", tasks);
    pid = fork();
    if (pid < 0) die("fork");
    if (pid == 0) {
        dup2(input[0], 0);
        dup2(output[1], 1);
        close(input[1]);
        close(output[0]);
        execlp(program, program, script, count, (char *)NULL);
        _exit(127);
    }
    close(input[0]);
    close(output[1]);
    if (read(output[0], answer, sizeof answer - 1) > 0 && strncmp(answer, "ready", 5) == 0)
        bytes = resident(pid);
    if (bytes >= 0 && write(input[1], "\n", 1) < 0) bytes = -1;
    close(input[1]);
    while (read(output[0], answer, sizeof answer) > 0) {
    }
    close(output[0]);
    waitpid(pid, NULL, 0);
    return bytes;
}

static void print_memory(Bench *bench, const char *script, const char *label)
{
    long ours = measure(bench->aio, script, TASKS) - measure(bench->aio, script, 0);
    long theirs = measure(bench->reference, script, TASKS) - measure(bench->reference, script, 0);

    if (ours <= 0) bench->failures++;
    printf("%-28s%10.0f%10.0f\n", label, (double)theirs / TASKS, (double)ours / TASKS);
}

static void run_memory(Bench *bench)
{
    if (bench->only && !strstr("tests/bench/memory", bench->only)) return;
    printf("\n%-28s%10s%10s\n", "bytes per waiting task", "ref", "aio");
    print_memory(bench, "tests/bench/memory/idle_task.aio", "waits for an event");
    print_memory(bench, "tests/bench/memory/nested_10.aio", "the same, 10 awaits deep");
}

int main(int argc, char **argv)
{
    Bench bench = {0};

    if (argc < 3) {
        fprintf(stderr, "usage: bench AIO REFERENCE [PART-OF-A-NAME]\n");
        return 2;
    }
    bench.aio = argv[1];
    bench.reference = argv[2];
    bench.only = argc > 3 && *argv[3] ? argv[3] : NULL;
    bench.lua = installed("lua5.4");
    bench.node = installed("node");
    setenv("PYTHONDONTWRITEBYTECODE", "1", 1);
    printf("CPU time against %s: ratio = its time / aio's, the fastest of %d runs each\n",
           bench.reference, ROUNDS);
    run_group(&bench, "compute");
    run_group(&bench, "async");
    run_startup(&bench);
    run_memory(&bench);
    if (bench.failures) printf("\n%d failed\n", bench.failures);
    return bench.failures ? 1 : 0;
}
