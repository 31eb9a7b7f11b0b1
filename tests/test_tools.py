"""The project's own tools, where they decide whether a change may land."""

import json

from bench import small
from tools import audit, coverage_floor


def test_an_audit_that_nobody_answered_is_not_told_as_a_clean_one():
    skipped = {"dependencies": [{"name": "django", "skip_reason": "not found"}]}
    for verdict in (audit.of_pip_audit(json.dumps(skipped)), audit.of_pip_audit(""), audit.of_npm_audit("{}")):
        assert verdict.lines("audit") == ["audit: no vulnerability source reachable: audit not made"]


def test_a_known_vulnerability_is_told_and_what_no_source_knows_is_named():
    packages = [
        {"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2"]}]},
        {"name": "b", "version": "1", "vulns": []},
        {"name": "c", "skip_reason": "not found"},
    ]
    verdict = audit.of_pip_audit(json.dumps({"dependencies": packages}))
    assert verdict.lines("pip-audit") == [
        "pip-audit: 2 packages audited, 1 vulnerabilities known",
        "pip-audit: not audited, no source knows them: c",
        "  a 1: PYSEC-1, fixed in 2",
    ]
    answer = {"vulnerabilities": {"d": {"severity": "high"}}, "metadata": {"dependencies": {"total": 8}}}
    assert audit.of_npm_audit(json.dumps(answer)).vulnerable == ["d: high"]


def test_a_file_below_the_floor_fails_whatever_the_whole_is(tmp_path, capsys):
    figures = {"a.py": (90.0, 10), "b.py": (84.9, 10), "c.py": (0.0, 0)}
    files = {
        name: {"summary": {"percent_covered": percent, "num_statements": lines}}
        for name, (percent, lines) in figures.items()
    }
    report = tmp_path / "coverage.json"
    report.write_text(json.dumps({"files": files}))
    assert coverage_floor.main(str(report)) == 1
    assert capsys.readouterr().out == " 84.9 % b.py\n1 files covered less than 85 %\n"
    assert coverage_floor.main(str(report), 80) == 0


def test_a_ratio_a_fifth_worse_than_the_last_one_kept_is_named(capsys):
    line = "| 2026-01-01 | abc | 2 cores |"
    text = f"# Benches\n\n{line} night: a / b | 2.000 |\n{line} plan: c / d | 1.000 |\n{line} night: a / b | 1.000 |\n"
    kept = small.last(text)
    assert kept == {"night: a / b": 1.0, "plan: c / d": 1.0}
    assert small.shown({"night: a / b": 1.21, "plan: c / d": 1.19, "new / one": 9.0}, kept) == ["night: a / b"]
    assert "21% worse" in capsys.readouterr().out
    longer = small.extended(text, {"night: a / b": 1.21})
    assert longer.startswith(text) and small.last(longer)["night: a / b"] == 1.21


def test_only_lines_of_two_things_and_a_figure_are_ratios():
    output = "10,000 customers: loaded in 0.08 s\npeak 3 MiB\ncomputing / hand-written 1.02\nours / hand 0.5 (0.1 s)\n"
    assert [(row["name"], row["value"]) for row in small.RATIO.finditer(output)] == [
        ("computing / hand-written", "1.02"),
        ("ours / hand", "0.5"),
    ]
