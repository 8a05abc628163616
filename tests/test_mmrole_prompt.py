"""MMRole's prompts: taken apart into records, stored, read back, put together again - byte for byte."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rolescape_data.errors import InputError
from rolescape_data.mmrole.names import DialogueName, dialogue_name
from rolescape_data.mmrole.prompt import HYPOTHETICAL, SYSTEM, build, parse
from rolescape_data.mmrole.samples import sample_of
from rolescape_data.records import Annotation, InstructionSample, Provenance, Said
from rolescape_data.store.tables import read_table, write_table

CHECKOUT = Path(__file__).resolve().parent.parent
REAL = (
    Path(os.environ.get("ROLESCAPE_REAL_INPUTS", CHECKOUT.parent / "shared" / "real"))
    / "mmrole_in_test/reviews"
)
needs_real = pytest.mark.skipif(not REAL.is_dir(), reason=f"no released test samples at {REAL}")


def released() -> list[dict[str, Any]]:
    return [entry for path in sorted(REAL.glob("*_test.json")) for entry in json.loads(path.read_text())]


def sample(**changes: Any) -> InstructionSample:
    fields: dict[str, Any] = {
        "id": "s", "character_id": "ada", "lang": "en", "license": "CC0-1.0",
        "provenance": Provenance(source_kind="rule", writer="test"), "sample_id": "Ada_comment_COCO_0_1",
        "dialogue_id": "Ada_comment_COCO_0", "turn_index": 1, "image": "Town/1.png", "role": "Ada", "script": "Town",
        "profile": "### Brief Introduction\nAda.", "last_words": "What now?", "answer": "Nothing.",
    }  # fmt: skip
    return InstructionSample(**(fields | changes))


@needs_real
def test_every_released_test_prompt_rebuilt_from_stored_records_is_the_same_bytes(tmp_path: Path) -> None:
    entries = released()
    records = [sample_of(entry) for entry in entries]
    write_table(tmp_path / "samples.parquet", records, InstructionSample)
    back = read_table(tmp_path / "samples.parquet", InstructionSample)
    same = sum(
        build(record).encode() == entry["conversations"][0]["value"].encode()
        for record, entry in zip(back, entries, strict=True)
    )
    assert same == len(entries) == 216
    assert len({record.id for record in back}) == 216
    assert all(entry["system"] == SYSTEM for entry in entries)


@needs_real
def test_the_released_prompts_hold_chinese_and_hypothetical_people_openers_and_pictures_with_notes() -> None:
    records = [sample_of(entry) for entry in released()]
    assert sum(record.lang == "zh" for record in records) == 27
    # Counted in the files by themselves: 20 hypothetical characters in three types.
    assert sum(record.script == HYPOTHETICAL for record in records) == 60
    assert sum(record.annotation != Annotation() for record in records) == 58
    assert {not record.last_words for record in records if record.turn_index == 0} == {True}


@needs_real
def test_no_part_holds_the_sentences_of_another() -> None:
    for record in map(sample_of, released()):
        for text in (
            record.profile,
            record.other_profile,
            record.last_words,
            *(one.text for one in record.history),
        ):
            assert not re.search(
                r"The description of .* is as follows|The conversation history between|Please (respond|initiate)|auxiliary",
                text,
            )


@needs_real
def test_a_changed_part_changes_the_prompt_there_and_nowhere_else() -> None:
    for record in map(sample_of, released()[::9]):
        before = build(record)
        after = build(record.model_copy(update={"profile": record.profile + " X"}))
        assert after == before.replace(record.profile, record.profile + " X", 1)


names = st.text(st.sampled_from("abcdeABC '-\"孙悟空é"), min_size=1, max_size=12).map(str.strip).filter(bool)
texts = st.text(st.sampled_from("ab .!?\n*#[]:悟"), min_size=1, max_size=40).filter(str.strip)


# A busy machine is slow, not wrong.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    role=names,
    other=names | st.just(""),
    script=names | st.just(HYPOTHETICAL),
    profile=texts,
    infos=st.tuples(*[st.text("ab .", max_size=8)] * 3),
    said=st.lists(texts, max_size=4),
    opens=st.booleans(),
    lang=st.sampled_from(["en", "zh"]),
)
def test_any_prompt_taken_apart_makes_the_same_prompt_again(
    role: str,
    other: str,
    script: str,
    profile: str,
    infos: tuple[str, str, str],
    said: list[str],
    opens: bool,
    lang: str,
) -> None:
    speakers = [role, other or "human"]
    one = sample(
        role=role,
        script=script,
        other_role=other,
        other_script=script if other else "",
        profile=profile,
        other_profile="about the other" if other else "",
        annotation=Annotation(role_info=infos[0], place_info=infos[1], scene_info=infos[2]),
        history=[] if opens else [Said(speaker=speakers[n % 2], text=text) for n, text in enumerate(said)],
        last_words="" if opens and other else "And?\n\n\nPlease go on.",
        lang=lang,
    )
    prompt = build(one)
    parts = parse(prompt)
    again = one.model_copy(
        update={name: getattr(parts, name) for name in parts.__slots__ if name != "history"}
        | {"history": list(parts.history)}
    )
    assert build(again) == prompt
    assert (parts.lang, parts.last_words) == (lang, one.last_words)


@pytest.mark.parametrize(
    "text",
    [
        "Iron_Man_comment_COCO_30",
        "孙悟空_human-role-dialogue_script_3",
        "Socrates_role-role-dialogue_COCO",
        'E_"L"_T_comment_script_0',
    ],
)
def test_a_dialogues_name_taken_apart_is_the_same_name_again(text: str) -> None:
    name = dialogue_name(text)
    assert isinstance(name, DialogueName) and str(name) == text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"role": "Somebody"}, "its prompt says"),
        ({"id": "Ada_comment_COCO_0_3"}, "names turn 3"),
        (
            {"conversations": [{"from": "human", "value": "x"}, {"from": "gpt", "value": "y"}]},
            "not from 'user'",
        ),
        ({"conversations": []}, "two messages"),
    ],
)
def test_a_sample_that_contradicts_itself_is_refused_by_name(change: dict[str, Any], words: str) -> None:
    entry = {
        "id": "Ada_comment_COCO_0_1", "system": SYSTEM, "image": "Town/1.png", "role": "Ada", "script": "Town",
        "other_role": "a curious human",
        "conversations": [{"from": "user", "value": build(sample())}, {"from": "assistant", "value": "Nothing."}],
    }  # fmt: skip
    assert build(sample_of(entry)) == build(sample())
    with pytest.raises(InputError, match=words) as refused:
        sample_of({**entry, **change})
    assert "Sample Ada_comment_COCO_0" in str(refused.value)
