"""Turns an exchange and what is noted of its picture into a thinking process: both lines, a trait that fits, a plan."""

import re
from collections.abc import Sequence
from typing import Any

from rolescape_data.providers.offline.english import words as lex
from rolescape_data.providers.offline.meanings import meaning
from rolescape_data.providers.offline.phrases import placed, shape_of, with_article
from rolescape_data.providers.offline.pictures.grounds import explains
from rolescape_data.providers.offline.pictures.kinds import backdrop, mood_of
from rolescape_data.providers.offline.profile import known_names, plain
from rolescape_data.spans import sentences, words

THINKING_WORDS = (60, 160)
THINKING_GOAL = 140
LEAST_PARTS = 3
# A plan that shares more words in a row with the reply copies it (qa/gates.yaml, thinking_copies_reply).
REPLY_WORDS = 7
# So much of what the user says is quoted whole; of more, the question and what leads to it.
USER_WORDS = 20
TRAIT_WORDS = 25

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
# Of a reply that has no short sentence or clause nothing is quoted.
_UNQUOTED = (
    "After {user} it is {name} who speaks, and the drawing has to hold that turn.",
    "Start from {user}, for what {name} answers only makes sense after it.",
    "With {user} still in the air, {name} answers at some length, and everything drawn should agree.",
    "When {user} has been said, {name} takes time over the answer; draw that very moment.",
)
# And of neither: face, pose and place carry it alone.
_UNSAID = (
    "Think first of how {name} takes what has just been said, and let the drawing show the answer.",
    "Begin with {name} at the moment of answering, when the words before it are still in the air.",
)
_NATURE = (
    "It helps to remember who is speaking: {fact}",
    "Keep in mind whom this is about: {fact}",
    "One thing known of {name} guides the rest: {fact}",
    "The nature of {name} must stay visible: {fact}",
    "Behind the answer stands somebody in particular: {fact}",
    "A trait should show through: {fact}",
)
# What a description says tells who it is, and not what they are like.
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
    "backdrop": {
        "": (
            "Behind {name}, leave only {x}, so that face and pose carry the answer.",
            "The words need no place, so keep to {x} behind {name}.",
            "Nothing but {x} lies behind {name}, and nothing there should draw the eye.",
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


def thinking(block: dict[str, Any], plan: Sequence[str], shown: str, seed: int) -> str | None:
    """Join both lines, the trait and the plan into 60 to 160 words; None where there is too little to say.

    Args:
        block: character, description, personality and dialogue of the request.
        plan: one sentence per visual element; the last ones go when it grows too long.
        shown: what the picture shows of face, pose and thing, which the trait may belong to.
        seed: a stable number that decides the wording.
    """
    name, dialogue = str(block["character"]["name"]), block["dialogue"]
    heard, said = asked(str(dialogue["user_text"])), gist(str(dialogue["response"]), REPLY_WORDS)
    openings = _OPENINGS if heard and said else _UNQUOTED if heard else _UNSAID
    opening = openings[seed % len(openings)].format(name=name, user=f"“{heard}”", reply=f"“{said}”")
    parts = [re.sub(r"([?!])”\.$", r"\1”", opening)]
    fact = trait(block, shown)
    if fact:
        frames = _NATURE if fact in _bare(str(block.get("personality") or "")) else _PERSON
        parts.append(frames[seed // 16 % len(frames)].format(name=name, fact=fact))
    kept = list(plan)
    while len(kept) > LEAST_PARTS and len(words(" ".join([*parts, *kept]))) > THINKING_GOAL:
        kept.pop()
    text = " ".join([*parts, *kept])
    return text if THINKING_WORDS[0] <= len(words(text)) <= THINKING_WORDS[1] else None


def trait(block: dict[str, Any], shown: str) -> str | None:
    """Choose the sentence on the character that fits reply and picture best; None rather than one that fits neither.

    A sentence fits when it shares words that carry meaning with the reply, the question or what is shown: two of a trait,
    one of who somebody is. Or it names a temper that explains the feeling on the face. What somebody once did is no trait.
    """
    names = known_names(block["character"])
    called = {word for name in names for word in meaning(name)}
    face, _, rest = shown.partition("\n")
    said = meaning(str(block["dialogue"]["response"])) - called
    heard = meaning(str(block["dialogue"]["user_text"])) - called
    # The face speaks through its feeling alone: drooping lids are no lid of a pot.
    seen = meaning(rest) - called
    best: tuple[int, str] = (0, "")
    for key, weight in (("personality", 1), ("description", 0)):
        for sentence in sentences(str(block.get(key) or "")):
            fact = _bare(sentence.text)
            if not fact.startswith(tuple(names)) or len(words(fact)) > TRAIT_WORDS or _happened(fact, names):
                continue
            own = meaning(fact) - called
            # One word may be shared by chance: harbours are spoken of by all, and who they are is told by few.
            tied = len(own & (said | seen | heard)) > weight
            score = 3 * len(own & said) + 3 * len(own & seen) + 2 * len(own & heard) if tied else 0
            scene = f"{block['dialogue']['response']} {block['dialogue']['user_text']} {rest}"
            if weight and explains(mood_of(face), fact, scene):
                # Of two that suit a worried face, the one that speaks of worrying.
                score += 5 if own & meaning(face) else 4
            if score and 2 * score + weight > best[0]:
                best = (2 * score + weight, fact)
    return best[1] or None


def _bare(text: str) -> str:
    return re.sub(r"\s*\([^()]*\)", "", plain(text))


def _happened(fact: str, names: Sequence[str]) -> bool:
    """Whether a sentence tells what somebody once did or became, and not what they are like."""
    rest = fact
    for name in names:
        if rest.startswith(name):
            rest = rest.removeprefix(name)
            break
    rest = re.sub(r"^,[^,]*,", "", rest)
    for token in words(rest)[:4]:
        low = token.lower()
        if low in ("was", "were"):
            return re.search(r"\b(?:was|were) (?:an?|the|always|never|known)\b", rest) is None
        if low in ("is", "are", "has", "can", "never", "always") or lex.verb_lemma(low, "VBZ"):
            return False
        if low == "had" or lex.verb_lemma(low, "VBD"):
            return True
    return False


def asked(text: str) -> str:
    """Return what the user says: whole if short, else its last question with the sentences before it that still fit.

    A question is never cut, since the reply answers it.
    """
    clean = re.sub(r"[“”\"]", "'", " ".join(text.split()))
    if len(clean.split()) <= USER_WORDS:
        return clean.rstrip(".")
    parts = [sentence.text.strip() for sentence in sentences(clean)]
    ends = [place for place, part in enumerate(parts) if part.rstrip("'’)").endswith("?")]
    if not ends:
        return gist(clean, 12)
    first = last = ends[-1]
    while first and len(" ".join(parts[first - 1 : last + 1]).split()) <= USER_WORDS:
        first -= 1
    return " ".join(parts[first : last + 1])


def gist(text: str, limit: int) -> str:
    """Return the first words of a line that stand whole: sentences, or the clause before a comma; '' where all are longer."""
    text = re.sub(r"[“”\"]", "'", " ".join(text.split()))
    lead = ""
    for sentence in sentences(text):
        longer = text[: sentence.end]
        if len(longer.split()) > limit or len(lead.split()) > 4:
            break
        lead = longer
    if len(lead.split()) >= 3 or lead == text:
        return lead.rstrip(".")
    whole = [sentence.text for sentence in sentences(text) if 3 <= len(sentence.text.split()) <= limit]
    if whole:
        return whole[0].rstrip(".")
    clauses = [
        clause.strip() for sentence in sentences(text) for clause in re.split(r"[,;:—–]", sentence.text)[:-1]
    ]
    return next((clause for clause in clauses if 3 <= len(clause.split()) <= limit and _says(clause)), "")


def _says(clause: str) -> bool:
    """Whether a clause has a verb of its own and hangs on no other: "I hatched over there", not "and if you are quiet"."""
    first, *rest = (token.lower() for token in words(clause))
    return first not in lex.SUBORDINATORS | lex.CONJUNCTIONS | lex.RELATIVES and any(
        token in lex.BE | lex.HAVE | lex.MODALS | {"am", "do", "did", "does", "shall"}
        or lex.verb_lemma(token, "VBD")
        or (lex.verb_lemma(token, "VBZ") and "NOUN" not in lex.parts_of_speech(token))
        for token in rest
    )


def planned(known: dict[str, str], name: str, seed: int) -> list[str]:
    """Write one sentence per known element, the face first; which of the others come early differs by picture."""
    turn = seed // 7 % len(_OPTIONAL)
    lines: list[str] = []
    for place, element in enumerate((*_ALWAYS, *_OPTIONAL[turn:], *_OPTIONAL[:turn])):
        if element not in known:
            continue
        phrase, shape = _framed(element, known[element])
        frames = _FRAMES["backdrop" if element == "setting" and backdrop(known[element]) else element]
        options = frames.get(shape, frames.get("", ()))
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
        return backdrop(phrase) or placed(phrase), ""
    if element in ("lighting", "colour", "style"):
        return phrase, ""
    if element == "prop":
        return with_article(phrase), ""
    whole = with_article(phrase)
    shape = shape_of(whole)
    return whole, "quality" if element == "composition" and shape in ("quality", "doing") else shape
