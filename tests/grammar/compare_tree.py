# Compares the trees of syntax_tool with those of this Python's ast module.
#   python3.13 compare_tree.py SYNTAX_TOOL FILE-OR-FOLDER...
# Prints the first difference of each file that has one, then the counts.
import ast
import os
import subprocess
import sys
import warnings

warnings.simplefilter("ignore")
POSITIONS = ("lineno", "col_offset", "end_lineno", "end_col_offset")


def text_of(value):
    if isinstance(value, bytes):
        body, prefix = value.decode("latin-1"), "b"
    else:
        body, prefix = value, ""
    quote = '"' if "'" in body and '"' not in body else "'"
    out = [prefix, quote]
    for c in body:
        n = ord(c)
        if c == "\n":
            out.append("\\n")
        elif c == "\t":
            out.append("\\t")
        elif c == "\r":
            out.append("\\r")
        elif c == "\\" or c == quote:
            out.append("\\" + c)
        elif n < 32 or n == 127 or prefix and n > 127:
            out.append("\\x%02x" % n)
        elif 0xD800 <= n < 0xE000:
            out.append("\\u%04x" % n)
        else:
            out.append(c)
    out.append(quote)
    return "".join(out)


def constant_of(node, lines):
    value = node.value
    if isinstance(value, (str, bytes)):
        return text_of(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, complex):
        return repr(value.imag) + "j"
    if isinstance(value, int) and not isinstance(value, bool):
        line = lines[node.lineno - 1]
        raw = line[node.col_offset:node.end_col_offset].decode("ascii", "replace")
        raw = raw.replace("_", "")
        base = {"0x": 16, "0o": 8, "0b": 2}.get(raw[:2].lower(), 10)
        digits = len(raw) if base == 10 else len(raw) - 2
        if digits > {2: 64, 8: 21, 16: 16, 10: 19}[base]:
            return raw
        return str(value)
    return repr(value)


def dump(node, level, lines):
    """The text and whether it has no parts of its own."""
    level += 1
    args, simple = [], True
    for name in node._fields:
        value = getattr(node, name, None)
        if name == "value" and isinstance(node, ast.Constant):
            args.append("value=" + constant_of(node, lines))
            continue
        if value is None and not isinstance(node, ast.MatchSingleton) or value == []:
            continue
        if name == "type_comment" or name == "type_ignores":
            continue
        text, is_simple = dump_value(value, level, lines)
        simple = simple and is_simple
        args.append(name + "=" + text)
    for name in POSITIONS if node._attributes else ():
        args.append("%s=%d" % (name, getattr(node, name)))
    kind = type(node).__name__
    if simple and len(args) <= 3:
        return "%s(%s)" % (kind, ", ".join(args)), not args
    prefix = "\n" + "  " * level
    return "%s(%s%s)" % (kind, prefix, ("," + prefix).join(args)), False


def dump_value(value, level, lines):
    if isinstance(value, ast.AST):
        return dump(value, level, lines)
    if isinstance(value, list):
        prefix = "\n" + "  " * (level + 1)
        items = [dump_value(item, level + 1, lines)[0] for item in value]
        return "[%s%s]" % (prefix, ("," + prefix).join(items)), False
    return ("'%s'" % value if isinstance(value, str) else repr(value)), True


def expected(path):
    with open(path, "rb") as file:
        source = file.read()
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        return "error", str(error.msg)
    except (ValueError, RecursionError, MemoryError) as error:
        return "error", str(error)
    return "tree", dump(tree, 0, source.replace(b"\r\n", b"\n").split(b"\n"))[0]


def files(arguments):
    for argument in arguments:
        if os.path.isfile(argument):
            yield argument
        for folder, _, names in sorted(os.walk(argument)):
            for name in sorted(names):
                if name.endswith(".py"):
                    yield os.path.join(folder, name)


def main():
    sys.setrecursionlimit(20000)
    tool, same, different = sys.argv[1], 0, 0
    for path in files(sys.argv[2:]):
        kind, want = expected(path)
        run = subprocess.run([tool, "tree", path], capture_output=True)
        got = run.stdout.decode("utf-8", "replace").rstrip("\n")
        want = want.encode("utf-8", "replace").decode("utf-8", "replace")
        if run.returncode:
            print("%s: exit status %d" % (path, run.returncode))
            different += 1
        elif kind == "error" and "Error|" in got[:20]:
            same += 1
        elif kind == "tree" and got == want:
            same += 1
        else:
            different += 1
            got_lines, want_lines = got.split("\n"), want.split("\n")
            at = 0
            while at < min(len(got_lines), len(want_lines)) and got_lines[at] == want_lines[at]:
                at += 1
            print("%s: line %d of the dump" % (path, at + 1))
            if kind == "error" or "Error|" in got[:20]:
                print("  want %s\n  got  %s" % (want[:100], got[:100]))
            else:
                print("  want", *want_lines[max(at - 6, 0):at + 3], sep="\n    ")
                print("  got", *got_lines[at:at + 3], sep="\n    ")
    print("%d same, %d different" % (same, different))
    return different > 0


if __name__ == "__main__":
    sys.exit(main())
