"""Why a row was refused, in Chinese and English with the mend, as it stands in the file that goes back."""

from shared.errors import DomainError


def reason(refusal: DomainError) -> str:
    """One refusal as a clerk reads it; never repeats what the row holds."""
    spec = refusal.code.value
    zh, en = _detail(refusal)
    return (
        f"[{refusal.code.name}] {spec.zh}{f'（{zh}）' if zh else ''}，{spec.remedy_zh}"
        f" · {spec.en}{f' ({en})' if en else ''}. {spec.remedy_en}"
    )


def _detail(refusal: DomainError) -> tuple[str, str]:
    zh, both, en = (refusal.detail or "").partition(" · ")
    return (zh, en) if both else (zh, zh)
