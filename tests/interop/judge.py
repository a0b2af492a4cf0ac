"""Judges signed PDF files with pyHanko and prints one JSON list for each: judge.py ROOT.pem FILE..."""

import json
import sys

from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext


def judge(path, root):
    with open(path, "rb") as file:
        reader = PdfFileReader(file, strict=True)
        return [verdict(signature, root) for signature in reader.embedded_signatures]


def verdict(signature, root):
    # Revocation is not what these tests are about: their authority publishes none.
    context = lambda: ValidationContext(trust_roots=[root], allow_fetching=False, revocation_mode="soft-fail")
    status = validate_pdf_signature(signature, context(), context())
    stamp = status.timestamp_validity
    return {
        "field": signature.field_name,
        "bottom_line": status.bottom_line,
        "intact": status.intact,
        "valid": status.valid,
        "trusted": status.trusted,
        "coverage": status.coverage.name,
        "modification": status.modification_level.name,
        "rules": bool(status.docmdp_ok),
        "time_stamp": bool(stamp and stamp.valid and stamp.intact and stamp.trusted),
        "summary": status.summary(),
    }


root = load_cert_from_pemder(sys.argv[1])
for path in sys.argv[2:]:
    print(json.dumps(judge(path, root)))
