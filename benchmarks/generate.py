"""Generator of districts: any size, any share of mistakes, and the night after, in Clever's format; or in OneRoster's.

In:  sizes and shares; the same seed gives the same bytes.
Out: a folder with the CSV files, and beside it planted.csv, the list of mistakes that were planted.
"""

import csv
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from dataclasses import astuple, fields
from pathlib import Path

from benchmarks import clever, oneroster
from benchmarks.district import District, district, next_night
from benchmarks.mistakes import plant
from benchmarks.sheet import Sheet
from benchmarks.spoil import Planted

__all__ = ["Planted", "generate"]

_STUDENTS = 600_000


def generate(
    out: Path, *, students: int, mistakes: float = 0.0, changed: float = 0.0, seed: int = 1, contacts: bool = False
) -> list[Planted]:
    """Write a district into `out`, made if missing.

    `mistakes` is the share of the records of every file that carry a finding, 0 to 0.15; of each mistake there is at
    least one, so a small district has more. `changed` is the share of rows that differ from the same district without
    it. `contacts` adds the contact columns and a row for every further contact. Returns what a check of the folder
    has to find, no more and no less, by file and row. Raises ValueError for fewer than 100 students or a wrong share.
    """
    _check_shares(mistakes, changed)
    now = district(students, seed, contacts=contacts)
    if changed:
        now = next_night(now, changed)
    out.mkdir(parents=True, exist_ok=True)
    planted = plant(now, out, mistakes) if mistakes else _write(now, out, clever.FILES)
    _list(planted, out.parent / "planted.csv")
    return planted


def _check_shares(mistakes: float, changed: float) -> None:
    if not 0 <= mistakes <= 0.15:
        message = f"The share of mistakes lies between 0 and 0.15, not {mistakes}."
        raise ValueError(message)
    if not 0 <= changed <= 0.3:
        message = f"The share of changed rows lies between 0 and 0.3, not {changed}: more of them would be held."
        raise ValueError(message)


def generate_oneroster(out: Path, *, students: int, changed: float = 0.0, seed: int = 1) -> None:
    """Write the same district as a bulk set of OneRoster 1.2, without contacts and without a mistake.

    Raises ValueError as `generate` does.
    """
    _check_shares(0.0, changed)
    now = district(students, seed)
    out.mkdir(parents=True, exist_ok=True)
    _write(next_night(now, changed) if changed else now, out, oneroster.FILES)


def _write(now: District, out: Path, files: Sequence[Callable[[District], Sheet]]) -> list[Planted]:
    for make in files:
        sheet = make(now)
        sheet.write(out, sheet.lines())
    return []


def _list(planted: Sequence[Planted], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(column.name for column in fields(Planted))
        rows.writerows(astuple(mistake) for mistake in planted)


def main(arguments: Sequence[str] | None = None) -> None:
    """Generate a district from the command line."""
    parser = ArgumentParser(prog="python -m benchmarks generate", description=__doc__)
    parser.add_argument("--students", type=int, default=_STUDENTS, help="everything else follows (default %(default)s)")
    parser.add_argument(
        "--mistakes", type=float, default=0.0, metavar="SHARE", help="records with a finding, e.g. 0.05"
    )
    parser.add_argument("--changed", type=float, default=0.0, metavar="SHARE", help="the next night, e.g. 0.01")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--contacts", action="store_true", help="contact columns, a row for every further contact")
    parser.add_argument("--format", choices=("clever", "oneroster"), default="clever")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    chosen = vars(parser.parse_args(arguments))
    make: Callable[..., object] = generate
    if chosen.pop("format") == "oneroster":
        if chosen.pop("mistakes") or chosen.pop("contacts"):
            parser.error("A district in OneRoster's format has no mistakes and no contacts: leave these options out.")
        make = generate_oneroster
    try:
        make(chosen.pop("out"), **chosen)
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
