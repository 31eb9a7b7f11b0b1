"""Finding customers by what people remember of them."""

import csv
import json
import shutil
from decimal import Decimal

import pytest
from django.urls import reverse

from tests.conftest import PUBLISHED_DAYS
from weihu.workplace.bank.models import Customer
from weihu.workplace.bank.names import keys_of


def test_a_name_is_found_from_each_of_its_characters_on():
    assert keys_of("王小明", "wangxiaoming", "wxm") == {"王小明", "小明", "明", "wangxiaoming", "wxm"}
    assert keys_of("Anna  O'Hara", "annao'hara", "ao") == {"anna o'hara", "o'hara", "annao'hara", "ao"}


def found_by(client, query: str) -> set[str]:
    address, ids = f"{reverse('customers')}?q={query}", set()
    while address:
        context = client.get(address).context
        ids |= {row.customer_id for row, _ in context["rows"]}
        address = f"{reverse('customers')}?{context['more']}" if context["more"] else ""
    return ids


@pytest.mark.parametrize("few", [0, 2000])
@pytest.mark.parametrize("post", ["personal_banking", "branch_manager", "relationship_manager"])
def test_both_ways_of_searching_find_the_same(post, few, signed_in, member, run, monkeypatch):
    """By keys and by reading the list: everybody within reach whose name has the text, and nobody else."""
    from weihu.workplace.gate.reach import Gate
    from weihu.workplace.know.archive import search

    monkeypatch.setattr(search, "FEW", few)
    client = signed_in(post)
    within = [row.customer for row in Gate(member(post), run).standings()]
    for customer in within[:6]:
        for text in (customer.name[-1], customer.name[1:], customer.name):
            assert found_by(client, text) == {other.customer_id for other in within if text in other.name}
        for text in (customer.pinyin[:4], customer.initials):
            listed = {other.pk for other in within if other.pinyin.startswith(text) or other.initials.startswith(text)}
            assert found_by(client, text) == listed


def test_who_took_another_name_is_found_by_it_and_not_by_the_old_one(deliveries, tmp_path, signed_in, home, run):
    from weihu.nightly.run import Nightly

    folder = shutil.copytree(deliveries[PUBLISHED_DAYS], tmp_path / "delivery")
    with (deliveries[0] / "customers.csv").open(encoding="utf-8") as file:
        row = next(csv.DictReader(file))
    old, row["name"] = row["name"], "欧阳靖康"
    file_is_new = not (folder / "customers.csv").is_file()
    with (folder / "customers.csv").open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, row, lineterminator="\n")
        if file_is_new:
            writer.writeheader()
        writer.writerow(row)
    manifest = json.loads((folder / "manifest.json").read_text())
    none_yet = {"file": "customers.csv", "rows": 0, "totals": {"income": "0.00"}}
    stated = manifest["files"].setdefault("customers", none_yet)
    stated["rows"] += 1
    stated["totals"]["income"] = str(Decimal(stated["totals"]["income"]) + Decimal(row["income"] or 0))
    stated.pop("sha256", None)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with Nightly(home) as nightly:
        nightly.run(folder)
    client = signed_in("personal_banking")
    assert found_by(client, "靖康") == found_by(client, "ouyangjingkang") == {row["customer_id"]}
    assert row["customer_id"] not in found_by(client, old)
    assert Customer.objects.get(pk=row["customer_id"]).initials == "oyjk"
