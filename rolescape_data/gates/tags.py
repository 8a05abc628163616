"""Tagged replies: each tag once, in order, nothing before, after or between, no block empty.

The score is EBM-RL's dense format reward (arXiv 2605.04733), which trainers give while a model still learns the form:
half a point for every tag seen exactly once and minus half a point otherwise, one point for the order, half a point for
a right start and end and minus one point otherwise; 5 of 5 with three blocks. Stored data has to have all of it.

UniCharacter's `<think>...</think><gen>...</gen>` has two blocks and so four points; it is brought to the same five.
"""

import re
from collections.abc import Sequence

from rolescape_data.gates.base import Context, measured
from rolescape_data.records import Measurement, Record, T2IForm

DRAWN = ("think", "gen")
SEEN = ("perception", "think", "answer")
# The paper writes <perception>, code and data write <vision>: either is read.
_SAME = {"perception": "(?:perception|vision)"}
_ANY = re.compile(r"</?(?:think|gen|answer|perception|vision)>")


def blocks_of(text: str) -> tuple[str, ...]:
    """Return the blocks that a tagged text should have; () for a text without such tags."""
    found = {tag.strip("</>") for tag in _ANY.findall(text)}
    if not found:
        return ()
    return DRAWN if "gen" in found else SEEN


def dense_score(text: str, blocks: Sequence[str]) -> float:
    """Return the dense format reward of a text, brought to a scale that ends at 5.0.

    Args:
        text: the whole reply.
        blocks: names in the order due, e.g. ('perception', 'think', 'answer').
    """
    tags = [tag for name in blocks for tag in (f"<{_name(name)}>", f"</{_name(name)}>")]
    score = sum(0.5 if len(re.findall(tag, text)) == 1 else -0.5 for tag in tags)
    score += 1.0 if re.search(".*?".join(tags), text, re.DOTALL) else 0.0
    score += 0.5 if re.match(tags[0], text.strip()) else -1.0
    score += 0.5 if re.search(f"{tags[-1]}$", text.strip()) else -1.0
    return 5.0 * score / (0.5 * len(tags) + 2.0)


def tag_faults(text: str, blocks: Sequence[str]) -> list[str]:
    """Say what the reward does not look at: empty blocks, and words between them."""
    faults = [
        f"<{name}> is empty" for name in blocks if re.search(rf"<{_name(name)}>\s*</{_name(name)}>", text)
    ]
    outside = text
    for name in blocks:
        outside = re.sub(rf"<({_name(name)})>.*?</\1>", "", outside, flags=re.DOTALL)
    stray = _ANY.sub("", outside).strip()
    return [*faults, f"'{stray[:40]}' stands outside the blocks"] if stray else faults


def tag_score(text: str) -> tuple[float, str]:
    """Return the score of a tagged text, half a point less for each further fault, and the faults in words."""
    blocks = blocks_of(text)
    faults = tag_faults(text, blocks)
    return dense_score(text, blocks) - 0.5 * len(faults), "; ".join(faults)


def tag_grammar(record: Record, context: Context) -> list[Measurement]:
    """Score a drawing form that holds tags, -5 to 5; a form without tags is not measured."""
    if not isinstance(record, T2IForm) or not blocks_of(record.prompt):
        return []
    score, told = tag_score(record.prompt)
    return [measured(record, "tag_grammar", score, told)]


def _name(block: str) -> str:
    return _SAME.get(block, block)
