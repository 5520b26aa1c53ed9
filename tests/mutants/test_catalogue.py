"""The mutations still fit the source. A failure here means: the guard moved, so move its entry in the catalogue."""

import re

import pytest

from tests.mutants.catalogue import MUTATIONS, ROOT
from tests.mutants.mutation import Mutation

EVERY = pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.guard)


@EVERY
def test_what_is_taken_out_stands_in_the_source_exactly_once(mutation: Mutation) -> None:
    assert mutation.stale(ROOT) == []
    assert all(edit.old != edit.new for edit in mutation.edits)


@EVERY
def test_the_tests_that_must_notice_exist(mutation: Mutation) -> None:
    assert mutation.tests
    for name in mutation.tests:
        file, *classes, test = name.split("::")
        source = (ROOT / file).read_text(encoding="utf-8")
        wanted = [rf"^class {each}\b" for each in classes] + [rf"^ *(async )?def {test.partition('[')[0]}\("]
        assert all(re.search(pattern, source, re.MULTILINE) for pattern in wanted), name


def test_a_mutation_that_no_longer_fits_says_which_file_moved() -> None:
    edit = MUTATIONS[0].edits[0]
    gone = Mutation("gone", (type(edit)(edit.file, edit.old + "!", ""),), ())
    assert gone.stale(ROOT) == [f"{edit.file}: the text to replace stands there 0 times"]
