#!/usr/bin/env python3
"""Servers under load, as shares of a bare epoll server in C: aio, CPython and uvloop.

run.py AIO [PART-OF-A-NAME...]: for each load, ROUNDS times in turn, each server for SECONDS_EACH seconds; all of them
are started first and idle while they are not loaded.  Servers stand on core 0, the load on core 1.  Printed are the
medians: requests per second as a share of the bare server's in the same round, and microseconds of server CPU time for
each request.  Needs gcc; PYTHON (/usr/bin/python3.11) is the interpreter beside aio, with uvloop where it has that.
ROWS=aio,CPython leaves the others out.  Then (`idle`) the memory of IDLE open connections.
"""
# SPDX-License-Identifier: MIT
import os
import resource
import socket
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get("BENCH_BUILD", "/tmp/aio-bench-net")
PYTHON = os.environ.get("PYTHON", "/usr/bin/python3.11")
ROUNDS = int(os.environ.get("ROUNDS", "5"))
SECONDS = os.environ.get("SECONDS_EACH", "0.7")
ROWS = os.environ.get("ROWS", "aio,CPython,uvloop").split(",")
IDLE = 100_000
LOADS = [  # name, server kind, bare server's kind, arguments of load
    ("echo protocol 64 B", "protocol", "echo", ["ping", "64", "64"]),
    ("echo protocol 1 KiB", "protocol", "echo", ["ping", "64", "1024"]),
    ("echo protocol 64 KiB", "protocol", "echo", ["ping", "64", "65536"]),
    ("pipelined protocol 64 B", "protocol", "echo", ["ping", "64", "64", "16"]),
    ("pipelined protocol 1 KiB", "protocol", "echo", ["ping", "64", "1024", "16"]),
    ("echo streams 64 B", "streams", "echo", ["ping", "64", "64"]),
    ("echo streams 1 KiB", "streams", "echo", ["ping", "64", "1024"]),
    ("echo streams 64 KiB", "streams", "echo", ["ping", "64", "65536"]),
    ("http protocol", "http_protocol", "http", ["http", "64", "0"]),
    ("http streams", "http_streams", "http", ["http", "64", "0"]),
    ("echo sock_* 64 B", "sock", "echo", ["ping", "64", "64"]),
    ("churn protocol", "protocol", "echo", ["churn", "64", "64"]),
    ("churn streams", "streams", "echo", ["churn", "64", "64"]),
]


def compile_tools():
    os.makedirs(BUILD, exist_ok=True)
    for name in ("server", "load"):
        subprocess.run(["gcc", "-O2", "-D_GNU_SOURCE", "-o", f"{BUILD}/{name}", f"{HERE}/{name}.c"], check=True)


def on_core(core):
    """What a child does before it becomes its program."""
    return lambda: os.sched_setaffinity(0, {core % os.cpu_count()})


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


class Server:
    """A server at work on a port of its own."""

    def __init__(self, name, aio, kind, bare_kind):
        self.name, self.port = name, free_port()
        script = [f"{HERE}/server.aio", str(self.port), kind]
        command = {"bare C": [f"{BUILD}/server", str(self.port), bare_kind], "aio": [aio, *script],
                   "CPython": [PYTHON, *script], "uvloop": [PYTHON, *script, "uvloop"]}[name]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL, preexec_fn=on_core(0))
        self.samples = []

    def wait_ready(self):
        while self.process.poll() is None:
            try:
                return socket.create_connection(("127.0.0.1", self.port)).close()
            except ConnectionRefusedError:
                time.sleep(0.02)
        raise SystemExit(f"{self.name}: the server ended")

    def load_command(self, kind, *arguments):
        return [f"{BUILD}/load", str(self.port), str(self.process.pid), kind, *arguments]

    def load(self, kind, count, size, *depth):
        command = self.load_command(kind, count, size, SECONDS, *depth)
        out = subprocess.run(command, capture_output=True, text=True, preexec_fn=on_core(1))
        if out.returncode:
            raise SystemExit(f"{self.name}: {' '.join(command)}: {out.stderr}")
        self.samples.append([float(word) for word in out.stdout.split()])

    def stop(self):
        self.process.kill()
        self.process.wait()


def installed():
    uvloop = subprocess.run([PYTHON, "-c", "import uvloop"], capture_output=True).returncode == 0
    return [name for name in ROWS if name == "aio" or (os.path.exists(PYTHON) and (name != "uvloop" or uvloop))]


def measure(names, aio, kind, bare_kind, arguments):
    servers = []
    try:
        servers.extend(Server(name, aio, kind, bare_kind) for name in ["bare C", *names])
        for server in servers:
            server.wait_ready()
        for _ in range(ROUNDS):
            for server in servers:
                server.load(*arguments)
    finally:
        for server in servers:
            server.stop()
    return [server.samples for server in servers]


def print_load(name, samples):
    bare = samples[0]
    line = f"{name:26}"
    for mine in samples:
        rate = statistics.median(rate for rate, _ in mine)
        share = statistics.median(rate / limit for (rate, _), (limit, _) in zip(mine, bare))
        us = statistics.median(us for _, us in mine)
        line += (f"{rate:9.0f}" if mine is bare else f"{share:9.0%}") + f"{us:8.2f}"
    print(line, flush=True)


def measure_idle(name, aio):
    """Bytes of memory for each of IDLE connections, in as many servers as the limit on descriptors asks for."""
    parts = -(-IDLE // (resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 100))
    servers, loads, sizes = [], [], []
    try:
        for _ in range(parts):
            servers.append(Server(name, aio, "protocol", "echo"))
            servers[-1].wait_ready()
            loads.append(subprocess.Popen(servers[-1].load_command("idle", str(IDLE // parts)),
                                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
            sizes.append(float(loads[-1].stdout.readline()))
    finally:
        for load in loads:
            load.communicate()
        for server in servers:
            server.stop()
    return statistics.mean(sizes), parts


def print_idle(names, aio):
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    for name in names:
        size, parts = measure_idle(name, aio)
        print(f"{IDLE} idle connections, {name}: {size:.0f} bytes each ({parts} servers)", flush=True)


def main():
    aio, only = sys.argv[1], sys.argv[2:]
    compile_tools()
    names = installed()
    print(f"{'load':26}" + "".join(f"{name:>9}{'us':>8}" for name in ["bare C", *names]))
    for name, kind, bare_kind, arguments in LOADS:
        if not only or any(part in name for part in only):
            print_load(name, measure(names, aio, kind, bare_kind, arguments))
    if not only or "idle" in only:
        print_idle(names, aio)


main()
