"""Drawing prompts with check questions: length, balance of yes and no, whole choices.

Character-GRPO (UniCharacter, arXiv 2605.08129) rewards drawn pictures by such questions. Answers that
decide nothing are measured by `check_answers`.
"""

from rolescape_data.gates.base import Context, measured
from rolescape_data.records import Measurement, Record, T2ICheck
from rolescape_data.spans import words

_YES = frozenset({"yes", "是", "有", "对"})
_NO = frozenset({"no", "否", "不是", "没有", "不"})


def check_prompt_words(record: Record, context: Context) -> list[Measurement]:
    """Count the words of the drawing prompt."""
    if not isinstance(record, T2ICheck):
        return []
    return [measured(record, "check_prompt_words", len(words(record.prompt)))]


def check_yes_share(record: Record, context: Context) -> list[Measurement]:
    """Measure how far the share of yes among yes/no answers is from one half; 0.5 when nothing can be answered so.

    A model that always says yes must not be rewarded for it.
    """
    if not isinstance(record, T2ICheck):
        return []
    asked = [question.answer.casefold() for question in record.questions if question.type == "yes_no"]
    yes = sum(answer in _YES for answer in asked)
    share = yes / len(asked) if asked else 0.0
    return [measured(record, "check_yes_share", abs(share - 0.5), f"{yes} of {len(asked)} yes")]


def check_form(record: Record, context: Context) -> list[Measurement]:
    """Count questions whose answer fits not its type, or whose choices are not three or four with the answer among them."""
    if not isinstance(record, T2ICheck):
        return []
    faults: list[str] = []
    for number, question in enumerate(record.questions, 1):
        answer = question.answer.strip()
        if question.type == "yes_no" and answer.casefold() not in _YES | _NO:
            faults.append(f"{number}: '{answer}' is neither yes nor no")
        elif question.type == "multiple_choice" and not (
            3 <= len(set(question.choices)) == len(question.choices) <= 4
            and question.answer in question.choices
        ):
            faults.append(f"{number}: not 3 or 4 choices with the answer among them")
        elif question.type != "multiple_choice" and question.choices:
            faults.append(f"{number}: choices for a question that has none")
    return [measured(record, "check_form", len(faults), "; ".join(faults))]


def check_negatives(record: Record, context: Context) -> list[Measurement]:
    """Measure the share of questions that are marked as negative: they name what the picture must not show."""
    if not isinstance(record, T2ICheck):
        return []
    share = sum(question.is_negative for question in record.questions) / len(record.questions)
    return [measured(record, "check_negatives", share)]
