"""How good the rankings of `weihu insight` are on real tables, on rows the models have not seen.

    uv run python bench/insight.py calls ../shared/data/bank-marketing/calls.csv
    uv run python bench/insight.py churn ../shared/data/card-churn/customers.csv

calls: a bank's calls in time order, the market turning along them. Learned anew at the beginning of every month from
November 2008 on. "From" is the model of that month on all later rows; "month by month" is each month by its own model.
churn: random folds, each model made by the whole procedure from the other folds.

Each measure has its 95 % interval (whole days resampled where there are days), and the simple rule beside it.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from weihu.insight import response
from weihu.insight.measures import auc
from weihu.insight.timeline import Clock
from weihu.sources import tables

ORIGINS = {"nov": "November 2008", "dec": "December 2008", "mar": "March 2009", "apr": "April 2009", "may": "May 2009"}
NAMED = ("nov", "mar", "apr", "may")
FOLDS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["calls", "churn"])
    parser.add_argument("file", type=Path)
    asked = parser.parse_args()
    table = tables.read(asked.file)
    (calls if asked.what == "calls" else churn)(table)


def calls(table) -> None:
    outcomes = np.array([cell == "yes" for cell in table["y"].to_pylist()], float)
    timeline = Clock.of_order(table).read(table)
    months = table["month"].to_pylist()
    first = np.flatnonzero(np.diff(timeline.blocks, prepend=-1))
    begins = [int(place) for place in first if place >= months.index("nov")]
    scores, rule = np.full(len(outcomes), np.nan), np.full(len(outcomes), np.nan)
    aucs = []
    for place, begin in enumerate(begins):
        model, seconds = fitted(table.slice(0, begin), "y", in_order=True)
        later = table.slice(begin)
        found, by_rule = model.score(later)[0], model.score(later, by_rule=True)[0]
        after = slice(begin, None)
        if months[begin] in NAMED:
            print(f"\nfrom {ORIGINS[months[begin]]}: {begin:,} rows before, {len(found):,} after, {seconds:.0f} s")
            said(model)
            shown(outcomes[after], found, by_rule, timeline.blocks[after], timeline.days[after])
            aucs.append(auc(outcomes[after], found))
        end = begins[place + 1] - begin if place + 1 < len(begins) else len(found)
        scores[begin : begin + end], rule[begin : begin + end] = found[:end], by_rule[:end]
    print(f"\nmean AUC of the four origins: {np.mean(aucs):.3f}")
    after = slice(begins[0], None)
    print(f"\nmonth by month from November 2008: {len(outcomes) - begins[0]:,} rows")
    shown(outcomes[after], scores[after], rule[after], timeline.blocks[after], timeline.days[after])


def churn(table) -> None:
    target = "Attrition_Flag"
    outcomes = np.array([cell == "Attrited Customer" for cell in table[target].to_pylist()], float)
    fold = np.random.default_rng(7).integers(0, FOLDS, len(outcomes))
    scores, rule = np.empty(len(outcomes)), np.empty(len(outcomes))
    for number in range(FOLDS):
        model, seconds = fitted(table.filter(fold != number), target)
        print(f"fold {number + 1}: {seconds:.0f} s")
        said(model)
        test = table.filter(fold == number)
        scores[fold == number] = model.score(test)[0]
        rule[fold == number] = model.score(test, by_rule=True)[0]
    shown(outcomes, scores, rule, None, None)


def fitted(table, target, **settings):
    began = time.perf_counter()
    model = response.fit(table, target, **settings)
    return model, time.perf_counter() - began


def said(model) -> None:
    facts = model.facts
    refused = ", ".join(leak["column"] for leak in facts["leaks"]) or "none"
    life = f", half-life {facts['half_life']:g}" if facts["half_life"] else ""
    print(f"  chosen: {facts['candidate']}{life}; rule: {facts['rule']}; refused as leaks: {refused}")


def shown(outcomes, scores, rule, blocks, days) -> None:
    model = response.measures(outcomes, scores, days, blocks, days)
    beside = response.measures(outcomes, rule, days, blocks, days)
    for name, (value, low, high) in model.items():
        ruled, rule_low, rule_high = beside[name]
        print(f"  {name:20} {value:.4f} [{low:.4f}, {high:.4f}]   rule {ruled:.4f} [{rule_low:.4f}, {rule_high:.4f}]")


if __name__ == "__main__":
    main()
