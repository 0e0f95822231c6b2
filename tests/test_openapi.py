"""The OpenAPI document is valid, and says what the routes, protocol.md and real answers say."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import msgspec
import pytest
from openapi_spec_validator import validate
from starlette.routing import Route

from tertulia.routes import openapi, webapp
from tertulia.routes.answering import STATUS
from tertulia.routes.table import CALLS
from tests.http_site import Site, demo_site
from tests.protocol_examples import PROTOCOL

site = demo_site


def document() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(msgspec.json.encode(openapi.document(CALLS, url="http://localhost:8080")))
    return read


def documented() -> set[tuple[str, str]]:
    return {(method.upper(), path) for path, calls in document()["paths"].items() for method in calls}


def test_the_document_is_valid_openapi() -> None:
    validate(document())  # type: ignore[arg-type]


async def test_the_document_is_served(site: Site) -> None:
    served = (await site.http.get("/api/openapi.json")).json()
    assert served["servers"] == [{"url": site.url}]
    assert served["paths"] == document()["paths"]


async def test_every_route_is_in_the_document_and_the_other_way_round(site: Site) -> None:
    routes = {
        (method, route.path)
        for route in site.application.routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }
    pages = {("GET", path) for path in (*webapp.PAGES, "/assets/{name:path}", "/embed/{name:path}", "/{name}")}
    assert routes - pages == documented()
    assert pages <= routes


def test_protocol_md_names_every_call_and_no_other() -> None:
    """Chapter 11's table, calls written as `GET /api/rooms/<room>`."""
    chapter = PROTOCOL.read_text().split("\n## 11.")[1].split("\n## ")[0]
    named = set()
    for method, path in re.findall(r"`(GET|POST|DELETE) (/[^`?\s]*)", chapter):
        named.add((method, re.sub(r"<(\w+)>", "{}", path)))
    for paths in re.findall(r"^\| `GET (/healthz.*?)\|", chapter, re.M):
        named.update(("GET", path) for path in re.findall(r"/\w+", paths))
    assert named == {(method, re.sub(r"{\w+}", "{}", path)) for method, path in documented()}


def test_protocol_md_names_every_parameter() -> None:
    chapter = PROTOCOL.read_text().split("\n## 11.")[1].split("\n## ")[0]
    queries = {
        re.sub(r"<\w+>", "{}", path): set(re.findall(r"(\w+)=", query))
        for path, query in re.findall(r"`GET (/[^`?\s]*)\?([^`]*)`", chapter)
    }
    for path, calls in document()["paths"].items():
        parameters = calls.get("get", {}).get("parameters", [])
        names = {parameter["name"] for parameter in parameters if parameter["in"] == "query"}
        assert names == queries.get(re.sub(r"{\w+}", "{}", path), set()), path


def test_every_call_says_what_it_may_refuse() -> None:
    for path, calls in document()["paths"].items():
        for method, operation in calls.items():
            statuses = set(operation["responses"])
            assert "200" in statuses
            if path.startswith("/api/"):
                assert {"400", "429", "500", "503"} <= statuses, (method, path)
                assert ("401" in statuses) == (bool(operation["security"]) or path == "/api/refresh"), (method, path)
                assert statuses - {"200"} <= {str(status) for status in STATUS.values()}


def test_every_operation_has_its_own_name() -> None:
    names = [operation["operationId"] for calls in document()["paths"].values() for operation in calls.values()]
    assert len(names) == len(set(names))


async def test_real_answers_are_as_their_schemas_say(site: Site) -> None:
    """One real answer of each call, good and bad, against the document: no key more, no key less."""
    prof = site.member("Prof", role="instructor")
    made = await prof.command("create_room", name="Lecture", kind="session")
    room = made.json()["stream"].split("/")[1]
    await prof.command("open_session", room=room)
    asked = await prof.command("ask_question", room=room, text="Question?")
    seq = asked.json()["seq"]
    await prof.says("Answer, see https://example.org", reply_to=seq, room=room)
    await prof.command("set_reaction", room=room, message=seq, emoji="👍")
    await prof.command("mark_session", room=room, media_position_ms=1)
    await prof.command("raise_hand", room=room)
    await prof.command("pin_message", room=room, message=seq)
    await prof.command("open_poll", room=room, text="Which?", options=["a", "b"])
    await site.flow.node.log.settle()
    invite = (await prof.post("/api/invites", {"role": "learner"})).json()
    join = {"invite": invite["link"].split("=")[1], "name": "Cleo", "goal": "Heaps"}
    entered = (await site.http.post("/api/join", json=join)).json()
    bodies: dict[str, Any] = {
        "/api/join": join,
        "/api/refresh": {"refresh": entered["refresh"]},
        "/api/invites": {"role": "learner"},
        "/api/commands": {"type": "post_message", "key": "schema-key-1", "room": "general", "text": "x"},
    }
    places = {"{room}": room, "{seq}": str(seq), "{invite}": invite["invite"]}
    queries = {
        "/api/members": f"?ids={prof.person}",
        "/api/events": f"?stream=room/{room}",
        "/api/rooms/{room}/similar": "?q=question",
        "/api/search": "?q=question",
    }
    api = document()
    for path, calls in api["paths"].items():
        for method, operation in calls.items():
            if path == "/api/live":
                continue
            url = re.sub(r"{\w+}", lambda found: places[found[0]], path) + queries.get(path, "")
            body = bodies.get(path) if method == "post" else None
            answer = await prof.ask(method, url, json=body)
            assert answer.status_code == 200, (method, path, answer.text)
            check(api, operation, answer)
            bad = await prof.ask(
                method, url + ("&" if "?" in url else "?") + "nonsense=1", json=["no"] if body else None
            )
            if bad.status_code != 200:
                check(api, operation, bad)


def check(api: dict[str, Any], operation: dict[str, Any], answer: Any) -> None:
    media = answer.headers["content-type"].split(";")[0]
    described = operation["responses"][str(answer.status_code)]["content"]
    assert media in described
    if media != "application/json":
        return
    schema = {**described[media]["schema"], "components": strict(api["components"])}
    jsonschema.Draft202012Validator(schema).validate(answer.json())


def strict(schema: Any) -> Any:
    """The same schemas, refusing keys that are not described."""
    if isinstance(schema, list):
        return [strict(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: strict(inner) for key, inner in schema.items()}
    if closed.get("type") == "object" and "properties" in closed and "additionalProperties" not in closed:
        closed["additionalProperties"] = False
    return closed


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_every_call_is_described_in_a_sentence(call: Any) -> None:
    assert call.says[0].isupper()
    assert not call.says.endswith(".")
