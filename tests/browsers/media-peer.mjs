// A real browser as a bare media peer, without any page of ours: it says and hears session descriptions as JSON
// lines on its standard streams, so that a test can put the SFU alone at the other end.
//
//   node media-peer.mjs chromium|firefox
//   out {"type":"offer","sdp":…,"tracks":[{"mid":…,"source":…}]}   in {"type":"answer","sdp":…}
//   in  {"type":"subscribe","sdp":…}                               out {"type":"accept","sdp":…}
//   in  {"type":"layers","layers":["q",…]}
//   in  {"type":"report"}                                          out {"type":"report","connections":…,"inbound":[…]}
//   in  {"type":"close"}
import { createInterface } from 'node:readline'
import { createServer } from 'node:http'
import { launch } from './launch.mjs'

// Cameras open in a secure context only, and http://localhost is one.
const server = createServer((_, response) => {
  response.setHeader('content-type', 'text/html')
  response.end('<!doctype html><title>peer</title><body></body>')
})
await new Promise((done) => server.listen(0, '127.0.0.1', done))
const peer = await launch(process.argv[2])
await peer.goto(`http://localhost:${server.address().port}/`)
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`)
say({ type: 'offer', ...(await peer.evaluate(publish)) })
for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line)
  if (message.type === 'answer') {
    await peer.evaluate(answered, message.sdp)
  } else if (message.type === 'subscribe') {
    say({ type: 'accept', sdp: await peer.evaluate(subscribe, message.sdp) })
  } else if (message.type === 'layers') {
    await peer.evaluate(sendLayers, message.layers)
  } else if (message.type === 'report') {
    say({ type: 'report', ...(await peer.evaluate(report)) })
  } else if (message.type === 'close') {
    break
  }
}
await peer.close()
server.close()
process.exit(0)

async function publish() {
  const media = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 960, height: 540, frameRate: 15 } })
  const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' })
  window.publishing = connection
  // Chromium drops layers of pictures smaller than this one.
  const layers = [
    { rid: 'q', scaleResolutionDownBy: 4, maxBitrate: 150_000 },
    { rid: 'h', scaleResolutionDownBy: 2, maxBitrate: 400_000 },
    { rid: 'f', scaleResolutionDownBy: 1, maxBitrate: 1_000_000 },
  ]
  const sources = [
    ['microphone', media.getAudioTracks()[0]],
    ['camera', media.getVideoTracks()[0]],
    ['screen', 'video'],
    ['screen_audio', 'audio'],
  ]
  const transceivers = sources.map(([source, track]) => [
    source,
    connection.addTransceiver(track, {
      direction: typeof track === 'string' ? 'inactive' : 'sendonly',
      sendEncodings: source === 'camera' ? layers : undefined,
    }),
  ])
  window.camera = transceivers[1][1].sender
  await connection.setLocalDescription()
  const tracks = transceivers.map(([source, transceiver]) => ({ source, mid: transceiver.mid }))
  return { sdp: connection.localDescription.sdp, tracks }
}

async function sendLayers(layers) {
  const parameters = window.camera.getParameters()
  for (const encoding of parameters.encodings) encoding.active = layers.includes(encoding.rid)
  await window.camera.setParameters(parameters)
}

async function answered(sdp) {
  await window.publishing.setRemoteDescription({ type: 'answer', sdp })
}

async function subscribe(sdp) {
  let connection = window.subscribing
  if (!connection) {
    connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' })
    window.subscribing = connection
    window.players = new Map()
    connection.ontrack = ({ transceiver, track }) => {
      const player = document.createElement(track.kind)
      player.autoplay = true
      player.playsInline = true
      player.srcObject = new MediaStream([track])
      document.body.append(player)
      player.play().catch(() => {})
      window.players.set(transceiver.mid, player)
    }
  }
  await connection.setRemoteDescription({ type: 'offer', sdp })
  await connection.setLocalDescription()
  return connection.localDescription.sdp
}

async function report() {
  const inbound = []
  const mids = new Map(window.subscribing.getTransceivers().map((each) => [each.receiver.track.id, each.mid]))
  const statistics = await window.subscribing.getStats()
  for (const each of statistics.values()) {
    if (each.type !== 'inbound-rtp' || !each.packetsReceived) continue
    const mid = each.mid ?? mids.get(each.trackIdentifier)
    const player = window.players.get(mid)
    inbound.push({
      mid,
      kind: each.kind,
      packets: each.packetsReceived,
      lost: each.packetsLost,
      frames: each.framesDecoded ?? 0,
      energy: each.totalAudioEnergy ?? 0,
      width: each.frameWidth ?? 0,
      colours: each.kind === 'video' ? colours(player) : 0,
    })
  }
  const sent = []
  for (const each of (await window.publishing.getStats()).values()) {
    if (each.type !== 'outbound-rtp' || each.kind !== 'video' || !each.rid) continue
    const { rid, packetsSent, active, qualityLimitationReason: limit, targetBitrate } = each
    sent.push({ rid, width: each.frameWidth ?? 0, packets: packetsSent, active, limit, targetBitrate })
  }
  const pairs = [...(await window.publishing.getStats()).values()].filter((each) => each.type === 'candidate-pair' && each.nominated)
  const available = pairs[0]?.availableOutgoingBitrate
  return { sent, available, connections: [window.publishing.connectionState, window.subscribing.connectionState], inbound }

  // How many different colours stand in the picture: a black or frozen-grey one has one.
  function colours(video) {
    if (!video?.videoWidth) return 0
    const canvas = document.createElement('canvas')
    canvas.width = 32
    canvas.height = 18
    const context = canvas.getContext('2d')
    context.drawImage(video, 0, 0, 32, 18)
    const seen = new Set()
    const { data } = context.getImageData(0, 0, 32, 18)
    for (let at = 0; at < data.length; at += 4) seen.add(`${data[at] >> 4},${data[at + 1] >> 4},${data[at + 2] >> 4}`)
    return seen.size
  }
}
