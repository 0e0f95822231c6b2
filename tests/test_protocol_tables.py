"""protocol.md says what the code says: every command, event, record, code and limit, both ways."""

from __future__ import annotations

import re
from typing import get_args

import msgspec
import pytest

from tertulia.domain import limits, policy
from tertulia.domain.command import Command, command_name
from tertulia.domain.commands import AnyCommand
from tertulia.domain.events import EVENTS
from tertulia.domain.refusals import CODES
from tertulia.wire.closing import CLOSINGS, is_reconnect_wanted
from tertulia.wire.records import Record
from tertulia.wire.requests import Request
from tests.protocol_examples import PROTOCOL, read_steps

TEXT = PROTOCOL.read_text()


def table(heading: str) -> list[list[str]]:
    """The cells of the first table after a heading, without its two header rows."""
    after = TEXT.split(f"{heading}\n", 1)[1]
    rows = re.search(r"(^\|.*?\n)(?!\|)", after, re.M | re.S)
    assert rows, f"there is a table after {heading!r}"
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[1].splitlines()[2:]]


def words(cell: str) -> list[str]:
    return re.findall(r"`([a-z_]+)\??`", cell)


def commands() -> dict[str, type[Command]]:
    return {str(struct.__struct_config__.tag): struct for struct in get_args(AnyCommand)}


def fields(struct: type[msgspec.Struct]) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(struct)} - {"id", "key"}


def test_every_command_stands_in_the_table_with_its_fields() -> None:
    rows = [(words(names), set(words(given))) for names, given, *_ in table("### The commands")]
    assert sorted(name for names, _ in rows for name in names) == sorted(commands()) == sorted(policy.ALLOWED)
    for names, given in rows:
        assert given == set().union(*(fields(commands()[name]) for name in names)), names


def test_who_may_give_a_command_is_as_the_policy_says() -> None:
    meanings = {
        "all but observers": policy.ALLOWED["post_message"],
        "staff, bots": policy.STAFF | {"bot"},
        "everyone": frozenset(policy.ROLES),
        "instructors": frozenset({"owner", "instructor"}),
        "staff": policy.STAFF,
    }
    for names, _, _, who in table("### The commands"):
        for name in words(names):
            if who in meanings:
                assert policy.ALLOWED[name] == meanings[who], f"{name}: {who}"


def test_every_event_stands_in_the_table_with_its_data() -> None:
    documented: dict[str, set[str]] = {}
    for names, _, data in table("### The events"):
        for name in words(names):
            documented[name] = set(words(data))
    assert set(documented) == set(EVENTS)
    for name, struct in EVENTS.items():
        missing = fields(struct) - documented[name] - {"invite"}
        assert not missing or name in ("room_changed", "member_joined"), f"{name}: {missing} not in protocol.md"


def test_every_refusal_code_stands_in_the_table_with_its_verdict() -> None:
    documented = {name: verdict for names, verdict, _ in table("### Refusal codes") for name in words(names)}
    assert documented == {code: verdict for code, (verdict, _) in CODES.items()}


def test_every_close_code_stands_in_the_table() -> None:
    documented = {words(name)[0]: int(code) for code, name, _ in table("### Close codes")}
    assert documented == {name: closing.code for name, closing in CLOSINGS.items()}
    for closing in CLOSINGS.values():
        assert is_reconnect_wanted(closing.code) == (closing.code < 4500)


@pytest.mark.parametrize(("code", "wanted"), [(1000, True), (1001, True), (1006, True), (1011, True), (1009, False)])
def test_codes_of_websocket_itself_have_a_verdict(code: int, wanted: bool) -> None:
    assert is_reconnect_wanted(code) is wanted


def test_every_public_limit_stands_in_the_table() -> None:
    documented = {words(name)[0]: float(value) for name, value in table("## 10. Limits")}
    assert documented == {name: float(value) for name, value in limits.public().items()}


@pytest.mark.parametrize("struct", [*get_args(Request), *get_args(Record)], ids=lambda struct: struct.__name__)
def test_every_request_and_record_is_spoken_of(struct: type[msgspec.Struct]) -> None:
    tag = str(struct.__struct_config__.tag)
    assert f"`{tag}`" in TEXT or f'"type":"{tag}"' in TEXT or f"`{tag} " in TEXT, f"{tag} is not in protocol.md"


def test_every_example_of_a_command_is_one() -> None:
    sent = [step.body for step in read_steps() if step.kind == "send"]
    assert len(sent) > 20
    decoder = msgspec.json.Decoder(Request)
    malformed = 0
    for body in sent:
        try:
            request = decoder.decode(re.sub(rb'"<\w+>"', b'"an-id"', msgspec.json.encode(body)))
        except msgspec.ValidationError:
            malformed += 1
            continue
        if isinstance(request, Command):
            assert command_name(request) == body["type"]
    assert malformed == 1, "exactly one example shows a malformed request"
