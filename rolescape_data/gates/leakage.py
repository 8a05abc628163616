"""Thoughts that give the answer away: a sentence of the plan that says what the reply says.

EBM-RL drops thoughts whose MiniLM cosine to the answer is above 0.4 (arXiv 2605.04733). Copies of words are found by
`rolescape_data.gates.overlap`; this one finds what says the same in other words, as far as the likeness reaches.
"""

import re

from rolescape_data.gates.base import Context, measured
from rolescape_data.records import Caption, Measurement, Record

_SENTENCE = re.compile(r"[^.!?。！？\n]+[.!?。！？]*")
_SHORTEST = 5


def thinking_leaks_reply(record: Record, context: Context) -> list[Measurement]:
    """Measure how alike the reply is to the most alike sentence of the plan for it; `detail` names the likeness used.

    Silent where the context does not hold the reply.
    """
    if not isinstance(record, Caption) or record.dialogue_id not in context.replies:
        return []
    reply = context.replies[record.dialogue_id]
    sentences = [
        text
        for match in _SENTENCE.finditer(record.thinking_process)
        if len(text := match.group().strip()) > _SHORTEST
    ]
    alike = max(
        ((context.text_likeness.likeness(text, reply), text) for text in sentences), default=(0.0, "")
    )
    return [
        measured(record, "thinking_leaks_reply", alike[0], f"by {context.text_likeness.name}: {alike[1]}")
    ]
