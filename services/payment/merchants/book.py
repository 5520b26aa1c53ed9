"""The merchants in use, with their keys: approved statements and files, looked at again and again.

What cannot be read, or is wrong, leaves the last good content in use and is named: a key file that is being replaced
must never stop notices that the other key still signs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from services.payment.channels.accounts import Accounts, ServedAccount
from services.payment.channels.stated_account import SecretContent
from services.payment.merchants.loading import load, place_of
from services.payment.merchants.secret_folder import FileStamp, SecretFolder
from services.payment.merchants.state import MerchantStatement
from shared.settings_errors import UnusableSetting

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Looked:
    """How a merchant was found: what it was made of, what is served, and what was wrong with what was to be."""

    stated: MerchantStatement
    stamps: Mapping[str, FileStamp | None]
    in_use: MerchantStatement | None
    contents: Mapping[str, SecretContent]
    served: ServedAccount | None
    fault: str = ""


class MerchantBook:
    """Knows the merchants of the settings, which stay as they are, and those that stand as data."""

    def __init__(self, of_settings: Accounts, folder: SecretFolder) -> None:
        """Until statements are taken there are those of the settings."""
        self._of_settings = of_settings
        self.folder = folder
        self._looked: dict[tuple[str, str], _Looked] = {}
        self.faults: Mapping[tuple[str, str], str] = {}

    def take(self, statements: Sequence[MerchantStatement]) -> Accounts | None:
        """The merchants to collect for from now on; None where nothing has changed since it was asked before."""
        looked = {each.name: self._look(each, self._looked.get(each.name)) for each in statements}
        accounts, faults = self._of_settings, {name: each.fault for name, each in looked.items() if each.fault}
        for name, each in looked.items():
            if each.served is None:
                continue
            if accounts.holds(each.served):
                faults[name] = f"{place_of(each.stated)}: 已在设置或另一渠道中 · stands elsewhere too"
            else:
                accounts = Accounts([*accounts.served, each.served])
        for name, fault in faults.items():
            if self.faults.get(name) != fault:
                log.error("a merchant's statement or keys cannot be used, the last good ones are", fault=fault)
        changed = looked.keys() != self._looked.keys() or any(
            each is not self._looked[name] for name, each in looked.items()
        )
        self._looked, self.faults = looked, faults
        return accounts if changed else None

    def _look(self, stated: MerchantStatement, before: _Looked | None) -> _Looked:
        stamps = {file: self.folder.stamp(file) for file in stated.files}
        if before is not None and before.stated == stated and before.stamps == stamps:
            return before
        try:
            contents = {file: self.folder.read(file) for file in stated.files}
            served = load(stated, contents)
        except UnusableSetting as fault:
            return _fallen_back(stated, stamps, before, f"{place_of(stated)}: {fault}")
        return _Looked(stated, stamps, stated, contents, served)


def _fallen_back(
    stated: MerchantStatement, stamps: Mapping[str, FileStamp | None], before: _Looked | None, fault: str
) -> _Looked:
    """What was decided holds as far as the last good content allows; a key that was retired is used by nobody."""
    if before is None or before.in_use is None:
        return _Looked(stated, stamps, None, {}, None, fault)
    kept = {serial: file for serial, file in before.in_use.keys.items() if serial in stated.keys}
    earlier = replace(before.in_use, takes_orders=stated.takes_orders, keys=kept)
    for possible in (stated, earlier):
        try:
            served = load(possible, before.contents)
        except UnusableSetting:
            continue
        return _Looked(stated, stamps, before.in_use, before.contents, served, fault)
    return _Looked(stated, stamps, before.in_use, before.contents, None, fault)
