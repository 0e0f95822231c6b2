"""Coming in over HTTP: tokens good and bad, joining by a link, refreshing, who am I."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import jwt

from tertulia.auth.tokens import ALGORITHM, Tokens
from tertulia.domain import limits
from tertulia.domain.ids import CohortId, PersonId
from tertulia.live.ports import SystemClock
from tests.http_site import Member, Site, assert_problem, demo_site, serving, use_up

site = demo_site


async def invite_token(site: Site, **fields: Any) -> str:
    staff = site.member("Prof", role="instructor")
    answer = await staff.post("/api/invites", {"role": "learner", **fields})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["link"].split("#invite=")[1])


async def join(site: Site, invite: str, name: str = "Cleo", **fields: Any) -> Any:
    return await site.http.post("/api/join", json={"invite": invite, "name": name, **fields})


# --- tokens ------------------------------------------------------------------------------------------------------


async def test_a_member_is_told_who_they_are_and_what_they_may_follow(site: Site) -> None:
    ana = site.member("Ana")
    said = (await ana.get("/api/me")).json()
    assert (said["person"], said["name"], said["role"], said["cohort"]) == (ana.person, "Ana", "learner", "demo")
    assert set(said["streams"]) == {"cohort/demo", f"user/{ana.person}", "room/general", "room/quiet"}


async def test_staff_may_follow_the_staff_streams_too(site: Site) -> None:
    said = (await site.member("Tim", role="ta").get("/api/me")).json()
    assert {"cohort/demo/staff", "room/general/staff", "room/quiet/staff"} <= set(said["streams"])


async def test_all_that_me_names_can_be_read(site: Site) -> None:
    for role in ("learner", "instructor"):
        member = site.member(f"One {role}", role=role)
        for stream in (await member.get("/api/me")).json()["streams"]:
            answer = await member.get("/api/events", stream=stream)
            assert answer.status_code == 200, (stream, answer.text)


async def test_a_call_without_a_token_is_refused(site: Site) -> None:
    answer = await site.http.get("/api/me")
    assert_problem(answer, 401, "token_invalid")
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_what_is_no_bearer_token_is_refused(site: Site) -> None:
    for header in ["Bearer", "Basic abc", "bearer not-a-token", "Bearer a.b.c", "x" * 5000]:
        assert_problem(await site.http.get("/api/me", headers={"authorization": header}), 401, "token_invalid")


async def test_two_authorization_headers_are_none(site: Site) -> None:
    header = ("authorization", f"Bearer {site.member('Ana').token}")
    assert_problem(await site.http.get("/api/me", headers=[header, header]), 401, "token_invalid")


async def test_an_expired_token_asks_for_a_refresh(site: Site) -> None:
    late = site.member("Ana", lifetime_s=-limits.token_leeway_s - 5)
    said = assert_problem(await late.get("/api/me"), 401, "token_expired")
    assert said["retry"] == "reload"


async def test_a_token_signed_with_another_secret_is_refused(site: Site) -> None:
    other = Tokens(b"another secret of at least 32 bytes!", clock=SystemClock())
    forged = other.issue_access(PersonId("p-ana"), CohortId("demo"), name="Ana", role="owner").token
    assert_problem(await Member(site, PersonId("p-ana"), forged).get("/api/me"), 401, "token_invalid")


async def test_a_token_of_another_audience_is_refused(site: Site) -> None:
    tokens = site.flow.node.tokens
    other = Tokens(tokens._secret, "another-server", clock=SystemClock())
    token = other.issue_access(PersonId("p-ana"), CohortId("demo"), name="Ana", role="learner").token
    assert_problem(await Member(site, PersonId("p-ana"), token).get("/api/me"), 401, "token_invalid")


async def test_an_unsigned_token_is_refused(site: Site) -> None:
    good = site.member("Ana").token.split(".")
    head = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).decode().rstrip("=")
    for forged in (f"{head}.{good[1]}.", f"{head}.{good[1]}.{good[2]}"):
        assert_problem(await Member(site, PersonId("p-ana"), forged).get("/api/me"), 401, "token_invalid")


async def test_a_changed_claim_is_refused(site: Site) -> None:
    claims = jwt.decode(site.member("Ana").token, options={"verify_signature": False})
    forged = jwt.encode({**claims, "role": "owner"}, "guessed secret of 32 bytes or more..", algorithm=ALGORITHM)
    assert_problem(await Member(site, PersonId("p-ana"), forged).get("/api/me"), 401, "token_invalid")


async def test_a_token_for_another_use_opens_nothing(site: Site) -> None:
    node = site.flow.node
    renewal = node.tokens.issue_refresh(PersonId("p-ana"), CohortId("demo"), name="Ana", role="learner").token
    invite = await invite_token(site)
    access = site.member("Ana").token
    for token in (renewal, invite):
        assert_problem(await Member(site, PersonId("p-ana"), token).get("/api/me"), 401, "token_invalid")
    assert_problem(await join(site, access), 403, "invite_invalid")
    assert_problem(await join(site, renewal), 403, "invite_invalid")
    for token in (access, invite):
        answer = await site.http.post("/api/refresh", json={"refresh": token})
        assert_problem(answer, 401, "token_invalid")


async def test_a_learners_token_for_a_cohort_that_is_not_there_opens_nothing(site: Site) -> None:
    assert_problem(await site.member("Ana", cohort="elsewhere").get("/api/me"), 404, "unknown_cohort")


async def test_one_who_was_banned_is_refused_at_once_everywhere(site: Site) -> None:
    ana, staff = await site.member_who("Ana"), await site.member_who("Prof", role="instructor")
    answer = await staff.command("ban_member", person=ana.person, reason="Spam")
    assert answer.status_code == 200, answer.text
    for path in ("/api/me", "/api/cohort", "/api/rooms/general", "/api/me/export"):
        assert_problem(await ana.get(path), 403, "banned")
    assert_problem(await ana.command("post_message", room="general", text="Hi"), 403, "banned")
    assert_problem(await ana.post("/api/live", {"streams": {}}), 403, "banned")


async def test_one_who_left_is_no_member(site: Site) -> None:
    ana = await site.member_who("Ana")
    assert (await ana.command("leave_cohort")).status_code == 200
    assert_problem(await ana.get("/api/me"), 403, "not_a_member")


# --- joining ------------------------------------------------------------------------------------------------------


async def test_an_invite_makes_a_member_with_tokens(site: Site) -> None:
    said = (await join(site, await invite_token(site), "  Cleo   Marin ", goal="Understand heaps")).json()
    assert (said["name"], said["role"], said["cohort"]) == ("Cleo Marin", "learner", "demo")
    cleo = Member(site, PersonId(said["person"]), said["token"])
    me = (await cleo.get("/api/me")).json()
    assert (me["person"], me["name"], me["expires_at"]) == (said["person"], "Cleo Marin", said["expires_at"])
    await cleo.says("Hello!")


async def test_two_people_of_one_name_are_two(site: Site) -> None:
    invite = await invite_token(site)
    first, second = (await join(site, invite)).json(), (await join(site, invite)).json()
    assert first["person"] != second["person"]


async def test_an_invite_for_two_lets_two_in(site: Site) -> None:
    invite = await invite_token(site, uses_max=2)
    answers = [await join(site, invite, f"Learner {number}") for number in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 403]
    assert_problem(answers[2], 403, "invite_invalid")


async def test_an_invite_for_one_used_by_many_at_once_lets_one_in(site: Site) -> None:
    invite = await invite_token(site, uses_max=1)
    answers = await asyncio.gather(*(join(site, invite, f"Learner {number}") for number in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200, *[403] * 7]


async def test_a_revoked_invite_lets_nobody_in(site: Site) -> None:
    staff = site.member("Prof", role="instructor")
    made = (await staff.post("/api/invites", {"role": "learner"})).json()
    assert (await staff.ask("DELETE", f"/api/invites/{made['invite']}")).status_code == 200
    assert_problem(await join(site, made["link"].split("#invite=")[1]), 403, "invite_invalid")


async def test_an_expired_invite_says_so(site: Site) -> None:
    node = site.flow.node
    long_ago = node.clock.now_ms() - 3_600_000
    token = node.tokens.issue_invite("i-old", CohortId("demo"), role="learner", expires_at_ms=long_ago)  # type: ignore[arg-type]
    assert_problem(await join(site, token.token), 410, "invite_expired")


async def test_a_signed_invite_nobody_made_tells_nothing_of_cohorts(site: Site) -> None:
    for cohort in ["demo", "elsewhere"]:
        node = site.flow.node
        later = node.clock.now_ms() + 3_600_000
        token = node.tokens.issue_invite("i-none", CohortId(cohort), role="owner", expires_at_ms=later)  # type: ignore[arg-type]
        assert_problem(await join(site, token.token), 403, "invite_invalid")


async def test_a_name_that_is_none_is_refused_and_uses_nothing_up(site: Site) -> None:
    for name in ["", "   ", "\x00\x07", "x" * 61]:
        invite = await invite_token(site, uses_max=1)
        assert_problem(await join(site, invite, name), 422, "name_invalid")
        assert (await join(site, invite, "Cleo")).status_code == 200


async def test_a_join_that_cannot_be_read_is_malformed(site: Site) -> None:
    for body in [
        {},
        {"invite": "x"},
        {"invite": 1, "name": "x"},
        {"invite": "x", "name": "x", "role": "owner"},
        {"invite": "x" * 5000, "name": "x"},
        [],
        None,
    ]:
        assert_problem(await site.http.post("/api/join", json=body), 400, "malformed")


async def test_joining_is_slowed_down_for_one_address(tmp_path: Any) -> None:
    async with serving(tmp_path / "data", rate_limits=True) as site:
        assert_problem(await join(site, "forged"), 403, "invite_invalid")
        use_up(site.shared.joins, "127.0.0.1")
        assert assert_problem(await join(site, "forged"), 429, "rate_limited")["after"] > 0
        answer = await site.http.post("/api/refresh", json={"refresh": "forged"})
        assert_problem(answer, 429, "rate_limited")


# --- refreshing ---------------------------------------------------------------------------------------------------


async def test_a_refresh_token_gets_new_tokens_and_the_name_and_role_of_now(site: Site) -> None:
    joined = (await join(site, await invite_token(site))).json()
    staff, cleo = site.member("Prof", role="instructor"), Member(site, joined["person"], joined["token"])
    assert (await cleo.command("rename_member", name="Clea")).status_code == 200
    assert (await staff.command("change_role", person=cleo.person, role="ta")).status_code == 200
    said = (await site.http.post("/api/refresh", json={"refresh": joined["refresh"]})).json()
    assert (said["person"], said["name"], said["role"]) == (cleo.person, "Clea", "ta")
    assert (await Member(site, cleo.person, said["token"]).get("/api/me")).json()["role"] == "ta"
    assert (await site.http.post("/api/refresh", json={"refresh": said["refresh"]})).status_code == 200


async def test_one_who_was_banned_gets_no_new_token(site: Site) -> None:
    joined = (await join(site, await invite_token(site))).json()
    staff = site.member("Prof", role="instructor")
    assert (await staff.command("ban_member", person=joined["person"], reason="Spam")).status_code == 200
    answer = await site.http.post("/api/refresh", json={"refresh": joined["refresh"]})
    assert_problem(answer, 403, "banned")


async def test_an_expired_refresh_token_is_refused(site: Site) -> None:
    old = site.flow.node.tokens.issue_refresh(
        PersonId("p-ana"), CohortId("demo"), name="Ana", role="learner", lifetime_s=-100
    )
    answer = await site.http.post("/api/refresh", json={"refresh": old.token})
    assert_problem(answer, 401, "token_expired")
