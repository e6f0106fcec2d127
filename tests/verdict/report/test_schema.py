"""The schema accepts what is printed, and refuses what is not."""

from __future__ import annotations

import jsonschema
import pytest

from fpga_tf.verdict.report.document import document
from fpga_tf.verdict.report.schema import report_schema

from .designs import hostile, large, shown, small, unknown


def test_documents_fit_the_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(report_schema())
    found = document(shown(large(), small(), unknown(), hostile(), errors=True))
    jsonschema.validate(found, report_schema())
    del found["designs"][0]["gates"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found, report_schema())
