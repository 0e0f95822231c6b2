"""Being cut off: what is written is kept and sent once when the connection is back, and nothing said is missed."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.school import School


def test_one_goes_offline_writes_and_comes_back_and_both_see_everything_once(visit: Visit, school: School) -> None:
    room = school.make_room("On a train")
    kofi = visit("Kofi").room(room)
    mei = visit("Mei").room(room)
    mei.say("Before the tunnel")
    expect(kofi.saying("Before the tunnel")).to_have_count(1)

    kofi.cut()
    expect(kofi.page.locator(".banner")).to_contain_text("You are offline")
    kofi.say("Written in the tunnel")
    kofi.say("And another")
    expect(kofi.page.locator("tt-pending-row")).to_have_count(2)
    expect(kofi.page.locator("tt-pending-row").first).to_contain_text("Waiting for the connection")
    expect(kofi.page.locator(".banner")).to_contain_text("2 waiting to be sent")
    mei.say("Said meanwhile")
    expect(mei.saying("Written in the tunnel")).to_have_count(0)

    kofi.mend()
    for visitor in (kofi, mei):
        for text in ("Before the tunnel", "Written in the tunnel", "And another", "Said meanwhile"):
            expect(visitor.saying(text)).to_have_count(1, timeout=30_000)
    expect(kofi.page.locator("tt-pending-row")).to_have_count(0)
    expect(kofi.page.locator(".banner")).to_have_count(0)
    texts = [message["text"] for message in school.get("Mei", f"/api/rooms/{room}/messages")["messages"]]
    assert sorted(texts) == sorted(set(texts))
    assert texts.index("Written in the tunnel") < texts.index("And another")


def test_what_was_queued_survives_a_reload(visit: Visit, school: School) -> None:
    room = school.make_room("Reload")
    kofi = visit("Kofi").room(room)
    school.kill()
    kofi.say("Written while the server was away")
    expect(kofi.page.locator("tt-pending-row")).to_have_count(1)
    school.start()
    kofi.page.reload()
    expect(kofi.saying("Written while the server was away")).to_have_count(1, timeout=30_000)
    expect(kofi.page.locator("tt-pending-row")).to_have_count(0)
    texts = [message["text"] for message in school.get("Mei", f"/api/rooms/{room}/messages")["messages"]]
    assert texts == ["Written while the server was away"]


def test_a_draft_survives_a_reload(visit: Visit, school: School) -> None:
    kofi = visit("Kofi").room()
    kofi.field.fill("Not finished yet")
    kofi.page.reload()
    expect(kofi.field).to_have_value("Not finished yet")
    kofi.field.fill("")


def test_a_refused_message_is_an_alert_and_can_be_sent_again(visit: Visit, school: School) -> None:
    room = school.make_room("Closing")
    kofi = visit("Kofi").room(room)
    expect(kofi.field).to_be_visible()
    kofi.cut()
    kofi.say("Too late")
    school.command("Ines", type="close_room", room=room)
    kofi.mend()
    failed = kofi.page.locator("tt-pending-row")
    expect(failed).to_contain_text("Not sent. The room is closed", timeout=30_000)
    expect(kofi.page.get_by_role("alert").filter(has_text="Your message was not sent")).to_be_visible()
    school.command("Ines", type="open_room", room=room)
    expect(kofi.field).to_be_visible()
    failed.get_by_role("button", name="Try again").click()
    expect(kofi.saying("Too late")).to_have_count(1)
    expect(failed).to_have_count(0)
