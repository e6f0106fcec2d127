"""Files that a command writes: refused before the work, not behind it."""

from __future__ import annotations

from pathlib import Path

from fpga_tf.errors import UserError


def check_targets(config: Path | None = None, /, **targets: Path | None) -> None:
    """Refuse what can't be replaced by a file, and the configuration.

    Args:
        config: that is read; None if there is none.
        targets: paths by name of option; None if it was not given.

    Raises:
        UserError: a folder or a device stands there, or two options name the same file, or one names the configuration.
    """
    seen: dict[Path, str] = {}
    for name, path in targets.items():
        if path is None:
            continue
        try:
            where, read = path.resolve(), None if config is None else config.resolve()
            if where.exists() and not where.is_file():
                raise UserError(f"--{name} must be a file, not a folder or a device", where=str(path))
        except (OSError, ValueError, RuntimeError) as error:  # too long, a NUL, a loop of links
            raise UserError(f"--{name} must be a path that can be written, not refused ({error})") from error
        if where == read:
            raise UserError(f"--{name} must be another file than the configuration, not the same", where=str(path))
        if where in seen:
            raise UserError(f"--{name} must be another file than --{seen[where]}, not the same", where=str(path))
        seen[where] = name
