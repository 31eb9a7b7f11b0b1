"""Words of the synthetic bank: how people of an age and sex are called, where they live, and what the bank is made of.

Invented people; real ways of naming. Surnames have the shares of the Ministry of Public Security's name report for 2020;
given names are those its reports list for each decade, and others put together from the characters of the time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from weihu.sources.synthetic.columns import Bools, Ints, drawn

_COMMON = (
    "王7.25李7.19张6.83刘5.38陈4.53杨3.08黄2.23赵2.06吴2.05周2.02徐1.66孙1.54马1.29朱1.26胡1.17郭1.15何1.13林1.06高1.05罗0.98"
    "郑0.92梁0.85谢0.76宋0.75唐0.69许0.66韩0.66邓0.63冯0.62曹0.60彭0.58曾0.57肖0.57田0.54董0.54潘0.52袁0.51蔡0.51蒋0.50余0.49"
    "于0.47杜0.46叶0.46程0.45魏0.44苏0.44吕0.43丁0.41任0.40卢0.40姚0.39沈0.39钟0.38姜0.38崔0.37谭0.37陆0.36范0.36汪0.35廖0.34"
    "石0.34金0.33韦0.33贾0.32夏0.32付0.31方0.31邹0.30熊0.29白0.28孟0.28秦0.27邱0.27侯0.26江0.26尹0.25薛0.25闫0.24段0.24雷0.23"
    "龙0.22黎0.21史0.21陶0.20贺0.20毛0.20郝0.19顾0.19龚0.19邵0.18万0.18覃0.17武0.17钱0.17戴0.17严0.16莫0.16孔0.16向0.15常0.15"
)
_NUMBERED = [(_COMMON[i], float(_COMMON[i + 1 : i + 5])) for i in range(0, len(_COMMON), 5)]
_RARE = "汤康易乔赖文施洪季凌柳翟俞章鲁葛毕聂焦柏殷尚耿关柯卫房裴解牛鲍温左项柴尤翁甘喻齐梅庄辛管祝詹盛霍庞樊兰包涂伍单欧申游路成童苗蓝卜曲宁冉狄虞宫冷桑桂濮仲相宗茅臧巫仇戚糜郁封麻岳井车丛边隋燕冀农晏胥褚娄匡"
SURNAMES = [name for name, _ in _NUMBERED] + list(_RARE) + ["欧阳", "诸葛", "上官", "司徒"]
SURNAME_SHARES = np.array([share for _, share in _NUMBERED] + [0.13] * len(_RARE) + [0.08, 0.01, 0.01, 0.01])


@dataclass(frozen=True)
class Given:
    """How a generation names its sons or daughters: names in fashion, and characters to put others together from."""

    fashion: str
    first: str
    second: str
    single: str
    single_share: float


COHORTS = (1950, 1960, 1970, 1980, 1990, 2000, 2010)
"""The years with which a way of naming begins; what is before the first is a way of its own."""

SONS = (
    Given("国华 德明 玉山 金生 志明 家声 文彬 树生 长根 福生 永年 正荣", "德国玉金长福永正文树家志宝", "华山生根明荣年林贵发祥庭", "林山海涛", 0.10),
    Given("建国 建华 国强 志明 国平 建平 卫国 金根 德林 跃进 援朝 家富", "建国志卫金德家明新保永宏", "国华平明强林根富民生祥忠", "军勇平明", 0.16),
    Given("卫东 建军 志强 建华 国庆 红军 卫国 建明 立新 学军 永红 国栋", "卫建志国红立学永新文晓海", "东军强华明平新兵民斌林峰", "军勇伟强斌平涛明", 0.30),
    Given("志强 建军 海涛 晓东 志勇 建华 文斌 国平 海峰 立军 永刚 小军", "志建海晓文国立永小春长宏", "强军涛东勇斌峰刚平波林华", "勇军伟强涛斌磊波刚辉", 0.45),
    Given("志强 海涛 晓明 文杰 建伟 俊杰 小龙 海波 志刚 晨光 国栋 振宇", "志海晓文建俊小振晨国嘉宏", "强涛明杰伟龙波刚宇亮峰鹏", "伟磊勇涛超强鹏杰峰亮", 0.46),
    Given("俊杰 志鹏 文杰 嘉伟 宇航 家豪 振华 天宇 晓东 子豪 俊峰 浩然", "俊志文嘉宇家振天晓子浩明", "杰鹏伟航豪宇峰辉龙轩然阳", "杰浩鑫帅宇鹏凯超磊洋", 0.38),
    Given("浩宇 浩然 俊杰 宇轩 文博 子豪 博文 宇航 天佑 嘉豪 子轩 睿哲", "浩宇俊子博文天嘉睿梓明思", "宇然杰轩豪博航阳涵辰哲霖", "睿轩浩翔洋", 0.16),
    Given("浩宇 宇轩 沐宸 奕辰 子墨 宇辰 浩然 奕泽 亦辰 铭泽 子睿 梓豪", "浩宇沐奕子亦铭梓一景泽知", "宇轩宸辰墨泽睿豪然恩恒安", "轩睿宸", 0.06),
)  # fmt: skip
DAUGHTERS = (
    Given("秀英 桂英 秀兰 玉兰 玉英 桂兰 素珍 淑珍 凤英 兰英 秀珍 月英", "秀桂玉素淑凤兰月金惠翠彩", "英兰珍芳华琴云娣贞仙", "英珍", 0.05),
    Given("秀英 桂兰 秀珍 建华 玉梅 凤英 美华 桂芳 小妹 惠芳 秀芳 桂珍", "秀桂玉凤美惠小爱素彩国金", "英兰珍芳梅华云琴娟妹霞萍", "英萍芳敏", 0.16),
    Given("秀英 丽华 小红 秀梅 玉梅 建英 秀芳 爱华 桂芳 惠萍 红梅 爱萍", "秀丽小玉建爱桂惠红春晓美", "英华红梅芳萍琴珍霞云兰娟", "敏红英萍芳丽霞玲", 0.30),
    Given("丽娟 春梅 晓燕 小燕 海燕 丽华 玉梅 晓红 艳红 雪梅 丽萍 红霞", "丽春晓小海玉艳雪红秀美冬", "娟梅燕红华萍霞芳玲琴敏云", "丽敏芳静霞艳红燕玲娟", 0.43),
    Given("婷婷 晓燕 丽娜 静怡 海燕 丹丹 雪梅 晓丽 佳佳 小芳 丽丽 文静", "晓丽静海雪佳小文丹春思梦", "燕娜怡婷丹梅丽静芳娟洁敏", "静丽娜燕娟婷芳丹洁敏", 0.45),
    Given("婷婷 欣怡 雨婷 佳慧 思雨 梦婷 雅婷 文静 晓雪 诗琪 倩倩 嘉欣", "雨佳思梦雅文晓诗嘉心若静", "婷怡慧雨欣琪雪洁瑶颖萱妍", "婷静雪慧悦倩颖琳莹瑶", 0.33),
    Given("欣怡 雨桐 梓涵 诗涵 佳怡 思雨 雨欣 可馨 语嫣 子涵 欣妍 一诺", "欣雨梓诗佳思可语子一若紫", "怡桐涵雨欣馨嫣妍诺萱琪彤", "悦瑶琪萱彤", 0.14),
    Given("梓涵 一诺 若汐 语桐 沐妍 可欣 艺涵 依诺 雨桐 苡沫 诗涵 梓萱", "梓一若语沐可艺依雨苡诗芷", "涵诺汐桐妍欣沫萱瑶宁晴彤", "玥妍萱", 0.05),
)  # fmt: skip


def _letters() -> list[str]:
    texts = [way.fashion + way.first + way.second + way.single for way in (*SONS, *DAUGHTERS)]
    return sorted(set("".join(texts)) - {" "})


LETTERS = ["", *_letters()]
"""The characters of given names; the first is none."""


def surnames(rng: np.random.Generator, count: int) -> Ints:
    """Places in SURNAMES."""
    return drawn(rng, SURNAME_SHARES, count)


def given(rng: np.random.Generator, year: Ints, female: Bools) -> tuple[Ints, Ints]:
    """The one or two characters of each given name, places in LETTERS."""
    place = {letter: number for number, letter in enumerate(LETTERS)}
    first, second = np.zeros(len(year), np.int64), np.zeros(len(year), np.int64)
    cohort = np.searchsorted(COHORTS, year, side="right")
    chance, taken = rng.random(len(year)), rng.random((2, len(year)))
    for sex, ways in ((False, SONS), (True, DAUGHTERS)):
        for number, way in enumerate(ways):
            who = np.flatnonzero((female == sex) & (cohort == number))
            fashion = np.array([[place[pair[0]], place[pair[1]]] for pair in way.fashion.split()])
            firsts, seconds = (np.array([place[x] for x in text]) for text in (way.first, way.second))
            singles = np.array([place[x] for x in way.single])
            single = chance[who] < way.single_share
            usual = ~single & (chance[who] < way.single_share + (1 - way.single_share) * 0.4)
            one, two = taken[0, who], taken[1, who]
            shown = fashion[(one**1.6 * len(fashion)).astype(np.int64)]
            composed = (firsts[(one * len(firsts)).astype(int)], seconds[(two * len(seconds)).astype(int)])
            lone = singles[(one**1.4 * len(singles)).astype(int)]
            first[who] = np.where(single, lone, np.where(usual, shown[:, 0], composed[0]))
            second[who] = np.where(single, 0, np.where(usual, shown[:, 1], composed[1]))
            same = who[(first[who] == second[who]) & ~usual]
            second[same] = 0
    return first, second


HERE = np.array([320102, 320104, 320105, 320106, 320111, 320113, 320114, 320115, 320116, 320117, 320118])
AROUND = np.array([
    320204, 320281, 320305, 320311, 320402, 320482, 320506, 320582, 320602, 320623, 320682, 320722, 320830, 320826, 320902,
    320923, 320925, 321002, 321023, 321084, 321102, 321181, 321183, 321202, 321281, 321302, 321322, 321324, 340102, 340123,
    340202, 340402, 340521, 341102, 341122, 341124, 341181, 341226, 341324, 341522, 330106, 330302, 370102, 370285, 410105,
    411526, 420106, 420683, 360102, 360425, 350102, 430102, 510104, 220102, 610113,
])  # fmt: skip
"""Where identity numbers were given out: the city itself, and where its people come from."""

CITY = "南京市"
STREETS = {
    "玄武区": "北京东路 珠江路 太平北路 进香河路 龙蟠中路 中央路",
    "秦淮区": "太平南路 大光路 长乐路 升州路 中山南路 瑞金路",
    "建邺区": "江东中路 集庆门大街 水西门大街 兴隆大街 庐山路 奥体大街",
    "鼓楼区": "湖南路 汉中路 福建路 虎踞路 建宁路 北京西路",
    "浦口区": "文德路 浦珠中路 天浦路 象山路 凤凰大街 珠泉西路",
    "栖霞区": "文苑路 仙林大道 学海路 和燕路 尧化门街 迈皋桥街",
    "雨花台区": "雨花南路 花神大道 宁双路 安德门大街 软件大道 凤台南路",
    "江宁区": "双龙大道 天元东路 竹山路 胜太路 秣周东路 金箔路",
    "六合区": "雄州南路 龙津路 延安北路 园林西路 泰山路 六合大道",
    "溧水区": "中大街 珍珠南路 文昌路 秦淮大道 通济街 大东门街",
}
"""Districts and streets of each."""
DISTRICTS = list(STREETS)
ROADS = [road for roads in STREETS.values() for road in roads.split()]
ROADS_EACH = 6
ESTATES = [
    "金陵花园", "翠屏山庄", "阳光嘉园", "月牙湖小区", "锦绣江南", "莫愁新寓", "龙江小区", "仙林雅居", "江岸水城", "御道家园",
    "南湖东园", "紫金家园", "百家湖花园", "康盛花园", "银城公寓", "长虹新村", "瑞金新村", "清江花苑", "凤凰西街小区", "天润城",
]  # fmt: skip
ADDRESS = {"district": len(DISTRICTS), "road": ROADS_EACH, "house": 400, "estate": len(ESTATES), "block": 40}
"""The parts of an address above its room, and how many of each there are; roads are counted within a district."""
PHONE_PREFIXES = [130, 131, 132, 135, 136, 137, 138, 139, 150, 151, 152, 155, 158, 159, 166, 177, 180, 186, 187, 188, 189, 199]  # fmt: skip

EDUCATIONS = ["小学", "初中", "高中", "大专", "本科", "硕士", "博士"]
MARITAL = ["未婚", "已婚", "离异", "丧偶"]
OTHER_BANKS = ["工商银行", "建设银行", "农业银行", "中国银行", "招商银行", "邮储银行", "交通银行"]
BANK_SHARES = np.array([0.22, 0.20, 0.16, 0.13, 0.13, 0.09, 0.07])
BRANCH_NAMES = ["鼓楼支行", "新街口支行", "江宁支行", "河西支行", "仙林支行", "浦口支行", "城南支行", "城北支行"]


@dataclass(frozen=True)
class Product:
    """What the bank sells. ``term`` in days, 0 for none; ``least`` yuan to buy; ``rate`` a year at first."""

    key: str
    zh: str
    en: str
    category: str
    risk: int = 0
    term: int = 0
    least: int = 0
    rate: float = 0.0


PRODUCTS = (
    Product("D001", "活期存款", "Demand deposit", "demand", rate=0.001),
    Product("T003", "三个月定期存款", "3-month term deposit", "term", 1, 91, 50, 0.0095),
    Product("T006", "半年期定期存款", "6-month term deposit", "term", 1, 182, 50, 0.0115),
    Product("T012", "一年期定期存款", "1-year term deposit", "term", 1, 365, 50, 0.0135),
    Product("T024", "两年期大额存单", "2-year certificate of deposit", "term", 1, 730, 200_000, 0.0170),
    Product("T036", "三年期定期存款", "3-year term deposit", "term", 1, 1095, 50, 0.0190),
    Product("W060", "安心60天理财", "60-day wealth product", "wealth", 2, 60, 1_000, 0.021),
    Product("W180", "稳健半年理财", "6-month wealth product", "wealth", 2, 182, 1_000, 0.024),
    Product("W365", "增益一年理财", "1-year wealth product", "wealth", 3, 365, 10_000, 0.029),
    Product("F001", "沪深指数基金", "Index fund", "fund", 4, 0, 100),
    Product("F002", "债券基金", "Bond fund", "fund", 2, 0, 100),
    Product("F003", "平衡混合基金", "Balanced fund", "fund", 3, 0, 100),
    Product("I001", "终身年金保险", "Annuity insurance", "insurance", 2, 0, 10_000),
    Product("L001", "个人住房贷款", "Housing loan", "loan", rate=0.036),
    Product("L002", "个人消费贷款", "Consumer loan", "loan", rate=0.042),
    Product("L004", "个人经营贷款", "Business loan", "loan", rate=0.038),
    Product("C001", "信用卡", "Credit card", "card"),
    Product("C101", "信用卡金卡", "Gold credit card", "card"),
    Product("C102", "信用卡白金卡", "Platinum credit card", "card"),
    Product("C002", "代扣水电费", "Utility standing order", "standing_order"),
    Product("D007", "7天通知存款", "7-day notice deposit", "demand", 0, 7, 50_000, 0.0045),
)
"""Loans, cards and standing orders are held without an account; L003 is left to books that name a credit line."""

PLACE = {product.key: place for place, product in enumerate(PRODUCTS)}
RISK = np.array([product.risk for product in PRODUCTS])
TERM = np.array([product.term for product in PRODUCTS])
LEAST = np.array([product.least * 100 for product in PRODUCTS])
RATE = np.array([product.rate for product in PRODUCTS])
CATEGORY = np.array([product.category for product in PRODUCTS])


@dataclass(frozen=True)
class Job:
    """An occupation: who has it, what it pays and how.

    ``by_education`` are weights by EDUCATIONS; ``income`` is the median of a month in yuan at the best age;
    ``cadre``: women retire with the men's rhythm from 55, not 50; ``pension`` a month in yuan at the median.
    """

    name: str
    by_education: tuple[float, ...]
    women: float
    income: int
    paid: bool = True
    cadre: bool = False
    pension: int = 3600
    spread: float = 0.3


JOBS = (
    Job("车间工人", (9, 12, 9, 3, 0.2, 0, 0), 0.36, 6200),
    Job("建筑工人", (7, 6, 1.5, 0.1, 0, 0, 0), 0.08, 6800, pension=2400),
    Job("司机", (2, 5, 4, 0.8, 0.05, 0, 0), 0.04, 7200),
    Job("快递员", (0.5, 3, 2.5, 0.7, 0.05, 0, 0), 0.10, 7500),
    Job("保安", (3, 3.5, 2, 0.2, 0, 0, 0), 0.08, 4200),
    Job("保洁员", (9, 4, 0.8, 0, 0, 0, 0), 0.88, 3600, pension=2000),
    Job("厨师", (2, 3.5, 2, 0.4, 0, 0, 0), 0.15, 7000),
    Job("营业员", (3, 6, 6, 3, 0.6, 0, 0), 0.76, 4800),
    Job("农民", (9, 3, 0.8, 0.05, 0, 0, 0), 0.45, 3000, False, pension=600),
    Job("个体经营", (5, 7, 6, 3, 0.8, 0.1, 0), 0.42, 9500, False, pension=2600, spread=0.55),
    Job("企业主", (0.6, 1.4, 1.8, 1.8, 1.6, 1.2, 0.6), 0.28, 24000, False, pension=3800, spread=0.6),
    Job("自由职业", (0.5, 1, 1.6, 1.8, 1.5, 1.2, 0.5), 0.50, 7500, False, pension=2600, spread=0.5),
    Job("销售", (0.4, 2.5, 5, 6, 3.2, 0.8, 0), 0.46, 8500, spread=0.45),
    Job("公司职员", (0.2, 2.5, 7, 13, 13, 6, 1), 0.52, 8200),
    Job("企业管理人员", (0.1, 0.6, 1.6, 3.2, 5, 6, 5), 0.36, 17000, cadre=True, pension=4600, spread=0.4),
    Job("会计", (0, 0.2, 1.2, 3.2, 3.2, 1.2, 0), 0.78, 8000, cadre=True, pension=4000),
    Job("银行职员", (0, 0, 0.3, 1.2, 3.2, 3.2, 1), 0.55, 13000, cadre=True, pension=5200),
    Job("工程师", (0, 0, 0.3, 2, 6.5, 9, 8), 0.22, 14000, cadre=True, pension=4800),
    Job("程序员", (0, 0, 0.1, 1.2, 4.5, 6, 3), 0.22, 17500, cadre=True, pension=4800),
    Job("护士", (0, 0, 0.4, 2.6, 2.0, 0.2, 0), 0.96, 9000, cadre=True, pension=5000),
    Job("医生", (0, 0, 0, 0.5, 2.2, 7, 16), 0.48, 15500, cadre=True, pension=6800),
    Job("中小学教师", (0, 0, 0.4, 2.4, 6, 4, 0.5), 0.70, 11000, cadre=True, pension=6600),
    Job("大学教师", (0, 0, 0, 0, 0.3, 5, 42), 0.46, 17000, cadre=True, pension=8200),
    Job("公务员", (0, 0, 0.3, 1.6, 4.4, 5, 4), 0.38, 13000, cadre=True, pension=6900),
    Job("事业单位职员", (0, 0.2, 0.8, 2.4, 4, 4, 4), 0.50, 10500, cadre=True, pension=6200),
    Job("律师", (0, 0, 0, 0.1, 0.9, 2.6, 2), 0.42, 18000, cadre=True, pension=4600, spread=0.55),
)
JOB = {job.name: place for place, job in enumerate(JOBS)}
RETIRED, STUDENT, HOME, IDLE, INFANT = range(len(JOBS), len(JOBS) + 5)
OCCUPATIONS = [*(job.name for job in JOBS), "退休", "学生", "家庭主妇", "待业", "学龄前儿童"]

MANAGERS = 3
"""Relationship managers of a branch, unless a bank has others."""
STAFF_PER_BRANCH = [
    ("high_counter", 7),
    ("low_counter", 3),
    ("vip_counter", 2),
    ("lobby_manager", 2),
    ("relationship_manager", MANAGERS),
    ("rm_supervisor", 1),
    ("branch_manager", 1),
]
HEAD_OFFICE_STAFF = [("personal_banking", 2), ("it_operator", 1), ("auditor", 1)]
