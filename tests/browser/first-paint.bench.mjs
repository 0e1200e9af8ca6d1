// Measures how soon Payment Page appears: every load has a browser context, and so a cache, of its
// own. `DWAR_DEMO` holds the line that `dwar demo --json` prints.
import { launch, link, newPage } from './stage.mjs';

const LOADS = 50;

const browser = await launch();
const paints = [];
for (let load = 0; load <= LOADS; load += 1) {
  const page = await newPage(browser);
  await page.goto(link(), { waitUntil: 'load' });
  const painted = await page.evaluate(() => new Promise((resolve) => {
    new PerformanceObserver((list) => resolve(list.getEntries()[0].startTime))
      .observe({ type: 'paint', buffered: true });
  }));
  // The first load warms the browser up.
  if (load > 0) paints.push(painted);
  await page.context().close();
}
await browser.close();

paints.sort((a, b) => a - b);
const at = (share) => Math.round(paints[Math.ceil(share * paints.length) - 1]);
console.log(`first paint of ${LOADS} loads: median ${at(0.5)} ms, p95 ${at(0.95)} ms, worst ${at(1)} ms`);
