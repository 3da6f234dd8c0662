/** Debian's Chromium, without a window. */
import { type Browser, chromium } from 'playwright-core';

const always = ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-sync'];
const quiet = ['--disable-background-networking', '--disable-component-update'];

export function launchBrowser(...extra: string[]): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.SAMCACHE_CHROMIUM ?? '/usr/bin/chromium',
    args: [...always, ...quiet, ...extra],
  });
}
