"""The steps that say who a character is: from one line, or from documents, to the texts that models read."""

from flows.desk import Desk
from flows.step import Step, Tables, records_of, the_profile
from rolescape_data.stages.base import Result
from rolescape_data.stages.detailed_profile import detailed_profile
from rolescape_data.stages.meta_information import meta_information
from rolescape_data.stages.profile import profile
from rolescape_data.stages.profile_texts import profile_texts


def _profile_texts(desk: Desk, tables: Tables, take: int) -> Result:
    return profile_texts(desk.material, desk.blueprint.kinds["profile_text"], the_profile(tables))


PROFILE_STEPS: tuple[Step, ...] = (
    Step(
        "meta_information",
        "profile",
        (),
        (),
        lambda desk, tables, take: meta_information(desk.setting("meta_information", take)),
    ),
    Step(
        "detailed_profile",
        "profile",
        ("meta_information",),
        ("documents", "own_lines"),
        lambda desk, tables, take: detailed_profile(
            desk.setting("detailed_profile", take), records_of("meta_information", tables)
        ),
    ),
    Step(
        "profile",
        "profile",
        (),
        ("documents", "own_lines"),
        lambda desk, tables, take: profile(desk.setting("profile", take)),
    ),
    Step("profile_text", "profile", ("profile",), (), _profile_texts, prompt=False),
)
