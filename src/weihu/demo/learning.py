"""What the demo's nights can teach: found segments, shares of wallets, next products, life events to ask about."""

from __future__ import annotations

from weihu.demo.stages import Stages
from weihu.engine.lake import Home
from weihu.insight.files import TooFew
from weihu.insight.found import NAME
from weihu.nightly.found_segments import find_segments
from weihu.nightly.life_events import ask
from weihu.nightly.next_products import learn_next_product
from weihu.nightly.wallets import learn_wallet
from weihu.workplace.bank.current import current

LEARNED = (learn_wallet, learn_next_product, ask, find_segments)
"""What is learned, the segments last: they say that all is done."""


def learn(home: Home, stages: Stages) -> None:
    """Learn from what the nights have kept, once; what they have too little for stays unlearned, as its page says."""
    run = current()
    if run is None or (home.insight / NAME).is_dir():
        return
    for of in stages.track("模型 models", LEARNED, len(LEARNED)):
        try:
            of(home, run.rulebook, run, lambda _: None)
        except TooFew:
            continue
