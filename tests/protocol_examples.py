"""The examples of protocol.md, read so that they can be run: ```session and ```http blocks, in order."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROTOCOL = Path(__file__).parent.parent / "protocol.md"
_BLOCK = re.compile(r"^```(session|http) (\w+)\n(.*?)^```$", re.M | re.S)
ANY = "…"


@dataclass(frozen=True, slots=True)
class Step:
    """`kind`: send, cut, expect, closed or http. `who`: whose connection. `body`: the JSON, close code or call."""

    kind: str
    who: str
    body: Any
    line: str


def read_steps() -> list[Step]:
    steps = []
    for kind, who, text in _BLOCK.findall(PROTOCOL.read_text()):
        lines = [line for line in text.splitlines() if line.strip()]
        if kind == "http":
            method, rest = lines[0].split(" ", 1)
            path, _, body = rest.partition(" ")
            status, _, answer = lines[1].partition(" ")
            call = (method, path, json.loads(body) if body else None, int(status), json.loads(answer))
            steps.append(Step("http", who, call, lines[0]))
        else:
            steps += [_session_step(who, line) for line in lines]
    return steps


def _session_step(who: str, line: str) -> Step:
    side, _, rest = line.partition(": ")
    if side == "C":
        return Step("cut", who, None, line) if rest == "(cut)" else Step("send", who, json.loads(rest), line)
    assert side == "S", f"a session line begins with C: or S:, not {line!r}"
    if rest.startswith("close "):
        return Step("closed", who, int(rest.removeprefix("close ")), line)
    return Step("expect", who, json.loads(rest), line)


class Bindings(dict[str, Any]):
    """The values of `<name>` placeholders, bound where they are first seen."""

    def fill(self, shape: Any) -> Any:
        """The shape with the placeholders inside it replaced; one that is not bound yet stays."""
        if isinstance(shape, dict):
            return {self._fill_text(key): self.fill(value) for key, value in shape.items()}
        if isinstance(shape, list):
            return [self.fill(value) for value in shape]
        return self._fill_text(shape) if isinstance(shape, str) else shape

    def _fill_text(self, text: str) -> Any:
        if text in self:
            return self[text]
        return re.sub(r"<[\w:]+>", lambda m: str(self.get(m[0], m[0])), text)

    def mismatch(self, shape: Any, value: Any, path: str = "") -> str | None:
        """Where the value is not as the shape says; binds placeholders on the way. None when it fits."""
        if shape == ANY:
            return None
        if isinstance(shape, str) and re.fullmatch(r"<[\w:]+>", shape) and shape not in self:
            self[shape] = value
            return None
        shape = self.fill(shape) if isinstance(shape, str) else shape
        if isinstance(shape, dict):
            if not isinstance(value, dict):
                return f"{path}: {value!r} is no object"
            for unfilled, inner in shape.items():
                key = self._fill_text(unfilled)
                if key not in value:
                    return f"{path}.{key} is missing"
                if wrong := self.mismatch(inner, value[key], f"{path}.{key}"):
                    return wrong
            return None
        if isinstance(shape, list):
            if not isinstance(value, list) or len(shape) != len(value):
                return f"{path}: {value!r} is not {shape!r}"
            wrongs = (self.mismatch(s, v, f"{path}[{i}]") for i, (s, v) in enumerate(zip(shape, value, strict=True)))
            return next((wrong for wrong in wrongs if wrong), None)
        return None if shape == value else f"{path}: {value!r} is not {shape!r}"
