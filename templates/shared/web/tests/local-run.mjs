// npm run local in a process of its own, and a browser to look at its page with.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('../..', import.meta.url));
const patience = 240_000; // milliseconds: the first build takes its time

/** Starts the services and the page: { page, tables, lines, stop }. The first two are addresses, `lines` is all that it has written. */
export const startLocalRun = async () => {
  const child = spawn(process.execPath, [join('shared', 'local', 'start.mjs')], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => child.on('close', resolve));
  const lines = [];
  const stop = async () => {
    child.kill('SIGINT');
    await ended;
  };
  await new Promise((started, failed) => {
    const timer = setTimeout(() => failed(new Error(`The local run has not started: ${lines.join('\n')}`)), patience);
    for (const input of [child.stdout, child.stderr])
      createInterface({ input }).on('line', (line) => {
        lines.push(line);
        if (line.includes('Ctrl+C ends everything.')) {
          clearTimeout(timer);
          started();
        }
      });
    child.on('close', () => {
      clearTimeout(timer);
      failed(new Error(`The local run has ended: ${lines.join('\n')}`));
    });
  }).catch(async (error) => {
    await stop();
    throw error;
  });
  const addressOf = (name) => lines.map((line) => new RegExp(`^  ${name} +(http://\\S+)`).exec(line)?.[1]).find(Boolean);
  return { page: addressOf('page'), tables: addressOf('tables'), lines, stop };
};

const programs = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
const places = [
  ...(process.env.PATH ?? '').split(delimiter).flatMap((folder) => programs.map((program) => join(folder, program))),
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  // npx playwright-core install chromium
  chromium.executablePath(),
];

/** Chromium or Chrome on this machine, or undefined. The variable CHROMIUM names another one. */
export const findChromium = () => process.env.CHROMIUM ?? places.find((place) => existsSync(place));

/** Starts the browser. As root it has no sandbox. */
export const startChromium = (executablePath) => chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
