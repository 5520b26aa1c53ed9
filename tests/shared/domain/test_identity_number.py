"""Identity numbers are read strictly, written in one form and shown masked."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.identity_number import (
    DocumentType,
    InvalidIdentityNumber,
    NumberFault,
    birth_date,
    check_digit,
    mask,
    normalise,
)

BIRTHS = st.dates(date(1900, 1, 1), date(2029, 12, 31))
SEQUENCES = st.integers(0, 995).map(lambda number: f"{number:03d}")


def numbered(region: str, born: date, sequence: str) -> str:
    """A valid number, as the police would issue it."""
    first_seventeen = f"{region}{born:%Y%m%d}{sequence}"
    return first_seventeen + check_digit(first_seventeen)


def fault_of(document_type: str, number: str) -> NumberFault:
    with pytest.raises(InvalidIdentityNumber) as refused:
        normalise(document_type, number)
    assert number not in str(refused.value) or len(number) < 4
    return refused.value.reason


def test_the_example_of_the_standard_has_the_printed_check_character() -> None:
    assert check_digit("11010519491231002") == "X"
    assert check_digit("44052418800101001") == "4"


@given(BIRTHS, SEQUENCES)
def test_a_valid_number_is_its_own_normal_form_and_holds_its_birth_date(born: date, sequence: str) -> None:
    number = numbered("411521", born, sequence)
    assert normalise("RESIDENT_ID", number) == number
    assert normalise("RESIDENT_ID", f" {number.lower()} ") == number
    assert birth_date(number) == born


@given(st.dates(date(1900, 1, 1), date(1999, 12, 31)), SEQUENCES)
def test_the_old_number_of_fifteen_digits_becomes_the_same_persons_eighteen(born: date, sequence: str) -> None:
    assert normalise("RESIDENT_ID", f"411521{born:%y%m%d}{sequence}") == numbered("411521", born, sequence)


def test_the_sequences_kept_for_centenarians_mean_the_nineteenth_century() -> None:
    assert birth_date(normalise("RESIDENT_ID", "411521990101998")) == date(1899, 1, 1)


@given(BIRTHS, SEQUENCES, st.integers(0, 17), st.sampled_from("0123456789"))
def test_one_wrong_digit_is_always_noticed(born: date, sequence: str, place: int, digit: str) -> None:
    number = numbered("411521", born, sequence)
    if number[place] != digit:
        with pytest.raises(InvalidIdentityNumber):
            normalise("RESIDENT_ID", number[:place] + digit + number[place + 1 :])


@given(BIRTHS, SEQUENCES, st.integers(0, 16))
def test_two_neighbours_exchanged_are_always_noticed(born: date, sequence: str, place: int) -> None:
    number = numbered("411521", born, sequence)
    if number[place] != number[place + 1]:
        swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
        with pytest.raises(InvalidIdentityNumber):
            normalise("RESIDENT_ID", swapped)


def test_full_width_digits_from_a_chinese_keyboard_are_the_same_number() -> None:
    number = numbered("411521", date(1990, 1, 1), "001")
    full_width = "".join(chr(ord(digit) + 0xFEE0) for digit in number)
    assert normalise("RESIDENT_ID", full_width) == number


def test_each_fault_is_named() -> None:
    good = numbered("411521", date(1990, 1, 1), "001")
    wrong_check = good[:17] + ("0" if good[17] != "0" else "1")
    assert fault_of("RESIDENT_ID", "") is NumberFault.FORM
    assert fault_of("RESIDENT_ID", good[:17]) is NumberFault.FORM
    assert fault_of("RESIDENT_ID", good + "0") is NumberFault.FORM
    assert fault_of("RESIDENT_ID", "٤" * 18) is NumberFault.FORM
    assert fault_of("RESIDENT_ID", "411521199002300013") is NumberFault.BIRTH_DATE
    assert fault_of("RESIDENT_ID", wrong_check) is NumberFault.CHECK_CHARACTER
    assert fault_of("RESIDENT_ID", numbered("991521", date(1990, 1, 1), "001")) is NumberFault.REGION
    assert fault_of("LIBRARY_CARD", good) is NumberFault.UNKNOWN_DOCUMENT_TYPE


@pytest.mark.parametrize("region", ["810000", "820000", "830000"])
def test_residence_permits_of_hong_kong_macao_and_taiwan_are_their_own_document(region: str) -> None:
    number = numbered(region, date(1988, 3, 5), "002")
    assert normalise("HMT_RESIDENCE_PERMIT", number) == number
    assert birth_date(number) == date(1988, 3, 5)
    assert fault_of("RESIDENT_ID", number) is NumberFault.REGION
    assert fault_of("HMT_RESIDENCE_PERMIT", numbered("411521", date(1988, 3, 5), "002")) is NumberFault.REGION
    assert fault_of("HMT_RESIDENCE_PERMIT", number[:15]) is NumberFault.FORM


def test_a_permanent_residence_card_has_a_new_and_an_old_form() -> None:
    card = numbered("941840", date(1979, 12, 1), "003")
    assert normalise("FOREIGN_PERMANENT_RESIDENCE", card) == card
    assert birth_date(card) == date(1979, 12, 1)
    assert normalise("FOREIGN_PERMANENT_RESIDENCE", "usa110079120105") == "USA110079120105"
    assert birth_date("USA110079120105") is None
    assert fault_of("FOREIGN_PERMANENT_RESIDENCE", "USA110079130105") is NumberFault.BIRTH_DATE
    assert fault_of("FOREIGN_PERMANENT_RESIDENCE", numbered("411521", date(1979, 12, 1), "003")) is NumberFault.REGION


@pytest.mark.parametrize(
    ("document_type", "written", "normal"),
    [
        ("HK_MACAO_TRAVEL_PERMIT", "h1234567802", "H12345678"),
        ("HK_MACAO_TRAVEL_PERMIT", "M12345678", "M12345678"),
        ("TAIWAN_TRAVEL_PERMIT", "01234567", "01234567"),
        ("PASSPORT", "e1234 5678", "E12345678"),
        ("WORK_PERMIT", "WP1234567", "WP1234567"),
        ("BIRTH_CERTIFICATE", "p410012345", "P410012345"),
    ],
)
def test_other_documents_have_one_written_form(document_type: str, written: str, normal: str) -> None:
    assert normalise(document_type, written) == normal


@pytest.mark.parametrize("document_type", list(DocumentType))
def test_every_document_type_refuses_an_empty_number_and_a_query(document_type: DocumentType) -> None:
    assert fault_of(document_type, "") is NumberFault.FORM
    assert fault_of(document_type, "' OR 1=1 --") is NumberFault.FORM


@given(st.text(max_size=30), st.sampled_from(list(DocumentType)))
def test_any_text_is_either_normal_or_refused_and_normal_is_stable(text: str, document_type: DocumentType) -> None:
    try:
        number = normalise(document_type, text)
    except InvalidIdentityNumber:
        return
    assert normalise(document_type, number) == number


def test_a_mask_keeps_the_region_and_the_last_four() -> None:
    assert mask("411521199001010013") == "411521********0013"
    assert mask("41152119900101001X") == "411521********001X"
    assert mask("H12345678") == "H******78"
    assert mask("123456") == "******"
    assert mask("") == ""
