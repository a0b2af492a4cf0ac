// Pictures of every scene of the story, on a desk and on a phone, into web/screenshots.

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DESK, PHONE, raise } from './stage.mjs'
import { tell } from './story.mjs'

const folder = process.argv[2] ?? new URL('../../web/screenshots', import.meta.url).pathname
await mkdir(folder, { recursive: true })

let scene = 0
async function picture(name, page) {
  scene += 1
  const file = (size) => join(folder, `${String(scene).padStart(2, '0')}-${name}-${size}.png`)
  await page.evaluate(() => document.activeElement?.blur?.())
  await page.screenshot({ path: file('desk'), animations: 'disabled' })
  await page.setViewportSize(PHONE)
  // Pages of paper are drawn again for the new width.
  await page.waitForTimeout(700)
  await page.screenshot({ path: file('phone'), animations: 'disabled' })
  await page.setViewportSize(DESK)
  await page.waitForTimeout(300)
}

const stage = await raise()
try {
  await tell(stage, picture)
} finally {
  await stage.close()
}
console.log(`${scene} scenes in ${folder}`)
