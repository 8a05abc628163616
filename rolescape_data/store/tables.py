"""Records in, one Parquet table out, and back with every row validated again.

The Arrow schema comes from the model's annotations, never from the rows, so that empty lists and empty tables
keep their types. The same rows give the same bytes (within one pyarrow version, whose name the file holds).
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ValidationError

from rolescape_data.errors import InputError
from rolescape_data.store import atomic

Row = TypeVar("Row", bound=BaseModel)

ROW_GROUP_ROWS = 1000
_PLAIN: dict[type, pa.DataType] = {str: pa.string(), bool: pa.bool_(), int: pa.int64(), float: pa.float64()}
_REBUILD = "Delete it and run the same command again: it is built anew, and no answer is paid for twice."


def write_table(path: Path, rows: Sequence[Row], model: type[Row]) -> None:
    """Replace the table `path` by `rows`, in their order.

    Raises:
        TypeError: a row is not exactly a `model` (a subclass would lose its own fields), or `model` has a field
            type that tables do not know.
        InputError: a number that does not fit 64 bits.
        DiskFullError: no room left; the old table is untouched.
    """
    for row in rows:
        if type(row) is not model:
            raise TypeError(f"{path.name} holds {model.__name__} rows, not {type(row).__name__}")
    schema = schema_of(model)
    try:
        table = pa.Table.from_pylist([_storable(row) for row in rows], schema=schema)
    except (pa.ArrowInvalid, OverflowError) as error:
        raise InputError(
            f"The table {path} cannot hold its {model.__name__} rows: {error}. Correct the value in the input."
        ) from error
    sink = pa.BufferOutputStream()
    pq.write_table(
        table,
        sink,
        row_group_size=ROW_GROUP_ROWS,
        compression="zstd",
        version="2.6",
        write_page_checksum=True,
    )
    atomic.write_bytes(path, sink.getvalue().to_pybytes())


def read_table(path: Path, model: type[Row]) -> list[Row]:
    """Return the rows of a table in order, each validated as strictly as a new one.

    Raises:
        InputError: no such file, a truncated or altered one, one of another kind, or a row that is not valid.
    """
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            table = file.read()
    except FileNotFoundError as error:
        raise InputError(f"There is no table {path}. Run the build that writes it.") from error
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path} is no readable Parquet table ({_first_line(error)}). {_REBUILD}") from error
    expected = schema_of(model)
    if not table.schema.equals(expected):
        raise InputError(
            f"{path} does not hold {model.__name__} rows: {_difference(table.schema, expected)}. {_REBUILD}"
        )
    return [_row(values, model, path, number) for number, values in enumerate(_values(table, path), 1)]


def looks_whole(path: Path) -> bool:
    """Say whether a file is there and begins and ends as Parquet does; its rows are not read."""
    if not path.is_file() or path.stat().st_size < 12:
        return False
    with path.open("rb") as table:
        head = table.read(4)
        table.seek(-4, 2)
        return head == table.read() == b"PAR1"


def to_json(record: BaseModel) -> bytes:
    """Return the record as canonical JSON: sorted keys, UTF-8 as it is, no spaces, no newline.

    Raises:
        ValueError: the record holds NaN or an infinity, which JSON cannot say.
    """
    text = json.dumps(
        record.model_dump(), sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )
    return text.encode("utf-8")


def iter_json(rows: Iterable[BaseModel]) -> Iterator[bytes]:
    """Yield each row as `to_json` gives it, in order."""
    return map(to_json, rows)


@cache
def schema_of(model: type[BaseModel]) -> pa.Schema:
    """Return the Arrow schema of a model's fields, in the order of the model.

    Raises:
        TypeError: a field type that tables do not know; the message names it.
    """
    return pa.schema(_fields(model))


def _fields(model: type[BaseModel]) -> list[pa.Field]:
    fields = []
    for name, field in model.model_fields.items():
        try:
            inner, optional = _without_none(field.annotation)
            fields.append(pa.field(name, _arrow_type(inner), nullable=optional))
        except TypeError as error:
            raise TypeError(f"{model.__name__}.{name}: {error}") from error
    if not fields:
        raise TypeError(f"{model.__name__} has no fields, and Parquet stores no empty structs")
    return fields


def _without_none(annotation: Any) -> tuple[Any, bool]:
    """Split `X | None` into X and True; anything else into itself and False."""
    if get_origin(annotation) is Annotated:
        return _without_none(get_args(annotation)[0])
    if get_origin(annotation) not in (Union, UnionType):
        return annotation, False
    members = [member for member in get_args(annotation) if member is not NoneType]
    if len(members) != 1:
        raise TypeError(f"a table column has one type, not {annotation}")
    return members[0], len(members) < len(get_args(annotation))


def _arrow_type(annotation: Any) -> pa.DataType:
    """Return the Arrow type of an annotation that is not optional."""
    origin, args = get_origin(annotation), get_args(annotation)
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    if origin is Annotated:
        return _arrow_type(args[0])
    if origin is Literal and len({type(value) for value in args}) == 1 and type(args[0]) in _PLAIN:
        return _PLAIN[type(args[0])]
    if origin is list:
        item, optional = _without_none(args[0])
        return pa.list_(pa.field("element", _arrow_type(item), nullable=optional))
    if origin is dict and args == (str, str):
        return pa.map_(pa.string(), pa.field("value", pa.string(), nullable=False))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return pa.struct(_fields(annotation))
    raise TypeError(f"tables do not know the type {annotation}")


def _storable(value: Any) -> Any:
    """Return a record as plain values; dictionaries become sorted pairs, because Arrow maps keep an order."""
    if isinstance(value, BaseModel):
        return {name: _storable(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return sorted(value.items())
    return value


def _values(table: pa.Table, path: Path) -> list[dict[str, Any]]:
    try:
        rows: list[dict[str, Any]] = table.to_pylist(maps_as_pydicts="strict")
    except (pa.ArrowException, UnicodeDecodeError, KeyError) as error:
        raise InputError(
            f"{path} holds values that cannot be read ({_first_line(error)}). {_REBUILD}"
        ) from error
    return rows


def _row(values: dict[str, Any], model: type[Row], path: Path, number: int) -> Row:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InputError(
            f"Row {number} of {path} is no valid {model.__name__}: {place}: {first['msg']}. {_REBUILD}"
        ) from error


def _difference(found: pa.Schema, expected: pa.Schema) -> str:
    """Name the columns that are missing, unknown or of another type."""
    missing = [name for name in expected.names if name not in found.names]
    unknown = [name for name in found.names if name not in expected.names]
    if missing or unknown:
        return f"missing columns {missing}, unknown columns {unknown}"
    changed = [name for name in expected.names if not found.field(name).equals(expected.field(name))]
    return f"columns of another type {changed}" if changed else "its columns are in another order"


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0]
