"""Documents of tax hall and treasury; dates in ISO form, money in fen."""

from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints

from services.payment.schemas import DocumentIn
from shared.web.fields import Day, DocumentNumber, FreeText, canonical, example

SerialNumber = Annotated[str, StringConstraints(strip_whitespace=True, max_length=64)]


class SerialIn(DocumentIn):
    """The collection notice serial (征集通知流水号) of a batch of entrusted cash."""

    model_config = example(collection_notice_serial="411521202310050001")

    collection_notice_serial: Annotated[SerialNumber | None, BeforeValidator(canonical)] = Field(
        default=None, pattern=r"^[0-9A-Za-z-]*$"
    )


class RemittedIn(DocumentIn):
    """The day of 上解."""

    model_config = example(remitted_on="2023-10-06")

    remitted_on: Day


class ReceivedIn(DocumentIn):
    """The day of 入国库."""

    model_config = example(received_on="2023-10-07")

    received_on: Day


class CertificateIn(DocumentIn):
    """The tax payment certificate (完税证明) that was issued."""

    model_config = example(certificate_no="341230231000000001", issued_on="2023-10-08")

    certificate_no: DocumentNumber
    issued_on: Day


class ReturnedIn(DocumentIn):
    """When and why the treasury sent the money back."""

    model_config = example(returned_on="2023-10-07", reason="预算科目有误")

    returned_on: Day
    reason: FreeText
