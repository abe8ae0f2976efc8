// The page in Chromium, against the services of npm run local: one user's way through all of it. Needs Chromium or Chrome.
//   SCREENSHOTS=<folder> npm run test:web    keeps a picture of each step, narrow and wide, light and dark
import assert from 'node:assert/strict';
//#if (hasIdentityPool)
import { createHash, createHmac, createSign } from 'node:crypto';
//#else
import { createHmac, createSign } from 'node:crypto';
//#endif
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { securityHeaders } from '../security.mjs';
import { settings } from '../vite.config.mjs';
import { findChromium, startChromium, startLocalRun } from './local-run.mjs';

const packages = createRequire(import.meta.url);
const web = fileURLToPath(new URL('..', import.meta.url));
const chromium = findChromium();
const skip = chromium === undefined && process.env.CI !== 'true' && 'Chromium is not installed, nor Chrome. Install one of them, or name it in the variable CHROMIUM.';

const email = `grace.${Date.now()}@example.com`;
const friend = `joan.${Date.now()}@example.com`;
const password = 'A-long-passw0rd';
const code = '123456'; // of the local user pool, always

// What aws-amplify keeps in the local storage: the user's tokens and name, by the app client, and nothing else.
const stored = /^CognitoIdentityServiceProvider\.local-client\.(LastAuthUser|[^.]+(\.[^.]+)*\.(accessToken|idToken|refreshToken|clockDrift|signInDetails|deviceMetadata))$/;

describe('The page', { skip, timeout: 600_000 }, () => {
  let run, browser, page;
  const consoleLines = [];
  const addresses = [];

  before(async () => {
    assert.ok(chromium, 'Chromium is not installed, nor Chrome, and CI=true: nothing may be skipped. Install one of them, or name it in the variable CHROMIUM.');
    [run, browser] = await Promise.all([startLocalRun(), startChromium(chromium)]);
    page = await newPage();
  });

  after(async () => {
    await browser?.close();
    await run?.stop();
  });

  const newPage = async () => {
    const opened = await (await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce' })).newPage();
    opened.setDefaultTimeout(15_000);
    opened.on('console', (message) => consoleLines.push(message.text()));
    opened.on('pageerror', (error) => consoleLines.push(String(error)));
    opened.on('request', (request) => addresses.push(request.url()));
    await opened.goto(run.page);
    return opened;
  };

  const fill = async (form, values, on = page) => {
    for (const [name, value] of Object.entries(values)) await on.locator(`#form-${form} [name=${name}]`).fill(value);
    await on.locator(`#form-${form} button[type=submit]`).click();
  };
  const see = (text, on = page) => on.getByText(text).locator('visible=true').first().waitFor();
  const seeView = (view, on = page) => on.locator(`#view-${view}`).waitFor();
  const signIn = (values, on = page) => fill('sign-in', values, on);
  // The newest is the first, also while it has no answer.
  const lastCall = async (title, status) => {
    const call = page.locator('.call').first();
    await call.locator('h3', { hasText: title }).locator('.status', { hasText: status }).waitFor();
    return call;
  };

  /** Looks at what is shown in both color schemes: nothing that keeps people out, and nothing that is cut off on a phone. */
  const look = async (name) => {
    const wide = page.viewportSize();
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      for (const width of [390, wide.width]) {
        await page.setViewportSize({ ...wide, width });
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), `${name} is wider than ${width} pixels`);
        if (process.env.SCREENSHOTS) {
          mkdirSync(process.env.SCREENSHOTS, { recursive: true });
          await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}-${width < 500 ? 'phone' : 'desktop'}-${colorScheme}.png`), fullPage: true });
        }
      }
      if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe);
      const { violations } = await page.evaluate(() => window.axe.run());
      assert.deepEqual(violations.filter(({ impact }) => ['serious', 'critical'].includes(impact)).map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`), [], `${name}, ${colorScheme}`);
    }
    await page.emulateMedia({ colorScheme: null });
  };

  test('is served with a policy that the browser keeps, without inline code', async () => {
    const response = await page.goto(run.page);
    const policy = response.headers()['content-security-policy'];

    assert.match(policy, /default-src 'none'/);
    assert.doesNotMatch(policy, /unsafe/);
    assert.ok((await response.text()).includes('http-equiv="Content-Security-Policy"'));
    const ran = await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'window.inlineCodeRan = true';
      document.body.append(script);
      return 'inlineCodeRan' in window;
    });
    assert.equal(ran, false);
    // The browser has told of it.
    assert.match(consoleLines.splice(0).join('\n'), /Content Security Policy/);
  });

  test('shows how a service refuses a call of nobody', async () => {
    await seeView('sign-in');
    await page.locator('#call-hello').click();

    const call = await lastCall('GET /hello', '401');
    await call.getByText('You are signed out, so the service has refused the call.').waitFor();
    await look('signed-out-call');
  });

  test('creates an account: the code that was sent confirms it, and the trigger makes the row of the user', async () => {
    await page.locator('[data-view=sign-up]').click();
    await look('sign-up');
    await fill('sign-up', { email, password });
    await see(`A code was sent to ${email}.`);
    await look('confirm');
    await fill('confirm', { code: '654321' });
    await see('The code is not the one that was sent.');
    await look('wrong-code');
    await page.locator('#resend').click();
    await see('The code was sent again.');
    assert.deepEqual(await rowsOfUsers(run.tables, email), []);
    await fill('confirm', { code });

    await see('Your e-mail address is confirmed. Sign in.');
    await eventually(async () => assert.equal((await rowsOfUsers(run.tables)).length, 2, 'the user of the local run, and this one'));
    await eventually(async () => assert.equal(run.lines.filter((line) => /The row of the user \S+ is made/.test(line)).length, 2, 'the log lines of the trigger'));
  });

  test('refuses an account that is there already', async () => {
    await page.locator('[data-view=sign-up]').click();
    await fill('sign-up', { email, password });

    await see('There is an account with this e-mail address already.');
    await page.locator('#view-sign-up [data-view=sign-in]').click();
  });

  test('refuses a wrong password, and lets the right one in', async () => {
    await signIn({ email, password: 'Another-passw0rd' });
    await see('The e-mail address or the password is wrong.');
    await look('wrong-password');
    await signIn({ email, password });

    await see('Signed in as');
    await look('signed-in');
  });

  test('calls hello, me and world, and shows the log lines of each trace', async () => {
    for (const name of ['hello', 'me']) {
      await page.locator(`#call-${name}`).click();
      const call = await lastCall(`GET /${name} `, '200');
      const trace = await call.locator('code').first().textContent();
      assert.match(trace, /^1-[0-9a-f]{8}-[0-9a-f]{24}$/);
      await call.locator('.lines', { hasText: `GET /${name} answered 200` }).waitFor();
      // As it was printed. The page may have it before this process has read it.
      await eventually(async () => assert.ok(run.lines.some((line) => line.includes(trace) && line.includes(`GET /${name} answered 200`))));
    }
    await (await lastCall('GET /me ', '200')).getByText(`"email": "${email}"`).waitFor();
    await look('calls');
  });

//#if (hasOrders)
  test('places an order', async () => {
    await fill('order', { product: 'Tea, Darjeeling', quantity: '2' });
    await lastCall('POST /orders', '201');
    await page.locator('#orders').getByText('2 × Tea, Darjeeling').waitFor();
    await page.locator('#orders button').click();

    await (await lastCall('GET /orders/', '200')).getByText('"product": "Tea, Darjeeling"').waitFor();
    await look('order');
  });

//#endif
  test('makes a team, and invites a user who accepts', async () => {
    await fill('team', { name: 'Compilers' });
    await page.locator('#teams').getByText('Compilers').waitFor();
    await fill('invite', { email: friend });
    await see(`${friend} is invited.`);
    await look('team');

    const other = await newPage();
    await other.locator('[data-view=sign-up]').click();
    await fill('sign-up', { email: friend, password }, other);
    await fill('confirm', { code }, other);
    await see('Your e-mail address is confirmed.', other);
    await signIn({ email: friend, password }, other);
    await other.getByRole('button', { name: 'Accept the invitation to Compilers' }).click();
    await other.locator('#teams').getByText('Compilers').waitFor();
    await other.context().close();
//#if (!hasIdentityPool)

    await page.locator('#call-world').click();
    await (await lastCall('GET /world?team=', '200')).getByText('"message": "World"').waitFor();
//#endif
  });

//#if (hasIdentityPool)
  test('calls world', async () => {
    await page.locator('#call-world').click();

    await (await lastCall('GET /world', '200')).getByText('"message": "World"').waitFor();
  });

//#endif
  test('keeps no token where aws-amplify does not need it', async () => {
    const storage = await page.evaluate(() => ({ local: { ...localStorage }, session: { ...sessionStorage }, cookies: document.cookie, history: history.state }));
    const tokens = Object.entries(storage.local).filter(([key]) => key.endsWith('Token')).map(([, value]) => value);

    assert.equal(tokens.length, 3);
    for (const key of Object.keys(storage.local)) assert.match(key, stored);
    assert.deepEqual([storage.session, storage.cookies, storage.history], [{}, '', null]);
    for (const token of tokens) {
      assert.ok(!addresses.some((address) => address.includes(token)), 'a token is in an address');
      assert.ok(!run.lines.some((line) => line.includes(token)), 'a token is in the log');
    }
    assert.ok(!addresses.some((address) => address.includes(password)), 'a password is in an address');
  });

  test('says that a service does not accept a token that has expired', async () => {
    const kept = await page.evaluate(() => ({ ...localStorage }));
    const name = Object.keys(kept).find((key) => key.endsWith('.accessToken'));
    await page.evaluate(([key, token]) => {
      localStorage.setItem(key, token);
      // A browser whose clock is behind does not know that the token has expired.
      localStorage.setItem(key.replace('accessToken', 'clockDrift'), String(-7_200_000));
    }, [name, expired(kept[name])]);
    await page.locator('#call-hello').click();

    const call = await lastCall('GET /hello', /^40[13]$/);
    await call.getByText('The service no longer accepts your sign-in').waitFor();
    await look('expired');
    await page.evaluate((values) => Object.entries(values).forEach(([key, value]) => localStorage.setItem(key, value)), kept);
  });

  test('renews a token before it expires', async () => {
    const kept = await page.evaluate(() => ({ ...localStorage }));
    const name = Object.keys(kept).find((key) => key.endsWith('.accessToken'));
    await page.evaluate(([key, token]) => localStorage.setItem(key, token), [name, expired(kept[name])]);
    await page.locator('#call-hello').click();

    await eventually(async () => assert.notEqual(await page.evaluate((key) => localStorage.getItem(key), name), expired(kept[name])));
    await eventually(async () => assert.match(await page.locator('.call').first().textContent(), /GET \/hello 200/));
  });

  test('asks for the code of an authenticator app once it is set up', async () => {
    await page.locator('#totp-begin').click();
    await page.locator('#totp-key', { hasText: /^[A-Z2-7]{16,}$/ }).waitFor();
    const key = await page.locator('#totp-key').textContent();
    await look('totp-setup');
    await fill('totp-setup', { code: totp(key) });
    await see('From now on the sign-in asks for the code of your authenticator app.');
    await page.locator('#sign-out').click();
    await signIn({ email, password });
    await seeView('totp');
    assert.equal(await page.locator('.call').count(), 0, 'answers for the user are shown to the next one');
    assert.equal(await page.locator('#totp-key').textContent(), '', 'the key of the user is shown to the next one');
    await fill('totp', { code: totp(key) === '000000' ? '111111' : '000000' });
    await see('The code is not the one that the app shows.');
    await look('totp');
    await fill('totp', { code: totp(key) });

    await see('Signed in as');
  });

  test('sets a new password with a code', async () => {
    await page.locator('#sign-out').click();
    await page.locator('[data-view=forgot]').click();
    await look('forgot');
    await fill('forgot', { email: friend });
    await seeView('reset');
    await look('reset');
    await fill('reset', { code, password: 'Quite-an0ther-one' });
    await see('Your new password is set. Sign in.');
    await signIn({ email: friend, password: 'Quite-an0ther-one' });

    await see('Signed in as');
  });

  test('deletes the account with its row', async () => {
    await page.locator('#form-delete [name=sure]').check();
    await page.locator('#form-delete button').click();
    await see('Your account is deleted.');

    assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), []);
    await signIn({ email: friend, password: 'Quite-an0ther-one' });
    await see('The e-mail address or the password is wrong.');
    assert.deepEqual(await rowsOfUsers(run.tables, friend), []);
  });

  test('writes nothing to the console but the answers that are refusals', () => {
    // And but that the user pool is not Cognito, which aws-amplify says of the local one.
    const expected = /^Failed to load resource: the server responded with a status of 4\d\d|Amazon Cognito User Pool endpoint/;
    assert.deepEqual(consoleLines.filter((line) => !expected.test(line)), []);
  });

  test('built for AWS, signs in by SRP, keeps the policy and is small', async () => {
    const configuration = {
      region: 'eu-west-1',
      userPoolId: 'eu-west-1_ExamplePl',
      userPoolClientId: '1example23456789',
//#if (hasIdentityPool)
      identityPoolId: 'eu-west-1:00000000-0000-0000-0000-000000000000',
//#endif
      apis: { auth: 'https://auth.execute-api.eu-west-1.amazonaws.com', orders: 'https://orders.execute-api.eu-west-1.amazonaws.com' },
    };
    const folder = mkdtempSync(join(tmpdir(), 'page-'));
    const { build: settingsOfBuild, ...rest } = settings(configuration);
    await build({ ...rest, root: web, configFile: false, logLevel: 'warn', build: { ...settingsOfBuild, outDir: folder, emptyOutDir: true } });
    const server = createServer((request, response) => {
      const path = request.url === '/' ? '/index.html' : request.url;
      const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
      response.writeHead(200, { ...securityHeaders(configuration), 'Content-Type': types[extname(path)] }).end(readFileSync(join(folder, path)));
    });
    await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
    try {
      const code = readdirSync(join(folder, 'assets')).filter((file) => file.endsWith('.js')).map((file) => readFileSync(join(folder, 'assets', file), 'utf8')).join('\n');
      // What the page asks aws-amplify for, which itself knows every flow.
      assert.deepEqual([...code.matchAll(/options:\{authFlowType:"(\w+)"\}/g)].map(([, flow]) => flow), ['USER_SRP_AUTH']);
      assert.doesNotMatch(code, /\/lines\?trace=/);
      const { gzipSync } = await import('node:zlib');
      assert.ok(gzipSync(code).length < 60_000, `the code has ${gzipSync(code).length} bytes, compressed`);

      const context = await browser.newContext();
      const opened = await context.newPage();
      opened.setDefaultTimeout(15_000);
      const lines = [];
      opened.on('console', (message) => lines.push(message.text()));
      const aws = await playAws(context);
      await opened.goto(`http://127.0.0.1:${server.address().port}/`);
      await signIn({ email, password: 'Another-passw0rd' }, opened);
      await see('The e-mail address or the password is wrong.', opened);
      aws.isSignedIn = true;
      await signIn({ email, password }, opened);
      await see('Signed in as', opened);

      assert.deepEqual(aws.requests.filter(({ operation }) => operation === 'InitiateAuth').map(({ body }) => body.AuthFlow), ['USER_SRP_AUTH', 'USER_SRP_AUTH']);
      assert.ok(!JSON.stringify(aws.requests).includes('passw0rd'), 'the password left the browser');
      await opened.locator('#call-hello').click();
      // What API Gateway answers when the authorizer denies.
      await see('The service no longer accepts your sign-in', opened);
//#if (hasIdentityPool)
      await opened.locator('#call-world').click();
      await opened.locator('.call', { hasText: 'GET /world 200' }).waitFor();
      const { headers } = aws.requests.find(({ address }) => address.endsWith('/world'));
      assert.equal(headers.authorization, signatureOf(headers, 'auth.execute-api.eu-west-1.amazonaws.com', '/world', aws.credentials));
      assert.equal(headers['x-amz-security-token'], aws.credentials.SessionToken);
//#endif
      assert.ok(!lines.some((line) => line.includes('Content Security Policy')), lines.join('\n'));
      await context.close();
    } finally {
      server.closeAllConnections();
      server.close();
      rmSync(folder, { recursive: true });
    }
  });
});

const axe = readFileSync(packages.resolve('axe-core/axe.min.js'), 'utf8');

/** Plays AWS to a page that is built for it: its user pool, its identity pool and its API, by what they answer. */
const playAws = async (context) => {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const token = (claims) => `${part({ alg: 'RS256' })}.${part({ iss: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_ExamplePl', sub: '5e1f', iat: Math.floor(Date.now() / 1000), exp: Math.floor(Date.now() / 1000) + 1_800, ...claims })}.signature`;
  const aws = { isSignedIn: false, requests: [], credentials: { AccessKeyId: 'ASIAEXAMPLE', SecretKey: 'example-secret', SessionToken: 'example-session', Expiration: Date.now() / 1000 + 3_600 } };
  const answers = {
    InitiateAuth: () =>
      aws.isSignedIn
        ? { ChallengeName: 'PASSWORD_VERIFIER', ChallengeParameters: { SRP_B: 'c0ffee'.repeat(100), SALT: 'abcdef0123456789', SECRET_BLOCK: 'c2VjcmV0', USER_ID_FOR_SRP: '5e1f', USERNAME: '5e1f' }, Session: 'session' }
        : undefined,
    RespondToAuthChallenge: () => ({ AuthenticationResult: { AccessToken: token({ token_use: 'access', username: '5e1f' }), IdToken: token({ token_use: 'id', email }), RefreshToken: 'refresh', ExpiresIn: 1_800 } }),
    GetId: () => ({ IdentityId: 'eu-west-1:11111111-1111-1111-1111-111111111111' }),
    GetCredentialsForIdentity: () => ({ IdentityId: 'eu-west-1:11111111-1111-1111-1111-111111111111', Credentials: aws.credentials }),
  };
  await context.route(/amazonaws\.com/, async (route) => {
    const request = route.request();
    const open = { 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Headers': '*, Authorization', 'Access-Control-Allow-Methods': '*' };
    if (request.method() === 'OPTIONS') return route.fulfill({ status: 204, headers: open });
    const headers = await request.allHeaders();
    const operation = headers['x-amz-target']?.split('.')[1];
    aws.requests.push({ address: request.url(), operation, headers, body: operation && JSON.parse(request.postData()) });
    const [status, answer] = operation
      ? [answers[operation]?.() ? 200 : 400, answers[operation]?.() ?? { __type: 'NotAuthorizedException', message: 'Incorrect username or password.' }]
      : request.url().endsWith('/world')
        ? [200, { message: 'World', sub: '5e1f' }]
        : [403, { message: 'Forbidden' }];
    await route.fulfill({ status, headers: open, contentType: 'application/json', body: JSON.stringify(answer) });
  });
  return aws;
};

//#if (hasIdentityPool)
/** The header Authorization that AWS expects of a signed GET: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
const signatureOf = (headers, host, path, { AccessKeyId, SecretKey }) => {
  const [, names] = /SignedHeaders=([^,]+)/.exec(headers.authorization);
  const hash = (text) => createHash('sha256').update(text).digest('hex');
  const sign = (key, text) => createHmac('sha256', key).update(text).digest();
  const canonical = ['GET', path, '', ...names.split(';').map((name) => `${name}:${name === 'host' ? host : headers[name]}`), '', names, hash('')].join('\n');
  const time = headers['x-amz-date'];
  const scope = `${time.slice(0, 8)}/eu-west-1/execute-api/aws4_request`;
  const key = ['eu-west-1', 'execute-api', 'aws4_request'].reduce(sign, sign(`AWS4${SecretKey}`, time.slice(0, 8)));
  const signature = sign(key, ['AWS4-HMAC-SHA256', time, scope, hash(canonical)].join('\n')).toString('hex');
  return `AWS4-HMAC-SHA256 Credential=${AccessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
};

//#endif
/** The rows of users in the local table: all, or those with an e-mail address. */
const rowsOfUsers = async (tables, address) => {
  const response = await fetch(tables, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/x-amz-json-1.0',
      'X-Amz-Target': 'DynamoDB_20120810.Scan',
      'X-Amz-Date': new Date().toISOString().replace(/[-:]|\.\d+/g, ''),
      Authorization: 'AWS4-HMAC-SHA256 Credential=local/20260101/local/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
    },
    body: JSON.stringify({ TableName: 'users' }),
  });
  const { Items } = await response.json();
  return Items.filter((item) => (address ? JSON.stringify(item).includes(address) : JSON.stringify(item).includes('"PROFILE"')));
};

const eventually = async (check) => {
  for (const end = Date.now() + 10_000; ; await new Promise((over) => setTimeout(over, 100))) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
  }
};

/** The token, as the local pool would have signed it two hours ago. */
const expired = (token) => {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const [header, payload] = token.split('.').map((text, index) => index < 2 && JSON.parse(Buffer.from(text, 'base64url')));
  const signed = `${part(header)}.${part({ ...payload, iat: payload.iat - 7_200, exp: payload.exp - 7_200 })}`;
  return `${signed}.${createSign('RSA-SHA256').update(signed).sign(packages('cognito-local/lib/keys/cognitoLocal.private.json').pem).toString('base64url')}`;
};

/** The code that an authenticator app shows now: RFC 6238. */
const totp = (key) => {
  const bits = [...key].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const secret = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const hash = createHmac('sha1', secret).update(counter).digest();
  return String((hash.readUInt32BE(hash[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
};
