"""kmseg report: one page, Markdown and JSON of the same content; what is hidden; what is escaped."""

import base64
import csv
import hashlib
import html.parser
import json
import os
import re
import stat

import h5py
import numpy as np
import pytest
from command import ok, refused, run

HOSTILE = '</script><img src=x onerror=alert(1)>"\'&{a|b}'
TRICK = "\u202eevil | **bold** `x` [l](javascript:1)"


def customers(path, n=400):
    """Three groups; names, levels and ids that mean harm; a class of 3 customers in the first group."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["customer_id", "monetary", "visits", HOSTILE, "tier"])
        for i in range(n):
            group = i % 4 if i % 4 < 2 else 2
            tier = "rare" if i in (0, 4, 8) else "ABC"[group]
            spend = 9999 if i == 12 else 1000 * (3 - group) ** 2 + i % 17
            rows.writerow([f"<b>{i}</b>", spend, 5 + 20 * group + i % 5,
                           [TRICK, "<i>no</i>"][(i % 3 == 0) != (group == 0)], tier])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    customers(folder / "customers.csv")
    ok("fit", folder / "customers.csv", "-k", 3, "--include", "monetary,visits", "-o",
       folder / "plain.h5")
    labels = (f"[segment 1]\nname = {HOSTILE}\naction = <script>alert(2)</script>\nbudget = 40 %\n"
              "colour = #c0392b\n")
    (folder / "labels.txt").write_text(labels, encoding="utf-8")
    ok("profile", folder / "plain.h5", "--labels", folder / "labels.txt", "-o", folder / "s.h5")
    return folder


class Page(html.parser.HTMLParser):
    """Elements, attributes and text of a page."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.ids, self.text, self.open = [], [], "", []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self.ids += [value for name, value in attributes if name == "id"]
        if tag in ("script", "style"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in ("script", "style"):
            self.open.pop()

    def handle_data(self, data):
        if not self.open:
            self.text += data


def page(path, *more):
    out = path.with_suffix(".html")
    ok("report", path, "-o", out, *more)
    return out.read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_segment_is_in_every_format(folder, language):
    text = Page(page(folder / "s.h5", "--lang", language))
    document = json.loads(ok("report", folder / "s.h5", "--json", "--lang", language))
    markdown = ok("report", folder / "s.h5", "-o", "-", "--format", "markdown", "--lang", language)
    sections = {section["id"]: section for section in document["sections"]}
    for needed in ("summary", "segments", "map", "choice", "data", "method", "limits", "privacy",
                   "tiers", "segment-1", "segment-2", "segment-3"):
        assert needed in sections and needed in text.ids
    titles = [section["title"] for section in document["sections"]]
    headings = re.findall(r"^###? (.*)$", markdown, re.M)
    assert len(headings) == len(titles) == len(set(text.ids) & set(sections))
    for s in (2, 3):
        assert sections[f"segment-{s}"]["title"] in text.text
    tables = sum("table" in block for section in document["sections"] for block in section["blocks"])
    assert len([1 for tag, _ in text.elements if tag == "table"]) == tables == markdown.count("---|\n") + \
        markdown.count("---:|\n")
    if language == "zh":
        assert "客户细分" in text.text and ('html', {'lang': 'zh-CN'}) in text.elements
        # Nothing of the page's own words is left in English.
        own = re.sub(r"[A-Za-z]+-[A-Za-z]+|kmseg.*|[A-Za-z_]*_[a-z]*", "", sections["limits"]["title"])
        assert not re.search("[a-z]{4}", own)


def test_the_page_is_the_same_each_time_and_for_its_owner_alone(folder):
    first = page(folder / "s.h5")
    assert page(folder / "s.h5", "--threads", "1") == first
    assert stat.S_IMODE(os.stat(folder / "s.html").st_mode) == 0o600


def test_names_are_text_and_the_policy_allows_our_script_and_style_alone(folder):
    text = page(folder / "s.h5")
    parsed = Page(text)
    assert "alert(1)" in parsed.text and "alert(2)" in parsed.text, "names are shown as they are"
    tags = {tag for tag, _ in parsed.elements}
    assert not tags & {"img", "iframe", "object", "embed", "link", "base", "form", "i", "input"}
    for tag, attributes in parsed.elements:
        assert not any(name.startswith("on") or name in ("style", "src", "srcset") for name in attributes)
        assert not attributes.get("href", "#").startswith(("javascript", "data", "http"))
    assert "\u202e" not in text, "nothing turns the direction of a line"
    policy = next(a["content"] for tag, a in parsed.elements if a.get("http-equiv"))
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'" and "unsafe" not in policy
    style = re.search(r"<style>(.*?)</style>", text, re.S).group(1)
    scripts = re.findall(r"<script>(.*?)</script>", text, re.S)

    def hash_of(content):
        digest = hashlib.sha256(content.encode()).digest()
        return "'sha256-" + base64.b64encode(digest).decode() + "'"

    assert rules["style-src"] == hash_of(style)
    assert len(scripts) <= 1
    if scripts:
        assert rules["script-src"] == hash_of(scripts[0])
    data = re.search(r'<script type="application/json" id="kmseg-data">(.*?)</script>', text, re.S)
    if data:
        assert "<" not in data.group(1)
        assert json.loads(data.group(1))["segments"][0] == {"name": HOSTILE, "colour": "#c0392b"}


def test_markdown_has_names_as_text(folder):
    text = ok("report", folder / "s.h5", "-o", "-", "--format", "markdown")
    assert "<script" not in text and "<img" not in text and "&lt;/script>" in text
    assert "[l](" not in text and "\\[l\\](" in text
    assert "\\*\\*bold\\*\\*" in text and "\\`x\\`" in text


def test_a_colour_that_is_none_is_not_taken(folder, tmp_path):
    path = tmp_path / "bad.h5"
    path.write_bytes((folder / "s.h5").read_bytes())
    with h5py.File(path, "r+") as file:
        colours = file["plans/colour"][:].astype("S60")
        colours[0] = b"red}</style><script>alert(3)</script>"
        del file["plans/colour"]
        kind = h5py.string_dtype("utf-8", 60)
        file.create_dataset("plans/colour", data=colours.astype(kind), dtype=kind)
    assert "alert(3)" not in page(path)


def cells(document, section):
    blocks = next(s["blocks"] for s in document["sections"] if s["id"] == section)
    return [block["table"] for block in blocks if "table" in block]


def test_few_customers_are_hidden(folder):
    """The tier "rare" has 3 customers, all in segment 1: its share is hidden, and the other of that row,
    97 of 100, as at least 96 %: what it were if the hidden one were the most that is hidden, 4."""
    document = json.loads(ok("report", folder / "plain.h5", "--json"))
    table = cells(document, "tiers")[0]
    assert table["columns"] == ["Segment", "A", "B", "C", "rare"]
    assert table["rows"][0][1:] == ["\u2265 96.0 %", 0, 0, None]
    assert table["rows"][1][1:] == [0, 1, 0, 0]
    shown = json.loads(ok("report", folder / "plain.h5", "--json", "--min-cell", 1))
    assert cells(shown, "tiers")[0]["rows"][0][1:] == [0.97, 0, 0, 0.03]
    everything = json.loads(ok("report", folder / "plain.h5", "--json", "--min-cell", 101))
    sizes = cells(everything, "summary")[0]["rows"]
    # 100, 100 and 200: two of at most 100 that are 200 together are 100 each, so the third is not shown either.
    assert [row[1] for row in sizes] == [None, None, None]
    titles = [s["id"] for s in everything["sections"]]
    assert "segment-1" in titles, "a hidden segment is there, and says so"
    text = next(s for s in everything["sections"] if s["id"] == "segment-1")["blocks"]
    assert len(text) == 1 and "fewer than 101" in text[0]["text"]


def test_smallest_and_largest_values_are_nowhere(folder):
    document = ok("report", folder / "plain.h5", "--json")
    with h5py.File(folder / "plain.h5") as file:
        names = file["profile/columns/name"].asstr()[:].tolist()
        largest = file["profile/quantiles/q100"][names.index("monetary")].max()
    assert largest == 9999
    assert "9999" not in document and "9,999" not in document


def test_ids_can_be_left_out(folder):
    named = ok("report", folder / "plain.h5", "--json")
    assert "<b>" in named and "names 9 customers" in named
    assert "<b>" not in ok("report", folder / "plain.h5", "--json", "--drop-ids")
    assert "No customer is named" in ok("report", folder / "plain.h5", "--json", "--drop-ids")
    ok("profile", folder / "plain.h5", "--drop-ids", "-o", folder / "dropped.h5")
    assert "No customer is named" in ok("report", folder / "dropped.h5", "--json")


def add_reports(path, reports):
    with h5py.File(path, "r+") as file:
        for name, report in reports.items():
            text = json.dumps(report, ensure_ascii=False).encode()
            kind = h5py.string_dtype("utf-8", max(len(text), 1))
            if "reports/" + name in file:
                del file["reports/" + name]
            file.create_dataset("reports/" + name, data=np.array(text, dtype=kind))


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """Everything that there is: orders to segments, with what every command said on the way."""
    folder = tmp_path_factory.mktemp("shop")
    ok("generate", "orders", "--n-customers", 900, "--seed", 5, "-o", folder / "orders.csv")
    said = {}

    def step(name, *words):
        said[name] = json.loads(ok(*words, "--json"))
        said[name].pop("seconds", None)

    step("features", "features", folder / "orders.csv", "-o", folder / "c.h5")
    step("rfm", "rfm", folder / "c.h5", "-o", folder / "r.h5")
    step("lifecycle", "lifecycle", folder / "r.h5", "-o", folder / "l.h5")
    step("tier", "tier", folder / "l.h5", "-o", folder / "t.h5")
    step("choice", "choose-k", folder / "c.h5", "-k", "2:5")
    step("clv", "clv", folder / "orders.csv", "-o", folder / "v.csv")
    ok("fit", folder / "t.h5", "--join", f"{folder / 'v.csv'}:customer_id", "-k", 4, "--include",
       "recency,frequency,monetary", "-o", folder / "s.h5")
    add_reports(folder / "s.h5", said)
    return folder, said


def test_what_commands_said_on_the_way_is_on_the_page(shop):
    folder, said = shop
    document = json.loads(ok("report", folder / "s.h5", "--json"))
    sections = {section["id"]: section for section in document["sections"]}
    for part in ("rfm", "tiers", "lifecycle", "clv"):
        assert part in sections
    assert "not-computed" not in sections
    grid = next(t for t in cells(document, "rfm") if len(t["columns"]) == 6)
    expected = said["rfm"]["recency_by_frequency"]
    for r, row in enumerate(reversed(grid["rows"])):
        for shown, count in zip(row[1:], expected[r]):
            assert shown == count or (shown is None and count > 0)
    tiers = cells(document, "tiers")[0]
    assert [row[1] for row in tiers["rows"]] == [t["customers"] for t in said["tier"]["tiers"]]
    choice = cells(document, "choice")[0]
    assert [row[0] for row in choice["rows"]] == [2, 3, 4, 5]
    assert [row[1] for row in choice["rows"]] == [r["silhouette"] for r in said["choice"]["rows"]]
    data = json.dumps(sections["data"], ensure_ascii=False)
    assert f'{said["features"]["n_lines"]:,}' in data
    stages = [row[0] for row in cells(document, "lifecycle")[0]["rows"]]
    assert stages == [s["name"] for s in said["lifecycle"]["stages"]], "in the order of life"


def test_suggestions_follow_from_value_and_recency_until_there_is_an_action(shop, folder):
    """The table of docs/report.md: absent is a median recency above that of 60 % of all customers."""
    path, _ = shop
    document = json.loads(ok("report", path / "s.h5", "--json"))
    shares = cells(document, "summary")[0]["rows"]
    cards = next(b["segments"] for b in document["sections"][0]["blocks"] if "segments" in b)
    begins = {True: ("Win them back", "Try to reawaken"), False: ("Keep them", "Hold", "Develop", "Grow")}
    for row, card in zip(shares, cards):
        times = row[4] / row[2]
        text = next(s["text"] for s in card["sentences"] if s["label"] == "Suggested")
        ranks = [chart["data"]["rows"][0]["ranks"][2] for s in document["sections"]
                 if s["id"] == f"segment-{card['segment']}" for chart in s["blocks"]
                 if chart.get("chart") == "ranks"]
        absent = ranks[0] >= 0.6
        assert text.startswith(begins[absent])
        assert text.startswith(("Win", "Keep")) == (times >= 1.25)
        if absent:
            assert f"longer than {100 * ranks[0]:.1f} %" in text
    labelled = json.loads(ok("report", folder / "s.h5", "--json"))
    first = next(b["segments"] for b in labelled["sections"][0]["blocks"] if "segments" in b)[0]
    labels = [s.get("label") for s in first["sentences"]]
    assert "Action" in labels and "Suggested" not in labels


def test_what_was_not_computed_is_said(folder):
    document = json.loads(ok("report", folder / "plain.h5", "--json"))
    sections = {section["id"]: section for section in document["sections"]}
    text = sections["not-computed"]["blocks"][0]["text"]
    for missing in ("RFM", "lifecycle", "lifetime value", "other numbers"):
        assert missing in text
    assert "tiers" not in text, "the column is there"
    assert "rfm" not in sections


def test_reports_of_the_wrong_shape_make_no_fault(shop, tmp_path):
    folder, said = shop
    path = tmp_path / "odd.h5"
    path.write_bytes((folder / "s.h5").read_bytes())
    odd = [{}, {"rows": [1, None, {}], "votes": 3, "segments": "x", "rejected": {"a": None}}, {"stages": [[]]},
           {"recency_by_frequency": [[1], "x", None], "bins": "five", "conventions": [1, None]},
           {"recency_by_frequency": [[]] * 40, "tiers": [None], "purchases": [], "spend": 1}]
    for report in odd:
        add_reports(path, {name: report for name in (*said, "input")})
        for language in ("en", "zh"):
            Page(page(path, "--lang", language))
            json.loads(ok("report", path, "--json", "--lang", language))


def test_twenty_segments_make_a_page_under_two_megabytes(shop):
    folder, _ = shop
    ok("fit", folder / "t.h5", "-k", 20, "-o", folder / "many.h5")
    for language in ("en", "zh"):
        text = page(folder / "many.h5", "--lang", language)
        assert len(text.encode()) < 2_000_000
        assert {f"segment-{s}" for s in range(1, 21)} <= set(Page(text).ids)


def test_misuse_says_what_to_do(folder, tmp_path):
    refused(2, "report", folder / "s.h5", says=("-o report.html",))
    refused(2, "report", folder / "s.h5", "-o", tmp_path / "r.pdf", says=(".html, .md or .json", "--format"))
    refused(2, "report", folder / "s.h5", "-o", "r.html", "--lang", "fr", says=("lang", "en"))
    refused(1, "report", folder / "s.h5", "-o", "r.html", "--min-cell", 0, says=("min-cell",))
    refused(1, "report", folder / "customers.csv", "-o", tmp_path / "r.html", says=("segments",))
    refused(1, "report", folder / "s.h5", "-o", tmp_path / "no" / "r.html", says=("does not exist",))
    assert not list(tmp_path.iterdir())


def test_a_format_can_be_named_for_any_file(folder, tmp_path):
    ok("report", folder / "s.h5", "-o", tmp_path / "r.txt", "--format", "markdown")
    assert (tmp_path / "r.txt").read_text(encoding="utf-8").startswith("# Customer segments")
    done = run("report", folder / "s.h5", "-o", tmp_path / "r.md", "-q")
    assert done.returncode == 0 and done.stdout == "" and (tmp_path / "r.md").exists()
