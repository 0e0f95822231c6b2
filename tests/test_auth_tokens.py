"""Tokens: what we signed reads back; everything else is a refusal, never an exception."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import string
from typing import Any

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tertulia.auth.tokens import Claims, Issued, Tokens, Use
from tertulia.domain import limits
from tertulia.domain.ids import CohortId, InviteId, PersonId
from tertulia.domain.policy import ROLES, Role
from tertulia.domain.refusals import Refusal

SECRET = b"0123456789abcdef0123456789abcdef"
DEMO = CohortId("demo")
ANA = PersonId("p-ana")
START_MS = 1_790_000_000_000
USES: tuple[Use, ...] = ("access", "refresh", "invite")
# A 1024-bit RSA public key, as an attacker would find it published.
PUBLIC_KEY = b"""-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDdlatRjRjogo3WojgGHFHYLugd
UWAY9iR3fy4arWNA1KoS8kVw33cJibXr8bvwUAUparCwlvdbH6dvEOfou0/gCFQs
HUfQrSDv+MuSUMAe8jzKE4qW+jK+xQU9a03GUnKHkkle+Q0pX/g6jXZ7r1/xAK5D
o2kQ+X5xK9cipRgEKwIDAQAB
-----END PUBLIC KEY-----
"""


class HeldClock:
    def __init__(self) -> None:
        self.ms = START_MS

    def now_ms(self) -> int:
        return self.ms

    def pass_s(self, seconds: int) -> None:
        self.ms += seconds * 1_000


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def tokens(clock: HeldClock) -> Tokens:
    return Tokens(SECRET, clock=clock)


def issue(tokens: Tokens, use: Use) -> Issued:
    match use:
        case "access":
            return tokens.issue_access(ANA, DEMO, name="Ana", role="learner")
        case "refresh":
            return tokens.issue_refresh(ANA, DEMO, name="Ana", role="learner")
        case "invite":
            return tokens.issue_invite(InviteId("i-1"), DEMO, role="ta", expires_at_ms=START_MS + 60_000)


def invalid(use: Use) -> Refusal:
    return Refusal("invite_invalid" if use == "invite" else "token_invalid")


def expired(use: Use) -> Refusal:
    return Refusal("invite_expired" if use == "invite" else "token_expired")


def payload(**changes: Any) -> dict[str, Any]:
    """The claims of a good access token, with changes; None leaves a claim out."""
    now_s = START_MS // 1_000
    claims: dict[str, Any] = {
        "iss": "tertulia",
        "aud": "tertulia",
        "sub": "p-ana",
        "iat": now_s,
        "exp": now_s + 900,
        "jti": "x",
        "use": "access",
        "cohort": "demo",
        "name": "Ana",
        "role": "learner",
    } | changes
    return {name: claim for name, claim in claims.items() if claim is not None}


def signed(claims: Any, *, header: dict[str, Any] | None = None, secret: bytes = SECRET) -> str:
    """A token put together by hand, HMAC-SHA-256 whatever its header says."""
    head = json.dumps({"alg": "HS256", "typ": "JWT"} | (header or {}), separators=(",", ":"))
    body = claims if isinstance(claims, str) else json.dumps(claims, separators=(",", ":"))
    signing = f"{b64(head.encode())}.{b64(body.encode())}"
    return f"{signing}.{b64(hmac.digest(secret, signing.encode(), hashlib.sha256))}"


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


# --- what is ours ---------------------------------------------------------------------------------------------------


def test_an_access_token_reads_back(tokens: Tokens) -> None:
    issued = tokens.issue_access(ANA, DEMO, name="Ana Ñandú 🦤", role="observer")
    claims = tokens.read(issued.token, use="access")
    assert isinstance(claims, Claims)
    assert (claims.person, claims.cohort, claims.name, claims.role) == (ANA, DEMO, "Ana Ñandú 🦤", "observer")
    assert claims.expires_at_ms == issued.expires_at_ms == START_MS + limits.token_s * 1_000


def test_an_invite_names_a_role_and_nobody(tokens: Tokens) -> None:
    claims = tokens.read(issue(tokens, "invite").token, use="invite")
    assert isinstance(claims, Claims)
    assert (claims.invite, claims.cohort, claims.role, claims.name) == (InviteId("i-1"), DEMO, "ta", "")
    assert claims.expires_at_ms == START_MS + 60_000
    with pytest.raises(AssertionError):
        _ = claims.person


def test_a_hand_made_token_with_our_secret_is_ours(tokens: Tokens) -> None:
    """The base of the tests below: each of them changes one thing about it."""
    assert isinstance(tokens.read(signed(payload()), use="access"), Claims)


@given(
    name=st.text(st.characters(exclude_categories=["Cs"]), max_size=limits.name_chars_max), role=st.sampled_from(ROLES)
)
def test_any_name_and_role_fit(name: str, role: Role) -> None:
    tokens = Tokens(SECRET, clock=HeldClock())
    long_id = "a" * 48
    issued = tokens.issue_access(PersonId(long_id), CohortId(long_id), name=name, role=role)
    claims = tokens.read(issued.token, use="access")
    assert isinstance(claims, Claims)
    assert (claims.name, claims.role) == (name, role)


def test_no_two_tokens_are_the_same(tokens: Tokens) -> None:
    assert len({issue(tokens, "access").token for _ in range(100)}) == 100


# --- time -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("use", USES)
def test_a_token_expires_after_its_time_and_the_leeway(tokens: Tokens, clock: HeldClock, use: Use) -> None:
    issued = issue(tokens, use)
    clock.ms = issued.expires_at_ms + limits.token_leeway_s * 1_000 - 1_000
    assert isinstance(tokens.read(issued.token, use=use), Claims)
    clock.pass_s(1)
    assert tokens.read(issued.token, use=use) == expired(use)


def test_a_token_from_the_future_is_refused_beyond_the_leeway(tokens: Tokens, clock: HeldClock) -> None:
    issued = issue(tokens, "access")
    clock.pass_s(-limits.token_leeway_s)
    assert isinstance(tokens.read(issued.token, use="access"), Claims)
    clock.pass_s(-1)
    assert tokens.read(issued.token, use="access") == invalid("access")


def test_an_expired_token_of_someone_else_is_not_called_expired(tokens: Tokens, clock: HeldClock) -> None:
    foreign = Tokens(SECRET[::-1], clock=clock).issue_access(ANA, DEMO, name="Ana", role="learner")
    clock.pass_s(10_000)
    assert tokens.read(foreign.token, use="access") == invalid("access")


# --- what is not ours -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("issued_for", USES)
@pytest.mark.parametrize("used_for", USES)
def test_each_use_stands_for_itself(tokens: Tokens, issued_for: Use, used_for: Use) -> None:
    read = tokens.read(issue(tokens, issued_for).token, use=used_for)
    if issued_for == used_for:
        assert isinstance(read, Claims)
    else:
        assert read == invalid(used_for)


def test_another_servers_token_is_refused(tokens: Tokens, clock: HeldClock) -> None:
    other = Tokens(SECRET, "other", clock=clock)
    assert tokens.read(issue(other, "access").token, use="access") == invalid("access")
    assert other.read(issue(tokens, "access").token, use="access") == invalid("access")


@pytest.mark.parametrize("claim", list(payload()))
def test_every_claim_is_required(tokens: Tokens, claim: str) -> None:
    assert tokens.read(signed(payload(**{claim: None})), use="access") == invalid("access")


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "someone"},
        {"iss": ["tertulia"]},
        {"aud": ["tertulia"]},
        {"aud": "Tertulia"},
        {"aud": ""},
        {"sub": 7},
        {"sub": ""},
        {"sub": "p-ana\n"},
        {"sub": "../ana"},
        {"sub": "a" * 49},
        {"cohort": "demo/../x"},
        {"cohort": "Demo"},
        {"role": "admin"},
        {"role": ["owner"]},
        {"use": "admin"},
        {"use": ["access"]},
        {"name": "x" * (limits.name_chars_max + 1)},
        {"name": 7},
        {"exp": "1790000900"},
        {"exp": 1.79e9},
        {"exp": 1e300},
        {"exp": -1},
        {"exp": 10**30},
        {"exp": True},
        {"iat": "now"},
        {"iat": {}},
        {"jti": ""},
        {"jti": "x" * 65},
        {"jti": 1},
    ],
)
def test_a_claim_of_the_wrong_form_is_refused(tokens: Tokens, changes: dict[str, Any]) -> None:
    assert tokens.read(signed(payload(**changes)), use="access") == invalid("access")


@pytest.mark.parametrize(
    "body", ["", "null", "[]", "7", '"x"', "{", "{}", '{"a":1}', "[" * 2_500, "NaN", "\ud7ff", '{"exp":1e999}']
)
def test_a_signed_body_that_is_no_set_of_claims_is_refused(tokens: Tokens, body: str) -> None:
    assert tokens.read(signed(body), use="access") == invalid("access")


@pytest.mark.parametrize(
    "alg", ["none", "None", "NONE", "", "HS384", "HS512", "RS256", "ES256", "EdDSA", "hs256", None, 7, ["HS256"]]
)
@pytest.mark.parametrize("keeps_signature", [True, False])
def test_no_other_algorithm_is_taken(tokens: Tokens, alg: Any, keeps_signature: bool) -> None:
    token = signed(payload(), header={"alg": alg})
    if not keeps_signature:
        token = token.rpartition(".")[0] + "."
    assert tokens.read(token, use="access") == invalid("access")


@pytest.mark.parametrize("alg", ["HS384", "HS512"])
def test_another_hash_with_our_own_secret_is_refused(tokens: Tokens, alg: str) -> None:
    token = jwt.encode(payload(), SECRET * 2, algorithm=alg)
    assert Tokens(SECRET * 2, clock=HeldClock()).read(token, use="access") == invalid("access")


def test_a_published_key_is_not_taken_for_the_secret(tokens: Tokens) -> None:
    """The RS256 confusion: signed by HMAC with what the verifier would use as an RSA public key."""
    for header in ({"alg": "RS256"}, {"alg": "HS256"}):
        assert tokens.read(signed(payload(), header=header, secret=PUBLIC_KEY), use="access") == invalid("access")


@pytest.mark.parametrize("name", ["jku", "jwk", "x5u", "x5c", "kid"])
def test_the_header_brings_no_key(tokens: Tokens, name: str) -> None:
    """Signed with the attacker's key, which the header offers."""
    evil = b"e" * 32
    offers = {"jwk": {"kty": "oct", "k": b64(evil)}, "x5c": [b64(evil)], "kid": "/dev/null"}
    header = {name: offers.get(name, "https://evil.invalid/keys")}
    assert tokens.read(signed(payload(), header=header, secret=evil), use="access") == invalid("access")
    assert isinstance(tokens.read(signed(payload(), header=header), use="access"), Claims)


@pytest.mark.parametrize(
    "header", [{"crit": ["exp"]}, {"crit": []}, {"b64": False}, {"b64": False, "crit": ["b64"]}, {"kid": 7}]
)
def test_a_header_that_asks_for_more_is_refused(tokens: Tokens, header: dict[str, Any]) -> None:
    assert tokens.read(signed(payload(), header=header), use="access") == invalid("access")


def test_a_token_is_bounded(tokens: Tokens) -> None:
    def padded(chars: int) -> str:
        return signed(payload(), header={"pad": "x" * chars})

    fits = max(chars for chars in range(4_096) if len(padded(chars)) <= limits.token_chars_max)
    assert isinstance(tokens.read(padded(fits), use="access"), Claims)
    assert tokens.read(padded(fits + 3), use="access") == invalid("access")
    assert tokens.read("x" * 10_000_000, use="access") == invalid("access")


@pytest.mark.parametrize(
    "change", ["{}=", "{}.", ".{}", "{} ", "{}\n", " {}", "{}.{}", "Bearer {}", "{}é", "{}\ud800", "{}\0"]
)
def test_nothing_may_stand_around_a_token(tokens: Tokens, change: str) -> None:
    token = issue(tokens, "access").token
    assert tokens.read(change.format(token, token), use="access") == invalid("access")


@settings(max_examples=1_000)
@given(data=st.data())
def test_a_token_with_one_character_changed_is_refused(data: st.DataObject) -> None:
    tokens = Tokens(SECRET, clock=HeldClock())
    token = signed(payload())
    place = data.draw(st.integers(0, len(token) - 1), label="place")
    letters = [letter for letter in string.ascii_letters + string.digits + "-_." if letter != token[place]]
    other = data.draw(st.sampled_from(letters), label="letter")
    assert tokens.read(token[:place] + other + token[place + 1 :], use="access") == invalid("access")


def test_a_token_with_any_bit_changed_is_refused(tokens: Tokens) -> None:
    """Each bit of each of the three parts, decoded."""
    parts = [base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in signed(payload()).split(".")]
    for which, part in enumerate(parts):
        for bit in range(len(part) * 8):
            changed = bytearray(part)
            changed[bit // 8] ^= 1 << bit % 8
            forged = [b64(bytes(changed)) if place == which else b64(whole) for place, whole in enumerate(parts)]
            assert tokens.read(".".join(forged), use="access") == invalid("access")


def test_a_cut_token_is_refused(tokens: Tokens) -> None:
    token = signed(payload())
    assert {tokens.read(token[:length], use="access") for length in range(len(token))} == {invalid("access")}


@given(st.text(max_size=300))
def test_any_text_is_a_refusal(text: str) -> None:
    assert Tokens(SECRET, clock=HeldClock()).read(text, use="access") == invalid("access")


@given(st.binary(max_size=60), st.binary(max_size=60), st.binary(max_size=60))
def test_any_three_parts_are_a_refusal(header: bytes, body: bytes, signature: bytes) -> None:
    token = f"{b64(header)}.{b64(body)}.{b64(signature)}"
    assert Tokens(SECRET, clock=HeldClock()).read(token, use="access") == invalid("access")


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
def test_any_signed_json_is_a_refusal(body: Any) -> None:
    """Someone with our secret and another program: still no exception."""
    assert Tokens(SECRET, clock=HeldClock()).read(signed(body), use="access") == invalid("access")


@pytest.mark.parametrize("size", [0, 1, limits.secret_bytes_min - 1])
def test_a_short_secret_is_refused(clock: HeldClock, size: int) -> None:
    with pytest.raises(ValueError, match=str(limits.secret_bytes_min)):
        Tokens(b"x" * size, clock=clock)
