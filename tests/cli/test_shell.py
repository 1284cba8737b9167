"""What surrounds the command: completion in bash and zsh, manual pages, colours and bars."""

import functools
import os
import pty
import re
import select
import shutil
import subprocess
import time

import pytest
from command import KMSEG, ok, refused, run


@functools.cache
def commands():
    listing = ok("--help").split("Commands\n", 1)[1].split("\n\n", 1)[0]
    return re.findall(r"^  ([\w-]+)", listing, re.M)


@functools.cache
def flags(command):
    """Flag with its letter, and what stands for its value, as --help has them."""
    return re.findall(r"^  (?:-(\w), |    )(--(?:\[no-\])?[a-z0-9-]+)(?: (\S+))?",
                      ok(command, "--help"), re.M)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shell")
    (folder / "bash").write_text(ok("completion", "bash"))
    (folder / "_kmseg").write_text(ok("completion", "zsh"))
    (folder / "customers.h5").touch()
    (folder / "customer list.csv").touch()
    return folder


def complete_all(folder, lines):
    """What bash offers for the last of the words of each line, split as it splits a line."""
    done = subprocess.run(
        ["bash", "--norc", "--noprofile", "-c",
         'set -u; source "$1"; complete -p kmseg >/dev/null || exit 9; '
         "while IFS=$'\\t' read -ra COMP_WORDS; do COMP_WORDS=(\"${COMP_WORDS[@]/#>/}\"); "
         "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); "
         '_kmseg kmseg "${COMP_WORDS[-1]}" ""; printf "%s\\n" "${COMPREPLY[@]}" "<end>"; done',
         "bash", folder / "bash"],
        input="".join("\t".join(f">{word}" for word in line) + "\n" for line in lines),
        cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    parts = done.stdout.split("<end>\n")
    assert len(parts) == len(lines) + 1
    return [[word for word in part.split("\n") if word] for part in parts[:-1]]


def complete(folder, *words):
    return complete_all(folder, [words])[0]


def test_bash_offers_every_command_and_every_flag(folder):
    assert set(complete(folder, "kmseg", "")) == {*commands(), "--help", "--version"}
    assert complete(folder, "kmseg", "predi") == ["predict"]
    lines = [("kmseg", command, "-") for command in commands()]
    for command, offered in zip(commands(), complete_all(folder, lines)):
        for letter, flag, _ in flags(command):
            assert flag.replace("[no-]", "no-") in offered, (command, flag)
            assert letter == "" or f"-{letter}" in offered
        assert len(offered) == len(set(offered))


def test_bash_offers_what_options_accept(folder):
    checked = []
    assert "hamerly" in complete(folder, "kmseg", "fit", "--algorithm", "")
    assert complete(folder, "kmseg", "fit", "c.h5", "--algorithm", "=", "ham") == ["hamerly"]
    assert complete(folder, "kmseg", "fit", "--algorithm", "=") != []
    assert set(complete(folder, "kmseg", "export", "s.h5", "--format", "")) >= {"salesforce"}
    assert "avx2" in complete(folder, "kmseg", "info", "--kernels", "")
    assert complete(folder, "kmseg", "fit", "-k", "") == []
    for command in commands():
        text = re.sub(r"\s+", " ", ok(command, "--help"))
        for _, flag, metavar in flags(command):
            choices = re.search(rf"{re.escape(flag)} {re.escape(metavar or ' ')} .*?; one of "
                                r"([a-z0-9_.|+-]+(?:, [a-z0-9_.|+-]+)*)", text)
            if metavar and choices and " --" not in choices.group(0)[len(flag):]:
                checked.append((("kmseg", command, flag, ""), choices.group(1).split(", ")))
    assert len(checked) > 10
    assert complete_all(folder, [line for line, _ in checked]) == [want for _, want in checked]


def test_bash_knows_which_argument_it_is(folder):
    assert complete(folder, "kmseg", "list", "ker") == ["kernels"]
    assert complete(folder, "kmseg", "help", "prof") == ["profile"]
    assert complete(folder, "kmseg", "generate", "o") == ["orders"]
    assert complete(folder, "kmseg", "completion", "") == ["bash", "zsh"]
    assert complete(folder, "kmseg", "fit", "customers") == ["customers.h5"]
    assert complete(folder, "kmseg", "fit", "-o", "customers") == ["customers.h5"]
    assert complete(folder, "kmseg", "fit", "--output", "=", "customer ") == ["customer list.csv"]
    assert complete(folder, "kmseg", "list", "--threads", "1", "ker") == ["kernels"]
    assert complete(folder, "kmseg", "list", "--threads", "=", "1", "ker") == ["kernels"]
    assert complete(folder, "kmseg", "list", "--json", "ker") == ["kernels"]
    assert complete(folder, "kmseg", "list", "kernels", "ker") == []
    assert complete(folder, "kmseg", "nothing", "--") == []


def type_in(shell, keys, seconds=20, **env):
    """What a terminal shows after the keys, each sent when the text before it has appeared."""
    child, terminal = pty.fork()
    if child == 0:
        os.execvpe(shell[0], shell, {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8", **env})
    seen, begin, end = b"", 0, time.time() + seconds
    try:
        for waits_for, key in keys:
            while waits_for not in seen[begin:]:
                ready, _, _ = select.select([terminal], [], [], max(0.0, end - time.time()))
                assert ready, f"no {waits_for!r} in {seen!r}"
                try:
                    seen += os.read(terminal, 4096)
                except OSError:
                    assert False, f"ended before {waits_for!r}: {seen!r}"
            begin = seen.index(waits_for, begin) + len(waits_for)
            if key:
                os.write(terminal, key)
    finally:
        os.close(terminal)
        os.kill(child, 9)
        os.waitpid(child, 0)
    return seen.decode(errors="replace")


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed: apt-get install zsh")
def test_zsh_completes_commands_flags_values_and_files(folder):
    assert subprocess.run(["zsh", "-n", folder / "_kmseg"]).returncode == 0
    # Ctrl-P shows the line as it is and empties it.
    start = (f"cd {folder}; fpath=({folder} $fpath); autoload -U compinit; compinit -D -u; "
             "show() {{ print -rn -- \"<<$BUFFER>>\" >/dev/tty; BUFFER=''; }}; zle -N show; "
             "bindkey '^P' show; PROMPT='REA'DY'> '\n").replace("{{", "{").replace("}}", "}")
    lines = [("kmseg predi", "kmseg predict "),
             ("kmseg fit --algorithm=ham", "kmseg fit --algorithm=hamerly "),
             ("kmseg fit --n-clu", "kmseg fit --n-clusters="),
             ("kmseg export s.h5 --form", "kmseg export s.h5 --format="),
             ("kmseg export --format sales", "kmseg export --format salesforce "),
             ("kmseg fit -o customers", "kmseg fit -o customers.h5 "),
             ("kmseg fit customers", "kmseg fit customers.h5 "),
             ("kmseg list --json ker", "kmseg list --json kernels "),
             ("kmseg help expo", "kmseg help export "),
             ("kmseg fit --no-such", "kmseg fit --no-such")]
    keys = [(b"% " if os.getuid() else b"# ", start.encode())]
    waits_for = b"READY> "
    for typed, completed in lines:
        keys.append((waits_for, typed.encode() + b"\t\x10"))
        waits_for = f"<<{completed}>>".encode()
    type_in(["zsh", "-f", "-i"], [*keys, (waits_for, b"")])


def page_text(done, page):
    assert done.returncode == 0 and done.stderr == "", (page, done.stderr)
    return re.sub(r"\s+", " ", re.sub("\x1b\\[[0-9;]*m|.\b", "", done.stdout))


@pytest.mark.skipif(shutil.which("man") is None or shutil.which("groff") is None,
                    reason="man is not installed: apt-get install man-db")
def test_every_manual_page_is_formatted_without_a_warning(tmp_path):
    ok("help", "--write-man", tmp_path)
    pages = {path.name for path in tmp_path.iterdir()}
    assert pages == {"kmseg.1", *(f"kmseg-{command}.1" for command in commands())}
    environment = {**os.environ, "MANWIDTH": "100", "LC_ALL": "C.UTF-8", "MANPAGER": "cat"}
    done = subprocess.run(["man", "--warnings=w", "-l", tmp_path / "kmseg-fit.1"],
                          capture_output=True, text=True, env=environment)
    assert "--n-clusters" in page_text(done, "kmseg-fit.1")
    for page in sorted(pages):
        done = subprocess.run(["groff", "-ww", "-Kutf8", "-Tutf8", "-man", "-rLL=100n",
                               tmp_path / page], capture_output=True, text=True, env=environment)
        text = page_text(done, page)
        command = page[len("kmseg-"):-2] if page != "kmseg.1" else None
        for _, flag, _ in flags(command) if command else []:
            assert flag in text, (page, flag)
        for word in ("NAME", "SYNOPSIS", "DESCRIPTION", "EXIT STATUS", "EXAMPLES"):
            assert word in text, (page, word)
        if command:
            assert f"kmseg-{command} - " in text.replace("‐", "-").replace("−", "-")
            example = re.search(r"Examples\n  (.+)", ok(command, "--help")).group(1)
            assert re.sub(r"\s+", " ", example) in text, (page, example)


def test_help_prints_a_manual_page(tmp_path):
    ok("help", "--write-man", tmp_path)
    assert ok("help", "fit", "--man") == (tmp_path / "kmseg-fit.1").read_text()
    assert ok("help", "--man") == (tmp_path / "kmseg.1").read_text()
    refused(1, "help", "--write-man", tmp_path / "none", says=["none"])
    refused(2, "completion", "fish", says=["bash and zsh"])


def on_terminal(*words, columns=120, **env):
    """Standard output of a command that has a terminal."""
    parent, child = pty.openpty()
    import fcntl
    import struct
    import termios
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {**os.environ, "TERM": "xterm", **env}
    environment = {k: v for k, v in environment.items() if v is not None}
    environment.pop("NO_COLOR", None) if "NO_COLOR" not in env else None
    process = subprocess.Popen([KMSEG, *map(str, words)], stdin=subprocess.DEVNULL, stdout=child,
                               stderr=subprocess.PIPE, env=environment)
    os.close(child)
    seen = b""
    while True:
        try:
            part = os.read(parent, 65536)
        except OSError:
            break
        if not part:
            break
        seen += part
    os.close(parent)
    error = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 0, error
    return seen.decode().replace("\r\n", "\n")


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    ok("generate", "orders", "--n-customers", 300, "--n-orders", 2000, "--seed", 2, "-o",
       folder / "o.csv")
    ok("features", folder / "o.csv", "-o", folder / "c.h5")
    ok("fit", folder / "c.h5", "-k", 3, "-o", folder / "s.h5")
    return folder


SHOWN = [["info", "s.h5"], ["tier", "c.h5"], ["lifecycle", "c.h5"], ["rfm", "c.h5"]]


@pytest.mark.parametrize("words", SHOWN, ids=lambda words: words[0])
def test_a_terminal_gets_colours_and_bars_and_a_pipe_plain_text(shop, words):
    words = [shop / word if word.endswith(".h5") else word for word in words]
    plain = ok(*words)
    assert "\x1b" not in plain and "█" not in plain
    shown = on_terminal(*words)
    assert "\x1b[1m" in shown and "█" in shown
    for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": None}):
        bare = on_terminal(*words, columns=100, **env) # as in a pipe
        assert "\x1b" not in bare and "█" not in bare and bare == plain, env
    assert "\x1b" in on_terminal(*words, NO_COLOR="") # empty: not set, says no-color.org


def test_bars_are_as_long_as_shares(shop):
    shown = re.sub("\x1b\\[[0-9;]*m", "", on_terminal("tier", shop / "c.h5"))
    shares = {}
    for line in shown.splitlines():
        found = re.match(r"^([ABC]) .*?(\d+\.\d) %.*?([█▏▎▍▌▋▊▉]+)", line)
        if found:
            eighths = sum(8 if c == "█" else " ▏▎▍▌▋▊▉".index(c) for c in found.group(3))
            shares[found.group(1)] = float(found.group(2)), eighths
    assert set(shares) == set("ABC")
    most = max(share for share, _ in shares.values())
    for share, eighths in shares.values():
        assert abs(eighths - share / most * shares[max(shares, key=lambda k: shares[k][0])][1]) <= 1


def test_quiet_says_nothing_also_on_a_terminal(shop):
    for words in SHOWN[1:]:
        words = [shop / word if word.endswith(".h5") else word for word in words]
        assert on_terminal(*words, "-q") == "" and ok(*words, "-q") == ""
        assert "\x1b" not in on_terminal(*words, "--json")
