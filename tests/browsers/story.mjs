// The story of a document, from an officer's desk to a department's register and to anyone who asks whether it is genuine.
//
// `tell` plays it with a page for every person and calls `see(name, page)` at each scene, so that the same story serves
// as test, as source of pictures and as tour for the accessibility check.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { enter, raise } from './stage.mjs'

export async function tell(stage, see = async () => {}) {
  const visitor = await enter(stage)
  await visitor.goto(`${stage.url}/dang-nhap`)
  await heading(visitor, 'Đăng nhập để họp và ký')
  await see('dang-nhap', visitor)

  await write(stage, see)
  const id = await draft(stage, see)
  await sign(stage, id, see)
  await bind(stage, id, see)
  await receive(stage, see)
  await verify(stage, visitor, id, see)
}

/** The officer writes a decision in the page, sees it in the law's layout, keeps it, and adds an appendix in a file of its own. */
async function write(stage, see) {
  const page = await enter(stage, 'chuyenvien')
  await page.goto(`${stage.url}/van-ban/moi`)
  await page.getByRole('button', { name: 'Bắt đầu soạn' }).click()
  await page.getByLabel('Trích yếu').fill('Phê duyệt Đề án chuyển đổi số giai đoạn 2027 - 2030')
  await page.getByRole('combobox', { name: 'Loại văn bản' }).selectOption({ label: 'Quyết định' })
  await page.getByRole('combobox', { name: 'Người ký', exact: true }).selectOption({ label: await optionOf(page, 'Nguyễn Thị Minh Hà') })
  const body = page.getByRole('textbox', { name: 'Nội dung', exact: true })
  assert.match(await body.inputValue(), /^Căn cứ [\s\S]*Điều 1\./, 'the words of the form stand ready')
  await body.fill(DECISION)
  await page.getByLabel('Nơi nhận').fill('Như Điều 3\nBộ Khoa học và Công nghệ')
  await body.press('Control+Enter')
  await drawn(page)
  await see('soan-tai-day', page)
  await page.getByRole('button', { name: 'Tạo dự thảo' }).click()
  await heading(page, 'Dự thảo đã sẵn sàng để đồng chí trình ký.')
  await page.getByLabel('Tên phụ lục').fill('Danh mục nhiệm vụ')
  const buffer = await unsigned(page)
  await page.locator('section:has(#appendices) input[type=file]').setInputFiles({ name: 'phu-luc.pdf', mimeType: 'application/pdf', buffer })
  await page.getByRole('button', { name: 'Thêm phụ lục' }).click()
  await page.getByText('Phụ lục 1', { exact: true }).waitFor()
  await drawn(page)
  await see('du-thao-co-phu-luc', page)
  await page.getByRole('link', { name: 'Sửa dự thảo' }).click()
  await heading(page, 'Sửa dự thảo trước khi trình ký.')
  await page.getByLabel('Số lượng bản').fill('15')
  await page.getByRole('button', { name: 'Lưu thay đổi' }).click()
  await heading(page, 'Dự thảo đã sẵn sàng để đồng chí trình ký.')
  await page.getByText('15', { exact: true }).waitFor()
  await leave(page)
}

const DECISION = [
  'Căn cứ Luật Tổ chức chính quyền địa phương ngày 16 tháng 6 năm 2025;',
  'Theo đề nghị của Giám đốc Sở Khoa học và Công nghệ.',
  'Điều 1. Phê duyệt Đề án chuyển đổi số tỉnh Lam Giang giai đoạn 2027 - 2030 (sau đây gọi là Đề án).',
  'Điều 2. Kinh phí thực hiện Đề án do ngân sách tỉnh bảo đảm theo phân cấp hiện hành.',
  'Điều 3. Chánh Văn phòng Ủy ban nhân dân tỉnh, Giám đốc Sở Khoa học và Công nghệ chịu trách nhiệm thi hành Quyết định này.',
].join('\n')

/** The officer uploads a plan and submits it; a file that is no PDF is refused at once, and the way to sign is closed to him. */
async function draft(stage, see) {
  const page = await enter(stage, 'chuyenvien')
  await see('viec-cua-toi-chuyen-vien', page)
  await page.goto(`${stage.url}/van-ban/moi`)
  await heading(page, 'Soạn văn bản tại đây, hoặc chọn tệp để trình ký.')
  await see('soan-trinh-ky', page)
  const plan = join(await mkdtemp(join(tmpdir(), 'hoian-story-')), 'ke-hoach-tuyen-dung.pdf')
  await page.setInputFiles('input[type=file]', { name: 'anh.pdf', mimeType: 'application/pdf', buffer: Buffer.from('GIF89a') })
  await page.getByText('Tệp này không phải là PDF.').waitFor()
  await writeFile(plan, await unsigned(page))
  await page.setInputFiles('input[type=file]', plan)
  await page.getByLabel('Trích yếu').fill('Tuyển dụng viên chức ngành y tế năm 2027')
  await page.getByLabel('Người ký', { exact: true }).selectOption({ label: await optionOf(page, 'Nguyễn Thị Minh Hà') })
  await page.getByText('Hỏa tốc', { exact: true }).click()
  await drawn(page)
  await see('soan-trinh-ky-chi-tiet', page)
  await page.getByRole('button', { name: 'Đưa lên' }).click()
  await heading(page, 'Dự thảo đã sẵn sàng để đồng chí trình ký.')
  const id = page.url().split('/').pop()
  await see('van-ban-du-thao', page)
  await page.getByRole('button', { name: 'Trình ký' }).click()
  await heading(page, /^Đang chờ .* ký\.$/)
  await page.goto(`${stage.url}/van-ban/${id}/ky`)
  await heading(page, /^Đang chờ .* ký\.$/)
  assert.equal(await page.getByLabel('Mã PIN của khóa ký').count(), 0, 'only the signer is asked for a PIN')
  await leave(page)
  return id
}

/** The demo's plan of this subject, as it was before anyone signed it. */
async function unsigned(page) {
  const { items } = await fetched(page, '/documents?box=in_progress', 'json')
  const plan = items.find(({ subject }) => subject.toLowerCase().includes('tuyển dụng'))
  assert.ok(plan, 'the demo has such a plan of this officer')
  return versionOf(page, plan.id, 1)
}

const versionOf = async (page, id, number) =>
  Buffer.from(await fetched(page, `/documents/${id}/versions/${number}/content`, 'bytes'))

function fetched(page, path, as) {
  return page.evaluate(
    async ([address, as]) => {
      const answer = await fetch(address)
      if (!answer.ok) throw new Error(`${answer.status} ${address}`)
      return as === 'json' ? answer.json() : [...new Uint8Array(await answer.arrayBuffer())]
    },
    [`/api/v1${path}`, as],
  )
}

/** The chair finds it first on her desk, moves her signature by the keyboard, mistypes the PIN once, and signs. */
async function sign(stage, id, see) {
  const page = await enter(stage, 'chutich')
  await heading(page, /^Chào đồng chí Hà\./)
  await drawn(page)
  await see('viec-cua-toi-lanh-dao', page)
  await page.goto(`${stage.url}/van-ban?hop=in_progress`)
  await heading(page, 'Văn bản đang đi trên đường của nó.')
  await see('van-ban-di', page)
  await page.goto(`${stage.url}/van-ban/${id}/ky`)
  await heading(page, /^Đồng chí sắp ký/)
  const stamp = page.getByRole('button', { name: /^Chữ ký của đồng chí/ })
  await stamp.waitFor()
  await drawn(page)
  await see('ky-van-ban', page)
  await stamp.focus()
  const before = await stamp.boundingBox()
  await page.keyboard.press('Shift+ArrowLeft')
  await page.keyboard.press('ArrowDown')
  const after = await stamp.boundingBox()
  assert.deepEqual([Math.round(after.x - before.x), Math.round(after.y - before.y)], [-10, 1])
  await page.getByRole('button', { name: 'Đưa ô ký về chỗ cũ' }).click()
  const pin = page.getByLabel('Mã PIN của khóa ký')
  await pin.fill(stage.pin === '000000' ? '111111' : '000000')
  await page.getByRole('button', { name: 'Ký văn bản' }).click()
  await page.getByText(/Còn 4 lần nhập/).waitFor()
  assert.equal(await pin.inputValue(), '', 'a wrong PIN is emptied')
  await see('ky-van-ban-sai-pin', page)
  await pin.fill(stage.pin)
  await page.getByRole('button', { name: 'Ký văn bản' }).click()
  await heading(page, /Đang chờ văn thư cấp số/)
  await see('da-ky', page)
  await page.goto(`${stage.url}/giu-so`)
  await heading(page, /^Số văn bản đi năm/)
  await page.getByLabel('Tên dãy số').waitFor()
  await see('chung-day-so', page)
  await page.goto(`${stage.url}/cai-dat`)
  await page.getByRole('group', { name: 'Ký nháy trước khi trình tôi ký' }).waitFor()
  await see('cai-dat-lanh-dao', page)
  await leave(page)
}

/** The clerk gives number and date, seals with the agency's key, and issues to a department. */
async function bind(stage, id, see) {
  const page = await enter(stage, 'vanthu')
  await drawn(page)
  await see('viec-cua-toi-van-thu', page)
  await page.goto(`${stage.url}/van-ban/${id}`)
  await page.getByRole('button', { name: 'Cấp số và ngày' }).waitFor()
  await drawn(page)
  await see('cap-so', page)
  await page.getByRole('button', { name: 'Cấp số và ngày' }).click()
  await heading(page, /^Đã cấp số \d+\/KH-UBND\. Còn dấu cơ quan\.$/)
  await see('dong-dau', page)
  await page.getByLabel('Mã PIN của khóa ký').fill(stage.pin)
  await page.getByRole('button', { name: 'Đóng dấu cơ quan' }).click()
  await heading(page, /đã đủ chữ ký và dấu\. Còn phát hành\.$/)
  await page.getByRole('button', { name: 'Phát hành', exact: true }).click()
  await page.getByText('Hãy chọn ít nhất một nơi nhận.').waitFor()
  await page.getByRole('searchbox', { name: 'Tìm cơ quan' }).fill('noi vu')
  await page.getByLabel('Sở Nội vụ').check()
  await see('phat-hanh', page)
  await page.getByRole('button', { name: 'Phát hành tới 1 nơi nhận' }).click()
  await heading(page, /đã phát hành\.$/)
  await drawn(page)
  await see('da-phat-hanh', page)
  await post(stage, page, see)
  await page.goto(`${stage.url}/van-ban/${id}`)
  await heading(page, /đã phát hành\.$/)
  const scan = { name: 'ban-quet.pdf', mimeType: 'application/pdf', buffer: await versionOf(page, id, 1) }
  await page.getByRole('link', { name: 'Trích sao' }).click()
  await heading(page, 'Sao y, sao lục, trích sao bằng chữ ký số của cơ quan.')
  await page.getByText('Văn bản điện tử không sao y, sao lục').waitFor()
  await page.goto(`${stage.url}/ban-sao`)
  await page.getByLabel('Số, ký hiệu và trích yếu của bản được sao').fill('12/QĐ-TTg, Phê duyệt quy hoạch')
  await page.locator('form input[type=file]').setInputFiles(scan)
  await page.getByLabel('Mã PIN của khóa ký').fill(stage.pin)
  await page.getByRole('button', { name: 'Ký số bản sao' }).click()
  await page.getByText('01/SY-UBND', { exact: true }).waitFor()
  await see('ban-sao', page)
  await onPaper(stage, page, scan, see)
  await leave(page)
}

/** A document comes on paper: it is registered, and what was mistyped is corrected. */
async function onPaper(stage, page, scan, see) {
  await page.goto(`${stage.url}/van-ban-den/vao-so`)
  await page.locator('form input[type=file]').setInputFiles(scan)
  await page.getByLabel('Tác giả').fill('Bộ Nội vụ')
  await page.getByLabel('Số, ký hiệu').fill('12/QĐ-BNV')
  await page.getByLabel('Trích yếu').fill('Phê duyệt đề án vị trí việc lam')
  await drawn(page)
  await see('vao-so-van-ban-giay', page)
  await page.getByRole('button', { name: 'Vào sổ' }).click()
  await page.getByRole('link', { name: /^Xem văn bản số đến 01/ }).click()
  await page.getByRole('button', { name: 'Sửa thông tin đã nhập' }).click()
  await page.getByLabel('Trích yếu').fill('Phê duyệt đề án vị trí việc làm')
  await see('sua-thong-tin', page)
  await page.getByRole('button', { name: 'Lưu', exact: true }).click()
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  await page.getByText('Phê duyệt đề án vị trí việc làm').first().waitFor()
}

/** One more receiver, outside the system: paper by post, its code, and the register that goes to the post office. */
async function post(stage, page, see) {
  await page.getByText('Gửi ra ngoài hệ thống').click()
  await page.getByText('Bưu điện (bản giấy)', { exact: true }).click()
  await page.getByRole('button', { name: 'Phát hành ra ngoài' }).click()
  await page.getByText('Hãy ghi tên nơi nhận.').waitFor()
  await page.getByLabel('Tên nơi nhận').fill('Công ty cổ phần Bình Minh')
  await page.getByLabel('Địa chỉ', { exact: true }).fill('12 Trần Phú, phường Bến Ngự')
  await see('gui-ra-ngoai', page)
  await page.getByRole('button', { name: 'Phát hành ra ngoài' }).click()
  await page.getByLabel('Mã bưu gửi tới Công ty cổ phần Bình Minh').fill('RR123456789VN')
  await page.getByRole('button', { name: 'Ghi mã' }).click()
  await page.getByText('RR123456789VN', { exact: true }).waitFor()
  await see('da-gui-ra-ngoai', page)
  await page.getByRole('link', { name: 'Sổ gửi bưu điện' }).click()
  await heading(page, /^Sổ gửi văn bản đi bưu điện năm/)
  await page.getByRole('cell', { name: 'Mã bưu gửi RR123456789VN' }).waitFor()
  await see('so-gui-buu-dien', page)
}

/** The department's clerk sees the verdict of the check on arrival and takes it into the register. */
async function receive(stage, see) {
  const page = await enter(stage, 'vanthu.sonv')
  await see('viec-cua-toi-so', page)
  await page.goto(`${stage.url}/van-ban-den`)
  await page.getByText('Hợp lệ, chưa bị thay đổi từ khi phát hành').first().waitFor()
  await see('van-ban-den', page)
  await page.getByRole('button', { name: 'Tiếp nhận, vào sổ số 01' }).click()
  await heading(page, 'Không còn văn bản nào chờ tiếp nhận.')
  await page.getByRole('link', { name: /^Đang xử lý 1/ }).click()
  await page.getByRole('img', { name: /^Dấu đến: số 01/ }).waitFor()
  await see('da-tiep-nhan', page)
  await instruct(stage, see)
  await follow(stage, see)
  await page.goto(`${stage.url}/so-dang-ky/den`)
  await heading(page, /^Sổ đăng ký văn bản đến năm/)
  await page.getByRole('cell', { name: 'Trịnh Công Định' }).waitFor()
  await see('so-dang-ky', page)
  await page.goto(`${stage.url}/cai-dat`)
  await heading(page, /^Màn hình của đồng chí/)
  await see('cai-dat', page)
  await leave(page)
}

/** The director reads it, writes the instruction and names who leads; the next one is before him at once. */
async function instruct(stage, see) {
  const page = await enter(stage, 'giamdoc.sonv')
  await see('viec-cua-toi-giam-doc', page)
  await page.goto(`${stage.url}/van-ban-den`)
  await heading(page, 'Một văn bản chờ ý kiến chỉ đạo của đồng chí.')
  await page.getByLabel('Ý kiến chỉ đạo').fill('Tham mưu kế hoạch của Sở, trình trước thứ Sáu.')
  await page.getByRole('button', { name: 'Ghi ý kiến và giao việc' }).click()
  await page.getByText('Hãy chọn người chủ trì.').waitFor()
  await page.getByRole('combobox', { name: 'Chủ trì' }).selectOption({ label: 'Trịnh Công Định, Phó Giám đốc' })
  await page.getByText('Giao cả cơ quan khác').click()
  const others = page.getByRole('combobox', { name: 'Thêm cơ quan' })
  await others.selectOption({ label: 'Sở Tài chính' })
  await others.selectOption({ label: 'Ủy ban nhân dân phường Bến Ngự' })
  await page.getByRole('button', { name: '7 ngày' }).click()
  await see('but-phe', page)
  await page.getByRole('button', { name: 'Ghi ý kiến và giao việc' }).click()
  await heading(page, 'Không có văn bản nào chờ đồng chí chỉ đạo.')
  await see('da-giao-viec', page)
  await leave(page)
}

/** Who leads is told, hands the paper on to a commune, and keeps it in a case file of the year. */
async function follow(stage, see) {
  const page = await enter(stage, 'hethan')
  await page.getByRole('link', { name: /^Thông báo.* 1 chưa đọc$/ }).click()
  await heading(page, 'Một thông báo đồng chí chưa đọc.')
  await see('thong-bao', page)
  await page.getByRole('link', { name: /Đồng chí được giao chủ trì/ }).click()
  await page.getByRole('button', { name: 'Chuyển tiếp cơ quan khác' }).click()
  await page.getByRole('button', { name: 'Chuyển tiếp', exact: true }).click()
  await page.getByText('Hãy chọn cơ quan.').waitFor()
  await page.getByRole('combobox', { name: 'Nơi nhận' }).selectOption({ label: 'Ủy ban nhân dân xã An Phú' })
  await page.getByLabel('Lời nhắn').fill('Báo cáo kết quả trước thứ Sáu.')
  await see('chuyen-tiep', page)
  await page.getByRole('button', { name: 'Chuyển tiếp', exact: true }).click()
  await page.getByRole('heading', { name: 'Đã chuyển tiếp' }).waitFor()
  await see('da-chuyen-tiep', page)
  const paper = page.url()
  await page.getByRole('link', { name: /^Thông báo/ }).click()
  await heading(page, 'Đồng chí đã đọc hết thông báo.')

  await page.goto(`${stage.url}/ho-so`)
  await page.getByText('Danh mục chưa có hồ sơ nào.').waitFor()
  await see('danh-muc-trong', page)
  await page.getByRole('button', { name: 'Thêm hồ sơ' }).click()
  await page.getByLabel('Số, ký hiệu hồ sơ').fill('01.CCHC')
  await page.getByLabel('Tiêu đề hồ sơ').fill('Hồ sơ cải cách hành chính của Sở Nội vụ')
  await see('them-ho-so', page)
  await page.getByRole('button', { name: 'Thêm vào danh mục' }).click()
  await heading(page, 'Hồ sơ 01.CCHC chưa mở.')
  await page.getByRole('button', { name: 'Mở hồ sơ' }).click()
  await heading(page, 'Hồ sơ 01.CCHC đang mở, chưa có văn bản nào.')
  const file = page.url()
  await page.goto(paper)
  await page.getByRole('button', { name: 'Đưa vào hồ sơ' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('combobox').selectOption({ index: 1 })
  await see('dua-vao-ho-so', page)
  await dialog.getByRole('button', { name: 'Đưa vào hồ sơ' }).click()
  await page.getByRole('link', { name: /^01\.CCHC/ }).waitFor()
  await page.goto(file)
  await heading(page, 'Hồ sơ 01.CCHC đang mở, có 1 văn bản.')
  await see('ho-so', page)
  const contents = await fetched(page, `/case-files/${file.split('/').pop()}/contents`, 'bytes')
  assert.equal(Buffer.from(contents.slice(0, 5)).toString(), '%PDF-')
  await page.getByRole('button', { name: 'Kết thúc hồ sơ' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Kết thúc hồ sơ' }).click()
  await heading(page, 'Hồ sơ 01.CCHC đã kết thúc với 1 văn bản.')
  await page.goto(`${stage.url}/ho-so`)
  await page.getByRole('link', { name: /^01\.CCHC/ }).waitFor()
  await see('danh-muc-ho-so', page)
  await leave(page)
}

/** Whoever holds the paper scans the code on its first page, and compares files with what was issued. */
async function lookUp(stage, page, genuine, altered, see) {
  const image = genuine.replace(/\.pdf$/, '')
  execFileSync('pdftoppm', ['-r', '150', '-f', '1', '-l', '1', '-png', '-singlefile', genuine, image])
  const address = execFileSync('zbarimg', ['--quiet', '--raw', `${image}.png`]).toString().trim()
  await page.goto(stage.url + new URL(address).pathname)
  await heading(page, 'Văn bản này đã được phát hành')
  await see('tra-cuu', page)
  await page.setInputFiles('input[type=file]', altered)
  await page.getByText('Không phải tệp đã phát hành.').first().waitFor()
  await page.setInputFiles('input[type=file]', genuine)
  await page.getByText('Đúng là tệp đã phát hành').first().waitFor()
  await see('tra-cuu-doi-chieu', page)
}

/** Anyone checks the very file, and the same file with one byte of its page changed. */
async function verify(stage, page, id, see) {
  const clerk = await enter(stage, 'chuyenvien')
  const bytes = Buffer.from(await fetched(clerk, `/documents/${id}/versions/latest/content`, 'bytes'))
  await leave(clerk)
  const folder = await mkdtemp(join(tmpdir(), 'hoian-story-'))
  const genuine = join(folder, 'ke-hoach.pdf')
  const altered = join(folder, 'ke-hoach-bi-sua.pdf')
  await writeFile(genuine, bytes)
  const changed = Buffer.from(bytes)
  changed[changed.indexOf('stream') + 40] ^= 1
  await writeFile(altered, changed)

  await page.goto(`${stage.url}/kiem-tra`)
  await heading(page, /^Thả văn bản vào đây/)
  await see('kiem-tra', page)
  await page.setInputFiles('input[type=file]', genuine)
  await heading(page, 'Văn bản hợp lệ và chưa bị thay đổi từ khi phát hành.')
  await drawn(page)
  await see('kiem-tra-hop-le', page)
  const saved = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Tải báo cáo kiểm tra' }).click()
  const report = await readFile(await (await saved).path())
  assert.equal(report.subarray(0, 5).toString(), '%PDF-')
  await page.getByRole('button', { name: 'Tệp khác' }).click()
  await page.setInputFiles('input[type=file]', altered)
  await heading(page, /^Không dùng văn bản này/)
  await see('kiem-tra-khong-hop-le', page)
  await page.getByRole('button', { name: 'Tệp khác' }).click()
  await page.setInputFiles('input[type=file]', [genuine, altered, genuine])
  await heading(page, '2 tệp hợp lệ, 1 tệp cần xem lại')
  await see('kiem-tra-nhieu', page)
  await page.getByRole('button', { name: /ke-hoach-bi-sua/ }).click()
  await heading(page, /^Không dùng văn bản này/)
  await page.getByRole('button', { name: 'Về danh sách' }).click()
  await heading(page, '2 tệp hợp lệ, 1 tệp cần xem lại')
  await lookUp(stage, page, genuine, altered, see)
  await page.goto(`${stage.url}/khong-co`)
  await heading(page, 'Không có trang nào ở địa chỉ này.')
  await see('khong-tim-thay', page)
  await leave(page)
}

/** Waits for the sentence of a page; if another stands there instead, says which. */
async function heading(page, name) {
  try {
    await page.getByRole('heading', { level: 1, name }).waitFor({ timeout: 60_000 })
  } catch (cause) {
    const said = await page.locator('main, [role=alert]').allInnerTexts()
    throw new Error(`waited for “${name}” at ${page.url()}, found:\n${said.join('\n')}`, { cause })
  }
}

const optionOf = (page, name) => page.locator('option', { hasText: name }).first().textContent()

/** Waits until the pages that are looked at have ink on them; if one stays blank, says which. */
async function drawn(page) {
  try {
    await page.waitForFunction(() => globalThis.blankPages().length === 0 && document.querySelector('canvas') !== null)
  } catch (cause) {
    const blank = await page.evaluate(() => globalThis.blankPages())
    throw new Error(`at ${page.url()} no ink came on ${JSON.stringify(blank)}`, { cause })
  }
}

async function leave(page) {
  assert.deepEqual(page.failures, [], 'nothing failed unseen in the page')
  await page.context().close()
}

if (import.meta.url === `file://${process.argv[1]}`) {
  const stage = await raise()
  try {
    await tell(stage)
    console.log('the story was told from upload to verification')
  } finally {
    await stage.close()
  }
}
