"""Where pages are entered and left, by how many records there are."""

import random

import pytest

from sftpingest.store.counted import Counted, counted

_RANDOM = random.Random(7)
IDS = sorted(f"1a4d62{_RANDOM.getrandbits(72):018x}" for _ in range(9_000))


def _counted(ids: list[str]) -> Counted:
    students, teachers = ids[::3], [id_ for at, id_ in enumerate(ids) if at % 3]
    return counted((id_[:10], 1) for id_ in (*teachers, *students))


@pytest.mark.parametrize("offset", [0, 1, 499, 500, 501, 4_321, 8_999, 9_000, 12_000])
@pytest.mark.parametrize("limit", [1, 100, 10_000])
def test_a_page_lies_within_its_cut_which_is_hardly_larger(offset: int, limit: int) -> None:
    cut = _counted(IDS).cut(limit, offset)
    within = [id_ for id_ in IDS if cut.after < id_ < cut.before]
    page = within[cut.offset : cut.offset + cut.limit]
    assert page == IDS[offset : offset + limit]
    assert len(within) < len(page) + 1_100


def test_ids_with_the_same_first_digits_are_never_parted() -> None:
    ids = [f"1a4d62{'0' * 4}{number:014x}" for number in range(1_500)] + IDS
    for offset in (0, 700, 1_499, 1_500, 1_600):
        cut = _counted(ids).cut(10, offset)
        within = [id_ for id_ in ids if cut.after < id_ < cut.before]
        assert within[cut.offset : cut.offset + cut.limit] == ids[offset : offset + 10]


def test_of_nothing_there_is_an_empty_page() -> None:
    none = counted([])
    assert none.total == 0
    assert none.cut(100, 0).offset == 0
