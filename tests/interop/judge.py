"""Judges signed PDF files with pyHanko and prints one JSON list for each: judge.py [--long-term] ROOT.pem FILE...

Further certificates of ROOT.pem, if any, may stand between.

With --long-term a signature is also judged by the validation data in the file alone, which must be there, and as an
archive would (EN 319 102-1, 5.6.3).
"""

import asyncio
import json
import logging
import sys

from pyhanko.keys import load_certs_from_pemder
from pyhanko.pdf_utils.crypt import AuthStatus
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import (
    DocumentSecurityStore,
    validate_pdf_signature,
    validate_pdf_timestamp,
)
from pyhanko.sign.validation.ades import ades_lta_validation
from pyhanko.sign.validation.policy_decl import (
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager

logging.disable(logging.CRITICAL)
PASSWORDS = ["mat khau", "mật khẩu"]


def judge(path, certificates, long_term):
    with open(path, "rb") as file:
        reader = PdfFileReader(file, strict=True)
        if reader.xrefs.hybrid_xrefs_present:
            # Strict, it refuses all hybrid files, whoever signed them.
            reader = PdfFileReader(file, strict=False)
        if reader.encrypted:
            results = (reader.decrypt(password.encode()) for password in PASSWORDS)
            next(result for result in results if result.status != AuthStatus.FAILED)
        signatures = [verdict(one, certificates, long_term) for one in reader.embedded_regular_signatures]
        return signatures + [stamp_verdict(one, certificates) for one in reader.embedded_timestamp_signatures]


def context(certificates):
    # Revocation is not what the plain judgement is about: not every authority of these tests publishes any.
    root, *others = certificates
    return ValidationContext(
        trust_roots=[root], other_certs=others, allow_fetching=False, revocation_mode="soft-fail"
    )


def archival_verdict(signature, certificates):
    policy = CertValidationPolicySpec(
        trust_manager=SimpleTrustManager.build([certificates[0]]),
        revinfo_policy=CertRevTrustPolicy(REQUIRE_REVINFO),
    )
    offline = RevocationInfoGatheringSpec(online_fetching_rule=RevinfoOnlineFetchingRule.LOCAL_ONLY)
    specification = PdfSignatureValidationSpec(
        SignatureValidationSpec(cert_validation_policy=policy, revinfo_gathering_policy=offline)
    )
    return asyncio.run(ades_lta_validation(signature, specification))


def by_the_file_alone(signature, certificates):
    store = DocumentSecurityStore.read_dss(signature.reader)
    wanted = {"trust_roots": certificates[:1], "allow_fetching": False, "revocation_mode": "hard-fail"}
    return validate_pdf_signature(
        signature, store.as_validation_context(dict(wanted)), store.as_validation_context(dict(wanted))
    )


def verdict(signature, certificates, long_term):
    status = validate_pdf_signature(signature, context(certificates), context(certificates))
    stamp = status.timestamp_validity
    archival = archival_verdict(signature, certificates) if long_term else None
    return {
        "field": signature.field_name,
        "bottom_line": status.bottom_line,
        "intact": status.intact,
        "valid": status.valid,
        "trusted": status.trusted,
        "algorithm": signature.signer_info["signature_algorithm"].signature_algo,
        "coverage": status.coverage.name,
        "modification": status.modification_level.name,
        "rules": bool(status.docmdp_ok),
        "seeds": bool(status.has_seed_values and status.seed_value_ok),
        "time_stamp": bool(stamp and stamp.valid and stamp.intact and stamp.trusted),
        "by_the_file_alone": long_term and by_the_file_alone(signature, certificates).bottom_line,
        "archival": archival and archival.ades_subindic.name,
        "archival_reason": archival and archival.failure_msg,
        "summary": status.summary(),
    }


def stamp_verdict(stamp, certificates):
    status = validate_pdf_timestamp(stamp, context(certificates))
    return {
        "field": stamp.field_name,
        "bottom_line": bool(status.valid and status.intact and status.trusted),
        "intact": status.intact,
        "valid": status.valid,
        "trusted": status.trusted,
        "coverage": status.coverage.name,
        "modification": status.modification_level.name,
        "rules": True,
        "time_stamp": True,
        "summary": status.summary(),
    }


arguments = sys.argv[1:]
archival = arguments[0] == "--long-term"
anchor = list(load_certs_from_pemder([arguments[archival]]))
for path in arguments[archival + 1 :]:
    try:
        print(json.dumps(judge(path, anchor, archival)))
    except Exception as error:  # a file that cannot be judged is a verdict too
        print(json.dumps([{"field": path, "bottom_line": False, "summary": repr(error)}]))
