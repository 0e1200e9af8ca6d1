// What the browser tests share: a browser, a demonstration to pay in, signed links, a customer at
// the Paytm sandbox, axe, and screenshots. `DWAR_DEMO` holds the line that `dwar demo --json`
// prints; `SCREENSHOTS` names the folder for pictures.
import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(new URL('../.tools/node/', import.meta.url));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export const demo = JSON.parse(process.env.DWAR_DEMO);
const project = demo.projects[0];
const pictures = process.env.SCREENSHOTS ?? 'target/screenshots';
mkdirSync(pictures, { recursive: true });

const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
  // The merchant's pages are made by the tests, and so belong to no network.
  '--disable-features=LocalNetworkAccessChecks',
];
export const launch = () => chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS });

/** The parameters with their signature, as a merchant's server makes it. */
export function signed(parameters, secret = project.secret) {
  const lines = Object.entries(parameters)
    .filter(([name]) => !name.startsWith('_') && name !== 'frame_mode')
    .map(([name, value]) => `${name}:${value}`)
    .sort();
  const signature = createHmac('sha512', secret).update(lines.join(';')).digest('base64');
  return { ...parameters, signature };
}

/** The signed parameters of a new payment. */
export const payment = (more = {}) =>
  signed({
    project_id: project.id,
    payment_id: `b-${randomUUID().slice(0, 13)}`,
    payment_amount: 12_300,
    payment_currency: 'INR',
    customer_id: 'customer-1',
    payment_description: 'Darjeeling tea, two cups',
    ...more,
  });

export const link = (parameters = payment()) =>
  `${demo.gate}/payment?${new URLSearchParams(parameters)}`;

/** A page of its own browser context; what it complains about ends up in `page.complaints`. */
export async function newPage(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1100, height: 800 }, ...options });
  context.setDefaultTimeout(20_000);
  context.complaints = [];
  const watch = (page) => {
    page.on('pageerror', (error) => context.complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error' && !/favicon|status of 4\d\d/.test(message.text())) {
        context.complaints.push(message.text());
      }
    });
  };
  context.on('page', watch);
  return context.newPage();
}

/** Whose pages are examined: the platform's, the shop's, the sandbox's. */
const OURS = [demo.gate, demo.shop, demo.sandbox].map((url) => new URL(url).origin);

const isOurs = (frame) => URL.canParse(frame.url()) && OURS.includes(new URL(frame.url()).origin);

/** A picture, no overflow to the side, and nothing that axe finds. */
export async function inspect(page, name) {
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  assert.equal(overflow, 0, `${name} is wider than its window`);
  for (const frame of page.frames().filter(isOurs)) {
    await frame.evaluate(axe);
    const { violations } = await frame.evaluate(() => axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
      // Each frame is examined by itself, with nothing fetched, which a strict policy forbids.
      iframes: false,
      preload: false,
    }));
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html)}`);
    assert.deepEqual(found, [], `axe on ${name}`);
  }
}

/** A wallet with ₹2,00,000. */
export const RICH = '8888888888';

/** Logs in at the sandbox and pays, or does there what is asked instead. */
export async function atPaytm(page, action = 'pay', phone = RICH) {
  await page.waitForURL((url) => url.href.startsWith(demo.sandbox));
  if (action === 'cancel') {
    await page.getByRole('button', { name: 'Cancel and go back' }).click();
  } else {
    await page.locator('#phone').fill(phone);
    await page.getByRole('button', { name: 'Send code' }).click();
    await page.locator('#otp').fill('489871');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('button', { name: /^Pay/ }).click();
  }
  const left = page.waitForURL((url) => !url.href.startsWith(demo.sandbox));
  // With JavaScript the sandbox returns the customer by itself.
  const back = page.getByRole('button', { name: 'Return to the merchant' });
  await Promise.race([back.click().catch(() => left), left]);
  await left;
}

export const heading = (page) => page.locator('h1');

/** The status that the merchant's server learns. */
export async function status(id) {
  const general = { project_id: project.id, payment_id: id };
  const lines = [`general:payment_id:${id}`, `general:project_id:${project.id}`];
  general.signature = createHmac('sha512', project.secret).update(lines.join(';')).digest('base64');
  const answer = await fetch(`${demo.gate}/v2/payment/status`, {
    method: 'POST',
    body: JSON.stringify({ general }),
  });
  return answer.json();
}
