const pauseMs = 50;

/** What `condition` gives as soon as it is true; an error that says `what` after the time. */
export async function until<T>(
  what: string,
  condition: () => Promise<T | null | false>,
  timeoutMs = 15_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await condition();
    if (answer) return answer;
    if (performance.now() > deadline) throw new Error(`after ${timeoutMs} ms still not: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
