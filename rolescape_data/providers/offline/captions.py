"""Turns what is noted of a picture and the exchange beside it into a caption: a plan, an instruction, a plain text.

Nothing is seen here: every visual word comes from the attributes, the annotation or the note. A picture of which
fewer than three elements are known gets no caption.
"""

import hashlib
import re
from collections.abc import Sequence
from typing import Any

from rolescape_data.providers.offline.phrases import (
    article,
    capital,
    clip_tokens,
    is_light,
    placed,
    shape_of,
    tidy,
    with_article,
)
from rolescape_data.providers.offline.profile import known_names, plain
from rolescape_data.records.image import VISUAL_ELEMENTS
from rolescape_data.spans import sentences, words

LEAST_ELEMENTS = 3
THINKING_WORDS = (60, 160)
THINKING_GOAL = 140
INSTRUCTION_WORDS = 50
INSTRUCTION_ITEMS = 5
INSTRUCTION_TOKENS = 77
CAPTION_WORDS = (15, 40)

# What counts as a visual element; prop and outfit are details on top.
ELEMENTS = tuple(name for name in VISUAL_ELEMENTS if name not in ("prop", "outfit"))

# A quotation stands within the first three words, so that no opening repeats itself over a set.
_OPENINGS = (
    "To show {reply} as an answer to {user}, begin with {name}.",
    "To draw {reply}, think first of the words before it: {user}.",
    "Hearing {user}, {name} replies {reply}, and each part of the drawing should agree with that.",
    "Between {user} and {reply} lies the moment to draw.",
    "After {user} comes {reply}, and the drawing has to hold that turn.",
    "Since {reply} answers {user}, the drawing should let both be felt.",
    "If {reply} is to be believed as an answer to {user}, the plan has to start with {name}.",
    "When {user} is answered with {reply}, the drawing has two lines to serve.",
    "Plan for {reply}, because that is how {name} takes the words {user}.",
    "Start from {user}, since {reply} only makes sense as the answer to it.",
    "Behind {reply} stand the words {user}, and the drawing serves both.",
    "Once {user} has been said, {name} answers {reply}; draw that very moment.",
    "With {user} still in the air, {name} says {reply}, and everything drawn should agree.",
    "Let {reply} decide the drawing, as the answer to {user}.",
    "Through {reply}, {name} answers {user}; the plan is to make this visible.",
    "For {reply} to make sense after {user}, {name} must look the part.",
)
_NATURE = (
    "It helps to remember who is speaking: {fact}",
    "Keep in mind whom this is about: {fact}",
    "One thing known of {name} guides the rest: {fact}",
    "The nature of {name} must stay visible: {fact}",
    "Behind the answer stands somebody in particular: {fact}",
    "A trait should show through: {fact}",
)
# What somebody once did says who it is, and not what they are like.
_PERSON = (
    "It helps to remember who is speaking: {fact}",
    "Keep in mind whom this is about: {fact}",
    "Whoever draws this should know: {fact}",
    "A word on who answers: {fact}",
)
_FRAMES: dict[str, dict[str, tuple[str, ...]]] = {
    "expression": {
        "noun": (
            "The face comes first: {x} lets the reply be read before it is heard.",
            "On the face goes {x}, so that the reply has its feeling.",
            "For the expression, {x} fits the tone of the answer.",
        ),
        "": (
            "Show {name} {x}, because the feeling of the reply is read in the face first.",
            "With {name} {x}, the expression already tells how the answer is meant.",
            "Let the face say as much as the words do, with {name} {x}.",
        ),
    },
    "pose": {
        "noun": (
            "For the pose, {x} gives the reply a body.",
            "The pose is {x}, which suits somebody who answers like that.",
        ),
        "": (
            "The pose follows from the answer, with {name} {x}.",
            "Have {name} {x}, so that the body says the same as the words.",
            "As for the pose, {name} is best drawn {x} while the words are spoken.",
            "Shoulders and hands speak too, so draw {name} {x}.",
            "The reply needs a body behind it: {name} {x}.",
        ),
    },
    "prop": {
        "": (
            "Leave room for {x}, a detail that makes the moment particular.",
            "Among the details, {x} should be easy to make out.",
            "Do not forget {x}, which ties the words to this moment.",
        )
    },
    "setting": {
        "": (
            "The talk takes place {x}, which gives the words somewhere to belong.",
            "All this happens {x}, and the setting should be plain at the first glance.",
            "Set the moment {x}, so that the words have a place to be spoken in.",
            "Where it happens matters: {x}.",
            "Behind the figure, show where this is: {x}.",
        )
    },
    "lighting": {
        "": (
            "Let {x} set the mood of the exchange.",
            "The mood comes from {x}.",
            "For the light, let {x} keep the mood of the answer.",
        )
    },
    "colour": {
        "": (
            "In colour, let {x} keep the eye on {name}.",
            "Colour helps as well, with {x} to make {name} easy to find.",
            "Rest the palette on {x}, so that {name} stands out.",
        )
    },
    "composition": {
        "": (
            "For the framing, {x} leaves room for the reply.",
            "As composition, {x} gives the answer its weight.",
            "Frame it with {x}, so that nothing distracts from the exchange.",
        ),
        "quality": ("Keep the composition {x}, so that nothing distracts from the exchange.",),
    },
    "style": {
        "": (
            "One style holds it together: {x}.",
            "Throughout, the style stays the same: {x}.",
            "All of it is made in one manner: {x}.",
            "The manner of drawing is settled too: {x}.",
        )
    },
}
_ALWAYS = ("expression", "pose", "setting")
_OPTIONAL = ("lighting", "prop", "colour", "composition", "style")
_OPEN_END = re.compile(
    r"an?|the|of|to|and|in|on|at|with|for|or|is|are|was|were|my|your|his|her|that|not|by|from|this|these|has|have|had|into|"
    r"over|if|when|who|which|because|as|so|but|it|he|she|we|you|they|I|would|will|can|could|be|been|right|very",
    re.IGNORECASE,
)
_NOTE_WORDS = {
    "expression": r"smil\w+|frown\w*|laugh\w*|scowl\w*|grin\w*|glar\w+|tears?|eyes|brows?|mouth|worried|angry|sad|surprised|proud",
    "pose": r"stand\w*|sits?|sitting|seated|kneel\w*|hold\w*|rais\w+|lean\w*|point\w*|gestur\w*|walk\w*|crouch\w*|arms?|hands?",
    "setting": r"room|pier|street|market|deck|office|school|hall|forest|field|garden|house|tower|sky|water|background|outdoors",
    "style": r"painting|fresco|photograph|illustration|drawing|watercolou?r|poster|engraving|sculpture|portrait|cartoon",
    "lighting": r"\w*light|sun\w*|moon\w*|shadows?|dusk|dawn|glow\w*|dark",
    "colour": r"red|blue|green|yellow|white|black|brown|grey|gray|orange|violet|purple|pink|gold\w*|silver|colou?rs?",
    "composition": r"left|right|centre|center|middle|foreground|close-up|full figure|half figure|whole figure|waist-up",
}


def caption(block: dict[str, Any], keys: tuple[str, ...] = ()) -> dict[str, Any] | None:
    """Write a CaptionAnswer; None when fewer than three visual elements are known, or too little for all three texts."""
    character, image = block["character"], block["image"]
    if character.get("lang", "en") != "en":
        return None
    known = _known(image)
    notes = _notes(image)
    if len([name for name in ELEMENTS if name in known]) < LEAST_ELEMENTS:
        found = [name for name in ELEMENTS if name in known or _noted(name, notes)]
        if len(found) < LEAST_ELEMENTS or not notes:
            return None
        plan = [*notes, f"The {_listed(found)} named there carry the answer."]
        row = r"^From left to right (?:are|is) (.+)$"
        bare = [re.sub(row, r"\1 from left to right", note.rstrip(".!")) for note in notes]
        items = [item for note in bare for item in re.split(r"[,;:] ", note)]
        text = _shortest_run(notes)
    else:
        seed = _hash(image["file"], block["dialogue"]["response"])
        plan = _plan(known, str(character["name"]), seed)
        items = _turned(_items(known, _who(block)), seed)
        text = _plain_caption(known, str(character["name"]), seed)
    thinking = _thinking(block, plan)
    instruction = _instruction(items)
    if thinking is None or instruction is None or text is None:
        return None
    return {"thinking_process": thinking, "generation_instruction": instruction, "t2i_caption": text}


def _known(image: dict[str, Any]) -> dict[str, str]:
    """Return the attributes that say something; a place of the annotation stands in for an unknown setting."""
    given = image.get("attributes") or {}
    known = {name: tidy(str(given.get(name) or "")) for name in VISUAL_ELEMENTS}
    place = str((image.get("annotation") or {}).get("place_info") or "")
    known["setting"] = known["setting"] or tidy(place)
    # "dim" and "muted" name no light and no colour by themselves.
    if known["lighting"] and not is_light(known["lighting"]):
        known["lighting"] += " light"
    if len(known["colour"].split()) == 1 and not known["colour"].endswith("s"):
        known["colour"] += " colours"
    return {name: phrase for name, phrase in known.items() if phrase}


def _notes(image: dict[str, Any]) -> list[str]:
    """Return the sentences of note and annotation, each once."""
    annotation = image.get("annotation") or {}
    texts = [
        str(image.get("note") or ""),
        *(str(annotation.get(key) or "") for key in ("role_info", "scene_info")),
    ]
    found = [
        plain(sentence.text) for text in texts for sentence in sentences(text) if sentence.kind == "statement"
    ]
    return list(dict.fromkeys(found))


def _noted(element: str, notes: Sequence[str]) -> bool:
    # Capitals are left out: "The School of Athens" is a title, not a place.
    return any(re.search(rf"\b(?:{_NOTE_WORDS[element]})\b", note) for note in notes)


def _thinking(block: dict[str, Any], plan: Sequence[str]) -> str | None:
    """Join opening, nature and plan; the last parts of the plan go when it grows too long."""
    name, dialogue = str(block["character"]["name"]), block["dialogue"]
    seed = _hash(block["image"]["file"], dialogue["response"])
    user, reply = (f"“{_gist(str(dialogue[key]))}”" for key in ("user_text", "response"))
    opening = _OPENINGS[seed % len(_OPENINGS)].format(name=name, user=user, reply=reply)
    parts = [re.sub(r"([?!…])”\.$", r"\1”", opening)]
    fact = _fact(block, seed)
    if fact:
        frames = _NATURE if block.get("personality") and fact in plain(str(block["personality"])) else _PERSON
        parts.append(frames[seed // 16 % len(frames)].format(name=name, fact=fact))
    kept = list(plan)
    while len(kept) > LEAST_ELEMENTS and len(words(" ".join([*parts, *kept]))) > THINKING_GOAL:
        kept.pop()
    text = " ".join([*parts, *kept])
    return text if fact and THINKING_WORDS[0] <= len(words(text)) <= THINKING_WORDS[1] else None


def _fact(block: dict[str, Any], seed: int) -> str | None:
    """Choose a sentence that says what the character is like, else who it is; brackets are left out."""
    names = known_names(block["character"])
    for text in (str(block.get("personality") or ""), str(block.get("description") or "")):
        found = [re.sub(r"\s*\([^()]*\)", "", plain(sentence.text)) for sentence in sentences(text)]
        found = [fact for fact in found if any(name in fact for name in names) and len(words(fact)) <= 40]
        found = [fact for fact in found if fact.startswith(tuple(names))] or found
        short = [fact for fact in found if len(words(fact)) <= 25]
        if short:
            return short[seed // 97 % len(short)]
        if found:
            return min(found, key=lambda fact: len(words(fact)))
    return None


def _gist(text: str) -> str:
    """Return the first words of a line: whole sentences if short enough, else up to a clause, marked as cut."""
    text = re.sub(r"[“”\"]", "'", " ".join(text.split()))
    lead = ""
    for sentence in sentences(text):
        longer = text[: sentence.end]
        if lead and (len(lead.split()) > 4 or len(longer.split()) > 12):
            break
        lead = longer
    lead = lead or text
    if len(lead.split()) <= 12:
        return lead.rstrip(".")
    pieces = lead.split()[:11]
    for size in range(11, 4, -1):
        if pieces[size - 1][-1] in ",;:—":
            return " ".join(pieces[:size]).rstrip(",;:— ") + " …"
    while len(pieces) > 5 and _OPEN_END.fullmatch(pieces[-1]):
        pieces.pop()
    return " ".join(pieces) + " …"


def _plan(known: dict[str, str], name: str, seed: int) -> list[str]:
    """Write one sentence per known element, the face first; which of the others come early differs by picture."""
    turn = seed // 7 % len(_OPTIONAL)
    lines: list[str] = []
    for place, element in enumerate((*_ALWAYS, *_OPTIONAL[turn:], *_OPTIONAL[:turn])):
        if element not in known:
            continue
        phrase, shape = _framed(element, known[element])
        options = _FRAMES[element].get(shape, _FRAMES[element].get("", ()))
        if options:
            frame = options[(seed >> (3 * place)) % len(options)]
            # A phrase with a comma in it is closed by one before the sentence goes on.
            lines.append(
                frame.replace("{x} ", "{x}, " if "," in phrase else "{x} ").format(x=phrase, name=name)
            )
    return lines


def _framed(element: str, phrase: str) -> tuple[str, str]:
    """Return the phrase as its frame takes it, and which frame."""
    if element == "setting":
        return placed(phrase), ""
    if element in ("lighting", "colour", "style"):
        return phrase, ""
    if element == "prop":
        return with_article(phrase), ""
    whole = with_article(phrase)
    shape = shape_of(whole)
    return whole, "quality" if element == "composition" and shape in ("quality", "doing") else shape


def _who(block: dict[str, Any]) -> str:
    """Say what the character is ("an old grey heron") from its description, else its name."""
    either = "|".join(re.escape(name) for name in known_names(block["character"]))
    text = re.sub(r"\s*\([^()]*\)", "", str(block.get("description") or ""))
    ends = r"(?= (?:of|who|that|with|in|at|from|on|by|for)\b|[,.;])"
    found = re.search(rf"\b(?:{either}) (?:is|was) (?:an?|the) ((?:[\w-]+ ){{0,4}}?[\w-]+){ends}", text)
    return f"{article(found[1])} {found[1]}" if found else str(block["character"]["name"])


def _items(known: dict[str, str], who: str) -> list[str]:
    """Return the items of an instruction within its limits: subject, looks, place, light, make."""
    order = ("outfit", "expression", "pose", "prop", "setting", "lighting", "colour", "composition", "style")
    kept = {name: known[name] for name in order if name in known}
    # The colour repeats the outfit; where there is too much, halves go before wholes.
    for name, shorten in (
        ("outfit", True),
        ("composition", True),
        ("outfit", False),
        ("composition", False),
        ("colour", False),
    ):
        if _within_limits([who, *kept.values()]):
            break
        if shorten and name in kept:
            kept[name] = kept[name].split(", ")[0]
        else:
            kept.pop(name, None)
    return [who, *kept.values()]


def _turned(items: list[str], seed: int) -> list[str]:
    """Let the picture's seed decide which item leads, or every instruction for a character would open alike."""
    lead = seed // 11 % len(items)
    return [items[lead], *items[:lead], *items[lead + 1 :]]


def _within_limits(items: Sequence[str]) -> bool:
    text = ", ".join(items)
    return len(words(text)) <= INSTRUCTION_WORDS and clip_tokens(text) <= INSTRUCTION_TOKENS


def _instruction(items: Sequence[str]) -> str | None:
    """Join items to one comma list; the longest go while it is over 50 words or 77 CLIP tokens."""
    kept = [re.sub(r"[\"“”]|[!?.]+$", "", item.strip()) for item in items if item.strip()]
    while kept and not _within_limits(kept):
        kept.remove(max(kept, key=len))
    text = ", ".join(kept)
    return text if len(text.split(", ")) >= INSTRUCTION_ITEMS and len(kept) > LEAST_ELEMENTS else None


def _plain_caption(known: dict[str, str], name: str, seed: int) -> str | None:
    """Describe the picture in one plain sentence or phrase of 15-40 words; the seed decides what comes first."""
    looks = known.get("expression", "")
    face = with_article(looks)
    withs = f"with {face}" if shape_of(face) == "noun" else face
    pose = with_article(known.get("pose", ""))
    doing = f"in {pose}" if pose and shape_of(pose) == "noun" else pose
    where = placed(known["setting"]) if "setting" in known else ""
    light = known.get("lighting", "")
    style = known.get("style", "")
    prop = f"with {with_article(known['prop'])}," if "prop" in known else ""
    orders = (
        [name, doing, withs, where, light],
        [f"{light}:" if light else "", name, doing, where, withs],
        [f"{where}," if where else "", name, doing, withs, light],
        [f"{style}:" if style else "", name, doing, withs, where],
        [f"{doing}," if doing else "", name, withs, where, light],
        [f"{withs}," if withs else "", name, doing, where, light],
        [f"{known.get('composition', '')}:" if "composition" in known else "", name, doing, withs, where],
        [f"{name} {prop}" if prop else name, f"{doing}," if doing else "", withs, where, light],
    )
    for step in range(len(orders)):
        text = _commas(orders[(seed + step) % len(orders)], name)
        for extra in (known.get("colour", ""), style, light):
            if len(words(text)) < CAPTION_WORDS[0] and extra and extra not in text:
                text = f"{text}, {extra}"
        if CAPTION_WORDS[0] <= len(words(text)) <= CAPTION_WORDS[1]:
            return f"{capital(text)}."
    return None


def _commas(parts: Sequence[str], name: str) -> str:
    """Join parts with commas; what somebody is doing follows the name without one."""
    text = ""
    for part in (part for part in parts if part):
        close = text.endswith((",", ":")) or (text.endswith(name) and shape_of(part) == "doing")
        text = f"{text}{' ' if close else ', '}{part}" if text else part
    return text.rstrip(",")


def _shortest_run(notes: Sequence[str]) -> str | None:
    """Return the first notes that make 15-40 words together."""
    for start in range(len(notes)):
        for end in range(start + 1, len(notes) + 1):
            text = " ".join(notes[start:end])
            if CAPTION_WORDS[0] <= len(words(text)) <= CAPTION_WORDS[1]:
                return text
    return None


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + f" and {names[-1]}"


def _hash(*texts: str) -> int:
    return int.from_bytes(hashlib.sha256("\x1f".join(texts).encode()).digest()[:8], "big")
