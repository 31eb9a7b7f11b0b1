"""Words of the synthetic bank: names, places, products. Invented people; real ways of naming."""

SURNAMES = list(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
GIVEN_FIRST = list(
    "建国志明文俊子浩宇梓欣雨思嘉晓春秋永德家玉海天一美丽秀桂佳雅诗若景泽博晨云金光振立正宏庆晶婷雪静淑红艳慧燕"
)
GIVEN_SECOND = [
    "",
    "",
    *"华平军强伟刚勇杰涛磊超辉鹏斌波林生东峰明芳英娟敏霞玲萍莉丹琴梅兰凤洁云珍莲真环雪荣爱妹香月莺媛轩涵彤琪怡然阳晨宇航泽瑞",
]

AREAS = [320102, 320104, 320105, 320106, 320111, 320113, 320114, 320115, 320116, 320117]
CITY = "南京市"
DISTRICTS = ["玄武区", "秦淮区", "建邺区", "鼓楼区", "浦口区", "栖霞区", "雨花台区", "江宁区", "六合区", "溧水区"]
ROADS = [
    "中山路",
    "解放路",
    "人民路",
    "建设路",
    "和平路",
    "长江路",
    "太平路",
    "新华路",
    "胜利路",
    "文昌路",
    "学府路",
    "湖滨路",
]
PHONE_PREFIXES = [
    130,
    131,
    132,
    135,
    136,
    137,
    138,
    139,
    150,
    151,
    152,
    155,
    158,
    159,
    166,
    177,
    180,
    186,
    187,
    188,
    189,
    199,
]

OCCUPATIONS = [
    "公司职员",
    "教师",
    "医生",
    "个体经营",
    "公务员",
    "工程师",
    "退休",
    "企业主",
    "销售",
    "会计",
    "律师",
    "司机",
]
EDUCATIONS = ["高中", "大专", "本科", "硕士", "博士", "初中"]
MARITAL = ["已婚", "未婚", "离异"]
OTHER_BANKS = ["工商银行", "建设银行", "农业银行", "中国银行", "招商银行", "邮储银行", "交通银行"]
BRANCH_NAMES = ["鼓楼支行", "新街口支行", "江宁支行", "河西支行", "仙林支行", "浦口支行", "城南支行", "城北支行"]

PRODUCTS = [
    # id, name, English name, category, risk, overdraft, term in days
    ("D001", "活期存款", "Demand deposit", "demand", None, False, 0),
    ("T003", "三个月定期存款", "3-month term deposit", "term", "R1", False, 91),
    ("T012", "一年期定期存款", "1-year term deposit", "term", "R1", False, 365),
    ("T024", "两年期大额存单", "2-year certificate of deposit", "term", "R1", False, 730),
    ("W060", "安心60天理财", "60-day wealth product", "wealth", "R2", False, 60),
    ("W180", "稳健半年理财", "6-month wealth product", "wealth", "R2", False, 182),
    ("F001", "沪深指数基金", "Index fund", "fund", "R4", False, 0),
    ("F002", "债券基金", "Bond fund", "fund", "R3", False, 0),
    ("I001", "终身年金保险", "Annuity insurance", "insurance", "R2", False, 0),
    ("L001", "个人住房贷款", "Housing loan", "loan", None, False, 0),
    ("L002", "个人消费贷款", "Consumer loan", "loan", None, False, 0),
    ("C001", "信用卡", "Credit card", "card", None, False, 0),
    ("C002", "代扣水电费", "Utility standing order", "standing_order", None, False, 0),
]

STAFF_PER_BRANCH = [
    ("high_counter", 7),
    ("low_counter", 3),
    ("vip_counter", 2),
    ("lobby_manager", 2),
    ("relationship_manager", 3),
    ("rm_supervisor", 1),
    ("branch_manager", 1),
]
HEAD_OFFICE_STAFF = [("personal_banking", 2), ("it_operator", 1)]
