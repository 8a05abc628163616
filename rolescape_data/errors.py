"""One error type with an exit status: the thing, the cause and the next step in one message."""


class RolescapeError(Exception):
    """Anything the user can act on. The message is shown as it is, without a traceback.

    `exit_status` follows the command line's contract: 2 wrong input or configuration,
    3 stopped and resumable.
    """

    exit_status = 2


class InputError(RolescapeError):
    """A file, a picture or a line that cannot be used."""


class SettingsError(RolescapeError):
    """A character set, blueprint or gate file that says something the factory cannot follow."""


class PromptError(RolescapeError):
    """A prompt file that cannot be loaded or rendered."""


class WriterError(RolescapeError):
    """A writer that cannot be used at all: unknown name, no key, refused access."""


class StoppedError(RolescapeError):
    """Work stopped half-way with everything kept; the same command goes on from here."""

    exit_status = 3


class DiskFullError(StoppedError):
    """The disk under the workspace has no room left."""
