# The picture of a run: for each figure a bar of lanchat and one of each peer, as SVG.
from html import escape
from math import log10

from table import format_number

WIDTH, NAMES, LONGEST, LINE = 760, 250, 380, 22
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600 }
.peer { fill: #8c959f } .ours { fill: #0969da }
@media (prefers-color-scheme: dark) { text { fill: #d0d7de } .ours { fill: #4493f8 } }
"""


def _length(value, values):
    """Of a bar: by powers of ten, since peers differ by hundreds of times; the least is seen too."""
    least, most = log10(min(values)), log10(max(values))
    return LONGEST * (0.1 + 0.9 * (log10(value) - least) / ((most - least) or 1))


def picture(groups):
    """`groups`: (title, whether low is good, [(name, value, unit), lanchat first])."""
    parts, y = [], 20
    for title, low_is_good, bars in groups:
        better = "less is better" if low_is_good else "more is better"
        parts.append(f'<text class="title" x="0" y="{y}">{escape(title)} '
                     f'<tspan font-weight="400">({better})</tspan></text>')
        values = [value for _, value, _ in bars]
        for index, (name, value, unit) in enumerate(bars):
            y += LINE
            length = _length(value, values)
            parts.append(f'<text x="{NAMES - 8}" y="{y}" text-anchor="end">{escape(name)}</text>')
            parts.append(f'<rect class="{"peer" if index else "ours"}" x="{NAMES}" y="{y - 12}" '
                         f'width="{length:.0f}" height="15" rx="2"/>')
            words = escape(format_number(value) + unit)
            parts.append(f'<text x="{NAMES + length + 8:.0f}" y="{y}">{words}</text>')
        y += LINE + 14
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" role="img" '
            'aria-label="lanchat beside its peers; bars grow with the power of ten">'
            f"<style>{STYLE}</style>\n" + "\n".join(parts) + "\n</svg>\n")
