"""What the home has kept of trials that ended, for whom a contact helps, and what is said of it on tasks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings
from django.db import transaction

from weihu.engine.lake import Home
from weihu.insight import files, uplift
from weihu.insight.kept import UPLIFT
from weihu.nightly.gather import unscored_customers
from weihu.rules.effect import BEGUN, ENDED, INPUTS
from weihu.rules.rulebook import RuleBook
from weihu.workplace.bank.models import Run, Uplift
from weihu.workplace.see.modelcards.switching import is_on

BATCH = 2_000
KEY = ["customer_id", "kind", "raised_on"]


def learn_uplift(home: Home, book: RuleBook, last: Run, said: Callable[[str], None]) -> uplift.Model:
    """Learn from the trials that nights up to ``last`` have kept, keep what is known, and say it of the open signals.

    Raises files.TooFew, and checksums.Damaged if what was kept is not as it was left.
    """
    # it loads LightGBM, which a night that only says what is known does without
    from weihu.nightly.learning import groups_of  # noqa: PLC0415

    said(str(last.business_date))
    table = _with_inputs(_kept(home, last, "ended", ENDED), _kept(home, last, "begun", BEGUN))
    out = unscored_customers(book, last.business_date)
    stays = [customer not in out for customer in table["customer_id"].to_pylist()]
    profiles = home.verified(home.run(last.number) / "profiles.parquet")
    trials = uplift.Trials.of(table.filter(pa.array(stays, pa.bool_())))
    model = uplift.train(trials, book, groups_of(profiles, last.business_date, book))
    files.save(home.insight / UPLIFT, model.content)
    say(last, home.run(last.number))
    return model


def _kept(home: Home, last: Run, name: str, schema: ibis.Schema, since: date = date.min) -> pa.Table:
    """What nights from ``since`` to ``last`` have left under a name; of a day that was corrected, what was left last."""
    arrow, seen = schema.to_pyarrow(), set()
    parts = [arrow.empty_table()]
    runs = Run.objects.filter(number__lte=last.number, published=True, business_date__gte=since).order_by("-number")
    for number, on in runs.values_list("number", "business_date"):
        path = home.run(number) / f"{name}.parquet"
        if on not in seen and path.exists():
            parts.append(pq.read_table(home.verified(path)).cast(arrow))
        seen.add(on)
    return pa.concat_tables(parts)


def _with_inputs(trials: pa.Table, begun: pa.Table) -> pa.Table:
    """Trials with how their customers stood when they began."""
    stood = begun.select([*KEY, *INPUTS]).combine_chunks()
    return trials.combine_chunks().join(stood, KEY, join_type="left outer")


def say(run: Run, folder: Path) -> None:
    """Whom acting on the signals that are told of surely helps or harms, in place of what was said before. ``folder``: the
    run's; signals stand as they did when they were raised."""
    rows = _said(run, folder)
    with transaction.atomic():
        Uplift.objects.all().delete()
        Uplift.objects.bulk_create(rows, batch_size=BATCH)


def _said(run: Run, folder: Path) -> list[Uplift]:
    content = files.load(settings.HOME.insight / UPLIFT) if is_on(UPLIFT) else None
    if content is None:
        return []
    model = uplift.Model.of(content)
    if not model.sure:
        return []
    going_on = pq.read_table(folder / "trials.parquet", filters=[("held_out", "=", False)])
    since = run.business_date - timedelta(days=run.rulebook.effects.horizon_days)
    table = _with_inputs(going_on, _kept(settings.HOME, run, "begun", BEGUN, since))
    seen, known = uplift.inputs_of(table)
    customers, kinds = (np.array(table[name].to_pylist(), np.str_) for name in ("customer_id", "kind"))
    words = np.where(known, model.hints(kinds, seen), uplift.SAME)
    out = unscored_customers(run.rulebook, run.business_date)
    return [
        Uplift(customer_id=customer, kind=kind, on=run.business_date, word=word)
        for customer, kind, word in zip(customers.tolist(), kinds.tolist(), words.tolist(), strict=True)
        if word != uplift.SAME and customer not in out
    ]
