"""What the documents show is what happens.

Every fenced block of the README and of each tutorial is run, in order, in a folder of the page:
  sh      as written, where ./run is a door to the command under test; <!-- not run --> on the line
          before a block leaves it out, as it is for the blocks that build
  text    what the sh block before it printed, or, before any, what some block prints: every line
          must be there, but for times and "..."
  c       must compile without warnings
  python  must run; where it imports kmseg, in the environment of the Python package, and left out where
          there is none. Those of a notebook run in order in one Python
A block that reads a data set which is not here is skipped, and so are those behind it.
"""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
KMSEG = pathlib.Path(os.environ.get("KMSEG", ROOT / "build" / "dev" / "bin" / "kmseg"))
DATASETS = pathlib.Path(os.environ.get("KMSEG_DATASETS", ROOT.parent / "shared" / "datasets"))

PACKAGE_PYTHON = ROOT / "build" / "python-venv" / "bin" / "python"

FENCE = re.compile(r"^(<!-- not run[^\n]*-->\n)?```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DATA_FILES = {
    "online_retail.csv.gz": DATASETS / "online_retail" / "online_retail.csv.gz",
    "CDNOW_sample.txt": DATASETS / "cdnow" / "CDNOW_sample.txt",
    "Telco-Customer-Churn.csv": DATASETS / "telco" / "Telco-Customer-Churn.csv",
    "transactions_sample.csv": DATASETS / "complete_journey" / "transactions_sample.csv",
    "demographics.csv": DATASETS / "complete_journey" / "demographics.csv",
    "survey.py": ROOT / "datasets" / "survey.py",
}
TUTORIALS = sorted(p.relative_to(ROOT).as_posix() for p in ROOT.glob("docs/tutorials/*.md")
                   if p.name != "README.md")
NOTEBOOKS = ["docs/python.md"]
DURATION = re.compile(r"\b\d+(\.\d+)? ?(ms|s|seconds)\b|\b\d+(\.\d+)? [MG]B/s")


def blocks(path):
    for match in FENCE.finditer(path.read_text(encoding="utf-8")):
        yield bool(match.group(1)), match.group(2), match.group(3)


def run_shell(script, folder):
    done = subprocess.run(["sh", "-ec", script], cwd=folder, stdin=subprocess.DEVNULL,
                          capture_output=True, encoding="utf-8", timeout=600)
    assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
    return done.stdout


def squeezed(line):
    return " ".join(line.split())


def check_output(expected, printed):
    lines = {squeezed(line) for line in printed.splitlines()}
    for line in expected.splitlines():
        if line.strip() in ("", "...") or DURATION.search(line):
            continue
        assert squeezed(line) in lines, f"the page shows\n{line}\nand the command printed\n{printed}"


def compile_c(source, folder):
    (folder / "example.c").write_text(source, encoding="utf-8")
    includes = [f"-I{ROOT / 'lib/include'}", f"-I{KMSEG.parents[1] / 'lib/include'}"]
    subprocess.run(["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", *includes,
                    "example.c"], cwd=folder, check=True)


def package_environment():
    """The variables that the package's Python needs; None where that or the library is not here."""
    library = KMSEG.parents[1] / "lib" / "libkmseg.so"
    environment = {**os.environ, "KMSEG_LIBRARY": str(library), "PYTHONPATH": str(ROOT / "python"),
                   "MPLBACKEND": "Agg"}
    there = PACKAGE_PYTHON.exists() and subprocess.run([PACKAGE_PYTHON, "-c", "import kmseg"], env=environment,
                                                       capture_output=True).returncode == 0
    return environment if there else None


def run_python(source, folder):
    """What source printed; None where it needs the package and that cannot be imported here."""
    python, environment = "/usr/bin/python3", dict(os.environ)
    if "import kmseg" in source:
        python, environment = PACKAGE_PYTHON, package_environment()
        if environment is None:
            return None
    return subprocess.run([python, "-c", source], cwd=folder, env=environment, check=True, stdout=subprocess.PIPE,
                          encoding="utf-8").stdout


@pytest.mark.parametrize("page", NOTEBOOKS)
def test_a_notebook_prints_what_it_shows(page, tmp_path):
    environment = package_environment()
    if environment is None:
        pytest.skip("there is no build/python-venv; ./run test makes it")
    cells, shown = [], []
    for not_run, language, content in blocks(ROOT / page):
        if language == "python" and not not_run:
            if any(name in content and not path.exists() for name, path in DATA_FILES.items()):
                break
            cells.append(content)
            shown.append(None)
        elif language == "text" and cells:
            shown[-1] = content
    for name, path in DATA_FILES.items():
        if path.exists():
            (tmp_path / name).symlink_to(path)
    between = "-- end of a cell --"
    source = "".join(f"{cell}\nprint({between!r})\n" for cell in cells)
    done = subprocess.run([PACKAGE_PYTHON, "-c", source], cwd=tmp_path, env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, encoding="utf-8")
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    printed = done.stdout.split(between + "\n")
    assert len(cells) > 5 and sum(text is not None for text in shown) > 5
    for text, output in zip(shown, printed):
        check_output(text or "", output)


@pytest.mark.parametrize("page", ["README.md", "python/README.md", *TUTORIALS])
def test_what_a_page_shows_happens(page, tmp_path):
    door = tmp_path / "run"
    door.write_text(f'#!/bin/sh\n[ "$1" = kmseg ] && shift && exec {KMSEG} "$@"\nexit 9\n')
    door.chmod(0o755)
    for name, path in DATA_FILES.items():
        if path.exists():
            (tmp_path / name).symlink_to(path)
    printed = None
    everything = ""
    unattached = []
    n_run = 0
    left_out = False
    for not_run, language, content in blocks(ROOT / page):
        if not_run:
            printed = None
            continue
        for name, path in DATA_FILES.items():
            if name in content and language == "sh" and not path.exists():
                pytest.skip(f"{n_run} blocks ran; {name} is not here: set KMSEG_DATASETS")
        if language == "sh":
            printed = run_shell(content, tmp_path)
            everything += printed
        elif language == "text" and left_out:
            left_out = False
            continue
        elif language == "text" and printed is not None:
            check_output(content, printed)
        elif language == "text":
            unattached.append(content)
        elif language == "python":
            printed = run_python(content, tmp_path)
            left_out = printed is None
            everything += printed or ""
        elif language == "c":
            compile_c(content, tmp_path)
        left_out = left_out and language == "python"
        n_run += 1
    for content in unattached:
        check_output(content, everything)
    assert n_run > 0


def test_every_tutorial_is_listed_and_says_what_to_look_at_and_what_not_to_believe():
    index = (ROOT / "docs/tutorials/README.md").read_text(encoding="utf-8")
    assert {"docs/tutorials/" + name for name in re.findall(r"\]\((\w+\.md)\)", index)} == set(TUTORIALS)
    for page in TUTORIALS:
        headings = re.findall(r"^## (.*)$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
        assert {"What to look at", "What not to believe"} <= set(headings), page


@pytest.mark.parametrize("page", sorted(p.relative_to(ROOT).as_posix() for p in
                                        [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("python/*.md"),
                                         *ROOT.glob("datasets/**/*.md")]))
def test_links_and_files_that_a_page_names_are_there(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    folder = (ROOT / page).parent
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert (folder / target).exists(), f"{page} links to {target}"
    for path in re.findall(r"`((?:lib|cli|tests|tools|bench|cmake)/[\w./-]+\.\w+)`", text):
        assert "NAME" in path or (ROOT / path).exists(), f"{page} names {path}"


def test_the_door_lists_what_it_does():
    usage = subprocess.run([ROOT / "run"], capture_output=True, encoding="utf-8", check=True).stdout
    for what in ("setup", "build", "demo", "test", "bench", "fuzz", "lint", "kmseg", "python", "wheel"):
        assert re.search(rf"^  {what}\b", usage, re.MULTILINE), what
    wrong = subprocess.run([ROOT / "run", "dance"], capture_output=True, encoding="utf-8")
    assert wrong.returncode == 1 and "dance" in wrong.stderr


def test_shells_of_the_project_are_posix():
    sh = shutil.which("dash")
    if sh is None:
        pytest.skip("there is no dash here")
    for script in ("run", ".ci/run", "tools/lint"):
        subprocess.run([sh, "-n", ROOT / script], check=True)
