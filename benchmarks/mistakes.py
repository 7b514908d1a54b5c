"""A district with mistakes: which records fall, and what falls with them.

Records fall so that every finding that follows is known: an enrollment never loses both its section and its student,
a section never both its teachers, and of the schools only new ones fall that nobody belongs to yet.

In:  District and the share of records that carry a finding.
Out: the six files, and the list of findings they have to lead to.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from benchmarks import clever
from benchmarks.district import CO_TEACHER, LEADS, SUBSTITUTE, District
from benchmarks.draw import Mask, Numbers
from benchmarks.recipes import Recipe, recipes
from benchmarks.sheet import Sheet
from benchmarks.spoil import KEPT, REJECTED, Planted, Spoiling

#: the parts of a file's mistakes that reject records which others refer to; a lead teacher takes eight sections along,
#: a section 27 enrollments and a student seven, so that these are few
_SCHOOLS_FALL, _LEADS_FALL, _CO_TEACHERS_FALL, _SECTIONS_FALL, _STUDENTS_FALL = 0.6, 0.08, 0.05, 0.1, 0.3
#: one lead and one co-teacher with a readable id and one without, however small the district
_FEW: Final = 2
_BLANK_LINES: Final = 3
_STRANGE_COLUMN: Final = "Parking_space"


@dataclass(frozen=True)
class _Plan:
    """What all files need to know."""

    now: District
    out: Path
    share: float
    #: School_id of a school that is rejected
    turned_away: str = ""

    def start(self, sheet: Sheet) -> Spoiling:
        """A file with no mistakes yet."""
        return Spoiling(sheet, self.now.draw.random(f"{sheet.name} mistakes"), self.turned_away)

    def budget(self, file: Spoiling) -> int:
        """Mistakes still to plant in a file."""
        return max(0, round(self.share * file.sheet.rows) - int(file.touched.sum()))


def plant(now: District, out: Path, share: float) -> list[Planted]:
    """Write the district with mistakes; returns them by file and row."""
    schools, plan = _schools(_Plan(_with_new_schools(now, share), out, share))
    staff = _staff(plan)
    teachers, teacher = _teachers(plan)
    sections, section = _sections(plan, teacher)
    students, student = _students(plan, section)
    return [*schools, *staff, *teachers, *sections, *students, *_enrollments(plan, section, student)]


def _with_new_schools(now: District, share: float) -> District:
    count = max(len(recipes("schools.csv")), round(share * len(now.schools)))
    new = np.arange(count, dtype=np.int64) + now.sizes.schools
    return replace(now, schools=now.draw.random("new schools").permutation(np.concatenate([now.schools, new])))


def _schools(plan: _Plan) -> tuple[list[Planted], _Plan]:
    now = plan.now
    file = plan.start(clever.schools(now))
    new = now.schools >= now.sizes.schools
    _plant_falling(file, new, round(_SCHOOLS_FALL * plan.budget(file)))
    _plant_standing(plan, file, _anyone(file))
    rejected = now.schools[file.fate == REJECTED]
    return file.write(plan.out), replace(plan, turned_away=clever.school_id(rejected)[0].as_py())


def _staff(plan: _Plan) -> list[Planted]:
    file = plan.start(clever.staff(plan.now))
    _plant_all(plan, file)
    return file.write(plan.out)


def _teachers(plan: _Plan) -> tuple[list[Planted], Numbers]:
    now, sheet = plan.now, clever.teachers(plan.now)
    sheet.cells[_STRANGE_COLUMN] = pa.array([""] * sheet.rows, pa.string())
    file = plan.start(sheet)
    budget, duty = plan.budget(file), now.duty(now.teachers)
    falling, _ = _sorted_recipes(sheet.name)
    file.plant(falling, duty < LEADS, max(_FEW, round(_LEADS_FALL * budget)))
    alone = ~np.isin(now.teachers, _beside(now, now.teachers[file.fate != KEPT]))
    file.plant(falling, (duty == CO_TEACHER) & alone, max(_FEW, round(_CO_TEACHERS_FALL * budget)))
    _plant_falling(file, duty == SUBSTITUTE, plan.budget(file) * len(falling) // (len(falling) + 1))
    _plant_standing(plan, file, _anyone(file))
    strange = Planted(sheet.name, None, _STRANGE_COLUMN, "column.unknown", "note")
    return [strange, *file.write(plan.out)], _by_number(now.teachers, file.fate)


def _sections(plan: _Plan, teacher: Numbers) -> tuple[list[Planted], Numbers]:
    now = plan.now
    file = plan.start(clever.sections(now))
    file.blank_lines = _BLANK_LINES
    budget = plan.budget(file)
    second = now.co_teacher(now.sections)
    file.follow("Teacher_id", teacher[now.lead(now.sections)])
    file.follow("Teacher_2_id", np.where(second < 0, KEPT, teacher[second]), "value")
    _plant_falling(file, _anyone(file), round(_SECTIONS_FALL * budget))
    _plant_standing(plan, file, _anyone(file))
    return file.write(plan.out), _by_number(now.sections, file.fate)


def _students(plan: _Plan, section: Numbers) -> tuple[list[Planted], Numbers]:
    now = plan.now
    file = plan.start(clever.students(now))
    rows = clever.contact_rows(now)
    who = now.students[rows]
    # one row of a student who has several, one a contact, would not tell what becomes of the student
    alone = np.bincount(rows)[rows] == 1
    untouched = ~np.isin(who, now.learner[section[now.taught] != KEPT])
    _plant_falling(file, alone & untouched, round(_STUDENTS_FALL * plan.budget(file)))
    _plant_standing(plan, file, alone)
    return file.write(plan.out), _by_number(who, file.fate)


def _enrollments(plan: _Plan, section: Numbers, student: Numbers) -> list[Planted]:
    now = plan.now
    file = plan.start(clever.enrollments(now))
    file.follow("Section_id", section[now.taught])
    file.follow("Student_id", student[now.learner])
    _plant_all(plan, file)
    return file.write(plan.out)


def _plant_falling(file: Spoiling, may_fall: Mask, budget: int) -> None:
    falling, _ = _sorted_recipes(file.sheet.name)
    file.plant(falling, may_fall, max(budget, len(falling)))


def _plant_standing(plan: _Plan, file: Spoiling, rows: Mask) -> None:
    _, standing = _sorted_recipes(file.sheet.name)
    file.plant(standing, rows, max(plan.budget(file), len(standing)))


def _plant_all(plan: _Plan, file: Spoiling) -> None:
    some = recipes(file.sheet.name)
    file.plant(some, _anyone(file), max(plan.budget(file), len(some)))


def _sorted_recipes(file: str) -> tuple[list[Recipe], list[Recipe]]:
    some = recipes(file)
    return [recipe for recipe in some if recipe.falls], [recipe for recipe in some if not recipe.falls]


def _anyone(file: Spoiling) -> Mask:
    return np.ones(file.sheet.rows, np.bool_)


def _beside(now: District, fallen: Numbers) -> Numbers:
    """The co-teachers of sections that a fallen teacher leads."""
    return np.unique(now.co_teacher(now.sections[np.isin(now.lead(now.sections), fallen)]))


def _by_number(records: Numbers, fates: Numbers) -> Numbers:
    by_number = np.zeros(int(records.max()) + 1, np.int64)
    by_number[records] = fates
    return by_number
