"""Tables: what goes in comes out, typed, in order, and nothing else passes for it."""

import json
import math
import re
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, get_args, get_origin

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from rolescape_data.errors import InputError
from rolescape_data.records import RECORDS, Cell, Measurement, Rejected, SplitRow, Verdict
from rolescape_data.store.tables import iter_json, read_table, schema_of, to_json, write_table

MODELS: list[type[BaseModel]] = [*RECORDS.values(), Measurement, Verdict, Rejected, SplitRow, Cell]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    number: int
    note: str | None = None


class Everything(BaseModel):
    """One field of every kind that tables know."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    kind: ClassVar[str] = "everything"

    text: str
    count: int
    share: float
    flag: bool
    version: Literal[1] = 1
    choice: Literal["a", "b"]
    bounded: Annotated[int, Field(ge=0, le=9)]
    maybe: float | None
    words: list[Annotated[str, Field(min_length=1)]]
    maybe_words: list[str] | None
    gaps: list[int | None]
    part: Part
    maybe_part: Part | None
    parts: list[Part]
    nested: list[list[Part]]
    tags: dict[str, str]


def values_of(annotation: Any, metadata: tuple[Any, ...] = ()) -> st.SearchStrategy[Any]:
    """Build values that the annotation, with pydantic's constraints, accepts."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return values_of(args[0], (*metadata, *args[1:]))
    if origin is Literal:
        return st.sampled_from(args)
    if origin is list:
        least = next((item.min_length for item in metadata if hasattr(item, "min_length")), 0)
        return st.lists(values_of(args[0]), min_size=least, max_size=least + 2)
    if origin is dict:
        return st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=3)
    if args:
        return st.one_of(*(values_of(member, metadata) for member in args))
    if annotation is type(None):
        return st.none()
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return rows_of(annotation)
    patterns = [item.pattern for item in metadata if getattr(item, "pattern", None)]
    if patterns:
        return matches_of(patterns[0])
    low = next((item.ge for item in metadata if hasattr(item, "ge")), 1 if metadata else -(2**63))
    plain: dict[type, st.SearchStrategy[Any]] = {
        str: st.one_of(
            st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=6),
            st.sampled_from(
                ["line one\nline two\ttab", "e\u0301", "\U0001f426", '"quotes" \\ and, commas', ""]
            ),
        ),
        int: st.integers(low, 2**63 - 1),
        float: st.floats(0, 1) if metadata else st.floats(allow_nan=False),
        bool: st.booleans(),
    }
    check = TypeAdapter(Annotated[annotation, *metadata] if metadata else annotation)  # type: ignore[valid-type, unused-ignore]

    def accepted(value: Any) -> bool:
        try:
            check.validate_python(value, strict=True)
        except ValidationError:
            return False
        return True

    return plain[annotation].filter(accepted)


def matches_of(pattern: str) -> st.SearchStrategy[str]:
    """Build texts for the patterns of ids and hashes, '^[characters]{least,most}$', without long waits."""
    letters, least = pattern.strip("^$").rstrip("}").rsplit("{")
    alphabet = [chr(code) for code in range(33, 127) if re.fullmatch(letters, chr(code))]
    fewest = int(least.partition(",")[0])
    return st.text(alphabet, min_size=fewest, max_size=max(fewest, 3))


def rows_of(model: type[BaseModel]) -> st.SearchStrategy[BaseModel]:
    fields: dict[str, FieldInfo] = model.model_fields
    parts = {name: values_of(field.annotation, tuple(field.metadata)) for name, field in fields.items()}
    return st.fixed_dictionaries(parts).map(model.model_validate)


@pytest.mark.parametrize("model", [*MODELS, Everything], ids=lambda model: model.__name__)
def test_rows_come_back_equal_and_the_same_rows_are_the_same_bytes(
    model: type[BaseModel], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("tables")

    @settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(rows=st.lists(rows_of(model), max_size=3))
    def holds(rows: list[BaseModel]) -> None:
        write_table(folder / "a.parquet", rows, model)
        assert read_table(folder / "a.parquet", model) == rows
        write_table(folder / "b.parquet", rows, model)
        assert (folder / "a.parquet").read_bytes() == (folder / "b.parquet").read_bytes()

    holds()


def test_an_empty_table_and_empty_lists_keep_their_types(tmp_path: Path) -> None:
    write_table(tmp_path / "a.parquet", [], Rejected)
    assert pq.read_schema(tmp_path / "a.parquet").field("reasons").type == pa.list_(
        pa.field("element", pa.string(), nullable=False)
    )
    assert pq.read_schema(tmp_path / "a.parquet").equals(schema_of(Rejected))
    assert read_table(tmp_path / "a.parquet", Rejected) == []


def test_class_variables_are_no_columns() -> None:
    assert "kind" not in schema_of(RECORDS["caption"]).names


def test_equal_rows_are_equal_bytes_whatever_the_order_of_their_tags(tmp_path: Path) -> None:
    for name, tags in (("a", {"x": "1", "y": "2"}), ("b", {"y": "2", "x": "1"})):
        write_table(tmp_path / name, [everything(tags=tags)], Everything)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_rows_keep_their_order_over_many_row_groups(tmp_path: Path) -> None:
    rows = [
        Cell(character_id="oda", kind="caption", cell=f"c{n}", wanted=n, found=0) for n in range(2500, 0, -1)
    ]
    write_table(tmp_path / "a.parquet", rows, Cell)
    assert pq.ParquetFile(tmp_path / "a.parquet").num_row_groups == 3
    assert read_table(tmp_path / "a.parquet", Cell) == rows


def everything(**changes: Any) -> Everything:
    values: dict[str, Any] = {
        "text": "t",
        "count": 1,
        "share": 0.5,
        "flag": True,
        "choice": "a",
        "bounded": 3,
        "maybe": None,
        "words": [],
        "maybe_words": None,
        "gaps": [],
        "part": Part(number=1),
        "maybe_part": None,
        "parts": [],
        "nested": [],
        "tags": {},
    }
    return Everything.model_validate({**values, **changes})


def test_a_missing_table_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no table"):
        read_table(tmp_path / "absent.parquet", Cell)


def test_a_table_cut_anywhere_or_with_one_altered_byte_in_its_pages_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    rows = [Cell(character_id="oda", kind="caption", cell=f"c{n}", wanted=n, found=n * 7) for n in range(200)]
    write_table(path, rows, Cell)
    whole = path.read_bytes()
    for length in (0, 4, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError, match="Delete it and run the same command again"):
            read_table(path, Cell)
    # Values lie before the footer, whose length stands in the last eight bytes.
    values_end = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    for place in range(60, values_end, values_end // 20):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        try:
            found = read_table(path, Cell)
        except InputError:
            continue
        assert found == rows, f"byte {place} changed the rows unnoticed"


def test_a_table_of_another_kind_is_named_as_such(tmp_path: Path) -> None:
    write_table(tmp_path / "a.parquet", [], SplitRow)
    with pytest.raises(InputError, match=r"does not hold Cell rows: missing columns \['cell', 'wanted'"):
        read_table(tmp_path / "a.parquet", Cell)
    pq.write_table(
        schema_of(Cell).empty_table().rename_columns([name.upper() for name in schema_of(Cell).names]),
        tmp_path / "b.parquet",
    )
    with pytest.raises(InputError, match="unknown columns"):
        read_table(tmp_path / "b.parquet", Cell)


def test_a_row_that_breaks_the_model_is_named_by_number_and_field(tmp_path: Path) -> None:
    good = {"character_id": "oda", "kind": "caption", "cell": "count", "wanted": 1, "found": 1, "note": ""}
    table = pa.Table.from_pylist([good, {**good, "wanted": -1}], schema=schema_of(Cell))
    pq.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(InputError, match=r"Row 2 of .* is no valid Cell: wanted"):
        read_table(tmp_path / "a.parquet", Cell)


def test_a_folder_name_with_an_equals_sign_adds_no_column(tmp_path: Path) -> None:
    path = tmp_path / "run=3" / "a.parquet"
    write_table(path, [everything()], Everything)
    assert read_table(path, Everything) == [everything()]


def test_rows_of_another_model_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    class Longer(Part):
        extra: int = 0

    with pytest.raises(TypeError, match="holds Part rows, not Longer"):
        write_table(tmp_path / "a.parquet", [Longer(number=1)], Part)
    assert list(tmp_path.iterdir()) == []


def test_a_number_beyond_64_bits_is_refused_with_the_table_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.parquet cannot hold its Part rows"):
        write_table(tmp_path / "a.parquet", [Part(number=2**63)], Part)


def test_a_field_type_that_tables_do_not_know_is_named() -> None:
    class Odd(BaseModel):
        both: int | str

    with pytest.raises(TypeError, match=r"Odd\.both: a table column has one type"):
        schema_of(Odd)


def test_canonical_json_sorts_keys_and_keeps_letters() -> None:
    record = everything(text="Ægir\n", tags={"b": "2", "a": "1"})
    text = to_json(record).decode("utf-8")
    assert list(json.loads(text)) == sorted(json.loads(text))
    assert '"tags":{"a":"1","b":"2"}' in text
    assert '"text":"Ægir\\n"' in text
    assert Everything.model_validate(json.loads(text)) == record
    assert list(iter_json([record, record])) == [to_json(record)] * 2


def test_canonical_json_refuses_what_json_cannot_say() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json(everything(share=math.inf))
