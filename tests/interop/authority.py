"""Serves the PKI of pki.yml on a free port: authority.py FOLDER [ADDRESS]

Certificates name the services at ADDRESS, where there is one: what stands in front of this server.
Makes every key anew in FOLDER/keys, writes FOLDER/root.pem, FOLDER/issuing.pem and one FOLDER/NAME.p12 for each signer
(password "mật khẩu"), and prints its address once it answers. Ends when its standard input closes.
"""

import sys
import threading
from pathlib import Path

from certomancer.integrations.animator import Animator, AnimatorArchStore
from certomancer.registry import ArchLabel, CertLabel, CertomancerConfig
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509 import load_der_x509_certificate
from werkzeug.serving import make_server

PASSWORD = "mật khẩu".encode()
SIGNERS = ["rsa-2048", "rsa-3072", "rsa-4096", "p-256", "p-384", "revoked"]
ELLIPTIC = {"p-384": ec.SECP384R1()}


def make_key(name):
    if name.startswith("rsa-"):
        return rsa.generate_private_key(public_exponent=65537, key_size=int(name[4:]))
    return ec.generate_private_key(ELLIPTIC.get(name, ec.SECP256R1()))


def make_keys(folder):
    keys = {name: make_key(name) for name in ["root", "issuing", "ocsp", "tsa", *SIGNERS]}
    (folder / "keys").mkdir()
    plain = serialization.NoEncryption()
    for name, key in keys.items():
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        (folder / "keys" / f"{name}.pem").write_bytes(pem)
    return keys


def export(folder, architecture, keys):
    def certificate(name):
        return load_der_x509_certificate(architecture.get_cert(CertLabel(name)).dump())

    for name in ["root", "issuing", "tsa", *SIGNERS]:
        (folder / f"{name}.pem").write_bytes(certificate(name).public_bytes(serialization.Encoding.PEM))
    for name in SIGNERS:
        package = pkcs12.serialize_key_and_certificates(
            name.encode(),
            keys[name],
            certificate(name),
            [certificate("issuing")],
            serialization.BestAvailableEncryption(PASSWORD),
        )
        (folder / f"{name}.p12").write_bytes(package)
    (folder / "password").write_bytes(PASSWORD)


folder = Path(sys.argv[1])
keys = make_keys(folder)
applications = []
server = make_server("127.0.0.1", 0, lambda *request: applications[0](*request), threaded=True)
address = f"http://127.0.0.1:{server.server_port}"
named = sys.argv[2] if len(sys.argv) > 2 else address
declared = Path(__file__).with_name("pki.yml").read_text()
config = CertomancerConfig.from_yaml(declared, key_search_dir=str(folder), external_url_prefix=named)
architecture = config.get_pki_arch(ArchLabel("interop"))
applications.append(Animator(AnimatorArchStore({ArchLabel("interop"): architecture}), with_web_ui=False))
export(folder, architecture, keys)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(address, flush=True)
sys.stdin.read()
