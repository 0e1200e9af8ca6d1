// A merchant's page with the widget in it, under the strictest policy that leaves room for it.
import assert from 'node:assert/strict';
import { demo, newPage } from './stage.mjs';

const EVENTS = [
  'onShowLoader', 'onHideLoader', 'onLoaded', 'onExit', 'onDestroy', 'onPaymentSuccess',
  'onPaymentFail', 'onPaymentSent', 'onEnterKeyPressed', 'onEmbeddedModeCheckValidationResponse',
];

/** How the loader goes as long as the page appears. */
export const LOADING = ['onShowLoader', 'onHideLoader', 'onLoaded'];

const html = (language) => `<!doctype html><html lang="${language}"><title>A shop</title>
<link rel="stylesheet" href="${demo.gate}/shared/merchant.css">
<script src="${demo.gate}/shared/merchant.js"></script>
<main><h1>A shop</h1><button id="buy">Buy</button><div id="here"></div></main></html>`;

const POLICY = `default-src 'none'; script-src ${demo.gate}; style-src ${demo.gate}; `
  + `frame-src ${demo.gate}; form-action ${demo.gate}; base-uri 'none'`;

/** Opens a merchant's page, by default on the origin that the project has registered. */
export async function merchant(browser, { language = 'en', ...options } = {}, origin = demo.shop) {
  const page = await newPage(browser, options);
  const headers = { 'content-security-policy': POLICY };
  await page.route(`${origin}/merchant`, (route) =>
    route.fulfill({ body: html(language), contentType: 'text/html', headers }));
  await page.goto(`${origin}/merchant`);
  return page;
}

/** Lets the button start `method` of the widget and note the events, in every page of the tab. */
export const arm = (page, method, config, ...more) =>
  page.evaluate(([method, config, events, more]) => {
    const note = (name, data) => {
      const noted = JSON.parse(sessionStorage.getItem('heard') ?? '[]');
      sessionStorage.setItem('heard', JSON.stringify([...noted, [name, data]]));
      window.also?.[name]?.();
    };
    const callbacks = events.map((name) => [name, (data) => note(name, data)]);
    window.start = () => {
      window.instance = EPayWidget[method]({ ...config, ...Object.fromEntries(callbacks) }, ...more);
    };
    document.querySelector('#buy').addEventListener('click', window.start);
  }, [method, config, EVENTS, more]);

export const heard = (page) =>
  page.evaluate(() => JSON.parse(sessionStorage.getItem('heard') ?? '[]').map(([name]) => name));

/** Waits for an event, or for its `times`-th. */
export const until = (page, name, times = 1) =>
  page.waitForFunction(([name, times]) => JSON.parse(sessionStorage.getItem('heard') ?? '[]')
    .filter(([it]) => it === name).length >= times, [name, times]);

export const buy = (page) => page.click('#buy');

export const frame = (page) => page.frameLocator('iframe');

/** The browser has had nothing to complain of, but what is expected. */
export async function end(page, complaints = []) {
  assert.deepEqual(page.context().complaints, complaints);
  await page.context().close();
}
