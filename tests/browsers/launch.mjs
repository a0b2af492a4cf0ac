// Starts Chromium (playwright-core) or Firefox (puppeteer-core over WebDriver BiDi) with fake devices and gives a
// page of one shape for both: evaluate(function, argument), goto(url), close().

const chromiumArguments = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--mute-audio', '--autoplay-policy=no-user-gesture-required',
  '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream',
  '--disable-background-timer-throttling', '--disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows',
]

const firefoxPreferences = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.autoplay.default': 0,
  'media.autoplay.blocking_policy': 0,
}

/** `trust` is a file with the certificate (PEM) of an authority that certifies the servers of a test. */
export async function launch(name, { trust } = {}) {
  return name === 'firefox' ? launchFirefox(trust) : launchChromium(trust)
}

async function launchChromium(trust) {
  const { chromium } = await import('playwright-core')
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: trust ? [...chromiumArguments, `--ignore-certificate-errors-spki-list=${await keyHash(trust)}`] : chromiumArguments,
  })
  const page = await browser.newPage()
  return wrap(browser, page)
}

/** The key of a certificate, as Chromium is told of it. */
export async function keyHash(file) {
  const [{ readFileSync }, { createHash, X509Certificate }] = await Promise.all([import('node:fs'), import('node:crypto')])
  const key = new X509Certificate(readFileSync(file)).publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(key).digest('base64')
}

/** A profile of Firefox that trusts an authority. */
export async function trusting(file) {
  const [{ mkdtempSync }, { execFileSync }] = await Promise.all([import('node:fs'), import('node:child_process')])
  const profile = mkdtempSync('/tmp/hoian-firefox-')
  execFileSync('certutil', ['-N', '-d', `sql:${profile}`, '--empty-password'])
  execFileSync('certutil', ['-A', '-d', `sql:${profile}`, '-n', 'test', '-t', 'C,,', '-i', file])
  return profile
}

async function launchFirefox(trust) {
  const { default: puppeteer } = await import('puppeteer-core')
  const profile = trust && (await trusting(trust))
  const browser = await puppeteer.launch({
    browser: 'firefox',
    headless: true,
    userDataDir: profile,
    executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr',
    extraPrefsFirefox: firefoxPreferences,
  })
  const page = await browser.newPage()
  const { rmSync } = await import('node:fs')
  return wrap(browser, page, () => profile && rmSync(profile, { recursive: true, force: true }))
}

function wrap(browser, page, closed = () => {}) {
  return {
    browser,
    page,
    goto: (url) => page.goto(url),
    evaluate: (work, argument) => page.evaluate(work, argument),
    close: () => browser.close().then(closed),
  }
}
