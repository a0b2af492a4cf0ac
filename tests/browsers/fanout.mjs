// An urgent paper goes from a clerk to 150 receivers and back: issued, accepted, recalled, given back, kept with a reason, through
// the real pages, as people would.
//
//   node fanout.mjs '{"origin", "password", "codes": {"vanthu": "123456", ...}, "document", "receivers"}'
//
// Prints how long each step took; no step is decided by its time.
import assert from 'node:assert/strict'
import { chromium } from 'playwright-core'
import { enter } from './stage.mjs'

const given = JSON.parse(process.argv[2])
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--mute-audio'],
})
const stage = { url: given.origin, password: given.password, browser, code: async (user) => given.codes[user] }
const document = `${given.origin}/van-ban/${given.document}`
const PATIENCE = 120_000

let begun = performance.now()
function took(step) {
  const now = performance.now()
  console.log(`${((now - begun) / 1000).toFixed(2)} s  ${step}`)
  begun = now
}

const heading = (page, name) => page.getByRole('heading', { level: 1, name }).waitFor({ timeout: PATIENCE })

try {
  const [sender, commune, department] = [await enter(stage, 'vanthu'), await enter(stage, 'vanthu.anphu'), await enter(stage, 'vanthu.sonv')]
  took('three clerks are logged in')
  await issue(sender)
  await receive(commune, '01')
  await receive(department, '01')
  await recall(sender)
  await answer(commune, department)
  await see(sender)
  for (const page of [sender, commune, department]) assert.deepEqual(page.failures, [], 'nothing failed unseen in a page')
} finally {
  await browser.close()
}

/** The clerk chooses every department and every commune with two clicks, and sends with one. */
async function issue(page) {
  await page.goto(document)
  await page.getByText('Hỏa tốc', { exact: true }).first().waitFor()
  const groups = page.locator('form fieldset')
  await groups.first().waitFor()
  for (const group of await groups.all()) {
    const all = group.getByLabel(/Chọn cả/)
    if (await all.count()) await all.check()
    else await group.getByRole('checkbox').check()
  }
  took('all receivers are chosen')
  await page.getByRole('button', { name: `Phát hành tới ${given.receivers} nơi nhận` }).click()
  await heading(page, /đã phát hành\.$/)
  took(`issued to ${given.receivers} receivers`)
  assert.equal(await page.locator('section[aria-labelledby=receivers] li').count(), given.receivers)
}

/** A receiving clerk finds it verified and takes it in by Enter. */
async function receive(page, number) {
  await page.goto(`${given.origin}/van-ban-den`)
  await page.getByText('Hợp lệ, chưa bị thay đổi từ khi phát hành').first().waitFor({ timeout: PATIENCE })
  await page.getByRole('button', { name: `Tiếp nhận, vào sổ số ${number}` }).waitFor()
  await page.locator('body').press('Enter')
  await heading(page, 'Không còn văn bản nào chờ tiếp nhận.')
  took('a receiver has it in the register')
}

/** The sender sees who has it, and asks everyone for it back. */
async function recall(page) {
  await page.reload()
  await page.getByText(`2/${given.receivers} nơi đã tiếp nhận`).first().waitFor()
  await page.getByRole('button', { name: 'Thu hồi văn bản' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Lý do thu hồi').fill('Gửi nhầm bản dự thảo')
  await dialog.getByRole('button', { name: 'Thu hồi', exact: true }).click()
  await heading(page, /đã được thu hồi\.$/)
  took(`asked back from ${given.receivers} receivers`)
}

/** One gives it back, the other keeps it with a reason. */
async function answer(commune, department) {
  for (const page of [commune, department]) {
    await page.goto(`${given.origin}/van-ban-den`)
    await page.getByText('Nơi gửi yêu cầu lấy lại văn bản này.').waitFor()
    await page.getByText('Gửi nhầm bản dự thảo').first().waitFor()
  }
  await commune.getByRole('button', { name: 'Đồng ý trả lại' }).click()
  await heading(commune, 'Không còn văn bản nào chờ tiếp nhận.')
  await department.getByRole('button', { name: 'Không đồng ý' }).click()
  const dialog = department.getByRole('dialog')
  await dialog.locator('textarea').fill('Đã giải quyết xong')
  await dialog.getByRole('button', { name: 'Không đồng ý' }).click()
  await heading(department, 'Không còn văn bản nào chờ tiếp nhận.')
  took('two receivers have answered')
}

/** The sender sees every answer, and whom to ask again. */
async function see(page) {
  await page.reload()
  await page.getByText(`1/${given.receivers} nơi đã trả lại`).first().waitFor()
  await page.getByText('Đã giải quyết xong').waitFor()
  const rows = page.locator('section[aria-labelledby=receivers] li')
  assert.equal(await rows.filter({ hasText: 'Chờ trả lời thu hồi' }).count(), given.receivers - 2)
  await page.getByRole('button', { name: 'Yêu cầu lại nơi chưa trả' }).waitFor()
  took('the sender sees every answer')
}
