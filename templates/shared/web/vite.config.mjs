// Builds the page for the stage that config.json names: npm run config -- --stage <stage> writes it. The local run gives its own.
import { readFileSync } from 'node:fs';
import { defineConfig } from 'vite';
import { contentSecurityPolicy } from './security.mjs';

const read = () => {
  try {
    return JSON.parse(readFileSync(new URL('config.json', import.meta.url), 'utf8'));
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    throw new Error('web/config.json is missing, so the page does not know its user pool. Write it with npm run config -- --stage <stage>.');
  }
};

/** Vite's settings for a page with this configuration. `isLocal`: it is the page of the local run. */
export const settings = (configuration, isLocal = false) => ({
  define: { CONFIGURATION: JSON.stringify(configuration), IS_LOCAL: JSON.stringify(isLocal) },
  build: {
    // The policy allows no inline code or images.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  plugins: [
    {
      name: 'content-security-policy',
      transformIndexHtml: () => [
        { tag: 'meta', attrs: { 'http-equiv': 'Content-Security-Policy', content: contentSecurityPolicy(configuration) }, injectTo: 'head-prepend' },
      ],
    },
  ],
});

export default defineConfig(() => settings(read()));
