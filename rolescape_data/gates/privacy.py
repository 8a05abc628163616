"""Personal data and secrets: e-mail, telephone, IBAN, payment cards, keys, postal addresses.

What is reserved for examples and films is none: example.com and .test addresses (RFC 2606), telephone numbers 555-01xx.
"""

import re
from collections.abc import Iterator

from rolescape_data.gates.base import Context, all_texts, measured, plain
from rolescape_data.records import Measurement, Record

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@((?:[\w-]+\.)+[A-Za-z]{2,24})\b")
_RESERVED = re.compile(r"(?:^|\.)(?:example\.(?:com|net|org)|example|test|invalid|localhost)$", re.IGNORECASE)
_PHONE = re.compile(
    # +CC and groups; NANP with separators; a Chinese mobile number; a number introduced as one.
    r"(?<![\w+])(?:\+\d{1,3}[\s./-]?(?:\(\d{1,5}\)[\s./-]?)?\d(?:[\s./-]?\d){6,12}|"
    r"\(?\b[2-9]\d{2}\)?[\s.-]\d{3}[\s.-]\d{4}|1[3-9]\d{9}|"
    r"(?i:(?:phone|tel|telephone|mobile|cell|call me at|电话|手机)\W{0,3}(?:(?:number|no)\W{0,3})?(?:is\s|是)?\s?)"
    r"\(?\d[\d ()./-]{5,16}\d)(?!\w)"
)
_FICTION_PHONE = re.compile(r"555\D?01\d\d$")
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)")
_CARD = re.compile(
    r"(?<![\w.-])(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{4}(?:\1\d{1,3})?|\d{4}([ -])\d{6}\2\d{4,5})(?![\w-])"
)
# Issuer ranges and lengths (ISO/IEC 7812): Visa, Mastercard, American Express, Discover, JCB, Diners Club, UnionPay.
_ISSUED = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]\d\d|2[2-7]\d\d)\d{12}|3[47]\d{13}|6(?:011|4[4-9]\d|5\d\d)\d{12}|"
    r"35\d{14}|3[068]\d{12}|62\d{14,17}"
)
_KEYS = tuple(
    re.compile(pattern)
    for pattern in (
        r"\bsk-[A-Za-z0-9_-]{20,}",
        r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
        r"\bAIza[0-9A-Za-z_-]{35}\b",
        r"\bgh[pousr]_[A-Za-z0-9]{36,}\b",
        r"\bglpat-[A-Za-z0-9_-]{20,}",
        r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}",
        r"\bhf_[A-Za-z0-9]{30,}\b",
        r"\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}",
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
        r"(?i)\b(?:api[ _-]?key|secret[ _-]?key|access[ _-]?token|password|passwd)\s?[:=]\s?['\"]?(?=\S*\d)[^\s'\"]{8,}",
    )
)
_STREET = r"Street|St\.|Avenue|Ave\.?|Road|Rd\.?|Lane|Ln\.|Drive|Boulevard|Blvd\.?|Crescent|Terrace|Mews|Parkway|Highway"
_ADDRESS = re.compile(
    rf"\b\d{{1,5}}[A-Za-z]?,?\s+(?:[A-Z][\w'.-]*\s+){{1,3}}(?:{_STREET})(?!\w)|"
    r"\b[A-ZÄÖÜ][\wäöüß-]+(?:straße|strasse|gasse|weg|platz|allee)\s+\d{1,4}[a-z]?\b|"
    r"\b\d{1,4},?\s+(?:rue|avenue|boulevard|place)\s+(?:de\s+|du\s+|des\s+|la\s+|l')*[A-ZÉÈ]\w+|"
    r"\bP\.? ?O\.? Box \d+\b|[\u4e00-\u9fff]{2,8}(?:路|街|大道|巷|弄)\d{1,5}号"
)


def personal_data(text: str) -> list[str]:
    """List e-mail addresses, telephone numbers, IBANs, card numbers and keys in `text`, each with its sort."""
    flat = plain(text)
    found = [f"{sort} {_masked(value)}" for sort, value in _found(flat)]
    return list(dict.fromkeys(found))


def postal_addresses(text: str) -> list[str]:
    """List what reads like a house in a street."""
    return [match.group() for match in _ADDRESS.finditer(plain(text))]


def pii(record: Record, context: Context) -> list[Measurement]:
    """Count personal data in every text of the record, but for phrases the set allows for its character."""
    texts = {name: _without_allowed(text, record, context) for name, text in all_texts(record).items()}
    found = [f"{name}: {one}" for name, text in texts.items() for one in personal_data(text)]
    return [measured(record, "pii", len(found), "; ".join(found))]


def street_address(record: Record, context: Context) -> list[Measurement]:
    """Count postal addresses, but for those the set allows for its character ("221B Baker Street")."""
    texts = {name: _without_allowed(text, record, context) for name, text in all_texts(record).items()}
    found = [f"{name}: {one}" for name, text in texts.items() for one in postal_addresses(text)]
    return [measured(record, "street_address", len(found), "; ".join(found))]


def luhn(digits: str) -> bool:
    """Say whether the last digit checks the others (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def iban(value: str) -> bool:
    """Say whether the two check digits fit (ISO 13616, remainder 1 modulo 97)."""
    plain_value = value.replace(" ", "")
    if not 15 <= len(plain_value) <= 34:
        return False
    turned = plain_value[4:] + plain_value[:4]
    return int("".join(str(int(char, 36)) for char in turned)) % 97 == 1


def _found(text: str) -> Iterator[tuple[str, str]]:
    taken: list[tuple[int, int]] = []

    def free(match: re.Match[str]) -> bool:
        return not any(match.start() < end and start < match.end() for start, end in taken)

    for pattern in _KEYS:
        for match in pattern.finditer(text):
            taken.append(match.span())
            yield "key", match.group()
    for match in _EMAIL.finditer(text):
        taken.append(match.span())
        if not _RESERVED.search(match[1]):
            yield "e-mail", match.group()
    for match in _IBAN.finditer(text):
        if free(match) and iban(match.group()):
            taken.append(match.span())
            yield "IBAN", match.group()
    for match in _CARD.finditer(text):
        digits = re.sub(r"\D", "", match.group())
        if free(match) and _ISSUED.fullmatch(digits) and luhn(digits):
            taken.append(match.span())
            yield "card", match.group()
    for match in _PHONE.finditer(text):
        if free(match) and not _FICTION_PHONE.search(match.group()):
            yield "telephone", match.group()


def _masked(value: str) -> str:
    """Keep a reason readable without repeating what must not spread."""
    return value[:4] + "..." if len(value) > 6 else "..."


def _without_allowed(text: str, record: Record, context: Context) -> str:
    flat = plain(text)
    for phrase in context.allow.get(record.character_id, ()):
        if phrase.strip():
            flat = re.sub(re.escape(plain(phrase)), " ", flat, flags=re.IGNORECASE)
    return flat
