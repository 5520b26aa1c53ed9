"""Why a row was refused, in Chinese and English with the mend, as it stands in the file that goes back."""

from shared.domain.identity_number import Fault, InvalidIdentityNumber
from shared.errors import DomainError

_FAULTS = {
    Fault.UNKNOWN_DOCUMENT_TYPE: "证件类型不存在",
    Fault.FORM: "号码位数或字符与证件类型不符",
    Fault.REGION: "号码开头的地区代码与证件类型不符",
    Fault.BIRTH_DATE: "号码中的出生日期不存在",
    Fault.CHECK_CHARACTER: "最后一位校验码不符",
}


def reason(refusal: DomainError) -> str:
    """One refusal as a clerk reads it; never repeats what the row holds."""
    spec = refusal.code.value
    zh, en = _detail(refusal)
    return (
        f"[{refusal.code.name}] {spec.zh}{f'（{zh}）' if zh else ''}，{spec.remedy_zh}"
        f" · {spec.en}{f' ({en})' if en else ''}. {spec.remedy_en}"
    )


def _detail(refusal: DomainError) -> tuple[str, str]:
    if isinstance(refusal.__cause__, InvalidIdentityNumber):
        return _FAULTS[refusal.__cause__.reason], refusal.__cause__.detail
    zh, bar, en = (refusal.detail or "").partition(" | ")
    return (zh, en) if bar else (zh, zh)
