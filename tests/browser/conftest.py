"""Fixtures of the browser tests: one Chromium for all, one school per file, visitors who are checked."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.school import School
from tests.browser.visitor import Visitor

NOT_WANTED = (
    # Every new window would load Chromium's own address bar as a page: as much work as our app.
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxFullPopup",
    # And what Playwright switches off: a second list takes the place of its own.
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
)
ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
ARGUMENTS += [f"--disable-features={','.join(NOT_WANTED)}"]
TEST_S = 300
PATIENCE_MS = 15_000  # a wait ends as soon as it may; a crowded machine is no fault of the app
SHOTS = Path(__file__).with_name("shots")

Visit = Callable[..., Visitor]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(TEST_S))


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Scoped to this package: the loop of Playwright's sync API must be gone before other packages' async tests."""
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("no chromium here")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    running = School(tmp_path_factory.mktemp("school"))
    yield running
    running.close()


@pytest.fixture
def visit(chromium: Browser, school: School) -> Iterator[Visit]:
    """`visit("Mei", size="phone")`: a new window, not yet at any page."""
    visitors: list[Visitor] = []

    def come(name: str | None = None, **how: str) -> Visitor:
        visitors.append(Visitor(chromium, school, name, **how))
        return visitors[-1]

    yield come
    faults = [f"{visitor.name}: {fault}" for visitor in visitors for fault in visitor.faults]
    for visitor in visitors:
        visitor.context.close()
    assert not faults, "\n".join(faults)
