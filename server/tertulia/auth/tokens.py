"""Tokens: JWT signed with HMAC-SHA-256, and nothing else (RFC 7519, RFC 8725).

Three uses that cannot stand in for one another: `access` (in `hello` and as bearer), `refresh` (gets new
access tokens), `invite` (in a link; names a role, not a person). Times inside a token are Unix seconds,
outside milliseconds. The header decides nothing: its `alg` must be ours, and `jku`, `jwk`, `x5u` and `kid`
are never looked at.
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
from typing import Annotated, Any, Final, Literal, NamedTuple, Protocol

import jwt
import msgspec

from tertulia.domain import limits
from tertulia.domain.ids import ID_PATTERN, CohortId, InviteId, PersonId
from tertulia.domain.policy import Role
from tertulia.domain.refusals import Refusal

ALGORITHM: Final = "HS256"
ISSUER: Final = "tertulia"
AUDIENCE: Final = "tertulia"

Use = Literal["access", "refresh", "invite"]

_SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_Id = Annotated[str, msgspec.Meta(pattern=rf"^{ID_PATTERN}\Z")]
_Time = Annotated[int, msgspec.Meta(ge=0, le=2**43)]


class Clock(Protocol):
    def now_ms(self) -> int:
        """Unix milliseconds."""
        ...


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """What a token says, verified. `sub`: the person, or the invite. `iat` and `exp`: Unix seconds."""

    use: Use
    sub: _Id
    cohort: Annotated[CohortId, msgspec.Meta(pattern=rf"^{ID_PATTERN}\Z")]
    name: Annotated[str, msgspec.Meta(max_length=limits.name_chars_max)]
    role: Role
    iat: _Time
    exp: _Time
    jti: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]

    @property
    def person(self) -> PersonId:
        assert self.use != "invite", "an invite names no person"
        return PersonId(self.sub)

    @property
    def invite(self) -> InviteId:
        assert self.use == "invite", "only an invite names an invite"
        return InviteId(self.sub)

    @property
    def expires_at_ms(self) -> int:
        return self.exp * 1_000


class _Payload(Claims, frozen=True, kw_only=True):
    iss: Literal["tertulia"]
    aud: str


class _Header(msgspec.Struct, frozen=True):
    """What may be in a header and would matter. All else is ignored."""

    alg: Literal["HS256"]
    kid: str | msgspec.UnsetType = msgspec.UNSET
    crit: Any = msgspec.UNSET
    b64: Any = msgspec.UNSET


_header: Final = msgspec.json.Decoder(_Header).decode
_payload: Final = msgspec.json.Decoder(_Payload).decode


class Issued(NamedTuple):
    token: str
    expires_at_ms: int


class Tokens:
    """Issues and reads tokens. All servers of one installation share `secret` and `audience`."""

    def __init__(self, secret: bytes, audience: str = AUDIENCE, *, clock: Clock) -> None:
        if len(secret) < limits.secret_bytes_min:
            raise ValueError(f"The secret for tokens must be at least {limits.secret_bytes_min} bytes long.")
        self._secret = secret
        self._audience = audience
        self._clock = clock

    def issue_access(
        self,
        person: PersonId,
        cohort: CohortId,
        *,
        name: str,
        role: Role,
        lifetime_s: int = limits.token_s,
    ) -> Issued:
        return self._issue("access", person, cohort=cohort, name=name, role=role, lifetime_s=lifetime_s)

    def issue_refresh(
        self,
        person: PersonId,
        cohort: CohortId,
        *,
        name: str,
        role: Role,
        lifetime_s: int = limits.refresh_token_s,
    ) -> Issued:
        return self._issue("refresh", person, cohort=cohort, name=name, role=role, lifetime_s=lifetime_s)

    def issue_invite(self, invite: InviteId, cohort: CohortId, *, role: Role, expires_at_ms: int) -> Issued:
        """The secret part of an invite link. How often it was used, and if it was revoked, the log knows."""
        lifetime_s = expires_at_ms // 1_000 - self._now_s()
        return self._issue("invite", invite, cohort=cohort, name="", role=role, lifetime_s=lifetime_s)

    def read(self, token: str, *, use: Use) -> Claims | Refusal:
        """The claims of a token that is ours, for this use and still good; otherwise why not."""
        invalid, expired = _REFUSALS[use]
        claims = self._verified(token)
        if claims is None or claims.use != use:
            return invalid
        now_s = self._now_s()
        if claims.iat > now_s + limits.token_leeway_s:
            return invalid
        if claims.exp <= now_s - limits.token_leeway_s:
            return expired
        return claims

    def _issue(self, use: Use, subject: str, *, cohort: CohortId, name: str, role: Role, lifetime_s: int) -> Issued:
        now_s = self._now_s()
        payload = {
            "iss": ISSUER,
            "aud": self._audience,
            "sub": subject,
            "iat": now_s,
            "exp": now_s + lifetime_s,
            "jti": secrets.token_urlsafe(12),
            "use": use,
            "cohort": cohort,
            "name": name,
            "role": role,
        }
        token = jwt.encode(payload, self._secret, algorithm=ALGORITHM)
        assert len(token) <= limits.token_chars_max, "bounded names and ids make bounded tokens"
        return Issued(token, (now_s + lifetime_s) * 1_000)

    def _verified(self, token: str) -> Claims | None:
        """The claims, when the signature is ours. It is compared before anything of the token is decoded, as text: so
        there is one way only to write it. (By hand, as PyJWT takes ten times as long, and a storm is 9,000 of
        these.)"""
        if len(token) > limits.token_chars_max or not _SHAPE.fullmatch(token):
            return None
        signed, _, signature = token.encode().rpartition(b".")
        if not hmac.compare_digest(_base64url(hmac.digest(self._secret, signed, "sha256")), signature):
            return None
        header, _, payload = signed.partition(b".")
        try:
            asked, claims = _header(_unbase64url(header)), _payload(_unbase64url(payload))
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None
        if asked.crit is not msgspec.UNSET or asked.b64 is not msgspec.UNSET:
            return None  # it asks for what we do not know (RFC 7515, 4.1.11)
        return claims if claims.aud == self._audience else None

    def _now_s(self) -> int:
        return self._clock.now_ms() // 1_000


def _base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _unbase64url(text: bytes) -> bytes:
    """Raises ValueError."""
    return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))


_REFUSALS: Final[dict[Use, tuple[Refusal, Refusal]]] = {
    "access": (Refusal("token_invalid"), Refusal("token_expired")),
    "refresh": (Refusal("token_invalid"), Refusal("token_expired")),
    "invite": (Refusal("invite_invalid"), Refusal("invite_expired")),
}
