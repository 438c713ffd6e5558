#!/usr/bin/env python3
"""Requests per second, and server CPU for each, of aio, CPython and uvloop as shares of a bare C server.

run.py AIO [ONLY...]: needs gcc; PYTHON (python3.11) is the interpreter beside aio.  Servers run on core 0, the load on core 1.
"""
# SPDX-License-Identifier: MIT
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get("BENCH_BUILD", "/tmp/aio-bench-net")
PYTHON = os.environ.get("PYTHON", "/usr/bin/python3.11")
SECONDS = os.environ.get("SECONDS_EACH", "2")
LOADS = [  # name, server kind, bare server's kind, arguments of load
    ("echo 64 B", "protocol", "echo", ["ping", "64", "64"]),
    ("echo 1 KiB", "protocol", "echo", ["ping", "64", "1024"]),
    ("echo pipelined 64 B", "protocol", "echo", ["ping", "64", "64", "16"]),
    ("echo 64 KiB", "protocol", "echo", ["ping", "64", "65536"]),
    ("streams 64 B", "streams", "echo", ["ping", "64", "64"]),
    ("streams 1 KiB", "streams", "echo", ["ping", "64", "1024"]),
    ("streams 64 KiB", "streams", "echo", ["ping", "64", "65536"]),
    ("sock 64 B", "sock", "echo", ["ping", "64", "64"]),
    ("http protocol", "http_protocol", "http", ["http", "64", "0"]),
    ("http streams", "http_streams", "http", ["http", "64", "0"]),
    ("churn protocol", "protocol", "echo", ["churn", "64", "64"]),
    ("churn streams", "streams", "echo", ["churn", "64", "64"]),
]


def compile_tools():
    os.makedirs(BUILD, exist_ok=True)
    for name in ("server", "load"):
        subprocess.run(["gcc", "-O2", "-D_GNU_SOURCE", "-o", f"{BUILD}/{name}", f"{HERE}/{name}.c"], check=True)


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(command, port, load):
    server = subprocess.Popen(["taskset", "-c", "0", *command], stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            time.sleep(0.02)
            if subprocess.run(["sh", "-c", f"ss -Htln sport = :{port} | grep -q ."]).returncode == 0:
                break
        kind, count, size, *depth = load
        before, begun = cpu_seconds(server.pid), time.monotonic()
        out = subprocess.run(["taskset", "-c", "1", f"{BUILD}/load", str(port), kind, count, size, SECONDS, *depth],
                             capture_output=True, text=True)
        if out.returncode:
            return 0.0, 0.0
        rate = float(out.stdout)
        spent = cpu_seconds(server.pid) - before
        return rate, spent / (time.monotonic() - begun) / rate * 1e6
    finally:
        server.kill()
        server.wait()


def main():
    aio, only = sys.argv[1], sys.argv[2:]
    compile_tools()
    port = 20000 + os.getpid() % 20000
    script = f"{HERE}/server.aio"
    rows = [("aio", lambda kind, port: [aio, script, str(port), kind]),
            ("CPython", lambda kind, port: [PYTHON, script, str(port), kind]),
            ("uvloop", lambda kind, port: [PYTHON, script, str(port), kind, "uvloop"])]
    if os.environ.get("ROWS"):
        rows = [row for row in rows if row[0] in os.environ["ROWS"].split(",")]
    print(f"{'load':22}{'bare req/s':>12}{'us':>7}" + "".join(f"{name:>9}{'us':>7}" for name, _ in rows))
    for name, kind, bare, load in LOADS:
        if only and not any(part in name for part in only):
            continue
        port += 1
        limit, limit_us = measure([f"{BUILD}/server", str(port), bare], port, load)
        line = f"{name:22}{limit:12.0f}{limit_us:7.2f}"
        for _, command in rows:
            port += 1
            rate, us = measure(command(kind, port), port, load)
            line += f"{rate / limit:8.0%} {us:7.2f}"
        print(line, flush=True)


main()
