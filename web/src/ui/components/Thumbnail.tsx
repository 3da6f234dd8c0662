import { useEffect, useState } from 'react';

import { settings } from '../app/settings';
import { useServices } from '../app/services-context';
import { useStore } from '../app/store';
import { thumbnailSize } from './thumbnail-size';
import styles from './Thumbnail.module.css';

/** A server with too much to do is asked again, each time later. */
const mostAttempts = 5;
const retryMs = 1500;

/** A small picture of an image. Where a token is needed it cannot be the `src` of an `<img>`, and is fetched. */
export function Thumbnail({ id, alt }: { id: string; alt: string }) {
  const { api } = useServices();
  const { token } = useStore(settings);
  const fetched = useFetchedThumbnail(token ? id : null);
  const [loaded, setLoaded] = useState(false);
  const [attempt, setAttempt] = useState(1);
  const src = token ? fetched : api.thumbnailUrl(id, thumbnailSize);
  if (!src) return <span className={styles.empty} />;
  return (
    <img
      key={attempt}
      className={loaded ? styles.image : `${styles.image} ${styles.coming}`}
      src={src}
      alt={alt}
      decoding="async"
      draggable={false}
      onLoad={() => {
        setLoaded(true);
      }}
      onError={() => {
        if (attempt < mostAttempts) setTimeout(setAttempt, retryMs * attempt, attempt + 1);
      }}
    />
  );
}

function useFetchedThumbnail(id: string | null): string | null {
  const { api } = useServices();
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    if (id === null) return;
    const stopping = new AbortController();
    let made: string | null = null;
    api
      .thumbnail(id, thumbnailSize, { signal: stopping.signal })
      .then((blob) => {
        if (stopping.signal.aborted) return;
        made = URL.createObjectURL(blob);
        setUrl(made);
      })
      .catch(() => undefined); // the tile stays empty; its status says more
    return () => {
      stopping.abort();
      if (made) URL.revokeObjectURL(made);
    };
  }, [api, id]);
  return url;
}
