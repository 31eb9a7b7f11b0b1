"""One model for each kind of signal: it has what its kind uses, and nothing else."""

import pytest

from weihu.rules import rulebook
from weihu.rules.kinds import KINDS
from weihu.rules.sections.signals import NOTED_KINDS, SIGNALS, LargeOutflow, Maturity, Signal

SETTINGS = sorted({name for model in SIGNALS.values() for name in model.model_fields} - {"kind"})
BRIEF = rulebook.load("brief")


def faults(tmp_path, text: str) -> list[rulebook.BookFault]:
    path = tmp_path / "book.toml"
    path.write_text(text)
    with pytest.raises(rulebook.FaultyBook) as refused:
        rulebook.load(path)
    return refused.value.faults


@pytest.mark.parametrize("kind", SIGNALS)
def test_a_setting_that_a_kind_does_not_use_is_refused(kind, tmp_path):
    foreign = [name for name in SETTINGS if name not in SIGNALS[kind].model_fields]
    lines = [f"{name} = 1" for name in foreign]
    refused = faults(tmp_path, f'extends = "brief"\n[signals.{kind}]\n' + "\n".join(lines))
    assert [(fault.line, fault.field) for fault in refused] == [
        (number, f"signals.{kind}.{name}") for number, name in enumerate(foreign, 3)
    ]


@pytest.mark.parametrize("kind", SIGNALS)
def test_a_setting_that_a_kind_needs_is_missed(kind, tmp_path):
    needed = {name for name, field in SIGNALS[kind].model_fields.items() if field.is_required()} - {"kind"}
    drop = f'extends = "brief"\ndrop = ["signals.{kind}"]\n[signals.{kind}]\n'
    assert {fault.field for fault in faults(tmp_path, drop)} == {f"signals.{kind}.{name}" for name in needed}


def test_every_kind_is_found_by_a_rule_or_noted_by_the_workplace():
    assert set(SIGNALS) == {*KINDS, *NOTED_KINDS}
    assert not set(KINDS) & set(NOTED_KINDS)


@pytest.mark.parametrize("kind", SIGNALS)
def test_the_tables_key_is_the_kind(kind):
    assert type(BRIEF.signals[kind]) is SIGNALS[kind]
    assert BRIEF.signals[kind].kind == kind


def test_a_kind_beside_the_tables_key_is_refused(tmp_path):
    (fault,) = faults(tmp_path, 'extends = "brief"\n[signals.large_inflow]\nkind = "large_inflow"')
    assert (fault.line, fault.field) == (3, "signals.large_inflow.kind")


def test_an_unknown_kind_is_told_the_nearest_one(tmp_path):
    (fault,) = faults(tmp_path, 'extends = "brief"\n[signals.birthdy]\nweight = 1')
    assert (
        fault.text("en") == "book.toml, line 2, column 1, signals.birthdy: found 'birthdy', expected perhaps birthday"
    )
    assert fault.text("zh") == "book.toml 第2行第1列 signals.birthdy:实际为“birthdy”,应为 birthday(名称相近)"


def test_an_entry_is_read_by_its_model():
    assert BRIEF.signal(LargeOutflow).amount == 50000
    without = rulebook.load("czech")
    assert without.signal(SIGNALS["idle_cash"]) is None
    with pytest.raises(KeyError, match="IdleCash"):
        without.rule(SIGNALS["idle_cash"])


def test_a_maturity_is_told_at_every_lead_the_nearest_first():
    assert BRIEF.rule(Maturity).leads == [1, 7, 30]


def test_a_nearer_lead_is_nearer(tmp_path):
    (fault,) = faults(tmp_path, 'extends = "brief"\n[signals.maturity]\nalso_lead_days = [7, 30]')
    assert (fault.line, fault.field) == (3, "signals.maturity.also_lead_days")


def test_what_was_promised_is_not_kept_back(tmp_path):
    (fault,) = faults(tmp_path, 'extends = "brief"\n[signals.follow_up]\nholdout = 0.1')
    assert (fault.line, fault.field) == (3, "signals.follow_up.holdout")


def test_words_may_only_use_the_evidence(tmp_path):
    text = (
        'extends = "brief"\n[signals.dormant]\nreason_en = "{amount} {money}"\ntalk_en = "Dear {name}"\nreason_zh = "{"'
    )
    assert [fault.line for fault in faults(tmp_path, text)] == [3, 4, 5]


def test_the_shared_settings_have_one_home():
    assert all(issubclass(model, Signal) for model in SIGNALS.values())
