"""A mail server that keeps each letter it takes: aiosmtpd, an independent implementation of RFC 5321.

Usage: mail_server.py FOLDER   Says its port on the first line, then serves until its input ends.

A recipient `refused...` is refused for good (550); `later...` is put off (451) as long as the file `open` is not in FOLDER.
"""

import asyncio
import os
import pathlib
import sys

from aiosmtpd.smtp import SMTP

folder = pathlib.Path(sys.argv[1])
mailboxes = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None


class Keep:
    def __init__(self):
        self.taken = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refused"):
            return "550 5.1.1 no such mailbox"
        if address.startswith("later") and not (folder / "open").exists():
            return "451 4.3.0 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.taken += 1
        # Named when it is whole, so that nobody reads half a letter.
        part = folder / f"{self.taken}.part"
        part.write_bytes("\n".join(envelope.rcpt_tos).encode() + b"\n\n" + envelope.content)
        part.rename(folder / f"{self.taken:04}.eml")
        if mailboxes:
            for address in envelope.rcpt_tos:
                bring(mailboxes / address, f"{self.taken:04}", envelope.content)
        return "250 taken"


def bring(mailbox, name, content):
    """Into a Maildir, whose reader is another user."""
    os.umask(0)
    for part in ("tmp", "new", "cur"):
        (mailbox / part).mkdir(parents=True, exist_ok=True)
    (mailbox / "tmp" / name).write_bytes(content)
    (mailbox / "tmp" / name).rename(mailbox / "new" / name)


async def main():
    keep = Keep()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(keep, data_size_limit=40_000_000, loop=loop), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
