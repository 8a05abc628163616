"""The steps of a character's build: what each makes, what it needs, and what makes it out of date.

To add a record kind: its stage in rolescape_data/stages, a prompt, a blueprint entry, and one line in STEPS, or in one of
the tables that it is put together from.
"""

from flows.desk import Desk
from flows.profile_steps import PROFILE_STEPS
from flows.reviewing import replies_in, reviews
from flows.step import Step, Tables, Told, generic_pictures, own_pictures, records_of, the_profile
from flows.training_steps import TRAINING_STEPS
from rolescape_data.judging.sampling import DRAWN, READ
from rolescape_data.pools import dealt
from rolescape_data.records import CharacterProfile
from rolescape_data.stages.annotations import annotations
from rolescape_data.stages.base import Result
from rolescape_data.stages.captions import captions
from rolescape_data.stages.commentaries import commentaries
from rolescape_data.stages.human_role_dialogues import human_role_dialogues
from rolescape_data.stages.image_dialogues import image_dialogues
from rolescape_data.stages.images import images
from rolescape_data.stages.inter_role_dialogues import inter_role_dialogues
from rolescape_data.stages.probes import probes
from rolescape_data.stages.questions import text_mcq, text_qa
from rolescape_data.stages.solver_answers import solver_answers
from rolescape_data.stages.t2i_forms import t2i_forms
from rolescape_data.stages.text_dialogues import text_dialogues
from rolescape_data.stages.visual_questions import visual_mcq, visual_qa


def _images(desk: Desk, tables: Tables, take: int) -> Result:
    matte = desk.inputs.found.matte
    return images(
        desk.material,
        contract=desk.blueprint.kinds["image"],
        generic=sum(desk.blueprint.generic().values()),
        thresholds=desk.thresholds,
        matte=(int(matte[1:3], 16), int(matte[3:5], 16), int(matte[5:7], 16)),
        read=desk.inputs.read,
        put=desk.workspace.blobs.put,
        level=desk.compression,
    )


def _commentaries(desk: Desk, tables: Tables, take: int) -> Result:
    pictures = own_pictures(tables)
    wanted = sum(desk.blueprint.kinds["commentary"].cells(len(pictures)).values())
    questions = dealt(desk.pool(), wanted, seed=desk.seed, character=desk.material.id)
    return commentaries(
        desk.setting("commentary", take),
        the_profile(tables),
        pictures,
        questions,
        generic=generic_pictures(desk, "commentary", tables),
    )


def _inter_role(desk: Desk, tables: Tables, take: int) -> Result:
    profiles = [desk.workspace.character(partner).read(CharacterProfile) for partner in desk.partners()]
    return inter_role_dialogues(
        desk.setting("inter_role_dialogue", take),
        the_profile(tables),
        own_pictures(tables),
        [found[0] for found in profiles if found],
        generic=generic_pictures(desk, "inter_role_dialogue", tables),
    )


def _probes(desk: Desk, tables: Tables, take: int) -> Result:
    asked = [record for kind in _ASKED for record in records_of(kind, tables)]
    return probes(desk.setting("probe", take), the_profile(tables), asked)


# What a probe must not repeat.
_ASKED = ("text_qa", "text_mcq", "text_dialogue", "image_dialogue")


STEPS: tuple[Step, ...] = (
    *PROFILE_STEPS,
    Step("image", "images", (), ("pictures",), _images, prompt=False),
    Step(
        "annotation",
        "images",
        ("image",),
        ("lines",),
        lambda desk, tables, take: annotations(desk.setting("annotation", take), own_pictures(tables)),
    ),
    Step(
        "image_dialogue",
        "image_dialogues",
        ("profile", "image"),
        ("documents", "lines"),
        lambda desk, tables, take: image_dialogues(
            desk.setting("image_dialogue", take), the_profile(tables), own_pictures(tables)
        ),
    ),
    Step(
        "caption",
        "captions",
        ("profile", "image", "image_dialogue"),
        (),
        lambda desk, tables, take: captions(
            desk.setting("caption", take),
            the_profile(tables),
            own_pictures(tables),
            records_of("image_dialogue", tables),
        ),
    ),
    Step(
        "t2i_form",
        "captions",
        ("profile", "image", "image_dialogue", "caption"),
        (),
        lambda desk, tables, take: t2i_forms(
            desk.material,
            desk.blueprint.kinds["t2i_form"],
            the_profile(tables),
            own_pictures(tables),
            records_of("image_dialogue", tables),
            records_of("caption", tables),
        ),
        prompt=False,
    ),
    Step(
        "human_role_dialogue",
        "dialogues",
        ("profile", "image"),
        ("documents", "lines"),
        lambda desk, tables, take: human_role_dialogues(
            desk.setting("human_role_dialogue", take),
            the_profile(tables),
            own_pictures(tables),
            cast=[name for names in desk.cast().values() for name in names],
            generic=generic_pictures(desk, "human_role_dialogue", tables),
        ),
        others="names",
    ),
    Step("commentary", "dialogues", ("profile", "image"), ("documents", "lines"), _commentaries),
    Step(
        "inter_role_dialogue",
        "dialogues",
        ("profile", "image"),
        ("documents", "lines"),
        _inter_role,
        others="profiles",
    ),
    Step(
        "text_dialogue",
        "dialogues",
        ("profile", "image_dialogue", "human_role_dialogue", "inter_role_dialogue"),
        ("documents", "lines"),
        lambda desk, tables, take: text_dialogues(
            desk.setting("text_dialogue", take),
            the_profile(tables),
            records_of("image_dialogue", tables),
            [*records_of("human_role_dialogue", tables), *records_of("inter_role_dialogue", tables)],
        ),
        decides=("image_dialogue", "human_role_dialogue", "inter_role_dialogue"),
    ),
    Step(
        "text_qa",
        "qa",
        ("profile",),
        ("documents",),
        lambda desk, tables, take: text_qa(desk.setting("text_qa", take), the_profile(tables)),
    ),
    Step(
        "text_mcq",
        "qa",
        ("profile", "text_qa"),
        ("documents",),
        lambda desk, tables, take: text_mcq(
            desk.setting("text_mcq", take), the_profile(tables), records_of("text_qa", tables), seed=desk.seed
        ),
    ),
    Step("probe", "qa", ("profile", *_ASKED), ("documents",), _probes),
    Step(
        "visual_qa",
        "qa",
        ("profile", "image", "annotation", "image_dialogue"),
        (),
        lambda desk, tables, take: visual_qa(
            desk.setting("visual_qa", take),
            the_profile(tables),
            own_pictures(tables),
            records_of("image_dialogue", tables),
            records_of("annotation", tables),
        ),
    ),
    Step(
        "visual_mcq",
        "qa",
        ("image",),
        (),
        lambda desk, tables, take: visual_mcq(
            desk.setting("visual_mcq", take), own_pictures(tables), seed=desk.seed
        ),
    ),
    Step(
        "solver_answer",
        "solver",
        ("profile", "image", "text_mcq", "visual_mcq"),
        (),
        lambda desk, tables, take: solver_answers(
            desk.setting("solver_answer", take),
            the_profile(tables),
            own_pictures(tables),
            [*records_of("text_mcq", tables), *records_of("visual_mcq", tables)],
            seed=desk.seed,
        ),
    ),
    *TRAINING_STEPS,
    Step("review", "reviews", READ, (), reviews, tells=Told(frozenset(DRAWN), replies_in)),
)

# Every kind that a writer is asked for, with its stage: what `writers:` of a set may name.
WRITTEN = {step.kind: step.stage for step in STEPS if step.prompt}

FIRST_WAVE = ("profile", "images")
SECOND_WAVE = ("image_dialogues", "captions", "dialogues", "qa", "solver", "reviews")
SET_STAGES = ("scores", "verdicts", "splits", "shards", "report")
STAGES = (*FIRST_WAVE, *SECOND_WAVE, *SET_STAGES)
# Questions, and what solver and judge made of them: they are asked again about new ones.
QA_STAGES = ("qa", "solver", "reviews")
QA_KINDS = tuple(step.kind for step in STEPS if step.stage in QA_STAGES)
