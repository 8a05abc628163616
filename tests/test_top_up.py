"""A stage asks again for the cells that are still open and for no other, so often and no more."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from rolescape_data import assets
from rolescape_data.blueprint_files import load_blueprint
from rolescape_data.gates.decide import load_thresholds
from rolescape_data.prompts import load_prompt
from rolescape_data.providers.base import Outcome, Request
from rolescape_data.providers.offline import OfflineWriter
from rolescape_data.records import CharacterProfile
from rolescape_data.stages.base import Setting
from rolescape_data.stages.profile import profile
from rolescape_data.stages.questions import text_qa
from rolescape_data.store.inputs import from_set_file

SET = Path(__file__).resolve().parent.parent / "examples" / "starter" / "set.yaml"


class Sparing:
    """The offline writer, but of every request it answers the first `most` cells alone, and notes how many were asked."""

    name = OfflineWriter.name
    kind: Literal["llm", "vlm", "rule"] = "rule"

    def __init__(self, most: int) -> None:
        self.most = most
        self.asked: list[int] = []

    def write(self, requests: Sequence[Request]) -> list[Outcome]:
        self.asked += [len(request.keys) for request in requests]
        whole = OfflineWriter().write(requests)
        return [
            outcome
            if not outcome.reply
            else Outcome(outcome.call_key, dict(list(outcome.reply.items())[: self.most]), raw=outcome.raw)
            for outcome in whole
        ]


def setting(kind: str, writer: Any, *, rounds: int) -> Setting:
    inputs = from_set_file(SET)
    return Setting(
        kind=kind,
        material=inputs.material("quill"),
        contract=load_blueprint("starter", None).kinds[kind],
        rounds=rounds,
        thresholds=load_thresholds(assets.find("qa", "gates.yaml")),
        writer=writer,
        prompt=load_prompt(kind, None),
        take=0,
        blob_path=Path,
    )


def test_open_cells_alone_are_asked_for_again_and_what_stays_open_is_named() -> None:
    made = profile(setting("profile", OfflineWriter(), rounds=1)).records[0]
    assert isinstance(made, CharacterProfile)
    for rounds in (1, 2, 3):
        writer = Sparing(most=8)
        result = text_qa(setting("text_qa", writer, rounds=rounds), made)
        # Three calls of twenty; eight of each come, so that 36 cells stay open and are asked for.
        assert writer.asked[:3] == [20, 20, 20]
        assert writer.asked[3:5] == ([20, 16] if rounds > 1 else [])
        assert len(writer.asked) <= 3 * rounds
        cell = result.cells[0]
        assert (cell.wanted, cell.found) == (60, len(result.records))
        assert bool(cell.note) == (cell.found < 60)
        assert cell.found < 60 or rounds > 2
