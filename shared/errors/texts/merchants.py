"""Refusals of merchants that stand as data."""

from shared.errors.spec import Spec

MERCHANT_EXISTS = Spec(
    409,
    "该商户已在设置中，或已以数据登记",
    "This merchant stands in the settings, or as data, already",
    "修改已登记的商户；要把设置中的商户改为以数据管理，先从设置中删去再提出",
    "Change the one that stands; to keep one of the settings as data, take it out of the settings first",
)
MERCHANT_CHANGED = Spec(
    409,
    "该商户在此期间已有其他变更获批",
    "Another change of the merchant was approved meanwhile",
    "查看现行版本后重新提出",
    "Look at its present version and propose again",
)
MERCHANT_UNUSABLE = Spec(
    409,
    "所填商户信息或所指密钥文件不能使用",
    "No merchant can be made of what is stated, or of the files that it names",
    "按提示更正；密钥文件须已放入 CANBAO_SECRETS_DIR",
    "Correct what is named; secret files have to lie in CANBAO_SECRETS_DIR already",
)
MERCHANT_KEY_MISNAMED = Spec(
    409,
    "该序列号没有密钥、已有密钥，或为唯一的密钥",
    "The serial has no key here, has one already, or is the only one",
    "核对现有密钥的序列号；先增加新密钥，再停用旧密钥",
    "Compare the serials that are there; add the new key before the old one is retired",
)
MERCHANT_WHOLE_AREA = Spec(
    403,
    "商户由整个统筹区管理，本客户端只管其中一部分",
    "Merchants are the whole pooling area's matter; this client is for a part of it",
    "由管辖整个统筹区的客户端提出",
    "Let a client of the whole area propose it",
)
