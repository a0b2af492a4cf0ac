"""Validates XML files against the schema of ETSI TS 119 102-2 V1.4.1: etsi.py FOLDER-OF-JARS FILE..."""

import sys
import zipfile
from pathlib import Path

from lxml import etree

JARS = ["specs-validation-report", "specs-xades", "specs-xmldsig", "specs-trusted-list"]
# What the schema imports by addresses, by the names that the jars give it.
NAMES = {
    "xmldsig-core-schema.xsd": "xmldsig-core-schema.xsd",
    "XAdES.xsd": "XAdES.xsd",
    "ts_119612v020201_201601xsd.xsd": "ts_119612v020301_xsd.xsd",
    "xml.xsd": "xml.xsd",
}

files = {}
for jar in JARS:
    [path] = Path(sys.argv[1]).glob(jar + "-*.jar")
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.endswith(".xsd"):
                files[name.rsplit("/", 1)[-1]] = archive.read(name)


class FromJars(etree.Resolver):
    def resolve(self, url, public_id, context):
        name = url.rsplit("/", 1)[-1]
        name = NAMES.get(name, name)
        if name not in files:
            raise SystemExit(f"no schema {url}")
        return self.resolve_string(files[name], context, base_url=name)


parser = etree.XMLParser(no_network=True, load_dtd=False, resolve_entities=False)
parser.resolvers.add(FromJars())
schema = etree.XMLSchema(etree.fromstring(files["TS119102-2-v141.xsd"], parser, base_url="TS119102-2-v141.xsd"))
for path in sys.argv[2:]:
    schema.assertValid(etree.parse(path))
    print(path, "valid")
