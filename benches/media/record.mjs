// A Chromium that sends 720p VP8 at up to 3 Mbit/s to itself over loopback, for record.py to watch.
//
//   node record.mjs SECONDS
import { createServer } from 'node:http'
import { launch } from '../../tests/browsers/launch.mjs'

const server = createServer((_, response) => {
  response.setHeader('content-type', 'text/html')
  response.end('<!doctype html><title>record</title>')
})
await new Promise((done) => server.listen(0, '127.0.0.1', done))
const peer = await launch('chromium')
await peer.goto(`http://localhost:${server.address().port}/`)
const seconds = Number(process.argv[2])
console.log(JSON.stringify(await peer.evaluate(send, seconds)))
await peer.close()
server.close()
process.exit(0)

async function send(seconds) {
  const media = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 1280, height: 720, frameRate: 30 } })
  const [from, to] = [new RTCPeerConnection(), new RTCPeerConnection()]
  from.onicecandidate = ({ candidate }) => candidate && to.addIceCandidate(candidate)
  to.onicecandidate = ({ candidate }) => candidate && from.addIceCandidate(candidate)
  from.addTransceiver(media.getAudioTracks()[0])
  const video = from.addTransceiver(media.getVideoTracks()[0], { sendEncodings: [{ maxBitrate: 3_000_000 }] })
  video.setCodecPreferences(RTCRtpSender.getCapabilities('video').codecs.filter(({ mimeType }) => /vp8|rtx/i.test(mimeType)))
  await from.setLocalDescription()
  await to.setRemoteDescription(from.localDescription)
  await to.setLocalDescription()
  const start = (line) => `${line};x-google-start-bitrate=3000`
  const sdp = to.localDescription.sdp.replace(/a=rtpmap:(\d+) VP8\/90000/, (line, type) => `${line}\r\na=fmtp:${start(`${type} x-google-max-bitrate=3000`)}`)
  await from.setRemoteDescription({ type: 'answer', sdp })
  await new Promise((done) => setTimeout(done, seconds * 1000))
  const statistics = [...(await from.getStats()).values()]
  const outbound = statistics.find(({ type, kind }) => type === 'outbound-rtp' && kind === 'video')
  return { frames: outbound.framesSent, width: outbound.frameWidth, packets: outbound.packetsSent }
}
