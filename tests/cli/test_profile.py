"""kmseg profile and kmseg explain."""

import csv
import io
import json
import math

import pytest

from command import DATASETS, ok, refused

RETAIL = DATASETS / "online_retail" / "online_retail.csv.gz"
TELCO = DATASETS / "telco" / "Telco-Customer-Churn.csv"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("profile")
    ok("generate", "customers", "--n-customers", 600, "--n-segments", 4, "--missing-rate", 0.03,
       "-o", "customers.csv", cwd=folder)
    ok("fit", "customers.csv", "-k", 4, "-o", "segments.h5", cwd=folder)
    return folder


def profile(folder, *words, file="segments.h5"):
    return json.loads(ok("profile", file, "--json", *words, cwd=folder))


def labels(folder, text, name="labels.txt"):
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return name


def test_the_profile_is_what_the_customers_say(folder):
    found = profile(folder)
    with open(folder / "customers.csv", encoding="utf-8") as file:
        customers = {row["customer_id"]: row for row in csv.DictReader(file)}
    ok("predict", "segments.h5", "customers.csv", "-o", "labels.csv", cwd=folder)
    with open(folder / "labels.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for segment in found["segments"]:
        own = [row for row in rows if row["segment"] == str(segment["segment"])]
        assert len(own) == segment["customers"]
        nearest = sorted(own, key=lambda row: (float(row["distance"]), row["id"]))[:3]
        assert [row["id"] for row in nearest] == segment["typical"]
        for column, cell in zip(found["columns"], segment["columns"]):
            values = [customers[row["id"]][column["name"]] for row in own]
            values = [value for value in values if value != ""]
            assert cell["missing"] == len(own) - len(values)
            if column["type"] == "text":
                for level, share, lift, all_share in zip(column["levels"], cell["shares"],
                                                         cell["lifts"], column["shares"]):
                    assert share == pytest.approx(values.count(level) / len(values))
                    assert lift == pytest.approx(share / all_share)
                continue
            numbers = sorted(map(float, values))
            edges = column["histogram_edges"]
            assert cell["quantiles"]["q00"] == numbers[0]
            assert cell["quantiles"]["q100"] == numbers[-1]
            for key, p in (("q05", 0.05), ("q25", 0.25), ("q50", 0.5), ("q95", 0.95)):
                at = p * (len(numbers) - 1)
                low, high = numbers[math.floor(at)], numbers[math.ceil(at)]
                expected = low + (high - low) * (at - math.floor(at))
                assert cell["quantiles"][key] == pytest.approx(expected)
            for b, count in enumerate(cell["histogram"]):
                inside = [x for x in numbers if (edges[b] < x or b == 0) and x <= edges[b + 1]]
                assert len(inside) == count


def test_a_table_in_another_order_has_the_same_profile(folder):
    lines = (folder / "customers.csv").read_text(encoding="utf-8").splitlines()
    (folder / "reversed.csv").write_text("\n".join([lines[0]] + lines[:0:-1]) + "\n", encoding="utf-8")
    ok("fit", "reversed.csv", "-k", 4, "-o", "reversed.h5", cwd=folder)
    a, b = profile(folder), profile(folder, file="reversed.h5")
    for name in ("columns", "tree", "value_column"):
        assert a[name] == b[name]
    for x, y in zip(a["segments"], b["segments"]):
        for name in ("name", "customers", "value", "columns", "traits", "typical", "rules"):
            assert x[name] == y[name]


def test_text_and_csv_say_it_too(folder):
    found = profile(folder)
    text = ok("profile", "segments.h5", cwd=folder)
    rows = list(csv.DictReader(io.StringIO(ok("profile", "segments.h5", "--csv", cwd=folder))))
    for segment in found["segments"]:
        assert segment["name"] in text
        own = [row for row in rows if row["segment"] == str(segment["segment"])]
        assert {row["name"] for row in own} == {segment["name"]}
        sizes = [row for row in own if row["measure"] == "customers"]
        assert [float(row["value"]) for row in sizes] == [segment["customers"]]
        said = {row["text"] for row in own if row["measure"] == "rule precision"}
        assert said == {rule["text"] for rule in segment["rules"]}
        means = {row["column"]: float(row["value"]) for row in own if row["measure"] == "mean"}
        for column in segment["columns"]:
            if "mean" in column:
                assert means[column["name"]] == column["mean"]
    ok("profile", "segments.h5", "-o", "profile.csv", cwd=folder)
    with open(folder / "profile.csv", encoding="utf-8", newline="") as file:
        assert list(csv.DictReader(file)) == rows


def test_a_flag_has_a_share_and_no_quantiles(tmp_path):
    rows = "".join(f"{i},{i % 4 * 10 + i % 3},{int(i % 4 == 0)}\n" for i in range(40))
    (tmp_path / "c.csv").write_text("id,spend,member\n" + rows)
    ok("fit", "c.csv", "-k", 2, "-o", "s.h5", cwd=tmp_path)
    lines = ok("profile", "s.h5", cwd=tmp_path).replace("\u00a0", " ").splitlines()
    flags = [line for line in lines if line.startswith("member: yes")]
    assert len(flags) == 2 and "member: yes 0.0 % (0.00 x)" in flags
    sections = lines[next(i for i, line in enumerate(lines) if "spread:" in line):]
    assert any(line.startswith("spend  ") for line in sections)
    assert not any(line.startswith("member  ") for line in sections)


def test_labels_are_written_edited_and_kept(folder):
    ok("profile", "segments.h5", "--write-labels", "mine.txt", cwd=folder)
    text = (folder / "mine.txt").read_text(encoding="utf-8")
    suggested = [segment["suggested_name"] for segment in profile(folder)["segments"]]
    assert all(f"name   = {name}\n" in text for name in suggested)
    # As it was written it changes nothing.
    same = profile(folder, "--labels", "mine.txt")
    assert [segment["name"] for segment in same["segments"]] == suggested

    labels(folder, "\ufeff# ours\r\n[segment 2]\r\n  name =  Gold = \"best\"  \r\naction= Call, then write\r\n"
                   "budget = 62.5%\r\ncolour = #C0392B\r\n\r\n[segment 1]\r\nname =\r\n")
    ok("profile", "segments.h5", "--labels", "labels.txt", "-o", "named.h5", cwd=folder)
    named = profile(folder, file="named.h5")["segments"]
    assert named[1]["name"] == 'Gold = "best"'
    assert named[1]["action"] == "Call, then write"
    assert named[1]["budget_share"] == 0.625
    assert named[1]["colour"] == "#C0392B"
    assert [segment["name"] for segment in named[2:]] == suggested[2:]
    assert named[0]["name"] == suggested[0] and named[0]["budget_share"] is None
    # Others show it too, and what is written from it reads back.
    assert 'Gold = "best"' in ok("info", "named.h5", cwd=folder)
    assert 'Gold = "best"' in ok("predict", "named.h5", "customers.csv", cwd=folder)
    ok("profile", "named.h5", "--write-labels", "again.txt", cwd=folder)
    assert profile(folder, "--labels", "again.txt", file="segments.h5")["segments"] == named
    # Onto itself.
    ok("profile", "named.h5", "--labels", "mine.txt", "-o", "named.h5", cwd=folder)
    assert [s["name"] for s in profile(folder, file="named.h5")["segments"]] == suggested


HOSTILE = ["<script>alert(1)</script>", "=HYPERLINK(\"http://x\")", "$(rm -rf ~); `ls`", "%s%n%d",
           "# hash", "[segment 1]", "日本語 🎁", "a" * 5000, "\u202egnp.exe", "name = name",
           "\\x1b[31m", "',\";--"]


@pytest.mark.parametrize("first", [0, 4, 8])
def test_hostile_names_are_text(folder, first):
    names = HOSTILE[first:first + 4]
    labels(folder, "".join(f"[segment {s}]\nname = {name}\naction = {name}\n"
                           for s, name in enumerate(names, 1)))
    ok("profile", "segments.h5", "--labels", "labels.txt", "-o", "hostile.h5", cwd=folder)
    found = profile(folder, file="hostile.h5")["segments"]
    assert [segment["name"] for segment in found] == names
    assert [segment["action"] for segment in found] == names
    rows = csv.DictReader(io.StringIO(ok("profile", "hostile.h5", "--csv", cwd=folder)))
    assert {row["name"] for row in rows} == set(names)
    text = ok("profile", "hostile.h5", cwd=folder)
    assert "\u202e" not in text and "\x1b" not in text
    assert all(len(line) <= 100 for line in text.splitlines() if "a" * 90 not in line)


@pytest.mark.parametrize("text, line, says", [
    ("name = x\n", 1, "[segment 1]"),
    ("[segment 5]\n", 1, "there is no segment 5; they are 1 to 4"),
    ("[segment 0]\n", 1, "there is no segment 0"),
    ("[segment one]\n", 1, "like [segment 1]"),
    ("[segments 1]\n", 1, "like [segment 1]"),
    ("[segment 1\n", 1, "like [segment 1]"),
    ("[segment 1]\n\n[segment 1]\n", 3, "has a section already, in line 1"),
    ("[segment 1]\nname = a\nname = b\n", 3, "has its name already, in line 2"),
    ("[segment 1]\ntitle = a\n", 2, "no key title"),
    ("[segment 1]\njust words\n", 2, "key = value"),
    ("[segment 1]\nbudget = 40\n", 2, "a percentage"),
    ("[segment 1]\nbudget = -1 %\n", 2, "a percentage"),
    ("[segment 1]\nbudget = 101 %\n", 2, "a percentage"),
    ("[segment 1]\nbudget = nan %\n", 2, "a percentage"),
    ("[segment 1]\ncolour = red\n", 2, "#c0392b"),
    ("[segment 1]\ncolour = #12345\n", 2, "#c0392b"),
    ("[segment 1]\nname = a\n[segment 2]\nname = a\n", 4, "segments 1 and 2 have the same name"),
    (b"[segment 1]\nname = \xff\n", 2, "byte 0xff"),
    (b"[segment 1]\nname = \xc0\xaf\n", 2, "byte 0xc0"),
    (b"[segment 1]\nname = \xed\xa0\x80\n", 2, "byte 0xed"),
    (b"[segment 1]\nname = a\x1b[31m\n", 2, "byte 0x1b"),
    (b"[segment 1]\nname = a\0b\n", 2, "byte 0x00"),
    (b"\x89HDF\r\n\x1a\n", 1, "byte 0x89"),
])
def test_a_line_that_cannot_be_is_named(folder, text, line, says):
    labels(folder, text)
    refused(1, "profile", "segments.h5", "--labels", "labels.txt", cwd=folder,
            says=(f"labels.txt, line {line}: ", says))


def test_files_of_labels_that_cannot_be_are_refused(folder):
    labels(folder, "[segment 1]\nbudget = 70 %\n[segment 2]\nbudget = 30.1 %\n")
    refused(1, "profile", "segments.h5", "--labels", "labels.txt", cwd=folder,
            says=("labels.txt", "add up to 100.1 %"))
    labels(folder, "#" * (1 << 20) + "#\n")
    refused(1, "profile", "segments.h5", "--labels", "labels.txt", cwd=folder, says=("1 MiB",))
    refused(1, "profile", "segments.h5", "--labels", "nowhere.txt", cwd=folder,
            says=("cannot read nowhere.txt",))
    refused(1, "profile", "segments.h5", "--labels", ".", cwd=folder, says=("cannot read .",))
    refused(1, "profile", "customers.csv", cwd=folder, says=("holds no segments",))
    refused(2, "profile", "segments.h5", "--csv", "--json", cwd=folder, says=("give one",))
    # An empty file names nothing, and segments can take a name from each other.
    labels(folder, "")
    assert profile(folder, "--labels", "labels.txt")["segments"][0]["budget_share"] is None


def test_columns_that_are_profiled_can_be_chosen(folder):
    ok("fit", "customers.csv", "-k", 3, "--include", "age,annual_spend", "--profile-columns",
       "plan, region", "-o", "few.h5", cwd=folder)
    assert {c["name"] for c in profile(folder, file="few.h5")["columns"]} == {
        "age", "annual_spend", "plan", "region"}
    refused(1, "fit", "customers.csv", "-k", 3, "--profile-columns", "plam", cwd=folder,
            says=("profile_columns", "no column plam", "plan"))
    ok("fit", "customers.csv", "-k", 3, "--rule-depth", 0, "-o", "few.h5", cwd=folder)
    assert "tree" not in profile(folder, file="few.h5")
    assert "rule " not in ok("profile", "few.h5", cwd=folder)


def test_segments_without_a_profile_are_the_same_and_can_be_used(folder):
    whole = json.loads(ok("fit", "customers.csv", "-k", 4, "-o", "whole.h5", "--json", cwd=folder))
    bare = json.loads(ok("fit", "customers.csv", "-k", 4, "--no-profile", "-o", "bare.h5", "--json", cwd=folder))
    assert bare["fit"]["inertia"] == whole["fit"]["inertia"]
    assert [s["centroid"] for s in bare["segments"]] == [s["centroid"] for s in whole["segments"]]
    assert [s["customers"] for s in bare["segments"]] == [s["customers"] for s in whole["segments"]]
    assert [s["name"] for s in bare["segments"]] == [f"Segment {i}" for i in range(1, 5)]
    assert bare["columns"] == [] and "tree" not in bare and bare["params"]["profile"] is False
    assert bare["scores"]["explained"] == whole["scores"]["explained"]
    assert bare["scores"]["silhouette"] is None
    given = []
    for file in ("whole.h5", "bare.h5"):
        ok("predict", file, "customers.csv", "-o", "labels.csv", cwd=folder)
        with open(folder / "labels.csv", encoding="utf-8") as rows:
            given.append([{k: v for k, v in row.items() if k != "name"} for row in csv.DictReader(rows)])
    assert given[0] == given[1]
    ok("export", "bare.h5", "-o", "crm.csv", cwd=folder)
    ok("explain", "bare.h5", "customers.csv", given[0][0]["id"], cwd=folder)
    labels(folder, "[segment 1]\nname = Champions\n")
    ok("profile", "bare.h5", "--labels", "labels.txt", "-o", "named.h5", cwd=folder)
    assert "Champions" in ok("info", "named.h5", cwd=folder)
    text = ok("fit", "customers.csv", "-k", 4, "--no-profile", "-o", "bare.h5", cwd=folder)
    assert "Segment 4" in text and "not made (--no-profile)" in text and "kmseg predict bare.h5" in text


def test_what_needs_a_profile_says_so(folder):
    ok("fit", "customers.csv", "-k", 3, "--no-profile", "-o", "bare.h5", cwd=folder)
    for words in (("profile", "bare.h5"), ("profile", "bare.h5", "--csv"), ("report", "bare.h5", "-o", "page.html"),
                  ("profile", "bare.h5", "--with", "customers.csv")):
        refused(1, *words, cwd=folder, says=("--no-profile", "fit again"))
    assert not (folder / "page.html").exists()
    refused(2, "run", "customers.csv", "--no-profile", "-o", "out", cwd=folder, says=("no option --no-profile",))


def test_columns_of_other_tables_are_profiled_too(folder):
    with open(folder / "customers.csv", encoding="utf-8") as file:
        ids = [row["customer_id"] for row in csv.DictReader(file)]
    of = {customer: i for i, customer in enumerate(ids)}
    (folder / "survey.csv").write_text(
        "member,happy,reach,age,nothing\n" + "".join(
            f"{customer},{i % 11},{'shop' if i % 3 else 'web'},1,\n" for i, customer in enumerate(ids[:500]))
        + "nobody,3,web,1,\n", encoding="utf-8")
    before = profile(folder)
    found = profile(folder, "--with", "survey.csv:member")
    (join,) = found["joins"]
    assert join == {"file": "survey.csv", "key": "customer_id", "file_key": "member",
                    "type": "left", "customers": 600, "customers_without": 100, "rows": 501,
                    "rows_without": 1, "columns": 4, "profiled": 2, "profiled_before": 1,
                    "not_profiled": 1}
    assert found["columns"][:-2] == before["columns"]
    assert [c["name"] for c in found["columns"][-2:]] == ["happy", "reach"]
    assert [s["name"] for s in found["segments"]] == [s["name"] for s in before["segments"]]
    ok("predict", "segments.h5", "customers.csv", "-o", "labels.csv", cwd=folder)
    with open(folder / "labels.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    printed = {(row["segment"], row["column"], row["level"], row["measure"]): row["value"]
               for row in csv.DictReader(io.StringIO(
                   ok("profile", "segments.h5", "--with", "survey.csv:member", "--csv", cwd=folder)))}
    for segment in found["segments"]:
        number = str(segment["segment"])
        own = [of[row["id"]] for row in rows if row["segment"] == number]
        known = [i for i in own if i < 500]
        happy, reach = segment["columns"][-2:]
        assert happy["missing"] == reach["missing"] == len(own) - len(known)
        assert happy["mean"] == pytest.approx(sum(i % 11 for i in known) / len(known))
        assert reach["shares"][1] == pytest.approx(sum(i % 3 == 0 for i in known) / len(known))
        assert float(printed[number, "happy", "", "mean"]) == happy["mean"]
        assert float(printed[number, "reach", "web", "share"]) == reach["shares"][1]
        assert float(printed[number, "happy", "", "missing"]) == happy["missing"]
    text = " ".join(ok("profile", "segments.h5", "--with", "survey.csv:member", cwd=folder).split())
    assert ("Joined survey.csv by member: it has 500 of 600 customers; for the others its columns are "
            "missing. 1 of its 501 rows are about nobody among them. Of its columns 2 are new to the "
            "profile. 1 was there before and stays as at the fit. 1 cannot be profiled" in text)
    # Kept with the segments, and a second table is added to it.
    ok("profile", "segments.h5", "--with", "survey.csv:member", "-o", "wide.h5", cwd=folder)
    assert profile(folder, file="wide.h5")["segments"] == found["segments"]
    (folder / "few.csv").write_text(f"id,score\n{ids[0]},7\n", encoding="utf-8")
    both = profile(folder, "--with", "survey.csv:member", "--with", "few.csv")
    assert [join["profiled"] for join in both["joins"]] == [2, 1]
    text = " ".join(ok("profile", "wide.h5", "--with", "few.csv", cwd=folder).split())
    assert "Known of fewer than half of them: score (0)" in text
    assert "Known of fewer than half of them: score (1)" in text
    # Other ids on the way out do not hinder the match on the way in.
    ok("profile", "segments.h5", "--with", "few.csv", "--drop-ids", "-o", "nameless.h5", cwd=folder)
    refused(1, "profile", "nameless.h5", "--with", "survey.csv:member", cwd=folder,
            says=("which customer is which",))
    refused(1, "export", "nameless.h5", "--with", "customers.csv", "-o", "x.csv", cwd=folder,
            says=("which customer is which",))
    refused(1, "profile", "segments.h5", "--with", "survey.csv", cwd=folder,
            says=("survey.csv", "customer_id", "member, happy"))
    refused(1, "profile", "segments.h5", "--with", "survey.csv:happy", cwd=folder, says=("happy",))
    refused(1, "profile", "segments.h5", "--with", "segments.h5", cwd=folder, says=("holds segments",))
    refused(1, "profile", "segments.h5", "--with", "nowhere.csv", cwd=folder, says=("nowhere.csv",))
    refused(2, "profile", "segments.h5", "--with", ":id", cwd=folder, says=("--with",))
    refused(2, "profile", "segments.h5", "--with", "few.csv:a=id", cwd=folder, says=("--with",))


def explain(folder, *words):
    return json.loads(ok("explain", *words, "--json", cwd=folder))


def test_contributions_sum_to_the_margin(folder):
    ok("predict", "segments.h5", "customers.csv", "-o", "labels.csv", cwd=folder)
    with open(folder / "labels.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    agreed = 0
    for row in rows[:12]:
        found = explain(folder, "segments.h5", "customers.csv", row["id"])
        assert found["segment"]["segment"] == int(row["segment"])
        assert found["runner_up"]["segment"] == int(row["runner_up"])
        assert found["outlying"] == (row["outlying"] == "1")
        own, other = found["segment"]["distance"], found["runner_up"]["distance"]
        assert own == float(row["distance"])
        total = 0.0
        for part in found["contributions"]:
            total += part["contribution"]
        assert total == found["margin"]  # to the bit, in this order
        assert found["margin"] == pytest.approx(other * other - own * own, rel=1e-9, abs=1e-9)
        assert sum(part["share"] for part in found["contributions"]) == pytest.approx(1)
        sizes = [abs(part["contribution"]) for part in found["contributions"]]
        assert sizes == sorted(sizes, reverse=True)
        agreed += found["rule"]["agrees"]
        alone = explain(folder, "segments.h5", row["id"])
        assert alone["segment"] == found["segment"] and alone["margin"] is None
    assert agreed > 6
    text = ok("explain", "segments.h5", "customers.csv", rows[0]["id"], cwd=folder)
    found = explain(folder, "segments.h5", "customers.csv", rows[0]["id"])
    for part in found["contributions"]:
        (line,) = [t for t in text.splitlines() if t.split(",")[0].split("  ")[0] == part["column"]]
        side = found["segment" if part["contribution"] > 0 else "runner_up"]["segment"]
        assert abs(part["contribution"]) < 0.0005 or f"segment {side}" in line


def test_explanations_of_customers_that_are_not_there_are_refused(folder):
    refused(1, "explain", "segments.h5", "customers.csv", "nobody", cwd=folder,
            says=("no customer nobody", "600"))
    refused(1, "explain", "segments.h5", "nobody", cwd=folder, says=("no customer nobody",))
    refused(1, "explain", "customers.csv", "x", cwd=folder, says=("holds no segments",))
    refused(2, "explain", "segments.h5", cwd=folder, says=("CUSTOMER",))
    lines = (folder / "customers.csv").read_text(encoding="utf-8").splitlines()
    (folder / "twice.csv").write_text("\n".join(lines[:4] + [lines[3]]) + "\n", encoding="utf-8")
    refused(1, "explain", "segments.h5", "twice.csv", lines[3].split(",")[0], cwd=folder,
            says=("rows 3 and 4",))


def test_a_missing_value_says_that_it_was_filled_in(folder):
    with open(folder / "customers.csv", encoding="utf-8") as file:
        row = next(row for row in csv.DictReader(file) if row["age"] == "")
    found = explain(folder, "segments.h5", "customers.csv", row["customer_id"])
    part = next(part for part in found["contributions"] if part["column"] == "age")
    assert part["filled"] and part["value"] is not None
    text = ok("explain", "segments.h5", "customers.csv", row["customer_id"], cwd=folder)
    assert "was missing, filled in" in text
    # Where the fit left such customers out, it says so.
    ok("fit", "customers.csv", "-k", 3, "--impute", "drop", "-o", "dropped.h5", cwd=folder)
    found = explain(folder, "dropped.h5", "customers.csv", row["customer_id"])
    assert found["segment"] is None and found["rule"] is None
    text = ok("explain", "dropped.h5", "customers.csv", row["customer_id"], cwd=folder)
    assert "left such customers out" in " ".join(text.split())


@pytest.mark.skipif(not RETAIL.exists(), reason="online_retail is not here; set KMSEG_DATASETS")
def test_online_retail_has_rules_and_names_a_shop_could_use(tmp_path):
    ok("features", RETAIL, "-o", "customers.h5", cwd=tmp_path)
    ok("fit", "customers.h5", "-k", 5, "-o", "segments.h5", cwd=tmp_path)
    found = profile(tmp_path)
    assert [s["name"] for s in found["segments"]] == [
        "Very frequent, very big spenders", "Recent, frequent customers", "Long-absent customers",
        "Infrequent small spenders", "Long-absent small spenders"]
    assert found["tree"]["fidelity"] > 0.85
    assert found["tree"]["guess"] == 1165 / 4338
    for segment in found["segments"]:
        assert segment["rules"][0]["precision"] > 0.8
        assert segment["rules"][0]["coverage"] > 0.5
        assert len(segment["typical"]) == 3
    # The reference: deciles of all customers hold their tenth, but for ties of whole numbers.
    monetary = next(i for i, c in enumerate(found["columns"]) if c["name"] == "monetary")
    counts = [sum(s["columns"][monetary]["histogram"][b] for s in found["segments"])
              for b in range(10)]
    assert sum(counts) == 4338 and max(counts) - min(counts) <= 2
    assert found["columns"][monetary]["quantiles"]["q00"] == pytest.approx(3.75)
    text = ok("explain", "segments.h5", "customers.h5", "12347", cwd=tmp_path)
    assert "Recent, frequent customers" in text and "agrees, segment 2" in text


@pytest.mark.skipif(not TELCO.exists(), reason="telco is not here; set KMSEG_DATASETS")
def test_telco_has_rules_about_contracts(tmp_path):
    ok("fit", TELCO, "-k", 4, "-o", "segments.h5", cwd=tmp_path)
    found = profile(tmp_path)
    assert sum(s["customers"] for s in found["segments"]) == 7043
    assert found["tree"]["fidelity"] > 0.8
    names = [s["name"] for s in found["segments"]]
    assert len(set(names)) == 4
    customer = found["segments"][0]["typical"][0]
    told = explain(tmp_path, "segments.h5", TELCO, customer)
    assert told["segment"]["segment"] == 1 and not told["outlying"]
    assert sum(p["contribution"] for p in told["contributions"]) == told["margin"]
