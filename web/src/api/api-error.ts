/** Why the server did not do what it was asked. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    /** Of HTTP; 0 when the server did not answer at all. */
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    /** When it makes sense to ask again; null: not said. */
    readonly retryAfterMs: number | null = null,
  ) {
    super(detail || title);
  }

  /** The server is away, or so overloaded that it says so: what failed may work later. */
  get isTemporary(): boolean {
    return this.isUnreachable || this.status === 429 || this.status === 503;
  }

  get isUnreachable(): boolean {
    return this.status === 0;
  }

  static unreachable(cause: unknown): ApiError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new ApiError(0, 'No answer', `the server does not answer (${reason})`);
  }

  /** From an answer that is no success: problem details (RFC 9457), or whatever a proxy in between made of it. */
  static async from(response: Response): Promise<ApiError> {
    const problem = problemOf(await response.text().catch(() => ''));
    return ApiError.of(response.status, response.statusText, problem, response.headers.get('Retry-After'));
  }

  static of(status: number, statusText: string, problem: Problem, retryAfter: string | null): ApiError {
    const title = problem.title ?? (statusText || `HTTP ${status}`);
    return new ApiError(status, title, problem.detail ?? '', millisecondsOf(retryAfter));
  }
}

export interface Problem {
  title?: string;
  detail?: string;
}

export function problemOf(body: string): Problem {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return {};
  }
  if (typeof value !== 'object' || value === null) return {};
  const { title, detail } = value as Record<string, unknown>;
  return {
    ...(typeof title === 'string' && { title }),
    ...(typeof detail === 'string' && { detail }),
  };
}

/** `Retry-After` is a number of seconds or a date. */
function millisecondsOf(retryAfter: string | null): number | null {
  if (retryAfter === null) return null;
  const seconds = Number(retryAfter);
  if (Number.isFinite(seconds) && seconds >= 0) return seconds * 1000;
  const date = Date.parse(retryAfter);
  return Number.isNaN(date) ? null : Math.max(date - Date.now(), 0);
}
