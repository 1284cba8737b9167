"""The frame of the command: help, flags, messages and exit statuses, whatever the commands do."""

import json
import re
import subprocess

import pytest
from command import KMSEG, ok, refused, run


def commands():
    listing = ok("--help").split("Commands\n", 1)[1].split("\n\n", 1)[0]
    return re.findall(r"^  ([\w-]+)", listing, re.M)


def flags(command):
    return re.findall(r"^  (?:-\w, |    )--([a-z0-9-]+)( \S+)?", ok(command, "--help"), re.M)


def test_help_and_version_go_to_standard_output():
    assert ok("--help") == ok("help") == ok("-h")
    assert re.fullmatch(r"kmseg \d+\.\d+\.\d+\n", ok("--version"))


def test_no_command_prints_the_commands_and_is_misuse():
    done = run()
    assert done.returncode == 2 and done.stdout == "" and "Commands" in done.stderr


@pytest.mark.parametrize("command", commands())
def test_every_command_explains_itself(command):
    text = ok(command, "--help")
    assert text == ok("help", command) == ok(command, "-h")
    assert text.startswith(f"usage: kmseg {command}")
    assert "\nExamples\n" in text and "--threads" in text
    assert all(len(line) <= 100 for line in text.splitlines())
    names = [name for name, _ in flags(command)]
    assert len(names) == len(set(names)), "a flag is listed twice"


@pytest.mark.parametrize("command", commands())
def test_every_flag_with_a_value_refuses_to_be_the_last_word(command):
    for name, metavar in flags(command):
        if metavar:
            refused(2, command, f"--{name}", says=[f"--{name} needs a value", "--help"])


@pytest.mark.parametrize("command", commands())
def test_unknown_flags_are_misuse_and_say_what_was_meant(command):
    refused(2, command, "--thread", "1", says=["--thread;", "did you mean --threads?"])
    refused(2, command, "--zzzzzz", says=["--zzzzzz", "--help"])
    refused(2, command, "-Z", says=["-Z", "--help"])


def test_unknown_commands_and_lists_say_what_was_meant():
    refused(2, "lst", says=["lst", "did you mean list?"])
    refused(2, "zzz", says=["kmseg --help"])
    refused(2, "list", "kernel", says=["did you mean kernels?"])
    refused(2, "--json", "list", says=["the command comes first"])


def test_values_follow_a_space_or_an_equals_sign_and_the_last_one_counts():
    assert ok("list", "--threads", "1") == ok("list", "--threads=1") == ok("list")
    assert ok("list", "--json", "--no-json") == ok("list")
    json.loads(ok("list", "--no-json", "--json"))


def test_two_dashes_end_the_options():
    refused(2, "list", "--", "--json", says=["no list of --json"])


def test_text_where_a_number_is_needed_is_misuse_and_a_bad_number_a_failure():
    refused(2, "list", "--threads", "many", says=["--threads", '"many"', "whole number"])
    refused(1, "list", "--threads", "-1", says=["--threads is -1", "between 0 and"])


def test_kernels_are_named_when_one_is_unknown():
    refused(2, "list", "--kernels", "abacus", says=["--kernels is abacus", "auto", "baseline"])
    refused(2, "list", env={"KMSEG_KERNELS": "abacus"}, says=["KMSEG_KERNELS is abacus"])


def test_every_list_has_rows_with_help_in_text_and_json():
    kinds = json.loads(ok("list", "--json"))["items"]
    assert kinds
    for kind in kinds:
        rows = json.loads(ok("list", kind["name"], "--json"))["items"]
        assert rows and all(row["name"] and row["help"] for row in rows)
        text = ok("list", kind["name"])
        assert all(row["name"] in text for row in rows)


def test_control_characters_of_an_argument_do_not_reach_the_terminal():
    message = refused(2, "list", "\x1b[31mred\x1b[0m\n\u009b1m")
    assert "\x1b" not in message and "\u009b" not in message


def test_output_that_cannot_be_written_is_a_failure():
    with open("/dev/full", "w") as full:
        done = subprocess.run([KMSEG, "--help"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1 and "standard output" in done.stderr


def test_a_closed_pipe_ends_the_command_without_a_word():
    done = subprocess.run(
        f"{KMSEG} list --help | true", shell=True, stderr=subprocess.PIPE, text=True
    )
    assert done.stderr == ""
