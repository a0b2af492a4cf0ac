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

export async function launch(name) {
  return name === 'firefox' ? launchFirefox() : launchChromium()
}

async function launchChromium() {
  const { chromium } = await import('playwright-core')
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: chromiumArguments,
  })
  const page = await browser.newPage()
  return wrap(browser, page)
}

async function launchFirefox() {
  const { default: puppeteer } = await import('puppeteer-core')
  const browser = await puppeteer.launch({
    browser: 'firefox',
    headless: true,
    executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr',
    extraPrefsFirefox: firefoxPreferences,
  })
  const page = await browser.newPage()
  return wrap(browser, page)
}

function wrap(browser, page) {
  return {
    browser,
    page,
    goto: (url) => page.goto(url),
    evaluate: (work, argument) => page.evaluate(work, argument),
    close: () => browser.close(),
  }
}
