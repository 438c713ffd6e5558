/* numtext.c - base/numtext: doubles to text and back, against the C library and fixed cases.
 *
 * Random bit patterns come from a fixed seed, so a failure repeats.
 * Neighbours: interp/base/numtext.c. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/numtext.h"

static int failures;

static void check_text(const char *what, const char *got, const char *want)
{
    if (strcmp(got, want) == 0) return;
    printf("%s: got %s, want %s\n", what, got, want);
    failures++;
}

static void check_repr(double x, const char *want)
{
    char buffer[DOUBLE_REPR_MAX];
    double_repr(x, buffer);
    check_text("double_repr", buffer, want);
}

static void check_hex(double x, const char *want)
{
    char buffer[DOUBLE_REPR_MAX];
    double back;
    int len = double_hex(x, buffer);
    check_text("double_hex", buffer, want);
    if (double_from_hex(buffer, len, &back) != HEX_OK || back != x) {
        printf("double_from_hex(%s) differs\n", buffer);
        failures++;
    }
}

static void check_scan(const char *text)
{
    double got, want = strtod(text, NULL);
    ptrdiff_t used = double_scan(text, (ptrdiff_t)strlen(text), &got);
    if (used == (ptrdiff_t)strlen(text) && memcmp(&got, &want, sizeof got) == 0) return;
    printf("double_scan(%s): %zd characters, %.17g, want %.17g\n", text, used, got, want);
    failures++;
}

/* What is printed reads back as the same number, and no shorter text does. */
static void check_random(double x)
{
    char buffer[DOUBLE_REPR_MAX], digits[18], fewer[64];
    double back;
    int len = double_repr(x, buffer), point;
    if (double_scan(buffer, len, &back) != len || back != x) {
        printf("%s does not read back\n", buffer);
        failures++;
    }
    int count = double_shortest(fabs(x), digits, &point);
    if (count > 1) {
        snprintf(fewer, sizeof fewer, "%.*e", count - 2, x);
        if (strtod(fewer, NULL) == x) {
            printf("%s: %s is shorter\n", buffer, fewer);
            failures++;
        }
    }
    snprintf(fewer, sizeof fewer, "%.*e", count % 20, x);
    check_scan(fewer);
}

static void check_fixed(double x, int precision)
{
    char got[700], want[700];
    double_format(x, 'f', precision, false, got);
    snprintf(want, sizeof want, "%.*f", precision, x);
    check_text("double_format", got, want);
}

int main(void)
{
    static const char *const texts[] = {
        "0",
        "-0.0",
        "1e23",
        "9007199254740993",
        "9007199254740993.00000000000000000000001",
        "2.2250738585072011e-308",
        "2.2250738585072012e-308",
        "4.9e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "1.7976931348623157e308",
        "1.7976931348623159e308",
        "1e400",
        "-1e-400",
        ".5",
        "5.",
        "00001.5e+0003",
        "123456789012345678901234567890e-10",
        "inf",
        "-Infinity",
    };
    check_repr(0.1, "0.1");
    check_repr(-0.0, "-0.0");
    check_repr(1e16, "1e+16");
    check_repr(123456789012345680.0, "1.2345678901234568e+17");
    check_repr(1e15, "1000000000000000.0");
    check_repr(0.0001, "0.0001");
    check_repr(0.00001, "1e-05");
    check_repr(5e-324, "5e-324");
    check_repr(9007199254740992.0, "9007199254740992.0");
    check_repr(-(double)INFINITY, "-inf");
    check_repr((double)NAN, "nan");
    check_hex(1.5, "0x1.8000000000000p+0");
    check_hex(5e-324, "0x0.0000000000001p-1022");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) check_scan(texts[i]);
    uint64_t key[2] = {1, 2};
    for (uint64_t i = 0; i < 200000; i++) {
        uint64_t bits = hash_bytes(key, &i, sizeof i);
        double x;
        memcpy(&x, &bits, sizeof x);
        if (isfinite(x)) check_random(x);
        check_fixed((double)(int64_t)bits / 0x1p40, (int)(i % 20));
    }
    printf(failures ? "%d failures\n" : "ok\n", failures);
    return failures != 0;
}
