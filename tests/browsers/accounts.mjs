// The administrator's pages and what people do with their own account, each scene shown to `examine(name, page)`.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { enter } from './stage.mjs'

export async function keep(stage, examine) {
  const page = await enter(stage, 'quantri')
  await page.getByRole('link', { name: 'Quản trị', exact: true }).click()
  await page.getByRole('heading', { name: /^Ai có tài khoản/ }).waitFor()
  await page.getByRole('link', { name: /Nguyễn Thị Minh Hà/ }).waitFor()
  await examine('accounts-people', page)

  await page.getByRole('button', { name: 'Thêm người' }).click()
  await page.getByLabel('Họ và tên').fill('Trần Thị Ngọc Ánh')
  await page.getByLabel('Tên đăng nhập').fill('anh.sonv')
  await page.getByLabel('Cơ quan', { exact: true }).last().selectOption({ label: 'Sở Nội vụ' })
  await page.getByLabel('Vai trò', { exact: true }).last().selectOption({ label: 'Văn thư' })
  await page.getByLabel('Chức vụ').fill('Văn thư')
  await examine('accounts-new', page)
  await page.getByRole('dialog').getByRole('button', { name: 'Thêm người' }).click()
  await page.getByText('Chỉ hiện một lần này').waitFor()
  await examine('accounts-handed', page)
  await page.getByRole('button', { name: 'Đã ghi lại' }).click()

  await page.getByRole('searchbox').fill('ngoc anh')
  await page.getByRole('link', { name: /Trần Thị Ngọc Ánh/ }).click()
  await page.getByRole('heading', { name: /đang hoạt động/ }).waitFor()
  await examine('accounts-person', page)
  await page.getByRole('button', { name: 'Đổi vai trò, chức vụ' }).click()
  await examine('accounts-assign', page)
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Tạo liên kết đặt mật khẩu' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Tạo liên kết đặt mật khẩu' }).click()
  const link = page.getByRole('dialog').getByText('/mat-khau#')
  await link.waitFor()
  await examine('accounts-link', page)
  const chosen = await link.textContent()
  await page.getByRole('dialog').getByRole('button', { name: 'Đóng' }).last().click()

  for (const [path, heading, name] of [
    ['/quan-tri/co-quan', /^\d+ cơ quan/, 'accounts-agencies'],
    ['/quan-tri/thay-the', /^Ai làm thay/, 'accounts-substitutes'],
    ['/quan-tri/danh-sach', /^Nhập nhiều người/, 'accounts-lists'],
    ['/quan-tri/tinh-trang', /hệ thống/, 'accounts-health'],
  ]) {
    await page.goto(stage.url + path)
    await page.getByRole('heading', { level: 1, name: heading }).waitFor()
    await examine(name, page)
  }

  await page.goto(`${stage.url}/quan-tri/co-quan`)
  await page.getByRole('link', { name: /^Sở Nội vụ/ }).click()
  await page.getByRole('button', { name: 'Sửa thông tin' }).click()
  await page.getByLabel('Tên cơ quan').fill('Sở Nội vụ và Lao động')
  await page.getByLabel('Có hiệu lực từ ngày').fill('2026-07-01')
  await examine('accounts-agency-form', page)
  await page.getByRole('button', { name: 'Lưu thay đổi' }).click()
  await page.getByText('đến ngày 01/07/2026').waitFor()
  await examine('accounts-agency', page)

  await page.goto(`${stage.url}/quan-tri/thay-the`)
  await page.getByRole('button', { name: 'Thêm người thay thế' }).click()
  await page.getByLabel('Người vắng mặt').selectOption({ label: 'Nguyễn Thị Minh Hà, Chủ tịch' })
  await page.getByLabel('Người làm thay').selectOption({ label: 'Hoàng Đức Thắng, Phó Chủ tịch' })
  await examine('accounts-substitute-form', page)
  await page.getByRole('dialog').getByRole('button', { name: 'Thêm người thay thế' }).click()
  await page.getByText('Hoàng Đức Thắng làm thay Nguyễn Thị Minh Hà').waitFor()
  await examine('accounts-substitute', page)

  await trust(page, stage, examine)
  await connect(page, stage, examine)
  await takeIn(page, stage, examine)
  await leave(page, stage, examine)
  await page.context().close()
  await choose(stage, examine, chosen)
}

/** A root is read, pinned by what its authority publishes, and trusted no more. */
async function trust(page, stage, examine) {
  const root = execFileSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-keyout', '/dev/null'],
    ...['-days', '3650', '-subj', '/C=VN/O=Cơ quan chứng thực/CN=Gốc chứng thực số mới', '-utf8'],
  ])
  await page.goto(`${stage.url}/quan-tri/tin-cay`)
  await page.getByRole('heading', { name: /^Cơ quan đang tin cậy/ }).waitFor()
  await examine('accounts-trust', page)
  await page.getByRole('button', { name: 'Thêm chứng thư' }).click()
  await examine('accounts-trust-file', page)
  const file = { name: 'goc.pem', mimeType: 'application/x-pem-file', buffer: root }
  await page.locator('input[type=file]').setInputFiles(file)
  const published = page.getByLabel('Mã băm SHA-256 do tổ chức chứng thực công bố')
  await published.fill('AB:CD')
  await page.getByLabel('Lý do').fill('Công văn số 12 ngày 02/11/2026 của Cục Chứng thực số')
  await page.getByRole('button', { name: 'Tin cậy chứng thư này' }).click()
  await page.getByText('Đừng tin cậy nó').waitFor()
  await examine('accounts-trust-refused', page)
  await published.fill(new X509Certificate(root).fingerprint256)
  await page.getByRole('button', { name: 'Tin cậy chứng thư này' }).click()
  await page.getByText('Gốc chứng thực số mới', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Thôi tin cậy Gốc chứng thực số mới' }).click()
  await page.getByLabel('Lý do').fill('Thay bằng gốc khác')
  await examine('accounts-trust-end', page)
  await page.getByRole('dialog').getByRole('button', { name: 'Thôi tin cậy' }).click()
  await page.getByText('Lý do: Thay bằng gốc khác').waitFor()
  await examine('accounts-trust-ended', page)
}

/** A key for another system: shown once, then ended. */
async function connect(page, stage, examine) {
  await page.goto(`${stage.url}/quan-tri/khoa`)
  await page.getByText('Chưa cấp khóa nào.').waitFor()
  await examine('accounts-keys-none', page)
  await page.getByRole('button', { name: 'Cấp khóa' }).click()
  await page.getByLabel('Hệ thống dùng khóa').fill('Cổng dịch vụ công tỉnh')
  await page.getByRole('dialog').getByRole('button', { name: 'Cấp khóa' }).click()
  const key = await page.getByText(/^hoian_/).textContent()
  await examine('accounts-keys-given', page)
  const asked = await fetch(`${stage.url}/api/v1/verifications`, {
    ...{ method: 'POST', headers: { authorization: `Bearer ${key}` } },
    body: form('hello'),
  })
  if (asked.status !== 200) throw new Error(`the key opens verification: ${asked.status}`)
  await page.getByRole('button', { name: 'Đã chép, đóng lại' }).click()
  await page.getByRole('button', { name: 'Ngừng khóa của Cổng dịch vụ công tỉnh' }).click()
  await examine('accounts-keys-end', page)
  await page.getByRole('dialog').getByRole('button', { name: 'Ngừng khóa' }).click()
  await page.getByText('Đã ngừng', { exact: true }).first().waitFor()
  await examine('accounts-keys', page)
}

function form(file) {
  const form = new FormData()
  form.set('file', new Blob([file]), 'tep.pdf')
  return form
}

async function takeIn(page, stage, examine) {
  const head = 'Tên đăng nhập;Họ và tên;Mã định danh;Vai trò;Chức vụ;Thư điện tử\n'
  const drop = async (lines) => {
    const buffer = Buffer.from(head + lines)
    await page.locator('input[type=file]').setInputFiles({ name: 'so-y-te.csv', mimeType: 'text/csv', buffer })
  }
  await page.goto(`${stage.url}/quan-tri/danh-sach`)
  await drop('giamdoc.soyt;Lê Hữu Phước;H99.04;Giám đốc;Giám đốc;\nvanthu.soyt;Đỗ Thị Lành;H99.99;Văn thư;Văn thư;\n')
  await page.getByRole('heading', { name: /^2 dòng chưa đúng/ }).waitFor()
  await examine('accounts-list-failing', page)
  await page.getByRole('button', { name: 'Chọn tệp khác' }).click()
  await drop('giamdoc.soyt;Lê Hữu Phước;H99.04;Lãnh đạo;Giám đốc;\nvanthu.soyt;Đỗ Thị Lành;H99.04;Văn thư;Văn thư;\n')
  await page.getByRole('heading', { name: /^Sẽ thêm 2 dòng/ }).waitFor()
  await examine('accounts-list-trial', page)
  await page.getByRole('button', { name: 'Nhập tất cả' }).click()
  await page.getByRole('heading', { name: /^Đã nhập xong 2 dòng/ }).waitFor()
  await examine('accounts-list-done', page)
}

/** Somebody leaves: they are handed their data, the account is locked, and what no paper needs is erased. */
async function leave(page, stage, examine) {
  await page.goto(`${stage.url}/quan-tri`)
  await page.getByRole('searchbox').fill('do thi lanh')
  await page.getByRole('link', { name: /Đỗ Thị Lành/ }).click()
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Tải dữ liệu của người này' }).click(),
  ])
  const data = JSON.parse(await readFile(await download.path(), 'utf8'))
  assert.equal(data.account.full_name, 'Đỗ Thị Lành')
  for (const act of ['Khóa tài khoản', 'Xóa dữ liệu cá nhân']) {
    await page.getByRole('button', { name: act }).click()
    await examine(act === 'Khóa tài khoản' ? 'accounts-lock' : 'accounts-erase', page)
    await page.getByRole('dialog').getByRole('button', { name: act }).click()
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
  }
  await page.getByRole('heading', { name: /đang bị khóa/ }).waitFor()
}

/** Whoever was handed a link chooses a password, and logs in with it. */
async function choose(stage, examine, link) {
  const page = await enter(stage, null)
  await page.goto(`${stage.url}/quen-mat-khau`)
  await page.getByRole('heading', { name: /^Nhận liên kết/ }).waitFor()
  await examine('accounts-forgotten', page)
  await page.goto(stage.url + new URL(link).pathname + new URL(link).hash)
  await page.getByLabel('Mật khẩu mới', { exact: true }).fill('một câu dễ nhớ')
  await page.getByLabel('Nhập lại mật khẩu mới').fill('một câu dễ nhớ')
  await examine('accounts-new-password', page)
  await page.getByRole('button', { name: 'Đặt mật khẩu' }).click()
  await page.getByRole('heading', { name: /^Đã đặt mật khẩu mới/ }).waitFor()
  await page.context().close()
  const own = await enter(stage, 'chuyenvien')
  await own.goto(`${stage.url}/cai-dat`)
  await own.getByText('Máy này').waitFor()
  await examine('accounts-settings', own)
  await own.context().close()
}
