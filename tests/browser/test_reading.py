"""Reading: the place on the glass; the unread line, permalinks, the way up and down, search, a bounded DOM."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.school import School
from tests.browser.visitor import Visitor

NODES_MAX = 300

FIRST_ON_SCREEN = """() => {
  const top = document.querySelector("#log").getBoundingClientRect().top;
  const rows = [...document.querySelectorAll("#log .msg")];
  return Number(rows.find(row => row.getBoundingClientRect().bottom > top + 8).dataset.seq);
}"""


def long_room(school: School, name: str, count: int) -> tuple[str, list[int]]:
    room = school.make_room(name)
    texts = [f"Message number {number}. " + "It has some words. " * (number % 7) for number in range(count)]
    return room, school.post_many("Mei", texts, room=room)


def read_all(visitor: Visitor, room: str, seq: int, school: School) -> None:
    assert visitor.name
    school.command(visitor.name, type="mark_read", room=room, seq=seq)


def first_on_screen(visitor: Visitor) -> int:
    return int(visitor.page.evaluate(FIRST_ON_SCREEN))


def test_new_messages_never_move_what_is_read(visit: Visit, school: School) -> None:
    room, sent = long_room(school, "Sacred", 60)
    kofi = visit("Kofi")
    read_all(kofi, room, sent[-1], school)
    kofi.room(room)
    expect(kofi.message(sent[-1])).to_be_visible()
    kofi.scroll(-900)
    reading = first_on_screen(kofi)
    before = kofi.top_of(reading)
    for number in range(12):
        school.post("Mei", f"New one {number}\n\nwith two lines", room=room)
    pill = kofi.page.locator(".to-latest button")
    expect(pill).to_contain_text("12 new")
    assert abs(kofi.top_of(reading) - before) < 1.5
    # Something above gets taller: a reaction on a message that is over the top edge.
    school.command("Mei", type="set_reaction", room=room, message=reading - 1, emoji="👍", on=True)
    expect(kofi.message(reading - 1).locator(".react")).to_have_count(1)
    assert abs(kofi.top_of(reading) - before) < 1.5
    pill.click()
    expect(kofi.saying("New one 11")).to_be_in_viewport()
    expect(pill).to_have_count(0)


def test_a_reader_at_the_end_stays_at_the_end(visit: Visit, school: School) -> None:
    room, sent = long_room(school, "At the end", 30)
    kofi = visit("Kofi")
    read_all(kofi, room, sent[-1], school)
    kofi.room(room)
    expect(kofi.message(sent[-1])).to_be_in_viewport()
    for number in range(5):
        seq = school.post("Mei", f"More {number} $x_{number}$ " + "words " * 60, room=room)
        expect(kofi.message(seq)).to_be_in_viewport()
    expect(kofi.page.locator(".to-latest button")).to_have_count(0)


def test_the_unread_line_stands_before_the_first_unread(visit: Visit, school: School) -> None:
    room, sent = long_room(school, "Unread", 40)
    kofi = visit("Kofi")
    read_all(kofi, room, sent[29], school)
    kofi.room(room)
    line = kofi.page.locator("#unread-line")
    expect(line).to_be_in_viewport()
    after = kofi.page.evaluate(
        "document.querySelector('#unread-line').nextElementSibling.querySelector('.msg').dataset.seq"
    )
    assert int(after) == sent[30]
    kofi.page.evaluate("document.querySelector('#log').scrollTop = 1e9")
    expect(kofi.message(sent[-1])).to_be_in_viewport()
    kofi.page.wait_for_function("() => document.querySelector('.to-latest button') === null")
    expect(line).to_have_count(1)


def test_paging_up_keeps_the_place_and_the_dom_stays_bounded(visit: Visit, school: School) -> None:
    room, sent = long_room(school, "Long", 420)
    kofi = visit("Kofi")
    read_all(kofi, room, sent[-1], school)
    kofi.room(room)
    expect(kofi.message(sent[-1])).to_be_visible()
    for _ in range(60):
        reading = first_on_screen(kofi)
        before = kofi.top_of(reading)
        kofi.scroll(-700)
        kofi.page.wait_for_timeout(30)
        if kofi.message(reading).count():
            moved = kofi.top_of(reading) - before
            assert -1.5 < moved - 700 < 1.5 or kofi.page.evaluate("document.querySelector('#log').scrollTop") < 2, moved
        assert kofi.page.locator("#log tt-message-row").count() <= NODES_MAX
        if kofi.message(sent[0]).count():
            break
    expect(kofi.message(sent[0])).to_have_count(1)
    for _ in range(80):
        kofi.scroll(1200)
        kofi.page.wait_for_timeout(20)
        assert kofi.page.locator("#log tt-message-row").count() <= NODES_MAX
        if kofi.message(sent[-1]).count():
            break
    expect(kofi.message(sent[-1])).to_have_count(1)


def test_a_permalink_shows_its_message_and_the_way_in_both_directions(visit: Visit, school: School) -> None:
    room, sent = long_room(school, "Permalink", 200)
    kofi = visit("Kofi").enter(f"/room/{room}/{sent[60]}")
    target = kofi.message(sent[60])
    expect(target).to_be_in_viewport()
    expect(target).to_contain_class("flash")
    expect(kofi.page.locator(".to-latest button")).to_be_visible()
    kofi.page.evaluate("document.querySelector('#log').scrollTop = 1e9")
    expect(kofi.message(sent[110])).to_have_count(1)
    kofi.page.locator(".to-latest button").click()
    expect(kofi.message(sent[-1])).to_be_in_viewport()


def test_a_permalink_to_a_reply_opens_its_thread(visit: Visit, school: School) -> None:
    root = school.post("Mei", "The question")
    reply = school.post("Kofi", "The reply", reply_to=root)
    mei = visit("Mei").enter(f"/room/general/{reply}")
    expect(mei.page.locator(f"aside .msg[data-seq='{reply}']")).to_be_in_viewport()
    expect(mei.message(root)).to_be_in_viewport()


def test_a_copied_link_leads_back(visit: Visit, school: School) -> None:
    seq = school.post("Mei", "Copy my link")
    kofi = visit("Kofi").room()
    kofi.message(seq).focus()
    kofi.page.keyboard.press("c")
    expect(kofi.page.locator(".notice")).to_contain_text("Copied")
    assert kofi.page.evaluate("navigator.clipboard.readText()") == f"{school.url}/room/general/{seq}"


def test_search_with_filters_leads_to_the_message(visit: Visit, school: School) -> None:
    room = school.make_room("Findings")
    school.post("Mei", "The amortised cost is constant", room=room)
    wanted = school.post("Kofi", "I found the amortised bound in chapter 17", room=room)
    kofi = visit("Kofi").room()
    kofi.page.keyboard.press("Control+k")
    field = kofi.page.get_by_placeholder("Words to find")
    expect(field).to_be_focused()
    field.fill("amortised")
    field.press("Enter")
    expect(kofi.page.locator("aside .hit")).to_have_count(2)
    expect(kofi.page.locator("aside .hit mark").first).to_have_text("amortised")
    kofi.page.get_by_text("Narrow it down").click()
    kofi.page.locator("#search-by").select_option(label="Kofi")
    kofi.page.locator("#search-room").select_option(room)
    field.press("Enter")
    expect(kofi.page.locator("aside .hit")).to_have_count(1)
    kofi.page.locator("aside .hit").click()
    expect(kofi.message(wanted)).to_be_in_viewport()


def test_the_way_back_and_forth(visit: Visit) -> None:
    kofi = visit("Kofi").room("general")
    kofi.page.locator("#rooms .nav-link", has_text="Resources").click()
    expect(kofi.page.locator("h1")).to_have_text("Resources")
    kofi.page.go_back()
    expect(kofi.page.locator("h1")).to_have_text("General talk")
    kofi.page.go_forward()
    expect(kofi.page.locator("h1")).to_have_text("Resources")
