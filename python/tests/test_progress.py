"""progress=True follows a fit, and changes nothing."""

import builtins
import sys

import kmseg
import numpy as np
import pytest

X = np.random.default_rng(0).normal(size=(500, 4))
START = {"n_clusters": 4, "n_init": 3, "random_state": 0}


@pytest.fixture
def without_tqdm(monkeypatch):
    real = builtins.__import__

    def refuse(name, *rest, **more):
        if name.startswith("tqdm"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)


def test_tqdm_shows_a_stage_to_its_end(capsys):
    pytest.importorskip("tqdm")
    kmseg.KMeans(**START, progress=True).fit(X)
    shown = capsys.readouterr()
    assert "clustering: 100%" in shown.err and shown.out == ""


def test_plain_text_without_tqdm(without_tqdm, capsys):
    kmseg.KMeans(**START, progress=True).fit(X)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "clustering: 0%" and lines[-1] == "clustering: 100%" and len(lines) <= 5


def test_plain_text_on_a_terminal_is_one_line(without_tqdm, capsys, monkeypatch):
    monkeypatch.setattr(type(sys.stderr), "isatty", lambda _: True)
    kmseg.KMeans(**START, progress=True).fit(X)
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1 and shown.endswith("\rclustering: 100%\n")


def test_a_callback_is_called_beside_a_bar_and_stops_as_without(capsys):
    seen = []
    plain = kmseg.KMeans(**START, callback=lambda *report: seen.append(report)).fit(X)
    both = []
    shown = kmseg.KMeans(**START, progress=True, callback=lambda *report: both.append(report)).fit(X)
    assert both == seen and shown.labels_.tobytes() == plain.labels_.tobytes()
    with pytest.raises(kmseg.Cancelled):
        kmseg.KMeans(**START, progress=True, callback=lambda *_: True).fit(X)
    capsys.readouterr()


def test_no_bar_without_being_asked(capsys):
    kmseg.KMeans(**START).fit(X)
    assert capsys.readouterr().err == ""
