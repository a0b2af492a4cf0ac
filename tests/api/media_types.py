"""What Schemathesis does not know how to send: session descriptions and their fragments are text."""

import schemathesis

schemathesis.serializer.alias(["application/sdp", "application/trickle-ice-sdpfrag"], "text/plain")
