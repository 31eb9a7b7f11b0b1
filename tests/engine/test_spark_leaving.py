"""Who leaves, worked out by either engine: the same whole numbers, to the bit, on 200,000 random customers."""

import random
from datetime import date, timedelta

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tests.engine.engines import both
from weihu.engine.duck import DuckEngine
from weihu.rules import attrition, rulebook, scores, tables
from weihu.rules.kinds import leaving
from weihu.rules.scores import GRID, MILLIONTHS, Scorer
from weihu.rules.value import average, factor, times

pytestmark = [pytest.mark.spark, pytest.mark.xdist_group("spark")]

BOOK = rulebook.load("brief")
MANY = 200_000
ON = date(2026, 6, 1)
PAIRS = ibis.schema(
    {
        "n": "int64",
        "part": "int64",
        "whole": "int64",
        "days": "int64",
        "money": tables.MONEY,
        "other": tables.MONEY,
        "balance_days": tables.BALANCE_DAYS,
        "on": "date",
        "then": "date",
        "branch": "string",
        "rating": "string",
    }
)


def whole_numbers(chance, many, top, empty=0.0, least=1):
    """Whole numbers of any size up to ``top``, either sign; the edges more often than chance would have it."""
    sizes = 10.0 ** chance.uniform(np.log10(least), np.log10(top), many)
    numbers = (sizes * chance.choice((-1, 1, 1), many)).astype(np.int64)
    edges = chance.random(many) < 0.1
    numbers[edges] = chance.choice((0, 1, -1, 2), edges.sum())
    return pa.array(numbers, mask=chance.random(many) < empty)


def cents(chance, many, top, kind, empty=0.0, least=1):
    """Amounts up to ``top`` cents, in a decimal type."""
    numbers = whole_numbers(chance, many, top, empty, least)
    value = numbers.fill_null(0).to_numpy()
    words = np.column_stack([value, value >> 63])
    decimals = pa.Array.from_buffers(kind, many, [None, pa.py_buffer(words)])
    return pc.if_else(numbers.is_valid(), decimals, pa.scalar(None, kind))


def days(chance, many, empty=0.1):
    """Dates around ON, some of them missing."""
    apart = chance.integers(-1_200, 200, many) + (ON - date(1970, 1, 1)).days
    return pa.array(apart.astype(np.int32), pa.int32(), mask=chance.random(many) < empty).cast(pa.date32())


def filled(schema, columns):
    """A table of some columns; the others are empty."""
    kinds = schema.to_pyarrow()
    many = len(next(iter(columns.values())))
    return pa.table([columns.get(kind.name, pa.nulls(many, kind.type)).cast(kind.type) for kind in kinds], schema=kinds)


def choice(chance, many, values):
    return pa.array(values).take(pa.array(chance.integers(0, len(values), many)))


def pairs(many, seed=3):
    chance = np.random.default_rng(seed)
    kinds = PAIRS.to_pyarrow()
    return filled(
        PAIRS,
        {
            "n": pa.array(np.arange(many)),
            "part": whole_numbers(chance, many, 10**12, 0.1),
            "whole": whole_numbers(chance, many, 10**12, 0.1),
            "days": pa.array(chance.integers(1, 400, many)),
            "money": cents(chance, many, 10**15, kinds.field("money").type, 0.1),
            "other": cents(chance, many, 10**12, kinds.field("other").type, 0.1),
            "balance_days": cents(chance, many, 10**15, kinds.field("balance_days").type, 0.1),
            "on": days(chance, many),
            "then": days(chance, many),
            "branch": choice(chance, many, ["A", "B", "C", "D", None]),
            "rating": choice(chance, many, ["C1", "C3", "C5", None]),
        },
    )


def told(rows):
    """The expressions of which features, scores and warnings are made."""
    mates = ibis.window(group_by="branch")
    ahead = ibis.window(group_by="branch", order_by=[rows.on, rows.n], preceding=0, following=9)
    upwards = ibis.window(group_by="branch", order_by=[rows.money.desc(), rows.n], preceding=None, following=0)
    low = (rows.money <= times(rows.other, factor(BOOK.attrition.left))).cast("int64")
    return rows.select(
        "n",
        share=attrition.share(attrition._cents(rows.money), ibis.greatest(attrition._cents(rows.other), 1)),
        pace=attrition._pace(rows.part, rows.days, rows.whole, rows.days + 7),
        quotient=attrition._whole(rows.part, ibis.greatest(rows.days, 1)),
        mean=average(rows.balance_days, rows.days),
        product=times(rows.money, factor(BOOK.attrition.to_others)),
        notches=scores.notches(rows.part),
        since=attrition._days_since(rows.then, rows.on),
        later=attrition._later(rows.on, rows.then),
        class_of=ibis.coalesce(rows.rating.substr(1, 1).cast("int64"), 0),
        low=low.sum().over(ahead),
        mates=(rows.money > rows.other).sum().over(mates),
        reached=rows.whole.sum().over(upwards),
        before=rows.on.max().over(upwards),
        fits=rows.part * leaving.EXACTLY <= rows.days * ibis.literal(15_000, "int64"),
    )


def test_expressions_of_scores_are_equal_on_200_000_random_rows(spark):
    ours, theirs = both(spark, told, (PAIRS, pairs(MANY)))
    assert ours.schema == theirs.schema
    for name in ours.column_names:
        assert ours[name].equals(theirs[name]), name
        assert len(ours[name].unique()) > 1, name


def random_levels(on, chance, days_at_most, most_balance_days):
    """How customers stand on a night, whatever could be."""
    kinds = tables.LEVELS.to_pyarrow()
    columns = {
        name: cents(chance, MANY, 10**10, kinds.field(name).type)
        if tables.LEVELS[name].is_decimal()
        else days(chance, MANY)
        if tables.LEVELS[name].is_date()
        else whole_numbers(chance, MANY, 10**4)
        for name in tables.LEVELS
        if name not in ("customer_id", "on", "days", "aum", "aum_days")
    }
    columns["customer_id"] = customers()
    columns["on"] = pa.array([on]).take(pa.array(np.zeros(MANY, np.int64)))
    columns["days"] = pa.array(chance.integers(1, days_at_most, MANY))
    columns["aum"] = cents(chance, MANY, 10**10, kinds.field("aum").type, least=10**6)
    kind = kinds.field("aum_days").type
    columns["aum_days"] = cents(chance, MANY, most_balance_days, kind, least=most_balance_days // 1_000)
    return filled(tables.LEVELS, columns)


def customers():
    return pa.array([f"C{number:06}" for number in range(MANY)])


def random_night(seed=17):
    """The tables from which a night works out who leaves, by their names."""
    chance = np.random.default_rng(seed)
    back = attrition.spans(ON, BOOK.attrition.level_days)
    past = [
        random_levels(on, chance, 60, 10**8).take(pa.array(chance.permutation(MANY)[: MANY * 9 // 10]))
        for on in back.values()
    ]
    pairs_of = chance.permutation(MANY)[:4_000].reshape(-1, 2)
    names = customers()
    return {
        "levels_merged": (tables.LEVELS, random_levels(ON, chance, 400, 10**12)),
        "levels_past": (tables.LEVELS, pa.concat_tables(past)),
        "spans": (tables.SPANS, filled(tables.SPANS, {"days": pa.array([*back]), "on": pa.array([*back.values()])})),
        "merges": (
            tables.MERGES,
            filled(
                tables.MERGES,
                {
                    "gone": names.take(pa.array(pairs_of[:, 0])),
                    "kept": names.take(pa.array(pairs_of[:, 1])),
                    "active": pa.array(chance.random(2_000) < 0.8),
                },
            ),
        ),
        "profiles": (
            tables.PROFILES,
            filled(
                tables.PROFILES,
                {
                    "customer_id": names,
                    "branch_id": choice(chance, MANY, [f"B{place}" for place in range(60)]),
                    "opened_on": pa.array([ON - timedelta(days=5 * 365)] * MANY),
                    "risk_rating": choice(chance, MANY, ["C1", "C2", "C5", None]),
                },
            ),
        ),
        "unscored": (tables.UNSCORED, filled(tables.UNSCORED, {"customer_id": names[:3_000]})),
        "compared": (
            tables.COMPARED,
            filled(
                tables.COMPARED,
                {"customer_id": names, "grade_rank": choice(chance, MANY, list(range(len(BOOK.grades))))},
            ),
        ),
        "signals_before": (
            tables.SIGNALS,
            filled(
                tables.SIGNALS,
                {
                    "customer_id": names.take(pa.array(chance.integers(0, MANY, 30_000))),
                    "kind": choice(chance, 30_000, [leaving.KIND, "birthday"]),
                },
            ),
        ),
    }


def random_scorer(kind, seed=29):
    """As large as what is learned: 150 trees of five leaves, or a weight for every input."""
    chance = random.Random(seed)

    def branch(leaves):
        if leaves == 1:
            return chance.randrange(-MILLIONTHS // 5, MILLIONTHS // 5)
        left = chance.randrange(1, leaves)
        return [chance.choice(attrition.NAMES), chance.choice((0, 999, *GRID)), branch(left), branch(leaves - left)]

    steps = [(MILLIONTHS * (place - 20) // 10, 25 * place) for place in range(1, 40)]
    if kind == "trees":
        return Scorer(kind=kind, intercept=-1_234_567, trees=[branch(5) for _ in range(150)], steps=steps)
    weights = {name: chance.randrange(-MILLIONTHS // 10, MILLIONTHS // 10) for name in attrition.NAMES}
    return Scorer(kind=kind, intercept=765_432, weights=weights, steps=steps)


def worked_out(engine, given, scorers):
    """What a night makes of its tables, step by step, by name."""
    bound = {name: engine.bind_arrow(name, schema, rows) for name, (schema, rows) in given.items()}
    for name in ("levels_merged", "levels_past"):
        merged = engine.derive(f"{name}_as_one", attrition.levels_as_merged, bound[name], bound["merges"])
        bound[name] = merged
    features = engine.derive(
        "features",
        attrition.features,
        levels=bound["levels_merged"],
        levels_past=bound["levels_past"],
        spans=bound["spans"],
        profiles=bound["profiles"],
        book=BOOK,
    )
    made = ["levels_merged_as_one", "levels_past_as_one", "features"]
    for kind, by in scorers.items():
        scored = engine.derive(f"scores_{kind}", attrition.scored, features, bound["unscored"], by)
        engine.derive(
            f"leavers_{kind}", leaving.leavers, bound["compared"], scored, bound["signals_before"], by, book=BOOK
        )
        made += [f"scores_{kind}", f"leavers_{kind}"]
    return {name: engine.read(name).sort_by([("customer_id", "ascending"), ("on", "ascending")]) for name in made}


def test_features_scores_and_warnings_of_200_000_random_customers_are_equal(spark):
    """By the rule, a regression and as many trees as are learned."""
    given = random_night()
    rule = Scorer(kind="rule", weights={"left": 1})
    scorers = {"rule": rule, **{kind: random_scorer(kind) for kind in ("regression", "trees")}}
    duck = DuckEngine.in_memory()
    ours, theirs = (worked_out(engine, given, scorers) for engine in (duck, spark))
    duck.close()
    for name, rows in ours.items():
        assert rows.schema == theirs[name].schema, name
        assert rows.equals(theirs[name]), name
        assert rows.num_rows, name
    assert ours["features"].num_rows > 10_000
    assert all(len(ours[f"scores_{kind}"]["chance"].unique()) > 10 for kind in ("regression", "trees"))
