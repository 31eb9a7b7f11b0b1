"""What the demo's gateways keep of messages that are sent through the real ones."""

import os

import pytest

from weihu.demo.outbox import caught
from weihu.workplace.act.messaging.gateways import Letter, NotSent, Sms, gateways


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name in ("WEIHU_SMTP_URL", "WEIHU_SMS_URL", "WEIHU_WECOM_URL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "messages"


def letter(address):
    return Letter(address, "生日快乐", "王女士,祝您生日快乐!", "001kh1", "7", "a" * 32)


def test_every_medium_ends_in_the_folder_in_the_order_of_sending(folder):
    with caught(folder):
        media = gateways()
        assert set(media) == {"sms", "email", "wecom"}
        assert media["sms"].send(letter("13812345678")) == "0001"
        media["email"].send(letter("wang@example.com"))
        assert media["wecom"].send(letter("wm001")) == "0003"
    kept = sorted(folder.iterdir())
    assert [path.name for path in kept] == ["0001-sms.txt", "0002-email.txt", "0003-wecom.txt"]
    for path, to in zip(kept, ("13812345678", "wang@example.com", "wm001"), strict=True):
        text = path.read_text(encoding="utf-8")
        assert to in text.splitlines()[0]
        assert "王女士,祝您生日快乐!" in text
    with caught(folder):
        assert gateways()["sms"].send(letter("13900000000")) == "0004", "a later start goes on counting"


def test_a_gateway_of_the_bank_is_left_alone_and_other_paths_are_not_answered(folder, monkeypatch):
    monkeypatch.setenv("WEIHU_SMTP_URL", "smtp://mail.bank.example:25/")
    with caught(folder):
        assert gateways()["email"].url == "smtp://mail.bank.example:25/"
        elsewhere = Sms(os.environ["WEIHU_SMS_URL"] + "/other", "")
        with pytest.raises(NotSent):
            elsewhere.send(letter("13812345678"))
    assert list(folder.iterdir()) == []
