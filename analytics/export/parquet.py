"""Write a table as Parquet. pyarrow is an extra (requirements/parquet.txt), loaded by the worker alone."""

import io
from importlib.util import find_spec

from analytics.export.data_package import TableFormat, data_package
from analytics.export.table import LookTables, Table


def is_available() -> bool:
    """Whether pyarrow is installed."""
    return find_spec("pyarrow") is not None


def parquet_package(tables: LookTables) -> bytes:
    """Return a data package whose tables are Parquet files."""
    return data_package(tables, PARQUET)


def parquet_table(table: Table) -> bytes:
    """Return a table as a Parquet file, each column of the type that it declares."""
    import pyarrow as pa
    from pyarrow import parquet

    types = {"string": pa.string(), "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_()}
    schema = pa.schema(
        [
            pa.field(field.name, types[field.type], metadata={"description": field.description})
            for field in table.fields
        ],
        metadata={"description": table.description},
    )
    stream = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(list(table.records()), schema=schema), stream)
    return stream.getvalue()


PARQUET = TableFormat("parquet", "application/vnd.apache.parquet", parquet_table, {})
