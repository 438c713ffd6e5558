# Compares the syntax errors of syntax_tool with those of this Python.
#   python3.13 compare_errors.py SYNTAX_TOOL FILE...
# A file holds sources separated by lines of "%%"; with a name ending in .py, every string in it
# that does not parse is taken for a source.
import ast
import doctest
import subprocess
import sys
import tempfile
import warnings

warnings.simplefilter("ignore")


def expected(source):
    try:
        ast.parse(source.encode("utf-8", "surrogatepass"))
        return "ok"
    except SyntaxError as e:
        end_line, end = e.end_lineno, e.end_offset
        return "%s|%s|%s|%s|%s|%s" % (type(e).__name__, e.lineno, e.offset, end_line, end, e.msg)
    except MemoryError:
        return "MemoryError"
    except (ValueError, RecursionError) as e:
        return "ValueError|" + str(e)


def strings_in(path):
    with open(path, "rb") as file:
        tree = ast.parse(file.read())
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if ">>>" in node.value:
                try:
                    examples = doctest.DocTestParser().get_examples(node.value)
                except ValueError:
                    continue
                for example in examples:
                    yield example.source
            elif len(node.value) < 3000:
                yield node.value


def sources():
    seen = set()
    for path in sys.argv[2:]:
        if path.endswith(".py"):
            found = strings_in(path)
        else:
            with open(path, encoding="utf-8") as file:
                found = file.read().rstrip("\n").split("\n%%\n")
        for source in found:
            if source in seen or "\0" in source or "\n%%\n" in source or "\r" in source:
                continue
            seen.add(source)
            try:
                source.encode()
            except UnicodeError:
                continue
            want = expected(source)
            if want != "ok" or not path.endswith(".py"):
                yield source, want


def in_characters(line, source):
    """The tool counts bytes, Python characters."""
    parts = line.split("|", 5)
    if len(parts) < 6 or source.isascii():
        return line
    lines = [text.encode() for text in source.split("\n")] + [b""] * 3
    for row, col in (1, 2), (3, 4):
        text = lines[int(parts[row]) - 1][:max(int(parts[col]) - 1, 0)]
        parts[col] = str(len(text.decode("utf-8", "replace")) + int(parts[col]) - max(int(parts[col]) - 1, 0) - 1 + 1)
    return "|".join(parts)


def normal(line, other):
    """Without the end where CPython gives none."""
    parts = line.split("|", 5)
    if len(parts) == 6 and other.split("|", 5)[4:5] in (["-1"], ["None"], ["0"]):
        parts[3] = parts[4] = "*"
    return parts


def main():
    pairs = list(sources())
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
        file.write("\n%%\n".join(source for source, _ in pairs))
        file.flush()
        run = subprocess.run([sys.argv[1], "errors", file.name], capture_output=True)
    results = run.stdout.decode("utf-8", "replace").rstrip("\n").split("\n")
    same = message = different = 0
    for (source, want), got in zip(pairs, results):
        got = in_characters(got, source)
        w, g = normal(want, want), normal(got, want)
        if w == g or want.startswith("MemoryError") and got.startswith("MemoryError"):
            same += 1
        elif w[0] == g[0] and w[-1] == g[-1]:
            message += 1
            print("RANGE %r\n  want %s\n  got  %s" % (source[:200], want, got))
        else:
            different += 1
            print("DIFF  %r\n  want %s\n  got  %s" % (source[:200], want, got))
    print("%d same, %d with another range, %d different, status %d" % (same, message, different, run.returncode))


if __name__ == "__main__":
    main()
