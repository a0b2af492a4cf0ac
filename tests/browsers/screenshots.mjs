// Pictures of the scenes of the story, on a desk and on a phone.
//
//   node screenshots.mjs FOLDER            every scene, numbered
//   node screenshots.mjs FOLDER SCENE...   only these, on a desk (the README's: `make pictures`)

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DESK, PHONE, raise } from './stage.mjs'
import { tell } from './story.mjs'

const [folder, ...wanted] = process.argv.slice(2)
await mkdir(folder, { recursive: true })

let scene = 0
async function picture(name, page) {
  scene += 1
  if (wanted.length > 0) {
    if (wanted.includes(name)) await take(page, `${name}.png`)
    return
  }
  const file = (size) => `${String(scene).padStart(2, '0')}-${name}-${size}.png`
  await take(page, file('desk'))
  await page.setViewportSize(PHONE)
  // Pages of paper are drawn again for the new width.
  await page.waitForTimeout(700)
  await take(page, file('phone'))
  await page.setViewportSize(DESK)
  await page.waitForTimeout(300)
}

async function take(page, file) {
  await page.evaluate(() => document.activeElement?.blur?.())
  await page.screenshot({ path: join(folder, file), animations: 'disabled' })
}

const stage = await raise()
try {
  await tell(stage, picture)
} finally {
  await stage.close()
}
console.log(`${scene} scenes in ${folder}`)
