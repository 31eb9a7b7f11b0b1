"""What somebody could tell of himself or herself if asked: the synthetic person's own life, in the archive's fields."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cached_property

import numpy as np

from weihu.sources.synthetic import SyntheticBank, names
from weihu.sources.synthetic.columns import NEVER, YEAR, day
from weihu.sources.synthetic.people import GROWN, MARRIED, NO_SCHOOL, SCHOOL_ENDS

EDUCATIONS = ("primary", "middle", "high", "college", "bachelor", "master", "doctor")
MARITAL = ("single", "married", "divorced", "widowed")
INDUSTRIES = {
    "车间工人": "manufacturing", "建筑工人": "construction", "司机": "service", "快递员": "service", "保安": "service",
    "保洁员": "service", "厨师": "service", "营业员": "trade", "农民": "agriculture", "个体经营": "trade",
    "企业主": "trade", "自由职业": "other", "销售": "trade", "公司职员": "trade", "企业管理人员": "manufacturing",
    "会计": "trade", "银行职员": "finance", "工程师": "manufacturing", "程序员": "technology", "护士": "health",
    "医生": "health", "中小学教师": "education", "大学教师": "education", "公务员": "government",
    "事业单位职员": "government", "律师": "service",
}  # fmt: skip
EMPLOYERS = {
    "manufacturing": ("华新机械厂", "江南电子有限公司", "金陵汽车零部件公司", "宁泰仪表公司"),
    "construction": ("市第二建筑公司", "宏图建设集团", "自己带班组"),
    "service": ("通达物流", "鼎盛物业", "老城饭店", "安信保安公司"),
    "trade": ("苏果超市", "新百商场", "恒通商贸公司", "永安建材市场"),
    "agriculture": ("自家承包地",),
    "finance": ("市农商行", "紫金保险"),
    "technology": ("云创软件公司", "江北科技公司"),
    "health": ("市第一医院", "区中医院", "社区卫生服务中心"),
    "education": ("市第一中学", "实验小学", "南京理工学院"),
    "government": ("区税务局", "市规划局", "街道办事处", "区档案馆"),
    "other": ("自己接活",),
}
SHOPS = ("自营建材店", "自营服装店", "自营餐馆", "自营五金店", "自营水果店")
HOBBIES = {
    35: ("sports", "travel", "music", "photography", "pets"),
    55: ("reading", "sports", "travel", "tea", "fishing"),
    130: ("tea", "calligraphy", "dancing", "chess", "gardening"),
}
"""Up to an age."""
EVENTS = {
    35: ("outdoor", "concert", "children"),
    55: ("salon", "children", "tasting"),
    130: ("health", "salon"),
}
CENTS = 100
OTHER_ASSETS = ((0, "none"), (20, "below_20"), (50, "20_50"), (300, "50_300"))
"""Up to so many ten thousand yuan at other banks."""
SPENDING = ((3_000, "below_3000"), (10_000, "3000_10000"), (30_000, "10000_30000"))
"""Up to so many yuan a month."""


class Person:
    """A customer of the synthetic bank, asked on its present day. The same question gets the same answer."""

    def __init__(self, customers: SyntheticBank, customer_id: str) -> None:
        self.customer_id = customer_id
        self._state = customers.state
        self._people = customers.state.people
        self._place = int(customer_id[1:]) - 1

    def answer(self, field: str) -> str | None:
        """What the person says when asked for a field of the archive; None for what he or she has nothing to say of."""
        tell = ANSWERS.get(field)
        return tell(self) if tell else None

    @cached_property
    def age(self) -> float:
        """In years."""
        return float((self._state.on - self._people.born[self._place]) / YEAR)

    @property
    def grown(self) -> bool:
        """Whether the person may act alone."""
        return self.age >= GROWN

    @cached_property
    def job(self) -> str:
        """What he or she is now."""
        return names.OCCUPATIONS[int(self._people.occupation[self._place])]

    @cached_property
    def trade(self) -> str:
        """The job that somebody has, or had."""
        return names.OCCUPATIONS[int(self._people.trade[self._place])]

    @property
    def works(self) -> bool:
        """Whether he or she has a job."""
        return self.job in INDUSTRIES

    @property
    def income(self) -> int:
        """Yuan a month, in whole hundreds."""
        return int(self._people.income[self._place]) // (CENTS * 100) * 100

    @property
    def married(self) -> bool:
        """Whether he or she is married."""
        return int(self._people.marital[self._place]) == MARRIED

    @cached_property
    def children(self) -> list[date]:
        """The birthdays of the children."""
        born = (int(column[self._place]) for column in (self._people.child_1, self._people.child_2))
        return sorted(day(on) for on in born if on != NEVER and on <= self._state.on)

    @cached_property
    def kinds_held(self) -> set[str]:
        """The categories of products held at this bank."""
        return {category for category, holds in self._state.holds().items() if holds[self._place]}

    def sex(self) -> str:
        """As the archive writes it."""
        return "F" if self._people.female[self._place] else "M"

    def marital(self) -> str | None:
        """Whether married, and what else there is."""
        return MARITAL[int(self._people.marital[self._place])] if self.grown else None

    def education(self) -> str | None:
        """The highest school."""
        school = int(self._people.education[self._place])
        return None if school == NO_SCHOOL else EDUCATIONS[school]

    def employment(self) -> str | None:
        """What kind of work."""
        kinds = {"企业主": "owner", "个体经营": "self_employed", "退休": "retired", "学生": "student"}
        if self.works or self.job in kinds:
            return kinds.get(self.job, "employed")
        return "home" if self.grown else None

    def industry(self) -> str | None:
        """Where he or she works, or has worked."""
        return "retired" if self.job == "退休" else INDUSTRIES.get(self.job)

    def employer(self) -> str | None:
        """The name of the place."""
        if self.job in ("企业主", "个体经营"):
            return self._one_of("employer", SHOPS)
        industry = INDUSTRIES.get(self.trade if self.job == "退休" else self.job)
        return self._one_of("employer", EMPLOYERS[industry]) if industry else None

    def works_since(self) -> str | None:
        """The year in which the first job began."""
        school = int(self._people.education[self._place])
        if not self.grown or school == NO_SCHOOL or self.job == "学生":
            return None
        return str(self.born.year + max(17, int(SCHOOL_ENDS[school])))

    def household_size(self) -> str | None:
        """Who lives together."""
        return str(1 + self.married + min(len(self.children), 2)) if self.grown else None

    def home(self) -> str | None:
        """Whose the home is."""
        if self.age < 28:
            return "family" if self.draw("home") < 0.6 else "rented"
        if "loan" in self.kinds_held:
            return "mortgaged"
        return "owned" if self.draw("home") < 0.8 else "rented"

    def other_assets(self) -> str:
        """What lies with other banks, in the bands of the archive."""
        elsewhere = int(self._state.wealth.away[self._place].sum()) // (CENTS * 10_000)
        return next((band for most, band in OTHER_ASSETS if elsewhere <= most), "above_300")

    def other_banks(self) -> str:
        """The bank that somebody deals with beside this one."""
        return names.OTHER_BANKS[int(self._state.other_bank(np.array([self._place]))[0]) - 1]

    def spending(self) -> str | None:
        """A month's spending, a part of the income."""
        if not self.grown:
            return None
        spends = (self.income or 4_000) * (0.4 + 0.4 * self.draw("spending"))
        return next((band for most, band in SPENDING if spends < most), "above_30000")

    def goals(self) -> str:
        """What the money is for at this stage of life."""
        if self.age >= 50:
            return "pension" if self.draw("goals") < 0.6 else "safety"
        if any((self._today - child).days < 18 * YEAR for child in self.children):
            return "education"
        return "home" if self.age < 35 and self.draw("goals") < 0.5 else "growth"

    def invests(self) -> str:
        """Kinds of investment held here."""
        held = {"term": "deposit", "wealth": "wealth", "fund": "fund"}
        return ",".join(value for key, value in held.items() if key in self.kinds_held) or "deposit"

    def knowledge(self) -> str:
        """How much is known of investing; who holds funds knows more."""
        learned = int(self._people.education[self._place]) >= EDUCATIONS.index("bachelor")
        return (
            "good"
            if "fund" in self.kinds_held and learned
            else "some"
            if learned or "wealth" in self.kinds_held
            else "little"
        )

    def by_age(self, field: str, choices: Mapping[int, Sequence[str]]) -> str:
        """One of what people of an age like."""
        return self._one_of(field, next(values for most, values in choices.items() if self.age < most))

    @property
    def born(self) -> date:
        """The birthday."""
        return day(int(self._people.born[self._place]))

    @property
    def _today(self) -> date:
        return day(int(self._state.on))

    def draw(self, field: str) -> float:
        """A number from 0 to 1, always the same for a field."""
        stamp = hashlib.sha256(f"{self.customer_id} {field}".encode()).digest()
        return int.from_bytes(stamp[:4]) / 2**32

    def _one_of(self, field: str, choices: Sequence[str]) -> str:
        return choices[int(self.draw(field) * len(choices))]


def _children(person: Person) -> str | None:
    return ("none", "one", "two")[len(person.children)] if person.grown else None


def _channel(person: Person) -> str:
    return "counter" if person.age > 68 else "message" if person.age < 35 else "phone"


def _time(person: Person) -> str:
    return ("evening" if person.draw("time") < 0.5 else "noon") if person.works else "morning"


ANSWERS: dict[str, Callable[[Person], str | None]] = {
    "sex": Person.sex,
    "birth_date": lambda person: str(person.born),
    "education": Person.education,
    "marital_status": Person.marital,
    "occupation": lambda person: person.job,
    "income": lambda person: str(person.income) if person.income else None,
    "employment": Person.employment,
    "industry": Person.industry,
    "employer": Person.employer,
    "works_since": Person.works_since,
    "children": _children,
    "child_birth_date": lambda person: str(person.children[0]) if person.children else None,
    "household_size": Person.household_size,
    "decides": lambda person: ("together" if person.married else "self") if person.grown else "parents",
    "parents_care": lambda person: "true" if 35 <= person.age <= 60 else "false",
    "home": Person.home,
    "car": lambda person: ("none" if person.income < 6_000 else "one") if person.grown else None,
    "other_assets": Person.other_assets,
    "other_banks": Person.other_banks,
    "spending_level": Person.spending,
    "financial_goals": Person.goals,
    "investments_held": Person.invests,
    "financial_knowledge": Person.knowledge,
    "preferred_channel": _channel,
    "preferred_time": _time,
    "payment_habits": lambda person: "cash" if person.age > 70 else "wechat",
    "hobbies": lambda person: person.by_age("hobbies", HOBBIES),
    "favourite_events": lambda person: person.by_age("events", EVENTS),
}
"""By field of the archive; all others nobody asks for in passing."""
