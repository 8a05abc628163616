"""The steps that make what trainers with rewards, refusals and preferences read."""

from flows.desk import Desk
from flows.step import Step, Tables, own_pictures, records_of, the_profile
from rolescape_data.records import CharacterProfile
from rolescape_data.stages.base import Result
from rolescape_data.stages.negatives import negatives
from rolescape_data.stages.preferences import preferences
from rolescape_data.stages.t2i_checks import t2i_checks


def _checks(desk: Desk, tables: Tables, take: int) -> Result:
    return t2i_checks(
        desk.setting("t2i_check", take),
        the_profile(tables),
        own_pictures(tables),
        records_of("caption", tables),
    )


def _negatives(desk: Desk, tables: Tables, take: int) -> Result:
    rival = desk.rival()
    found = desk.workspace.character(rival).read(CharacterProfile) if rival else []
    return negatives(
        desk.setting("negative", take),
        the_profile(tables),
        own_pictures(tables),
        records_of("text_qa", tables),
        found[0] if found else None,
    )


def _preferences(desk: Desk, tables: Tables, take: int) -> Result:
    return preferences(
        desk.material,
        desk.blueprint.kinds["preference"],
        desk.thresholds,
        records_of("text_dialogue", tables),
        others=desk.others(),
    )


TRAINING_STEPS: tuple[Step, ...] = (
    Step("t2i_check", "qa", ("profile", "image", "caption"), (), _checks),
    Step(
        "negative", "qa", ("profile", "image", "text_qa"), ("documents", "lines"), _negatives, others="rival"
    ),
    Step("preference", "qa", ("text_dialogue",), ("documents", "lines"), _preferences, prompt=False),
)
