"""The ledger keeps every call and every sending of it, durably and once."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flows.expecting import _answered
from rolescape_data.errors import DiskFullError, InputError
from rolescape_data.providers.base import ImageInput, Outcome, Request
from rolescape_data.providers.journal import Journal
from rolescape_data.providers.ledger import (
    Ended,
    Ledger,
    Statement,
    beginning,
    call_key,
    ending,
    keeping,
)
from rolescape_data.providers.ledger_faults import explained

ASKED = Request(
    prompt_id="caption",
    prompt_sha256="0" * 64,
    system="You describe.",
    user="Describe.\n\n```json\n{}\n```",
    answer="CaptionAnswer",
    images=(ImageInput("a" * 64, Path("/pictures/one.png")),),
)
OTHER = ImageInput("b" * 64, Path("/pictures/one.png"))


def put(path: Path, *batches: tuple[Statement, ...]) -> None:
    """Write batches of statements through a journal, as a run does, and close it."""

    async def main() -> None:
        journal = Journal()
        await asyncio.gather(*(journal.put(path, *batch) for batch in batches))
        journal.settle()

    asyncio.run(main())


def outcome(key: str, **changes: Any) -> Outcome:
    return replace(Outcome(key, {"a": 1}, '{"a": 1}', None, "", 100, 20, 0.5), **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"system": "You count."},
        {"user": "Describe it."},
        {"images": (OTHER,)},
        {"images": (*ASKED.images, OTHER)},
        {"answer": "TextQAAnswer"},
        {"keys": ("qa_1",)},
        {"temperature": 0.2},
        {"max_tokens": 100},
        {"take": 1},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_whatever_shapes_the_answer_makes_another_call(changes: dict[str, Any]) -> None:
    assert call_key("openai:m", replace(ASKED, **changes)) != call_key("openai:m", ASKED)


def test_the_writer_and_the_schema_make_another_call_too() -> None:
    keys = {
        call_key(writer, ASKED, schema_sha256=schema)
        for writer in ("openai:m", "gemini:m")
        for schema in ("", "1", "2")
    }

    assert len(keys) == 6


def test_where_a_picture_lies_does_not_make_another_call() -> None:
    moved = replace(ASKED, images=(ImageInput("a" * 64, Path("/elsewhere/two.png")),))

    assert call_key("openai:m", moved) == call_key("openai:m", ASKED)


def test_a_call_that_was_kept_is_found_with_its_tokens_and_money(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    key = call_key("openai:m", ASKED)
    put(
        ledger.path,
        (beginning(key, 1, "ask", 0.9),),
        (ending(key, 1, Ended("answered", 0.5, 100, 20)), keeping("openai:m", ASKED, outcome(key))),
    )

    found = ledger.find([key, "other"])

    assert list(found) == [key]
    assert found[key] == outcome(key)
    assert found[key].cached


def test_an_intent_that_was_never_closed_counts_at_its_worst_case(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    put(
        ledger.path,
        (beginning("a", 1, "ask", 0.25), beginning("b", 1, "ask", 0.25), beginning("c", 1, "ask", 0.25)),
        (ending("b", 1, Ended("answered", 0.10, 100, 20)), ending("c", 1, Ended("refused"))),
    )

    spent = ledger.spent()

    assert (spent.cost_usd, spent.open_usd) == (pytest.approx(0.10), pytest.approx(0.25))
    assert (spent.calls, spent.failed, spent.input_tokens, spent.output_tokens) == (3, 2, 100, 20)


def test_a_sending_whose_reply_was_lost_may_have_been_charged_and_counts_too(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    put(ledger.path, (beginning("a", 1, "ask", 0.25), ending("a", 1, Ended("unknown", fault="timeout"))))

    assert ledger.spent().open_usd == pytest.approx(0.25)


def test_repaired_rows_count_every_reply_once(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    key = call_key("openai:m", ASKED)
    put(
        ledger.path,
        (beginning(key, 1, "ask", 1.0), ending(key, 1, Ended("answered", 0.2, 100, 20, text="no json"))),
        (beginning(key, 2, "correct", 1.0), ending(key, 2, Ended("answered", 0.3, 120, 30, text="{}"))),
        (keeping("openai:m", ASKED, outcome(key, input_tokens=220, output_tokens=50, cost_usd=0.5)),),
    )

    spent = ledger.spent()

    assert (spent.calls, spent.input_tokens, spent.output_tokens) == (2, 220, 50)
    assert spent.cost_usd == pytest.approx(0.5)
    assert [(one.number, one.step, one.text) for one in ledger.attempts([key])[key]] == [
        (1, "ask", "no json"),
        (2, "correct", "{}"),
    ]


def test_the_same_sending_cannot_be_begun_twice(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    put(ledger.path, (beginning("a", 1, "ask", 0.25),))

    with pytest.raises(InputError, match="Another process writes to the ledger"):
        put(ledger.path, (beginning("a", 1, "ask", 0.25),))


class _Counting(Journal):
    def __init__(self) -> None:
        self.sizes: list[int] = []
        super().__init__()

    def _commit(self, entries: list[Any]) -> None:
        self.sizes.append(len(entries))
        super()._commit(entries)


def test_one_commit_serves_every_call_that_waits(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    put(path, (beginning("first", 1, "ask", 0.0),))

    async def main() -> list[int]:
        journal = _Counting()
        with closing(sqlite3.connect(path, isolation_level=None)) as holding:
            holding.execute("BEGIN IMMEDIATE")
            waiting = [journal.put(path, beginning(f"call {number}", 1, "ask", 0.0)) for number in range(300)]
            await asyncio.sleep(0)
            holding.execute("COMMIT")
        await asyncio.gather(*waiting)
        journal.settle()
        return [size for size in journal.sizes if size]

    sizes = asyncio.run(main())

    assert sum(sizes) == 300
    assert len(sizes) <= 10
    assert Ledger(path).spent().calls == 301


def test_a_commit_is_whole_or_not_there(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    put(ledger.path, (beginning("a", 1, "ask", 0.0),))

    with pytest.raises(InputError):
        put(ledger.path, (beginning("b", 1, "ask", 0.0), beginning("a", 1, "ask", 0.0)))

    assert ledger.attempts(["b"])["b"] == []


def test_a_fault_of_one_commit_does_not_end_the_journal(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"

    async def main() -> None:
        journal = Journal()
        with pytest.raises(InputError):
            await journal.put(tmp_path / "no such folder" / "ledger.sqlite", beginning("a", 1, "ask", 0.0))
        await journal.put(path, beginning("a", 1, "ask", 0.0))
        journal.settle()

    asyncio.run(main())

    assert Ledger(path).spent().calls == 1


def test_a_settled_ledger_is_one_plain_file(tmp_path: Path) -> None:
    put(tmp_path / "ledger.sqlite", (beginning("a", 1, "ask", 0.0),))

    assert [path.name for path in tmp_path.iterdir()] == ["ledger.sqlite"]


def test_a_ledger_from_before_there_were_attempts_still_serves(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    Ledger(path).keep("offline@1", [(ASKED, outcome("k", cost_usd=0.0))])
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("DROP TABLE attempts")

    ledger = Ledger(path)

    assert ledger.find(["k"])["k"].reply == {"a": 1}
    assert ledger.spent().calls == 1


def test_quarantine_is_lifted_without_forgetting_what_was_paid(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    key = call_key("openai:m", ASKED)
    bad = outcome(key, reply=None, raw="no json", error="invalid", detail="no JSON")
    put(
        ledger.path,
        (beginning(key, 1, "ask", 1.0),),
        (ending(key, 1, Ended("answered", 0.2, 100, 20, text="no json")), keeping("openai:m", ASKED, bad)),
    )
    assert ledger.find([key])[key].raw == "no json"

    assert ledger.release(["refused"]) == []
    assert ledger.release(["invalid"]) == [key]

    assert ledger.find([key]) == {}
    assert ledger.spent().cost_usd == pytest.approx(0.2)
    assert [bool(one.retired) for one in ledger.attempts([key])[key]] == [True]


def test_text_that_no_file_can_hold_is_kept_as_well_as_it_can_be(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")

    put(ledger.path, (beginning("a", 1, "ask", 0.0), ending("a", 1, Ended("answered", text="half \ud83d"))))

    assert ledger.attempts(["a"])["a"][0].text == "half ?"


def test_of_pictures_only_the_hash_is_kept(tmp_path: Path) -> None:
    picture = tmp_path / "one.png"
    picture.write_bytes(b"PICTURE-BYTES" * 100)
    ledger = Ledger(tmp_path / "ledger.sqlite")
    shown = replace(ASKED, images=(ImageInput("c" * 64, picture),))

    put(ledger.path, (keeping("openai:m", shown, outcome("k")),))

    content = ledger.path.read_bytes()
    assert b"c" * 64 in content
    assert b"PICTURE-BYTES" not in content


def test_a_damaged_ledger_is_named_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"this is no database" * 1000)

    with pytest.raises(InputError, match=r"ledger\.sqlite is damaged .* Restore it"):
        Ledger(path).find(["k"])


def test_a_ledger_of_another_version_says_so(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE calls (key TEXT)")

    with pytest.raises(InputError, match="another version of this program"):
        Ledger(path).find(["k"])


def test_an_older_ledger_that_cannot_be_written_to_is_not_taken_for_a_busy_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ledger.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE calls (key TEXT)")
    # A test that runs as root may write everywhere.
    monkeypatch.setattr("os.access", lambda *_: False)

    with pytest.raises(InputError, match=r"cannot be written to .* Copy the workspace"):
        Ledger(path).find(["k"])


def test_a_full_disk_is_a_resumable_stop(tmp_path: Path) -> None:
    fault = explained(tmp_path / "ledger.sqlite", sqlite3.OperationalError("database or disk is full"))

    assert isinstance(fault, DiskFullError)
    assert "run the same command again" in str(fault)


def test_a_folder_may_be_called_anything_that_a_file_system_takes(tmp_path: Path) -> None:
    path = tmp_path / "C# 100%41?x" / "ledger.sqlite"
    path.parent.mkdir()
    put(path, (beginning("one", 1, "ask", 0.9), keeping("openai:a", ASKED, outcome("one"))))

    assert Ledger(path).spent().open_usd == 0.9
    assert _answered([path]) == {"caption": (1, 0.5)}
