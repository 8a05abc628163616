"""Build hook: copies the data folders into the wheel, where `rolescape_data.assets` looks first."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDERS = ("prompts", "qa", "schemas")


class AssetsHook(BuildHookInterface[Any]):
    """Maps prompts/, qa/ and schemas/ to rolescape_data/_assets/ in a standard wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the folders; an editable install finds them in the checkout."""
        if self.target_name != "wheel" or version == "editable":
            return
        for folder in FOLDERS:
            source = Path(self.root) / folder
            if source.is_dir():
                build_data["force_include"][str(source)] = f"rolescape_data/_assets/{folder}"
