/* run.c - the test runner: every script under the given folders, side by side, with a time limit.
 *
 * run AIO [--oracle=PYTHON|find] [--oom [--tries=N] [--known=FILE]] [--limit=SECONDS]
 *     [--only=PART] [--jobs=N] PATH...
 *
 * A test is a .aio file whose comments say what must happen (STYLE.md section 10):
 *   # expect: TEXT         the next line of standard output, in order; may stand beside the print
 *   # expect error: TEXT   must occur on standard error
 *   # stdin: TEXT          a line of standard input
 *   # exit: N              the exit status (0 when not given; a signal S counts as 128 + S)
 *   # run: COMMAND         run this with sh instead of the script: $AIO is aio (or the oracle),
 *                          $0 the script's path, $TMP a folder of the test's own, whose files
 *                          told* are standard error too: for what a filter hides from it;
 *                          several lines are one text
 *   # skip-unless: COMMAND run only where this shell command succeeds ($AIO is aio)
 *   # aio only: REASON     a deliberate difference: not compared with CPython; a reason that begins
 *                          with a version (3.14) excuses older ones only
 * A file NAME.expect beside NAME.aio replaces the `# expect:` lines.  Files and folders whose name
 * begins with `_`, and the folder `bench`, hold no tests.  A path without `.aio` is a program that
 * must exit with 0.
 *
 * With an oracle each script also runs under that python, whose standard output and exit status
 * must be those expected.
 * --oom instead makes allocations fail, one a run.  A script allocates some thousand times, mostly
 * in the places where all of them do; to fail each of them would take weeks and tell little more
 * than this: the first run of a test has AIO_DEBUG=sites=FILE, and the aio tells the number of
 * the first, second and eighth allocation of each place (a place is the twelve innermost calls).
 * Those of places that have not been tried often enough (--tries, 3) then fail in turn, by
 * AIO_DEBUG=oom=N.  So start-up is swept by the first test only, and a sweep of part of the tests
 * (--only) begins with it too.  FILE keeps what was tried, a line a run, so that a sweep with one
 * aio can be done in parts, or stopped and taken up again.  Such a run is good when it ends as
 * expected, or when MemoryError (or start-up's "out of memory") is told on either output; it fails
 * on a crash, a hang, a sanitizer's report, and on any other output or status, for then the error
 * was lost on the way.  A hang after MemoryError was told is listed only: an echo that a server
 * could not send is waited for by right.
 * The last line is always "N passed, N failed".
 * Invariant: at most `jobs` children live at a time, each in its own process group. */
/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ERRORS_MAX = 16, JOBS_MAX = 64, DIFF_LINES_MAX = 400 };

/* Bytes that grow; data is NUL-terminated once anything was added. */
typedef struct Text {
    char *data;
    size_t length;
} Text;

typedef struct Test {
    char *path;
    bool script;     /* a .aio file, not a program */
    int oracle_from; /* oldest version (major * 100 + minor) that must agree */
    bool skipped;
    bool failed;
    int exit;    /* expected status */
    Text output; /* expected standard output */
    Text input;
    Text command;             /* for sh; empty: the script itself is run */
    char *errors[ERRORS_MAX]; /* each must occur on standard error */
    int error_count;
} Test;

/* An allocation that fails, and the place that asks for it. */
typedef struct Failure {
    long number;
    unsigned long long calls;
} Failure;

typedef struct Job {
    Test *test;   /* NULL: the slot is free */
    bool oracle;  /* runs under the oracle */
    Failure *oom; /* the allocations to fail */
    int oom_count;
    int oom_at; /* which of them fails now; -1: this run asks for them */
    pid_t pid;
    int out, err; /* memory files that the child writes */
    int sites;    /* another one, of the run that asks for them */
    double began, deadline;
    double usual; /* seconds the first run of an oom sweep took */
    bool timed_out;
} Job;

/* What the command line asked for, and the counts. */
typedef struct Run {
    const char *aio;
    const char *oracle; /* path of a python, or NULL */
    int oracle_version; /* major * 100 + minor */
    const char *only;
    bool oom;
    double limit; /* seconds */
    int jobs;
    Test *tests;
    int count, next;  /* tests known; the next one to start */
    bool next_oracle; /* the next job is tests[next] under the oracle */
    int passed, failed, skipped, compared;
    struct Site *sites; /* --oom: places tried, SITES_MAX slots, open addressing */
    long site_count, swept;
    int tries;   /* at each */
    FILE *known; /* what was tried is added here, or NULL */
} Run;

typedef struct Site {
    unsigned long long calls; /* 0: the slot is free */
    int tries;
} Site;

enum { SITES_MAX = 1 << 20 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void *checked(void *memory)
{
    if (!memory) {
        perror("run");
        exit(2);
    }
    return memory;
}

static void text_add(Text *text, const char *data, size_t length)
{
    text->data = checked(realloc(text->data, text->length + length + 1));
    if (length) memcpy(text->data + text->length, data, length);
    text->length += length;
    text->data[text->length] = '\0';
}

/* The whole of an open file; data is never NULL. */
static Text text_read(int fd)
{
    Text text = {0};
    char block[65536];
    off_t at = 0;
    ssize_t n;

    text_add(&text, "", 0);
    while ((n = pread(fd, block, sizeof block, at)) > 0) {
        text_add(&text, block, (size_t)n);
        at += n;
    }
    return text;
}

/* ---- reading a test's expectations ---- */

/* The text after directive `name` in line (up to its end), or NULL; `# name:` loses one space. */
static const char *directive(const char *line, const char *name)
{
    const char *found = strstr(line, name);
    if (!found) return NULL;
    found += strlen(name);
    return *found == ' ' ? found + 1 : found;
}

static void read_line(Test *test, char *line)
{
    const char *rest;

    if ((rest = directive(line, "# expect:"))) {
        text_add(&test->output, rest, strlen(rest));
        text_add(&test->output, "\n", 1);
    } else if ((rest = directive(line, "# expect error:"))) {
        if (test->error_count == ERRORS_MAX) {
            fprintf(stderr, "%s: too many '# expect error:'\n", test->path);
            exit(2);
        }
        test->errors[test->error_count++] = checked(strdup(rest));
    } else if ((rest = directive(line, "# stdin:"))) {
        text_add(&test->input, rest, strlen(rest));
        text_add(&test->input, "\n", 1);
    } else if ((rest = directive(line, "# run:"))) {
        text_add(&test->command, rest, strlen(rest));
        text_add(&test->command, "\n", 1);
    } else if ((rest = directive(line, "# exit:"))) {
        test->exit = atoi(rest);
    } else if ((rest = directive(line, "# skip-unless:"))) {
        if (system(rest) != 0) test->skipped = true;
    } else if ((rest = directive(line, "# aio only:"))) {
        int major, minor;
        test->oracle_from = sscanf(rest, "%d.%d", &major, &minor) == 2 ? major * 100 + minor : 9999;
    }
}

static void read_expectations(Test *test)
{
    char *line = NULL, *beside = checked(strdup(test->path));
    size_t size = 0;
    ssize_t length;
    FILE *file = checked(fopen(test->path, "r"));
    int fd;

    beside = checked(realloc(beside, strlen(beside) + 8));
    strcpy(beside + strlen(beside) - strlen(".aio"), ".expect");
    text_add(&test->output, "", 0);
    while ((length = getline(&line, &size, file)) >= 0) {
        while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r'))
            line[--length] = '\0';
        read_line(test, line);
    }
    if ((fd = open(beside, O_RDONLY | O_CLOEXEC)) >= 0) {
        test->output = text_read(fd);
        close(fd);
    }
    free(line);
    free(beside);
    fclose(file);
}

static bool ends_with(const char *text, const char *end)
{
    size_t a = strlen(text), b = strlen(end);
    return a >= b && strcmp(text + a - b, end) == 0;
}

static void add_test(Run *run, const char *path)
{
    Test *test;

    if (run->only && !strstr(path, run->only)) return;
    run->tests = checked(realloc(run->tests, (size_t)(run->count + 1) * sizeof *run->tests));
    test = &run->tests[run->count++];
    *test = (Test){.path = checked(strdup(path)), .script = ends_with(path, ".aio")};
    if (test->script) read_expectations(test);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void add_folder(Run *run, const char *folder)
{
    struct dirent **entries;
    struct stat info;
    int n = scandir(folder, &entries, NULL, by_name);

    for (int i = 0; i < n; i++) {
        const char *name = entries[i]->d_name;
        char *path;
        if (asprintf(&path, "%s/%s", folder, name) < 0) exit(2);
        if (name[0] != '.' && name[0] != '_' && stat(path, &info) == 0) {
            if (S_ISDIR(info.st_mode) && strcmp(name, "bench") != 0) add_folder(run, path);
            if (S_ISREG(info.st_mode) && ends_with(name, ".aio")) add_test(run, path);
        }
        free(path);
        free(entries[i]);
    }
    if (n >= 0) free(entries);
}

/* ---- judging what a child did ---- */

/* Splits text in place into lines; returns how many (at most max). */
static int split_lines(char *text, char **lines, int max)
{
    int n = 0;
    while (*text && n < max) {
        lines[n++] = text;
        text = strchr(text, '\n');
        if (!text) break;
        *text++ = '\0';
    }
    return n;
}

/* Prints the two texts as a diff (longest common subsequence), cut to DIFF_LINES_MAX lines. */
static void print_diff(char *expected, char *got)
{
    static char *a[DIFF_LINES_MAX], *b[DIFF_LINES_MAX];
    static short common[DIFF_LINES_MAX + 1][DIFF_LINES_MAX + 1];
    int n = split_lines(expected, a, DIFF_LINES_MAX), m = split_lines(got, b, DIFF_LINES_MAX);
    int i, j;

    memset(common, 0, sizeof common);
    for (i = n - 1; i >= 0; i--) {
        for (j = m - 1; j >= 0; j--) {
            short down = common[i + 1][j], right = common[i][j + 1];
            if (strcmp(a[i], b[j]) == 0) common[i][j] = (short)(common[i + 1][j + 1] + 1);
            else common[i][j] = down > right ? down : right;
        }
    }
    for (i = j = 0; i < n || j < m;) {
        if (i < n && j < m && strcmp(a[i], b[j]) == 0) {
            printf("      %s\n", a[i++]);
            j++;
        } else if (i < n && (j == m || common[i + 1][j] >= common[i][j + 1])) {
            printf("    - %s\n", a[i++]);
        } else {
            printf("    + %s\n", b[j++]);
        }
    }
}

/* Prints the last lines of standard error, or what a sanitizer found. */
static void print_tail(const Text *text)
{
    const char *start = text->data + text->length, *found = strstr(text->data, "ERROR: ");
    int lines = 0;

    if (found && strstr(found, "Sanitizer")) {
        const char *legend = strstr(found, "Shadow bytes around");
        printf("%.*s\n", (int)(legend ? legend - found : 4000), found);
        return;
    }
    while (start > text->data && lines < 25)
        if (*--start == '\n') lines++;
    if (text->length) printf("    standard error:\n%s%s", start, *start ? "\n" : "");
}

static bool sanitizer_spoke(const char *errors)
{
    return strstr(errors, "Sanitizer") || strstr(errors, ": runtime error: ") ||
           strstr(errors, "Assertion `");
}

static bool holds(const Text *text, const char *part)
{
    return memmem(text->data, text->length, part, strlen(part)) != NULL; /* also behind a NUL */
}

static bool tells_no_memory(const Text *text)
{
    return holds(text, "MemoryError") || holds(text, "out of memory");
}

/* Does standard error hold AIO_DEBUG=refs' line "refs: N objects alive" with N above 0? */
static bool objects_alive(const char *errors)
{
    const char *line = strstr(errors, "refs: ");
    return line && atol(line + strlen("refs: ")) > 0;
}

static const char *reason_text(char *buffer, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(buffer, size, format, arguments);
    va_end(arguments);
    return buffer;
}

/* Why the job failed, or NULL; *differs tells whether a diff of the output helps. */
static const char *judge(const Job *job, int status, const Text *out, const Text *err,
                         bool *differs, char *buffer, size_t size)
{
    const Test *test = job->test;
    const char *debug = getenv("AIO_DEBUG");
    int code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);

    *differs = false;
    bool told = job->oom && job->oom_at >= 0 && (tells_no_memory(out) || tells_no_memory(err));
    if (job->timed_out && !told) return "took too long";
    if (!job->oracle && sanitizer_spoke(err->data)) return "a sanitizer or an assertion spoke";
    if (job->oom && job->oom_at >= 0) {
        if (WIFSIGNALED(status) && !job->timed_out)
            return reason_text(buffer, size, "killed by signal %d", WTERMSIG(status));
        if (objects_alive(err->data)) return "objects alive at exit";
        if (told) return NULL;
    }
    if (test->script) {
        *differs = out->length != test->output.length ||
                   memcmp(out->data, test->output.data, out->length) != 0;
    }
    if (code != test->exit)
        return reason_text(buffer, size, "exit status %d, expected %d", code, test->exit);
    if (*differs) return "other output (- expected, + got)";
    if (job->oracle) return NULL;
    for (int i = 0; i < test->error_count; i++)
        if (!strstr(err->data, test->errors[i]))
            return reason_text(buffer, size, "standard error lacks: %s", test->errors[i]);
    if (debug && strstr(debug, "refs") && objects_alive(err->data)) return "objects alive at exit";
    return NULL;
}

static void report(Run *run, const Job *job, const char *reason, bool differs, Text *out, Text *err)
{
    Test *test = job->test;

    printf("FAIL %s%s: ", test->path, job->oracle ? " (under the oracle)" : "");
    if (job->oom && job->oom_at >= 0)
        printf("allocation %ld fails: ", job->oom[job->oom_at].number);
    printf("%s\n", reason);
    if (differs) {
        char *expected = checked(strdup(test->output.data));
        print_diff(expected, out->data);
        free(expected);
    }
    print_tail(err);
    fflush(stdout);
    if (!test->failed) run->failed++;
    test->failed = true;
}

/* ---- children ---- */

/* Becomes a shell that runs the test's command. */
static void run_command(const Test *test, const char *program)
{
    char folder[] = "/tmp/aio-test-XXXXXX", *command;
    char *path = realpath(program, NULL);

    setenv("AIO", path ? path : program, 1);
    setenv("TMP", checked(mkdtemp(folder)), 1);
    unsetenv("PYTHONUNBUFFERED");
    if (asprintf(&command,
                 "leave() {\n"
                 "for told in \"$TMP\"/told*; do [ -f \"$told\" ] && cat \"$told\" >&2; done\n"
                 "rm -rf \"$TMP\"\n}\n"
                 "trap leave EXIT\n%s",
                 test->command.data) < 0)
        _exit(127);
    execl("/bin/sh", test->path, "-c", command, test->path, (char *)NULL);
    _exit(127);
}

static void child(const Run *run, const Job *job, int in)
{
    char debug[64];
    sigset_t none;
    pid_t runner = getppid();

    setpgid(0, 0);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGINT, SIG_DFL); /* ignored where we were started in the background */
    signal(SIGQUIT, SIG_DFL);
    dup2(in, 0);
    dup2(job->out, 1);
    dup2(job->err, 2);
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("PYTHONDONTWRITEBYTECODE", "1", 1);
    unsetenv("AIOPATH");
    if (job->oom) {
        snprintf(debug, sizeof debug, "sites=/proc/%d/fd/%d", (int)runner, job->sites);
        if (job->oom_at >= 0)
            snprintf(debug, sizeof debug, "oom=%ld,refs", job->oom[job->oom_at].number);
        setenv("AIO_DEBUG", debug, 1);
        setenv("PYTHONHASHSEED", "0", 1); /* the same allocations in each run */
    }
    if (job->test->command.length) run_command(job->test, job->oracle ? run->oracle : run->aio);
    if (!job->test->script) execl(job->test->path, job->test->path, (char *)NULL);
    else if (job->oracle) execl(run->oracle, run->oracle, job->test->path, (char *)NULL);
    else execl(run->aio, run->aio, job->test->path, (char *)NULL);
    perror(run->aio);
    _exit(127);
}

static bool asks_sites(const Job *job) { return job->oom && job->oom_at < 0; }

static void start(const Run *run, Job *job)
{
    const Text *input = &job->test->input;
    int in = memfd_create("stdin", MFD_CLOEXEC);

    job->out = memfd_create("stdout", MFD_CLOEXEC);
    job->err = memfd_create("stderr", MFD_CLOEXEC);
    job->sites = asks_sites(job) ? memfd_create("sites", MFD_CLOEXEC) : -1;
    if (in < 0 || job->out < 0 || job->err < 0) checked(NULL);
    if (input->length && write(in, input->data, input->length) < 0) checked(NULL);
    lseek(in, 0, SEEK_SET);
    job->timed_out = false;
    job->began = now();
    job->deadline = job->began + run->limit;
    job->pid = fork();
    if (job->pid < 0) checked(NULL);
    if (job->pid == 0) child(run, job, in);
    close(in);
}

/* Fills the slot with the next job; false when none is left. */
static bool start_next(Run *run, Job *job)
{
    for (; run->next < run->count; run->next++, run->next_oracle = false) {
        Test *test = &run->tests[run->next];
        bool compare = run->oracle && test->script && run->oracle_version >= test->oracle_from;
        if (test->skipped) {
            printf("skip %s\n", test->path);
            run->skipped++;
            continue;
        }
        if (run->oom && !test->script) continue;
        if (run->next_oracle && !compare) continue;
        *job = (Job){.test = test, .oracle = run->next_oracle, .oom_at = -1};
        if (run->oom) job->oom = checked(malloc(sizeof *job->oom));
        if (!run->next_oracle && compare) run->next_oracle = true;
        else run->next++, run->next_oracle = false;
        run->compared += job->oracle;
        start(run, job);
        return true;
    }
    return false;
}

/* ---- the sweep of --oom ---- */

/* How often the place was tried; may be counted up. */
static int *site_tries(Run *run, unsigned long long calls)
{
    size_t at = calls & (SITES_MAX - 1);

    while (run->sites[at].calls && run->sites[at].calls != calls) at = (at + 1) & (SITES_MAX - 1);
    if (!run->sites[at].calls) {
        if (++run->site_count == SITES_MAX) exit(2);
        run->sites[at].calls = calls;
    }
    return &run->sites[at].tries;
}

/* Counts what earlier sweeps have tried, and will go on there. */
static void open_known(Run *run, const char *path)
{
    unsigned long long calls;
    FILE *known = checked(fopen(path, "a+e"));

    while (fscanf(known, "%llx%*[^\n]", &calls) == 1) ++*site_tries(run, calls);
    run->known = known;
}

static void note_known(const Run *run, const Job *job)
{
    const Failure *tried = &job->oom[job->oom_at];

    if (!run->known) return;
    fprintf(run->known, "%llx %ld %s\n", tried->calls, tried->number, job->test->path);
    fflush(run->known);
}

/* Takes the allocations to fail from what AIO_DEBUG=sites wrote. */
static void take_sites(Run *run, Job *job)
{
    unsigned long long calls;
    long number;
    Text sites = text_read(job->sites);

    for (char *line = sites.data; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (sscanf(line, "%ld %llx\n", &number, &calls) != 2) continue;
        if (++*site_tries(run, calls) > run->tries) continue;
        job->oom = checked(realloc(job->oom, sizeof *job->oom * (size_t)(job->oom_count + 1)));
        job->oom[job->oom_count++] = (Failure){number, calls};
    }
    free(sites.data);
}

/* The child of job ended: judges it, and starts the next step of an oom sweep or frees the slot. */
static void finish(Run *run, Job *job, int status)
{
    Text out = text_read(job->out), err = text_read(job->err);
    char buffer[256];
    bool differs;
    const char *reason = judge(job, status, &out, &err, &differs, buffer, sizeof buffer);

    close(job->out);
    close(job->err);
    if (reason) {
        report(run, job, reason, differs, &out, &err);
    } else if (asks_sites(job)) {
        job->usual = now() - job->began;
        take_sites(run, job);
    } else if (job->timed_out) {
        printf("waits for ever, but told why: %s: allocation %ld fails\n", job->test->path,
               job->oom[job->oom_at].number);
    }
    if (job->sites >= 0) close(job->sites);
    free(out.data);
    free(err.data);
    if (job->oom && job->oom_at >= 0) note_known(run, job);
    if (job->oom && ++job->oom_at < job->oom_count) {
        run->swept++;
        start(run, job);
    } else {
        free(job->oom);
        job->test = NULL;
    }
}

/* Has a child of an oom sweep that told of the lack of memory taken far longer than its test does?
 * Then it waits for what will not come, and nothing is learnt by waiting along. */
static bool waits_in_vain(const Job *job)
{
    if (!job->oom || job->oom_at < 0 || now() < job->began + 1 + 3 * job->usual) return false;
    Text out = text_read(job->out), err = text_read(job->err);
    bool told = tells_no_memory(&out) || tells_no_memory(&err);
    free(out.data);
    free(err.data);
    return told;
}

/* Waits a moment for children; kills those past their time. Returns how many slots are busy. */
static int wait_children(Run *run, Job *jobs, const sigset_t *chld)
{
    struct timespec moment = {.tv_nsec = 50 * 1000 * 1000};
    int status, busy = 0;
    pid_t pid;

    sigtimedwait(chld, NULL, &moment);
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        for (int i = 0; i < run->jobs; i++)
            if (jobs[i].test && jobs[i].pid == pid) {
                kill(-pid, SIGKILL); /* what the test left running */
                finish(run, &jobs[i], status);
                break;
            }
    for (int i = 0; i < run->jobs; i++) {
        if (!jobs[i].test) continue;
        busy++;
        if (jobs[i].timed_out) continue;
        if (now() > jobs[i].deadline || waits_in_vain(&jobs[i])) {
            jobs[i].timed_out = true;
            kill(-jobs[i].pid, SIGKILL);
            kill(jobs[i].pid, SIGKILL);
        }
    }
    return busy;
}

static void run_all(Run *run)
{
    Job jobs[JOBS_MAX] = {0};
    sigset_t chld;
    int busy;

    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    sigprocmask(SIG_BLOCK, &chld, NULL);
    do {
        for (int i = 0; i < run->jobs; i++)
            if (!jobs[i].test) start_next(run, &jobs[i]);
        busy = wait_children(run, jobs, &chld);
    } while (busy || run->next < run->count);
    for (int i = 0; i < run->count; i++)
        if (!run->tests[i].skipped && !run->tests[i].failed) run->passed++;
}

/* ---- the oracle ---- */

/* The version of a python as major * 100 + minor, or 0; asked of the program itself. */
static int python_version(const char *path)
{
    char command[4200], answer[64] = "";
    FILE *pipe;
    int major = 0, minor = 0;

    snprintf(command, sizeof command,
             "'%s' -c 'import sys; print(sys.version_info[0], sys.version_info[1])' 2>/dev/null",
             path);
    pipe = popen(command, "r");
    if (!pipe) return 0;
    if (!fgets(answer, sizeof answer, pipe)) answer[0] = '\0';
    pclose(pipe);
    return sscanf(answer, "%d %d", &major, &minor) == 2 ? major * 100 + minor : 0;
}

/* The newest python of 3.13 or later among pyenv's versions and PATH, or NULL. */
static char *find_oracle(void)
{
    static const char *const names[] = {"python3.14", "python3.13", "python3"};
    char *path = getenv("PATH"), *rest, *found = NULL, candidate[4096];
    int best = 312, version;
    glob_t matches = {0};

    snprintf(candidate, sizeof candidate, "%s/.pyenv/versions/3.1[3-9]*/bin/python3",
             getenv("HOME") ? getenv("HOME") : "");
    glob(candidate, 0, NULL, &matches);
    for (size_t i = 0; i < matches.gl_pathc; i++) {
        version = python_version(matches.gl_pathv[i]);
        if (version > best) best = version, found = strdup(matches.gl_pathv[i]);
    }
    globfree(&matches);
    rest = path ? strdup(path) : NULL;
    for (char *part = strtok(rest, ":"); part && !found; part = strtok(NULL, ":"))
        for (size_t i = 0; i < sizeof names / sizeof *names && !found; i++) {
            snprintf(candidate, sizeof candidate, "%s/%s", part, names[i]);
            if (access(candidate, X_OK) != 0) continue;
            version = python_version(candidate);
            if (version > best) best = version, found = strdup(candidate);
        }
    free(rest);
    return found;
}

static void choose_oracle(Run *run, const char *wanted)
{
    const char *debug = getenv("AIO_DEBUG");

    if (run->oom || (debug && *debug)) return;
    if (strcmp(wanted, "find") != 0) {
        run->oracle = wanted;
    } else if (!(run->oracle = find_oracle())) {
        printf("no python3 of 3.13 or later here: nothing is compared with CPython\n");
    }
    if (run->oracle) run->oracle_version = python_version(run->oracle);
    if (run->oracle) printf("each test that can also runs under %s\n", run->oracle);
}

static void usage(void)
{
    fprintf(stderr, "usage: run AIO [--oracle=PYTHON|find] [--oom [--tries=N] [--known=FILE]] "
                    "[--limit=SECONDS] [--only=PART] [--jobs=N] PATH...\n");
    exit(2);
}

/* Reads the options that stand before the paths; returns the index of the first path. */
static int read_options(Run *run, int argc, char **argv)
{
    const char *oracle = NULL;
    int i = 2;

    for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
        if (strcmp(argv[i], "--oom") == 0) run->oom = true;
        else if (strncmp(argv[i], "--oracle=", 9) == 0) oracle = argv[i] + 9;
        else if (strncmp(argv[i], "--limit=", 8) == 0) run->limit = atof(argv[i] + 8);
        else if (strncmp(argv[i], "--only=", 7) == 0) run->only = argv[i] + 7;
        else if (strncmp(argv[i], "--tries=", 8) == 0) run->tries = atoi(argv[i] + 8);
        else if (strncmp(argv[i], "--known=", 8) == 0) open_known(run, argv[i] + 8);
        else if (strncmp(argv[i], "--jobs=", 7) == 0) run->jobs = atoi(argv[i] + 7);
        else usage();
    }
    if (run->jobs < 1) run->jobs = 1;
    if (run->jobs > JOBS_MAX) run->jobs = JOBS_MAX;
    if (oracle) choose_oracle(run, oracle);
    return i;
}

int main(int argc, char **argv)
{
    const char *debug = getenv("AIO_DEBUG");
    /* a hang is what the limit is for: a machine that stalls for a while fails no test */
    Run run = {.limit = debug && *debug ? 300 : 90,
               .jobs = (int)sysconf(_SC_NPROCESSORS_ONLN),
               .tries = 3};
    struct stat info;
    int first;

    if (argc < 3) usage();
    close_range(3, ~0U, 0); /* what the tests find open depends on nobody */
    run.aio = argv[1];
    run.sites = checked(calloc(SITES_MAX, sizeof *run.sites));
    setenv("AIO", argv[1], 1); /* for `# skip-unless:` */
    setvbuf(stdout, NULL, _IOLBF, 0);
    first = read_options(&run, argc, argv);
    for (int i = first; i < argc; i++) {
        if (stat(argv[i], &info) != 0) perror(argv[i]);
        else if (S_ISDIR(info.st_mode)) add_folder(&run, argv[i]);
        else add_test(&run, argv[i]);
    }
    run_all(&run);
    if (run.oracle) printf("%d compared with CPython\n", run.compared);
    if (run.skipped) printf("%d skipped\n", run.skipped);
    if (run.oom) printf("%ld allocations failed, of %ld places\n", run.swept, run.site_count);
    printf("%d passed, %d failed\n", run.passed, run.failed);
    return run.failed ? 1 : 0;
}
