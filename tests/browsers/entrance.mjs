// The other ways in, in real pages: by a real provider of OpenID Connect (oidc-provider, certified), and by a passkey of Chromium's
// virtual authenticator.
//
//   node entrance.mjs '{"origin", "provider_port", "client", "secret", "password", "codes", "pictures"}'
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Provider } from 'oidc-provider';
import { chromium } from 'playwright-core';
import { DESK, show } from './look.mjs';

const given = JSON.parse(process.argv[2]);
const { origin, pictures, password } = given;
mkdirSync(pictures, { recursive: true });

const provider = await serve();
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
});
let last;
try {
  await byProvider();
  await byPasskey();
} catch (error) {
  await last?.screenshot({ path: join(pictures, 'failed.png') }).catch(() => undefined);
  console.error(error);
  process.exitCode = 1;
} finally {
  await browser.close();
  provider.close();
}

/** Where whoever types a name is that person; consent is asked for as everywhere. */
async function serve() {
  const oidc = new Provider(`http://127.0.0.1:${given.provider_port}`, {
    clients: [
      { client_id: given.client, client_secret: given.secret, redirect_uris: [`${origin}/dang-nhap`], response_types: ['code'] },
    ],
    claims: { openid: ['sub'], profile: ['preferred_username'] },
    conformIdTokenClaims: false,
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, preferred_username: id }) }),
    cookies: { keys: ['kiem-thu'] },
  });
  const server = oidc.listen(given.provider_port, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return server;
}

async function open() {
  const context = await browser.newContext({ viewport: DESK, locale: 'vi-VN' });
  const page = await context.newPage();
  page.on('pageerror', (error) => console.error(`Chromium: ${error.message}`));
  last = page;
  await page.goto(`${origin}/dang-nhap`);
  return page;
}

/** The page as `show` looks at it. */
async function judged(page) {
  const session = await page.context().newCDPSession(page);
  return {
    resize: (size) => page.setViewportSize(size),
    evaluate: (work, argument) => page.evaluate(work, argument),
    picture: (path) => page.screenshot({ path, fullPage: true }),
    run: (source) => session.send('Runtime.evaluate', { expression: source }),
  };
}

function home(page) {
  return page.getByRole('heading', { name: /^Chào đồng chí/ }).waitFor();
}

async function byProvider() {
  const page = await open();
  const button = page.getByRole('button', { name: 'Đăng nhập bằng tài khoản công chức' });
  await button.waitFor();
  await show(await judged(page), pictures, 'ways');
  await page.setViewportSize(DESK);
  await button.click();
  await sign(page, 'chuyenvien');
  await home(page);
  assert.equal(new URL(page.url()).search, '', 'the provider’s answer stays in no address');

  const chair = await open();
  await chair.getByRole('button', { name: 'Đăng nhập bằng tài khoản công chức' }).click();
  await sign(chair, 'chutich');
  const code = chair.getByLabel('Mã xác nhận 6 số');
  await code.waitFor();
  await chair.getByText('Hệ thống định danh đã nhận ra đồng chí').waitFor();
  await show(await judged(chair), pictures, 'provider-code');
  await code.fill(given.codes.chutich);
  await chair.getByRole('button', { name: 'Xác nhận' }).click();
  await home(chair);

  const stranger = await open();
  await stranger.getByRole('button', { name: 'Đăng nhập bằng tài khoản công chức' }).click();
  await sign(stranger, 'nguoi.la');
  await stranger.getByText('Đồng chí chưa có tài khoản tại đây').waitFor();
  await show(await judged(stranger), pictures, 'provider-unknown');

  const doubtful = await open();
  await doubtful.getByRole('button', { name: 'Đăng nhập bằng tài khoản công chức' }).click();
  await doubtful.getByRole('link', { name: /Cancel/ }).click();
  await doubtful.getByText('Hệ thống định danh không cho đăng nhập').waitFor();
}

/** The provider’s own pages: name, password, consent. */
async function sign(page, name) {
  await page.locator('input[name=login]').fill(name);
  await page.locator('input[name=password]').fill('bat-ky');
  await page.locator('button[type=submit]').click();
  await page.getByRole('button', { name: /Continue/ }).click();
}

async function byPasskey() {
  const page = await open();
  const device = await page.context().newCDPSession(page);
  await device.send('WebAuthn.enable');
  await device.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  await page.getByLabel('Tài khoản công vụ').fill('vanthu');
  await page.getByLabel('Mật khẩu', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Đăng nhập', exact: true }).click();
  await page.getByLabel('Mã xác nhận 6 số').fill(given.codes.vanthu);
  await page.getByRole('button', { name: 'Xác nhận' }).click();
  await home(page);

  await page.goto(`${origin}/cai-dat`);
  await page.getByText('Chưa có khóa nào').waitFor();
  await page.getByRole('button', { name: 'Thêm khóa đăng nhập' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Tên khóa').fill('Máy tính văn thư');
  await dialog.getByLabel('Mật khẩu hiện tại').fill(password);
  await show(await judged(page), pictures, 'passkey-new');
  await page.setViewportSize(DESK);
  await dialog.getByRole('button', { name: 'Tạo khóa trên thiết bị này' }).click();
  await page.getByText('Máy tính văn thư').waitFor();
  await show(await judged(page), pictures, 'passkeys');
  await page.setViewportSize(DESK);

  await logOut(page);
  await page.getByRole('button', { name: 'Đăng nhập bằng vân tay, khuôn mặt' }).click();
  await home(page);

  await page.goto(`${origin}/cai-dat`);
  await page.getByRole('button', { name: 'Gỡ khóa' }).click();
  await dialog.getByRole('button', { name: 'Gỡ khóa' }).click();
  await page.getByText('Chưa có khóa nào').waitFor();
  await logOut(page);
  await page.getByRole('button', { name: 'Đăng nhập bằng vân tay, khuôn mặt' }).click();
  await page.getByText('Khóa đăng nhập không được chấp nhận').waitFor();
}

/** The page that asks who comes, read anew once nobody is logged in. */
async function logOut(page) {
  await page.getByRole('button', { name: 'Đăng xuất' }).click();
  await page.getByLabel('Tài khoản công vụ').waitFor();
  await page.goto(`${origin}/dang-nhap`);
}
