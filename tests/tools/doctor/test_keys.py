"""Keys and certificates: each way in which they can be wrong has its code."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from services.payment import SERVICE as PAYMENT
from services.payment.channels.wechat.keys import load_merchant
from shared.setting_groups.partners import WechatMerchant
from tests.harness.installation import Installation, new_key
from tests.harness.platform_keys import certificate_file, merchant_with, public_key_file
from tests.harness.sealed import sealed_person
from tests.harness.wechat_peer import CERTIFICATE_SERIAL, MCHID, MERCHANT_SERIAL, SERIAL, paid_notice
from tests.tools.doctor.examination import assert_only, broken, said, seen
from tools.provisioning.secrets import lay_out
from tools.up.folder import environment_file


def certified(folder: Path, *, days: int) -> WechatMerchant:
    """A merchant whose platform key came as a certificate that ends in so many days."""
    return merchant_with(folder, {CERTIFICATE_SERIAL: certificate_file(folder, CERTIFICATE_SERIAL, days=days)})


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


def misplaced(folder: Path, code: str) -> WechatMerchant:
    """A merchant with one key in the wrong place."""
    public, ours = public_key_file(folder, "platform"), public_key_file(folder, "merchant")
    certificate = certificate_file(folder, CERTIFICATE_SERIAL, days=90)
    wrong: dict[str, dict[str, Path]] = {
        "PLATFORM_KEY_MISSING": {},
        "PLATFORM_KEY_OURS": {SERIAL: ours},
        "PLATFORM_KEY_OURS as a certificate": {
            MERCHANT_SERIAL: certificate_file(folder, MERCHANT_SERIAL, key="merchant", days=90)
        },
        "PLATFORM_KEY_OTHER_SERIAL": {"1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C": certificate},
        "PLATFORM_KEY_OTHER_SERIAL as a public key": {SERIAL: certificate},
        "PLATFORM_KEY_SPELT_OTHERWISE": {CERTIFICATE_SERIAL.lower(): certificate},
        "PLATFORM_KEY_SPELT_OTHERWISE with colons": {
            ":".join(CERTIFICATE_SERIAL[at : at + 2] for at in range(0, 40, 2)): certificate
        },
        "PLATFORM_KEY_SPELT_OTHERWISE a public key": {SERIAL.lower(): public},
        "PLATFORM_KEY_SPELT_OTHERWISE a serial of old": {CERTIFICATE_SERIAL.lower(): public},
        "PLATFORM_KEY_PREFIX_MISSING": {SERIAL.removeprefix("PUB_KEY_ID_"): public},
        "PLATFORM_KEY_PREFIX_MISSING and a certificate in its place": {
            SERIAL.removeprefix("PUB_KEY_ID_"): public,
            CERTIFICATE_SERIAL: certificate,
        },
        "PLATFORM_KEY_TWICE": {SERIAL: public, CERTIFICATE_SERIAL: public},
    }
    return merchant_with(folder, wrong[code])


class TestMisplacedKeys:
    """W2: the doctor said that all is well, while every notice was answered 401."""

    @pytest.mark.parametrize(
        ("case", "every_notice_is_refused", "remedy"),
        [
            ("PLATFORM_KEY_MISSING", True, "pub_key.pem"),
            ("PLATFORM_KEY_OURS", True, "pub_key.pem"),
            ("PLATFORM_KEY_OURS as a certificate", True, "pub_key.pem"),
            ("PLATFORM_KEY_OTHER_SERIAL", True, CERTIFICATE_SERIAL),
            ("PLATFORM_KEY_OTHER_SERIAL as a public key", True, CERTIFICATE_SERIAL),
            ("PLATFORM_KEY_SPELT_OTHERWISE", True, CERTIFICATE_SERIAL),
            ("PLATFORM_KEY_SPELT_OTHERWISE with colons", True, CERTIFICATE_SERIAL),
            ("PLATFORM_KEY_SPELT_OTHERWISE a public key", True, SERIAL),
            ("PLATFORM_KEY_SPELT_OTHERWISE a serial of old", True, CERTIFICATE_SERIAL),
            ("PLATFORM_KEY_PREFIX_MISSING", True, SERIAL),
            ("PLATFORM_KEY_PREFIX_MISSING and a certificate in its place", False, SERIAL),
            ("PLATFORM_KEY_TWICE", False, "platform_keys"),
        ],
    )
    async def test_each_is_found_named_and_has_its_remedy(
        self, county: Installation, tmp_path: Path, case: str, every_notice_is_refused: bool, remedy: str
    ) -> None:
        known = misplaced(tmp_path, case)
        settings = county.with_settings(wechat_merchants=(known,))
        (found,) = [each for each in await seen(settings, tmp_path) if each.level == "broken"]
        assert found.code == case.split(maxsplit=1)[0]
        assert found.subject.startswith((f"{MCHID} ", f"CANBAO_WECHAT_MERCHANTS {MCHID}"))
        assert remedy in found.remedy_zh
        assert remedy in found.remedy_en
        assert (load_merchant(known).answers_signed_by is None) is every_notice_is_refused
        async with settings.http_client(PAYMENT, role="web") as http:
            answer = await http.get("/readyz")
            unready = {part["name"] for part in answer.json()["parts"] if not part["ready"]}
            assert unready == ({"merchants payment"} if every_notice_is_refused else set())
            assert answer.status_code == (503 if every_notice_is_refused else 200)
            assert ("run canbao doctor" in answer.text) is every_notice_is_refused
            notice = paid_notice("123456", 38_000)
            refused = await http.post(
                f"/payment/v1/callbacks/wechat/{MCHID}", content=notice.body, headers=notice.headers
            )
            assert (refused.status_code == 401) is (case != "PLATFORM_KEY_TWICE"), "as the finding says"

    async def test_a_certificate_and_a_public_key_rightly_placed_are_no_fault(
        self, county: Installation, tmp_path: Path
    ) -> None:
        """W2 must not cry wolf: both kinds mixed, and a certificate's key without its certificate."""
        for platform_keys in (
            {SERIAL: public_key_file(tmp_path, "platform"),
             CERTIFICATE_SERIAL: certificate_file(tmp_path, CERTIFICATE_SERIAL, days=90)},
            {CERTIFICATE_SERIAL: public_key_file(tmp_path, "certificate")},
            {"00" + CERTIFICATE_SERIAL[:38]: certificate_file(tmp_path, CERTIFICATE_SERIAL[:38], days=90)},
        ):  # fmt: skip
            settings = county.with_settings(wechat_merchants=(merchant_with(tmp_path, platform_keys),))
            assert broken(await seen(settings, tmp_path)) == set(), platform_keys
            async with settings.http_client(PAYMENT, role="web") as http:
                assert (await http.get("/readyz")).status_code == 200

    @pytest.mark.parametrize(
        "serial", [MERCHANT_SERIAL.lower(), f"{MERCHANT_SERIAL[:2]}:{MERCHANT_SERIAL[2:]}", SERIAL]
    )
    async def test_our_own_serial_that_cannot_be_one(self, county: Installation, tmp_path: Path, serial: str) -> None:
        """W2, of its kind: each request is answered 401 SIGN_ERROR."""
        known = merchant_with(tmp_path, {SERIAL: public_key_file(tmp_path, "platform")})
        wrong = known.model_copy(update={"merchant_serial": serial})
        findings = await seen(county.with_settings(wechat_merchants=(wrong,)), tmp_path)
        assert broken(findings) == {("MERCHANT_SERIAL_WRONG", f"CANBAO_WECHAT_MERCHANTS {MCHID}")}

    async def test_a_certificate_that_is_not_valid_yet(self, county: Installation, tmp_path: Path) -> None:
        """W2, of its kind: the successor was fetched, and the one in use taken away."""
        early = certificate_file(tmp_path, CERTIFICATE_SERIAL, since_days=3, days=900)
        settings = county.with_settings(wechat_merchants=(merchant_with(tmp_path, {CERTIFICATE_SERIAL: early}),))
        assert "CERTIFICATE_NOT_YET" in said(await seen(settings, tmp_path), about=f"{MCHID} {CERTIFICATE_SERIAL}")
