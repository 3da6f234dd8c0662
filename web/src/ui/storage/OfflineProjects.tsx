import { useEffect, useState } from 'react';

import { useServices } from '../app/services-context';
import { IconButton } from '../components/Button';
import { toasts } from '../components/toasts';
import styles from './StoragePage.module.css';

/** Projects whose pictures and lists are kept for when the server is away. */
export function OfflineProjects() {
  const services = useServices();
  const [projects, setProjects] = useState<readonly string[] | null>(null);
  const [round, setRound] = useState(0);

  useEffect(() => {
    let gone = false;
    services
      .offlineCopies()
      .then((copies) => copies.projects())
      .then((found) => {
        if (!gone) setProjects(found);
      })
      .catch(() => {
        if (!gone) setProjects([]); // no Cache Storage here: nothing can be kept
      });
    return () => {
      gone = true;
    };
  }, [services, round]);

  const forget = async (project: string) => {
    try {
      await (await services.offlineCopies()).forget(project);
    } catch (error) {
      toasts.failed('The copies could not be deleted', error);
    }
    setRound((last) => last + 1);
  };

  return (
    <section className={styles.card} aria-labelledby="offline-title">
      <h2 id="offline-title">Available offline</h2>
      {projects?.length === 0 && (
        <p className={styles.muted}>No project. “Make available offline” is in each project’s menu.</p>
      )}
      <ul className={styles.projects}>
        {projects?.map((project) => (
          <li key={project}>
            <span className={styles.name}>{project || 'Without a project'}</span>
            <IconButton
              icon="trash"
              label={`Delete the offline copies of ${project || 'the images without a project'}`}
              onClick={() => void forget(project)}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}
