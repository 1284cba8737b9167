"""The page of kmseg report in headless Chromium: every chart is drawn, nothing is loaded, names do
nothing, keys and print work."""

import os
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "cli"))
import browser as chromium  # noqa: E402
from command import ok  # noqa: E402
from test_report import HOSTILE, TRICK, add_reports, customers, shop  # noqa: E402,F401

if chromium.CHROMIUM is None:
    pytest.skip("no Chromium here; ./run setup installs it", allow_module_level=True)


@pytest.fixture(scope="module")
def browser():
    started = chromium.Browser()
    yield started
    started.close()


@pytest.fixture(scope="module")
def pages(shop, tmp_path_factory):  # noqa: F811
    folder, _ = shop
    out = tmp_path_factory.mktemp("pages")
    customers(out / "customers.csv")
    ok("fit", out / "customers.csv", "-k", 3, "--include", "monetary,visits", "-o", out / "s.h5")
    (out / "labels.txt").write_text(
        f"[segment 1]\nname = {HOSTILE}\naction = <script>document.title = 1</script>\n"
        f"[segment 2]\nname = {{a|b}} {TRICK[1:]}\n", encoding="utf-8")
    ok("profile", out / "s.h5", "--labels", out / "labels.txt", "-o", out / "s.h5")
    made = {}
    for name, path in (("shop", folder / "s.h5"), ("hostile", out / "s.h5")):
        for language in ("en", "zh"):
            made[name, language] = out / f"{name}-{language}.html"
            ok("report", path, "-o", made[name, language], "--lang", language)
    if 'id="kmseg-data"' not in made["shop", "en"].read_text(encoding="utf-8"):
        pytest.skip("this build has no charts: node or npm was missing")
    return made


@pytest.mark.parametrize("name, language, width, phone, dark", [
    ("shop", "en", 1280, False, False), ("shop", "zh", 390, True, True),
    ("hostile", "zh", 1280, False, True), ("hostile", "en", 390, True, False)])
def test_every_chart_is_drawn_and_nothing_is_loaded(browser, pages, name, language, width, phone, dark):
    browser.size(width, 900, dark=dark, phone=phone)
    browser.open(pages[name, language])
    browser.draw_all()
    assert browser.faults() == []
    assert browser.requests() == []
    charts = browser.run("[...document.querySelectorAll('.chart')].map((c) => [c.id, "
                         "c.querySelectorAll('svg path, svg rect, svg circle').length, "
                         "c.getAttribute('role'), c.getAttribute('aria-label').length])")
    assert len(charts) >= 5
    for chart, shapes, role, label in charts:
        assert shapes >= 3, chart
        assert role == "img" and label > 20
    wide = browser.run("document.documentElement.scrollWidth")
    assert wide <= width, "the page does not scroll sideways"
    n = browser.run("document.querySelectorAll('section.segment').length")
    assert n == (4 if name == "shop" else 3)
    assert browser.run("[...document.querySelectorAll('section.segment')].every((s) => "
                       "document.querySelector(`.card a[href='#${s.id}']`))")


def test_hostile_names_are_drawn_as_text(browser, pages):
    browser.size(1280, 900)
    browser.open(pages["hostile", "en"])
    browser.draw_all()
    assert browser.run("document.title") == "Customer segments"
    assert browser.run("document.querySelectorAll('img, iframe, svg script, svg image, a[href^=java]').length") == 0
    assert HOSTILE in browser.run("document.querySelector('#segment-1 h3').textContent")
    drawn = browser.run("[...document.querySelectorAll('#chart-shares svg text')].map((t) => t.textContent).join()")
    assert "</script>" in drawn
    assert browser.run("[...document.querySelectorAll('script')].length") == 2
    # A page that were tricked into running another script would be stopped by its policy.
    browser.run("{const s = document.createElement('script'); s.textContent = 'document.title = 9';"
                "document.body.append(s)}")
    assert browser.run("document.title") == "Customer segments"
    assert any("script-src" in fault for fault in browser.faults())


def test_arrow_keys_say_and_show_values(browser, pages):
    browser.size(1280, 900)
    browser.open(pages["shop", "en"])
    browser.draw_all()
    for chart in ("chart-shares", "chart-rank-1", "chart-map", "chart-rfm", "chart-tiers", "chart-choice"):
        browser.run(f"document.getElementById('{chart}').focus()")
        browser.key("ArrowRight")
        first = browser.run(f"document.querySelector('#{chart} + .live').textContent")
        browser.key("ArrowRight")
        second = browser.run(f"document.querySelector('#{chart} + .live').textContent")
        assert len(first) > 3 and len(second) > 3 and first != second, chart
        browser.key("Escape")
        assert browser.run(f"document.querySelector('#{chart} + .live').textContent") == ""
    assert browser.faults() == []


def test_dark_and_light_are_drawn_anew(browser, pages):
    drawn = "document.querySelector('#chart-shares svg text').getAttribute('fill')"
    page = "getComputedStyle(document.body).color"
    browser.size(1280, 900, dark=False)
    browser.open(pages["shop", "en"])
    browser.draw_all()
    light = [browser.run(drawn), browser.run(page)]
    browser.size(1280, 900, dark=True)
    browser.wait_until(f"{drawn} !== '{light[0]}' && {page} !== '{light[1]}'")


def test_print_has_every_chart_and_table(browser, pages, tmp_path):
    browser.size(1280, 900)
    browser.open(pages["shop", "zh"])
    browser.print(tmp_path / "r.pdf")
    assert browser.faults() == []
    assert (tmp_path / "r.pdf").stat().st_size > 20000
    assert browser.run("[...document.querySelectorAll('.chart')].every((c) => c.querySelector('svg'))"), \
        "what was never on the screen is drawn for paper"
    assert not browser.run("[...document.querySelectorAll('details.fold')].some((d) => d.open)"), \
        "tables are folded again"


def test_without_script_every_table_is_there(browser, pages):
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.size(1280, 900)
        browser.open(pages["shop", "en"])
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)
    tables = browser.run("[...document.querySelectorAll('table')].filter((t) => t.offsetHeight > 0).length")
    assert tables == browser.run("document.querySelectorAll('table').length")
