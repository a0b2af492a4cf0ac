"""The letters of a mailbox as Python's own reader sees them over IMAP: `read_mailbox.py PORT USER` prints a JSON list."""

import email
import email.policy
import imaplib
import json
import sys

mailbox = imaplib.IMAP4("127.0.0.1", int(sys.argv[1]))
mailbox.login(sys.argv[2], "any")
mailbox.select("INBOX", readonly=True)
letters = []
for number in mailbox.search(None, "ALL")[1][0].split():
    bytes = mailbox.fetch(number, "(RFC822)")[1][0][1]
    letter = email.message_from_bytes(bytes, policy=email.policy.default)
    calendars = [part for part in letter.walk() if part.get_content_type() == "text/calendar"]
    letters.append(
        {
            "subject": letter["Subject"],
            "message_id": letter["Message-ID"],
            "text": letter.get_body(("plain",)).get_content(),
            "methods": [part.get_param("method") for part in calendars],
            # Lines are unfolded as RFC 5545, 3.1 says.
            "calendars": [part.get_content().replace("\r\n", "\n").replace("\n ", "").splitlines() for part in calendars],
        }
    )
print(json.dumps(letters))
