// Every scene of the story, on a desk and on a phone: axe-core clean, no sideways scrolling, targets of 44 px.

import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { keep } from './accounts.mjs'
import { DESK, PHONE, raise } from './stage.mjs'
import { tell } from './story.mjs'

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

const found = []
let scenes = 0
async function examine(name, page) {
  for (const [size, viewport] of [['desk', DESK], ['phone', PHONE]]) {
    await page.setViewportSize(viewport)
    await page.waitForTimeout(50) // a frame in which the layout follows the size
    await page.evaluate(axe)
    const { violations } = await page.evaluate((runOnly) => window.axe.run({ runOnly }), RULES)
    for (const { id, nodes } of violations) found.push(`${name} (${size}): ${id} at ${nodes[0].target}`)
    for (const fault of await page.evaluate(measure)) found.push(`${name} (${size}): ${fault}`)
  }
  await page.setViewportSize(DESK)
  scenes += 1
}

function measure() {
  const faults = []
  if (document.documentElement.scrollWidth > innerWidth + 1) faults.push('scrolls sideways')
  const LEAST = 43.5
  for (const control of document.querySelectorAll('a, button, input, select, textarea, summary')) {
    const { width, height } = control.getBoundingClientRect()
    const label = control.closest('label')?.getBoundingClientRect()
    const hidden = width === 0 || control.matches('.vh, .skip') || control.closest('.vh')
    const inSentence = control.matches('p a')
    if (hidden || inSentence || (label?.height ?? height) >= LEAST && (label?.width ?? width) >= LEAST) continue
    faults.push(`${Math.round(width)}x${Math.round(height)} px: ${control.outerHTML.slice(0, 100)}`)
  }
  return faults
}

const stage = await raise()
try {
  await tell(stage, examine)
  await keep(stage, examine)
} finally {
  await stage.close()
  console.log(`${scenes} scenes at two sizes: ${found.length} findings`)
  for (const finding of found) console.log(`  ${finding}`)
}
process.exitCode = found.length > 0 ? 1 : 0
