"""A district as bare numbers: who belongs to which school, who teaches and who learns where.

In:  how many students, and a seed.
Out: District, and the same district a night later.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, cast

import numpy as np

from benchmarks.draw import Draw, Mask, Numbers

#: teachers by their place in the school, modulo five: 0 to 2 lead sections, 3 is a co-teacher, 4 teaches no section
LEADS, CO_TEACHER, SUBSTITUTE = 3, 3, 4
_CYCLE: Final = 5

#: of the rows that a night changes, so many are gone and so many new; the rest have other values
_GONE, _NEW = 0.2, 0.2
#: of the enrollments, one share in ten moves to another section: a row gone and a row new
_MOVED: Final = 0.1
_CLASS_SIZE: Final = 20


@dataclass(frozen=True)
class Sizes:
    """Records of each kind; everything follows from the students."""

    students: int
    schools: int
    teachers: int
    sections: int
    staff: int

    @classmethod
    def of(cls, students: int) -> "Sizes":
        """Sizes in the proportions of a district of 600,000 students and 1,000 schools."""
        if students < 100:
            message = f"A district needs at least 100 students; {students} were asked for."
            raise ValueError(message)
        return cls(students, max(1, students // 600), students // 20, students // 4, max(1, students // 60))


@dataclass(frozen=True)
class District:
    """Record numbers in the order of the files. A number stays with its record from night to night."""

    draw: Draw
    sizes: Sizes
    schools: Numbers
    staff: Numbers
    teachers: Numbers
    sections: Numbers
    students: Numbers
    #: the section and the student of each enrollment
    taught: Numbers
    learner: Numbers
    contacts: bool = False
    #: record numbers that have other values than the night before, by file
    revised: Mapping[str, Numbers] = field(default_factory=dict)

    def home(self, records: Numbers, base: int) -> Numbers:
        """The school of each record; `base` is how many of the kind there were at first."""
        later = self.draw.number(records, "home", self.sizes.schools)
        return np.where(records < base, records * self.sizes.schools // base, later)

    def first(self, schools: Numbers, base: int) -> Numbers:
        """The first record of each school."""
        return -(-schools * base // self.sizes.schools)

    def duty(self, teachers: Numbers) -> Numbers:
        """The place of each teacher in the cycle of five; teachers who came later teach no section yet."""
        base = self.sizes.teachers
        place = (teachers - self.first(self.home(teachers, base), base)) % _CYCLE
        return np.where(teachers < base, place, SUBSTITUTE)

    def lead(self, sections: Numbers) -> Numbers:
        """The first teacher of each section."""
        start, count = self._teachers_near(sections)
        cycles, rest = np.divmod(count, _CYCLE)
        leads = cycles * LEADS + np.where(rest < LEADS, rest, np.int64(LEADS))
        drawn = self.draw.number(sections, "lead", 1 << 40) % leads
        place = (drawn + self.is_revised("sections", sections)) % leads
        return cast("Numbers", start + place // LEADS * _CYCLE + place % LEADS)

    def co_teacher(self, sections: Numbers) -> Numbers:
        """The second teacher of each section, -1 where there is none."""
        start, count = self._teachers_near(sections)
        pairs = np.maximum((count + 1) // _CYCLE, 1)
        place = self.draw.number(sections, "co-teacher", 1 << 40) % pairs
        has_one = (self.draw.number(sections, "has a co-teacher", 5) == 0) & (count > CO_TEACHER)
        return np.where(has_one, start + place * _CYCLE + CO_TEACHER, -1)

    def is_revised(self, file: str, records: Numbers) -> Mask:
        """Whether a record has other values than the night before."""
        return np.isin(records, self.revised.get(file, np.empty(0, np.int64)))

    def _teachers_near(self, sections: Numbers) -> tuple[Numbers, Numbers]:
        schools = self.home(sections, self.sizes.sections)
        start = self.first(schools, self.sizes.teachers)
        return start, self.first(schools + 1, self.sizes.teachers) - start


def district(students: int, seed: int, *, contacts: bool = False) -> District:
    """A district on its first night."""
    sizes = Sizes.of(students)
    empty = District(
        draw=Draw(seed),
        sizes=sizes,
        schools=np.arange(sizes.schools, dtype=np.int64),
        staff=np.arange(sizes.staff, dtype=np.int64),
        teachers=np.arange(sizes.teachers, dtype=np.int64),
        sections=np.arange(sizes.sections, dtype=np.int64),
        students=np.arange(sizes.students, dtype=np.int64),
        taught=np.empty(0, np.int64),
        learner=np.empty(0, np.int64),
        contacts=contacts,
    )
    taught, learner = _enrol(empty, empty.students)
    return replace(empty, taught=taught, learner=learner)


def _enrol(now: District, students: Numbers) -> tuple[Numbers, Numbers]:
    """Six or seven different sections of the student's own school for each: on average 20 / 3."""
    each = np.where(students % 3 == 2, 6, 7)
    learner = np.repeat(students, each)
    turn = np.arange(len(learner)) - np.repeat(np.cumsum(each) - each, each)
    schools = now.home(learner, now.sizes.students)
    start = now.first(schools, now.sizes.sections)
    count = now.first(schools + 1, now.sizes.sections) - start
    place = now.draw.number(learner, "timetable", 1 << 40) + turn * (count // np.repeat(each, each))
    return start + place % count, learner


def next_night(now: District, share: float) -> District:
    """The same district with this share of the rows of every file changed; every reference still holds."""
    students, gone_students = _turnover(now, "students", now.students, share)
    sections, gone_sections = _turnover(now, "sections", now.sections, share)
    idle = now.teachers[now.duty(now.teachers) == SUBSTITUTE]
    teachers, _ = _turnover(now, "teachers", now.teachers, share, may_go=idle)
    staff, _ = _turnover(now, "staff", now.staff, share)
    files = {"schools": now.schools, "staff": staff, "teachers": teachers, "sections": sections, "students": students}
    revised = {file: _revised(now, file, records, share) for file, records in files.items()}
    later = replace(now, staff=staff, teachers=teachers, sections=sections, students=students, revised=revised)
    taught, learner = _timetable(later, share)
    keep = ~np.isin(taught, gone_sections) & ~np.isin(learner, gone_students)
    return replace(later, taught=taught[keep], learner=learner[keep])


def _turnover(
    now: District, file: str, records: Numbers, share: float, may_go: Numbers | None = None
) -> tuple[Numbers, Numbers]:
    leaving, coming = (round(part * share * len(records)) for part in (_GONE, _NEW))
    pool = records if may_go is None else may_go
    gone = now.draw.random(f"{file} gone").choice(pool, min(leaving, len(pool)), replace=False)
    new = np.arange(len(records), len(records) + coming, dtype=np.int64)
    return np.concatenate([records[~np.isin(records, gone)], new]), gone


def _revised(now: District, file: str, records: Numbers, share: float) -> Numbers:
    part = 1.0 if file == "schools" else 1 - _GONE - _NEW
    known = records[records < len(getattr(now, file))]
    count = min(round(part * share * len(records)), len(known))
    return now.draw.random(f"{file} revised").choice(known, count, replace=False)


def _timetable(later: District, share: float) -> tuple[Numbers, Numbers]:
    taught = later.taught.copy()
    moved = later.draw.random("moved").choice(len(taught), round(_MOVED * share * len(taught)), replace=False)
    taught[moved] = _neighbour(later, taught[moved])
    more = [_enrol(later, later.students[later.students >= later.sizes.students]), _fill_new_sections(later)]
    taught = np.concatenate([taught, *(section for section, _ in more)])
    learner = np.concatenate([later.learner, *(student for _, student in more)])
    _, first = np.unique(taught << np.int64(32) | learner, return_index=True)
    first.sort()
    return taught[first], learner[first]


def _neighbour(later: District, sections: Numbers) -> Numbers:
    schools = later.home(sections, later.sizes.sections)
    start = later.first(schools, later.sizes.sections)
    count = later.first(schools + 1, later.sizes.sections) - start
    return start + (sections - start + 1) % count


def _fill_new_sections(later: District) -> tuple[Numbers, Numbers]:
    new = later.sections[later.sections >= later.sizes.sections]
    taught = np.repeat(new, _CLASS_SIZE)
    schools = later.home(taught, later.sizes.sections)
    start = later.first(schools, later.sizes.students)
    count = later.first(schools + 1, later.sizes.students) - start
    seat = np.tile(np.arange(_CLASS_SIZE), len(new))
    place = later.draw.number(taught, "class", 1 << 40) + seat * (count // _CLASS_SIZE)
    return taught, start + place % count
