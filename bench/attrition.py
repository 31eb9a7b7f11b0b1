"""stub"""
from __future__ import annotations

import tempfile
from datetime import date, timedelta
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from weihu.engine.duck import DuckEngine
from weihu.engine.protocol import table_of
from weihu.rules import attrition, rulebook, tables, value

FILES = {
    "branches": tables.BRANCHES,
    "products": tables.PRODUCTS,
    "profiles": tables.PROFILES,
    "accounts": tables.ACCOUNTS_DELIVERED,
    "holdings": tables.HOLDINGS,
    "balances": tables.BALANCES,
    "transactions": tables.TRANSACTIONS,
}


class Replay:
    """The part of the nights that keeps levels, over delivered files; the same rules, without the rest of a night."""

    def __init__(self, out: Path) -> None:
        self.engine = DuckEngine.in_memory()
        self.out = out
        for name in ("products", "profiles", "accounts", "holdings"):
            schema = {**FILES, "accounts": tables.ACCOUNTS}[name]
            self.engine.bind_rows(f"{name}_before", schema, [])
        self.engine.bind_rows("levels_before", tables.LEVELS, [])
        self.engine.bind_rows("noted", tables.NOTED, [])
        self.engine.bind_rows("contacts_today", tables.CONTACTS, [])

    def pass_a_day(self, delivery: Path, on: date) -> None:
        engine = self.engine
        for name, schema in FILES.items():
            file = delivery / f"{'customers' if name == 'profiles' else name}.csv"
            engine.bind_arrow(f"{name}_today", schema, read(file, schema))
        row = dict.fromkeys(tables.CALENDAR, None) | {"business_date": on}
        engine.bind_row("calendar", tables.CALENDAR, row)
        for name in ("products", "profiles", "holdings"):
            key = {"products": "product_id", "profiles": "customer_id", "holdings": "holding_id"}[name]
            self.derive(name, value.replace_rows, FILES[name], {"before": f"{name}_before", "today": f"{name}_today"}, key=key)
        self.derive("accounts", value.carry_accounts, tables.ACCOUNTS, {"accounts_before": "accounts_before", "accounts_today": "accounts_today", "balances_today": "balances_today"})
        self.derive("levels", attrition.levels_today, tables.LEVELS, {
            "profiles": "profiles", "accounts": "accounts", "products": "products", "holdings": "holdings",
            "transactions": "transactions_today", "contacts_today": "contacts_today", "noted": "noted",
            "levels_before": "levels_before", "calendar": "calendar"})
        if attrition.is_kept(on):
            engine.write("levels", self.out / f"{on}.parquet", ("customer_id",))
        for name in ("products", "profiles", "accounts", "holdings", "levels"):
            engine.connection.execute(f'DROP TABLE IF EXISTS "{name}_before"; ALTER TABLE "{name}" RENAME TO "{name}_before"')
            engine._counts[f"{name}_before"] = engine._counts[name]

    def derive(self, name, rule, schema, reads, **constants):
        schemas = {**{f"{k}_before": v for k, v in FILES.items()}, **{f"{k}_today": v for k, v in FILES.items()}, **FILES,
            "accounts": tables.ACCOUNTS, "accounts_before": tables.ACCOUNTS, "noted": tables.NOTED, "contacts_today": tables.CONTACTS,
            "levels_before": tables.LEVELS, "calendar": tables.CALENDAR}
        self.engine.derive(name, rule, **{p: table_of(t, schemas[t]) for p, t in reads.items()}, **constants)

    def close(self):
        self.engine.write("profiles_before", self.out / "profiles.parquet", ("customer_id",))


def read(file: Path, schema: ibis.Schema) -> pa.Table:
    if not file.is_file():
        return schema.to_pyarrow().empty_table()
    arrow = schema.to_pyarrow()
    kinds = {field.name: field.type for field in arrow}
    found = pcsv.read_csv(file, convert_options=pcsv.ConvertOptions(column_types=kinds, strings_can_be_null=True, null_values=[""], quoted_strings_can_be_null=True))
    columns = [found[name].cast(field.type) if name in found.column_names else pa.nulls(found.num_rows, field.type) for name, field in ((f.name, f) for f in arrow)]
    return pa.table(columns, schema=arrow)


if __name__ == "__main__":
    import sys, time
    src, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.mkdir(exist_ok=True, parents=True)
    r = Replay(out)
    t = time.time()
    for d in sorted(p for p in src.iterdir() if not p.name.startswith(".")):
        r.pass_a_day(d, date.fromisoformat(d.name))
        if d.name.endswith("01"): print(d.name, round(time.time() - t, 1), flush=True)
    r.close()
