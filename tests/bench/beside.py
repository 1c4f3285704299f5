# This build beside that of an older commit: the same measurements, in turns, row by row.
from dataclasses import dataclass, field
from statistics import median

import workers
from table import format_number, markdown

MOST = 1.1  # of what the older one takes
MOST_OF_TAIL = 1.3  # of a p99 or a worst case, which differ more from run to run


@dataclass
class Row:
    unit: str
    low_is_good: bool
    measurement: str
    ours: list = field(default_factory=list)
    theirs: list = field(default_factory=list)

    def cost(self):
        """How many times as much this build takes: above 1 it got worse."""
        ours, theirs = median(self.ours), median(self.theirs)
        worse, better = (ours, theirs) if self.low_is_good else (theirs, ours)
        return worse / better if better else 1.0


class Samples:
    """Takes the rows of one turn in place of a `Table`."""

    def __init__(self, rows, measurement, is_ours):
        self._rows, self._measurement, self._is_ours = rows, measurement, is_ours

    def add(self, what, values, unit, *, low_is_good=True, **_):
        row = self._rows.setdefault(what, Row(unit, low_is_good, self._measurement))
        (row.ours if self._is_ours else row.theirs).append(median(values))

    def row(self, what, middle, _worst, _times, _aim, measured, low_is_good=True):
        self.add(what, [measured], middle.split()[-1], low_is_good=low_is_good)

    def skip(self, what, why):
        """There is nothing to compare."""


def _measured(measurements, names, folders, sizes, repetitions):
    """What both builds have, by row; who begins alternates, so that a slow minute hits both."""
    rows = {}
    for name in names:
        for repetition in range(repetitions):
            for is_ours in (True, False) if repetition % 2 == 0 else (False, True):
                workers.BUILD = folders[0 if is_ours else 1]
                measurements[name](Samples(rows, name, is_ours), sizes)
    return {what: row for what, row in rows.items() if row.ours and row.theirs}


def _most(what):
    return MOST_OF_TAIL if " p99" in what or " max" in what else MOST


def beside(measurements, names, folders, sizes):
    """A table of both. A row that is too dear is measured once more, alone; True if none stays so.

    `folders`: this build, the older one. `sizes.repetitions` turns of one repetition each."""
    repetitions, sizes.repetitions = sizes.repetitions, 1
    rows = _measured(measurements, names, folders, sizes, repetitions)
    suspects = {what: row for what, row in rows.items() if row.cost() > _most(what)}
    again = {}
    for name in dict.fromkeys(row.measurement for row in suspects.values()):
        found = _measured(measurements, [name], folders, sizes, repetitions)
        again.update({what: found[what] for what in suspects if what in found})
    lines = []
    for what, row in rows.items():
        second = again.get(what)
        good = min(one.cost() for one in (row, second) if one) <= _most(what)
        lines.append((what, format_number(median(row.ours)) + row.unit,
                      format_number(median(row.theirs)) + row.unit, f"{row.cost():.2f}",
                      f"{second.cost():.2f}" if second else "", f"{_most(what)}",
                      "yes" if good else "**no**"))
    head = ("what", "this", "the other", "× dearer", "again, alone", "at most", "met")
    return markdown(head, "-::::--", lines), all(line[-1] == "yes" for line in lines)
