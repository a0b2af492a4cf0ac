"""Signs a PDF with pyHanko, each algorithm at each level: sign.py ADDRESS FOLDER PAPER.pdf

FOLDER is that of authority.py. Writes FOLDER/pyhanko-NAME-LEVEL.pdf and prints one JSON list of [path, level, digest].
"""

import asyncio
import json
import logging
import sys
from pathlib import Path

from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers, timestamps
from pyhanko_certvalidator import ValidationContext

logging.disable(logging.WARNING)
address, folder, paper = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
tsa = timestamps.HTTPTimeStamper(f"{address}/interop/tsa/tsa")
root = load_cert_from_pemder(str(folder / "root.pem"))

CASES = [
    ("rsa-2048", False, "sha256"),
    ("rsa-2048", True, "sha384"),
    ("rsa-3072", True, "sha256"),
    ("rsa-4096", True, "sha512"),
    ("p-256", False, "sha256"),
    ("p-384", False, "sha384"),
]
LEVELS = ["B-B", "B-T", "B-LT", "B-LTA"]


async def sign(name, pss, digest, level):
    signer = signers.SimpleSigner.load_pkcs12(
        str(folder / f"{name}.p12"), passphrase="mật khẩu".encode(), prefer_pss=pss
    )
    long_term = level in ("B-LT", "B-LTA")
    context = ValidationContext(trust_roots=[root], allow_fetching=True, revocation_mode="hard-fail")
    metadata = signers.PdfSignatureMetadata(
        field_name="Interop",
        md_algorithm=digest,
        subfilter=fields.SigSeedSubFilter.PADES,
        embed_validation_info=long_term,
        use_pades_lta=level == "B-LTA",
        validation_context=context if long_term else None,
    )
    signer = signers.PdfSigner(metadata, signer, timestamper=None if level == "B-B" else tsa)
    with open(paper, "rb") as read:
        signed = await signer.async_sign_pdf(IncrementalPdfFileWriter(read))
    path = folder / f"pyhanko-{name}-{'pss' if pss else 'plain'}-{level}.pdf"
    path.write_bytes(signed.getbuffer())
    return [str(path), level, digest]


async def main():
    return [await sign(*case, level) for case in CASES for level in LEVELS]


print(json.dumps(asyncio.run(main())))
