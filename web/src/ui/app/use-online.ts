import { useCallback, useSyncExternalStore } from 'react';

import { useServices } from './services-context';

/** Whether the server can be reached. */
export function useOnline(): boolean {
  const { online } = useServices();
  const subscribe = useCallback((listener: () => void) => online.subscribe(listener), [online]);
  return useSyncExternalStore(subscribe, () => online.online);
}
