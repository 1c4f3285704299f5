# Runs the test functions of a file: one line each, a reason for every skip, a tally at the end.
"""A test is a function with the decorator `@test`; its name is a sentence that states a truth.

    python3 test_ports.py              all tests of the file
    python3 test_ports.py sixth full   only those whose name contains one of the words
    LANCHAT_FULL=1                     the full counts of the project's promises
"""
import os
import sys
import time
import traceback

FULL = os.environ.get("LANCHAT_FULL") == "1"
SANITIZED = os.environ.get("LANCHAT_SANITIZED", "") != ""
SKIP_CODE = 77

# Promises in seconds hold for a normal build; a sanitizer costs a factor.
PATIENCE = float(os.environ.get("LANCHAT_PATIENCE", "3" if SANITIZED else "1"))

# They decide in a full run only, for which the machine has to be quiet. Else what happens decides,
# not when: other work of the machine must not make a test fail.
HANG_S = 60  # whoever needs longer hangs

_tests = []


class Skip(Exception):
    """This test cannot run here, and why."""


class Failed(AssertionError):
    """A promise that was not kept."""


def test(function):
    _tests.append(function)
    return function


def full(full_count, reduced_count):
    """The count of repetitions: the promised one with LANCHAT_FULL=1, a smaller one else."""
    return full_count if FULL else reduced_count


def within(seconds):
    """A promised time in a full run, stretched for slow builds; else a guard against hanging."""
    return seconds * PATIENCE if FULL else max(seconds * PATIENCE, HANG_S)


def check(condition, why):
    if not condition:
        raise Failed(why() if callable(why) else why)


def check_equal(got, want, what):
    if got != want:
        raise Failed(f"{what}: got {_short(got)}, want {_short(want)}")


def eventually(what, predicate, seconds):
    """Polls for a state that announces itself nowhere (/proc, a screen). Returns its value."""
    deadline = time.monotonic() + seconds
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failed(f"not within {seconds:.1f} s: {what}")
        time.sleep(0.01)


def never(what, predicate, seconds):
    """Watches for `seconds` that a state does not occur."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        check(not predicate(), lambda: f"it happened: {what}")
        time.sleep(0.02)


def note(text):
    print(f"     {text}", flush=True)


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def _short(value):
    text = repr(value)
    return text if len(text) <= 400 else f"{text[:200]} … {text[-150:]}"


def _run(function):
    title = function.__name__.replace("_", " ")
    began = time.monotonic()
    try:
        function()
        verdict, why = "ok", ""
    except Skip as skip:
        verdict, why = "skip", str(skip)
    except Failed as failure:
        verdict, why = "FAIL", f"{failure}\n{_where(failure)}"
    except Exception:
        verdict, why = "FAIL", traceback.format_exc()
    took = time.monotonic() - began
    print(f"{verdict:4} {title} ({took:.1f} s){': ' + why if why else ''}", flush=True)
    return verdict


def _where(failure):
    frames = traceback.extract_tb(failure.__traceback__)
    ours = [f for f in frames if os.path.basename(f.filename).startswith("test_")]
    return "\n".join(f"     at {os.path.basename(f.filename)}:{f.lineno} {f.line}" for f in ours)


def main():
    words = sys.argv[1:]
    chosen = [t for t in _tests if not words or any(w in t.__name__ for w in words)]
    verdicts = [_run(t) for t in chosen]
    passed, failed, skipped = (verdicts.count(v) for v in ("ok", "FAIL", "skip"))
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    # The tests' own threads are daemons; nothing of a failed test may keep us here.
    sys.stdout.flush()
    os._exit(1 if failed or not chosen else SKIP_CODE if skipped == len(verdicts) else 0)
