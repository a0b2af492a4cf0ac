// The program on a stage of its own: `hoian demo` over an empty folder and a free port, and people who enter it.
//
// TESTED_PROGRAMS names the folder of the program. With STAGE_URL, STAGE_PASSWORD, STAGE_PIN and HOIAN_DATA_FOLDER set, a demo that runs
// already is used instead.

import { execFile, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { chromium } from 'playwright-core'

const program = join(process.env.TESTED_PROGRAMS ?? new URL('../../target/debug', import.meta.url).pathname, 'hoian')
const START_MS = 120_000

export async function raise() {
  const running = process.env.STAGE_URL ? joined() : await started()
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--mute-audio'],
  })
  const close = async () => {
    await browser.close()
    await running.stop()
  }
  return { ...running, browser, close }
}

/** A page of somebody; without a user name, of anyone who is not logged in. */
export async function enter(stage, userName) {
  const context = await stage.browser.newContext({ viewport: DESK, locale: 'vi-VN', acceptDownloads: true })
  const page = await context.newPage()
  await page.addInitScript(() => {
    globalThis.blankPages = blankPages
    /** Canvases in sight without a dark point in their upper half, by size and place; pdf.js measures text on an unseen one. */
    function blankPages() {
      const canvases = [...document.querySelectorAll('canvas')].filter((canvas) => canvas.checkVisibility())
      const inSight = canvases.filter((canvas) => canvas.getBoundingClientRect().top < innerHeight)
      return inSight.filter((canvas) => !hasInk(canvas)).map((canvas) => [canvas.width, canvas.height, canvas.getBoundingClientRect()])
    }
    function hasInk(canvas) {
      const { width, height } = canvas
      const { data } = canvas.getContext('2d').getImageData(0, 0, width, Math.max(1, height >> 1))
      for (let at = 0; at < data.length; at += 4) if (data[at] < 100 && data[at + 3] > 0) return true
      return false
    }
  })
  page.failures = []
  page.on('pageerror', (error) => page.failures.push(String(error)))
  page.on('console', (message) => {
    // A refused log-in and a missing picture are answers, not failures; a broken security policy is one.
    if (message.type() === 'error' && !/status of 40[134]/.test(message.text())) page.failures.push(message.text())
  })
  await page.goto(stage.url + (userName ? '/dang-nhap' : '/kiem-tra'))
  if (!userName) return page
  await page.getByLabel('Tài khoản công vụ').fill(userName)
  await page.getByLabel('Mật khẩu', { exact: true }).fill(stage.password)
  await page.getByRole('button', { name: 'Đăng nhập', exact: true }).click()
  const code = page.getByLabel('Mã xác nhận 6 số')
  const home = page.getByRole('heading', { name: /^Chào đồng chí/ })
  await code.or(home).first().waitFor()
  if (await code.isVisible()) {
    await code.fill(await stage.code(userName))
    await page.getByRole('button', { name: 'Xác nhận' }).click()
  }
  await home.waitFor()
  return page
}

export const DESK = { width: 1440, height: 900 }
export const PHONE = { width: 390, height: 844 }

async function started() {
  const folder = await mkdtemp(join(tmpdir(), 'hoian-stage-'))
  const demo = await begin(folder, '127.0.0.1:0')
  const stop = async () => {
    await demo.end('SIGTERM')
    await rm(folder, { recursive: true, force: true })
  }
  return { ...demo, stop }
}

/** The program over a folder, answering at an address. */
export async function begin(folder, address) {
  const environment = { ...process.env, HOIAN_DATA_FOLDER: folder, HOIAN_HTTP__ADDRESS: address, HOIAN_MEDIA__UDP_PORT: '0', HOIAN_MEDIA__TCP_PORT: '0', HOIAN_LOG__FILTER: 'warn' }
  const child = spawn(program, ['demo'], { env: environment, stdio: ['ignore', 'pipe', 'inherit'] })
  const said = await announcement(child)
  const end = async (signal) => {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill(signal)
    await ended
  }
  return { ...said, code: codes(environment), end }
}

/** For an address that stays the same over a restart: a page knows only that one. */
export async function freePort() {
  const server = createServer()
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address()
  await new Promise((done) => server.close(done))
  return port
}

function joined() {
  const { STAGE_URL: url, STAGE_PASSWORD: password, STAGE_PIN: pin } = process.env
  return { url, password, pin, code: codes(process.env), stop: async () => {} }
}

/** What the demo prints when it is ready: its address, the one password, the one PIN. */
function announcement(child) {
  return new Promise((resolve, reject) => {
    let text = ''
    const timer = setTimeout(() => reject(new Error(`not ready in time:\n${text}`)), START_MS)
    child.once('exit', (code) => reject(new Error(`ended with ${code}:\n${text}`)))
    child.stdout.on('data', (chunk) => {
      text += chunk
      const url = /http:\/\/localhost:\d+/.exec(text)?.[0]
      const password = /Mật khẩu chung: (\S+)/.exec(text)?.[1]
      const pin = /PIN ký số chung: (\d+)/.exec(text)?.[1]
      if (!url || !password || !pin) return
      clearTimeout(timer)
      resolve({ url, password, pin })
    })
  })
}

function codes(environment) {
  return async (userName) => {
    const { stdout } = await promisify(execFile)(program, ['demo', 'code', userName], { env: environment })
    return /\d{6}/.exec(stdout)[0]
  }
}
