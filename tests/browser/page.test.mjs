// Payment Page as a page of its own: what a customer sees and can do.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { atPaytm, demo, heading, inspect, launch, link, newPage, payment, signed, status } from './stage.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const shop = (path) => `${demo.shop}${path}`;
const PAY = 'button.primary';

/** Opens a link, runs the story, and wants no complaint of the browser. */
const story = (name, options, parameters, tell, limitSeconds) =>
  test(name, async () => {
    const page = await newPage(browser, options);
    const limit = limitSeconds
      ? { best_before: new Date(Date.now() + limitSeconds * 1000).toISOString() }
      : {};
    const sent = payment({ ...parameters, ...limit });
    await page.goto(link(sent));
    await tell(page, sent);
    assert.deepEqual(page.context().complaints, []);
    await page.context().close();
  });

story('a payment succeeds and leads back to the shop', {}, { merchant_success_url: shop('/?paid') },
  async (page, { payment_id }) => {
    await inspect(page, 'open');
    assert.equal((await status(payment_id)).errors[0].code, '3061', 'nothing is stored before the customer confirms');
    await page.click(PAY);
    await atPaytm(page);
    await heading(page).filter({ hasText: 'Payment successful' }).waitFor();
    await inspect(page, 'paid');
    assert.equal((await status(payment_id)).payment.status, 'success');
    await page.getByRole('link', { name: 'Back to the shop' }).click();
    await page.waitForURL(shop('/?paid'));
  });

const cancelled = (page) => page.getByText('You cancelled the payment at Paytm.');
const again = (page) => page.getByRole('button', { name: 'Try again' });
const orderAt = (tab) => new URL(tab.url()).searchParams.get('orderId');
const arriveAtPaytm = (tab) => tab.waitForURL((url) => url.href.startsWith(demo.sandbox));

story('a cancelled payment says so and leads back to the shop', {}, { merchant_fail_url: shop('/?again') },
  async (page, { payment_id }) => {
    await page.click(PAY);
    await atPaytm(page, 'cancel');
    await cancelled(page).waitFor();
    await inspect(page, 'retry');
    assert.equal((await status(payment_id)).payment.status, 'awaiting customer');
    await page.getByRole('button', { name: 'Back to the shop' }).click();
    await page.waitForURL(shop('/?again'));
    const { payment: told, operations } = await status(payment_id);
    assert.deepEqual([told.status, operations.length, operations[0].code], ['decline', 1, '20301']);
    await page.goBack();
    await page.getByRole('link', { name: 'Back to the shop to try again' }).waitFor();
    await inspect(page, 'declined');
  });

story('after a failed try another one succeeds, as the same payment', {}, {}, async (page, sent) => {
  await page.click(PAY);
  await arriveAtPaytm(page);
  const first = orderAt(page);
  await atPaytm(page, 'cancel');
  await again(page).click();
  await arriveAtPaytm(page);
  assert.notEqual(orderAt(page), first, 'each try is an order of its own');
  await page.goBack();
  await heading(page).filter({ hasText: 'Checking your payment' }).waitFor();
  await page.goto(link(sent));
  await page.click(PAY);
  await atPaytm(page);
  await heading(page).filter({ hasText: 'Payment successful' }).waitFor();
  const { payment: told, operations } = await status(sent.payment_id);
  assert.equal(told.status, 'success');
  assert.deepEqual(operations.map((operation) => operation.status), ['decline', 'success']);
});

story('tries are counted', {}, { merchant_return_url: shop('/') }, async (page, { payment_id }) => {
  await page.click(PAY);
  for (const last of [false, false, true]) {
    await atPaytm(page, 'cancel');
    await cancelled(page).waitFor();
    if (!last) await again(page).click();
  }
  await page.getByRole('link', { name: 'Back to the shop to try again' }).waitFor();
  assert.equal((await status(payment_id)).payment.status, 'decline');
});

story('two tabs that try again share one new try', {}, {}, async (page) => {
  await page.click(PAY);
  await atPaytm(page, 'cancel');
  await cancelled(page).waitFor();
  const other = await page.context().newPage();
  await other.goto(page.url());
  await Promise.all([again(page).click(), again(other).click()]);
  await Promise.all([page, other].map(arriveAtPaytm));
  assert.equal(orderAt(page), orderAt(other));
  await other.goBack();
  await atPaytm(page, 'cancel');
  await again(other).waitFor();
});

story('without JavaScript another try is made too', { javaScriptEnabled: false }, {}, async (page) => {
  await page.click(PAY);
  await page.getByRole('button', { name: 'Continue to Paytm' }).click();
  await atPaytm(page, 'cancel');
  await again(page).click();
  await page.getByRole('button', { name: 'Continue to Paytm' }).click();
  await atPaytm(page);
  await heading(page).filter({ hasText: 'Payment successful' }).waitFor();
});

story('shortly before the limit no try is offered', {}, {}, async (page) => {
  await page.click(PAY);
  await atPaytm(page, 'cancel');
  await again(page).waitFor();
  await again(page).waitFor({ state: 'hidden' });
  await inspect(page, 'retry-over');
}, 45);

story('a redirect address for declines goes to the shop at once', {}, { redirect_fail_url: shop('/?failed') },
  async (page, { payment_id }) => {
    await page.click(PAY);
    await atPaytm(page, 'cancel');
    await page.waitForURL(shop('/?failed'));
    assert.equal((await status(payment_id)).payment.status, 'decline');
  });

story('a redirect address goes to the shop at once', {}, { redirect_success_url: shop('/?done') },
  async (page) => {
    await page.click(PAY);
    await atPaytm(page);
    await page.waitForURL(shop('/?done'));
  });

story('a countdown leads on, unless the customer stays', {},
  { merchant_success_url: shop('/'), merchant_success_enabled: 2 },
  async (page) => {
    await page.click(PAY);
    await atPaytm(page);
    await page.locator('.countdown').getByText(/You go back to the shop in \d+ s/).waitFor();
    await inspect(page, 'countdown');
    await page.getByRole('button', { name: 'Stay here' }).click();
    await page.locator('.countdown').waitFor({ state: 'hidden' });
  });

story('the limit time ends a payment under the eyes of its customer', {}, {},
  async (page, { payment_id }) => {
    await page.click(PAY);
    await arriveAtPaytm(page);
    await page.goBack();
    await page.getByRole('timer').waitFor();
    await inspect(page, 'handover');
    await page.getByText('The payment was not finished in time.').waitFor({ timeout: 60_000 });
    await inspect(page, 'too-late');
    assert.equal((await status(payment_id)).operations[0].code, '603');
  }, 30);

story('going back from Paytm neither sends the customer there again nor starts another payment', {}, {},
  async (page, sent) => {
    await page.click(PAY);
    await arriveAtPaytm(page);
    await page.goBack();
    await heading(page).filter({ hasText: 'Continue to Paytm' }).waitFor();
    await page.reload();
    await heading(page).filter({ hasText: 'Continue to Paytm' }).waitFor();
    await page.goto(link(sent));
    await heading(page).filter({ hasText: 'Continue to Paytm' }).waitFor();
    await page.click(PAY);
    await atPaytm(page);
    await heading(page).filter({ hasText: 'Payment successful' }).waitFor();
    await page.goto(link(sent));
    await heading(page).filter({ hasText: 'Payment successful' }).waitFor();
  });

story('two tabs of one link make one payment', {}, {}, async (page, sent) => {
  const other = await page.context().newPage();
  await other.goto(link(sent));
  await Promise.all([page.click(PAY), other.click(PAY)]);
  await Promise.all([page, other].map(arriveAtPaytm));
  assert.equal(orderAt(page), orderAt(other));
  await other.goBack();
  await atPaytm(page);
  await heading(other).filter({ hasText: 'Payment successful' }).waitFor();
});

story('a tab that is late follows to where the payment has led', {}, { redirect_success_url: shop('/?done') },
  async (page, sent) => {
    const late = await page.context().newPage();
    await late.goto(link(sent));
    await page.click(PAY);
    await atPaytm(page);
    await page.waitForURL(shop('/?done'));
    await late.click(PAY);
    await late.waitForURL(shop('/?done'));
  });

test('a page outlives the absence of its server', async () => {
  const page = await newPage(browser);
  await page.goto(link());
  await page.click(PAY);
  await arriveAtPaytm(page);
  let asked = 0;
  const absent = (route) => {
    if (route.request().method() === 'HEAD') asked += 1;
    else if (!route.request().url().endsWith('/events')) return route.continue();
    return route.fulfill({ status: 502, body: 'Bad Gateway' });
  };
  await page.route(`${demo.gate}/payment/**`, absent);
  await page.goBack();
  await heading(page).filter({ hasText: 'Continue to Paytm' }).waitFor();
  await page.evaluate(() => { window.before = true; });
  while (asked === 0) await page.waitForEvent('requestfinished');
  await page.unroute(`${demo.gate}/payment/**`);
  await page.waitForFunction(() => !window.before);
  await heading(page).filter({ hasText: 'Continue to Paytm' }).waitFor();
  await page.context().close();
});

story('everything works without JavaScript', { javaScriptEnabled: false }, {}, async (page) => {
  await page.click(PAY);
  await page.getByRole('button', { name: 'Continue to Paytm' }).click();
  await atPaytm(page);
  await heading(page).filter({ hasText: 'Payment successful' }).waitFor();
});

for (const language of ['en', 'hi', 'ru', 'ta', 'te', 'bn', 'mr']) {
  story(`the narrowest phone, at night, in ${language}`,
    { viewport: { width: 320, height: 640 }, colorScheme: 'dark' },
    { language_code: language, payment_amount: 99_999_900, merchant_return_url: shop('/') },
    async (page) => {
      assert.equal(await page.locator('html').getAttribute('lang'), language);
      assert.match(await heading(page).innerText(), /₹9,99,999\.00/);
      await inspect(page, `narrow-${language}`);
      await page.click(PAY);
      await atPaytm(page, 'cancel');
      await page.locator('.reason').waitFor();
      await inspect(page, `narrow-retry-${language}`);
    });
}

test('what browsers rewrite in forms is paid as it was signed', async () => {
  const page = await newPage(browser);
  const send = (fields, method) => page.evaluate(([action, fields, method]) => {
    const form = Object.assign(document.createElement('form'), { action, method });
    for (const [name, value] of Object.entries(fields)) {
      form.append(Object.assign(document.createElement('input'), { type: 'hidden', name, value }));
    }
    document.body.append(form);
    form.submit();
  }, [`${demo.gate}/payment`, fields, method]);
  for (const method of ['GET', 'POST']) {
    for (const address of ['12 MG Road\nBengaluru', 'a\rb', 'a\r\nb', 'a\0b', '"<é₹🍵>&+ ']) {
      await page.goto('about:blank');
      await send(payment({ customer_address: address }), method);
      await page.click(PAY);
      await arriveAtPaytm(page);
    }
  }
  assert.deepEqual(page.context().complaints, []);
  await page.context().close();
});

test('what stands in the way is explained', async () => {
  const page = await newPage(browser);
  const cases = {
    link: [{ ...payment(), payment_amount: 1 }, 403],
    parameters: [payment({ payment_currency: 'EUR', best_before: 'tomorrow' }), 400],
    expired: [payment({ best_before: '2020-01-01T00:00:00+0000', merchant_return_url: shop('/') }), 410],
  };
  for (const [name, [parameters, code]] of Object.entries(cases)) {
    assert.equal((await page.goto(link(parameters))).status(), code, name);
    await inspect(page, `obstacle-${name}`);
  }
  const first = payment();
  await page.goto(link(first));
  await page.click(PAY);
  await arriveAtPaytm(page);
  const { signature, ...same } = first;
  assert.equal((await page.goto(link(signed({ ...same, payment_amount: 200 })))).status(), 409);
  await inspect(page, 'obstacle-taken');
  assert.equal((await page.goto(`${demo.gate}/payment/nothing`)).status(), 404);
  await inspect(page, 'obstacle-unknown');
});

test('the first load is small', async () => {
  const page = await newPage(browser);
  let bytes = 0;
  page.on('requestfinished', async (request) => {
    const { responseBodySize, responseHeadersSize } = await request.sizes();
    bytes += responseBodySize + responseHeadersSize;
  });
  await page.goto(link(), { waitUntil: 'networkidle' });
  const painted = await page.evaluate(() => performance.getEntriesByName('first-paint')[0]?.startTime);
  console.log(`first load ${bytes} bytes, first paint after ${Math.round(painted)} ms`);
  assert.ok(bytes > 0 && bytes < 30_000, `${bytes} bytes`);
});
