"""The project's own tools, where they decide whether a change may land."""

import json

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
