"""What protects people's names and numbers: keys of full length, and values that cannot be moved or changed."""

import base64
import os
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from pydantic import SecretStr

from shared.domain.ids import new_id
from shared.protection import ProtectionKeyMissing, name_token, open_vault, person_token, person_token_key
from shared.settings import Settings


def key(size: int = 32) -> SecretStr:
    """So many random bytes, as a setting holds them."""
    return SecretStr(base64.b64encode(os.urandom(size)).decode())


def settings(**given: Any) -> Settings:
    """Settings with these keys and nothing from the environment."""
    return Settings().model_copy(update=given)


class TestVault:
    def test_a_value_comes_back_from_its_own_cell_only(self) -> None:
        vault = open_vault(settings(encryption_keys={"k1": key()}))
        row, other = new_id(), new_id()
        sealed = vault.encrypt("enrolment", "person_name", row, "张三")
        assert "张三".encode() not in sealed
        assert vault.decrypt("enrolment", "person_name", row, sealed) == "张三"
        for table, column, place in (
            ("enrolment", "person_name", other), ("enrolment", "document_number", row), ("roster", "person_name", row),
        ):  # fmt: skip
            with pytest.raises(InvalidTag):
                vault.decrypt(table, column, place, sealed)

    def test_a_changed_value_is_noticed(self) -> None:
        vault = open_vault(settings(encryption_keys={"k1": key()}))
        row = new_id()
        sealed = bytearray(vault.encrypt("enrolment", "person_name", row, "张三"))
        sealed[-1] ^= 1
        with pytest.raises(InvalidTag):
            vault.decrypt("enrolment", "person_name", row, bytes(sealed))

    def test_the_newest_key_encrypts_and_older_ones_still_decrypt(self) -> None:
        old, new = key(), key()
        row = new_id()
        before = open_vault(settings(encryption_keys={"k1": old})).encrypt("t", "c", row, "x")
        rotated = open_vault(settings(encryption_keys={"k1": old, "k2": new}))
        assert rotated.decrypt("t", "c", row, before) == "x"
        assert rotated.encrypt("t", "c", row, "x").startswith(b"k2\0")


@pytest.mark.parametrize(
    ("bad", "named"),
    [(SecretStr(""), "0 bytes"), (key(16), "16 bytes"), (key(33), "33 bytes"), (SecretStr("0" * 63 + "!"), "base64")],
    ids=["empty", "128 bits", "too long", "no base64"],
)
class TestKeysThatAreNone:
    def test_none_of_them_encrypts(self, bad: SecretStr, named: str) -> None:
        with pytest.raises(ProtectionKeyMissing, match=named):
            open_vault(settings(encryption_keys={"k1": bad}))

    def test_none_of_them_names_a_person(self, bad: SecretStr, named: str) -> None:
        with pytest.raises(ProtectionKeyMissing, match=named):
            person_token_key(settings(person_token_key=bad))


def test_a_person_is_named_the_same_everywhere_by_one_key_and_otherwise_by_another() -> None:
    one, other = (person_token_key(settings(person_token_key=key())) for _ in range(2))
    assert person_token(one, "ID", "41152119900101001X") == person_token(one, "ID", "41152119900101001X")
    assert person_token(one, "ID", "41152119900101001X") != person_token(other, "ID", "41152119900101001X")


def test_a_name_has_one_token_for_each_person_and_each_key() -> None:
    one, other = (person_token_key(settings(person_token_key=key())) for _ in range(2))
    zhang, li = (person_token(one, "RESIDENT_ID", number) for number in ("411521199001010014", "411521199001010022"))
    token = name_token(one, zhang, "张 三")
    assert token == name_token(one, zhang, "张三")
    assert (
        len({token, name_token(one, li, "张三"), name_token(other, zhang, "张三"), name_token(one, zhang, "李四")}) == 4
    )


def test_a_token_of_a_name_is_never_that_of_a_document() -> None:
    """Both are made of one key: no number and no name can be chosen so that one serves as the other."""
    secret = person_token_key(settings(person_token_key=key()))
    assert name_token(secret, "RESIDENT_ID", "1") != person_token(secret, "RESIDENT_ID", "1")
