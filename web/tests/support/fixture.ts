/** One server and one browser for the tests of a file, and a fresh app (its own storage, its own settings) for each test. */
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { App, type ChosenSettings } from './app';
import { launchBrowser } from './browser';
import { TestServer } from './server';

export class Fixture {
  private started: { server: TestServer; browser: Browser } | null = null;
  private readonly opened: App[] = [];

  constructor(options: { server?: readonly string[]; browser?: readonly string[] } = {}) {
    beforeAll(async () => {
      const server = await TestServer.start(...(options.server ?? []));
      this.started = { server, browser: await launchBrowser(...(options.browser ?? [])) };
    });
    afterEach(async () => {
      for (const app of this.opened.splice(0)) {
        await app.close();
        expect(app.complaints).toEqual([]);
      }
    });
    afterAll(async () => {
      await this.started?.browser.close();
      await this.started?.server.close();
    });
  }

  get server(): TestServer {
    if (!this.started) throw new Error('only within a test');
    return this.started.server;
  }

  get browser(): Browser {
    if (!this.started) throw new Error('only within a test');
    return this.started.browser;
  }

  async open(settings?: ChosenSettings, options?: BrowserContextOptions): Promise<App> {
    const app = await App.open(this.browser, this.server, settings, options);
    this.opened.push(app);
    return app;
  }
}
