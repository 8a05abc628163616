"""An audit in, one HTML page out: the report's own style sheet, nothing outside itself, everything escaped."""

import base64
import hashlib
from pathlib import PurePath

from markupsafe import Markup

from rolescape_data.auditing.repair import Repair
from rolescape_data.auditing.table import EXAMPLES, Table
from rolescape_data.report.page import TEMPLATES, environment


def audit_page(table: Table, repair: Repair | None = None) -> str:
    """Return an audit, and what a repair did about it, as one HTML page; the same audit gives the same page."""
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    return (
        environment()
        .get_template("audit.html")
        .render(
            name=PurePath(table.path).name,
            table=table,
            repair=repair,
            first=EXAMPLES,
            style=Markup(style),
            policy=f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
        )
    )
