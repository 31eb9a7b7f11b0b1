"""Whom money came from or went to, as a statement names it: employers, shops, hospitals, funds of social insurance.

Only names are added to what a day has booked already; no amount depends on them. So life leaves its marks (a new
employer, a pension, nappies, furniture, another estate's property fee) beside much that looks alike and means
nothing: gifts, an employer that takes another name, and wallets, which hide the shop.
"""

from __future__ import annotations

import numpy as np

from weihu.sources.synthetic import names
from weihu.sources.synthetic.columns import NEVER, Bools, Floats, Ints
from weihu.sources.synthetic.state import BILL, HOME, PAYMENT, SALARY, SCHOOL, TRANSFER, Move, State

TRADES = (
    "科技",
    "机电",
    "贸易",
    "物流",
    "医药",
    "建设",
    "餐饮管理",
    "软件",
    "化工",
    "教育咨询",
    "人力资源服务",
    "传媒",
)
FIRMS = (
    "恒信",
    "博远",
    "金陵",
    "紫东",
    "华宁",
    "瑞康",
    "中天",
    "东方",
    "嘉和",
    "新海",
    "玄武湖",
    "长江",
    "苏源",
    "钟山",
    "联创",
)
KEEPERS = ("物业服务有限公司", "物业管理有限公司", "城市服务物业公司")
"""The companies that keep an estate; an estate may change its own."""

COMPANIES = {
    "wallet": ("财付通支付科技有限公司", "支付宝(中国)网络技术有限公司"),
    "shop": ("惠民超市", "百汇购物中心", "顺达加油站", "老城南小吃店", "康泰大药房", "新街书店", "悦动健身"),
    "baby": ("南京市妇幼保健院", "宝贝屋母婴用品店", "爱婴坊母婴生活馆", "小天使早教中心"),
    "furnishing": ("新居装饰工程有限公司", "美家建材城", "木语家具有限公司", "暖阳家居广场"),
    "mover": ("顺心搬家服务有限公司", "大力搬家服务有限公司"),
    "school": ("南京市第一小学", "南京市实验中学", "江宁高级中学"),
    "developer": ("宁安置业有限公司", "江畔房地产开发有限公司"),
    "pension": ("南京市社会保险管理中心", "江苏省机关事业单位养老保险中心"),
    "employer": tuple(f"{firm}{trade}有限公司" for trade in TRADES for firm in FIRMS),
    "estate": tuple(estate + keeper for keeper in KEEPERS for estate in names.ESTATES),
}
PARTIES = tuple(name for group in COMPANIES.values() for name in group)
"""A number names the party before it, so that 0 is none."""

FIRST = {kind: PARTIES.index(group[0]) + 1 for kind, group in COMPANIES.items()}

NAMED = 0.6
"""Of ordinary payments those that name the shop; of homes bought those from a company."""
PUBLIC = 0.25
"""Of pensions those of public servants."""
RENAMED, CHANGES_KEEPER = 0.015, 0.02
"""A year: employers that pay under another name, estates that change the company that keeps them."""
LONG_AGO = -(10**6)
YOUNG = ((183, 0.35), (365, 0.2), (1000, 0.05))
"""Of payments those for a child, by the days since the birth."""
GIFTS, ELDERS_GIFTS, ELDER = 0.004, 0.012, 50.0
FURNISHES = (20, 170)
"""The days after a home was bought in which it is furnished."""
FURNISHING, MOVED_FURNISHING, BUYS_FURNITURE, SETTLES = 0.3, 0.08, 0.006, 60
MOVES_WITHIN, MOVER, BACKGROUND_MOVER = 20, 0.2, 0.0001


class Parties:
    """Who pays and who is paid; what of it changes as life goes on."""

    def __init__(self, state: State) -> None:
        rng = np.random.default_rng([state.seed, 5])
        n = state.people.count
        self.employer = rng.integers(0, len(COMPANIES["employer"]), n)
        self.wallet = rng.uniform(0.15, 0.75, n)
        self.public = rng.random(n) < PUBLIC
        self.keeper = np.zeros(len(names.ESTATES), np.int64)
        self.bought, self.moved = np.full(n, LONG_AGO), np.full(n, LONG_AGO)

    def name(self, state: State) -> None:
        """Name the other party of what was booked today, where a statement would."""
        rng = state.draw(60)
        self._pass_a_day(state, rng)
        for move in state.moves:
            if move.kind == SALARY:
                move.party = self._payers(state, move)
            elif move.kind in (PAYMENT, TRANSFER):
                move.party = self._paid(state, move, rng)

    def _pass_a_day(self, state: State, rng: np.random.Generator) -> None:
        n = state.people.count
        changes = rng.random(n) < RENAMED / 365
        changes[state.today("job")] = True
        other = rng.integers(1, len(COMPANIES["employer"]), n)
        self.employer = np.where(changes, (self.employer + other) % len(COMPANIES["employer"]), self.employer)
        changed = rng.random(len(names.ESTATES)) < CHANGES_KEEPER / 365
        self.keeper = np.where(changed, (self.keeper + 1) % len(KEEPERS), self.keeper)
        self.bought[state.today("house")] = state.on
        self.moved[state.today("moving")] = state.on

    def _payers(self, state: State, move: Move) -> Ints:
        who = state.accounts.owner[move.account]
        retired = state.people.occupation[who] == names.RETIRED
        pension = FIRST["pension"] + self.public[who]
        return np.asarray(np.where(retired, pension, FIRST["employer"] + self.employer[who]), np.int64)

    def _paid(self, state: State, move: Move, rng: np.random.Generator) -> Ints:
        who = state.accounts.owner[move.account]
        chance, which = rng.random((3, len(who))), rng.integers(0, 10**6, len(who))

        def of(kind: str) -> Ints:
            return np.asarray(FIRST[kind] + which % len(COMPANIES[kind]), np.int64)

        estate = state.people.estate[who]
        known = [
            (move.purpose == BILL, FIRST["estate"] + self.keeper[estate] * len(names.ESTATES) + estate),
            (move.purpose == SCHOOL, of("school")),
            ((move.purpose == HOME) & (chance[0] < NAMED), of("developer")),
        ]
        bought = (move.kind == PAYMENT) & (move.cents < 0) & (move.purpose == 0)
        child, furniture, mover = self._chances(state, who)
        bounds = np.cumsum([child, furniture, mover], axis=0)
        shop = [
            (chance[0] < self.wallet[who], of("wallet")),
            (chance[1] < bounds[0], of("baby")),
            (chance[1] < bounds[1], of("furnishing")),
            (chance[1] < bounds[2], of("mover")),
            (chance[2] < NAMED, of("shop")),
        ]
        shop = [(bought & here, party) for here, party in shop]
        conditions: list[Bools] = [np.asarray(here) for here, _ in known + shop]
        return np.asarray(np.select(conditions, [party for _, party in known + shop], 0), np.int64)

    def _chances(self, state: State, who: Ints) -> tuple[Floats, Floats, Floats]:
        """How much of what people pay is for a child, for a home's furnishing, and for a move."""
        people, on = state.people, state.on
        children = [np.where(child == NEVER, LONG_AGO, child)[who] for child in (people.child_1, people.child_2)]
        days = on - np.maximum(*children)
        gifts = np.where(people.age(on)[who] > ELDER, ELDERS_GIFTS, GIFTS)
        child = np.select([(days >= 0) & (days < most) for most, _ in YOUNG], [share for _, share in YOUNG], gifts)
        house, moved = on - self.bought[who], on - self.moved[who]
        furnishing = (house >= FURNISHES[0]) & (house < FURNISHES[1])
        furniture = np.select([furnishing, moved < SETTLES], [FURNISHING, MOVED_FURNISHING], BUYS_FURNITURE)
        return child, furniture, np.where(moved < MOVES_WITHIN, MOVER, BACKGROUND_MOVER)
