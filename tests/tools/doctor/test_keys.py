"""Keys and certificates: each way in which they can be wrong has its code."""

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.hashes import SHA256
from pydantic import SecretStr

from shared.domain.clock import SystemClock
from shared.settings import WechatMerchant
from tests.harness.installation import Installation, new_key
from tests.harness.sealed import sealed_person
from tests.harness.wechat_peer import merchant, rsa_key
from tests.tools.doctor.examination import assert_only, broken, said, seen
from tools.provisioning.secrets import lay_out
from tools.up.folder import environment_file


def certified(folder: Path, *, days: int) -> WechatMerchant:
    """A merchant whose platform key came as a certificate that ends in so many days."""
    known, key, now = merchant(folder), rsa_key("platform"), SystemClock().now()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Tenpay.com sign")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, SHA256())
    )
    path = folder / "platform.certificate.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return known.model_copy(update={"platform_keys": {"1": path}})


class TestKeys:
    async def test_a_key_that_sealed_data_and_is_gone(self, county: Installation, tmp_path: Path) -> None:
        await sealed_person(county)
        assert "ENCRYPTION_KEYS" in said(await seen(county, tmp_path), about="registration")
        lost = await seen(county.with_settings(encryption_keys={"k2": SecretStr(new_key())}), tmp_path)
        assert broken(lost) == {("ENCRYPTION_KEY_LOST", "registration")}
        assert "k1" in next(each.zh for each in lost if each.code == "ENCRYPTION_KEY_LOST")

    async def test_another_key_under_the_name_of_the_one_that_sealed(
        self, county: Installation, tmp_path: Path
    ) -> None:
        """S1: the doctor compared names, and called the keys complete."""
        await sealed_person(county)
        other = await seen(county.with_settings(encryption_keys={"k1": SecretStr(new_key())}), tmp_path)
        assert broken(other) == {("ENCRYPTION_KEY_WRONG", "registration")}
        assert "k1" in next(each.zh for each in other if each.code == "ENCRYPTION_KEY_WRONG")
        tokens = await seen(county.with_settings(person_token_key=SecretStr(new_key())), tmp_path)
        assert broken(tokens) == {("PERSON_TOKEN_KEY_WRONG", "registration")}

    async def test_a_secret_file_that_everybody_reads(self, county: Installation, tmp_path: Path) -> None:
        path = county.settings.wechat_merchants[0].merchant_private_key_file
        path.chmod(0o644)
        assert_only(await seen(county, tmp_path), "KEY_FILE_OPEN", str(path))

    async def test_secrets_as_keys_make_leaves_them_are_no_fault(self, county: Installation, tmp_path: Path) -> None:
        """First use O7: the doctor called the modes a fault that the command itself writes."""
        made = tmp_path / "made"
        lay_out(made)
        settings = county.with_settings(
            token_private_key_file=made / "registration" / "token.pem",
            token_public_key_file=made / "registration" / "token.pub.pem",
        )
        assert broken(await seen(settings, tmp_path)) == set()

    async def test_the_settings_that_up_leaves_are_secret_too(self, county: Installation, tmp_path: Path) -> None:
        file = environment_file(tmp_path)
        file.parent.mkdir()
        file.touch(mode=0o644)
        assert_only(await seen(county, tmp_path), "KEY_FILE_OPEN", str(file))

    @pytest.mark.parametrize(
        ("days", "code"), [(-1, "CERTIFICATE_EXPIRED"), (10, "CERTIFICATE_EXPIRING"), (90, "CERTIFICATE")]
    )
    async def test_a_certificate_that_ends(self, county: Installation, tmp_path: Path, days: int, code: str) -> None:
        findings = await seen(county.with_settings(wechat_merchants=(certified(tmp_path, days=days),)), tmp_path)
        assert code in said(findings)
        assert "MIGRATED" in said(findings, about="payment")

    async def test_keys_that_are_no_pair_missing_or_malformed(self, county: Installation, tmp_path: Path) -> None:
        other = tmp_path / "other.pem"
        other.write_bytes(b"no key")
        merchants = (county.settings.wechat_merchants[0].model_copy(update={"api_v3_key": SecretStr("short")}),)
        findings = await seen(
            county.with_settings(
                token_public_key_file=other,
                token_private_key_file=tmp_path / "missing.pem",
                person_token_key=SecretStr("c2hvcnQ="),
                encryption_keys={},
                wechat_merchants=merchants,
            ),
            tmp_path,
        )
        assert broken(findings) == {
            ("KEY_UNUSABLE", str(other)),
            ("KEY_FILE_UNREADABLE", str(tmp_path / "missing.pem")),
            ("SECRET_MALFORMED", "CANBAO_PERSON_TOKEN_KEY"),
            ("SETTING_MISSING", "CANBAO_ENCRYPTION_KEYS"),
            ("KEY_UNUSABLE", f"CANBAO_WECHAT_MERCHANTS {merchants[0].mchid}"),
        }
