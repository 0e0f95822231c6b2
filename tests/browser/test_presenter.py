"""The presenter view on a projector in a real Chromium: what is answered, polls, the timer; large enough and of enough
contrast, computed; nothing scrolls; the code leads into the class."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.school import School
from tests.browser.session_room import SessionRoom
from tests.browser.visitor import Visitor

AXE = Path(__file__).resolve().parents[2] / "client_js" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag2aaa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
TEXT_PX_MIN = 24
CONTRAST_MIN = 7
SCREENS = ("projector", "beamer", "wall")
LONG = "Why does it hold that " + "the sum of the heights of all the nodes of a heap is linear and " * 14 + "no more?"

# Each text that is seen: its size, and its contrast with what lies behind it (WCAG 2.2, relative luminance). Colours
# are painted on a canvas to read them, since CSS may say them in any space.
TEXTS = """() => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const over = (layers) => {
    pen.clearRect(0, 0, 1, 1);
    for (const colour of layers) { pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1); }
    return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (rgb) => rgb.map(c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const found = [];
  const walker = document.createTreeWalker(document.querySelector("tt-presenter-view"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || element.closest(".vh, style") || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const grounds = [];
    for (let at = element; at; at = at.parentElement) grounds.unshift(getComputedStyle(at).backgroundColor);
    const [text, ground] = [light(over([...grounds, style.color])), light(over(grounds))];
    found.push({
      text: walker.currentNode.textContent.trim().slice(0, 40),
      px: parseFloat(style.fontSize),
      contrast: (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05),
    });
  }
  return found;
}"""

# What does not fit: the page scrolls, or a text of the stage lies outside it.
CUT_OFF = """() => {
  const { scrollWidth, scrollHeight } = document.scrollingElement;
  const stage = document.querySelector(".stage").getBoundingClientRect();
  const door = document.querySelector(".door");
  return [
    ...(scrollWidth > innerWidth || scrollHeight > innerHeight ? ["the page scrolls"] : []),
    ...(door.scrollHeight > door.clientHeight ? ["the door is cut off"] : []),
    ...[...document.querySelectorAll(".stage-fit *")].filter(element => element.checkVisibility()).filter(element => {
      const { left, top, right, bottom } = element.getBoundingClientRect();
      return right - left > 1 && !element.closest(".vh, .text")
        && (left < stage.left - 1 || right > stage.right + 1 || top < stage.top - 1 || bottom > stage.bottom + 1);
    }).map(element => element.outerHTML.slice(0, 120)),
  ];
}"""

# The code as a scanner sees it: the path's squares, row by row, with the quiet zone.
MODULES = """() => {
  const svg = document.querySelector("svg.code");
  const size = svg.viewBox.baseVal.width;
  const rows = Array.from({ length: size }, () => Array(size).fill(0));
  for (const [, x, y, long] of svg.querySelector("path").getAttribute("d").matchAll(/M(\\d+) (\\d+)h(\\d+)/g))
    for (let i = 0; i < Number(long); i++) rows[y][Number(x) + i] = 1;
  return rows;
}"""


def project(visit: Visit, room: SessionRoom, name: str = "Ines", size: str = "wall") -> Visitor:
    visitor = visit(name, size=size).enter(room.presenter)
    expect(visitor.page.locator(".stage-fit")).to_be_visible()
    return visitor


def check_legible(visitor: Visitor) -> None:
    """Large and of high contrast in both themes, and all of it on the screen."""
    for theme in ("dark", "light"):
        expect(visitor.page.locator("html")).to_have_attribute("data-theme", theme)
        visitor.settle()
        texts: list[dict[str, Any]] = visitor.page.evaluate(TEXTS)
        assert len(texts) > 3
        weak = [one for one in texts if one["px"] < TEXT_PX_MIN or one["contrast"] < CONTRAST_MIN]
        assert weak == [], theme
        assert visitor.page.evaluate(CUT_OFF) == []
        visitor.page.keyboard.press("t")


@pytest.mark.parametrize("size", SCREENS)
def test_the_question_is_large_legible_and_whole(visit: Visit, school: School, size: str) -> None:
    room = SessionRoom(school, f"On the wall {size}")
    question = room.ask("Kofi", "Why is building a heap O(n) and not O(n log n)?")
    for name, text in (("Mei", "When would you choose a Fibonacci heap in real code?"), ("Yusuf", "And a skip list?")):
        room.ask(name, text)
    for name in ("Mei", "Yusuf"):
        room.do(name, "vote_question", question=question)
    room.do("Ines", "answer_question", question=question, how="now")
    wall = project(visit, room, size=size)
    stage = wall.page.locator(".stage")
    expect(stage.locator("h1")).to_have_text("Why is building a heap O(n) and not O(n log n)?")
    expect(stage).to_contain_text("3 people asked")
    expect(stage).to_contain_text("first by Kofi")
    expect(stage.locator(".up-next li")).to_have_count(2)
    expect(wall.page.locator("svg.code")).to_be_visible()
    check_legible(wall)
    assert float(stage.locator("h1").evaluate("e => parseFloat(getComputedStyle(e).fontSize)")) >= 60
    room.do("Ines", "reword_question", question=question, text=LONG)
    expect(stage.locator("h1")).to_contain_text("no more?")
    check_legible(wall)


def test_a_poll_is_shown_open_without_results_then_closed_with_bars(visit: Visit, school: School) -> None:
    room = SessionRoom(school, "Poll on the wall")
    wall = project(visit, room, size="projector")
    stage = wall.page.locator(".stage")
    poll = room.poll(
        "Which order does a heap keep?", "Parent before child", "Left before right", "None", "All of these"
    )
    expect(stage.locator("h1")).to_have_text("Which order does a heap keep?")
    room.do("Kofi", "answer_poll", poll=poll, choices=[0])
    room.do("Mei", "answer_poll", poll=poll, choices=[1])
    expect(stage).to_contain_text("2 have answered")
    assert stage.locator(".bars, .share").count() == 0
    check_legible(wall)
    room.do("Ines", "close_poll", poll=poll)
    expect(stage.locator(".bars li").first).to_contain_text("50 %")
    assert stage.locator(".share").first.get_attribute("width") == "50"
    check_legible(wall)
    question = room.ask("Kofi", "And now?")
    room.do("Ines", "answer_question", question=question, how="now")
    expect(stage.locator("h1")).to_have_text("And now?")


def test_time_to_think_counts_down(visit: Visit, school: School) -> None:
    room = SessionRoom(school, "Think on the wall")
    wall = project(visit, room, size="projector")
    room.do("Ines", "hold_floor", for_s=90, prompt="Sum the heights of all nodes. What do you get?")
    clock = wall.page.locator(".countdown")
    expect(clock).to_have_text(re.compile(r"^1:2\d$"))
    check_legible(wall)
    before = clock.inner_text()
    expect(clock).not_to_have_text(before)
    room.do("Ines", "release_floor")
    expect(clock).to_have_count(0)


def test_the_code_on_the_screen_leads_into_the_class(visit: Visit, school: School) -> None:
    """Goal: who scans the code joins as a learner. Method: what is drawn is compared, square by square, with the code
    of the link that is offered, made anew from its text; then that link is opened by somebody new."""
    room = SessionRoom(school, "Scan me")
    wall = project(visit, room)
    code = wall.page.locator("svg.code")
    expect(code).to_be_visible()
    link = str(code.get_attribute("data-link"))
    rows: list[list[int]] = wall.page.evaluate(MODULES)
    size = len(rows)
    quiet = [*rows[:4], *rows[-4:], *[[*row[:4], *row[-4:]] for row in rows]]
    assert not any(any(row) for row in quiet)
    assert decode(rows) == link
    box = code.bounding_box()
    assert box is not None
    assert box["width"] / size > 4
    fresh = visit()
    fresh.page.goto(link)
    fresh.page.get_by_label("Your name").fill("Nadia")
    fresh.page.get_by_role("button", name="Join").click()
    expect(fresh.page.locator("tt-home-view")).to_contain_text("Hello, Nadia")
    expect(wall.page.locator(".where")).to_contain_text(school.url.removeprefix("http://"))
    before = [invite["invite"] for invite in school.get("Ines", "/api/invites")["invites"]]
    expect(project(visit, room).page.locator("svg.code")).to_be_visible()
    after = [invite["invite"] for invite in school.get("Ines", "/api/invites")["invites"]]
    assert after == before  # one invite, however often the screen is opened


def test_without_the_right_to_invite_the_screen_makes_no_promise(visit: Visit, school: School) -> None:
    room = SessionRoom(school, "No code")
    wall = project(visit, room, name="Ana")
    expect(wall.page.locator(".where")).to_contain_text("Open the link of your course")
    assert wall.page.locator("svg.code").count() == 0
    check_legible(wall)


def test_a_cut_is_said_quietly_and_what_was_shown_stays(visit: Visit, school: School) -> None:
    room = SessionRoom(school, "Cut")
    question = room.ask("Kofi", "Still here?")
    room.do("Ines", "answer_question", question=question, how="now")
    wall = project(visit, room)
    expect(wall.page.locator(".stage h1")).to_have_text("Still here?")
    wall.cut()
    expect(wall.page.locator(".stage-cut")).to_contain_text("Connecting again")
    expect(wall.page.locator(".stage h1")).to_have_text("Still here?")
    check_legible(wall)
    wall.mend()
    expect(wall.page.locator(".stage-cut")).to_have_text("")


def test_controls_are_out_of_the_way_until_they_are_wanted(visit: Visit, school: School) -> None:
    room = SessionRoom(school, "Controls")
    wall = project(visit, room)
    tools = wall.page.locator(".stage-tools")
    expect(tools).to_have_css("opacity", "0")
    wall.page.keyboard.press("Tab")
    expect(tools).to_have_css("opacity", "1")
    wall.page.get_by_role("button", name="Light theme").click()
    expect(wall.page.locator("html")).to_have_attribute("data-theme", "light")
    wall.page.evaluate(AXE.read_text())
    found: dict[str, Any] = wall.page.evaluate(
        "tags => axe.run(document, { runOnly: { type: 'tag', values: tags } })", TAGS
    )
    assert [f"{one['id']}: {node['html'][:160]}" for one in found["violations"] for node in one["nodes"]] == []


# --- reading a code (ISO/IEC 18004), byte mode, without mending errors: the screen has none ---------------------------

MASKS = (
    lambda r, c: (r + c) % 2 == 0,
    lambda r, c: r % 2 == 0,
    lambda r, c: c % 3 == 0,
    lambda r, c: (r + c) % 3 == 0,
    lambda r, c: (r // 2 + c // 3) % 2 == 0,
    lambda r, c: (r * c) % 2 + (r * c) % 3 == 0,
    lambda r, c: ((r * c) % 2 + (r * c) % 3) % 2 == 0,
    lambda r, c: ((r + c) % 2 + (r * c) % 3) % 2 == 0,
)
# Of level L, versions 1 to 20: error bytes of a block, blocks of the first kind and their data bytes, of the second.
BLOCKS = (
    (7, 1, 19, 0), (10, 1, 34, 0), (15, 1, 55, 0), (20, 1, 80, 0), (26, 1, 108, 0), (18, 2, 68, 0), (20, 2, 78, 0),
    (24, 2, 97, 0), (30, 2, 116, 0), (18, 2, 68, 2), (20, 4, 81, 0), (24, 2, 92, 2), (26, 4, 107, 0), (30, 3, 115, 1),
    (22, 5, 87, 1), (24, 5, 98, 1), (28, 1, 107, 5), (30, 5, 120, 1), (28, 3, 113, 4), (28, 3, 107, 5),
)  # fmt: skip


def decode(rows: list[list[int]]) -> str:
    """The text of a code with a quiet zone of four modules."""
    code = [row[4:-4] for row in rows[4:-4]]
    size = len(code)
    version = (size - 17) // 4
    fmt = int("".join(str(code[8][c]) for c in (0, 1, 2, 3, 4)), 2) ^ 0b10101
    assert fmt >> 3 == 0b01, "level L"
    mask = MASKS[fmt & 0b111]
    fixed = fixed_modules(size, version)
    bits: list[int] = []
    columns = [c for c in range(size - 1, -1, -2) if c > 6] + [5, 3, 1]
    for turn, right in enumerate(columns):
        for r in range(size - 1, -1, -1) if turn % 2 == 0 else range(size):
            bits += [code[r][c] ^ mask(r, c) for c in (right, right - 1) if not fixed[r][c]]
    words = [int("".join(map(str, bits[i : i + 8])), 2) for i in range(0, len(bits) // 8 * 8, 8)]
    _, short, data, long = BLOCKS[version - 1]
    lengths = [data] * short + [data + 1] * long
    blocks: list[list[int]] = [[] for _ in lengths]
    stream = iter(words)
    for place in range(max(lengths)):
        for block, length in zip(blocks, lengths, strict=True):
            if place < length:
                block.append(next(stream))
    text = "".join(f"{word:08b}" for block in blocks for word in block)
    assert text[:4] == "0100", "bytes"
    width = 8 if version < 10 else 16
    length = int(text[4 : 4 + width], 2)
    body = text[4 + width : 4 + width + length * 8]
    return bytes(int(body[i : i + 8], 2) for i in range(0, len(body), 8)).decode()


def fixed_modules(size: int, version: int) -> list[list[bool]]:
    """Where no data is: the finders with the format, timing, alignment and version."""
    fixed = [[r == 6 or c == 6 for c in range(size)] for r in range(size)]
    for r in range(size):
        for c in range(size):
            if (r < 9 and c < 9) or (r < 9 and c >= size - 8) or (r >= size - 8 and c < 9):
                fixed[r][c] = True
            if version >= 7 and ((r < 6 and size - 11 <= c < size - 8) or (c < 6 and size - 11 <= r < size - 8)):
                fixed[r][c] = True
    centres = alignment(size, version)
    for y in centres:
        for x in centres:
            if (y, x) not in {(6, 6), (6, size - 7), (size - 7, 6)}:
                for r in range(y - 2, y + 3):
                    for c in range(x - 2, x + 3):
                        fixed[r][c] = True
    return fixed


def alignment(size: int, version: int) -> list[int]:
    if version == 1:
        return []
    count = version // 7 + 2
    step = -(-(size - 13) // (count * 2 - 2)) * 2
    return [6, *sorted(size - 7 - step * place for place in range(count - 1))]
