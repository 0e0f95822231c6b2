"""What people write is text.

Goal: no payload of the corpus runs, opens, or reaches another server, wherever the app shows it. Method: post them all,
look at every place where words of people are shown, touch every element once, and see that no flag was set, no dialog
came, no request left our origin (the visitors note the last two).
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.school import School
from tests.browser.visitor import Visitor
from tests.browser.xss_corpus import NAMES, PAYLOADS

PER_ROOM = 90

TOUCH = """root => {
  const all = document.querySelectorAll(`${root} .body *`);
  for (const element of all)
    for (const type of ["mouseover", "pointerenter", "focus", "animationstart", "toggle", "load", "error"])
      element.dispatchEvent(new Event(type, { bubbles: true }));
  return all.length;
}"""

LOOK = """root => {
  const bad = [];
  const tags = new Set(("A B BLOCKQUOTE BR CODE DEL EM H1 H2 H3 H4 H5 H6 HR LI OL P PRE S SPAN STRONG " +
    "TABLE TBODY TD TH THEAD TR UL").split(" "));
  const never = /^(script|iframe|img|a|image|use|foreignobject|style)$/i;
  const leads = /^(href|src|srcset|action|formaction|xlink:href|data)$/i;
  for (const element of document.querySelectorAll(`${root} .body *`)) {
    const isKatex = Boolean(element.closest(".katex, .katex-display")) && !never.test(element.tagName);
    if (!tags.has(element.tagName) && !isKatex) bad.push(element.outerHTML.slice(0, 200));
    for (const { name, value } of element.attributes) {
      if (/^(on|id$|name$)/i.test(name)) bad.push(`${name}=${value}`);
      if (leads.test(name) && !/^(https?:|mailto:)/i.test(value)) bad.push(`${name}=${value}`);
    }
    const { tagName, target, rel } = element;
    if (tagName === "A" && (target !== "_blank" || rel !== "noopener nofollow ugc")) bad.push(element.outerHTML);
  }
  return bad;
}"""


def look(visitor: Visitor, root: str) -> None:
    touched = visitor.page.evaluate(TOUCH, root)
    assert touched > 0
    bad: list[Any] = visitor.page.evaluate(LOOK, root)
    assert bad == []
    visitor.page.wait_for_timeout(100)  # what would run later has run by then
    assert visitor.page.evaluate("window.__harm") is None


def test_the_corpus_is_large_and_ours() -> None:
    assert len(PAYLOADS) >= 100
    assert len(set(PAYLOADS)) == len(PAYLOADS)


@pytest.mark.parametrize("part", range(-(-len(PAYLOADS) // PER_ROOM)))
def test_no_payload_runs_as_a_message(visit: Visit, school: School, part: int) -> None:
    room = school.make_room(f"Payloads {part}")
    texts = PAYLOADS[part * PER_ROOM : (part + 1) * PER_ROOM]
    sent = [school.post("Mei", text, room=room) for text in texts]
    kofi = visit("Kofi").room(room)
    expect(kofi.message(sent[-1])).to_be_visible()
    look(kofi, "#log")
    while kofi.message(sent[0]).count() == 0:
        kofi.page.evaluate("document.querySelector('#log').scrollTop = 0")
        kofi.page.wait_for_timeout(50)
    look(kofi, "#log")


def test_no_payload_runs_in_previews_snippets_pins_threads_or_topics(visit: Visit, school: School) -> None:
    room = school.make_room("<img src=x onerror=window.__harm=1>")
    school.command("Ines", type="change_room", room=room, topic="<svg onload=window.__harm=1> [x](javascript:alert(1))")
    root = school.post("Mei", "needle <img src=x onerror=window.__harm=1> [a](javascript:alert(1))", room=room)
    for text in PAYLOADS[::9]:
        school.post("Mei", f"needle {text}", room=room, reply_to=root)
    school.command("Ines", type="pin_message", room=room, message=root)
    kofi = visit("Kofi").room(room)
    kofi.field.fill("\n\n".join(PAYLOADS[::12])[:7000])
    kofi.page.get_by_role("button", name="Preview").first.click()
    look(kofi, ".preview")
    kofi.page.locator(".pins-strip").click()
    expect(kofi.page.locator("aside .hit")).to_have_count(1)
    kofi.go(f"/room/{room}?panel=thread-{root}")
    expect(kofi.page.locator("aside .msg").nth(5)).to_be_visible()
    look(kofi, "aside")
    kofi.go(f"/room/{room}?panel=search-needle")
    expect(kofi.page.locator("aside .hit").first).to_be_visible()
    assert kofi.page.locator("aside .hit img, aside .hit svg[onload]").count() == 0
    assert kofi.page.evaluate("window.__harm") is None


def test_no_name_runs(visit: Visit, school: School) -> None:
    room = school.make_room("Names")
    for name in NAMES:
        guest = visit()
        guest.page.goto(school.invite())
        guest.page.get_by_label("Your name").fill(name)
        guest.page.get_by_role("button", name="Join").click()
        expect(guest.page.locator("tt-home-view h1")).to_be_visible()
        guest.go(f"/room/{room}")
        guest.say(f"I am {name}")
        expect(guest.page.locator("tt-pending-row")).to_have_count(0)
        guest.context.close()
    kofi = visit("Kofi").room(room)
    kofi.page.locator(".heads").click()
    expect(kofi.page.locator("aside .people li").first).to_be_visible()
    kofi.field.fill("@<img")
    look(kofi, "#log")


def test_links_are_only_followed_where_they_may_lead(visit: Visit, school: School) -> None:
    room = school.make_room("Links")
    seq = school.post(
        "Mei",
        "[a](https://example.invalid/x) <mailto:x@example.invalid> [b](ftp://x) ![c](https://example.invalid/y.png)",
        room=room,
    )
    kofi = visit("Kofi").room(room)
    hrefs = kofi.message(seq).locator(".body a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert hrefs == ["https://example.invalid/x", "mailto:x@example.invalid", "https://example.invalid/y.png"]
    assert kofi.message(seq).locator("img").count() == 0
