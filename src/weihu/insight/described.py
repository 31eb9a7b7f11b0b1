"""What is known of a model, as lines to read."""

from __future__ import annotations

from typing import Any

from weihu.insight.response.drift import DRIFTED

LEFT_OUT = {
    "constant": "只有一种值 / one value only",
    "date": "日期 / a date",
    "names": "每行各异 / each row has its own",
    "asked": "按要求 / as asked",
    "leak": "结果之后才有 / known only after the outcome",
}
ORDER = {"time": "按时间 / in time", "rows": "按行序 / rows in time order", "none": "无时序 / in no order"}
MEASURES = {
    "auc": "AUC",
    "auc_within_months": "AUC 月内 / within months",
    "auc_within_days": "AUC 日内 / within days",
    "lift": "前 10% 提升 / lift of the best tenth",
    "average_precision": "平均精度 / average precision",
    "calibration_error": "校准误差 / calibration error",
}


def described(name: str, facts: dict[str, Any]) -> str:
    """A report: data, columns, what was tried, how good it was on rows it had not seen, calibration by tenth."""
    return "\n".join([*_data(name, facts), *_trials(facts), *_measures(facts), *_gains(facts)])


def _data(name: str, facts: dict[str, Any]) -> list[str]:
    lines = [
        f"{name}: {facts['target']} = {facts['positive']}",
        f"  数据 / rows: {facts['rows']:,}, {facts['positives']:,} = {facts['positives'] / facts['rows']:.1%};"
        f" {ORDER[facts['order']]}",
    ]
    if facts["without_outcome"]:
        lines.append(f"  无结果的行 / rows without an outcome, left out: {facts['without_outcome']:,}")
    if facts["period"]:
        lines.append(f"  起止 / from, to: {facts['period'][0]} – {facts['period'][1]}")
    of_time = [column for column, group in facts["groups"].items() if group == "time"]
    if of_time:
        lines.append(f"  只随时间变化 / tell the time, not the customer: {', '.join(of_time)}")
    for column, reason in facts["left_out"].items():
        lines.append(f"  未用 / left out: {column}: {LEFT_OUT[reason]}")
    drifted = [f"{column} {psi:.2f}" for column, psi in facts["drift"].items() if psi >= DRIFTED]
    if drifted:
        lines.append(f"  前后半段有变化 / drifted within the rows (PSI): {', '.join(drifted)}")
    return lines


def _trials(facts: dict[str, Any]) -> list[str]:
    half_life = facts["half_life"]
    recent = f", half-life {half_life:g}" if half_life else ""
    lines = [f"  选用 / chosen: {facts['candidate']}{recent}; 简单规则 / simple rule: {facts['rule']}"]
    for trial in facts["trials"]:
        each = " ".join(f"{value:.3f}" for value in trial["auc"])
        lines.append(f"    AUC {sum(trial['auc']) / len(trial['auc']):.3f} ({each}) {trial['name']}")
    return lines


def _measures(facts: dict[str, Any]) -> list[str]:
    metrics = facts["metrics"]
    lines = [f"  未见过的行 / on rows not seen: {metrics['rows']:,}; 模型 model [95 %] | 规则 rule [95 %]"]
    for key, name in MEASURES.items():
        if key in metrics["model"]:
            lines.append(f"    {name}: {_interval(metrics['model'][key])} | {_interval(metrics['rule'][key])}")
    return lines


def _gains(facts: dict[str, Any]) -> list[str]:
    gains = facts["metrics"]["gains"]
    rate = sum(rows * found for rows, _, found in gains) / sum(rows for rows, _, _ in gains)
    lines = ["  按得分十分位 / by tenths of the score: 行 rows, 得分 score, 实际 found, 提升 lift, 累计 gained"]
    gained, total = 0.0, sum(rows * found for rows, _, found in gains)
    for number, (rows, score, found) in enumerate(gains, 1):
        gained += rows * found
        lines.append(f"    {number:2}: {rows:6,} {score:7.3f} {found:7.3f} {found / rate:6.2f} {gained / total:7.1%}")
    return lines


def _interval(measure: list[float]) -> str:
    value, low, high = measure
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"
