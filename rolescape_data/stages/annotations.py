"""A picture and what is noted of it -> who is to be seen, where, and what is going on (MMRole's three fields)."""

from collections.abc import Sequence

from rolescape_data.records import ImageAnnotation, ImageRecord, Provenance, Rejected
from rolescape_data.records.answers import AnnotationAnswer
from rolescape_data.stages.base import (
    Result,
    Setting,
    admit,
    cells,
    character_block,
    common_fields,
    dropped,
    gate_context,
    image_block,
    image_name,
    read_answer,
    request,
)


def annotations(setting: Setting, images: Sequence[ImageRecord]) -> Result:
    """Make one annotation per picture: what the set supplies word for word, what is missing by the writer."""
    candidates = [_supplied(setting, image) for image in images if _given(image)]
    rejects: list[Rejected] = []
    lacking = [image for image in images if not _given(image)]
    cast = sorted({line.speaker for line in setting.material.lines} - set(setting.material.names))
    requests = [
        request(
            setting,
            {
                "character": character_block(setting),
                "image": image_block(image),
                "shows": image.owner,
                "cast": cast,
            },
            images=[image],
        )
        for image in lacking
    ]
    for image, outcome in zip(lacking, setting.writer.write(requests), strict=True):
        name = image_name(setting, image)
        answer, reason = read_answer(setting, outcome)
        told = isinstance(answer, AnnotationAnswer) and any(
            text.strip() for text in (answer.role_info, answer.place_info, answer.scene_info)
        )
        if isinstance(answer, AnnotationAnswer) and told:
            candidates.append(
                ImageAnnotation(
                    id=f"{setting.material.id}_ann_{name}",
                    image_id=image.id,
                    role_info=answer.role_info,
                    place_info=answer.place_info,
                    scene_info=answer.scene_info,
                    supplied=False,
                    **common_fields(setting, outcome, [image.id]),
                )
            )
        elif outcome.raw and not isinstance(answer, AnnotationAnswer):
            rejects.append(dropped(setting, name, outcome.raw, [reason]))
    candidates.sort(key=lambda record: record.id)
    context = gate_context(setting, [image.id for image in images])
    records, more = admit(setting, [], candidates, context)
    note = "nothing is noted of the other pictures"
    wanted = setting.contract.cells(len(images))
    return Result(records, rejects + more, cells(setting, wanted, {"count": len(records)}, note))


def _given(image: ImageRecord) -> bool:
    given = image.annotation
    return bool(given.role_info or given.place_info or given.scene_info)


def _supplied(setting: Setting, image: ImageRecord) -> ImageAnnotation:
    return ImageAnnotation(
        id=f"{setting.material.id}_ann_{image_name(setting, image)}",
        image_id=image.id,
        role_info=image.annotation.role_info,
        place_info=image.annotation.place_info,
        scene_info=image.annotation.scene_info,
        supplied=True,
        character_id=setting.material.id,
        lang=setting.material.entry.lang,
        license=image.license,
        source=image.source,
        provenance=Provenance(source_kind="human", writer="set file", parents=[image.id]),
    )
