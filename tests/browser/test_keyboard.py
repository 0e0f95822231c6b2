"""A journey with the keyboard alone: in, round the panels, to a message, react, reply in its thread, edit, search."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.school import School


def test_a_whole_visit_without_a_pointer(visit: Visit, school: School) -> None:
    room = school.make_room("Keys")
    first = school.post("Mei", "First message", room=room)
    second = school.post("Mei", "Second message", room=room)
    kofi = visit("Kofi").enter()
    page, keys = kofi.page, kofi.page.keyboard
    page.locator(".room-card", has_text="Keys").focus()
    keys.press("Enter")
    expect(page.locator("h1")).to_have_text("Keys")
    expect(kofi.message(second)).to_be_visible()

    keys.press("F6")
    seen = [page.evaluate("document.activeElement.closest('nav, #log, tt-composer, aside')?.tagName")]
    for _ in range(2):
        keys.press("F6")
        seen.append(page.evaluate("document.activeElement.closest('nav, #log, tt-composer, aside')?.tagName"))
    assert set(seen) == {"NAV", "DIV", "TT-COMPOSER"}

    while not page.evaluate("document.activeElement.matches('.msg')"):
        keys.press("F6")
    expect(kofi.message(second)).to_be_focused()
    keys.press("ArrowUp")
    expect(kofi.message(first)).to_be_focused()
    assert page.locator("#log .msg[tabindex='0']").count() == 1

    keys.press("r")
    expect(page.get_by_role("menuitemcheckbox").first).to_be_focused()
    keys.press("Enter")
    expect(kofi.message(first).locator(".react")).to_have_attribute("aria-pressed", "true")

    kofi.message(first).focus()
    keys.press("Enter")
    expect(page.locator("aside h2")).to_contain_text("Thread")
    while not page.evaluate("Boolean(document.activeElement.closest('aside'))"):
        keys.press("F6")
    expect(page.locator("aside textarea")).to_be_focused()
    keys.type("By keys alone")
    keys.press("Enter")
    expect(page.locator("aside .msg", has_text="By keys alone")).to_have_count(1)
    keys.press("Escape")
    expect(page.locator("aside")).to_have_count(0)
    expect(kofi.message(first)).to_be_focused()

    keys.press("Escape")
    expect(kofi.field).to_be_focused()
    keys.type("A tpyo")
    keys.press("Enter")
    expect(kofi.saying("A tpyo")).to_have_count(1)
    keys.press("ArrowUp")
    keys.press("Control+a")
    keys.type("A typo, mended")
    keys.press("Enter")
    expect(kofi.saying("A typo, mended")).to_have_count(1)

    keys.press("Control+k")
    expect(page.get_by_placeholder("Words to find")).to_be_focused()
    keys.press("Escape")
    expect(page.locator("aside")).to_have_count(0)


def test_the_menu_is_left_with_escape_and_gives_focus_back(visit: Visit, school: School) -> None:
    seq = school.post("Mei", "Menu here")
    kofi = visit("Kofi").room()
    kofi.message(seq).focus()
    more = kofi.message(seq).get_by_role("button", name="More", exact=True)
    more.focus()
    kofi.page.keyboard.press("Enter")
    items = kofi.page.get_by_role("menuitem")
    expect(items.first).to_be_focused()
    kofi.page.keyboard.press("End")
    expect(items.last).to_be_focused()
    kofi.page.keyboard.press("ArrowDown")
    expect(items.first).to_be_focused()
    kofi.page.keyboard.press("Escape")
    expect(more).to_be_focused()
    expect(more).to_have_attribute("aria-expanded", "false")


def test_commands_are_found_by_typing(visit: Visit) -> None:
    kofi = visit("Kofi").room()
    kofi.field.press_sequentially("/")
    expect(kofi.page.get_by_role("option").first).to_be_visible()  # the list is fetched when it is first wanted
    names = kofi.page.get_by_role("option").locator("code").all_inner_texts()
    assert "/search" in names
    assert "/lock" not in names
    kofi.field.press_sequentially("sea")
    kofi.page.keyboard.press("Tab")
    expect(kofi.field).to_have_value("/search ")
    kofi.field.press_sequentially("heap")
    kofi.page.keyboard.press("Enter")
    expect(kofi.page.locator("aside h2")).to_have_text("Search")
    kofi.field.fill("/nonsense")
    kofi.field.press("Enter")
    expect(kofi.page.locator(".composer-note")).to_contain_text("no such command")


def test_help_opens_with_a_question_mark_but_not_while_writing(visit: Visit) -> None:
    kofi = visit("Kofi").room()
    kofi.field.press_sequentially("Why?")
    expect(kofi.page.locator("dialog[open]")).to_have_count(0)
    kofi.page.locator("#rooms .nav-link").first.focus()
    kofi.page.keyboard.press("?")
    expect(kofi.page.get_by_role("dialog")).to_contain_text("Keys and writing")
