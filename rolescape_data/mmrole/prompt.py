"""An instruction sample's parts -> MMRole's prompt, byte for byte, and a prompt back into its parts.

The sentences here are MMRole's own, word for word, because models trained on its data know no others; source: the samples of its
In-Test set (MMRole-Eval, MIT licence). Blocks are separated by two blank lines:

    who you are / profile[s] / what is known of the picture / what was said so far / what to do now
"""

import re
from dataclasses import dataclass

from rolescape_data.errors import InputError
from rolescape_data.records.image import Annotation
from rolescape_data.records.instruction import InstructionSample, Said

SYSTEM = "You are a dedicated role-playing assistant designed to immerse yourself fully in the character you are portraying."
A_HUMAN = "a curious human"
THE_HUMAN = "the curious human"
HUMAN = "human"
HYPOTHETICAL = "Hypothetical Characters"

LANGUAGES = {
    "en": "English",
    "zh": "Chinese",
    "ja": "Japanese",
    "ko": "Korean",
    "fr": "French",
    "de": "German",
    "es": "Spanish",
}
_CODES = {name: code for code, name in LANGUAGES.items()}

_GAP = "\n\n\n"
_UNDERSTANDING = (
    "This requires a deep understanding of the character's background, including their personality, experiences, abilities, "
    "and relationships."
)
_IMAGE_HEAD = "The auxiliary information of the image is as follows:"
_IMAGE_LINES = (
    ("role_info", " - Character information: "),
    ("place_info", " - Place information: "),
    ("scene_info", " - Scene information: "),
)


def build(sample: InstructionSample) -> str:
    """Return the prompt of a sample.

    Raises:
        InputError: its language has no name in MMRole's sentences.
    """
    blocks = [_opening(sample), _described(sample.role, sample.profile)]
    if sample.other_role:
        blocks.append(_described(sample.other_role, sample.other_profile))
    if lines := [
        f"{head}{getattr(sample.annotation, name)}"
        for name, head in _IMAGE_LINES
        if getattr(sample.annotation, name)
    ]:
        blocks.append("\n".join([_IMAGE_HEAD, *lines]))
    other = sample.other_role or THE_HUMAN
    if sample.history:
        said = [f"[{message.speaker}]: {message.text}" for message in sample.history]
        blocks.append("\n".join([_history_head(sample.role, other), *said]))
    blocks.append(_task(sample, other))
    return _GAP.join(blocks)


def language_name(code: str) -> str:
    """Return the language's English name.

    Raises:
        InputError: MMRole's sentences have no name for it here.
    """
    if code not in LANGUAGES:
        raise InputError(
            f"MMRole's prompts name the language of the answer, and '{code}' has no name here. "
            f"Known: {', '.join(LANGUAGES)}."
        )
    return LANGUAGES[code]


def _opening(sample: InstructionSample) -> str:
    one = (
        f"{sample.role}, a person who is one of the {sample.script}"
        if sample.script == HYPOTHETICAL
        else f"{sample.role} from {sample.script}"
    )
    if not sample.other_role:
        other = A_HUMAN
    elif sample.other_script == HYPOTHETICAL:
        other = f"{sample.other_role}, another person who is one of the {sample.other_script},"
    else:
        other = f"{sample.other_role} from {sample.other_script}"
    return f"Please step into the shoes of {one}. Imagine you are talking with {other} about the given image. {_UNDERSTANDING}"


def _described(name: str, profile: str) -> str:
    return f"{_description_head(name)}{profile}"


def _description_head(name: str) -> str:
    return f"The description of {name} is as follows:\n"


def _history_head(role: str, other: str) -> str:
    return f"The conversation history between {role} and {other} is as follows:"


def _task(sample: InstructionSample, other: str) -> str:
    language = language_name(sample.lang)
    if not sample.last_words:
        return (
            f"Please initiate the conversation with {other} in {language} using the distinctive tone, manner and vocabulary of "
            f"{sample.role}, raising questions or commenting about the image."
        )
    return (
        f"Please respond to the following words of {other} about the image in {language} using the distinctive tone, manner and "
        f"vocabulary of {sample.role}:\n{sample.last_words}"
    )


@dataclass(frozen=True, slots=True)
class Parts:
    """What a prompt says, part by part; the fields of InstructionSample of the same names."""

    role: str
    script: str
    other_role: str
    other_script: str
    profile: str
    other_profile: str
    annotation: Annotation
    history: tuple[Said, ...]
    last_words: str
    lang: str


_OPENING = re.compile(
    r"Please step into the shoes of (?:(?P<person>[^\n]+?), a person who is one of the (?P<group>[^\n]+?)|(?P<role>[^\n]+?) from "
    r"(?P<script>[^\n]+?))\. Imagine you are talking with (?:a curious human|(?P<other_person>[^\n]+?), another person who is one "
    r"of the (?P<other_group>[^\n]+?),|(?P<other>[^\n]+?) from (?P<other_script>[^\n]+?)) about the given image\. "
    + re.escape(_UNDERSTANDING)
)
_LANGUAGE = r"(?P<language>[A-Z][a-z]+)"


def parse(prompt: str) -> Parts:
    """Take a prompt apart.

    Raises:
        InputError: it is not one of MMRole's, and the first part that is not as it should be.
    """
    opening = _OPENING.match(prompt)
    if opening is None:
        raise _strange("does not begin as MMRole's prompts do")
    role = opening["person"] or opening["role"]
    script = opening["group"] or opening["script"]
    other = opening["other_person"] or opening["other"] or ""
    other_script = opening["other_group"] or opening["other_script"] or ""
    body, task = _task_of(prompt[opening.end() :], role, other or THE_HUMAN)
    body, history = _history_of(body, role, other)
    body, annotation = _annotation_of(body)
    profiles = _profiles_of(body, [name for name in (role, other) if name])
    language = task["language"]
    if language not in _CODES:
        raise _strange(f"asks for an answer in '{language}', which has no code here")
    last_words = task["words"] if "words" in task.re.groupindex else ""
    return Parts(
        role,
        script,
        other,
        other_script,
        profiles[0],
        profiles[1] if other else "",
        annotation,
        tuple(history),
        last_words,
        _CODES[language],
    )


def _task_of(text: str, role: str, other: str) -> tuple[str, re.Match[str]]:
    manner = rf" in {_LANGUAGE} using the distinctive tone, manner and vocabulary of {re.escape(role)}"
    opens = rf"{_GAP}Please initiate the conversation with {re.escape(other)}{manner}, raising questions or commenting about the image\."
    answers = rf"{_GAP}Please respond to the following words of {re.escape(other)} about the image{manner}:\n(?P<words>.+)"
    # The last place where a task begins: profiles and words before it may quote one.
    found = None
    for pattern in (opens, answers):
        for match in re.finditer(re.escape(_GAP) + "Please ", text):
            whole = re.compile(pattern, re.DOTALL).fullmatch(text, match.start())
            if whole and (found is None or whole.start() > found.start()):
                found = whole
    if found is None:
        raise _strange("does not end with one of MMRole's two tasks")
    return text[: found.start()], found


def _history_of(text: str, role: str, other: str) -> tuple[str, list[Said]]:
    head = _GAP + _history_head(role, other or THE_HUMAN) + "\n"
    at = text.find(head)
    if at < 0:
        return text, []
    names = "|".join(re.escape(name) for name in (role, other or HUMAN))
    said = text[at + len(head) :]
    starts = list(re.finditer(rf"(?:^|\n)\[({names})\]: ", said))
    if not starts or starts[0].start() != 0:
        raise _strange("has a history that no known speaker opens")
    ends = [start.start() for start in starts[1:]] + [len(said)]
    return text[:at], [
        Said(speaker=start[1], text=said[start.end() : end]) for start, end in zip(starts, ends, strict=True)
    ]


def _annotation_of(text: str) -> tuple[str, Annotation]:
    at = text.rfind(_GAP + _IMAGE_HEAD + "\n")
    if at < 0:
        return text, Annotation()
    told = text[at + len(_GAP + _IMAGE_HEAD) :]
    heads = "|".join(re.escape(head) for _, head in _IMAGE_LINES)
    pieces = re.split(rf"(?:^|\n)({heads})", told)
    names = {head: name for name, head in _IMAGE_LINES}
    found = {names[head]: value for head, value in zip(pieces[1::2], pieces[2::2], strict=True)}
    if pieces[0] or not found:
        raise _strange("has auxiliary information without its bullets")
    return text[:at], Annotation(**found)


def _profiles_of(text: str, names: list[str]) -> list[str]:
    heads = [_GAP + _description_head(name) for name in names]
    if not text.startswith(heads[0]):
        raise _strange(f"does not describe {names[0]} second")
    if len(heads) == 1:
        return [text[len(heads[0]) :]]
    at = text.find(heads[1], len(heads[0]))
    if at < 0:
        raise _strange(f"does not describe {names[1]}")
    return [text[len(heads[0]) : at], text[at + len(heads[1]) :]]


def _strange(what: str) -> InputError:
    return InputError(f"This prompt {what}. Give a prompt of MMRole's test or training files.")
