"""An example of every event, as it is published. An example is never taken away: what was once sent must stay readable.

The person and the numbers are invented; amounts are in fen.
"""

from typing import Any, Final

_ENROLMENT: Final = "0197c2a0-7b1c-7e51-9a57-6b3a4d1c2024"
_BILL: Final = "0197c2a1-0c44-7d10-8f2e-0d9f3b6a7c11"
_ORDER: Final = "0197c2a2-4b7d-7f21-8c63-1d2e3f4a5b6c"
_BATCH: Final = "0197c2b5-91e0-7a33-b0c4-5e2d8f7a6b90"
_SUSPENSE: Final = "0197c2b9-3f5a-7c02-9d41-6a7b8c9d0e1f"
_REFUND: Final = "0197c2ba-77d1-7b93-8e50-1f2e3d4c5b6a"
_RECEIPT: Final = "0197c2bb-08e2-7d14-a361-2c3d4e5f6a7b"
_SOMEBODY: Final = "4f0c1d9e7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d"
_NAME: Final = "9b1d6e0f3c7a48525d6c1f0e8a7b9c3d2e4f5061728394a5b6c7d8e9fa0b1c2d"
_VILLAGE: Final = {"region": "411521101201", "benefit_year": 2024}
_PERSON: Final = {**_VILLAGE, "enrolment_id": _ENROLMENT, "person_token": _SOMEBODY}
_LINE: Final = {**_VILLAGE, "enrolment_id": _ENROLMENT, "batch_id": _BATCH}
_BENEFIT: Final = {"start": "YEAR_START", "starts_on": "2024-01-01", "ends_on": "2024-12-31"}
_NO_WAIT: Final = {"code": None, "days": 0, "months": 0}
_WON: Final = {
    "code": "RELIEF_DIBAO",
    "won": True,
    "text": "低保对象定额资助 280 元，个人缴费 100 元",
    "origin": "document",
    "clause": {"document": "罗政办〔2023〕52号", "section": "三(二)", "quote": "对低保对象给予定额资助"},
}
_ROW: Final = {
    "pay_from": "2023-09-01",
    "pay_until": "2023-12-31",
    "standard_fen": 38000,
    "due_fen": 10000,
    "identity": "DIBAO",
    "shares": [{"funder": "medical_assistance_fund", "amount_fen": 28000}],
    "wait": _NO_WAIT,
    "benefit": _BENEFIT,
    "reasons": [_WON],
}

EXAMPLES: Final[dict[str, list[dict[str, Any]]]] = {
    "registration.enrolment_registered.v1": [
        {
            **_PERSON,
            "registered_on": "2023-09-12",
            "facts": {
                "birth_date": "1990-03-07",
                "hukou": "local",
                "hukou_note": "rural",
                "residence": "in_area_long_term",
                "document_type": "RESIDENT_ID",
                "other_insurance": "none",
                "newborn": False,
            },
        },
        {
            **_PERSON,
            "registered_on": "2022-02-20",
            "facts": {
                "birth_date": "1990-03-07",
                "hukou": "local",
                "hukou_note": "rural",
                "residence": "in_area_long_term",
                "document_type": "RESIDENT_ID",
                "other_insurance": "employee",
                "newborn": False,
                "circumstances": {
                    "migrant_worker": True,
                    "insurance_status": "ended",
                    "insurance_paid_through": "2021-12-31",
                    "insurance_continuous_months": 30,
                    "missed_years": [2020],
                },
            },
        },
        {
            **_PERSON,
            "registered_on": "2023-09-12",
            "facts": {"birth_date": "1990-03-07"},
            "name_token": _NAME,
        },
    ],
    "registration.person_named.v1": [{**_PERSON, "name_token": _NAME}],
    "registration.enrolment_rejected.v1": [{**_PERSON, "assessment_version": 2}],
    "registration.enrolment_readmitted.v1": [{**_PERSON, "assessment_version": 3}],
    "registration.enrolment_paid.v1": [
        {**_PERSON, "paid_on": "2023-10-03", "due_fen": 38000, "basis": "CONTRIBUTION"},
        {**_PERSON, "paid_on": "2023-09-13", "due_fen": 0, "basis": "NOTHING_DUE"},
        {**_PERSON, "paid_on": "2023-10-03", "due_fen": 38000, "basis": "CONTRIBUTION", "assessment_version": 1},
    ],
    "registration.enrolment_payment_corrected.v1": [
        {**_PERSON, "paid_on": "2023-10-03", "due_fen": 38000, "assessment_version": 1}
    ],
    "registration.enrolment_payment_reversed.v1": [_PERSON],
    "registration.enrolment_activated.v1": [{**_PERSON, "benefit_start": "2024-01-01", "benefit_end": "2024-12-31"}],
    "registration.enrolment_reaffirmed.v1": [{**_PERSON, "fact": "registration.enrolment_registered.v1"}],
    "registration.enrolment_terminated.v1": [
        {**_PERSON, "terminated_on": "2023-11-20", "reason": "DECEASED", "was_paid": True}
    ],
    "registration.business_date_advanced.v1": [
        {
            "region": "411521",
            "benefit_year": None,
            "installation_id": "2f0a6c1e-58d3-5b7f-9c1d-3e4f5a6b7c8d",
            "business_date": "2023-10-05",
        }
    ],
    "subsidy.contribution_assessed.v1": [
        {
            **_PERSON,
            "version": 1,
            "outcome": "PRICED",
            "reason_code": None,
            "pack": "luoshan-2024",
            "identities": ["DIBAO"],
            "schedule": [_ROW],
            "reasons": [_WON],
            "assessed_on": "2023-09-12",
        },
        {
            **_PERSON,
            "version": 2,
            "outcome": "HELD",
            "reason_code": "AMOUNT_NOT_STATED",
            "pack": "luoshan-2024",
            "identities": [],
            "schedule": [],
            "reasons": [],
            "assessed_on": "2023-09-20",
        },
    ],
    "payment.bill_issued.v1": [
        {**_VILLAGE, "enrolment_id": _ENROLMENT, "bill_id": _BILL, "version": 1, "due_fen": 38000}
    ],
    "payment.bill_superseded.v1": [{**_VILLAGE, "enrolment_id": _ENROLMENT, "bill_id": _BILL, "version": 1}],
    "payment.order_opened.v1": [
        {
            **_VILLAGE,
            "order_id": _ORDER,
            "order_no": "0197c2a24b7d7f218c631d2e3f4a5b6c",
            "channel": "WECHAT",
            "merchant_id": "1900000109",
            "appid": "wx8888888888888888",
            "trade_type": "NATIVE",
            "amount_fen": 38000,
            "expires_at": "2023-10-08T04:00:00Z",
            "lines": [{"enrolment_id": _ENROLMENT, "amount_fen": 38000, "region": "411521101201"}],
        }
    ],
    "payment.contribution_paid.v1": [
        {
            **_PERSON,
            "bill_id": _BILL,
            "bill_version": 1,
            "due_fen": 10000,
            "amount_fen": 10000,
            "aided_fen": 28000,
            "channel": "WECHAT",
            "paid_on": "2023-10-03",
            "wait": _NO_WAIT,
            "benefit": _BENEFIT,
        }
    ],
    "payment.contribution_reversed.v1": [
        {
            **_PERSON,
            "bill_id": _BILL,
            "bill_version": 1,
            "amount_fen": 10000,
            "channel": "HRB_BANK_COUNTER",
            "reversed_on": "2023-10-03",
        }
    ],
    "payment.payment_suspended.v1": [
        {
            **_VILLAGE,
            "suspense_id": _SUSPENSE,
            "enrolment_id": _ENROLMENT,
            "amount_fen": 38000,
            "channel": "WECHAT",
            "reason": "DUPLICATE",
        },
        {
            "region": "411521",
            "benefit_year": None,
            "suspense_id": _SUSPENSE,
            "enrolment_id": None,
            "amount_fen": 100,
            "channel": "WECHAT",
            "reason": "UNKNOWN_ORDER",
        },
    ],
    "payment.refund_paid.v1": [
        {
            **_VILLAGE,
            "refund_id": _REFUND,
            "enrolment_id": _ENROLMENT,
            "amount_fen": 38000,
            "reason": "DUPLICATE",
            "refunded_on": "2023-10-09",
        }
    ],
    "payment.cash_returned.v1": [
        {
            **_VILLAGE,
            "enrolment_id": _ENROLMENT,
            "receipt_id": _RECEIPT,
            "amount_fen": 35000,
            "reason": "AMOUNT_NOT_DUE",
            "returned_on": "2023-10-13",
        }
    ],
    "payment.contribution_remitted.v1": [{**_LINE, "amount_fen": 38000, "remitted_on": "2023-10-06"}],
    "payment.contribution_returned.v1": [
        {**_LINE, "amount_fen": 38000, "returned_on": "2023-10-07", "reason": "预算科目有误"}
    ],
    "payment.contribution_in_treasury.v1": [{**_LINE, "amount_fen": 38000, "received_on": "2023-10-07"}],
    "payment.certificate_issued.v1": [{**_LINE, "certificate_no": "341230231000000001", "issued_on": "2023-10-08"}],
    "quota.targets_published.v1": [
        {
            "region": "411521",
            "benefit_year": 2024,
            "target_set_id": "0197c290-1d2e-7f60-a1b2-c3d4e5f60718",
            "document": "罗政办〔2023〕52号",
            "total": 642656,
            "towns": 20,
        }
    ],
}
