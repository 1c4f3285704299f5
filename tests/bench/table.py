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
    """Rows of Markdown: what, median, worst, ratio, aim, and whether it was met."""

    HEAD = ("what", "median", "worst", "× bare gRPC", "aim", "met")

    def __init__(self):
        self.rows = []

    def add(self, what, values, unit, *, low_is_good=True, against=None, aim=None,
            aim_is_ratio=False):
        middle, worst = median(values), (max if low_is_good else min)(values)
        times = ratio(values, against) if against else None
        self.row(what, _number(middle) + unit, _number(worst) + unit,
                 f"{times:.2f}" if times else "", aim, times if aim_is_ratio else middle,
                 low_is_good)

    def row(self, what, middle, worst, times, aim, measured, low_is_good=True):
        """`aim` is None or (its words, the bound that `measured` must not pass)."""
        words, met = "", ""
        if aim:
            words, bound = aim
            met = "yes" if (measured <= bound if low_is_good else measured >= bound) else "**no**"
        self.rows.append((what, middle, worst, times, words, met))

    def __str__(self):
        lines = ["| " + " | ".join(self.HEAD) + " |", "|---|---:|---:|---:|---|---|"]
        lines += ["| " + " | ".join(row) + " |" for row in self.rows]
        return "\n".join(lines)


def _number(value):
    if value >= 100_000:
        return f"{value / 1e6:.2f} M"
    if value >= 100:
        return f"{value:.0f} "
    return f"{value:.2f} " if value >= 1 else f"{value:.3f} "
