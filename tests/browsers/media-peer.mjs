// A real browser as a bare media peer, without any page of ours: it says and hears session descriptions as JSON
// lines on its standard streams, so that a test can put the SFU alone at the other end.
//
//   node media-peer.mjs chromium|firefox [OPTIONS as JSON]
//     codec: of the camera, such as "VP9"; mode: its scalabilityMode, in place of simulcast; clock: a drawn picture
//     with the time in it, in place of the camera; voice: a WAV file, said again and again in place of the tone;
//     iceServers: relays of both connections; trust: the certificate of their authority, a file
//   out {"type":"offer","sdp":…,"tracks":[{"mid":…,"source":…}]}   in {"type":"answer","sdp":…}
//                                                     or, where the browser lacks the codec, out {"type":"lacks"}
//   in  {"type":"subscribe","sdp":…}                               out {"type":"accept","sdp":…}
//   in  {"type":"layers","layers":["q",…]}
//   in  {"type":"watch"}: what a report sums up counts from here
//   in  {"type":"report"}                                          out {"type":"report","connections":…,"inbound":[…]}
//   in  {"type":"close"}
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { createServer } from 'node:http'
import { launch } from './launch.mjs'

const options = JSON.parse(process.argv[3] ?? '{}')
// Cameras open in a secure context only, and http://localhost is one.
const server = createServer((request, response) => {
  if (request.url === '/voice') return response.setHeader('content-type', 'audio/wav').end(readFileSync(options.voice))
  response.setHeader('content-type', 'text/html')
  response.end('<!doctype html><title>peer</title><body></body>')
})
await new Promise((done) => server.listen(0, '127.0.0.1', done))
const peer = await launch(process.argv[2], { trust: options.trust })
await peer.goto(`http://localhost:${server.address().port}/`)
await peer.evaluate(prepare)
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`)
const offer = await peer.evaluate(publish, options)
say(offer ? { type: 'offer', ...offer } : { type: 'lacks' })
for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line)
  if (message.type === 'answer') {
    await peer.evaluate(answered, message.sdp)
  } else if (message.type === 'subscribe') {
    say({ type: 'accept', sdp: await peer.evaluate(subscribe, message.sdp) })
  } else if (message.type === 'layers') {
    await peer.evaluate(sendLayers, message.layers)
  } else if (message.type === 'watch') {
    await peer.evaluate(watch)
  } else if (message.type === 'report') {
    say({ type: 'report', ...(await peer.evaluate(report)) })
  } else if (message.type === 'close') {
    break
  }
}
await peer.close()
server.close()
process.exit(0)

/** The clock in the picture: 24 bits of milliseconds and 8 that check them, as dark and light blocks along the top. */
function prepare() {
  const [BLOCKS, SIDE] = [32, 30]
  globalThis.nowMs = () => performance.timeOrigin + performance.now()
  globalThis.drawClock = (context) => {
    const value = Math.floor(nowMs()) & 0xffffff
    const bits = [...value.toString(2).padStart(24, '0'), ...checked(value).toString(2).padStart(8, '0')]
    bits.forEach((bit, at) => {
      context.fillStyle = bit === '1' ? '#fff' : '#000'
      context.fillRect(at * SIDE, 0, SIDE, SIDE * 2)
    })
  }
  /** Milliseconds since the picture was drawn; nothing where it cannot be read. */
  globalThis.readClock = (video) => {
    const canvas = (globalThis.clockCanvas ??= new OffscreenCanvas(BLOCKS, 1))
    const context = canvas.getContext('2d', { willReadFrequently: true })
    const scale = video.videoWidth / (BLOCKS * SIDE)
    for (let at = 0; at < BLOCKS; at++)
      context.drawImage(video, (at * SIDE + SIDE / 4) * scale, (SIDE / 2) * scale, (SIDE / 2) * scale, SIDE * scale, at, 0, 1, 1)
    const { data } = context.getImageData(0, 0, BLOCKS, 1)
    let bits = ''
    for (let at = 0; at < BLOCKS; at++) bits += data[at * 4] > 127 ? '1' : '0'
    const value = parseInt(bits.slice(0, 24), 2)
    if (parseInt(bits.slice(24), 2) !== checked(value)) return null
    return (Math.floor(nowMs()) - value) & 0xffffff
  }
  function checked(value) {
    return ((value >> 16) ^ (value >> 8) ^ value ^ 0x5a) & 0xff
  }
}

async function publish({ codec, mode, clock, voice, iceServers }) {
  const wanted = codec && RTCRtpSender.getCapabilities('video').codecs.filter((each) => each.mimeType === `video/${codec}`)
  if (wanted?.length === 0) return null
  const media = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 960, height: 540, frameRate: 15 } })
  window.iceServers = iceServers ?? []
  const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle', iceServers: window.iceServers })
  window.publishing = connection
  // Chromium drops layers of pictures smaller than this one.
  const layers = [
    { rid: 'q', scaleResolutionDownBy: 4, maxBitrate: 150_000 },
    { rid: 'h', scaleResolutionDownBy: 2, maxBitrate: 400_000 },
    { rid: 'f', scaleResolutionDownBy: 1, maxBitrate: 1_000_000 },
  ]
  const encodings = mode ? [{ scalabilityMode: mode, maxBitrate: 1_200_000 }] : codec ? [{ maxBitrate: 1_000_000 }] : layers
  const sources = [
    ['microphone', voice ? await said() : media.getAudioTracks()[0]],
    ['camera', clock ? drawn() : media.getVideoTracks()[0]],
    ['screen', 'video'],
    ['screen_audio', 'audio'],
  ]
  const transceivers = sources.map(([source, track]) => [
    source,
    connection.addTransceiver(track, {
      direction: typeof track === 'string' ? 'inactive' : 'sendonly',
      sendEncodings: source === 'camera' ? encodings : undefined,
    }),
  ])
  window.camera = transceivers[1][1].sender
  if (codec) {
    const others = RTCRtpSender.getCapabilities('video').codecs.filter((each) => /rtx|red|fec/.test(each.mimeType))
    transceivers[1][1].setCodecPreferences([...wanted, ...others])
  }
  await connection.setLocalDescription()
  const tracks = transceivers.map(([source, transceiver]) => ({ source, mid: transceiver.mid }))
  return { sdp: connection.localDescription.sdp, tracks }

  /** The voice without end; an AudioContext would not run in a Firefox that has no loudspeaker. */
  async function said() {
    const audio = new Audio('/voice')
    audio.loop = true
    await audio.play()
    const stream = audio.captureStream?.() ?? audio.mozCaptureStream()
    return stream.getAudioTracks()[0]
  }

  /** A picture that moves, with the clock in it. */
  function drawn() {
    const canvas = document.createElement('canvas')
    canvas.width = 960
    canvas.height = 540
    const context = canvas.getContext('2d')
    let step = 0
    const draw = () => {
      context.fillStyle = '#486'
      context.fillRect(0, 0, 960, 540)
      context.fillStyle = '#c33'
      context.fillRect((step++ * 12) % 900, 240, 90, 140)
      drawClock(context)
    }
    draw()
    setInterval(draw, 66)
    return canvas.captureStream(15).getVideoTracks()[0]
  }
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
    connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle', iceServers: window.iceServers })
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
      if (track.kind === 'video') follow(player)
    }
  }
  await connection.setRemoteDescription({ type: 'offer', sdp })
  await connection.setLocalDescription()
  return connection.localDescription.sdp

  /** Notes when pictures are shown, and how old they are by the clock in them. */
  function follow(player) {
    player.seen = { longest: 0, last: null, ages: [] }
    const note = () => {
      const [now, { seen }] = [performance.now(), player]
      if (seen.last !== null) seen.longest = Math.max(seen.longest, now - seen.last)
      seen.last = now
      const age = player.videoWidth > 0 ? readClock(player) : null
      if (age !== null && age < 60_000) seen.ages.push(age)
      player.requestVideoFrameCallback(note)
    }
    player.requestVideoFrameCallback(note)
  }
}

async function watch() {
  window.since = new Map()
  for (const each of (await window.subscribing.getStats()).values()) if (each.type === 'inbound-rtp') window.since.set(each.id, each)
  for (const player of window.players.values()) if (player.seen) Object.assign(player.seen, { longest: 0, ages: [] })
}

async function report() {
  const inbound = []
  const mids = new Map(window.subscribing.getTransceivers().map((each) => [each.receiver.track.id, each.mid]))
  const statistics = await window.subscribing.getStats()
  for (const each of statistics.values()) {
    if (each.type !== 'inbound-rtp' || !each.packetsReceived) continue
    const mid = each.mid ?? mids.get(each.trackIdentifier)
    const player = window.players.get(mid)
    const before = window.since?.get(each.id)
    const rise = (name) => (each[name] ?? 0) - (before?.[name] ?? 0)
    const ages = player?.seen?.ages.toSorted((a, b) => a - b) ?? []
    inbound.push({
      mid,
      kind: each.kind,
      codec: statistics.get(each.codecId)?.mimeType,
      packets: each.packetsReceived,
      lost: each.packetsLost,
      frames: each.framesDecoded ?? 0,
      energy: each.totalAudioEnergy ?? 0,
      width: each.frameWidth ?? 0,
      colours: each.kind === 'video' ? colours(player) : 0,
      samples: rise('totalSamplesReceived'),
      concealed: rise('concealedSamples'),
      shown: rise('framesDecoded'),
      came: rise('framesReceived'),
      asked: [rise('nackCount'), rise('pliCount')],
      keys: rise('keyFramesDecoded'),
      discarded: rise('packetsDiscarded'),
      repaired: rise('retransmittedPacketsReceived'),
      received: rise('packetsReceived'),
      freezes: rise('freezeCount'),
      // The pause that lasts now counts as well.
      longest_ms: player?.seen ? Math.max(player.seen.longest, performance.now() - (player.seen.last ?? 0)) : 0,
      age_ms: ages.length ? [0.5, 0.95].map((share) => ages[Math.floor((ages.length - 1) * share)]) : null,
    })
  }
  const sent = []
  for (const each of (await window.publishing.getStats()).values()) {
    if (each.type !== 'outbound-rtp' || each.kind !== 'video' || !each.packetsSent) continue
    const { rid, packetsSent, active, qualityLimitationReason: limit, targetBitrate, scalabilityMode } = each
    sent.push({ rid, width: each.frameWidth ?? 0, packets: packetsSent, active, limit, targetBitrate, scalabilityMode })
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
