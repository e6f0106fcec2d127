"""What libraries raise on damaged content that nobody vouches for."""

from __future__ import annotations

import zipfile
import zlib

# zipfile, where names, sizes, checksums, compression or encryption are not as they should be
ZIP_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)
