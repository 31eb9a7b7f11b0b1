"""Every setting's line and column, however the file is written."""

from weihu.rules.places import Places

TEXT = '''\
a = 1
"b c".d = [ 1, # one
  { e = "客户", f = 2 } ]
[x . "y.z"]
g = """
h = 2
"""
  i = 3
[[j]]
k = 1
[[j]]
k = 2
'''


def test_every_setting_has_its_place():
    places = Places(TEXT)
    assert {
        path: places.exactly(path)
        for path in [("a",), ("b c", "d"), ("b c", "d", 1, "f"), ("x", "y.z"), ("x", "y.z", "i"), ("j", 1, "k")]
    } == {
        ("a",): (1, 1),
        ("b c", "d"): (2, 1),
        ("b c", "d", 1, "f"): (3, 15),
        ("x", "y.z"): (4, 1),
        ("x", "y.z", "i"): (8, 3),
        ("j", 1, "k"): (12, 1),
    }


def test_words_in_a_text_of_several_lines_are_no_settings():
    assert Places(TEXT).exactly(("x", "y.z", "h")) is None


def test_what_the_text_does_not_have_is_placed_at_the_table_around_it():
    places = Places(TEXT)
    assert places.of(("x", "y.z", "missing")) == (4, 1)
    assert places.of(("x",)) == (4, 1)
    assert places.of(("elsewhere",)) is None


def test_a_text_that_is_no_toml_is_placed_all_the_same():
    places = Places("a = 1\nb = = 2\nc = 3\n")
    assert [place.line for place in places.broken()] == [2]
    assert places.exactly(("c",)) == (3, 1)


def test_what_a_setting_does_not_have_is_placed_at_the_closest_around_it():
    places = Places(TEXT)
    assert places.of(("x", "y.z", "i", "deeper", "still")) == (8, 3)
    assert places.of(("b c", "d", 1, "missing")) == (3, 3)
    assert places.of(("j", 1)) == (11, 1)


def test_elements_of_an_array_are_counted_without_the_comments_between_them():
    places = Places("a = [\n  1,\n  # two\n  2,\n]\n")
    assert [places.exactly(("a", number)) for number in range(3)] == [(2, 3), (4, 3), None]


def test_of_a_setting_written_twice_the_first_is_meant():
    assert Places("a = 1\na = 2\n").exactly(("a",)) == (1, 1)


def test_every_broken_line_is_told_once_and_in_order():
    assert [place.line for place in Places("a = = = 1\nb = 2\nc = = 3\nd = ]\n").broken()] == [1, 3, 4]
    assert Places(TEXT).broken() == []
