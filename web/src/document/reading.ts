/** Reads JSON that others wrote: each value is what it must be, or an error says where it is not. */

export class ReadingError extends Error {
  override readonly name = 'ReadingError';
}

export type JsonObject = Record<string, unknown>;

/** `path` is what messages call the value: "objects[3].mask". */
export function readObject(value: unknown, path: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ReadingError(`${path} must be an object, not ${describe(value)}`);
  }
  return value as JsonObject;
}

export function readArray(value: unknown, path: string, maxLength: number): unknown[] {
  if (!Array.isArray(value)) throw new ReadingError(`${path} must be a list, not ${describe(value)}`);
  if (value.length > maxLength) {
    throw new ReadingError(`${path} has ${value.length} items, over the limit of ${maxLength}`);
  }
  return value;
}

export function readString(value: unknown, path: string, maxLength: number): string {
  if (typeof value !== 'string') throw new ReadingError(`${path} must be a text, not ${describe(value)}`);
  if (value.length > maxLength) {
    throw new ReadingError(`${path} has ${value.length} characters, over the limit of ${maxLength}`);
  }
  return value;
}

export function readNumber(value: unknown, path: string, min = -Infinity, max = Infinity): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw new ReadingError(`${path} must be a number, not ${describe(value)}`);
  }
  if (value < min || value > max) throw new ReadingError(`${path} is ${value}, not within ${min} to ${max}`);
  return value;
}

export function readInteger(value: unknown, path: string, min: number, max: number): number {
  const number = readNumber(value, path, min, max);
  if (!Number.isInteger(number)) throw new ReadingError(`${path} is ${number}, not a whole number`);
  return number;
}

export function readBoolean(value: unknown, path: string): boolean {
  if (typeof value !== 'boolean') throw new ReadingError(`${path} must be true or false, not ${describe(value)}`);
  return value;
}

export function readOneOf<T extends string>(value: unknown, path: string, known: readonly T[]): T {
  const found = known.find((one) => one === value);
  if (found === undefined) throw new ReadingError(`${path} must be one of ${known.join(', ')}, not ${describe(value)}`);
  return found;
}

/** Numbers only, as many as `length` says. */
export function readNumbers(value: unknown, path: string, length: number): number[] {
  const numbers = readArray(value, path, length);
  if (numbers.length !== length) throw new ReadingError(`${path} must have ${length} numbers, not ${numbers.length}`);
  return numbers.map((number, i) => readNumber(number, `${path}[${i}]`));
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'missing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : JSON.stringify(value).slice(0, 40);
}
