"""The OpenAPI 3.1 document, made from the table of calls and the very types that read and write."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from tertulia import __version__
from tertulia.domain.refusals import CODES
from tertulia.routes.answering import STATUS, Problem
from tertulia.routes.asking import Nothing
from tertulia.routes.call import Call
from tertulia.wire.records import Refused

_REF: Final = "#/components/schemas/{name}"
_IN_PATH: Final = re.compile(r"{(\w+)}")

ANY_MEETS: Final = ("malformed", "rate_limited", "unavailable", "internal")
MEMBERS_MEET: Final = ("token_invalid", "token_expired", "not_a_member", "banned")


def document(calls: tuple[Call, ...], *, url: str) -> dict[str, Any]:
    """As plain data, to be encoded as JSON. `url`: where the API is reached."""
    types = [Problem, Refused]
    for call in calls:
        types += [type for type in (call.takes, call.gives) if type is not None and type is not Nothing]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    schema_of = {id(type): schema for type, schema in zip(types, schemas, strict=True)}
    paths: dict[str, dict[str, Any]] = {}
    taken_apart = set()
    for call in calls:
        paths.setdefault(call.path, {})[call.method.lower()] = _operation(call, schema_of, components)
        if call.method != "POST" and call.takes is not Nothing:
            taken_apart.add(call.takes.__name__)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tertulia",
            "version": __version__,
            "description": "Discussion rooms for course cohorts. What the words mean is told in protocol.md.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": url}],
        "paths": paths,
        "components": {
            "schemas": {name: schema for name, schema in components.items() if name not in taken_apart},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _operation(call: Call, schema_of: dict[int, Any], components: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": call.does.__name__,
        "summary": call.says,
        "tags": ["operators" if call.who == "operator" else "members"],
        "security": [{"token": []}] if call.who == "member" else [],
        "responses": _responses(call, schema_of),
    }
    if call.method == "POST":
        body = {"application/json": {"schema": schema_of[id(call.takes)]}}
        operation["requestBody"] = {"required": True, "content": body}
    elif call.takes is not Nothing:
        operation["parameters"] = _parameters(call, components[call.takes.__name__])
    return operation


def _parameters(call: Call, schema: dict[str, Any]) -> list[dict[str, Any]]:
    in_path = set(_IN_PATH.findall(call.path))
    required = set(schema.get("required", ()))
    return [
        {
            "name": name,
            "in": "path" if name in in_path else "query",
            "required": name in in_path or name in required,
            "schema": kind,
        }
        for name, kind in schema["properties"].items()
    ]


def _responses(call: Call, schema_of: dict[int, Any]) -> dict[str, Any]:
    good: Any = {"type": "string"} if call.gives is None else schema_of[id(call.gives)]
    responses: dict[str, Any] = {
        "200": {"description": "Done", "content": {media: {"schema": good} for media in call.media}}
    }
    if call.who == "operator":
        if call.path == "/readyz":
            responses["503"] = {**responses["200"], "description": "Not now, and why"}
        return responses
    problem: dict[str, Any] = {"$ref": _REF.format(name="Problem")}
    if call.path == "/api/commands":
        problem = {"anyOf": [{"$ref": _REF.format(name="Refused")}, problem]}
    codes = dict.fromkeys((*ANY_MEETS, *(MEMBERS_MEET if call.who == "member" else ()), *call.refuses))
    by_status: dict[int, list[str]] = {}
    for code in codes:
        by_status.setdefault(STATUS[code], []).append(code)
    for status, named in sorted(by_status.items()):
        responses[str(status)] = {
            "description": " ".join(f"`{code}`: {CODES[code][1]}" for code in named),
            "content": {"application/json": {"schema": problem}},
        }
    return responses
