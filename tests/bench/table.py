# Percentiles, and the table that people read.
from statistics import median


def percentile(values, share):
    """The smallest value that at least `share` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))]


def p50(values):
    return percentile(values, 0.50)


def p99(values):
    return percentile(values, 0.99)


def ratio(ours, theirs):
    """The median of the ratios of neighbouring repetitions."""
    return median(a / b for a, b in zip(ours, theirs))


class Table:
    """Rows of Markdown: what, median, worst, ratios, aim, and whether it was met."""

    def __init__(self, *bases):
        """`bases`: what the ratios are to."""
        self.bases = bases
        self.rows = []
        self.medians = {}  # of each row: the median, its unit

    def add(self, what, values, unit, *, low_is_good=True, against=(), aim=None,
            aim_is_ratio=False):
        """`against` has the values of each base, None for one that says nothing here."""
        middle, worst = median(values), (max if low_is_good else min)(values)
        self.medians[what] = (middle, unit)
        times = [ratio(values, base) if base else None for base in against]
        if aim_is_ratio and not times[0]:
            aim = None  # there was nothing to compare with
        self.row(what, format_number(middle) + unit, format_number(worst) + unit,
                 [f"{one:.2f}" if one else "" for one in times], aim,
                 times[0] if aim_is_ratio else middle, low_is_good)

    def row(self, what, middle, worst, times, aim, measured, low_is_good=True):
        """`aim` is None or (its words, the bound that `measured` must not pass)."""
        words, met = "", ""
        if aim:
            words, bound = aim
            met = "yes" if (measured <= bound if low_is_good else measured >= bound) else "**no**"
        times = [*times, *[""] * (len(self.bases) - len(times))]
        self.rows.append((what, middle, worst, *times, words, met))

    def skip(self, what, why):
        self.rows.append((what, f"skipped: {why}", *[""] * (len(self.bases) + 3)))

    def __str__(self):
        head = ("what", "median", "worst", *(f"× {base}" for base in self.bases), "aim", "met")
        return markdown(head, "-::" + ":" * len(self.bases) + "--", self.rows)


def markdown(head, alignment, rows):
    """`alignment` has a colon for each column of numbers."""
    rules = ["---:" if one == ":" else "---" for one in alignment]
    lines = ["| " + " | ".join(head) + " |", "|" + "|".join(rules) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


class Losses:
    """Rows of Markdown: whose lines were answered, which of them were gone after kill -9."""

    HEAD = ("killed with -9", "times", "lines answered", "of these lost", "a power cut takes")

    def __init__(self):
        self.rows = []

    def add(self, what, kills, in_power_cut):
        answered, lost = map(sum, zip(*kills))
        self.rows.append((what, str(len(kills)), str(answered),
                          f"**{lost}**" if lost else "0", in_power_cut))

    def skip(self, what, why):
        self.rows.append((what, f"skipped: {why}", "", "", ""))

    def __str__(self):
        return markdown(self.HEAD, "-:::-", self.rows)


def format_number(value):
    if value >= 100_000:
        return f"{value / 1e6:.2f} M"
    if value >= 100:
        return f"{value:.0f} "
    return f"{value:.2f} " if value >= 1 else f"{value:.3f} "
