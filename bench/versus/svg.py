"""Small charts as SVG, without a library: lines over logarithmic axes, and bars. The colours follow
the reader's light or dark scheme."""

import dataclasses
import math
from xml.sax.saxutils import escape

STYLE = """<style>
text{font:12px system-ui,sans-serif;fill:#333}.t{font-weight:600;font-size:13px}
.g{stroke:#ddd;stroke-width:1}.l{fill:none;stroke-width:2}.m{stroke-width:0}
@media (prefers-color-scheme:dark){text{fill:#ccc}.g{stroke:#444}}
</style>"""
# Distinct in hue and in lightness; a name has one colour in every chart.
COLOURS = ("#c2410c", "#2563eb", "#0d9488", "#9333ea", "#b45309", "#64748b", "#db2777", "#4d7c0f")


@dataclasses.dataclass
class Series:
    name: str
    points: list  # of (x, y)
    colour: str = COLOURS[0]
    dashed: bool = False
    labels: tuple = ()  # one a point, which are then not joined by a line


def _f(value):
    return f"{value:.1f}".rstrip("0").rstrip(".")


def _text(x, y, text, anchor="start", more=""):
    return f'<text x="{_f(x)}" y="{_f(y)}" text-anchor="{anchor}"{more}>{escape(text)}</text>'


def _line(x1, y1, x2, y2):
    return f'<line class="g" x1="{_f(x1)}" y1="{_f(y1)}" x2="{_f(x2)}" y2="{_f(y2)}"/>'


def _document(width, height, title, parts):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" role="img" aria-label="{escape(title)}">\n'
            + STYLE + "\n" + "\n".join(parts) + "\n</svg>\n")


def tick_text(value):
    if value >= 1e4:
        exponent = math.floor(math.log10(value) + 1e-9)
        return f"{value / 10**exponent:g}e{exponent}"
    return f"{value:g}"


def powers(low, high, base=10):
    """Ticks at powers of base that cover low to high."""
    first = math.floor(math.log(low, base) + 1e-9)
    last = math.ceil(math.log(high, base) - 1e-9)
    return [float(base) ** exponent for exponent in range(first, max(last, first + 1) + 1)]


def _spread_out(wanted, gap):
    """Positions near the wanted ones, in their order, at least gap apart."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    out, last = list(wanted), -math.inf
    for i in order:
        out[i] = last = max(wanted[i], last + gap)
    return out


def lines(title, x_label, y_label, series, x_base=10, y_base=10, width=560, height=360):
    """Each series is named at its right end."""
    left, right, top, bottom = 56, 150, 48, 40
    series = [each for each in series if each.points]
    xs = [x for each in series for x, _ in each.points]
    ys = [y for each in series for _, y in each.points]
    x_ticks, y_ticks = powers(min(xs), max(xs), x_base), powers(min(ys), max(ys), y_base)
    x0, x1 = math.log(min(xs)), math.log(max(xs))
    y0, y1 = math.log(y_ticks[0]), math.log(y_ticks[-1])

    def at(x, y):
        across = (math.log(x) - x0) / (x1 - x0) if x1 > x0 else 0.5
        up = (math.log(y) - y0) / (y1 - y0)
        return left + across * (width - left - right), height - bottom - up * (height - top - bottom)

    parts = [_text(8, 18, title, more=' class="t"')]
    for tick in y_ticks:
        y = at(min(xs), tick)[1]
        parts += [_line(left, y, width - right, y), _text(left - 6, y + 4, tick_text(tick), "end")]
    for tick in x_ticks:
        if min(xs) * 0.999 <= tick <= max(xs) * 1.001:
            x = at(tick, y_ticks[0])[0]
            parts += [_line(x, top, x, height - bottom),
                      _text(x, height - bottom + 16, tick_text(tick), "middle")]
    parts += [_text((left + width - right) / 2, height - 6, x_label, "middle"),
              _text(8, 34, y_label)]
    names = _spread_out([at(*each.points[-1])[1] for each in series], 14)
    for each, name_y in zip(series, names):
        colour = each.colour
        points = [at(x, y) for x, y in each.points]
        path = " ".join(f"{_f(x)},{_f(y)}" for x, y in points)
        dashes = ' stroke-dasharray="5 4"' if each.dashed else ""
        if each.labels:
            parts += [_text(x - 6, y - 6, label, "end") for (x, y), label in
                      zip(points, each.labels)]
        else:
            parts.append(f'<polyline class="l" stroke="{colour}"{dashes} points="{path}"/>')
        if not each.dashed:
            parts += [f'<circle class="m" fill="{colour}" cx="{_f(x)}" cy="{_f(y)}" r="3"/>'
                      for x, y in points]
        parts.append(_text(width - right + 8, name_y + 4, each.name,
                           more=f' style="fill:{colour}"'))
    return _document(width, height, title, parts)


def bars(title, groups, colours, unit="", width=720):
    """groups: [(name, [(series, value, low, high)])]; bars from 1 on a logarithmic scale, with their
    value and spread. colours: one for each name of a series."""
    left, right, row, gap, top = 190, 70, 15, 9, 44
    flat = [bar for _, group in groups for bar in group]
    names = list(dict.fromkeys(bar[0] for bar in flat))
    ends = [bar[1] for bar in flat] + [1.0]
    ticks = powers(min(ends), max(ends), 2)
    x0, x1 = math.log(ticks[0]), math.log(ticks[-1])
    height = top + len(flat) * row + len(groups) * gap + 34

    def at(value):
        return left + (math.log(value) - x0) / (x1 - x0) * (width - left - right)

    parts = [_text(8, 18, title, more=' class="t"')]
    x = 8.0
    for name in names:
        parts += [f'<rect x="{_f(x)}" y="26" width="10" height="10" fill="{colours[name]}"/>',
                  _text(x + 14, 35, name)]
        x += 30 + 6.6 * len(name)
    for tick in ticks:
        parts += [_line(at(tick), top, at(tick), height - 26),
                  _text(at(tick), height - 10, f"{tick:.3g}{unit}", "middle")]
    y = float(top)
    for group_name, group in groups:
        parts.append(_text(left - 8, y + len(group) * row / 2 + 4, group_name, "end"))
        for name, value, low, high in group:
            begin, end = sorted((at(1.0), at(value)))
            parts.append(f'<rect x="{_f(begin)}" y="{_f(y + 2)}" width="{_f(max(end - begin, 1))}" '
                         f'height="{row - 4}" fill="{colours[name]}"/>')
            if low < high:
                parts.append(f'<line x1="{_f(at(low))}" x2="{_f(at(high))}" y1="{_f(y + row / 2)}" '
                             f'y2="{_f(y + row / 2)}" stroke="#111" stroke-width="1.5"/>')
            parts.append(_text(max(end, at(high)) + 5, y + row - 3, f"{value:.3g}"))
            y += row
        y += gap
    return _document(width, height, title, parts)
