"""What a table of arms may look like, and what is refused because it could be read in two ways."""

import io

import pytest

from analytics.csv_analysis.arm_table import ArmTable
from analytics.csv_analysis.reader import read_table
from analytics.stats import Counts
from messages.tables.errors import UnreadableFile


def read(text: str, encoding: str = "utf-8") -> ArmTable:
    return read_table(io.BytesIO(text.encode(encoding)))


def totals(table: ArmTable) -> dict[str, tuple[int, int]]:
    return {arm: (table.total(arm).n, table.total(arm).events) for arm in table.arms}


PLAIN = {"a": (16687, 298), "b": (11133, 231)}


@pytest.mark.parametrize(
    "text",
    [
        "arm;n;events\na;16687;298\nb;11133;231\n",
        "arm\tn\tevents\na\t16687\t298\nb\t11133\t231\n",
        "sep=;\r\narm;n;events\r\na;16687;298\r\nb;11133;231\r\n",
        "sep=|\narm|n|events\na|16687|298\nb|11133|231\n",
        "\ufeffarm,n,events\na,16687,298\nb,11133,231\n",
        "\u0430rm,n,\u0435vents\na,16687,298\nb,11133,231\n",
        " Arm , N ,EVENTS\na,16687,298\n b , 11133 , 231 \n",
        "arm,n,events\ra,16687,298\rb,11133,231\r",
        "Gifts by letter\nexported 27/09/2025, by Ana\n\narm,n,events\na,16687,298\n\nb,11133,231\n,,\n",
        ",arm,n,events\n0,a,16687,298\n1,b,11133,231\n",
        "arm,n,events,,\na,16687,298\nb,11133,231,,,\n",
        'arm,n,events\na,"16,687",298\nb,"11,133",231\n',
        "arm;n;events\na;16.687;298\nb;11.133;231\n",
        "arm;n;events\na;16 687;298\nb;11\u202f133;231\n",
        "arm;n;events\na;16'687;298\nb;11’133;231\n",
        "arm,n,events\na,16687.0,298.0\nb,11133.00,231\n",
        'arm;n;events\na;16687,0;298\nb;"11133,0";231\n',
        'arm,n,events\na,"16,687.0",298\nb,11133,231\n',
        "arm,n,events\na,10000,200\nb,11133,231\na,6687,98\n",
    ],
)
def test_a_table_is_read_however_a_spreadsheet_wrote_it(text: str) -> None:
    assert totals(read(text)) == PLAIN


def test_utf_16_is_known_by_its_mark() -> None:
    assert totals(read("arm\tn\tevents\na\t16687\t298\nb\t11133\t231\n", "utf-16")) == PLAIN


def test_what_is_not_utf_8_is_read_as_windows_1252_and_that_is_said() -> None:
    table = read("arm,n,events\ncafé,100,10\nniño,100,12\n", "cp1252")
    assert table.arms == ("café", "niño")
    assert "Windows-1252" in table.notes[0]
    assert read("arm,n,events\ncafé,100,10\nniño,100,12\n").notes == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        # A row that does not fit its header: 20,015 units and 310 events were read as 15 events of 20 units.
        ("arm,n,events\ncontrol,20,015,310\nb,20,014,402\n", "line 2: 4 columns, but the header has 3."),
        ("arm,n,events,note\ncontrol,20,015,310\n", "line 2, column events: “015” is not a whole number"),
        ("arm,n,events\na,1000,100\nb,1000\n", "line 3: 2 columns, but the header has 3."),
        ("arm,n,events\na,1000,100\nb,1000,120\nSource: Ana\n", "line 4: 1 columns, but the header has 3."),
        # Columns.
        ("arm,n,events,Events\na,1,1,0\n", "line 1, column events: two columns have this name."),
        ("\n\narm,n,events,note,note\na,1,1,x,y\n", "line 3, column note: two columns have this name."),
        ("arm,people,events\na,1,1\n", "line 1: the column n is missing. The columns are: arm, people, events."),
        ("", "The file is empty."),
        # A quotation mark that swallows rows.
        ('arm,n,events,note\na,9,1,ok\nb,9,1,"see below\nc,9,1,ok\n', "line 3, column note: the quotation mark"),
        ('arm,n,events,note\na,9,1,ok\nb,9,1,"see below\nc,9,1,"ok"\n', "line 3, column note: the quotation mark"),
        ('arm,n,events,note\na,9,1,ok\nb,9,1,"see below\nc,9,1,ok"\n', "line 3, column note: the cell spans"),
        ('arm,n,events\na,9,1\n"b,9,1\nc,9,1\n', "line 3, column arm: the quotation mark"),
        ('arm,n,events\na,9,1\n"b\nc",9,1\n', "line 3, column arm: the name contains a tab or a line break."),
        ("arm,n,events,note\na,9,1,ok\nb,9,1," + "x" * 140_000, "line 3, column note: it is longer than 131,072"),
        # Control characters.
        ("arm,n,events\na,9,1\n\x1b[2Jb,9,1\n", "line 3, column arm: there is a control character (U+001B) here."),
        ("arm,n,events,note\na,9,1,ok\nb,9,1,\x00\n", "line 3, column note: there is a control character (U+0000)"),
        ("arm,n,events\na,9,1\nb\x85,9,1\n", "line 3, column arm: there is a control character (U+0085) here."),
        # Numbers.
        ("arm,n,events\na,9,1\nb,nine,1\n", "line 3, column n: “nine” is not a whole number of zero or more."),
        ("arm,n,events\na,9,1\nb,9,\n", "line 3, column events: “” is not a whole number of zero or more."),
        ("arm,n,events\na,9,1\nb,-9,1\n", "line 3, column n: “-9” is not"),
        ("arm,n,events\na,9,1\nb,9.5,1\n", "line 3, column n: “9.5” is not"),
        ("arm,n,events\na,9,1\nb,1e3,1\n", "line 3, column n: “1e3” is not"),
        ("arm,n,events\na,9,1\nb,1_000,1\n", "line 3, column n: “1_000” is not"),
        ("arm,n,events\na,9,1\nb,٩,1\n", "line 3, column n: “٩” is not"),
        ("arm,n,events\na,9,1\nb,1000000000000000,1\n", "line 3, column n: “1000000000000000” is not"),
        ("arm,n,events\na,1.000,0\nb,2.000,0\n", "line 2, column n: “1.000” could mean 1 or 1000."),
        ('arm,n,events\na,"16,687",298\nb,11.133,231\n', "line 3, column n: “11.133” is not"),
        ("arm,n,events\na,9,1\nb,9,10\n", "line 3, column events: 10 is greater than n (9)."),
        ("arm,n,events\na,9,1\nb,9.0,10\n", "line 3, column events: 10 is greater than n (9)."),
        # Names.
        ("arm,n,events\na,9,1\n,9,1\n", "line 3, column arm: the name is missing."),
        ("arm,stratum,n,events\na,x,9,1\nb, ,9,1\n", "line 3, column stratum: the name is missing."),
        ("arm,n,events\na,9,1\nb,9,1\na\u200b,9,1\n", "line 4, column arm: “a\u200b” looks like “a”"),
        ("arm,n,events\nnew\u00a0one,9,1\nnew one,9,1\n", "line 3, column arm: “new one” looks like"),
        ("arm,cluster,n,events\na,x\u00ad1,9,1\nb,x1,9,1\n", "line 3, column cluster: “x1” looks like"),
        (
            "arm,n,events\npay,9,1\np\u0430y,9,1\n",
            "line 3, column arm: “p\u0430y” looks like “pay”, but has another letter, CYRILLIC SMALL LETTER A for",
        ),
        (
            "arm,n,events\n\u0410\u0412,9,1\n\u0391\u0392,9,1\n",
            "GREEK CAPITAL LETTER ALPHA for CYRILLIC CAPITAL LETTER A. Spell both",
        ),
        ("arm,stratum,n,events\na,\u041e1,9,1\nb,O1,9,1\n", "line 3, column stratum: “O1” looks like “\u041e1”"),
        ("arm,n,events\na,9,1\n", "At least two arms are needed for a comparison."),
        # The same units twice.
        ("arm,n,events\na,9,1\nb,9,1\narm,n,events\na,9,1\nb,9,1\n", "line 4: the header is repeated here."),
        ("arm,day,n,events\na,1,9,1\nb,1,9,1\na,1,9,1\nb,1,9,1\n", "line 4: arm and day are the same as on line 2."),
        ("arm,day,n,events\na,1,9,1\nb,1,9,1\na,01,8,1\n", "line 4: arm and day are the same as on line 2."),
        (
            "arm,stratum,cluster,day,n,events\na,x,c,1,9,1\na,x,c,2,9,1\nb,x,c,1,9,1\na,x,c,2,7,1\n",
            "line 5: arm and stratum and cluster and day are the same as on line 3.",
        ),
        ("arm,n,events\na,9,1\nb,8,2\nTotal,17,3\n", "line 4, column arm: “Total” is the sum of all others."),
        ("arm,n,events\nAll,17,3\na,9,1\nb,8,2\n", "line 2, column arm: “All” is the sum of all others."),
        (
            "arm,stratum,n,events\na,x,9,1\na,y,7,2\na,all,16,3\nb,x,8,1\nb,y,6,0\nb,all,14,1\n",
            "line 4, column stratum: “all” is the sum of all others.",
        ),
        (
            "arm,browser,n,events\na,one,9,1\na,two,7,2\na,both,16,3\nb,one,8,1\nb,two,6,0\nb,both,14,1\n",
            "line 4: n and events are the sums of this arm’s other rows.",
        ),
        # Days.
        ("arm,day,n,events\na,1,9,1\nb,Monday,9,1\n", "line 3, column day: “Monday” is neither a number nor a date"),
        ("arm,day,n,events\na,2025-09-27,9,1\nb,28/09/2025,9,1\n", "line 3, column day: “28/09/2025” is neither"),
        ("arm,day,n,events\na,03/04/2025,9,1\nb,04/03/2025,9,1\n", "line 2, column day: “03/04/2025” is ambiguous"),
        ("arm,day,n,events\na,30/02/2025,9,1\nb,04/03/2025,9,1\n", "line 2, column day: “30/02/2025” is neither"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused_with_its_place(text: str, reason: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        read(text)
    assert reason in str(refused.value)


def test_a_refusal_quotes_no_whole_file() -> None:
    for text in (
        "x" * 100_000,
        "arm,n,events\na,9,1\n" + "b," + "9" * 100_000 + ",1\n",
        f'arm,n,events,"{"y" * 90_000}\n',
    ):
        with pytest.raises(UnreadableFile) as refused:
            read(text)
        assert len(str(refused.value)) < 600


def test_every_refusal_says_what_to_do() -> None:
    with pytest.raises(UnreadableFile, match="Put cells that contain a separator in quotation marks"):
        read("arm,n,events\ncontrol,20,015,310\n")
    with pytest.raises(UnreadableFile, match="Close it, and double any quotation mark that is part of the text"):
        read('arm,n,events\n"a,9,1\n')


def test_a_cell_may_hold_several_lines_that_are_no_rows() -> None:
    table = read('arm,n,events,note\na,9,1,"slow\nstart, rainy"\nb,9,2,"said ""no"""\n')
    assert totals(table) == {"a": (9, 1), "b": (9, 2)}


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    rows = "".join(f"a,{day},9,1\nb,{day},9,1\n" for day in range(2_000))
    with pytest.raises(UnreadableFile, match="line 4003, column n"):
        read("arm,day,n,events\n" + rows + "\nb,2001,x,1\n")


def test_thousands_are_certain_where_one_cell_of_the_table_makes_them_so() -> None:
    assert totals(read("arm;n;events\na;1.000;100\nb;16.687;120\n")) == {"a": (1000, 100), "b": (16687, 120)}
    # 1 unit cannot have had 100 events.
    assert totals(read("arm;n;events\na;1.000;100\nb;2.000;120\n")) == {"a": (1000, 100), "b": (2000, 120)}
    assert totals(read("arm,n,events\na,1.000,0\nb,2.5000,1\n".replace("2.5000", "2.0000"))) == {
        "a": (1, 0),
        "b": (2, 1),
    }


def test_letters_with_accents_are_the_same_in_one_sign_or_in_two() -> None:
    table = read("arm,n,events\ncafé,5,1\nb,9,2\ncafe\u0301,4,1\n")
    assert totals(table) == {"café": (9, 2), "b": (9, 2)}


def test_names_of_one_alphabet_are_read_whichever_it_is() -> None:
    names = ("\u0441\u043e\u0441\u043d\u0430", "\u043a\u043b\u0451\u043d", "\u03b1", "\u03b2", "Il", "lI")
    table = read("arm,n,events\n" + "".join(f"{name},9,1\n" for name in names))
    assert table.arms == names


def test_signs_that_nobody_sees_stay_where_nothing_else_looks_the_same() -> None:
    joined = "می\u200cخواهم"
    assert read(f"arm,n,events\n{joined},9,1\nb,9,1\n").arms == (joined, "b")


@pytest.mark.parametrize(
    ("days", "ordered"),
    [
        (("10", "9", "1"), ["1", "9", "10"]),
        (("2025-10-01", "2025-09-30"), ["2025-09-30", "2025-10-01"]),
        (("27/09/2025", "01/10/2025"), ["27/09/2025", "01/10/2025"]),
        (("9/27/2025", "10/1/2025"), ["9/27/2025", "10/1/2025"]),
        (("01.10.2025", "27.09.2025"), ["27.09.2025", "01.10.2025"]),
        (("1 Oct 2025", "27 Sep 2025"), ["27 Sep 2025", "1 Oct 2025"]),
        (("2025-10-01 00:00:00", "2025-09-27 00:00:00"), ["2025-09-27 00:00:00", "2025-10-01 00:00:00"]),
        # First day and month, or first month and day: the order is the same.
        (("03/04/2025", "02/04/2025"), ["02/04/2025", "03/04/2025"]),
    ],
)
def test_days_are_sorted_as_days(days: tuple[str, ...], ordered: list[str]) -> None:
    rows = "".join(f"{arm},{day},9,1\n" for day in days for arm in "ab")
    table = read("arm,day,n,events\n" + rows)
    assert table.days() == ordered
    assert table.restrict_to_days({ordered[0]}).total("a") == Counts(9, 1)


def test_rows_of_an_arm_are_added_up_where_no_column_tells_them_apart_and_that_is_said() -> None:
    table = read("arm,n,events\na,9,1\nb,8,2\na,9,1\nb,8,2\n")
    assert totals(table) == {"a": (18, 2), "b": (16, 4)}
    assert table.notes == (
        "Rows of the same arm were added together: 4 rows, 2 arms.",
        ("The second half of the rows is the same as the first. Does the file contain the table twice?"),
    )


def test_columns_that_are_not_read_are_named() -> None:
    assert read("arm,n,events,Household\na,9,1,x\nb,9,1,y\n").notes == ("Columns left out: household.",)


def test_equal_arms_are_no_totals() -> None:
    assert totals(read("arm,n,events\na,9,1\nb,9,1\n")) == {"a": (9, 1), "b": (9, 1)}
    assert totals(read("arm,n,events\na,0,0\nb,0,0\nc,0,0\n")) == {"a": (0, 0), "b": (0, 0), "c": (0, 0)}
    assert read("arm,stratum,n,events\na,x,9,1\na,y,9,1\nb,x,9,1\nb,y,9,1\n").strata("a") == {
        "x": Counts(9, 1),
        "y": Counts(9, 1),
    }


def test_a_household_of_another_day_is_no_new_household() -> None:
    table = read("arm,cluster,day,n,events\na,h1,1,4,1\na,h1,2,4,2\nb,h2,1,4,0\n")
    assert table.clusters("a") == {"h1": Counts(8, 3), "h2": Counts(0, 0)}
