"""Two people talk: posts, threads, reactions, edits, removals, pins, presence, typing, mentions, joining by a link."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.school import School


def test_two_people_talk_and_each_sees_each_message_once(visit: Visit, school: School) -> None:
    kofi, mei = visit("Kofi").room(), visit("Mei").room()
    kofi.say("Why is building a heap O(n)?")
    expect(mei.saying("Why is building a heap")).to_have_count(1)
    mei.say("Sum the heights: it converges.")
    for visitor in (kofi, mei):
        expect(visitor.saying("Sum the heights")).to_have_count(1)
        expect(visitor.saying("Why is building a heap")).to_have_count(1)
        expect(visitor.page.locator("tt-pending-row")).to_have_count(0)
    expect(kofi.field).to_have_value("")


def test_the_token_leaves_the_address_bar_and_stays_with_the_tab(visit: Visit) -> None:
    kofi = visit("Kofi")
    sockets: list[str] = []
    kofi.page.on("websocket", lambda socket: sockets.append(socket.url))
    kofi.enter()
    assert "#" not in kofi.page.url
    assert "token" not in kofi.page.url
    assert sockets == [f"ws{kofi.school.url[4:]}/ws?cohort=demo"], "a front may place it by its cohort"
    kofi.page.reload()
    expect(kofi.page.locator("tt-home-view h1")).to_be_visible()
    assert kofi.page.evaluate("Object.keys(localStorage).filter(key => localStorage[key].includes('eyJ'))") == []


def test_people_present_and_typing_are_shown(visit: Visit) -> None:
    kofi, mei = visit("Kofi").room(), visit("Mei").room()
    expect(kofi.page.locator(".heads")).to_contain_text("2 here")
    mei.field.press_sequentially("I am thinking about")
    expect(kofi.page.locator("main tt-typing-line")).to_contain_text("Mei is typing")
    mei.say("it")
    expect(kofi.page.locator("main tt-typing-line")).not_to_contain_text("typing")


def test_a_reaction_is_seen_by_all_and_can_be_taken_back(visit: Visit, school: School) -> None:
    seq = school.post("Ana", "React to this")
    kofi, mei = visit("Kofi").room(), visit("Mei").room()
    kofi.message(seq).hover()
    kofi.message(seq).get_by_role("button", name="React", exact=True).click()
    kofi.page.get_by_role("menuitemcheckbox").first.click()
    mine = kofi.message(seq).locator(".react")
    expect(mine).to_have_attribute("aria-pressed", "true")
    theirs = mei.message(seq).locator(".react")
    expect(theirs).to_have_text(re.compile(r"1$"))
    expect(theirs).to_have_attribute("aria-pressed", "false")
    theirs.click()
    expect(mine).to_have_text(re.compile(r"2$"))
    mine.click()
    expect(mine).to_have_attribute("aria-pressed", "false")
    expect(theirs).to_have_text(re.compile(r"1$"))


def test_editing_shows_the_new_text_the_mark_and_the_history(visit: Visit) -> None:
    kofi, mei = visit("Kofi").room(), visit("Mei").room()
    kofi.say("A heap is a tre")
    expect(mei.saying("A heap is a tre")).to_have_count(1)
    kofi.field.press("ArrowUp")
    editor = kofi.page.locator(".edit-box textarea")
    expect(editor).to_be_focused()
    editor.fill("A heap is a tree")
    editor.press("Enter")
    edited = mei.saying("A heap is a tree")
    expect(edited).to_have_count(1)
    edited.get_by_role("button", name="edited").click()
    expect(mei.page.locator("dialog .revision")).to_have_count(2)
    mei.page.keyboard.press("Escape")
    expect(mei.page.locator("dialog[open]")).to_have_count(0)


def test_removing_ones_own_and_as_staff_with_a_reason(visit: Visit, school: School) -> None:
    own, other = school.post("Kofi", "Mine to remove"), school.post("Kofi", "Staff will remove")
    kofi, ana = visit("Kofi").room(), visit("Ana").room()
    kofi.message(own).focus()
    kofi.page.keyboard.press("Delete")
    kofi.page.get_by_role("button", name="Remove", exact=True).click()
    expect(ana.message(own)).to_contain_text("Removed by its author")
    ana.message(other).hover()
    ana.message(other).get_by_role("button", name="More", exact=True).click()
    ana.page.get_by_role("menuitem", name="Remove").click()
    ana.page.get_by_label("Reason").fill("It was about the exam")
    ana.page.get_by_role("button", name="Remove", exact=True).click()
    expect(kofi.message(other)).to_contain_text("Removed by staff: It was about the exam")
    expect(kofi.log).not_to_contain_text("Staff will remove")


def test_a_thread_beside_the_room(visit: Visit, school: School) -> None:
    root = school.post("Kofi", "Is it the same for a ternary heap?")
    kofi, mei = visit("Kofi").room(), visit("Mei").room()
    mei.message(root).hover()
    mei.message(root).get_by_role("button", name="Reply in thread").click()
    reply = mei.page.locator("aside tt-composer textarea")
    reply.fill("Yes, with a smaller constant")
    reply.press("Enter")
    expect(mei.page.locator("aside .msg", has_text="smaller constant")).to_have_count(1)
    link = kofi.message(root).locator(".thread-link")
    expect(link).to_contain_text("1 reply")
    expect(link).to_contain_text("last from Mei")
    link.click()
    expect(link).to_have_attribute("aria-expanded", "true")
    expect(kofi.page.locator("aside .msg", has_text="smaller constant")).to_have_count(1)
    kofi.page.locator("aside").get_by_role("button", name="Resolve").click()
    expect(mei.message(root)).to_contain_text("resolved")
    kofi.page.go_back()
    expect(kofi.page.locator("aside")).to_have_count(0)


def test_pinning_by_staff(visit: Visit, school: School) -> None:
    seq = school.post("Ines", "Read chapter six")
    ana, kofi = visit("Ana").room(), visit("Kofi").room()
    ana.message(seq).focus()
    ana.page.keyboard.press("p")
    expect(kofi.page.locator(".pins-strip")).to_contain_text("Read chapter six")
    kofi.page.locator(".pins-strip").click()
    expect(kofi.page.locator("aside .hit")).to_have_count(1)


def test_a_mention_is_picked_from_a_list_and_reaches_the_person(visit: Visit, school: School) -> None:
    mei = visit("Mei").enter()
    kofi = visit("Kofi").room()
    visit("Mei").room("trees")
    kofi.field.press_sequentially("Ask @Me")
    expect(kofi.page.get_by_role("option")).to_have_count(1)
    kofi.field.press("Enter")
    expect(kofi.field).to_have_value("Ask @Mei ")
    kofi.field.press_sequentially("please")
    kofi.field.press("Enter")
    expect(kofi.saying("Ask @Mei please")).to_have_count(1)
    expect(mei.page.locator(".notice")).to_contain_text("Kofi mentioned you in General talk")
    mei.page.locator(".notice").get_by_role("button", name="Show").click()
    expect(mei.page.locator(".msg.to-me", has_text="please")).to_be_visible()
    newest = school.get("Kofi", "/api/rooms/general/messages", limit=1)["messages"][-1]
    assert newest["text"] == f"Ask @[Mei]({school.person('Mei')}) please"


def test_joining_by_an_invite_link(visit: Visit, school: School) -> None:
    guest = visit()
    guest.page.goto(school.invite())
    guest.page.get_by_label("Your name").fill("Noor")
    guest.page.get_by_label("What do you hope for?").fill("To understand heaps")
    guest.page.get_by_role("button", name="Join").click()
    expect(guest.page.locator("tt-home-view h1")).to_be_visible()
    assert "invite" not in guest.page.url
    guest.page.locator(".room-card", has_text="General talk").click()
    guest.say("Hello from Noor")
    expect(guest.saying("Hello from Noor")).to_have_count(1)


def test_a_used_up_invite_is_refused_in_words(visit: Visit, school: School) -> None:
    guest = visit()
    guest.page.goto(f"{school.url}/join#invite=not-an-invite")
    guest.page.get_by_label("Your name").fill("Noor")
    guest.page.get_by_role("button", name="Join").click()
    expect(guest.page.get_by_role("alert").first).to_contain_text("This invite is not valid")


def test_unread_counts_of_other_rooms(visit: Visit, school: School) -> None:
    kofi = visit("Kofi").room("general")
    school.post("Mei", "In another room", room="trees")
    link = kofi.page.locator("#rooms .nav-link", has_text="Trees")
    expect(link.locator(".count")).to_be_visible()
    link.click()
    expect(kofi.saying("In another room")).to_be_visible()
    expect(link.locator(".count")).to_have_count(0)


def test_staff_lock_a_room_and_learners_see_why_they_cannot_write(visit: Visit, school: School) -> None:
    room = school.make_room("To be locked")
    ines, kofi = visit("Ines").room(room), visit("Kofi").room(room)
    ines.say("/lock")
    expect(kofi.page.locator(".shut")).to_contain_text("locked")
    ines.say("/unlock")
    expect(kofi.field).to_be_visible()
    ines.say("/slow 30")
    expect(kofi.page.locator(".room-head")).to_contain_text("slow mode: 30 s")
    kofi.say("One")
    expect(kofi.saying("One")).to_have_count(1)
    kofi.say("Two at once")
    expect(kofi.page.locator("tt-pending-row")).to_contain_text("Slow mode")
    kofi.page.locator("tt-pending-row").get_by_role("button", name="Discard").click()
    expect(kofi.page.locator("tt-pending-row")).to_have_count(0)


def test_an_observer_reads_and_cannot_write(visit: Visit, school: School) -> None:
    school.post("Mei", "For all to read")
    otto = visit("Otto").room()
    expect(otto.saying("For all to read")).to_have_count(1)
    expect(otto.page.locator(".shut")).to_contain_text("observer")
    expect(otto.page.locator("main textarea")).to_have_count(0)


def test_spanish_all_through(visit: Visit, school: School) -> None:
    seq = school.post("Mei", "Hola a todo el mundo")
    kofi = visit("Kofi", lang="es-ES").room()
    expect(kofi.page.locator("html")).to_have_attribute("lang", "es")
    expect(kofi.field).to_have_attribute("placeholder", "Di algo en General talk")
    kofi.message(seq).hover()
    kofi.message(seq).get_by_role("button", name="Más").click()
    expect(kofi.page.get_by_role("menuitem", name="Copiar enlace")).to_be_visible()
    kofi.page.keyboard.press("Escape")
    kofi.page.get_by_role("button", name="Mis ajustes").click()
    kofi.page.get_by_role("menuitemradio", name="English").click()
    expect(kofi.field).to_have_attribute("placeholder", "Say something to General talk")
    expect(kofi.page.locator("html")).to_have_attribute("lang", "en")


@pytest.mark.parametrize("formula", ["$x^2 + y^2$", "$$\\int_0^1 x\\,dx$$"])
def test_formulas_are_set_from_our_own_fonts(visit: Visit, school: School, formula: str) -> None:
    seq = school.post("Mei", f"So {formula} it is, for $5 and $6")
    kofi = visit("Kofi").room()
    expect(kofi.message(seq).locator(".katex").first).to_be_visible()
    expect(kofi.message(seq)).to_contain_text("for $5 and $6")


def test_markdown_code_and_preview(visit: Visit) -> None:
    kofi = visit("Kofi").room()
    kofi.field.fill("**bold** and `code`")
    kofi.page.locator("main tt-composer").get_by_role("button", name="Preview").click()
    expect(kofi.page.locator(".preview strong")).to_have_text("bold")
    kofi.page.locator("main tt-composer").get_by_role("button", name="Send").click()
    expect(kofi.saying("bold and code").locator("code")).to_have_text("code")
