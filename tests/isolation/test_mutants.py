"""Every defect of the list is found by some detector, and the page says by which."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.databases import Database
from support.servers import Server

from .mutants import MUTANTS, Mutant
from .proof import DETECTORS, PAGE, closed, defective, killers, row
from .world import World


@pytest.fixture(scope="module")
def copied(server: Server, template: Database) -> Iterator[World]:
    with closed(server, template) as world:
        yield world


def test_nobody_finds_anything_in_the_sound_schema(server: Server, copied: World) -> None:
    tables = tuple(sorted({name for mutant in MUTANTS for name in mutant.relations}))
    sound = Mutant("nothing", (), relations=tables[:1])
    with defective(server, copied, sound) as world:
        found = {name: detector(world, sound) for name, detector in DETECTORS.items()}

    assert found == {name: [] for name in DETECTORS}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_defect_is_found_by_whom_the_page_says(
    server: Server, copied: World, mutant: Mutant
) -> None:
    with defective(server, copied, mutant) as world:
        found_by = killers(world, mutant, DETECTORS)

    assert found_by, "nobody finds it"
    assert row(mutant, found_by) == on_the_page()[mutant.name][: 1 + len(DETECTORS)]


def test_the_page_has_no_other_defects() -> None:
    assert list(on_the_page()) == [mutant.name for mutant in MUTANTS]


def on_the_page() -> dict[str, list[str]]:
    """Returns the cells of each line of the table, by the name of the defect."""
    lines = PAGE.read_text(encoding="utf-8").partition("| defect |")[2].splitlines()[2:-1]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {line[0]: line for line in cells}
