// The demo shop: a customer buys in each of its ways, and the shop learns of it by callbacks alone.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { RICH, atPaytm, demo, heading, inspect, launch, newPage } from './stage.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** Opens the shop, runs the story, and wants no complaint of the browser. */
const story = (name, options, tell) =>
  test(name, async () => {
    const page = await newPage(browser, options);
    await page.goto(demo.shop);
    await tell(page);
    await end(page);
  });

async function end(page) {
  assert.deepEqual(page.context().complaints, []);
  await page.context().close();
}

/** Buys a kettle, ₹1,850, with the button of that name. */
const buy = (page, button) =>
  page.getByRole('listitem').filter({ hasText: 'Brass kettle' }).getByRole('button', { name: button }).click();

/** Waits until the page of the order says how it stands. */
const stands = (page, how) => page.locator('#standing h1').filter({ hasText: new RegExp(`^${how}$`) }).waitFor();

/** Presses the pay button of the frame; pays in the tab that opens, or does what is asked. */
async function payInFrame(page, frame, action) {
  const opened = page.context().waitForEvent('page');
  await frame.locator('button.primary').click();
  await atPaytm(await opened, action);
}

story('by Gate, and part of the money back', {}, async (page) => {
  await buy(page, 'Pay with Paytm');
  await atPaytm(page);
  await stands(page, 'Paid');
  await page.getByLabel('Amount, in rupees').fill('1,000.50');
  await page.getByRole('button', { name: 'Refund' }).click();
  await stands(page, 'Partly refunded');
  assert.match(await page.locator('#standing').innerText(), /₹1,000\.50 is on its way back/);
  assert.match(await page.locator('#refund').innerText(), /₹849\.50 may be given back/);
  assert.match(await page.locator('#callbacks').innerText(), /refund success · payment partially refunded/);
  await inspect(page, 'shop-partly-refunded');
});

story('by Gate, and cancelled at Paytm', {}, async (page) => {
  await buy(page, 'Pay with Paytm');
  await atPaytm(page, 'cancel');
  await stands(page, 'Not paid');
  assert.equal(await page.locator('#refund').innerText(), '');
  await inspect(page, 'shop-cancelled');
});

story('by Gate, without JavaScript', { javaScriptEnabled: false }, async (page) => {
  await buy(page, 'Pay with Paytm');
  await page.getByRole('link', { name: 'Continue to pay' }).click();
  await page.getByRole('button', { name: 'Continue to Paytm' }).click();
  await atPaytm(page);
  await stands(page, 'Paid');
});

story('on Payment Page', {}, async (page) => {
  await buy(page, 'redirect');
  await page.click('button.primary');
  await atPaytm(page);
  await page.getByRole('link', { name: 'Back to the shop' }).click();
  await stands(page, 'Paid');
});

story('in a window', {}, async (page) => {
  await buy(page, 'in a window');
  const frame = page.frameLocator('dialog iframe');
  await frame.locator('button.primary').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });
  await page.reload({ waitUntil: 'networkidle' });
  assert.equal(await page.locator('dialog').count(), 0, 'the window opens by itself once');
  const order = page.url();
  await page.getByRole('link', { name: 'Continue to pay' }).click();
  await frame.locator('button.primary').waitFor();
  await inspect(page, 'shop-window');
  await payInFrame(page, frame);
  await frame.getByRole('heading', { name: 'Payment successful' }).waitFor();
  await stands(page, 'Paid');
  await inspect(page, 'shop-window-paid');
  await frame.getByRole('link', { name: 'Back to the shop' }).click();
  await page.locator('dialog').waitFor({ state: 'detached' });
  await stands(page, 'Paid');
  assert.equal(page.url(), order);
});

story('in the order’s page', {}, async (page) => {
  await buy(page, 'on this page');
  const order = page.url();
  const frame = page.frameLocator('#payment-page iframe');
  await frame.locator('button.primary').waitFor();
  await inspect(page, 'shop-embedded');
  await payInFrame(page, frame);
  await frame.getByRole('heading', { name: 'Payment successful' }).waitFor();
  await stands(page, 'Paid');
  await inspect(page, 'shop-embedded-paid');
  assert.equal(page.url(), order);
});

story('on Payment Page, cancelled at Paytm, and tried again', {}, async (page) => {
  await buy(page, 'redirect');
  await page.click('button.primary');
  await atPaytm(page, 'cancel');
  await page.getByRole('button', { name: 'Try again' }).waitFor();
  await page.goto(`${demo.shop}/orders`);
  await page.getByRole('link', { name: 'Brass kettle' }).first().click();
  await stands(page, 'Not paid yet');
  await inspect(page, 'shop-not-paid-yet');
  await page.getByRole('link', { name: 'Try again' }).click();
  await page.getByRole('button', { name: 'Try again' }).click();
  await atPaytm(page);
  await page.getByRole('link', { name: 'Back to the shop' }).click();
  await stands(page, 'Paid');
  const attempts = await page.locator('#steps strong').filter({ hasText: /^Payment: / }).allInnerTexts();
  assert.deepEqual(attempts, ['Payment: awaiting customer', 'Payment: success']);
});

story('in a window, cancelled at Paytm, and given up', {}, async (page) => {
  await buy(page, 'in a window');
  const frame = page.frameLocator('dialog iframe');
  await payInFrame(page, frame, 'cancel');
  await stands(page, 'Not paid yet');
  await frame.getByRole('button', { name: 'Back to the shop' }).click();
  await page.locator('dialog').waitFor({ state: 'detached' });
  await stands(page, 'Not paid');
});

story('by a link that somebody else pays', {}, async (page) => {
  await buy(page, 'redirect');
  await page.getByRole('link', { name: 'Back to the shop' }).click();
  await stands(page, 'Ready to pay');
  const customer = await newPage(browser);
  await customer.goto(await page.locator('#link pre').innerText());
  await customer.click('button.primary');
  await atPaytm(customer);
  await stands(page, 'Paid');
  await end(customer);
});

const LOOKS = {
  wide: {},
  narrow: { viewport: { width: 320, height: 640 }, colorScheme: 'dark' },
};

for (const [look, options] of Object.entries(LOOKS)) {
  story(`every page of the shop, ${look}`, options, async (page) => {
    const see = (name) => inspect(page, `shop-${look}-${name}`);
    await see('shelf');
    await page.getByText('Advanced: for developers').click();
    await see('developers');
    await page.getByRole('button', { name: 'redirect' }).first().click();
    await page.getByRole('link', { name: 'Back to the shop' }).click();
    await stands(page, 'Ready to pay');
    await see('ready');
    const order = page.url();
    await page.getByRole('link', { name: 'Continue to pay' }).click();
    await page.click('button.primary');
    await atPaytm(page);
    await page.goto(order);
    await stands(page, 'Paid');
    for (const callback of await page.locator('#callbacks summary').all()) await callback.click();
    await see('paid');
    await page.getByRole('link', { name: 'Ask the platform' }).click();
    await page.getByText('signature verified').waitFor();
    await see('status');
    await page.goto(`${demo.shop}/orders`);
    await see('orders');
    await page.goto(`${demo.shop}/nothing`);
    await see('problem');
  });

  story(`every page of the sandbox, ${look}`, options, async (page) => {
    const see = (name) => inspect(page, `sandbox-${look}-${name}`);
    await buy(page, 'Pay with Paytm');
    await page.waitForURL((url) => url.href.startsWith(demo.sandbox));
    assert.match(await page.locator('.amount').innerText(), /^₹1,850\.00$/);
    await page.getByText('Test wallets').click();
    await see('choose');
    await page.getByLabel('UPI ID').fill('customer@paytm');
    await page.getByRole('button', { name: 'Ask for approval' }).click();
    await heading(page).filter({ hasText: 'Approve in your UPI app' }).waitFor();
    await see('approve');
    await page.goto(`${demo.shop}/orders`);
    await page.getByRole('link', { name: 'Brass kettle' }).first().click();
    await page.getByRole('link', { name: 'Continue to pay' }).click();
    await page.getByLabel('Mobile number').fill(RICH);
    await page.getByRole('button', { name: 'Send code' }).click();
    await page.getByLabel('Six-digit code').fill('000000');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('That code is not right.').waitFor();
    await see('code');
    await page.getByLabel('Six-digit code').fill('489871');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('button', { name: 'Pay ₹1,850.00' }).waitFor();
    await see('balance');
    // The way back is taken at once; an answer without a page keeps it in sight.
    await page.route(`${demo.gate}/**`, (route) => route.fulfill({ status: 204 }));
    await page.getByRole('button', { name: 'Pay ₹1,850.00' }).click();
    await heading(page).filter({ hasText: 'Paid ₹1,850.00' }).waitFor();
    await see('return');
    await page.unroute(`${demo.gate}/**`);
    await page.getByRole('button', { name: 'Return to the merchant' }).click();
    await stands(page, 'Paid');
    for (const [path, name] of [['/', 'index'], ['/sandbox/scenarios', 'scenarios']]) {
      await page.goto(`${demo.sandbox}${path}`);
      await see(name);
    }
  });
}
