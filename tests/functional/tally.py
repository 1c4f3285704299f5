# Adds up the results of a whole run: what passed, what did not run and why.
"""tally.py STEPS RESULTS.xml … prints the skipped tests with their reasons and ends with one line:
N passed, N failed, N skipped. The exit code is 1 when anything failed.

STEPS holds a step of tests/run.sh a line: pass, fail or skip, a tab, its name, a tab, a reason.
RESULTS.xml are JUnit files of ctest. A test of ctest counts as the many tests that its output
tells of: doctest's cases, the functions of a functional test, else one."""
import re
import sys
import xml.etree.ElementTree as tree

FUNCTIONAL = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", re.M)
DOCTEST = re.compile(r"test cases: +\d+ \| +(\d+) passed \| +(\d+) failed \| +(\d+) skipped")
SKIPPED_LINE = re.compile(r"^skip (.*)$", re.M)


class Tally:
    def __init__(self):
        self.counts = [0, 0, 0]
        self.failed = []
        self.not_run = []

    def add(self, name, counts, reasons=()):
        self.counts = [a + b for a, b in zip(self.counts, counts)]
        if counts[1]:
            self.failed.append(name)
        self.not_run += [f"{name}: {reason}" for reason in reasons]

    def read_steps(self, path):
        with open(path, encoding="utf-8") as steps:
            for line in steps:
                verdict, name, reason = line.rstrip("\n").split("\t")
                counts = {"pass": [1, 0, 0], "fail": [0, 1, 0], "skip": [0, 0, 1]}[verdict]
                self.add(name, counts, [reason] if verdict == "skip" else [])

    def read_results(self, path):
        suite = tree.parse(path).getroot()
        # ctest names the suite after the build's description; the file is named after the preset.
        preset = re.sub(r".*/|\.xml$", "", path)
        for case in suite.iter("testcase"):
            output = case.findtext("system-out") or ""
            counts = _counts(case.get("status"), output)
            reasons = _reasons(case, output) if counts[2] else []
            self.add(f"{preset} {case.get('name')}", counts, reasons)


def _counts(status, output):
    for pattern in (FUNCTIONAL, DOCTEST):
        if found := pattern.findall(output):
            counts = [int(n) for n in found[-1]]
            if status == "fail" and not counts[1]:
                counts[1] = 1  # it failed otherwise: a crash at its end, or its time was over
            return counts
    return {"run": [1, 0, 0], "fail": [0, 1, 0]}.get(status, [0, 0, 1])


def _reasons(case, output):
    skipped = case.find("skipped")
    return SKIPPED_LINE.findall(output) or [
        skipped.get("message", "") if skipped is not None else "no reason given"]


def main():
    tally = Tally()
    tally.read_steps(sys.argv[1])
    for path in sys.argv[2:]:
        try:
            tally.read_results(path)
        except (OSError, tree.ParseError) as error:
            tally.add(f"{path}: {error}", [0, 1, 0])
    for line in tally.not_run:
        print(f"did not run: {line}")
    for name in tally.failed:
        print(f"FAILED: {name}")
    passed, failed, skipped = tally.counts
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
