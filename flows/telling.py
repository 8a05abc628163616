"""What a command did -> the few lines that a person reads."""

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flows.batches import lines as batch_lines
from flows.batches import open_in
from flows.build_character_set import last_build
from flows.contract import NOT_BUILT, shortcomings
from flows.expecting import Expected, expected, tell_expected
from flows.retrying import quarantined
from flows.reviewed import reviewed, tell_row
from flows.scoring import clip_note
from flows.steps import SET_STAGES, STEPS
from flows.whole_set import done, open_set, split_rows
from rolescape_data.errors import WriterError
from rolescape_data.providers.ledger import Ledger
from rolescape_data.providers.prices import price_of
from rolescape_data.providers.routing import taken_over
from rolescape_data.routes import Casting
from rolescape_data.store.workspace import Workspace


def tell_build(result: dict[str, Any], workspace: Path) -> str:
    """Say what a build made, what is missing, and where everything lies."""
    lines: list[str] = []
    if result["built"] or result["set"]:
        lines += [
            f"Built {name}: {', '.join(kinds)}" for name, kinds in sorted(result["built"].items()) if kinds
        ]
        if result["set"]:
            lines.append(f"Built over the whole set: {', '.join(result['set'])}")
    else:
        lines.append(_up_to_date(result["missing"]))
    lines += _shortcomings(result)
    for label, path in (("Shards", workspace / "shards"), ("Report", workspace / "report" / "index.html")):
        if path.exists():
            lines.append(f"{label}: {path}")
    return "\n".join(lines)


def _up_to_date(missing: list[dict[str, Any]]) -> str:
    unbuilt = sorted({cell["character_id"] for cell in missing if cell["note"] == NOT_BUILT})
    if unbuilt:
        return f"What was asked for is up to date; not built yet: {', '.join(unbuilt)}. `rolescape build` without `--only` and `--until` builds all."
    return "Nothing to do: everything is up to date."


def tell_qa(result: dict[str, Any], workspace: Path, character: str) -> str:
    """Say what was asked anew, and what is older than it now."""
    if result["built"]:
        lines = [f"Rebuilt {', '.join(result['built'])} of {character}; nothing else was touched."]
    else:
        lines = [f"Nothing to do: the questions of {character} are up to date. `--fresh` asks them anew."]
    if result["behind"]:
        lines.append(
            f"Note: {', '.join(result['behind'])} of {character} is out of date itself; "
            f"`rolescape build --only {character}` renews it."
        )
    if result["stale"]:
        lines.append(
            f"Older than the questions now: {', '.join(result['stale'])}. `rolescape build` renews them."
        )
    return "\n".join(lines + _shortcomings(result))


def tell_export(manifest: dict[str, Any], out: Path) -> str:
    """Say what was written."""
    files = [name for name in manifest["files"] if name.endswith(".tar")]
    size = sum(entry["bytes"] for entry in manifest["files"].values())
    samples = sum(
        entry.get("samples", 0) for name, entry in manifest["files"].items() if name.endswith(".tar")
    )
    told = f"Wrote {samples:,} samples in {len(files)} shards ({size / 1e6:.1f} MB) to {out}. Check: manifest.json"
    return "\n".join([told, *_uneven(manifest, files)])


def _uneven(manifest: dict[str, Any], files: list[str]) -> list[str]:
    """Name the sets with too few samples for a multiple of the shards that were asked for."""
    multiple = manifest["settings"]["world_multiple"]
    counts = Counter(name.rpartition("-")[0] for name in files)
    return [
        f"Not a multiple of {multiple}: {name} has {count} shard(s), because it has too few samples for more."
        for name, count in sorted(counts.items())
        if count % multiple
    ]


def status_of(folder: Path) -> dict[str, Any]:
    """Return counts, open cells, rejects by reason and money of a workspace."""
    workspace = Workspace(folder)
    workspace.require()
    whole = open_set(workspace)
    characters: dict[str, Any] = {}
    for name in whole.characters:
        place = workspace.character(name)
        stamps = place.stamps()
        spent = Ledger(place.ledger).spent()
        reasons = Counter(
            reason.split()[0].rstrip(":") for row in place.rejects() for reason in row.reasons[:1]
        )
        characters[name] = {
            "records": {step.kind: stamps[step.kind].rows for step in STEPS if step.kind in stamps},
            "not_built": [
                step.kind
                for step in STEPS
                if step.kind in whole.owed_by(name).kinds and step.kind not in stamps
            ],
            "rejected": dict(sorted(reasons.items())),
            "quarantined": quarantined(workspace, name),
            "calls": spent.calls,
            "failed_calls": spent.failed,
            "sent_calls": spent.sent,
            "input_tokens": spent.input_tokens,
            "output_tokens": spent.output_tokens,
            "cost_usd": round(spent.cost_usd, 6),
            "open_usd": round(spent.open_usd, 6),
            "taken_over": [
                {"writer": writer, "by": successor, "reason": reason, "calls": count}
                for (writer, successor, reason), count in taken_over(Ledger(place.ledger)).items()
            ],
        }
    for name, rows in reviewed(whole).items():
        characters[name]["reviews"] = rows
    splits = Counter(row.split for row in split_rows(workspace))
    return {
        "workspace": str(folder),
        "set": whole.inputs.found.name,
        "characters": characters,
        "splits": dict(sorted(splits.items())),
        "stale": [stage for stage in SET_STAGES if not done(whole, stage)],
        "clip": clip_note(whole),
        **shortcomings(whole),
        "batches": open_in(workspace, whole.characters),
        "expected": asdict(money) if (money := expected(workspace)) is not None else None,
        "cost_usd": round(sum(entry["cost_usd"] for entry in characters.values()), 6),
        "open_usd": round(sum(entry["open_usd"] for entry in characters.values()), 6),
        "unpriced": _unpriced(workspace, whole.inputs.qa),
    }


def tell_status(found: dict[str, Any]) -> str:
    """Return a status as lines."""
    lines = [f"Set '{found['set']}' in {found['workspace']}"]
    for name, entry in found["characters"].items():
        counts = ", ".join(f"{count} {kind}" for kind, count in entry["records"].items()) or "nothing built"
        lines.append(f"  {name}: {counts}")
        if entry["not_built"]:
            lines.append(f"    not built: {', '.join(entry['not_built'])}")
        if entry["rejected"]:
            lines.append(
                "    rejected: " + ", ".join(f"{count} {why}" for why, count in entry["rejected"].items())
            )
        if entry.get("reviews"):
            lines.append("    judged:")
            lines += [f"      {tell_row(row)}" for row in entry["reviews"]]
        if entry["quarantined"]:
            held = [
                f"{count} {reason} ({kind})"
                for kind, by_reason in entry["quarantined"].items()
                for reason, count in by_reason.items()
            ]
            lines.append(f"    in quarantine: {', '.join(held)}; `rolescape build --retry REASON` asks again")
        tokens = f"{entry['input_tokens']:,} + {entry['output_tokens']:,} tokens"
        if entry["sent_calls"]:
            lines.append(
                f"    {entry['calls']} calls ({entry['failed_calls']} without a reply), {tokens}, "
                f"{entry['cost_usd']:.4f} USD"
            )
        elif entry["calls"]:
            lines.append(
                f"    no model asked; {entry['calls']} tasks worked by rule, for {entry['failed_calls']} "
                "of them the material holds nothing"
            )
        lines += [
            f"    {row['calls']} calls of {row['writer']} taken over by {row['by']} ({row['reason']})"
            for row in entry["taken_over"]
        ]
    if found["splits"]:
        lines.append("  splits: " + ", ".join(f"{count} {split}" for split, count in found["splits"].items()))
    if found["stale"]:
        lines.append(f"  out of date: {', '.join(found['stale'])}")
    lines += batch_lines(found["batches"])
    lines.append(f"  {found['clip']}")
    lines.append(f"  spent in all: {found['cost_usd']:.4f} USD{_unsettled(found['open_usd'])}")
    if found["unpriced"]:
        lines.append(
            f"  not in it: what {', '.join(found['unpriced'])} charges, whose price is not known; "
            "write it into prices.yaml of the set's `qa:` folder"
        )
    if found["expected"] is not None:
        lines.append(f"  whole build: {tell_expected(Expected(**found['expected']))}")
    return "\n".join(lines + _shortcomings(found))


def _unpriced(workspace: Workspace, qa: Path | None) -> list[str]:
    """Return the writers of the last build whose tokens are counted and whose money is not."""
    casting = last_build(workspace).get("casting")
    routes = Casting.model_validate_json(json.dumps(casting)).routes() if casting else []
    found: set[str] = set()
    for leg in (leg for route in routes for leg in route if leg.name != "offline"):
        try:
            price_of(leg.name, base_url=leg.base_url, overlay=qa)
        except WriterError:
            found.add(leg.name)
    return sorted(found)


def _unsettled(usd: float) -> str:
    """Say what may come on top: calls in flight when a run was killed, or lost on their way, and open batches."""
    if usd <= 0:
        return ""
    return f", and up to {usd:.4f} USD for calls whose end is not known (under way, killed, or lost); a budget counts both"


def _shortcomings(result: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    if result["missing"]:
        lines.append(f"Below the contract in {len(result['missing'])} cell(s):")
        lines += [
            f"  {cell['character_id']} {cell['kind']} {cell['cell']}: {cell['found']} of {cell['wanted']} ({cell['note']})"
            for cell in result["missing"]
        ]
    lines += [
        f"Leak between training and test: {leak['record_id']} ({leak['reason']})" for leak in result["leaks"]
    ]
    lines += [f"The whole set fails a gate: {verdict['reason']}" for verdict in result["failed"]]
    lines += [
        f"Not run, which is not passed: {', '.join(gates)} ({why})"
        for why, gates in result["not_run"].items()
    ]
    return lines + list(result["warnings"])
