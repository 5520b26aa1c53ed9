"""Institutions that send files of what they collected, as the settings know them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from services.payment.channels.layouts.catalogue import LayoutUnusable, layout_named
from services.payment.channels.layouts.layout import FileLayout, Meaning
from shared.setting_groups.partners import CollectingAgent
from shared.settings_errors import UnusableSetting, setting_place


@dataclass(frozen=True)
class FileSender:
    """A bank agent or a tax bureau: its code and region, the form of its files, its keys by serial, how files come."""

    code: str
    region: str
    layout: FileLayout
    keys: Mapping[str, RSAPublicKey]
    named_in_file: str | None
    folder: Path | None
    fetch_url: str
    fetch_token: str
    fetched_from: date | None


def load_sender(setting: CollectingAgent, region: str, keys: Mapping[str, RSAPublicKey]) -> FileSender | None:
    """An institution with its layout, checked now; None where it sends no files.

    Raises UnusableSetting where the layout is none, or holds money of channels through which it does not collect.
    """
    if not setting.layout:
        return None
    place = f"{setting_place('collecting_agents')}[code {setting.code}].layout"
    try:
        layout = layout_named(setting.layout)
    except LayoutUnusable as unusable:
        raise UnusableSetting(f"{place}: {unusable}") from None
    if others := sorted(_channels(layout) - set(setting.channels)):
        raise UnusableSetting(
            f"{place}: 文件含有该机构不经办的渠道 · holds channels that are not its own: {', '.join(others)}"
        )
    return FileSender(
        code=setting.code,
        region=region,
        layout=layout,
        keys=keys,
        named_in_file=setting.named_in_file or None,
        folder=setting.folder,
        fetch_url=setting.fetch_url,
        fetch_token=setting.fetch_token.get_secret_value() if setting.fetch_token else "",
        fetched_from=setting.fetched_from,
    )


def _channels(layout: FileLayout) -> set[str]:
    if layout.channel is not None:
        return {layout.channel.value}
    return {code for field in layout.detail if field.means is Meaning.CHANNEL for code in field.codes}
