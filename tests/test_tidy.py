"""The rules of the house that no linter knows."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODULE_LINES = 400
FUNCTION_LINES = 60
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}

PYTHON = sorted((ROOT / "server" / "tertulia").rglob("*.py"))
JAVASCRIPT = sorted(
    path
    for path in (ROOT / "client_js").rglob("*.js")
    if not {"node_modules", "dist"} & set(path.relative_to(ROOT).parts)
)

MACHINE_PATH = re.compile(r"(?<![\w.:/-])(?:/work/|/root/|/home/\w|/Users/\w|[A-Z]:\\Users)")
REGISTRY = re.compile(r"\b(?:pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|yarnpkg\.com|debian\.org|artifactory\b)")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def gives_reason(text: str) -> bool:
    """Whether a line of a docstring or a comment starts with `Length:` and goes on to say something."""
    return re.search(r"^\s*(?:#|//|/?\*+|\"\"\")?\s*Length: \S", text, re.MULTILINE) is not None


def line_count(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def tracked() -> Iterator[tuple[str, str]]:
    """Name and text of every text file in git; where there is no git (an unpacked archive), none."""
    try:
        listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, timeout=30)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    for file in filter(None, listing.stdout.decode().split("\0")):
        try:
            yield file, (ROOT / file).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue


def test_python_modules_are_short() -> None:
    long = [
        f"{name(path)} has {lines} lines; split it, or give a reason in its docstring: `Length: …`"
        for path in PYTHON
        if (lines := line_count(path)) > MODULE_LINES
        and not gives_reason(ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "")
    ]
    assert not long, f"over {MODULE_LINES} lines:\n" + "\n".join(long)


def test_javascript_modules_are_short() -> None:
    long = [
        f"{name(path)} has {lines} lines; split it, or give a reason in a comment: `// Length: …`"
        for path in JAVASCRIPT
        if (lines := line_count(path)) > MODULE_LINES and not gives_reason(path.read_text(encoding="utf-8"))
    ]
    assert not long, f"over {MODULE_LINES} lines:\n" + "\n".join(long)


def test_functions_are_short() -> None:
    long: list[str] = []
    for path in PYTHON:
        source = path.read_text(encoding="utf-8")
        lines = source.splitlines()
        for node in ast.walk(ast.parse(source)):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            end = node.end_lineno or node.lineno
            length = end - node.lineno + 1
            if length > FUNCTION_LINES and not gives_reason("\n".join(lines[node.lineno - 1 : end])):
                long.append(
                    f"{name(path)}:{node.lineno} {node.name} has {length} lines; split it, "
                    "or give a reason inside it: `# Length: …`"
                )
    assert not long, f"over {FUNCTION_LINES} lines:\n" + "\n".join(long)


def test_modules_are_named_for_what_they_do() -> None:
    vague = [f"{name(path)}: name it for what it does" for path in PYTHON if path.stem in VAGUE_NAMES]
    vague += [
        f"{name(path.parent)}/: name it for what it does"
        for path in PYTHON
        if path.name == "__init__.py" and path.parent.name in VAGUE_NAMES
    ]
    assert not vague, "\n".join(vague)


def test_no_machine_nor_registry_is_named() -> None:
    found: list[str] = []
    for file, text in tracked():
        if file == name(Path(__file__).resolve()):
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            if match := MACHINE_PATH.search(line):
                found.append(f"{file}:{number} has a path of one machine: {match[0]}…")
            if match := REGISTRY.search(line):
                found.append(f"{file}:{number} names a package registry: {match[0]}")
    assert not found, "\n".join(found)


def test_package_locks_hold_no_addresses() -> None:
    found = [
        f"{file}: has `resolved` addresses; npm must be run in client_js, whose .npmrc leaves them out"
        for file, text in tracked()
        if file.endswith("package-lock.json") and '"resolved"' in text
    ]
    assert not found, "\n".join(found)


def test_there_is_a_changelog() -> None:
    assert (ROOT / "CHANGELOG.md").is_file(), "CHANGELOG.md is missing: people who upgrade need it"
