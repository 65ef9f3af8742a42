"""Signals in texts of both languages, and what they do to the learned priority."""

from pathlib import Path

import pytest

from triage.priority import decide_priority, find_signals, load_rules
from triage.taxonomy import load_taxonomy

DATA = Path(__file__).parents[2] / "data"
TAXONOMY = load_taxonomy(DATA)
RULES = load_rules(DATA, TAXONOMY)

STATED = [
    ("机器外壳漏电，把我的手电麻了", "safety"),
    ("昨晚充电时插座冒烟了", "safety"),
    ("操作工的手指被夹伤", "safety"),
    ("两名员工被困在电梯里", "safety"),
    ("车间里闻到很浓的煤气味", "safety"),
    ("急停按钮失灵，谁也不敢开机", "safety"),
    ("三号生产线从早上八点起停了", "outage"),
    ("系统全面瘫痪，仓库发不了货", "outage"),
    ("整个厂区断网了", "outage"),
    ("门店现在无法营业", "outage"),
    ("所有用户都无法登录后台", "scope"),
    ("全公司都连不上邮箱", "scope"),
    ("升级之后客户资料全部丢失", "data_loss"),
    ("数据库被清空，备份也失效", "data_loss"),
    ("我的账号被盗了", "security"),
    ("服务器中了勒索病毒", "security"),
    ("登录后居然能看到其他客户的订单", "security"),
    ("卡里有一笔不是我本人消费的交易", "money_loss"),
    ("余额被人转走，钱被盗了", "money_loss"),
    ("The charger caught fire on my desk", "safety"),
    ("A technician was injured by the moving arm", "safety"),
    ("I got an electric shock from the metal case", "safety"),
    ("Smoke is coming out of the cabinet", "safety"),
    ("There is a gas leak in the boiler room", "safety"),
    ("Two people are trapped in the lift", "safety"),
    ("Our production line has stopped since 6 am", "outage"),
    ("The whole factory is down after the update", "outage"),
    ("We cannot serve any customer, no till works", "outage"),
    ("All users are locked out of the portal", "scope"),
    ("Nobody in the company can log in", "scope"),
    ("We lost all customer records last night", "data_loss"),
    ("The backups have been deleted", "data_loss"),
    ("My account was hacked", "security"),
    ("Ransomware has encrypted the file server", "security"),
    ("I can see other customers' invoices", "security"),
    ("My wallet was stolen with the company card in it", "security"),
    ("There is a payment I didn't make on the statement", "money_loss"),
    ("It is costing us thousands per hour", "money_loss"),
]

NEGATED = [
    "没有人受伤，请放心",
    "插座没有冒烟，只是有点热",
    "并未发生火灾",
    "幸好没有人员受伤",
    "数据没有丢失",
    "没有造成数据丢失",
    "账号并没有被盗，是我记错了密码",
    "不是账号被盗，只是忘了密码",
    "生产线停了十分钟，现在已恢复",
    "昨天的爆炸声是误报",
    "不会造成停产",
    "不存在漏电伤人的情况",
    "未发生数据泄露，也没有人员伤亡",
    "系统瘫痪的情况没有发生",
    "避免了停产",
    "设备带漏电保护开关，跳闸功能正常，没有触电",
    "Nobody was injured",
    "No one was hurt, the case is only dented",
    "No data was lost",
    "There was no data loss",
    "There is no smoke coming out of it",
    "The charger never caught fire",
    "Production has not stopped and the line is not down",
    "It wasn't ransomware, just a slow disk",
    "My account was not hacked, I forgot the password",
    "We had an outage but no injuries",
    "Luckily without any data loss",
    "The site is down message was a false alarm; the outage of the production line didn't happen",
    "The whole factory is down alert has been resolved",
    "We have ruled out a gas leak",
    "The line never came to a standstill",
]

HYPOTHETICAL = [
    "如果停机了怎么办",
    "如果生产线停了应该联系谁？",
    "万一着火有没有保护",
    "假如数据丢失能恢复吗？",
    "要是账号被盗怎么处理",
    "会不会爆炸？",
    "长时间充电会起火吗？",
    "怎样防止数据丢失",
    "如何避免触电",
    "担心电池爆炸",
    "一旦系统瘫痪，有备用方案吗",
    "是否会造成数据泄露",
    "下周进行火灾演练",
    "请问你们有停产的应急预案吗",
    "万一有人员受伤，热线是多少",
    "倘若全站瘫痪，你们多久响应",
    "恐怕以后会冒烟",
    "What if the battery exploded?",
    "What happens if the production line has stopped?",
    "If the server is ever hit by ransomware, who do we call?",
    "If it ever caught fire, would the warranty cover it?",
    "Would it be dangerous if someone got hurt?",
    "In case the whole site is down, is there a hotline?",
    "How can we prevent data loss?",
    "How do I protect myself against identity theft?",
    "Suppose all users are locked out, what then?",
    "Is there a plan for the event that data is lost, for example?",
    "I am worried that my account was hacked",
    "Could there be a gas leak in such a model?",
    "We hold a fire drill: imagine the plant is down",
    "Does your policy cover it when a phone was stolen, hypothetically? If a phone was stolen abroad?",
    "Assuming a worker got injured, which form do I need?",
]

HARMLESS = [
    "紧急！！！请尽快处理，十万火急",
    "麻烦尽快回复，谢谢",
    "有没有人能帮忙看一下报表的颜色",
    "请问怎么导出表格",
    "备份任务Job_A17执行失败",
    "9点20分监控发现某系统在线人数指标中断，URL探测正常",
    "打印机卡纸了",
    "URGENT!!! PLEASE ANSWER ASAP!!!",
    "Please help as soon as possible, thank you very much",
    "job nightly_sync_7 failed in scheduler at 03:10",
    "HELP ME NOW, THE COLOUR OF THE BUTTON IS WRONG",
    "How do I export the list?",
    "The fire brigade ordered ten radios from us",
    "alert: disk usage on host db-14 is 91 %",
]


def urgent(text: str) -> list[tuple[str, str]]:
    return [(s.code, s.evidence) for s in find_signals(text, RULES) if s.level == "urgent"]


def codes(text: str, **more: str) -> set[str]:
    return {signal.code for signal in find_signals(text, RULES, **more)}


@pytest.mark.parametrize(("text", "code"), STATED)
def test_a_stated_fact_is_a_signal_with_the_words_it_stands_in(text: str, code: str) -> None:
    found = {signal.code: signal for signal in find_signals(text, RULES)}
    assert code in found
    assert found[code].level == "urgent"
    assert found[code].evidence == text[found[code].start : found[code].end] != ""


@pytest.mark.parametrize("text", NEGATED)
def test_a_negated_fact_is_none(text: str) -> None:
    assert urgent(text) == []


@pytest.mark.parametrize("text", HYPOTHETICAL)
def test_a_supposed_fact_is_none(text: str) -> None:
    assert urgent(text) == []


@pytest.mark.parametrize("text", HARMLESS)
def test_shouting_politeness_and_single_alerts_are_not_urgent(text: str) -> None:
    assert urgent(text) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("手机一直打不开应用，无法使用", "blocked"),
        ("I cannot log in since this morning", "blocked"),
        ("再不处理我就向12315投诉", "serious_complaint"),
        ("My lawyer will write to you", "serious_complaint"),
        ("已经反映了三次，至今没有人处理", "repeat_contact"),
        ("This is the third time I report it", "repeat_contact"),
        ("今天下班之前必须恢复", "deadline"),
        ("We need it by 5 pm", "deadline"),
        ("同一笔订单重复扣款", "wrong_charge"),
        ("I was charged twice", "wrong_charge"),
    ],
)
def test_signals_of_an_important_ticket(text: str, code: str) -> None:
    found = {signal.code: signal for signal in find_signals(text, RULES)}
    assert found[code].effect == "at_least"
    assert found[code].level == "important"


@pytest.mark.parametrize(
    ("text", "code", "effect"),
    [
        ("太气愤了，客服太差劲", "emotion", "none"),
        ("I am furious and disappointed", "emotion", "none"),
        ("我们是贵司的白金客户", "vip", "none"),
        ("As a VIP customer I expect more", "vip", "none"),
        ("说明书第三页有错别字", "cosmetic", "at_most"),
        ("There is a typo in the footer, not urgent", "cosmetic", "at_most"),
        ("并不着急，方便时处理", "cosmetic", "at_most"),
        ("请问怎么查询积分", "question", "at_most"),
        ("Is it possible to add dark mode?", "question", "at_most"),
    ],
)
def test_signals_that_raise_nothing(text: str, code: str, effect: str) -> None:
    found = {signal.code: signal for signal in find_signals(text, RULES)}
    assert found[code].effect == effect


@pytest.mark.parametrize(
    "text",
    [
        "我没办法，机器起火了",
        "没人处理，插座一直在冒烟",
        "不仅慢，而且数据全部丢失",
        "不知道为什么，生产线停了",
        "如果再不来人就晚了，车间现在已经起火",
        "Not only is it slow, we lost all our data",
        "I don't know why but the charger caught fire",
        "It did not start and smoke was coming out of it",
        "Nobody answered the phone while the machine was on fire",
        "There is no reply about the gas leak",
    ],
)
def test_a_negation_that_belongs_to_something_else_does_not_silence_a_fact(text: str) -> None:
    assert urgent(text)


def test_a_fact_after_a_negated_one_still_counts() -> None:
    text = "Nobody was injured. In the afternoon a worker was injured."
    (signal,) = (s for s in find_signals(text, RULES) if s.code == "safety")
    assert signal.start > text.index("afternoon")


@pytest.mark.parametrize(
    ("text", "evidence"),
    [
        ("注意：我的帳號被盜了！", "帳號被盜"),
        ("軟體部落格說明，伺服器中了勒索病毒", "中了勒索病毒"),
        ("ＤＡＴＡ ＬＯＳＳ on ㌔ disk", "ＤＡＴＡ ＬＯＳＳ"),
        ("㌔㌔ ﬁle: my account was hacked", "account was hacked"),
        ("cafe\u0301 İ: my account was hacked", "account was hacked"),
        ("計程車雷射印表機旁邊冒煙", "冒煙"),
        ("There’s a payment I didn’t make", "payment I didn’t make"),
    ],
)
def test_evidence_is_cut_from_the_original_where_folding_changes_lengths(text: str, evidence: str) -> None:
    signals = [signal for signal in find_signals(text, RULES) if signal.level == "urgent"]
    assert evidence in [signal.evidence for signal in signals]
    assert all(text[signal.start : signal.end] == signal.evidence for signal in signals)


def test_english_phrases_match_whole_words_also_beside_chinese_characters() -> None:
    assert "security" in codes("服务器中了ransomware怎么办")
    assert "safety" not in codes("the campfire injuriesque explosionproof lamp")


def test_a_vip_is_known_from_the_record_or_the_text() -> None:
    (signal,) = find_signals("你好", RULES, customer_tier="vip")
    assert (signal.code, signal.evidence, signal.start, signal.end) == ("vip", "vip", 0, 0)
    assert codes("你好", customer_tier="ordinary") == set()


@pytest.mark.parametrize("text", ["", " \n", "。。。", "1234 5678", "😀" * 50, "\x00\u200b"])
def test_texts_without_words_have_no_signals(text: str) -> None:
    assert find_signals(text, RULES) == ()


NORMAL = {"urgent": 0.03, "important": 0.27, "normal": 0.70}


def test_a_stated_danger_is_not_missed_though_the_model_sees_none() -> None:
    decision = decide_priority(NORMAL, find_signals("配电柜冒烟了", RULES), RULES)
    assert decision.label == "urgent"
    assert decision.raised_by == ("safety",)
    assert decision.lowered_by == ()
    assert sum(decision.probabilities.values()) == pytest.approx(1)


def test_a_model_that_says_zero_cannot_silence_a_signal() -> None:
    signals = find_signals("The machine is on fire", RULES)
    decision = decide_priority({"urgent": 0.0, "important": 0.2, "normal": 0.8}, signals, RULES)
    assert decision.probabilities["urgent"] > 0.2
    assert decision.label != "normal"


def test_without_signals_the_learned_probabilities_stand() -> None:
    decision = decide_priority(NORMAL, (), RULES)
    assert decision.label == "normal"
    assert decision.probabilities == pytest.approx(NORMAL)
    assert (decision.raised_by, decision.lowered_by, decision.lift) == ((), (), 0)


def test_a_wish_lowers_but_not_beside_a_danger() -> None:
    wish = find_signals("请问怎么设置提醒", RULES)
    doubtful = {"urgent": 0.05, "important": 0.5, "normal": 0.45}
    lowered = decide_priority(doubtful, wish, RULES)
    assert (lowered.label, lowered.lowered_by) == ("normal", ("question",))
    both = find_signals("请问怎么设置提醒？另外插座冒烟了", RULES)
    assert {"question", "safety"} <= {signal.code for signal in both}
    assert decide_priority(doubtful, both, RULES).label == "urgent"


def test_emotion_changes_no_probability_and_vip_orders_inside_the_level() -> None:
    angry = decide_priority(NORMAL, find_signals("气愤！失望！", RULES), RULES)
    assert angry.probabilities == pytest.approx(NORMAL)
    vip = decide_priority(NORMAL, find_signals("你好", RULES, customer_tier="vip"), RULES)
    assert (vip.label, vip.lift > 0) == ("normal", True)


def test_two_signals_of_one_effect_are_not_counted_twice() -> None:
    one = find_signals("账号被盗", RULES)
    assert decide_priority(NORMAL, one * 2, RULES).probabilities == pytest.approx(
        decide_priority(NORMAL, one, RULES).probabilities
    )


def test_calling_urgent_normal_costs_most() -> None:
    torn = {"urgent": 0.3, "important": 0.25, "normal": 0.45}
    assert decide_priority(torn, (), RULES).label != "normal"
    mild = dict.fromkeys(RULES.costs, 1.0) | {(level, level): 0.0 for level in RULES.levels}
    assert decide_priority(torn, (), RULES, mild).label == "normal"


@pytest.mark.parametrize("learned", [{}, {"urgent": 0.0}, {"gone": 1.0}, {"urgent": -1.0}])
def test_useless_probabilities_become_even_ones(learned: dict[str, float]) -> None:
    decision = decide_priority(learned, (), RULES)
    assert list(decision.probabilities.values()) == pytest.approx([1 / 3] * 3)
