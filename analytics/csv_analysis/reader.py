"""PURE  Read a table of arms from CSV: arm, n and events, and optionally stratum, cluster, day, text and set.

What a table holds twice, or in two ways, is refused with its line, its column and what to do.
"""

from dataclasses import replace
from typing import BinaryIO

import numpy as np

from analytics.csv_analysis import double_counting
from analytics.csv_analysis.arm_table import ArmTable, NameColumn
from analytics.csv_analysis.columns import Columns, read_columns
from analytics.csv_analysis.days import UnreadableDay, rank_days
from analytics.csv_analysis.errors import TableError

_MOST = 2**53  # up to which sums are exact


def read_table(stream: BinaryIO) -> ArmTable:
    """Read the table in a file. Raise UnreadableFile for whatever is not certain."""
    columns = read_columns(stream)
    keys = {
        name: NameColumn(tuple(columns.names[name].names), np.frombuffer(codes, dtype=np.int32))
        for name, codes in columns.codes.items()
    }
    if "day" in keys:
        keys["day"] = _in_order(keys["day"], columns)
    arm = keys.pop("arm")
    if len(arm.names) < 2:
        raise TableError("At least two arms are needed for a comparison.")
    table = ArmTable(
        arms=arm.names,
        arm=arm,
        keys=keys,
        n=np.frombuffer(columns.n, dtype=np.int64),
        events=np.frombuffer(columns.events, dtype=np.int64),
    )
    if table.n.sum(dtype=np.float64) > _MOST:
        raise TableError("The numbers in the column n add up to more than {most:,}.", most=_MOST)
    _refuse_equal_keys(table, columns)
    _refuse_totals(table, columns)
    return replace(table, notes=tuple(_notes(table, columns)))


def _in_order(days: NameColumn, columns: Columns) -> NameColumn:
    """The column with its days in order; two ways to write a day are one."""
    try:
        ranks = rank_days(days.names)
    except UnreadableDay as error:
        line = columns.line(int(np.argmax(days.codes == days.names.index(error.day))))
        reason = "“{day}” {reason}. Write days as 2025-09-27, or as numbers."
        raise TableError(reason, line=line, column="day", day=error.day, reason=error) from None
    names = dict(sorted(zip(reversed(ranks), reversed(days.names), strict=True)))
    return NameColumn(tuple(names.values()), np.array(ranks, dtype=np.int32)[days.codes])


def _refuse_equal_keys(table: ArmTable, columns: Columns) -> None:
    """Where rows have keys, two of them with the same ones are a mistake, such as a table that was pasted twice."""
    if not table.keys:
        return
    found = double_counting.find_equal_keys([table.arm.codes, *(column.codes for column in table.keys.values())])
    if found:
        keys, earlier = " and ".join(["arm", *table.keys]), columns.line(found[1])
        reason = (
            "{keys} are the same as on line {earlier}. Does the file contain the table twice? Keep "
            "only one of the rows."
        )
        raise TableError(reason, line=columns.line(found[0]), keys=keys, earlier=earlier)


def _refuse_totals(table: ArmTable, columns: Columns) -> None:
    arm, n, events = table.arm.codes, table.n, table.events
    for name, column in {"arm": table.arm, **table.keys}.items():
        code = (
            double_counting.find_total_arm(arm, n, events)
            if name == "arm"
            else double_counting.find_total_name(arm, column.codes, n, events)
        )
        if code is not None:
            line = columns.line(int(np.argmax(column.codes == code)))
            reason = "“{total}” is the sum of all others. Delete its rows, because they would count everyone twice."
            raise TableError(reason, line=line, column=name, total=column.names[code])
    if not table.keys and (place := double_counting.find_total_row(arm, n, events)) is not None:
        reason = (
            "n and events are the sums of this arm’s other rows. Delete the totals, because they would "
            "count everyone twice."
        )
        raise TableError(reason, line=columns.line(place))


def _notes(table: ArmTable, columns: Columns) -> list[str]:
    """What was left out, and what was added up."""
    notes = list(columns.notes)
    if columns.ignored:
        notes.append(f"Columns left out: {', '.join(columns.ignored)}.")
    if not table.keys and table.n.size > len(table.arms):
        notes.append(f"Rows of the same arm were added together: {table.n.size:,} rows, {len(table.arms):,} arms.")
        if double_counting.repeats_itself(table.arm.codes, table.n, table.events):
            notes.append("The second half of the rows is the same as the first. Does the file contain the table twice?")
    return notes
