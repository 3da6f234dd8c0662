/** The app as its user has it: pages, buttons and places in the picture, by the names that they are shown under. */
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core';
import type {} from '../../src/ui/app/probe'; // says what `window.samcache` is
import type { SavedObject, TestServer } from './server';
import { until } from './until';

export interface Point {
  x: number;
  y: number;
}

/** Kept in the browser by the settings page; the tests choose what does not move by itself. */
export interface ChosenSettings {
  theme?: 'light' | 'dark';
  source?: 'automatic' | 'server' | 'browser';
  preview?: boolean;
  alternatives?: boolean;
  budgetBytes?: number;
}

const calm: ChosenSettings = { source: 'server', preview: false, alternatives: false };

export interface PictureFile {
  name: string;
  mimeType: string;
  buffer: Buffer;
}

export function jpeg(name: string, bytes: Uint8Array): PictureFile {
  return { name, mimeType: 'image/jpeg', buffer: Buffer.from(bytes) };
}

export class App {
  /** What went wrong in the page without anybody being told. */
  readonly complaints: string[] = [];

  private constructor(
    readonly page: Page,
    readonly context: BrowserContext,
    readonly server: TestServer,
  ) {
    page.on('pageerror', (error) => this.complaints.push(String(error)));
  }

  static async open(
    browser: Browser,
    server: TestServer,
    settings: ChosenSettings = {},
    options: BrowserContextOptions = {},
  ): Promise<App> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    context.setDefaultTimeout(15_000);
    await context.addInitScript(
      (chosen) => {
        // Only at first: what is changed later is to last. (An empty page has no storage.)
        if (location.protocol !== 'about:') localStorage['samcache.settings'] ??= JSON.stringify(chosen);
      },
      { ...calm, ...settings },
    );
    return new App(await context.newPage(), context, server);
  }

  close(): Promise<void> {
    return this.context.close();
  }

  async goTo(path: string): Promise<void> {
    await this.page.goto(this.server.url + path);
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', typeof name === 'string' ? { name, exact: true } : { name });
  }

  // The project.

  async upload(...files: PictureFile[]): Promise<void> {
    const input = this.page.locator('[data-testid=file-input]');
    await input.setInputFiles(files);
  }

  tile(filename: string): Locator {
    return this.page.getByTestId('image-tile').filter({ hasText: filename });
  }

  async waitForStatus(filename: string, status: string): Promise<void> {
    await this.page
      .locator(`[data-testid=image-tile][data-status=${status}]`)
      .filter({ hasText: filename })
      .waitFor({ timeout: 30_000 });
  }

  async chooseFromMenu(menu: string | RegExp, item: string | RegExp): Promise<void> {
    await this.button(menu).click();
    await this.page.getByRole('menuitem', { name: item }).click();
  }

  // The annotator.

  get canvas(): Locator {
    return this.page.getByTestId('canvas');
  }

  async annotate(id: string): Promise<void> {
    await this.goTo(`/images/${id}`);
    await this.waitForImage();
  }

  /** Until the picture is shown and can be annotated. */
  async waitForImage(): Promise<void> {
    await this.page.waitForFunction(() => window.samcache?.toPage({ x: 0, y: 0 }) != null);
    await this.page.getByTestId('save-state').waitFor();
    await this.page.getByText(/^(Opening|Being encoded)/).waitFor({ state: 'detached' });
  }

  /** Where a pixel of the image is on the page. */
  async at(point: Point): Promise<Point> {
    const place = await this.page.evaluate((pixel) => window.samcache?.toPage(pixel) ?? null, point);
    if (!place) throw new Error('no image is shown');
    return place;
  }

  async click(point: Point, button: 'left' | 'right' = 'left'): Promise<void> {
    const { x, y } = await this.at(point);
    await this.page.mouse.click(x, y, { button });
  }

  async drag(...path: Point[]): Promise<void> {
    const [first, ...others] = await Promise.all(path.map((point) => this.at(point)));
    await this.page.mouse.move(first.x, first.y);
    await this.page.mouse.down();
    for (const { x, y } of others) await this.page.mouse.move(x, y, { steps: 8 });
    await this.page.mouse.up();
  }

  /** Around what lies in `box`, a little inside of its corners. */
  async dragBox([x0, y0, x1, y1]: readonly number[]): Promise<void> {
    await this.drag({ x: x0 + 0.5, y: y0 + 0.5 }, { x: x1 - 0.5, y: y1 - 0.5 });
  }

  press(...keys: string[]): Promise<void> {
    return keys.reduce((before, key) => before.then(() => this.page.keyboard.press(key)), Promise.resolve());
  }

  get objects(): Locator {
    return this.page.getByTestId('object');
  }

  get candidates(): Locator {
    return this.page.getByTestId('candidate');
  }

  async waitForObjects(count: number): Promise<void> {
    await until(`${count} objects are listed`, async () => (await this.objects.count()) === count);
  }

  saveState(state: 'saved' | 'waiting'): Promise<void> {
    return this.page.locator(`[data-testid=save-state][data-state=${state}]`).waitFor();
  }

  /** What the server has of an image, once that is as wanted. */
  async saved(id: string, isWanted: (objects: SavedObject[]) => boolean, what: string): Promise<SavedObject[]> {
    return until(`the server has ${what}`, async () => {
      const objects = await this.server.objects(id);
      return isWanted(objects) ? objects : null;
    });
  }

  async savedMasks(id: string, count: number): Promise<SavedObject[]> {
    const isWanted = (objects: SavedObject[]) =>
      objects.length === count && objects.every((object) => object.mask !== null);
    return this.saved(id, isWanted, `${count} masks`);
  }
}
