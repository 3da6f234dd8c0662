import { useEffect, useMemo, useState } from 'react';

import { useServices } from '../app/services-context';

/** The server gives so many images at once. */
const atOnce = 1000;

/** What the images of these ids are called; of those that are gone, or while the server is away, nothing. */
export function useImageNames(ids: readonly string[]): ReadonlyMap<string, string> {
  const { api } = useServices();
  const [names, setNames] = useState<ReadonlyMap<string, string>>(new Map());
  const wanted = useMemo(() => [...new Set(ids)].slice(0, atOnce).join(','), [ids]);

  useEffect(() => {
    if (!wanted) return;
    const stopping = new AbortController();
    api
      .listImages({ ids: wanted }, { signal: stopping.signal })
      .then(({ images }) => {
        setNames(new Map(images.map((image) => [image.id, image.filename])));
      })
      .catch(() => undefined); // ids are shown, then
    return () => {
      stopping.abort();
    };
  }, [api, wanted]);

  return names;
}
