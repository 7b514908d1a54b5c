"""What a second of the server's CPU takes in, drawn: three bars a case.

In:  figures.
Out: SVG.
"""

from collections.abc import Sequence
from html import escape
from typing import Final

from benchmarks.sftp.figures import Figure
from benchmarks.sftp.table import MB, OPENSSH, ratio

_COLOURS: Final = {"sftpingest": "#1f5fa8", "openssh": "#8a8a8a", "proftpd": "#c2571a"}
_LEFT, _WIDTH, _RIGHT, _TOP = 170, 420, 90, 50
_BAR, _GAP = 11, 14


def chart(figures: Sequence[Figure]) -> str:
    """Cases that move bytes; the number behind our bar is how much that is beside OpenSSH."""
    shown = [figure for figure in figures if figure.unit == "bytes"]
    names = list(dict.fromkeys(figure.server for figure in shown))
    most = max((figure.per_cpu_second for figure in shown), default=1.0)
    parts, y = [_legend(names)], _TOP
    for case in dict.fromkeys(figure.case for figure in shown):
        mine = [figure for figure in shown if figure.case == case]
        parts.append(_label(_LEFT - 8, y + _BAR * len(mine) / 2 + 4, case, 'text-anchor="end"'))
        for figure in mine:
            parts.append(_bar(figure, y, most, ratio(shown, case, "per_cpu_second")))
            y += _BAR
        y += _GAP
    width = _LEFT + _WIDTH + _RIGHT
    size = f'width="{width}" height="{y}" viewBox="0 0 {width} {y}"'
    style = 'font-family="sans-serif" font-size="11" fill="#222"'
    white = '<rect width="100%" height="100%" fill="white"/>'
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>', white, *parts, "</svg>", ""])


def _bar(figure: Figure, y: float, most: float, beside: float | None) -> str:
    long = figure.per_cpu_second / most * _WIDTH
    said = f"{figure.per_cpu_second / MB:.0f}"
    if figure.server not in (OPENSSH, "proftpd") and beside is not None:
        said += f" ({beside:.2f} ×)"
    colour = _COLOURS.get(figure.server, "#222")
    box = f'<rect x="{_LEFT}" y="{y}" width="{long:.1f}" height="{_BAR - 1}" fill="{colour}"/>'
    return box + _label(_LEFT + long + 4, y + _BAR - 2, said, 'font-size="9"')


def _legend(names: Sequence[str]) -> str:
    title = _label(_LEFT, 18, "MB per second of the server's CPU (× OpenSSH)", 'font-weight="bold"')
    words = [
        _label(_LEFT + 110 * place, 36, name, f'fill="{_COLOURS.get(name, "#222")}"')
        for place, name in enumerate(names)
    ]
    return "".join([title, *words])


def _label(x: float, y: float, text: str, more: str) -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" {more}>{escape(text)}</text>'
