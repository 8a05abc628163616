"""A set's `reviews:` -> which replies are judged and by what, and the records of what the judge said.

`rolescape judge` judges the answers of a trained model; this judges a sample of the set itself, with the same rubrics, prompts
and grammar, as a stage of the build: kept in the character's own ledger, under its budget, resumed like every other.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from flows.desk import Desk
from rolescape_data.errors import SettingsError
from rolescape_data.gates.reviewed import REFERENCE, REJECTED
from rolescape_data.judging.judge import judge, tasks_of
from rolescape_data.judging.replies import Reply
from rolescape_data.judging.rubrics import Rubric, load_rubric
from rolescape_data.judging.sampling import sampled
from rolescape_data.prompts import Prompt, data_block, load_prompt
from rolescape_data.providers.base import ImageInput, Outcome, Request, Writer
from rolescape_data.providers.ledger import Ledger
from rolescape_data.records import Cell, ImageRecord, Record, Review
from rolescape_data.stages.base import Result
from rolescape_data.store.inputs import Inputs

NOT_RUN = "not run: the offline writer judges nothing; name a model under `writers: {reviews: ...}` or with `--writer`"
UNREAD = "the judge gave no readable review"

Tables = Mapping[str, Sequence[Record]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A rubric, cut down to the metrics that the set asks for, and its prompt."""

    rubric: Rubric
    prompt: Prompt


class _Filed:
    """A writer whose calls the ledger files under 'review', whichever rubric's prompt they were made with.

    Quarantine, retries and what a build is expected to cost go by record kind.
    """

    def __init__(self, writer: Writer) -> None:
        self.name = writer.name
        self.kind: Literal["llm", "vlm", "rule"] = writer.kind
        self._writer = writer

    def write(self, requests: Sequence[Request]) -> list[Outcome]:
        return self._writer.write([replace(request, prompt_id=Review.kind) for request in requests])


def rubrics_of(inputs: Inputs) -> list[Asked]:
    """Return what a set has its replies judged by; nothing without `reviews:`.

    Raises:
        SettingsError: a rubric that is not there, or a metric that none of the rubrics has; the known ones are listed.
    """
    reviews = inputs.found.reviews
    if reviews is None:
        return []
    rubrics = [load_rubric(name, inputs.qa) for name in dict.fromkeys(reviews.rubrics)]
    known = [metric.name for rubric in rubrics for metric in rubric.metrics]
    for name in reviews.metrics:
        if name not in known:
            raise SettingsError(
                f"`reviews:` asks for the metric '{name}', which none of its rubrics has. Known: {', '.join(known)}."
            )
    found = []
    for rubric in rubrics:
        metrics = [one for one in rubric.metrics if not reviews.metrics or one.name in reviews.metrics]
        if metrics:
            cut = rubric.model_copy(update={"metrics": metrics})
            found.append(Asked(cut, load_prompt(rubric.prompt, inputs.prompts)))
    return found


def reviews(desk: Desk, tables: Tables, take: int) -> Result:
    """Have a sample of a character's replies judged; the offline writer judges nothing, and its cells stay open.

    A pair's rejected reply is the evaluated one, and the set's own reply its reference.
    """
    writer = desk.writers[Review.kind]
    silent = writer.kind == "rule"
    picture = _pictures(desk, tables)
    records: list[Review] = []
    cells: list[Cell] = []
    for asked, sort, replies in _samples(desk, tables):
        wanted = sum(1 for _ in tasks_of(asked.rubric, replies, picture, {}))
        if not wanted:
            continue
        made: list[Review] = []
        if not silent:
            found = judge(
                _Filed(writer),
                asked.rubric,
                asked.prompt,
                replies,
                evaluated=REJECTED if asked.rubric.judge_kind == "mmrole_pair" else REFERENCE,
                picture=picture,
                take=take,
            )
            made = found.reviews
            # Nobody is to pay again for a try without a reply whose question was answered by a later one.
            Ledger(desk.workspace.character(desk.material.id).ledger).note_asked_again(found.asked_again)
        read = sum(one.parse_ok for one in made)
        cells.append(
            Cell(
                character_id=desk.material.id,
                kind=Review.kind,
                cell=f"{asked.rubric.name} {sort}",
                wanted=wanted,
                found=read,
                note="" if read == wanted else NOT_RUN if silent else UNREAD,
            )
        )
        records += made
    return Result(sorted(records, key=lambda one: one.id), [], cells)


def replies_in(request: Request) -> int:
    """Return how many replies a judge is shown in one request: one, two of a pair, or all that it looks at together."""
    given = data_block(request.user)
    return len(given.get("replies") or given.get("answers") or [request])


def _samples(desk: Desk, tables: Tables) -> Iterator[tuple[Asked, str, list[Reply]]]:
    said = desk.inputs.found.reviews
    if said is None:
        return
    for asked in rubrics_of(desk.inputs):
        for sort, replies in sampled(asked.rubric, tables, size=said.sample, seed=desk.seed).items():
            yield asked, sort, replies


def _pictures(desk: Desk, tables: Tables) -> Callable[[str], ImageInput | None]:
    images = {one.id: one for one in tables.get(ImageRecord.kind, ()) if isinstance(one, ImageRecord)}

    def picture(name: str) -> ImageInput | None:
        image = images.get(name)
        return ImageInput(image.blob_sha256, desk.workspace.blobs.path(image.blob)) if image else None

    return picture
