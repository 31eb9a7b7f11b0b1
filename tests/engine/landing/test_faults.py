"""How a fault is said."""

from weihu.engine.landing.faults import LIMIT, SHOWN, DeliveryFault, DeliveryRefused, whole_file


def test_a_fault_of_a_column_as_a_whole_names_the_column_and_no_line():
    fault = whole_file("balances.csv", "1.00", "清单控制总数 2.00", "the manifest's total 2.00", "balance")
    assert fault.text("en") == "balances.csv, column balance: found '1.00', expected the manifest's total 2.00"
    assert fault.text("zh") == "balances.csv balance 列:实际为“1.00”,应为清单控制总数 2.00"


def test_a_fault_of_a_value_names_its_line_and_column_and_shows_the_beginning_of_a_long_value():
    fault = DeliveryFault("balances.csv", 4, "balance", "9" * (SHOWN + 1), "金额", "an amount")
    assert fault.text("en") == f"balances.csv, line 4, column balance: found '{'9' * SHOWN}…', expected an amount"
    assert fault.text("zh") == f"balances.csv 第4行 balance 列:实际为“{'9' * SHOWN}…”,应为金额"


def test_of_very_many_faults_the_first_are_reported_and_that_there_are_more():
    fault = whole_file("balances.csv", "0 bytes", "至少有一行表头", "at least a header line")
    for count, more in ((LIMIT, False), (LIMIT + 1, True)):
        refused = DeliveryRefused([fault] * count)
        assert (len(refused.report()), refused.more) == (LIMIT, more)
