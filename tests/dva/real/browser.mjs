// A login hook with a real browser: goes to the URL, fills in what is asked until it is sent back, and
// writes where to. `node browser.mjs CHROMIUM REDIRECT_URI URL`; who logs in is in the environment.
import puppeteer from 'puppeteer-core';

const [executablePath, redirectUri] = process.argv.slice(2);
const url = process.argv.at(-1);
const user = process.env.KEUR_LOGIN_USER || 'iemand';
const password = process.env.KEUR_LOGIN_PASSWORD || 'iets';
const browser = await puppeteer.launch({
  executablePath,
  headless: true,
  acceptInsecureCerts: true,
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
});
try {
  const page = await browser.newPage();
  let back;
  await page.setRequestInterception(true);
  page.on('request', (request) => {
    // Nobody is at the redirect URI; the address is all that is needed.
    if (request.isNavigationRequest() && request.url().startsWith(redirectUri)) {
      back = request.url();
      request.respond({ status: 200, contentType: 'text/plain', body: 'ok' });
    } else {
      request.continue();
    }
  });
  await page.goto(url, { waitUntil: 'load' });
  for (let step = 0; step < 6 && !back; step += 1) {
    for (const [name, value] of [['username', user], ['login', user], ['password', password]]) {
      const field = await page.$(`input[name="${name}"]`);
      if (field) await field.type(value);
    }
    const box = await page.$('input[type="checkbox"][name="lasting"]');
    if (box) await box.click();
    const button = (await page.$('button[value="login"], button[value="yes"]')) || (await page.$('button, input[type="submit"]'));
    if (!button) break;
    await Promise.all([page.waitForNavigation({ waitUntil: 'load', timeout: 15000 }).catch(() => {}), button.click()]);
  }
  if (!back) {
    console.error(`not sent back; at ${new URL(page.url()).pathname}`);
    process.exitCode = 1;
  } else {
    console.log(back);
  }
} finally {
  await browser.close();
}
