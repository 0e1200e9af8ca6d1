// What the widget promises to a merchant's page, before a stub of Payment Page that says what the
// story wants, and hears all.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LOADING, arm, buy, end, frame, heard, merchant, until } from './merchant.mjs';
import { atPaytm, demo, launch, link, payment } from './stage.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const STUB = `<!doctype html><html lang="en"><title>Payment Page</title><h1>Payment Page</h1>
<form method="post" action="/payment"><button>Next</button></form>
<script>
window.heard = [];
window.addEventListener('message', ({ data }) => window.heard.push(data));
</script></html>`;

const isPaymentPage = ({ origin, pathname }) =>
  origin === new URL(demo.gate).origin && pathname === '/payment';

/** A merchant's page before the stub; `page.asked` lists how the stub was asked for. */
async function staged(options) {
  const page = await merchant(browser, options);
  page.asked = [];
  await page.context().route(isPaymentPage, (route) => {
    page.asked.push(route.request());
    return route.fulfill({ body: STUB, contentType: 'text/html' });
  });
  return page;
}

/** A merchant's page whose button opens the stub, or has opened it already. */
async function ready(config = {}, { options, method = 'run', more = [] } = {}) {
  const page = await staged(options);
  await arm(page, method, payment(config), ...more);
  return page;
}
async function opened(config, how) {
  const page = await ready(config, how);
  await buy(page);
  await says(page, 'loaded');
  await until(page, 'onLoaded');
  return page;
}

/** The stub in the last of the frames. */
async function stub(page) {
  const last = page.locator('iframe').last();
  await last.contentFrame().getByRole('heading', { name: 'Payment Page' }).waitFor();
  return (await last.elementHandle()).contentFrame();
}
/** Lets the stub tell the page around it something. */
const says = async (page, name, data) =>
  (await stub(page)).evaluate((told) => window.parent.postMessage(told, '*'),
    JSON.stringify({ message: `epframe.${name}`, data }));

/** Calls that throw after their event was noted. */
const spoil = (page, ...names) =>
  page.evaluate((names) => {
    const spoilt = (name) => [name, () => { throw new Error(`a mistake in ${name}`); }];
    window.also = Object.fromEntries(names.map(spoilt));
  }, names);
const mistakes = (...names) => names.map((name) => `Uncaught Error: a mistake in ${name}`);

const steps = (page) => page.evaluate(() => window.history.length);
/** Waits until no step of the history is the widget's. */
const stepGone = (page) => page.waitForFunction(() => window.history.state === null);

for (const [where, config] of [['the modal', {}], ['an element', { target_element: 'here' }]]) {
  test(`a way back in ${where} ends the page and leads the merchant’s page there`, async () => {
    const page = await opened(config);
    const before = await steps(page);
    await says(page, 'exit', { redirect_url: `${demo.shop}/?back` });
    await page.waitForURL(`${demo.shop}/?back`);
    assert.deepEqual(await heard(page), [...LOADING, 'onExit', 'onDestroy']);
    // The modal's step became the step to there; without one, there is a step more.
    assert.equal(await steps(page), config.target_element ? before + 1 : before);
    await page.goBack();
    assert.equal(page.url(), `${demo.shop}/merchant`);
    assert.equal(await page.evaluate(() => window.history.state), null);
    await end(page);
  });
}

test('only an address of HTTP is gone to', async () => {
  const page = await opened({ target_element: 'here' });
  const refused = ['javascript:document.title="no"', 'data:text/html,no', '/elsewhere', '', 7, null, {}];
  for (const address of refused) await says(page, 'exit', { redirect_url: address });
  await says(page, 'payment.success', { redirect_url: 'javascript:document.title="no"' });
  await until(page, 'onPaymentSuccess');
  assert.equal(page.url(), `${demo.shop}/merchant`);
  assert.equal(await page.title(), 'A shop');
  assert.deepEqual(await heard(page),
    [...LOADING, ...refused.map(() => 'onExit'), 'onPaymentSuccess']);
  await end(page);
});

for (const name of ['onExit', 'onDestroy']) {
  test(`a merchant’s page that goes on by itself in ${name} gets there`, async () => {
    const page = await opened();
    await page.evaluate(([name, url]) => { window.also = { [name]: () => location.assign(url) }; },
      [name, `${demo.shop}/?own`]);
    await page.keyboard.press('Escape');
    await page.waitForURL(`${demo.shop}/?own`);
    await page.goBack();
    assert.equal(page.url(), `${demo.shop}/merchant`);
    await end(page);
  });
}

test('mistakes in callbacks are reported and stop nothing', async () => {
  const page = await ready();
  await spoil(page, ...LOADING, 'onPaymentSuccess');
  await buy(page);
  await says(page, 'loaded');
  await until(page, 'onLoaded');
  await says(page, 'payment.success', { redirect_url: `${demo.shop}/?done` });
  await page.waitForURL(`${demo.shop}/?done`);
  await end(page, mistakes(...LOADING, 'onPaymentSuccess'));
});

test('a mistake in onExit does not keep onDestroy back', async () => {
  const page = await opened();
  await spoil(page, 'onExit');
  await says(page, 'exit');
  await until(page, 'onDestroy');
  assert.equal(await page.locator('dialog').count(), 0);
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
  await end(page, mistakes('onExit'));
});

test('a second modal takes the place of the first', async () => {
  const page = await opened();
  const length = await steps(page);
  await page.evaluate(() => { window.first = window.instance; window.start(); });
  await says(page, 'loaded');
  await until(page, 'onLoaded', 2);
  assert.equal(await page.locator('dialog').count(), 1);
  assert.equal(await steps(page), length);
  const both = [...LOADING, 'onDestroy', ...LOADING];
  await page.evaluate(() => window.first.close());
  assert.deepEqual(await heard(page), both);
  await page.goBack();
  await until(page, 'onDestroy', 2);
  assert.deepEqual(await heard(page), [...both, 'onExit', 'onDestroy']);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'buy');
  await end(page);
});

test('a modal opened while another one closes stays', async () => {
  const page = await opened();
  const length = await steps(page);
  await page.evaluate(() => {
    window.also = { onDestroy: () => { window.also = {}; window.start(); } };
    window.instance.close();
  });
  await says(page, 'loaded');
  await until(page, 'onLoaded', 2);
  assert.deepEqual(await heard(page), [...LOADING, 'onDestroy', ...LOADING]);
  await page.evaluate(() => { window.instance.close(); window.start(); });
  await says(page, 'loaded');
  await until(page, 'onLoaded', 3);
  assert.equal(await page.locator('dialog').count(), 1);
  assert.equal(await steps(page), length);
  await page.keyboard.press('Escape');
  await stepGone(page);
  await end(page);
});

test('a second page in one element takes the place of the first', async () => {
  const page = await opened({ target_element: 'here' });
  await page.evaluate(() => { window.first = window.instance; window.start(); });
  await says(page, 'loaded');
  await until(page, 'onLoaded', 2);
  assert.equal(await page.locator('#here > iframe').count(), 1);
  const both = [...LOADING, 'onDestroy', ...LOADING];
  await page.evaluate(() => window.first.close());
  assert.deepEqual(await heard(page), both);
  await page.evaluate(() => { window.instance.close(); window.instance.close(); });
  assert.equal(await page.locator('iframe').count(), 0);
  assert.deepEqual(await heard(page), [...both, 'onDestroy']);
  await end(page);
});

test('the script loaded twice is there once', async () => {
  const page = await staged();
  const same = await page.evaluate(async (src) => {
    const before = window.EPayWidget;
    const script = document.createElement('script');
    script.src = src;
    document.head.append(script);
    await new Promise((resolve) => script.addEventListener('load', resolve));
    return window.EPayWidget === before;
  }, `${demo.gate}/shared/merchant.js`);
  assert.ok(same);
  await end(page);
});

const MEMBERS = [
  'submit', 'append', 'remove', 'action', 'method', 'target', 'hidden', 'elements', 'children',
  'parentNode', 'removeChild', 'nodeName', 'ownerDocument', 'id',
];
for (const method of ['GET', 'POST']) {
  test(`parameters named like members of a form arrive, by ${method}`, async () => {
    const config = Object.fromEntries(MEMBERS.map((name) => [name, `${name} & more`]));
    const page = await opened(config, { more: [method] });
    const [request] = page.asked;
    assert.equal(request.method(), method);
    const sent = method === 'POST' ? request.postData() : new URL(request.url()).search;
    for (const name of MEMBERS) assert.equal(new URLSearchParams(sent).get(name), config[name]);
    assert.equal(await page.locator('form').count(), 0);
    await end(page);
  });
}

test('a page in a tab has an instance too', async () => {
  const page = await ready({ redirect: 1 });
  const tab = page.context().waitForEvent('page');
  await buy(page);
  await (await tab).getByRole('heading', { name: 'Payment Page' }).waitFor();
  await page.evaluate(() => {
    window.instance.sendPostMessage({ message: 'epframe.embedded_mode.check_validation' });
    window.instance.trySubmit();
    window.instance.close();
  });
  assert.deepEqual(await heard(page), []);
  await end(page);
});

test('messages go to the page as objects, as text, and by the merchant’s own window', async () => {
  const page = await opened({ target_element: 'here' });
  const inFrame = await stub(page);
  const message = (by) => ({
    message: 'epframe.embedded_mode.check_validation', from_another_domain: true, by,
  });
  await page.evaluate(([object, text, own, foreign]) => {
    window.instance.sendPostMessage(object);
    window.instance.sendPostMessage(JSON.stringify(text));
    window.postMessage(JSON.stringify(own), location.origin);
    window.postMessage(JSON.stringify({ ...foreign, from_another_domain: false }), location.origin);
    window.postMessage(JSON.stringify({ ...foreign, message: 'epframe.exit' }), location.origin);
  }, ['object', 'text', 'own window', 'nobody'].map(message));
  await page.evaluate(() => window.instance.trySubmit());
  await inFrame.waitForFunction(() => window.heard.length >= 4);
  const told = (await inFrame.evaluate(() => window.heard)).map((it) => JSON.parse(it));
  assert.deepEqual(told.map((it) => it.by), ['object', 'text', 'own window', undefined]);
  assert.equal(told[3].message, 'epframe.embedded_mode.submit');
  await end(page);
});

test('what is missing is said', async () => {
  const page = await staged();
  const error = (method, config) => page.evaluate(([method, config]) => {
    try {
      EPayWidget[method](config);
      return null;
    } catch ({ message }) {
      return message;
    }
  }, [method, config]);
  assert.match(await error('runEmbedded', payment()), /runEmbedded: target_element is missing/);
  const elsewhere = { target_element: 'elsewhere' };
  assert.match(await error('runEmbedded', elsewhere), /no element with the id "elsewhere"/);
  assert.match(await error('run', elsewhere), /no element with the id "elsewhere"/);
  assert.equal(await page.locator('iframe, dialog').count(), 0);
  await end(page);
});

test('a reload with the modal open leaves no step of the history behind', async () => {
  const page = await opened();
  await page.reload();
  await stepGone(page);
  assert.equal(await page.locator('dialog').count(), 0);
  await end(page);
});

test('a page that opens the modal by itself, also after a reload, has one step', async () => {
  const page = await opened();
  const length = await steps(page);
  await page.addInitScript((config) => {
    if (window !== window.top) return;
    // While the widget takes back the step that it has found.
    const soon = (then) => setTimeout(() => setTimeout(then));
    window.addEventListener('load', () => soon(() => window.EPayWidget.run(config)));
  }, payment());
  for (let time = 0; time < 3; time += 1) {
    await page.reload();
    await stub(page);
    await page.waitForFunction(() => window.history.state !== null);
    assert.equal(await page.locator('dialog').count(), 1);
    assert.equal(await steps(page), length);
  }
  await page.keyboard.press('Escape');
  await stepGone(page);
  await end(page);
});

test('steps within the frame do not keep the modal’s own step', async () => {
  const page = await opened();
  await frame(page).getByRole('button', { name: 'Next' }).click();
  await page.waitForFunction((before) => window.history.length > before, await steps(page));
  await says(page, 'exit');
  await until(page, 'onDestroy');
  await stepGone(page);
  await end(page);
});

test('the loader is shown until the page appears, or is taken away', async () => {
  const page = await ready();
  await buy(page);
  await stub(page);
  assert.deepEqual(await heard(page), ['onShowLoader']);
  await page.keyboard.press('Escape');
  await until(page, 'onDestroy');
  assert.deepEqual(await heard(page), ['onShowLoader', 'onHideLoader', 'onExit', 'onDestroy']);
  await end(page);
});

for (const [where, config] of [['a modal', {}], ['an element', { target_element: 'here' }]]) {
  test(`the page in ${where} takes itself away`, async () => {
    const page = await opened(config);
    await says(page, 'loaded');
    await says(page, 'destroy');
    await until(page, 'onDestroy');
    assert.deepEqual(await heard(page), [...LOADING, 'onDestroy']);
    assert.equal(await page.locator('iframe, dialog').count(), 0);
    await stepGone(page);
    await end(page);
  });
}

test('a page in an element stays at Escape and tells of the wish to leave', async () => {
  const page = await opened({ target_element: 'here' });
  await says(page, 'escape');
  await says(page, 'exit');
  await until(page, 'onExit');
  await says(page, 'enter');
  await until(page, 'onEnterKeyPressed');
  assert.deepEqual(await heard(page), [...LOADING, 'onExit', 'onEnterKeyPressed']);
  assert.equal(await page.locator('iframe').count(), 1);
  await end(page);
});

test('where the page does not appear in its element, a link to it does', async () => {
  const page = await staged();
  await page.clock.install();
  await arm(page, 'run', payment({ target_element: 'here', language_code: 'RU' }));
  await buy(page);
  await stub(page);
  await page.clock.fastForward(8000);
  await page.getByRole('link', { name: 'Открыть страницу оплаты' }).waitFor();
  await until(page, 'onHideLoader');
  await says(page, 'loaded');
  await until(page, 'onLoaded');
  assert.equal(await page.locator('#here a').count(), 0);
  assert.deepEqual(await heard(page), LOADING);
  await end(page);
});

const CLOSE = {
  bn: 'বন্ধ করুন', en: 'Close', hi: 'बंद करें', mr: 'बंद करा', ru: 'Закрыть', ta: 'மூடவும்', te: 'మూసివేయండి',
};
const SPOKEN = [
  ...Object.keys(CLOSE).map((code) => [{ language_code: code }, 'en', code]),
  [{ language_code: 'HI' }, 'en', 'hi'],
  [{}, 'ru-RU', 'ru'],
  [{ language_code: 'fr' }, 'te', 'te'],
  [{ language_code: 'constructor' }, 'fr', 'en'],
];
for (const [config, language, spoken] of SPOKEN) {
  test(`in a page in ${language}, ${config.language_code ?? 'no language'} is spoken as ${spoken}`, async () => {
    const page = await opened(config, { options: { language } });
    const dialog = page.locator('dialog');
    assert.equal(await dialog.getAttribute('lang'), spoken);
    await dialog.getByRole('button', { name: CLOSE[spoken], exact: true }).waitFor();
    const payment = await dialog.getAttribute('aria-label');
    assert.equal(await page.locator('iframe').getAttribute('title'), payment);
    assert.equal(payment === 'Payment', spoken === 'en');
    await end(page);
  });
}

test('whoever wants less motion, or other colours, gets them', async () => {
  const page = await ready({}, { options: { reducedMotion: 'reduce', forcedColors: 'active' } });
  await buy(page);
  const styles = (selector, pseudo) => page.evaluate(([selector, pseudo]) => {
    const { animationDuration, borderTopStyle } = getComputedStyle(document.querySelector(selector), pseudo);
    return { animationDuration, borderTopStyle };
  }, [selector, pseudo]);
  assert.equal((await styles('.epay-waiting', '::before')).animationDuration, '6s');
  assert.equal((await styles('.epay-modal')).borderTopStyle, 'solid');
  await end(page);
});

test('a tab is opened by a link, and by a form only where the link would be too long', async () => {
  for (const [more, method, expected] of [
    [{}, 'GET', 'GET'],
    [{}, 'POST', 'GET'],
    [{ payment_extra_param: 'x'.repeat(2000) }, 'POST', 'POST'],
  ]) {
    const page = await ready({ redirect: 1, ...more }, { more: [method] });
    const tab = page.context().waitForEvent('page');
    await buy(page);
    await (await tab).getByRole('heading', { name: 'Payment Page' }).waitFor();
    assert.equal(page.asked[0].method(), expected);
    await end(page);
  }
});

test('a tab of a payment that has ended arrives at the shop', async () => {
  const page = await merchant(browser);
  const sent = payment({ redirect: 1, redirect_success_url: `${demo.shop}/?done` });
  const first = await page.context().newPage();
  await first.goto(link(sent));
  await first.click('button.primary');
  await atPaytm(first);
  await first.waitForURL(`${demo.shop}/?done`);
  await arm(page, 'run', sent, 'POST');
  const tab = page.context().waitForEvent('page');
  await buy(page);
  await (await tab).waitForURL(`${demo.shop}/?done`);
  await end(page);
});
