import { useCallback, useSyncExternalStore } from 'react';

import type { Store } from '../app/store';

/** The value of a store that may not be there yet. */
export function useOptionalStore<T>(store: Store<T> | null | undefined): T | null {
  const subscribe = useCallback((listener: () => void) => store?.subscribe(listener) ?? (() => undefined), [store]);
  return useSyncExternalStore(subscribe, () => store?.get() ?? null);
}
