// EPayWidget in a merchant's page with a strict content security policy, before the real page.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LOADING, arm, buy, end, frame, heard, merchant, until } from './merchant.mjs';
import { atPaytm, demo, heading, inspect, launch, link, payment } from './stage.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** Presses a button in the frame and returns the tab that opens. */
async function inTab(page, button) {
  const opened = page.context().waitForEvent('page');
  await button.click();
  return opened;
}
const payInTab = (page) => inTab(page, frame(page).locator('button.primary'));

for (const method of ['GET', 'POST']) {
  test(`a payment in the modal succeeds, opened by ${method}`, async () => {
    const page = await merchant(browser);
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
    assert.deepEqual(await heard(page), [...LOADING, 'onPaymentSent', 'onPaymentSuccess']);
    await frame(page).getByRole('button', { name: 'Back to the shop' }).click();
    await until(page, 'onDestroy');
    assert.equal(await page.locator('dialog').count(), 0);
    await end(page);
  });
}

const backToTheShop = (page) => frame(page).getByRole('button', { name: 'Back to the shop' });

test('a cancelled payment that is given up is told as failed', async () => {
  const page = await merchant(browser);
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
  const page = await merchant(browser);
  await arm(page, 'run', payment());
  await buy(page);
  await atPaytm(await payInTab(page), 'cancel');
  const tab = await inTab(page, frame(page).getByRole('button', { name: 'Try again' }));
  await atPaytm(tab);
  await until(page, 'onPaymentSuccess');
  assert.ok(!(await heard(page)).includes('onPaymentFail'));
  await end(page);
});

test('the way back in the modal leads the merchant’s page there', async () => {
  const page = await merchant(browser);
  await arm(page, 'run', payment({ merchant_return_url: `${demo.shop}/?return` }));
  await buy(page);
  await until(page, 'onLoaded');
  await frame(page).getByRole('link', { name: 'Back to the shop' }).click();
  await page.waitForURL(`${demo.shop}/?return`);
  assert.deepEqual(await heard(page), [...LOADING, 'onExit', 'onDestroy']);
  await end(page);
});

test('a countdown in the modal leads the merchant’s page on', async () => {
  const page = await merchant(browser);
  const onward = { merchant_success_url: `${demo.shop}/?counted`, merchant_success_enabled: 2 };
  await arm(page, 'run', payment(onward));
  await page.clock.install();
  await buy(page);
  const tab = await payInTab(page);
  await atPaytm(tab);
  await until(page, 'onPaymentSuccess');
  await frame(page).locator('.countdown').waitFor();
  await page.clock.runFor(21_000);
  await page.waitForURL(`${demo.shop}/?counted`);
  await end(page);
});

test('a redirect address takes the merchant’s page there, and the tab stays', async () => {
  const page = await merchant(browser);
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
    const page = await merchant(browser);
    await arm(page, 'run', payment({ close_on_missclick: 1, css_modal_wrap: 'mine' }));
    await buy(page);
    await until(page, 'onLoaded');
    assert.equal(await page.locator('dialog.mine').count(), 1);
    assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).overflow), 'hidden');
    await close(page);
    await until(page, 'onDestroy');
    assert.deepEqual(await heard(page), [...LOADING, 'onExit', 'onDestroy']);
    assert.equal(await page.evaluate(() => document.activeElement.id), 'buy');
    assert.equal(await page.evaluate(() => document.documentElement.className), '');
    await page.waitForURL(`${demo.shop}/merchant`);
    await end(page);
  });
}

test('without close_on_missclick a click beside the modal does nothing, and the focus stays in it', async () => {
  const page = await merchant(browser);
  await arm(page, 'run', payment());
  await buy(page);
  await until(page, 'onLoaded');
  await page.mouse.click(10, 10);
  for (let press = 0; press < 8; press += 1) {
    await page.keyboard.press('Tab');
    assert.notEqual(await page.evaluate(() => document.activeElement.id), 'buy');
  }
  assert.deepEqual(await heard(page), LOADING);
  await end(page);
});

for (const [method, more] of [['run', []], ['runEmbedded', ['POST']]]) {
  test(`the page in an element, by ${method}`, async () => {
    const page = await merchant(browser);
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
  const page = await merchant(browser);
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
  const page = await merchant(browser);
  const url = await page.evaluate((config) => EPayWidget.create(config).buildUrl(), payment());
  assert.equal((await page.goto(url)).status(), 200);
  await end(page);
});

test('the modal on a phone, at night', async () => {
  const page = await merchant(browser, { viewport: { width: 320, height: 640 }, colorScheme: 'dark' });
  await arm(page, 'run', payment({ language_code: 'hi' }));
  await buy(page);
  await until(page, 'onLoaded');
  await inspect(page, 'modal-phone');
  await end(page);
});

test('only the page’s own messages count', async () => {
  const page = await merchant(browser);
  await arm(page, 'run', payment());
  await buy(page);
  await until(page, 'onLoaded');
  const data = { redirect_url: 'https://evil.example/' };
  const lies = ['payment.success', 'exit'].map((name) => ({ message: `epframe.${name}`, data }));
  // From the shop's own window, from a frame of another origin, and as things that are no messages.
  await page.evaluate((lies) => {
    for (const lie of lies) {
      const text = JSON.stringify(lie);
      window.postMessage(text, '*');
      window.postMessage(lie, '*');
      window.dispatchEvent(new MessageEvent('message', { data: text, origin: 'https://evil.example' }));
    }
    window.postMessage('{', '*');
    window.postMessage(JSON.stringify({ message: 'epframe.constructor' }), '*');
  }, lies);
  await page.keyboard.press('Escape');
  await until(page, 'onDestroy');
  assert.deepEqual(await heard(page), [...LOADING, 'onExit', 'onDestroy']);
  assert.equal(page.url(), `${demo.shop}/merchant`);
  await end(page);
});

test('a page that the project has not registered can’t frame the payment page', async () => {
  const page = await merchant(browser, {}, 'http://attacker.localhost:9');
  await arm(page, 'run', payment());
  await buy(page);
  await page.waitForFunction(() => document.querySelector('.epay-waiting a'));
  assert.deepEqual(await heard(page), ['onShowLoader', 'onHideLoader']);
  assert.match(page.context().complaints.join(), /frame-ancestors/);
  await page.context().close();
});

test('a frame cannot be told to send its customer elsewhere', async () => {
  const page = await merchant(browser);
  await page.goto(link(payment()));
  await page.evaluate(() => window.postMessage(
    JSON.stringify({ message: 'epframe.embedded_mode.submit', from_another_domain: true }), '*'));
  assert.equal(await page.evaluate(() => document.activeElement.tagName), 'BODY');
  await end(page);
});
