"""What a character says and shows -> the words that UniCharacter's trainer reads, and back.

The templates are verbatim those of RoleScape-20's released `processed/` files (github.com/Tangc03/UniCharacter), because
checkpoints trained on them expect them to the letter.
"""

import re
from dataclasses import dataclass
from typing import Literal

_SCENE = "Character Description: {description}\n\nUser Input: {user}\n\nCharacter Response: {response}\n\n"
_PLAN = "Thinking Process: {thinking}\n\nGeneration Instruction: {instruction}\n\n"
_DRAW = (
    "Please generate an image that visualizes this scene with the character responding to the user's input based on the "
    "character description."
)
_DRAW_PLANNED = (
    "Please generate an image that visualizes this scene with the character responding to the user's input based on the "
    "character description, thinking process, and generation instruction."
)
_REPLY = (
    "Character Description: {description}\n\nOpening: {opening}\n\nUser Input: {user}\n\nBased on the character description, "
    "opening, conversation history, current user input, and the reference image, please generate {name}'s response."
)
_THINK = (
    "\n\nSystem Instruction for Thinking and Generation:\n"
    "You should first think about the planning process in the mind and then generate the image.\n"
    "The planning process must be enclosed within <think></think>.\n"
    "Then provide a concise, standardized generation instruction enclosed within <gen></gen> that can be fed to a "
    "text-to-image model.\n"
    "The <gen> instruction should be a single descriptive sentence or a short list of comma-separated attributes, focusing on "
    "character, pose/expression, scene context, composition, style, and quality words.\n"
    "Output format (no additional text):\n"
    "<think>...your planning process...</think>\n"
    "<gen>...your generation instruction...</gen>\n"
)
IMAGE = "<image>"

Form = Literal["reply", "thinking", "question", "visual_question", "t2i", "t2i_with_thinking"]


@dataclass(frozen=True, slots=True)
class Said:
    """What one row says, apart from the character's own description."""

    form: Form
    user: str
    response: str
    thinking: str = ""
    instruction: str = ""


@dataclass(frozen=True, slots=True)
class Speaker:
    """Whose rows they are."""

    name: str
    description: str
    opening: str


def drawing_prompt(speaker: Speaker, said: Said) -> str:
    """Return the words that should draw a picture: 't2i', or 't2i_with_thinking'."""
    scene = _SCENE.format(description=speaker.description, user=said.user, response=said.response)
    if said.form == "t2i":
        return scene + _DRAW
    return scene + _PLAN.format(thinking=said.thinking, instruction=said.instruction) + _DRAW_PLANNED


def turns(speaker: Speaker, said: Said) -> tuple[str, str]:
    """Return what a row of the language task asks and answers."""
    if said.form == "reply":
        asked = _REPLY.format(
            description=speaker.description, opening=speaker.opening, user=said.user, name=speaker.name
        )
        return asked, said.response
    if said.form == "thinking":
        scene = _SCENE.format(description=speaker.description, user=said.user, response=said.response)
        return (
            scene + _DRAW + _THINK,
            f"<think>{said.thinking}</think>\n<gen>{said.instruction}</gen>",
        )
    return (IMAGE + said.user if said.form == "visual_question" else said.user), said.response


_DESCRIBED = r"Character Description: (?P<description>.*?)\n\n"
_SAID = r"User Input: (?P<user>.*?)\n\n"
_DRAWING = re.compile(
    rf"{_DESCRIBED}{_SAID}Character Response: (?P<response>.*?)\n\n"
    r"(?:Thinking Process: (?P<thinking>.*?)\n\nGeneration Instruction: (?P<instruction>.*?)\n\n)?Please generate an image .*",
    re.DOTALL,
)
_REPLYING = re.compile(
    rf"{_DESCRIBED}Opening: (?P<opening>.*?)\n\n{_SAID}Based on the character description, .*", re.DOTALL
)
_PLANNED = re.compile(r"<think>(?P<thinking>.*)</think>\s*<gen>(?P<instruction>.*)</gen>\s*", re.DOTALL)


def read_drawing(text: str) -> Said | None:
    """Return what a drawing prompt says; None when it is in no known form."""
    found = _DRAWING.fullmatch(text)
    if found is None:
        return None
    thinking, instruction = found["thinking"] or "", found["instruction"] or ""
    form: Form = "t2i_with_thinking" if thinking else "t2i"
    return Said(form, found["user"], found["response"], thinking, instruction)


def read_turns(asked: str, answered: str, *, pictured: bool) -> Said | None:
    """Return what a row of the language task says; None when it is in no known form."""
    planned = _PLANNED.fullmatch(answered)
    if planned is not None:
        drawn = _DRAWING.fullmatch(asked)
        if drawn is None:
            return None
        return Said("thinking", drawn["user"], drawn["response"], planned["thinking"], planned["instruction"])
    reply = _REPLYING.fullmatch(asked)
    if reply is not None:
        return Said("reply", reply["user"], answered)
    if asked.startswith("Character Description: "):
        return None
    if pictured:
        return Said("visual_question", asked.removeprefix(IMAGE).strip(), answered)
    return Said("question", asked, answered)
