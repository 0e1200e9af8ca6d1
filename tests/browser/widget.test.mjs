// EPayWidget in a merchant's page with a strict content security policy.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { atPaytm, demo, heading, inspect, launch, link, newPage, payment } from './stage.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const EVENTS = [
  'onLoaded', 'onExit', 'onDestroy', 'onPaymentSuccess', 'onPaymentFail', 'onPaymentSent',
];

const HTML = `<!doctype html><html lang="en"><title>A shop</title>
<link rel="stylesheet" href="${demo.gate}/shared/merchant.css">
<script src="${demo.gate}/shared/merchant.js"></script>
<main><h1>A shop</h1><button id="buy">Buy</button><div id="here"></div></main></html>`;

/** The strictest policy that leaves room for the widget. */
const POLICY = `default-src 'none'; script-src ${demo.gate}; style-src ${demo.gate}; `
  + `frame-src ${demo.gate}; form-action ${demo.gate}; base-uri 'none'`;

/** Opens a merchant's page, by default on the origin that the project has registered. */
async function merchant(options = {}, origin = demo.shop) {
  const page = await newPage(browser, options);
  const body = HTML;
  await page.route(`${origin}/merchant`, (route) =>
    route.fulfill({ body, contentType: 'text/html', headers: { 'content-security-policy': POLICY } }));
  await page.goto(`${origin}/merchant`);
  return page;
}

/** Lets the button start `method` of the widget and note the events. */
const arm = (page, method, config, ...more) =>
  page.evaluate(([method, config, events, more]) => {
    window.heard = [];
    const callbacks = events.map((name) => [name, (data) => window.heard.push([name, data])]);
    document.querySelector('#buy').addEventListener('click', () => {
      window.instance = EPayWidget[method]({ ...config, ...Object.fromEntries(callbacks) }, ...more);
    });
  }, [method, config, EVENTS, more]);

const heard = (page) => page.evaluate(() => window.heard.map(([name]) => name));
const until = (page, name) =>
  page.waitForFunction((name) => window.heard.some(([it]) => it === name), name);
const buy = (page) => page.click('#buy');
const frame = (page) => page.frameLocator('iframe');

/** Presses a button in the frame and returns the tab that opens. */
async function inTab(page, button) {
  const opened = page.context().waitForEvent('page');
  await button.click();
  return opened;
}
const payInTab = (page) => inTab(page, frame(page).locator('button.primary'));

async function end(page) {
  assert.deepEqual(page.context().complaints, []);
  await page.context().close();
}

for (const method of ['GET', 'POST']) {
  test(`a payment in the modal succeeds, opened by ${method}`, async () => {
    const page = await merchant();
    await arm(page, 'run', payment(), method);
    await buy(page);
    await until(page, 'onLoaded');
    await inspect(page, `modal-${method}`);
    const tab = await payInTab(page);
    await frame(page).getByText('Finish the payment in the tab that opened.').waitFor();
    await inspect(page, `modal-following-${method}`);
    await atPaytm(tab);
    await tab.getByText('You can close this tab.').waitFor();
    await inspect(tab, `modal-tab-${method}`);
    await frame(page).getByRole('heading', { name: 'Payment successful' }).waitFor();
    await until(page, 'onPaymentSuccess');
    await inspect(page, `modal-paid-${method}`);
    assert.deepEqual(await heard(page), ['onLoaded', 'onPaymentSent', 'onPaymentSuccess']);
    await frame(page).getByRole('button', { name: 'Back to the shop' }).click();
    await until(page, 'onDestroy');
    assert.equal(await page.locator('dialog').count(), 0);
    await end(page);
  });
}

const backToTheShop = (page) => frame(page).getByRole('button', { name: 'Back to the shop' });

test('a cancelled payment that is given up is told as failed', async () => {
  const page = await merchant();
  await arm(page, 'run', payment());
  await buy(page);
  const tab = await payInTab(page);
  await atPaytm(tab, 'cancel');
  await tab.getByText('You can close this tab.').waitFor();
  await frame(page).getByText('You cancelled the payment at Paytm.').waitFor();
  await inspect(page, 'modal-retry');
  assert.ok(!(await heard(page)).includes('onPaymentFail'), 'it may still be paid');
  await backToTheShop(page).click();
  await until(page, 'onPaymentFail');
  await end(page);
});

test('another try in the frame succeeds', async () => {
  const page = await merchant();
  await arm(page, 'run', payment());
  await buy(page);
  await atPaytm(await payInTab(page), 'cancel');
  const tab = await inTab(page, frame(page).getByRole('button', { name: 'Try again' }));
  await atPaytm(tab);
  await until(page, 'onPaymentSuccess');
  assert.ok(!(await heard(page)).includes('onPaymentFail'));
  await end(page);
});

test('a redirect address takes the merchant’s page there, and the tab stays', async () => {
  const page = await merchant();
  await arm(page, 'run', payment({ redirect_success_url: `${demo.shop}/?done` }));
  await buy(page);
  const tab = await payInTab(page);
  await atPaytm(tab);
  await page.waitForURL(`${demo.shop}/?done`);
  await tab.getByText('You can close this tab.').waitFor();
  await end(page);
});

const CLOSINGS = {
  'the close button': (page) => page.getByRole('button', { name: 'Close' }).click(),
  'Escape in the shop’s page': (page) => page.keyboard.press('Escape'),
  'Escape in the frame': async (page) => {
    await frame(page).locator('button.primary').focus();
    await page.keyboard.press('Escape');
  },
  'the back button': (page) => page.goBack(),
  'a click beside it': (page) => page.mouse.click(10, 10),
};
for (const [what, close] of Object.entries(CLOSINGS)) {
  test(`${what} closes the modal and gives the focus back`, async () => {
    const page = await merchant();
    await arm(page, 'run', payment({ close_on_missclick: 1, css_modal_wrap: 'mine' }));
    await buy(page);
    await until(page, 'onLoaded');
    assert.equal(await page.locator('dialog.mine').count(), 1);
    assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).overflow), 'hidden');
    await close(page);
    await until(page, 'onDestroy');
    assert.deepEqual(await heard(page), ['onLoaded', 'onExit', 'onDestroy']);
    assert.equal(await page.evaluate(() => document.activeElement.id), 'buy');
    assert.equal(await page.evaluate(() => document.documentElement.className), '');
    await page.waitForURL(`${demo.shop}/merchant`);
    await end(page);
  });
}

test('without close_on_missclick a click beside the modal does nothing, and the focus stays in it', async () => {
  const page = await merchant();
  await arm(page, 'run', payment());
  await buy(page);
  await until(page, 'onLoaded');
  await page.mouse.click(10, 10);
  for (let press = 0; press < 8; press += 1) {
    await page.keyboard.press('Tab');
    assert.notEqual(await page.evaluate(() => document.activeElement.id), 'buy');
  }
  assert.deepEqual(await heard(page), ['onLoaded']);
  await end(page);
});

for (const [method, more] of [['run', []], ['runEmbedded', ['POST']]]) {
  test(`the page in an element, by ${method}`, async () => {
    const page = await merchant();
    await arm(page, method, payment({ target_element: 'here' }), ...more);
    await buy(page);
    await until(page, 'onLoaded');
    assert.equal(await page.locator('#here > iframe').count(), 1);
    await inspect(page, `embedded-${method}`);
    const tab = await payInTab(page);
    await atPaytm(tab);
    await until(page, 'onPaymentSuccess');
    await inspect(page, `embedded-paid-${method}`);
    await end(page);
  });
}

test('the page in a tab of its own', async () => {
  const page = await merchant();
  await arm(page, 'run', payment({ redirect: 1 }));
  const opened = page.context().waitForEvent('page');
  await buy(page);
  const tab = await opened;
  await tab.click('button.primary');
  await atPaytm(tab);
  await heading(tab).filter({ hasText: 'Payment successful' }).waitFor();
  await end(page);
});

test('a builder makes the link', async () => {
  const page = await merchant();
  const url = await page.evaluate((config) => EPayWidget.create(config).buildUrl(), payment());
  assert.equal((await page.goto(url)).status(), 200);
  await end(page);
});

test('the modal on a phone, at night', async () => {
  const page = await merchant({ viewport: { width: 320, height: 640 }, colorScheme: 'dark' });
  await arm(page, 'run', payment({ language_code: 'hi' }));
  await buy(page);
  await until(page, 'onLoaded');
  await inspect(page, 'modal-phone');
  await end(page);
});

test('only the page’s own messages count', async () => {
  const page = await merchant();
  await arm(page, 'run', payment());
  await buy(page);
  await until(page, 'onLoaded');
  const lie = JSON.stringify({ message: 'epframe.payment.success', data: { redirect_url: 'https://evil.example/' } });
  // From the shop's own window, from a frame of another origin, and as things that are no messages.
  await page.evaluate((lie) => {
    window.postMessage(lie, '*');
    window.postMessage(JSON.parse(lie), '*');
    window.postMessage('{', '*');
    window.postMessage(JSON.stringify({ message: 'epframe.constructor' }), '*');
    window.dispatchEvent(new MessageEvent('message', { data: lie, origin: 'https://evil.example' }));
  }, lie);
  await page.keyboard.press('Escape');
  await until(page, 'onDestroy');
  assert.deepEqual(await heard(page), ['onLoaded', 'onExit', 'onDestroy']);
  assert.equal(page.url(), `${demo.shop}/merchant`);
  await end(page);
});

test('a page that the project has not registered can’t frame the payment page', async () => {
  const page = await merchant({}, 'http://attacker.localhost:9');
  await arm(page, 'run', payment());
  await buy(page);
  await page.waitForFunction(() => document.querySelector('.epay-waiting a'));
  assert.deepEqual(await heard(page), []);
  assert.match(page.context().complaints.join(), /frame-ancestors/);
  await page.context().close();
});

test('a frame cannot be told to send its customer elsewhere', async () => {
  const page = await merchant();
  await page.goto(link(payment()));
  await page.evaluate(() => window.postMessage(
    JSON.stringify({ message: 'epframe.embedded_mode.submit', from_another_domain: true }), '*'));
  assert.equal(await page.evaluate(() => document.activeElement.tagName), 'BODY');
  await end(page);
});
