#!/usr/bin/env python3
"""Records the packet sizes of a Chromium that sends video, for the load of the media benchmark.

    record.py > ../src/media/sizes.json        (as root: it watches the loopback interface)

Watches what record.mjs sends to itself. RTP headers are in the clear; a frame is all packets of one
SSRC with one time-stamp. Writes the payload sizes of each frame, without header, extension and SRTP tag.
"""
import collections, json, os, socket, struct, subprocess, sys, time

SECONDS = 14
here = os.path.dirname(os.path.abspath(__file__))
sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
sniffer.bind(("lo", 0))
sniffer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
sniffer.settimeout(0.5)
browser = subprocess.Popen(["node", os.path.join(here, "record.mjs"), str(SECONDS)], stdout=sys.stderr)
streams = collections.defaultdict(dict)
sides = set()
while browser.poll() is None:
    try:
        frame, address = sniffer.recvfrom(65536)
    except TimeoutError:
        continue
    # Loopback shows every packet twice: outgoing (4) and incoming.
    kind = frame[12:14]
    if address[2] == 4:
        continue
    elif kind == b"\x08\x00" and frame[23] == 17:
        udp = frame[14 + 4 * (frame[14] & 15):]
    elif kind == b"\x86\xdd" and frame[20] == 17:
        udp = frame[54:]
    else:
        continue
    rtp = udp[8:]
    if len(rtp) < 12 or rtp[0] >> 6 != 2 or 192 <= rtp[1] <= 223:
        continue
    number, timestamp, ssrc = struct.unpack(">HII", rtp[2:12])
    header = 12 + 4 * (rtp[0] & 15)
    if rtp[0] & 16:
        header += 4 + 4 * struct.unpack(">H", rtp[header + 2:header + 4])[0]
    # Chromium seals with AES-128-GCM or with SHA1-80; only an even tag is needed here.
    streams[ssrc].setdefault(timestamp, {})[number] = len(rtp) - header - 16
largest = max(streams.values(), key=lambda frames: sum(sum(f.values()) for f in frames.values()))
frames = [[size for _, size in sorted(packets.items())] for packets in largest.values()]
print("[\n" + ",\n".join(json.dumps(frame) for frame in frames[30:]) + "\n]")
